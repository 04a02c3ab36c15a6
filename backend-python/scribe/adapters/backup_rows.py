"""The database as a backup sees it: one snapshot for the dump, and one row at a time for the files.

Owns these queries on a connection of their own, without the time-outs of requests; never a file.

Usage::

    async with open_snapshot(database_url) as snapshot:
        snapshot.name                   # for pg_dump
        snapshot.meetings
    async with hold(connection, meeting_id) as held: ...
"""

import json
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg

from scribe.core.database import CONNECT_TIMEOUT_S, plain_url
from scribe.domain.erasures import Tombstone, policy_of
from scribe.domain.errors import UnavailableError
from scribe.domain.people import PersonId, VoiceprintId

APPLICATION = "scribe-backup"
_ROW = """
select to_jsonb(m) - coalesce((select array_agg(attname::text) from pg_attribute
                               where attrelid = 'meetings'::regclass and attgenerated <> ''), '{}')
from meetings m where id = $1 for share of m
"""
"""Without columns that the database computes: they cannot be set."""


_NAMES = """
select jsonb_build_object(
    'speakers', coalesce((select jsonb_agg(to_jsonb(s)) from speakers s where s.meeting_id = $1), '[]'),
    'segment_moves', coalesce((select jsonb_agg(to_jsonb(v)) from segment_moves v where v.meeting_id = $1), '[]'))
"""
_EDITS = "select coalesce(jsonb_agg(to_jsonb(e)), '[]') from edits e where e.meeting_id = $1"


@dataclass(frozen=True, slots=True)
class SavedMeeting:
    """What a backup needs to know about a meeting."""

    id: UUID
    created_at: datetime
    size_bytes: int
    sha256: str
    published_at: datetime | None
    names_version: int | None
    names_written: int | None
    """``None``: a database of a version without these."""
    is_muted: bool
    """Its recording had its time and was removed."""


@dataclass(frozen=True, slots=True)
class Held:
    """A meeting as it is now."""

    row: dict[str, Any]
    names: dict[str, list[dict[str, Any]]]
    """Who is who, and what people changed: rows of ``speakers``, ``segment_moves`` and ``edits``, which a database of
    an earlier version has not."""

    @property
    def is_muted(self) -> bool:
        return self.row.get("audio_removed_at") is not None

    def is_as(self, meeting: SavedMeeting) -> bool:
        """Whether the files are those that the dump speaks of."""
        published_at = self.row["published_at"]
        return (
            (None if published_at is None else datetime.fromisoformat(published_at)) == meeting.published_at
            and self.row.get("names_version") == meeting.names_version
            and self.row.get("names_written") == meeting.names_written
            and self.is_muted == meeting.is_muted
        )


@dataclass(frozen=True, slots=True)
class Snapshot:
    name: str
    revision: str
    server_version: str
    meetings: tuple[SavedMeeting, ...]
    people: tuple[str, ...]
    """Ids of everybody in the bank."""
    voice_keys: tuple[str, ...]
    """Samples of the bank, and clips that wait to be enrolled."""

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
            "select id, created_at, size_bytes, sha256, published_at, (to_jsonb(m) ->> 'names_version')::int, "
            "(to_jsonb(m) ->> 'names_written')::int, (to_jsonb(m) ->> 'audio_removed_at') is not null "
            "from meetings m order by created_at, id"
        )
        has_bank = await _has(connection, "people")
        yield Snapshot(
            name=await connection.fetchval("select pg_export_snapshot()"),
            revision=await connection.fetchval("select version_num from alembic_version"),
            server_version=await connection.fetchval("show server_version"),
            meetings=tuple(SavedMeeting(*row) for row in rows),
            people=tuple(str(row[0]) for row in await connection.fetch(_PEOPLE)) if has_bank else (),
            voice_keys=tuple(row[0] for row in await connection.fetch(_VOICE_KEYS)) if has_bank else (),
        )


@asynccontextmanager
async def hold(connection: asyncpg.Connection, meeting_id: UUID) -> AsyncIterator[Held | None]:
    """The meeting as it is now, while nobody can publish results of it or name its speakers; ``None`` when it was
    deleted."""
    async with connection.transaction():
        row = await connection.fetchval(_ROW, meeting_id)
        if row is None:
            yield None
            return
        names = await connection.fetchval(_NAMES, meeting_id) if await _has(connection, "speakers") else "{}"
        held = json.loads(names)
        if await _has(connection, "edits"):
            held["edits"] = json.loads(await connection.fetchval(_EDITS, meeting_id))
        yield Held(json.loads(row), held)


