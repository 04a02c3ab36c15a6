"""Half a dozen faults on the real stack, and checks on the checkers: an audit that can find nothing proves nothing."""

import random
import subprocess
import sys
from typing import Any

import pytest

from chaos.audit import Audit
from chaos.invariants import left_over
from chaos.recordings import Kind, make
from tests.conftest import REPOSITORY

FAULTS = 6
SEED = 7


@pytest.mark.e2e
@pytest.mark.slow
def test_half_a_dozen_faults_lose_nothing() -> None:
    command = [sys.executable, "-m", "chaos", "--faults", str(FAULTS), "--seed", str(SEED)]
    done = subprocess.run(
        command, cwd=REPOSITORY / "backend-python", capture_output=True, text=True, check=False, timeout=300
    )
    assert done.returncode == 0, f"{done.stdout[-6000:]}\n{done.stderr[-3000:]}"
    verdict = done.stdout.strip().splitlines()[-1]
    assert verdict.startswith(f"chaos: {FAULTS} faults, seed {SEED}, ")
    assert verdict.endswith(" 0 violations: PASS")


def events(*told: tuple[str, dict[str, Any]]) -> list[dict[str, Any]]:
    return [
        {"id": number, "meeting_id": "m", "kind": f"meeting.{kind}", "payload": payload}
        for number, (kind, payload) in enumerate(told, start=1)
    ]


def status(name: str, run: int = 1) -> tuple[str, dict[str, Any]]:
    return "status", {"status": name, "run": run, "attempt": 1}


GOOD = (
    status("PROCESSING"),
    ("stage_started", {"stage": "convert", "percent": 0.0}),
    ("stage_finished", {"stage": "convert", "percent": 4.0, "is_reused": False}),
    status("PENDING"),
    status("PROCESSING"),
    ("stage_finished", {"stage": "convert", "percent": 4.0, "is_reused": True}),
    status("COMPLETED"),
)


def test_a_run_with_a_crash_in_it_is_in_order() -> None:
    audit = Audit()
    assert audit.feed(events(*GOOD)) == []
    assert (audit.num_attempts, audit.num_reused) == (2, 1)


def test_another_run_may_be_asked_for_after_the_end() -> None:
    again = (status("PENDING", 2), status("PROCESSING", 2), ("progress", {"percent": 1.0}), status("COMPLETED", 2))
    assert Audit().feed(events(*GOOD, *again)) == []


@pytest.mark.parametrize(
    ("then", "what"),
    [
        ((status("COMPLETED"),), "COMPLETED after COMPLETED"),
        ((status("PENDING"),), "PENDING after COMPLETED"),
        ((("progress", {"stage": "fuse", "percent": 3.0}),), "percent fell"),
        ((("stage_started", {"stage": "convert", "percent": 4.0}),), "was finished before"),
        ((("deleted", {}), ("progress", {"percent": 50.0})), "after it was deleted"),
    ],
)
def test_the_audit_finds(then: tuple[tuple[str, dict[str, Any]], ...], what: str) -> None:
    [wrong] = Audit().feed(events(*GOOD, *then))
    assert what in wrong


def test_what_has_no_reason_to_lie_there_is_found() -> None:
    rows = {"m": {"result_files": ["results/20261122/m/fusion.json"]}}
    kept = ["uploads/m/recording", "checkpoints/m/convert.json", "results/20261122/m/fusion.json"]
    strays = [
        "uploads/gone/recording",
        "uploads/parts/u/0000000000000000",
        "results/20261122/m/.run-1/fusion.json",
        "results/20261122/m/transcription.json",
        "checkpoints/m/.writing-x",
        "derived/gone/peaks.json",
    ]
    assert list(left_over([*kept, *strays], rows)) == strays


def test_no_two_recordings_are_alike() -> None:
    randomly = random.Random(1)  # noqa: S311 -- a seed, no secret
    made = {make(randomly, kind).content for kind in Kind for _ in range(5)}
    assert len(made) == 5 * len(Kind)
