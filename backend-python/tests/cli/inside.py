"""What tests of commands, which run event loops of their own, look up in the tables meanwhile."""

import asyncio
from collections.abc import Callable

from scribe.adapters.unit_of_work import UnitOfWorkFactory
from scribe.core.database import build_engine


def on(database_url: str, work: Callable[[UnitOfWorkFactory], object]) -> object:
    async def run() -> object:
        engine = build_engine(database_url)
        try:
            return await work(UnitOfWorkFactory(engine))  # type: ignore[misc]
        finally:
            await engine.dispose()

    return asyncio.run(run())
