"""PostgreSQL and Valkey as children: they start after every kind of end, and end with whoever started them."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from uuid import uuid4

import asyncpg
import psutil
import pytest
from redis import Redis

from scribe.adapters.servers import children
from scribe.adapters.servers.children import free_port, is_free
from scribe.adapters.servers.postgres import PostgresServer
from scribe.adapters.servers.private_files import read_or_make_secret, write_private
from scribe.adapters.servers.valkey import ValkeyServer
from scribe.domain.errors import ResourceError


def eventually(claim: Callable[[], bool], timeout_s: float = 20.0) -> None:
    deadline = time.monotonic() + timeout_s
    while not claim():
        assert time.monotonic() < deadline, "it did not come true in time"
        time.sleep(0.02)


@pytest.fixture
def cluster(servers_dir: Path) -> Iterator[PostgresServer]:
    with PostgresServer(servers_dir / f"own-{uuid4().hex}", free_port(), is_durable=False) as server:
        yield server


async def answer(server: PostgresServer, question: str) -> object:
    connection = await asyncpg.connect(server.url)
    try:
        return await connection.fetchval(question)
    finally:
        await connection.close()


async def test_the_cluster_is_version_18_with_checksums_and_french_can_be_lowered(postgres: PostgresServer) -> None:
    assert str(await answer(postgres, "show server_version")).startswith("18.")
    assert await answer(postgres, "show data_checksums") == "on"
    assert await answer(postgres, "select lower('ÉTÉ')") == "été"


async def test_a_wrong_password_is_refused(postgres: PostgresServer) -> None:
    with pytest.raises(asyncpg.InvalidPasswordError):
        await asyncpg.connect(postgres.url.replace(postgres.url.split(":")[2].split("@")[0], "wrong"))


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has an account to give up")
def test_root_does_not_run_the_database_as_root(postgres: PostgresServer) -> None:
    assert psutil.Process(postgres.process.pid).username() == "nobody"


async def test_what_was_committed_survives_sigkill_of_every_database_process(cluster: PostgresServer) -> None:
    await answer(cluster, "create table kept as select 42 as number")
    await answer(cluster, "checkpoint")  # the test's cluster does not fsync
    backends = psutil.Process(cluster.process.pid).children()
    cluster.process.kill()
    for process in backends:
        with suppress(psutil.NoSuchProcess):  # they also leave by themselves
            process.kill()
    cluster.process.wait()
    cluster.start()
    assert await answer(cluster, "select number from kept") == 42


async def test_a_lock_file_whose_number_another_process_has_now_does_not_prevent_the_start(
    cluster: PostgresServer,
) -> None:
    cluster.stop()
    stranger = subprocess.Popen(["sleep", "60"], user=cluster._account.uid)  # noqa: ASYNC220
    try:
        lock = cluster._data / "postmaster.pid"
        lock.write_text(f"{stranger.pid}\n{cluster._data}\n{int(time.time())}\n{cluster._port}\n\n\n")
        cluster._account.own(lock)
        cluster.start()
        assert await answer(cluster, "select 1") == 1
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


async def test_an_empty_lock_file_does_not_prevent_the_start(cluster: PostgresServer) -> None:
    cluster.stop()
    (cluster._data / "postmaster.pid").touch()
    cluster.start()
    assert await answer(cluster, "select 1") == 1


async def test_a_server_left_over_is_ended_before_the_next_one_starts(cluster: PostgresServer) -> None:
    left_over = cluster.process
    successor = PostgresServer(cluster._folder, cluster._port, is_durable=False)
    with successor:
        assert left_over.poll() is not None
        assert await answer(successor, "select 1") == 1


async def test_a_database_that_a_crash_kept_from_being_made_is_made_on_the_next_start(cluster: PostgresServer) -> None:
    connection = await asyncpg.connect(cluster.url.removesuffix("/scribe") + "/postgres")
    await connection.execute("drop database scribe")
    await connection.close()
    cluster.stop()
    (cluster._folder / "database.made").unlink()
    cluster.start()
    assert await answer(cluster, "select current_database()") == "scribe"


def test_data_of_another_major_version_is_refused_with_the_way_out(cluster: PostgresServer) -> None:
    cluster.stop()
    (cluster._data / "PG_VERSION").write_text("17\n")
    with pytest.raises(ResourceError, match="scribe backup"):
        cluster.start()
    (cluster._data / "PG_VERSION").write_text("18\n")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has folders that its servers may not enter")
def test_a_folder_that_the_database_may_not_enter_is_refused_with_the_way_out(servers_dir: Path) -> None:
    closed = servers_dir / f"closed-{uuid4().hex}"
    closed.mkdir(mode=0o700)
    with pytest.raises(ResourceError, match="SCRIBE_DATA_DIR"):
        PostgresServer(closed / "postgres", free_port()).start()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has programs that its servers may not read")
def test_programs_in_a_private_home_are_copied_and_the_home_stays_private(servers_dir: Path) -> None:
    home = servers_dir / f"home-{uuid4().hex}"
    (home / "pginstall" / "bin").mkdir(parents=True)
    (home / "pginstall" / "bin" / "postgres").write_text("#!/bin/sh\n")
    home.chmod(0o700)
    beside = servers_dir / f"beside-{uuid4().hex}"
    (beside / "pginstall-18.0.0").mkdir(parents=True)
    copy = children.reachable_copy(home / "pginstall", beside, "18.6.3", children.server_account())
    assert copy == beside / "pginstall-18.6.3"
    assert (copy / "bin" / "postgres").exists()
    assert not (beside / "pginstall-18.0.0").exists()
    assert home.stat().st_mode & 0o777 == 0o700


def test_valkey_asks_for_a_password_that_is_on_no_command_line(valkey: ValkeyServer) -> None:
    secret = valkey.url.split(":")[2].split("@")[0]
    assert secret not in " ".join(psutil.Process(valkey.process.pid).cmdline())
    with Redis.from_url(valkey.url) as client:
        assert client.ping()


def test_valkey_keeps_what_it_was_told_over_sigkill(servers_dir: Path) -> None:
    with ValkeyServer(servers_dir / f"own-{uuid4().hex}", free_port()) as server:
        with Redis.from_url(server.url) as client:
            client.set("kept", "yes")
            client.config_set("appendfsync", "always")
            client.set("kept_too", "yes")
        server.process.kill()
        server.process.wait()
        server.start()
        with Redis.from_url(server.url) as client:
            assert client.get("kept_too") == b"yes"


def test_a_damaged_journal_is_set_aside(servers_dir: Path) -> None:
    folder = servers_dir / f"own-{uuid4().hex}"
    with ValkeyServer(folder, free_port()) as server:
        with Redis.from_url(server.url) as client:
            client.set("lost", "yes")
        server.process.kill()
        server.process.wait()
        journal = next((folder / "appendonlydir").glob("*.incr.aof"))
        journal.write_bytes(b"this is no journal\r\n" + journal.read_bytes())
        server.start()
        with Redis.from_url(server.url) as client:
            assert client.get("lost") is None
    assert (folder / "appendonlydir.damaged").is_dir()


def test_servers_end_when_whoever_started_them_is_killed(servers_dir: Path) -> None:
    folder = servers_dir / f"orphans-{uuid4().hex}"
    program = f"""
