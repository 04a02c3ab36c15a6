"""Meetings over HTTP: lists, detail, changes, deletion."""

import asyncio
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from itertools import product
from typing import Any
from uuid import uuid4

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import func, select, update

from scribe.adapters.storage import Storage
from scribe.adapters.unit_of_work import UnitOfWorkFactory
from scribe.core.ids import uuid7
from scribe.core.models_db import EventRow, IdempotencyRow, MeetingRow, PurgeRow, UploadRow
from scribe.domain import layout
from scribe.domain.accounts import Principal
from scribe.domain.errors import LeaseLostError
from scribe.domain.meeting import MeetingStatus, Stage
from scribe.domain.requests import RunOptions
from scribe.services import idempotency
from tests.api.planting import claim, complete, fail, plant

MEETINGS = "/api/v1/meetings"
Switch = Callable[[Principal], None]


async def titles(client: httpx.AsyncClient, query: str = "") -> list[str]:
    answer = await client.get(f"{MEETINGS}?{query}")
    assert answer.status_code == 200, answer.text
    return [item["title"] for item in answer.json()["items"]]


async def walk(client: httpx.AsyncClient, query: str) -> list[str]:
    """All pages."""
    found: list[str] = []
    address: str | None = f"{MEETINGS}?{query}"
    while address:
        answer = await client.get(address)
        assert answer.status_code == 200, answer.text
        found += [item["title"] for item in answer.json()["items"]]
        address = answer.links["next"]["url"] if answer.json()["next"] else None
    return found


# --- lists ------------------------------------------------------------------------------------------------------------


async def test_a_list_of_nothing_is_empty(client: httpx.AsyncClient) -> None:
    answer = await client.get(MEETINGS)
    assert answer.json() == {"items": [], "next": None}


async def test_the_newest_come_first(client: httpx.AsyncClient, units: UnitOfWorkFactory, member: Principal) -> None:
    for title in ("a", "b", "c"):
        await plant(units, member, title=title)
    assert await titles(client) == ["c", "b", "a"]
    assert await titles(client, "sort=created_at") == ["a", "b", "c"]


