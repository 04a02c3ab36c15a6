"""Searching, lists by who speaks, and tags over HTTP."""

from datetime import date

import httpx
from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncEngine

from scribe.adapters.storage import Storage
from scribe.adapters.unit_of_work import UnitOfWorkFactory
from scribe.core.config import VoicesSettings
from scribe.domain.accounts import Principal
from scribe.domain.meetings import MeetingQuery
from scribe.services import listing
from scribe.services.indexing import Indexer
from scribe.services.naming import FreeName, ToPerson, name
from tests.bank import enter
from tests.named_meetings import completed, label
from tests.pending_meetings import add_meeting, add_meetings, change_row

SEARCH, MEETINGS = "/api/v1/search", "/api/v1/meetings"
SETTINGS = VoicesSettings()


async def test_a_quote_has_all_that_is_shown_of_it(
    client: httpx.AsyncClient, units: UnitOfWorkFactory, storage: Storage, member: Principal
) -> None:
    meeting = await completed(units, storage, member.user_id)
    await change_row(units, meeting.id, title="Comité", held_on=date(2026, 11, 21))
    await name(units, storage, SETTINGS, member, meeting.id, label(0), FreeName("Claire"))
    await Indexer(units, storage).index(meeting.id)
    answer = await client.get(SEARCH, params={"q": "budget", "label_name": "CLAIRE", "from": "2026-11-21"})
    assert answer.status_code == 200
    assert answer.json() == {
        "items": [
            {
                "meeting": {
                    "id": str(meeting.id),
                    "title": "Comité",
                    "held_on": "2026-11-21",
                    "created_at": meeting.created_at.isoformat().replace("+00:00", "Z"),
                },
                "segment": {
                    "index": 1,
                    "start": 5.9,
                    "end": 12.0,
                    "speaker": "SPEAKER_00",
                    "name": "Claire",
                    "text": "D'abord le budget de l'année prochaine, ensuite le déménagement, et enfin la date.",
                    "language": "fr",
                },
                "matches": [[11, 17]],
                "before": "Bonjour à tous, je vous propose de commencer. Nous avons trois points à l'ordre du jour.",
                "after": "Est-ce que tout le monde a bien reçu le compte rendu ?",
            }
        ],
        "next": None,
        "total": 1,
    }
    assert (await client.get(SEARCH, params={"q": "budget", "to": "2026-11-20"})).json()["items"] == []


async def test_pages_are_followed_by_their_cursor(
    client: httpx.AsyncClient, units: UnitOfWorkFactory, storage: Storage, member: Principal
) -> None:
    for _ in range(3):
        await Indexer(units, storage).index((await completed(units, storage, member.user_id)).id)
    first = (await client.get(SEARCH, params={"q": "budget", "limit": 2})).json()
    assert (len(first["items"]), first["total"]) == (2, 3)
    second = await client.get(SEARCH, params={"q": "budget", "limit": 2, "cursor": first["next"]})
    assert len(second.json()["items"]) == 1
    assert second.json()["next"] is None
    ids = [item["meeting"]["id"] for item in first["items"] + second.json()["items"]]
    assert len(set(ids)) == 3


async def test_what_is_no_search_is_refused(client: httpx.AsyncClient) -> None:
    for params in ({}, {"q": ""}, {"q": "   "}, {"q": "a" * 201}, {"q": "a", "limit": "0"}, {"q": "a", "from": "soon"}):
        assert (await client.get(SEARCH, params=params)).status_code == 422, params
    for cursor in ("x", "after-", "after-x", "after--1", "after-99999999", "after-١"):
        answer = await client.get(SEARCH, params={"q": "a", "cursor": cursor})
        assert (answer.status_code, answer.json()["code"]) == (422, "option.invalid"), cursor


async def test_what_nobody_would_type_is_no_error(client: httpx.AsyncClient) -> None:
    for query in (
        "'",
        "\\",
        "a:*",
        "!a & b | (c",
        "<->",
        '"',
        "-",
        "é'é",
        "''",
        "a\u200bb",
        "½",
        "ŉ",
        "𝔘𝔫𝔦",
        "💥",
        "a" * 200,
    ):
        answer = await client.get(SEARCH, params={"q": query})
        assert (answer.status_code, answer.json()["items"]) == (200, []), query


# --- lists ------------------------------------------------------------------------------------------------------------


