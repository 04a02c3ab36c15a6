"""Folders to be emptied, and which files on disk nobody knows any more.

Owns the rows that outlive what they clean up after: they are written in the transaction that deletes it, and worked
off afterwards, however often it takes.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import ARRAY, Text, cast, delete, func, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from scribe.core.models_db import MeetingRow, PurgeRow, UserRow
from scribe.core.voices_db import SpeakerRow, VoiceprintRow
from scribe.domain.meeting import MeetingStatus


@dataclass(frozen=True, slots=True)
class Purge:
    id: int
    folder: str
    """Or the key of one file."""
    is_last: bool
    """Emptied for the second time: nobody writes there any more."""


class PurgeRepository:
    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def add(self, folders: Collection[str], again_after: timedelta) -> None:
        """Thousands at once, when somebody is forgotten who sat in as many meetings."""
        if folders:
            named = func.unnest(cast(list(folders), ARRAY(Text))).column_valued("folder")
            rows = select(named, func.now() + again_after)
            await self._session.execute(insert(PurgeRow).from_select(["folder", "again_after"], rows))

    async def due(self, limit: int) -> list[Purge]:
        """New ones, and those whose second time has come."""
        is_last = PurgeRow.again_after < func.now()
        rows = await self._session.execute(
            select(PurgeRow.id, PurgeRow.folder, is_last)
            .where(or_(PurgeRow.is_done_once.is_(False), is_last))
            .order_by(PurgeRow.is_done_once, PurgeRow.id)
            .limit(limit)
        )
        return [Purge(id_, folder, last) for id_, folder, last in rows]

    async def done(self, purge: Purge) -> None:
        if purge.is_last:
            await self._session.execute(delete(PurgeRow).where(PurgeRow.id == purge.id))
        else:
            await self._session.execute(update(PurgeRow).where(PurgeRow.id == purge.id).values(is_done_once=True))

    async def installed_at(self) -> datetime | None:
        """When this database got its first user."""
        return await self._session.scalar(select(func.min(UserRow.created_at)))

    async def known_meetings(self, meeting_ids: Collection[UUID]) -> set[UUID]:
        """Those of them that have a row."""
        return set(await self._session.scalars(select(MeetingRow.id).where(MeetingRow.id.in_(meeting_ids))))

    async def known_samples(self, keys: Collection[str]) -> set[str]:
        """Those of them that a voiceprint or a speaker names."""
        prints = await self._session.scalars(select(VoiceprintRow.sample_key).where(VoiceprintRow.sample_key.in_(keys)))
        speakers = await self._session.scalars(select(SpeakerRow.sample_key).where(SpeakerRow.sample_key.in_(keys)))
        return {key for key in (*prints, *speakers) if key is not None}

    async def unfinished_meetings(self, meeting_ids: Collection[UUID]) -> set[UUID]:
        """Those of them that wait or run: a worker may be writing files that no row names yet."""
        over = [str(status) for status in MeetingStatus if status.is_terminal]
        rows = await self._session.scalars(
            select(MeetingRow.id).where(MeetingRow.id.in_(meeting_ids), MeetingRow.status.not_in(over))
        )
        return set(rows)
