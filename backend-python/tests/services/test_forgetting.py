"""Who may forget whom, what goes and what stays, also while others are at work, and in thousands of meetings."""

import asyncio
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, insert, select, text, update

from scribe.adapters.storage import Storage
from scribe.adapters.unit_of_work import UnitOfWorkFactory
from scribe.core.config import load_settings
from scribe.core.ids import uuid7
from scribe.core.models_db import EventRow, MeetingRow, PurgeRow
from scribe.core.voices_db import ErasureRow, PersonRow, SpeakerRow, VoiceprintRow
from scribe.domain import layout
from scribe.domain.accounts import Principal
from scribe.domain.erasures import VOICE_ERASED, Tombstone
from scribe.domain.errors import ArtefactError, ForbiddenError, NotFoundError
from scribe.domain.jobs import Published
from scribe.domain.meeting import MeetingId
from scribe.domain.namings import HeardSpeaker, Naming, ScoredPerson, Speaker
from scribe.domain.people import ConsentDraft, NamePolicy, Person, PersonId, VoiceprintId
from scribe.domain.requests import RunOptions
from scribe.domain.speech import Span, SpeakerLabel
from scribe.domain.voices import Band, Candidate, Identification
from scribe.services import people
from scribe.services.forgetting import forget, reapply, retention, store_tombstones
from scribe.services.housekeeping import Housekeeping, purge
from scribe.services.queue import requeue
from scribe.services.voice_litter import remove_voice_litter
from tests.api.planting import claim, complete, plant
from tests.bank import MODEL, enter, stored, teach, voice
from tests.domain.exports.meeting import french_meeting

LABEL = SpeakerLabel("SPEAKER_00")
SECOND = SpeakerLabel("SPEAKER_01")


@pytest.fixture
def storage(tmp_path: Path) -> Storage:
    (tmp_path / "files").mkdir()
    return Storage(str(tmp_path / "files"))


async def a_meeting(units: UnitOfWorkFactory, owner: Principal, storage: Storage, **draft: Any) -> MeetingId:
    meeting = await plant(units, owner, storage, **draft)
    await complete(units, storage, formats=())
    return meeting.id


async def speaks(units: UnitOfWorkFactory, meeting_id: MeetingId, *speakers: dict[str, Any]) -> None:
    """Rows of speakers; each with a voice of its own."""
    async with units() as unit:
        rows = [
            Speaker(
                meeting_id,
                SpeakerLabel(f"SPEAKER_0{number}"),
                1,
                (Span(0.0, 9.0),),
                speaker.pop("voiceprint", voice(1000 + number)),
                None,
                (Span(0.0, 9.0),),
                layout.speaker_sample_key(meeting_id, 1, f"SPEAKER_0{number}"),
                **speaker,
            )
            for number, speaker in enumerate(speakers)
        ]
        await unit.speakers.replace(meeting_id, 1, rows)


async def speaker_of(units: UnitOfWorkFactory, meeting_id: MeetingId, label: SpeakerLabel = LABEL) -> Speaker:
    async with units() as unit:
        found = await unit.speakers.get(meeting_id, label)
    assert found is not None
    return found


async def count(units: UnitOfWorkFactory, table: Any) -> int:
    async with units() as unit:
        return await unit.session.scalar(select(func.count()).select_from(table)) or 0


# --- who may ----------------------------------------------------------------------------------------------------------


async def test_somebody_whom_one_may_not_read_cannot_be_forgotten_and_is_not_there(
    units: UnitOfWorkFactory, member: Principal, stranger: Principal
) -> None:
    person = await enter(units, member, "Claire")
    with pytest.raises(NotFoundError) as hidden:
        await forget(units, stranger, person.id, NamePolicy.KEEP)
    with pytest.raises(NotFoundError) as missing:
        await forget(units, stranger, PersonId(uuid7()), NamePolicy.KEEP)
    assert str(hidden.value) == str(missing.value)
    assert await count(units, PersonRow) == 1


