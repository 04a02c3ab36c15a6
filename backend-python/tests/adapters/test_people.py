"""Rows of people and consents: who is found, by whom, in which order."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scribe.adapters.unit_of_work import UnitOfWorkFactory
from scribe.core.ids import uuid7
from scribe.domain.accounts import Principal
from scribe.domain.errors import OptionError
from scribe.domain.people import (
    Consent,
    Person,
    PersonChanges,
    PersonCursor,
    PersonId,
    PersonQuery,
    clean_name,
    may_read_person,
    sort_name,
)
from tests.bank import enter


async def test_the_rule_in_sql_is_the_rule_of_the_domain(
    units: UnitOfWorkFactory, member: Principal, stranger: Principal, administrator: Principal
) -> None:
    people = [
        await enter(units, owner, "Claire", is_shared=is_shared)
        for owner in (member, stranger, administrator)
        for is_shared in (False, True)
    ]
    for who in (member, stranger, administrator):
        async with units() as unit:
            page = await unit.people.page(who, PersonQuery())
            listed = {person.id for person in page.people}
            named = set((await unit.people.named(who.user_id, ["claire"]))["claire"])
            called = {person.id for person in await unit.people.called(who, "CLAIRE")}
            shown = set(await unit.people.names_of([person.id for person in people], who))
            for person in people:
                may = may_read_person(who, person.owner_id, is_shared=person.is_shared)
                for for_update in (False, True):
                    found = await unit.people.readable(person.id, who, for_update=for_update)
                    assert (found is not None) == may, who.username
                for found_in in (listed, called, shown):
                    assert (person.id in found_in) == may, who.username
                # In a meeting of an administrator, too, only their own people and shared ones are looked for.
                assert (person.id in named) == (person.is_shared or person.owner_id == who.user_id)


async def test_a_person_is_found_without_case_and_accents_in_name_aliases_and_note(
    units: UnitOfWorkFactory, member: Principal
) -> None:
    helene = await enter(units, member, "Hélène Étienne", aliases=("LN",), note="Comité d'ÉTÉ\nla trésorière")
    await enter(units, member, "Zoé 100%")
    for text in ("helene", "HÉLÈNE", "etienne", "ln", "tresoriere", " Étienne ", "hélène"):
        async with units() as unit:
            assert [person.id for person in (await unit.people.page(member, PersonQuery(text))).people] == [helene.id]
    for text, expected in (("%", ["Zoé 100%"]), ("_", []), ("\\", []), ("\0", []), ("\ud800", [])):
        async with units() as unit:
            assert [person.name for person in (await unit.people.page(member, PersonQuery(text))).people] == expected


async def test_pages_together_hold_everybody_once_in_the_order_of_names(
    units: UnitOfWorkFactory, member: Principal
) -> None:
    names = ["Zoé", "adèle", "Ève", "Bruno", "Ève", "Élodie", "bruno"]
    people = [await enter(units, member, name) for name in names]
    found: list[Person] = []
    after = None
    for _ in names:
        async with units() as unit:
            page = await unit.people.page(member, PersonQuery(after=after, limit=2))
        found += page.people
        after = page.next
        if after is None:
            break
    assert [person.id for person in found] == [
        person.id for person in sorted(people, key=lambda person: (sort_name(person.name), person.id))
    ]


@given(st.text(max_size=40) | st.from_regex(r"[A-Za-z0-9_-]{0,60}"))
def test_a_cursor_is_ours_or_refused(text: str) -> None:
    try:
        cursor = PersonCursor.decode(text)
    except OptionError:
        return
    assert PersonCursor.decode(cursor.encode()) == cursor


async def test_a_name_an_alias_or_an_id_leads_to_the_people_who_bear_it(
    units: UnitOfWorkFactory, member: Principal, stranger: Principal
) -> None:
    claire = await enter(units, member, "Claire Martin", aliases=("Claire",))
    other = await enter(units, member, "CLAIRE", note="Bob")
    theirs = await enter(units, stranger, "Claire")
    asked = ["claire", " Claire  Martin ", str(other.id), str(theirs.id), "Bob", "Clair", "", "\0", "\ud800", "%"]
    async with units() as unit:
        named = await unit.people.named(member.user_id, asked)
        assert await unit.people.named(member.user_id, []) == {}
    assert named == {
        "claire": [claire.id, other.id],
        " Claire  Martin ": [claire.id],
        str(other.id): [other.id],
        **{nobody: [] for nobody in (str(theirs.id), "Bob", "Clair", "", "\0", "\ud800", "%")},
    }


async def test_what_is_changed_is_found_under_its_new_name_and_counted(
    units: UnitOfWorkFactory, member: Principal
) -> None:
    before = await enter(units, member, "Clair", aliases=("C",), note="treasurer")
    async with units() as unit:
        changed = await unit.people.change(before.id, PersonChanges(name="Claire", is_shared=True))
    assert changed == replace(before, name="Claire", is_shared=True, version=2, updated_at=changed.updated_at)
    assert changed.updated_at > before.updated_at
    async with units() as unit:
        assert await unit.people.called(member, "clair") == []
        assert await unit.people.called(member, "CLAIRE") == [changed]
        assert list((await unit.people.page(member, PersonQuery("treas"))).people) == [changed]


async def test_the_longest_names_and_notes_fit_their_indexes(units: UnitOfWorkFactory, member: Principal) -> None:
    name = "\N{ARABIC LIGATURE SALLALLAHOU ALAYHE WASALLAM}" * 100  # 18 characters each, without typographic variants
    longest = await enter(units, member, name, aliases=tuple(f"{i:02d}" + "\U00020000" * 98 for i in range(20)))
    async with units() as unit:
        assert await unit.people.called(member, clean_name(name)) == [longest]
        page = await unit.people.page(member, PersonQuery(limit=1))
    assert list(page.people) == [longest]


async def test_consents_are_kept_when_withdrawn(units: UnitOfWorkFactory, member: Principal) -> None:
    person = await enter(units, member, "Claire", has_consent=False)
    now = datetime.now(UTC)
    given_ = [
        Consent(uuid7(), person.id, "Claire, signed", "fr-1", now, now + timedelta(microseconds=later), member.user_id)
        for later in range(2)
    ]
    async with units() as unit:
        for consent in given_:
            await unit.people.add_consent(consent)
        assert await unit.people.consents(person.id) == given_
    for consent in given_:
        async with units() as unit:
            assert await unit.people.has_consent(person.id)
            assert await unit.people.withdraw_consent(consent.id)
            assert not await unit.people.withdraw_consent(consent.id)
    async with units() as unit:
        assert not await unit.people.has_consent(person.id)
        assert [consent.is_active for consent in await unit.people.consents(person.id)] == [False, False]
        read = await unit.people.get(person.id)
        assert read is not None
        assert not read.has_consent


async def test_whoever_waits_for_a_person_sees_what_was_decided_meanwhile(
    units: UnitOfWorkFactory, member: Principal
) -> None:
    """A single statement that waits for the row counts consents as they were when it began."""
    import asyncio

    person = await enter(units, member, "Claire")

    async def wait_for_it() -> Person | None:
        async with units() as unit:
            return await unit.people.readable(person.id, member, for_update=True)

    async with units() as unit:
        await unit.people.lock([person.id])
        waiting = asyncio.create_task(wait_for_it())
        async with units() as watching:
            while not await _is_somebody_waiting(watching):  # noqa: ASYNC110 -- the database is asked, nothing rings
                await asyncio.sleep(0)
        (consent,) = await unit.people.consents(person.id)
        await unit.people.withdraw_consent(consent.id)
    seen = await waiting
    assert seen is not None
    assert not seen.has_consent


async def _is_somebody_waiting(unit: object) -> bool:
    from sqlalchemy import text

    from scribe.adapters.unit_of_work import UnitOfWork

    assert isinstance(unit, UnitOfWork)
    return bool(await unit.session.scalar(text("select exists (select from pg_locks where not granted)")))


@pytest.mark.parametrize("unknown", [PersonId(uuid7())])
async def test_nobody_is_nobody(units: UnitOfWorkFactory, administrator: Principal, unknown: PersonId) -> None:
    async with units() as unit:
        assert await unit.people.get(unknown) is None
        assert await unit.people.readable(unknown, administrator, for_update=True) is None
        assert await unit.people.consents(unknown) == []
        assert await unit.people.merged_ids(unknown) == []
        await unit.people.delete(unknown)
