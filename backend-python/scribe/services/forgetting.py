"""Somebody is forgotten, or withdraws consent: what the bank, the meetings and the storage hold of them goes.

Owns what goes and in which order: meetings are locked before the person and the person before the prints, as
everywhere, so that a result published meanwhile either names the person before this transaction (which then takes the
name away) or finds the person gone. Files go after the commit (``services/housekeeping.py``), however often it takes.
A tombstone remains, in the database and in storage: a restored backup forgets again (:func:`reapply`).

Usage::

    report = await forget(units, who, person_id, NamePolicy.PSEUDONYMISE)
    await erase_voice(unit, person_id)             # consent withdrawn: before the person's row is locked
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from scribe.adapters.erased_names import drop_wishes, replace_free_names
from scribe.adapters.erasures import KnownPerson, Subject, VoiceTraces
from scribe.adapters.unit_of_work import UnitOfWork, UnitOfWorkFactory
from scribe.core.logging import get_logger
from scribe.domain import layout
from scribe.domain.accounts import Principal
from scribe.domain.erasures import Tombstone, new_pseudonym
from scribe.domain.errors import ForbiddenError, NotFoundError, UnavailableError
from scribe.domain.events import EventKind, NewEvent
from scribe.domain.meeting import MeetingId
from scribe.domain.people import Forgotten, NamePolicy, PersonId, may_change_person, may_read_person
from scribe.domain.speech import SpeakerLabel

PURGE_AGAIN_AFTER = timedelta(minutes=15)
"""A worker that measured the voice meanwhile writes a little more before it notices."""
ONCE = timedelta(0)
"""Another run of the meeting may put new files of the same names there: what it brings back of somebody erased goes
later (``services/voice_litter.py``)."""
ATTEMPTS = 5
"""A meeting may begin to speak of the person while the others are being locked: then all is done again."""

Labels = Iterable[tuple[MeetingId, SpeakerLabel]]


async def forget(units: UnitOfWorkFactory, who: Principal, person_id: PersonId, policy: NamePolicy) -> Forgotten:
    """Everything about the person, at once. In old transcripts the name stays as plain text or becomes a made-up one.

    Raises: NotFoundError when ``who`` may not read the person, ForbiddenError when they may not change them.
    """
    for _ in range(ATTEMPTS):
        async with units() as unit:
            await _require_changeable(unit, who, person_id)
            person = await _locked(unit, person_id)
            if person is not None:
                pseudonym = new_pseudonym() if policy is NamePolicy.PSEUDONYMISE else None
                stone = Tombstone(person_id, datetime.now(UTC), policy, pseudonym)
                report = await _forget(unit, Subject(person_id), person, stone)
                get_logger().info(
                    "person.forgotten", person_id=str(person_id), policy=str(policy), meetings=len(report.meetings)
                )
                return report
    raise UnavailableError("Too many meetings of this person are changing just now: try again in a moment.")


async def erase_voice(unit: UnitOfWork, person_id: PersonId) -> Forgotten:
    """Consent was withdrawn: prints, samples, clips, enrolments, the voiceprints and scores of the speakers the person
    was, every suggestion. The person's entry and the names in transcripts stay.

    Locks meetings: to be called before anything else locks the person's row.
    """
    whose = Subject(person_id)
    await unit.erasures.lock_meetings(whose)
    if await unit.erasures.person(person_id, for_update=True) is None:
        return Forgotten(person_id)
    return await _erase_voice_only(unit, whose, datetime.now(UTC))


async def _erase_voice_only(unit: UnitOfWork, whose: Subject, erased_at: datetime) -> Forgotten:
    traces, mentions = await _erase_voice(unit, whose)
    await unit.purges.add(traces.sample_keys, PURGE_AGAIN_AFTER)  # the folder may get new samples, after a new consent
    meetings = await _tell(unit, [*traces.labels, *mentions])
    await unit.erasures.add(Tombstone(whose.person_id, erased_at, None, None, traces.voiceprint_ids))
    return Forgotten(whose.person_id, len(traces.voiceprint_ids), len(traces.sample_keys), meetings)


async def _forget(unit: UnitOfWork, whose: Subject, person: KnownPerson | None, stone: Tombstone) -> Forgotten:
    """``person``: ``None`` where an older database knows only the voice, as somebody else's."""
    traces, changed = await _erase_voice(unit, whose)
    changed += traces.labels
    folder = layout.person_folder(whose.person_id)
    await unit.purges.add(traces.sample_keys if traces.has_others else [folder, *traces.sample_keys], PURGE_AGAIN_AFTER)
    if person is not None:
        is_replacing = stone.pseudonym is not None
        changed += await unit.erasures.unname(person.id, stone.pseudonym or person.name)
        if stone.pseudonym is not None:
            changed += await replace_free_names(unit.session, person, stone.pseudonym)
        await drop_wishes(unit.session, person, is_by_name=is_replacing)
        await unit.erasures.delete_person(person.id)
    kept = replace(stone, voiceprint_ids=traces.voiceprint_ids)
    for person_id in (whose.person_id, *(person.merged_ids if person is not None else ())):
        await unit.erasures.add(replace(kept, person_id=person_id))
    meetings = await _tell(unit, changed)
    return Forgotten(whose.person_id, len(traces.voiceprint_ids), len(traces.sample_keys), meetings, stone.pseudonym)


