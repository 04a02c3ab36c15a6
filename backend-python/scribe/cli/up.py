"""``scribe up``: the whole service on this machine, in one terminal.

Owns what is started in which order, with which addresses, and what ends it; ``up_screen.py`` owns the words, and
``adapters/servers`` the processes. This process stays small and works on nothing itself.
"""

import json
import os
import socket
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated
from urllib.error import HTTPError, URLError
from urllib.request import urlopen

import typer
from rich.console import Console

from scribe.adapters.servers.children import free_port, is_free, tail
from scribe.adapters.servers.installation import Installation
from scribe.adapters.servers.log_files import LogFile
from scribe.adapters.servers.postgres import PostgresServer
from scribe.adapters.servers.scribe_process import ScribeProcess
from scribe.adapters.servers.supervision import Part, Supervisor
from scribe.adapters.servers.valkey import ValkeyServer
from scribe.cli.connection import absolute_url
from scribe.cli.interruption import Interruptions
from scribe.cli.terminal import language_of_the_terminal, this_command
from scribe.cli.up_screen import Screen, Started
from scribe.core.config import Settings, load_settings
from scribe.core.paths import data_dir, storage_url
from scribe.domain.errors import OptionError, UnavailableError

READY_TIMEOUT_S = 120.0
LOOK_EVERY_S = 1.0


def up(
    host: Annotated[str | None, typer.Option("--host", help="Where the API listens; 127.0.0.1 if left out.")] = None,
    port: Annotated[int | None, typer.Option("--port", "-p", help="The API's port; 8000 if left out.")] = None,
    workers: Annotated[
        int | None, typer.Option("--workers", "-w", help="How many meetings are processed at once; 1 if left out.")
    ] = None,
    folder: Annotated[
        Path | None, typer.Option("--data-dir", help="Where database, recordings and results are kept.")
    ] = None,
) -> None:
    """Start the whole service here: database, queue, API and workers. Ctrl-C stops it.

    DATABASE_URL, REDIS_URL and SCRIBE_STORAGE_URL, where given, are used instead of servers and a folder of its own.
    """
    settings = load_settings(api__host=host, api__port=port, workers=workers, data_dir=folder)
    screen = Screen(Console(), language_of_the_terminal())
    installation = Installation(data_dir(settings))
    with installation.locked("scribe up"), Interruptions() as interruptions:
        refuse_a_taken_port(settings)
        _Service(settings, installation, screen, interruptions).run()


def refuse_a_taken_port(settings: Settings) -> None:
    """Raises: OptionError that names the setting."""
    host, port = settings.api.host, settings.api.port
    try:
        if is_free(host, port):
            return
    except PermissionError as error:
        raise OptionError(f"This user may not listen on port {port}: choose another with SCRIBE_API__PORT.") from error
    except OSError as error:
        raise OptionError(
            f"Nothing can listen on {host} here ({error.strerror}): choose another address with SCRIBE_API__HOST."
        ) from error
    raise OptionError(
        f"Port {port} of {host} is taken by another program: end it, or choose another port with SCRIBE_API__PORT "
        f"(or --port), for example {port + 1 if is_free(host, port + 1) else free_port()}."
    )


@dataclass(frozen=True, slots=True)
class _Addresses:
    database_url: str
    redis_url: str
    storage_url: str


