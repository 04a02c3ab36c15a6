"""What a measured voice becomes: enrolled, questioned, refused, told whose it is, made again."""

import asyncio
import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import numpy as np
import pytest
from sqlalchemy import func, select, update

from scribe.adapters.storage import Storage
from scribe.adapters.unit_of_work import UnitOfWorkFactory
from scribe.adapters.voiceprints import SEALED
from scribe.core.config import Settings, load_settings
from scribe.core.ids import uuid7
from scribe.core.models_db import MeetingRow, UserRow
from scribe.core.voices_db import EnrolmentRow, SpeakerRow, VoiceprintRow
from scribe.domain import layout
from scribe.domain.accounts import Principal
from scribe.domain.enrolments import (
    MAX_ATTEMPTS,
    ClaimedEnrolment,
    Enrolment,
    EnrolmentId,
    EnrolmentKind,
    EnrolmentStatus,
    MeasuredClip,
    NewEnrolment,
    QuestionKind,
    sample_wav,
)
from scribe.domain.errors import LeaseLostError, NotFoundError, StorageError, VoiceClipError
from scribe.domain.meeting import MeetingId
from scribe.domain.people import Person, PrintOrigin, VoiceprintId
from scribe.domain.speech import Span, SpeakerLabel
from scribe.domain.voice_quality import Problem, VoiceQuality
from scribe.domain.voices import Band, MatchRule, VoiceBank, Voiceprint, match
from scribe.services import enrolment, housekeeping, people_merging
from scribe.services.uploads import Desk
from scribe.services.voice_desk import VoiceDesk
from tests.bank import MODEL, enter, stored, voice
from tests.conftest import add_user

OLD = "fedcba9876543210"
QUALITY = VoiceQuality(12.5, snr_db=30.0)
SAMPLE = np.arange(1600, dtype=np.int16)
LABEL = SpeakerLabel("SPEAKER_01")


def matcher(voices: dict[str, Voiceprint], bank: VoiceBank) -> object:
    return match(voices, bank, None, MatchRule())


def like(seed: int, other: int = 999, share: float = 0.3) -> Voiceprint:
    """The voice ``seed`` on another day."""
    mixed = voice(seed).vector + share * voice(other).vector
    return replace(voice(seed), vector=(mixed / np.linalg.norm(mixed)).astype(np.float32))


def heard(print_: Voiceprint | None, *found: Problem, sample: np.ndarray = SAMPLE) -> MeasuredClip:
    return MeasuredClip(print_, QUALITY, (Span(1.0, 13.5),), found, sample, "48000 Hz, opus")


@pytest.fixture
def settings(database_url: str, redis_url: str, tmp_path: Path) -> Settings:
    return load_settings(
        database_url=database_url, redis_url=redis_url, data_dir=tmp_path / "data", queue__retry_delays_s=(0.0,)
    )


@pytest.fixture
def storage(tmp_path: Path) -> Storage:
    return Storage(str(tmp_path / "files"))


@pytest.fixture
def desk(units: UnitOfWorkFactory, storage: Storage, settings: Settings) -> VoiceDesk:
    return VoiceDesk(units, storage, settings, matcher, model=MODEL)  # type: ignore[arg-type]


@pytest.fixture
def front(units: UnitOfWorkFactory, storage: Storage, settings: Settings) -> Desk:
    """Where people ask."""
    return Desk(units, storage, None, settings)


async def asked(
    front: Desk,
    who: Principal,
    person: Person | None = None,
    kind: EnrolmentKind = EnrolmentKind.ENROL,
    **said: object,
) -> EnrolmentId:
    enrolment_id = EnrolmentId(uuid7())
    front.storage.write(layout.clip_key(enrolment_id), b"the clip")
    await enrolment.submit(front, who, enrolment_id, person and person.id, kind=kind, **said)  # type: ignore[arg-type]
    return enrolment_id


async def claimed(desk: VoiceDesk) -> ClaimedEnrolment:
    task = await desk.claim()
    assert task is not None
    return task


async def concluded(front: Desk, desk: VoiceDesk, who: Principal, print_: Voiceprint, person: Person) -> Enrolment:
    """A clip of ``print_`` for ``person``, and what came of it."""
    enrolment_id = await asked(front, who, person)
    await desk.conclude(await claimed(desk), heard(print_))
    return await enrolment.read(front.units, who, enrolment_id)


async def enrolled(units: UnitOfWorkFactory, person: Person, *seeds: int, revision: str | None = None) -> None:
    async with units() as unit:
        for seed in seeds:
            print_ = voice(seed) if revision is None else voice(seed, revision=revision)
            await unit.voiceprints.add(stored(person.id, print_))


