"""Meetings in which a person is named, for those who may see both.

Owns these queries; the visibility of a meeting is that of ``adapters/meetings.py``, that of a person is asked before.

Usage::

    page = await AppearanceRepository(unit.session).page(who, person_id, after=None, limit=50)
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Sequence

from sqlalchemy import ColumnElement, DateTime, Uuid, exists, func, literal, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from scribe.adapters.meetings import visible_to
from scribe.core.models_db import MeetingRow
from scribe.core.voices_db import SpeakerRow, VoiceprintRow
from scribe.domain.accounts import Principal
from scribe.domain.appearances import Appearance, AppearancePage, NamedSpeaker
from scribe.domain.meeting import MeetingId
from scribe.domain.meetings import Cursor, Order
from scribe.domain.namings import NAMED, Naming
from scribe.domain.people import PersonId
from scribe.domain.speech import SpeakerLabel


class AppearanceRepository:
    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def visible_meetings(self, who: Principal, meetings: Collection[MeetingId]) -> frozenset[MeetingId]:
        """Those of them that are there and may be seen."""
        query = select(MeetingRow.id).where(MeetingRow.id.in_(meetings), visible_to(who))
        return frozenset(MeetingId(found) for found in await self._session.scalars(query))

    async def count(self, who: Principal, person_id: PersonId) -> int:
        query = select(func.count()).select_from(MeetingRow).where(visible_to(who), _names(person_id))
        return int(await self._session.scalar(query) or 0)

    async def count_each(self, who: Principal, people: Collection[PersonId]) -> Counter[PersonId]:
        """Of several people at once."""
        query = select(SpeakerRow.person_id, func.count(SpeakerRow.meeting_id.distinct())).join(
            MeetingRow, MeetingRow.id == SpeakerRow.meeting_id
        )
        query = query.where(visible_to(who), SpeakerRow.person_id.in_(people), SpeakerRow.naming.in_(NAMED))
        rows = await self._session.execute(query.group_by(SpeakerRow.person_id))
        return Counter({PersonId(person_id): count for person_id, count in rows if person_id is not None})

    async def num_stale(self, person_id: PersonId) -> int:
        """Voiceprints of a model that is not in use any more."""
        query = select(func.count()).select_from(VoiceprintRow)
        query = query.where(VoiceprintRow.person_id == person_id, VoiceprintRow.is_stale)
        return int(await self._session.scalar(query) or 0)

    async def page(self, who: Principal, person_id: PersonId, after: Cursor | None, limit: int) -> AppearancePage:
        """Newest meeting first."""
        query = select(MeetingRow.id, MeetingRow.title, MeetingRow.held_on, MeetingRow.created_at)
        query = query.where(visible_to(who), _names(person_id))
        if after is not None:
            last = tuple_(literal(after.value, DateTime(timezone=True)), literal(after.id, Uuid()))
            query = query.where(tuple_(MeetingRow.created_at, MeetingRow.id) < last)
        ordered = query.order_by(MeetingRow.created_at.desc(), MeetingRow.id.desc()).limit(limit + 1)
        rows = (await self._session.execute(ordered)).all()
        shown = rows[:limit]
        speakers = await self._speakers(person_id, [MeetingId(row.id) for row in shown])
        found = [
            Appearance(MeetingId(row.id), row.title, row.held_on, row.created_at, tuple(speakers[MeetingId(row.id)]))
            for row in shown
        ]
        if len(rows) <= limit:
            return AppearancePage(found, None)
        return AppearancePage(found, Cursor(Order.NEWEST, found[-1].created_at, found[-1].meeting_id))

    async def _speakers(
        self, person_id: PersonId, meetings: Sequence[MeetingId]
    ) -> defaultdict[MeetingId, list[NamedSpeaker]]:
        query = (
            select(SpeakerRow.meeting_id, SpeakerRow.label, SpeakerRow.naming, SpeakerRow.probability)
            .where(SpeakerRow.meeting_id.in_(meetings), SpeakerRow.person_id == person_id, SpeakerRow.naming.in_(NAMED))
            .order_by(SpeakerRow.label)
        )
        found: defaultdict[MeetingId, list[NamedSpeaker]] = defaultdict(list)
        for row in (await self._session.execute(query)).all():
            named = NamedSpeaker(SpeakerLabel(row.label), Naming(row.naming), row.probability)
            found[MeetingId(row.meeting_id)].append(named)
        return found


def _names(person_id: PersonId) -> ColumnElement[bool]:
    return exists().where(
        SpeakerRow.meeting_id == MeetingRow.id, SpeakerRow.person_id == person_id, SpeakerRow.naming.in_(NAMED)
    )
