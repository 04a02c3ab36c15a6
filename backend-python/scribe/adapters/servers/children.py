"""Servers as children of this process: unprivileged when we are root, ended when we end.

Owns starting a program under the right account and stopping it in time; never which program (``postgres.py``,
``valkey.py`` know).
"""

import ctypes
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

UNPRIVILEGED = "nobody"
_PR_SET_PDEATHSIG = 1


@dataclass(frozen=True, slots=True)
class Account:
    """Under whom a server runs; ``None`` fields: as ourselves."""

    name: str | None = None
    uid: int | None = None
    gid: int | None = None

    def own(self, path: Path) -> None:
        if self.uid is not None and self.gid is not None:
            os.chown(path, self.uid, self.gid)


def server_account() -> Account:
    """PostgreSQL refuses to run as root, so root's servers run as ``nobody``."""
    if os.geteuid() != 0:
        return Account()
    entry = pwd.getpwnam(UNPRIVILEGED)
    return Account(UNPRIVILEGED, entry.pw_uid, entry.pw_gid)


def start(
    command: Sequence[str | Path],
    *,
    account: Account,
    log: Path,
    death_signal: signal.Signals,
    environment: Mapping[str, str] | None = None,
) -> subprocess.Popen[bytes]:
    """A child in its own session, that gets ``death_signal`` when this thread's process dies, however it dies."""
    with log.open("ab") as output:
        return subprocess.Popen(
            [str(part) for part in command],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            cwd="/",
            env=dict(environment) if environment is not None else None,
            user=account.uid,
            group=account.gid,
            extra_groups=[] if account.uid is not None else None,
            preexec_fn=_dies_with_us(death_signal),
        )


def run(command: Sequence[str | Path], account: Account, timeout_s: float) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(part) for part in command],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=timeout_s,
        cwd="/",
        check=False,
        user=account.uid,
        group=account.gid,
        extra_groups=[] if account.uid is not None else None,
    )


def stop(child: subprocess.Popen[bytes], how: signal.Signals, patience_s: float) -> None:
    """Asks, waits, insists."""
    if child.poll() is not None:
        return
    child.send_signal(how)
    try:
        child.wait(patience_s)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def is_reachable(path: Path, account: Account) -> bool:
    """Whether the account may walk to ``path``: root's private folders are closed to ``nobody``."""
    return account.uid is None or run(["test", "-r", path], account, 10).returncode == 0


def reachable_copy(folder: Path, beside: Path, account: Account) -> Path:
    """``folder``, or a copy of it under ``beside`` where the account can read it. Nothing is made more open."""
    if is_reachable(folder / "bin", account):
        return folder
    copy = beside / folder.name
    if not copy.is_dir():
        shutil.copytree(folder, copy.with_suffix(".new"), symlinks=True)
        copy.with_suffix(".new").rename(copy)
    return copy


def tail(log: Path, num_lines: int = 5) -> str:
    try:
        return "\n".join(log.read_text(errors="replace").splitlines()[-num_lines:])
    except FileNotFoundError:
        return ""


def _dies_with_us(death_signal: signal.Signals) -> Callable[[], None] | None:
    if not sys.platform.startswith("linux"):
        return None
    libc = ctypes.CDLL(None, use_errno=True)  # loaded before the fork
    parent = os.getpid()

    def arm() -> None:
        libc.prctl(_PR_SET_PDEATHSIG, int(death_signal))
        if os.getppid() != parent:  # it died in between
            os._exit(1)

    return arm
