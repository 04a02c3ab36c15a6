"""Publishing under crashes, races and slow storage, with real files and a real database."""

import asyncio
import threading
from pathlib import Path

import pytest
from sqlalchemy import select, text

from scribe.adapters.storage import Storage
from scribe.adapters.unit_of_work import UnitOfWorkFactory
from scribe.core.config import QueueSettings
from scribe.core.models_db import PurgeRow
from scribe.domain.accounts import Principal
from scribe.domain.errors import LeaseLostError, StatusConflictError, StorageError, UnavailableError
from scribe.domain.jobs import ClaimedJob
from scribe.services.publishing import bring_in
from scribe.services.queue import Queue, request_cancel, requeue
from tests.crashes import Crash, CrashBeforeCommit, CrashingStorage, FrozenStorage
from tests.pending_meetings import (
    FILES,
    add_meeting,
    expire_lease,
    meeting_row,
    results_folder,
    stage_results,
    staging_folder,
    statuses_told,
)


@pytest.fixture
def url(tmp_path: Path) -> str:
    return str(tmp_path / "files")


@pytest.fixture
def storage(url: str) -> Storage:
    return Storage(url)


@pytest.fixture
def queue(units: UnitOfWorkFactory) -> Queue:
    return Queue(units, QueueSettings())


@pytest.fixture
async def job(units: UnitOfWorkFactory, member: Principal, queue: Queue) -> ClaimedJob:
    """A meeting that a worker just began."""
    await add_meeting(units, member.user_id)
    return await next_job(queue)


async def next_job(queue: Queue) -> ClaimedJob:
    claimed = await queue.claim("host:1:a")
    assert claimed is not None
    return claimed


async def assert_published(
    units: UnitOfWorkFactory, storage: Storage, job: ClaimedJob, files: tuple[str, ...] = FILES
) -> None:
    """Once, by ``job``, and nothing else is left in the folder."""
    row = await meeting_row(units, job.meeting_id)
    assert (row.status, row.results_run, row.percent) == ("COMPLETED", job.run, 100.0)
    assert row.result_files == [f"{results_folder(job)}/{name}" for name in files]
    assert storage.keys(results_folder(job)) == sorted(row.result_files)
    assert {storage.read(key) for key in row.result_files} == {str(job.token).encode()}
    assert (await statuses_told(units, job.meeting_id)).count("COMPLETED") == job.run


async def test_a_published_meeting_is_completed_and_its_files_are_where_the_row_says(
    units: UnitOfWorkFactory, queue: Queue, job: ClaimedJob, storage: Storage
) -> None:
    await queue.publish(job, storage, stage_results(storage, job))
    await assert_published(units, storage, job)
    row = await meeting_row(units, job.meeting_id)
    assert (row.language, row.num_speakers, row.num_words, row.duration_s) == ("fr", 2, 120, 61.5)
    assert (row.token, row.worker_id, row.lease_until, row.stage) == (None, None, None, None)
    assert row.published_at is not None
    assert row.finished_at is not None
    with pytest.raises(LeaseLostError):
        await queue.publish(job, storage, stage_results(storage, job))


@pytest.mark.parametrize("moves", range(len(FILES) + 1))
async def test_a_worker_that_dies_while_it_publishes_leaves_a_meeting_that_the_next_one_publishes(
    units: UnitOfWorkFactory, queue: Queue, job: ClaimedJob, url: str, storage: Storage, moves: int
) -> None:
    published = stage_results(storage, job)
    if moves < len(FILES):
        with pytest.raises(Crash):
            await queue.publish(job, CrashingStorage(url, moves), published)
    else:
        with pytest.raises(UnavailableError):
            await Queue(CrashBeforeCommit(units.engine), QueueSettings()).publish(job, storage, published)
    row = await meeting_row(units, job.meeting_id)
    assert (row.status, row.result_files) == ("PROCESSING", [])
    await _next_attempt(units, queue, job)
    second = await next_job(queue)
    await queue.publish(second, storage, stage_results(storage, second))
    await assert_published(units, storage, second)
    left = await asyncio.to_thread(lambda: [path.name for path in Path(url, results_folder(job)).iterdir()])
    assert sorted(left) == sorted(FILES)


