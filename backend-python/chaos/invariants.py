"""What must hold whatever was broken.

Owns the checks, quick ones after a fault and full ones at the end; never repairs anything. What is wrong goes into
the ledger, one line each.
"""

import json
import signal
import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from itertools import pairwise
from pathlib import Path
from typing import Any

import asyncpg
import jsonschema

from chaos.audit import TERMINAL, Audit
from chaos.client import Client
from chaos.files import Files
from chaos.follower import Follower
from chaos.ledger import Ledger, Promise, Wish
from chaos.processes import marked
from chaos.recordings import FAILURE
from chaos.stack import MARK, Stack
from chaos.world import describe
from scribe.domain.results.documents import SCHEMA_VERSION

SCHEMAS = Path(__file__).resolve().parents[2] / "docs" / "schemas"
RESULTS = ("transcription", "diarization", "fusion")
EVENTS = "select id, meeting_id, kind, payload from events where id > $1 order by id"
DRAIN_TIMEOUT_S = 180.0
OVERDUE_S = 20.0
"""A lease that expired so long ago, with the database up, should have been noticed."""
TIDY_TIMEOUT_S = 30.0
SIGNS = frozenset({"lock", "alive"})
"""What a worker keeps in its own folder, and the next one sweeps after it was killed."""
EXPECTED_EXITS = frozenset({0, -signal.SIGKILL, -signal.SIGTERM})


