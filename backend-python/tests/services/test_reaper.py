"""What happens to meetings nobody works on any more, on a real PostgreSQL and a real Valkey."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any, Self

import asyncpg
import pytest
from redis.asyncio import Redis
from sqlalchemy import make_url, select, text
from sqlalchemy.ext.asyncio import AsyncEngine

from scribe.adapters.queue import Bell
from scribe.adapters.unit_of_work import UnitOfWorkFactory
from scribe.broker import build_broker
from scribe.core.config import QueueSettings
from scribe.core.database import build_engine, plain_url
from scribe.core.models_db import CounterRow
from scribe.domain.accounts import Principal
from scribe.domain.errors import UnavailableError
from scribe.domain.jobs import ClaimedJob, DatabaseClock
from scribe.domain.meeting import Stage
from scribe.domain.workers import WorkerFacts
from scribe.services.queue import Queue, request_cancel
from scribe.services.reaper import Reaper, ReapReport
from tests.pending_meetings import (
    add_meeting,
    add_meetings,
    expire_lease,
    make_due,
    meeting_row,
    statuses_told,
    told,
)

SETTINGS = QueueSettings(lease_s=1.0, reap_every_s=20.0, retry_delays_s=(5.0, 30.0))
"""A round every 20 s: a gap of a minute between two rounds of a test on a busy machine is not an outage."""
BUSY = QueueSettings(lease_s=1.0, reap_every_s=0.2)


@pytest.fixture(autouse=True)
async def _server_is_up_for_a_lease(units: UnitOfWorkFactory) -> None:
    """The first of these tests may be the first in the session."""
    async with asyncio.timeout(20):
        is_young = True
        while is_young:
            async with units() as unit:
                clock = await unit.jobs.clock()
            is_young = clock.now - clock.started_at < timedelta(seconds=SETTINGS.lease_s)


@pytest.fixture
async def bell(redis_url: str, redis_stream: str) -> AsyncIterator[Bell]:
    broker = build_broker(redis_url, redis_stream)
    yield Bell(broker)
    await broker.shutdown()


@pytest.fixture
def reaper(units: UnitOfWorkFactory, bell: Bell) -> Reaper:
    return Reaper(units, bell, SETTINGS)


@pytest.fixture
def queue(units: UnitOfWorkFactory) -> Queue:
    return Queue(units, SETTINGS)


@pytest.fixture
async def job(units: UnitOfWorkFactory, member: Principal, queue: Queue) -> ClaimedJob:
    """A meeting whose worker gives no sign any more."""
    await add_meeting(units, member.user_id)
    claimed = await next_job(queue)
    await queue.stage_started(claimed, Stage.DIARIZE)
    await expire_lease(units, claimed.meeting_id)
    return claimed


async def next_job(queue: Queue) -> ClaimedJob:
    claimed = await queue.claim("host:1:a")
    assert claimed is not None
    return claimed


async def rings(redis_url: str, redis_stream: str) -> int:
    async with Redis.from_url(redis_url) as redis:
        return int(await redis.xlen(redis_stream))


async def add_worker(units: UnitOfWorkFactory, worker_id: str) -> None:
    async with units() as unit:
        await unit.workers.register(WorkerFacts(worker_id, "host", 1, "1", "cpu", {}))


# --- abandoned meetings -----------------------------------------------------------------------------------------------


async def test_an_abandoned_meeting_waits_for_its_next_attempt(
    units: UnitOfWorkFactory, reaper: Reaper, job: ClaimedJob
) -> None:
    assert await reaper.once() == ReapReport(expired=1, retried=1)
    row = await meeting_row(units, job.meeting_id)
    assert (row.status, row.attempt, row.token) == ("PENDING", 1, None)
    assert row.next_attempt_at - row.updated_at > timedelta(seconds=4)
    assert (row.failure_code, row.failure_stage) == ("run.worker_lost", "diarize")
    assert await statuses_told(units, job.meeting_id) == ["PROCESSING", "PENDING"]
    async with units() as unit:
        counters = {(row.name, row.label): row.count for row in await unit.session.scalars(select(CounterRow))}
    assert counters == {("lease_expiries", ""): 1, ("failures", "run.worker_lost"): 1, ("retries", ""): 1}
    assert await reaper.once() == ReapReport()


async def test_a_meeting_that_kills_every_worker_is_given_up_with_a_reason(
    units: UnitOfWorkFactory, member: Principal, queue: Queue, reaper: Reaper
) -> None:
    meeting_id = await add_meeting(units, member.user_id, max_attempts=2)
    reports = []
    for _ in range(2):
        await next_job(queue)
        await expire_lease(units, meeting_id)
        reports.append(await reaper.once())
        await make_due(units, meeting_id)
    assert reports == [ReapReport(expired=1, retried=1), ReapReport(expired=1, failed=1)]
    row = await meeting_row(units, meeting_id)
    assert (row.status, row.is_dead_letter, row.failure_code) == ("FAILED", True, "run.worker_lost")
    assert "attempt 2 of 2" in (await told(units, meeting_id))[-1]["failure"]["message"]


async def test_an_abandoned_meeting_that_was_to_be_cancelled_is_cancelled(
    units: UnitOfWorkFactory, reaper: Reaper, job: ClaimedJob
) -> None:
    async with units() as unit:
        await request_cancel(unit, job.meeting_id)
    assert await reaper.once() == ReapReport(expired=1, cancelled=1)
    assert (await meeting_row(units, job.meeting_id)).status == "CANCELLED"


async def test_a_meeting_whose_worker_reports_is_left_alone(
    units: UnitOfWorkFactory, member: Principal, queue: Queue, reaper: Reaper
) -> None:
    await add_meeting(units, member.user_id)
    job = await next_job(queue)
    assert (await reaper.once()).expired == 0
    await expire_lease(units, job.meeting_id)
    await queue.renew(job)
    assert (await reaper.once()).expired == 0


async def test_a_waiting_meeting_without_attempts_left_is_failed_and_not_forgotten(
    units: UnitOfWorkFactory, member: Principal, reaper: Reaper
) -> None:
    meeting_id = await add_meeting(units, member.user_id, attempt=5)
    assert await reaper.once() == ReapReport(failed=1)
    row = await meeting_row(units, meeting_id)
    assert (row.status, row.is_dead_letter, row.failure_code) == ("FAILED", True, "run.worker_lost")


async def test_ten_reapers_at_once_do_the_work_of_one(
    units: UnitOfWorkFactory, bell: Bell, member: Principal, queue: Queue
) -> None:
    ids = await add_meetings(units, member.user_id, 5)
    for meeting_id in ids:
        await next_job(queue)
        await expire_lease(units, meeting_id)
    reports = await asyncio.gather(*(Reaper(units, bell, SETTINGS).once() for _ in range(10)))
    assert sum(report.expired for report in reports) == 5
    for meeting_id in ids:
        assert await statuses_told(units, meeting_id) == ["PROCESSING", "PENDING"]


async def test_a_reaper_that_finds_another_at_work_does_nothing(
    units: UnitOfWorkFactory, reaper: Reaper, job: ClaimedJob
) -> None:
    async with units() as other:
        assert await other.jobs.try_reaper_lock()
        assert (await reaper.once()).expired == 0
    assert (await reaper.once()).expired == 1


# --- outages ----------------------------------------------------------------------------------------------------------


class Clock:
    """Stands in for the database's clock: outages of minutes, and nobody waits."""

    def __init__(self, start: DatabaseClock) -> None:
        self.now, self.started_at = start.now, start.started_at

    def after(self, seconds: float) -> Self:
        self.now += timedelta(seconds=seconds)
        return self

    def read(self) -> DatabaseClock:
        return DatabaseClock(self.now, self.started_at)


