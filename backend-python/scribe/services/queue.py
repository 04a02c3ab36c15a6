"""The life of a meeting between upload and results: claimed, worked on, published, tried again, given up, cancelled.

Owns what each step means and that followers are told; the rows are ``adapters/jobs.py``'s, the order in which files
are published is ``services/publishing.py``'s. Every method of a worker is fenced by its job's token: one that lost its
lease can do no harm, whatever it believes.

Usage::

    queue = Queue(units, settings.queue)
    job = await queue.claim(worker_id)
    if job is not None:
        await queue.publish(job, storage, published)
"""

from datetime import timedelta

from scribe.adapters.storage import Storage
from scribe.adapters.unit_of_work import UnitOfWork, UnitOfWorkFactory
from scribe.core.config import QueueSettings
from scribe.core.logging import get_logger
from scribe.core.telemetry import Kind, child_span, traceparent
from scribe.domain import layout
from scribe.domain.audio import AudioFacts
from scribe.domain.errors import StatusConflictError
from scribe.domain.events import EventKind, NewEvent
from scribe.domain.jobs import ClaimedJob, Failure, Published, StatusChange, retry_delay_s, status_event, storable
from scribe.domain.meeting import (
    MeetingId,
    MeetingStatus,
    RunWarning,
    Stage,
    StageMetrics,
    overall_percent,
)
from scribe.domain.requests import RunOptions
from scribe.services.edit_carrying import mark_lost
from scribe.services.publishing import bring_in, tidy_up
from scribe.services.retention import removed
from scribe.services.speaker_rows import store_speakers

FAILURES = "failures"
"""Counter of attempts that failed, by the error's code."""
RETRIES = "retries"
"""Counter of attempts that failed and were given another one."""
RUNS = "runs"
"""Counter of runs that are over, by how they ended."""
STAGE_WORK_MS, STAGE_AUDIO_MS = "stage_work_ms", "stage_audio_ms"
"""Counters by stage: milliseconds of work, and milliseconds of audio that were worked on. Counted in the order of
their names, like all counters of one transaction: they are rows, and rows are locks."""
PURGE_AGAIN_AFTER = timedelta(minutes=15)
"""A worker that lost its lease while it was frozen writes a little more when it wakes."""


class Queue:
    """What a worker does with meetings. Each call is one transaction and may raise UnavailableError."""

    def __init__(self, units: UnitOfWorkFactory, settings: QueueSettings) -> None:
        self._units = units
        self._settings = settings

    async def claim(self, worker_id: str) -> ClaimedJob | None:
        """The next meeting, with a lease on it; ``None`` when there is nothing to do."""
        async with self._units() as unit:
            job = await unit.jobs.claim(worker_id, self._settings.lease_s)
            if job is not None:
                change = StatusChange(
                    job.meeting_id, job.owner_id, MeetingStatus.PROCESSING, job.run, job.attempt, failure=None
                )
                unit.emit(status_event(change))
        return job

    async def renew(self, job: ClaimedJob) -> bool:
        """``True``: somebody asked to cancel. Waits while the same job is being published. Raises: LeaseLostError."""
        async with self._units() as unit:
            return await unit.jobs.renew(job, self._settings.lease_s)

    async def stage_started(self, job: ClaimedJob, stage: Stage) -> None:
        await self._progress(job, stage, 0.0, EventKind.STAGE_STARTED)

    async def progressed(self, job: ClaimedJob, stage: Stage, fraction: float) -> None:
        """``fraction`` of this stage, 0 to 1. The caller decides how often."""
        await self._progress(job, stage, min(1.0, max(0.0, fraction)), EventKind.PROGRESS)

    async def stage_finished(self, job: ClaimedJob, metrics: StageMetrics) -> None:
        async with self._units() as unit:
            duration_s = await unit.jobs.add_metrics(job, metrics)
            percent = await unit.jobs.set_progress(job, metrics.stage, 100.0, overall_percent(metrics.stage, 1.0))
            payload = {
                "stage": str(metrics.stage),
                "percent": percent,
                "seconds": metrics.seconds,
                "is_reused": metrics.is_reused,
            }
            if not metrics.is_reused and duration_s is not None:
                await unit.jobs.count(STAGE_AUDIO_MS, metrics.stage, round(1000 * duration_s))
                await unit.jobs.count(STAGE_WORK_MS, metrics.stage, round(1000 * metrics.seconds))
            unit.emit(NewEvent(EventKind.STAGE_FINISHED, job.meeting_id, job.owner_id, payload))

    async def warned(self, job: ClaimedJob, warning: RunWarning) -> None:
        kept = RunWarning(warning.code, storable(warning.message))
        async with self._units() as unit:
            if await unit.jobs.add_warning(job, kept):
                payload = {"code": kept.code, "message": kept.message}
                unit.emit(NewEvent(EventKind.WARNING, job.meeting_id, job.owner_id, payload))

    async def audio_known(self, job: ClaimedJob, facts: AudioFacts) -> None:
        async with self._units() as unit:
            await unit.jobs.set_audio(job, facts)

    async def publish(self, job: ClaimedJob, storage: Storage, published: Published) -> None:
        """Moves the results from the staging folder to where they are read, then COMPLETED, with the rows of its
        speakers.

        The row stays locked meanwhile: nobody takes the lease away, cancels or deletes in between. May be called again
        when it failed. A request to cancel that came too late is forgotten. Raises: LeaseLostError, StorageError,
        ResourceError, ArtefactError.
        """
        folder = layout.results_folder(job.created_at, job.meeting_id)
        async with self._units() as unit:
            await unit.jobs.lock(job)
            await bring_in(storage, folder, job.token, published.files)
            change = await unit.jobs.complete(job, folder, published)
            await store_speakers(unit, job, published.speakers)
            await mark_lost(unit, storage, job.meeting_id)
            await _conclude(unit, job, change)
        _log(change)
        await tidy_up(self._units, storage, job, published.files)

    async def failed(
        self, job: ClaimedJob, code: str, message: str, stage: Stage | None, *, is_retryable: bool
    ) -> None:
        """PENDING again after a delay, or FAILED; CANCELLED when somebody asked for that meanwhile."""
        failure = Failure(code, storable(message), stage)
        async with self._units() as unit:
            is_cancelled = await unit.jobs.lock(job)
            change = await end_attempt(
                unit, job, failure, self._settings, is_retryable=is_retryable, is_cancelled=is_cancelled
            )
        _log(change)

    async def cancelled(self, job: ClaimedJob) -> None:
        async with self._units() as unit:
            change = await unit.jobs.cancel(job)
            await _conclude(unit, job, change)
        _log(change)

    async def released(self, job: ClaimedJob) -> None:
        """The worker stops and somebody else goes on at once; CANCELLED when somebody asked for that meanwhile."""
        async with self._units() as unit:
            if await unit.jobs.lock(job):
                change = await unit.jobs.cancel(job)
            else:
                change = await unit.jobs.release(job)
            await _conclude(unit, job, change)
        _log(change)

    async def _progress(self, job: ClaimedJob, stage: Stage, fraction: float, kind: EventKind) -> None:
        stage_percent = round(100.0 * fraction, 1)
        async with self._units() as unit:
            percent = await unit.jobs.set_progress(
                job, stage, stage_percent, round(overall_percent(stage, fraction), 1)
            )
            payload = {"stage": str(stage), "stage_percent": stage_percent, "percent": percent}
            unit.emit(NewEvent(kind, job.meeting_id, job.owner_id, payload))


