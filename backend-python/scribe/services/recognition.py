"""Whose voices a meeting's speakers have: asked when they are heard, and again when the bank has grown.

Owns who is looked for in which meeting, and that asking again changes no decision of a human. Never decides by itself
(the injected matcher does) and never compares prints of two models. No print of the bank leaves this process.

Usage::

    recognition = Recognition(units, settings, matcher, model)
    recognised = await recognition.identify(job, {label: voiceprint})
    await recognition.again_pending(limit=10)
"""

import asyncio
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from scribe.adapters.speakers import RecognisedMeeting
from scribe.adapters.unit_of_work import UnitOfWork, UnitOfWorkFactory
from scribe.core.config import Settings
from scribe.core.logging import get_logger
from scribe.domain.accounts import Principal
from scribe.domain.audit import Action
from scribe.domain.carry_over import HandMove, HandMoves
from scribe.domain.errors import NotFoundError, ScribeError, UnavailableError
from scribe.domain.events import EventKind, NewEvent
from scribe.domain.jobs import ClaimedJob
from scribe.domain.meeting import MeetingId, RunWarning, UserId
from scribe.domain.namings import Naming, Recognised, Speaker
from scribe.domain.people import PersonId
from scribe.domain.requests import VoiceChoice
from scribe.domain.speech import SpeakerLabel
from scribe.domain.voices import Band, Identification, Matcher, VoiceBank, Voiceprint
from scribe.services.meetings import visible
from scribe.services.speaker_rows import TAKEN, judged, settled

STALE = "stale-print"
"""The speaker's print is of a model that is not in use any more: nobody can be compared with it."""

Voices = Mapping[SpeakerLabel, Voiceprint]
Refusals = Mapping[SpeakerLabel, Collection[PersonId]]


@dataclass(frozen=True, slots=True)
class _Scope:
    """Who is looked for."""

    people: Collection[PersonId] | None
    """``None``: everybody who may be."""
    by_name: Mapping[str, Sequence[PersonId]]
    """Whom the names that were asked for stand for."""


class Recognition:
    def __init__(
        self, units: UnitOfWorkFactory, settings: Settings, matcher: Matcher, model: str | None = None
    ) -> None:
        """``model``: of the prints that are made now (:attr:`Voiceprint.model`); ``None``: whatever a meeting has."""
        self._units = units
        self._settings = settings
        self._matcher = matcher
        self._model = model

    # --- while a meeting is processed --------------------------------------------------------------------------------

    async def identify(self, job: ClaimedJob, voices: Voices) -> Recognised:
        """Of all speakers together. Raises: VoiceprintMismatchError, UnavailableError."""
        async with self._units() as unit:
            scope = await _scope(unit, job.owner_id, job.options.voices)
            banks = await self._banks(unit, job.owner_id, voices, scope.people)
        verdicts = await asyncio.to_thread(self._decided, voices, banks, {})
        there = {profile.person for bank in banks.values() for profile in bank.profiles}
        wanted = scope.by_name.values()
        missing = sum(not ids or bool(banks and there.isdisjoint(str(id_) for id_ in ids)) for ids in wanted)
        if not missing:
            return Recognised(verdicts)
        # It stands in result files for good: who was looked for is in the meeting's options, where it can be forgotten.
        message = f"Of the {len(wanted)} people to look for, {missing} have no voice that is known here."
        return Recognised(verdicts, (RunWarning("voices.unknown_name", message),))

    async def moves(self, job: ClaimedJob) -> HandMoves:
        """What people moved by hand in the minutes that this run will replace."""
        async with self._units() as unit:
            moves = [move for move in await unit.speakers.moves(job.meeting_id) if not move.is_lost]
            if not moves:
                return HandMoves()
            speakers = await unit.speakers.of_meeting(job.meeting_id)
        return HandMoves(
            tuple(HandMove(move.span, move.to_label) for move in moves if not move.is_merge),
            {one.label: one.turns for one in speakers},
        )

    # --- afterwards, from the stored prints --------------------------------------------------------------------------

    async def again(self, meeting_id: MeetingId, *, is_asked_only: bool = False) -> bool:
        """Compares the speakers of a finished meeting with the bank as it is now. ``True``: a name or an offer changed.

        What a human decided stays; whoever was refused is not named again. ``is_asked_only``: not if nobody wants it
        any more, or somebody is changing the meeting just now.
        """
        async with self._units() as unit:
            meeting = await unit.speakers.meeting(meeting_id, skip_locked=is_asked_only)
            if meeting is None or (is_asked_only and not meeting.is_asked):
                return False
            before = await unit.speakers.of_meeting(meeting_id, for_update=True)
            after, is_complete = await self._judged_again(unit, meeting, before)
            for old, new in zip(before, after, strict=True):
                if old != new:
                    await unit.speakers.decide(new)
            if is_complete:
                await unit.speakers.recognition_done(meeting_id)
            labels = [new.label for old, new in zip(before, after, strict=True) if _shown(old) != _shown(new)]
            if labels:
                version = await unit.speakers.touch_names(meeting_id)
                payload = {"names_version": version, "labels": labels}
                unit.emit(NewEvent(EventKind.SPEAKERS, meeting_id, meeting.owner_id, payload))
        get_logger().info("meeting.recognised_again", meeting_id=str(meeting_id), changed=len(labels))
        return bool(labels)

    async def again_pending(self, limit: int) -> int:
        """Meetings that somebody asked for, the longest waiting first; how many were looked at."""
        async with self._units() as unit:
            wanted = await unit.speakers.wanting_recognition(limit)
        for meeting_id in wanted:
            try:
                await self.again(meeting_id, is_asked_only=True)
            except UnavailableError:
                raise
            except (ScribeError, ValueError) as error:  # it would stand in the way of all others for ever
                get_logger().error("recognition.failed", meeting_id=str(meeting_id), error=type(error).__name__)
                async with self._units() as unit:
                    await unit.speakers.recognition_done(meeting_id)
        return len(wanted)

    async def _judged_again(
        self, unit: UnitOfWork, meeting: RecognisedMeeting, before: Sequence[Speaker]
    ) -> tuple[list[Speaker], bool]:
        """The rows as they are to be, and whether that is the last word."""
        if meeting.options.voices == "none":
            return list(before), True
        voices = {one.label: one.voiceprint for one in before if one.voiceprint is not None and not one.naming.is_human}
        current = {label: print_ for label, print_ in voices.items() if self._model in {None, print_.model}}
        scope = await _scope(unit, meeting.owner_id, meeting.options.voices)
        banks = await self._banks(unit, meeting.owner_id, current, scope.people)
        refused = {one.label: one.refused for one in before}
        verdicts = await asyncio.to_thread(self._decided, current, banks, refused)
        mentioned = {PersonId(UUID(one.person)) for verdict in verdicts.values() for one in verdict.candidates}
        known = await unit.speakers.recognisable(meeting.owner_id, mentioned)
        after = [
            judged(one, verdicts[one.label], known)
            if one.label in verdicts
            else _stale(one)
            if one.label in voices
            else one
            for one in before
        ]
        return settled(after, may_repeat=self._settings.identification.may_repeat), mentioned <= known

    # -----------------------------------------------------------------------------------------------------------------

    async def _banks(
        self, unit: UnitOfWork, owner_id: UserId, voices: Voices, people: Collection[PersonId] | None
    ) -> dict[str, VoiceBank]:
        """Everybody who may be looked for, by the model that the voices were measured with."""
        require_consent = self._settings.voices.require_consent
        return {
            model: await unit.voiceprints.bank_for(owner_id, model, people, require_consent=require_consent)
            for model in sorted({print_.model for print_ in voices.values()})
        }

    def _decided(
        self, voices: Voices, banks: Mapping[str, VoiceBank], refused: Refusals
    ) -> dict[SpeakerLabel, Identification]:
        """All together, but for voices that somebody of the bank was refused for: they meet the others of the bank."""
        verdicts: dict[SpeakerLabel, Identification] = {}
        for model, bank in banks.items():
            people = {profile.person for profile in bank.profiles}
            mine = {label: print_ for label, print_ in voices.items() if print_.model == model}
            apart = {label for label in mine if not people.isdisjoint(map(str, refused.get(label, ())))}
            verdicts |= self._matcher({label: mine[label] for label in mine if label not in apart}, bank)
            for label in sorted(apart):
                verdicts |= self._matcher({label: mine[label]}, _without(bank, refused[label]))
        return verdicts if self._settings.identification.may_repeat else _once_each(verdicts)