async def prints(units: UnitOfWorkFactory, person: Person) -> list[VoiceprintId]:
    async with units() as unit:
        return [one.id for one in await unit.voiceprints.of_person(person.id)]


# --- claiming -------------------------------------------------------------------------------------------------------


async def test_a_task_is_claimed_once_however_many_workers_ask(front: Desk, desk: VoiceDesk, member: Principal) -> None:
    for _ in range(5):
        await asked(front, member, kind=EnrolmentKind.TEST)
    tasks = await asyncio.gather(*(desk.claim() for _ in range(8)))
    ids = [task.id for task in tasks if task is not None]
    while (task := await desk.claim()) is not None:  # whoever met another one's lock went away with nothing
        ids.append(task.id)
    assert len(ids) == len(set(ids)) == 5


async def test_a_lease_that_ran_out_is_another_ones_and_the_first_may_write_no_more(
    front: Desk, desk: VoiceDesk, member: Principal
) -> None:
    person = await enter(front.units, member, "Claire")
    await asked(front, member, person)
    late = await claimed(desk)
    await _expire_lease(front.units)
    new = await claimed(desk)
    assert (new.id, new.attempt) == (late.id, 2)
    for act in (
        desk.renew(late),
        desk.conclude(late, heard(voice(1))),
        desk.refused(late, Problem("too-short", "Too short.")),
        desk.failed(late, "engine.failed", "It failed.", is_retryable=True),
        desk.released(late),
    ):
        with pytest.raises(LeaseLostError):
            await act
    assert await desk.conclude(new, heard(voice(1))) is EnrolmentStatus.DONE
    assert len(await prints(front.units, person)) == 1


async def test_a_renewed_lease_is_nobody_elses(front: Desk, desk: VoiceDesk, member: Principal) -> None:
    await asked(front, member, kind=EnrolmentKind.TEST)
    task = await claimed(desk)
    await _expire_lease(front.units)
    await desk.renew(task)
    assert await desk.claim() is None


async def test_users_take_turns_and_prints_that_are_made_again_wait_for_all_of_them(
    front: Desk, desk: VoiceDesk, member: Principal, stranger: Principal
) -> None:
    person = await enter(front.units, member, "Claire")
    await enrolled(front.units, person, 1)
    async with front.units() as unit:
        new = NewEnrolment(EnrolmentId(uuid7()), EnrolmentKind.REMAKE, "x", None, person_id=person.id)
        remake = (await unit.enrolments.add(new)).id
    first, second, third = [await asked(front, member, kind=EnrolmentKind.TEST) for _ in range(3)]
    hers = await asked(front, stranger, kind=EnrolmentKind.TEST)
    order = []
    while (task := await desk.claim()) is not None:
        order.append(task.id)
    assert order == [first, hers, second, third, remake]


async def test_a_task_is_tried_five_times_and_its_clip_goes_with_the_last(
    front: Desk, desk: VoiceDesk, member: Principal
) -> None:
    enrolment_id = await asked(front, member, kind=EnrolmentKind.TEST)
    for attempt in range(1, MAX_ATTEMPTS + 1):
        task = await claimed(desk)
        assert task.attempt == attempt
        await desk.failed(task, "engine.crashed", "It crashed\0.", is_retryable=True)
    found = await enrolment.read(front.units, member, enrolment_id)
    assert (found.status, found.result.failure_code) == (EnrolmentStatus.FAILED, "engine.crashed")
    assert not front.storage.keys("voices")
    assert await desk.claim() is None


async def test_a_task_whose_every_worker_vanished_is_given_up(front: Desk, desk: VoiceDesk, member: Principal) -> None:
    enrolment_id = await asked(front, member, kind=EnrolmentKind.TEST)
    for _ in range(MAX_ATTEMPTS):
        await claimed(desk)
        await _expire_lease(front.units)
    assert await desk.claim() is None
    found = await enrolment.read(front.units, member, enrolment_id)
    assert (found.status, found.result.failure_code) == (EnrolmentStatus.FAILED, "run.worker_lost")
    await housekeeping.purge(front.units, front.storage)
    assert not front.storage.keys("voices")


async def test_what_is_no_use_trying_again_fails_at_once(front: Desk, desk: VoiceDesk, member: Principal) -> None:
    enrolment_id = await asked(front, member, kind=EnrolmentKind.TEST)
    await desk.failed(await claimed(desk), "model.missing", "Install it.", is_retryable=False)
    assert (await enrolment.read(front.units, member, enrolment_id)).status is EnrolmentStatus.FAILED


