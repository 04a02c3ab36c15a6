"""Voiceprints of the bank and what can be heard of them, for whoever may know.

Owns that a voice says nothing of a meeting which its reader may not see: the meeting is left out of what is told, and
the sample, which is a piece of that meeting, is not played. Never adds a voiceprint (``services/enrolment.py``,
``services/naming.py``).

Usage::

    prints = await voices.of_person(units, who, person_id)
    wav = await voices.sample(units, storage, who, voice_id)
"""

import asyncio
from collections.abc import Sequence
from dataclasses import replace

from scribe.adapters.appearances import AppearanceRepository
from scribe.adapters.storage import Storage
from scribe.adapters.unit_of_work import UnitOfWork, UnitOfWorkFactory
from scribe.domain.accounts import Principal
from scribe.domain.audit import Action
from scribe.domain.errors import NotFoundError
from scribe.domain.meeting import MeetingId
from scribe.domain.people import PersonId, StoredVoiceprint, VoiceprintId
from scribe.domain.speech import SpeakerLabel
from scribe.services import meetings, person_access

_NO_VOICE = "There is no such voice, or it is not yours."
_NO_SAMPLE = "There is nothing to be heard of this voice."


async def of_person(units: UnitOfWorkFactory, who: Principal, person_id: PersonId) -> Sequence[StoredVoiceprint]:
    """The newest first. Raises: NotFoundError, also for a person whom ``who`` may not read."""
    async with units() as unit:
        await person_access.readable(unit, who, person_id)
        found = await unit.voiceprints.of_person(person_id)
        visible = await _visible_meetings(unit, who, found)
        return [_told(one, visible) for one in reversed(found)]


async def read(units: UnitOfWorkFactory, who: Principal, voice_id: VoiceprintId) -> StoredVoiceprint:
    """Raises: NotFoundError, also for a voice of somebody whom ``who`` may not read."""
    async with units() as unit:
        found = await _readable(unit, who, voice_id)
        return _told(found, await _visible_meetings(unit, who, [found]))


async def remove(units: UnitOfWorkFactory, who: Principal, voice_id: VoiceprintId) -> None:
    """The print and its sample, which goes right after. A name that was confirmed with it stays.

    Raises: NotFoundError, ForbiddenError.
    """
    async with units() as unit:
        found = await _readable(unit, who, voice_id)
        if found.meeting_id is not None:
            await unit.speakers.meeting(found.meeting_id)  # its speaker forgets the print; locks: meeting, then person
        await person_access.changeable(unit, who, found.person_id)
        if await unit.voiceprints.delete(voice_id) is None:
            raise NotFoundError(_NO_VOICE)
        unit.record(Action.VOICE_REMOVED, person_id=found.person_id, subject_id=voice_id)


async def sample(units: UnitOfWorkFactory, storage: Storage, who: Principal, voice_id: VoiceprintId) -> bytes:
    """What the print was made from, as WAV: for whoever may change the person, and may see the meeting it is from as
    long as there is one. Raises: NotFoundError, ForbiddenError."""
    async with units() as unit:
        found = await _readable(unit, who, voice_id)
        await person_access.changeable(unit, who, found.person_id, for_update=False)
        if found.meeting_id is not None and await unit.meetings.get(found.meeting_id) is not None:
            await meetings.visible(unit, who, found.meeting_id)
    return await _content(storage, found.sample_key)


async def speaker_sample(
    units: UnitOfWorkFactory, storage: Storage, who: Principal, meeting_id: MeetingId, label: SpeakerLabel
) -> bytes:
    """The cleanest stretches of a meeting's speaker, as WAV. Raises: NotFoundError."""
    async with units() as unit:
        await meetings.visible(unit, who, meeting_id)
        speaker = await unit.speakers.get(meeting_id, label)
    if speaker is None:
        raise NotFoundError("There is no such speaker in this meeting.")
    return await _content(storage, speaker.sample_key)


async def _content(storage: Storage, key: str | None) -> bytes:
    content = None if key is None else await asyncio.to_thread(storage.read, key)
    if content is None:
        raise NotFoundError(_NO_SAMPLE)
    return content


async def _readable(unit: UnitOfWork, who: Principal, voice_id: VoiceprintId) -> StoredVoiceprint:
    found = await unit.voiceprints.get(voice_id)
    if found is None or await unit.people.readable(found.person_id, who) is None:
        raise NotFoundError(_NO_VOICE)
    return found


async def _visible_meetings(
    unit: UnitOfWork, who: Principal, prints: Sequence[StoredVoiceprint]
) -> frozenset[MeetingId]:
    asked = {one.meeting_id for one in prints if one.meeting_id is not None}
    return await AppearanceRepository(unit.session).visible_meetings(who, asked)


def _told(stored: StoredVoiceprint, visible: frozenset[MeetingId]) -> StoredVoiceprint:
    if stored.meeting_id is None or stored.meeting_id in visible:
        return stored
    return replace(stored, meeting_id=None, label=None, spans=())