async def test_a_shared_person_is_forgotten_by_the_owner_or_an_administrator_only(
    units: UnitOfWorkFactory, member: Principal, stranger: Principal, administrator: Principal
) -> None:
    first, second = [await enter(units, member, name, is_shared=True) for name in ("Claire", "Anne")]
    with pytest.raises(ForbiddenError):
        await forget(units, stranger, first.id, NamePolicy.KEEP)
    await forget(units, member, first.id, NamePolicy.KEEP)
    await forget(units, administrator, second.id, NamePolicy.KEEP)
    assert await count(units, PersonRow) == 0
    with pytest.raises(NotFoundError):
        await forget(units, member, first.id, NamePolicy.KEEP)


# --- what goes, what stays --------------------------------------------------------------------------------------------


async def test_names_in_old_minutes_stay_as_text_or_become_one_made_up_name(
    units: UnitOfWorkFactory, member: Principal, storage: Storage
) -> None:
    for policy in NamePolicy:
        person = await enter(units, member, "Claire Martin")
        ids = [await a_meeting(units, member, storage) for _ in range(2)]
        for meeting_id in ids:
            await speaks(units, meeting_id, {"naming": Naming.CONFIRMED, "person_id": person.id})
        report = await forget(units, member, person.id, policy)
        speakers = [await speaker_of(units, meeting_id) for meeting_id in ids]
        assert {one.shown_name for one in speakers} == {report.pseudonym or "Claire Martin"}
        assert (report.pseudonym is not None) == (policy is NamePolicy.PSEUDONYMISE)
        assert {(one.person_id, one.voiceprint, one.sample_key, one.reason) for one in speakers} == {
            (None, None, None, VOICE_ERASED)
        }


async def test_a_made_up_name_is_random(units: UnitOfWorkFactory, member: Principal) -> None:
    made = set()
    for _ in range(5):
        person = await enter(units, member, "Claire Martin")
        made.add((await forget(units, member, person.id, NamePolicy.PSEUDONYMISE)).pseudonym)
    assert len(made) == 5


async def test_a_name_that_two_people_have_is_not_replaced_where_nobody_knows_who_was_meant(
    units: UnitOfWorkFactory, member: Principal, storage: Storage
) -> None:
    person = await enter(units, member, "Claire Martin")
    await enter(units, member, "claire martin")
    meeting_id = await a_meeting(units, member, storage, options=RunOptions(voices=("Claire Martin",)))
    await speaks(units, meeting_id, {"naming": Naming.CONFIRMED, "name": "Claire Martin"})
    await forget(units, member, person.id, NamePolicy.PSEUDONYMISE)
    assert (await speaker_of(units, meeting_id)).name == "Claire Martin"
    async with units() as unit:
        meeting = await unit.meetings.get(meeting_id)
    assert meeting is not None
    assert meeting.options.voices == ("Claire Martin",)


async def test_a_name_that_others_typed_in_their_own_meetings_stays(
    units: UnitOfWorkFactory, member: Principal, stranger: Principal, storage: Storage
) -> None:
    person = await enter(units, member, "Claire Martin")
    theirs = await a_meeting(units, stranger, storage)
    await speaks(units, theirs, {"naming": Naming.CONFIRMED, "name": "Claire Martin"})
    await forget(units, member, person.id, NamePolicy.PSEUDONYMISE)
    assert (await speaker_of(units, theirs)).name == "Claire Martin"


async def test_where_somebody_was_only_considered_the_speaker_keeps_the_voice_and_loses_the_mention(
    units: UnitOfWorkFactory, member: Principal, storage: Storage
) -> None:
    person, other = [await enter(units, member, name) for name in ("Claire", "Marc")]
    meeting_id = await a_meeting(units, member, storage)
    mentioned = (ScoredPerson(person.id, 0.5, 0.6), ScoredPerson(other.id, 0.4, 0.3))
    await speaks(
        units,
        meeting_id,
        {"candidates": mentioned, "score": 0.5, "probability": 0.6, "reason": "below-threshold", "explanation": "0.5"},
        {"candidates": mentioned[::-1], "score": 0.4, "reason": "too-close-to-call", "refused": frozenset({person.id})},
    )
    await forget(units, member, person.id, NamePolicy.KEEP)
    best, second = await speaker_of(units, meeting_id), await speaker_of(units, meeting_id, SECOND)
    assert best.voiceprint is not None
    assert [one.person_id for one in best.candidates] == [one.person_id for one in second.candidates] == [other.id]
    assert (best.score, best.probability, best.reason, best.explanation) == (None, None, None, "")
    assert (second.score, second.reason, second.refused) == (0.4, "too-close-to-call", frozenset())


