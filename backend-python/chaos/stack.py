"""The whole service in processes of its own: PostgreSQL, Valkey, storage, API, workers.

Owns their settings, their start and their end; never breaks anything itself (``faults.py`` does). Everything lies in
one folder that PostgreSQL's account may enter, and is gone afterwards unless it is asked to stay.

Usage::

    with Stack(Plan(num_workers=2, engines="fake")) as stack:
        client = Client(stack.url, stack.token)
"""

import asyncio
import contextlib
import json
import os
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Literal, Self

import httpx

from chaos.accounts import make_user
from chaos.database import Database
from chaos.processes import Keeper
from chaos.seaweed import SeaweedServer
from scribe.adapters.servers.children import free_port
from scribe.adapters.servers.postgres import PostgresServer
from scribe.adapters.servers.valkey import ValkeyServer
from scribe.core.database import build_engine
from scribe.core.migrate import migrate

START_TIMEOUT_S = 90.0
MARK = "CHAOS_STACK"
"""In the environment of everything that is started, so that what is left over can be found."""
STORAGE_MB = 192

FAST: Mapping[str, str] = {
    "SCRIBE_QUEUE__LEASE_S": "3",
    "SCRIBE_QUEUE__REAP_EVERY_S": "0.5",
    "SCRIBE_QUEUE__POLL_EVERY_S": "1",
    "SCRIBE_QUEUE__MAX_ATTEMPTS": "20",
    "SCRIBE_QUEUE__RETRY_DELAYS_S": "[0.5, 1, 1, 2]",
}
"""Minutes become seconds; attempts do not run out under a fault every few seconds."""


@dataclass(frozen=True)
class Plan:
    num_workers: int = 2
    engines: Literal["fake", "real"] = "fake"
    storage: Literal["local", "s3"] = "local"
    is_small_disk: bool = False
    """Storage on a small file system in memory, where this process may mount one (in a namespace of its own)."""
    is_durable: bool = True
    settings: Mapping[str, str] = field(default_factory=lambda: dict(FAST))
    keep: Path | None = None
    """A folder to leave everything in; default: a temporary one, removed at the end."""


class Stack:
    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.folder = plan.keep or Path(tempfile.mkdtemp(prefix="scribe-stack-"))
        self.folder.mkdir(parents=True, exist_ok=True)
        self.folder.chmod(0o755)
        self.mark = secrets.token_hex(8)
        self.logs = self.folder / "logs"
        self.disk = self.folder / "disk"
        self.files = self.disk / "files"
        self.scratch = self.folder / "scratch"
        self.postgres = PostgresServer(self.folder / "postgres", free_port(), is_durable=plan.is_durable)
        self.valkey = ValkeyServer(self.folder / "valkey", free_port())
        self.seaweed = SeaweedServer(self.folder / "seaweed") if plan.storage == "s3" else None
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.keeper = Keeper()
        self.token = ""
        self._exits = contextlib.ExitStack()

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that everything below is ended in order
        try:
            self._start()
        except BaseException:
            self._exits.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._exits.close()

    @property
    def database(self) -> Database:
        return Database(self.postgres.url)

    @property
    def environment(self) -> dict[str, str]:
        """What every process of the product is given."""
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("SCRIBE_")}
        given = {
            "DATABASE_URL": self.postgres.url,
            "REDIS_URL": self.valkey.url,
            "SCRIBE_STORAGE_URL": self.storage_url,
            "SCRIBE_DATA_DIR": str(self.folder / "data"),
            "SCRIBE_SCRATCH_DIR": str(self.scratch),
            "SCRIBE_API__PORT": str(self.port),
            "SCRIBE_API__UPLOADS_PER_HOUR": "1000000",
            "SCRIBE_THREADS": "1",
            "OMP_NUM_THREADS": "1",
            "SCRIBE_LOG_LEVEL": "info",
            MARK: self.mark,
        }
        if self.plan.engines == "fake":
            given |= {"SCRIBE_DIARIZATION__ENGINE": "fake", "SCRIBE_TRANSCRIPTION__ENGINE": "fake"}
        if self.seaweed is not None:
            given |= self.seaweed.credentials
        return inherited | given | dict(self.plan.settings)

    @property
    def storage_url(self) -> str:
        return self.seaweed.url if self.seaweed is not None else str(self.files)

    def keep_apis(self) -> None:
        """One, on ``port``; ``topology.site`` has several, behind a proxy."""
        self.keeper.keep("api", [sys.executable, "-m", "scribe.main"], self.environment, self.logs / "api.log")

    def add_worker(self) -> str:
        name = f"worker-{len(self.keeper.names('worker-'))}"
        self.keeper.keep(name, [sys.executable, "-m", "scribe.worker"], self.environment, self.logs / f"{name}.log")
        return name

    def wait_until_ready(self, timeout_s: float = START_TIMEOUT_S) -> None:
        """API and storage answer and a worker has given a sign. Raises: TimeoutError with what was missing."""
        deadline, seen = time.monotonic() + timeout_s, "nothing answers"
        while time.monotonic() < deadline:
            with contextlib.suppress(httpx.HTTPError):
                answer = httpx.get(f"{self.url}/health/ready", timeout=5)
                if answer.status_code == httpx.codes.OK:
                    return
                seen = answer.text
            time.sleep(0.1)
        raise TimeoutError(f"not ready after {timeout_s:.0f} s: {seen}")

    def _start(self) -> None:
        if self.plan.keep is None:
            self._exits.callback(shutil.rmtree, self.folder, ignore_errors=True)
        for folder in (self.logs, self.disk, self.scratch, self.folder / "data"):
            folder.mkdir(exist_ok=True)
        if self.plan.is_small_disk:
            mount = ["mount", "-t", "tmpfs", "-o", f"size={STORAGE_MB}m,mode=755", "scribe-chaos", str(self.disk)]
            subprocess.run(mount, check=True, capture_output=True)
            self._exits.callback(subprocess.run, ["umount", "-l", str(self.disk)], check=False, capture_output=True)
        self.files.mkdir(exist_ok=True)
        # Not entered as contexts: faults kill and replace their processes.
        if self.seaweed is not None:
            self._exits.callback(self.seaweed.stop)
            self.seaweed.launch()
        self._exits.callback(self.postgres.stop)
        self.postgres.start()
        self._exits.callback(self.valkey.stop)
        self.valkey.start()
        asyncio.run(self._migrate())
        self.token = make_user(self.postgres.url, "chaos")
        if self.seaweed is not None:
            self.seaweed.become_ready()
        self._exits.enter_context(self.keeper)
        self.keep_apis()
        for _ in range(self.plan.num_workers):
            self.add_worker()
        about = {"url": self.url, "database": self.postgres.url, "redis": self.valkey.url, "token": self.token}
        (self.folder / "stack.json").touch(mode=0o600)
        (self.folder / "stack.json").write_text(json.dumps(about))
        self.wait_until_ready()

    async def _migrate(self) -> None:
        engine = build_engine(self.postgres.url)
        try:
            await migrate(engine)
        finally:
            await engine.dispose()
