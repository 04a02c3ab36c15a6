"""Faults under load, one after the other: an API, a worker, Valkey, Traefik, the storage and the database are killed
while clients upload through Traefik.

Owns the order of faults and what is counted; how things are broken and what must hold is ``chaos/``'s.
"""

import random
import threading
from collections import Counter
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

from chaos import faults, report
from chaos.__main__ import Run
from chaos.client import Client, RefusedError
from chaos.faults import Fault
from chaos.flow import Flow, send_one
from chaos.follower import Follower
from chaos.invariants import Invariants
from chaos.ledger import Ledger, Promise
from chaos.recordings import Kind
from chaos.world import Injury, World
from topology.edge import REPOSITORY
from topology.findings import Findings
from topology.site import Site

SAMPLES = sorted((REPOSITORY / "samples" / "voices").glob("*.flac"))
"""Real speech, 20 s or so each."""


def kill_api(world: World) -> Injury:
    """Whichever; what it was receiving is sent again, to the other."""
    name = world.random.choice(world.stack.keeper.names("api-"))
    touched = world.processing()
    return Injury("SIGKILL of one API of two", world.kill(world.stack.keeper.process(name), name), touched, name)


def kill_all_apis(world: World) -> Injury:
    touched = world.processing()
    for name in world.stack.keeper.names("api-"):
        at = world.kill(world.stack.keeper.process(name), name)
    return Injury("SIGKILL of both APIs", at, touched)


def kill_traefik(world: World) -> Injury:
    touched = world.processing()
    process = world.stack.keeper.process("traefik")
    process.kill()
    return Injury("SIGKILL of Traefik", datetime.now(UTC), touched)


PLAN: tuple[Fault, ...] = (
    kill_api, faults.kill_worker, faults.kill_valkey, kill_traefik, kill_api, faults.kill_worker_at_the_end,
    kill_all_apis, faults.kill_model_child, faults.take_storage_away, faults.kill_postgres,
)  # fmt: skip
SHORT_PLAN: tuple[Fault, ...] = (kill_api, faults.kill_worker)


class Speech:
    """Sends the repository's real recordings, again and again, until it is told to stop."""

    def __init__(self, client: Client, ledger: Ledger, recordings: list[Path]) -> None:
        self._client, self._ledger, self._recordings = client, ledger, recordings
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._send, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._is_over.set()
        self._thread.join()

    def _send(self) -> None:
        while not self._is_over.is_set():
            for path in self._recordings:
                content, fields = path.read_bytes(), {"file_name": path.name, "duplicate": "process"}
                try:
                    accepted = self._client.upload(content, key=str(uuid4()), fields=fields)
                except (RefusedError, TimeoutError) as error:
                    self._ledger.violate(f"{path.name}: {error}")
                    continue
                self._ledger.add(Promise(accepted.meeting_id, Kind.TALK, "raw", len(content)))
                if self._is_over.wait(3):
                    return


def rage(
    site: Site, plan: tuple[Fault, ...], seed: int, num_senders: int, recordings: list[Path]
) -> tuple[report.Outcome, Ledger, Client, Invariants]:
    """The faults of ``plan``, each when the one before is mended; then all that was accepted comes to its end."""
    outcome, ledger, randomly = report.Outcome(seed), Ledger(), random.Random(seed)
    client = Client(site.url, site.token)
    invariants, follower = Invariants(site, client, ledger), Follower(client)
    follower.start()
    flow, speech = Flow(client, site.database, ledger, seed, num_senders), Speech(client, ledger, recordings)
    flow.start()
    speech.start()
    world = World(site, client, ledger, randomly)
    try:
        for fault in plan:
            Run(world, invariants, outcome, {fault: 1.0}).go(1)
            site.wait_until_ready()
    finally:
        flow.stop()
        speech.stop()
    invariants.drain()
    with suppress(TimeoutError):
        site.wait_until_ready()
    invariants.full(follower)
    follower.stop()
    return outcome, ledger, client, invariants


def show(site: Site, findings: Findings, plan: tuple[Fault, ...], seed: int, num_senders: int, *, engines: str) -> None:
    outcome, ledger, client, invariants = rage(site, plan, seed, num_senders, SAMPLES)
    for kind, times in outcome.by_kind.items():
        known = [f"{seconds:.1f}" for seconds in times if seconds is not None]
        findings.note(f"{kind}: everything it touched moved again after", f"{', '.join(known) or '-'} s")
    ways = Counter(promise.way for promise in ledger.all())
    findings.note(
        f"uploads acknowledged ({engines} engines)", f"{len(ledger.all())} ({ways['raw']} raw, {ways['tus']} tus)"
    )
    findings.note("refused for good, by kind and code", dict(ledger.refused) or "none")
    findings.note("single requests by answer", dict(client.outcomes.most_common()))
    audit = invariants.audit
    findings.note("attempts at processing, stages taken over", f"{audit.num_attempts}, {audit.num_reused}")
    for violation in ledger.violations:
        findings.wrong(violation)
    findings.check(not ledger.violations, "each acknowledged upload completed exactly once; none lost, none twice")


__all__ = ["PLAN", "SHORT_PLAN", "rage", "send_one", "show"]
