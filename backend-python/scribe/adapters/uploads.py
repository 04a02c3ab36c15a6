"""Rows of resumable uploads."""

from sqlalchemy.ext.asyncio import AsyncSession


class UploadRepository:
    def __init__(self, session: AsyncSession) -> None:
        self._session = session