async def test_followers_of_every_meeting_are_told_without_a_name(
    units: UnitOfWorkFactory, member: Principal, storage: Storage
) -> None:
    person = await enter(units, member, "Claire")
    meeting_id = await a_meeting(units, member, storage)
    untouched = await a_meeting(units, member, storage)
    await speaks(units, meeting_id, {"naming": Naming.AUTO, "person_id": person.id})
    await forget(units, member, person.id, NamePolicy.KEEP)
    async with units() as unit:
        events = await unit.session.scalars(select(EventRow).where(EventRow.kind == "meeting.speakers"))
        told = [(event.meeting_id, event.payload) for event in events]
        versions = dict((await unit.session.execute(select(MeetingRow.id, MeetingRow.names_version))).all())
    assert told == [(meeting_id, {"names_version": 1, "labels": [LABEL]})]
    assert versions == {meeting_id: 1, untouched: 0}


async def test_a_run_that_looked_for_this_person_only_looks_for_nobody_and_not_for_everybody(
    units: UnitOfWorkFactory, member: Principal, storage: Storage
) -> None:
    person, other = [await enter(units, member, name) for name in ("Claire", "Marc")]
    wishes: list[tuple[str, ...]] = [(str(person.id),), (str(person.id), str(other.id)), ("Claire",)]
    ids = [await a_meeting(units, member, storage, options=RunOptions(voices=wish)) for wish in wishes]
    await forget(units, member, person.id, NamePolicy.KEEP)
    async with units() as unit:
        meetings = [await unit.meetings.get(meeting_id) for meeting_id in ids]
    assert [one.options.voices for one in meetings if one] == ["none", (str(other.id),), ("Claire",)]


async def test_samples_that_belong_to_somebody_split_off_stay(
    units: UnitOfWorkFactory, member: Principal, storage: Storage
) -> None:
    """They lie in the folder of the person they were enrolled for."""
    person, twin = [await enter(units, member, name) for name in ("Claire", "Claire’s sister")]
    keys = {}
    for owner in (person, twin):
        print_id = VoiceprintId(uuid7())
        keys[owner.id] = layout.print_sample_key(person.id, print_id)
        storage.write(keys[owner.id], b"RIFF")
        async with units() as unit:
            sample = stored(owner.id, voice(len(keys)), id=print_id, sample_key=keys[owner.id])
            await unit.voiceprints.add(sample)
    await forget(units, member, person.id, NamePolicy.KEEP)
    await purge(units, storage)
    assert storage.keys("voices") == [keys[twin.id]]


async def test_withdrawn_consent_erases_the_voice_and_keeps_the_entry_and_the_names(
    units: UnitOfWorkFactory, member: Principal, storage: Storage
) -> None:
    person = await enter(units, member, "Claire")
    key = layout.print_sample_key(person.id, uuid7())
    storage.write(key, b"RIFF")
    await teach(units, person, 1, sample_key=key)
    meeting_id = await a_meeting(units, member, storage)
    scored = (ScoredPerson(person.id, 0.8, 0.9),)
    await speaks(
        units,
        meeting_id,
        {"naming": Naming.AUTO, "person_id": person.id, "candidates": scored, "score": 0.8},
        {"naming": Naming.SUGGESTED, "person_id": person.id, "candidates": scored},
    )
    [consent] = await people.consents(units, member, person.id)
    await people.withdraw_consent(units, member, person.id, consent.id)
    named, suggested = await speaker_of(units, meeting_id), await speaker_of(units, meeting_id, SECOND)
    assert (named.shown_name, named.person_id, named.voiceprint, named.score) == ("Claire", person.id, None, None)
    assert (suggested.naming, suggested.person_id, suggested.voiceprint) == (Naming.UNKNOWN, None, None)
    assert await count(units, VoiceprintRow) == 0
    assert (await people.read(units, member, person.id)).num_voiceprints == 0


