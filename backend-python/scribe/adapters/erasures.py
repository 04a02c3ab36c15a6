"""Everything the database holds of one person, found and removed; rows of ``erasures``.

Owns these statements, each over all meetings at once: somebody may have sat in thousands of them. Never decides who
may ask for it, never a file: what must go from storage is returned as keys and folders (``services/forgetting.py``).

Usage::

    await unit.erasures.lock_meetings(Subject(person_id))
    person = await unit.erasures.lock_person(person_id)
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Text, cast, delete, exists, func, or_, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from scribe.core.models_db import IdempotencyRow, MeetingRow
from scribe.core.voices_db import ConsentRow, EnrolmentRow, ErasureRow, PersonRow, SpeakerRow, VoiceprintRow
from scribe.domain.erasures import VOICE_ERASED, Tombstone, policy_of
from scribe.domain.meeting import MeetingId, MeetingStatus, UserId
from scribe.domain.people import PersonId, VoiceprintId
from scribe.domain.speech import SpeakerLabel

_PRINTS = "(select id from voiceprints where person_id = :person or id = any(:prints))"
_HEARD = f"""
    person_id = :person
    or learned_print_id in {_PRINTS}
    or (person_id is null and (meeting_id, label) in (
        select meeting_id, label from voiceprints where id in {_PRINTS} and meeting_id is not null))
"""  # noqa: S608 -- constants of this module
"""Speakers whose voice is, or may be, this person's: named, suggested, or what a print was made from."""
_CONSIDERED = "candidates @> jsonb_build_array(jsonb_build_object('person_id', cast(:id as text)))"
_DECIDED = "kind = 'name' and (payload -> 'before' ->> 'person_id' = :id or payload -> 'after' ->> 'person_id' = :id)"
"""Edits that say that somebody is, or was taken for, this person."""
_ASKED_FOR = "jsonb_exists(options -> 'voices', :id)"
_MEETINGS_SQL = f"""
    select id from meetings
    where id in (select meeting_id from speakers where {_HEARD} or {_CONSIDERED} or :person = any(refused))
       or id in (select meeting_id from edits where {_DECIDED})
       or {_ASKED_FOR}
    order by id
"""  # noqa: S608 -- constants of this module
_MEETINGS, _LOCK_MEETINGS = text(_MEETINGS_SQL), text(f"{_MEETINGS_SQL} for update")
_HEARD_ROWS = text(f"select meeting_id, label, sample_key from speakers where {_HEARD}")  # noqa: S608 -- as above
_ERASE_VOICES = text(f"""
    update speakers set vector = null, model_id = null, model_revision = null, speech_s = null, quality = null,
        spans = '[]', sample_key = null, learned_print_id = null, score = null, probability = null,
        reason = '{VOICE_ERASED}', explanation = '',
        naming = case when naming = 'suggested' then 'unknown' else naming end,
        person_id = case when naming = 'suggested' then null else person_id end
    where {_HEARD}
""")  # noqa: S608 -- as above
_ERASE_MENTIONS = text(f"""
    update speakers set
        candidates = (select coalesce(jsonb_agg(each order by place), '[]')
                      from jsonb_array_elements(candidates) with ordinality as listed(each, place)
                      where each ->> 'person_id' <> :id),
        score = case when candidates -> 0 ->> 'person_id' = :id then null else score end,
        probability = case when candidates -> 0 ->> 'person_id' = :id then null else probability end,
        reason = case when reason = '{VOICE_ERASED}' or candidates -> 0 ->> 'person_id' <> :id then reason end,
        explanation = ''
    where {_CONSIDERED}
    returning meeting_id, label
""")  # noqa: S608 -- as above
_ERASE_REFUSALS = text("""
    update speakers set refused = array_remove(refused, :person) where :person = any(refused)
    returning meeting_id, label
""")
_ERASE_PRINTS = text(f"delete from voiceprints where id in {_PRINTS}")  # noqa: S608 -- as above
_UNNAME = text("""
    update speakers set person_id = null,
        name = case when naming in ('auto', 'confirmed') then :name else name end
    where person_id = :person
    returning meeting_id, label
""")
_UNNAME_EDITS = text(f"""
    update edits set payload = payload || (
        select jsonb_object_agg(side, case when payload -> side ->> 'person_id' = :id
            then payload -> side || jsonb_build_object('person_id', null, 'name', cast(:name as text))
            else payload -> side end)
        from unnest(array['before', 'after']) as listed(side))
    where {_DECIDED}
    returning meeting_id, label
""")  # noqa: S608 -- as above
_RENAMED = text("""
    update meetings set names_version = names_version + 1, version = version + 1, updated_at = now(), edited_at = null
    where id = any(:meetings) returning id, owner_id, names_version
""")


