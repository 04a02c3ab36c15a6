"""What a worker does with the voice lane's tasks: claims them, and says what came of them.

Owns the decision what a measured voice becomes: enrolled, questioned, refused, told whose it is, made again. Every
method is fenced by its task's token: a worker that lost its lease can do no harm. Locks are taken in this order:
person, then task, because forgetting a person takes both.

Usage::

    desk = VoiceDesk(units, storage, settings, matcher, model="campplus@1234")
    task = await desk.claim()
    if task is not None: await desk.conclude(task, measured)
"""

import asyncio
import io
import wave
from contextlib import suppress
from uuid import UUID

import numpy as np
import numpy.typing as npt

from scribe.adapters.storage import Storage
from scribe.adapters.unit_of_work import UnitOfWork, UnitOfWorkFactory
from scribe.adapters.voiceprints import SEALED
from scribe.core.config import Settings
from scribe.core.ids import uuid7
from scribe.core.logging import get_logger
from scribe.domain.accounts import ROLE_SCOPES, Principal
from scribe.domain.enrolments import (
    MAX_ATTEMPTS,
    ClaimedEnrolment,
    Enrolment,
    EnrolmentId,
    EnrolmentKind,
    EnrolmentResult,
    EnrolmentStatus,
    MeasuredClip,
    MeasuredVoice,
    NewEnrolment,
    TestVerdict,
)
from scribe.domain.errors import (
    ConsentError,
    ForbiddenError,
    ScribeError,
    UnavailableError,
    VoiceprintMismatchError,
    WorkerLostError,
)
from scribe.domain.jobs import retry_delay_s, storable
from scribe.domain.namings import ScoredPerson
from scribe.domain.people import Person, PersonId, PrintOrigin, VoiceprintId, may_change_person
from scribe.domain.voice_quality import Problem, VoiceQuality, problems
from scribe.domain.voices import Matcher
from scribe.services.enrolment import clip_folders, enrol_measured, refuse_without_consent
from scribe.services.queue import PURGE_AGAIN_AFTER
from scribe.services.voice_comparison import Comparison

REMAKES_AT_ONCE = 100