async def test_a_voice_that_is_enrolled_again_after_a_new_consent_stays(
    units: UnitOfWorkFactory, member: Principal, storage: Storage
) -> None:
    person = await enter(units, member, "Claire")
    await teach(units, person, 1, sample_key=layout.print_sample_key(person.id, uuid7()))
    [consent] = await people.consents(units, member, person.id)
    await people.withdraw_consent(units, member, person.id, consent.id)
    await store_tombstones(units, storage)
    await people.give_consent(units, member, person.id, ConsentDraft("Claire again", "fr-1"))
    key = layout.print_sample_key(person.id, uuid7())
    storage.write(key, b"RIFF")
    await teach(units, person, 2, sample_key=key)
    await expire_purges(units)
    await purge(units, storage)
    assert await reapply(units, storage) == 0
    assert storage.keys("voices") == [key]
    assert await count(units, VoiceprintRow) == 1


async def expire_purges(units: UnitOfWorkFactory) -> None:
    async with units() as unit:
        await unit.session.execute(update(PurgeRow).values(again_after=func.now() - timedelta(seconds=1)))


@settings(max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    prints=st.lists(st.lists(st.integers(0, 99), max_size=4, unique=True), min_size=2, max_size=5),
    forgotten=st.integers(0, 4),
    policy=st.sampled_from(NamePolicy),
)
async def test_forgetting_one_leaves_everybody_elses_profile_bit_equal(
    units: UnitOfWorkFactory, member: Principal, prints: list[list[int]], forgotten: int, policy: NamePolicy
) -> None:
    everybody = [await enter(units, member, f"Person {number}") for number in range(len(prints))]
    for person, seeds in zip(everybody, prints, strict=True):
        await teach(units, person, *seeds)
    gone = everybody.pop(forgotten % len(everybody))
    before = await fingerprints(units, member, everybody)
    await forget(units, member, gone.id, policy)
    assert await fingerprints(units, member, everybody) == before
    for person in everybody:
        await forget(units, member, person.id, policy)


async def fingerprints(units: UnitOfWorkFactory, owner: Principal, everybody: list[Person]) -> list[str]:
    async with units() as unit:
        banks = [
            await unit.voiceprints.bank_for(owner.user_id, MODEL, [person.id], require_consent=True)
            for person in everybody
        ]
    return [bank.fingerprint for bank in banks]


# --- while others are at work -----------------------------------------------------------------------------------------


async def test_a_meeting_that_is_being_published_is_waited_for_and_forgets_too(
    units: UnitOfWorkFactory, member: Principal, storage: Storage
) -> None:
    person = await enter(units, member, "Claire")
    meeting_id = await a_meeting(units, member, storage)
    is_written = asyncio.Event()

    async def publish() -> None:
        async with units() as unit:
            await unit.session.execute(select(MeetingRow.id).where(MeetingRow.id == meeting_id).with_for_update())
            await unit.session.execute(
                insert(SpeakerRow).values(
                    meeting_id=meeting_id,
                    label=LABEL,
                    run=1,
                    vector=voice(1).vector,
                    naming="auto",
                    person_id=person.id,
                )
            )
            is_written.set()
            await waits_for_a_lock(units)

    publishing = asyncio.create_task(publish())
    await is_written.wait()
    await forget(units, member, person.id, NamePolicy.KEEP)
    await publishing
    speaker = await speaker_of(units, meeting_id)
    assert (speaker.person_id, speaker.voiceprint, speaker.shown_name) == (None, None, "Claire")