_OLD_SAMPLES = text("""
    select m.id, run.number from meetings m, generate_series(1, m.run) as run (number)
    where m.id = any(:meetings)
        and not exists (select from speakers s where s.meeting_id = m.id and s.run = run.number)
        and not (run.number = m.run and m.status in ('PENDING', 'PROCESSING'))
""")
"""Runs that another one has replaced, or that came to nothing: what they kept of voices is in no row."""
_DROP_PRINTS = text("""
    with had as (select meeting_id, label, sample_key from speakers where meeting_id = any(:meetings))
    update speakers s set vector = null, model_id = null, model_revision = null, speech_s = null, quality = null,
        spans = '[]', sample_key = null
    from had where s.meeting_id = had.meeting_id and s.label = had.label
        and (s.vector is not null or s.sample_key is not null)
    returning had.sample_key
""")
_RESURRECTED = text("""
    select person_id from erasures where policy <> 'voice' and (
        person_id in (select id from people)
        or person_id::text in (select each ->> 'person_id' from speakers, jsonb_array_elements(candidates) as each)
        or person_id in (select unnest(refused) from speakers)
        or person_id::text in (select payload -> 'before' ->> 'person_id' from edits where kind = 'name')
        or person_id::text in (select payload -> 'after' ->> 'person_id' from edits where kind = 'name'))
""")
_OVER = tuple(str(status) for status in MeetingStatus if status.is_terminal)


@dataclass(frozen=True, slots=True)
class Subject:
    """Whose traces are looked for."""

    person_id: PersonId
    voiceprint_ids: tuple[VoiceprintId, ...] = ()
    """Prints that are this person's, whoever has them in this database: another entry, in an older backup."""

    @property
    def bound(self) -> dict[str, Any]:
        return {"person": self.person_id, "id": str(self.person_id), "prints": list(self.voiceprint_ids)}


@dataclass(frozen=True, slots=True)
class KnownPerson:
    """What forgetting needs to know of somebody."""

    id: PersonId
    owner_id: UserId
    is_shared: bool
    name: str
    merged_ids: tuple[PersonId, ...]


@dataclass(frozen=True, slots=True)
class VoiceTraces:
    """Files of one person's voice, and the speakers they were."""

    voiceprint_ids: tuple[VoiceprintId, ...]
    sample_keys: tuple[str, ...]
    """Of the bank's prints."""
    has_others: bool
    """Samples of others lie in this person's folder: they were one person once."""
    speakers: Mapping[MeetingId, tuple[SpeakerLabel, ...]]
    speaker_sample_keys: tuple[str, ...]

    @property
    def labels(self) -> list[tuple[MeetingId, SpeakerLabel]]:
        return [(meeting_id, label) for meeting_id, labels in self.speakers.items() for label in labels]


@dataclass(frozen=True, slots=True)
class RenamedMeeting:
    id: MeetingId
    owner_id: UserId
    names_version: int


