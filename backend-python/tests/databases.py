"""Databases for tests: each test has one to itself, as it is after every migration.

Owns making, lending, emptying and dropping them. One is emptied and lent again where a test changed rows only: making
one takes fifty times longer than deleting what a test wrote. Whatever changed tables, triggers or settings is dropped.

Usage::

    databases = Databases(server.url)
    url = await databases.lend()
    ...
    await databases.take_back(url)
"""

from uuid import uuid4

import asyncpg
from sqlalchemy import make_url

from scribe.core.database import build_engine
from scribe.core.migrate import migrate

_TEMPLATE = "scribe_template"
_SHAPE = """
select md5(string_agg(part, ',' order by part)) from (
    select 'class ' || c.oid || ' ' || c.xmin::text from pg_class c where c.relnamespace = 'public'::regnamespace
    union all select 'column ' || a.attrelid || ' ' || a.attnum || ' ' || a.xmin::text from pg_attribute a
        join pg_class c on c.oid = a.attrelid where c.relnamespace = 'public'::regnamespace
    union all select 'trigger ' || oid || ' ' || xmin::text from pg_trigger
    union all select 'constraint ' || oid || ' ' || xmin::text from pg_constraint
    union all select 'function ' || oid || ' ' || xmin::text from pg_proc where pronamespace = 'public'::regnamespace
    union all select 'schema ' || oid || ' ' || xmin::text from pg_namespace
    union all select 'setting ' || setrole || ' ' || setconfig::text from pg_db_role_setting
        where setdatabase = (select oid from pg_database where datname = current_database())
    union all select 'comment ' || objoid || ' ' || description from pg_shdescription
        where objoid = (select oid from pg_database where datname = current_database())
    union all select 'version ' || version_num from alembic_version
) as parts (part)
"""
"""Changes with whatever a test does to the tables themselves; rows and statistics leave it as it is."""


class Databases:
    """Of one server, for one session of tests."""

    def __init__(self, server_url: str) -> None:
        self._server_url = server_url
        self._spare: list[str] = []
        self._shapes: dict[str, str] = {}
        self._is_ready = False

    async def lend(self) -> str:
        """The URL of an empty database with every migration applied."""
        if not self._is_ready:
            await self._make_template()
        if self._spare:
            return self._spare.pop()
        name = f"test_{uuid4().hex}"
        await self.administer(f'create database "{name}" template {_TEMPLATE} strategy file_copy')
        url = self._url(name)
        self._shapes[url] = await _asked(url, _SHAPE)
        return url

    async def take_back(self, url: str) -> None:
        name = make_url(url).database
        shape = self._shapes[url]
        await self.administer("select pg_terminate_backend(pid) from pg_stat_activity where datname = $1", name)
        try:
            is_as_it_was = await _emptied(url, shape)
        except (asyncpg.PostgresError, OSError):
            is_as_it_was = False  # whoever could not even be asked is not lent again
        if is_as_it_was:
            self._spare.append(url)
            return
        del self._shapes[url]
        await self.administer(f'drop database if exists "{name}" with (force)')

    async def _make_template(self) -> None:
        await self.administer(f"create database {_TEMPLATE}")
        engine = build_engine(self._url(_TEMPLATE))
        await migrate(engine)
        await engine.dispose()
        self._is_ready = True

    def _url(self, name: str) -> str:
        return str(make_url(self._server_url).set(database=name).render_as_string(hide_password=False))

    async def administer(self, statement: str, *values: object) -> None:
        """Runs it in the server's own database, outside any transaction."""
        connection = await asyncpg.connect(self._server_url)
        try:
            await connection.execute(statement, *values)
        finally:
            await connection.close()


async def _asked(url: str, query: str) -> str:
    connection = await asyncpg.connect(url)
    try:
        return str(await connection.fetchval(query))
    finally:
        await connection.close()


async def _emptied(url: str, shape: str) -> bool:
    """Whether the tables are as they were made; then there is no row in them any more."""
    connection = await asyncpg.connect(url)
    try:
        if await connection.fetchval(_SHAPE) != shape:
            return False
        tables = await connection.fetch(
            "select quote_ident(tablename) from pg_tables where schemaname = 'public' and tablename != $1",
            "alembic_version",
        )
        await connection.execute("select setval(sequencename::regclass, 1, false) from pg_sequences")
        await connection.execute("set session_replication_role = replica")  # no foreign keys, no guard of the audit log
        await connection.execute("".join(f"delete from {table};" for [table] in tables))  # noqa: S608 -- names of our own
        return True
    finally:
        await connection.close()
