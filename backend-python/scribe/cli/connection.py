"""How a command reaches the database, Redis and the files: by the settings, or by what ``scribe up`` left behind.

``scribe up`` writes the addresses of its own servers into ``run.json`` of the data directory, readable by its owner.
"""

import json

from scribe.core.config import Settings
from scribe.core.paths import data_dir, storage_url
from scribe.domain.errors import UnavailableError

RUN_FILE = "run.json"


def connected(settings: Settings) -> Settings:
    """The same settings with every address filled in. Raises: UnavailableError when nothing runs."""
    found = {"database_url": settings.database_url, "redis_url": settings.redis_url}
    if None in found.values():
        try:
            written = json.loads((data_dir(settings) / RUN_FILE).read_text())
        except FileNotFoundError as error:
            raise UnavailableError(
                "Nothing runs here: start `scribe up`, or set DATABASE_URL and REDIS_URL."
            ) from error
        found = {name: value or written[name] for name, value in found.items()}
    return settings.model_copy(update={**found, "storage_url": storage_url(settings)})
