"""Somebody's voice on its way into the bank: what people ask for, and what becomes of a measured clip.

Owns who may enrol whom, that nobody is enrolled without consent, and that a clip is gone when its task is over. The
measuring is a worker's (``worker/voice_lane.py``), which concludes through ``services/voice_desk.py``.

Usage::

    enrolment = await receive(desk, who, IncomingClip(body, length_bytes), person_id=person_id)
    enrolment = await wait(units, who, enrolment.id, timeout_s=20.0)
"""

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import PureWindowsPath

from scribe.adapters.storage import Storage
from scribe.adapters.unit_of_work import UnitOfWork, UnitOfWorkFactory
from scribe.core.config import Settings
from scribe.core.ids import uuid7
from scribe.domain import layout
from scribe.domain.accounts import Principal
from scribe.domain.audit import Action
from scribe.domain.enrolments import (
    OVER_KEPT_FOR,
    QUESTIONED_FOR,
    TEST_KEPT_FOR,
    Enrolment,
    EnrolmentId,
    EnrolmentKind,
    EnrolmentStatus,
    MeasuredVoice,
    NewEnrolment,
    sample_wav,
)
from scribe.domain.errors import (
    ConflictError,
    ConsentError,
    NotFoundError,
    ScribeError,
    UploadEmptyError,
    UploadIncompleteError,
    UploadTooLargeError,
    VoiceClipError,
)
from scribe.domain.meeting import MeetingId, UserId
from scribe.domain.people import Person, PersonId, PrintOrigin, StoredVoiceprint, VoiceprintId
from scribe.domain.speech import SpeakerLabel
from scribe.services import people
from scribe.services.meetings import visible
from scribe.services.queue import PURGE_AGAIN_AFTER
from scribe.services.rates import check_rate
from scribe.services.receiving import buffered, open_sink, refuse_text, refuse_when_full
from scribe.services.threads import in_thread
from scribe.services.uploads import Desk

WAIT_STEP_S = 0.1
"""How late somebody who waits hears that it is done; the question costs a primary-key look-up."""
MAX_FILE_NAME_LENGTH = 255
_ONE_HOUR_S = 3600.0
_BATCH = 200


@dataclass(frozen=True, slots=True)
class IncomingClip:
    body: AsyncIterator[bytes]
    length_bytes: int | None = None
    file_name: str | None = None


# --- asking ---------------------------------------------------------------------------------------------------------


async def receive(
    desk: Desk,
    who: Principal,
    clip: IncomingClip,
    *,
    person_id: PersonId | None = None,
    kind: EnrolmentKind = EnrolmentKind.ENROL,
    origin: PrintOrigin = PrintOrigin.CLIP,
    is_forced: bool = False,
) -> Enrolment:
    """Stores the clip, then its task. Who may not, or without consent, is refused before the first byte is read.

    Raises: NotFoundError, ForbiddenError, ConsentError, NotAudioError, UploadError and its children, RateLimitError,
    ResourceError, UnavailableError. Nothing is kept then.
    """
    max_mb = desk.settings.voices.max_clip_mb
    await check_rate(desk.units, f"voices:{who.user_id}", desk.settings.api.uploads_per_hour, _ONE_HOUR_S)
    if clip.length_bytes is not None:
        refuse_clip_size(clip.length_bytes, max_mb)
    async with desk.units() as unit:
        await _enrollable(unit, who, person_id, kind, desk.settings)
    await refuse_when_full(desk.storage, clip.length_bytes or 0)
    enrolment_id = EnrolmentId(uuid7())
    async with open_sink(desk.storage, layout.clip_key(enrolment_id)) as sink:
        async for content in buffered(clip.body):
            if sink.size_bytes == 0:
                refuse_text(content)
            if sink.size_bytes + len(content) > max_mb << 20:
                refuse_clip_size(sink.size_bytes + len(content), max_mb)
            await sink.write(content)
        if clip.length_bytes is not None and sink.size_bytes not in {0, clip.length_bytes}:
            raise UploadIncompleteError(f"{sink.size_bytes} of {clip.length_bytes} bytes came: send the clip again.")
        refuse_clip_size(sink.size_bytes, max_mb)
    return await submit(
        desk, who, enrolment_id, person_id, kind=kind, origin=origin, file_name=clip.file_name, is_forced=is_forced
    )


def refuse_clip_size(length_bytes: int, max_clip_mb: int) -> None:
    """Raises: UploadEmptyError, UploadTooLargeError."""
    if length_bytes == 0:
        raise UploadEmptyError("The clip is empty: record it again, or choose another file.")
    if length_bytes > max_clip_mb << 20:
        raise UploadTooLargeError(
            f"The clip has {length_bytes / 2**20:.0f} MB, and this installation takes {max_clip_mb} MB at most: cut "
            "out half a minute of the person talking, or ask an administrator to raise SCRIBE_VOICES__MAX_CLIP_MB."
        )


