"""Rows of resumable uploads.

Owns that an offset moves only from where its writer saw it, so that of two writers one loses; never the bytes.

Usage::

    expires_at = await unit.uploads.advance(upload, pieces, new_offset, expiry)    # None: somebody was faster
"""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Select, delete, func, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from scribe.core.models_db import UploadRow
from scribe.domain.meeting import MeetingId, UserId
from scribe.domain.requests import MeetingDraft
from scribe.domain.uploads import Upload, draft_from_json, draft_to_json

FINISHING_LEASE = timedelta(seconds=30)


class UploadRepository:
    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def add(
        self, upload_id: UUID, owner: UserId, length_bytes: int, metadata: str, draft: MeetingDraft, expiry: timedelta
    ) -> Upload:
        rows = await self._session.scalars(
            insert(UploadRow)
            .values(
                id=upload_id,
                owner_id=owner,
                length_bytes=length_bytes,
                metadata_={"header": metadata, "draft": draft_to_json(draft)},
                expires_at=func.now() + expiry,
            )
            .returning(UploadRow)
        )
        return _upload(rows.one())

    async def find(self, upload_id: UUID, owner: UserId | None = None, *, for_update: bool = False) -> Upload | None:
        """``owner``: only when it is theirs, and when it has not expired."""
        query: Select[Any] = select(UploadRow).where(UploadRow.id == upload_id)
        if owner is not None:
            query = query.where(UploadRow.owner_id == owner, ~_expired())
        if for_update:
            query = query.with_for_update()
        row = await self._session.scalar(query.execution_options(populate_existing=True))
        return None if row is None else _upload(row)

    async def advance(
        self, upload: Upload, pieces: Sequence[str], offset_bytes: int, expiry: timedelta
    ) -> datetime | None:
        """When it expires now. ``None``: somebody else was faster, or the upload is over; nothing is changed then. Who
        brings the last byte is the one to finish."""
        values: dict[str, Any] = {}
        if offset_bytes == upload.length_bytes:
            values["finishing_until"] = func.now() + FINISHING_LEASE
        expires_at: datetime | None = await self._session.scalar(
            update(UploadRow)
            .where(
                UploadRow.id == upload.id,
                UploadRow.offset_bytes == upload.offset_bytes,
                UploadRow.meeting_id.is_(None),
            )
            .values(
                offset_bytes=offset_bytes, parts=[*upload.pieces, *pieces], expires_at=func.now() + expiry, **values
            )
            .returning(UploadRow.expires_at)
        )
        return expires_at

    async def claim_finishing(self, upload_id: UUID) -> bool:
        """``False``: it is finished, is not complete, or another process is at it."""
        claimed = await self._session.scalar(
            update(UploadRow)
            .where(
                UploadRow.id == upload_id,
                UploadRow.offset_bytes == UploadRow.length_bytes,
                UploadRow.meeting_id.is_(None),
                or_(UploadRow.finishing_until.is_(None), UploadRow.finishing_until < func.now()),
            )
            .values(finishing_until=func.now() + FINISHING_LEASE)
            .returning(UploadRow.id)
        )
        return claimed is not None

    async def still_finishing(self, upload_id: UUID) -> None:
        await self._session.execute(
            update(UploadRow).where(UploadRow.id == upload_id).values(finishing_until=func.now() + FINISHING_LEASE)
        )

    async def link(self, upload_id: UUID, meeting_id: MeetingId, *, is_duplicate: bool) -> None:
        await self._session.execute(
            update(UploadRow).where(UploadRow.id == upload_id).values(meeting_id=meeting_id, is_duplicate=is_duplicate)
        )

    async def remove(self, upload_id: UUID, owner: UserId) -> bool:
        removed = await self._session.scalar(
            delete(UploadRow).where(UploadRow.id == upload_id, UploadRow.owner_id == owner).returning(UploadRow.id)
        )
        return removed is not None

    async def remove_expired(self, limit: int) -> list[UUID]:
        """What is complete but no meeting yet never expires: its bytes were accepted."""
        chosen = select(UploadRow.id).where(_expired()).limit(limit).with_for_update(skip_locked=True)
        rows = await self._session.scalars(delete(UploadRow).where(UploadRow.id.in_(chosen)).returning(UploadRow.id))
        return list(rows)

    async def unfinished(self, limit: int) -> list[UUID]:
        """Complete, but no meeting yet, and nobody at it; the oldest first."""
        rows = await self._session.scalars(
            select(UploadRow.id)
            .where(
                UploadRow.offset_bytes == UploadRow.length_bytes,
                UploadRow.meeting_id.is_(None),
                or_(UploadRow.finishing_until.is_(None), UploadRow.finishing_until < func.now()),
            )
            .order_by(UploadRow.created_at)
            .limit(limit)
        )
        return list(rows)

    async def known(self, upload_ids: Collection[UUID]) -> set[UUID]:
        """Those of them that have a row."""
        return set(await self._session.scalars(select(UploadRow.id).where(UploadRow.id.in_(upload_ids))))


def _expired() -> Any:
    is_accepted = (UploadRow.offset_bytes == UploadRow.length_bytes) & UploadRow.meeting_id.is_(None)
    return (UploadRow.expires_at < func.now()) & ~is_accepted


def _upload(row: UploadRow) -> Upload:
    return Upload(
        id=row.id,
        owner_id=UserId(row.owner_id),
        length_bytes=row.length_bytes,
        offset_bytes=row.offset_bytes,
        pieces=tuple(row.parts),
        metadata=row.metadata_["header"],
        draft=draft_from_json(row.metadata_["draft"]),
        created_at=row.created_at,
        expires_at=row.expires_at,
        meeting_id=None if row.meeting_id is None else MeetingId(row.meeting_id),
        is_duplicate=row.is_duplicate,
    )
