"""Children that end are started again, ever more patiently; an orderly end goes stage by stage."""

import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from scribe.adapters.servers import children, supervision
from scribe.adapters.servers.log_files import LogFile
from scribe.adapters.servers.supervision import Ended, Supervisor
from scribe.domain.errors import UnavailableError


class Child:
    """A small program as a part."""

    stop_signal = signal.SIGTERM

    def __init__(self, name: str, program: str, log: Path, stop_timeout_s: float = 5.0) -> None:
        self.name = name
        self.log = log
        self.stop_timeout_s = stop_timeout_s
        self.launches = 0
        self.cannot_start = False
        self._program = program
        self._child: subprocess.Popen[bytes] | None = None

    @property
    def process(self) -> subprocess.Popen[bytes]:
        assert self._child is not None
        return self._child

    def launch(self) -> None:
        self.launches += 1
        if self.cannot_start:
            raise UnavailableError("no room")
        self._child = children.start(
            [sys.executable, "-c", self._program],
            account=children.Account(),
            log=self.log,
            death_signal=signal.SIGKILL,
        )


SLEEPS = "import time; time.sleep(600)"
ENDS = "raise SystemExit(3)"
DEAF = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True); time.sleep(600)"


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Callable[..., Child]]:
    made: list[Child] = []

    def child(name: str, program: str, stop_timeout_s: float = 5.0) -> Child:
        part = Child(name, program, tmp_path / f"{name}.log", stop_timeout_s)
        part.launch()
        made.append(part)
        return part

    yield child
    for part in made:
        part.process.kill()
        part.process.wait()


def test_a_child_that_was_killed_is_started_again(make: Callable[..., Child]) -> None:
    told: list[Ended] = []
    supervisor, child = Supervisor(told.append), make("worker", SLEEPS)
    supervisor.take_over([child])
    first = child.process.pid
    child.process.kill()
    child.process.wait()
    deadline = time.monotonic() + 10
    while child.launches < 2:
        assert time.monotonic() < deadline
        due_s = supervisor.watch_once()
        time.sleep(max(0.0, min(due_s, 0.05)))
    assert child.process.pid != first
    assert [(ended.part.name, ended.reason) for ended in told] == [("worker", "signal 9")]


def test_a_child_that_cannot_live_is_started_ever_more_rarely(make: Callable[..., Child]) -> None:
    clock = [1000.0]
    told: list[Ended] = []
    supervisor, child = Supervisor(told.append, lambda: clock[0]), make("worker", ENDS)
    supervisor.take_over([child])
    for _ in range(9):
        child.process.wait()
        supervisor.watch_once()
        clock[0] += supervisor.watch_once()
        supervisor.watch_once()
    assert [ended.again_in_s for ended in told] == [0.5, 1, 2, 4, 8, 16, 30, 30, 30]
    assert {ended.reason for ended in told} == {"exit code 3"}


def test_after_a_minute_of_life_patience_begins_anew(make: Callable[..., Child]) -> None:
    clock = [1000.0]
    told: list[Ended] = []
    supervisor, child = Supervisor(told.append, lambda: clock[0]), make("worker", ENDS)
    supervisor.take_over([child])
    for _ in range(3):
        child.process.wait()
        supervisor.watch_once()
        clock[0] += supervisor.watch_once()
        supervisor.watch_once()
    clock[0] += supervision.STEADY_S
    child.process.wait()
    supervisor.watch_once()
    assert [ended.again_in_s for ended in told] == [0.5, 1, 2, 0.5]


def test_a_start_that_fails_is_tried_again(make: Callable[..., Child]) -> None:
    clock = [1000.0]
    told: list[Ended] = []
    supervisor, child = Supervisor(told.append, lambda: clock[0]), make("PostgreSQL", ENDS)
    supervisor.take_over([child])
    child.cannot_start = True
    child.process.wait()
    supervisor.watch_once()
    clock[0] += supervisor.watch_once()
    supervisor.watch_once()
    child.cannot_start = False
    clock[0] += supervisor.watch_once()
    supervisor.watch_once()
    assert child.launches == 3
    assert [ended.reason for ended in told] == ["exit code 3", "no room"]


