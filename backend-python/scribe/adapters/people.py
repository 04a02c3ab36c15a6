"""Rows of ``people``."""

from sqlalchemy.ext.asyncio import AsyncSession


class PersonRepository:
    def __init__(self, session: AsyncSession) -> None:
        self._session = session