async def end_attempt(
    unit: UnitOfWork,
    job: ClaimedJob,
    failure: Failure,
    settings: QueueSettings,
    *,
    is_retryable: bool,
    is_cancelled: bool,
) -> StatusChange:
    """What becomes of a meeting whose attempt came to nothing. For the worker that says so, and for the reaper."""
    if is_cancelled:
        change = await unit.jobs.cancel(job)
    else:
        await unit.jobs.count(FAILURES, failure.code)  # always before RETRIES: counters are rows, and rows are locks
        if is_retryable and job.attempt < job.max_attempts:
            delay_s = retry_delay_s(settings.retry_delays_s, job.attempt)
            change = await unit.jobs.put_back(job, failure, delay_s)
            await unit.jobs.count(RETRIES)
        else:
            change = await unit.jobs.fail(job, failure, is_dead_letter=is_retryable)
    await _conclude(unit, job, change)
    return change


async def _conclude(unit: UnitOfWork, job: ClaimedJob, change: StatusChange) -> None:
    """The attempt is over: followers are told, and what it may have left in its staging folder is for nobody."""
    staging = layout.staging_folder(layout.results_folder(job.created_at, job.meeting_id), job.token)
    await unit.purges.add([staging], PURGE_AGAIN_AFTER)
    await told(unit, change)


async def told(unit: UnitOfWork, change: StatusChange) -> None:
    """Followers hear it, and a run that is over is counted."""
    if change.status.is_terminal:
        await unit.jobs.count(RUNS, change.status.lower())
    unit.emit(status_event(change))


async def request_cancel(unit: UnitOfWork, meeting_id: MeetingId) -> None:
    """CANCELLED at once when no worker has it; else its worker is told within a second.

    Raises: NotFoundError; StatusConflictError when it has ended already.
    """
    while True:
        change = await unit.jobs.cancel_pending(meeting_id)
        if change is not None:
            await told(unit, change)
            return
        if await unit.jobs.ask_to_cancel(meeting_id):
            return
        status = await unit.jobs.status(meeting_id)  # locks: whatever it is now, it stays
        if status.is_terminal:
            raise StatusConflictError(f"The meeting is {status}: there is nothing to cancel.")


async def requeue(unit: UnitOfWork, meeting_id: MeetingId, options: RunOptions | None, max_attempts: int) -> None:
    """Another run, with the same options or others. The results of the last one stay readable until it publishes.

    Raises: NotFoundError; StatusConflictError when a run is under way; RecordingRemovedError.
    """
    while True:
        if await unit.retention.is_recording_removed(meeting_id):
            raise removed(None)
        with child_span("meeting.enqueue", kind=Kind.PRODUCER, attributes={"scribe.meeting_id": str(meeting_id)}):
            change = await unit.jobs.requeue(meeting_id, options, max_attempts, traceparent())
        if change is not None:
            unit.emit(status_event(change))
            return
        status = await unit.jobs.status(meeting_id)
        if not status.is_terminal:
            raise StatusConflictError(f"The meeting is {status}: cancel it or wait until it is done.")


def _log(change: StatusChange) -> None:
    get_logger().info(
        "meeting.status",
        meeting_id=str(change.meeting_id),
        status=str(change.status),
        run=change.run,
        attempt=change.attempt,
        failure=change.failure and change.failure.code,
    )