def test_the_last_stage_ends_first(make: Callable[..., Child], tmp_path: Path) -> None:
    goodbye = (
        "import signal, time, sys, pathlib\n"
        "def end(*_):\n"
        "    with open({journal!r}, 'a') as file: file.write({name!r} + '\\n')\n"
        "    sys.exit()\n"
        "signal.signal(signal.SIGTERM, end)\n"
        "print('ready', flush=True)\n"
        "time.sleep(600)\n"
    )
    journal = tmp_path / "journal"
    supervisor = Supervisor(lambda _: None)
    for name in ("database", "queue", "api"):
        child = make(name, goodbye.format(journal=str(journal), name=name))
        supervisor.take_over([child])
        deadline = time.monotonic() + 10
        while "ready" not in children.tail(child.log):
            assert time.monotonic() < deadline
            time.sleep(0.02)
    assert supervisor.stop(lambda: False) == []
    assert journal.read_text().split() == ["api", "queue", "database"]


@pytest.mark.parametrize("is_hurried", [False, True])
def test_who_does_not_stop_is_killed_and_sooner_in_a_hurry(make: Callable[..., Child], is_hurried: bool) -> None:
    child = make("api", DEAF, stop_timeout_s=60.0 if is_hurried else 0.3)
    deadline = time.monotonic() + 10
    while "deaf" not in children.tail(child.log):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    supervisor = Supervisor(lambda _: None)
    supervisor.take_over([child])
    assert supervisor.stop(lambda: is_hurried) == [child]
    assert child.process.returncode == -signal.SIGKILL


def test_errors_in_a_log_are_told_once_a_minute_and_warnings_are_not(tmp_path: Path) -> None:
    path = tmp_path / "api.log"
    path.write_text('{"event": "old", "level": "error"}\n')
    log = LogFile(path)
    with path.open("a") as file:
        file.write('{"event": "a", "level": "error"}\n{"event": "b", "level": "warning"}\nTraceback\n{"event": "a", "l')
        file.flush()
        assert [event["event"] for event in log.new_trouble()] == ["a"]
        file.write('evel": "error"}\n{"event": "c", "level": "error"}\n')
        file.flush()
        assert [event["event"] for event in log.new_trouble()] == ["c"]


def test_a_large_log_is_cut_while_its_writer_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("scribe.adapters.servers.log_files.MAX_BYTES", 1000)
    path = tmp_path / "api.log"
    with path.open("a") as writer:
        log = LogFile(path)
        writer.write("x" * 2000 + "\n")
        writer.flush()
        log.keep_small()
        writer.write('{"event": "after", "level": "error"}\n')
        writer.flush()
        assert [event["event"] for event in log.new_trouble()] == ["after"]
    assert path.stat().st_size < 100
    assert path.with_name("api.log.1").stat().st_size == 1000, "the end of it, however much came at once"


def test_a_log_is_cut_without_a_copy_when_the_disk_takes_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As on a full disk: the system refuses to write. The older copy goes, too: its room is wanted."""
    monkeypatch.setattr("scribe.adapters.servers.log_files.MAX_BYTES", 100_000)
    path, older = tmp_path / "api.log", tmp_path / "api.log.1"
    path.write_text("")
    log = LogFile(path)
    path.write_bytes(b"x" * 200_000)
    older.write_bytes(b"y" * 10)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, before[1]))
    try:
        log.keep_small()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert path.stat().st_size == 0
    assert not older.exists()


def test_a_log_that_somebody_else_rotates_or_that_is_one_endless_line_stops_nobody(tmp_path: Path) -> None:
    path = tmp_path / "api.log"
    path.write_text("")
    log = LogFile(path)
    path.write_bytes(b"x" * 3_000_000)
    assert [log.new_trouble() for _ in range(4)] == [[], [], [], []]
    path.rename(tmp_path / "api.log.old")
    assert log.new_trouble() == []
    log.keep_small()
    path.write_text('{"event": "new", "level": "error"}\n')
    assert [event["event"] for event in log.new_trouble()] == ["new"]
    os.truncate(path, 0)
    assert log.new_trouble() == []
    with path.open("a") as file:
        file.write('{"event": "later", "level": "error"}\n')
    assert [event["event"] for event in log.new_trouble()] == ["later"]
