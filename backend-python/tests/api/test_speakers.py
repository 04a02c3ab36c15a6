"""Who the speakers of a meeting are, over HTTP: read, name, learn and un-learn, listen, move a stretch."""

import re
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import httpx
import pytest
from fastapi import FastAPI

from scribe.adapters.storage import Storage
from scribe.adapters.unit_of_work import UnitOfWorkFactory
from scribe.domain.accounts import Principal
from scribe.domain.meetings import Meeting
from scribe.domain.people import Person
from tests.api.introducing import Lane, add_person, add_voice, pitch
from tests.api.planting import plant

PEOPLE = "/api/v1/people"
VOICES = "/api/v1/voices"
ActAs = Callable[[Principal], None]


@pytest.fixture
async def claire(units: UnitOfWorkFactory, member: Principal) -> Person:
    """``member``'s, private, with a consent, without a voice."""
    return await add_person(units, member.user_id, "Claire")


@pytest.fixture
async def meeting(units: UnitOfWorkFactory, storage: Storage, member: Principal, lane: Lane, claire: Person) -> Meeting:
    """``member``'s; two voices, nobody is known."""
    planted = await plant(units, member, storage)
    await lane.process({"SPEAKER_00": pitch(3), "SPEAKER_01": pitch(8)})
    return planted


def at(meeting: Meeting, tail: str = "") -> str:
    return f"/api/v1/meetings/{meeting.id}{tail}"


async def speaker(client: httpx.AsyncClient, meeting: Meeting, label: str = "SPEAKER_00") -> dict[str, Any]:
    found = (await client.get(at(meeting, "/speakers"))).json()["speakers"]
    [one] = [each for each in found if each["label"] == label]
    shown: dict[str, Any] = one
    return shown


async def decide(client: httpx.AsyncClient, meeting: Meeting, label: str = "SPEAKER_00", **said: Any) -> httpx.Response:
    return await client.put(at(meeting, f"/speakers/{label}"), json=said)


async def voices_of(client: httpx.AsyncClient, person: Person) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await client.get(VOICES, params={"person_id": str(person.id)})).json()["items"]
    return found


async def test_there_are_no_speakers_before_there_are_results(
    client: httpx.AsyncClient, units: UnitOfWorkFactory, member: Principal
) -> None:
    waits = await plant(units, member)
    early = await client.get(at(waits, "/speakers"))
    assert (early.status_code, early.json()["code"]) == (409, "meeting.not_ready")
    assert (await decide(client, waits, name="Anne")).status_code == 409


async def test_speakers_are_shown_with_what_the_bank_says(client: httpx.AsyncClient, meeting: Meeting) -> None:
    answer = await client.get(at(meeting, "/speakers"))
    assert [each["label"] for each in answer.json()["speakers"]] == ["SPEAKER_00", "SPEAKER_01"]
    one = answer.json()["speakers"][0]
    assert (one["naming"], one["name"], one["person"], one["candidates"]) == ("unknown", None, None, [])
    assert (one["has_sample"], one["has_print"], one["learned"]) == (True, True, False)
    assert one["reason"] == "empty-bank"
    assert one["spans"] == [{"start_s": 0.0, "end_s": 10.0}]
    assert "vector" not in answer.text
    same = await client.get(at(meeting, "/speakers"), headers={"If-None-Match": answer.headers["etag"]})
    assert (same.status_code, same.content) == (304, b"")


async def test_a_stranger_who_is_named_is_known_next_time_and_unknown_again_when_that_was_wrong(
    client: httpx.AsyncClient, lane: Lane, units: UnitOfWorkFactory, storage: Storage, member: Principal,
    meeting: Meeting, claire: Person,
) -> None:  # fmt: skip
    named = await decide(client, meeting, person_id=str(claire.id))
    shown = named.json()
    assert (named.status_code, shown["naming"], shown["name"]) == (200, "confirmed", "Claire")
    assert (shown["learned"], shown["not_learned"]) == (True, None)
    assert shown["person"] == {"id": str(claire.id), "name": "Claire"}
    [learned] = await voices_of(client, claire)
    assert (learned["is_learned"], learned["meeting_id"], learned["label"]) == (True, str(meeting.id), "SPEAKER_00")

    second = await plant(units, member, storage)
    await lane.process({"SPEAKER_00": pitch(8, noise=3), "SPEAKER_01": pitch(3, noise=4)})
    known = await speaker(client, second, "SPEAKER_01")
    assert (known["naming"], known["name"], known["probability"] > 0.9) == ("auto", "Claire", True)
    assert (await client.get(f"{PEOPLE}/{claire.id}")).json()["num_meetings"] == 2

    corrected = (await decide(client, meeting, unknown=True)).json()
    assert (corrected["naming"], corrected["name"], corrected["learned"]) == ("rejected", None, False)
    assert await voices_of(client, claire) == []
    assert storage.keys("voices") == []
    third = await plant(units, member, storage)
    await lane.process({"SPEAKER_00": pitch(3, noise=5)})
    assert (await speaker(client, third))["name"] is None


