"""Servers as children of this process: unprivileged when we are root, ended when we end.

Owns starting a program under the right account and stopping it in time; never which program (``postgres.py``,
``valkey.py`` know).
"""

import ctypes
import errno
import os
import pwd
import random
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from scribe.domain.errors import ResourceError

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
    folder: Path = Path("/"),
) -> subprocess.Popen[bytes]:
    """A child in its own session, that gets ``death_signal`` when the thread that started it ends, however it ends.

    So start children from a thread that lives as long as they shall. Where there is no such signal (macOS), nobody
    tells them: docs/operations.md says what to do after the starter was killed there.
    """
    with log.open("ab") as output:
        return subprocess.Popen(
            [str(part) for part in command],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            cwd=folder,
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


PORTS = range(15000, 30000)
"""Below what systems give to outgoing connections (Linux: from 32768): a server that is started again must find its
port free."""


def free_port() -> int:
    for port in random.sample(PORTS, 100):  # not for secrets
        if is_free("127.0.0.1", port):
            return port
    raise ResourceError(f"No free port between {PORTS.start} and {PORTS.stop}.")


def is_free(host: str, port: int) -> bool:
    """Whether a server may listen there. A port that a server left a moment ago is free."""
    family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    with socket.socket(family, kind, protocol) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(address)
            probe.listen(1)
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                return False
            raise
    return True


def is_running(pid: int, marker: str) -> bool:
    """Whether process ``pid`` lives and has ``marker`` on its command line: numbers are used again."""
    if not Path("/proc/self/cmdline").exists():
        shown = subprocess.run(["ps", "-o", "command=", "-p", str(pid)], capture_output=True, text=True, check=False)
        return marker in shown.stdout
    try:
        return marker in Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace")
    except OSError:
        return False


def is_reachable(path: Path, account: Account) -> bool:
    """Whether the account may walk to ``path``: root's private folders are closed to ``nobody``."""
    return account.uid is None or run(["test", "-x", path], account, 10).returncode == 0


def reachable_copy(folder: Path, beside: Path, version: str, account: Account) -> Path:
    """``folder``, or a copy of it under ``beside`` where the account can read it. Nothing is made more open.

    Copies of other versions are removed.
    """
    if is_reachable(folder / "bin", account):
        return folder
    copy = beside / f"{folder.name}-{version}"
    if not copy.is_dir():
        draft = beside / f"{folder.name}.new"
        for old in beside.glob(f"{folder.name}*"):
            shutil.rmtree(old)
        shutil.copytree(folder, draft, symlinks=True)
        draft.rename(copy)
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
