"""Passes the child's reports on to the database, in order, however long that is away.

Owns what is worth waiting for: stages, warnings and facts are kept until they are told; of progress only the newest
is, because nobody wants to know where a run was a minute ago.

Usage::

    async with Desk(queue, job, interruption) as desk:
        desk.put(report)
        await desk.empty()
"""

import asyncio
from collections import deque
from types import TracebackType
from typing import Self

from scribe.core.logging import get_logger, trace_of
from scribe.domain.errors import LeaseLostError, UnavailableError
from scribe.domain.jobs import ClaimedJob
from scribe.domain.meeting import Stage
from scribe.services.queue import Queue
from scribe.worker.interruption import Interruption, Reason
from scribe.worker.protocol import AudioKnown, Report, StageFinished, StageProgressed, StageStarted, Warned

FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.2, 3.0


class Desk:
    def __init__(self, queue: Queue, job: ClaimedJob, interruption: Interruption) -> None:
        self._queue = queue
        self._job = job
        self._interruption = interruption
        self._reports: deque[Report] = deque()
        self._is_there_work = asyncio.Event()
        self._is_empty = asyncio.Event()
        self._is_empty.set()
        self._is_closed = False
        self._telling: asyncio.Task[None] | None = None
        self.stage: Stage | None = None
        """What is under way."""

    async def __aenter__(self) -> Self:
        self._telling = asyncio.create_task(self._tell_all())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._telling is not None:
            self._telling.cancel()
            await asyncio.wait([self._telling])

    def put(self, report: Report) -> None:
        if isinstance(report, StageStarted):
            self.stage = report.stage
        elif isinstance(report, StageFinished):
            self.stage = None
        if self._is_closed:
            return
        if self._reports and isinstance(self._reports[-1], StageProgressed) and isinstance(report, StageProgressed):
            self._reports.pop()
        self._reports.append(report)
        self._is_empty.clear()
        self._is_there_work.set()

    async def empty(self) -> None:
        """Returns when everything has been told, or nobody wants to hear it any more because the lease is lost."""
        await self._is_empty.wait()

    async def _tell_all(self) -> None:
        pause_s = FIRST_PAUSE_S
        while True:
            await self._is_there_work.wait()
            report = self._reports.popleft()
            try:
                await self._tell(report)
            except LeaseLostError:
                self._interruption.tell(Reason.LEASE_LOST)
                self._is_closed = True
                self._is_empty.set()
                return
            except UnavailableError:
                if not isinstance(report, StageProgressed):
                    self._reports.appendleft(report)
                await asyncio.sleep(pause_s)
                pause_s = min(2 * pause_s, LONGEST_PAUSE_S)
            except Exception as error:  # noqa: BLE001 -- a report that cannot be stored must not cost the meeting
                get_logger().error(
                    "report.lost", report=type(report).__name__, error=type(error).__name__, trace=trace_of(error)
                )
            else:
                pause_s = FIRST_PAUSE_S
            if not self._reports:
                self._is_there_work.clear()
                self._is_empty.set()

    async def _tell(self, report: Report) -> None:
        match report:
            case StageStarted(stage):
                await self._queue.stage_started(self._job, stage)
            case StageProgressed(stage, fraction):
                await self._queue.progressed(self._job, stage, fraction)
            case StageFinished(metrics):
                await self._queue.stage_finished(self._job, metrics)
            case Warned(warning):
                await self._queue.warned(self._job, warning)
            case AudioKnown(facts):
                await self._queue.audio_known(self._job, facts)
