"""Who the speakers of a meeting are, and what people decide about it: confirm, correct, name freely, refuse, take back.

Owns these transactions, what a confirmation teaches the bank, and that every change away from it takes exactly that
back: one confirmation is one print, one correction is one print less (ADR 16). Whoever may write the meeting may name
its speakers; whoever may change the person teaches it. Never decides by likeness (``domain/voices.py``), never writes a
result file (``services/rewriting.py``), never tells of a person whom the reader may not see: such a name is text.

Usage::

    view = await name(units, storage, settings.voices, who, meeting_id, label, ToPerson(claire), remember=None)
    view.is_learned, view.not_learned
"""

import asyncio
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from scribe.adapters.storage import Storage
from scribe.adapters.unit_of_work import UnitOfWork, UnitOfWorkFactory
from scribe.core.config import VoicesSettings
from scribe.core.ids import uuid7
from scribe.domain import layout
from scribe.domain.accounts import Principal
from scribe.domain.audit import Action
from scribe.domain.edits import Edit, EditId, EditKind
from scribe.domain.errors import ConsentError, ForbiddenError, NotFoundError
from scribe.domain.meeting import MeetingId, UserId
from scribe.domain.meetings import Meeting
from scribe.domain.moved_speech import Moves, seconds_moved
from scribe.domain.namings import Naming, Speaker
from scribe.domain.people import (
    Person,
    PersonId,
    PrintOrigin,
    StoredVoiceprint,
    VoiceprintId,
    clean_name,
    may_change_person,
)
from scribe.domain.speech import Span, SpeakerLabel
from scribe.domain.voice_quality import Problem, VoiceQuality, problems
from scribe.services.meetings import visible
from scribe.services.moves import move, moves, names_changed, undo_move
from scribe.services.results import published_folder

__all__ = [
    "Automatic",
    "CandidateView",
    "Decision",
    "FreeName",
    "NotKnown",
    "PersonRef",
    "SpeakerView",
    "ToPerson",
    "move",
    "moves",
    "name",
    "speakers",
    "undo_move",
]


@dataclass(frozen=True, slots=True)
class ToPerson:
    """It is this person of the bank."""

    person_id: PersonId


@dataclass(frozen=True, slots=True)
class FreeName:
    """It is somebody who is not in the bank: only the minutes have the name."""

    text: str


@dataclass(frozen=True, slots=True)
class NotKnown:
    """It is nobody the bank knows: whoever was named or offered is not offered again."""


@dataclass(frozen=True, slots=True)
class Automatic:
    """What was decided is taken back: the bank decides again. Who was refused stays refused, until confirmed."""


Decision = ToPerson | FreeName | NotKnown | Automatic


@dataclass(frozen=True, slots=True)
class PersonRef:
    id: PersonId
    name: str


@dataclass(frozen=True, slots=True)
class CandidateView:
    """Somebody of the bank whose voice is like this one."""

    person_id: PersonId
    name: str
    score: float
    probability: float


@dataclass(frozen=True, slots=True)
class SpeakerView:
    """A speaker as one reader may see it."""

    label: SpeakerLabel
    naming: Naming
    name: str | None
    """What the minutes call the speaker; ``None``: the label."""
    person: PersonRef | None
    """Who it is, in the bank; ``None`` also when the reader may not know that it is in the bank."""
    suggestion: PersonRef | None
    """Who it may be: to be confirmed or refused."""
    score: float | None
    probability: float | None
    reason: str | None
    explanation: str
    candidates: tuple[CandidateView, ...]
    """Best first; those whom the reader may see."""
    spans: tuple[Span, ...]
    """The cleanest stretches: what to listen to."""
    has_sample: bool
    speech_s: float
    """Everything this speaker says, after what was moved by hand; in the answer to a decision, before."""
    quality: VoiceQuality | None
    has_print: bool
    """Whether the voice was measured, and still is there to be compared or learned."""
    is_learned: bool
    """Whether the bank keeps this voice under the confirmed person."""
    not_learned: Problem | None = None
    """Why this confirmation taught nothing; told to whoever confirmed. Codes: ``not-asked``, ``not-yours``,
    ``no-consent``, ``no-voiceprint`` and those of ``domain/voice_quality.py``."""
    decided_by: UserId | None = None
    decided_at: datetime | None = None
    edit_id: EditId | None = None
    """In the answer to a decision: what it is in the meeting's history; ``None``: it changed nothing."""


