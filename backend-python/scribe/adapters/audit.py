"""The audit log in PostgreSQL: appended, read, proved, shortened at its beginning; never changed.

Owns its order. Numbers are given under an advisory lock that lasts until the commit, as those of events are: no number
is missing, and none is visible before a smaller one. Never decides what is written down.

Usage::

    await unit.audit.append(entries)          # the last thing in a transaction: UnitOfWork.record sees to it
    page = await unit.audit.page(query)
"""

from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, func, insert, or_, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from scribe.core.audit_db import AuditRow
from scribe.core.models_db import MeetingRow, UserRow
from scribe.domain.audit import NO_HEAD, Entry, Head, NewEntry, chained

AUDIT_LOCK = 0x5C51BE05


@dataclass(frozen=True, slots=True)
class AuditQuery:
    """Which entries, newest first. Empty filters let everything through."""

    meeting_id: UUID | None = None
    person_id: UUID | None = None
    user_id: UUID | None = None
    """Who did it, or about whom it is."""
    actions: tuple[str, ...] = ()
    """Any of these; ``meeting.`` stands for all that begin so."""
    at_from: datetime | None = None
    at_to: datetime | None = None
    """Exclusive."""
    before: int | None = None
    """Only entries with a smaller number."""
    limit: int = 50


class AuditRepository:
    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def append(self, entries: Sequence[NewEntry]) -> Head:
        """To be the last thing in a transaction, before events at most. Returns the new head."""
        await self._session.flush()
        await self._session.execute(text("select pg_advisory_xact_lock(:key)"), {"key": AUDIT_LOCK})
        last = await self.head()
        rows = []
        for new in entries:
            entry = chained(last, new)
            rows.append(asdict(entry))
            last = Head(entry.sequence, entry.hash)
        await self._session.execute(insert(AuditRow), rows)
        return last

    async def head(self) -> Head:
        query = select(AuditRow.sequence, AuditRow.hash).order_by(AuditRow.sequence.desc()).limit(1)
        row = (await self._session.execute(query)).one_or_none()
        return NO_HEAD if row is None else Head(*row)

    async def oldest(self) -> tuple[int, datetime] | None:
        query = select(AuditRow.sequence, AuditRow.at).order_by(AuditRow.sequence).limit(1)
        row = (await self._session.execute(query)).one_or_none()
        return None if row is None else (row[0], row[1])

    async def page(self, query: AuditQuery) -> list[Entry]:
        """Newest first."""
        rows = select(*_COLUMNS).where(*_filters(query)).order_by(AuditRow.sequence.desc()).limit(query.limit)
        return [Entry(*row) for row in await self._session.execute(rows)]

    async def chain(self, after: int, limit: int, query: AuditQuery | None = None) -> list[Entry]:
        """Oldest first, from the entry after ``after`` on."""
        filters = [] if query is None else _filters(query)
        rows = select(*_COLUMNS).where(AuditRow.sequence > after, *filters).order_by(AuditRow.sequence).limit(limit)
        return [Entry(*row) for row in await self._session.execute(rows)]

    async def entry(self, sequence: int) -> Entry | None:
        row = (await self._session.execute(select(*_COLUMNS).where(AuditRow.sequence == sequence))).one_or_none()
        return None if row is None else Entry(*row)

    async def usernames(self, users: Collection[UUID]) -> dict[UUID, str]:
        rows = await self._session.execute(select(UserRow.id, UserRow.username).where(UserRow.id.in_(users)))
        return {row[0]: row[1] for row in rows}

    async def titles(self, meetings: Collection[UUID]) -> dict[UUID, str]:
        rows = await self._session.execute(select(MeetingRow.id, MeetingRow.title).where(MeetingRow.id.in_(meetings)))
        return {row[0]: row[1] for row in rows}

    async def oldest_to_keep(self, cutoff: datetime) -> int | None:
        """The first entry that is not older than ``cutoff``; ``None``: there is none."""
        return await self._session.scalar(select(func.min(AuditRow.sequence)).where(AuditRow.at >= cutoff))

    async def prune(self, up_to: int) -> int:
        """Removes all entries up to this one. Returns how many."""
        return int(await self._session.scalar(text("select audit_log_prune(:up_to)"), {"up_to": up_to}) or 0)


_COLUMNS = (
    AuditRow.sequence,
    AuditRow.at,
    AuditRow.action,
    AuditRow.actor_kind,
    AuditRow.actor_id,
    AuditRow.token_id,
    AuditRow.meeting_id,
    AuditRow.person_id,
    AuditRow.subject_id,
    AuditRow.detail,
    AuditRow.previous,
    AuditRow.hash,
)


def _filters(query: AuditQuery) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    equal: tuple[tuple[Any, UUID | None], ...] = (
        (AuditRow.meeting_id, query.meeting_id),
        (AuditRow.person_id, query.person_id),
    )
    found += [column == id_ for column, id_ in equal if id_ is not None]
    if query.user_id is not None:
        found.append(or_(AuditRow.actor_id == query.user_id, AuditRow.subject_id == query.user_id))
    if query.actions:
        found.append(or_(*(_is_action(action) for action in query.actions)))
    if query.at_from is not None:
        found.append(AuditRow.at >= query.at_from)
    if query.at_to is not None:
        found.append(AuditRow.at < query.at_to)
    if query.before is not None:
        found.append(AuditRow.sequence < query.before)
    return found


def _is_action(action: str) -> ColumnElement[bool]:
    if action.endswith("."):
        return AuditRow.action.startswith(action, autoescape=True)
    return AuditRow.action == action
