"""Somebody is forgotten, or withdraws consent: what the bank, the meetings and the storage hold of them goes.

Owns what goes and in which order: meetings are locked before the person and the person before the prints, as
everywhere, so that a result published meanwhile either names the person before this transaction (which then takes the
name away) or finds the person gone. Files go after the commit (``services/housekeeping.py``), however often it takes.
A tombstone remains, in the database and in storage: a restored backup forgets again (:func:`reapply`).

Usage::

    report = await forget(units, who, person_id, NamePolicy.PSEUDONYMISE)
    await erase_voice(unit, person_id)             # consent withdrawn: before the person's row is locked
"""

import asyncio
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

from scribe.adapters.erased_names import drop_wishes, replace_free_names
from scribe.adapters.erasures import KnownPerson, Subject, VoiceTraces
from scribe.adapters.storage import Storage
from scribe.adapters.unit_of_work import UnitOfWork, UnitOfWorkFactory
from scribe.core.config import Settings
from scribe.core.logging import get_logger
from scribe.domain import layout
from scribe.domain.accounts import Principal
from scribe.domain.audit import Action, Detail
from scribe.domain.erasures import Tombstone, new_pseudonym
from scribe.domain.errors import ArtefactError, ForbiddenError, NotFoundError, UnavailableError
from scribe.domain.events import EventKind, NewEvent
from scribe.domain.meeting import MeetingId
from scribe.domain.people import Forgotten, NamePolicy, PersonId, may_change_person, may_read_person
from scribe.domain.speech import SpeakerLabel

PURGE_AGAIN_AFTER = timedelta(minutes=15)
"""A worker that measured the voice meanwhile writes a little more before it notices."""
ONCE = timedelta(0)
"""Another run of the meeting may put new files of the same names there: what it brings back of somebody erased goes
later (``services/voice_litter.py``)."""
BATCH = 200
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
                _record(unit, stone, report)
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
    person = await unit.erasures.person(person_id, for_update=True)
    if person is None:
        return Forgotten(person_id)
    return await _erase_voice_only(unit, whose, datetime.now(UTC), person.merged_ids)


async def _erase_voice_only(
    unit: UnitOfWork, whose: Subject, erased_at: datetime, merged_ids: Iterable[PersonId] = ()
) -> Forgotten:
    """``merged_ids``: entries that were found to be the same person; an older backup has them apart."""
    traces, mentions = await _erase_voice(unit, whose)
    await unit.purges.add(traces.sample_keys, PURGE_AGAIN_AFTER)  # the folder may get new samples, after a new consent
    meetings = await _tell(unit, [*traces.labels, *mentions])
    for person_id in (whose.person_id, *merged_ids):
        await unit.erasures.add(Tombstone(person_id, erased_at, None, None, traces.voiceprint_ids))
    return Forgotten(whose.person_id, len(traces.voiceprint_ids), len(traces.sample_keys), meetings)


async def reapply(units: UnitOfWorkFactory, storage: Storage) -> int:
    """After a restore, and at every start: whom the storage or the database remembers to have been forgotten is
    forgotten again, whose voice was erased loses it again. Costs a listing where there is nothing to do.

    Raises: UnavailableError, StorageError; ArtefactError when a tombstone cannot be read. Returns how many.
    """
    kept = {
        person_id for key in await asyncio.to_thread(storage.keys, layout.ERASURES) if (person_id := _person_of(key))
    }
    async with units() as unit:
        if not await unit.erasures.is_there():
            raise UnavailableError("The tables of this version are not there yet: run `scribe migrate`.")
        known = await unit.erasures.known()
        back = {person_id: known[person_id] for person_id in await unit.erasures.resurrected()}
    damaged: ArtefactError | None = None
    for person_id in kept:
        here = known.get(person_id)
        if here is not None and here.policy is not None:
            continue
        content = await asyncio.to_thread(storage.read, layout.erasure_key(person_id))
        try:
            stone = None if content is None else Tombstone.from_json(content)
        except ArtefactError as error:  # the others are heeded first
            damaged = error
            continue
        if stone is not None and (here is None or here.erased_at < stone.erased_at):
            back[person_id] = stone
    for stone in back.values():
        await _again(units, stone)
    if damaged is not None:
        raise damaged
    return len(back)


async def store_tombstones(units: UnitOfWorkFactory, storage: Storage) -> None:
    """In storage they outlive a database that is replaced by an older one. Raises: UnavailableError, StorageError."""
    async with units() as unit:
        unstored = await unit.erasures.unstored(BATCH)
    for stone in unstored:
        key = layout.erasure_key(stone.person_id)
        await asyncio.to_thread(storage.write, key, stone.to_json(), private=True)
        async with units() as unit:
            await unit.erasures.stored(stone)


