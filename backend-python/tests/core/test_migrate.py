import asyncio
from pathlib import Path
from uuid import uuid4

import asyncpg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import make_url, text
from sqlalchemy.ext.asyncio import AsyncEngine

from scribe.adapters.servers.postgres import PostgresServer
from scribe.core.database import build_engine
from scribe.core.migrate import code_revision, database_revision, migrate
from scribe.core.models_db import Base
from scribe.domain.errors import UnavailableError


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


async def test_a_server_without_pgvector_is_told_what_it_lacks(postgres: PostgresServer, servers_dir: Path) -> None:
    name = f"test_{uuid4().hex}"
    url = str(make_url(postgres.url).set(database=name).render_as_string(hide_password=False))
    connection = await asyncpg.connect(postgres.url)
    await connection.execute(f'create database "{name}"')
    await connection.execute(f"alter database \"{name}\" set extension_control_path = '{servers_dir / 'nothing'}'")
    engine = build_engine(url)
    try:
        with pytest.raises(UnavailableError, match="pgvector"):
            await migrate(engine)
    finally:
        await engine.dispose()
        await connection.execute(f'drop database "{name}"')
        await connection.close()