async def speakers(units: UnitOfWorkFactory, who: Principal, meeting_id: MeetingId) -> list[SpeakerView]:
    """By label; empty when the speakers could not be told apart.

    Raises: NotFoundError, NotReadyError, StatusConflictError.
    """
    async with units() as unit:
        meeting = await visible(unit, who, meeting_id)
        published_folder(meeting)
        found = await unit.speakers.of_meeting(meeting_id)
        known = await _known(unit, who, found)
        labels = {speaker.label for speaker in found}
        standing = [
            move for move in await unit.speakers.moves(meeting_id) if not move.is_lost and move.to_label in labels
        ]
    moved_s = seconds_moved(Moves(standing), {speaker.label: speaker for speaker in found}) if standing else {}
    views = [_view(speaker, known) for speaker in found]
    return [replace(view, speech_s=max(view.speech_s + moved_s.get(view.label, 0.0), 0.0)) for view in views]


async def name(
    units: UnitOfWorkFactory,
    storage: Storage,
    settings: VoicesSettings,
    who: Principal,
    meeting_id: MeetingId,
    label: SpeakerLabel,
    decision: Decision,
    *,
    remember: bool | None = None,
) -> SpeakerView:
    """Says who a speaker is; the same decision twice is one.

    ``remember``, with :class:`ToPerson`: whether the bank learns the voice. ``None``: if it may be. ``True``: refused
    when it must not be. ``False``: no, and what this confirmation taught before is taken back.

    Raises: NotFoundError (meeting, speaker or person), NotReadyError, StatusConflictError, OptionError (a name that
    cannot stand in minutes); with ``remember=True`` ForbiddenError (somebody else's person) and ConsentError.
    """
    async with units() as unit:
        meeting = await visible(unit, who, meeting_id, for_update=True)
        published_folder(meeting)
        speaker = await unit.speakers.get(meeting_id, label, for_update=True)
        if speaker is None:
            raise NotFoundError("There is no such speaker in this meeting.")
        decided, obstacle = await _decide(unit, storage, settings, who, speaker, decision, remember=remember)
        if decided != speaker:
            edit_id: EditId | None = await _note(unit, who, meeting, speaker, decided)
            unit.record(
                Action.SPEAKER_NAMED,
                meeting_id=meeting_id,
                person_id=decided.person_id or speaker.person_id,
                subject_id=edit_id,
                detail={
                    "label": label,
                    "naming": str(decided.naming),
                    "is_learned": decided.learned_print_id is not None,
                },
            )
            await names_changed(unit, meeting, label)
        else:
            latest = await unit.edits.later_names(meeting_id, label, 0)
            edit_id = latest[0].id if latest else None
        view = _view(decided, await _known(unit, who, [decided]))
        return replace(view, not_learned=obstacle, edit_id=edit_id)


async def decide_again(
    unit: UnitOfWork,
    storage: Storage,
    settings: VoicesSettings,
    who: Principal,
    speaker: Speaker,
    wanted: Mapping[str, Any],
    instead_of: Mapping[str, Any],
) -> None:
    """In the caller's transaction, under the meeting's lock: a decision of the history (``wanted``) counts again in
    place of another. Whoever was refused by that one is not refused any more."""
    decision = _decision_of(wanted)
    if instead_of["naming"] == Naming.REJECTED and wanted.get("person_id") is not None:
        speaker_now = replace(speaker, refused=speaker.refused - {PersonId(UUID(wanted["person_id"]))})
        await unit.speakers.decide(speaker_now)
        speaker = speaker_now
    await _decide(unit, storage, settings, who, speaker, decision, remember=None if wanted["is_learned"] else False)


