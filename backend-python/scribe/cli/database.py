"""One piece of work of a command on the service's database, and as whom it is done.

Owns the engine for the time of the command. Needs the database's address, no password: whoever has that may do all of
this.

Usage::

    answer = with_units(lambda units: users.create_user(units, new))
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, TypeVar

from scribe.cli.connection import connected
from scribe.core.acting import acting_as
from scribe.core.config import Settings, load_settings
from scribe.core.logging import configure_logging
from scribe.domain.accounts import ROLE_SCOPES, Principal, clean_username
from scribe.domain.audit import THE_COMMAND
from scribe.domain.errors import ConflictError

if TYPE_CHECKING:  # the database's libraries are loaded by the commands that need them, not by `scribe --help`
    from scribe.adapters.unit_of_work import UnitOfWorkFactory

Answer = TypeVar("Answer")


def with_units(work: Callable[["UnitOfWorkFactory"], Awaitable[Answer]], settings: Settings | None = None) -> Answer:
    """``settings``: with every address filled in already. Raises: UnavailableError when nothing runs."""
    from scribe.adapters.unit_of_work import UnitOfWorkFactory
    from scribe.core.database import build_engine

    settings = settings or connected(load_settings(), needs_redis=False)
    configure_logging(settings.log_level, as_json=False)

    async def on_an_engine() -> Answer:
        engine = build_engine(str(settings.database_url), pool_size=1, application="scribe-cli")
        try:
            return await work(UnitOfWorkFactory(engine))
        finally:
            await engine.dispose()

    with acting_as(THE_COMMAND):
        return asyncio.run(on_an_engine())


async def principal_of(units: "UnitOfWorkFactory", username: str) -> Principal:
    """With all that the role allows. Raises: NotFoundError, ConflictError when the user is deactivated."""
    from scribe.services import users

    user = await users.find_user(units, clean_username(username))
    if not user.is_active:
        raise ConflictError(f"{user.username} is deactivated: `scribe users activate {user.username}` first.")
    return Principal(user.id, user.username, user.role, ROLE_SCOPES[user.role])