async def test_a_worker_that_stops_costs_no_attempt(front: Desk, desk: VoiceDesk, member: Principal) -> None:
    await asked(front, member, kind=EnrolmentKind.TEST)
    await desk.released(await claimed(desk))
    assert (await claimed(desk)).attempt == 1


# --- enrolling ------------------------------------------------------------------------------------------------------


async def test_a_good_clip_becomes_a_print_with_its_story_and_its_sample_and_the_clip_is_gone(
    front: Desk, desk: VoiceDesk, member: Principal
) -> None:
    person = await enter(front.units, member, "Claire")
    enrolment_id = await asked(front, member, person, origin=PrintOrigin.MICROPHONE, file_name="claire.m4a")
    status = await desk.conclude(await claimed(desk), heard(voice(1)), "48000 Hz, opus")
    found = await enrolment.read(front.units, member, enrolment_id)
    assert found.voiceprint_id is not None
    async with front.units() as unit:
        made = await unit.voiceprints.get(found.voiceprint_id)
    assert made is not None
    assert (status, found.status) == (EnrolmentStatus.DONE, EnrolmentStatus.DONE)
    assert made.voiceprint.vector.tobytes() == voice(1).vector.tobytes()
    assert (made.person_id, made.origin, made.is_learned) == (person.id, PrintOrigin.MICROPHONE, False)
    assert (made.confirmed_by, made.file_name, made.channel) == (member.user_id, "claire.m4a", "48000 Hz, opus")
    assert (made.spans, made.quality) == ((Span(1.0, 13.5),), QUALITY)
    assert made.sample_key == layout.print_sample_key(person.id, made.id)
    assert front.storage.keys("voices") == [made.sample_key]
    assert front.storage.read(made.sample_key) == sample_wav(SAMPLE)


async def test_nothing_that_is_kept_of_a_task_holds_a_vector_or_a_name(
    front: Desk, desk: VoiceDesk, member: Principal
) -> None:
    claire, anne = await enter(front.units, member, "Claire Martin"), await enter(front.units, member, "Anne Roy")
    await enrolled(front.units, anne, 1)
    await concluded(front, desk, member, like(1), claire)
    await asked(front, member, kind=EnrolmentKind.TEST)
    await desk.conclude(await claimed(desk), heard(like(1)))
    async with front.units() as unit:
        kept = [row.result for row in await unit.session.scalars(select(EnrolmentRow))]
    text = json.dumps(kept)
    assert len(kept) == 2
    assert str(anne.id) in text
    assert "Anne" not in text
    assert "Claire" not in text
    assert _longest_list(kept) <= 3


async def test_a_clip_with_problems_is_refused_with_all_of_them(
    front: Desk, desk: VoiceDesk, member: Principal
) -> None:
    person = await enter(front.units, member, "Claire")
    enrolment_id = await asked(front, member, person)
    both = (Problem("too-short", "1.0 s, 3 s are needed."), Problem("too-noisy", "3 dB, 8 dB are needed."))
    await desk.conclude(await claimed(desk), heard(voice(1), *both))
    found = await enrolment.read(front.units, member, enrolment_id)
    assert (found.status, found.result.problems) == (EnrolmentStatus.REFUSED, both)
    assert await prints(front.units, person) == []
    assert not front.storage.keys("voices")


async def test_a_clip_in_which_nobody_speaks_is_refused(front: Desk, desk: VoiceDesk, member: Principal) -> None:
    person = await enter(front.units, member, "Claire")
    enrolment_id = await asked(front, member, person)
    await desk.conclude(await claimed(desk), MeasuredClip(None, VoiceQuality(0.0)))
    (problem,) = (await enrolment.read(front.units, member, enrolment_id)).result.problems
    assert problem.code == "no-speech"


async def test_consent_that_was_withdrawn_meanwhile_stops_the_enrolment(
    front: Desk, desk: VoiceDesk, member: Principal
) -> None:
    person = await enter(front.units, member, "Claire")
    enrolment_id = await asked(front, member, person)
    task = await claimed(desk)
    async with front.units() as unit:
        (given,) = await unit.people.consents(person.id)
        await unit.people.withdraw_consent(given.id)
    assert await desk.conclude(task, heard(voice(1))) is EnrolmentStatus.REFUSED
    (problem,) = (await enrolment.read(front.units, member, enrolment_id)).result.problems
    assert problem.code == "voices.consent_missing"
    assert await prints(front.units, person) == []
    assert not front.storage.keys("voices")


