"""Rows of which workers are alive."""

from sqlalchemy.ext.asyncio import AsyncSession


class WorkerRepository:
    def __init__(self, session: AsyncSession) -> None:
        self._session = session
