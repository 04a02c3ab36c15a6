"""Rows of the life cycle of meetings: claim, lease, fence, finish."""

from sqlalchemy.ext.asyncio import AsyncSession


class JobRepository:
    def __init__(self, session: AsyncSession) -> None:
        self._session = session
