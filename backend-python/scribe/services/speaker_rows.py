"""The rows that say who the speakers of a run are: made when it publishes, from what was heard and what people decided.

Owns what a verdict becomes in a row, and that no decision of a human is lost to another run: it goes to the speaker who
talks when the decided one did (``domain/carry_over.py``). Never compares voices (``services/recognition.py`` asks for
that). Always under the lock of the meeting's row.

Usage::

    await store_speakers(unit, job, published.speakers)
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

from scribe.adapters.unit_of_work import UnitOfWork
from scribe.domain import layout
from scribe.domain.carry_over import successors
from scribe.domain.erasures import VOICE_ERASED
from scribe.domain.jobs import ClaimedJob
from scribe.domain.meeting import MeetingId
from scribe.domain.namings import HeardSpeaker, Naming, ScoredPerson, Speaker
from scribe.domain.people import PersonId, VoiceprintId
from scribe.domain.speech import SpeakerLabel
from scribe.domain.voices import Band, Identification
from scribe.services.edit_carrying import carry_edits

TAKEN = "taken-by-better-match"
REFUSED = "refused"
"""A human said that it is not this person, when this run had already found so."""
PURGE_AGAIN_AFTER = timedelta(minutes=15)
_NAMINGS = {Band.AUTO: Naming.AUTO, Band.SUGGEST: Naming.SUGGESTED, Band.UNKNOWN: Naming.UNKNOWN}


async def store_speakers(unit: UnitOfWork, job: ClaimedJob, heard: Sequence[HeardSpeaker]) -> None:
    """In the transaction that publishes. What the files say and the rows do not is left to be written again."""
    before = await unit.speakers.of_meeting(job.meeting_id)
    if before and not heard:
        return  # telling the speakers apart failed this time: nobody is there to take over what was decided
    heirs = successors({one.label: one.turns for one in before}, {one.label: one.turns for one in heard})
    decided = {heirs[one.label]: one for one in before if one.label in heirs}
    known = await unit.speakers.recognisable(job.owner_id, _mentioned(heard))
    fresh = [_speaker(job, one, known) for one in heard]
    inherited = [_inherited(one, decided.get(one.label)) for one in fresh]
    rows = settled(inherited)
    await unit.speakers.replace(job.meeting_id, job.run, rows)
    await _relabel_prints(unit, before, heirs)
    has_moves = await _carry_moves(unit, job.meeting_id, heirs)
    has_edits = await carry_edits(unit, job.meeting_id, heirs)
    await unit.purges.add(
        [layout.speaker_samples_folder(job.meeting_id, run) for run in {one.run for one in before} - {job.run}],
        PURGE_AGAIN_AFTER,
    )
    erased = [one.sample_key for one, row in zip(heard, rows, strict=True) if row.reason == VOICE_ERASED]
    if erased:  # this run measured what was to be measured by nobody any more
        measured = [layout.checkpoints_folder(job.meeting_id), *(key for key in erased if key is not None)]
        await unit.purges.add(measured, timedelta(0))
    stored = await unit.speakers.of_meeting(job.meeting_id)
    is_as_written = not (has_moves or has_edits) and all(map(_is_as_written, heard, _in_order(stored, heard)))
    if is_as_written:
        await unit.speakers.names_are_written(job.meeting_id)
    else:
        await unit.speakers.touch_names(job.meeting_id)
    if rows != inherited or not _mentioned(heard) <= known:  # somebody else may be the likeliest then
        await unit.speakers.ask_recognition(meeting_id=job.meeting_id)


def judged(speaker: Speaker, verdict: Identification, known: Collection[PersonId]) -> Speaker:
    """The row with this verdict. ``known``: who may stand in it; whoever was forgotten meanwhile may not."""
    candidates = tuple(
        ScoredPerson(id_, one.score, one.probability)
        for one in verdict.candidates
        if (id_ := _person_id(one.person)) is not None and id_ in known
    )
    has_best = bool(candidates) and str(candidates[0].person_id) == verdict.candidates[0].person
    naming = _NAMINGS[verdict.band] if has_best else Naming.UNKNOWN
    return replace(
        speaker,
        naming=naming,
        person_id=candidates[0].person_id if naming is not Naming.UNKNOWN else None,
        name=None,
        score=candidates[0].score if has_best else None,
        probability=candidates[0].probability if has_best else None,
        reason=verdict.reason if has_best or not verdict.candidates else None,
        explanation=_in_numbers(verdict) if has_best or not verdict.candidates else "",
        candidates=candidates,
    )


def settled(speakers: Sequence[Speaker], *, may_repeat: bool = False) -> list[Speaker]:
    """What people decided overrules what a machine found: nobody who was refused is named, and whoever a human has
    named is named once. ``may_repeat``: or more often."""
    confirmed = set() if may_repeat else {one.person_id for one in speakers if one.naming is Naming.CONFIRMED}
    return [_yielding(one, confirmed) for one in speakers]


def _yielding(speaker: Speaker, confirmed: Collection[PersonId | None]) -> Speaker:
    if speaker.naming.is_human or speaker.person_id is None:
        return speaker
    if speaker.person_id in speaker.refused:
        return replace(speaker, naming=Naming.UNKNOWN, person_id=None, reason=REFUSED, explanation="")
    if speaker.person_id in confirmed:
        return replace(speaker, naming=Naming.UNKNOWN, person_id=None, reason=TAKEN, explanation="")
    return speaker


def _speaker(job: ClaimedJob, heard: HeardSpeaker, known: Collection[PersonId]) -> Speaker:
    speaker = Speaker(
        job.meeting_id,
        heard.label,
        job.run,
        heard.turns,
        heard.voiceprint,
        heard.quality,
        heard.spans,
        heard.sample_key,
    )
    return speaker if heard.identification is None else judged(speaker, heard.identification, known)


def _inherited(speaker: Speaker, before: Speaker | None) -> Speaker:
    """The verdict stays as evidence under a decision."""
    if before is None:
        return speaker
    speaker = replace(speaker, refused=before.refused)
    if _stays_erased(speaker, before):
        speaker = _without_voice(speaker, before)
    if not before.naming.is_human:
        return speaker
    return replace(
        speaker,
        naming=before.naming,
        person_id=before.person_id,
        name=before.name,
        learned_print_id=before.learned_print_id,
        decided_by=before.decided_by,
        decided_at=before.decided_at,
    )


def _stays_erased(speaker: Speaker, before: Speaker) -> bool:
    """Somebody forgot this voice, or it was withdrawn: another run does not bring it back, unless its person is in the
    bank again and was heard again."""
    is_back = before.person_id is not None and speaker.person_id == before.person_id
    return before.reason == VOICE_ERASED and not is_back


def _without_voice(speaker: Speaker, before: Speaker) -> Speaker:
    return replace(
        speaker,
        voiceprint=None,
        quality=None,
        spans=(),
        sample_key=None,
        naming=before.naming,
        person_id=before.person_id,
        name=before.name,
        score=None,
        probability=None,
        reason=VOICE_ERASED,
        explanation="",
        candidates=(),
    )


async def _relabel_prints(
    unit: UnitOfWork, before: Sequence[Speaker], heirs: Mapping[SpeakerLabel, SpeakerLabel]
) -> None:
    """What a confirmation taught stays taught. A print whose speaker nobody follows belongs to its person alone."""
    labels: dict[VoiceprintId, SpeakerLabel | None] = {
        one.learned_print_id: heirs.get(one.label) for one in before if one.learned_print_id is not None
    }
    await unit.speakers.relabel_learned(labels)


async def _carry_moves(unit: UnitOfWork, meeting_id: MeetingId, heirs: Mapping[SpeakerLabel, SpeakerLabel]) -> bool:
    """Whether there are any. What is lost is kept and shown, and not looked at again."""
    moves = [move for move in await unit.speakers.moves(meeting_id) if not move.is_lost]
    for move in moves:
        heir = heirs.get(move.to_label)
        origin = None if move.from_label is None else heirs.get(move.from_label)
        if heir is None or (move.is_merge and origin is None):  # never: everybody's speech is this speaker's
            await unit.speakers.change_move(replace(move, is_lost=True))
        else:
            await unit.speakers.change_move(replace(move, to_label=heir, from_label=origin))
    return bool(moves)


def _is_as_written(heard: HeardSpeaker, stored: Speaker) -> bool:
    """The child wrote the files from the verdicts as they were."""
    verdict = heard.identification
    if stored.naming.is_human or stored.refused:
        return False
    if verdict is None:
        return stored.shown_name is None
    mentioned = [one.person for one in verdict.candidates]
    return (
        stored.shown_name == verdict.name
        and stored.naming is _NAMINGS[verdict.band]
        and [str(one.person_id) for one in stored.candidates] == mentioned
    )


def _in_order(stored: Sequence[Speaker], heard: Sequence[HeardSpeaker]) -> list[Speaker]:
    by_label = {one.label: one for one in stored}
    return [by_label[one.label] for one in heard]


def _mentioned(heard: Sequence[HeardSpeaker]) -> frozenset[PersonId]:
    verdicts = (one.identification for one in heard if one.identification is not None)
    ids = (_person_id(candidate.person) for verdict in verdicts for candidate in verdict.candidates)
    return frozenset(id_ for id_ in ids if id_ is not None)


def _person_id(person: str) -> PersonId | None:
    """``None``: a voice of a folder, which is nobody of the bank."""
    try:
        return PersonId(UUID(person))
    except ValueError:
        return None


def _in_numbers(verdict: Identification) -> str:
    """The explanation without names: a row may be read by somebody who may not read the person."""
    if any(one.name and one.name in verdict.explanation for one in verdict.candidates):
        return " and ".join(f"{one.score:.2f}" for one in verdict.candidates[:2])
    return verdict.explanation