async def retention(units: UnitOfWorkFactory, storage: Storage, settings: Settings) -> int:
    """Voiceprints and samples of speakers go ``settings.voices.speaker_prints_days`` after their meeting was
    processed, and checkpoints, which hold voiceprints, with them; checkpoints that a run made of a meeting in which
    somebody was erased go at once. Never of what is under way. Returns how many meetings."""
    keys = await asyncio.to_thread(storage.keys, "checkpoints")
    with_checkpoints = {meeting_id for key in keys if (meeting_id := _id_of(key.split("/")[1]))}
    days = settings.voices.speaker_prints_days
    before = None if days is None else datetime.now(UTC) - timedelta(days=days)
    done: set[UUID] = set()
    while True:
        async with units() as unit:
            found = await unit.erasures.erased_again(with_checkpoints - done, BATCH)
            outdated = [] if before is None else await unit.erasures.outdated(before, with_checkpoints - done, BATCH)
            samples = await unit.erasures.drop_prints(outdated)
            over = {*found, *outdated}
            checkpoints = [layout.checkpoints_folder(meeting_id) for meeting_id in sorted(over)]
            await unit.purges.add([*samples, *checkpoints], ONCE)
        done |= over
        if len(found) < BATCH and len(outdated) < BATCH:
            return len(done)


async def _again(units: UnitOfWorkFactory, stone: Tombstone) -> None:
    """In a database that may be older than the tombstone."""
    whose = Subject(stone.person_id, stone.voiceprint_ids)
    async with units() as unit:
        await unit.erasures.lock_meetings(whose)
        person = await unit.erasures.person(stone.person_id, for_update=True)
        if stone.policy is None:
            await unit.erasures.withdraw_consents(stone.person_id, stone.erased_at)
            _record(unit, stone, await _erase_voice_only(unit, whose, stone.erased_at))
        else:
            _record(unit, stone, await _forget(unit, whose, person, stone))
    get_logger().info("person.forgotten_again", person_id=str(stone.person_id), policy=stone.kind)


def _record(unit: UnitOfWork, stone: Tombstone, report: Forgotten) -> None:
    detail: Detail = {"names": stone.kind, "voiceprints": report.voiceprints, "meetings": len(report.meetings)}
    unit.record(Action.PERSON_FORGOTTEN, person_id=stone.person_id, detail=detail)


async def _forget(unit: UnitOfWork, whose: Subject, person: KnownPerson | None, stone: Tombstone) -> Forgotten:
    """``person``: ``None`` where an older database knows only the voice, as somebody else's."""
    traces, changed = await _erase_voice(unit, whose)
    changed += traces.labels
    folder = layout.person_folder(whose.person_id)
    await unit.purges.add(traces.sample_keys if traces.has_others else [folder, *traces.sample_keys], PURGE_AGAIN_AFTER)
    changed += await unit.erasures.erase_refusals(whose.person_id)
    name = stone.pseudonym or (None if person is None else person.name)
    await unit.erasures.unname_edits(whose.person_id, name)
    if person is not None:
        changed += await unit.erasures.unname(person.id, stone.pseudonym or person.name)
    if person is not None and stone.pseudonym is not None:
        changed += await replace_free_names(unit.session, person, stone.pseudonym)
    await drop_wishes(unit.session, whose.person_id, person if stone.pseudonym is not None else None)
    await unit.erasures.delete_person(whose.person_id)
    kept = replace(stone, voiceprint_ids=(*stone.voiceprint_ids, *traces.voiceprint_ids))
    for person_id in (whose.person_id, *(person.merged_ids if person is not None else ())):
        await unit.erasures.add(replace(kept, person_id=person_id))
    meetings = await _tell(unit, changed)
    return Forgotten(whose.person_id, len(traces.voiceprint_ids), len(traces.sample_keys), meetings, stone.pseudonym)


async def _erase_voice(unit: UnitOfWork, whose: Subject) -> tuple[VoiceTraces, list[tuple[MeetingId, SpeakerLabel]]]:
    """All but the samples of the bank. Returns also where the person was merely considered."""
    traces = await unit.erasures.traces(whose, layout.person_folder(whose.person_id))
    tests = [layout.clip_folder(test_id) for test_id in await unit.erasures.erase_tests(whose.person_id)]
    clips = await unit.enrolments.forget_person(whose.person_id)
    mentions = await unit.erasures.erase_voices(whose)
    await unit.purges.add([*tests, *clips], PURGE_AGAIN_AFTER)
    runs = await unit.erasures.old_samples(traces.speakers)
    await unit.purges.add(
        [
            *traces.speaker_sample_keys,
            *(layout.speaker_samples_folder(meeting_id, run) for meeting_id, run in runs),
            *(layout.checkpoints_folder(meeting_id) for meeting_id in traces.speakers),
        ],
        ONCE,
    )
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


def _person_of(key: str) -> PersonId | None:
    """``None`` for what nobody of us has put there."""
    found = _id_of(key.removeprefix(f"{layout.ERASURES}/").removesuffix(".json"))
    return None if found is None or layout.erasure_key(found) != key else PersonId(found)


def _id_of(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
