"""Somebody goes the whole way through the product and is forgotten: nothing of them is found anywhere."""

import asyncio
import hashlib
import json
import re
import wave
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sqlalchemy import func, text, update

from scribe.adapters.storage import Storage
from scribe.adapters.unit_of_work import UnitOfWorkFactory
from scribe.core.config import Settings, load_settings
from scribe.core.ids import uuid7
from scribe.core.models_db import PurgeRow
from scribe.domain import layout
from scribe.domain.accounts import Principal
from scribe.domain.enrolments import (
    EnrolmentKind,
    EnrolmentResult,
    EnrolmentStatus,
    Question,
    QuestionKind,
    TestVerdict,
)
from scribe.domain.jobs import Published
from scribe.domain.meeting import MeetingId
from scribe.domain.namings import HeardSpeaker, ScoredPerson
from scribe.domain.people import NamePolicy, Person, PersonId, VoiceprintId
from scribe.domain.requests import MeetingDraft, RunOptions
from scribe.domain.speech import Span, SpeakerLabel
from scribe.domain.voice_quality import VoiceQuality
from scribe.domain.voices import Band, Candidate, Identification, Voiceprint
from scribe.services import enrolment, forgetting, naming, resumable
from scribe.services.backup import back_up, backups_holding, restore
from scribe.services.enrolment import IncomingClip
from scribe.services.housekeeping import Housekeeping
from scribe.services.naming import FreeName, ToPerson
from scribe.services.queue import Queue
from scribe.services.rewriting import rewrite_pending
from scribe.services.uploads import Desk
from tests.api.planting import claim, plant
from tests.bank import enter, stored, teach, voice
from tests.domain.exports.meeting import french_meeting
from tests.searching import Wanted, in_backup, in_database, in_folder, in_redis, in_storage, numbers

NAME = "Zéphyrine Quillfeather"
ALIAS = "Zeph Q."
OTHER = "Marc Petit"
LABELS = [SpeakerLabel(f"SPEAKER_0{number}") for number in range(3)]
GOOD = VoiceQuality(20.0, snr_db=30.0, consistency=0.9, bandwidth_hz=8000.0)
TURNS = {
    LABELS[0]: (Span(0.9, 12.0), Span(17.4, 24.0)),
    LABELS[1]: (Span(12.6, 16.0), Span(40.2, 46.0), Span(110.0, 118.0)),
    LABELS[2]: (Span(31.0, 39.5),),
}

FOUND_BEFORE = {
    "people.id: id", "people.name: name", "people.aliases: name", "people.note: name", "consents.person_id: id",
    "consents.given_by: name", "voiceprints.vector: vector", "voiceprints.person_id: id", "voiceprints.sample_key: id",
    "voiceprints.file_name: name", "speakers.vector: vector", "speakers.person_id: id", "speakers.candidates: id",
    "speakers.refused: id", "speakers.name: name", "edits.payload: id", "edits.payload: name",
    "enrolments.person_id: id", "enrolments.result: id",
    "enrolments.file_name: name", "meetings.options: id", "meetings.options: name", "uploads.metadata: id",
    "voices: sound", "voices: id in its name", "derived: sound", "checkpoints: vector", "results: name",
}  # fmt: skip
"""What the search must see, or its silence proves nothing."""


def sound(seed: int) -> bytes:
    """A WAV file of one second like no other."""
    pcm = np.random.default_rng(seed).integers(-3000, 3000, 16_000, dtype=np.int16)
    stream = BytesIO()
    with wave.open(stream, "wb") as file:
        file.setparams((1, 2, 16_000, 0, "NONE", "NONE"))
        file.writeframes(pcm.tobytes())
    return stream.getvalue()


def nearly(print_: Voiceprint, seed: int) -> Voiceprint:
    """The same voice in another meeting."""
    noisy = print_.vector + np.random.default_rng(seed).normal(0, 0.02, 192).astype(np.float32)
    return Voiceprint(noisy / np.linalg.norm(noisy), print_.model_id, 20.0, print_.model_revision)