class Invariants:
    def __init__(self, stack: Stack, client: Client, ledger: Ledger) -> None:
        self.audit = Audit()
        self._stack, self._client, self._ledger = stack, client, ledger

    def quick(self) -> None:
        """The events so far, and no row that everybody forgot."""
        with suppress(OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
            for wrong in self.audit.feed(self._stack.database.rows(EVENTS, self.audit.last_id)):
                self._ledger.violate(wrong)
            overdue = "select id from meetings where status = 'PROCESSING' and lease_until < now() - $1::interval"
            for row in self._stack.database.rows(overdue.replace("$1", f"'{OVERDUE_S} seconds'")):
                self._ledger.violate(f"meeting {row['id']}: its lease ran out long ago and nobody noticed")
        for crash in self._client.crashes:
            self._ledger.violate(f"the API crashed: {crash}")
        self._client.crashes.clear()

    def drain(self) -> None:
        """Nothing new comes and nothing breaks any more: all that was accepted must come to an end."""
        deadline = time.monotonic() + DRAIN_TIMEOUT_S
        query = (
            "select id, status, stage, attempt, failure_code from meetings where status in ('PENDING', 'PROCESSING')"
        )
        left: list[dict[str, Any]] = []
        while time.monotonic() < deadline:
            left = self._stack.database.rows(query)
            if not left:
                return
            time.sleep(0.2)
        for row in left:
            self._ledger.violate(f"stuck: {row}")

    def full(self, follower: Follower) -> None:
        self.quick()
        rows = {str(row["id"]): row for row in self._stack.database.rows("select * from meetings")}
        for promise in self._ledger.all():
            self._promise(promise, rows.get(promise.meeting_id))
        unknown = set(rows) - {promise.meeting_id for promise in self._ledger.all()}
        for meeting_id in unknown:
            self._ledger.violate(f"meeting {meeting_id} exists, but no client was told about it")
        self._followed(follower)
        self._files(rows)

    def deaths(self, exits: Mapping[str, Sequence[int]]) -> None:
        """Nobody ended but those whom a signal ended."""
        for name, codes in exits.items():
            for code in set(codes) - EXPECTED_EXITS:
                self._ledger.violate(f"{name} ended {codes.count(code)} times by itself with status {code}")

    def orphans(self) -> None:
        """After the stack was stopped."""
        for process in marked(MARK, self._stack.mark):
            self._ledger.violate(f"left running: {describe(process)}")
            with suppress(Exception):
                process.kill()

    # --- one meeting ----------------------------------------------------------------------------------------------

    def _promise(self, promise: Promise, row: dict[str, Any] | None) -> None:
        about = f"meeting {promise.meeting_id} ({promise.kind}, {promise.way}, {promise.wish})"
        if row is None:
            if promise.wish is not Wish.DELETE:
                self._ledger.violate(f"{about}: lost")
            return
        if promise.wish is Wish.DELETE:
            self._ledger.violate(f"{about}: still there")
        failure = FAILURE.get(promise.kind)
        right = {"FAILED"} if failure else {"COMPLETED"}
        if promise.wish is not Wish.KEEP or row["cancel_requested_at"] is not None:
            right.add("CANCELLED")
        if row["status"] not in right:
            self._ledger.violate(f"{about}: {row['status']} ({row['failure_code']}: {row['failure_message']})")
        elif row["status"] == "FAILED" and row["failure_code"] != failure:
            self._ledger.violate(f"{about}: failed with {row['failure_code']} instead of {failure}")
        elif row["status"] == "COMPLETED":
            self._completed(about, promise, row)

    def _completed(self, about: str, promise: Promise, row: dict[str, Any]) -> None:
        life = self.audit.lives.get(promise.meeting_id)
        if life is None or life.num_completed != 1:
            self._ledger.violate(f"{about}: completed {life.num_completed if life else 0} times")
        if row["size_bytes"] != promise.size_bytes:
            self._ledger.violate(f"{about}: {row['size_bytes']} bytes arrived of {promise.size_bytes}")
        for name in RESULTS:
            answer = self._client.ask("GET", f"/api/v1/meetings/{promise.meeting_id}/results/{name}")
            if answer.status_code != 200:
                self._ledger.violate(f"{about}: {name} answers {answer.status_code} {answer.text[:200]}")
                continue
            wrong = schema_errors(name, answer.json())
            if wrong:
                self._ledger.violate(f"{about}: {name}.json: {wrong}")

    # --- what followers were told -----------------------------------------------------------------------------------

    def _followed(self, follower: Follower) -> None:
        told = [row["id"] for row in self._stack.database.rows("select id from events order by id")]
        deadline = time.monotonic() + 10
        while told and (not follower.seen or follower.seen[-1] < told[-1]) and time.monotonic() < deadline:
            time.sleep(0.1)
        deleted = {promise.meeting_id for promise in self._ledger.all() if promise.wish is Wish.DELETE}
        there = set(told)  # the events of a meeting go with it, but for the last: that it was deleted
        seen = [one for one in list(follower.seen) if one in there or follower.meetings[one] not in deleted]
        if seen != told:
            missing, unknown = sorted(set(told) - set(seen)), sorted(set(seen) - set(told))
            swapped = [(one, two) for one, two in pairwise(seen) if two <= one]
            self._ledger.violate(
                f"a follower of {len(told)} events saw {len(seen)}: missing {missing[:9]}, unknown {unknown[:9]}, "
                f"out of order {swapped[:9]}"
            )

    # --- what lies in the storage -----------------------------------------------------------------------------------

    def _files(self, rows: dict[str, dict[str, Any]]) -> None:
        """Housekeeping needs a moment; what is then still there without a reason is left over."""
        files = Files(self._stack)
        deadline = time.monotonic() + TIDY_TIMEOUT_S
        files.tidy()
        while (left := list(left_over(files.keys(), rows))) and time.monotonic() < deadline:
            time.sleep(1)
            files.tidy()
        for key in left[:20]:
            self._ledger.violate(f"left over: {key}")
        kept = set(files.keys())
        for row in rows.values():
            wanted = [f"uploads/{row['id']}/recording", *(row["result_files"] or [])]
            for key in set(wanted) - kept:
                self._ledger.violate(f"meeting {row['id']}: {key} is gone")
        scratch = [path for path in self._stack.scratch.rglob("*") if path.is_file() and path.name not in SIGNS]
        for path in scratch[:20]:
            self._ledger.violate(f"left over in scratch: {path.relative_to(self._stack.scratch)}")


def left_over(keys: Iterable[str], rows: dict[str, dict[str, Any]]) -> Iterable[str]:
    published = {key for row in rows.values() for key in row["result_files"] or []}
    for key in keys:
        parts = key.split("/")
        is_half = any(part.startswith((".run-", ".writing-")) for part in parts)
        if is_half or parts[:2] == ["uploads", "parts"]:
            yield key
        elif parts[0] == "results":
            if key not in published:
                yield key
        elif parts[0] in {"uploads", "checkpoints", "derived"} and parts[1] not in rows:
            yield key


def schema_errors(name: str, document: Any) -> str:
    """Empty when ``document`` is what docs/schemas promises."""
    schema = json.loads((SCHEMAS / f"{name}-{SCHEMA_VERSION}.json").read_text())
    try:
        jsonschema.validate(document, schema)
    except jsonschema.ValidationError as error:
        return f"{error.json_path}: {error.message[:200]}"
    return ""


__all__ = ["TERMINAL", "Invariants", "left_over", "schema_errors"]