async def test_a_list_says_who_speaks_and_is_asked_for_by_who_speaks(
    client: httpx.AsyncClient, units: UnitOfWorkFactory, storage: Storage, member: Principal, stranger: Principal
) -> None:
    one = await completed(units, storage, member.user_id)
    other = await completed(units, storage, member.user_id)
    claire, hidden = await enter(units, member, "Claire Fontaine"), await enter(units, stranger, "Claire")
    await name(units, storage, SETTINGS, member, one.id, label(0), ToPerson(claire.id), remember=False)
    await name(units, storage, SETTINGS, member, one.id, label(2), FreeName("M. Dubœuf-Élan"))
    await name(units, storage, SETTINGS, member, other.id, label(1), FreeName("Élan"))

    async def ids(**params: object) -> set[str]:
        return {item["id"] for item in (await client.get(MEETINGS, params=params)).json()["items"]}

    shown = {item["id"]: item["speakers"] for item in (await client.get(MEETINGS)).json()["items"]}
    assert shown[str(one.id)] == [
        {"label": "SPEAKER_00", "name": "Claire Fontaine"},
        {"label": "SPEAKER_02", "name": "M. Dubœuf-Élan"},
    ]
    assert (await client.get(f"{MEETINGS}/{one.id}")).json()["speakers"] == shown[str(one.id)]
    assert await ids(person=str(claire.id)) == {str(one.id)}
    assert await ids(person=str(hidden.id)) == set()
    assert await ids(person=[str(claire.id), str(hidden.id)]) == {str(one.id)}
    assert await ids(speaker="fontaine") == {str(one.id)}
    assert await ids(speaker="elan") == {str(one.id), str(other.id)}
    assert await ids(speaker="élan", status="COMPLETED", sort="title") == {str(one.id), str(other.id)}
    assert await ids(speaker="%") == set()


async def test_a_suggestion_is_no_name(
    client: httpx.AsyncClient, units: UnitOfWorkFactory, storage: Storage, member: Principal
) -> None:
    meeting = await completed(units, storage, member.user_id)
    claire = await enter(units, member, "Claire")
    async with units() as unit:
        from sqlalchemy import update

        from scribe.core.voices_db import SpeakerRow

        suggested = {"naming": "suggested", "person_id": claire.id}
        await unit.session.execute(update(SpeakerRow).where(SpeakerRow.meeting_id == meeting.id).values(**suggested))
    (item,) = (await client.get(MEETINGS)).json()["items"]
    assert item["speakers"] == []
    assert (await client.get(MEETINGS, params={"person": str(claire.id)})).json()["items"] == []
    assert (await client.get(MEETINGS, params={"speaker": "claire"})).json()["items"] == []


async def test_a_list_says_how_long_those_that_wait_will_take(
    client: httpx.AsyncClient, units: UnitOfWorkFactory, storage: Storage, member: Principal
) -> None:
    done = await completed(units, storage, member.user_id)
    waiting = await add_meetings(units, member.user_id, 2)
    items = {item["id"]: item for item in (await client.get(MEETINGS)).json()["items"]}
    assert [items[str(meeting_id)]["queue_place"] for meeting_id in waiting] == [0, 1]
    assert items[str(done.id)]["queue_place"] is items[str(done.id)]["remaining_s"] is None
    one = (await client.get(f"{MEETINGS}/{waiting[1]}")).json()
    assert (one["queue_place"], one["remaining_s"]) == (1, one["estimate"]["remaining_s"])


async def test_a_longer_page_asks_the_database_no_more(
    units: UnitOfWorkFactory, engine: AsyncEngine, storage: Storage, member: Principal
) -> None:
    asked: list[str] = []
    event.listen(engine.sync_engine, "before_cursor_execute", lambda *told: asked.append(told[2]))

    async def queries(limit: int) -> int:
        asked.clear()
        assert len((await listing.page(units, member, MeetingQuery(limit=limit))).meetings) == limit
        return len(asked)

    for _ in range(2):
        await completed(units, storage, member.user_id)
    await add_meetings(units, member.user_id, 6)
    await queries(1)  # what is remembered for a while is asked now
    assert await queries(8) <= await queries(3) <= 8


async def test_tags_are_those_of_ones_own_meetings_most_used_first(
    client: httpx.AsyncClient, units: UnitOfWorkFactory, member: Principal, stranger: Principal
) -> None:
    for tags in (["budget", "équipe"], ["budget"], []):
        await add_meeting(units, member.user_id, tags=tags)
    await add_meeting(units, stranger.user_id, tags=["secret"])
    answer = await client.get("/api/v1/tags")
    assert answer.json() == {"items": [{"tag": "budget", "count": 2}, {"tag": "équipe", "count": 1}]}
