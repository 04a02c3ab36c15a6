"""What must be true of a database before anybody serves: the tables of this version, and somebody who can sign in.

Owns running both, here (``scribe migrate``) or in a process of its own: ``python -m scribe.cli.prepare`` prints one
JSON object. ``scribe up`` uses the latter and stays small, because the libraries for it end with that process.
"""

import asyncio
import json
import sys

from scribe.adapters.unit_of_work import UnitOfWorkFactory
from scribe.cli.failures import exit_code_of
from scribe.core.config import load_settings
from scribe.core.database import build_engine
from scribe.core.logging import configure_logging
from scribe.core.migrate import migrate
from scribe.domain.accounts import FIRST_ADMINISTRATOR
from scribe.domain.errors import OptionError, ScribeError
from scribe.services.accounts import ensure_first_administrator


async def prepare(database_url: str) -> str | None:
    """The one-time password of the first administrator, while nobody has signed in as one."""
    engine = build_engine(database_url, pool_size=1, application="scribe-migrate")
    try:
        await migrate(engine)
        return await ensure_first_administrator(UnitOfWorkFactory(engine))
    finally:
        await engine.dispose()


def main() -> None:
    settings = load_settings()
    configure_logging(settings.log_level, as_json=True)
    try:
        if settings.database_url is None:
            raise OptionError("Set DATABASE_URL.")
        password = asyncio.run(prepare(settings.database_url))
    except ScribeError as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(exit_code_of(error))
    sys.stdout.write(json.dumps({"username": FIRST_ADMINISTRATOR, "password": password}))


if __name__ == "__main__":
    main()
