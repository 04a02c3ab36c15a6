"""Where meetings speak of people, and what happens to that when two entries become one, or one becomes two.

Owns these statements, each over all meetings at once; never decides who may ask for it (``services/people.py``,
``services/people_merging.py``). Whoever calls what changes something holds the locks: meetings, then people.

Usage::

    ties = PersonTies(unit.session)
    meetings = await ties.lock_meetings([into, other])
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from sqlalchemy import TextClause, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from scribe.adapters.meetings import visible_to
from scribe.core.models_db import MeetingRow, UserRow
from scribe.core.voices_db import SpeakerRow, VoiceprintRow
from scribe.domain.accounts import Principal
from scribe.domain.meeting import MeetingId, UserId
from scribe.domain.people import PersonId, VoiceprintId
from scribe.domain.speech import SpeakerLabel
from scribe.domain.voice_archive import ArchivedMeeting

_CONSIDERED = (
    "exists (select from jsonb_array_elements(candidates) as listed(each) where each ->> 'person_id' = any(:ids))"
)
_SPOKEN_OF = f"person_id = any(:people) or refused && :people or {_CONSIDERED}"
_DECIDED = (
    "kind = 'name' and "
    "(payload -> 'before' ->> 'person_id' = any(:ids) or payload -> 'after' ->> 'person_id' = any(:ids))"
)
_WISHED_FOR = "jsonb_typeof(options -> 'voices') = 'array' and jsonb_exists_any(options -> 'voices', :ids)"
_TIED = f"""
    select id from meetings
    where id in (select meeting_id from speakers where {_SPOKEN_OF})
       or id in (select meeting_id from edits where {_DECIDED})
       or ({_WISHED_FOR})
    order by id
"""  # noqa: S608 -- constants of this module
_NAMED = """
    select id from meetings
    where id in (select meeting_id from speakers where person_id = any(:people))
    order by id
"""
_SPEAKERS_OF_PRINTS = """
    select meeting_id, label from speakers
    where learned_print_id = any(:prints)
       or (person_id = :person and (meeting_id, label) in (
              select meeting_id, label from voiceprints where id = any(:prints) and meeting_id is not null))
    order by meeting_id, label
"""
_MENTIONED_LABELS = f"select meeting_id, label from speakers where {_SPOKEN_OF}"  # noqa: S608 -- as above
_NAMED_LABELS = """
    select meeting_id, label from speakers where person_id = :person and naming in ('auto', 'confirmed', 'suggested')
"""
_RENAMED = """
    update meetings set names_version = names_version + 1, version = version + 1, updated_at = now()
    where id = any(:meetings) returning id, owner_id, names_version
"""
_ASK = """
    update meetings set recognition_asked_at = coalesce(recognition_asked_at, now()) where id = any(:meetings)
"""
_BY_MACHINE = "naming in ('auto', 'suggested')"
_ASK_FOR_MACHINES = f"""
    update meetings set recognition_asked_at = coalesce(recognition_asked_at, now())
    where id in (select meeting_id from speakers where person_id = :person and {_BY_MACHINE})
"""  # noqa: S608 -- as above
_ASK_FOR_OTHERS = f"{_ASK_FOR_MACHINES} and owner_id <> :owner"

_TWICE_LEARNED = """
    select gone.id as gone, kept.id as kept
    from voiceprints gone
    join voiceprints kept on kept.meeting_id = gone.meeting_id and kept.label = gone.label
    where gone.person_id = :other and kept.person_id = :into and gone.is_learned and kept.is_learned
    order by gone.id
