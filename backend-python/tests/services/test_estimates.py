"""Estimates from planted rows: what was measured, who is ahead, how many work."""

import statistics
import time
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import insert

from scribe.adapters.estimates import CompletedRun, Workload
from scribe.adapters.unit_of_work import UnitOfWorkFactory
from scribe.core.ids import uuid7
from scribe.core.models_db import MeetingRow
from scribe.domain.accounts import Principal
from scribe.domain.meeting import STAGE_SHARE, MeetingId, MeetingStatus, Stage
from scribe.domain.workers import WorkerFacts
from scribe.services import estimates
from scribe.services.estimates import (
    DEFAULT_BYTES_PER_S,
    DEFAULT_FACTOR,
    NOTHING,
    Estimate,
    estimate_for,
    remaining_by_meeting,
    speeds_of,
    starts_in_s,
    work_s,
)

MINUTE_S = 60.0


def a_run(duration_s: float, factor: float, model: str | None = None, size_bytes: int = 1000) -> CompletedRun:
    seconds = {stage: factor * share * duration_s for stage, share in STAGE_SHARE.items()}
    return CompletedRun(duration_s, size_bytes, model, seconds)


def a_load(**changes: Any) -> Workload:
    values: dict[str, Any] = {
        "meeting_id": uuid7(), "status": MeetingStatus.PENDING, "size_bytes": 1000, "duration_s": 100.0, "model": None,
        "done": frozenset(), "stage": None, "stage_percent": 0.0, "next_attempt_at": datetime.now(UTC),
    }  # fmt: skip
    return Workload(**(values | changes))


# --- the arithmetic ---------------------------------------------------------------------------------------------------


def test_before_anything_was_measured_the_documented_default_counts() -> None:
    speeds = speeds_of([])
    assert not speeds.is_measured
    assert work_s(a_load(duration_s=1000.0), speeds) == pytest.approx(1000.0 * DEFAULT_FACTOR)
    assert work_s(a_load(duration_s=None, size_bytes=16_000_000), speeds) == pytest.approx(
        16_000_000 / DEFAULT_BYTES_PER_S * DEFAULT_FACTOR
    )


def test_long_recordings_weigh_more_than_short_clips() -> None:
    speeds = speeds_of([a_run(1.0, factor=5.0), a_run(3600.0, factor=0.1)])
    assert work_s(a_load(duration_s=100.0), speeds) == pytest.approx(10.0, rel=0.02)


def test_a_model_has_a_speed_of_its_own_from_three_runs() -> None:
    runs = [a_run(100.0, 0.1)] * 9 + [a_run(100.0, 1.1, "large")] * 2
    assert work_s(a_load(model="large"), speeds_of(runs)) == pytest.approx(100 * (0.9 + 2.2) / 11)
    assert work_s(a_load(model="large"), speeds_of([*runs, a_run(100.0, 1.1, "large")])) == pytest.approx(110.0)


def test_what_is_done_and_the_part_of_the_stage_under_way_are_left_out() -> None:
    speeds = speeds_of([a_run(100.0, 1.0)])
    done = frozenset({Stage.CONVERT, Stage.DIARIZE, Stage.IDENTIFY})
    load = a_load(status=MeetingStatus.PROCESSING, done=done, stage=Stage.TRANSCRIBE, stage_percent=50.0)
    assert work_s(load, speeds) == pytest.approx(
        100.0 * (0.5 * STAGE_SHARE[Stage.TRANSCRIBE] + STAGE_SHARE[Stage.FUSE])
    )
    # Waiting for its next attempt: the half of a stage that broke is to be done again.
    waiting = a_load(done=done, stage=Stage.TRANSCRIBE, stage_percent=50.0)
    assert work_s(waiting, speeds) > work_s(load, speeds)


@pytest.mark.parametrize(
    ("running", "ahead", "workers", "expected"),
    [
        ([], [], 1, 0.0),
        ([30.0], [], 1, 30.0),
        ([30.0], [], 2, 0.0),
        ([30.0, 10.0], [], 2, 10.0),
        ([30.0], [5.0, 5.0], 1, 40.0),
        ([30.0, 10.0], [5.0, 50.0], 2, 30.0),
        ([], [10.0, 10.0, 10.0], 3, 10.0),
        ([30.0, 20.0, 10.0], [], 2, 10.0),  # more leases than workers: one of them is dead
    ],
)
def test_the_first_free_worker_takes_the_next(
    running: list[float], ahead: list[float], workers: int, expected: float
) -> None:
    assert starts_in_s(running, ahead, workers) == expected


# --- on rows ----------------------------------------------------------------------------------------------------------


async def plant(units: UnitOfWorkFactory, owner: Principal, count: int = 1, **changes: Any) -> list[MeetingId]:
    """Meetings that wait, one second apart, unless ``changes`` say otherwise."""
    start = datetime.now(UTC) - timedelta(hours=1)
    rows: list[dict[str, Any]] = [
        {
            "id": uuid7(), "owner_id": owner.user_id, "title": "t", "size_bytes": 1000, "sha256": f"{number:064x}",
            "duration_s": MINUTE_S, "options": {}, "status": "PENDING", "max_attempts": 5,
            "queued_at": start + timedelta(seconds=number), "created_at": start + timedelta(seconds=number),
        } | changes
        for number in range(count)
    ]  # fmt: skip
    if "folded_name" in MeetingRow.__table__.columns:
        rows = [{"folded_name": "t"} | row for row in rows]
    async with units() as unit:
        await unit.session.execute(insert(MeetingRow), rows)
    return [MeetingId(row["id"]) for row in rows]