async def test_a_right_that_was_taken_away_meanwhile_stops_the_enrolment(
    front: Desk, desk: VoiceDesk, member: Principal, administrator: Principal
) -> None:
    person = await enter(front.units, member, "Claire")
    await asked(front, administrator, person)
    task = await claimed(desk)
    async with front.units() as unit:
        demote = update(UserRow).where(UserRow.id == administrator.user_id).values(role="member")
        await unit.session.execute(demote)
    assert await desk.conclude(task, heard(voice(1))) is EnrolmentStatus.REFUSED
    assert await prints(front.units, person) == []


async def test_a_person_who_is_deleted_meanwhile_takes_the_task_along(
    front: Desk, desk: VoiceDesk, member: Principal
) -> None:
    person = await enter(front.units, member, "Claire")
    await asked(front, member, person)
    task = await claimed(desk)
    async with front.units() as unit:
        await unit.people.delete(person.id)
    with pytest.raises(LeaseLostError):
        await desk.conclude(task, heard(voice(1)))
    assert not front.storage.keys("voices/people")


async def test_a_crash_between_sample_and_row_leaves_no_second_sample_when_it_is_tried_again(
    front: Desk, desk: VoiceDesk, member: Principal, settings: Settings, tmp_path: Path
) -> None:
    person = await enter(front.units, member, "Claire")
    await asked(front, member, person)
    task = await claimed(desk)

    class Dying(Storage):
        def write(self, key: str, content: bytes, *, private: bool = False) -> None:
            super().write(key, content, private=private)
            raise RuntimeError("killed here")

    dying = VoiceDesk(front.units, Dying(str(tmp_path / "files")), settings, matcher, model=MODEL)  # type: ignore[arg-type]
    with pytest.raises(RuntimeError):
        await dying.conclude(task, heard(voice(1)))
    assert await prints(front.units, person) == []
    await _expire_lease(front.units)
    assert await desk.conclude(await claimed(desk), heard(voice(1))) is EnrolmentStatus.DONE
    (print_id,) = await prints(front.units, person)
    assert front.storage.keys("voices") == [layout.print_sample_key(person.id, print_id)]


async def test_a_clip_of_somebody_who_is_merged_meanwhile_is_enrolled_for_who_is_left(
    front: Desk, desk: VoiceDesk, member: Principal
) -> None:
    claire, other = await enter(front.units, member, "Claire"), await enter(front.units, member, "C. Martin")
    await asked(front, member, other)
    task = await claimed(desk)
    await people_merging.merge(front.units, member, claire.id, other.id)
    assert await desk.conclude(task, heard(voice(1))) is EnrolmentStatus.DONE
    assert await prints(front.units, claire) == [task.id]
    assert front.storage.keys("voices") == [layout.print_sample_key(claire.id, VoiceprintId(task.id))]


async def test_a_sample_that_cannot_be_stored_leaves_no_row_and_the_task_goes_on(
    front: Desk, desk: VoiceDesk, member: Principal, settings: Settings
) -> None:
    person = await enter(front.units, member, "Claire")
    await asked(front, member, person)
    task = await claimed(desk)

    class Away(Storage):
        def write(self, key: str, content: bytes, *, private: bool = False) -> None:
            raise StorageError("away")

    away = VoiceDesk(front.units, Away("/nowhere"), settings, matcher, model=MODEL)  # type: ignore[arg-type]
    with pytest.raises(StorageError):
        await away.conclude(task, heard(voice(1)))
    assert await prints(front.units, person) == []
    assert await desk.conclude(task, heard(voice(1))) is EnrolmentStatus.DONE
    assert len(await prints(front.units, person)) == 1


# --- questions ------------------------------------------------------------------------------------------------------


async def test_a_voice_of_somebody_else_is_questioned_and_its_clip_waits(
    front: Desk, desk: VoiceDesk, member: Principal
) -> None:
    claire, anne = await enter(front.units, member, "Claire"), await enter(front.units, member, "Anne")
    await enrolled(front.units, anne, 1)
    found = await concluded(front, desk, member, like(1), claire)
    (question,) = found.result.questions
    assert found.status is EnrolmentStatus.QUESTIONED
    assert (question.kind, question.person_id) == (QuestionKind.SOUNDS_LIKE, anne.id)
    assert question.probability is not None
    assert question.probability > 0.5
    assert await prints(front.units, claire) == []
    assert front.storage.keys("voices") == [found.source_key]


