"""One claimed meeting, from the claim to its end, whatever that is.

Owns the child and the decision what its end means: results are published, failures told, a cancelled or released
meeting's child is killed first. Every write is fenced by the job's token; one that lost its lease writes nothing more.

Usage::

    runner = JobRunner(queue, publisher, recognition, storage, scratch, database_url, settings)
    await runner.run(job)           # never raises what is the meeting's fault
    runner.stop()                   # from a signal handler: run() ends within seconds
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path

import structlog

from scribe.adapters.storage import Storage
from scribe.core.config import Settings
from scribe.core.logging import get_logger, trace_of
from scribe.core.telemetry import Kind, NoTelemetry, Telemetry, Value, child_span, trace, traceparent
from scribe.core.trace_context import TraceParent
from scribe.domain import layout
from scribe.domain.errors import (
    ArtefactError,
    EngineCrashError,
    InternalError,
    LeaseLostError,
    ScribeError,
    UnavailableError,
)
from scribe.domain.jobs import ClaimedJob, Published
from scribe.domain.meeting import MeetingId, Stage
from scribe.services.queue import Queue
from scribe.services.recognition import Recognition
from scribe.worker.answering import Answering
from scribe.worker.child_process import ChildProcess
from scribe.worker.desk import Desk
from scribe.worker.heartbeat import Heartbeat
from scribe.worker.interruption import Interruption, Reason
from scribe.worker.protocol import Failed, Finished, Order, VoicesHeard
from scribe.worker.scratch import Scratch
from scribe.worker.stage_spans import StageSpans, models_of

RELEASE_TIMEOUT_S = 2.0
PUBLISH_PATIENCE_S = 900.0
"""A storage that says for so long that it is away has lost the results: the next attempt writes them again."""
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.2, 3.0

End = Finished | Failed | Reason


class JobRunner:
    def __init__(
        self,
        queue: Queue,
        publisher: Queue,
        recognition: Recognition,
        storage: Storage,
        scratch: Scratch,
        database_url: str,
        settings: Settings,
        *,
        worker_id: str = "",
        telemetry: Telemetry | None = None,
    ) -> None:
        """``publisher``: a queue whose transactions may last as long as files take to move."""
        self._worker_id = worker_id
        self._telemetry = telemetry or NoTelemetry()
        self._queue = queue
        self._publisher = publisher
        self._recognition = recognition
        self._storage = storage
        self._scratch = scratch
        self._database_url = database_url
        self._settings = settings
        self._interruption: Interruption | None = None
        self._child: ChildProcess | None = None
        self._is_stopping = False
        self._changed = asyncio.Event()
        self.meeting_id: MeetingId | None = None
        """What is under way."""

    @property
    def child_pid(self) -> int | None:
        return self._child.pid if self._child is not None and self._child.is_alive else None

    def stop(self) -> None:
        self._is_stopping = True
        if self._interruption is not None:
            self._interruption.tell(Reason.STOPPING)

    async def close(self) -> None:
        await self._end_child()

    async def changes(self, timeout_s: float) -> None:
        """Returns when a meeting begins or ends, or after ``timeout_s``."""
        self._changed.clear()
        with suppress(TimeoutError):
            async with asyncio.timeout(timeout_s):
                await self._changed.wait()

    async def run(self, job: ClaimedJob) -> bool:
        """``False``: this worker is not fit to work just now, the meeting was given back untouched."""
        marks: dict[str, Value | None] = {
            "scribe.meeting_id": str(job.meeting_id), "scribe.run": job.run, "scribe.attempt": job.attempt,
            "scribe.worker_id": self._worker_id,
        }  # fmt: skip
        parent = TraceParent.parse(job.traceparent)
        with (
            structlog.contextvars.bound_contextvars(meeting_id=str(job.meeting_id), run=job.run, attempt=job.attempt),
            trace(self._telemetry, "meeting.attempt", kind=Kind.CONSUMER, parent=parent, attributes=marks) as span,
        ):
            end = await self._run(job)
            span.set({"scribe.ending": _ending(end)})
            if isinstance(end, Failed):
                span.failed(end.code)
        return end is not Reason.UNFIT

    async def _run(self, job: ClaimedJob) -> End:
        begun_s, interruption = time.monotonic(), Interruption()
        self._interruption, self.meeting_id = interruption, job.meeting_id
        self._changed.set()
        if self._is_stopping:
            interruption.tell(Reason.STOPPING)
        get_logger().info("job.claimed")
        end: End = Reason.LEASE_LOST
        try:
            with Heartbeat(self._database_url, self._settings.queue, job, interruption):
                end, stage = await self._worked(job, interruption)
                await self._end_child(unless=end)
                end = await self._settled(job, end, stage, interruption)
        except LeaseLostError:
            end = Reason.LEASE_LOST
        finally:
            await self._end_child(unless=end)
            await asyncio.to_thread(self._tidy, job, end)
            self._interruption = self.meeting_id = None
            self._changed.set()
        get_logger().info("job.ended", ending=_ending(end), seconds=round(time.monotonic() - begun_s, 3))
        return end

    # --- the child --------------------------------------------------------------------------------------------------

    async def _worked(self, job: ClaimedJob, interruption: Interruption) -> tuple[End, Stage | None]:
        """How the child's work ended, and in which stage."""
        try:
            folder = self._scratch.folder(job)
            if self._child is None or not self._child.is_alive:
                self._child = await ChildProcess.start()
        except OSError as error:  # no disk, no memory, no process: our fault and not the meeting's
            get_logger().error("worker.unfit", error=type(error).__name__, reason=error.strerror)
            return Reason.UNFIT, None
        async with Desk(self._queue, job, interruption) as desk:
            following = asyncio.create_task(self._followed(self._child, job, folder, desk))
            interrupted = asyncio.create_task(interruption.wait())
            await asyncio.wait({following, interrupted}, return_when=asyncio.FIRST_COMPLETED)
            for task in (following, interrupted):
                task.cancel()
            await asyncio.wait({following, interrupted})
            if interruption.reason is not None:
                return interruption.reason, desk.stage
            return following.result(), desk.stage

    async def _followed(self, child: ChildProcess, job: ClaimedJob, folder: Path, desk: Desk) -> Finished | Failed:
        """Hears the child out and has everything told before its end is."""
        end: Finished | Failed = Failed(InternalError.code, "The run ended without a result.", is_retryable=True)
        answering, place = Answering(self._recognition, job), TraceParent.parse(traceparent())
        bound = {"worker_id": self._worker_id, **({"trace_id": place.trace_id} if place is not None else {})}
        with StageSpans(self._telemetry, place, models_of(self._settings, job.options)) as spans:
            try:
                async for report in child.reports(Order(job, folder, await answering.moves(), bound)):
                    spans.hear(report)
                    if isinstance(report, VoicesHeard):
                        await child.answer(await answering.verdicts(report))
                    elif isinstance(report, Finished):
                        end = Finished(answering.vouched(report.published))
                    elif isinstance(report, Failed):
                        end = report
                    else:
                        desk.put(report)
            except EngineCrashError as error:
                get_logger().warning("child.died", reason=str(error), stage=desk.stage and str(desk.stage))
                end = Failed(error.code, str(error), error.is_retryable)
                spans.hear(end)
            except ArtefactError:
                get_logger().error("child.incomprehensible")
            await desk.empty()
        return end

    async def _end_child(self, unless: End | None = None) -> None:
        """``single``: the child ends with its meeting, and its memory really goes back. ``keep``: it stays as long as
        all goes well."""
        if self._child is None:
            return
        if isinstance(unless, Finished) and self._settings.residency == "keep" and self._child.is_alive:
            return
        child, self._child = self._child, None
        await child.kill()

    # --- what comes of it -------------------------------------------------------------------------------------------

    async def _settled(self, job: ClaimedJob, end: End, stage: Stage | None, interruption: Interruption) -> End:
        """Tells the database; returns what it was told. Raises: LeaseLostError."""
        while True:
            told = await self._told(job, end, stage, interruption)
            if told is None:
                return end
            end = told

    async def _told(self, job: ClaimedJob, end: End, stage: Stage | None, interruption: Interruption) -> End | None:
        """``None``: done. Something else: that is the end now, because publishing failed or was interrupted."""
        match end:
            case Finished(published):
                with child_span("meeting.publish", attributes={"scribe.files": len(published.files)}) as span:
                    failed = await self._published(job, published, interruption)
                    if isinstance(failed, Failed):
                        span.failed(failed.code)
                return failed
            case Failed(code, message, is_retryable):
                return await _insist(
                    lambda: self._queue.failed(job, code, message, stage, is_retryable=is_retryable),
                    interruption,
                    unless=Reason.CANCELLED,  # failed() looks for that itself
                )
            case Reason.CANCELLED:
                return await _insist(lambda: self._queue.cancelled(job), interruption, unless=Reason.CANCELLED)
            case Reason.STOPPING | Reason.UNFIT:
                with suppress(UnavailableError, TimeoutError):  # else the lease runs out
                    await asyncio.wait_for(self._queue.released(job), RELEASE_TIMEOUT_S)
                return None
            case Reason.LEASE_LOST:
                raise LeaseLostError("Another worker has the meeting now.")

    async def _published(self, job: ClaimedJob, published: Published, interruption: Interruption) -> End | None:
        publish = lambda: self._publisher.publish(job, self._storage, published)  # noqa: E731 -- shorter than its name
        try:
            return await _insist(publish, interruption, patience_s=PUBLISH_PATIENCE_S)
        except LeaseLostError:
            raise
        except ScribeError as error:
            return Failed(error.code, str(error), error.is_retryable)
        except Exception as error:  # noqa: BLE001 -- the edge: a bug must not leave the meeting hanging
            get_logger().error("publish.bug", error=type(error).__name__, trace=trace_of(error))
            return Failed(InternalError.code, "Publishing the results went wrong: please report it.", is_retryable=True)

    def _tidy(self, job: ClaimedJob, end: End) -> None:
        """Nothing of an attempt that came to nothing stays, but its checkpoints."""
        self._scratch.remove(job)
        if isinstance(end, Finished):
            return
        results = layout.results_folder(job.created_at, job.meeting_id)
        try:
            self._storage.delete_folder(layout.staging_folder(results, job.token))
        except ScribeError as error:  # whoever publishes next removes it
            get_logger().warning("staging.left_over", error=type(error).__name__)


def _ending(end: End) -> str:
    return end.code if isinstance(end, Failed) else str(end) if isinstance(end, Reason) else "published"


async def _insist(
    tell: Callable[[], Awaitable[None]],
    interruption: Interruption,
    *,
    unless: Reason | None = None,
    patience_s: float = float("inf"),
) -> Reason | None:
    """Until the database and the storage have taken it. Returns a reason that came up meanwhile, but for ``unless``.

    Raises: LeaseLostError; UnavailableError when patience ends.
    """
    deadline_s, pause_s = time.monotonic() + patience_s, FIRST_PAUSE_S
    while True:
        try:
            await tell()
        except UnavailableError as error:
            get_logger().warning("job.waits", error=type(error).__name__, code=error.code)
            if time.monotonic() > deadline_s:
                raise
        else:
            return None
        if interruption.reason not in {None, unless}:
            return interruption.reason
        if interruption.reason is None:
            await interruption.pause(pause_s)
        else:
            await asyncio.sleep(pause_s)
        pause_s = min(2 * pause_s, LONGEST_PAUSE_S)