async def submit(
    desk: Desk,
    who: Principal,
    enrolment_id: EnrolmentId,
    person_id: PersonId | None,
    *,
    kind: EnrolmentKind,
    origin: PrintOrigin = PrintOrigin.CLIP,
    file_name: str | None = None,
    is_forced: bool = False,
) -> Enrolment:
    """A task for a clip that is safe under ``layout.clip_key(enrolment_id)`` by now; it is removed when this fails.

    ``person_id``: whose voice it is; ``None`` for a test. Raises: NotFoundError, ForbiddenError, ConsentError.
    """
    new = NewEnrolment(
        enrolment_id,
        kind,
        layout.clip_key(enrolment_id),
        who.user_id,
        person_id=person_id,
        origin=origin if kind is EnrolmentKind.ENROL else None,
        file_name=_shown(file_name),
        is_forced=is_forced,
    )
    try:
        async with desk.units() as unit:
            await _enrollable(unit, who, person_id, kind, desk.settings)
            enrolment = await unit.enrolments.add(new)
            action = Action.VOICE_OFFERED if kind is EnrolmentKind.ENROL else Action.VOICE_TESTED
            unit.record(action, person_id=person_id, subject_id=enrolment_id)
    except ScribeError:
        async with desk.units() as unit:  # whether the commit whose answer got lost went through
            made = await unit.enrolments.get(enrolment_id)
        if made is None:
            await asyncio.to_thread(desk.storage.delete_folder, layout.clip_folder(enrolment_id))
            raise
        enrolment = made
    await desk.ring()
    return enrolment


async def from_speaker(
    desk: Desk, who: Principal, person_id: PersonId, meeting_id: MeetingId, label: SpeakerLabel
) -> Enrolment:
    """A task to enrol a meeting's speaker: the print is there already, so it takes a moment and no model. The same is
    asked and refused as with a clip. Nothing is learned by it: correcting the name does not take it away.

    Raises: NotFoundError, ForbiddenError, ConsentError; VoiceClipError when this speaker has no print.
    """
    async with desk.units() as unit:
        await visible(unit, who, meeting_id, for_update=True)  # locks are taken in this order: meeting, then person
        await _enrollable(unit, who, person_id, EnrolmentKind.ENROL, desk.settings)
        speaker = await unit.speakers.get(meeting_id, label)
        if speaker is None:
            raise NotFoundError("There is no such speaker in this meeting.")
        if speaker.voiceprint is None:
            raise VoiceClipError(
                "This speaker's voice is not known: they never talked alone for long enough, or the time for which "
                "voices of a meeting are kept is over. Enrol the person from a clip."
            )
        enrolment = await unit.enrolments.add(
            NewEnrolment(
                EnrolmentId(uuid7()),
                EnrolmentKind.ENROL,
                speaker.sample_key or "",
                who.user_id,
                person_id=person_id,
                origin=PrintOrigin.MEETING,
                meeting_id=meeting_id,
                label=label,
            )
        )
        unit.record(
            Action.VOICE_OFFERED,
            meeting_id=meeting_id,
            person_id=person_id,
            subject_id=enrolment.id,
            detail={"label": label},
        )
    await desk.ring()
    return enrolment


# --- following ------------------------------------------------------------------------------------------------------


async def read(units: UnitOfWorkFactory, who: Principal, enrolment_id: EnrolmentId) -> Enrolment:
    """Raises: NotFoundError, also for what somebody else asked for."""
    async with units() as unit:
        return await _visible(unit, who, enrolment_id)


async def wait(units: UnitOfWorkFactory, who: Principal, enrolment_id: EnrolmentId, timeout_s: float) -> Enrolment:
    """As it is when no worker has it or will have it any more, or after ``timeout_s``. Raises: NotFoundError."""
    until_s = time.monotonic() + timeout_s
    enrolment = await read(units, who, enrolment_id)
    while enrolment.status.is_open and (left_s := until_s - time.monotonic()) > 0:
        await asyncio.sleep(min(WAIT_STEP_S, left_s))
        async with units() as unit:
            status = await unit.enrolments.status(enrolment_id)
        if status is not enrolment.status:
            enrolment = await read(units, who, enrolment_id)
    return enrolment


async def confirm(desk: Desk, who: Principal, enrolment_id: EnrolmentId) -> Enrolment:
    """The voice in question is the right one: measured again, and nobody asks a second time.

    Raises: NotFoundError, ForbiddenError, ConsentError; ConflictError when nothing was asked.
    """
    async with desk.units() as unit:
        asked = await _visible(unit, who, enrolment_id)
        if asked.meeting_id is not None:
            await visible(unit, who, asked.meeting_id, for_update=True)
        await _enrollable(unit, who, asked.person_id, asked.kind, desk.settings)
        asked = await _visible(unit, who, enrolment_id, for_update=True)
        if asked.status is not EnrolmentStatus.QUESTIONED:
            raise ConflictError(f"This enrolment is {asked.status}: there is nothing to confirm.")
        await unit.enrolments.confirm(enrolment_id)
        unit.record(Action.VOICE_CONFIRMED, person_id=asked.person_id, subject_id=enrolment_id)
        confirmed = await _visible(unit, who, enrolment_id)
    await desk.ring()
    return confirmed


