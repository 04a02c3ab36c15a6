"""Work that one process at a time may do, for longer than a transaction may last.

Owns PostgreSQL's advisory locks of a session: a process that dies, or loses its connection, has lost the lock.

Usage::

    async with only_one(units.engine, HOUSEKEEPING) as is_mine:
        if is_mine: ...
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

HOUSEKEEPING = 0x5C51BE04


@asynccontextmanager
async def only_one(engine: AsyncEngine, key: int) -> AsyncIterator[bool]:
    """``False``: another one has it. Takes a connection of its own for as long as the block lasts."""
    async with engine.connect() as connection:
        await connection.execution_options(isolation_level="AUTOCOMMIT")
        is_mine = bool(await connection.scalar(text("select pg_try_advisory_lock(:key)"), {"key": key}))
        try:
            yield is_mine
        except BaseException:
            await connection.invalidate()  # closed, not given back to the pool: the lock goes with it
            raise
        if is_mine:
            await connection.execute(text("select pg_advisory_unlock(:key)"), {"key": key})
