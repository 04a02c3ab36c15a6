"""Rows of ``edits``: what people changed in transcripts.

Owns the translation to ``domain.edits``; never decides what may be changed and never commits. Whoever adds or changes a
row holds the lock of its meeting's row.

Usage::

    number, position = await unit.edits.next(meeting_id)
    await unit.edits.add(edit)
    corrections = await unit.edits.corrections(meeting_id)
"""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, func, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from scribe.core.edits_db import EditRow
from scribe.core.models_db import UserRow
from scribe.core.voices_db import PersonRow
from scribe.domain.edits import Correction, Edit, EditAuthor, EditId, EditKind, SeenLine, segment_of
from scribe.domain.meeting import MeetingId, UserId
from scribe.domain.people import PersonId
from scribe.domain.speech import Span, SpeakerLabel

_LAID = tuple(str(kind) for kind in EditKind if kind.is_correction)


class EditRepository:
    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    # --- reading ------------------------------------------------------------------------------------------------------

    async def get(self, meeting_id: MeetingId, edit_id: UUID) -> Edit | None:
        query = select(EditRow).where(EditRow.meeting_id == meeting_id, EditRow.id == edit_id)
        row = await self._session.scalar(query.execution_options(populate_existing=True))
        return None if row is None else _edit(row)

    async def page(
        self, meeting_id: MeetingId, limit: int, *, before_number: int | None = None, only_lost: bool = False
    ) -> list[Edit]:
        """The newest first."""
        query = _edits(meeting_id).order_by(EditRow.number.desc()).limit(limit)
        if before_number is not None:
            query = query.where(EditRow.number < before_number)
        if only_lost:
            query = query.where(EditRow.is_lost, EditRow.undone_at.is_(None))
        return await self._all(query)

    async def all(self, meeting_id: MeetingId) -> list[Edit]:
        """By position."""
        return await self._all(_edits(meeting_id).order_by(EditRow.position, EditRow.number))

    async def with_ids(self, meeting_id: MeetingId, ids: Collection[UUID]) -> list[Edit]:
        """The newest first."""
        return await self._all(_edits(meeting_id).where(EditRow.id.in_(ids)).order_by(EditRow.number.desc()))

    async def around(self, meeting_id: MeetingId, start_s: float, end_s: float, limit: int) -> list[Edit]:
        """Changes of words and speakers in a stretch, undone ones too; the newest first."""
        touching = _edits(meeting_id).where(
            EditRow.kind != EditKind.NAME, EditRow.start_s <= end_s, EditRow.end_s >= start_s
        )
        latest = func.greatest(EditRow.created_at, func.coalesce(EditRow.undone_at, EditRow.created_at))
        return await self._all(touching.order_by(latest.desc(), EditRow.number.desc()).limit(limit))

    async def later_names(self, meeting_id: MeetingId, label: SpeakerLabel, position: int) -> list[Edit]:
        """What was decided about a speaker later, and stands."""
        query = _edits(meeting_id).where(
            EditRow.kind == EditKind.NAME,
            EditRow.label == label,
            EditRow.position > position,
            EditRow.undone_at.is_(None),
            EditRow.is_lost.is_(False),
        )
        return await self._all(query.order_by(EditRow.number.desc()))

    async def corrections(self, meeting_id: MeetingId) -> list[Correction]:
        """What stands and is laid over the transcript, by position."""
        is_whole = EditRow.payload["is_whole"].as_boolean()
        query = (
            select(EditRow.id, EditRow.position, EditRow.kind, EditRow.payload)
            .where(
                EditRow.meeting_id == meeting_id,
                or_(EditRow.kind.in_(_LAID), (EditRow.kind == EditKind.MOVE) & is_whole),
                EditRow.undone_at.is_(None),
                EditRow.is_lost.is_(False),
            )
            .order_by(EditRow.position)
        )
        return [
            correction_of(EditId(row.id), row.position, EditKind(row.kind), row.payload)
            for row in await self._session.execute(query)
        ]

    async def next(self, meeting_id: MeetingId) -> tuple[int, int]:
        """Number and position of what is changed next."""
        query = select(func.max(EditRow.number), func.max(EditRow.position)).where(EditRow.meeting_id == meeting_id)
        number, position = (await self._session.execute(query)).one()
        return (number or 0) + 1, (position or 0) + 1

    async def authors(self, ids: Collection[UserId]) -> dict[UserId, EditAuthor]:
        rows = await self._session.execute(
            select(UserRow.id, UserRow.username, UserRow.display_name).where(UserRow.id.in_(ids))
        )
        return {UserId(row.id): EditAuthor(UserId(row.id), row.username, row.display_name) for row in rows}

    async def people_names(self, ids: Collection[PersonId]) -> dict[PersonId, str]:
        rows = await self._session.execute(select(PersonRow.id, PersonRow.name).where(PersonRow.id.in_(ids)))
        return {PersonId(row.id): row.name for row in rows}

    # --- writing ------------------------------------------------------------------------------------------------------

    async def add(self, edit: Edit) -> None:
        await self._session.execute(
            insert(EditRow).values(
                id=edit.id,
                meeting_id=edit.meeting_id,
                number=edit.number,
                position=edit.position,
                kind=str(edit.kind),
                author_id=edit.author_id,
                created_at=edit.created_at,
                start_s=edit.span.start_s,
                end_s=edit.span.end_s,
                label=edit.label,
                payload=dict(edit.payload),
                run=edit.run,
            )
        )

    async def undone(self, edit_id: EditId, by: UserId, at: datetime) -> None:
        await self._set(edit_id, undone_at=at, undone_by=by)

    async def redone(self, edit_id: EditId, position: int, payload: Mapping[str, Any], run: int | None) -> None:
        """It stands again, after all others."""
        await self._set(
            edit_id,
            undone_at=None,
            undone_by=None,
            is_lost=False,
            position=position,
            payload=dict(payload),
            run=run,
        )

    async def carried(self, edit: Edit) -> None:
        """Its labels are those of another run now, or it is lost."""
        await self._set(edit.id, label=edit.label, payload=dict(edit.payload), is_lost=edit.is_lost)

    async def _set(self, edit_id: UUID, **values: Any) -> None:
        query = update(EditRow).where(EditRow.id == edit_id).values(**values)
        await self._session.execute(query.execution_options(synchronize_session=False))

    async def _all(self, query: Select[EditRow]) -> list[Edit]:
        rows = await self._session.scalars(query.execution_options(populate_existing=True))
        return [_edit(row) for row in rows]