async def tombstones(connection: asyncpg.Connection) -> list[Tombstone]:
    """Who was forgotten in this database; nobody in one of a version without the bank."""
    if not await _has(connection, "erasures"):
        return []
    rows = await connection.fetch("select person_id, erased_at, policy, pseudonym, voiceprint_ids from erasures")
    return [
        Tombstone(PersonId(row[0]), row[1], policy_of(row[2]), row[3], tuple(VoiceprintId(id_) for id_ in row[4]))
        for row in rows
    ]


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


def put_right(
    deleted: Sequence[str], published: Sequence[dict[str, Any]], names: Mapping[str, Mapping[str, Any]]
) -> str:
    """SQL for a database just restored: what changed between the dump and the copies of the files."""
    statements = [f"delete from meetings where id = '{UUID(meeting_id)}';" for meeting_id in deleted]  # noqa: S608
    for row in published:
        columns = ", ".join(_identifier(name) for name in row)
        values = f"jsonb_populate_record(null::meetings, {_literal(json.dumps(row))}::jsonb)"
        statements.append(
            f"update meetings set ({columns}) = (select {columns} from {values}) where id = '{UUID(row['id'])}';"  # noqa: S608 -- quoted above
        )
    for meeting_id, tables in names.items():
        meeting = f"'{UUID(meeting_id)}'"
        if "edits" in tables:  # first: moves name them
            statements.append(_REPLACE_EDITS.format(meeting=meeting, edits=_literal(json.dumps(tables["edits"]))))
        statements.append(
            _REPLACE_NAMES.format(
                meeting=meeting,
                speakers=_literal(json.dumps(tables["speakers"])),
                moves=_literal(json.dumps(tables["segment_moves"])),
            )
        )
    return "\n".join(statements)


_REPLACE_EDITS = """
delete from edits where meeting_id = {meeting};
insert into edits select r.* from jsonb_array_elements({edits}::jsonb) as each,
    lateral (select jsonb_object_agg(side, case
            when jsonb_typeof(each -> 'payload' -> side) = 'object'
                and each -> 'payload' -> side ->> 'person_id' is not null
                and not exists (
                    select from people where id = (each -> 'payload' -> side ->> 'person_id')::uuid)
            then each -> 'payload' -> side || jsonb_build_object('person_id', null, 'name', null)
            else each -> 'payload' -> side end) as sides
        from unnest(array['before', 'after']) as listed(side)) as known,
    lateral jsonb_populate_record(null::edits, each || jsonb_build_object(
        'payload', each -> 'payload' || known.sides,
        'author_id', (select id from users where id = (each ->> 'author_id')::uuid),
        'undone_by', (select id from users where id = (each ->> 'undone_by')::uuid))) as r;
"""
_REPLACE_NAMES = """
delete from segment_moves where meeting_id = {meeting};
delete from speakers where meeting_id = {meeting};
insert into speakers select r.* from jsonb_array_elements({speakers}::jsonb) as each,
    lateral (select (select id from people where id = (each ->> 'person_id')::uuid) as id) as person,
    lateral jsonb_populate_record(null::speakers, each || jsonb_build_object(
        'person_id', person.id,
        'naming', case when person.id is null and each ->> 'person_id' is not null then 'unknown'
                       else each ->> 'naming' end,
        'learned_print_id', (select id from voiceprints where id = (each ->> 'learned_print_id')::uuid),
        'decided_by', (select id from users where id = (each ->> 'decided_by')::uuid))) as r;
insert into segment_moves select r.* from jsonb_array_elements({moves}::jsonb) as each,
    lateral jsonb_populate_record(null::segment_moves, each || jsonb_build_object(
        'moved_by', (select id from users where id = (each ->> 'moved_by')::uuid))) as r;
update meetings set names_version = names_version + 1 where id = {meeting};
"""
"""Of people, prints and users that the dump does not know, nothing is said; the result files are written again."""


def seal(stones: Sequence[Tombstone]) -> str:
    """SQL for a database just restored: voices that were erased since are compared with nothing from the first moment
    on, whatever happens before they are erased again. Where they are newer than the tombstone, it is there, too."""
    if not stones:
        return ""
    listed = ", ".join(f"('{stone.person_id}'::uuid, '{stone.erased_at.isoformat()}'::timestamptz)" for stone in stones)
    prints = ", ".join(f"'{id_}'" for stone in stones for id_ in stone.voiceprint_ids) or "null"
    return _SEAL.format(listed=listed, prints=prints)