async def _erase_voice(unit: UnitOfWork, whose: Subject) -> tuple[VoiceTraces, list[tuple[MeetingId, SpeakerLabel]]]:
    """All but the samples of the bank. Returns also where the person was merely considered."""
    traces = await unit.erasures.traces(whose, layout.person_folder(whose.person_id))
    clips = await unit.erasures.erase_enrolments(whose.person_id)
    mentions = await unit.erasures.erase_voices(whose)
    await unit.purges.add([layout.clip_folder(clip) for clip in clips], PURGE_AGAIN_AFTER)
    checkpoints = [layout.checkpoints_folder(meeting_id) for meeting_id in traces.speakers]
    await unit.purges.add([*traces.speaker_sample_keys, *checkpoints], ONCE)
    return traces, mentions


async def _require_changeable(unit: UnitOfWork, who: Principal, person_id: PersonId) -> None:
    """Raises: NotFoundError, ForbiddenError."""
    person = await unit.erasures.person(person_id)
    if person is None or not may_read_person(who, person.owner_id, is_shared=person.is_shared):
        raise NotFoundError("There is no such person, or it is not yours to see.")
    if not may_change_person(who, person.owner_id):
        raise ForbiddenError("Only the owner of this person, or an administrator, may do that.")


async def _locked(unit: UnitOfWork, person_id: PersonId) -> KnownPerson | None:
    """Every meeting that speaks of the person, then the person. ``None``: others began to meanwhile, or the person is
    gone; the transaction is to be done again."""
    whose = Subject(person_id)
    meetings = await unit.erasures.lock_meetings(whose)
    person = await unit.erasures.person(person_id, for_update=True)
    if person is None or not await unit.erasures.meetings(whose) <= meetings:
        return None
    return person


async def _tell(unit: UnitOfWork, changed: Labels) -> tuple[MeetingId, ...]:
    """Result files are written again, followers read them again. Returns the meetings, oldest first."""
    labels: dict[MeetingId, set[SpeakerLabel]] = {}
    for meeting_id, label in changed:
        labels.setdefault(meeting_id, set()).add(label)
    for meeting in await unit.erasures.renamed(labels):
        payload = {"names_version": meeting.names_version, "labels": sorted(labels[meeting.id])}
        unit.emit(NewEvent(EventKind.SPEAKERS, meeting.id, meeting.owner_id, payload))
    return tuple(sorted(labels))