@pytest.mark.parametrize("moves", range(len(FILES) + 1))
async def test_the_same_worker_may_publish_again_after_a_failure(
    units: UnitOfWorkFactory, queue: Queue, job: ClaimedJob, url: str, storage: Storage, moves: int
) -> None:
    published = stage_results(storage, job)
    if moves < len(FILES):
        with pytest.raises(Crash):
            await queue.publish(job, CrashingStorage(url, moves), published)
    else:
        with pytest.raises(UnavailableError):
            await Queue(CrashBeforeCommit(units.engine), QueueSettings()).publish(job, storage, published)
    await queue.publish(job, storage, published)
    await assert_published(units, storage, job)


async def test_a_new_run_replaces_all_files_of_the_last_one_and_no_sooner_than_it_is_published(
    units: UnitOfWorkFactory, queue: Queue, job: ClaimedJob, url: str, storage: Storage
) -> None:
    await queue.publish(job, storage, stage_results(storage, job, ("minutes.pdf", *FILES)))
    async with units() as unit:
        await requeue(unit, job.meeting_id, None, 5)
    second = await next_job(queue)
    published = stage_results(storage, second)
    with pytest.raises(UnavailableError):
        await Queue(CrashBeforeCommit(units.engine), QueueSettings()).publish(second, storage, published)
    row = await meeting_row(units, job.meeting_id)
    assert row.results_run == 1
    assert all(storage.read(key) is not None for key in row.result_files)
    await queue.publish(second, storage, published)
    await assert_published(units, storage, second)


async def test_an_object_store_is_published_to_in_the_same_way(
    units: UnitOfWorkFactory, queue: Queue, job: ClaimedJob, s3_storage_url: str
) -> None:
    storage = Storage(s3_storage_url)
    with pytest.raises(Crash):
        await queue.publish(
            job, CrashingStorage(s3_storage_url, 1), stage_results(storage, job, ("minutes.pdf", *FILES))
        )
    await _next_attempt(units, queue, job)
    second = await next_job(queue)
    await queue.publish(second, storage, stage_results(storage, second))
    await assert_published(units, storage, second)


async def test_results_that_are_not_all_there_are_not_published(
    units: UnitOfWorkFactory, queue: Queue, job: ClaimedJob, storage: Storage
) -> None:
    await queue.publish(job, storage, stage_results(storage, job))
    async with units() as unit:
        await requeue(unit, job.meeting_id, None, 5)
    second = await next_job(queue)
    published = stage_results(storage, second)
    storage.delete(f"{staging_folder(second)}/{FILES[1]}")
    with pytest.raises(StorageError):
        await queue.publish(second, storage, published)
    row = await meeting_row(units, job.meeting_id)
    assert (row.status, row.results_run) == ("PROCESSING", 1)
    assert {storage.read(key) for key in row.result_files} == {str(job.token).encode()}


async def test_leftovers_that_cannot_be_removed_do_not_undo_the_publication(
    units: UnitOfWorkFactory, queue: Queue, job: ClaimedJob, url: str, storage: Storage
) -> None:
    class StickyStorage(Storage):
        def delete_folder(self, folder: str) -> None:
            raise StorageError("The storage does not answer.")

    await queue.publish(job, StickyStorage(url), stage_results(storage, job))
    assert (await meeting_row(units, job.meeting_id)).status == "COMPLETED"
    async with units() as unit:
        assert list(await unit.session.scalars(select(PurgeRow.folder))) == [staging_folder(job)]


# --- races ------------------------------------------------------------------------------------------------------------


async def test_nobody_takes_or_cancels_a_meeting_while_it_is_published(
    units: UnitOfWorkFactory, queue: Queue, job: ClaimedJob, url: str, storage: Storage
) -> None:
    frozen = FrozenStorage(url)
    published = stage_results(storage, job)
    await expire_lease(units, job.meeting_id)
    publishing = asyncio.create_task(queue.publish(job, frozen, published))
    await asyncio.to_thread(frozen.is_frozen.wait, 30)
    async with units() as unit:
        assert await unit.jobs.abandoned() == []
    cancelling = asyncio.create_task(_cancel(units, job))
    renewing = asyncio.create_task(queue.renew(job))
    await _until_waiting(units, 2)
    frozen.wake.set()
    await publishing
    with pytest.raises(StatusConflictError):
        await cancelling
    with pytest.raises(LeaseLostError):
        await renewing
    await assert_published(units, storage, job)