class VoiceDesk:
    """Each call is one transaction and may raise UnavailableError."""

    def __init__(
        self, units: UnitOfWorkFactory, storage: Storage, settings: Settings, matcher: Matcher, *, model: str
    ) -> None:
        """``units``: their transactions may last as long as a sample takes to be stored. ``model``: the one in use, as
        :attr:`Voiceprint.model`; prints of others are compared with nothing."""
        self._units = units
        self._storage = storage
        self._settings = settings
        self._model = model
        self._comparison = Comparison(matcher, settings, model)

    # --- claim and lease --------------------------------------------------------------------------------------------

    async def claim(self) -> ClaimedEnrolment | None:
        """The next task, with a lease on it; what was tried often enough is given up."""
        async with self._units() as unit:
            for lost in await unit.enrolments.exhausted(limit=20):
                message = (
                    "The worker vanished in the middle of it each time: try another clip, or tell an administrator."
                )
                await _end(unit, lost, EnrolmentStatus.FAILED, _failure(WorkerLostError.code, message))
            return await unit.enrolments.claim(self._settings.queue.lease_s)

    async def renew(self, task: ClaimedEnrolment) -> None:
        """Raises: LeaseLostError."""
        async with self._units() as unit:
            await unit.enrolments.renew(task, self._settings.queue.lease_s)

    async def released(self, task: ClaimedEnrolment) -> None:
        """The worker stops: somebody else goes on at once. Raises: LeaseLostError."""
        async with self._units() as unit:
            await unit.enrolments.release(task)

    async def failed(self, task: ClaimedEnrolment, code: str, message: str, *, is_retryable: bool) -> EnrolmentStatus:
        """PENDING again after a delay, or FAILED. Raises: LeaseLostError."""
        result = _failure(code, message)
        async with self._units() as unit:
            enrolment = await unit.enrolments.lock(task)
            if is_retryable and task.attempt < MAX_ATTEMPTS:
                delay_s = retry_delay_s(self._settings.queue.retry_delays_s, task.attempt)
                await unit.enrolments.put_back(task, delay_s, result)
                return EnrolmentStatus.PENDING
            await _end(unit, enrolment, EnrolmentStatus.FAILED, result)
        await self._tidy(enrolment)
        return EnrolmentStatus.FAILED

    async def refused(self, task: ClaimedEnrolment, problem: Problem) -> EnrolmentStatus:
        """The clip cannot even be measured. Raises: LeaseLostError."""
        async with self._units() as unit:
            enrolment = await unit.enrolments.lock(task)
            await _end(unit, enrolment, EnrolmentStatus.REFUSED, EnrolmentResult(problems=(problem,)))
        await self._tidy(enrolment)
        return EnrolmentStatus.REFUSED

    # --- what was heard ---------------------------------------------------------------------------------------------

    async def known_voice(self, task: ClaimedEnrolment) -> MeasuredVoice | None:
        """What is stored of a meeting's speaker; ``None``: it has to be measured, because this is about a clip, or
        about a print of another model."""
        asked = task.enrolment
        if asked.meeting_id is None or asked.label is None:
            return None
        async with self._units() as unit:
            speaker = await unit.speakers.get(asked.meeting_id, asked.label)
        if speaker is None or speaker.voiceprint is None:
            return MeasuredClip(None, VoiceQuality(0.0), problems=problems(VoiceQuality(0.0)))
        if speaker.voiceprint.model != self._model and speaker.sample_key is not None:
            return None
        quality = speaker.quality or VoiceQuality(speaker.voiceprint.speech_s)
        sample = await asyncio.to_thread(_sample, self._storage, speaker.sample_key)
        return MeasuredClip(speaker.voiceprint, quality, speaker.spans, problems(quality), sample)

    async def conclude(
        self, task: ClaimedEnrolment, heard: MeasuredVoice, channel: str | None = None
    ) -> EnrolmentStatus:
        """The end of a task, or the question to a human. Raises: LeaseLostError, StorageError, ResourceError."""
        async with self._units() as unit:
            before = await unit.enrolments.get(task.id)
            person_id = None if before is None else before.person_id  # two entries may have been merged meanwhile
            person = None if person_id is None else await unit.people.get(person_id, for_update=True)
            enrolment = await unit.enrolments.lock(task)
            if enrolment.person_id != person_id:
                raise UnavailableError("The person is being merged with another one just now: try again in a moment.")
            match enrolment.kind:
                case EnrolmentKind.TEST:
                    status = await self._tested(unit, enrolment, heard)
                case EnrolmentKind.REMAKE:
                    status = await self._remade(unit, enrolment, heard)
                case EnrolmentKind.ENROL:
                    assert person is not None  # noqa: S101 -- the task's row goes with the person's
                    status = await self._enrolled(unit, enrolment, person, heard, channel)
        if status is not EnrolmentStatus.QUESTIONED:
            await self._tidy(enrolment)
        return status

    # --- prints of another model ------------------------------------------------------------------------------------

    async def begin(self) -> int:
        """At a worker's start: prints of another model than the one in use are compared with nothing from now on, and
        those whose sample is kept are made again. How many."""
        async with self._units() as unit:
            await unit.voiceprints.mark_stale(self._model)
        queued = 0
        while True:
            async with self._units() as unit:
                await unit.enrolments.lock_remakes()
                stale = await unit.voiceprints.stale(self._model, REMAKES_AT_ONCE)
                for stored in stale:
                    assert stored.sample_key is not None  # noqa: S101 -- stale() chooses by it
                    await unit.enrolments.add(
                        NewEnrolment(
                            EnrolmentId(uuid7()),
                            EnrolmentKind.REMAKE,
                            stored.sample_key,
                            owner_id=None,
                            person_id=stored.person_id,
                            remade_print_id=stored.id,
                        )
                    )
            queued += len(stale)
            if len(stale) < REMAKES_AT_ONCE:
                break
        if queued:
            get_logger().info("voices.remakes_queued", prints=queued, model=self._model)
        return queued

    # ----------------------------------------------------------------------------------------------------------------

    async def _enrolled(
        self, unit: UnitOfWork, enrolment: Enrolment, person: Person, heard: MeasuredVoice, channel: str | None
    ) -> EnrolmentStatus:
        try:
            refuse_without_consent(person, self._settings)
            await _refuse_without_right(unit, enrolment, person)
        except (ConsentError, ForbiddenError) as error:
            return await _refuse(unit, enrolment, heard, (Problem(error.code, str(error)),))
        if heard.voiceprint is None or heard.problems:
            return await _refuse(unit, enrolment, heard, heard.problems or problems(VoiceQuality(0.0)))
        if heard.voiceprint.model != self._model:
            message = "This voice was measured by another model than the one in use: process the meeting again."
            return await _refuse(unit, enrolment, heard, (Problem(VoiceprintMismatchError.code, message),))
        already = await _already(unit, enrolment, person)
        if already is not None:
            await _end(unit, enrolment, EnrolmentStatus.DONE, EnrolmentResult(quality=heard.quality), already)
            return EnrolmentStatus.DONE
        if not enrolment.is_forced:
            questions = await self._comparison.questions(unit, enrolment.owner_id, person, heard.voiceprint)
            if questions:
                result = EnrolmentResult(questions=questions, quality=heard.quality)
                await unit.enrolments.end(enrolment.id, EnrolmentStatus.QUESTIONED, result)
                return EnrolmentStatus.QUESTIONED
        stored = await enrol_measured(
            unit,
            self._storage,
            person,
            heard,
            settings=self._settings,
            origin=enrolment.origin or PrintOrigin.CLIP,
            confirmed_by=enrolment.owner_id,
            voiceprint_id=VoiceprintId(enrolment.id),  # whatever happens, one task makes one print and one sample
            file_name=enrolment.file_name,
            channel=channel,
            meeting_id=enrolment.meeting_id,
            label=enrolment.label,
        )
        await _end(unit, enrolment, EnrolmentStatus.DONE, EnrolmentResult(quality=heard.quality), stored.id)
        return EnrolmentStatus.DONE

    async def _tested(self, unit: UnitOfWork, enrolment: Enrolment, heard: MeasuredVoice) -> EnrolmentStatus:
        if heard.voiceprint is None:
            return await _refuse(unit, enrolment, heard, heard.problems or problems(VoiceQuality(0.0)))
        bank = await self._comparison.bank(unit, enrolment.owner_id, None)
        verdict = await self._comparison.verdict(heard.voiceprint, bank)
        candidates = tuple(
            ScoredPerson(PersonId(UUID(one.person)), one.score, one.probability) for one in verdict.candidates
        )
        told = TestVerdict(verdict.band, verdict.reason, verdict.explanation, candidates)
        result = EnrolmentResult(problems=heard.problems, quality=heard.quality, verdict=told)
        await _end(unit, enrolment, EnrolmentStatus.DONE, result)
        return EnrolmentStatus.DONE

    async def _remade(self, unit: UnitOfWork, enrolment: Enrolment, heard: MeasuredVoice) -> EnrolmentStatus:
        """What was good enough to be enrolled is not judged again. A task that is done leaves no row, or the next
        change of models would find that the print was made again already."""
        print_id = enrolment.remade_print_id
        if heard.voiceprint is None or print_id is None:
            return await _refuse(unit, enrolment, heard, heard.problems or problems(VoiceQuality(0.0)))
        old = await unit.voiceprints.get(print_id, for_update=True)
        if old is not None and old.voiceprint.model_revision != SEALED:  # a restored backup may hold an old task
            await unit.voiceprints.make_again(print_id, heard.voiceprint, heard.quality)
        await unit.enrolments.remove([enrolment.id])
        return EnrolmentStatus.DONE

    async def _tidy(self, enrolment: Enrolment) -> None:
        """At once, rather than in the next round of housekeeping, which does it otherwise."""
        for folder in clip_folders([enrolment]):
            with suppress(ScribeError):
                await asyncio.to_thread(self._storage.delete_folder, folder)