class ErasureRepository:
    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    # --- finding and locking ------------------------------------------------------------------------------------------

    async def lock_meetings(self, whose: Subject) -> frozenset[MeetingId]:
        """Every meeting that speaks of this person; nobody publishes or names there until the transaction ends. To be
        taken before the person's row."""
        return frozenset(MeetingId(id_) for id_ in await self._session.scalars(_LOCK_MEETINGS, whose.bound))

    async def meetings(self, whose: Subject) -> frozenset[MeetingId]:
        """The same, without a lock."""
        return frozenset(MeetingId(id_) for id_ in await self._session.scalars(_MEETINGS, whose.bound))

    async def person(self, person_id: PersonId, *, for_update: bool = False) -> KnownPerson | None:
        query = select(PersonRow).where(PersonRow.id == person_id).execution_options(populate_existing=True)
        row = await self._session.scalar(query.with_for_update() if for_update else query)
        if row is None:
            return None
        merged = tuple(PersonId(id_) for id_ in row.merged_ids)
        return KnownPerson(PersonId(row.id), UserId(row.owner_id), row.is_shared, row.name, merged)

    async def traces(self, whose: Subject, folder: str) -> VoiceTraces:
        """``folder``: where the samples of this person are stored."""
        is_theirs = or_(VoiceprintRow.person_id == whose.person_id, VoiceprintRow.id.in_(whose.voiceprint_ids))
        prints = await self._session.execute(select(VoiceprintRow.id, VoiceprintRow.sample_key).where(is_theirs))
        kept = [(VoiceprintId(row.id), row.sample_key) for row in prints]
        others = select(VoiceprintRow.id).where(
            ~is_theirs, VoiceprintRow.sample_key.startswith(f"{folder}/", autoescape=True)
        )
        heard = (await self._session.execute(_HEARD_ROWS, whose.bound)).all()
        speakers: dict[MeetingId, tuple[SpeakerLabel, ...]] = {}
        for row in heard:
            meeting_id = MeetingId(row.meeting_id)
            speakers[meeting_id] = (*speakers.get(meeting_id, ()), SpeakerLabel(row.label))
        return VoiceTraces(
            tuple(id_ for id_, _ in kept),
            tuple(key for _, key in kept if key is not None),
            await self._session.scalar(others.limit(1)) is not None,
            speakers,
            tuple(row.sample_key for row in heard if row.sample_key is not None),
        )

    # --- removing -----------------------------------------------------------------------------------------------------

    async def erase_voices(self, whose: Subject) -> list[tuple[MeetingId, SpeakerLabel]]:
        """Vectors of the speakers this person was, suggestions, scores and the prints themselves. Whoever is named
        stays named. Returns where the person was merely considered."""
        await self._session.execute(_ERASE_VOICES, whose.bound)
        mentions = (await self._session.execute(_ERASE_MENTIONS, whose.bound)).all()
        await self._session.execute(_ERASE_PRINTS, whose.bound)
        return [(MeetingId(row.meeting_id), SpeakerLabel(row.label)) for row in mentions]

    async def old_samples(self, meetings: Collection[MeetingId]) -> list[tuple[MeetingId, int]]:
        """Runs whose samples of voices nobody plays any more."""
        rows = await self._session.execute(_OLD_SAMPLES, {"meetings": list(meetings)})
        return [(MeetingId(row.id), row.number) for row in rows]

    async def erase_tests(self, person_id: PersonId) -> list[UUID]:
        """Tests of clips that sounded like this person: the clip is most likely theirs. Returns whose clips must go."""
        gone = await self._session.scalars(
            delete(EnrolmentRow)
            .where(EnrolmentRow.kind == "test", cast(EnrolmentRow.result, Text).contains(str(person_id)))
            .returning(EnrolmentRow.id)
        )
        return list(gone)

    async def unname(self, person_id: PersonId, name: str) -> list[tuple[MeetingId, SpeakerLabel]]:
        """Speakers are called ``name`` from now on, and it is plain text."""
        rows = await self._session.execute(_UNNAME, {"person": person_id, "name": name})
        return [(MeetingId(row.meeting_id), SpeakerLabel(row.label)) for row in rows]

    async def unname_edits(self, person_id: PersonId, name: str | None) -> None:
        """The same in what was decided before; ``None``: nobody knows the name any more."""
        await self._session.execute(_UNNAME_EDITS, {"id": str(person_id), "name": name})

    async def erase_refusals(self, person_id: PersonId) -> list[tuple[MeetingId, SpeakerLabel]]:
        """Where somebody said that it is not this person."""
        rows = await self._session.execute(_ERASE_REFUSALS, {"person": person_id})
        return [(MeetingId(row.meeting_id), SpeakerLabel(row.label)) for row in rows]

    async def delete_person(self, person_id: PersonId) -> None:
        """With consents, all that hangs on the row, and the memory of the request that made it."""
        await self._session.execute(delete(IdempotencyRow).where(IdempotencyRow.meeting_id == person_id))
        await self._session.execute(delete(PersonRow).where(PersonRow.id == person_id))

    async def renamed(self, meetings: Collection[MeetingId]) -> list[RenamedMeeting]:
        """Their result files are to be written again."""
        rows = (await self._session.execute(_RENAMED, {"meetings": list(meetings)})).all()
        return [RenamedMeeting(MeetingId(row.id), UserId(row.owner_id), row.names_version) for row in rows]

    # --- tombstones ---------------------------------------------------------------------------------------------------

    async def add(self, stone: Tombstone) -> None:
        """To be stored. Somebody who withdrew consent before and is forgotten now has the later tombstone, with the
        prints of both."""
        earlier = await self._session.scalar(
            select(ErasureRow.voiceprint_ids).where(ErasureRow.person_id == stone.person_id)
        )
        values = {
            "erased_at": stone.erased_at,
            "policy": stone.kind,
            "pseudonym": stone.pseudonym,
            "voiceprint_ids": list(dict.fromkeys([*(earlier or ()), *stone.voiceprint_ids])),
            "is_stored": False,
        }
        added = insert(ErasureRow).values(person_id=stone.person_id, **values)
        await self._session.execute(added.on_conflict_do_update(index_elements=[ErasureRow.person_id], set_=values))

    async def is_there(self) -> bool:
        """The table: ``scribe migrate`` may still be to come."""
        return bool(await self._session.scalar(select(func.to_regclass("erasures").is_not(None))))

    async def known(self) -> dict[PersonId, Tombstone]:
        """All of them: few, and small."""
        return {PersonId(row.person_id): _tombstone(row) for row in await self._session.scalars(select(ErasureRow))}

    async def unstored(self, limit: int) -> list[Tombstone]:
        rows = await self._session.scalars(select(ErasureRow).where(ErasureRow.is_stored.is_(False)).limit(limit))
        return [_tombstone(row) for row in rows]

    async def stored(self, stone: Tombstone) -> None:
        """Unless there is a later one by now."""
        await self._session.execute(
            update(ErasureRow)
            .where(ErasureRow.person_id == stone.person_id, ErasureRow.erased_at == stone.erased_at)
            .values(is_stored=True)
        )

    async def resurrected(self) -> list[PersonId]:
        """Who was forgotten and is here all the same, or is still spoken of: an older backup, a program of another
        version."""
        return [PersonId(id_) for id_ in await self._session.scalars(_RESURRECTED)]

    async def withdraw_consents(self, person_id: PersonId, before: datetime) -> None:
        await self._session.execute(
            update(ConsentRow)
            .where(
                ConsentRow.person_id == person_id, ConsentRow.withdrawn_at.is_(None), ConsentRow.recorded_at <= before
            )
            .values(withdrawn_at=before)
        )

    # --- speakers' voiceprints that have had their time ---------------------------------------------------------------

    async def outdated(self, before: datetime, with_checkpoints: Collection[UUID], limit: int) -> list[MeetingId]:
        """Meetings that ended before this time and still have voiceprints, in rows or in checkpoints. Locked; what
        somebody else has locked, or is under way, is left out."""
        has_prints = exists().where(
            SpeakerRow.meeting_id == MeetingRow.id,
            or_(SpeakerRow.vector.is_not(None), SpeakerRow.sample_key.is_not(None)),
        )
        return await self._over(
            limit, MeetingRow.finished_at < before, or_(has_prints, MeetingRow.id.in_(with_checkpoints))
        )

    async def erased_again(self, with_checkpoints: Collection[UUID], limit: int) -> list[MeetingId]:
        """Those of them in which somebody was erased: another run has measured the voice again since. Locked."""
        has_erased = exists().where(SpeakerRow.meeting_id == MeetingRow.id, SpeakerRow.reason == VOICE_ERASED)
        return await self._over(limit, MeetingRow.id.in_(with_checkpoints), has_erased)

    async def drop_prints(self, meetings: Collection[MeetingId]) -> list[str]:
        """Of all speakers of these meetings; names stay. Returns the keys of their samples."""
        rows = await self._session.execute(_DROP_PRINTS, {"meetings": list(meetings)})
        return [row.sample_key for row in rows if row.sample_key is not None]

    async def _over(self, limit: int, *conditions: ColumnElement[bool]) -> list[MeetingId]:
        rows = await self._session.scalars(
            select(MeetingRow.id)
            .where(MeetingRow.status.in_(_OVER), *conditions)
            .order_by(MeetingRow.id)
            .limit(limit)
            .with_for_update(skip_locked=True)
        )
        return [MeetingId(id_) for id_ in rows]


def _tombstone(row: ErasureRow) -> Tombstone:
    return Tombstone(
        PersonId(row.person_id),
        row.erased_at,
        policy_of(row.policy),
        row.pseudonym,
        tuple(VoiceprintId(id_) for id_ in row.voiceprint_ids),
    )
