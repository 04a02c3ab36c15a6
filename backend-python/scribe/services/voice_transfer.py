"""People of the bank out of one installation and into another; and everything that is stored of one person.

Owns who may take a voice with them (who may change the person), that an import changes nothing before all of it is
verified and never what is there already, and that whoever was forgotten does not come back unnoticed. Never the shape
of the file (``domain/voice_archive.py``, ``adapters/voice_archive.py``).

Usage::

    report = await export(units, storage, who, Path("voices.zip"))
    report = await bring_in(units, storage, who, Path("voices.zip"), model, settings)
"""

import asyncio
import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from scribe.adapters import voice_archive
from scribe.adapters.person_ties import PersonTies
from scribe.adapters.storage import Storage
from scribe.adapters.unit_of_work import UnitOfWork, UnitOfWorkFactory
from scribe.adapters.voice_archive import ArchiveFile, ArchiveWriter
from scribe.core.config import VoicesSettings
from scribe.core.ids import uuid7
from scribe.core.logging import get_logger
from scribe.domain import layout
from scribe.domain.accounts import Principal
from scribe.domain.audit import Action
from scribe.domain.errors import ConflictError
from scribe.domain.meeting import UserId
from scribe.domain.people import (
    Person,
    PersonId,
    PersonQuery,
    VoiceprintId,
    may_change_person,
)
from scribe.domain.voice_archive import PersonRecord, SampleFile, document_of, record_json
from scribe.services.person_access import changeable

_PAGE = 500


@dataclass(frozen=True, slots=True)
class Exported:
    people: int
    voiceprints: int
    samples: int
    lost: tuple[VoiceprintId, ...]
    """Their samples are not in the storage any more."""


@dataclass(frozen=True, slots=True)
class Imported:
    people: tuple[PersonId, ...]
    voiceprints: int
    stale: int
    """Of another model: to be made again from their samples, and compared with nothing until then."""
    present: tuple[str, ...]
    """Names of those who were here already, and are as they were."""
    without_consent: tuple[str, ...]
    """Names of those whose voiceprints were left out, because no consent of theirs is active."""


async def export(
    units: UnitOfWorkFactory, storage: Storage, who: Principal, path: Path, people: Sequence[PersonId] | None = None
) -> Exported:
    """``None``: everybody whom ``who`` may change. The file appears when it is complete, for its owner only.

    Raises: NotFoundError, ForbiddenError, ConflictError, ResourceError.
    """
    async with units() as unit:
        chosen = await _everybody(unit, who) if people is None else list(people)
        records = [await _record(unit, who, person_id) for person_id in chosen]
        for person_id in chosen:
            unit.record(Action.PERSON_EXPORTED, person_id=person_id, detail={"format": "archive"})
    return await asyncio.to_thread(_write, path, storage, records)


async def access_report(
    units: UnitOfWorkFactory, storage: Storage, who: Principal, person_id: PersonId
) -> dict[str, Any]:
    """Everything that is stored of one person, as JSON (GDPR art. 15 and 20): also the vectors, and the meetings that
    ``who`` may see in which the person is named. The samples themselves are in :func:`export`.

    Raises: NotFoundError, ForbiddenError.
    """
    async with units() as unit:
        record = await _record(unit, who, person_id)
        unit.record(Action.PERSON_EXPORTED, person_id=person_id, detail={"format": "json"})
    samples = {}
    for stored in record.prints:
        content = None if stored.sample_key is None else await asyncio.to_thread(storage.read, stored.sample_key)
        if content is not None:
            samples[stored.id] = SampleFile(len(content), hashlib.sha256(content).hexdigest())
    told = record_json(replace(record, samples=samples))
    return {"created_at": datetime.now(UTC).isoformat(), **told}


