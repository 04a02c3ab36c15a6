"""What people do with people of the voice bank: introduce, find, read, change; consents.

Owns these transactions, and that a person somebody may not read does not exist for them: not to be read, not as a
conflict of names. Merging and splitting come from ``people_merging.py``, forgetting is in ``forgetting.py``;
voiceprints come by ``enrolment.py`` and ``naming.py``.

Usage::

    person = await people.create(units, who, PersonDraft("Claire Martin"), ConsentDraft("Claire, signed", "fr-1"))
"""

from datetime import UTC, datetime
from uuid import UUID

from scribe.adapters.person_ties import PersonTies
from scribe.adapters.unit_of_work import UnitOfWork, UnitOfWorkFactory
from scribe.core.ids import uuid7
from scribe.core.logging import get_logger
from scribe.domain.accounts import Principal
from scribe.domain.audit import Action, Detail
from scribe.domain.errors import NotFoundError, PreconditionError, UnavailableError
from scribe.domain.people import (
    Consent,
    ConsentDraft,
    Person,
    PersonChanges,
    PersonDraft,
    PersonId,
    PersonPage,
    PersonQuery,
    clean_changes,
    clean_consent,
    clean_draft,
)
from scribe.services.forgetting import erase_voice
from scribe.services.people_merging import merge, split
from scribe.services.person_access import ATTEMPTS, changeable, readable, tell

__all__ = [
    "change",
    "changeable",
    "consents",
    "create",
    "give_consent",
    "merge",
    "page",
    "read",
    "readable",
    "split",
    "withdraw_consent",
]


async def create(
    units: UnitOfWorkFactory, who: Principal, draft: PersonDraft, consent: ConsentDraft | None = None
) -> Person:
    """Somebody may bear the name of somebody else. Raises: OptionError."""
    clean, agreed = clean_draft(draft), None if consent is None else clean_consent(consent)
    now = datetime.now(UTC)
    person_id = PersonId(uuid7())
    async with units() as unit:
        await unit.people.add(
            Person(person_id, who.user_id, clean.name, clean.aliases, clean.note, clean.is_shared, 1, now, now)
        )
        if agreed is not None:
            await unit.people.add_consent(_recorded(agreed, person_id, who))
            unit.record(Action.CONSENT_GIVEN, person_id=person_id)
        unit.record(Action.PERSON_CREATED, person_id=person_id, subject_id=who.user_id)
        person = await unit.people.get(person_id)
    assert person is not None  # noqa: S101 -- added above
    get_logger().info("person.created", person_id=str(person_id), has_consent=person.has_consent)
    return person


async def read(units: UnitOfWorkFactory, who: Principal, person_id: PersonId) -> Person:
    """Raises: NotFoundError, also for a person whom ``who`` may not read."""
    async with units() as unit:
        return await readable(unit, who, person_id)


async def page(units: UnitOfWorkFactory, who: Principal, query: PersonQuery) -> PersonPage:
    """Raises: OptionError on a cursor that is none of ours."""
    async with units() as unit:
        return await unit.people.page(who, query)


async def change(
    units: UnitOfWorkFactory,
    who: Principal,
    person_id: PersonId,
    changes: PersonChanges,
    *,
    version: int | None = None,
) -> Person:
    """Another name is written into every meeting in which the person is named. ``version``: as the writer read it.

    Raises: NotFoundError, ForbiddenError, PreconditionError, OptionError.
    """
    for _ in range(ATTEMPTS):
        async with units() as unit:
            ties = PersonTies(unit.session)
            before = await changeable(unit, who, person_id, for_update=False)
            is_renaming = changes.name is not None and changes.name != before.name
            locked = await ties.lock_naming_meetings(person_id) if is_renaming or changes.is_shared is False else set()
            before = await changeable(unit, who, person_id)
            if version is not None and version != before.version:
                raise PreconditionError("Somebody changed this person meanwhile: read them again, then change them.")
            clean = clean_changes(changes, before)
            if _is_as_before(clean, before):
                return before
            is_renaming = clean.name is not None and clean.name != before.name
            is_hiding = before.is_shared and clean.is_shared is False
            if (is_renaming or is_hiding) and not await ties.naming_meetings(person_id) <= locked:
                continue
            changed = await unit.people.change(person_id, clean)
            unit.record(Action.PERSON_CHANGED, person_id=person_id, detail=_what_changed(clean, before))
            if is_renaming or is_hiding:  # files hold names, also those offered, and ids of those who may be known
                await tell(unit, await ties.labels_named(person_id))
            if is_hiding:
                await ties.ask_where_a_machine_named(person_id, not_of=before.owner_id)
        get_logger().info("person.changed", person_id=str(person_id))
        return changed
    raise UnavailableError("Too many meetings of this person are changing just now: try again in a moment.")