@pytest.fixture
async def clock(units: UnitOfWorkFactory, monkeypatch: pytest.MonkeyPatch) -> Clock:
    async with units() as unit:
        clock = Clock(await unit.jobs.clock())
        repository = type(unit.jobs)

    async def read(_: object) -> DatabaseClock:
        return clock.read()

    monkeypatch.setattr(repository, "clock", read)
    return clock


@pytest.fixture
def calm_reaper(units: UnitOfWorkFactory, bell: Bell) -> Reaper:
    return Reaper(units, bell, QueueSettings(lease_s=15.0, reap_every_s=2.0))


async def test_after_the_database_stood_still_workers_have_one_lease_to_report(
    calm_reaper: Reaper, clock: Clock, job: ClaimedJob
) -> None:
    clock.started_at -= timedelta(hours=1)
    for_long = [await _is_calm(calm_reaper, clock, seconds) for seconds in (0, 30, 2, 6, 6)]
    assert for_long == [True, False, False, False, False]
    assert await calm_reaper.once() == ReapReport(is_calm=False)
    clock.after(2)
    assert (await calm_reaper.once()).expired == 1


async def _is_calm(reaper: Reaper, clock: Clock, seconds: float) -> bool:
    """Without a look at leases."""
    return reaper._is_calm(clock.after(seconds).read())


async def test_a_database_that_just_started_gives_workers_one_lease_to_report(
    calm_reaper: Reaper, clock: Clock, job: ClaimedJob
) -> None:
    clock.started_at = clock.now
    for _ in range(7):
        assert await calm_reaper.once() == ReapReport(is_calm=False)
        clock.after(2)
    clock.after(2)
    assert (await calm_reaper.once()).expired == 1


