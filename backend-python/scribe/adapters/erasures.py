"""Everything the database holds of one person, found and removed; rows of ``erasures``.

Owns these statements, each over all meetings at once: somebody may have sat in thousands of them. Never decides who
may ask for it, never a file: what must go from storage is returned as keys and folders (``services/forgetting.py``).

Usage::

    await unit.erasures.lock_meetings(Subject(person_id))
    person = await unit.erasures.lock_person(person_id)
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Text, and_, cast, delete, func, or_, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from scribe.core.models_db import (
    EnrolmentRow,
    ErasureRow,
    PersonRow,
    VoiceprintRow,
)
from scribe.domain.erasures import VOICE_ERASED, Tombstone, without_person
from scribe.domain.meeting import MeetingId, UserId
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
_ASKED_FOR = "jsonb_exists(options -> 'voices', :id)"
_MEETINGS_SQL = f"""
    select id from meetings
    where id in (select meeting_id from speakers where {_HEARD} or {_CONSIDERED} or :person = any(refused))
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
_RENAMED = text("""
    update meetings set names_version = names_version + 1, version = version + 1, updated_at = now()
    where id = any(:meetings) returning id, owner_id, names_version
""")


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

    async def erase_enrolments(self, person_id: PersonId) -> list[UUID]:
        """The person's own, and tests of clips that sounded like them; others' lose the mention. Returns those whose
        clips are to go."""
        is_about = cast(EnrolmentRow.result, Text).contains(str(person_id))
        own = await self._session.scalars(
            delete(EnrolmentRow)
            .where(or_(EnrolmentRow.person_id == person_id, and_(EnrolmentRow.kind == "test", is_about)))
            .returning(EnrolmentRow.id)
        )
        gone = list(own)
        for row in (await self._session.execute(select(EnrolmentRow.id, EnrolmentRow.result).where(is_about))).all():
            await self._session.execute(
                update(EnrolmentRow)
                .where(EnrolmentRow.id == row.id)
                .values(result=without_person(row.result, person_id))
                .execution_options(synchronize_session=False)
            )
        return gone

    async def unname(self, person_id: PersonId, name: str) -> list[tuple[MeetingId, SpeakerLabel]]:
        """Speakers are called ``name`` from now on, and it is plain text."""
        rows = (await self._session.execute(_UNNAME, {"person": person_id, "name": name})).all()
        refusals = (await self._session.execute(_ERASE_REFUSALS, {"person": person_id})).all()
        return [(MeetingId(row.meeting_id), SpeakerLabel(row.label)) for row in (*rows, *refusals)]

    async def delete_person(self, person_id: PersonId) -> None:
        """With consents and all that hangs on the row."""
        await self._session.execute(delete(PersonRow).where(PersonRow.id == person_id))

    async def renamed(self, meetings: Collection[MeetingId]) -> list[RenamedMeeting]:
        """Their result files are to be written again."""
        rows = (await self._session.execute(_RENAMED, {"meetings": list(meetings)})).all()
        return [RenamedMeeting(MeetingId(row.id), UserId(row.owner_id), row.names_version) for row in rows]

    # --- tombstones ---------------------------------------------------------------------------------------------------

    async def add(self, stone: Tombstone, *, is_stored: bool = False) -> None:
        """Somebody who withdrew consent before and is forgotten now has the later tombstone."""
        values = {
            "erased_at": stone.erased_at,
            "policy": stone.kind,
            "pseudonym": stone.pseudonym,
            "is_stored": is_stored,
        }
        added = insert(ErasureRow).values(
            person_id=stone.person_id, voiceprint_ids=list(stone.voiceprint_ids), **values
        )
        together = func.array_cat(ErasureRow.voiceprint_ids, added.excluded.voiceprint_ids)
        await self._session.execute(
            added.on_conflict_do_update(
                index_elements=[ErasureRow.person_id], set_={**values, "voiceprint_ids": together}
            )
        )
