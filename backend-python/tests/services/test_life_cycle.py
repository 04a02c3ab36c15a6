"""Anything may happen to a meeting in any order: whatever hypothesis thinks of, the invariants hold.

Users submit, cancel, run again and delete; workers claim, report, publish, fail, stop and crash; dead ones come back
as zombies and write all the same. One database for all examples, emptied before each.
"""

import asyncio
from collections import Counter
from collections.abc import Coroutine, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any, ClassVar, TypeVar

import pytest
from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import func, select, text, update

from scribe.adapters.queue import Bell
from scribe.adapters.storage import Storage
from scribe.adapters.unit_of_work import UnitOfWorkFactory
from scribe.broker import build_broker
from scribe.core.config import QueueSettings
from scribe.core.database import build_engine
from scribe.core.models_db import EventRow, MeetingRow
from scribe.domain.accounts import Principal, Role
from scribe.domain.errors import LeaseLostError, StatusConflictError, UnavailableError
from scribe.domain.events import EventKind
from scribe.domain.jobs import ClaimedJob
from scribe.domain.layout import STAGING_PREFIX
from scribe.domain.meeting import TRANSITIONS, MeetingId, MeetingStatus, Priority, Stage, StageMetrics
from scribe.services import meetings
from scribe.services.queue import Queue, request_cancel, requeue
from scribe.services.reaper import Reaper
from tests.conftest import add_user
from tests.crashes import Crash, CrashBeforeCommit, CrashingStorage
from tests.pending_meetings import FILES, add_meeting, results_folder, stage_results

T = TypeVar("T")
MAX_ATTEMPTS = 3
LEASES = QueueSettings(lease_s=3600.0, retry_delays_s=(600.0,))
"""Leases end when a rule says so, and never because the machine is slow."""
CALM = QueueSettings(lease_s=1.0, reap_every_s=3600.0, retry_delays_s=(600.0,))
NUMBERS = st.integers(0, 1000)
FRACTIONS = st.floats(-0.5, 1.5)


class World:
    """The database, the files and the loop that all examples share."""

    def __init__(self, runner: asyncio.Runner, database_url: str, files: Path) -> None:
        self.run = runner.run
        self.engine = build_engine(database_url)
        self.units = UnitOfWorkFactory(self.engine)
        self.url = str(files)
        self.storage = Storage(self.url)
        self.broker = build_broker("redis://127.0.0.1:1/0", "nowhere")  # no worker is idle: nobody is woken

    async def empty(self) -> list[Principal]:
        async with self.units() as unit:
            for table in ("meetings", "events", "purges", "counters", "users"):
                await unit.session.execute(text(f"delete from {table}"))  # noqa: S608 -- our own names
        return [await add_user(self.units, name, role) for name, role in (("a", Role.MEMBER), ("b", Role.ADMIN))]

    async def close(self) -> None:
        await self.broker.shutdown()
        await self.engine.dispose()


