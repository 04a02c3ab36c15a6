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
from scribe.core.migrate import code_revision, database_revision, known_revisions, migrate, served_revisions, tables_fit
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


async def test_tables_say_whose_code_they_serve(engine: AsyncEngine) -> None:
    fit = await tables_fit(engine)
    assert (fit.is_good, fit.is_newer) == (True, False)
    async with engine.connect() as connection:
        comment = await connection.scalar(text("select obj_description('alembic_version'::regclass)"))
    assert str(comment).endswith(code_revision())
    assert set(served_revisions()) <= known_revisions()


async def test_tables_one_step_ahead_are_good_for_code_that_the_step_allows(engine: AsyncEngine) -> None:
    """An upgrade under way, or one that was taken back: `scribe migrate` of the version before has nothing to do."""
    await move_to(engine, "9999", f"revision 9999 serves the code of 9999, {code_revision()}")
    fit = await tables_fit(engine)
    assert (fit.is_good, fit.is_newer) == (True, True)
    await migrate(engine)
    assert await database_revision(engine) == "9999"


@pytest.mark.parametrize(
    "comment",
    ["revision 9999 serves the code of 9999, 9998", f"revision 9998 serves the code of {code_revision()}", ""],
)
async def test_tables_one_step_ahead_that_are_not_for_this_code_are_refused_in_words(
    engine: AsyncEngine, comment: str
) -> None:
    await move_to(engine, "9999", comment)
    fit = await tables_fit(engine)
    assert (fit.is_good, fit.is_newer) == (False, True)
    with pytest.raises(UnavailableError, match="newer version"):
        await migrate(engine)


async def test_tables_one_step_behind_ask_for_the_migration(engine: AsyncEngine) -> None:
    await move_to(engine, min(known_revisions()), "")
    fit = await tables_fit(engine)
    assert (fit.is_good, fit.is_newer) == (False, False)
    assert "scribe migrate" in fit.advice


async def move_to(engine: AsyncEngine, revision: str, comment: str) -> None:
    async with engine.begin() as connection:
        await connection.execute(text("update alembic_version set version_num = :revision"), {"revision": revision})
        await connection.execute(text(f"comment on table alembic_version is '{comment}'"))
