"""What becomes of a meeting in the hands of a worker and of its owner, with a real database."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import asyncpg
import pytest
from sqlalchemy import select

from scribe.adapters.storage import Storage
from scribe.adapters.unit_of_work import UnitOfWorkFactory
from scribe.core.config import QueueSettings
from scribe.core.database import build_engine, plain_url
from scribe.core.ids import uuid7
from scribe.core.models_db import CounterRow, MeetingRow, PurgeRow
from scribe.domain.accounts import Principal
from scribe.domain.audio import AudioFacts
from scribe.domain.errors import LeaseLostError, NotFoundError, StatusConflictError, UnavailableError
from scribe.domain.events import EventKind
from scribe.domain.jobs import ClaimedJob, storable
from scribe.domain.meeting import MeetingId, RunWarning, Stage, StageMetrics
from scribe.domain.requests import RunOptions
from scribe.services.queue import Queue, request_cancel, requeue
from tests.pending_meetings import (
    add_meeting,
    add_meetings,
    make_due,
    meeting_row,
    stage_results,
    staging_folder,
    statuses_told,
    told,
)

FACTS = AudioFacts(61.5, "wav", "pcm_s16le", 44_100, 2, "average", 0.0, "0" * 64, 1000, ("audio.truncated",))
METRICS = StageMetrics(Stage.DIARIZE, 12.5, 20.0, 310.0)


@pytest.fixture
def queue(units: UnitOfWorkFactory) -> Queue:
    return Queue(units, QueueSettings(retry_delays_s=(5.0, 30.0)))


@pytest.fixture
async def job(units: UnitOfWorkFactory, member: Principal, queue: Queue) -> ClaimedJob:
    """A meeting that a worker just began."""
    await add_meeting(units, member.user_id)
    return await next_job(queue)


async def next_job(queue: Queue) -> ClaimedJob:
    claimed = await queue.claim("host:1:a")
    assert claimed is not None
    return claimed


async def counters(units: UnitOfWorkFactory) -> dict[tuple[str, str], int]:
    async with units() as unit:
        return {(row.name, row.label): row.count for row in await unit.session.scalars(select(CounterRow))}


async def purges(units: UnitOfWorkFactory) -> list[str]:
    async with units() as unit:
        return list(await unit.session.scalars(select(PurgeRow.folder)))


async def cancel(units: UnitOfWorkFactory, meeting_id: MeetingId) -> None:
    async with units() as unit:
        await request_cancel(unit, meeting_id)


async def run_again(units: UnitOfWorkFactory, meeting_id: MeetingId, options: RunOptions | None = None) -> None:
    async with units() as unit:
        await requeue(unit, meeting_id, options, 7)


# --- the lease and its fence ------------------------------------------------------------------------------------------


async def test_renewing_moves_the_end_of_the_lease_and_changes_nothing_a_reader_sees(
    units: UnitOfWorkFactory, queue: Queue, job: ClaimedJob
) -> None:
    before = await meeting_row(units, job.meeting_id)
    assert await queue.renew(job) is False
    after = await meeting_row(units, job.meeting_id)
    assert before.lease_until is not None
    assert after.lease_until is not None
    assert after.lease_until > before.lease_until
    assert after.version == before.version


WRITES: dict[str, Callable[[Queue, ClaimedJob, Storage], Awaitable[object]]] = {
    "renew": lambda queue, job, _: queue.renew(job),
    "stage_started": lambda queue, job, _: queue.stage_started(job, Stage.FUSE),
    "progressed": lambda queue, job, _: queue.progressed(job, Stage.FUSE, 0.5),
    "stage_finished": lambda queue, job, _: queue.stage_finished(job, METRICS),
    "warned": lambda queue, job, _: queue.warned(job, RunWarning("audio.silent", "Silent.")),
    "audio_known": lambda queue, job, _: queue.audio_known(job, FACTS),
    "publish": lambda queue, job, storage: queue.publish(job, storage, stage_results(storage, job)),
    "failed": lambda queue, job, _: queue.failed(job, "engine.failed", "It failed.", None, is_retryable=True),
    "cancelled": lambda queue, job, _: queue.cancelled(job),
    "released": lambda queue, job, _: queue.released(job),
}


@pytest.mark.parametrize("write", WRITES)
@pytest.mark.parametrize("now", ["claimed by another", "cancelled", "deleted"])
async def test_who_lost_the_lease_cannot_write(
    units: UnitOfWorkFactory, queue: Queue, job: ClaimedJob, tmp_path: Path, write: str, now: str
) -> None:
    storage = Storage(str(tmp_path / "files"))
    zombie = job
    if now == "claimed by another":
        await queue.released(job)
        await next_job(queue)
    elif now == "cancelled":
        await queue.cancelled(job)
    else:
        async with units() as unit:
            await unit.session.delete(await unit.session.get_one(MeetingRow, job.meeting_id))
    before = await _everything(units, job.meeting_id)
    with pytest.raises(LeaseLostError):
        await WRITES[write](queue, zombie, storage)
    assert await _everything(units, job.meeting_id) == before
    assert not [key for key in storage.keys("results") if "/.run-" not in key]


def test_every_write_of_a_worker_is_among_those_tried() -> None:
    public = {name for name in vars(Queue) if not name.startswith("_")}
    assert public - {"claim"} == set(WRITES)


async def _everything(units: UnitOfWorkFactory, meeting_id: MeetingId) -> object:
    async with units() as unit:
        query = select(*MeetingRow.__table__.columns).where(MeetingRow.id == meeting_id)
        row = (await unit.session.execute(query)).one_or_none()
        return row, await unit.events.last_id()


# --- progress ---------------------------------------------------------------------------------------------------------


async def test_the_percent_of_a_run_never_falls_not_even_in_a_second_attempt(
    units: UnitOfWorkFactory, queue: Queue, job: ClaimedJob
) -> None:
    await queue.stage_started(job, Stage.TRANSCRIBE)
    await queue.progressed(job, Stage.TRANSCRIBE, 0.5)
    await queue.failed(job, "engine.failed", "It failed.", Stage.TRANSCRIBE, is_retryable=True)
    await make_due(units, job.meeting_id)
    second = await next_job(queue)
    await queue.stage_started(second, Stage.CONVERT)
    for fraction in (0.1, float("nan"), 7.0, -3.0):
        await queue.progressed(second, Stage.CONVERT, fraction)
    progress = await told(units, job.meeting_id, EventKind.PROGRESS)
    assert [payload["percent"] for payload in progress] == [64.0] * 5
    assert [payload["stage_percent"] for payload in progress] == [50.0, 10.0, 0.0, 100.0, 0.0]
    row = await meeting_row(units, job.meeting_id)
    assert (row.stage, row.stage_percent, row.percent) == ("convert", 0.0, 64.0)


async def test_a_finished_stage_leaves_what_it_cost(units: UnitOfWorkFactory, queue: Queue, job: ClaimedJob) -> None:
    await queue.stage_finished(job, StageMetrics(Stage.CONVERT, 1.0, 1.0, 50.0, is_reused=True))
    await queue.stage_finished(job, METRICS)
    row = await meeting_row(units, job.meeting_id)
    assert row.stages == {
        "convert": {"seconds": 1.0, "cpu_seconds": 1.0, "peak_rss_mb": 50.0, "peak_vram_mb": None, "is_reused": True},
        "diarize": {
            "seconds": 12.5,
            "cpu_seconds": 20.0,
            "peak_rss_mb": 310.0,
            "peak_vram_mb": None,
            "is_reused": False,
        },
    }
    assert (row.stage, row.stage_percent, row.percent) == ("diarize", 100.0, 32.0)
    finished = await told(units, job.meeting_id, EventKind.STAGE_FINISHED)
    assert [payload["stage"] for payload in finished] == ["convert", "diarize"]


async def test_a_warning_is_said_once_however_often_it_is_repeated(
    units: UnitOfWorkFactory, queue: Queue, job: ClaimedJob
) -> None:
    for code in ("audio.truncated", "audio.silent", "audio.truncated"):
        await queue.warned(job, RunWarning(code, "Something \0 is odd."))
    row = await meeting_row(units, job.meeting_id)
    assert [warning["code"] for warning in row.warnings] == ["audio.truncated", "audio.silent"]
    assert len(await told(units, job.meeting_id, EventKind.WARNING)) == 2


async def test_facts_of_the_recording_are_kept(units: UnitOfWorkFactory, queue: Queue, job: ClaimedJob) -> None:
    await queue.audio_known(job, FACTS)
    row = await meeting_row(units, job.meeting_id)
    assert row.duration_s == 61.5
    assert row.audio is not None
    assert row.audio["codec"] == "pcm_s16le"
    assert row.audio["warnings"] == ["audio.truncated"]


# --- failure ----------------------------------------------------------------------------------------------------------


async def test_what_may_be_retried_waits_longer_each_time_and_is_given_up_in_the_end(
    units: UnitOfWorkFactory, member: Principal, queue: Queue
) -> None:
    meeting_id = await add_meeting(units, member.user_id, max_attempts=4)
    delays_s = []
    for _ in range(3):
        job = await next_job(queue)
        await queue.failed(job, "engine.failed", "It failed.", Stage.DIARIZE, is_retryable=True)
        row = await meeting_row(units, meeting_id)
        assert (row.status, row.failure_code, row.failure_stage) == ("PENDING", "engine.failed", "diarize")
        delays_s.append((row.next_attempt_at - row.updated_at).total_seconds())
        assert await queue.claim("host:1:a") is None
        await make_due(units, meeting_id)
    assert delays_s == [pytest.approx(delay_s, abs=2) for delay_s in (5, 30, 30)]
    last = await next_job(queue)
    assert last.attempt == last.max_attempts == 4
    await queue.failed(last, "engine.failed", "It failed.", Stage.DIARIZE, is_retryable=True)
    row = await meeting_row(units, meeting_id)
    assert (row.status, row.is_dead_letter, row.attempt) == ("FAILED", True, 4)
    assert row.finished_at is not None
    assert await counters(units) == {("failures", "engine.failed"): 4, ("retries", ""): 3, ("runs", "failed"): 1}
    assert (await told(units, meeting_id))[-1]["failure"] == {
        "code": "engine.failed", "message": "It failed.", "stage": "diarize",
    }  # fmt: skip


async def test_what_would_fail_again_fails_at_once_and_is_no_dead_letter(
    units: UnitOfWorkFactory, queue: Queue, job: ClaimedJob
) -> None:
    await queue.failed(job, "audio.no_track", "There is no sound in it.", Stage.CONVERT, is_retryable=False)
    row = await meeting_row(units, job.meeting_id)
    assert (row.status, row.is_dead_letter, row.failure_code) == ("FAILED", False, "audio.no_track")
    assert await statuses_told(units, job.meeting_id) == ["PROCESSING", "FAILED"]


async def test_any_text_may_be_the_reason(units: UnitOfWorkFactory, queue: Queue, job: ClaimedJob) -> None:
    message = "NUL \0, half a pair \ud800, and long" + "." * 10_000
    await queue.failed(job, "internal.error", message, None, is_retryable=False)
    row = await meeting_row(units, job.meeting_id)
    assert row.failure_message == storable(message)
    assert row.failure_message.startswith("NUL \N{REPLACEMENT CHARACTER}, half a pair ?, and long")


async def test_the_staging_folder_of_an_attempt_that_came_to_nothing_is_listed_for_removal(
    units: UnitOfWorkFactory, queue: Queue, job: ClaimedJob
) -> None:
    await queue.failed(job, "engine.failed", "It failed.", None, is_retryable=True)
    assert await purges(units) == [staging_folder(job)]


async def test_a_worker_that_stops_gives_its_meeting_back_without_a_lost_attempt(
    units: UnitOfWorkFactory, queue: Queue, job: ClaimedJob
) -> None:
    await queue.progressed(job, Stage.TRANSCRIBE, 0.5)
    await queue.released(job)
    row = await meeting_row(units, job.meeting_id)
    assert (row.status, row.attempt, row.percent, row.token, row.stage) == ("PENDING", 0, 64.0, None, None)
    again = await next_job(queue)
    assert again.attempt == 1
    assert again.token != job.token


# --- cancelling -------------------------------------------------------------------------------------------------------


async def test_a_waiting_meeting_is_cancelled_at_once(
    units: UnitOfWorkFactory, member: Principal, queue: Queue
) -> None:
    meeting_id = await add_meeting(units, member.user_id)
    await cancel(units, meeting_id)
    row = await meeting_row(units, meeting_id)
    assert row.status == "CANCELLED"
    assert row.finished_at is not None
    assert await queue.claim("host:1:a") is None
    assert await statuses_told(units, meeting_id) == ["CANCELLED"]


async def test_the_worker_of_a_cancelled_meeting_hears_of_it_and_ends_it(
    units: UnitOfWorkFactory, queue: Queue, job: ClaimedJob
) -> None:
    await cancel(units, job.meeting_id)
    asked_at = (await meeting_row(units, job.meeting_id)).cancel_requested_at
    assert await queue.renew(job) is True
    await cancel(units, job.meeting_id)
    assert (await meeting_row(units, job.meeting_id)).cancel_requested_at == asked_at
    await queue.cancelled(job)
    row = await meeting_row(units, job.meeting_id)
    assert (row.status, row.cancel_requested_at, row.failure_code) == ("CANCELLED", None, None)


async def test_cancelling_while_workers_claim_loses_no_request_and_stops_every_meeting(
    units: UnitOfWorkFactory, member: Principal, stranger: Principal, queue: Queue
) -> None:
    ids = [*await add_meetings(units, member.user_id, 20), *await add_meetings(units, stranger.user_id, 20)]

    async def work(worker_id: str) -> None:
        while (job := await queue.claim(worker_id)) is not None:
            while not await queue.renew(job):
                pass
            await queue.cancelled(job)

    workers = [work(f"host:{number}:a") for number in range(4)]
    await asyncio.wait_for(asyncio.gather(*workers, *(cancel(units, meeting_id) for meeting_id in ids)), 60)
    for meeting_id in ids:
        assert (await meeting_row(units, meeting_id)).status == "CANCELLED"
        assert (await statuses_told(units, meeting_id)).count("CANCELLED") == 1


@pytest.mark.parametrize("end", ["failed", "released"])
async def test_an_attempt_that_ends_by_itself_after_a_cancel_is_cancelled_and_not_queued_for_ever(
    units: UnitOfWorkFactory, queue: Queue, job: ClaimedJob, tmp_path: Path, end: str
) -> None:
    await cancel(units, job.meeting_id)
    await WRITES[end](queue, job, Storage(str(tmp_path)))
    assert (await meeting_row(units, job.meeting_id)).status == "CANCELLED"


@pytest.mark.parametrize("status", ["COMPLETED", "FAILED", "CANCELLED"])
async def test_what_has_ended_cannot_be_cancelled(units: UnitOfWorkFactory, member: Principal, status: str) -> None:
    meeting_id = await add_meeting(units, member.user_id, status=status, failure_code="x")
    with pytest.raises(StatusConflictError, match=status):
        await cancel(units, meeting_id)


async def test_what_is_not_there_is_neither_cancelled_nor_run_again(units: UnitOfWorkFactory) -> None:
    with pytest.raises(NotFoundError):
        await cancel(units, MeetingId(uuid7()))
    with pytest.raises(NotFoundError):
        await run_again(units, MeetingId(uuid7()))


# --- running again ----------------------------------------------------------------------------------------------------


async def test_another_run_starts_from_nothing_and_keeps_the_last_results_readable(
    units: UnitOfWorkFactory, queue: Queue, job: ClaimedJob, tmp_path: Path
) -> None:
    storage = Storage(str(tmp_path / "files"))
    await queue.stage_finished(job, METRICS)
    await queue.warned(job, RunWarning("audio.silent", "Silent."))
    await queue.publish(job, storage, stage_results(storage, job))
    published = await meeting_row(units, job.meeting_id)
    options = RunOptions(language="en", speakers=3)
    await run_again(units, job.meeting_id, options)
    row = await meeting_row(units, job.meeting_id)
    assert (row.status, row.run, row.attempt, row.max_attempts, row.percent) == ("PENDING", 2, 0, 7, 0.0)
    assert (row.stages, row.warnings, row.stage, row.started_at, row.finished_at) == ({}, [], None, None, None)
    assert RunOptions.from_json(row.options) == options
    assert row.queued_at > published.queued_at
    assert (row.results_run, row.result_files) == (1, published.result_files)
    assert all(storage.read(key) for key in row.result_files)
    second = await next_job(queue)
    assert (second.run, second.attempt, second.options) == (2, 1, options)


async def test_a_retry_forgets_the_failure_and_keeps_the_options(
    units: UnitOfWorkFactory, member: Principal, queue: Queue
) -> None:
    options = RunOptions(language="fr")
    meeting_id = await add_meeting(units, member.user_id, options=options.to_json(), max_attempts=1)
    await queue.failed(await next_job(queue), "engine.failed", "It failed.", Stage.FUSE, is_retryable=True)
    assert (await meeting_row(units, meeting_id)).is_dead_letter
    await run_again(units, meeting_id)
    row = await meeting_row(units, meeting_id)
    assert (row.failure_code, row.failure_message, row.failure_stage, row.is_dead_letter) == (None, None, None, False)
    assert RunOptions.from_json(row.options) == options
    assert (await next_job(queue)).max_attempts == 7


@pytest.mark.parametrize("is_claimed", [False, True])
async def test_a_meeting_under_way_is_not_queued_a_second_time(
    units: UnitOfWorkFactory, member: Principal, queue: Queue, is_claimed: bool
) -> None:
    meeting_id = await add_meeting(units, member.user_id)
    if is_claimed:
        await next_job(queue)
    with pytest.raises(StatusConflictError):
        await run_again(units, meeting_id)


async def test_every_change_that_a_reader_sees_has_a_new_version(
    units: UnitOfWorkFactory, queue: Queue, job: ClaimedJob
) -> None:
    versions = [(await meeting_row(units, job.meeting_id)).version]
    for write in ("stage_started", "progressed", "audio_known", "warned", "released"):
        await WRITES[write](queue, job, Storage("/nowhere"))
        versions.append((await meeting_row(units, job.meeting_id)).version)
    await cancel(units, job.meeting_id)
    versions.append((await meeting_row(units, job.meeting_id)).version)
    assert versions == sorted(set(versions))


async def test_an_upgrade_that_changes_a_table_under_a_worker_costs_it_one_try(database_url: str) -> None:
    """A step of another version's migration, while processes of this one go on: the statement was prepared before."""
    engine = build_engine(database_url, pool_size=1)
    queue = Queue(UnitOfWorkFactory(engine), QueueSettings())
    assert await queue.claim("w:1:x") is None
    other = await asyncpg.connect(plain_url(database_url))
    await other.execute("alter table meetings add column of_the_next_version text")
    await other.close()
    with pytest.raises(UnavailableError):
        await queue.claim("w:1:x")
    assert await queue.claim("w:1:x") is None
    await engine.dispose()