class _Service:
    def __init__(
        self, settings: Settings, installation: Installation, screen: Screen, interruptions: Interruptions
    ) -> None:
        self._settings = settings
        self._installation = installation
        self._screen = screen
        self._interruptions = interruptions
        self._supervisor = Supervisor(screen.ended)
        self._base_url = _base_url(settings)

    def run(self) -> None:
        """Until it is interrupted. Raises: ScribeError when something cannot start; nothing is left running then."""
        try:
            self._start()
            self._watch()
        except KeyboardInterrupt:
            self._screen.stopping()
        finally:
            self._interruptions.only_count()
            for part in self._supervisor.stop(lambda: self._interruptions.is_hurried):
                self._screen.killed(part.name)
            self._installation.withdraw()
        self._screen.stopped()

    def _start(self) -> None:
        began_s = time.monotonic()
        addresses = self._servers()
        self._installation.announce(
            {
                "database_url": addresses.database_url,
                "redis_url": addresses.redis_url,
                "storage_url": addresses.storage_url,
                "api_url": self._base_url,
            }
        )
        environment = self._environment(addresses)
        first = _prepare(environment)
        self._processes(environment)
        waiting_for = self._wait_until_ready()
        self._screen.ready(self._facts(time.monotonic() - began_s, first))
        command = this_command()
        if waiting_for:
            self._screen.not_ready(waiting_for, command)
        missing = _missing_models(self._settings)
        if missing and self._settings.workers:
            self._screen.missing_models(missing, command)

    def _servers(self) -> _Addresses:
        settings, place = self._settings, self._installation
        postgres = PostgresServer(place.postgres, place.port("postgres"), log=place.logs / "postgres.log")
        self._screen.starting(is_first=settings.database_url is None and postgres.is_new)
        database_url, redis_url = settings.database_url, settings.redis_url
        if database_url is None:
            postgres.start()
            self._supervisor.take_over([postgres])
            database_url = postgres.url
        if redis_url is None:
            valkey = ValkeyServer(place.valkey, place.port("valkey"), log=place.logs / "valkey.log")
            valkey.start()
            self._supervisor.take_over([valkey])
            redis_url = valkey.url
        return _Addresses(database_url, redis_url, absolute_url(storage_url(settings)))

    def _environment(self, addresses: _Addresses) -> dict[str, str]:
        api = self._settings.api
        return {
            "SCRIBE_LOG_LEVEL": "info",  # into files; the screen shows warnings
            **os.environ,
            "DATABASE_URL": addresses.database_url,
            "REDIS_URL": addresses.redis_url,
            "SCRIBE_STORAGE_URL": addresses.storage_url,
            "SCRIBE_DATA_DIR": str(self._installation.folder),
            "SCRIBE_API__HOST": api.host,
            "SCRIBE_API__PORT": str(api.port),
            "PYTHONUNBUFFERED": "1",
        }

    def _processes(self, environment: dict[str, str]) -> None:
        logs = self._installation.logs
        names = [f"worker-{number}" for number in range(1, self._settings.workers + 1)]
        parts = [
            ScribeProcess("api", "scribe.main", environment, logs / "api.log"),
            *(ScribeProcess(name, "scribe.worker", environment, logs / f"{name}.log") for name in names),
        ]
        self._supervisor.take_over(_launched(parts))

    def _wait_until_ready(self) -> list[str]:
        """What does not answer after so long; empty when all is well."""
        deadline = time.monotonic() + READY_TIMEOUT_S
        while True:
            ended = self._supervisor.ended()
            if ended:
                raise UnavailableError(f"{ended[0].name} does not start: {tail(ended[0].log, 8)}")
            missing = _not_ready(f"{self._base_url}/health/ready")
            if not self._settings.workers:
                missing = [name for name in missing if name != "workers"]
            if not missing or time.monotonic() > deadline:
                return missing
            self._interruptions.sleep(0.1)

    def _watch(self) -> None:
        logs = {part.name: LogFile(part.log) for part in self._supervisor.parts}
        while True:
            due_s = self._supervisor.watch_once()
            for name, log in logs.items():
                for event in log.new_trouble():
                    self._screen.trouble(name, event)
                log.keep_small()
            self._interruptions.sleep(min(due_s, LOOK_EVERY_S))

    def _facts(self, seconds: float, first: dict[str, str | None]) -> Started:
        settings = self._settings
        place = f"SCRIBE_DATA_DIR={self._installation.folder} "
        return Started(
            seconds=seconds,
            address=(settings.api.public_url or self._base_url).rstrip("/"),
            folder=self._installation.folder,
            logs=self._installation.logs,
            database=_without_password(settings.database_url),
            queue=_without_password(settings.redis_url),
            files=settings.storage_url,
            username=first["username"] or "",
            password=first["password"],
            command=(place if settings.data_dir is not None else "") + this_command(),
            is_closed_to_network=settings.api.host in {"127.0.0.1", "::1", "localhost"}
            and settings.api.public_url is None,
            num_workers=settings.workers,
        )


def _launched(parts: list[ScribeProcess]) -> list[Part]:
    for part in parts:
        part.launch()
    return list(parts)


def _prepare(environment: dict[str, str]) -> dict[str, str | None]:
    done = subprocess.run(
        [sys.executable, "-P", "-m", "scribe.cli.prepare"],
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        start_new_session=True,
    )
    if done.returncode != 0:
        raise UnavailableError(f"The database could not be prepared: {done.stderr.strip()[-2000:]}")
    first: dict[str, str | None] = json.loads(done.stdout)
    return first


def _not_ready(url: str) -> list[str]:
    """Names of what does not answer."""
    try:
        with urlopen(url, timeout=5) as answer:  # noqa: S310 -- our own address
            return _failing(answer.read())
    except HTTPError as error:
        with error:
            return _failing(error.read()) or [f"HTTP {error.code}"]
    except (URLError, OSError):
        return ["api"]


def _failing(body: bytes) -> list[str]:
    """Of the answer of /health/ready; workers belong to it here."""
    with suppress(ValueError):
        checks = json.loads(body).get("checks", {})
        return [name for name, check in checks.items() if check["state"] != "ok"]
    return ["api"]


def _missing_models(settings: Settings) -> list[str]:
    from scribe.domain.errors import ModelError
    from scribe.engines.catalog import CATALOG
    from scribe.engines.model_store import ModelStore, default_models_dir

    store = ModelStore(settings.models_dir or default_models_dir())
    missing = []
    for name in {*(model.name for model in CATALOG if model.is_default), settings.transcription.model}:
        try:
            store.path(name)
        except ModelError:
            missing.append(name)
    return missing


def _base_url(settings: Settings) -> str:
    host = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}.get(settings.api.host, settings.api.host)  # noqa: S104
    with suppress(OSError):
        socket.inet_pton(socket.AF_INET6, host)
        host = f"[{host}]"
    return f"http://{host}:{settings.api.port}"


def _without_password(url: str | None) -> str | None:
    if url is None:
        return None
    scheme, _, rest = url.partition("://")
    return f"{scheme}://{rest.rpartition('@')[2]}"
