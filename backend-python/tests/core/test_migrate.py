import asyncio

from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from scribe.core.migrate import code_revision, database_revision, migrate
from scribe.core.models_db import Base


async def test_the_steps_make_the_tables_that_the_code_declares(engine: AsyncEngine) -> None:
    async with engine.connect() as connection:
        differences = await connection.run_sync(
            lambda sync: compare_metadata(MigrationContext.configure(sync), Base.metadata)
        )
    assert differences == []


async def test_a_migrated_database_is_at_the_codes_revision(engine: AsyncEngine) -> None:
    assert await database_revision(engine) == code_revision()


async def test_several_processes_may_migrate_an_empty_database_at_once(engine: AsyncEngine) -> None:
    async with engine.begin() as connection:
        await connection.execute(text("drop schema public cascade"))
        await connection.execute(text("create schema public"))
    await asyncio.gather(*(migrate(engine) for _ in range(4)))
    assert await database_revision(engine) == code_revision()
