"""Corrections over HTTP: made, shown, undone, redone; what somebody else changed meanwhile is not overwritten."""

import asyncio
import json
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import httpx
import pytest

from scribe.adapters.storage import Storage
from scribe.adapters.unit_of_work import UnitOfWorkFactory
from scribe.domain.accounts import Principal
from scribe.domain.meetings import Meeting
from scribe.services.transcripts import TranscriptMemory
from tests.named_meetings import completed, now

Json = dict[str, Any]


@pytest.fixture
async def meeting(units: UnitOfWorkFactory, member: Principal, storage: Storage) -> Meeting:
    return await completed(units, storage, member.user_id)


def at(meeting: Meeting, tail: str) -> str:
    return f"/api/v1/meetings/{meeting.id}/{tail}"


def line(segment: Json) -> Json:
    return {name: segment[name] for name in ("start", "end", "speaker", "text")}


async def transcript(client: httpx.AsyncClient, meeting: Meeting) -> Json:
    answer = await client.get(at(meeting, "transcript"))
    assert answer.status_code == 200, answer.text
    read: Json = answer.json()
    return read


async def segments(client: httpx.AsyncClient, meeting: Meeting) -> list[Json]:
    found: list[Json] = (await transcript(client, meeting))["segments"]
    return found


async def edit(client: httpx.AsyncClient, meeting: Meeting, **wish: Any) -> Json:
    answer = await client.post(at(meeting, "edits"), json=wish)
    assert answer.status_code == 201, answer.text
    made: Json = answer.json()
    return made


async def reread(units: UnitOfWorkFactory, storage: Storage, meeting: Meeting) -> list[Json]:
    """From the files, not from memory."""
    fresh = await TranscriptMemory().read(units, storage, await now(units, meeting.id))
    return [json.loads(line.to_json(index, with_words=True)) for index, line in enumerate(fresh.lines)]


def applied(before: list[Json], change: Json) -> list[Json]:
    """As a client does it."""
    start, end = change["from_index"], change["from_index"] + change["num_removed"]
    done = [*before[:start], *change["segments"], *before[end:]]
    return [{**segment, "index": index} for index, segment in enumerate(done)]


async def test_a_text_is_corrected_and_everything_says_so_at_once(
    client: httpx.AsyncClient, meeting: Meeting, units: UnitOfWorkFactory, storage: Storage
) -> None:
    before = await transcript(client, meeting)
    first = before["segments"][0]
    words = first["text"].split(" ")
    text = " ".join(["Rebonjour", *words[1:]])
    made = await edit(client, meeting, kind="text", segment=line(first), text=text)
    after = await transcript(client, meeting)
    assert made["version"] == after["version"] == before["version"] + 1
    assert applied(before["segments"], made["change"]) == after["segments"]
    changed = after["segments"][0]
    assert changed["text"] == text
    assert changed["edit_id"] == made["edit"]["id"]
    assert changed["words"][0]["confidence"] == 1.0
    assert changed["words"][1:] == first["words"][1:], "words whose text stays keep time and confidence"
    assert made["edit"]["kind"] == "text"
    assert [one["text"] for one in made["edit"]["before"]] == [first["text"]]
    assert [one["text"] for one in made["edit"]["after"]] == [text]
    for format_ in ("md", "srt"):
        assert "Rebonjour" in (await client.get(at(meeting, f"exports/{format_}"))).text, format_
    assert await reread(units, storage, meeting) == after["segments"]


async def test_two_tabs_do_not_overwrite_each_other(
    client: httpx.AsyncClient, meeting: Meeting, act_as: Callable[[Principal], None]
) -> None:
    first, second = (await segments(client, meeting))[:2]
    mine = await edit(client, meeting, kind="text", segment=line(first), text="Le premier.")
    refused = await client.post(at(meeting, "edits"), json={"kind": "text", "segment": line(first), "text": "Autre."})
    assert (refused.status_code, refused.json()["code"]) == (409, "edit.conflict")
    assert [one["id"] for one in refused.json()["edits"]] == [mine["edit"]["id"]]
    assert refused.json()["edits"][0]["author"]["username"]
    assert "Le premier." in [one["text"] for one in refused.json()["current"]]
    await edit(client, meeting, kind="text", segment=line(second), text="Le deuxième.")
    texts = [one["text"] for one in await segments(client, meeting)]
    assert texts[:2] == ["Le premier.", "Le deuxième."]


