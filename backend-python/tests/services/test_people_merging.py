"""Two entries that are one person, one entry that is two: everything that spoke of them speaks of the right one."""

import asyncio
from dataclasses import replace

import pytest
from sqlalchemy import text

from scribe.adapters.unit_of_work import UnitOfWorkFactory
from scribe.core.ids import uuid7
from scribe.domain.accounts import Principal
from scribe.domain.errors import (
    ConflictError,
    NotFoundError,
    OptionError,
)
from scribe.domain.namings import Naming
from scribe.domain.people import (
    MAX_ALIASES,
    MAX_NOTE_LENGTH,
    Person,
    PersonId,
    PersonQuery,
    PrintOrigin,
    VoiceprintId,
)
from scribe.domain.requests import RunOptions
from scribe.services import people
from tests.api.planting import plant
from tests.bank import MODEL, enter, stored, teach, voice
from tests.spoken_of import FIRST, SECOND, THIRD, asked_again, meeting_with, names_versions, speaker, told

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
        wished = [str(other.id), "mme martin", "claire"]
        assert await unit.people.named(member.user_id, wished) == {wish: [into.id] for wish in wished}
        assert [one.id for one in await unit.people.called(member, str(other.id))] == [into.id]
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
            text("select options -> 'voices' from meetings where id = :id"), {"id": asked_for.id}
        )
    assert sorted(wishes) == sorted([str(into.id), "Anne"])
    assert await names_versions(units, named, considered, untouched) == [1, 1, 0]
    assert await asked_again(units, named, considered, untouched) == [True, True, False]
    assert sorted(meeting for meeting, _ in await told(units)) == sorted([named.id, considered.id])
    assert await mentions_in_database(units, other.id) == {"people.merged_ids", "audit_log.subject_id"}


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