async def test_a_voice_of_somebody_who_stands_in_the_bank_twice_is_questioned_all_the_same(
    front: Desk, desk: VoiceDesk, member: Principal
) -> None:
    for name in ("Anne", "Anne Roy"):
        await enrolled(front.units, await enter(front.units, member, name), 1)
    found = await concluded(front, desk, member, like(1), await enter(front.units, member, "Claire"))
    assert [one.kind for one in found.result.questions] == [QuestionKind.SOUNDS_LIKE]


async def test_whose_person_one_may_not_read_nobody_asks_about(
    front: Desk, desk: VoiceDesk, member: Principal, stranger: Principal
) -> None:
    claire, hidden = await enter(front.units, member, "Claire"), await enter(front.units, stranger, "Anne")
    await enrolled(front.units, hidden, 1)
    found = await concluded(front, desk, member, voice(1), claire)
    assert (found.status, found.result.questions) == (EnrolmentStatus.DONE, ())


async def test_a_shared_person_is_asked_about(
    front: Desk, desk: VoiceDesk, member: Principal, stranger: Principal
) -> None:
    claire = await enter(front.units, member, "Claire")
    shared = await enter(front.units, stranger, "Anne", is_shared=True)
    await enrolled(front.units, shared, 1)
    found = await concluded(front, desk, member, like(1), claire)
    assert [one.person_id for one in found.result.questions] == [shared.id]


async def test_who_has_not_consented_is_compared_with_nobody(front: Desk, desk: VoiceDesk, member: Principal) -> None:
    claire = await enter(front.units, member, "Claire")
    await enrolled(front.units, await enter(front.units, member, "Anne", has_consent=False), 1)
    assert (await concluded(front, desk, member, like(1), claire)).status is EnrolmentStatus.DONE


async def test_a_voice_unlike_the_persons_own_is_questioned(front: Desk, desk: VoiceDesk, member: Principal) -> None:
    claire = await enter(front.units, member, "Claire")
    await enrolled(front.units, claire, 1)
    found = await concluded(front, desk, member, voice(2), claire)
    assert found.status is EnrolmentStatus.QUESTIONED
    assert [one.kind for one in found.result.questions] == [QuestionKind.UNLIKE_PERSON]
    assert len(await prints(front.units, claire)) == 1


async def test_another_clip_of_the_same_person_is_not_questioned(
    front: Desk, desk: VoiceDesk, member: Principal
) -> None:
    claire = await enter(front.units, member, "Claire")
    await enrolled(front.units, claire, 1)
    await enrolled(front.units, await enter(front.units, member, "Anne"), 2)
    assert (await concluded(front, desk, member, like(1), claire)).status is EnrolmentStatus.DONE
    assert len(await prints(front.units, claire)) == 2


async def test_an_administrator_hears_about_the_owners_person_and_not_about_the_owners_bank(
    front: Desk, desk: VoiceDesk, member: Principal, administrator: Principal
) -> None:
    claire, anne = await enter(front.units, member, "Claire"), await enter(front.units, member, "Anne")
    await enrolled(front.units, claire, 1)
    await enrolled(front.units, anne, 2)
    found = await concluded(front, desk, administrator, voice(2), claire)
    assert [one.kind for one in found.result.questions] == [QuestionKind.UNLIKE_PERSON]


async def test_a_confirmed_voice_is_enrolled_without_another_question(
    front: Desk, desk: VoiceDesk, member: Principal
) -> None:
    claire, anne = await enter(front.units, member, "Claire"), await enter(front.units, member, "Anne")
    await enrolled(front.units, anne, 1)
    found = await concluded(front, desk, member, like(1), claire)
    await enrolment.confirm(front, member, found.id)
    assert await desk.conclude(await claimed(desk), heard(like(1))) is EnrolmentStatus.DONE
    assert len(await prints(front.units, claire)) == 1
    assert not front.storage.keys("voices/clips")


async def test_a_confirmed_voice_with_problems_is_refused_all_the_same(
    front: Desk, desk: VoiceDesk, member: Principal
) -> None:
    claire = await enter(front.units, member, "Claire")
    await asked(front, member, claire, is_forced=True)
    status = await desk.conclude(await claimed(desk), heard(voice(1), Problem("too-short", "Too short.")))
    assert status is EnrolmentStatus.REFUSED


# --- tests ----------------------------------------------------------------------------------------------------------


