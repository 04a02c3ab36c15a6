"""Rows of ``enrolments``."""

from sqlalchemy.ext.asyncio import AsyncSession


class EnrolmentRepository:
    def __init__(self, session: AsyncSession) -> None:
        self._session = session