async def _decide(
    unit: UnitOfWork,
    storage: Storage,
    settings: VoicesSettings,
    who: Principal,
    speaker: Speaker,
    decision: Decision,
    *,
    remember: bool | None,
) -> tuple[Speaker, Problem | None]:
    """The row as it is now, and why nothing was learned."""
    person = await _person(unit, who, decision)
    decided = _decided(speaker, decision, person)
    obstacle = None if person is None else _obstacle(settings, who, person, speaker, remember=remember)
    is_taught = person is not None and obstacle is None
    if speaker.learned_print_id is not None and not (is_taught and decided.person_id == speaker.person_id):
        await unit.voiceprints.delete(speaker.learned_print_id)
        decided = replace(decided, learned_print_id=None)
    if person is not None and is_taught and decided.learned_print_id is None:
        print_id = await _learn(unit, storage, who, person, speaker)
        decided = replace(decided, learned_print_id=print_id)
    if decided != speaker:
        decided = _signed(decided, who)
        await unit.speakers.decide(decided)
        await unit.speakers.ask_recognition(meeting_id=speaker.meeting_id)
    return decided, obstacle


async def _note(unit: UnitOfWork, who: Principal, meeting: Meeting, before: Speaker, after: Speaker) -> EditId:
    """In the meeting's history."""
    number, position = await unit.edits.next(meeting.id)
    turns = before.turns or (Span(0.0, 0.0),)
    edit = Edit(
        EditId(uuid7()),
        meeting.id,
        number,
        position,
        EditKind.NAME,
        who.user_id,
        datetime.now(UTC),
        Span(min(turn.start_s for turn in turns), max(turn.end_s for turn in turns)),
        before.label,
        {"before": _noted(before), "after": _noted(after)},
        meeting.results_run,
    )
    await unit.edits.add(edit)
    return edit.id


def _noted(speaker: Speaker) -> dict[str, Any]:
    """A person by id: the name is looked up when it is shown. A suggestion is nobody's decision."""
    person_id = None if speaker.naming is Naming.SUGGESTED else speaker.person_id
    return {
        "naming": str(speaker.naming),
        "person_id": None if person_id is None else str(person_id),
        "name": speaker.name,
        "is_learned": speaker.learned_print_id is not None,
    }


def _decision_of(noted: Mapping[str, Any]) -> Decision:
    naming = Naming(noted["naming"])
    if naming is Naming.CONFIRMED and noted["person_id"] is not None:
        return ToPerson(PersonId(UUID(noted["person_id"])))
    if naming is Naming.CONFIRMED and noted["name"] is not None:
        return FreeName(noted["name"])
    return NotKnown() if naming is Naming.REJECTED else Automatic()


async def _person(unit: UnitOfWork, who: Principal, decision: Decision) -> Person | None:
    """Locked. Raises: NotFoundError, also for somebody whom ``who`` may not know of."""
    if not isinstance(decision, ToPerson):
        return None
    person = await unit.people.readable(decision.person_id, who, for_update=True)
    if person is None:
        raise NotFoundError("There is no such person, or it is not yours.")
    return person


def _decided(speaker: Speaker, decision: Decision, person: Person | None) -> Speaker:
    """What the decision makes of the speaker, but for what is learned."""
    if person is not None:
        return replace(
            speaker,
            naming=Naming.CONFIRMED,
            person_id=person.id,
            person_name=person.name,
            name=None,
            refused=speaker.refused - {person.id},
        )
    nobody = replace(speaker, person_id=None, person_name=None, name=None)
    if isinstance(decision, FreeName):
        return replace(nobody, naming=Naming.CONFIRMED, name=clean_name(decision.text))
    if isinstance(decision, NotKnown):
        refused = speaker.refused if speaker.person_id is None else speaker.refused | {speaker.person_id}
        return replace(nobody, naming=Naming.REJECTED, refused=refused)
    return replace(nobody, naming=Naming.UNKNOWN) if speaker.naming.is_human else speaker


def _signed(speaker: Speaker, who: Principal) -> Speaker:
    if not speaker.naming.is_human:
        return replace(speaker, decided_by=None, decided_at=None)
    return replace(speaker, decided_by=who.user_id, decided_at=datetime.now(UTC))


# --- what a confirmation teaches --------------------------------------------------------------------------------------


