"""A process that writes to the audit log until it has written enough, or is killed; each number it prints is committed.

Usage: ``python -m tests.services.audit_writer DATABASE_URL COUNT``
"""

import asyncio
import sys
from uuid import UUID

from scribe.adapters.unit_of_work import UnitOfWorkFactory
from scribe.core.database import build_engine
from scribe.domain.audit import Action


async def write(database_url: str, count: int) -> None:
    engine = build_engine(database_url, pool_size=2)
    units = UnitOfWorkFactory(engine)
    for number in range(count):
        async with units() as unit:
            unit.record(Action.TRANSCRIPT_READ, meeting_id=UUID(int=number + 1))
        sys.stdout.write(f"{number}\n")
        sys.stdout.flush()
    await engine.dispose()


if __name__ == "__main__":
    asyncio.run(write(sys.argv[1], int(sys.argv[2])))