def correction_of(edit_id: EditId, position: int, kind: EditKind, payload: Mapping[str, Any]) -> Correction:
    """What an edit of lines lays over the transcript."""
    return Correction(
        edit_id,
        position,
        tuple(
            SeenLine(line["start"], line["end"], line["speaker"] and SpeakerLabel(line["speaker"]), line["text"])
            for line in payload["before"]
        ),
        () if kind is EditKind.MOVE else tuple(map(segment_of, payload["after"])),
        is_move=kind is EditKind.MOVE,
    )


def _edits(meeting_id: MeetingId) -> Select[EditRow]:
    return select(EditRow).where(EditRow.meeting_id == meeting_id)


def _edit(row: EditRow) -> Edit:
    return Edit(
        id=EditId(row.id),
        meeting_id=MeetingId(row.meeting_id),
        number=row.number,
        position=row.position,
        kind=EditKind(row.kind),
        author_id=None if row.author_id is None else UserId(row.author_id),
        created_at=row.created_at,
        span=Span(row.start_s, row.end_s),
        label=None if row.label is None else SpeakerLabel(row.label),
        payload=row.payload,
        run=row.run,
        undone_at=row.undone_at,
        undone_by=None if row.undone_by is None else UserId(row.undone_by),
        is_lost=row.is_lost,
    )