async def test_every_kind_is_undone_and_redone(
    client: httpx.AsyncClient, meeting: Meeting, units: UnitOfWorkFactory, storage: Storage
) -> None:
    untouched = await segments(client, meeting)
    first, second = untouched[:2]
    joinable = next((one, two) for one, two in pairwise(untouched) if one["end"] <= two["start"] + 0.001)
    wishes: list[Json] = [
        {"kind": "text", "segment": line(first), "text": "Tout autre chose."},
        {"kind": "text", "segment": line(first), "text": ""},
        {"kind": "split", "segment": line(first), "at": 1},
        {"kind": "join", "segments": [line(one) for one in joinable]},
        {"kind": "confirm", "segment": line(second)},
        {"kind": "move", "segments": [line(first)], "to_label": other_speaker(first)},
    ]
    for wish in wishes:
        made = await edit(client, meeting, **wish)
        changed = await segments(client, meeting)
        assert changed != untouched, wish["kind"]
        assert applied(untouched, made["change"]) == changed, wish["kind"]
        assert await reread(units, storage, meeting) == changed, wish["kind"]
        undone = await client.post(at(meeting, f"edits/{made['edit']['id']}/undo"))
        assert undone.status_code == 200, undone.text
        assert undone.json()["edit"]["undone_at"] is not None
        assert await segments(client, meeting) == untouched, wish["kind"]
        assert applied(changed, undone.json()["change"]) == untouched, wish["kind"]
        redone = await client.post(at(meeting, f"edits/{made['edit']['id']}/redo"))
        assert redone.status_code == 200, redone.text
        assert await segments(client, meeting) == changed, wish["kind"]
        assert (await client.post(at(meeting, f"edits/{made['edit']['id']}/undo"))).status_code == 200
    history = (await client.get(at(meeting, "edits"))).json()
    assert [one["kind"] for one in history["items"]] == [wish["kind"] for wish in reversed(wishes)]


def other_speaker(segment: Json) -> str:
    return "SPEAKER_01" if segment["speaker"] == "SPEAKER_00" else "SPEAKER_00"


async def test_many_at_once_lose_nothing(client: httpx.AsyncClient, meeting: Meeting) -> None:
    before = await segments(client, meeting)
    wishes = [{"kind": "text", "segment": line(one), "text": f"Ligne {one['index']}."} for one in before]
    wishes += [{"kind": "text", "segment": line(before[0]), "text": f"Autre {number}."} for number in range(5)]
    answers = await asyncio.gather(*(client.post(at(meeting, "edits"), json=wish) for wish in wishes))
    statuses = [answer.status_code for answer in answers]
    assert sorted(statuses) == [201] * len(before) + [409] * 5
    after = await segments(client, meeting)
    assert [one["text"] for one in after[1:]] == [f"Ligne {one['index']}." for one in before[1:]]
    numbers = [one["number"] for one in (await client.get(at(meeting, "edits"))).json()["items"]]
    assert numbers == list(range(len(before), 0, -1))


async def test_the_history_comes_by_the_page_and_of_strangers_nothing(
    client: httpx.AsyncClient, meeting: Meeting, act_as: Callable[[Principal], None], stranger: Principal
) -> None:
    for number in range(3):
        first = (await segments(client, meeting))[0]
        made = await edit(client, meeting, kind="text", segment=line(first), text=f"Version {number}.")
    page = (await client.get(at(meeting, "edits?limit=2"))).json()
    rest = (await client.get(at(meeting, f"edits?limit=2&cursor={page['next']}"))).json()
    assert [one["number"] for one in (*page["items"], *rest["items"])] == [3, 2, 1]
    assert rest["next"] is None
    assert (await client.get(at(meeting, "edits?cursor=x"))).status_code == 422
    act_as(stranger)
    wish = {"kind": "confirm", "segment": line(first)}
    for method, tail, body in (
        ("GET", "edits", None),
        ("POST", "edits", wish),
        ("POST", f"edits/{made['edit']['id']}/undo", None),
        ("POST", f"edits/{made['edit']['id']}/redo", None),
        ("POST", "speakers/SPEAKER_00/merge", {"into": "SPEAKER_01"}),
    ):
        assert (await client.request(method, at(meeting, tail), json=body)).status_code == 404, tail


