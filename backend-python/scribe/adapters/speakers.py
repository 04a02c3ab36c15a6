"""Rows of ``speakers``."""

from sqlalchemy.ext.asyncio import AsyncSession


class SpeakerRepository:
    def __init__(self, session: AsyncSession) -> None:
        self._session = session
