"""People of the voice bank, their voices and a meeting's speakers, for tests to read: entered through the repositories.

A voice is a pitch, as the fake engines hear it: sixteen bands, so that two voices are alike when their bands are.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import numpy as np

from scribe.adapters.storage import Storage
from scribe.adapters.unit_of_work import UnitOfWorkFactory
from scribe.core.config import Settings
from scribe.core.ids import uuid7
from scribe.domain import layout
from scribe.domain.enrolments import EnrolmentStatus, MeasuredClip, sample_wav
from scribe.domain.jobs import Published
from scribe.domain.meeting import MeetingId, UserId
from scribe.domain.namings import HeardSpeaker, Naming, Speaker
from scribe.domain.people import Consent, Person, PersonId, PrintOrigin, StoredVoiceprint, VoiceprintId
from scribe.domain.speech import Span, SpeakerLabel
from scribe.domain.voice_quality import VoiceQuality, problems
from scribe.domain.voices import Identification, LabelT, MatchRule, VoiceBank, Voiceprint, match
from scribe.services.recognition import Recognition
from scribe.services.voice_desk import VoiceDesk
from tests.api.planting import claim
from tests.domain.exports.meeting import french_meeting

MODEL_ID = "fake-pitch"
GOOD = VoiceQuality(20.0, snr_db=30.0, overlap_share=0.0, consistency=0.9, bandwidth_hz=8000.0)


def pitch(band: int, *, speech_s: float = 20.0, noise: int = 0) -> Voiceprint:
    """(16,) float32. ``noise``: another recording of the same voice."""
    vector = np.full(16, 0.02, dtype=np.float32)
    vector[band] = 1.0
    vector += np.random.default_rng(noise).uniform(0, 0.02, 16).astype(np.float32)
    return Voiceprint(vector / np.linalg.norm(vector), MODEL_ID, speech_s)


def wav(content: bytes = b"") -> bytes:
    """A second of 16 kHz mono; no two are the same."""
    samples = np.frombuffer(hashlib.sha256(content).digest() * 1000, "<i2")
    return sample_wav(samples)


async def add_person(
    units: UnitOfWorkFactory,
    owner_id: UserId,
    name: str,
    *,
    aliases: tuple[str, ...] = (),
    note: str = "",
    is_shared: bool = False,
    has_consent: bool = True,
) -> Person:
    now = datetime.now(UTC)
    person_id = PersonId(uuid7())
    async with units() as unit:
        await unit.people.add(Person(person_id, owner_id, name, aliases, note, is_shared, 1, now, now))
        if has_consent:
            await unit.people.add_consent(Consent(uuid7(), person_id, f"{name}, signed", "fr-1", now, now, owner_id))
        person = await unit.people.get(person_id)
    assert person is not None
    return person


async def add_voice(
    units: UnitOfWorkFactory, storage: Storage, person: Person, voiceprint: Voiceprint, **story: Any
) -> StoredVoiceprint:
    """Enrolled from a clip, with its sample, unless the story says otherwise."""
    voice_id = VoiceprintId(uuid7())
    key = layout.print_sample_key(person.id, voice_id)
    storage.write(key, wav(voice_id.bytes), private=True)
    told: dict[str, Any] = {
        "id": voice_id,
        "person_id": person.id,
        "voiceprint": voiceprint,
        "quality": GOOD,
        "origin": PrintOrigin.CLIP,
        "is_learned": False,
        "created_at": datetime.now(UTC),
        "file_name": "claire.m4a",
        "sample_key": key,
    }
    stored = StoredVoiceprint(**told | story)
    async with units() as unit:
        await unit.voiceprints.add(stored)
    return stored


async def add_speakers(
    units: UnitOfWorkFactory,
    storage: Storage,
    meeting_id: MeetingId,
    voices: Mapping[str, Voiceprint | None],
    **columns: Any,
) -> None:
    """Who talks in a meeting: by label, ten seconds each in turn, with a sample."""
    speakers = []
    for place, (label, voiceprint) in enumerate(voices.items()):
        turn = Span(10.0 * place, 10.0 * (place + 1))
        key = layout.speaker_sample_key(meeting_id, 1, label)
        storage.write(key, wav(meeting_id.bytes + label.encode()), private=True)
        told: dict[str, Any] = {
            "meeting_id": meeting_id,
            "label": SpeakerLabel(label),
            "run": 1,
            "turns": (turn,),
            "voiceprint": voiceprint,
            "quality": GOOD if voiceprint is not None else None,
            "spans": (turn,),
            "sample_key": key,
            "naming": Naming.UNKNOWN,
        }
        speakers.append(Speaker(**told | columns))
    async with units() as unit:
        await unit.speakers.replace(meeting_id, 1, speakers)


# --- a worker's voice lane, without a model ---------------------------------------------------------------------------


def clip(band: int, *, speech_s: float = 20.0, noise: int = 0) -> bytes:
    """What :class:`Lane` hears a voice in."""
    return b"RIFF\0\0\0\0WAVE" + json.dumps({"band": band, "speech_s": speech_s, "noise": noise}).encode() + b"\xff"


def matcher(voices: Mapping[LabelT, Voiceprint], bank: VoiceBank, /) -> dict[LabelT, Identification]:
    return match(voices, bank, None, MatchRule())


class Lane:
    """Does what waits for a worker: the real desk and the real decision; only the ears are fake."""

    def __init__(self, units: UnitOfWorkFactory, storage: Storage, settings: Settings) -> None:
        self._units = units
        self._storage = storage
        self._desk = VoiceDesk(units, storage, settings, matcher, model=MODEL_ID)
        self._recognition = Recognition(units, settings, matcher, MODEL_ID)

    async def work(self) -> list[EnrolmentStatus]:
        """Until nothing waits: clips, speakers to enrol, meetings to look through again."""
        done = []
        while (task := await self._desk.claim()) is not None:
            heard = await self._desk.known_voice(task) or self._listen(task.enrolment.source_key)
            done.append(await self._desk.conclude(task, heard))
        while await self._recognition.again_pending(10):
            pass
        return done

    async def process(self, voices: Mapping[str, Voiceprint]) -> MeetingId:
        """The only meeting that waits is COMPLETED now: these voices were heard in it and compared with the bank, as a
        worker has it done."""
        queue, job = await claim(self._units)
        heard = {SpeakerLabel(label): voiceprint for label, voiceprint in voices.items()}
        recognised = await self._recognition.identify(job, heard)
        fusion, diarization = french_meeting()
        staging = layout.staging_folder(layout.results_folder(job.created_at, job.meeting_id), job.token)
        texts = {"diarization.json": diarization.to_json(), "fusion.json": fusion.to_json()}
        for name, text in texts.items():
            self._storage.write(f"{staging}/{name}", text.encode())
        speakers = []
        for place, (label, voiceprint) in enumerate(heard.items()):
            turn = Span(10.0 * place, 10.0 * (place + 1))
            key = layout.speaker_sample_key(job.meeting_id, job.run, label)
            self._storage.write(key, wav(label.encode()), private=True)
            verdict = recognised.verdicts[label]
            speakers.append(HeardSpeaker(label, (turn,), voiceprint, GOOD, (turn,), key, verdict))
        published = Published(tuple(texts), "fr", len(heard), 120, 3725.4, speakers=tuple(speakers))
        await queue.publish(job, self._storage, published)
        return job.meeting_id

    def _listen(self, key: str) -> MeasuredClip:
        content = self._storage.read(key)
        assert content is not None
        said = json.loads(content[12:-1])
        voiceprint = pitch(said["band"], speech_s=said["speech_s"], noise=said["noise"])
        quality = replace(GOOD, speech_s=said["speech_s"])
        sample = np.frombuffer(hashlib.sha256(content).digest() * 1000, "<i2")
        return MeasuredClip(voiceprint, quality, (Span(0.0, said["speech_s"]),), problems(quality), sample)
