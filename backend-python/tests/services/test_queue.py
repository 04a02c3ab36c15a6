"""What becomes of a meeting in the hands of a worker, with a real database and real files."""

from pathlib import Path

import pytest

from scribe.adapters.storage import Storage
from scribe.adapters.unit_of_work import UnitOfWorkFactory
from scribe.core.config import QueueSettings
from scribe.domain.accounts import Principal
from scribe.domain.jobs import ClaimedJob
from scribe.services.queue import Queue
from tests.pending_meetings import FILES, add_meeting, meeting_row, results_folder, stage_results, statuses_told


@pytest.fixture
def queue(units: UnitOfWorkFactory) -> Queue:
    return Queue(units, QueueSettings(retry_delays_s=(5.0, 30.0)))


@pytest.fixture
def storage(tmp_path: Path) -> Storage:
    return Storage(str(tmp_path / "files"))


@pytest.fixture
async def job(units: UnitOfWorkFactory, member: Principal, queue: Queue) -> ClaimedJob:
    """A meeting that a worker just began."""
    await add_meeting(units, member.user_id)
    claimed = await queue.claim("host:1:a")
    assert claimed is not None
    return claimed


async def test_a_published_meeting_is_completed_and_its_files_are_where_the_row_says(
    units: UnitOfWorkFactory, queue: Queue, job: ClaimedJob, storage: Storage
) -> None:
    await queue.publish(job, storage, stage_results(storage, job))
    row = await meeting_row(units, job.meeting_id)
    assert (row.status, row.percent, row.results_run) == ("COMPLETED", 100.0, 1)
    assert (row.language, row.num_speakers, row.num_words, row.duration_s) == ("fr", 2, 120, 61.5)
    assert (row.token, row.worker_id, row.lease_until) == (None, None, None)
    assert row.result_files == [f"{results_folder(job)}/{name}" for name in FILES]
    assert storage.keys(results_folder(job)) == sorted(row.result_files)
    assert await statuses_told(units, job.meeting_id) == ["PROCESSING", "COMPLETED"]
