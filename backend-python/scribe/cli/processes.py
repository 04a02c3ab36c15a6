"""``scribe migrate``, ``scribe api``, ``scribe worker``: one step or process of the service, for containers and service
managers.

Owns nothing but the names: this process becomes the other, so that signals reach it.
"""

import asyncio
import os
import sys
from typing import Annotated

import typer
from rich.console import Console

from scribe.cli.connection import connected
from scribe.core.config import load_settings
from scribe.core.logging import configure_logging
from scribe.domain.accounts import FIRST_ADMINISTRATOR


def migrate() -> None:
    """Bring the database's tables to this version, once, and exit.

    While no administrator has ever signed in, prints a one-time password for the user `admin`: a new one each time.
    """
    from scribe.cli.prepare import prepare
    from scribe.core.migrate import code_revision

    settings = load_settings()
    configure_logging(settings.log_level, as_json=False)
    database_url = connected(settings, needs_redis=False).database_url
    assert database_url is not None  # noqa: S101 -- connected() says so
    password = asyncio.run(prepare(database_url))
    console = Console(soft_wrap=True, highlight=False)
    console.print(f"The tables are good for this version (revision {code_revision()}).")
    if password is not None:
        console.print(f"First administrator: {FIRST_ADMINISTRATOR}, one-time password: {password}", markup=False)


def api() -> None:
    """Serve the API in this process. Needs DATABASE_URL and REDIS_URL; SIGTERM ends it after running requests."""
    _become("scribe.main")


def worker(
    check: Annotated[
        bool, typer.Option("--check", help="Start nothing: succeed if a worker of this machine (or container) lives.")
    ] = False,
) -> None:
    """Process meetings here, one at a time. Needs DATABASE_URL and REDIS_URL; SIGTERM hands back the meeting."""
    if not check:
        _become("scribe.worker")
    from scribe.worker.check import say

    database_url = connected(load_settings(), needs_redis=False).database_url
    assert database_url is not None  # noqa: S101 -- connected() says so
    typer.echo(asyncio.run(say(database_url)))


def _become(module: str) -> None:
    sys.stdout.flush()
    sys.stderr.flush()
    os.execv(sys.executable, [sys.executable, "-P", "-m", module])  # noqa: S606 -- no shell is the point
