"""Rows of Idempotency-Keys: which request of a user used one, and what came of it."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from scribe.core.models_db import IdempotencyRow
from scribe.domain.meeting import MeetingId, UserId


@dataclass(frozen=True, slots=True)
class KeptRequest:
    request_hash: str
    meeting_id: MeetingId | None
    """``None``: under way."""
    last_sign_s: float
    """How long ago it began, or last said that it is still at it."""


class IdempotencyRepository:
    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def add(self, owner: UserId, key: str, request_hash: str) -> bool:
        """``False``: the key is taken."""
        row = insert(IdempotencyRow).values(owner_id=owner, key=key, request_hash=request_hash)
        added = await self._session.scalar(row.on_conflict_do_nothing().returning(IdempotencyRow.key))
        return added is not None

    async def find(self, owner: UserId, key: str) -> KeptRequest | None:
        """Locked until the transaction ends."""
        age = func.extract("epoch", func.clock_timestamp() - IdempotencyRow.created_at)
        query = (
            select(IdempotencyRow.request_hash, IdempotencyRow.meeting_id, age)
            .where(IdempotencyRow.owner_id == owner, IdempotencyRow.key == key)
            .with_for_update()
        )
        row = (await self._session.execute(query)).one_or_none()
        if row is None:
            return None
        return KeptRequest(row[0], None if row[1] is None else MeetingId(row[1]), float(row[2]))

    async def sign(self, owner: UserId, key: str) -> None:
        """Still at it."""
        await self._session.execute(
            update(IdempotencyRow)
            .where(IdempotencyRow.owner_id == owner, IdempotencyRow.key == key, IdempotencyRow.meeting_id.is_(None))
            .values(created_at=func.clock_timestamp())
        )

    async def finish(self, owner: UserId, key: str, meeting_id: MeetingId) -> bool:
        """``False``: somebody else finished it, or it is gone."""
        finished = await self._session.scalar(
            update(IdempotencyRow)
            .where(IdempotencyRow.owner_id == owner, IdempotencyRow.key == key, IdempotencyRow.meeting_id.is_(None))
            .values(meeting_id=meeting_id)
            .returning(IdempotencyRow.key)
        )
        return finished is not None

    async def remove(self, owner: UserId, key: str, *, is_finished: bool) -> None:
        """``is_finished=False``: only when it led to nothing."""
        query = delete(IdempotencyRow).where(IdempotencyRow.owner_id == owner, IdempotencyRow.key == key)
        if not is_finished:
            query = query.where(IdempotencyRow.meeting_id.is_(None))
        await self._session.execute(query)

    async def forget_older_than(self, age: timedelta, now: datetime) -> None:
        await self._session.execute(delete(IdempotencyRow).where(IdempotencyRow.created_at < now - age))