async def test_the_same_decision_twice_is_one(client: httpx.AsyncClient, meeting: Meeting, claire: Person) -> None:
    first = (await decide(client, meeting, person_id=str(claire.id))).json()
    second = (await decide(client, meeting, person_id=str(claire.id))).json()
    assert first == second
    assert len(await voices_of(client, claire)) == 1


async def test_a_correction_takes_away_what_the_wrong_name_taught_and_nothing_else(
    client: httpx.AsyncClient, units: UnitOfWorkFactory, storage: Storage, member: Principal, meeting: Meeting,
    claire: Person,
) -> None:  # fmt: skip
    anne = await add_person(units, member.user_id, "Anne")
    await add_voice(units, storage, claire, pitch(5))
    await decide(client, meeting, person_id=str(claire.id))
    assert len(await voices_of(client, claire)) == 2
    shown = (await decide(client, meeting, person_id=str(anne.id))).json()
    assert (shown["name"], shown["learned"]) == ("Anne", True)
    assert [voice["is_learned"] for voice in await voices_of(client, claire)] == [False]
    assert [voice["is_learned"] for voice in await voices_of(client, anne)] == [True]


async def test_a_name_can_be_given_without_teaching_the_bank(
    client: httpx.AsyncClient, meeting: Meeting, claire: Person
) -> None:
    shown = (await decide(client, meeting, person_id=str(claire.id), remember=False)).json()
    assert (shown["name"], shown["learned"], shown["not_learned"]["code"]) == ("Claire", False, "not-asked")
    assert await voices_of(client, claire) == []


async def test_without_consent_a_name_is_given_and_nothing_learned(
    client: httpx.AsyncClient, units: UnitOfWorkFactory, member: Principal, meeting: Meeting
) -> None:
    nobody = await add_person(units, member.user_id, "Nobody", has_consent=False)
    shown = (await decide(client, meeting, person_id=str(nobody.id))).json()
    assert (shown["name"], shown["learned"], shown["not_learned"]["code"]) == ("Nobody", False, "no-consent")
    insisting = await decide(client, meeting, person_id=str(nobody.id), remember=True)
    assert (insisting.status_code, insisting.json()["code"]) == (409, "voices.consent_missing")


async def test_a_shared_person_is_named_by_everybody_and_taught_by_the_owner(
    client: httpx.AsyncClient, act_as: ActAs, lane: Lane, units: UnitOfWorkFactory, storage: Storage,
    member: Principal, stranger: Principal,
) -> None:  # fmt: skip
    shared = await add_person(units, member.user_id, "Claire", is_shared=True)
    theirs = await plant(units, stranger, storage)
    await lane.process({"SPEAKER_00": pitch(3)})
    act_as(stranger)
    shown = (await decide(client, theirs, person_id=str(shared.id))).json()
    assert (shown["name"], shown["learned"], shown["not_learned"]["code"]) == ("Claire", False, "not-yours")
    insisting = await decide(client, theirs, person_id=str(shared.id), remember=True)
    assert insisting.status_code == 403
    assert await voices_of(client, shared) == []


async def test_a_free_name_is_in_the_minutes_and_not_in_the_bank(client: httpx.AsyncClient, meeting: Meeting) -> None:
    shown = (await decide(client, meeting, name="  Madame   Perrin ")).json()
    assert (shown["naming"], shown["name"], shown["person"]) == ("confirmed", "Madame Perrin", None)
    lines = (await client.get(at(meeting, "/transcript"))).json()["segments"]
    assert {line["name"] for line in lines if line["speaker"] == "SPEAKER_00"} == {"Madame Perrin"}
    assert (await client.get(PEOPLE, params={"q": "Perrin"})).json()["items"] == []
    back = (await decide(client, meeting, automatic=True)).json()
    assert (back["naming"], back["name"]) == ("unknown", None)


async def test_what_is_no_decision_is_refused(
    client: httpx.AsyncClient, meeting: Meeting, claire: Person, subtests: pytest.Subtests
) -> None:
    person = str(claire.id)
    for said in (
        {}, {"unknown": False}, {"person_id": person, "name": "Anne"}, {"unknown": True, "automatic": True},
        {"name": ""}, {"name": "SPEAKER_01"}, {"name": "a\nb\0"}, {"person_id": "claire"}, {"nobody": True},
    ):  # fmt: skip
        with subtests.test(said=said):
            assert (await decide(client, meeting, **said)).status_code == 422
    assert (await decide(client, meeting, "SPEAKER_07", name="Anne")).status_code == 404
    assert (await decide(client, meeting, "SPEAKER%2000", name="Anne")).status_code == 422
    assert (await speaker(client, meeting))["naming"] == "unknown"


