"""Brings the tables to the shape that this version of the code needs.

Owns running alembic under an advisory lock, so that ten processes may start at once; never the steps themselves.

Usage::

    await migrate(engine)
    assert await database_revision(engine) == code_revision()
"""

from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from scribe.domain.errors import UnavailableError

MIGRATION_LOCK = 0x5C51BE01
SCRIPTS = Path(__file__).parent / "migrations"


def _config(connection: Connection | None = None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(SCRIPTS))
    config.attributes["connection"] = connection
    return config


async def migrate(engine: AsyncEngine) -> None:
    """To the newest revision; does nothing when it is there already. Raises: UnavailableError without pgvector."""
    async with engine.begin() as connection:
        await connection.execute(text("select pg_advisory_xact_lock(:key)"), {"key": MIGRATION_LOCK})
        await connection.execute(text("set local statement_timeout = 0"))
        await _require_pgvector(connection)
        await connection.run_sync(lambda sync: command.upgrade(_config(sync), "head"))


async def database_revision(engine: AsyncEngine) -> str | None:
    async with engine.connect() as connection:
        return await connection.run_sync(_revision)


def code_revision() -> str:
    head = ScriptDirectory.from_config(_config()).get_current_head()
    assert head is not None  # noqa: S101 -- there is always a first step
    return head


def known_revisions() -> frozenset[str]:
    """Every step that this version of the code can start from."""
    return frozenset(step.revision for step in ScriptDirectory.from_config(_config()).walk_revisions())


async def _require_pgvector(connection: AsyncConnection) -> None:
    if not await connection.scalar(text("select exists (select from pg_available_extensions where name = 'vector')")):
        raise UnavailableError(
            "This PostgreSQL server has no pgvector (the extension `vector`): install it, or use an image that has it, "
            "such as pgvector/pgvector:pg18."
        )


def _revision(connection: Connection) -> Any:
    return MigrationContext.configure(connection).get_current_revision()
