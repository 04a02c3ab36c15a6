import asyncio

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine
from structlog.testing import capture_logs

from scribe.adapters.servers.children import free_port
from scribe.core.database import build_engine
from scribe.core.migrate import code_revision
from scribe.worker import tables
from scribe.worker.tables import end_when_unfit, wait_for_tables


async def test_tables_that_fit_are_not_waited_for(engine: AsyncEngine) -> None:
    async with asyncio.timeout(10):
        await wait_for_tables(engine, asyncio.Event(), lambda: None)


async def test_a_worker_that_waits_says_what_for_and_begins_when_the_tables_are_made(
    engine: AsyncEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tables, "LOOK_EVERY_S", 0.05)
    async with engine.begin() as connection:
        await connection.execute(text("update alembic_version set version_num = '0001'"))
    looks, has_looked = iter([False]), asyncio.Event()

    def sign() -> None:
        if next(looks, True):  # the second look: what the first one found has been said
            has_looked.set()

    with capture_logs() as log:
        waiting = asyncio.create_task(wait_for_tables(engine, asyncio.Event(), sign))
        async with asyncio.timeout(10):
            await has_looked.wait()
            async with engine.begin() as connection:
                await connection.execute(
                    text("update alembic_version set version_num = :head"), {"head": code_revision()}
                )
            await waiting
    assert "scribe migrate" in log[0]["advice"]


async def test_a_worker_ends_when_told_to_though_no_database_is_there() -> None:
    engine, is_stopping = build_engine(f"postgresql://a:b@127.0.0.1:{free_port()}/c"), asyncio.Event()
    with capture_logs() as log:
        async with asyncio.timeout(10):
            await wait_for_tables(engine, is_stopping, sign=is_stopping.set)
    assert [entry["event"] for entry in log] == ["worker.waits"]
    await engine.dispose()


async def test_a_worker_ends_when_the_tables_become_those_of_another_version(
    engine: AsyncEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tables, "LOOK_AGAIN_EVERY_S", 0.01)
    has_ended = asyncio.Event()
    watching = asyncio.create_task(end_when_unfit(engine, has_ended.set))
    async with engine.begin() as connection:
        await connection.execute(text("update alembic_version set version_num = '9999'"))
    async with asyncio.timeout(10):
        with capture_logs() as log:
            await watching
    assert has_ended.is_set()
    assert "newer version" in log[0]["advice"]