@pytest.fixture
async def shelf(units: UnitOfWorkFactory, member: Principal) -> None:
    """Meetings that differ in everything one can sort by, some alike, some unknown."""
    for number, (title, held_on, duration_s) in enumerate(
        [
            ("Zèbre", date(2026, 1, 5), 100.0),
            ("école", date(2025, 3, 1), None),
            ("École", None, 100.0),
            ("abeille", date(2026, 1, 5), 7200.5),
            ("Abeille", date(1999, 12, 31), 3.0),
            ("ÉTÉ", None, None),
            ("100 % sûr_", date(2026, 1, 5), 100.0),
        ]
    ):
        meeting = await plant(units, member, title=title, held_on=held_on)
        async with units() as unit:
            await unit.session.execute(
                update(MeetingRow)
                .where(MeetingRow.id == meeting.id)
                .values(duration_s=duration_s, created_at=datetime(2026, 2, 1 + number // 2, tzinfo=UTC))
            )


@pytest.mark.usefixtures("shelf")
async def test_pages_of_every_order_hold_each_meeting_once_and_the_other_way_round(
    client: httpx.AsyncClient, subtests: pytest.Subtests
) -> None:
    for field, limit in product(("created_at", "title", "held_on", "duration_s"), (1, 2, 3)):
        with subtests.test(field=field, limit=limit):
            whole = await titles(client, f"sort={field}")
            assert len(whole) == 7
            assert await walk(client, f"sort={field}&limit={limit}") == whole
            assert await walk(client, f"sort=-{field}&limit={limit}") == whole[::-1]


@pytest.mark.usefixtures("shelf")
async def test_titles_are_sorted_without_regard_to_case_and_accents(client: httpx.AsyncClient) -> None:
    assert [title.casefold() for title in await titles(client, "sort=title")] == [
        "100 % sûr_", "abeille", "abeille", "école", "école", "été", "zèbre",
    ]  # fmt: skip


@pytest.mark.usefixtures("shelf")
async def test_text_is_found_without_regard_to_case_and_accents_and_signs_mean_themselves(
    client: httpx.AsyncClient, subtests: pytest.Subtests
) -> None:
    for text, expected in (
        ("ecole", {"école", "École"}),
        ("ÉCOLE", {"école", "École"}),
        ("bre", {"Zèbre"}),
        ("%", {"100 % sûr_"}),
        ("r_", {"100 % sûr_"}),
        ("/", set()),
        ("nothing", set()),
        ("  été ", {"ÉTÉ"}),
    ):
        with subtests.test(text=text):
            answer = await client.get(MEETINGS, params={"q": text})
            assert {item["title"] for item in answer.json()["items"]} == expected


async def test_file_names_are_searched_too(
    client: httpx.AsyncClient, units: UnitOfWorkFactory, member: Principal
) -> None:
    await plant(units, member, title="Comité", file_name="Réunion_0412.m4a")
    await plant(units, member, title="Bureau")
    assert await titles(client, "q=reunion_04") == ["Comité"]


async def test_filters_by_status_tag_and_dates(
    client: httpx.AsyncClient, units: UnitOfWorkFactory, member: Principal
) -> None:
    await plant(units, member, title="failed", tags=("budget", "Équipe"), held_on=date(2026, 1, 1))
    await fail(units)
    await plant(units, member, title="waits", tags=("budget",), held_on=date(2026, 1, 31))
    assert await titles(client, "status=FAILED") == ["failed"]
    assert await titles(client, "status=FAILED&status=PENDING") == ["waits", "failed"]
    assert await titles(client, "tag=budget") == ["waits", "failed"]
    assert await titles(client, "tag=budget&tag=%C3%89quipe") == ["failed"]
    assert await titles(client, "held_from=2026-01-01&held_to=2026-01-01") == ["failed"]
    assert await titles(client, "held_from=2026-01-02") == ["waits"]
    await plant(units, member, title="undated")
    today = datetime.now(UTC).date().isoformat()
    assert await titles(client, f"held_from={today}&held_to={today}") == ["undated"]
    assert await titles(client, "held_to=2026-01-31&sort=held_on") == ["failed", "waits"]
    tomorrow = (datetime.now(UTC) + timedelta(days=1)).isoformat().replace("+00:00", "Z")
    assert await titles(client, f"created_to={tomorrow}") == ["undated", "waits", "failed"]
    assert await titles(client, f"created_from={tomorrow}") == []


async def test_members_see_their_own_and_administrators_everybodys(
    client: httpx.AsyncClient,
    units: UnitOfWorkFactory,
    member: Principal,
    stranger: Principal,
    administrator: Principal,
    act_as: Switch,
) -> None:
    await plant(units, member, title="hers")
    await plant(units, stranger, title="Anne's")
    assert await titles(client) == ["hers"]
    assert await titles(client, f"owner={stranger.user_id}") == []
    act_as(administrator)
    assert await titles(client) == ["Anne's", "hers"]
    assert await titles(client, f"owner={member.user_id}") == ["hers"]
    owner = (await client.get(f"{MEETINGS}?owner={member.user_id}")).json()["items"][0]["owner"]
    assert owner == {"id": str(member.user_id), "username": "claire"}


@pytest.mark.parametrize("order", ["-created_at", "title"])
async def test_pages_do_not_shift_while_meetings_come_and_go(
    client: httpx.AsyncClient, units: UnitOfWorkFactory, member: Principal, order: str
) -> None:
    planted = [await plant(units, member, title=f"m{number}") for number in range(6)]
    whole = await titles(client, f"sort={order}")
    first = (await client.get(f"{MEETINGS}?sort={order}&limit=3")).json()
    await plant(units, member, title="m")  # before every page in both orders
    last_seen = next(meeting for meeting in planted if meeting.title == whole[2])
    assert (await client.delete(f"{MEETINGS}/{last_seen.id}")).status_code == 204
    second = (await client.get(f"{MEETINGS}?sort={order}&limit=3&cursor={first['next']}")).json()
    assert [item["title"] for item in second["items"]] == whole[3:]


WRONG_QUERIES = (
    "cursor=garbage",
    "cursor=%00",
    "cursor=",
    "cursor=WzEsMiwzXQ",
    "cursor=bnVsbA",
    "cursor=%F0%9F%91%8B",
    "cursor=" + "W" * 3999,
    "limit=0",
    "limit=201",
    "limit=99999999999999999999",
    "sort=size",
    "status=DONE",
    "q=%00",
    "tag=a%00b",
    "held_from=yesterday",
    "created_from=2026-01-01T00:00:00",
    "created_from=0001-01-01T00:00:00%2B14:00",
    "owner=me",
    "offset=10",
)


async def test_a_list_that_cannot_be_asked_for_is_a_problem(
    client: httpx.AsyncClient, subtests: pytest.Subtests
) -> None:
    for query in WRONG_QUERIES:
        with subtests.test(query=query):
            answer = await client.get(f"{MEETINGS}?{query}")
            assert answer.status_code == 422, answer.text
            assert answer.headers["content-type"] == "application/problem+json"


async def test_a_cursor_of_another_order_is_refused(
    client: httpx.AsyncClient, units: UnitOfWorkFactory, member: Principal
) -> None:
    for _ in range(2):
        await plant(units, member, title="t")
    cursor = (await client.get(f"{MEETINGS}?limit=1")).json()["next"]
    assert (await client.get(f"{MEETINGS}?cursor={cursor}&sort=title")).status_code == 422


# --- detail -----------------------------------------------------------------------------------------------------------


async def test_a_meeting_shows_what_was_asked_for_and_where_everything_is(
    client: httpx.AsyncClient, units: UnitOfWorkFactory, member: Principal
) -> None:
    options = RunOptions(language="fr", speakers=3, vocabulary=("Brocksley",), voices=("Claire",))
    meeting = await plant(
        units, member, file_name="Comité.m4a", media_type="audio/mp4", tags=("budget",), notes="n", options=options
    )
    answer = await client.get(f"{MEETINGS}/{meeting.id}")
    shown = answer.json()
    assert shown["title"] == "Comité"
    assert (shown["status"], shown["percent"], shown["run"], shown["attempt"]) == ("PENDING", 0.0, 1, 0)
    assert shown["options"]["vocabulary"] == ["Brocksley"]
    assert shown["options"]["voices"] == ["Claire"]
    assert shown["sha256"] == meeting.sha256
    assert shown["estimate"]["queue_place"] == 0
    assert shown["links"]["self"] == f"{MEETINGS}/{meeting.id}"
    assert shown["links"]["results"] == {}
    assert not shown["has_results"]


async def test_a_failed_meeting_says_why(
    client: httpx.AsyncClient, units: UnitOfWorkFactory, member: Principal
) -> None:
    meeting = await plant(units, member)
    await fail(units)
    shown = (await client.get(f"{MEETINGS}/{meeting.id}")).json()
    assert shown["status"] == "FAILED"
    assert shown["failure"] == {"code": "audio.no_track", "message": "The file has no sound.", "stage": None}


async def test_a_completed_meeting_links_its_results(
    client: httpx.AsyncClient, units: UnitOfWorkFactory, member: Principal, storage: Storage
) -> None:
    meeting = await plant(units, member)
    await complete(units, storage)
    shown = (await client.get(f"{MEETINGS}/{meeting.id}")).json()
    assert (shown["status"], shown["percent"], shown["num_speakers"]) == ("COMPLETED", 100.0, 3)
    addresses = [
        *shown["links"]["results"].values(), *shown["links"]["exports"].values(), shown["links"]["transcript"]
    ]  # fmt: skip
    assert len(addresses) == 16
    for address in addresses:
        assert (await client.get(address)).status_code == 200, address


async def test_a_meeting_that_did_not_change_is_not_sent_again_and_progress_is_a_change(
    client: httpx.AsyncClient, units: UnitOfWorkFactory, member: Principal
) -> None:
    meeting = await plant(units, member)
    queue, job = await claim(units)
    await queue.progressed(job, Stage.TRANSCRIBE, 0.1)
    first = await client.get(f"{MEETINGS}/{meeting.id}")
    etag = first.headers["etag"]
    again = await client.get(f"{MEETINGS}/{meeting.id}", headers={"If-None-Match": f'"x", W/{etag}'})
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", etag)
    await queue.progressed(job, Stage.TRANSCRIBE, 0.2)
    moved = await client.get(f"{MEETINGS}/{meeting.id}", headers={"If-None-Match": etag})
    assert moved.status_code == 200
    assert moved.json()["percent"] > first.json()["percent"]


# --- changes ----------------------------------------------------------------------------------------------------------


async def test_what_is_sent_is_changed_and_the_rest_stays(
    client: httpx.AsyncClient, units: UnitOfWorkFactory, member: Principal
) -> None:
    meeting = await plant(units, member, title="Old", notes="keep", tags=("a",), held_on=date(2026, 1, 1))
    answer = await client.patch(
        f"{MEETINGS}/{meeting.id}", json={"title": "  Comité \n du 21 ", "tags": ["x", "X ", "y"]}
    )
    assert answer.status_code == 200
    shown = answer.json()
    assert (shown["title"], shown["tags"], shown["notes"], shown["held_on"]) == (
        "Comité du 21", ["x", "y"], "keep", "2026-01-01",
    )  # fmt: skip
    cleared = await client.patch(f"{MEETINGS}/{meeting.id}", json={"held_on": None, "notes": "", "tags": []})
    assert (cleared.json()["held_on"], cleared.json()["notes"], cleared.json()["tags"]) == (None, "", [])
    assert await titles(client, "q=comite") == ["Comité du 21"]


async def test_a_change_is_told_once_and_no_change_is_not(
    client: httpx.AsyncClient, units: UnitOfWorkFactory, member: Principal
) -> None:
    meeting = await plant(units, member, title="Old")
    await client.patch(f"{MEETINGS}/{meeting.id}", json={"title": "New"})
    unchanged = await client.patch(f"{MEETINGS}/{meeting.id}", json={"title": " New "})
    assert unchanged.status_code == 200
    async with units() as unit:
        kinds = [event.kind for event in await unit.events.after(0, meeting_id=meeting.id)]
    assert kinds == ["meeting.created", "meeting.changed"]


async def test_nobodys_words_are_overwritten_unseen_and_progress_is_no_reason(
    client: httpx.AsyncClient, units: UnitOfWorkFactory, member: Principal
) -> None:
    meeting = await plant(units, member, title="Old")
    address = f"{MEETINGS}/{meeting.id}"
    mine = (await client.get(address)).headers["etag"]
    theirs = await client.patch(address, json={"title": "Theirs"}, headers={"If-Match": mine})
    assert theirs.status_code == 200
    refused = await client.patch(address, json={"title": "Mine"}, headers={"If-Match": mine})
    assert (refused.status_code, refused.json()["code"]) == (412, "request.precondition_failed")
    queue, job = await claim(units)
    await queue.progressed(job, Stage.CONVERT, 0.5)
    allowed = await client.patch(address, json={"title": "Mine"}, headers={"If-Match": theirs.headers["etag"]})
    assert allowed.status_code == 200
    nonsense = await client.patch(address, json={"title": "x"}, headers={"If-Match": "nonsense"})
    assert nonsense.status_code == 412


async def test_of_two_writers_at_once_with_if_match_one_is_refused(
    client: httpx.AsyncClient, units: UnitOfWorkFactory, member: Principal
) -> None:
    meeting = await plant(units, member, title="Old")
    address = f"{MEETINGS}/{meeting.id}"
    headers = {"If-Match": (await client.get(address)).headers["etag"]}
    answers = await asyncio.gather(
        *(client.patch(address, json={"title": f"Writer {n}"}, headers=headers) for n in range(5))
    )
    assert sorted(answer.status_code for answer in answers) == [200, 412, 412, 412, 412]


WRONG_CHANGES: tuple[Any, ...] = (
    {"title": ""},
    {"title": "   "},
    {"title": None},
    {"title": "a\0b"},
    {"title": "x" * 201},
    {"title": 7},
    {"notes": "a\0b"},
    {"notes": "x" * 20_001},
    {"tags": ["a\0b"]},
    {"tags": [""]},
    {"tags": [str(n) for n in range(21)]},
    {"tags": "budget"},
    {"held_on": "21.11.2026"},
    {"status": "COMPLETED"},
    {"\0": "x"},
    [],
    "x",
)


async def test_a_change_that_cannot_be_is_a_problem(
    client: httpx.AsyncClient, units: UnitOfWorkFactory, member: Principal, subtests: pytest.Subtests
) -> None:
    meeting = await plant(units, member, title="Old")
    for body in WRONG_CHANGES:
        with subtests.test(body=str(body)[:50]):
            answer = await client.patch(f"{MEETINGS}/{meeting.id}", json=body)
            assert answer.status_code == 422, answer.text


async def test_text_that_is_no_text_is_a_problem(
    client: httpx.AsyncClient, units: UnitOfWorkFactory, member: Principal, subtests: pytest.Subtests
) -> None:
    meeting = await plant(units, member, title="Old")
    for text in (r'{"title": "\ud800"}', r'{"\ud800": 1}', r'{"notes": "\ud800"}', r'{"tags": ["\udfff"]}', "{", ""):
        with subtests.test(text=text):
            headers = {"Content-Type": "application/json"}
            answer = await client.patch(f"{MEETINGS}/{meeting.id}", content=text, headers=headers)
            assert answer.status_code == 422, answer.text


# --- deletion ---------------------------------------------------------------------------------------------------------


async def test_deleting_leaves_nothing_but_the_word_that_it_is_gone(
    client: httpx.AsyncClient, units: UnitOfWorkFactory, member: Principal, storage: Storage
) -> None:
    meeting = await plant(units, member, storage, title="Gone")
    await complete(units, storage)
    storage.write(layout.peaks_key(meeting.id), b"{}")
    storage.write(f"{layout.checkpoints_folder(meeting.id)}/diarize.json", b"{}")
    await idempotency.begin(units, member.user_id, "k", "h")
    upload_id = uuid7()
    async with units() as unit:
        await idempotency.finish(unit, member.user_id, "k", meeting.id)
        unit.session.add(
            UploadRow(
                id=upload_id, owner_id=member.user_id, length_bytes=1, metadata_={"title": "Gone"},
                expires_at=datetime.now(UTC), meeting_id=meeting.id,
            )
        )  # fmt: skip
    first = await client.delete(f"{MEETINGS}/{meeting.id}")
    assert (first.status_code, first.content) == (204, b"")
    assert (await client.delete(f"{MEETINGS}/{meeting.id}")).status_code == 404
    assert (await client.get(f"{MEETINGS}/{meeting.id}")).status_code == 404
    async with units() as unit:
        for row in (MeetingRow, IdempotencyRow, UploadRow):
            assert await unit.session.scalar(select(func.count()).select_from(row)) == 0
        assert await unit.session.scalar(select(EventRow.kind).where(EventRow.meeting_id == meeting.id)) == (
            "meeting.deleted"
        )
        told = (await unit.session.scalars(select(EventRow.payload))).all()
        assert told == [{}]
        promised = set(await unit.session.scalars(select(PurgeRow.folder)))
    assert set(layout.meeting_folders(meeting.created_at, meeting.id)) <= promised
    assert layout.parts_folder(upload_id) in promised
    for folder in layout.meeting_folders(meeting.created_at, meeting.id):
        assert storage.keys(folder) == [], folder


async def test_deleting_while_it_is_processed_takes_it_from_the_worker(
    client: httpx.AsyncClient, units: UnitOfWorkFactory, member: Principal
) -> None:
    meeting = await plant(units, member)
    queue, job = await claim(units)
    assert (await client.delete(f"{MEETINGS}/{meeting.id}")).status_code == 204
    with pytest.raises(LeaseLostError):
        await queue.progressed(job, Stage.CONVERT, 0.5)
    with pytest.raises(LeaseLostError):
        await queue.renew(job)


# --- whose it is not --------------------------------------------------------------------------------------------------

EVERY_ROUTE = [
    ("GET", ""),
    ("PATCH", ""),
    ("DELETE", ""),
    ("POST", "/cancel"),
    ("POST", "/retry"),
    ("POST", "/rerun"),
    ("GET", "/audio"),
    ("HEAD", "/audio"),
    ("GET", "/waveform"),
    ("GET", "/transcript"),
    ("GET", "/results/fusion"),
    ("GET", "/exports/md"),
    ("GET", "/playback"),
    ("HEAD", "/playback"),
    ("GET", "/preview"),
]


async def test_somebody_elses_meeting_does_not_exist(
    client: httpx.AsyncClient,
    units: UnitOfWorkFactory,
    member: Principal,
    stranger: Principal,
    storage: Storage,
    act_as: Switch,
    subtests: pytest.Subtests,
) -> None:
    meeting = await plant(units, member, storage, title="Secret")
    await complete(units, storage)
    act_as(stranger)
    for method, path in EVERY_ROUTE:
        with subtests.test(method=method, path=path):
            body = {} if method in {"POST", "PATCH"} else None
            hers = await client.request(method, f"{MEETINGS}/{meeting.id}{path}", json=body)
            nobodys = await client.request(method, f"{MEETINGS}/{uuid4()}{path}", json=body)
            assert hers.status_code == nobodys.status_code == 404
            assert hers.content == nobodys.content
    async with units() as unit:
        still = await unit.meetings.get(meeting.id)
    assert still is not None
    assert (still.status, still.title) == (MeetingStatus.COMPLETED, "Secret")


async def test_every_route_of_a_meeting_is_in_the_test_above(app: FastAPI) -> None:
    """Tested elsewhere: the events, which stream, speakers (``test_speakers.py``) and edits (``test_edits.py``)."""
    prefix = f"{MEETINGS}/{{meeting_id}}"
    known = {
        (method.upper(), path.removeprefix(prefix))
        for path, operations in app.openapi()["paths"].items()
        for method, operation in operations.items()
        if path.startswith(prefix) and operation["tags"] not in (["Events"], ["Speakers"], ["Corrections"])
    }
    tested = {(method, path.replace("/fusion", "/{kind}").replace("/md", "/{format}")) for method, path in EVERY_ROUTE}
    assert known == tested


async def test_an_id_that_is_none_is_a_problem(client: httpx.AsyncClient, subtests: pytest.Subtests) -> None:
    for name in ("not-a-uuid", "%00", "019ab3c5", "%F0%9F%91%8B"):
        with subtests.test(name=name):
            answer = await client.get(f"{MEETINGS}/{name}")
            assert answer.status_code == 422
            assert answer.headers["content-type"] == "application/problem+json"