import time
from pathlib import Path
from scribe.adapters.servers.postgres import PostgresServer
from scribe.adapters.servers.valkey import ValkeyServer
postgres = PostgresServer(Path({str(folder / "postgres")!r}), {free_port()}, is_durable=False)
valkey = ValkeyServer(Path({str(folder / "valkey")!r}), {free_port()})
postgres.start(); valkey.start()
print(postgres.process.pid, valkey.process.pid, flush=True)
time.sleep(600)
"""
    starter = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
    assert starter.stdout is not None
    pids = [int(pid) for pid in starter.stdout.readline().split()]
    assert len(pids) == 2
    starter.kill()
    starter.wait()
    starter.stdout.close()
    eventually(lambda: not any(psutil.pid_exists(pid) for pid in pids))
    assert "database system is shut down" in (folder / "postgres" / "postgres.log").read_text()


def test_a_child_that_does_not_listen_is_killed_after_its_time(tmp_path: Path) -> None:
    deaf = (
        "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True); time.sleep(600)"
    )
    log = tmp_path / "deaf.log"
    child = children.start(
        [sys.executable, "-c", deaf], account=children.Account(), log=log, death_signal=signal.SIGKILL
    )
    eventually(lambda: "deaf" in children.tail(log))
    children.stop(child, signal.SIGTERM, 0.2)
    assert child.returncode == -signal.SIGKILL


def test_a_port_that_somebody_listens_on_is_not_free() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        assert not is_free("127.0.0.1", taken.getsockname()[1])
    assert is_free("127.0.0.1", free_port())


def test_a_secret_is_made_once_and_closed_to_others(tmp_path: Path) -> None:
    secret = read_or_make_secret(tmp_path / "password")
    assert len(secret) >= 32
    assert read_or_make_secret(tmp_path / "password") == secret
    assert (tmp_path / "password").stat().st_mode & 0o777 == 0o600


def test_a_private_file_replaces_the_one_before(tmp_path: Path) -> None:
    write_private(tmp_path / "run.json", "old")
    write_private(tmp_path / "run.json", "new")
    assert (tmp_path / "run.json").read_text() == "new"
    assert [path.name for path in tmp_path.iterdir()] == ["run.json"]
