"""The data directory of one machine: its folders and who may enter them, its lock, its ports, who runs in it.

Owns the layout::

    lock                 held by the one `scribe up`, `scribe restore` ... that runs here
    run.json             addresses while it runs, passwords included; readable by its owner
    ports.json           ports of the servers, kept from start to start
    postgres/  valkey/   data of the servers, with their passwords
    files/               recordings and results, unless SCRIBE_STORAGE_URL says otherwise
    scratch/  logs/

Usage::

    installation = Installation(data_dir(settings))
    with installation.locked("scribe up"):
        port = installation.port("postgres")
"""

import json
import os
import stat
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from scribe.adapters.servers.children import free_port, is_free
from scribe.adapters.servers.private_files import write_private
from scribe.domain.errors import ConflictError, ResourceError

PRIVATE = 0o700
PASSABLE = 0o711
"""The database's account may walk through, and list nothing."""


class Installation:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.postgres = folder / "postgres"
        self.valkey = folder / "valkey"
        self.logs = folder / "logs"
        self._run = folder / "run.json"
        self._ports = folder / "ports.json"
        self._lock = folder / "lock"

    def prepare(self) -> None:
        """Makes the folders, closed to others. Raises: ResourceError when it may not."""
        is_root = os.geteuid() == 0
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            self.folder.chmod(PASSABLE if is_root else PRIVATE)
            for private in (self.valkey, self.logs, self.folder / "files", self.folder / "scratch"):
                private.mkdir(exist_ok=True)
                private.chmod(PRIVATE)
            self.postgres.mkdir(exist_ok=True)
            self.postgres.chmod(PASSABLE if is_root else PRIVATE)
        except OSError as error:
            raise ResourceError(
                f"{self.folder} cannot be used ({error.strerror}): choose another folder with SCRIBE_DATA_DIR."
            ) from error

    @contextmanager
    def locked(self, by: str) -> Iterator[None]:
        """For the block nobody else runs in this folder. The kernel drops the lock when its holder dies.

        Raises: ConflictError that says who runs.
        """
        import fcntl

        self.prepare()
        with self._lock.open("a+") as file:
            os.fchmod(file.fileno(), stat.S_IRUSR | stat.S_IWUSR)
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                file.seek(0)
                holder = file.read().strip() or "another process"
                raise ConflictError(
                    f"{holder} already runs with {self.folder}: stop it first, or choose another folder with "
                    "SCRIBE_DATA_DIR."
                ) from None
            file.truncate(0)
            file.write(f"`{by}` (process {os.getpid()})")
            file.flush()
            try:
                yield
            finally:
                file.truncate(0)

    def port(self, server: str) -> int:
        """The port this server had before, as long as nobody took it."""
        known = _read(self._ports)
        port = known.get(server)
        if not isinstance(port, int) or not is_free("127.0.0.1", port):
            port = free_port()
            write_private(self._ports, json.dumps({**known, server: port}))
        return port

    def announce(self, addresses: Mapping[str, str | int]) -> None:
        write_private(self._run, json.dumps({"pid": os.getpid(), **addresses}, indent=2))

    def withdraw(self) -> None:
        self._run.unlink(missing_ok=True)

    def running(self) -> dict[str, Any] | None:
        """What `scribe up` announced, while it lives. Raises: ResourceError when another user started it."""
        try:
            announced = _read(self._run)
        except PermissionError:
            raise ResourceError(f"{self._run} belongs to another user: run this as the one who started it.") from None
        pid = announced.get("pid")
        if not isinstance(pid, int):
            return None
        try:
            os.kill(pid, 0)
        except ProcessLookupError:  # killed: it could not tidy up
            return None
        except PermissionError:
            pass
        return announced


def _read(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}
