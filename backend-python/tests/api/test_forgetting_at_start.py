"""A restore that was cut off is finished before anybody is served, and a database that is not ready stops nobody."""

from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import asyncpg
from sqlalchemy import make_url

from scribe.adapters.servers.postgres import PostgresServer
from scribe.adapters.storage import Storage
from scribe.adapters.unit_of_work import UnitOfWorkFactory
from scribe.core.config import load_settings
from scribe.domain import layout
from scribe.domain.accounts import Principal
from scribe.domain.erasures import Tombstone
from scribe.domain.people import NamePolicy
from scribe.main import create_app
from tests.bank import enter


async def test_whoever_the_storage_knows_to_be_forgotten_is_gone_when_the_api_serves(
    units: UnitOfWorkFactory, member: Principal, database_url: str, redis_url: str, tmp_path: Path
) -> None:
    person = await enter(units, member, "Claire")
    stone = Tombstone(person.id, datetime.now(UTC), NamePolicy.KEEP)
    Storage(str(tmp_path)).write(layout.erasure_key(person.id), stone.to_json())
    app = create_app(load_settings(database_url=database_url, redis_url=redis_url, storage_url=str(tmp_path)))
    async with app.router.lifespan_context(app), units() as unit:
        assert await unit.people.get(person.id) is None


async def test_without_tables_the_api_starts_and_waits_for_them(
    postgres: PostgresServer, redis_url: str, tmp_path: Path
) -> None:
    name = f"test_{uuid4().hex}"
    connection = await asyncpg.connect(postgres.url)
    await connection.execute(f'create database "{name}"')
    url = make_url(postgres.url).set(database=name).render_as_string(hide_password=False)
    app = create_app(load_settings(database_url=url, redis_url=redis_url, storage_url=str(tmp_path)))
    async with app.router.lifespan_context(app):
        pass
    await connection.execute(f'drop database "{name}" with (force)')
    await connection.close()