async def waits_for_a_lock(units: UnitOfWorkFactory) -> None:
    """Until another transaction waits for what this one holds."""
    async with asyncio.timeout(10):
        while True:
            async with units() as unit:
                if await unit.session.scalar(text("select exists (select from pg_locks where not granted)")):
                    return
            await asyncio.sleep(0.01)


async def test_another_run_does_not_bring_an_erased_voice_back(
    units: UnitOfWorkFactory, member: Principal, storage: Storage
) -> None:
    """Nor give it somebody else's name; what people see stays."""
    person, other = [await enter(units, member, name) for name in ("Claire", "Marc")]
    await teach(units, other, 2)
    meeting_id = await a_meeting(units, member, storage)
    await speaks(units, meeting_id, {"naming": Naming.AUTO, "person_id": person.id}, {})
    async with units() as unit:
        await unit.session.execute(update(SpeakerRow).where(SpeakerRow.label == SECOND).values(turns=[[10.0, 20.0]]))
    await forget(units, member, person.id, NamePolicy.KEEP)
    async with units() as unit:
        await requeue(unit, meeting_id, None, 5)
    queue, job = await claim(units)
    found = Candidate(str(other.id), "Marc", 0.7, 0.9)
    verdict = Identification("Marc", 0.7, None, None, "matched", "Marc", Band.AUTO, 0.9, (found,), "0.70")
    heard = [
        HeardSpeaker(label, (span,), voice(number), None, (span,), key, verdict if number == 0 else None)
        for number, (label, span) in enumerate({LABEL: Span(0.0, 9.0), SECOND: Span(10.0, 20.0)}.items())
        if (key := layout.speaker_sample_key(meeting_id, job.run, label))
    ]
    for one in heard:
        storage.write(one.sample_key or "", b"RIFF")
    storage.write(f"{layout.checkpoints_folder(meeting_id)}/diarize.json", b"[1]")
    staging = layout.staging_folder(layout.results_folder(job.created_at, meeting_id), job.token)
    fusion, _ = french_meeting()
    storage.write(f"{staging}/fusion.json", fusion.to_json().encode())
    await queue.publish(job, storage, Published(("fusion.json",), "fr", 2, 1, 20.0, tuple(heard)))
    await purge(units, storage)
    erased, stranger = await speaker_of(units, meeting_id), await speaker_of(units, meeting_id, SECOND)
    assert (erased.voiceprint, erased.sample_key, erased.shown_name, erased.candidates) == (None, None, "Claire", ())
    assert stranger.voiceprint is not None
    left = {key for top in ("derived", "checkpoints") for key in storage.keys(top)}
    assert left == {layout.speaker_sample_key(meeting_id, job.run, SECOND)}


async def test_two_who_forget_the_same_person_do_it_once(units: UnitOfWorkFactory, member: Principal) -> None:
    person = await enter(units, member, "Claire")
    tries = await asyncio.gather(
        *(forget(units, member, person.id, NamePolicy.KEEP) for _ in range(3)), return_exceptions=True
    )
    assert sorted(type(one).__name__ for one in tries) == ["Forgotten", "NotFoundError", "NotFoundError"]


async def test_thousands_of_meetings_are_forgotten_in_seconds(units: UnitOfWorkFactory, member: Principal) -> None:
    person = await enter(units, member, "Claire")
    await teach(units, person, 1)
    async with units() as unit:
        await unit.session.execute(
            text(
                "insert into meetings (id, owner_id, title, size_bytes, sha256, options, status, max_attempts) "
                "select gen_random_uuid(), :owner, 'x', 1, repeat('0', 64), "
                """'{"voices": "all"}', 'COMPLETED', 5 from generate_series(1, 2000)"""
            ),
            {"owner": member.user_id},
        )
        await unit.session.execute(
            text(
                "insert into speakers (meeting_id, label, run, vector, model_id, model_revision, naming, person_id, "
                "candidates, sample_key) select id, 'SPEAKER_0' || n, 1, cast(:vector as vector), 'm', 'r', "
                "case when n = 0 then 'auto' else 'unknown' end, case when n = 0 then cast(:person as uuid) end, "
                "jsonb_build_array(jsonb_build_object('person_id', cast(:person as text), 'score', 0.5)), "
                "'derived/' || id || '/voices/1/' || n || '.wav' from meetings, generate_series(0, 4) n"
            ),
            {"vector": str(voice(1).vector.tolist()), "person": str(person.id)},
        )
    began_s = time.monotonic()
    report = await forget(units, member, person.id, NamePolicy.PSEUDONYMISE)
    seconds = time.monotonic() - began_s
    assert len(report.meetings) == 2000
    assert await count(units, select(SpeakerRow).where(SpeakerRow.name == report.pseudonym).subquery()) == 2000
    assert seconds < 30  # 4 s with 10,000 speakers on two cores that eight others shared
    async with units() as unit:
        assert len(await unit.purges.due(20_000)) == 2000 + 2000 + 1  # checkpoints, samples, the person's folder