async def ask(
    units: UnitOfWorkFactory,
    who: Principal,
    *,
    since: datetime | None = None,
    person_id: PersonId | None = None,
    meeting_id: MeetingId | None = None,
) -> int:
    """Has finished meetings compared with the bank again, in the background; how many. Those without voices are none.

    ``meeting_id``: this one; else all that ``who`` owns, ``since``: uploaded since then, ``person_id``: with a voice
    at all like this person's. Raises: NotFoundError, also for a person or a meeting of somebody else.
    """
    async with units() as unit:
        if person_id is not None and await unit.people.readable(person_id, who) is None:
            raise NotFoundError("There is no such person.")
        if meeting_id is not None:
            await visible(unit, who, meeting_id)
        unit.record(Action.SPEAKERS_RECOGNISED, meeting_id=meeting_id, person_id=person_id)
        return await unit.speakers.ask_recognition(
            owner_id=who.user_id if meeting_id is None else None,
            meeting_id=meeting_id,
            since=since,
            person_id=person_id,
        )


async def _scope(unit: UnitOfWork, owner_id: UserId, choice: VoiceChoice) -> _Scope:
    """A name that the owner may not read stands for nobody."""
    if choice == "all":
        return _Scope(None, {})
    names = () if choice == "none" else choice
    by_name = await unit.people.named(owner_id, names)
    return _Scope(frozenset(id_ for ids in by_name.values() for id_ in ids), by_name)


def _without(bank: VoiceBank, people: Collection[PersonId]) -> VoiceBank:
    gone = set(map(str, people))
    return VoiceBank(tuple(profile for profile in bank.profiles if profile.person not in gone))


def _once_each(verdicts: Mapping[SpeakerLabel, Identification]) -> dict[SpeakerLabel, Identification]:
    """Voices that were matched apart from one another may have won the same person: the one most like them keeps the
    name. By the score: probabilities of banks of different sizes are not comparable."""
    claims: defaultdict[str, list[tuple[float, SpeakerLabel]]] = defaultdict(list)
    for label, verdict in verdicts.items():
        if verdict.band is Band.AUTO:
            best = verdict.candidates[0]
            claims[best.person].append((-best.score, label))
    losers = {label for claim in claims.values() for _, label in sorted(claim)[1:]}
    return {
        label: replace(verdict, name=None, band=Band.SUGGEST, reason=TAKEN) if label in losers else verdict
        for label, verdict in verdicts.items()
    }


def _stale(speaker: Speaker) -> Speaker:
    """What was found while the print could be compared stays."""
    if speaker.naming is not Naming.UNKNOWN:
        return speaker
    return replace(speaker, reason=STALE, explanation="", score=None, probability=None, candidates=())


def _shown(speaker: Speaker) -> tuple[object, ...]:
    """What readers of the minutes and of the speakers' page see, but for figures."""
    return speaker.naming, speaker.person_id, speaker.reason, [one.person_id for one in speaker.candidates]
