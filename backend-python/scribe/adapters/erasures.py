"""Rows of ``erasures``."""

from sqlalchemy.ext.asyncio import AsyncSession


class ErasureRepository:
    def __init__(self, session: AsyncSession) -> None:
        self._session = session
