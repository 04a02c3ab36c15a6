"""Rows of people and of their consents.

Owns reading, listing and changing them, and the rule of who may read a person in SQL; never a voiceprint
(``adapters/voiceprints.py``) and never what must happen besides (``services/people.py``).

Usage::

    async with units() as unit:
        person = await unit.people.readable(person_id, who)
"""

from collections.abc import Collection, Iterable
from typing import Any, cast
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    CursorResult,
    Select,
    Uuid,
    delete,
    exists,
    func,
    insert,
    literal,
    or_,
    select,
    true,
    tuple_,
    update,
)
from sqlalchemy.ext.asyncio import AsyncSession

from scribe.core.voices_db import ConsentRow, PersonRow, VoiceprintRow
from scribe.domain.accounts import Principal
from scribe.domain.folding import fold
from scribe.domain.meeting import UserId
from scribe.domain.people import (
    Consent,
    Person,
    PersonChanges,
    PersonCursor,
    PersonId,
    PersonPage,
    PersonQuery,
    is_called,
    is_storable,
    search_text,
    sort_name,
)


def readable_by(who: Principal) -> ColumnElement[bool]:
    """``domain.people.may_read_person`` in SQL; a test holds the two together."""
    return true() if who.is_admin else in_scope_of(who.user_id)


def in_scope_of(owner_id: UserId) -> ColumnElement[bool]:
    """Who may be looked for in a meeting of this user, be it an administrator's."""
    return or_(PersonRow.owner_id == owner_id, PersonRow.is_shared)


def has_active_consent() -> ColumnElement[bool]:
    return exists().where(ConsentRow.person_id == PersonRow.id, ConsentRow.withdrawn_at.is_(None))


class PersonRepository:
    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def add(self, person: Person, *, merged_ids: Collection[PersonId] = ()) -> Person:
        """With the times of the database."""
        await self._session.execute(
            insert(PersonRow).values(
                id=person.id,
                owner_id=person.owner_id,
                name=person.name,
                folded_name=sort_name(person.name),
                folded_text=search_text(person.name, person.aliases, person.note),
                aliases=list(person.aliases),
                note=person.note,
                is_shared=person.is_shared,
                merged_ids=list(merged_ids),
            )
        )
        return await self._existing(person.id)

    async def readable(self, person_id: PersonId, who: Principal, *, for_update: bool = False) -> Person | None:
        """The one way to a single person on somebody's behalf; ``None``: not there, or not theirs to know of."""
        if for_update and not await self.lock([person_id]):
            return None
        return await self._one(_people().where(PersonRow.id == person_id, readable_by(who)))

    async def get(self, person_id: PersonId, *, for_update: bool = False) -> Person | None:
        """On nobody's behalf."""
        if for_update and not await self.lock([person_id]):
            return None
        return await self._one(_people().where(PersonRow.id == person_id))

    async def lock(self, person_ids: Collection[PersonId]) -> set[PersonId]:
        """Nobody else changes, teaches or merges them until the transaction ends; those of them that are there.

        A statement of its own: one that waited for a lock would count prints and consents as they were before.
        """
        query = select(PersonRow.id).where(PersonRow.id.in_(person_ids)).order_by(PersonRow.id).with_for_update()
        return {PersonId(found) for found in await self._session.scalars(query)}

    async def page(self, who: Principal, query: PersonQuery) -> PersonPage:
        """By name. Raises: OptionError on a cursor that is none of ours."""
        rows = _people().where(readable_by(who))
        if not is_storable(query.text):
            return PersonPage((), None)
        if query.text.strip():
            rows = rows.where(PersonRow.folded_text.contains(fold(query.text.strip()), autoescape=True))
        if query.after is not None:
            last = PersonCursor.decode(query.after)
            position = tuple_(PersonRow.folded_name, PersonRow.id)
            rows = rows.where(position > tuple_(literal(last.sort_name), literal(last.id, Uuid())))
        ordered = rows.order_by(PersonRow.folded_name, PersonRow.id).limit(query.limit + 1)
        found = [_person(row) for row in await self._session.execute(ordered)]
        people = found[: query.limit]
        if len(found) <= query.limit:
            return PersonPage(people, None)
        return PersonPage(people, PersonCursor(sort_name(people[-1].name), people[-1].id).encode())

    async def called(self, who: Principal, called: str) -> list[Person]:
        """Whoever goes by this name, alias or id (also one that was merged into them) and may be read; the oldest
        first."""
        query = _people().where(readable_by(who), _may_be_called([called])).order_by(PersonRow.id)
        return [_person(row) for row in await self._session.execute(query) if _goes_by(called, row)]

    async def named(self, owner_id: UserId, names: Collection[str]) -> dict[str, list[PersonId]]:
        """Whom each name, alias or id stands for among those who may be looked for in a meeting of ``owner_id``;
        nobody: an empty list."""
        answer: dict[str, list[PersonId]] = {name: [] for name in names}
        if not answer:
            return answer
        query = (
            select(PersonRow.id, PersonRow.name, PersonRow.aliases, PersonRow.merged_ids)
            .where(in_scope_of(owner_id), _may_be_called(answer))
            .order_by(PersonRow.id)
        )
        for row in await self._session.execute(query):
            for called, ids in answer.items():
                if _goes_by(called, row):
                    ids.append(PersonId(row.id))
        return answer

    async def names_of(self, person_ids: Collection[PersonId], who: Principal) -> dict[PersonId, str]:
        """Those of them who may be read."""
        query = select(PersonRow.id, PersonRow.name).where(PersonRow.id.in_(person_ids), readable_by(who))
        return {PersonId(id_): name for id_, name in await self._session.execute(query)}

    async def change(self, person_id: PersonId, changes: PersonChanges) -> Person:
        """Of a person whose row is locked."""
        before = await self._existing(person_id)
        name = before.name if changes.name is None else changes.name
        aliases = before.aliases if changes.aliases is None else changes.aliases
        note = before.note if changes.note is None else changes.note
        await self._session.execute(
            update(PersonRow)
            .where(PersonRow.id == person_id)
            .values(
                name=name,
                folded_name=sort_name(name),
                folded_text=search_text(name, aliases, note),
                aliases=list(aliases),
                note=note,
                is_shared=before.is_shared if changes.is_shared is None else changes.is_shared,
                version=PersonRow.version + 1,
                updated_at=func.now(),
            )
        )
        return await self._existing(person_id)

    async def delete(self, person_id: PersonId) -> None:
        """With prints, consents and enrolments; their files are the caller's."""
        await self._session.execute(delete(PersonRow).where(PersonRow.id == person_id))

    async def merged_ids(self, person_id: PersonId) -> list[PersonId]:
        """Entries that were merged into this one, and are gone. Whoever is forgotten is forgotten under each."""
        found = await self._session.scalar(select(PersonRow.merged_ids).where(PersonRow.id == person_id))
        return [PersonId(merged) for merged in found or ()]

    # --- consents -----------------------------------------------------------------------------------------------------

    async def consents(self, person_id: PersonId) -> list[Consent]:
        """The oldest first."""
        query = select(ConsentRow).where(ConsentRow.person_id == person_id)
        fresh = query.order_by(ConsentRow.recorded_at, ConsentRow.id).execution_options(populate_existing=True)
        return [_consent(row) for row in await self._session.scalars(fresh)]

    async def add_consent(self, consent: Consent) -> None:
        await self._session.execute(
            insert(ConsentRow).values(
                id=consent.id,
                person_id=consent.person_id,
                given_by=consent.given_by,
                text_version=consent.text_version,
                given_at=consent.given_at,
                recorded_at=consent.recorded_at,
                recorded_by=consent.recorded_by,
                withdrawn_at=consent.withdrawn_at,
            )
        )

    async def withdraw_consent(self, consent_id: UUID) -> bool:
        """Whether there was one that was active."""
        changed = await self._session.execute(
            update(ConsentRow)
            .where(ConsentRow.id == consent_id, ConsentRow.withdrawn_at.is_(None))
            .values(withdrawn_at=func.now())
        )
        return cast("CursorResult[Any]", changed).rowcount > 0

    async def has_consent(self, person_id: PersonId) -> bool:
        """Whether one is active."""
        query = select(exists().where(ConsentRow.person_id == person_id, ConsentRow.withdrawn_at.is_(None)))
        return bool(await self._session.scalar(query))

    async def _existing(self, person_id: PersonId) -> Person:
        found = await self.get(person_id)
        assert found is not None  # noqa: S101 -- inserted by the caller, or its row is locked
        return found

    async def _one(self, query: Select[Any]) -> Person | None:
        found = (await self._session.execute(query)).first()
        return None if found is None else _person(found)


