"""Rows of ``voiceprints``."""

from sqlalchemy.ext.asyncio import AsyncSession


class VoiceprintRepository:
    def __init__(self, session: AsyncSession) -> None:
        self._session = session
