"""People and voiceprints for tests: entered through the repositories, with made-up voices."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import numpy as np

from scribe.adapters.unit_of_work import UnitOfWorkFactory
from scribe.core.ids import uuid7
from scribe.domain.accounts import Principal
from scribe.domain.people import Consent, Person, PersonId, PrintOrigin, StoredVoiceprint, VoiceprintId
from scribe.domain.voice_quality import VoiceQuality
from scribe.domain.voices import Voiceprint

MODEL_ID = "campplus"
REVISION = "0123456789abcdef"
MODEL = f"{MODEL_ID}@{REVISION}"


async def enter(
    units: UnitOfWorkFactory,
    owner: Principal,
    name: str,
    *,
    aliases: tuple[str, ...] = (),
    note: str = "",
    is_shared: bool = False,
    has_consent: bool = True,
) -> Person:
    now = datetime.now(UTC)
    person_id = PersonId(uuid7())
    draft = Person(person_id, owner.user_id, name, aliases, note, is_shared, 1, now, now)
    async with units() as unit:
        await unit.people.add(draft)
        if has_consent:
            agreed = Consent(uuid7(), person_id, f"{name}, signed", "fr-1", now, now, owner.user_id)
            await unit.people.add_consent(agreed)
        person = await unit.people.get(person_id)
    assert person is not None
    return person


def voice(seed: int, *, model_id: str = MODEL_ID, revision: str = REVISION, speech_s: float = 12.5) -> Voiceprint:
    """(192,) float32, like nobody else's."""
    vector = np.random.default_rng(seed).normal(size=192)
    return Voiceprint((vector / np.linalg.norm(vector)).astype(np.float32), model_id, speech_s, revision)


def stored(person_id: PersonId, voiceprint: Voiceprint, **story: Any) -> StoredVoiceprint:
    """Enrolled from a clip, unless the story says otherwise."""
    told: dict[str, Any] = {
        "id": VoiceprintId(uuid7()),
        "person_id": person_id,
        "voiceprint": voiceprint,
        "quality": VoiceQuality(voiceprint.speech_s, snr_db=31.5, consistency=0.81, bandwidth_hz=8000.0),
        "origin": PrintOrigin.CLIP,
        "is_learned": False,
        "created_at": datetime.now(UTC),
    }
    return StoredVoiceprint(**told | story)


async def teach(units: UnitOfWorkFactory, person: Person, *seeds: int, **story: Any) -> list[StoredVoiceprint]:
    """One print per seed."""
    prints = [stored(person.id, voice(seed), **story) for seed in seeds]
    async with units() as unit:
        for print_ in prints:
            await unit.voiceprints.add(print_)
    return prints


async def add_person(
    units: UnitOfWorkFactory, owner: Principal, name: str, prints: Sequence[Voiceprint] = (), **fields: Any
) -> PersonId:
    """Somebody who may be recognised, as enrolling would leave them there."""
    person = await enter(units, owner, name, **fields)
    async with units() as unit:
        for print_ in prints:
            await unit.voiceprints.add(stored(person.id, print_))
    return person.id


def tone_print(
    band: int, *, leak: float = 0.01, speech_s: float = 20.0, model_id: str = "fake-pitch", revision: str = "1"
) -> Voiceprint:
    """(16,) float32: somebody who hums in one of the sixteen bands of the fake engines; band 1 is 125 to 250 Hz.
    ``leak``: of the rest."""
    vector = np.full(16, leak, dtype=np.float32)
    vector[band] = 1.0
    return Voiceprint((vector / np.linalg.norm(vector)).astype(np.float32), model_id, speech_s, revision)
