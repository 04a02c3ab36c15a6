"""What people do with people of the voice bank, and what that does to meetings."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from scribe.adapters.unit_of_work import UnitOfWorkFactory
from scribe.core.ids import uuid7
from scribe.domain.accounts import Principal
from scribe.domain.errors import (
    ForbiddenError,
    NotFoundError,
    OptionError,
    PreconditionError,
)
from scribe.domain.namings import Naming
from scribe.domain.people import (
    MAX_ALIASES,
    MAX_NOTE_LENGTH,
    ConsentDraft,
    PersonChanges,
    PersonDraft,
    PersonId,
    PersonQuery,
)
from scribe.services import people
from tests.bank import enter, teach
from tests.spoken_of import FIRST, SECOND, asked_again, meeting_with, names_versions, speaker, told

AGREED = ConsentDraft("Claire Martin,  signed form", "fr-1")


# --- introduce, read, change ------------------------------------------------------------------------------------------


async def test_a_person_is_introduced_with_the_consent_in_one_go(units: UnitOfWorkFactory, member: Principal) -> None:
    draft = PersonDraft(
        "  Claire \N{NO-BREAK SPACE} Martin ", ("CM", "cm", "claire martin"), " Treasurer\r\nsince May "
    )
    person = await people.create(units, member, draft, AGREED)
    assert (person.name, person.aliases, person.note) == ("Claire Martin", ("CM",), "Treasurer\nsince May")
    assert (person.owner_id, person.is_shared, person.version, person.has_consent) == (member.user_id, False, 1, True)
    (consent,) = await people.consents(units, member, person.id)
    assert (consent.given_by, consent.text_version) == ("Claire Martin, signed form", "fr-1")
    assert consent.recorded_by == member.user_id
    assert await people.read(units, member, person.id) == person


@pytest.mark.parametrize(
    ("draft", "consent"),
    [
        (PersonDraft(""), None),
        (PersonDraft("Speaker 3"), None),
        (PersonDraft("a\0b"), None),
        (PersonDraft("x" * 101), None),
        (PersonDraft("Claire", ("\u202eeriale",)), None),
        (PersonDraft("Claire", tuple(f"C{index}" for index in range(MAX_ALIASES + 1))), None),
        (PersonDraft("Claire", note="a\0b"), None),
        (PersonDraft("Claire", note="x" * (MAX_NOTE_LENGTH + 1)), None),
        (PersonDraft("Claire"), ConsentDraft(" ", "fr-1")),
        (PersonDraft("Claire"), ConsentDraft("Claire", "")),
        (PersonDraft("Claire"), ConsentDraft("Claire", "fr-1", datetime.now(UTC) + timedelta(days=1))),
        (PersonDraft("Claire"), ConsentDraft("Claire", "fr-1", datetime(2026, 1, 1))),  # noqa: DTZ001 -- that is it
    ],
)
async def test_what_cannot_stand_in_minutes_or_records_is_refused(
    units: UnitOfWorkFactory, member: Principal, draft: PersonDraft, consent: ConsentDraft | None
) -> None:
    with pytest.raises(OptionError):
        await people.create(units, member, draft, consent)
    assert (await people.page(units, member, PersonQuery())).people == []


async def test_somebody_may_bear_the_name_of_somebody_else(
    units: UnitOfWorkFactory, member: Principal, stranger: Principal
) -> None:
    for owner in (member, member, stranger):
        await people.create(units, owner, PersonDraft("Claire Martin"))
    assert len((await people.page(units, member, PersonQuery("claire"))).people) == 2


async def test_whom_one_may_not_read_does_not_exist_and_whom_one_may_only_read_stays_as_it_is(
    units: UnitOfWorkFactory, member: Principal, stranger: Principal, administrator: Principal
) -> None:
    hidden, shared = await enter(units, member, "Claire"), await enter(units, member, "Anne", is_shared=True)
    own = await enter(units, stranger, "Bob")
    consents = {person.id: (await people.consents(units, member, person.id))[0].id for person in (hidden, shared)}
    for person, refusal in ((hidden, NotFoundError), (shared, ForbiddenError)):
        (print_,) = await teach(units, person, 1)
        attempts = [
            people.change(units, stranger, person.id, PersonChanges(note="mine")),
            people.give_consent(units, stranger, person.id, AGREED),
            people.consents(units, stranger, person.id),
            people.withdraw_consent(units, stranger, person.id, consents[person.id]),
            people.merge(units, stranger, person.id, own.id),
            people.merge(units, stranger, own.id, person.id),
            people.split(units, stranger, person.id, [print_.id], "Zoé"),
        ]
        for attempt in attempts:
            with pytest.raises(refusal):
                await attempt
        assert (await people.change(units, administrator, person.id, PersonChanges(note="ours"))).note == "ours"
    with pytest.raises(NotFoundError) as hidden_one:
        await people.read(units, stranger, hidden.id)
    with pytest.raises(NotFoundError) as nobody:
        await people.read(units, stranger, PersonId(uuid7()))
    assert str(hidden_one.value) == str(nobody.value)
    assert (await people.read(units, stranger, shared.id)).name == "Anne"


async def test_a_change_that_was_made_on_an_old_version_is_refused(units: UnitOfWorkFactory, member: Principal) -> None:
    person = await enter(units, member, "Claire")
    changed = await people.change(units, member, person.id, PersonChanges(note="one"), version=1)
    assert changed.version == 2
    with pytest.raises(PreconditionError):
        await people.change(units, member, person.id, PersonChanges(note="two"), version=1)
    again = await people.change(units, member, person.id, PersonChanges(note="one"), version=2)
    assert again.version == 2  # nothing changed


async def test_another_name_is_written_into_the_meetings_that_name_or_offer_the_person_and_no_others(
    units: UnitOfWorkFactory, member: Principal
) -> None:
    claire, anne = await enter(units, member, "Claire"), await enter(units, member, "Anne")
    named = await meeting_with(units, member, speaker(FIRST, claire, Naming.AUTO), speaker(SECOND, anne, Naming.AUTO))
    offered = await meeting_with(units, member, speaker(FIRST, claire, Naming.SUGGESTED))
    other = await meeting_with(units, member, speaker(FIRST, anne, Naming.CONFIRMED))
    await people.change(units, member, claire.id, PersonChanges(aliases=("C",)))
    assert await names_versions(units, named, offered, other) == [0, 0, 0]
    await people.change(units, member, claire.id, PersonChanges(name="Claire Martin"))
    assert await names_versions(units, named, offered, other) == [1, 1, 0]  # files hold what is offered, too
    assert sorted(await told(units), key=str) == sorted(
        [(one.id, {"names_version": 1, "labels": [FIRST]}) for one in (named, offered)], key=str
    )


async def test_who_is_shared_no_longer_is_looked_for_again_in_meetings_of_others(
    units: UnitOfWorkFactory, member: Principal, stranger: Principal
) -> None:
    claire = await enter(units, member, "Claire", is_shared=True)
    own = await meeting_with(units, member, speaker(FIRST, claire, Naming.AUTO))
    theirs = await meeting_with(units, stranger, speaker(FIRST, claire, Naming.AUTO))
    confirmed = await meeting_with(units, stranger, speaker(FIRST, claire, Naming.CONFIRMED))
    await people.change(units, member, claire.id, PersonChanges(is_shared=False))
    assert await asked_again(units, own, theirs, confirmed) == [False, True, False]


# --- consents ---------------------------------------------------------------------------------------------------------


async def test_the_last_consent_takes_the_voice_with_it(units: UnitOfWorkFactory, member: Principal) -> None:
    person = await people.create(units, member, PersonDraft("Claire"), AGREED)
    second = await people.give_consent(units, member, person.id, replace(AGREED, text_version="fr-2"))
    await teach(units, person, 1, 2, sample_key=None)
    first = (await people.consents(units, member, person.id))[0]
    assert not (await people.withdraw_consent(units, member, person.id, first.id)).is_active
    assert (await people.read(units, member, person.id)).num_voiceprints == 2
    await people.withdraw_consent(units, member, person.id, second.id)
    left = await people.read(units, member, person.id)
    assert (left.num_voiceprints, left.has_consent, left.name) == (0, False, "Claire")
    again = await people.withdraw_consent(units, member, person.id, second.id)
    assert again.withdrawn_at is not None
    with pytest.raises(NotFoundError):
        await people.withdraw_consent(units, member, person.id, uuid7())


async def test_two_consents_withdrawn_in_the_same_moment_take_the_voice_with_them(
    units: UnitOfWorkFactory, member: Principal
) -> None:
    for _ in range(5):
        person = await people.create(units, member, PersonDraft("Claire"), AGREED)
        await people.give_consent(units, member, person.id, AGREED)
        await teach(units, person, 1)
        given = await people.consents(units, member, person.id)
        await asyncio.gather(*(people.withdraw_consent(units, member, person.id, one.id) for one in given))
        assert (await people.read(units, member, person.id)).num_voiceprints == 0


async def test_a_consent_withdrawn_under_another_person_is_not_touched(
    units: UnitOfWorkFactory, member: Principal
) -> None:
    claire, anne = await enter(units, member, "Claire"), await enter(units, member, "Anne")
    (consent,) = await people.consents(units, member, claire.id)
    with pytest.raises(NotFoundError):
        await people.withdraw_consent(units, member, anne.id, consent.id)
    assert (await people.read(units, member, claire.id)).has_consent
