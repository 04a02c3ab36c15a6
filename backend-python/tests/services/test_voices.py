"""Removing a voiceprint keeps to the order of locks, and readers of a person wait for nobody."""

import asyncio
from pathlib import Path

import pytest
from sqlalchemy import text

from scribe.adapters.storage import Storage
from scribe.adapters.unit_of_work import UnitOfWorkFactory
from scribe.domain.accounts import Principal
from scribe.domain.people import Person, StoredVoiceprint
from scribe.services import voices
from tests.api.introducing import add_person, add_voice, pitch
from tests.pending_meetings import add_meeting

PATIENCE_S = 30.0


@pytest.fixture
def storage(tmp_path: Path) -> Storage:
    return Storage(str(tmp_path / "files"))


@pytest.fixture
async def learned(units: UnitOfWorkFactory, storage: Storage, member: Principal) -> tuple[Person, StoredVoiceprint]:
    person = await add_person(units, member.user_id, "Claire")
    meeting_id = await add_meeting(units, member.user_id)
    return person, await add_voice(units, storage, person, pitch(3), is_learned=True, meeting_id=meeting_id)


async def test_a_voice_that_is_removed_waits_for_its_meeting_before_it_holds_its_person(
    units: UnitOfWorkFactory, member: Principal, learned: tuple[Person, StoredVoiceprint]
) -> None:
    """Naming a speaker holds the meeting and then wants the person: the other way round they would wait for each
    other."""
    person, voice = learned
    assert voice.meeting_id is not None
    async with asyncio.timeout(PATIENCE_S), units() as naming:
        await naming.speakers.meeting(voice.meeting_id)
        removing = asyncio.create_task(voices.remove(units, member, voice.id))
        await _until_somebody_waits(units)
        assert await naming.people.lock([person.id]) == {person.id}
    await removing
    async with units() as unit:
        assert await unit.voiceprints.of_person(person.id) == []


async def test_listening_waits_for_nobody(
    units: UnitOfWorkFactory, storage: Storage, member: Principal, learned: tuple[Person, StoredVoiceprint]
) -> None:
    person, voice = learned
    async with asyncio.timeout(PATIENCE_S), units() as busy:
        await busy.people.lock([person.id])
        assert await voices.sample(units, storage, member, voice.id)
        assert len(await voices.of_person(units, member, person.id)) == 1


async def _until_somebody_waits(units: UnitOfWorkFactory) -> None:
    waiting = text("select count(*) from pg_locks where not granted")
    while True:
        async with units() as unit:
            if await unit.session.scalar(waiting):
                return