# --- tombstones -------------------------------------------------------------------------------------------------------


async def test_a_tombstone_in_storage_says_when_and_never_whom(
    units: UnitOfWorkFactory, member: Principal, storage: Storage
) -> None:
    person = await enter(units, member, "Claire Martin")
    [print_] = await teach(units, person, 1)
    report = await forget(units, member, person.id, NamePolicy.PSEUDONYMISE)
    await store_tombstones(units, storage)
    content = storage.read(layout.erasure_key(person.id))
    assert content is not None
    assert b"Claire" not in content
    stone = Tombstone.from_json(content)
    assert (stone.person_id, stone.policy, stone.pseudonym) == (person.id, NamePolicy.PSEUDONYMISE, report.pseudonym)
    assert stone.voiceprint_ids == (print_.id,)
    async with units() as unit:
        assert await unit.erasures.unstored(10) == []


async def test_after_a_restore_that_was_cut_off_the_next_start_forgets_again(
    units: UnitOfWorkFactory, member: Principal, storage: Storage
) -> None:
    """The older database is there with the person and without the tombstone; storage remembers."""
    person, other = [await enter(units, member, name) for name in ("Claire", "Marc")]
    await teach(units, person, 1)
    await teach(units, other, 2)
    meeting_id = await a_meeting(units, member, storage)
    await speaks(units, meeting_id, {"naming": Naming.AUTO, "person_id": person.id})
    stone = Tombstone(person.id, datetime.now(UTC), NamePolicy.PSEUDONYMISE, "P-ABCDEF")
    storage.write(layout.erasure_key(person.id), stone.to_json())
    assert await reapply(units, storage) == 1
    assert (await speaker_of(units, meeting_id)).shown_name == "P-ABCDEF"
    async with units() as unit:
        assert await unit.people.get(person.id) is None
        assert len(await unit.voiceprints.of_person(other.id)) == 1
    assert await reapply(units, storage) == 0


async def test_a_print_that_an_older_backup_has_under_another_entry_is_erased_there(
    units: UnitOfWorkFactory, member: Principal, storage: Storage
) -> None:
    """Two sisters were one entry, were split, one was forgotten; then the backup from before the split came back."""
    sister = await enter(units, member, "Claire")
    kept, erased = await teach(units, sister, 1, 2)
    meeting_id = await a_meeting(units, member, storage)
    await speaks(units, meeting_id, {"naming": Naming.CONFIRMED, "person_id": sister.id, "learned_print_id": erased.id})
    stone = Tombstone(PersonId(uuid7()), datetime.now(UTC), NamePolicy.KEEP, None, (erased.id,))
    storage.write(layout.erasure_key(stone.person_id), stone.to_json())
    await reapply(units, storage)
    async with units() as unit:
        assert [one.id for one in await unit.voiceprints.of_person(sister.id)] == [kept.id]
    assert (await speaker_of(units, meeting_id)).voiceprint is None


async def test_entries_that_were_merged_into_somebody_are_forgotten_with_them(
    units: UnitOfWorkFactory, member: Principal, storage: Storage
) -> None:
    person, same = [await enter(units, member, name) for name in ("Claire", "C. Martin")]
    await people.merge(units, member, person.id, same.id)
    await forget(units, member, person.id, NamePolicy.KEEP)
    async with units() as unit:
        assert set(await unit.session.scalars(select(ErasureRow.person_id))) == {person.id, same.id}


