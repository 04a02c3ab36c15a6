"""What the tables say about room: whose recordings weigh how much, how large the database itself is."""

from sqlalchemy import case, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from scribe.core.models_db import MeetingRow, UserRow
from scribe.domain.installation import UserUse


class StorageUseRepository:
    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def by_user(self) -> list[UserUse]:
        """Of recordings that are still there, of those who have meetings; who has most comes first."""
        size_bytes = func.sum(case((MeetingRow.audio_removed_at.is_(None), MeetingRow.size_bytes), else_=0))
        query = (
            select(UserRow.username, func.count(), size_bytes)
            .join(MeetingRow, MeetingRow.owner_id == UserRow.id)
            .group_by(UserRow.username)
            .order_by(size_bytes.desc(), UserRow.username)
        )
        return [UserUse(username, count, int(size)) for username, count, size in await self._session.execute(query)]

    async def database_bytes(self) -> int:
        return int(await self._session.scalar(select(func.pg_database_size(func.current_database()))) or 0)