# --- ends of a task, within the caller's transaction ------------------------------------------------------------------


async def _end(
    unit: UnitOfWork,
    enrolment: Enrolment,
    status: EnrolmentStatus,
    result: EnrolmentResult,
    voiceprint_id: VoiceprintId | None = None,
) -> None:
    """Its clip goes: nobody needs it any more."""
    await unit.enrolments.end(enrolment.id, status, result, voiceprint_id)
    await unit.purges.add(clip_folders([enrolment]), PURGE_AGAIN_AFTER)


async def _refuse(
    unit: UnitOfWork, enrolment: Enrolment, heard: MeasuredVoice, found: tuple[Problem, ...]
) -> EnrolmentStatus:
    result = EnrolmentResult(problems=found, quality=heard.quality)
    await _end(unit, enrolment, EnrolmentStatus.REFUSED, result)
    return EnrolmentStatus.REFUSED


async def _refuse_without_right(unit: UnitOfWork, enrolment: Enrolment, person: Person) -> None:
    """It may have been taken away since the task was made. Raises: ForbiddenError."""
    user = None if enrolment.owner_id is None else await unit.accounts.user(enrolment.owner_id)
    if user is not None and user.is_active:
        asker = Principal(user.id, user.username, user.role, ROLE_SCOPES[user.role])
        if may_change_person(asker, person.owner_id):
            return
    raise ForbiddenError("Whoever asked for this may not change this person any more.")


async def _already(unit: UnitOfWork, enrolment: Enrolment, person: Person) -> VoiceprintId | None:
    """The print that the same speaker of the same meeting was enrolled by before."""
    if enrolment.meeting_id is None:
        return None
    for stored in await unit.voiceprints.of_person(person.id):
        if (stored.meeting_id, stored.label) == (enrolment.meeting_id, enrolment.label) and not stored.is_learned:
            return stored.id
    return None


def _failure(code: str, message: str) -> EnrolmentResult:
    return EnrolmentResult(failure_code=code, failure_message=storable(message))


def _sample(storage: Storage, key: str | None) -> npt.NDArray[np.int16]:
    """(num_samples,) int16; empty when none is kept. A print without a sample can be used, but not made again."""
    content = None if key is None else storage.read(key)
    if content is None:
        return np.zeros(0, np.int16)
    try:
        with wave.open(io.BytesIO(content), "rb") as file:
            return np.frombuffer(file.readframes(file.getnframes()), "<i2").astype(np.int16)
    except (wave.Error, EOFError):
        get_logger().warning("voices.sample_unreadable", key=key)
        return np.zeros(0, np.int16)
