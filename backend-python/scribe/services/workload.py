"""The queue and the workers, as an administrator looks at them.

Owns what is put together for that view; never the order of service (``adapters/queue_order.py``) and never a change
of status but by ``services/queue.py``.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from scribe.adapters.estimates import EstimateRepository
from scribe.adapters.queue_view import QueuedMeeting, QueueViewRepository
from scribe.adapters.unit_of_work import UnitOfWorkFactory
from scribe.domain.audit import Action
from scribe.domain.jobs import QueueCounts
from scribe.domain.meeting import MeetingId, MeetingStatus
from scribe.domain.workers import Worker
from scribe.services.queue import requeue


@dataclass(frozen=True, slots=True)
class QueueView:
    counts: QueueCounts
    running: Sequence[QueuedMeeting]
    pending: Sequence[QueuedMeeting]
    """In the order of service."""
    dead_letters: Sequence[QueuedMeeting]
    """Newest first."""


@dataclass(frozen=True, slots=True)
class WorkersView:
    now: datetime
    """By the database's clock, as the heartbeats."""
    workers: Sequence[Worker]


async def look_at_queue(units: UnitOfWorkFactory, limit: int) -> QueueView:
    """``limit``: of each list."""
    async with units() as unit:
        view = QueueViewRepository(unit.session)
        ids = await EstimateRepository(unit.session).order_of_service(limit)
        waiting = {meeting.id: meeting for meeting in await view.queued(ids, MeetingStatus.PENDING)}
        return QueueView(
            await unit.jobs.counts(),
            await view.under_way(limit),
            [waiting[meeting_id] for meeting_id in ids if meeting_id in waiting],
            await view.dead_letters(limit),
        )


async def look_at_workers(units: UnitOfWorkFactory) -> WorkersView:
    async with units() as unit:
        return WorkersView((await unit.jobs.clock()).now, await unit.workers.alive())


async def requeue_again(units: UnitOfWorkFactory, meeting_id: MeetingId, max_attempts: int) -> None:
    """Another run with the same options, for a meeting that is over. The caller rings the bell.

    Raises: NotFoundError, StatusConflictError.
    """
    async with units() as unit:
        await requeue(unit, meeting_id, None, max_attempts)
        unit.record(Action.MEETING_REQUEUED, meeting_id=meeting_id)