_COLUMNS = ("id", "owner_id", "name", "aliases", "note", "is_shared", "version", "created_at", "updated_at")


def _people() -> Select[Any]:
    prints = select(VoiceprintRow.id).where(VoiceprintRow.person_id == PersonRow.id)
    num_voiceprints = prints.with_only_columns(func.count()).scalar_subquery()
    speech_s = prints.with_only_columns(func.coalesce(func.sum(VoiceprintRow.speech_s), 0.0)).scalar_subquery()
    return select(
        *(PersonRow.__table__.c[name] for name in _COLUMNS),
        num_voiceprints.label("num_voiceprints"),
        speech_s.label("speech_s"),
        has_active_consent().label("has_consent"),
        PersonRow.merged_ids,
    )


def _person(row: Any) -> Person:
    return Person(
        id=PersonId(row.id),
        owner_id=UserId(row.owner_id),
        name=row.name,
        aliases=tuple(row.aliases),
        note=row.note,
        is_shared=row.is_shared,
        version=row.version,
        created_at=row.created_at,
        updated_at=row.updated_at,
        num_voiceprints=row.num_voiceprints,
        speech_s=row.speech_s,
        has_consent=row.has_consent,
    )


def _consent(row: ConsentRow) -> Consent:
    return Consent(
        id=row.id,
        person_id=PersonId(row.person_id),
        given_by=row.given_by,
        text_version=row.text_version,
        given_at=row.given_at,
        recorded_at=row.recorded_at,
        recorded_by=None if row.recorded_by is None else UserId(row.recorded_by),
        withdrawn_at=row.withdrawn_at,
    )


def _may_be_called(names: Iterable[str]) -> ColumnElement[bool]:
    """Lets too many through: a name may be a part of another, or stand in a note."""
    names = [name for name in names if is_storable(name)]
    ids = [id_ for id_ in map(_id, names) if id_ is not None]
    folded = {fold(" ".join(name.split())) for name in names}
    return or_(
        PersonRow.id.in_(ids),
        PersonRow.merged_ids.overlap(ids),
        *(PersonRow.folded_text.contains(text, autoescape=True) for text in folded),
    )


def _goes_by(called: str, row: Any) -> bool:
    return _id(called) in {row.id, *row.merged_ids} or is_called(called, row.name, row.aliases)


def _id(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
