"""Rows of meetings as people see them."""

from sqlalchemy.ext.asyncio import AsyncSession


class MeetingRepository:
    def __init__(self, session: AsyncSession) -> None:
        self._session = session