# --- consents ---------------------------------------------------------------------------------------------------------


async def give_consent(units: UnitOfWorkFactory, who: Principal, person_id: PersonId, draft: ConsentDraft) -> Consent:
    """Raises: NotFoundError, ForbiddenError, OptionError."""
    agreed = clean_consent(draft)
    async with units() as unit:
        await changeable(unit, who, person_id)
        consent = _recorded(agreed, person_id, who)
        await unit.people.add_consent(consent)
        unit.record(Action.CONSENT_GIVEN, person_id=person_id, subject_id=consent.id)
    get_logger().info("consent.given", person_id=str(person_id), consent_id=str(consent.id))
    return consent


async def consents(units: UnitOfWorkFactory, who: Principal, person_id: PersonId) -> list[Consent]:
    """The oldest first, withdrawn ones among them. Raises: NotFoundError, ForbiddenError: they say who signed what."""
    async with units() as unit:
        await changeable(unit, who, person_id, for_update=False)
        return await unit.people.consents(person_id)


async def withdraw_consent(units: UnitOfWorkFactory, who: Principal, person_id: PersonId, consent_id: UUID) -> Consent:
    """When no other one is left, everything of the voice goes with it; the person's entry stays.

    Raises: NotFoundError, ForbiddenError.
    """
    for _ in range(ATTEMPTS):
        async with units() as unit:
            await changeable(unit, who, person_id, for_update=False)
            is_erasing = await _is_last(unit, person_id, consent_id)
            if is_erasing:  # it locks meetings, which come before people
                await erase_voice(unit, person_id)
            await changeable(unit, who, person_id)
            if await _is_last(unit, person_id, consent_id) and not is_erasing:
                continue  # another one was withdrawn in the same moment
            await unit.people.withdraw_consent(consent_id)
            unit.record(
                Action.CONSENT_WITHDRAWN,
                person_id=person_id,
                subject_id=consent_id,
                detail={"is_voice_erased": is_erasing},
            )
            withdrawn = await _consent(unit, person_id, consent_id)
        get_logger().info("consent.withdrawn", person_id=str(person_id), consent_id=str(consent_id))
        return withdrawn
    raise UnavailableError("This person's consents are changing just now: try again in a moment.")


async def _is_last(unit: UnitOfWork, person_id: PersonId, consent_id: UUID) -> bool:
    """Whether no consent is active but this one; nothing is left to erase where it is withdrawn by now.

    Raises: NotFoundError.
    """
    withdrawn = await _consent(unit, person_id, consent_id)
    others = [one for one in await unit.people.consents(person_id) if one.is_active and one.id != consent_id]
    return withdrawn.is_active and not others


async def _consent(unit: UnitOfWork, person_id: PersonId, consent_id: UUID) -> Consent:
    """Raises: NotFoundError."""
    for consent in await unit.people.consents(person_id):
        if consent.id == consent_id:
            return consent
    raise NotFoundError("This person gave no such consent.")


def _recorded(agreed: ConsentDraft, person_id: PersonId, who: Principal) -> Consent:
    now = datetime.now(UTC)
    return Consent(
        id=uuid7(),
        person_id=person_id,
        given_by=agreed.given_by,
        text_version=agreed.text_version,
        given_at=agreed.given_at or now,
        recorded_at=now,
        recorded_by=who.user_id,
    )


def _what_changed(changes: PersonChanges, before: Person) -> Detail:
    """Which fields, never what stands in them; whom the person is shared with is said."""
    asked = {"name": changes.name, "aliases": changes.aliases, "note": changes.note, "is_shared": changes.is_shared}
    fields = [name for name, value in asked.items() if value is not None and value != getattr(before, name)]
    return {"fields": fields} | ({"is_shared": changes.is_shared} if "is_shared" in fields else {})


def _is_as_before(changes: PersonChanges, before: Person) -> bool:
    asked = {"name": changes.name, "aliases": changes.aliases, "note": changes.note, "is_shared": changes.is_shared}
    return all(value is None or value == getattr(before, name) for name, value in asked.items())
