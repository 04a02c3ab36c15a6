"""What a fault has at hand, and what it says about itself afterwards."""

import random
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import psutil

from chaos.client import Client
from chaos.ledger import Ledger
from chaos.processes import family, survivors
from chaos.stack import Stack

ORPHAN_PATIENCE_S = 5.0
VICTIM = """
    select id, worker_id, stage from meetings where status = 'PROCESSING' and ($1::text is null or stage = $1)
    order by random() limit 1
"""
TOUCHED = "select id from meetings where status = 'PROCESSING'"


class MissedError(Exception):
    """There was nothing to break just now: another fault is tried."""


@dataclass(frozen=True)
class Injury:
    """A fault that was done."""

    kind: str
    at: datetime
    touched: tuple[Any, ...]
    """Meetings that must get on: ids."""
    detail: str = ""
    recovered_s: float | None = None
    """Measured by the fault itself; ``None``: by the next event of every touched meeting."""


@dataclass
class World:
    stack: Stack
    client: Client
    ledger: Ledger
    random: random.Random
    is_long: bool = False
    """One storage outage takes the whole 30 s."""
    once: set[str] = field(default_factory=set)

    def processing(self, patience_s: float = 8.0) -> tuple[Any, ...]:
        """Meetings that workers have now: a fault that meets an idle service shows little, so it waits for some."""
        self.stack.database.until(TOUCHED, timeout_s=patience_s)
        return tuple(row["id"] for row in self.stack.database.rows(TOUCHED))

    def victim(self, stage: str | None = None, timeout_s: float = 12.0) -> dict[str, Any]:
        """A meeting that is being processed, in that stage if one is named: ``id``, ``stage``, ``pid``.

        Raises: MissedError.
        """
        found = self.stack.database.until(VICTIM, stage, timeout_s=timeout_s)
        if found is None:
            raise MissedError(f"nothing in stage {stage}")
        pid = int(str(found["worker_id"]).split(":")[1])
        if pid not in {process.pid for process in self.workers()}:
            raise MissedError(f"worker {pid} is gone already")
        return {**found, "pid": pid}

    def workers(self) -> list[psutil.Process]:
        found = []
        for name in self.stack.keeper.names("worker-"):
            try:
                found.append(self.stack.keeper.process(name, timeout_s=0.5))
            except TimeoutError:
                continue
        return found

    def still_touched(self, meeting_id: Any) -> tuple[Any, ...]:
        """Empty when it had ended before it could be hit."""
        left = self.stack.database.rows(f"{TOUCHED} and id = $1", meeting_id)
        return (meeting_id,) if left else ()

    def kill(self, process: psutil.Process, what: str) -> datetime:
        """SIGKILL; whatever it had started must go too, by itself."""
        relatives = family(process)
        process.kill()
        at = datetime.now(UTC)
        threading.Thread(target=self._watch_orphans, args=(relatives, what), daemon=True).start()
        return at

    def _watch_orphans(self, relatives: Sequence[psutil.Process], what: str) -> None:
        for orphan in survivors(relatives, ORPHAN_PATIENCE_S):
            self.ledger.violate(f"{what} was killed, its child {describe(orphan)} lives on")

    def hold(self, shortest_s: float, longest_s: float) -> float:
        """Waits for a time between the two, and says for how long."""
        seconds = self.random.uniform(shortest_s, longest_s)
        time.sleep(seconds)
        return seconds


def describe(process: psutil.Process) -> str:
    try:
        return f"{process.pid} ({' '.join(process.cmdline())[-80:]})"
    except psutil.Error:
        return str(process.pid)


@contextmanager
def in_background(action: "threading.Thread") -> Iterator[None]:
    action.start()
    try:
        yield
    finally:
        action.join()