def _obstacle(
    settings: VoicesSettings, who: Principal, person: Person, speaker: Speaker, *, remember: bool | None
) -> Problem | None:
    """Why the bank does not learn the voice; ``None``: it does. Raises: ForbiddenError, ConsentError."""
    if remember is False:
        return Problem("not-asked", "The voice was not to be remembered.")
    if speaker.learned_print_id is not None and speaker.person_id == person.id:
        return None  # whoever says so once more takes nothing back of what was taught before
    if not may_change_person(who, person.owner_id):
        message = f"Only who enrolled {person.name}, or an administrator, may teach the bank this voice."
        if remember:
            raise ForbiddenError(message)
        return Problem("not-yours", message)
    if settings.require_consent and not person.has_consent:
        message = f"{person.name} has not agreed to be recognised by voice: record the consent first."
        if remember:
            raise ConsentError(message)
        return Problem("no-consent", message)
    if speaker.voiceprint is None:
        return Problem("no-voiceprint", "This speaker's voice was not measured, or is not kept any more.")
    found = problems(_quality(speaker))
    return found[0] if found else None


async def _learn(unit: UnitOfWork, storage: Storage, who: Principal, person: Person, speaker: Speaker) -> VoiceprintId:
    """One print, and the sample to make it again from: first the file, then the row that names it. A file whose row
    was never committed is named by nothing, and swept up."""
    assert speaker.voiceprint is not None  # noqa: S101 -- else there was an obstacle
    print_id, now = VoiceprintId(uuid7()), datetime.now(UTC)
    sample_key = None
    if speaker.sample_key is not None:
        sample = await asyncio.to_thread(storage.read, speaker.sample_key)
        if sample is not None:
            sample_key = layout.print_sample_key(person.id, print_id)
            await asyncio.to_thread(storage.write, sample_key, sample, private=True)
    await unit.voiceprints.add(
        StoredVoiceprint(
            id=print_id,
            person_id=person.id,
            voiceprint=speaker.voiceprint,
            quality=_quality(speaker),
            origin=PrintOrigin.MEETING,
            is_learned=True,
            created_at=now,
            meeting_id=speaker.meeting_id,
            label=speaker.label,
            spans=speaker.spans,
            sample_key=sample_key,
            confirmed_by=who.user_id,
            confirmed_at=now,
        )
    )
    return print_id


def _quality(speaker: Speaker) -> VoiceQuality:
    if speaker.quality is not None:
        return speaker.quality
    return VoiceQuality(0.0 if speaker.voiceprint is None else speaker.voiceprint.speech_s)


# --- what a reader may see --------------------------------------------------------------------------------------------


async def _known(unit: UnitOfWork, who: Principal, found: Collection[Speaker]) -> Mapping[PersonId, PersonRef]:
    """Everybody of the bank who is mentioned, as far as ``who`` may know of them."""
    known: dict[PersonId, PersonRef] = {}
    mentioned = {one.person_id for one in found if one.person_id is not None}
    mentioned |= {candidate.person_id for one in found for candidate in one.candidates}
    for person_id in mentioned:
        person = await unit.people.readable(person_id, who)
        if person is not None:
            known[person_id] = PersonRef(person.id, person.name)
    return known


def _view(speaker: Speaker, known: Mapping[PersonId, PersonRef]) -> SpeakerView:
    person = known.get(speaker.person_id) if speaker.person_id is not None else None
    is_hidden = speaker.person_id is not None and person is None
    is_suggested = speaker.naming is Naming.SUGGESTED
    # What a machine found is about whom it names; beside what a human says stands what was found among the people of
    # the meeting's owner, as beside any free name.
    is_secret = is_hidden and not speaker.naming.is_human
    return SpeakerView(
        label=speaker.label,
        naming=Naming.UNKNOWN if is_hidden and is_suggested else speaker.naming,
        name=speaker.shown_name,
        person=None if is_suggested else person,
        suggestion=person if is_suggested else None,
        score=None if is_secret else speaker.score,
        probability=None if is_secret else speaker.probability,
        reason=None if is_secret else speaker.reason,
        explanation="" if is_secret else speaker.explanation,
        candidates=tuple(
            CandidateView(one.person_id, known[one.person_id].name, one.score, one.probability)
            for one in speaker.candidates
            if one.person_id in known
        ),
        spans=speaker.spans,
        has_sample=speaker.sample_key is not None,
        speech_s=sum(turn.duration_s for turn in speaker.turns),
        quality=speaker.quality,
        has_print=speaker.voiceprint is not None,
        is_learned=speaker.learned_print_id is not None and not is_hidden,
        decided_by=speaker.decided_by,
        decided_at=speaker.decided_at,
    )
