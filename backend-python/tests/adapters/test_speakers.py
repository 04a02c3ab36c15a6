from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import numpy as np
import pytest

from scribe.adapters.unit_of_work import UnitOfWorkFactory
from scribe.core.ids import uuid7
from scribe.domain.accounts import Principal
from scribe.domain.meeting import MeetingId
from scribe.domain.namings import Naming, ScoredPerson, SegmentMove, Speaker
from scribe.domain.people import PersonId
from scribe.domain.speech import Span, SpeakerLabel, speaker_label
from scribe.domain.voice_quality import VoiceQuality
from scribe.domain.voices import Voiceprint
from tests.bank import add_person, tone_print
from tests.pending_meetings import add_meeting

FIRST, SECOND = speaker_label(0), speaker_label(1)


def speaker(meeting_id: MeetingId, label: SpeakerLabel = FIRST, **fields: object) -> Speaker:
    known = Speaker(
        meeting_id=meeting_id,
        label=label,
        run=1,
        turns=(Span(0.1, 2.7), Span(10.3, 11.9)),
        voiceprint=tone_print(1),
        quality=VoiceQuality(4.2, snr_db=12.5, overlap_share=0.1, num_voices=1),
        spans=(Span(0.1, 2.7),),
        sample_key="derived/x.wav",
    )
    return replace(known, **fields)  # type: ignore[arg-type]


def _plain(one: Speaker) -> dict[str, object]:
    """Vectors compare by identity."""
    print_ = one.voiceprint
    kept = {name: getattr(one, name) for name in Speaker.__dataclass_fields__ if name != "voiceprint"}
    heard = print_ and (print_.vector.tobytes(), print_.model, print_.speech_s)
    return {**kept, "voiceprint": heard}


async def test_a_speaker_comes_back_as_it_was_stored(units: UnitOfWorkFactory, member: Principal) -> None:
    meeting_id, ada = await add_meeting(units, member.user_id), await add_person(units, member, "Ada")
    stored = [
        speaker(
            meeting_id,
            naming=Naming.CONFIRMED,
            person_id=ada,
            score=0.7123456789,
            probability=0.99,
            reason="matched",
            explanation="0.71 ≥ 0.50",
            candidates=(ScoredPerson(ada, 0.7123456789, 0.99),),
            refused=frozenset({PersonId(uuid4()), PersonId(uuid4())}),
            decided_by=member.user_id,
            decided_at=datetime(2026, 3, 1, 12, tzinfo=UTC),
        ),
        speaker(meeting_id, SECOND, voiceprint=None, quality=None, sample_key=None, spans=()),
    ]
    async with units() as unit:
        await unit.speakers.replace(meeting_id, 1, stored)
    async with units() as unit:
        found = await unit.speakers.of_meeting(meeting_id)
        one = await unit.speakers.get(meeting_id, FIRST)
        none = await unit.speakers.get(meeting_id, speaker_label(7))
    assert [_plain(each) for each in found] == [_plain(replace(stored[0], person_name="Ada")), _plain(stored[1])]
    assert one is not None
    assert one.shown_name == "Ada"
    assert none is None


async def test_prints_are_equal_to_the_last_bit(units: UnitOfWorkFactory, member: Principal) -> None:
    meeting_id, random = await add_meeting(units, member.user_id), np.random.default_rng(7)
    vectors = random.normal(size=(20, 192)).astype(np.float32) * 10.0 ** random.integers(-12, 3, size=(20, 192))
    prints = [
        Voiceprint((row / np.linalg.norm(row)).astype(np.float32), "campplus", 3.3, "0123456789abcdef")
        for row in vectors
    ]
    async with units() as unit:
        rows = [speaker(meeting_id, speaker_label(at), voiceprint=one) for at, one in enumerate(prints)]
        await unit.speakers.replace(meeting_id, 1, rows)
    async with units() as unit:
        found = await unit.speakers.of_meeting(meeting_id)
    for sent, back in zip(prints, found, strict=True):
        assert back.voiceprint is not None
        assert back.voiceprint.vector.tobytes() == sent.vector.tobytes()
        assert (back.voiceprint.model, back.voiceprint.speech_s) == (sent.model, sent.speech_s)


async def test_another_run_replaces_all_speakers(units: UnitOfWorkFactory, member: Principal) -> None:
    meeting_id = await add_meeting(units, member.user_id)
    async with units() as unit:
        await unit.speakers.replace(meeting_id, 1, [speaker(meeting_id), speaker(meeting_id, SECOND)])
    async with units() as unit:
        await unit.speakers.replace(meeting_id, 2, [speaker(meeting_id, SECOND)])
        found = await unit.speakers.of_meeting(meeting_id)
    assert [(one.label, one.run) for one in found] == [(SECOND, 2)]


async def test_a_decision_changes_who_it_is_and_nothing_that_was_heard(
    units: UnitOfWorkFactory, member: Principal
) -> None:
    meeting_id, ada = await add_meeting(units, member.user_id), await add_person(units, member, "Ada")
    before = speaker(meeting_id)
    async with units() as unit:
        await unit.speakers.replace(meeting_id, 1, [before])
        changed = replace(before, naming=Naming.AUTO, person_id=ada, turns=(), sample_key=None, voiceprint=None)
        await unit.speakers.decide(changed)
        after = await unit.speakers.get(meeting_id, FIRST, for_update=True)
    assert after is not None
    assert _plain(after) == _plain(replace(before, naming=Naming.AUTO, person_id=ada, person_name="Ada"))