async def discard(units: UnitOfWorkFactory, who: Principal, enrolment_id: EnrolmentId) -> None:
    """Task and clip go, whatever has become of it; a voiceprint that came of it stays. A worker that is at it finds
    its lease gone. Raises: NotFoundError."""
    async with units() as unit:
        enrolment = await _visible(unit, who, enrolment_id, for_update=True)
        await unit.enrolments.remove([enrolment_id])
        await unit.purges.add(clip_folders([enrolment]), PURGE_AGAIN_AFTER)


async def expire(units: UnitOfWorkFactory) -> int:
    """Clips nobody decided about, and tasks whose end nobody will ask for any more; how many."""
    gone = 0
    while True:
        async with units() as unit:
            expired = await unit.enrolments.expired(QUESTIONED_FOR, TEST_KEPT_FOR, OVER_KEPT_FOR, _BATCH)
            await unit.enrolments.remove([one.id for one in expired])
            await unit.purges.add(clip_folders(expired), PURGE_AGAIN_AFTER)
        gone += len(expired)
        if len(expired) < _BATCH:
            return gone


# --- what becomes of a measured voice -------------------------------------------------------------------------------


async def enrol_measured(
    unit: UnitOfWork,
    storage: Storage,
    person: Person,
    heard: MeasuredVoice,
    *,
    settings: Settings,
    origin: PrintOrigin,
    confirmed_by: UserId | None,
    voiceprint_id: VoiceprintId | None = None,
    file_name: str | None = None,
    channel: str | None = None,
    meeting_id: MeetingId | None = None,
    label: SpeakerLabel | None = None,
) -> StoredVoiceprint:
    """A row of ``voiceprints`` and its sample, on purpose and not learned. ``person`` is locked by the caller.

    The sample is stored first, under a key that nobody names before the commit: what a crash leaves is swept, and no
    row is ever without its sample. Raises: ConsentError; VoiceClipError with everything that stands in the way.
    """
    refuse_without_consent(person, settings)
    if heard.problems or heard.voiceprint is None:
        raise VoiceClipError(
            "\n".join(problem.message for problem in heard.problems) or "No clear speech of one person was found."
        )
    voiceprint_id = voiceprint_id or VoiceprintId(uuid7())
    sample_key = None
    if len(heard.sample):
        sample_key = layout.print_sample_key(person.id, voiceprint_id)
        await in_thread(storage.write, sample_key, sample_wav(heard.sample), private=True)
    now = datetime.now(UTC)
    stored = StoredVoiceprint(
        id=voiceprint_id,
        person_id=person.id,
        voiceprint=heard.voiceprint,
        quality=heard.quality,
        origin=origin,
        is_learned=False,
        created_at=now,
        meeting_id=meeting_id,
        label=label,
        spans=heard.spans,
        file_name=_shown(file_name),
        channel=channel,
        sample_key=sample_key,
        confirmed_by=confirmed_by,
        confirmed_at=now if confirmed_by is not None else None,
    )
    await unit.voiceprints.add(stored)
    unit.record(Action.VOICE_ENROLLED, meeting_id=meeting_id, person_id=person.id, subject_id=voiceprint_id)
    return stored


def refuse_without_consent(person: Person, settings: Settings) -> None:
    """Raises: ConsentError."""
    if settings.voices.require_consent and not person.has_consent:
        raise ConsentError("This person has not consented to be recognised by voice: record the consent first.")


def clip_folders(enrolments: list[Enrolment]) -> list[str]:
    """Folders of the clips that were sent for these; a kept sample is nobody's clip."""
    return [layout.clip_folder(one.id) for one in enrolments if one.source_key == layout.clip_key(one.id)]


# --------------------------------------------------------------------------------------------------------------------


async def _enrollable(
    unit: UnitOfWork, who: Principal, person_id: PersonId | None, kind: EnrolmentKind, settings: Settings
) -> None:
    """Locks the person. A test is about nobody in particular: who may be found is decided when it is compared."""
    if kind is EnrolmentKind.TEST:
        return
    if person_id is None:
        raise NotFoundError("There is no such person, or you may not read them.")
    refuse_without_consent(await people.changeable(unit, who, person_id), settings)


async def _visible(
    unit: UnitOfWork, who: Principal, enrolment_id: EnrolmentId, *, for_update: bool = False
) -> Enrolment:
    found = await unit.enrolments.visible(enrolment_id, who, for_update=for_update)
    if found is None:
        raise NotFoundError("There is no such enrolment, or it is not yours.")
    return found


def _shown(file_name: str | None) -> str | None:
    """Of either system's path, without what PostgreSQL refuses."""
    if not file_name:
        return None
    name = PureWindowsPath(file_name).name.encode("utf-8", "replace").decode()
    return "".join(sign if sign.isprintable() else "\N{REPLACEMENT CHARACTER}" for sign in name)[:MAX_FILE_NAME_LENGTH]
