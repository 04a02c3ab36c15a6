"""What has had its time: which meetings, and their rows without a recording.

Owns these queries: each looks only at what is over, locks what it finds, and leaves out what somebody else has locked.
Time is the database's. Never a file (``services/retention.py``), never what is a rule (``domain/retention.py``).

Usage::

    due = await unit.retention.due_audio(default_days=90, limit=100)
    await unit.retention.remove_audio(due)
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Double, Select, cast, func, literal, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from scribe.core.models_db import MeetingRow, UploadRow
from scribe.domain.meeting import MeetingId, MeetingStatus, UserId
from scribe.domain.retention import Rule

_OVER = tuple(str(status) for status in MeetingStatus if status.is_terminal)
_DROP_SAMPLES = text("""
    with had as (select meeting_id, label, sample_key from speakers
                 where meeting_id = any(:meetings) and sample_key is not null)
    update speakers s set sample_key = null
    from had where s.meeting_id = had.meeting_id and s.label = had.label
    returning had.sample_key
""")


@dataclass(frozen=True, slots=True)
class Muted:
    """A meeting whose recording is gone."""

    id: MeetingId
    owner_id: UserId
    version: int


@dataclass(frozen=True, slots=True)
class Kept:
    """What there is to know of a meeting to say when it goes."""

    id: MeetingId
    finished_at: datetime
    size_bytes: int
    keep_audio: Rule
    keep_results: Rule
    is_muted: bool


class RetentionRepository:
    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def due_audio(self, default_days: float | None, limit: int) -> list[MeetingId]:
        """Whose recording has had its time; oldest first. Locked."""
        is_due = _is_due(MeetingRow.keep_audio_days.expression, default_days)
        return await self._locked(_due(is_due).where(MeetingRow.audio_removed_at.is_(None)).limit(limit))

    async def due_meetings(self, default_days: float | None, limit: int) -> list[MeetingId]:
        """Which have had their time altogether; oldest first. Locked."""
        return await self._locked(_due(_is_due(MeetingRow.keep_results_days.expression, default_days)).limit(limit))

    async def remove_audio(self, meetings: Collection[MeetingId]) -> tuple[list[Muted], list[str], list[UUID]]:
        """Their rows say so from now on. Returns them, the keys of their speakers' samples, and their uploads."""
        samples = await self._session.execute(_DROP_SAMPLES, {"meetings": list(meetings)})
        uploads = await self._session.scalars(select(UploadRow.id).where(UploadRow.meeting_id.in_(meetings)))
        rows = await self._session.execute(
            update(MeetingRow)
            .where(MeetingRow.id.in_(meetings))
            .values(audio_removed_at=func.now(), version=MeetingRow.version + 1, updated_at=func.now())
            .returning(MeetingRow.id, MeetingRow.owner_id, MeetingRow.version)
            .execution_options(synchronize_session=False)
        )
        muted = [Muted(MeetingId(row[0]), UserId(row[1]), row[2]) for row in rows]
        return muted, [row.sample_key for row in samples], list(uploads)

    async def is_recording_removed(self, meeting_id: MeetingId) -> bool:
        """Waits for who is changing it."""
        query = select(MeetingRow.audio_removed_at).where(MeetingRow.id == meeting_id).with_for_update()
        return await self._session.scalar(query) is not None

    async def over(self, after: MeetingId | None, limit: int) -> list[Kept]:
        """All that are over, by id."""
        query = select(
            MeetingRow.id, MeetingRow.finished_at, MeetingRow.size_bytes, MeetingRow.keep_audio_days,
            MeetingRow.keep_results_days, MeetingRow.audio_removed_at,
        ).where(MeetingRow.status.in_(_OVER), MeetingRow.finished_at.is_not(None))  # fmt: skip
        if after is not None:
            query = query.where(MeetingRow.id > after)
        rows: Any = await self._session.execute(query.order_by(MeetingRow.id).limit(limit))
        return [
            Kept(MeetingId(row[0]), row[1], row[2], Rule.of_column(row[3]), Rule.of_column(row[4]), row[5] is not None)
            for row in rows
        ]

    async def _locked(self, query: Select[UUID]) -> list[MeetingId]:
        return [MeetingId(id_) for id_ in await self._session.scalars(query.with_for_update(skip_locked=True))]


def _due(is_due: ColumnElement[bool]) -> Select[UUID]:
    return (
        select(MeetingRow.id)
        .where(MeetingRow.status.in_(_OVER), MeetingRow.finished_at.is_not(None), is_due)
        .order_by(MeetingRow.finished_at, MeetingRow.id)
    )


def _is_due(own_days: ColumnElement[float | None], default_days: float | None) -> ColumnElement[bool]:
    """Without days of its own and of the installation: never (null is not true); infinite days never come either."""
    days = func.coalesce(own_days, cast(literal(default_days), Double()))
    return MeetingRow.finished_at + days * text("interval '1 day'") <= func.now()