async def test_after_an_unanswered_question_workers_have_one_lease_to_report(
    engine: AsyncEngine, bell: Bell, clock: Clock, job: ClaimedJob, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock.started_at -= timedelta(hours=1)
    units = UnitOfWorkFactory(engine)
    reaper = Reaper(units, bell, QueueSettings(lease_s=15.0, reap_every_s=2.0))
    nowhere = build_engine("postgresql://nobody@127.0.0.1:1/nothing")
    monkeypatch.setattr(reaper, "_units", UnitOfWorkFactory(nowhere))
    with pytest.raises(UnavailableError):
        await reaper.once()
    await nowhere.dispose()
    monkeypatch.setattr(reaper, "_units", units)
    assert await reaper.once() == ReapReport(is_calm=False)
    for _ in range(7):
        clock.after(2)
        assert await reaper.once() == ReapReport(is_calm=False)
    clock.after(2)
    assert (await reaper.once()).expired == 1


async def test_the_reaper_goes_on_after_its_connections_were_cut(
    units: UnitOfWorkFactory, database_url: str, bell: Bell, member: Principal, queue: Queue
) -> None:
    reaper = Reaper(units, bell, BUSY)
    running = asyncio.create_task(reaper.run_forever())
    meeting_id = await add_meeting(units, member.user_id)
    await next_job(queue)
    await _cut_connections(database_url)
    await expire_lease_by_force(database_url)
    async with asyncio.timeout(20):
        while "PENDING" not in await statuses_told(units, meeting_id):
            pass
    assert not running.done()
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running


async def _cut_connections(database_url: str) -> None:
    connection = await asyncpg.connect(plain_url(database_url))
    await connection.execute(
        "select pg_terminate_backend(pid) from pg_stat_activity"
        " where datname = current_database() and pid <> pg_backend_pid()"
    )
    await connection.close()


async def expire_lease_by_force(database_url: str) -> None:
    connection = await asyncpg.connect(plain_url(database_url))
    await connection.execute("update meetings set lease_until = now() - interval '1 hour' where token is not null")
    await connection.close()


async def test_a_database_that_is_away_for_a_while_does_not_end_the_reaper(
    postgres: Any, database_url: str, units: UnitOfWorkFactory, bell: Bell
) -> None:
    """Connections are refused, as while PostgreSQL restarts."""
    name = make_url(database_url).database
    reaper = Reaper(units, bell, BUSY)
    await reaper.once()
    admin = await asyncpg.connect(plain_url(postgres.url))
    try:
        await admin.execute(f'alter database "{name}" with allow_connections false')
        await admin.execute("select pg_terminate_backend(pid) from pg_stat_activity where datname = $1", name)
        with pytest.raises(Exception):  # noqa: B017, PT011 -- whatever the driver makes of it
            await reaper.once()
        running = asyncio.create_task(reaper.run_forever())
        await asyncio.sleep(0)
        await admin.execute(f'alter database "{name}" with allow_connections true')
    finally:
        await admin.close()
    async with asyncio.timeout(20):
        while (await reaper.once()).is_calm is False:
            pass
    assert not running.done()
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running


# --- waking workers ---------------------------------------------------------------------------------------------------


async def test_idle_workers_are_woken_for_what_is_due(
    units: UnitOfWorkFactory, member: Principal, reaper: Reaper, redis_url: str, redis_stream: str
) -> None:
    await add_meetings(units, member.user_id, 3)
    assert (await reaper.once()).kicked == 0
    for number in range(2):
        await add_worker(units, f"host:{number}:a")
    assert (await reaper.once()).kicked == 2
    assert (await reaper.once()).kicked == 1
    assert (await reaper.once()).kicked == 0
    assert await rings(redis_url, redis_stream) == 3


async def test_a_meeting_that_is_put_back_wakes_a_worker_as_soon_as_it_is_due(
    units: UnitOfWorkFactory, member: Principal, queue: Queue, reaper: Reaper
) -> None:
    await add_worker(units, "host:0:a")
    meeting_id = await add_meeting(units, member.user_id)
    assert (await reaper.once()).kicked == 1
    await queue.failed(await next_job(queue), "engine.failed", "It failed.", None, is_retryable=True)
    assert (await reaper.once()).kicked == 0
    await make_due(units, meeting_id)
    assert (await reaper.once()).kicked == 1


async def test_without_redis_the_reaper_reaps_all_the_same(
    units: UnitOfWorkFactory, job: ClaimedJob, member: Principal
) -> None:
    await add_worker(units, "host:0:a")
    await add_meeting(units, member.user_id)
    broker = build_broker("redis://127.0.0.1:1/0", "nowhere")
    assert await Reaper(units, Bell(broker), SETTINGS).once() == ReapReport(expired=1, retried=1, kicked=1)
    await broker.shutdown()


async def test_workers_that_were_killed_are_forgotten(units: UnitOfWorkFactory, reaper: Reaper) -> None:
    for worker_id in ("gone", "here"):
        await add_worker(units, worker_id)
    async with units() as unit:
        await unit.session.execute(
            text("update workers set heartbeat_at = now() - interval '11 minutes' where id = 'gone'")
        )
    await reaper.once()
    async with units() as unit:
        assert [worker.facts.id for worker in await unit.workers.alive(3600)] == ["here"]