async def test_a_person_is_found_wherever_they_are_mentioned(units: UnitOfWorkFactory, member: Principal) -> None:
    named, considered, refused, other = [await add_meeting(units, member.user_id) for _ in range(4)]
    ada, bob = [await add_person(units, member, name) for name in ("Ada", "Bob")]
    async with units() as unit:
        for id_, fields in {
            named: {"naming": Naming.SUGGESTED, "person_id": ada},
            considered: {"candidates": (ScoredPerson(bob, 0.5, 0.5), ScoredPerson(ada, 0.4, 0.1))},
            refused: {"refused": frozenset({ada})},
            other: {"person_id": bob},
        }.items():
            await unit.speakers.replace(id_, 1, [speaker(id_, **fields)])
        assert await unit.speakers.naming_person(ada) == [(named, FIRST)]
        assert await unit.speakers.mentioning_person(ada) == sorted(
            [(id_, FIRST) for id_ in (named, considered, refused)]
        )


async def test_touching_the_names_tells_that_files_are_to_be_written(
    units: UnitOfWorkFactory, member: Principal
) -> None:
    meeting_id = await add_meeting(units, member.user_id)
    async with units() as unit:
        assert [await unit.speakers.touch_names(meeting_id) for _ in range(2)] == [1, 2]
        meeting = await unit.meetings.get(meeting_id)
    assert meeting is not None
    assert meeting.version == 3


async def test_only_meetings_that_fit_are_asked_for(
    units: UnitOfWorkFactory, member: Principal, stranger: Principal
) -> None:
    ada = await add_person(units, member, "Ada", [tone_print(1)])
    alike, unlike, named, other_model, empty = [await add_meeting(units, member.user_id) for _ in range(5)]
    others = await add_meeting(units, stranger.user_id)
    async with units() as unit:
        for id_, fields in {
            alike: {},
            unlike: {"voiceprint": tone_print(9)},
            named: {"voiceprint": tone_print(9), "person_id": ada},
            other_model: {"voiceprint": tone_print(1, model_id="campplus")},
            others: {},
        }.items():
            await unit.speakers.replace(id_, 1, [speaker(id_, **fields)])
    async with units() as unit:
        assert await unit.speakers.ask_recognition(owner_id=member.user_id, person_id=ada) == 2
        assert set(await unit.speakers.wanting_recognition(10)) == {alike, named}
        await unit.speakers.recognition_done(alike)
        assert await unit.speakers.wanting_recognition(10) == [named]
        assert await unit.speakers.ask_recognition(owner_id=member.user_id) == 4
        assert empty not in await unit.speakers.wanting_recognition(10)
        assert await unit.speakers.ask_recognition(owner_id=member.user_id, since=datetime.now(UTC)) == 0
        assert await unit.speakers.ask_recognition(meeting_id=others) == 1


async def test_prints_of_other_lengths_do_not_stop_the_search(units: UnitOfWorkFactory, member: Principal) -> None:
    longer = Voiceprint(np.eye(1, 192, dtype=np.float32)[0], "campplus", 20.0, "0123456789abcdef")
    ada = await add_person(units, member, "Ada", [longer, tone_print(1)])
    meeting_id = await add_meeting(units, member.user_id)
    async with units() as unit:
        await unit.speakers.replace(meeting_id, 1, [speaker(meeting_id)])
        assert await unit.speakers.ask_recognition(owner_id=member.user_id, person_id=ada) == 1


@pytest.mark.parametrize("is_shared", [True, False])
async def test_only_whoever_has_a_voice_and_may_be_looked_for_is_recognisable(
    units: UnitOfWorkFactory, member: Principal, stranger: Principal, *, is_shared: bool
) -> None:
    mine = await add_person(units, member, "Ada", [tone_print(1)])
    silent = await add_person(units, member, "Bob")
    theirs = await add_person(units, stranger, "Zoe", [tone_print(2)], is_shared=is_shared)
    async with units() as unit:
        found = await unit.speakers.recognisable(member.user_id, [mine, silent, theirs, PersonId(uuid4())])
    assert found == ({mine, theirs} if is_shared else {mine})


async def test_moves_are_kept_in_order_until_they_are_undone(units: UnitOfWorkFactory, member: Principal) -> None:
    meeting_id = await add_meeting(units, member.user_id)
    begun = datetime(2026, 3, 1, 12, tzinfo=UTC)
    moves = [
        SegmentMove(
            uuid7(),
            meeting_id,
            Span(number, number + 1.5),
            FIRST,
            SECOND,
            member.user_id,
            begun + timedelta(seconds=number),
        )
        for number in range(3)
    ]
    async with units() as unit:
        for move in moves:
            await unit.speakers.add_move(move)
        lost = replace(moves[1], is_lost=True)
        await unit.speakers.change_move(lost)
        assert await unit.speakers.moves(meeting_id) == [moves[0], lost, moves[2]]
        assert await unit.speakers.remove_move(meeting_id, moves[0].id) == moves[0]
        assert await unit.speakers.remove_move(meeting_id, moves[0].id) is None
        assert await unit.speakers.moves(meeting_id) == [lost, moves[2]]
