"""`scribe worker --check`: only a worker of this very machine that has just given a sign counts."""

import socket

import pytest

from scribe.adapters.unit_of_work import UnitOfWorkFactory
from scribe.domain.errors import UnavailableError
from scribe.domain.workers import WorkerFacts
from scribe.worker.check import main, say, seconds_since_sign


def a_worker(host: str) -> WorkerFacts:
    return WorkerFacts(id=f"{host}:1:abc", host=host, pid=1, version="0", device="cpu", models={})


async def test_a_worker_that_has_just_given_a_sign_lives(units: UnitOfWorkFactory, database_url: str) -> None:
    async with units() as unit:
        await unit.workers.register(a_worker(socket.gethostname()))
    assert "A worker lives here" in await say(database_url)
    assert "A worker lives here" in await say(database_url.replace("postgresql://", "postgresql+asyncpg://"))


async def test_a_silent_one_and_those_of_other_machines_do_not_count(
    units: UnitOfWorkFactory, database_url: str
) -> None:
    async with units() as unit:
        await unit.workers.register(a_worker("elsewhere"))
    assert await seconds_since_sign(database_url) is None
    with pytest.raises(UnavailableError, match="is known"):
        await say(database_url)
    async with units() as unit:
        await unit.workers.register(a_worker(socket.gethostname()))
        connection = await unit.session.connection()
        await connection.exec_driver_sql("update workers set heartbeat_at = now() - interval '16 s'")
    with pytest.raises(UnavailableError, match="last sign 16 s ago"):
        await say(database_url)


@pytest.mark.parametrize("url", ["", "postgresql://nobody:x@127.0.0.1:1/none"])
def test_without_a_database_it_is_a_sentence_and_not_alive(
    url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DATABASE_URL", url)
    assert main() == 1
    assert ("does not answer" if url else "DATABASE_URL is not set") in capsys.readouterr().err