def completed(factor: float = 0.5) -> dict[str, Any]:
    stages = {
        str(stage): {"seconds": factor * share * MINUTE_S, "cpu_seconds": 1.0, "peak_rss_mb": 1.0, "is_reused": False}
        for stage, share in STAGE_SHARE.items()
    }
    return {"status": "COMPLETED", "stages": stages}


def processing() -> dict[str, Any]:
    return {"status": "PROCESSING", "token": uuid7(), "worker_id": "w", "lease_until": datetime.now(UTC)}


async def hire(units: UnitOfWorkFactory, count: int) -> None:
    async with units() as unit:
        for number in range(count):
            await unit.workers.register(WorkerFacts(f"host:{number}:x", "host", number, "1", "cpu", {}))


async def ask(units: UnitOfWorkFactory, meeting_id: MeetingId) -> Estimate:
    async with units() as unit:
        return await estimate_for(unit, meeting_id)


async def test_the_place_in_the_queue_and_measured_speed_give_start_and_end(
    units: UnitOfWorkFactory, member: Principal
) -> None:
    await plant(units, member, 5, **completed(0.5))
    await plant(units, member, 1, **processing())
    waiting = await plant(units, member, 3)
    await hire(units, 1)
    last = await ask(units, waiting[2])
    # 30 s each: the one that runs, two ahead, its own.
    assert last.queue_place == 2
    assert last.starts_in_s == pytest.approx(90.0)
    assert last.remaining_s == pytest.approx(120.0)
    assert not last.is_rough


async def test_more_workers_are_sooner(units: UnitOfWorkFactory, member: Principal) -> None:
    await plant(units, member, 3, **completed(0.5))
    waiting = await plant(units, member, 3)
    await hire(units, 3)
    assert (await ask(units, waiting[2])).starts_in_s == pytest.approx(0.0, abs=0.1)


async def test_without_a_worker_nobody_can_say_when(units: UnitOfWorkFactory, member: Principal) -> None:
    (waiting,) = await plant(units, member)
    answer = await ask(units, waiting)
    assert (answer.queue_place, answer.starts_in_s, answer.remaining_s) == (0, None, None)


async def test_who_waits_for_the_next_attempt_does_not_start_before(
    units: UnitOfWorkFactory, member: Principal
) -> None:
    await hire(units, 1)
    (waiting,) = await plant(units, member, next_attempt_at=datetime.now(UTC) + timedelta(minutes=5))
    answer = await ask(units, waiting)
    if answer.queue_place is not None:
        assert answer.starts_in_s == pytest.approx(300.0, abs=10.0)


async def test_an_unknown_duration_is_guessed_from_the_size_and_marked(
    units: UnitOfWorkFactory, member: Principal
) -> None:
    await plant(units, member, 3, **completed(0.5))  # 1,000 bytes a minute
    (running,) = await plant(units, member, duration_s=None, size_bytes=2000, **processing())
    answer = await ask(units, running)
    assert answer.remaining_s == pytest.approx(2 * 0.5 * MINUTE_S)
    assert answer.is_rough


async def test_without_measurements_the_answer_is_marked_rough(units: UnitOfWorkFactory, member: Principal) -> None:
    (running,) = await plant(units, member, **processing())
    answer = await ask(units, running)
    assert answer.remaining_s == pytest.approx(MINUTE_S * DEFAULT_FACTOR)
    assert answer.is_rough


@pytest.mark.parametrize("status", [status for status in MeetingStatus if status.is_terminal])
async def test_what_is_over_has_no_estimate(status: MeetingStatus, units: UnitOfWorkFactory, member: Principal) -> None:
    (over,) = await plant(units, member, status=str(status), failure_code="x")
    assert await ask(units, over) == NOTHING


async def test_a_meeting_that_is_not_there_has_none(units: UnitOfWorkFactory) -> None:
    assert await ask(units, MeetingId(uuid7())) == NOTHING


async def test_remaining_times_are_told_for_those_that_run(units: UnitOfWorkFactory, member: Principal) -> None:
    (running,) = await plant(units, member, **processing())
    (waiting,) = await plant(units, member)
    async with units() as unit:
        found: dict[UUID, float] = await remaining_by_meeting(unit, [running, waiting, uuid7()])
    assert set(found) == {running}


async def test_odd_entries_in_the_stages_of_a_run_are_passed_over(units: UnitOfWorkFactory, member: Principal) -> None:
    await plant(units, member, status="COMPLETED", stages={"convert": None, "diarize": {"seconds": "x"}, "new": {}})
    (running,) = await plant(units, member, **processing())
    assert (await ask(units, running)).remaining_s == pytest.approx(MINUTE_S * DEFAULT_FACTOR)


@pytest.mark.slow
async def test_an_estimate_is_cheap_at_ten_thousand_meetings(
    units: UnitOfWorkFactory, member: Principal, monkeypatch: pytest.MonkeyPatch
) -> None:
    """p95 with warm memory, which is what readers meet: speeds are read once in ten seconds."""
    monkeypatch.setattr(estimates, "MEMORY_S", 600.0)
    await plant(units, member, 9000, **completed())
    waiting = await plant(units, member, 1000)
    await hire(units, 2)
    await ask(units, waiting[500])
    times = []
    for meeting_id in waiting[::20]:
        began = time.perf_counter()
        await ask(units, meeting_id)
        times.append(time.perf_counter() - began)
    assert statistics.quantiles(times, n=20)[-1] < 0.1, "ten times what a quiet machine needs"
