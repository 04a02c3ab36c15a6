"""Processes that are restarted when they die, as a supervisor would, and never outlive us.

Owns starting, watching and killing; knows no product. Every child is in a session of its own, so that it can be
killed with all that it started, and is killed by the kernel when the thread that started it ends.

Usage::

    with Keeper() as keeper:
        keeper.keep("worker-0", [sys.executable, "-m", "scribe.worker"], environment, log)
        keeper.process("worker-0").kill()      # is back a moment later
"""

import contextlib
import os
import signal
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

import psutil

from scribe.adapters.servers import children

WATCH_EVERY_S = 0.05
BACK_OFF_S = 0.3
"""Between a death and the restart."""


@dataclass
class Kept:
    command: Sequence[str | Path]
    environment: Mapping[str, str]
    log: Path
    child: subprocess.Popen[bytes] | None = None
    is_wanted: bool = True
    died_at: float = 0.0
    num_starts: int = 0
    exits: list[int] = field(default_factory=list)


class Keeper:
    def __init__(self) -> None:
        self._kept: dict[str, Kept] = {}
        self._lock = threading.RLock()
        self._is_over = threading.Event()
        self._may_end = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="keeper", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop_all()

    def keep(self, name: str, command: Sequence[str | Path], environment: Mapping[str, str], log: Path) -> None:
        """Started within a moment, by the thread that watches."""
        with self._lock:
            self._kept[name] = Kept(command, environment, log)

    def process(self, name: str, timeout_s: float = 20.0) -> psutil.Process:
        """The running process of that name. Raises: TimeoutError when it does not come (back)."""
        deadline = time.monotonic() + timeout_s
        while time.monotonic() < deadline:
            with self._lock:
                child = self._kept[name].child
            if child is not None and child.poll() is None:
                with contextlib.suppress(psutil.NoSuchProcess):
                    return psutil.Process(child.pid)
            time.sleep(WATCH_EVERY_S)
        raise TimeoutError(f"{name} does not run")

    def names(self, prefix: str = "") -> list[str]:
        with self._lock:
            return [name for name in self._kept if name.startswith(prefix)]

    def exits(self) -> dict[str, list[int]]:
        with self._lock:
            return {name: list(kept.exits) for name, kept in self._kept.items()}

    def drop(self, name: str, how: signal.Signals = signal.SIGTERM, patience_s: float = 20.0) -> int | None:
        """Ends it for good; its exit status."""
        with self._lock:
            kept = self._kept.pop(name, None)
            if kept is None or kept.child is None:
                return None
        with contextlib.suppress(ProcessLookupError):
            os.killpg(kept.child.pid, signal.SIGCONT)
        children.stop(kept.child, how, patience_s)
        kill_group(kept.child.pid)
        return kept.child.returncode

    def stop_all(self) -> None:
        """Graceful first; whatever is left is killed with its whole group."""
        self._is_over.set()
        with self._lock:
            running = [kept.child for kept in self._kept.values() if kept.child is not None]
            self._kept.clear()
        for child in running:
            if child.poll() is None:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(child.pid, signal.SIGCONT)
                child.terminate()
        deadline = time.monotonic() + 20
        for child in running:
            with contextlib.suppress(subprocess.TimeoutExpired):
                child.wait(max(0.1, deadline - time.monotonic()))
            kill_group(child.pid)
            child.wait()
        self._may_end.set()
        if self._thread.is_alive():
            self._thread.join()

    def _watch(self) -> None:
        while not self._is_over.is_set():
            with self._lock:
                for kept in self._kept.values():
                    self._look_after(kept)
            self._is_over.wait(WATCH_EVERY_S)
        self._may_end.wait()  # the children die with this thread: stop_all ends them in order first

    @staticmethod
    def _look_after(kept: Kept) -> None:
        if kept.child is not None and kept.child.poll() is not None:
            kept.exits.append(kept.child.returncode)
            kept.child, kept.died_at = None, time.monotonic()
        is_due = kept.child is None and (kept.num_starts == 0 or time.monotonic() - kept.died_at > BACK_OFF_S)
        if is_due and kept.is_wanted:
            kept.num_starts += 1
            kept.child = children.start(
                kept.command,
                account=children.Account(),
                log=kept.log,
                death_signal=signal.SIGKILL,
                environment=kept.environment,
            )


def kill_group(leader: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(leader, signal.SIGKILL)


def family(process: psutil.Process) -> list[psutil.Process]:
    """All that it started, and what those started."""
    with contextlib.suppress(psutil.NoSuchProcess):
        return list(process.children(recursive=True))
    return []


def survivors(processes: Sequence[psutil.Process], timeout_s: float) -> list[psutil.Process]:
    """Those that still run after ``timeout_s``; a zombie that nobody has waited for runs no more."""
    deadline = time.monotonic() + timeout_s
    left = list(processes)
    while (left := [one for one in left if _runs(one)]) and time.monotonic() < deadline:
        time.sleep(0.05)
    return left


def marked(variable: str, value: str) -> list[psutil.Process]:
    """Every process on this machine whose environment says so."""
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            if process.environ().get(variable) == value and _runs(process):
                found.append(process)
    return found


def _runs(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
