"""Rows of the queue as an administrator looks at it.

Owns these queries; never the order of service (``queue_order.py``) and never a change (``jobs.py``).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncSession

from scribe.core.models_db import MeetingRow, UserRow
from scribe.domain.meeting import MeetingStatus, Stage


@dataclass(frozen=True, slots=True)
class QueuedMeeting:
    """A meeting as the queue's view shows it."""

    id: UUID
    title: str
    owner_name: str
    status: MeetingStatus
    priority: int
    run: int
    attempt: int
    max_attempts: int
    queued_at: datetime
    next_attempt_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    worker_id: str | None
    stage: Stage | None
    percent: float
    failure_code: str | None
    failure_message: str | None


class QueueViewRepository:
    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def queued(self, ids: Sequence[UUID], status: MeetingStatus) -> list[QueuedMeeting]:
        """Those of ``ids`` that are (still) in this status, in any order."""
        return await self._queued(_queued().where(MeetingRow.id.in_(ids), MeetingRow.status == status))

    async def under_way(self, limit: int) -> list[QueuedMeeting]:
        query = _queued().where(MeetingRow.status == MeetingStatus.PROCESSING)
        return await self._queued(query.order_by(MeetingRow.started_at, MeetingRow.id).limit(limit))

    async def dead_letters(self, limit: int) -> list[QueuedMeeting]:
        query = _queued().where(MeetingRow.status == MeetingStatus.FAILED, MeetingRow.is_dead_letter)
        return await self._queued(query.order_by(MeetingRow.finished_at.desc(), MeetingRow.id).limit(limit))

    async def _queued(self, query: Select[MeetingRow, str]) -> list[QueuedMeeting]:
        return [
            QueuedMeeting(
                row.id, row.title, owner_name, MeetingStatus(row.status), row.priority, row.run, row.attempt,
                row.max_attempts, row.queued_at, row.next_attempt_at, row.started_at, row.finished_at, row.worker_id,
                Stage(row.stage) if row.stage else None, row.percent, row.failure_code, row.failure_message,
            )
            for row, owner_name in await self._session.execute(query)
        ]  # fmt: skip


def _queued() -> Select[MeetingRow, str]:
    return select(MeetingRow, UserRow.username).join(UserRow, UserRow.id == MeetingRow.owner_id)
