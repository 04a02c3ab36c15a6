"""`scribe up` in processes of its own: what it shows, what it survives, what it leaves behind."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen

import psutil
import pytest

from scribe.adapters.servers.children import free_port
from scribe.adapters.servers.installation import Installation
from scribe.cli.connection import connected
from scribe.core.config import load_settings
from scribe.domain.errors import ConflictError, UnavailableError

SCRIBE = [sys.executable, "-P", "-c", "from scribe.cli import main; main()"]
READY_S = 150.0


def eventually(claim: Callable[[], Any], timeout_s: float = 60.0) -> Any:
    deadline = time.monotonic() + timeout_s
    while not (found := claim()):
        assert time.monotonic() < deadline, "it did not come true in time"
        time.sleep(0.05)
    return found


def alive(family: list[psutil.Process]) -> list[psutil.Process]:
    """Those that still run; who ended and was not buried yet does not."""
    found = []
    for process in family:
        with suppress(psutil.NoSuchProcess):
            if process.is_running() and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
    return found


class Up:
    """One `scribe up`."""

    def __init__(self, folder: Path, port: int, *, workers: int = 1, **environment: str) -> None:
        self.folder = folder
        self.port = port
        self.screen_file = folder.with_name(f"{folder.name}-{port}.screen")
        clean = {name: value for name, value in os.environ.items() if not name.startswith(("SCRIBE_", "LC_", "LANG"))}
        with self.screen_file.open("wb") as screen:
            self.process = subprocess.Popen(
                [*SCRIBE, "up", "--data-dir", folder, "--port", str(port), "--workers", str(workers)],
                env={**clean, "LANG": "en_GB.UTF-8", "OMP_NUM_THREADS": "1", **environment},
                stdin=subprocess.DEVNULL,
                stdout=screen,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    @property
    def screen(self) -> str:
        return self.screen_file.read_text()

    def ready(self) -> "Up":
        def is_shown() -> bool:
            assert self.process.poll() is None, self.screen
            return "Ctrl-C" in self.screen

        eventually(is_shown, READY_S)
        return self

    def children(self) -> list[psutil.Process]:
        return psutil.Process(self.process.pid).children()

    def child(self, part: str) -> psutil.Process | None:
        """The one whose command line holds ``part``."""
        for process in self.children():
            try:
                if part in " ".join(process.cmdline()):
                    return process
            except psutil.NoSuchProcess:
                continue
        return None

    def health(self) -> dict[str, Any]:
        try:
            with urlopen(f"http://127.0.0.1:{self.port}/health/ready", timeout=5) as answer:
                found: dict[str, Any] = json.loads(answer.read())
                return found
        except (URLError, OSError):
            return {}

    def end(self, how: signal.Signals = signal.SIGINT) -> int:
        self.process.send_signal(how)
        return self.process.wait(60)


@pytest.fixture(scope="module")
def place() -> Iterator[Path]:
    """A folder that PostgreSQL's account may enter."""
    with tempfile.TemporaryDirectory(prefix="scribe-up-") as name:
        Path(name).chmod(0o755)
        yield Path(name)


@pytest.fixture(scope="module")
def running(place: Path) -> Iterator[Up]:
    """One that runs while the tests of this module look at it and hurt it."""
    up = Up(place / "running", free_port()).ready()
    yield up
    if up.process.poll() is None:
        up.end(signal.SIGKILL)


def test_the_screen_shows_where_and_who_and_how_to_stop(running: Up) -> None:
    screen = running.screen
    assert f"http://127.0.0.1:{running.port}\n" in screen
    assert str(running.folder) in screen
    password = re.search(r"First sign-in +admin +(\S{16,})\n", screen)
    assert password is not None
    assert re.search(rf"Begin here +http://127.0.0.1:{running.port}/welcome#{password[1]}\n", screen)
    assert "token create" in screen
    assert len(screen.splitlines()) <= 20


def test_the_one_time_password_lets_the_first_administrator_in(running: Up) -> None:
    import httpx

    found = re.search(r"First sign-in +admin +(\S+)\n", running.screen)
    assert found is not None
    answer = httpx.post(
        f"http://127.0.0.1:{running.port}/api/v1/auth/login", json={"username": "admin", "password": found[1]}
    )
    assert answer.status_code == 200
    assert answer.json()["must_change_password"] is True


def test_everything_answers_and_other_commands_find_it(running: Up, monkeypatch: pytest.MonkeyPatch) -> None:
    assert running.health()["status"] == "ready"
    for name in ("DATABASE_URL", "REDIS_URL"):
        monkeypatch.delenv(name, raising=False)
    found = connected(load_settings(data_dir=running.folder))
    assert found.database_url is not None
    assert found.redis_url is not None
    assert found.storage_url == str(running.folder / "files")


def test_what_holds_passwords_or_recordings_is_closed_to_others(running: Up) -> None:
    for name in ("run.json", "postgres/password", "valkey/password", "valkey/valkey.conf"):
        assert (running.folder / name).stat().st_mode & 0o077 == 0, name
    for name in ("files", "logs", "valkey", "scratch"):
        assert (running.folder / name).stat().st_mode & 0o077 == 0, name
    assert running.folder.stat().st_mode & 0o066 == 0  # nobody lists it
    secrets = [(running.folder / name / "password").read_text().strip() for name in ("postgres", "valkey")]
    lines = [" ".join(process.cmdline()) for process in psutil.Process(running.process.pid).children(recursive=True)]
    assert not [line for line in lines if any(secret in line for secret in secrets)]