_SEAL = """
do $seal$ begin
if to_regclass('erasures') is not null then
    create temporary table sealed on commit drop as
        select person_id from (values {listed}) as stone (person_id, erased_at)
        where not exists (
            select from erasures e where e.person_id = stone.person_id and e.erased_at >= stone.erased_at);
    update voiceprints set model_revision = 'erased', is_stale = true
        where person_id in (select person_id from sealed) or id in ({prints});
    update consents set withdrawn_at = now()
        where withdrawn_at is null and person_id in (select person_id from sealed);
end if;
end $seal$;
"""
_PEOPLE = "select id from people order by id"
_VOICE_KEYS = """
select sample_key from voiceprints where sample_key is not null
union select source_key from enrolments
    where status in ('PENDING', 'PROCESSING', 'QUESTIONED') and source_key like 'voices/clips/%' order by 1
"""


async def _has(connection: asyncpg.Connection, table: str) -> bool:
    return bool(await connection.fetchval("select to_regclass($1) is not null", table))


CLEAR = """
do $keep$ begin
if to_regclass('public.audit_log') is not null and to_regclass('scribe_replaced.audit_log') is null then
    create schema if not exists scribe_replaced;
    create table scribe_replaced.audit_log as select * from public.audit_log;
end if;
end $keep$;
drop schema public cascade;
create schema public;
"""
"""Before a restore, in its transaction. The audit log of what is replaced is put aside: nobody's doings are undone by
an older backup (:func:`bring_log_back`). One that lies there already is of a restore that was cut off, and counts."""

_LOG_COLUMNS = (
    "sequence, at, action, actor_kind, actor_id, token_id, meeting_id, person_id, subject_id, detail, previous, hash"
)
_BRING_LOG_BACK = f"""
with ending as (select sequence, hash from audit_log order by sequence desc limit 1)
insert into audit_log ({_LOG_COLUMNS})
select {_LOG_COLUMNS} from scribe_replaced.audit_log
where sequence > coalesce((select sequence from ending), 0)
    and (not exists (select from ending)
         or exists (select from scribe_replaced.audit_log k join ending e using (sequence) where k.hash = e.hash))
"""  # noqa: S608 -- constants of this module
_BEGINS_LATER = """
select coalesce((select min(sequence) from scribe_replaced.audit_log) > (select max(sequence) from audit_log), false)
"""
_REPLACED_HEAD = "select sequence, hash from scribe_replaced.audit_log order by sequence desc limit 1"


@dataclass(frozen=True, slots=True)
class ReplacedLog:
    """The audit log that was here before a restore."""

    sequence: int
    hash: bytes
    is_kept: bool
    """It goes on where that of the backup ends; else it is of another installation, and only its end is known."""


async def bring_log_back(database_url: str) -> ReplacedLog | None:
    """What was written down after the backup was made is there again; ``None``: there was no log."""
    async with connection_of(database_url) as connection, connection.transaction():
        if not await _has(connection, "scribe_replaced.audit_log"):
            return None
        before = await connection.fetchrow(_REPLACED_HEAD)
        if await connection.fetchval(_BEGINS_LATER):  # its beginning was removed for its age
            await connection.execute("select audit_log_prune((select max(sequence) from audit_log))")
        await connection.execute(_BRING_LOG_BACK)
        is_kept = before is not None and await connection.fetchval(
            "select exists (select from audit_log where sequence = $1 and hash = $2)", *before
        )
        await connection.execute("drop schema scribe_replaced cascade")
    return None if before is None else ReplacedLog(before[0], before[1], is_kept)


async def has_audit_log(database_url: str) -> bool:
    async with connection_of(database_url) as connection:
        return await _has(connection, "audit_log")


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
update enrolments set status = 'PENDING', token = null, lease_until = null, attempt = greatest(attempt - 1, 0),
    next_attempt_at = now() where status = 'PROCESSING';
delete from passages;
update meetings set indexed_run = null, indexed_version = null;
"""
"""After it, on the tables of this version: nobody is signed in in a browser, nothing is under way or indexed."""


async def wake_up(database_url: str) -> None:
    async with connection_of(database_url) as connection, connection.transaction():
        await connection.execute(WAKE_UP)


def _identifier(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
