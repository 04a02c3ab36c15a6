"""Who is looked for, and asking again without undoing what people decided. The matcher is the real one."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from sqlalchemy import text

from scribe.adapters.unit_of_work import UnitOfWorkFactory
from scribe.core.config import Settings, load_settings
from scribe.domain.accounts import Principal
from scribe.domain.carry_over import HandMove
from scribe.domain.errors import NotFoundError
from scribe.domain.events import EventKind
from scribe.domain.meeting import MeetingId
from scribe.domain.namings import Naming, ScoredPerson, SegmentMove, Speaker
from scribe.domain.people import PersonId
from scribe.domain.requests import RunOptions
from scribe.domain.speech import Span, speaker_label
from scribe.domain.voices import Band, VoiceBank, Voiceprint
from scribe.services.queue import Queue
from scribe.services.recognition import STALE, Recognition, ask
from scribe.services.speaker_rows import TAKEN
from scribe.worker.wiring import build_matcher, voice_model
from tests.bank import add_person, tone_print
from tests.pending_meetings import add_meeting, meeting_row, told

A, B, C = map(speaker_label, range(3))
SETTINGS = load_settings(diarization__engine="fake", transcription__engine="fake")


def recognition_with(units: UnitOfWorkFactory, settings: Settings = SETTINGS) -> Recognition:
    return Recognition(units, settings, build_matcher(settings), voice_model(settings))


@pytest.fixture
def recognition(units: UnitOfWorkFactory) -> Recognition:
    return recognition_with(units)


def row(meeting_id: MeetingId, at: int, voiceprint: Voiceprint | None, **fields: object) -> Speaker:
    speaker = Speaker(meeting_id, speaker_label(at), 1, (Span(at, at + 1),), voiceprint, None, (), None)
    return replace(speaker, **fields)  # type: ignore[arg-type]


async def finished(
    units: UnitOfWorkFactory, owner: Principal, *prints: Voiceprint | None, **columns: object
) -> MeetingId:
    """A meeting whose speakers have these voices and are unknown."""
    meeting_id = await add_meeting(units, owner.user_id, status="COMPLETED", **columns)
    async with units() as unit:
        await unit.speakers.replace(meeting_id, 1, [row(meeting_id, at, one) for at, one in enumerate(prints)])
    return meeting_id


async def rows(units: UnitOfWorkFactory, meeting_id: MeetingId) -> list[Speaker]:
    async with units() as unit:
        return await unit.speakers.of_meeting(meeting_id)


async def decide(units: UnitOfWorkFactory, meeting_id: MeetingId, at: int, **decision: object) -> None:
    speaker = (await rows(units, meeting_id))[at]
    async with units() as unit:
        await unit.speakers.decide(replace(speaker, **decision))  # type: ignore[arg-type]


def found(speakers: Sequence[Speaker]) -> list[tuple[Naming, PersonId | None]]:
    return [(one.naming, one.person_id) for one in speakers]


UNKNOWN = (Naming.UNKNOWN, None)


async def test_a_meeting_gets_the_names_that_the_bank_has_learned_since(
    units: UnitOfWorkFactory, member: Principal, recognition: Recognition
) -> None:
    meeting_id = await finished(units, member, tone_print(1), tone_print(7))
    assert await recognition.again(meeting_id) is True  # now it is known why they are unknown
    ada = await add_person(units, member, "Ada", [tone_print(1)])
    assert await recognition.again(meeting_id) is True
    assert found(await rows(units, meeting_id)) == [(Naming.AUTO, ada), UNKNOWN]
    assert await recognition.again(meeting_id) is False
    events = await told(units, meeting_id, EventKind.SPEAKERS)
    assert events[-1] == {"names_version": 2, "labels": [A, B]}  # for the other one, Ada was considered
    assert (await meeting_row(units, meeting_id)).names_version == 2


async def test_a_name_goes_with_the_print_that_gave_it(
    units: UnitOfWorkFactory, member: Principal, recognition: Recognition
) -> None:
    ada = await add_person(units, member, "Ada", [tone_print(1)])
    meeting_id = await finished(units, member, tone_print(1))
    await recognition.again(meeting_id)
    assert found(await rows(units, meeting_id)) == [(Naming.AUTO, ada)]
    async with units() as unit:
        for print_ in await unit.voiceprints.of_person(ada):
            await unit.voiceprints.delete(print_.id)
    await recognition.again(meeting_id)
    assert found(await rows(units, meeting_id)) == [UNKNOWN]


async def test_what_a_human_decided_is_never_touched(
    units: UnitOfWorkFactory, member: Principal, recognition: Recognition
) -> None:
    ada, bob = [await add_person(units, member, *one) for one in (("Ada", [tone_print(1)]), ("Bob", [tone_print(7)]))]
    meeting_id = await finished(units, member, tone_print(1), tone_print(7), tone_print(9))
    await decide(units, meeting_id, 0, naming=Naming.CONFIRMED, person_id=bob, decided_by=member.user_id)
    await decide(units, meeting_id, 1, naming=Naming.REJECTED)
    await decide(units, meeting_id, 2, naming=Naming.CONFIRMED, name="The caretaker")
    before = await rows(units, meeting_id)
    assert await recognition.again(meeting_id) is False
    after = await rows(units, meeting_id)
    assert [replace(one, voiceprint=None) for one in after] == [replace(one, voiceprint=None) for one in before]
    assert ada not in [one.person_id for one in after]


async def test_who_was_refused_is_not_named_again_and_the_next_one_may_be(
    units: UnitOfWorkFactory, member: Principal, recognition: Recognition
) -> None:
    ada = await add_person(units, member, "Ada", [tone_print(1)])
    twin = await add_person(units, member, "Twin", [tone_print(1, leak=0.05)])
    meeting_id = await finished(units, member, tone_print(1), tone_print(9))
    await decide(units, meeting_id, 0, refused=frozenset({ada}))
    await recognition.again(meeting_id)
    first, _ = await rows(units, meeting_id)
    assert (first.naming, first.person_id, first.refused) == (Naming.AUTO, twin, {ada})
    await decide(units, meeting_id, 0, naming=Naming.UNKNOWN, person_id=None, refused=frozenset({ada, twin}))
    await recognition.again(meeting_id)
    assert found(await rows(units, meeting_id)) == [UNKNOWN, UNKNOWN]


async def test_who_was_refused_for_one_voice_may_be_another(
    units: UnitOfWorkFactory, member: Principal, recognition: Recognition
) -> None:
    ada = await add_person(units, member, "Ada", [tone_print(1)])
    meeting_id = await finished(units, member, tone_print(1), tone_print(1, leak=0.02))
    await decide(units, meeting_id, 0, refused=frozenset({ada}))
    await recognition.again(meeting_id)
    assert found(await rows(units, meeting_id)) == [UNKNOWN, (Naming.AUTO, ada)]


async def test_a_confirmed_person_is_named_once(
    units: UnitOfWorkFactory, member: Principal, recognition: Recognition
) -> None:
    """And no second choice is handed to the voice that is like theirs."""
    ada = await add_person(units, member, "Ada", [tone_print(1)])
    await add_person(units, member, "Twin", [tone_print(1, leak=0.1)])
    meeting_id = await finished(units, member, tone_print(7), tone_print(1))
    await decide(units, meeting_id, 0, naming=Naming.CONFIRMED, person_id=ada)
    await recognition.again(meeting_id)
    _, other = await rows(units, meeting_id)
    assert (other.naming, other.person_id) == UNKNOWN
    assert other.reason in {TAKEN, "too-close-to-call"}


async def test_one_person_has_one_voice_even_where_voices_are_matched_apart(
    units: UnitOfWorkFactory, member: Principal, recognition: Recognition
) -> None:
    ada, bob = [await add_person(units, member, *one) for one in (("Ada", [tone_print(1)]), ("Bob", [tone_print(7)]))]
    meeting_id = await finished(units, member, tone_print(1), tone_print(1, leak=0.03))
    await decide(units, meeting_id, 1, refused=frozenset({bob}))
    await recognition.again(meeting_id)
    assert found(await rows(units, meeting_id)) == [(Naming.AUTO, ada), (Naming.SUGGESTED, ada)]


async def test_prints_of_another_model_are_never_compared(
    units: UnitOfWorkFactory, member: Principal, recognition: Recognition
) -> None:
    old = tone_print(1, revision="0")
    ada = await add_person(units, member, "Ada", [old, tone_print(7)])
    meeting_id = await finished(units, member, old, old, tone_print(7))
    await decide(units, meeting_id, 1, naming=Naming.AUTO, person_id=ada, reason="matched")
    await recognition.again(meeting_id)
    stale, kept, current = await rows(units, meeting_id)
    assert (stale.naming, stale.reason, stale.score) == (Naming.UNKNOWN, STALE, None)
    assert (kept.naming, kept.person_id, kept.reason) == (Naming.AUTO, ada, "matched")
    assert (current.naming, current.person_id) == (Naming.AUTO, ada)


async def test_every_comparison_is_within_one_model(units: UnitOfWorkFactory, member: Principal) -> None:
    seen: list[set[str]] = []
    real = build_matcher(SETTINGS)

    def watching(voices: dict[str, Voiceprint], bank: VoiceBank) -> object:
        prints = [*voices.values(), *(print_ for profile in bank.profiles for print_ in profile.voiceprints)]
        seen.append({print_.model for print_ in prints})
        return real(voices, bank)

    mixed = [tone_print(1), tone_print(1, revision="0"), tone_print(1, model_id="fake-other")]
    await add_person(units, member, "Ada", mixed[:2])
    meeting_id = await finished(units, member, *mixed)
    recognition = Recognition(units, SETTINGS, watching)  # type: ignore[arg-type]  # generic in the label
    await recognition.again(meeting_id)
    assert seen
    assert all(len(models) == 1 for models in seen)


async def test_speakers_without_a_print_keep_their_names(
    units: UnitOfWorkFactory, member: Principal, recognition: Recognition
) -> None:
    """Its time was over; what was found with it stays."""
    ada = await add_person(units, member, "Ada", [tone_print(1)])
    meeting_id = await finished(units, member, None)
    await decide(units, meeting_id, 0, naming=Naming.AUTO, person_id=ada)
    assert await recognition.again(meeting_id) is False
    assert found(await rows(units, meeting_id)) == [(Naming.AUTO, ada)]


@pytest.mark.parametrize("is_shared", [True, False])
async def test_only_people_of_the_owner_and_shared_ones_are_looked_for(
    units: UnitOfWorkFactory, member: Principal, stranger: Principal, recognition: Recognition, *, is_shared: bool
) -> None:
    ada = await add_person(units, stranger, "Ada", [tone_print(1)], is_shared=is_shared)
    meeting_id = await finished(units, member, tone_print(1))
    await recognition.again(meeting_id)
    (speaker,) = await rows(units, meeting_id)
    assert (speaker.naming, speaker.person_id) == ((Naming.AUTO, ada) if is_shared else UNKNOWN)
    assert len(speaker.candidates) == (1 if is_shared else 0)


async def test_an_administrator_s_meetings_know_no_more_people(
    units: UnitOfWorkFactory, administrator: Principal, member: Principal, recognition: Recognition
) -> None:
    await add_person(units, member, "Ada", [tone_print(1)])
    meeting_id = await finished(units, administrator, tone_print(1))
    await recognition.again(meeting_id)
    assert found(await rows(units, meeting_id)) == [UNKNOWN]


async def test_who_has_not_agreed_is_looked_for_only_where_no_consent_is_required(
    units: UnitOfWorkFactory, member: Principal, recognition: Recognition
) -> None:
    ada = await add_person(units, member, "Ada", [tone_print(1)], has_consent=False)
    meeting_id = await finished(units, member, tone_print(1))
    await recognition.again(meeting_id)
    assert found(await rows(units, meeting_id)) == [UNKNOWN]
    lenient = load_settings(diarization__engine="fake", voices__require_consent=False)
    await recognition_with(units, lenient).again(meeting_id)
    assert found(await rows(units, meeting_id)) == [(Naming.AUTO, ada)]


@pytest.mark.parametrize("choice", ["none", ("Bob",), ("Nobody",)])
async def test_what_was_wished_for_the_meeting_holds_afterwards_too(
    units: UnitOfWorkFactory, member: Principal, recognition: Recognition, choice: object
) -> None:
    await add_person(units, member, "Ada", [tone_print(1)])
    await add_person(units, member, "Bob", [tone_print(7)])
    options = RunOptions(voices=choice).to_json()  # type: ignore[arg-type]
    meeting_id = await finished(units, member, tone_print(1), options=options)
    await recognition.again(meeting_id)
    assert found(await rows(units, meeting_id)) == [UNKNOWN]


async def test_a_meeting_that_is_gone_is_no_error(recognition: Recognition) -> None:
    assert await recognition.again(MeetingId(uuid4())) is False


# --- asked for, done in the background --------------------------------------------------------------------------------


async def test_meetings_are_asked_for_and_worked_off(
    units: UnitOfWorkFactory, member: Principal, stranger: Principal, recognition: Recognition
) -> None:
    mine = [await finished(units, member, tone_print(1)) for _ in range(3)]
    theirs = await finished(units, stranger, tone_print(1))
    ada = await add_person(units, member, "Ada", [tone_print(1)])
    assert await ask(units, member) == 3
    assert await recognition.again_pending(2) == 2
    assert await recognition.again_pending(2) == 1
    assert await recognition.again_pending(2) == 0
    for meeting_id in mine:
        assert found(await rows(units, meeting_id)) == [(Naming.AUTO, ada)]
    assert found(await rows(units, theirs)) == [UNKNOWN]


async def test_with_a_person_only_meetings_with_a_like_voice_are_asked_for(
    units: UnitOfWorkFactory, member: Principal
) -> None:
    like, _, old = [await finished(units, member, tone_print(at)) for at in (1, 9, 1)]
    ada = await add_person(units, member, "Ada", [tone_print(1)])
    async with units() as unit:
        before = datetime.now(UTC) - timedelta(days=2)
        await unit.session.execute(
            text("update meetings set created_at = :at where id = :id"), {"at": before, "id": old}
        )
    yesterday = datetime.now(UTC) - timedelta(days=1)
    assert await ask(units, member, since=yesterday, person_id=ada) == 1
    async with units() as unit:
        assert await unit.speakers.wanting_recognition(9) == [like]


async def test_nobody_learns_by_asking_who_is_in_the_bank(
    units: UnitOfWorkFactory, member: Principal, stranger: Principal
) -> None:
    eve = await add_person(units, stranger, "Eve", [tone_print(1)])
    theirs = await finished(units, stranger, tone_print(1))
    with pytest.raises(NotFoundError) as hidden:
        await ask(units, member, person_id=eve)
    with pytest.raises(NotFoundError) as absent:
        await ask(units, member, person_id=PersonId(uuid4()))
    assert str(hidden.value) == str(absent.value)
    with pytest.raises(NotFoundError):
        await ask(units, member, meeting_id=theirs)


async def test_one_meeting_may_be_asked_for(
    units: UnitOfWorkFactory, member: Principal, administrator: Principal
) -> None:
    meeting_id = await finished(units, member, tone_print(1))
    silent = await add_meeting(units, member.user_id)
    assert await ask(units, member, meeting_id=meeting_id) == 1
    assert await ask(units, administrator, meeting_id=meeting_id) == 1
    assert await ask(units, member, meeting_id=silent) == 0


async def test_a_meeting_somebody_is_changing_is_left_for_later(
    units: UnitOfWorkFactory, member: Principal, recognition: Recognition
) -> None:
    meeting_id = await finished(units, member, tone_print(1))
    await ask(units, member)
    async with units() as unit:
        await unit.speakers.meeting(meeting_id)
        await recognition.again_pending(9)
        assert (await meeting_row(units, meeting_id)).recognition_asked_at is not None
    await recognition.again_pending(9)
    assert (await meeting_row(units, meeting_id)).recognition_asked_at is None


async def test_a_bank_that_cannot_be_compared_does_not_stand_in_the_way(
    units: UnitOfWorkFactory, member: Principal
) -> None:
    strange = load_settings()  # real models' cohort: prints of the fake model do not fit it
    broken = Recognition(units, strange, build_matcher(strange))
    await add_person(units, member, "Ada", [tone_print(1)])
    meeting_id = await finished(units, member, tone_print(1))
    await ask(units, member)
    assert await broken.again_pending(9) == 1
    assert await broken.again_pending(9) == 0
    assert found(await rows(units, meeting_id)) == [UNKNOWN]


# --- while a meeting is processed -------------------------------------------------------------------------------------


async def test_whoever_is_looked_for_in_vain_is_counted_and_not_named(
    units: UnitOfWorkFactory, member: Principal, recognition: Recognition
) -> None:
    """The warning stands in result files, and the name may have to be forgotten."""
    await add_person(units, member, "Ada", [tone_print(1)])
    wanted = RunOptions(voices=("Ada", "Zoé", "Eve"))
    await add_meeting(units, member.user_id, options=wanted.to_json())
    job = await Queue(units, SETTINGS.queue).claim("worker")
    assert job is not None
    [warning] = (await recognition.identify(job, {A: tone_print(1)})).warnings
    assert warning.code == "voices.unknown_name"
    assert warning.message == "Of the 3 people to look for, 2 have no voice that is known here."


async def test_all_speakers_are_identified_together(
    units: UnitOfWorkFactory, member: Principal, recognition: Recognition
) -> None:
    await add_person(units, member, "Ada", [tone_print(1)])
    await add_meeting(units, member.user_id)
    job = await Queue(units, SETTINGS.queue).claim("worker")
    assert job is not None
    recognised = await recognition.identify(job, {A: tone_print(1), B: tone_print(1, leak=0.02), C: tone_print(7)})
    assert [recognised.verdicts[label].name for label in (A, B, C)] == ["Ada", None, None]
    assert recognised.verdicts[B].band is Band.SUGGEST
    assert recognised.warnings == ()
    assert (await recognition.identify(job, {})).verdicts == {}


async def test_moves_are_given_to_the_next_run_with_the_turns_they_refer_to(
    units: UnitOfWorkFactory, member: Principal, recognition: Recognition
) -> None:
    meeting_id = await add_meeting(units, member.user_id)
    job = await Queue(units, SETTINGS.queue).claim("worker")
    assert job is not None
    assert (await recognition.moves(job)).moves == ()
    now = datetime.now(UTC)
    async with units() as unit:
        await unit.speakers.replace(meeting_id, 1, [row(meeting_id, 0, None), row(meeting_id, 1, None)])
        await unit.speakers.add_move(SegmentMove(uuid4(), meeting_id, Span(0, 0.5), A, B, None, now))
        await unit.speakers.add_move(SegmentMove(uuid4(), meeting_id, Span(1, 2), B, C, None, now, is_lost=True))
        merge = SegmentMove(uuid4(), meeting_id, Span(0, 9), B, A, None, now, is_merge=True)
        await unit.speakers.add_move(merge)
    given = await recognition.moves(job)
    assert given.moves == (HandMove(Span(0, 0.5), B),)
    assert given.turns == {A: (Span(0, 1),), B: (Span(1, 2),)}


async def test_candidates_are_ids_and_never_more_than_three(
    units: UnitOfWorkFactory, member: Principal, recognition: Recognition
) -> None:
    people = {await add_person(units, member, f"Person {at}", [tone_print(at)]) for at in range(1, 7)}
    meeting_id = await finished(units, member, tone_print(1))
    await recognition.again(meeting_id)
    (speaker,) = await rows(units, meeting_id)
    assert len(speaker.candidates) == 3
    assert all(isinstance(one, ScoredPerson) and one.person_id in people for one in speaker.candidates)
    assert speaker.name is None
