"""What was said, found in the rows of ``passages``.

Owns the SQL of searching; never what a query means (``domain/search_query.py``), how the index is kept
(``adapters/passages.py``) or who may see a meeting (``adapters/meetings.py``).

If every passage with a word that is said all day were ranked, most pages of the table would be read. So it is looked at
first, with a limit, how many there are; when there are more than anybody pages through, the newest meetings are looked
through until there are enough.

Usage::

    hits = await SearchRepository(unit.session).hits(who, wish, tsquery)
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Date, Select, Text, Uuid, and_, cast, func, literal, select, text, tuple_
from sqlalchemy.dialects.postgresql import ARRAY, TSQUERY
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from scribe.adapters.meetings import visible_to
from scribe.adapters.speaker_names import is_called, is_person, shown_name
from scribe.core.models_db import MeetingRow
from scribe.core.search_db import PassageRow
from scribe.core.voices_db import PersonRow, SpeakerRow
from scribe.domain.accounts import Principal
from scribe.domain.meeting import MeetingId
from scribe.domain.search import MOST_PASSED, FoundMeeting, Passage, SearchWish
from scribe.domain.speech import SpeakerLabel

WEIGHTS = "{0.3, 0.3, 0.3, 1.0}"
"""Of a stem, and of a word as it was said (A)."""
SHORTER_IS_BETTER = 1
"""ts_rank: divided by 1 + the logarithm of the length."""
HALF_OLD_DAYS = 180.0
"""At this age half of what being recent is worth is gone, which is half of the score."""
FIRST_MEETINGS, TIMES_MORE = 5, 4
"""How many of the newest are looked through first, and how many times as many in each next step."""


@dataclass(frozen=True, slots=True)
class Hit:
    meeting_id: MeetingId
    place: int
    score: float


@dataclass(frozen=True, slots=True)
class FoundPassage:
    """With what stands around it."""

    meeting: FoundMeeting
    passage: Passage
    name: str | None
    before: str | None
    after: str | None


class SearchRepository:
    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def hits(self, who: Principal, wish: SearchWish, tsquery: str) -> list[Hit]:
        """Best first; ``MOST_PASSED`` of them, and one more when there are more than that."""
        await self._session.execute(_PLAN_ANEW)
        is_limited = not who.is_admin or _is_narrowed(wish)
        voices = await self._voices(who, wish) if _is_about_speakers(wish) else None
        among = None if voices is None else {meeting_id for meeting_id, _ in voices}
        days = await self._days(who, wish, among) if is_limited else None
        if days is not None and not days:
            return []
        searched = _Searched(tsquery, None if days is None else list(days), voices)
        if (await self._session.scalar(searched.count(MOST_PASSED + 1)) or 0) > MOST_PASSED:
            days = await self._days(who, wish) if days is None else days
            return _best_first(await self._newest(searched, list(days)), days)
        found = (await self._session.execute(searched.ranked())).all()
        if days is None:
            days = await self._days(who, wish, {meeting_id for meeting_id, *_ in found})
        return _best_first(found, days)

    async def shown(self, hits: Sequence[Hit]) -> dict[tuple[MeetingId, int], FoundPassage]:
        """By meeting and place; what is gone meanwhile is left out."""
        if not hits:
            return {}
        before, after = aliased(PassageRow), aliased(PassageRow)
        row = PassageRow
        query = (
            select(
                row.meeting_id,
                row.place,
                row.start_s,
                row.end_s,
                row.label,
                row.language,
                row.text,
                MeetingRow.title,
                MeetingRow.held_on,
                MeetingRow.created_at,
                shown_name(),
                before.text,
                after.text,
            )
            .join(MeetingRow, MeetingRow.id == row.meeting_id)
            .outerjoin(SpeakerRow, and_(SpeakerRow.meeting_id == row.meeting_id, SpeakerRow.label == row.label))
            .outerjoin(PersonRow, PersonRow.id == SpeakerRow.person_id)
            .outerjoin(before, and_(before.meeting_id == row.meeting_id, before.place == row.place - 1))
            .outerjoin(after, and_(after.meeting_id == row.meeting_id, after.place == row.place + 1))
            .where(tuple_(row.meeting_id, row.place).in_([(hit.meeting_id, hit.place) for hit in hits]))
        )
        found = {}
        for id_, place, start_s, end_s, label, language, said, *about, name, one, other in (
            await self._session.execute(query)
        ).all():
            speaker = None if label is None else SpeakerLabel(label)
            passage = Passage(place, start_s, end_s, speaker, language, said)
            meeting = FoundMeeting(MeetingId(id_), *about)
            found[meeting.id, place] = FoundPassage(meeting, passage, name, one, other)
        return found

    async def _newest(self, searched: "_Searched", meetings: Sequence[UUID]) -> list[Any]:
        found: list[Any] = []
        for some in _steps(meetings):
            query = searched.only_in(some).newest(MOST_PASSED + 1 - len(found))
            found += (await self._session.execute(query)).all()
            if len(found) > MOST_PASSED:
                break
        return found

    async def _voices(self, who: Principal, wish: SearchWish) -> list[tuple[UUID, str]]:
        """Who is meant, in every meeting that ``who`` may see."""
        query = (
            select(SpeakerRow.meeting_id, SpeakerRow.label)
            .join(MeetingRow, MeetingRow.id == SpeakerRow.meeting_id)
            .where(visible_to(who), *_speakers(who, wish))
        )
        return [(meeting_id, label) for meeting_id, label in await self._session.execute(query)]

    async def _days(self, who: Principal, wish: SearchWish, among: Collection[UUID] | None = None) -> dict[UUID, date]:
        """Meetings that ``who`` may see and that fit the wish, newest first, and the day of each."""
        day = func.coalesce(MeetingRow.held_on, cast(func.timezone(text("'UTC'"), MeetingRow.created_at), Date))
        query = select(MeetingRow.id, day).where(visible_to(who)).order_by(day.desc(), MeetingRow.id.desc())
        if among is not None:
            query = query.where(MeetingRow.id == func.any(list(among)))
        if wish.meeting_id is not None:
            query = query.where(MeetingRow.id == wish.meeting_id)
        if wish.held_from is not None:
            query = query.where(day >= wish.held_from)
        if wish.held_to is not None:
            query = query.where(day <= wish.held_to)
        return {row[0]: row[1] for row in await self._session.execute(query)}


@dataclass(frozen=True, slots=True)
class _Searched:
    """What is looked for, as queries."""

    tsquery: str
    meetings: Sequence[UUID] | None
    """Only in these."""
    voices: Sequence[tuple[UUID, str]] | None
    """Only of these: meeting and label."""

    def only_in(self, meetings: Sequence[UUID]) -> "_Searched":
        wanted = set(meetings)
        voices = None if self.voices is None else [voice for voice in self.voices if voice[0] in wanted]
        return _Searched(self.tsquery, meetings, voices)

    def count(self, at_most: int) -> Select[int]:
        some = self._where(select(literal(1))).limit(at_most).subquery()
        return select(func.count()).select_from(some)

    def ranked(self) -> Select[Any]:
        """Meeting, place and rank, in no order."""
        rank = func.ts_rank(text(f"'{WEIGHTS}'::float4[]"), PassageRow.words, self._words, SHORTER_IS_BETTER)
        return self._where(select(PassageRow.meeting_id, PassageRow.place, rank))

    def newest(self, limit: int) -> Select[Any]:
        """The same, of the first meetings first."""
        age = func.unnest(cast(self.meetings, ARRAY(Uuid))).table_valued("id", with_ordinality="age", name="age")
        each = age.render_derived()
        return (
            self.ranked()
            .join(each, each.c.id == PassageRow.meeting_id)
            .order_by(each.c.age, PassageRow.place)
            .limit(limit)
        )

    @property
    def _words(self) -> ColumnElement[Any]:
        return cast(literal(self.tsquery), TSQUERY)

    def _where(self, query: Select[Any]) -> Select[Any]:
        query = query.where(PassageRow.words.op("@@")(self._words))
        if self.meetings is not None:
            query = query.where(PassageRow.meeting_id == func.any(self.meetings))
        if self.voices is not None:
            ids, labels = [voice[0] for voice in self.voices], [voice[1] for voice in self.voices]
            each = select(func.unnest(cast(ids, ARRAY(Uuid))), func.unnest(cast(labels, ARRAY(Text))))
            query = query.where(tuple_(PassageRow.meeting_id, PassageRow.label).in_(each))
        return query


_PLAN_ANEW = text("set local plan_cache_mode = force_custom_plan")
"""A plan for any word is no plan for this one: whether it is rare decides how it is looked for."""


def _is_about_speakers(wish: SearchWish) -> bool:
    return wish.person_id is not None or wish.label_name is not None


def _is_narrowed(wish: SearchWish) -> bool:
    return _is_about_speakers(wish) or any(one is not None for one in (wish.meeting_id, wish.held_from, wish.held_to))


def _speakers(who: Principal, wish: SearchWish) -> list[ColumnElement[bool]]:
    person = [] if wish.person_id is None else [is_person([wish.person_id], who)]
    return person if wish.label_name is None else [*person, is_called(wish.label_name)]


def _steps(meetings: Sequence[UUID]) -> Iterator[Sequence[UUID]]:
    start, size = 0, FIRST_MEETINGS
    while start < len(meetings):
        yield meetings[start : start + size]
        start, size = start + size, size * TIMES_MORE


def _best_first(found: Sequence[Any], days: dict[UUID, date]) -> list[Hit]:
    today = datetime.now(UTC).date()
    worth = {meeting_id: _freshness(days[meeting_id], today) for meeting_id in {row[0] for row in found} & days.keys()}
    hits = [
        Hit(MeetingId(meeting_id), place, rank * worth[meeting_id])
        for meeting_id, place, rank in found
        if meeting_id in worth  # else it was deleted a moment ago
    ]
    return sorted(hits, key=lambda hit: (-hit.score, -days[hit.meeting_id].toordinal(), hit.meeting_id, hit.place))


def _freshness(day: date, today: date) -> float:
    """1 today, towards 0.5 with age."""
    age_days = max(0, (today - day).days)
    return 0.5 + 0.5 * float(0.5 ** (age_days / HALF_OLD_DAYS))
