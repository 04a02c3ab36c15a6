"""Two entries that are one person, and one entry that is two.

Owns these two transactions: meetings are locked before people, as everywhere, and everything that spoke of the entry
that goes speaks of the other one afterwards. Prints and samples stay as they are; a sample keeps its key.

Usage::

    person = await merge(units, who, into, other)          # `other` is gone
    anne = await split(units, who, claire.id, [voice_id], "Anne")     # has no consent yet: is not recognised
"""

from collections.abc import Collection
from datetime import UTC, datetime

from scribe.adapters.person_ties import PersonTies
from scribe.adapters.unit_of_work import UnitOfWork, UnitOfWorkFactory
from scribe.core.ids import uuid7
from scribe.core.logging import get_logger
from scribe.domain.accounts import Principal
from scribe.domain.audit import Action
from scribe.domain.errors import ConflictError, NotFoundError, OptionError, UnavailableError
from scribe.domain.people import (
    MAX_ALIASES,
    MAX_NOTE_LENGTH,
    Person,
    PersonChanges,
    PersonId,
    VoiceprintId,
    clean_aliases,
    clean_name,
)
from scribe.services.person_access import ATTEMPTS, changeable, tell


async def merge(units: UnitOfWorkFactory, who: Principal, into: PersonId, other: PersonId) -> Person:
    """``other`` was ``into`` all along: prints, consents, aliases, notes and every meeting are ``into``'s from now on.

    Meetings that spoke of ``other`` are compared again. Raises: NotFoundError, ForbiddenError (both must be yours to
    change); ConflictError when they are the same, or have too many aliases or too long notes together.
    """
    if into == other:
        raise ConflictError("This is one and the same person already.")
    for _ in range(ATTEMPTS):
        async with units() as unit:
            for person_id in (into, other):
                await changeable(unit, who, person_id, for_update=False)
            ties = PersonTies(unit.session)
            locked = await ties.lock_meetings([into, other])
            if await unit.people.lock([into, other]) != {into, other}:
                raise NotFoundError("One of them was forgotten or merged in this moment: look again.")
            if not await ties.meetings([into, other]) <= locked:
                continue
            merged = await _merge(unit, ties, into, other)
            unit.record(Action.PERSON_MERGED, person_id=into, subject_id=other)
        get_logger().info("person.merged", person_id=str(into), other_id=str(other))
        return merged
    raise UnavailableError("Too many meetings of these people are changing just now: try again in a moment.")


async def split(
    units: UnitOfWorkFactory, who: Principal, person_id: PersonId, voices: Collection[VoiceprintId], name: str
) -> Person:
    """A new person with these voiceprints, and with the speakers they were made from. Consents are not copied: the new
    person has given none, and is not recognised until one is recorded.

    Raises: NotFoundError, ForbiddenError, OptionError; ConflictError when nothing would be left.
    """
    chosen = set(voices)
    if not chosen:
        raise OptionError("Say which voiceprints are somebody else's.")
    clean = clean_name(name)
    for _ in range(ATTEMPTS):
        async with units() as unit:
            await changeable(unit, who, person_id, for_update=False)
            ties = PersonTies(unit.session)
            locked = await ties.lock_meetings([person_id])
            person = await changeable(unit, who, person_id)
            if not await ties.meetings([person_id]) <= locked:
                continue
            own = {stored.id for stored in await unit.voiceprints.of_person(person_id)}
            if not chosen <= own:
                raise NotFoundError("Some of these voiceprints are not this person's.")
            if chosen == own:
                raise ConflictError("These are all of this person's voiceprints: give the person another name instead.")
            new = await _split(unit, ties, person, chosen, clean)
            unit.record(Action.PERSON_SPLIT, person_id=person_id, subject_id=new.id, detail={"voices": len(chosen)})
        get_logger().info("person.split", person_id=str(person_id), new_id=str(new.id))
        return new
    raise UnavailableError("Too many meetings of this person are changing just now: try again in a moment.")


async def _merge(unit: UnitOfWork, ties: PersonTies, into: PersonId, other: PersonId) -> Person:
    kept, gone = await unit.people.get(into), await unit.people.get(other)
    assert kept is not None and gone is not None  # noqa: S101, PT018 -- both are locked
    changes = _united(kept, gone)
    labels = await ties.labels_speaking_of(other)
    for print_id in await ties.twice_learned(other, into):
        await unit.voiceprints.delete(print_id)
    await ties.hand_over(other, into)
    merged = await unit.people.change(into, changes)
    await ties.ask_recognition(labels)
    await tell(unit, labels)
    return merged


def _united(kept: Person, gone: Person) -> PersonChanges:
    """Raises: ConflictError when something would be lost."""
    try:
        aliases = clean_aliases([*kept.aliases, gone.name, *gone.aliases], kept.name)
    except OptionError as error:
        raise ConflictError(
            f"Together they have more than {MAX_ALIASES} aliases: take some away, then merge."
        ) from error
    note = "\n".join(note for note in dict.fromkeys((kept.note, gone.note)) if note)
    if len(note) > MAX_NOTE_LENGTH:
        raise ConflictError(f"Together their notes have more than {MAX_NOTE_LENGTH} characters: shorten one first.")
    return PersonChanges(aliases=aliases, note=note)


async def _split(
    unit: UnitOfWork, ties: PersonTies, person: Person, chosen: Collection[VoiceprintId], name: str
) -> Person:
    now = datetime.now(UTC)
    new_id = PersonId(uuid7())
    await unit.people.add(Person(new_id, person.owner_id, name, (), "", person.is_shared, 1, now, now))
    labels = await ties.labels_of_prints(person.id, chosen)
    await ties.branch_off(person.id, new_id, chosen, labels)
    await ties.ask_where_a_machine_named(person.id)
    await tell(unit, labels)
    new = await unit.people.get(new_id)
    assert new is not None  # noqa: S101 -- added above
    return new
