"""People of the voice bank, their voices and a meeting's speakers, for tests to read: entered through the repositories.

A voice is a pitch, as the fake engines hear it: sixteen bands, so that two voices are alike when their bands are.
"""

import hashlib
import io
import wave
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import numpy as np

from scribe.adapters.storage import Storage
from scribe.adapters.unit_of_work import UnitOfWorkFactory
from scribe.core.ids import uuid7
from scribe.domain import layout
from scribe.domain.meeting import MeetingId, UserId
from scribe.domain.namings import Naming, Speaker
from scribe.domain.people import Consent, Person, PersonId, PrintOrigin, StoredVoiceprint, VoiceprintId
from scribe.domain.speech import Span, SpeakerLabel
from scribe.domain.voice_quality import VoiceQuality
from scribe.domain.voices import Voiceprint

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
    stream = io.BytesIO()
    with wave.open(stream, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(16_000)
        file.writeframes(samples.tobytes())
    return stream.getvalue()


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
        key = layout.speaker_sample_key(meeting_id, label)
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
