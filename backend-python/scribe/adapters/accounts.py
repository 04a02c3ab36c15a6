"""Rows of users, their sessions and their API tokens."""

from sqlalchemy.ext.asyncio import AsyncSession


class AccountRepository:
    def __init__(self, session: AsyncSession) -> None:
        self._session = session