def test_a_second_one_in_the_same_folder_is_told_who_runs(running: Up) -> None:
    second = Up(running.folder, free_port())
    assert second.process.wait(30) == 1
    assert f"process {running.process.pid}" in second.screen
    assert "SCRIBE_DATA_DIR" in second.screen
    assert running.health()["status"] == "ready"


@pytest.mark.parametrize("part", ["scribe.main", "scribe.worker", "valkey-server", "postgres -D"])
def test_whoever_is_killed_comes_back_at_the_same_address(running: Up, part: str) -> None:
    victim = running.child(part)
    assert victim is not None
    before = (running.folder / "ports.json").read_text()
    victim.kill()

    def is_back() -> bool:
        successor = running.child(part)
        return successor is not None and successor.pid != victim.pid and running.health().get("status") == "ready"

    eventually(is_back, READY_S)
    assert (running.folder / "ports.json").read_text() == before
    assert "ended (signal 9); started again in" in running.screen


def test_ctrl_c_ends_everything_in_order_and_the_next_start_has_the_same_ports(running: Up) -> None:
    ports = (running.folder / "ports.json").read_text()
    family = psutil.Process(running.process.pid).children(recursive=True)
    assert running.end(signal.SIGINT) == 0
    eventually(lambda: not alive(family), 5)
    assert not (running.folder / "run.json").exists()
    assert "database system is shut down" in (running.folder / "logs" / "postgres.log").read_text()
    assert "was ended" not in running.screen  # nobody had to be killed
    again = Up(running.folder, running.port).ready()
    assert (running.folder / "ports.json").read_text() == ports
    assert "First sign-in" not in again.screen  # somebody has signed in by now
    assert again.end(signal.SIGTERM) == 0


def test_sigkill_leaves_nothing_behind_and_the_next_start_works(place: Path) -> None:
    up = Up(place / "killed", free_port()).ready()
    family = psutil.Process(up.process.pid).children(recursive=True)
    assert len(family) >= 4
    up.end(signal.SIGKILL)
    eventually(lambda: not alive(family), 30)
    with pytest.raises(UnavailableError, match="scribe up"):
        connected(load_settings(data_dir=up.folder))
    again = Up(up.folder, up.port).ready()
    assert again.end() == 0


def test_ctrl_c_while_it_starts_leaves_nothing_behind(place: Path) -> None:
    up = Up(place / "hasty", free_port())
    eventually(lambda: up.child("postgres -D"))
    family = psutil.Process(up.process.pid).children(recursive=True)
    assert up.end() == 0
    eventually(lambda: not alive(family), 5)
    assert not (up.folder / "run.json").exists()


def test_a_taken_port_is_said_with_the_setting_that_changes_it(place: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        up = Up(place / "taken", taken.getsockname()[1])
        assert up.process.wait(30) == 2
    assert "SCRIBE_API__PORT" in up.screen
    assert not (up.folder / "postgres" / "data").exists()


def test_an_address_that_is_not_ours_is_said_with_the_setting_that_changes_it(place: Path) -> None:
    up = Up(place / "elsewhere", free_port(), SCRIBE_API__HOST="192.0.2.1")
    assert up.process.wait(30) == 2
    assert "SCRIBE_API__HOST" in up.screen


def test_servers_that_are_given_are_used_instead(place: Path, database_url: str, redis_url: str) -> None:
    up = Up(place / "given", free_port(), DATABASE_URL=database_url, REDIS_URL=redis_url, LANG="fr_FR.UTF-8").ready()
    assert not up.child("postgres")
    assert not up.child("valkey")
    assert "Prêt en" in up.screen
    password = database_url.split(":")[2].split("@")[0]
    assert "Base de données" in up.screen
    assert password not in up.screen
    assert up.end() == 0
    assert not list((up.folder / "postgres").iterdir())


def test_a_part_that_cannot_start_ends_everything_with_its_last_words(place: Path) -> None:
    up = Up(place / "broken", free_port(), SCRIBE_QUEUE__STREAM="x", SCRIBE_STORAGE_URL="nonsense://x")
    assert up.process.wait(60) != 0
    assert "nonsense" in up.screen
    assert not up.screen.count("Ready")


def test_the_port_of_a_server_changes_only_when_somebody_took_it(tmp_path: Path) -> None:
    installation = Installation(tmp_path / "data")
    with installation.locked("test"):
        first = installation.port("valkey")
        assert installation.port("valkey") == first
        with socket.create_server(("127.0.0.1", first)):
            assert installation.port("valkey") != first


def test_the_lock_is_free_again_when_its_holder_ended(tmp_path: Path) -> None:
    installation = Installation(tmp_path / "data")
    other = Installation(tmp_path / "data").locked("scribe restore")
    with installation.locked("scribe up"), pytest.raises(ConflictError, match="`scribe up`"), other:
        pass
    with installation.locked("scribe restore"):
        pass
