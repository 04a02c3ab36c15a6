"""The door to one person of the voice bank, and what is told of meetings whose names changed.

Owns that a person somebody may not read does not exist for them; never a transaction.

Usage::

    person = await changeable(unit, who, person_id)
"""

from scribe.adapters.person_ties import Labels, PersonTies
from scribe.adapters.unit_of_work import UnitOfWork
from scribe.domain.accounts import Principal
from scribe.domain.errors import ForbiddenError, NotFoundError
from scribe.domain.events import EventKind, NewEvent
from scribe.domain.people import Person, PersonId, may_change_person

ATTEMPTS = 5
"""A meeting may begin to speak of the person while the others are being locked: then all is done again."""
NO_SUCH_PERSON = "There is no such person, or it is not yours to see."


async def readable(unit: UnitOfWork, who: Principal, person_id: PersonId, *, for_update: bool = False) -> Person:
    """The one door to a single person. ``for_update``: nobody else changes, teaches or forgets them until the
    transaction ends; lock meetings before.

    Raises: NotFoundError, also for a person whom ``who`` may not read.
    """
    person = await unit.people.readable(person_id, who, for_update=for_update)
    if person is None:
        raise NotFoundError(NO_SUCH_PERSON)
    return person


async def changeable(unit: UnitOfWork, who: Principal, person_id: PersonId, *, for_update: bool = True) -> Person:
    """Raises: NotFoundError when ``who`` may not read the person, ForbiddenError when they may do no more."""
    person = await readable(unit, who, person_id, for_update=for_update)
    if not may_change_person(who, person.owner_id):
        raise ForbiddenError("Only who introduced this person, or an administrator, may do that.")
    return person


async def tell(unit: UnitOfWork, labels: Labels) -> None:
    """Result files are written again, followers read them again: which labels, never which names."""
    for meeting in await PersonTies(unit.session).rename(labels):
        payload = {"names_version": meeting.names_version, "labels": list(meeting.labels)}
        unit.emit(NewEvent(EventKind.SPEAKERS, meeting.id, meeting.owner_id, payload))