async def test_withdrawn_consent_stays_withdrawn_after_a_restore(
    units: UnitOfWorkFactory, member: Principal, storage: Storage
) -> None:
    person = await enter(units, member, "Claire")
    await teach(units, person, 1)
    stone = Tombstone(person.id, datetime.now(UTC), None)
    storage.write(layout.erasure_key(person.id), stone.to_json())
    await reapply(units, storage)
    again = await people.read(units, member, person.id)
    assert (again.has_consent, again.num_voiceprints) == (False, 0)


async def test_a_damaged_note_in_storage_is_an_error_and_stops_no_other(
    units: UnitOfWorkFactory, member: Principal, storage: Storage
) -> None:
    person = await enter(units, member, "Claire")
    stone = Tombstone(person.id, datetime.now(UTC), NamePolicy.KEEP)
    storage.write(layout.erasure_key(uuid7()), b"{")
    storage.write(layout.erasure_key(person.id), stone.to_json())
    with pytest.raises(ArtefactError):
        await reapply(units, storage)
    assert await count(units, PersonRow) == 0


# --- what has had its time --------------------------------------------------------------------------------------------


async def keep_for(days: float | None, tmp_path: Path) -> Any:
    return load_settings(data_dir=tmp_path, voices__speaker_prints_days=days)


@pytest.fixture
async def old_and_new(units: UnitOfWorkFactory, member: Principal, storage: Storage) -> tuple[MeetingId, MeetingId]:
    """Two meetings with voices, samples and checkpoints; the first was processed ten days ago."""
    ids = []
    for _ in range(2):
        meeting_id = await a_meeting(units, member, storage)
        await speaks(units, meeting_id, {"naming": Naming.CONFIRMED, "name": "Claire"})
        storage.write(layout.speaker_sample_key(meeting_id, 1, LABEL), b"RIFF")
        storage.write(f"{layout.checkpoints_folder(meeting_id)}/diarize.json", b"[1]")
        ids.append(meeting_id)
    async with units() as unit:
        await unit.session.execute(
            update(MeetingRow).where(MeetingRow.id == ids[0]).values(finished_at=func.now() - timedelta(days=10))
        )
    return ids[0], ids[1]


async def test_voices_of_speakers_go_when_their_time_is_over_and_names_stay(
    units: UnitOfWorkFactory, storage: Storage, old_and_new: tuple[MeetingId, MeetingId], tmp_path: Path
) -> None:
    old, new = old_and_new
    assert await retention(units, storage, await keep_for(7, tmp_path)) == 1
    await purge(units, storage)
    assert (await speaker_of(units, old)).voiceprint is None
    assert (await speaker_of(units, old)).shown_name == "Claire"
    assert (await speaker_of(units, new)).voiceprint is not None
    left = {key.split("/")[1] for top in ("derived", "checkpoints") for key in storage.keys(top)}
    assert left == {str(new)}
    assert await retention(units, storage, await keep_for(7, tmp_path)) == 0


async def test_without_the_setting_they_stay_as_long_as_the_meeting(
    units: UnitOfWorkFactory, storage: Storage, old_and_new: tuple[MeetingId, MeetingId], tmp_path: Path
) -> None:
    assert await retention(units, storage, await keep_for(None, tmp_path)) == 0
    assert (await speaker_of(units, old_and_new[0])).voiceprint is not None


async def test_what_runs_again_keeps_its_voices_whatever_its_age(
    units: UnitOfWorkFactory, storage: Storage, old_and_new: tuple[MeetingId, MeetingId], tmp_path: Path
) -> None:
    async with units() as unit:
        await unit.session.execute(update(MeetingRow).where(MeetingRow.id == old_and_new[0]).values(status="PENDING"))
    assert await retention(units, storage, await keep_for(7, tmp_path)) == 0