async def test_a_test_tells_whose_voice_it_is_and_keeps_nothing(
    front: Desk, desk: VoiceDesk, member: Principal, stranger: Principal
) -> None:
    anne, hidden = await enter(front.units, member, "Anne"), await enter(front.units, stranger, "Hidden")
    await enrolled(front.units, anne, 1)
    await enrolled(front.units, hidden, 1)
    enrolment_id = await asked(front, member, kind=EnrolmentKind.TEST)
    await desk.conclude(await claimed(desk), heard(like(1)))
    found = await enrolment.read(front.units, member, enrolment_id)
    verdict = found.result.verdict
    assert verdict is not None
    assert (found.status, verdict.band) == (EnrolmentStatus.DONE, Band.AUTO)
    assert [one.person_id for one in verdict.candidates] == [anne.id]
    assert not front.storage.keys("voices")
    async with front.units() as unit:
        assert await unit.session.scalar(select(func.count()).select_from(VoiceprintRow)) == 2


async def test_a_test_against_an_empty_bank_says_so(front: Desk, desk: VoiceDesk, member: Principal) -> None:
    enrolment_id = await asked(front, member, kind=EnrolmentKind.TEST)
    await desk.conclude(await claimed(desk), heard(voice(1)))
    verdict = (await enrolment.read(front.units, member, enrolment_id)).result.verdict
    assert verdict is not None
    assert (verdict.band, verdict.reason, verdict.candidates) == (Band.UNKNOWN, "empty-bank", ())


# --- speakers of meetings -------------------------------------------------------------------------------------------


def sample_key(meeting_id: MeetingId) -> str:
    return f"{layout.derived_folder(meeting_id)}/voices/1-{LABEL}.wav"


async def spoken(
    front: Desk, owner: Principal, print_: Voiceprint | None, quality: VoiceQuality = QUALITY
) -> MeetingId:
    """A meeting with one speaker, whose sample is kept."""
    meeting_id = MeetingId(uuid7())
    key = sample_key(meeting_id)
    front.storage.write(key, sample_wav(SAMPLE))
    async with front.units() as unit:
        unit.session.add(
            MeetingRow(
                id=meeting_id,
                owner_id=owner.user_id,
                title="Comité",
                size_bytes=1,
                sha256="0" * 64,
                options={},
                status="COMPLETED",
                max_attempts=3,
            )
        )
        await unit.session.flush()
        unit.session.add(
            SpeakerRow(
                meeting_id=meeting_id,
                label=LABEL,
                run=1,
                vector=None if print_ is None else print_.vector,
                model_id=None if print_ is None else print_.model_id,
                model_revision=None if print_ is None else print_.model_revision,
                speech_s=None if print_ is None else print_.speech_s,
                quality={"speech_s": quality.speech_s},
                spans=[[3.0, 15.5]],
                sample_key=key,
            )
        )
    return meeting_id


async def test_a_speaker_is_enrolled_from_what_is_stored_of_them(
    front: Desk, desk: VoiceDesk, member: Principal
) -> None:
    person, meeting_id = await enter(front.units, member, "Claire"), await spoken(front, member, voice(1))
    made = await enrolment.from_speaker(front, member, person.id, meeting_id, LABEL)
    task = await claimed(desk)
    known = await desk.known_voice(task)
    assert known is not None
    assert await desk.conclude(task, known) is EnrolmentStatus.DONE
    (print_id,) = await prints(front.units, person)
    async with front.units() as unit:
        kept = await unit.voiceprints.get(print_id)
    assert kept is not None
    assert kept.voiceprint.vector.tobytes() == voice(1).vector.tobytes()
    assert (kept.origin, kept.is_learned, kept.spans) == (PrintOrigin.MEETING, False, (Span(3.0, 15.5),))
    assert (kept.meeting_id, kept.label) == (meeting_id, LABEL)
    assert (await enrolment.read(front.units, member, made.id)).voiceprint_id == print_id
    assert kept.sample_key is not None
    assert front.storage.read(kept.sample_key) == sample_wav(SAMPLE)
    await housekeeping.purge(front.units, front.storage)
    assert front.storage.read(sample_key(meeting_id)) is not None


async def test_enrolling_the_same_speaker_twice_makes_one_print(
    front: Desk, desk: VoiceDesk, member: Principal
) -> None:
    person, meeting_id = await enter(front.units, member, "Claire"), await spoken(front, member, voice(1))
    ends = []
    for _ in range(2):
        made = await enrolment.from_speaker(front, member, person.id, meeting_id, LABEL)
        task = await claimed(desk)
        known = await desk.known_voice(task)
        assert known is not None
        await desk.conclude(task, known)
        ends.append((await enrolment.read(front.units, member, made.id)).voiceprint_id)
    assert ends[0] == ends[1] is not None
    assert len(await prints(front.units, person)) == 1


