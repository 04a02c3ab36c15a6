"""What people do with people of the voice bank, and what that does to meetings."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import text

from scribe.adapters.unit_of_work import UnitOfWorkFactory
from scribe.core.ids import uuid7
from scribe.domain.accounts import Principal
from scribe.domain.errors import (
    ConflictError,
    ForbiddenError,
    NotFoundError,
    OptionError,
    PreconditionError,
)
from scribe.domain.meetings import Meeting
from scribe.domain.namings import Naming, ScoredPerson, Speaker
from scribe.domain.people import (
    MAX_ALIASES,
    MAX_NOTE_LENGTH,
    ConsentDraft,
    Person,
    PersonChanges,
    PersonDraft,
    PersonId,
    PersonQuery,
    PrintOrigin,
    VoiceprintId,
)
from scribe.domain.requests import RunOptions
from scribe.domain.speech import SpeakerLabel
from scribe.services import people
from tests.api.planting import plant
from tests.bank import MODEL, enter, stored, teach, voice

AGREED = ConsentDraft("Claire Martin,  signed form", "fr-1")
FIRST, SECOND, THIRD = (SpeakerLabel(f"SPEAKER_0{index}") for index in range(3))


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


async def test_another_name_is_written_into_the_meetings_that_name_the_person_and_no_others(
    units: UnitOfWorkFactory, member: Principal
) -> None:
    claire, anne = await enter(units, member, "Claire"), await enter(units, member, "Anne")
    named = await meeting_with(units, member, speaker(FIRST, claire, Naming.AUTO), speaker(SECOND, anne, Naming.AUTO))
    offered = await meeting_with(units, member, speaker(FIRST, claire, Naming.SUGGESTED))
    other = await meeting_with(units, member, speaker(FIRST, anne, Naming.CONFIRMED))
    await people.change(units, member, claire.id, PersonChanges(aliases=("C",)))
    assert await names_versions(units, named, offered, other) == [0, 0, 0]
    await people.change(units, member, claire.id, PersonChanges(name="Claire Martin"))
    assert await names_versions(units, named, offered, other) == [1, 0, 0]
    assert await told(units) == [(named.id, {"names_version": 1, "labels": [FIRST]})]


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


# --- merge ------------------------------------------------------------------------------------------------------------


async def test_merged_entries_are_one_person_everywhere(
    units: UnitOfWorkFactory, member: Principal, stranger: Principal
) -> None:
    into = await enter(units, member, "Claire", aliases=("C",), note="treasurer")
    other = await enter(units, member, "Mme Martin", aliases=("Claire M.",), note="left in May", is_shared=True)
    third = await enter(units, member, "Anne")
    kept = await teach(units, into, 1, 2)
    came = await teach(units, other, 3, sample_key="voices/people/other/print.wav")
    named = await meeting_with(
        units,
        stranger,  # of a shared person: somebody else's meeting
        speaker(FIRST, other, Naming.AUTO, candidates=(other, into, third)),
        speaker(SECOND, third, Naming.AUTO, candidates=(third, into), refused=(other, into)),
    )
    considered = await meeting_with(units, member, speaker(FIRST, None, Naming.UNKNOWN, candidates=(third, other)))
    asked_for = await plant(units, member, options=RunOptions(voices=(str(other.id), "Anne")))
    untouched = await meeting_with(units, member, speaker(FIRST, into, Naming.AUTO, candidates=(into,)))

    merged = await people.merge(units, member, into.id, other.id)

    assert (merged.name, merged.aliases) == ("Claire", ("C", "Mme Martin", "Claire M."))
    assert merged.note == "treasurer\nleft in May"
    assert (merged.is_shared, merged.num_voiceprints, merged.version) == (False, 3, 2)
    assert len(await people.consents(units, member, into.id)) == 2
    with pytest.raises(NotFoundError):
        await people.read(units, member, other.id)
    async with units() as unit:
        prints = await unit.voiceprints.of_person(into.id)
        assert {print_.id for print_ in prints} == {print_.id for print_ in (*kept, *came)}
        assert [print_.sample_key for print_ in prints if print_.id == came[0].id] == [came[0].sample_key]
        assert await unit.people.merged_ids(into.id) == [other.id]
        first, second = await unit.speakers.of_meeting(named.id)
        (unknown,) = await unit.speakers.of_meeting(considered.id)
    assert first.person_id == into.id
    assert [candidate.person_id for candidate in first.candidates] == [into.id, third.id]
    assert first.candidates[0].score == 0.9  # the better of the two
    assert second.person_id == third.id
    assert second.refused == {into.id}
    assert [candidate.person_id for candidate in unknown.candidates] == [third.id, into.id]
    async with units() as unit:
        wishes = await unit.session.scalar(
            text("select options -> 'voices' from meetings where id = :id"), asked_for_id(asked_for)
        )
    assert sorted(wishes) == sorted([str(into.id), "Anne"])
    assert await names_versions(units, named, considered, untouched) == [1, 1, 0]
    assert await asked_again(units, named, considered, untouched) == [True, True, False]
    assert sorted(meeting for meeting, _ in await told(units)) == sorted([named.id, considered.id])
    assert await mentions_in_database(units, other.id) == {"people.merged_ids"}


async def test_what_a_human_said_of_one_entry_holds_of_the_merged_person(
    units: UnitOfWorkFactory, member: Principal
) -> None:
    into, other = await enter(units, member, "Claire"), await enter(units, member, "Mme Martin")
    meeting = await meeting_with(
        units,
        member,
        speaker(FIRST, into, Naming.CONFIRMED, refused=(other,)),  # the later word of the same human: it is Claire
        speaker(SECOND, into, Naming.AUTO, refused=(other,)),  # a machine's word against a human's
        speaker(THIRD, None, Naming.REJECTED, refused=(other,)),
    )
    await people.merge(units, member, into.id, other.id)
    async with units() as unit:
        first, second, third = await unit.speakers.of_meeting(meeting.id)
    assert (first.naming, first.person_id, first.refused) == (Naming.CONFIRMED, into.id, frozenset())
    assert (second.naming, second.person_id, second.refused) == (Naming.UNKNOWN, None, {into.id})
    assert (third.naming, third.refused) == (Naming.REJECTED, {into.id})


async def test_a_voice_that_both_entries_learned_from_is_learned_once(
    units: UnitOfWorkFactory, member: Principal
) -> None:
    into, other = await enter(units, member, "Claire"), await enter(units, member, "Mme Martin")
    meeting = await meeting_with(units, member, speaker(FIRST, other, Naming.CONFIRMED))
    story = {"is_learned": True, "origin": PrintOrigin.MEETING, "meeting_id": meeting.id, "label": FIRST}
    (kept,) = await teach(units, into, 1, **story)
    (gone,) = await teach(units, other, 1, sample_key="voices/people/other/print.wav", **story)
    async with units() as unit:
        (row,) = await unit.speakers.of_meeting(meeting.id)
        await unit.speakers.decide(replace(row, learned_print_id=gone.id))
    await people.merge(units, member, into.id, other.id)
    async with units() as unit:
        assert [print_.id for print_ in await unit.voiceprints.of_person(into.id)] == [kept.id]
        (row,) = await unit.speakers.of_meeting(meeting.id)
        assert (row.person_id, row.learned_print_id) == (into.id, kept.id)
        assert "voices/people/other/print.wav" in [purge.folder for purge in await unit.purges.due(10)]


async def test_a_merge_that_would_lose_something_is_refused_whole(units: UnitOfWorkFactory, member: Principal) -> None:
    many = await enter(units, member, "Claire", aliases=tuple(f"C{index}" for index in range(MAX_ALIASES)))
    talked_about = await enter(units, member, "Anne", note="x" * MAX_NOTE_LENGTH)
    plain = await enter(units, member, "Bob", note="y")
    for into, other in ((many, plain), (plain, talked_about), (plain, plain)):
        with pytest.raises(ConflictError):
            await people.merge(units, member, into.id, other.id)
    assert len((await people.page(units, member, PersonQuery())).people) == 3


async def test_merges_at_the_same_time_end_well(units: UnitOfWorkFactory, member: Principal) -> None:
    entries = [await enter(units, member, f"Claire {index}") for index in range(4)]
    meeting = await meeting_with(units, member, speaker(FIRST, entries[3], Naming.AUTO, candidates=tuple(entries[1:4])))
    pairs = [(0, 1), (1, 0), (2, 3), (3, 2)]
    ends = await asyncio.gather(
        *(people.merge(units, member, entries[into].id, entries[other].id) for into, other in pairs),
        return_exceptions=True,
    )
    assert sum(isinstance(end, Person) for end in ends) == 2
    assert all(isinstance(end, Person | NotFoundError) for end in ends), ends
    left = {person.id for person in (await people.page(units, member, PersonQuery())).people}
    async with units() as unit:
        (row,) = await unit.speakers.of_meeting(meeting.id)
    assert row.person_id in left
    assert {candidate.person_id for candidate in row.candidates} <= left


# --- split ------------------------------------------------------------------------------------------------------------


async def test_a_split_takes_the_chosen_prints_and_their_speakers_and_no_consent(
    units: UnitOfWorkFactory, member: Principal
) -> None:
    claire = await enter(units, member, "Claire", is_shared=True)
    (stays,) = await teach(units, claire, 1)
    meeting = await meeting_with(
        units, member, speaker(FIRST, claire, Naming.CONFIRMED), speaker(SECOND, claire, Naming.CONFIRMED)
    )
    guessed = await meeting_with(units, member, speaker(FIRST, claire, Naming.AUTO))
    learned = stored(
        claire.id, voice(2), is_learned=True, origin=PrintOrigin.MEETING, meeting_id=meeting.id, label=FIRST
    )
    async with units() as unit:
        await unit.voiceprints.add(learned)
        row = await unit.speakers.get(meeting.id, FIRST)
        assert row is not None
        await unit.speakers.decide(replace(row, learned_print_id=learned.id))

    anne = await people.split(units, member, claire.id, [learned.id], " Anne  Durand ")

    assert (anne.name, anne.owner_id, anne.is_shared) == ("Anne Durand", member.user_id, True)
    assert (anne.num_voiceprints, anne.has_consent) == (1, False)
    async with units() as unit:
        first, second = await unit.speakers.of_meeting(meeting.id)
        bank = await unit.voiceprints.bank_for(member.user_id, MODEL, None, require_consent=True)
    assert (first.person_id, first.naming, first.learned_print_id) == (anne.id, Naming.CONFIRMED, learned.id)
    assert second.person_id == claire.id
    assert [profile.key for profile in bank.profiles] == [str(claire.id)]
    (only,) = bank.profiles[0].voiceprints
    assert only.vector.tobytes() == stays.voiceprint.vector.tobytes()
    assert await names_versions(units, meeting, guessed) == [1, 0]
    assert await asked_again(units, guessed) == [True]
    assert await told(units) == [(meeting.id, {"names_version": 1, "labels": [FIRST]})]


async def test_a_split_of_everything_or_of_somebody_elses_prints_is_refused(
    units: UnitOfWorkFactory, member: Principal
) -> None:
    claire, anne = await enter(units, member, "Claire"), await enter(units, member, "Anne")
    (one,), (other,) = await teach(units, claire, 1), await teach(units, anne, 2)
    cases: list[tuple[list[VoiceprintId], type[Exception]]] = [
        ([one.id], ConflictError),
        ([other.id], NotFoundError),
        ([one.id, other.id], NotFoundError),
        ([VoiceprintId(uuid7())], NotFoundError),
        ([], OptionError),
    ]
    for voices, refusal in cases:
        with pytest.raises(refusal):
            await people.split(units, member, claire.id, voices, "Zoé")
    with pytest.raises(OptionError):
        await people.split(units, member, claire.id, [one.id], "SPEAKER_00")
    assert len((await people.page(units, member, PersonQuery())).people) == 2


# ----------------------------------------------------------------------------------------------------------------------


def speaker(
    label: SpeakerLabel,
    person: Person | None,
    naming: Naming,
    *,
    candidates: tuple[Person, ...] = (),
    refused: tuple[Person, ...] = (),
) -> Speaker:
    """Of a meeting that is filled in by :func:`meeting_with`."""
    return Speaker(
        meeting_id=None,  # type: ignore[arg-type]
        label=label,
        run=1,
        turns=(),
        voiceprint=None,
        quality=None,
        spans=(),
        sample_key=None,
        naming=naming,
        person_id=None if person is None else person.id,
        candidates=tuple(ScoredPerson(one.id, 0.9 - index / 10, 0.8) for index, one in enumerate(candidates)),
        refused=frozenset(one.id for one in refused),
    )


async def meeting_with(units: UnitOfWorkFactory, owner: Principal, *speakers: Speaker) -> Meeting:
    meeting = await plant(units, owner)
    async with units() as unit:
        await unit.speakers.replace(meeting.id, 1, [replace(one, meeting_id=meeting.id) for one in speakers])
    return meeting


def asked_for_id(meeting: Meeting) -> dict[str, UUID]:
    return {"id": meeting.id}


async def names_versions(units: UnitOfWorkFactory, *meetings: Meeting) -> list[int]:
    return [await column(units, meeting, "names_version") for meeting in meetings]  # type: ignore[misc]


async def asked_again(units: UnitOfWorkFactory, *meetings: Meeting) -> list[bool]:
    return [await column(units, meeting, "recognition_asked_at") is not None for meeting in meetings]


async def column(units: UnitOfWorkFactory, meeting: Meeting, name: str) -> object:
    async with units() as unit:
        return await unit.session.scalar(text(f"select {name} from meetings where id = :id"), {"id": meeting.id})  # noqa: S608


async def told(units: UnitOfWorkFactory) -> list[tuple[UUID, dict[str, object]]]:
    """Of ``meeting.speakers`` events, in order."""
    query = text("select meeting_id, payload from events where kind = 'meeting.speakers' order by id")
    async with units() as unit:
        return [(row.meeting_id, row.payload) for row in await unit.session.execute(query)]


async def mentions_in_database(units: UnitOfWorkFactory, person_id: PersonId) -> set[str]:
    """Columns of all tables in which the id stands."""
    found = set()
    async with units() as unit:
        columns = await unit.session.execute(
            text("select table_name, column_name from information_schema.columns where table_schema = 'public'")
        )
        for table, name in columns.all():
            query = text(f'select exists (select from "{table}" where cast("{name}" as text) like :wanted)')  # noqa: S608
            if await unit.session.scalar(query, {"wanted": f"%{person_id}%"}):
                found.add(f"{table}.{name}")
    return found