"""
_HAND_OVER = (
    "update voiceprints set person_id = :into where person_id = :other",
    "update consents set person_id = :into where person_id = :other",
    "update enrolments set person_id = :into where person_id = :other",
    """
    update enrolments set result = replace(cast(result as text), :other_id, :into_id)::jsonb
    where strpos(cast(result as text), :other_id) > 0
    """,
    "update speakers set person_id = :into where person_id = :other",
    """
    update edits set payload = replace(cast(payload as text), :other_id, :into_id)::jsonb
    where kind = 'name' and strpos(cast(payload as text), :other_id) > 0
    """,
    """
    update speakers set refused = array(
        select distinct case when each = :other then :into else each end from unnest(refused) as listed(each) order by 1
    ) where :other = any(refused)
    """,
    """
    update speakers set candidates = (
        select coalesce(jsonb_agg(jsonb_set(each, '{person_id}', to_jsonb(person)) order by place), '[]')
        from (
            select distinct on (person) each, place, person
            from (
                select each, place, case when each ->> 'person_id' = :other_id then :into_id
                                         else each ->> 'person_id' end as person
                from jsonb_array_elements(candidates) with ordinality as listed(each, place)
            ) as renamed
            order by person, place
        ) as once
    ) where exists (select from jsonb_array_elements(candidates) as listed(each) where each ->> 'person_id' = :other_id)
    """,
    """
    update speakers set refused = array_remove(refused, :into)
    where naming = 'confirmed' and person_id = :into and :into = any(refused)
    """,
    f"""
    update speakers set naming = 'unknown', person_id = null
    where {_BY_MACHINE} and person_id = :into and :into = any(refused)
    """,  # noqa: S608 -- constants of this module
    """
    update meetings set options = jsonb_set(options, '{voices}', (
        select jsonb_agg(
            distinct case when wish #>> '{}' = :other_id then to_jsonb(cast(:into_id as text)) else wish end)
        from jsonb_array_elements(options -> 'voices') as listed(wish)
    )) where jsonb_typeof(options -> 'voices') = 'array' and jsonb_exists(options -> 'voices', :other_id)
    """,
    """
    update people set merged_ids = array_append(merged_ids, cast(:other as uuid))
        || (select gone.merged_ids from people as gone where gone.id = :other)
    where id = :into
    """,
    "delete from people where id = :other",
)
"""In this order: who was refused as ``other`` is refused as ``into`` (unless a human said that it is ``into``)."""
_PRESENT = """
    select id from people where id = any(:people)
    union select each from people, unnest(merged_ids) as listed(each) where each = any(:people)
"""
_BRANCH_OFF = (
    "update voiceprints set person_id = :new where id = any(:prints) and person_id = :person",
    "update enrolments set person_id = :new where voiceprint_id = any(:prints) and person_id = :person",
)


@dataclass(frozen=True, slots=True)
class TouchedMeeting:
    """Its result files are to be written again."""

    id: MeetingId
    owner_id: UserId
    names_version: int
    labels: tuple[SpeakerLabel, ...]


Labels = dict[MeetingId, list[SpeakerLabel]]


class PersonTies:
    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def lock_meetings(self, people: Collection[PersonId]) -> frozenset[MeetingId]:
        """All that speak of one of them in any way, in the order of their ids. To be taken before the people."""
        return await self._meetings(f"{_TIED} for update", people)

    async def meetings(self, people: Collection[PersonId]) -> frozenset[MeetingId]:
        """The same, without a lock."""
        return await self._meetings(_TIED, people)

    async def lock_naming_meetings(self, person_id: PersonId) -> frozenset[MeetingId]:
        """Those in which the person is named or suggested. To be taken before the person."""
        return await self._meetings(f"{_NAMED} for update", [person_id])

    async def naming_meetings(self, person_id: PersonId) -> frozenset[MeetingId]:
        """The same, without a lock."""
        return await self._meetings(_NAMED, [person_id])

    async def labels_speaking_of(self, person_id: PersonId) -> Labels:
        return await self._labels(text(_MENTIONED_LABELS), _people([person_id]))

    async def labels_named(self, person_id: PersonId) -> Labels:
        """What is written in result files."""
        return await self._labels(text(_NAMED_LABELS), {"person": person_id})

    async def labels_of_prints(self, person_id: PersonId, prints: Collection[VoiceprintId]) -> Labels:
        """Speakers whom these prints were learned or enrolled from, as far as they are this person."""
        return await self._labels(text(_SPEAKERS_OF_PRINTS), {"person": person_id, "prints": list(prints)})

    async def rename(self, labels: Labels) -> list[TouchedMeeting]:
        """Names in these meetings changed."""
        rows = (await self._session.execute(text(_RENAMED), {"meetings": list(labels)})).all()
        return [
            TouchedMeeting(
                MeetingId(row.id), UserId(row.owner_id), row.names_version, tuple(sorted(labels[MeetingId(row.id)]))
            )
            for row in sorted(rows, key=lambda row: row.id)
        ]

    async def ask_recognition(self, meetings: Iterable[MeetingId]) -> None:
        await self._session.execute(text(_ASK), {"meetings": list(meetings)})

    async def ask_where_a_machine_named(self, person_id: PersonId, *, not_of: UserId | None = None) -> None:
        """The person's voice changed, or they may not be looked for by everybody any more (``not_of``: but by this
        user)."""
        if not_of is None:
            await self._session.execute(text(_ASK_FOR_MACHINES), {"person": person_id})
        else:
            await self._session.execute(text(_ASK_FOR_OTHERS), {"person": person_id, "owner": not_of})

    async def hand_over(self, other: PersonId, into: PersonId) -> None:
        """All of ``other`` becomes ``into``'s, and ``other`` is gone. What :meth:`twice_learned` told is deleted."""
        values = {"other": other, "into": into, "other_id": str(other), "into_id": str(into)}
        for statement in _HAND_OVER:
            await self._run(text(statement), values)

    async def twice_learned(self, other: PersonId, into: PersonId) -> list[VoiceprintId]:
        """Learned prints of ``other`` that ``into`` has of the same speakers of the same meetings; what referred to
        them refers to ``into``'s from now on."""
        rows = (await self._session.execute(text(_TWICE_LEARNED), {"other": other, "into": into})).all()
        for row in rows:
            await self._session.execute(
                text("update speakers set learned_print_id = :kept where learned_print_id = :gone"),
                {"kept": row.kept, "gone": row.gone},
            )
        return [VoiceprintId(row.gone) for row in rows]

    async def owners_of(self, prints: Collection[VoiceprintId]) -> dict[VoiceprintId, PersonId]:
        query = select(VoiceprintRow.id, VoiceprintRow.person_id).where(VoiceprintRow.id.in_(prints))
        return {VoiceprintId(id_): PersonId(person) for id_, person in await self._session.execute(query)}

    async def present(self, people: Collection[PersonId]) -> frozenset[PersonId]:
        """Those of them who are here, be it as a part of somebody they were merged into."""
        found = await self._session.execute(text(_PRESENT), {"people": list(people)})
        return frozenset(PersonId(row.id) for row in found)

    async def users(self, users: Collection[UserId]) -> frozenset[UserId]:
        """Those of them who have an account."""
        return frozenset(
            UserId(id_) for id_ in await self._session.scalars(select(UserRow.id).where(UserRow.id.in_(users)))
        )

    async def appearances(self, who: Principal, person_id: PersonId) -> list[ArchivedMeeting]:
        """Meetings that ``who`` may see in which the person is named, the oldest first."""
        query = (
            select(MeetingRow.id, MeetingRow.created_at, MeetingRow.held_on, SpeakerRow.label)
            .join(SpeakerRow, SpeakerRow.meeting_id == MeetingRow.id)
            .where(SpeakerRow.person_id == person_id, SpeakerRow.naming.in_(["auto", "confirmed"]), visible_to(who))
            .order_by(MeetingRow.created_at, MeetingRow.id, SpeakerRow.label)
        )
        rows = (await self._session.execute(query)).all()
        return [
            ArchivedMeeting(MeetingId(id_), created_at, held_on, tuple(SpeakerLabel(row.label) for row in of_one))
            for (id_, created_at, held_on), of_one in groupby(rows, key=lambda row: (row[0], row[1], row[2]))
        ]

    async def branch_off(
        self, person_id: PersonId, new: PersonId, prints: Collection[VoiceprintId], labels: Labels
    ) -> None:
        """These prints and these speakers are ``new``'s."""
        values = {"person": person_id, "new": new, "prints": list(prints)}
        for statement in _BRANCH_OFF:
            await self._run(text(statement), values)
        for meeting_id, names in labels.items():
            await self._session.execute(
                text("update speakers set person_id = :new where meeting_id = :meeting and label = any(:labels)"),
                {"new": new, "meeting": meeting_id, "labels": names},
            )

    async def _meetings(self, query: str, people: Collection[PersonId]) -> frozenset[MeetingId]:
        return frozenset(MeetingId(id_) for id_ in await self._session.scalars(text(query), _people(people)))

    async def _labels(self, query: TextClause, values: dict[str, Any]) -> Labels:
        labels: Labels = {}
        for row in await self._session.execute(query, values):
            labels.setdefault(MeetingId(row.meeting_id), []).append(SpeakerLabel(row.label))
        return labels

    async def _run(self, statement: TextClause, values: dict[str, Any]) -> None:
        """The driver refuses what a statement does not ask for."""
        asked = statement.compile().params
        await self._session.execute(statement, {name: value for name, value in values.items() if name in asked})


def _people(people: Collection[PersonId]) -> dict[str, Any]:
    return {"people": list(people), "ids": [str(person) for person in people]}
