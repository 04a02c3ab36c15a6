"""Readiness against real servers that are well, gone, frozen, of another version."""

import asyncio
import os
import signal
import threading
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy import text

from scribe.adapters.event_hub import EventHub
from scribe.adapters.servers.children import free_port
from scribe.adapters.servers.postgres import PostgresServer
from scribe.adapters.servers.valkey import ValkeyServer
from scribe.adapters.storage import Storage
from scribe.adapters.unit_of_work import UnitOfWorkFactory
from scribe.core.database import build_engine, plain_url
from scribe.core.migrate import code_revision, migrate
from scribe.domain.workers import WorkerFacts
from scribe.services import health
from scribe.services.health import NEEDED, Readiness, State

PATIENCE_S = 30.0
FACTS = WorkerFacts("host:1:x", "host", 1, "1", "cpu", {})


@asynccontextmanager
async def listening(url: str) -> AsyncIterator[EventHub]:
    hub = EventHub(plain_url(url))
    await hub.start()
    try:
        await until(lambda: hub.is_connected)
        yield hub
    finally:
        await hub.stop()


async def until(is_so: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while not is_so():  # noqa: ASYNC110 -- there is nothing to be told by
            await asyncio.sleep(0.01)


@pytest.fixture
async def ready(
    units: UnitOfWorkFactory, redis_url: str, database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Readiness]:
    """Forgets at once what it has found."""
    monkeypatch.setattr(health, "MEMORY_S", 0.0)
    monkeypatch.setattr(health, "STORAGE_MEMORY_S", 0.0)
    async with listening(database_url) as hub:
        yield Readiness(units, Storage(str(tmp_path / "files")), redis_url, hub)


async def test_everything_well_is_ready_and_says_how_well(ready: Readiness, units: UnitOfWorkFactory) -> None:
    async with units() as unit:
        await unit.workers.register(FACTS)
    found = await ready.look()
    assert {name: check.state for name, check in found.checks.items()} == dict.fromkeys(found.checks, State.OK)
    assert found.is_ready
    assert found.is_whole
    assert set(NEEDED) < set(found.checks)
    assert found.checks["workers"].facts["alive"] == 1
    assert 0 <= found.checks["workers"].facts["heartbeat_age_s"] < PATIENCE_S
    assert found.checks["migrations"].facts["database"] == found.checks["migrations"].facts["code"]


async def test_without_a_worker_it_is_ready_but_not_whole(ready: Readiness) -> None:
    found = await ready.look()
    assert found.is_ready
    assert not found.is_whole
    assert found.checks["workers"].state is State.ABSENT


async def test_tables_of_another_version_are_not_ready(ready: Readiness, units: UnitOfWorkFactory) -> None:
    async with units() as unit:
        await unit.session.execute(text("update alembic_version set version_num = '9999'"))
    found = await ready.look()
    assert found.checks["migrations"].state is State.FAILED
    assert found.checks["migrations"].facts["database"] == "9999"
    assert not found.is_ready


async def test_tables_of_a_newer_version_that_serve_this_one_are_ready(
    ready: Readiness, units: UnitOfWorkFactory
) -> None:
    async with units() as unit:
        await unit.session.execute(text("update alembic_version set version_num = '9999'"))
        claim = f"revision 9999 serves the code of 9999, {code_revision()}"
        await unit.session.execute(text(f"comment on table alembic_version is '{claim}'"))
    assert (await ready.look()).is_ready


async def test_a_redis_that_is_gone_is_not_ready(ready: Readiness) -> None:
    ready._redis_url = f"redis://127.0.0.1:{free_port()}"
    found = await ready.look()
    assert found.checks["redis"].state is State.FAILED
    assert not found.is_ready


async def test_a_storage_that_cannot_be_written_is_not_ready(ready: Readiness, tmp_path: Path) -> None:
    (tmp_path / "in-the-way").write_text("a file, where a folder should be")
    ready._storage = Storage(str(tmp_path / "in-the-way" / "files"))
    found = await ready.look()
    assert found.checks["storage"].state is State.FAILED
    assert not found.is_ready


async def test_a_storage_that_hangs_is_late_and_asked_only_once(ready: Readiness, tmp_path: Path) -> None:
    """A network drive whose server is gone: the call does not come back, and no thread more is given to it."""
    asked: list[float] = []
    back = threading.Event()

    class Hanging(Storage):
        def probe(self) -> None:
            asked.append(time.monotonic())
            back.wait(PATIENCE_S)

    ready._storage = Hanging(str(tmp_path / "files"))
    try:
        for _ in range(2):
            began = time.monotonic()
            found = await ready.look()
            assert found.checks["storage"].state is State.LATE
            assert not found.is_ready
            assert time.monotonic() - began < health.TIMEOUT_S + 3.0
        assert len(asked) == 1
    finally:
        back.set()


async def test_frozen_servers_are_late_and_it_never_hangs(
    servers_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SIGSTOP: connections stay open, nobody answers. It is well again after SIGCONT."""
    monkeypatch.setattr(health, "MEMORY_S", 0.0)
    folder = servers_dir / f"frozen-{uuid4().hex}"
    folder.mkdir(mode=0o755)
    with (
        PostgresServer(folder / "postgres", free_port(), is_durable=False) as postgres,
        ValkeyServer(folder / "valkey", free_port()) as valkey,
    ):
        engine = build_engine(postgres.url)
        await migrate(engine)
        async with listening(postgres.url) as hub:
            ready = Readiness(UnitOfWorkFactory(engine), Storage(str(tmp_path)), valkey.url, hub)
            assert (await ready.look()).is_ready
            frozen = [valkey.process.pid, *_family(postgres.process.pid)]
            for pid in frozen:
                os.kill(pid, signal.SIGSTOP)
            try:
                began = time.monotonic()
                found = await ready.look()
                seconds = time.monotonic() - began
            finally:
                for pid in frozen:
                    os.kill(pid, signal.SIGCONT)
            assert seconds < health.TIMEOUT_S + 3.0
            assert found.checks["database"].state is State.LATE
            assert found.checks["redis"].state in {State.LATE, State.FAILED}
            assert found.checks["storage"].state is State.OK
            async with asyncio.timeout(PATIENCE_S):
                while not (await ready.look()).is_ready:  # noqa: ASYNC110 -- nobody tells when it is
                    await asyncio.sleep(0.1)
        await engine.dispose()


async def test_a_thousand_questions_are_one_look(
    units: UnitOfWorkFactory, redis_url: str, database_url: str, tmp_path: Path
) -> None:
    async with listening(database_url) as hub:
        ready = Readiness(units, Storage(str(tmp_path)), redis_url, hub)
        first, *others = await asyncio.gather(*(ready.look() for _ in range(100)))
        assert all(other.checks["database"] is first.checks["database"] for other in others)


async def test_an_answer_names_no_address_and_no_secret(ready: Readiness, database_url: str, redis_url: str) -> None:
    ready._redis_url = "redis://:hunter2@127.0.0.1:1/0"
    found = await ready.look()
    said = repr(found)
    assert found.checks["redis"].state is State.FAILED
    assert "hunter2" not in said
    assert "127.0.0.1" not in said


def _family(pid: int) -> list[int]:
    import psutil

    return [pid, *(child.pid for child in psutil.Process(pid).children(recursive=True))]