async def test_a_speaker_is_questioned_and_refused_like_a_clip(front: Desk, desk: VoiceDesk, member: Principal) -> None:
    claire, anne = await enter(front.units, member, "Claire"), await enter(front.units, member, "Anne")
    await enrolled(front.units, anne, 1)
    statuses = []
    for print_, quality in ((like(1), QUALITY), (voice(2, speech_s=1.0), VoiceQuality(1.0))):
        meeting_id = await spoken(front, member, print_, quality)
        await enrolment.from_speaker(front, member, claire.id, meeting_id, LABEL)
        task = await claimed(desk)
        known = await desk.known_voice(task)
        assert known is not None
        statuses.append(await desk.conclude(task, known))
    assert statuses == [EnrolmentStatus.QUESTIONED, EnrolmentStatus.REFUSED]


async def test_a_meeting_one_may_not_see_has_no_speakers(front: Desk, member: Principal, stranger: Principal) -> None:
    person, meeting_id = await enter(front.units, member, "Claire"), await spoken(front, stranger, voice(1))
    with pytest.raises(NotFoundError):
        await enrolment.from_speaker(front, member, person.id, meeting_id, LABEL)
    own = await spoken(front, member, voice(1))
    with pytest.raises(NotFoundError):
        await enrolment.from_speaker(front, member, person.id, own, SpeakerLabel("SPEAKER_09"))


async def test_a_speaker_without_a_print_cannot_be_enrolled(front: Desk, member: Principal) -> None:
    person, meeting_id = await enter(front.units, member, "Claire"), await spoken(front, member, None)
    with pytest.raises(VoiceClipError):
        await enrolment.from_speaker(front, member, person.id, meeting_id, LABEL)


async def test_a_speaker_whose_print_was_removed_meanwhile_is_refused(
    front: Desk, desk: VoiceDesk, member: Principal
) -> None:
    person, meeting_id = await enter(front.units, member, "Claire"), await spoken(front, member, voice(1))
    await enrolment.from_speaker(front, member, person.id, meeting_id, LABEL)
    async with front.units() as unit:
        await unit.session.execute(update(SpeakerRow).values(vector=None, model_id=None, model_revision=None))
    task = await claimed(desk)
    known = await desk.known_voice(task)
    assert known is not None
    assert await desk.conclude(task, known) is EnrolmentStatus.REFUSED


async def test_a_speaker_of_an_older_model_is_measured_again_from_the_sample(
    front: Desk, desk: VoiceDesk, member: Principal
) -> None:
    person = await enter(front.units, member, "Claire")
    meeting_id = await spoken(front, member, voice(1, revision=OLD))
    made = await enrolment.from_speaker(front, member, person.id, meeting_id, LABEL)
    assert await desk.known_voice(await claimed(desk)) is None
    assert made.source_key == sample_key(meeting_id)


# --- another model --------------------------------------------------------------------------------------------------


async def test_prints_of_another_model_are_marked_and_those_with_a_sample_are_made_again(
    front: Desk, desk: VoiceDesk, member: Principal
) -> None:
    person = await enter(front.units, member, "Claire")
    async with front.units() as unit:
        for seed, key in ((1, "voices/people/a/1.wav"), (2, None)):
            await unit.voiceprints.add(stored(person.id, voice(seed, revision=OLD), sample_key=key))
    assert await desk.begin() == 1
    assert await desk.begin() == 0, "nobody asks twice"
    task = await claimed(desk)
    before = await _print(front.units, task.enrolment.remade_print_id)
    assert (before.is_stale, task.enrolment.source_key) == (True, "voices/people/a/1.wav")
    quality = VoiceQuality(9.5, snr_db=20.0)
    remade = MeasuredClip(voice(7, speech_s=9.5), quality, (Span(0.0, 9.5),), sample=SAMPLE)
    assert await desk.conclude(task, remade) is EnrolmentStatus.DONE
    after = await _print(front.units, before.id)
    assert after.voiceprint.vector.tobytes() == voice(7).vector.tobytes()
    assert (after.is_stale, after.voiceprint.model, after.quality) == (False, MODEL, quality)
    assert replace(after, voiceprint=before.voiceprint, quality=before.quality, is_stale=True) == before
    assert await _num_tasks(front.units) == 0
    other = VoiceDesk(front.units, front.storage, front.settings, matcher, model=f"campplus@{OLD}")  # type: ignore[arg-type]
    assert await other.begin() == 1, "the model may change again at once"


