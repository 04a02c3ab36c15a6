"""How a command reaches the database, Redis and the files: by the settings, or by what ``scribe up`` left behind.

``scribe up`` writes the addresses of its own servers into ``run.json`` of the data directory, readable by its owner.

Usage::

    settings = connected(load_settings())
    settings.database_url
"""

from pathlib import Path

from scribe.adapters.servers.installation import Installation
from scribe.core.config import Settings
from scribe.core.paths import data_dir, storage_url
from scribe.domain.errors import UnavailableError


def connected(settings: Settings, *, needs_redis: bool = True) -> Settings:
    """The same settings with every address filled in. Raises: UnavailableError when nothing runs."""
    running = Installation(data_dir(settings)).running() or {}
    database_url = settings.database_url or running.get("database_url")
    redis_url = settings.redis_url or running.get("redis_url")
    if database_url is None or (redis_url is None and needs_redis):
        missing = "DATABASE_URL" if not needs_redis else "DATABASE_URL and REDIS_URL"
        raise UnavailableError(
            f"Nothing runs with {data_dir(settings)}: start `scribe up`, set {missing}, or set SCRIBE_DATA_DIR to the "
            "folder that `scribe up` shows."
        )
    files = settings.storage_url or running.get("storage_url") or storage_url(settings)
    return settings.model_copy(
        update={"database_url": database_url, "redis_url": redis_url, "storage_url": absolute_url(files)}
    )


def absolute_url(url: str) -> str:
    """A folder from here is another one in a process that runs elsewhere."""
    return url if "://" in url else str(Path(url).expanduser().absolute())