async def test_nobody_names_a_speaker_after_a_person_they_may_not_read(
    client: httpx.AsyncClient, act_as: ActAs, lane: Lane, units: UnitOfWorkFactory, storage: Storage,
    stranger: Principal, claire: Person,
) -> None:  # fmt: skip
    await add_voice(units, storage, claire, pitch(3))
    theirs = await plant(units, stranger, storage)
    await lane.process({"SPEAKER_00": pitch(3)})
    act_as(stranger)
    there = await decide(client, theirs, person_id=str(claire.id))
    nobody = await decide(client, theirs, person_id=str(uuid4()))
    assert (there.status_code, there.content) == (404, nobody.content)
    assert (await speaker(client, theirs))["reason"] == "empty-bank"


EVERY_ROUTE: tuple[tuple[str, str, dict[str, Any] | None], ...] = (
    ("GET", "/speakers", None),
    ("PUT", "/speakers/{label}", {"unknown": True}),
    ("GET", "/speakers/{label}/sample", None),
    ("POST", "/recognise", None),
    ("GET", "/moves", None),
    ("POST", "/moves", {"start_s": 0, "end_s": 1, "to_label": "SPEAKER_01"}),
    ("DELETE", "/moves/{move_id}", None),
)


def test_every_route_of_a_speaker_is_in_the_test_below(app: FastAPI) -> None:
    prefix = "/api/v1/meetings/{meeting_id}"
    known = {
        (method.upper(), path.removeprefix(prefix))
        for path, operations in app.openapi()["paths"].items()
        for method, operation in operations.items()
        if operation["tags"] == ["Speakers"]
    }
    assert known == {(method, tail) for method, tail, _ in EVERY_ROUTE}


async def test_a_meeting_of_somebody_else_is_answered_like_none(
    client: httpx.AsyncClient, act_as: ActAs, stranger: Principal, meeting: Meeting, subtests: pytest.Subtests
) -> None:
    act_as(stranger)
    for method, template, body in EVERY_ROUTE:
        tail = template.format(label="SPEAKER_00", move_id=uuid4())
        with subtests.test(method=method, tail=tail):
            answer = await client.request(method, at(meeting, tail), json=body)
            nothing = await client.request(method, f"/api/v1/meetings/{uuid4()}{tail}", json=body)
            assert (answer.status_code, answer.content) == (404, nothing.content)


async def test_an_administrator_of_the_meeting_sees_whom_the_owner_sees(
    client: httpx.AsyncClient, act_as: ActAs, meeting: Meeting, claire: Person, administrator: Principal
) -> None:
    await decide(client, meeting, person_id=str(claire.id))
    act_as(administrator)
    assert (await speaker(client, meeting))["person"] == {"id": str(claire.id), "name": "Claire"}


async def test_a_person_who_is_shared_no_more_is_a_name_and_not_a_person_to_others(
    client: httpx.AsyncClient, act_as: ActAs, lane: Lane, units: UnitOfWorkFactory, storage: Storage,
    member: Principal, stranger: Principal,
) -> None:  # fmt: skip
    shared = await add_person(units, member.user_id, "Claire", is_shared=True)
    await add_voice(units, storage, shared, pitch(3))
    theirs = await plant(units, stranger, storage)
    await lane.process({"SPEAKER_00": pitch(3, noise=2), "SPEAKER_01": pitch(4, noise=2)})
    act_as(stranger)
    assert (await speaker(client, theirs))["name"] == "Claire"
    act_as(member)
    await client.patch(f"{PEOPLE}/{shared.id}", json={"is_shared": False})
    act_as(stranger)
    text = (await client.get(at(theirs, "/speakers"))).text
    assert str(shared.id) not in text
    await lane.work()
    text = (await client.get(at(theirs, "/speakers"))).text
    assert str(shared.id) not in text
    assert "Claire" not in text, "a machine named her, and looked again"


async def test_an_administrators_person_is_a_mere_name_to_the_owner_of_the_meeting(
    client: httpx.AsyncClient, act_as: ActAs, lane: Lane, units: UnitOfWorkFactory, storage: Storage,
    member: Principal, administrator: Principal,
) -> None:  # fmt: skip
    """The owner is answered as if the administrator had given the name freely: whether there is a person behind it,
    with a voice that was learned, is not theirs to know."""
    private = await add_person(units, administrator.user_id, "Zoé")
    shown = []
    for decision in ({"name": "Zoé"}, {"person_id": str(private.id)}):
        planted = await plant(units, member, storage)
        await lane.process({"SPEAKER_00": pitch(3), "SPEAKER_01": pitch(8)})
        act_as(administrator)
        named = await decide(client, planted, **decision)
        assert named.json()["learned"] is ("person_id" in decision)
        act_as(member)
        tails = ("/speakers", "/transcript", "/results/fusion", "/results/diarization", "/exports/md", "")
        answers = [(await client.get(at(planted, tail))).text for tail in tails]
        assert str(private.id) not in "".join(answers)
        shown.append([_IDS_AND_TIMES.sub("", answer) for answer in answers])
    assert shown[0] == shown[1]


