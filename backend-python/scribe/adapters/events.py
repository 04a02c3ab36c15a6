"""Events in PostgreSQL: stored for replay, announced with NOTIFY.

Owns their order. ``bigserial`` ids are given out before the commit, so that a reader could see 10 before 9 and miss 9
for ever; one advisory lock around insert and commit makes the order of ids the order of commits.
"""

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from sqlalchemy import delete, insert, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from scribe.core.models_db import EventRow
from scribe.domain.events import Event, EventKind, NewEvent
from scribe.domain.meeting import MeetingId, UserId

CHANNEL = "scribe_events"
EVENT_LOCK = 0x5C51BE02
MOST_NAMED = 40


class EventRepository:
    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def add(self, events: Sequence[NewEvent]) -> None:
        """To be the last thing in a transaction: ``UnitOfWork.emit`` sees to it."""
        await self._session.flush()
        await self._session.execute(text("select pg_advisory_xact_lock(:key)"), {"key": EVENT_LOCK})
        rows = [
            {
                "meeting_id": event.meeting_id,
                "owner_id": event.owner_id,
                "kind": str(event.kind),
                "payload": dict(event.payload),
            }
            for event in events
        ]
        ids = await self._session.scalars(insert(EventRow).returning(EventRow.id, sort_by_parameter_order=True), rows)
        await self._session.execute(
            text("select pg_notify(:channel, :message)"),
            {"channel": CHANNEL, "message": _announcement(ids.all()[-1], events)},
        )

    async def after(
        self, last_id: int, *, meeting_id: MeetingId | None = None, owner_id: UserId | None = None, limit: int = 500
    ) -> list[Event]:
        """Oldest first. ``owner_id``: only events of this user's meetings."""
        query = select(EventRow).where(EventRow.id > last_id).order_by(EventRow.id).limit(limit)
        if meeting_id is not None:
            query = query.where(EventRow.meeting_id == meeting_id)
        if owner_id is not None:
            query = query.where(EventRow.owner_id == owner_id)
        return [_event(row) for row in await self._session.scalars(query)]

    async def last_id(self) -> int:
        return (await self.kept())[1]

    async def kept(self) -> tuple[int, int]:
        """Ids of the oldest and the newest; 0 where there is none."""
        oldest = select(EventRow.id).order_by(EventRow.id).limit(1).scalar_subquery()
        newest = select(EventRow.id).order_by(EventRow.id.desc()).limit(1).scalar_subquery()
        first, last = (await self._session.execute(select(oldest, newest))).one()
        return first or 0, last or 0

    async def forget_before(self, days: float) -> None:
        """Old ones, for good."""
        oldest = datetime.now(UTC) - timedelta(days=days)
        await self._session.execute(delete(EventRow).where(EventRow.created_at < oldest))


def _announcement(last_id: int, events: Sequence[NewEvent]) -> str:
    """Whom it concerns, so that a follower is not woken for others' meetings; nobody by name where there are many
    (PostgreSQL takes 8,000 bytes)."""
    content: dict[str, object] = {"last": last_id}
    if len(events) <= MOST_NAMED:
        content["meetings"] = sorted({str(event.meeting_id) for event in events})
        content["owners"] = sorted({str(event.owner_id) for event in events})
    return json.dumps(content)


def _event(row: EventRow) -> Event:
    return Event(
        row.id, EventKind(row.kind), MeetingId(row.meeting_id), UserId(row.owner_id), row.payload, row.created_at
    )