class LifeOfMeetings(RuleBasedStateMachine):
    world: ClassVar[World]

    @initialize()
    def begin(self) -> None:
        self.users = self.run(self.world.empty())
        self.queue = Queue(self.world.units, LEASES)
        self.reaper = Reaper(self.world.units, Bell(self.world.broker), CALM)
        self.jobs: list[ClaimedJob] = []
        """Every claim there ever was: most of them are worthless by now."""
        self.percents: dict[tuple[MeetingId, int], float] = {}
        self.published_by: dict[MeetingId, ClaimedJob] = {}

    def run(self, coroutine: Coroutine[Any, Any, T]) -> T:
        return self.world.run(coroutine)

    # --- what the rules need to know ---------------------------------------------------------------------------------

    async def _rows(self) -> list[MeetingRow]:
        async with self.world.units() as unit:
            return list(await unit.session.scalars(select(MeetingRow).order_by(MeetingRow.id)))

    async def _change(self, *where: Any, **columns: Any) -> None:
        async with self.world.units() as unit:
            await unit.session.execute(update(MeetingRow).where(*where).values(**columns))

    def _meeting(self, number: int) -> MeetingRow | None:
        rows = self.run(self._rows())
        return rows[number % len(rows)] if rows else None

    def _holds(self, job: ClaimedJob) -> bool:
        return any(row.token == job.token for row in self.run(self._rows()))

    def _write(self, number: int, *, recent: bool, write: Any) -> bool:
        """``write`` by one of all workers there ever were: it works for those who hold a lease, and for no other."""
        job = self.jobs[-1] if recent else self.jobs[number % len(self.jobs)]
        is_held = self._holds(job)
        try:
            self.run(write(job))
        except LeaseLostError:
            assert not is_held
            return False
        assert is_held
        return True

    # --- users -------------------------------------------------------------------------------------------------------

    @rule(number=NUMBERS, priority=st.sampled_from(list(Priority)))
    def submit(self, number: int, priority: Priority) -> None:
        owner = self.users[number % 2].user_id
        self.run(add_meeting(self.world.units, owner, priority=priority, max_attempts=MAX_ATTEMPTS))

    @rule(number=NUMBERS)
    def cancel(self, number: int) -> None:
        meeting = self._meeting(number)
        if meeting is None:
            return
        is_over = MeetingStatus(meeting.status).is_terminal
        try:
            self.run(self._in_a_unit(lambda unit: request_cancel(unit, MeetingId(meeting.id))))
        except StatusConflictError:
            assert is_over
        else:
            assert not is_over

    @rule(number=NUMBERS)
    def run_again(self, number: int) -> None:
        meeting = self._meeting(number)
        if meeting is None:
            return
        is_over = MeetingStatus(meeting.status).is_terminal
        try:
            self.run(self._in_a_unit(lambda unit: requeue(unit, MeetingId(meeting.id), None, MAX_ATTEMPTS)))
        except StatusConflictError:
            assert not is_over
        else:
            assert is_over

    @precondition(lambda self: len(self.jobs) > 2)
    @rule(number=NUMBERS)
    def delete(self, number: int) -> None:
        meeting = self._meeting(number)
        if meeting is not None:
            self.run(meetings.delete(self.world.units, self.users[1], MeetingId(meeting.id)))

    async def _in_a_unit(self, use: Any) -> None:
        async with self.world.units() as unit:
            await use(unit)

    # --- workers -----------------------------------------------------------------------------------------------------

    @rule()
    def claim(self) -> None:
        self._claim()

    def _claim(self) -> ClaimedJob | None:
        due = self.run(self._due())
        job = self.run(self.queue.claim(f"host:{len(self.jobs)}:a"))
        if job is None:
            assert due == {}
        else:
            assert due[job.meeting_id] == max(due.values())
            assert job.token not in {other.token for other in self.jobs}
            self.jobs.append(job)
        return job

    async def _due(self) -> dict[MeetingId, int]:
        """Priorities of what a worker may begin now."""
        async with self.world.units() as unit:
            is_due = MeetingRow.status == "PENDING", MeetingRow.next_attempt_at <= func.now()
            rows = await unit.session.execute(select(MeetingRow.id, MeetingRow.priority).where(*is_due))
            return {MeetingId(id_): priority for id_, priority in rows}

    @precondition(lambda self: self.jobs)
    @rule(number=NUMBERS, recent=st.booleans(), stage=st.sampled_from(list(Stage)), fraction=FRACTIONS)
    def progress(self, number: int, recent: bool, stage: Stage, fraction: float) -> None:
        self._write(number, recent=recent, write=lambda job: self.queue.progressed(job, stage, fraction))

    @precondition(lambda self: self.jobs)
    @rule(number=NUMBERS, recent=st.booleans(), stage=st.sampled_from(list(Stage)))
    def finish_stage(self, number: int, recent: bool, stage: Stage) -> None:
        metrics = StageMetrics(stage, 1.0, 1.0, 1.0)
        self._write(number, recent=recent, write=lambda job: self.queue.stage_finished(job, metrics))

    @precondition(lambda self: self.jobs)
    @rule(number=NUMBERS, recent=st.booleans())
    def publish(self, number: int, recent: bool) -> None:
        self._write(number, recent=recent, write=self._publish)

    async def _publish(self, job: ClaimedJob) -> None:
        await self.queue.publish(job, self.world.storage, stage_results(self.world.storage, job))
        self.published_by[job.meeting_id] = job

    @precondition(lambda self: self.jobs)
    @rule(number=NUMBERS, recent=st.booleans(), moves=st.integers(0, len(FILES)), is_fatal=st.booleans())
    def publish_half(self, number: int, recent: bool, moves: int, is_fatal: bool) -> None:
        """Cut off before a move or before the commit; then the worker tries again, or is gone."""
        self._write(number, recent=recent, write=lambda job: self._publish_half(job, moves, is_fatal=is_fatal))

    async def _publish_half(self, job: ClaimedJob, moves: int, *, is_fatal: bool) -> None:
        published = stage_results(self.world.storage, job)
        if moves < len(FILES):
            storage, units = CrashingStorage(self.world.url, moves), self.world.units
        else:
            storage, units = self.world.storage, CrashBeforeCommit(self.world.engine)
        with pytest.raises((Crash, UnavailableError)):
            await Queue(units, LEASES).publish(job, storage, published)
        if not is_fatal:
            await self.queue.publish(job, self.world.storage, published)
            self.published_by[job.meeting_id] = job

    @precondition(lambda self: self.jobs)
    @rule(number=NUMBERS, recent=st.booleans(), is_retryable=st.booleans())
    def fail(self, number: int, recent: bool, is_retryable: bool) -> None:
        self._write(
            number,
            recent=recent,
            write=lambda job: self.queue.failed(job, "engine.failed", "It failed.", None, is_retryable=is_retryable),
        )

    @precondition(lambda self: self.jobs)
    @rule(number=NUMBERS, recent=st.booleans())
    def release(self, number: int, recent: bool) -> None:
        self._write(number, recent=recent, write=self.queue.released)

    @precondition(lambda self: self.jobs)
    @rule(number=NUMBERS, recent=st.booleans())
    def look_for_cancel(self, number: int, recent: bool) -> None:
        self._write(number, recent=recent, write=self._look_for_cancel)

    async def _look_for_cancel(self, job: ClaimedJob) -> None:
        if await self.queue.renew(job):
            await self.queue.cancelled(job)

    # --- time --------------------------------------------------------------------------------------------------------

    @precondition(lambda self: self.jobs)
    @rule()
    def crash(self) -> None:
        """The worker of the last claim falls silent for longer than its lease."""
        self.run(self._change(MeetingRow.token == self.jobs[-1].token, lease_until=func.now() - timedelta(hours=1)))

    @rule()
    def reap(self) -> None:
        assert self.run(self.reaper.once()).is_calm
        assert not [row for row in self.run(self._rows()) if row.lease_until and row.lease_until < row.updated_at]

    @rule()
    def delays_pass(self) -> None:
        self.run(self._change(MeetingRow.status == "PENDING", next_attempt_at=func.now()))

    # --- what always holds -------------------------------------------------------------------------------------------

    @invariant()
    def everything_is_in_order(self) -> None:
        rows, told = self.run(self._rows()), self.run(self._told())
        for row in rows:
            assert (row.token is None) == (row.status != "PROCESSING")
            assert 0 <= row.attempt <= row.max_attempts
            assert (row.finished_at is not None) == MeetingStatus(row.status).is_terminal
            assert row.is_dead_letter <= (row.status == "FAILED")
            assert row.cancel_requested_at is None or row.status == "PROCESSING"
            self._told_what_happened(row, told.get(row.id, []))
            self._percent_has_not_fallen(row)
            self._results_are_there(row)

    async def _told(self) -> dict[MeetingId, list[dict[str, Any]]]:
        async with self.world.units() as unit:
            query = select(EventRow).where(EventRow.kind == EventKind.STATUS.value).order_by(EventRow.id)
            told: dict[MeetingId, list[dict[str, Any]]] = {}
            for event in await unit.session.scalars(query):
                told.setdefault(MeetingId(event.meeting_id), []).append(event.payload)
            return told

    def _told_what_happened(self, row: MeetingRow, told: list[dict[str, Any]]) -> None:
        """Only allowed changes of status, none that nobody was told of, and each run published once at most."""
        before = MeetingStatus.PENDING
        for payload in told:
            after = MeetingStatus(payload["status"])
            assert after in TRANSITIONS[before], (before, after)
            before = after
        assert before == row.status
        completed = Counter(payload["run"] for payload in told if payload["status"] == "COMPLETED")
        assert set(completed.values()) <= {1}
        assert row.results_run == max(completed, default=None)

    def _percent_has_not_fallen(self, row: MeetingRow) -> None:
        key = MeetingId(row.id), row.run
        assert 0 <= self.percents.get(key, 0.0) <= row.percent <= 100
        self.percents[key] = row.percent

    def _results_are_there(self, row: MeetingRow) -> None:
        published_by = self.published_by.get(MeetingId(row.id))
        if published_by is None:
            assert (row.results_run, row.result_files) == (None, [])
            return
        assert row.results_run == published_by.run
        assert row.result_files == [f"{results_folder(published_by)}/{name}" for name in FILES]
        contents = {self.world.storage.read(key) for key in row.result_files}
        assert None not in contents
        if row.status == "COMPLETED":
            assert contents == {str(published_by.token).encode()}
            there = self.world.storage.keys(results_folder(published_by))
            staged_by_zombies = [key for key in there if f"/{STAGING_PREFIX}" in key]
            assert sorted({*there} - {*staged_by_zombies}) == sorted(row.result_files)

    # --- how it ends -------------------------------------------------------------------------------------------------

    def teardown(self) -> None:
        """Nothing is stuck: with workers that crash, publish and fail in turn, every meeting comes to an end."""
        if not hasattr(self, "users"):
            return
        self.everything_is_in_order()
        rounds = 0
        while any(not MeetingStatus(row.status).is_terminal for row in self.run(self._rows())):
            rounds += 1
            assert rounds <= (MAX_ATTEMPTS + 2) * (len(self.run(self._rows())) + 1)
            self.run(self._change(MeetingRow.status == "PROCESSING", lease_until=func.now() - timedelta(hours=1)))
            self.reap()
            self.delays_pass()
            if (job := self._claim()) is not None and rounds % 3:
                if rounds % 3 == 1:
                    self.run(self._publish(job))
                else:
                    self.run(self.queue.failed(job, "engine.failed", "It failed.", None, is_retryable=True))
        self.everything_is_in_order()
        self._nobody_may_write_any_more()

    def _nobody_may_write_any_more(self) -> None:
        before = self.run(self._versions())
        for job in self.jobs:
            for write in (self._publish, self._look_for_cancel, self.queue.released, self.queue.cancelled):
                with pytest.raises(LeaseLostError):
                    self.run(write(job))
        assert self.run(self._versions()) == before

    async def _versions(self) -> list[tuple[Any, ...]]:
        return [(row.id, row.version, row.status, row.published_at) for row in await self._rows()]


@pytest.fixture
def world(database_url: str, tmp_path: Path) -> Iterator[World]:
    with asyncio.Runner() as runner:
        world = World(runner, database_url, tmp_path / "files")
        yield world
        runner.run(world.close())


def test_any_order_of_events_keeps_the_invariants(world: World) -> None:
    LifeOfMeetings.world = world
    run_state_machine_as_test(
        LifeOfMeetings,
        settings=settings(max_examples=25, stateful_step_count=25, deadline=None, phases=[Phase.reuse, Phase.generate]),
    )