async def bring_in(
    units: UnitOfWorkFactory,
    storage: Storage,
    who: Principal,
    path: Path,
    *,
    model: str,
    settings: VoicesSettings,
    is_again: bool = False,
) -> Imported:
    """Whoever is not here yet, owned by ``who`` from now on. Whoever is here already is left alone.

    ``model``: in use here (:attr:`Voiceprint.model`). ``is_again``: also people who were forgotten here, as
    new entries.

    Raises: NotFoundError, BackupError; ConflictError naming those who were forgotten. Nothing is changed then.
    """
    archive = await asyncio.to_thread(ArchiveFile, path)
    with archive:
        async with units() as unit:
            plan = await _planned(unit, archive.records, is_again=is_again)
            known_users = await _users(unit, plan.coming)
        records = [_here(record, who, model, settings, known_users) for record in plan.coming]
        written: list[str] = []
        try:
            for record, source in zip(records, plan.sources, strict=True):
                await _store_samples(storage, archive, record, source, written)
            async with units() as unit:
                await _add_all(unit, records)
                for record in records:
                    unit.record(Action.PERSON_IMPORTED, person_id=record.person.id)
        except BaseException:
            for key in written:
                await asyncio.to_thread(storage.delete, key)
            raise
    imported = Imported(
        people=tuple(record.person.id for record in records),
        voiceprints=sum(len(record.prints) for record in records),
        stale=sum(stored.is_stale for record in records for stored in record.prints),
        present=plan.present,
        without_consent=tuple(
            before.person.name
            for before, after in zip(plan.coming, records, strict=True)
            if len(before.prints) > len(after.prints)
        ),
    )
    get_logger().info("voices.imported", people=len(imported.people), voiceprints=imported.voiceprints)
    return imported


# --- out --------------------------------------------------------------------------------------------------------------


async def _everybody(unit: UnitOfWork, who: Principal) -> list[PersonId]:
    found: list[PersonId] = []
    after = None
    while True:
        page = await unit.people.page(who, PersonQuery(after=after, limit=_PAGE))
        found += [person.id for person in page.people if may_change_person(who, person.owner_id)]
        if page.next is None:
            return found
        after = page.next


async def _record(unit: UnitOfWork, who: Principal, person_id: PersonId) -> PersonRecord:
    person = await changeable(unit, who, person_id, for_update=False)
    return PersonRecord(
        person=person,
        merged_ids=tuple(await unit.people.merged_ids(person_id)),
        consents=tuple(await unit.people.consents(person_id)),
        prints=tuple(await unit.voiceprints.of_person(person_id)),
        samples={},
        meetings=tuple(await PersonTies(unit.session).appearances(who, person_id)),
    )


def _write(path: Path, storage: Storage, records: Sequence[PersonRecord]) -> Exported:
    lost: list[VoiceprintId] = []
    num_samples = 0

    def make(writer: ArchiveWriter) -> dict[str, Any]:
        nonlocal num_samples
        complete = []
        for record in records:
            samples = {}
            for stored in record.prints:
                content = None if stored.sample_key is None else storage.read(stored.sample_key)
                if content:
                    samples[stored.id] = SampleFile(*writer.add(stored.id, content))
                elif stored.sample_key is not None:
                    lost.append(stored.id)
            num_samples += len(samples)
            complete.append(replace(record, samples=samples))
        return document_of(complete, datetime.now(UTC))

    voice_archive.write(path, make)
    return Exported(len(records), sum(len(record.prints) for record in records), num_samples, tuple(lost))


# --- in ---------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Plan:
    coming: tuple[PersonRecord, ...]
    sources: tuple[Mapping[VoiceprintId, VoiceprintId], ...]
    """By person: the id that each print has in the file."""
    present: tuple[str, ...]