async def test_checkpoints_of_another_run_of_a_meeting_in_which_somebody_was_erased_go(
    units: UnitOfWorkFactory, member: Principal, storage: Storage, tmp_path: Path
) -> None:
    person = await enter(units, member, "Claire")
    meeting_id = await a_meeting(units, member, storage)
    await speaks(units, meeting_id, {"naming": Naming.CONFIRMED, "person_id": person.id})
    await forget(units, member, person.id, NamePolicy.KEEP)
    await purge(units, storage)
    storage.write(f"{layout.checkpoints_folder(meeting_id)}/diarize.json", b"[1]")
    assert await retention(units, storage, await keep_for(None, tmp_path)) == 1
    await purge(units, storage)
    assert storage.keys("checkpoints") == []


# --- litter -----------------------------------------------------------------------------------------------------------


def age(storage: Storage, *keys: str) -> None:
    import os

    for key in keys:
        path = storage.local_path(key)
        assert path is not None
        os.utime(path, (time.time() - 7200, time.time() - 7200))


async def installed_long_ago(units: UnitOfWorkFactory) -> None:
    async with units() as unit:
        await unit.session.execute(text("update users set created_at = now() - interval '30 days'"))


async def test_old_voices_without_a_row_go_and_all_others_stay(
    units: UnitOfWorkFactory, member: Principal, storage: Storage
) -> None:
    await installed_long_ago(units)
    person = await enter(units, member, "Claire")
    kept = layout.print_sample_key(person.id, uuid7())
    await teach(units, person, 1, sample_key=kept)
    finished, running = [await a_meeting(units, member, storage) for _ in range(2)]
    await speaks(units, finished, {})
    async with units() as unit:
        await unit.session.execute(update(MeetingRow).where(MeetingRow.id == running).values(status="PENDING"))
    stays = [
        kept,
        layout.speaker_sample_key(finished, 1, LABEL),
        layout.speaker_sample_key(running, 7, LABEL),
        layout.peaks_key(finished),
        "voices/people/readme.txt",
    ]
    goes = [
        layout.print_sample_key(person.id, uuid7()),
        layout.clip_key(uuid7()),
        layout.speaker_sample_key(finished, 1, SECOND),
        layout.speaker_sample_key(finished, 9, LABEL),
    ]
    young = layout.print_sample_key(person.id, uuid7())
    for key in (*stays, *goes, young):
        storage.write(key, b"RIFF")
    age(storage, *stays, *goes)
    assert await remove_voice_litter(units, storage) == len(goes)
    left = {key for top in ("voices", "derived") for key in storage.keys(top)}
    assert left == {*stays, young}


async def test_too_many_voices_without_a_row_are_no_litter(
    units: UnitOfWorkFactory, member: Principal, storage: Storage
) -> None:
    await installed_long_ago(units)
    keys = [layout.clip_key(uuid7()) for _ in range(25)]
    for key in keys:
        storage.write(key, b"RIFF")
    age(storage, *keys)
    assert await remove_voice_litter(units, storage) == 0
    assert len(storage.keys("voices")) == 25


async def test_housekeeping_does_all_of_it(
    units: UnitOfWorkFactory,
    member: Principal,
    storage: Storage,
    old_and_new: tuple[MeetingId, MeetingId],
    database_url: str,
    redis_url: str,
    tmp_path: Path,
) -> None:
    chosen = load_settings(
        database_url=database_url, redis_url=redis_url, data_dir=tmp_path, voices__speaker_prints_days=7
    )
    person, back = [await enter(units, member, name) for name in ("Claire", "Anne")]
    await forget(units, member, person.id, NamePolicy.KEEP)
    stone = Tombstone(back.id, datetime.now(UTC), NamePolicy.KEEP)
    storage.write(layout.erasure_key(back.id), stone.to_json())
    await Housekeeping(units, storage, chosen).once()
    assert set(storage.keys("erasures")) == {layout.erasure_key(person.id), layout.erasure_key(back.id)}
    assert await count(units, PersonRow) == 0
    assert (await speaker_of(units, old_and_new[0])).voiceprint is None