async def test_two_workers_that_start_at_once_make_each_print_again_once(
    front: Desk, desk: VoiceDesk, member: Principal
) -> None:
    person = await enter(front.units, member, "Claire")
    async with front.units() as unit:
        for seed in range(120):
            await unit.voiceprints.add(stored(person.id, voice(seed, revision=OLD), sample_key=f"v/{seed}.wav"))
    counts = await asyncio.gather(*(desk.begin() for _ in range(3)))
    assert sum(counts) == 120
    assert await _num_tasks(front.units) == 120


async def test_a_sample_from_which_nothing_can_be_made_leaves_the_print_stale(
    front: Desk, desk: VoiceDesk, member: Principal
) -> None:
    person = await enter(front.units, member, "Claire")
    async with front.units() as unit:
        await unit.voiceprints.add(stored(person.id, voice(1, revision=OLD), sample_key="v/1.wav"))
    await desk.begin()
    task = await claimed(desk)
    assert await desk.conclude(task, MeasuredClip(None, VoiceQuality(0.0))) is EnrolmentStatus.REFUSED
    assert (await _print(front.units, task.enrolment.remade_print_id)).is_stale
    assert await desk.begin() == 0


async def test_a_print_of_somebody_forgotten_that_a_backup_brought_back_is_not_made_again(
    front: Desk, desk: VoiceDesk, member: Principal
) -> None:
    person = await enter(front.units, member, "Claire")
    async with front.units() as unit:
        await unit.voiceprints.add(stored(person.id, voice(1, revision=OLD), sample_key="v/1.wav"))
    await desk.begin()
    task = await claimed(desk)  # as a backup may hold it
    async with front.units() as unit:
        await unit.session.execute(update(VoiceprintRow).values(model_revision=SEALED))
    await desk.conclude(task, heard(voice(7)))
    sealed = await _print(front.units, task.enrolment.remade_print_id)
    assert sealed.voiceprint.vector.tobytes() == voice(1).vector.tobytes()
    assert sealed.is_stale
    assert await desk.begin() == 0


async def test_a_print_of_another_model_is_never_compared_nor_enrolled(
    front: Desk, desk: VoiceDesk, member: Principal
) -> None:
    claire, anne = await enter(front.units, member, "Claire"), await enter(front.units, member, "Anne")
    await enrolled(front.units, anne, 1, revision=OLD)
    assert (await concluded(front, desk, member, like(1), claire)).status is EnrolmentStatus.DONE
    found = await concluded(front, desk, member, voice(2, revision=OLD), anne)
    assert found.status is EnrolmentStatus.REFUSED
    assert [problem.code for problem in found.result.problems] == ["voices.model_mismatch"]


# --------------------------------------------------------------------------------------------------------------------


async def test_the_whole_of_two_workers_at_once_enrols_each_clip_once(
    front: Desk, desk: VoiceDesk, settings: Settings, member: Principal
) -> None:
    other = await add_user(front.units, "bob")
    owners = [member, other]
    people = [await enter(front.units, owner, f"Person {n}") for n, owner in enumerate(owners)]
    for _ in range(6):
        for owner, person in zip(owners, people, strict=True):
            await asked(front, owner, person, is_forced=True)

    async def worker() -> int:
        done = 0
        while (task := await desk.claim()) is not None:
            await asyncio.gather(
                desk.conclude(task, heard(voice(done))), desk.conclude(task, heard(voice(done))), return_exceptions=True
            )
            done += 1
        return done

    await asyncio.gather(worker(), worker(), worker())
    await worker()
    counts = [len(await prints(front.units, person)) for person in people]
    assert counts == [6, 6]
    assert len(front.storage.keys("voices/people")) == 12


async def _num_tasks(units: UnitOfWorkFactory) -> int:
    async with units() as unit:
        return await unit.session.scalar(select(func.count()).select_from(EnrolmentRow)) or 0


async def _expire_lease(units: UnitOfWorkFactory) -> None:
    async with units() as unit:
        past = func.clock_timestamp() - timedelta(seconds=1)
        await unit.session.execute(
            update(EnrolmentRow).where(EnrolmentRow.status == "PROCESSING").values(lease_until=past)
        )


async def _print(units: UnitOfWorkFactory, print_id: UUID | None):  # type: ignore[no-untyped-def]
    assert print_id is not None
    async with units() as unit:
        found = await unit.voiceprints.get(VoiceprintId(print_id))
    assert found is not None
    return found


def _longest_list(value: object) -> int:
    """Of all lists in a JSON value."""
    if isinstance(value, dict):
        return max((_longest_list(item) for item in value.values()), default=0)
    if isinstance(value, list) and any(isinstance(item, dict) for item in value):
        return max(_longest_list(item) for item in value)
    return len(value) if isinstance(value, list) else 0
