"""A worker begins when the database has tables that it can work with.

Owns the wait: in a cluster workers start beside the step that makes the tables, not after it, and a database may come
later than its clients. Never makes a table.

Usage::

    await wait_for_tables(engine, is_stopping, scratch.sign)
    asyncio.create_task(end_when_unfit(engine, drain.stop))
"""

import asyncio
from collections.abc import Callable
from contextlib import suppress

from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine

from scribe.core.logging import get_logger
from scribe.core.migrate import tables_fit

LOOK_EVERY_S = 2.0
LOOK_AGAIN_EVERY_S = 10.0


async def wait_for_tables(engine: AsyncEngine, is_stopping: asyncio.Event, sign: Callable[[], None]) -> None:
    """Returns when they fit, or when the worker is told to end. Says once what it waits for."""
    said: str | None = None
    while not is_stopping.is_set():
        sign()
        try:
            fit = await tables_fit(engine)
        except (SQLAlchemyError, OSError) as error:
            waits_for = f"The database does not answer ({type(error).__name__})."
        else:
            if fit.is_good:
                return
            waits_for = fit.advice
        if waits_for != said:
            get_logger().warning("worker.waits", advice=waits_for)
        said = waits_for
        with suppress(TimeoutError):
            async with asyncio.timeout(LOOK_EVERY_S):
                await is_stopping.wait()


async def end_when_unfit(engine: AsyncEngine, end: Callable[[], None]) -> None:
    """Until cancelled, or until somebody has upgraded the tables to what this code cannot work with: then the worker
    ends, and whoever keeps it starts it again, to wait."""
    while True:
        await asyncio.sleep(LOOK_AGAIN_EVERY_S)
        with suppress(SQLAlchemyError, OSError):
            fit = await tables_fit(engine)
            if not fit.is_good:
                get_logger().error("tables.do_not_fit", advice=fit.advice, database=fit.database, code=fit.code)
                end()
                return