async def test_a_cancel_that_comes_before_publishing_is_too_late_for_a_finished_run(
    units: UnitOfWorkFactory, queue: Queue, job: ClaimedJob, storage: Storage
) -> None:
    await _cancel(units, job)
    await queue.publish(job, storage, stage_results(storage, job))
    await assert_published(units, storage, job)
    assert (await meeting_row(units, job.meeting_id)).cancel_requested_at is None


async def test_a_cancelled_publisher_moves_nothing_any_more_once_it_has_ended(
    units: UnitOfWorkFactory, queue: Queue, job: ClaimedJob, url: str, storage: Storage
) -> None:
    frozen = FrozenStorage(url)
    publishing = asyncio.create_task(queue.publish(job, frozen, stage_results(storage, job)))
    await asyncio.to_thread(frozen.is_frozen.wait, 30)
    publishing.cancel()
    done, _ = await asyncio.wait([publishing], timeout=0.5)
    assert not done  # the row stays locked for as long as the thread moves files
    frozen.wake.set()
    with pytest.raises(asyncio.CancelledError):
        await publishing
    assert len(frozen.moved) == 2
    await queue.released(job)
    second = await next_job(queue)
    await queue.publish(second, storage, stage_results(storage, second))
    await assert_published(units, storage, second)
    assert len(frozen.moved) == 2


async def test_a_publisher_that_was_frozen_for_minutes_overwrites_nothing_when_it_wakes(
    units: UnitOfWorkFactory, queue: Queue, job: ClaimedJob, url: str, storage: Storage
) -> None:
    """PostgreSQL ended its transaction long ago, another worker published, and then its thread goes on moving."""
    stage_results(storage, job, mark="old")
    frozen = FrozenStorage(url)
    zombie = asyncio.create_task(bring_in(frozen, results_folder(job), job.token, FILES))
    await asyncio.to_thread(frozen.is_frozen.wait, 30)
    await _next_attempt(units, queue, job)
    second = await next_job(queue)
    await queue.publish(second, storage, stage_results(storage, second))
    frozen.wake.set()
    await zombie
    await assert_published(units, storage, second)


async def test_a_publisher_that_was_frozen_before_tidying_up_removes_nothing_of_the_next_run(
    units: UnitOfWorkFactory, queue: Queue, job: ClaimedJob, url: str, storage: Storage
) -> None:
    class SleepyStorage(Storage):
        """Stands still after the commit, before it looks for what is left over."""

        is_frozen, wake = threading.Event(), threading.Event()

        def delete_folder(self, folder: str) -> None:
            self.is_frozen.set()
            assert self.wake.wait(30)
            super().delete_folder(folder)

    sleepy = SleepyStorage(url)
    zombie = asyncio.create_task(queue.publish(job, sleepy, stage_results(storage, job)))
    await asyncio.to_thread(sleepy.is_frozen.wait, 30)
    async with units() as unit:
        await requeue(unit, job.meeting_id, None, 5)
    second = await next_job(queue)
    files = ("minutes.pdf", *FILES)
    await queue.publish(second, storage, stage_results(storage, second, files))
    sleepy.wake.set()
    await zombie
    await assert_published(units, storage, second, files)


async def _cancel(units: UnitOfWorkFactory, job: ClaimedJob) -> None:
    async with units() as unit:
        await request_cancel(unit, job.meeting_id)


async def _next_attempt(units: UnitOfWorkFactory, queue: Queue, job: ClaimedJob) -> None:
    """What the reaper does about a vanished worker, without the delay."""
    await queue.released(job)


async def _until_waiting(units: UnitOfWorkFactory, count: int) -> None:
    """Until so many transactions wait for a lock."""
    query = text(
        "select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'"
    )
    async with asyncio.timeout(20):
        waiting = 0
        while waiting < count:
            async with units() as unit:
                waiting = await unit.session.scalar(query) or 0