@dataclass
class Place:
    """One installation, and what was put into it."""

    units: UnitOfWorkFactory
    storage: Storage
    settings: Settings
    owner: Principal
    desk: Desk
    files: Path | None
    vectors: list[Any]
    sounds: list[bytes]

    async def tidy(self) -> None:
        """Housekeeping, until it has nothing more to do; a quarter of an hour passes."""
        keeper = Housekeeping(self.units, self.storage, self.settings)
        await keeper.once()
        while await rewrite_pending(self.units, self.storage, 100):
            pass
        async with self.units() as unit:
            await unit.session.execute(update(PurgeRow).values(again_after=func.now() - text("interval '1 second'")))
        await keeper.once()

    def wanted(self, person_id: PersonId, names: Sequence[str]) -> Wanted:
        return Wanted(person_id, names, self.vectors, self.sounds)

    async def search(self, wanted: Wanted, redis_url: str) -> set[str]:
        assert self.settings.database_url is not None
        hits = await in_database(self.settings.database_url, wanted)
        hits |= await asyncio.to_thread(in_storage, self.storage, wanted)
        hits |= await asyncio.to_thread(in_redis, redis_url, wanted)
        return hits | (in_folder(self.files, wanted) if self.files else set())


@pytest.fixture(params=["disk", "s3"])
def where(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[str, Path | None]:
    if request.param == "s3":
        return request.getfixturevalue("s3_storage_url"), None
    (tmp_path / "files").mkdir()
    return str(tmp_path / "files"), tmp_path / "files"


@pytest.fixture
def place(
    units: UnitOfWorkFactory,
    database_url: str,
    redis_url: str,
    tmp_path: Path,
    member: Principal,
    where: tuple[str, Path | None],
) -> Place:
    url, files = where
    settings = load_settings(
        database_url=database_url, redis_url=redis_url, data_dir=tmp_path / "data", storage_url=url
    )
    storage = Storage(url)
    return Place(units, storage, settings, member, Desk(units, storage, None, settings), files, [], [])


def verdict(*people: Person, band: Band) -> Identification:
    scores = [0.8 - 0.05 * place for place in range(len(people))]
    candidates = tuple(
        Candidate(str(person.id), person.name, score, score) for person, score in zip(people, scores, strict=True)
    )
    return Identification(
        name=people[0].name if band is Band.AUTO else None,
        score=scores[0],
        runner_up=people[1].name if len(people) > 1 else None,
        runner_up_score=scores[1] if len(people) > 1 else None,
        reason="matched" if band is Band.AUTO else "too-close-to-call",
        candidate=people[0].name,
        band=band,
        probability=scores[0],
        candidates=candidates,
        explanation=f"{' and '.join(person.name for person in people)} too close: 0.80 and 0.75",
    )


async def meeting(
    place: Place, heard: dict[SpeakerLabel, tuple[Voiceprint, bytes, Identification | None]], **draft: Any
) -> MeetingId:
    """COMPLETED, with result files, checkpoints and samples of its speakers, as a worker leaves them."""
    planted = await plant(place.units, place.owner, place.storage, **draft)
    queue, job = await claim(place.units)
    await run(place, queue, job, heard)
    return planted.id


async def run(
    place: Place, queue: Queue, job: Any, heard: dict[Any, Any], *, written_name: str = "Claire Fontaine"
) -> None:
    """``written_name``: what the child's files call the first speaker."""
    fusion, diarization = french_meeting()
    staging = layout.staging_folder(layout.results_folder(job.created_at, job.meeting_id), job.token)
    speakers = []
    for label, (print_, wav, identification) in heard.items():
        key = layout.speaker_sample_key(job.meeting_id, job.run, label)
        place.storage.write(key, wav, private=True)
        speakers.append(HeardSpeaker(label, TURNS[label], print_, GOOD, TURNS[label][:1], key, identification))
    checkpoint = {label: numbers(print_.vector) for label, (print_, _, _) in heard.items()}
    place.storage.write(
        f"{layout.checkpoints_folder(job.meeting_id)}/diarize.json", json.dumps(checkpoint).encode(), private=True
    )
    texts = {"transcription.json": "{}\n", "diarization.json": diarization.to_json(), "fusion.json": fusion.to_json()}
    for name, content in texts.items():
        place.storage.write(f"{staging}/{name}", content.replace("Claire Fontaine", written_name).encode())
    await queue.publish(job, place.storage, Published(tuple(texts), "fr", 3, 120, 3725.4, tuple(speakers)))


async def body(content: bytes) -> AsyncIterator[bytes]:
    yield content


async def live(place: Place) -> tuple[Person, Person, dict[str, MeetingId]]:
    """Everything that can happen to somebody, and to somebody else beside them."""
    person = await enter(place.units, place.owner, NAME, aliases=(ALIAS,), note=f"{NAME} chairs on Mondays")
    other = await enter(place.units, place.owner, OTHER)
    print_ = voice(1)
    samples = {seed: sound(seed) for seed in range(1, 8)}
    print_id = VoiceprintId(uuid7())
    key = layout.print_sample_key(person.id, print_id)
    place.storage.write(key, samples[1], private=True)
    async with place.units() as unit:
        await unit.voiceprints.add(stored(person.id, print_, id=print_id, sample_key=key, file_name=f"{NAME}.wav"))
    await teach(place.units, other, 100)
    heard = [nearly(print_, seed) for seed in (2, 3, 4)]
    stranger = (voice(200), sound(200), None)
    wishes = RunOptions(voices=(str(person.id), NAME, OTHER))
    auto = verdict(person, other, band=Band.AUTO)
    meetings = {
        "auto": await meeting(
            place, {LABELS[0]: (heard[0], samples[2], auto), LABELS[1]: stranger}, title="a", options=wishes
        ),
        "learned": await meeting(place, {LABELS[1]: (heard[1], samples[3], None)}, title="b"),
        "suggested": await meeting(
            place, {LABELS[2]: (heard[2], samples[4], verdict(person, band=Band.SUGGEST))}, title="c"
        ),
        "candidate": await meeting(
            place, {LABELS[0]: (voice(201), sound(201), verdict(other, person, band=Band.UNKNOWN))}, title="d"
        ),
        "free": await meeting(place, {LABELS[0]: (voice(202), sound(202), None)}, title="e"),
        "refused": await meeting(place, {LABELS[1]: (voice(203), sound(203), auto)}, title="f"),
    }
    voices = place.settings.voices
    learned = await naming.name(
        place.units,
        place.storage,
        voices,
        place.owner,
        meetings["learned"],
        LABELS[1],
        ToPerson(person.id),
        remember=True,
    )
    assert learned.not_learned is None
    await naming.name(
        place.units, place.storage, voices, place.owner, meetings["free"], LABELS[0], FreeName(NAME.upper())
    )
    await naming.name(
        place.units, place.storage, voices, place.owner, meetings["refused"], LABELS[1], naming.NotKnown()
    )
    await clips(place, person, other, samples)
    place.vectors += [print_.vector, *(one.vector for one in heard)]
    place.sounds += samples.values()
    draft = MeetingDraft(options=RunOptions(voices=(str(person.id),)))
    await resumable.create(place.desk, place.owner.user_id, 100, f"voices {b64(str(person.id))}", draft)
    async with place.units() as unit:
        await unit.session.execute(text("update meetings set names_version = names_version + 1"))
    while await rewrite_pending(place.units, place.storage, 100):
        pass
    return person, other, meetings


async def clips(place: Place, person: Person, other: Person, samples: dict[int, bytes]) -> None:
    """One that waits, a test that sounded like the person, somebody else's about which the person was asked."""
    scored = ScoredPerson(person.id, 0.7, 0.8)
    waiting = await enrolment.receive(
        place.desk, place.owner, IncomingClip(body(samples[5]), file_name=f"{NAME}.wav"), person_id=person.id
    )
    tested = await enrolment.receive(
        place.desk, place.owner, IncomingClip(body(samples[6]), file_name=f"{NAME}.wav"), kind=EnrolmentKind.TEST
    )
    asked = await enrolment.receive(place.desk, place.owner, IncomingClip(body(sound(300))), person_id=other.id)
    question = Question(QuestionKind.SOUNDS_LIKE, person.id, 0.5, 0.5)
    async with place.units() as unit:
        found = EnrolmentResult(verdict=TestVerdict(Band.AUTO, "matched", "0.70", (scored,)))
        await unit.enrolments.end(tested.id, EnrolmentStatus.DONE, found)
        await unit.enrolments.end(asked.id, EnrolmentStatus.QUESTIONED, EnrolmentResult(questions=(question,)))
    assert waiting.status is EnrolmentStatus.PENDING


def b64(value: str) -> str:
    import base64

    return base64.b64encode(value.encode()).decode()


@pytest.mark.parametrize("policy", list(NamePolicy))
async def test_nothing_of_somebody_who_was_forgotten_is_found_anywhere(
    place: Place, policy: NamePolicy, redis_url: str, tmp_path: Path
) -> None:
    person, other, meetings = await live(place)
    everything = place.wanted(person.id, [NAME, ALIAS])
    found = await place.search(everything, redis_url)
    assert {re.sub(r"[^:]*/[^:]*", lambda key: key[0].partition("/")[0], hit) for hit in found} >= FOUND_BEFORE
    before = await profile(place, other)
    assert place.settings.database_url is not None
    await back_up(place.settings.database_url, place.storage, tmp_path / "backups" / "before", lambda _: None)

    report = await forgetting.forget(place.units, place.owner, person.id, policy)
    assert (report.voiceprints, report.samples) == (2, 2)
    assert set(meetings.values()) - {meetings["free"]} <= set(report.meetings)
    await place.tidy()

    allowed = [] if policy is NamePolicy.PSEUDONYMISE else [NAME]
    wanted = place.wanted(person.id, [name for name in (NAME, ALIAS) if name not in allowed])
    assert await place.search(wanted, redis_url) == set()
    assert await profile(place, other) == before
    await back_up(place.settings.database_url, place.storage, tmp_path / "backups" / "after", lambda _: None)
    assert in_backup(tmp_path / "backups" / "after", place.settings.database_url, 18, wanted) == set()
    assert backups_holding(tmp_path / "backups", person.id).holding == (tmp_path / "backups" / "before",)
    await names_are(place, meetings, report.pseudonym or NAME, is_replaced=policy is NamePolicy.PSEUDONYMISE)

    await place.units.engine.dispose()
    await restore(
        place.settings.database_url,
        place.storage,
        tmp_path / "backups" / "before",
        is_replacing=True,
        told=lambda _: None,
    )
    await place.tidy()
    assert await place.search(wanted, redis_url) == set()
    await names_are(place, meetings, report.pseudonym or NAME, is_replaced=policy is NamePolicy.PSEUDONYMISE)
    assert await profile(place, other) == before


@pytest.mark.parametrize("policy", list(NamePolicy))
async def test_a_meeting_that_was_being_processed_names_nobody_who_was_forgotten_meanwhile(
    place: Place, policy: NamePolicy, redis_url: str
) -> None:
    """The bank said the name, it stands in the staged files, and then the person is forgotten."""
    person, other = [await enter(place.units, place.owner, name) for name in (NAME, OTHER)]
    await teach(place.units, person, 1)
    await teach(place.units, other, 100)
    planted = await plant(place.units, place.owner, place.storage, title="under way")
    queue, job = await claim(place.units)
    await forgetting.forget(place.units, place.owner, person.id, policy)
    heard = {LABELS[0]: (voice(5), sound(5), verdict(person, other, band=Band.AUTO))}
    await run(place, queue, job, heard, written_name=NAME)
    await place.tidy()
    async with place.units() as unit:
        [speaker] = await unit.speakers.of_meeting(planted.id)
    assert (speaker.shown_name, speaker.person_id) == (None, None)
    assert await place.search(Wanted(person.id, [NAME], [voice(1).vector], []), redis_url) == set()


async def names_are(place: Place, meetings: dict[str, MeetingId], name: str, *, is_replaced: bool) -> None:
    """In the rows and in the very files."""
    async with place.units() as unit:
        shown = {
            title: {one.label: one.shown_name for one in await unit.speakers.of_meeting(id_)}
            for title, id_ in meetings.items()
        }
        folders = {title: (await unit.meetings.get(id_)).results_folder for title, id_ in meetings.items()}  # type: ignore[union-attr]
    assert shown["auto"][LABELS[0]] == shown["learned"][LABELS[1]] == name
    assert shown["free"][LABELS[0]] == (name if is_replaced else NAME.upper())
    assert shown["suggested"][LABELS[2]] is shown["candidate"][LABELS[0]] is shown["refused"][LABELS[1]] is None
    for title, label in (("auto", 0), ("learned", 1)):
        content = json.loads(place.storage.read(f"{folders[title]}/fusion.json") or b"")
        assert content["speakers"][label]["name"] == name


async def profile(place: Place, person: Person) -> str:
    """Everything the bank has of somebody, to the last bit."""
    async with place.units() as unit:
        bank = await unit.voiceprints.bank_for(person.owner_id, voice(1).model, [person.id], require_consent=True)
        rows = (await unit.session.execute(text("select to_jsonb(v)::text from voiceprints v where person_id = :id"),
                                           {"id": person.id})).scalars()  # fmt: skip
        return hashlib.sha256("\n".join([bank.fingerprint, *sorted(rows)]).encode()).hexdigest()
