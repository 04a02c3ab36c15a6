"""The database as a backup sees it: one snapshot for the dump, and one row at a time for the files.

Owns these queries on a connection of their own, without the time-outs of requests; never a file.

Usage::

    async with open_snapshot(database_url) as snapshot:
        snapshot.name                   # for pg_dump
        snapshot.meetings
    async with hold(connection, meeting_id) as row: ...
"""

import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg

from scribe.core.database import CONNECT_TIMEOUT_S, plain_url
from scribe.domain.errors import UnavailableError

APPLICATION = "scribe-backup"
_ROW = """
select to_jsonb(m) - coalesce((select array_agg(attname::text) from pg_attribute
                               where attrelid = 'meetings'::regclass and attgenerated <> ''), '{}')
from meetings m where id = $1 for share of m
"""
"""Without columns that the database computes: they cannot be set."""


@dataclass(frozen=True, slots=True)
class SavedMeeting:
    """What a backup needs to know about a meeting."""

    id: UUID
    created_at: datetime
    size_bytes: int
    sha256: str
    published_at: datetime | None


@dataclass(frozen=True, slots=True)
class Snapshot:
    name: str
    revision: str
    server_version: str
    meetings: tuple[SavedMeeting, ...]

    @property
    def server_major(self) -> int:
        return int(self.server_version.partition(".")[0])


@asynccontextmanager
async def connection_of(database_url: str) -> AsyncIterator[asyncpg.Connection]:
    """Raises: UnavailableError when the database does not answer."""
    try:
        connection = await asyncpg.connect(
            plain_url(database_url),
            timeout=CONNECT_TIMEOUT_S,
            server_settings={
                "application_name": APPLICATION,
                "statement_timeout": "0",
                "idle_in_transaction_session_timeout": "0",
                "timezone": "UTC",
            },
        )
    except (OSError, TimeoutError, asyncpg.PostgresError) as error:
        raise UnavailableError(f"The database does not answer: {error}") from error
    try:
        yield connection
    finally:
        await connection.close()


@asynccontextmanager
async def open_snapshot(database_url: str) -> AsyncIterator[Snapshot]:
    """For the block, others (``pg_dump``) may see exactly what is listed here."""
    async with (
        connection_of(database_url) as connection,
        connection.transaction(isolation="repeatable_read", readonly=True),
    ):
        rows = await connection.fetch(
            "select id, created_at, size_bytes, sha256, published_at from meetings order by created_at, id"
        )
        yield Snapshot(
            name=await connection.fetchval("select pg_export_snapshot()"),
            revision=await connection.fetchval("select version_num from alembic_version"),
            server_version=await connection.fetchval("show server_version"),
            meetings=tuple(SavedMeeting(*row) for row in rows),
        )


@asynccontextmanager
async def hold(connection: asyncpg.Connection, meeting_id: UUID) -> AsyncIterator[dict[str, Any] | None]:
    """The row as it is now, while nobody can publish results of it; ``None`` when it was deleted."""
    async with connection.transaction():
        row = await connection.fetchval(_ROW, meeting_id)
        yield None if row is None else json.loads(row)


def is_published_at(row: dict[str, Any], moment: datetime | None) -> bool:
    known = row["published_at"]
    return (None if known is None else datetime.fromisoformat(known)) == moment


async def others_connected(database_url: str) -> Sequence[str]:
    """Names of our own programs that are connected to this database: API, workers."""
    async with connection_of(database_url) as connection:
        rows = await connection.fetch(
            "select distinct application_name from pg_stat_activity "
            "where datname = current_database() and pid <> pg_backend_pid() and application_name like 'scribe%'"
        )
    return sorted(row[0] for row in rows)


async def is_in_use(database_url: str) -> bool:
    """Whether there is anything to lose: a meeting, or a user who has signed in."""
    async with connection_of(database_url) as connection:
        if await connection.fetchval("select to_regclass('public.meetings') is null"):
            return False
        return bool(
            await connection.fetchval(
                "select exists (select from meetings) or exists (select from users where last_login_at is not null)"
            )
        )


def put_right(deleted: Sequence[str], published: Sequence[dict[str, Any]]) -> str:
    """SQL for a database just restored: what changed between the dump and the copies of the files."""
    statements = [f"delete from meetings where id = '{UUID(meeting_id)}';" for meeting_id in deleted]  # noqa: S608
    for row in published:
        columns = ", ".join(_identifier(name) for name in row)
        values = f"jsonb_populate_record(null::meetings, {_literal(json.dumps(row))}::jsonb)"
        statements.append(
            f"update meetings set ({columns}) = (select {columns} from {values}) where id = '{UUID(row['id'])}';"  # noqa: S608 -- quoted above
        )
    return "\n".join(statements)


CLEAR = "drop schema public cascade; create schema public;"
"""Before a restore, in its transaction."""

WAKE_UP = """
delete from sessions;
delete from workers;
delete from rates;
delete from uploads where meeting_id is null;
delete from idempotency_keys where meeting_id is null;
update meetings set status = 'CANCELLED', finished_at = now(), token = null, worker_id = null, lease_until = null,
    version = version + 1, updated_at = now()
    where status = 'PROCESSING' and cancel_requested_at is not null;
update meetings set status = 'PENDING', token = null, worker_id = null, lease_until = null,
    attempt = greatest(attempt - 1, 0), next_attempt_at = now(), kicked_at = null,
    version = version + 1, updated_at = now()
    where status = 'PROCESSING';
"""
"""After it, on the tables of this version: nobody is signed in in a browser, nothing is under way."""


async def wake_up(database_url: str) -> None:
    async with connection_of(database_url) as connection, connection.transaction():
        await connection.execute(WAKE_UP)


def _identifier(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
