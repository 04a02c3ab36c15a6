"""The index of what was said: rows of ``passages``, and which state of which transcript they hold.

Owns writing them, and asking PostgreSQL's dictionaries for stems; never where a word begins or what is searched
(``domain/search_terms.py``, ``adapters/search.py``).

Usage::

    stems = await unit.passages.stem(words)
    await unit.passages.replace(meeting_id, passages, vectors)
"""

from collections.abc import Collection, Mapping, Sequence

from sqlalchemy import delete, or_, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from scribe.core.models_db import MeetingRow
from scribe.core.search_db import PassageRow
from scribe.domain.meeting import MeetingId
from scribe.domain.search import Passage
from scribe.domain.speech import SpeakerLabel

ROWS_AT_ONCE = 500


class PassageRepository:
    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def stem(self, words: Collection[str]) -> dict[str, tuple[str, str]]:
        """What French, twice over, and English make of each. A word that a dictionary leaves out stays as it is."""
        if not words:
            return {}
        rows = await self._session.execute(_STEM, {"words": sorted(words)})
        return {word: (french, english) for word, french, english in rows}

    async def unindexed(self, limit: int) -> list[MeetingId]:
        """Meetings whose transcript is not the one that the index holds; newest first."""
        query = (
            select(MeetingRow.id)
            .where(
                MeetingRow.published_at.is_not(None),
                or_(
                    MeetingRow.indexed_run.is_distinct_from(MeetingRow.results_run),
                    MeetingRow.indexed_version.is_distinct_from(MeetingRow.names_version),
                ),
            )
            .order_by(MeetingRow.id.desc())
            .limit(limit)
        )
        return [MeetingId(id_) for id_ in await self._session.scalars(query)]

    async def of_meeting(self, meeting_id: MeetingId) -> dict[int, Passage]:
        """By place."""
        row = PassageRow
        query = select(row.place, row.start_s, row.end_s, row.label, row.language, row.text)
        rows = await self._session.execute(query.where(row.meeting_id == meeting_id))
        return {
            place: Passage(place, start_s, end_s, None if label is None else SpeakerLabel(label), language, said)
            for place, start_s, end_s, label, language, said in rows
        }

    async def replace(
        self, meeting_id: MeetingId, gone: Collection[int], passages: Sequence[Passage], vectors: Mapping[int, str]
    ) -> None:
        """``gone``: places that are emptied first; ``vectors``: by place, as ``domain.search_terms.indexed``."""
        if gone:
            query = delete(PassageRow).where(PassageRow.meeting_id == meeting_id, PassageRow.place.in_(gone))
            await self._session.execute(query)
        for first in range(0, len(passages), ROWS_AT_ONCE):
            some = passages[first : first + ROWS_AT_ONCE]
            columns = {
                "places": [passage.place for passage in some],
                "starts": [passage.start_s for passage in some],
                "ends": [passage.end_s for passage in some],
                "labels": [passage.label for passage in some],
                "languages": [passage.language for passage in some],
                "texts": [passage.text for passage in some],
                "vectors": [vectors[passage.place] for passage in some],
            }
            await self._session.execute(_INSERT, {"meeting_id": meeting_id, **columns})

    async def is_indexed(self, meeting_id: MeetingId, run: int | None, version: int) -> None:
        """The index holds this state of its transcript."""
        query = update(MeetingRow).where(MeetingRow.id == meeting_id)
        values = {"indexed_run": run, "indexed_version": version}
        await self._session.execute(query.values(**values).execution_options(synchronize_session=False))


_STEM = text("""
    select word, coalesce((ts_lexize('french_stem', french))[1], french), english
    from (
        select word, coalesce((ts_lexize('french_stem', word))[1], word) as french,
               coalesce((ts_lexize('english_stem', word))[1], word) as english
        from unnest(cast(:words as text[])) as word
    ) as once
""")

_INSERT = text("""
    insert into passages (meeting_id, place, start_s, end_s, label, language, text, words)
    select :meeting_id, place, start_s, end_s, label, language, said, cast(vector as tsvector)
    from unnest(cast(:places as int[]), cast(:starts as float8[]), cast(:ends as float8[]), cast(:labels as text[]),
                cast(:languages as text[]), cast(:texts as text[]), cast(:vectors as text[]))
         as row(place, start_s, end_s, label, language, said, vector)
""")