async def test_what_would_change_nothing_or_cannot_be_is_refused(client: httpx.AsyncClient, meeting: Meeting) -> None:
    all_ = await segments(client, meeting)
    first = all_[0]
    for wish, status in (
        ({"kind": "text", "segment": line(first), "text": first["text"]}, 422),
        ({"kind": "split", "segment": line(first), "at": 1000}, 422),
        ({"kind": "split", "segment": line(first), "at": 0}, 422),
        ({"kind": "join", "segments": [line(all_[1]), line(first)]}, 422),
        ({"kind": "join", "segments": [line(first), line(all_[4])]}, 422),
        ({"kind": "move", "segments": [line(first)], "to_label": first["speaker"]}, 422),
        ({"kind": "move", "segments": [line(first)], "to_label": "SPEAKER_77"}, 404),
        ({"kind": "other", "segment": line(first)}, 422),
        ({"kind": "text", "segment": {**line(first), "end": 1e9}, "text": "x"}, 422),
        ({"kind": "text", "segment": line(first), "text": "x\0y"}, 201),
    ):
        answer = await client.post(at(meeting, "edits"), json=wish)
        assert answer.status_code == status, (wish, answer.text)
    assert (await segments(client, meeting))[0]["text"] == "xy", "controls are left out"
    for label, into, status in (("SPEAKER_00", "SPEAKER_00", 422), ("SPEAKER_00", "SPEAKER_77", 404)):
        answer = await client.post(at(meeting, f"speakers/{label}/merge"), json={"into": into})
        assert answer.status_code == status


async def test_what_later_changes_stand_on_is_not_undone(client: httpx.AsyncClient, meeting: Meeting) -> None:
    first = (await segments(client, meeting))[0]
    one = await edit(client, meeting, kind="text", segment=line(first), text="Un deux trois quatre.")
    two = await edit(client, meeting, kind="split", segment=line((await segments(client, meeting))[0]), at=2)
    refused = await client.post(at(meeting, f"edits/{one['edit']['id']}/undo"))
    assert (refused.status_code, refused.json()["code"]) == (409, "edit.conflict")
    assert [culprit["id"] for culprit in refused.json()["edits"]] == [two["edit"]["id"]]
    for made in (two, one):
        assert (await client.post(at(meeting, f"edits/{made['edit']['id']}/undo"))).status_code == 200
    refused = await client.post(at(meeting, f"edits/{two['edit']['id']}/redo"))
    assert (refused.status_code, refused.json()["code"]) == (409, "edit.conflict"), "its line is not there"


async def test_two_speakers_become_one_and_two_again(client: httpx.AsyncClient, meeting: Meeting) -> None:
    before = await segments(client, meeting)
    answer = await client.post(at(meeting, "speakers/SPEAKER_01/merge"), json={"into": "SPEAKER_00"})
    assert answer.status_code == 200, answer.text
    made = answer.json()
    merged = await segments(client, meeting)
    assert "SPEAKER_01" not in {one["speaker"] for one in merged}
    assert [one["text"] for one in merged] == [one["text"] for one in before]
    assert (await client.get(at(meeting, "speakers"))).json()["speakers"][1]["speech_s"] == 0
    assert (made["edit"]["before"][0]["speaker"], made["edit"]["after"][0]["speaker"]) == ("SPEAKER_01", "SPEAKER_00")
    assert (await client.post(at(meeting, f"edits/{made['edit']['id']}/undo"))).status_code == 200
    assert await segments(client, meeting) == before


async def test_a_name_is_in_the_history_and_undone(client: httpx.AsyncClient, meeting: Meeting) -> None:
    for name in ("Madame Perrin", "Madame Morin"):
        named = await client.put(at(meeting, "speakers/SPEAKER_00"), json={"name": name})
        assert named.status_code == 200
    second, first = (await client.get(at(meeting, "edits"))).json()["items"]
    assert named.json()["edit_id"] == second["id"]
    assert (second["before"][0]["name"], second["after"][0]["name"]) == ("Madame Perrin", "Madame Morin")
    refused = await client.post(at(meeting, f"edits/{first['id']}/undo"))
    assert (refused.status_code, refused.json()["edits"][0]["id"]) == (409, second["id"])
    assert (await client.post(at(meeting, f"edits/{second['id']}/undo"))).status_code == 200
    shown = (await client.get(at(meeting, "speakers"))).json()["speakers"][0]
    assert shown["name"] == "Madame Perrin"
    assert (await client.post(at(meeting, f"edits/{first['id']}/undo"))).status_code == 200
    shown = (await client.get(at(meeting, "speakers"))).json()["speakers"][0]
    assert (shown["name"], shown["naming"]) == (None, "unknown")
    assert (await client.post(at(meeting, f"edits/{first['id']}/redo"))).status_code == 200
    shown = (await client.get(at(meeting, "speakers"))).json()["speakers"][0]
    assert shown["name"] == "Madame Perrin"
