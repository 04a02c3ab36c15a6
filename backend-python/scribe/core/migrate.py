"""Brings the tables to the shape that this version of the code needs.

Owns running alembic under an advisory lock, so that ten processes may start at once; never the steps themselves. Owns,
too, whether tables and code fit: of the code *before* a step, those versions go on working with its tables that the
step's module allows with ``oldest_code``, the revision of the oldest of them. That is what lets an upgrade begin while
processes of the version before still serve, and lets it be taken back without a restore. It stands in the database as
the comment of alembic's table, where code that has never heard of the step can read it.

Usage::

    await migrate(engine)
    fit = await tables_fit(engine)
    assert fit.is_good
"""

from dataclasses import dataclass
from functools import cache
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
_SERVES = "revision {} serves the code of "


@dataclass(frozen=True, slots=True)
class Fit:
    """Tables and code, by their revisions."""

    database: str | None
    """``None``: no tables."""
    code: str
    is_newer: bool
    """The tables are of a version that this code has never heard of."""
    is_good: bool
    """This code can work with these tables."""

    @property
    def advice(self) -> str:
        """What to do when it is not good."""
        if self.is_newer:
            return (
                f"The database's tables are of a newer version (revision {self.database}) than this program (revision "
                f"{self.code}), and not made for it: start the newer version, or restore a backup of this one."
            )
        return (
            f"The database's tables are at revision {self.database or 'none'}, and this program needs {self.code}: run "
            "`scribe migrate`."
        )


def _config(connection: Connection | None = None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(SCRIPTS))
    config.attributes["connection"] = connection
    return config


async def migrate(engine: AsyncEngine) -> None:
    """To the newest revision; does nothing when it is there already, or beyond and good for this code, too.

    Raises: UnavailableError without pgvector, or when the tables are of a newer version and not good for this code.
    """
    async with engine.begin() as connection:
        await connection.execute(text("select pg_advisory_xact_lock(:key)"), {"key": MIGRATION_LOCK})
        await connection.execute(text("set local statement_timeout = 0"))
        fit = await connection.run_sync(_fit)
        if fit.is_newer:
            if not fit.is_good:
                raise UnavailableError(fit.advice)
            return
        await _require_pgvector(connection)
        await connection.run_sync(lambda sync: command.upgrade(_config(sync), "head"))
        if await connection.scalar(_COMMENT) != (comment := _comment()):
            await connection.execute(text(f"comment on table alembic_version is '{comment}'"))


async def tables_fit(engine: AsyncEngine) -> Fit:
    async with engine.connect() as connection:
        return await connection.run_sync(_fit)


async def database_revision(engine: AsyncEngine) -> str | None:
    async with engine.connect() as connection:
        return await connection.run_sync(_revision)


@cache
def code_revision() -> str:
    head = ScriptDirectory.from_config(_config()).get_current_head()
    assert head is not None  # noqa: S101 -- there is always a first step
    return head


@cache
def known_revisions() -> frozenset[str]:
    """Every step that this version of the code can start from."""
    return frozenset(step.revision for step in ScriptDirectory.from_config(_config()).walk_revisions())


def _comment() -> str:
    return _SERVES.format(code_revision()) + ", ".join(served_revisions())


def served_revisions() -> tuple[str, ...]:
    """Whose code works with the newest tables: its own, and what its step allows, newest first."""
    scripts = ScriptDirectory.from_config(_config())
    head = scripts.get_revision(code_revision())
    oldest = getattr(head.module, "oldest_code", head.revision)
    return tuple(step.revision for step in scripts.iterate_revisions(head.revision, oldest, inclusive=True))


async def _require_pgvector(connection: AsyncConnection) -> None:
    if not await connection.scalar(text("select exists (select from pg_available_extensions where name = 'vector')")):
        raise UnavailableError(
            "This PostgreSQL server has no pgvector (the extension `vector`): install it, or use an image that has it, "
            "such as pgvector/pgvector:pg18."
        )


def _revision(connection: Connection) -> Any:
    return MigrationContext.configure(connection).get_current_revision()


_COMMENT = text("select obj_description(to_regclass('alembic_version'), 'pg_class')")


def _fit(connection: Connection) -> Fit:
    found, code = _revision(connection), code_revision()
    is_newer = found is not None and found not in known_revisions()
    comment = str(connection.scalar(_COMMENT) or "")
    claim = _SERVES.format(found)
    is_served = is_newer and comment.startswith(claim) and code in comment.removeprefix(claim).split(", ")
    return Fit(found, code, is_newer, found == code or is_served)
