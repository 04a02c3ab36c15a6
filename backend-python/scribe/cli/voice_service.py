"""What the commands of ``scribe voices`` share: the service they reach, and how people are named to them.

Usage::

    report = run(lambda service: voice_transfer.export(service.units, service.storage, ...))
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from scribe.cli.connection import connected
from scribe.cli.database import with_units
from scribe.core.config import Settings, load_settings
from scribe.domain.accounts import Principal
from scribe.domain.errors import ConflictError, NotFoundError
from scribe.domain.people import Person

if TYPE_CHECKING:  # the database's libraries are loaded by the commands that need them, not by `scribe --help`
    from scribe.adapters.storage import Storage
    from scribe.adapters.unit_of_work import UnitOfWorkFactory

Of = Annotated[
    str, typer.Option("--owner", help="User as whom to act: whose people, and whose meetings they are looked for in.")
]
ByConsent = Annotated[
    str | None, typer.Option("--consent-by", "--by", help="Who agreed to be recognised by voice, and how, in words.")
]
Answer = TypeVar("Answer")


@dataclass(frozen=True, slots=True)
class Service:
    settings: Settings
    units: "UnitOfWorkFactory"
    storage: "Storage"


def run(work: Callable[[Service], Awaitable[Answer]]) -> Answer:
    """Raises: UnavailableError when nothing runs."""
    from scribe.adapters.storage import Storage

    settings = connected(load_settings(), needs_redis=False)
    storage = Storage(str(settings.storage_url))
    return with_units(lambda units: work(Service(settings, units, storage)), settings)


async def person_named(units: "UnitOfWorkFactory", who: Principal, name: str) -> Person:
    """Raises: NotFoundError; ConflictError with their ids when it may be several."""
    found = await people_named(units, who, name)
    if not found:
        raise NotFoundError(f"Nobody is called {name}: `scribe voices list` shows everybody.")
    return only_one(found, name)


async def people_named(units: "UnitOfWorkFactory", who: Principal, name: str) -> list[Person]:
    async with units() as unit:
        return await unit.people.called(who, name)


def only_one(found: list[Person], name: str) -> Person:
    """Raises: ConflictError."""
    if len(found) > 1:
        ids = ", ".join(f"{person.id} ({person.name})" for person in found)
        raise ConflictError(f"Several people are called {name}: give an id instead. They are {ids}.")
    return found[0]
