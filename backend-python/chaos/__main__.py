"""``python -m chaos --faults 200 --seed 7``: breaks the real stack at random and checks that nothing was lost.

The last line is the verdict, and so is the exit status. The same seed draws the same faults in the same order; how
they meet the work under way is up to the machine.
"""

import argparse
import ctypes
import os
import random
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import asyncpg
import psutil

from chaos import report
from chaos.client import Client
from chaos.faults import FAULTS, Fault, fill_disk_during_results, fill_disk_during_upload
from chaos.flow import Flow, send_one
from chaos.follower import Follower
from chaos.invariants import Invariants
from chaos.ledger import Ledger
from chaos.recordings import Kind
from chaos.stack import FAST, Plan, Stack
from chaos.world import Injury, MissedError, World

RECOVERY_TIMEOUT_S = 60.0
OVERLAP = 0.2
"""Share of faults after which the next one does not wait."""
PACE = "0.05"
_CLONE_NEWNS, _MS_REC, _MS_PRIVATE = 0x20000, 0x4000, 0x40000
_PROGRESS = """
    select meeting_id from events where created_at > $1 and meeting_id = any($2)
      and (kind <> 'meeting.status' or payload->>'status' <> 'PENDING') and kind <> 'meeting.changed'
    union select t.id from unnest($2::uuid[]) as t(id) left join meetings m on m.id = t.id
      where m.id is null or m.status in ('COMPLETED', 'FAILED', 'CANCELLED')
"""


class Run:
    def __init__(
        self, world: World, invariants: Invariants, outcome: report.Outcome, faults: dict[Fault, float]
    ) -> None:
        self._world, self._invariants, self._outcome, self._faults = world, invariants, outcome, faults
        self._open: list[Injury] = []

    def go(self, num_faults: int) -> None:
        done = 0
        while done < num_faults:
            fault = self._world.random.choices(list(self._faults), list(self._faults.values()))[0]
            try:
                injury = fault(self._world)
            except (MissedError, psutil.NoSuchProcess):
                continue
            except Exception as error:  # noqa: BLE001 -- a harness that stops at its own fault proves nothing
                self._world.ledger.violate(f"{fault.__name__} could not be done: {type(error).__name__}: {error}")
                done += 1
                continue
            done += 1
            print(f"[{done:>3}/{num_faults}] {injury.kind} {injury.detail}", flush=True)
            if injury.recovered_s is not None:
                self._outcome.by_kind[injury.kind].append(injury.recovered_s)
            elif not injury.touched:
                self._outcome.by_kind[injury.kind].append(None)
            if injury.touched:
                self._open.append(injury)
            if self._world.random.random() >= OVERLAP or done == num_faults:
                self._settle()
            self._invariants.quick()

    def _settle(self) -> None:
        """Until every meeting that was hit got on. The time of each is taken from its own fault."""
        while self._open:
            for injury in list(self._open):
                age_s = (datetime.now(UTC) - injury.at).total_seconds()
                if self._got_on(injury):
                    self._open.remove(injury)
                    if injury.recovered_s is None:
                        self._outcome.by_kind[injury.kind].append(age_s)
                elif age_s > RECOVERY_TIMEOUT_S + 30:
                    self._open.remove(injury)
                    self._outcome.by_kind[injury.kind].append(age_s)
                    self._world.ledger.violate(f"{injury.kind}: {injury.touched} did not get on in {age_s:.0f} s")
            time.sleep(0.05)

    def _got_on(self, injury: Injury) -> bool:
        try:
            rows = self._world.stack.database.rows(_PROGRESS, injury.at, list(injury.touched))
        except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError):
            return False
        return len(rows) == len(injury.touched)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m chaos", description=__doc__)
    parser.add_argument("--faults", type=int, default=200)
    parser.add_argument("--seed", type=int, default=None, help="default: drawn, and printed")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--storage", choices=("local", "s3"), default="local")
    parser.add_argument("--only", default="", help="comma-separated names of functions in chaos/faults.py")
    parser.add_argument("--keep", type=Path, default=None, help="leave the stack's folder, with its logs, here")
    parser.add_argument("--json", type=Path, default=None, metavar="OUT")
    return parser.parse_args()


def chosen_faults(only: str, *, is_small_disk: bool) -> dict[Fault, float]:
    wanted = {name for name in only.split(",") if name}
    unknown = wanted - {fault.__name__ for fault in FAULTS}
    if unknown:
        sys.exit(f"No such fault: {', '.join(sorted(unknown))}. There are {', '.join(f.__name__ for f in FAULTS)}.")
    needs_disk = {fill_disk_during_upload, fill_disk_during_results}
    return {
        fault: weight
        for fault, weight in FAULTS.items()
        if (not wanted or fault.__name__ in wanted) and (is_small_disk or fault not in needs_disk)
    }


def own_mounts() -> bool:
    """A mount namespace of our own: what is mounted in it goes with us, however we end. Only root may."""
    if not sys.platform.startswith("linux") or os.geteuid() != 0:
        return False
    libc = ctypes.CDLL(None, use_errno=True)
    return bool(libc.unshare(_CLONE_NEWNS) == 0 and libc.mount(b"none", b"/", None, _MS_REC | _MS_PRIVATE, None) == 0)


def main() -> None:
    options = arguments()
    seed = options.seed if options.seed is not None else random.SystemRandom().randrange(1_000_000)
    is_small_disk = options.storage == "local" and own_mounts()
    faults = chosen_faults(options.only, is_small_disk=is_small_disk)
    plan = Plan(
        num_workers=max(2, options.workers),
        storage=options.storage,
        is_small_disk=is_small_disk,
        settings=dict(FAST) | {"SCRIBE_FAKE_PACE": PACE},
        keep=options.keep,
    )
    outcome, ledger = report.Outcome(seed), Ledger()
    if not is_small_disk:
        outcome.skipped = "disk full (it needs root, a local storage and the right to mount)"
    print(
        f"chaos: {options.faults} faults, seed {seed}, {plan.num_workers} workers, storage {plan.storage}", flush=True
    )
    began = time.monotonic()
    stack = Stack(plan)
    with stack:
        client = Client(stack.url, stack.token)
        invariants, follower = Invariants(stack, client, ledger), Follower(client)
        randomly = random.Random(seed)
        follower.start()
        for kind in Kind:  # one of each at least
            send_one(client, ledger, randomly, kind)
        flow = Flow(client, stack.database, ledger, seed)
        flow.start()
        world = World(stack, client, ledger, randomly, is_long=options.faults >= 100)
        try:
            Run(world, invariants, outcome, faults).go(options.faults)
        finally:
            flow.stop()
        invariants.drain()
        invariants.full(follower)
        follower.stop()
        exits = stack.keeper.exits()
        invariants.deaths(exits)
    invariants.orphans()
    outcome.seconds = time.monotonic() - began
    if options.json is not None:
        report.write(options.json, outcome, ledger)
    print(report.table(outcome))
    print(*report.facts(outcome, ledger, invariants.audit, exits), sep="\n")
    for violation in ledger.violations:
        print(f"violation: {violation}")
    print(report.verdict(outcome, ledger))
    sys.exit(1 if ledger.violations else 0)


if __name__ == "__main__":
    main()