async def _planned(unit: UnitOfWork, records: Sequence[PersonRecord], *, is_again: bool) -> _Plan:
    """Raises: ConflictError."""
    ties = PersonTies(unit.session)
    stones = await unit.erasures.known()
    erased_prints = {id_ for stone in stones.values() for id_ in stone.voiceprint_ids}
    here = await ties.present([id_ for record in records for id_ in (record.person.id, *record.merged_ids)])
    there = await ties.owners_of([stored.id for record in records for stored in record.prints])
    coming: list[PersonRecord] = []
    sources: list[Mapping[VoiceprintId, VoiceprintId]] = []
    present: list[str] = []
    forgotten: list[Person] = []
    for record in records:
        if record.person.id in here:
            present.append(record.person.name)
            continue
        is_forgotten = not stones.keys().isdisjoint((record.person.id, *record.merged_ids)) or any(
            stored.id in erased_prints for stored in record.prints
        )
        if is_forgotten and not is_again:
            forgotten.append(record.person)
            continue
        kept = replace(
            record,
            prints=tuple(stored for stored in record.prints if stored.id not in there),
            merged_ids=tuple(id_ for id_ in record.merged_ids if id_ not in here),  # forgetting would forget them, too
        )
        renewed = _renewed(kept) if is_forgotten else kept
        coming.append(renewed)
        sources.append(dict(zip((one.id for one in renewed.prints), (one.id for one in kept.prints), strict=True)))
    if forgotten:
        raise ConflictError(
            f"{', '.join(person.name for person in forgotten)} asked to be forgotten here, or withdrew consent: "
            "bring them back only if they want to (`--again`). Nothing was imported."
        )
    return _Plan(tuple(coming), tuple(sources), tuple(present))


def _renewed(record: PersonRecord) -> PersonRecord:
    """New ids: the old ones stay forgotten, also in older backups."""
    person_id = PersonId(uuid7())
    prints = [replace(stored, id=VoiceprintId(uuid7()), person_id=person_id) for stored in record.prints]
    return PersonRecord(
        person=replace(record.person, id=person_id),
        merged_ids=(),
        consents=tuple(replace(consent, id=uuid7(), person_id=person_id) for consent in record.consents),
        prints=tuple(prints),
        samples={
            new.id: record.samples[old.id]
            for new, old in zip(prints, record.prints, strict=True)
            if old.id in record.samples
        },
    )


def _here(
    record: PersonRecord, who: Principal, model: str, settings: VoicesSettings, known_users: Collection[UserId]
) -> PersonRecord:
    """As it will be stored in this installation."""
    has_consent = any(consent.is_active for consent in record.consents)
    kept = record.prints if has_consent or not settings.require_consent else ()
    prints = [
        replace(
            stored,
            is_stale=stored.voiceprint.model != model,
            sample_key=(layout.print_sample_key(record.person.id, stored.id) if stored.id in record.samples else None),
            confirmed_by=stored.confirmed_by if stored.confirmed_by in known_users else None,
        )
        for stored in kept
    ]
    consents = [
        replace(consent, recorded_by=consent.recorded_by if consent.recorded_by in known_users else None)
        for consent in record.consents
    ]
    return replace(
        record,
        person=replace(record.person, owner_id=who.user_id),
        prints=tuple(prints),
        consents=tuple(consents),
        samples={stored.id: record.samples[stored.id] for stored in prints if stored.id in record.samples},
    )


async def _users(unit: UnitOfWork, records: Sequence[PersonRecord]) -> frozenset[UserId]:
    """Of those who recorded or confirmed something, who has an account here."""
    named = {consent.recorded_by for record in records for consent in record.consents}
    named |= {stored.confirmed_by for record in records for stored in record.prints}
    return await PersonTies(unit.session).users([user for user in named if user is not None])


async def _store_samples(
    storage: Storage,
    archive: ArchiveFile,
    record: PersonRecord,
    source: Mapping[VoiceprintId, VoiceprintId],
    written: list[str],
) -> None:
    """Files first: what a crash leaves is named by nothing, and swept up; no row is ever without its file."""
    for stored in record.prints:
        if stored.sample_key is not None:
            content = await asyncio.to_thread(archive.sample, source[stored.id])
            written.append(stored.sample_key)
            await asyncio.to_thread(storage.write, stored.sample_key, content, private=True)


async def _add_all(unit: UnitOfWork, records: Sequence[PersonRecord]) -> None:
    """Raises: ConflictError."""
    if await PersonTies(unit.session).present([record.person.id for record in records]):
        raise ConflictError("Somebody else imported the same people in this moment: nothing was imported twice.")
    for record in records:
        await unit.people.add(record.person, merged_ids=record.merged_ids)
        for consent in record.consents:
            await unit.people.add_consent(consent)
        for stored in record.prints:
            await unit.voiceprints.add(stored)
