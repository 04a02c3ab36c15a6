"""People of the voice bank over HTTP: introduce, read, change, consents, merge, split, forget; and who sees whom."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import select

from scribe.adapters.storage import Storage
from scribe.adapters.unit_of_work import UnitOfWorkFactory
from scribe.core.config import Settings
from scribe.core.models_db import IdempotencyRow
from scribe.domain.accounts import Principal
from scribe.domain.namings import Naming
from scribe.domain.people import Person
from tests.api.introducing import add_person, add_speakers, add_voice, pitch
from tests.api.planting import complete, plant

PEOPLE = "/api/v1/people"
ActAs = Callable[[Principal], None]


@pytest.fixture
async def claire(units: UnitOfWorkFactory, member: Principal, app: FastAPI) -> Person:
    """``member``'s, private, with a consent."""
    return await add_person(units, member.user_id, "Claire Martin", aliases=("Mme Martin",), note="Finance")


async def code(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


# --- introduce, read, change ------------------------------------------------------------------------------------------


async def test_a_person_is_introduced_and_read(client: httpx.AsyncClient, member: Principal) -> None:
    body = {"name": "  Claire   Martin ", "aliases": ["Mme Martin", "mme martin"], "note": "Finance\r\nParis"}
    made = await client.post(PEOPLE, json=body)
    assert made.status_code == 201
    shown = made.json()
    assert made.headers["location"] == f"{PEOPLE}/{shown['id']}"
    read = await client.get(made.headers["location"])
    assert (read.json(), read.headers["etag"]) == (shown, made.headers["etag"])
    assert shown | {"id": 0, "created_at": 0, "updated_at": 0} == {
        "id": 0, "name": "Claire Martin", "aliases": ["Mme Martin"], "note": "Finance\nParis", "is_shared": False,
        "owner_id": str(member.user_id), "may_change": True, "has_consent": False, "num_voiceprints": 0,
        "speech_s": 0.0, "created_at": 0, "updated_at": 0, "num_stale": 0, "num_meetings": 0,
    }  # fmt: skip


async def test_a_consent_can_be_recorded_with_the_person(client: httpx.AsyncClient) -> None:
    consent = {"given_by": "Claire Martin, by mail", "text_version": "fr-1"}
    made = await client.post(PEOPLE, json={"name": "Claire", "consent": consent})
    assert (made.status_code, made.json()["has_consent"]) == (201, True)
    [recorded] = (await client.get(f"{made.headers['location']}/consents")).json()["items"]
    assert (recorded["given_by"], recorded["is_active"]) == ("Claire Martin, by mail", True)


async def test_what_cannot_be_a_person_is_refused(client: httpx.AsyncClient, subtests: pytest.Subtests) -> None:
    tomorrow = (datetime.now(UTC) + timedelta(days=1)).isoformat()
    for body in (
        {},
        {"name": ""},
        {"name": "   "},
        {"name": "x" * 101},
        {"name": "SPEAKER_01"},
        {"name": "Cl\u202eaire"},
        {"name": "Claire\0"},
        {"name": "Claire", "aliases": ["x"] * 21},
        {"name": "Claire", "note": "x" * 2001},
        {"name": "Claire", "owner_id": str(uuid4())},
        {"name": "Claire", "consent": {"given_by": "", "text_version": "1"}},
        {"name": "Claire", "consent": {"given_by": "x", "text_version": "1", "given_at": tomorrow}},
        {"name": "Claire", "consent": {"given_by": "x", "text_version": "1", "given_at": "2026-01-01T00:00:00"}},
    ):
        with subtests.test(body=body):
            answer = await client.post(PEOPLE, json=body)
            assert answer.status_code == 422
    assert (await client.get(PEOPLE)).json() == {"items": [], "next": None}


async def test_two_people_may_have_one_name(client: httpx.AsyncClient) -> None:
    first, second = [await client.post(PEOPLE, json={"name": "Claire"}) for _ in range(2)]
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.json()["id"] != second.json()["id"]


async def test_the_same_request_again_makes_nobody_twice(client: httpx.AsyncClient, units: UnitOfWorkFactory) -> None:
    key = {"Idempotency-Key": "claire-1"}
    first, second = [await client.post(PEOPLE, json={"name": "Claire"}, headers=key) for _ in range(2)]
    assert (first.status_code, second.status_code, second.json()) == (201, 201, first.json())
    assert len((await client.get(PEOPLE)).json()["items"]) == 1
    other = await client.post(PEOPLE, json={"name": "Anne"}, headers=key)
    assert await code(other) == (409, "request.idempotency_mismatch")
    refused = {"Idempotency-Key": "claire-2"}
    assert (await client.post(PEOPLE, json={"name": "speaker 1"}, headers=refused)).status_code == 422
    assert (await client.post(PEOPLE, json={"name": "Anne"}, headers=refused)).status_code == 201
    await client.delete(first.headers["location"])
    async with units() as unit:
        kept = (await unit.session.scalars(select(IdempotencyRow.meeting_id))).all()
    assert UUID(first.json()["id"]) not in kept, "whoever is forgotten is not remembered here"


async def test_what_is_left_out_of_a_change_stays(client: httpx.AsyncClient, claire: Person) -> None:
    address = f"{PEOPLE}/{claire.id}"
    changed = await client.patch(address, json={"name": "Claire Duval"})
    shown = changed.json()
    assert (shown["name"], shown["aliases"], shown["note"]) == ("Claire Duval", ["Mme Martin"], "Finance")
    assert (await client.patch(address, json={"aliases": [], "is_shared": True})).json()["aliases"] == []
    assert (await client.get(address)).json()["is_shared"] is True


async def test_nobodys_changes_are_overwritten_unseen(client: httpx.AsyncClient, claire: Person) -> None:
    address = f"{PEOPLE}/{claire.id}"
    etag = (await client.get(address)).headers["etag"]
    assert (await client.patch(address, json={"note": "one"}, headers={"If-Match": etag})).status_code == 200
    late = await client.patch(address, json={"note": "two"}, headers={"If-Match": etag})
    assert await code(late) == (412, "request.precondition_failed")
    assert (await client.get(address)).json()["note"] == "one"
    assert (await client.patch(address, json={"note": "two"}, headers={"If-Match": "*"})).status_code == 200
    nonsense = await client.patch(address, json={"note": "three"}, headers={"If-Match": "1"})
    assert nonsense.status_code == 412


async def test_a_voice_that_comes_is_no_reason_for_a_412(
    client: httpx.AsyncClient, units: UnitOfWorkFactory, storage: Storage, claire: Person
) -> None:
    address = f"{PEOPLE}/{claire.id}"
    before = await client.get(address)
    await add_voice(units, storage, claire, pitch(3))
    after = await client.get(address)
    assert after.headers["etag"] != before.headers["etag"]
    assert after.json()["num_voiceprints"] == 1
    changed = await client.patch(address, json={"note": "x"}, headers={"If-Match": before.headers["etag"]})
    assert changed.status_code == 200


async def test_what_the_client_has_is_not_sent_again(client: httpx.AsyncClient, claire: Person) -> None:
    etag = (await client.get(f"{PEOPLE}/{claire.id}")).headers["etag"]
    answer = await client.get(f"{PEOPLE}/{claire.id}", headers={"If-None-Match": etag})
    assert (answer.status_code, answer.content) == (304, b"")


async def test_pages_hold_everybody_once(client: httpx.AsyncClient) -> None:
    names = ["Zoé", "Élodie", "eva", "Anne", "Éric", "anne", "Bob"]
    for name in names:
        await client.post(PEOPLE, json={"name": name, "note": "of the list"})
    found: list[str] = []
    address: str | None = f"{PEOPLE}?limit=2&q=LIST"
    while address:
        answer = await client.get(address)
        found += [item["name"] for item in answer.json()["items"]]
        link = answer.headers.get("link")
        assert (link is None) == (answer.json()["next"] is None)
        address = None if link is None else link[1 : link.index(">")]
    assert sorted(found) == sorted(names)
    assert [name.lower() for name in found] == ["anne", "anne", "bob", "élodie", "éric", "eva", "zoé"]
    assert (await client.get(f"{PEOPLE}?q=ÉLO")).json()["items"][0]["name"] == "Élodie"
    for wrong in ("limit=0", "limit=1001", "limit=900", "cursor=x", "cursor=%00", "page=2"):
        assert (await client.get(f"{PEOPLE}?{wrong}")).status_code == 422, wrong


# --- consents ---------------------------------------------------------------------------------------------------------


async def test_withdrawing_the_last_consent_erases_the_voice_and_leaves_the_person(
    client: httpx.AsyncClient, units: UnitOfWorkFactory, storage: Storage, claire: Person
) -> None:
    address = f"{PEOPLE}/{claire.id}"
    voice = await add_voice(units, storage, claire, pitch(3))
    assert voice.sample_key is not None
    body = {"given_by": "Claire, again", "text_version": "fr-1", "given_at": "2026-03-03T10:00:00+01:00"}
    again = await client.post(f"{address}/consents", json=body)
    assert (again.status_code, again.json()["given_at"]) == (201, "2026-03-03T09:00:00Z")
    first, second = (await client.get(f"{address}/consents")).json()["items"]

    withdrawn = await client.delete(f"{address}/consents/{first['id']}")
    assert (withdrawn.status_code, withdrawn.json()["is_active"]) == (200, False)
    assert (await client.get(address)).json()["num_voiceprints"] == 1, "another consent is active"
    await client.delete(f"{address}/consents/{second['id']}")
    left = (await client.get(address)).json()
    assert (left["has_consent"], left["num_voiceprints"], left["name"]) == (False, 0, "Claire Martin")
    assert storage.read(voice.sample_key) is None
    kept = (await client.get(f"{address}/consents")).json()["items"]
    assert [item["is_active"] for item in kept] == [False, False], "evidence stays"
    assert (await client.delete(f"{address}/consents/{uuid4()}")).status_code == 404


async def test_a_consent_of_somebody_else_is_not_withdrawn_here(
    client: httpx.AsyncClient, units: UnitOfWorkFactory, member: Principal, claire: Person
) -> None:
    anne = await add_person(units, member.user_id, "Anne")
    [consent] = (await client.get(f"{PEOPLE}/{anne.id}/consents")).json()["items"]
    assert (await client.delete(f"{PEOPLE}/{claire.id}/consents/{consent['id']}")).status_code == 404
    assert (await client.get(f"{PEOPLE}/{anne.id}")).json()["has_consent"] is True


# --- merge, split, forget ---------------------------------------------------------------------------------------------


async def test_two_entries_become_one(
    client: httpx.AsyncClient, units: UnitOfWorkFactory, storage: Storage, member: Principal, claire: Person
) -> None:
    other = await add_person(units, member.user_id, "C. Martin")
    await add_voice(units, storage, claire, pitch(3))
    await add_voice(units, storage, other, pitch(3, noise=1))
    merged = await client.post(f"{PEOPLE}/{claire.id}/merge", json={"other_id": str(other.id)})
    assert merged.status_code == 200
    assert (merged.json()["id"], merged.json()["num_voiceprints"]) == (str(claire.id), 2)
    assert "C. Martin" in merged.json()["aliases"]
    assert (await client.get(f"{PEOPLE}/{other.id}")).status_code == 404
    same = await client.post(f"{PEOPLE}/{claire.id}/merge", json={"other_id": str(claire.id)})
    assert same.status_code == 409


async def test_one_entry_becomes_two(
    client: httpx.AsyncClient, units: UnitOfWorkFactory, storage: Storage, claire: Person
) -> None:
    mine = await add_voice(units, storage, claire, pitch(3))
    hers = await add_voice(units, storage, claire, pitch(9))
    made = await client.post(f"{PEOPLE}/{claire.id}/split", json={"voice_ids": [str(hers.id)], "name": "Anne"})
    assert (made.status_code, made.json()["name"], made.json()["num_voiceprints"]) == (201, "Anne", 1)
    assert made.headers["location"] == f"{PEOPLE}/{made.json()['id']}"
    assert (await client.get(f"/api/v1/voices/{hers.id}")).json()["person_id"] == made.json()["id"]
    everything = await client.post(f"{PEOPLE}/{claire.id}/split", json={"voice_ids": [str(mine.id)], "name": "Eva"})
    assert everything.status_code == 409
    foreign = await client.post(f"{PEOPLE}/{claire.id}/split", json={"voice_ids": [str(hers.id)], "name": "Eva"})
    assert foreign.status_code == 404


async def test_forgetting_says_what_went_and_leaves_nothing(
    client: httpx.AsyncClient, units: UnitOfWorkFactory, storage: Storage, member: Principal, claire: Person,
    api_settings: Settings,
) -> None:  # fmt: skip
    await add_voice(units, storage, claire, pitch(3))
    await add_voice(units, storage, claire, pitch(3, noise=1))
    meeting = await plant(units, member, storage)
    await complete(units, storage)
    await add_speakers(
        units, storage, meeting.id, {"SPEAKER_00": pitch(3)}, naming=Naming.CONFIRMED, person_id=claire.id
    )
    gone = await client.delete(f"{PEOPLE}/{claire.id}", params={"names": "pseudonymise"})
    assert gone.status_code == 200
    told = gone.json()
    assert (told["person_id"], told["voiceprints"], told["samples"]) == (str(claire.id), 2, 2)
    assert told["meetings"] == [str(meeting.id)]
    assert told["pseudonym"]
    assert (await client.get(f"{PEOPLE}/{claire.id}")).status_code == 404
    assert (await client.delete(f"{PEOPLE}/{claire.id}")).status_code == 404
    root = Path(api_settings.storage_url or "")
    assert [path for path in (root / "voices").rglob("*") if path.is_file()] == []
    [speaker] = (await client.get(f"/api/v1/meetings/{meeting.id}/speakers")).json()["speakers"]
    assert (speaker["name"], speaker["person"]) == (told["pseudonym"], None)


async def test_names_in_old_transcripts_stay_unless_asked_otherwise(client: httpx.AsyncClient, claire: Person) -> None:
    assert (await client.delete(f"{PEOPLE}/{claire.id}", params={"names": "burn"})).status_code == 422
    kept = await client.delete(f"{PEOPLE}/{claire.id}")
    assert (kept.status_code, kept.json()["pseudonym"]) == (200, None)


# --- where somebody was heard -----------------------------------------------------------------------------------------


async def test_meetings_of_a_person_are_those_that_the_reader_may_see(
    client: httpx.AsyncClient, act_as: ActAs, units: UnitOfWorkFactory, storage: Storage, member: Principal,
    stranger: Principal,
) -> None:  # fmt: skip
    shared = await add_person(units, member.user_id, "Claire", is_shared=True)
    mine = [await _named(units, storage, member, shared, Naming.CONFIRMED) for _ in range(3)]
    theirs = await _named(units, storage, stranger, shared, Naming.AUTO)
    await _named(units, storage, member, shared, Naming.SUGGESTED)
    address = f"{PEOPLE}/{shared.id}/meetings"
    first = await client.get(address, params={"limit": 2})
    assert [item["meeting_id"] for item in first.json()["items"]] == [str(mine[2]), str(mine[1])]
    assert first.json()["items"][0]["speakers"] == [
        {"label": "SPEAKER_00", "naming": "confirmed", "probability": 0.99}
    ]  # fmt: skip
    link = first.headers["link"]
    last = (await client.get(link[1 : link.index(">")])).json()
    assert ([item["meeting_id"] for item in last["items"]], last["next"]) == ([str(mine[0])], None)
    assert (await client.get(f"{PEOPLE}/{shared.id}")).json()["num_meetings"] == 3
    assert [one["num_meetings"] for one in (await client.get(PEOPLE)).json()["items"]] == [3]
    act_as(stranger)
    seen = (await client.get(address)).json()["items"]
    assert [item["meeting_id"] for item in seen] == [str(theirs)]
    assert (await client.get(f"{PEOPLE}/{shared.id}")).json()["num_meetings"] == 1
    assert [one["num_meetings"] for one in (await client.get(PEOPLE)).json()["items"]] == [1]
    assert (await client.get(address, params={"cursor": "x"})).status_code == 422


async def test_forgetting_tells_of_no_meeting_that_one_may_not_see(
    client: httpx.AsyncClient, units: UnitOfWorkFactory, storage: Storage, member: Principal, stranger: Principal
) -> None:
    shared = await add_person(units, member.user_id, "Claire", is_shared=True)
    await _named(units, storage, stranger, shared, Naming.AUTO)
    mine = await _named(units, storage, member, shared, Naming.AUTO)
    assert (await client.delete(f"{PEOPLE}/{shared.id}")).json()["meetings"] == [str(mine)]


async def _named(units: UnitOfWorkFactory, storage: Storage, owner: Principal, person: Person, naming: Naming) -> UUID:
    meeting = await plant(units, owner, storage)
    await complete(units, storage)
    await add_speakers(
        units, storage, meeting.id, {"SPEAKER_00": pitch(3)}, naming=naming, person_id=person.id, probability=0.99
    )
    return meeting.id