_IDS_AND_TIMES = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}|[0-9a-f]{64}|\d{4}-\d\d-\d\dT[0-9:.]+(?:Z|[+-]\d\d:\d\d)")


# --- listening --------------------------------------------------------------------------------------------------------


async def test_a_speaker_can_be_heard(client: httpx.AsyncClient, meeting: Meeting) -> None:
    address = at(meeting, "/speakers/SPEAKER_01/sample")
    heard = await client.get(address)
    assert (heard.status_code, heard.headers["content-type"], heard.content[:4]) == (200, "audio/wav", b"RIFF")
    assert heard.headers["cache-control"] == "private, no-store"
    part = await client.get(address, headers={"Range": "bytes=-10"})
    assert (part.status_code, part.content) == (206, heard.content[-10:])
    assert (await client.get(at(meeting, "/speakers/SPEAKER_09/sample"))).status_code == 404


# --- again ------------------------------------------------------------------------------------------------------------


async def test_a_meeting_is_looked_through_again_and_what_somebody_decided_stays(
    client: httpx.AsyncClient, lane: Lane, units: UnitOfWorkFactory, storage: Storage, meeting: Meeting,
    claire: Person,
) -> None:  # fmt: skip
    await add_voice(units, storage, claire, pitch(3, noise=1))
    await decide(client, meeting, "SPEAKER_01", name="Madame Perrin")
    asked = await client.post(at(meeting, "/recognise"))
    assert (asked.status_code, asked.json()) == (202, {"is_asked": True})
    await lane.work()
    assert (await speaker(client, meeting))["name"] == "Claire"
    assert (await speaker(client, meeting, "SPEAKER_01"))["name"] == "Madame Perrin"


async def test_a_meeting_without_voices_is_not_looked_through(
    client: httpx.AsyncClient, units: UnitOfWorkFactory, member: Principal
) -> None:
    waits = await plant(units, member)
    assert (await client.post(at(waits, "/recognise"))).json() == {"is_asked": False}


# --- moves ------------------------------------------------------------------------------------------------------------


async def test_a_stretch_is_given_to_another_speaker_and_back(client: httpx.AsyncClient, meeting: Meeting) -> None:
    before = (await client.get(at(meeting, "/transcript"))).json()["segments"]
    first = before[0]
    to_label = "SPEAKER_01" if first["speaker"] == "SPEAKER_00" else "SPEAKER_00"
    stretch = {"start_s": first["start"], "end_s": first["end"], "to_label": to_label}
    moved = await client.post(at(meeting, "/moves"), json=stretch)
    assert (moved.status_code, moved.json()["to_label"], moved.json()["is_lost"]) == (201, to_label, False)
    assert (await client.post(at(meeting, "/moves"), json=stretch)).json() == moved.json(), "twice is one"
    assert (await client.get(at(meeting, "/moves"))).json()["items"] == [moved.json()]
    lines = (await client.get(at(meeting, "/transcript"))).json()["segments"]
    assert lines[0]["speaker"] == to_label
    undone = await client.delete(at(meeting, f"/moves/{moved.json()['id']}"))
    assert undone.status_code == 204
    assert (await client.get(at(meeting, "/transcript"))).json()["segments"] == before
    assert (await client.delete(at(meeting, f"/moves/{moved.json()['id']}"))).status_code == 404


async def test_what_cannot_be_moved_is_refused(
    client: httpx.AsyncClient, meeting: Meeting, subtests: pytest.Subtests
) -> None:
    for wanted, status in (
        ({"start_s": 2, "end_s": 1, "to_label": "SPEAKER_01"}, 422),
        ({"start_s": -1, "end_s": 1, "to_label": "SPEAKER_01"}, 422),
        ({"start_s": 0, "end_s": 1e300, "to_label": "SPEAKER_01"}, 422),
        ({"start_s": 0, "end_s": 1, "to_label": ""}, 422),
        ({"start_s": 0, "end_s": 1}, 422),
        ({"start_s": 0, "end_s": 1, "to_label": "SPEAKER_09"}, 404),
        ({"start_s": 0, "end_s": 1, "to_label": "SPEAKER_01", "from_label": "SPEAKER_09"}, 404),
    ):
        with subtests.test(wanted=wanted):
            assert (await client.post(at(meeting, "/moves"), json=wanted)).status_code == status
    assert (await client.get(at(meeting, "/moves"))).json() == {"items": []}
