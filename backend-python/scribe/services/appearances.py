"""Where people of the voice bank appear, and what they are called, for whoever may know.

Owns these transactions; a person somebody may not read is answered like one who does not exist.

Usage::

    page = await appearances.page(units, who, person_id, after=None, limit=50)
"""

from collections.abc import Collection, Mapping

from scribe.adapters.appearances import AppearanceRepository
from scribe.adapters.unit_of_work import UnitOfWorkFactory
from scribe.domain.accounts import Principal
from scribe.domain.appearances import AppearancePage, PersonCounts
from scribe.domain.meeting import MeetingId
from scribe.domain.meetings import Cursor
from scribe.domain.people import PersonId
from scribe.services.person_access import readable


async def page(
    units: UnitOfWorkFactory, who: Principal, person_id: PersonId, *, after: Cursor | None, limit: int
) -> AppearancePage:
    """Meetings that ``who`` may see. Raises: NotFoundError."""
    async with units() as unit:
        await readable(unit, who, person_id)
        return await AppearanceRepository(unit.session).page(who, person_id, after, limit)


async def counts(units: UnitOfWorkFactory, who: Principal, person_id: PersonId) -> PersonCounts:
    """Raises: NotFoundError."""
    async with units() as unit:
        await readable(unit, who, person_id)
        repository = AppearanceRepository(unit.session)
        return PersonCounts(await repository.count(who, person_id), await repository.num_stale(person_id))


async def counts_of(units: UnitOfWorkFactory, who: Principal, people: Collection[PersonId]) -> Mapping[PersonId, int]:
    """Meetings that ``who`` may see, of each of these people, all of whom ``who`` may read; 0 for who is in none."""
    async with units() as unit:
        return await AppearanceRepository(unit.session).count_each(who, people)


async def names_of(units: UnitOfWorkFactory, who: Principal, people: Collection[PersonId]) -> Mapping[PersonId, str]:
    """Of those whom ``who`` may read; the others are not in it."""
    if not people:
        return {}
    async with units() as unit:
        return await unit.people.names_of(people, who)


async def visible_meetings(
    units: UnitOfWorkFactory, who: Principal, meetings: Collection[MeetingId]
) -> frozenset[MeetingId]:
    """Those of them that ``who`` may see."""
    async with units() as unit:
        return await AppearanceRepository(unit.session).visible_meetings(who, meetings)
