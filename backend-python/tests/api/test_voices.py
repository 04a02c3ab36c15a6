"""The voice bank over HTTP: clips on their way in, what becomes of them, voiceprints, samples, whose voice it is."""

import asyncio
import hashlib
import json
import re
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest
from fastapi import FastAPI

from scribe.adapters.storage import Storage
from scribe.adapters.unit_of_work import UnitOfWorkFactory
from scribe.core.config import Settings
from scribe.domain.accounts import Principal
from scribe.domain.people import Person, PrintOrigin
from scribe.domain.speech import Span, SpeakerLabel
from tests.api.introducing import Lane, add_person, add_speakers, add_voice, clip, pitch
from tests.api.planting import complete, plant

PEOPLE = "/api/v1/people"
VOICES = "/api/v1/voices"
ActAs = Callable[[Principal], None]


@pytest.fixture
async def claire(units: UnitOfWorkFactory, member: Principal) -> Person:
    """``member``'s, private, with a consent."""
    return await add_person(units, member.user_id, "Claire")


def stored(settings: Settings) -> list[Path]:
    return [path for path in Path(settings.storage_url or "").rglob("*") if path.is_file()]


async def enrol(client: httpx.AsyncClient, lane: Lane, person: Person, content: bytes, **query: Any) -> dict[str, Any]:
    sent = await client.post(f"{PEOPLE}/{person.id}/voices", params=query, content=content)
    assert sent.status_code == 202, sent.text
    await lane.work()
    became: dict[str, Any] = (await client.get(sent.headers["location"])).json()
    return became


# --- enrolling --------------------------------------------------------------------------------------------------------


async def test_a_clip_becomes_a_voiceprint_and_is_gone(
    client: httpx.AsyncClient, lane: Lane, claire: Person, storage: Storage, api_settings: Settings
) -> None:
    content = clip(3)
    sent = await client.post(f"{PEOPLE}/{claire.id}/voices", params={"file_name": "C:\\claire.m4a"}, content=content)
    waits = sent.json()
    assert (sent.status_code, waits["status"], waits["person_id"]) == (202, "PENDING", str(claire.id))
    assert sent.headers["location"] == f"{VOICES}/enrolments/{waits['id']}"
    [path] = stored(api_settings)
    assert (path.read_bytes(), path.stat().st_mode & 0o077) == (content, 0)

    await lane.work()
    done = (await client.get(sent.headers["location"])).json()
    assert (done["status"], done["kind"], done["origin"], done["file_name"]) == ("DONE", "enrol", "clip", "claire.m4a")
    assert (done["problems"], done["questions"], done["failure"], done["verdict"]) == ([], [], None, None)
    assert done["quality"]["speech_s"] == 20.0
    [voice] = (await client.get(VOICES, params={"person_id": str(claire.id)})).json()["items"]
    assert voice["id"] == done["voice_id"]
    assert voice == (await client.get(f"{VOICES}/{voice['id']}")).json()
    assert (voice["is_learned"], voice["has_sample"], voice["origin"]) == (False, True, "clip")
    assert (await client.get(f"{PEOPLE}/{claire.id}")).json()["num_voiceprints"] == 1
    assert storage.keys("voices/clips") == []


async def test_whoever_waits_is_told_what_became_of_it(client: httpx.AsyncClient, lane: Lane, claire: Person) -> None:
    sending = asyncio.create_task(
        client.post(f"{PEOPLE}/{claire.id}/voices", params={"wait": 20, "origin": "microphone"}, content=clip(3))
    )
    while not await lane.work():  # nothing waits yet: the clip is on its way
        pass
    answer = await sending
    assert (answer.status_code, answer.json()["status"], answer.json()["origin"]) == (200, "DONE", "microphone")
    assert answer.headers["location"].endswith(answer.json()["id"])


async def test_whoever_waits_in_vain_gets_its_address(client: httpx.AsyncClient, claire: Person) -> None:
    answer = await client.post(f"{PEOPLE}/{claire.id}/voices", params={"wait": 0.2}, content=clip(3))
    assert (answer.status_code, answer.json()["status"]) == (202, "PENDING")


async def test_a_clip_that_does_not_do_is_an_answer_and_says_what_is_missing(
    client: httpx.AsyncClient, lane: Lane, claire: Person, storage: Storage
) -> None:
    refused = await enrol(client, lane, claire, clip(3, speech_s=2.0))
    assert (refused["status"], refused["voice_id"]) == ("REFUSED", None)
    [problem] = refused["problems"]
    assert problem["code"] == "too-short"
    assert refused["detail"] == problem["message"]
    assert "2" in problem["message"]
    assert (await client.get(VOICES, params={"person_id": str(claire.id)})).json()["items"] == []
    assert storage.keys("voices") == []


async def test_a_clip_that_sounds_like_somebody_else_is_questioned_and_enrolled_when_confirmed(
    client: httpx.AsyncClient, lane: Lane, units: UnitOfWorkFactory, storage: Storage, member: Principal,
    claire: Person,
) -> None:  # fmt: skip
    anne = await add_person(units, member.user_id, "Anne")
    await add_voice(units, storage, anne, pitch(3))
    asked = await enrol(client, lane, claire, clip(3, noise=5))
    here = f"{VOICES}/enrolments/{asked['id']}"
    assert (asked["status"], asked["voice_id"], asked["is_confirmed"]) == ("QUESTIONED", None, False)
    [question] = asked["questions"]
    assert (question["kind"], question["person"]) == ("sounds-like", {"id": str(anne.id), "name": "Anne"})
    assert question["probability"] > 0.5
    assert "Anne" in asked["detail"]
    assert f"POST {here}/confirm" in asked["detail"]

    confirmed = await client.post(f"{here}/confirm")
    assert (confirmed.status_code, confirmed.json()["is_confirmed"]) == (202, True)
    await lane.work()
    assert (await client.get(here)).json()["status"] == "DONE"
    assert (await client.post(f"{here}/confirm")).status_code == 409


async def test_a_clip_in_question_can_be_discarded(
    client: httpx.AsyncClient, lane: Lane, units: UnitOfWorkFactory, storage: Storage, member: Principal,
    claire: Person,
) -> None:  # fmt: skip
    anne = await add_person(units, member.user_id, "Anne")
    await add_voice(units, storage, anne, pitch(3))
    asked = await enrol(client, lane, claire, clip(3))
    here = f"{VOICES}/enrolments/{asked['id']}"
    assert (await client.delete(here)).status_code == 204
    assert (await client.get(here)).status_code == 404
    assert (await client.delete(here)).status_code == 404
    assert storage.keys("voices/clips") == []
    assert (await client.get(f"{PEOPLE}/{claire.id}")).json()["num_voiceprints"] == 0


async def test_nobody_is_enrolled_without_consent(
    client: httpx.AsyncClient, units: UnitOfWorkFactory, member: Principal, api_settings: Settings
) -> None:
    nobody = await add_person(units, member.user_id, "Nobody", has_consent=False)
    answer = await client.post(f"{PEOPLE}/{nobody.id}/voices", content=clip(3))
    assert (answer.status_code, answer.json()["code"]) == (409, "voices.consent_missing")
    assert stored(api_settings) == []


# --- what arrives -----------------------------------------------------------------------------------------------------


class NeverRead:
    """A body that tells when somebody asks for it."""

    def __init__(self) -> None:
        self.was_read = False

    async def __aiter__(self) -> AsyncIterator[bytes]:
        self.was_read = True
        yield b"x"


async def test_what_is_refused_is_refused_before_the_first_byte_is_read(
    client: httpx.AsyncClient, act_as: ActAs, stranger: Principal, claire: Person
) -> None:
    body = NeverRead()
    large = {"Content-Length": str(201 << 20)}
    assert (await client.post(f"{PEOPLE}/{claire.id}/voices", content=body, headers=large)).status_code == 413
    assert (await client.post(f"{VOICES}/test", content=body, headers=large)).status_code == 413
    act_as(stranger)
    assert (await client.post(f"{PEOPLE}/{claire.id}/voices", content=body)).status_code == 404
    assert not body.was_read


async def test_what_is_no_clip_leaves_nothing(
    client: httpx.AsyncClient, claire: Person, api_settings: Settings, subtests: pytest.Subtests
) -> None:
    address = f"{PEOPLE}/{claire.id}/voices"
    digest = hashlib.sha256(b"something else").hexdigest()
    form = {"Content-Type": "multipart/form-data; boundary=x"}
    for content, query, headers, status in (
        (b"", {}, {}, 422),
        (b"Only words in here, whatever the name says. " * 20, {}, {}, 422),
        (clip(3), {}, form, 415),
        (clip(3), {"sha256": digest}, {}, 422),
        (clip(3), {"sha256": "x"}, {}, 422),
        (clip(3), {"origin": "meeting"}, {}, 422),
        (clip(3), {"wait": "31"}, {}, 422),
        (clip(3), {"wait": "nan"}, {}, 422),
        (clip(3), {"force": "true"}, {}, 422),
        (clip(3), {}, {"Content-Length": "10000"}, 400),
    ):
        with subtests.test(content=content[:10], query=query, headers=headers):
            answer = await client.post(address, params=query, content=content, headers=headers)
            assert answer.status_code == status, answer.text
            assert stored(api_settings) == []
    right = await client.post(address, params={"sha256": hashlib.sha256(clip(3)).hexdigest()}, content=clip(3))
    assert right.status_code == 202


async def test_a_clip_may_be_larger_than_other_bodies(client: httpx.AsyncClient, claire: Person) -> None:
    content = clip(3) + bytes(3 << 20)
    assert (await client.post(f"{PEOPLE}/{claire.id}/voices/", content=content)).status_code in {202, 307}
    assert (await client.post(f"{PEOPLE}/{claire.id}/voices", content=content)).status_code == 202
    assert (await client.post(f"{VOICES}/test", content=content)).status_code == 202
    other = await client.post(f"{PEOPLE}/{claire.id}/consents", content=content)
    assert other.status_code == 413


async def test_clips_are_counted_as_uploads_are(
    client: httpx.AsyncClient, app: FastAPI, claire: Person, api_settings: Settings
) -> None:
    few = api_settings.model_copy(update={"api": api_settings.api.model_copy(update={"uploads_per_hour": 2})})
    app.state.context = replace(app.state.context, settings=few)
    for _ in range(2):
        assert (await client.post(f"{VOICES}/test", content=clip(3))).status_code == 202
    answer = await client.post(f"{PEOPLE}/{claire.id}/voices", content=clip(3))
    assert (answer.status_code, answer.json()["code"]) == (429, "request.rate_limited")
    assert int(answer.headers["retry-after"]) > 0


# --- from a meeting ---------------------------------------------------------------------------------------------------


async def test_a_person_is_enrolled_from_a_speaker_of_a_meeting(
    client: httpx.AsyncClient, lane: Lane, units: UnitOfWorkFactory, storage: Storage, member: Principal,
    claire: Person,
) -> None:  # fmt: skip
    meeting = await plant(units, member, storage)
    await complete(units, storage)
    await add_speakers(units, storage, meeting.id, {"SPEAKER_00": pitch(3), "SPEAKER_01": None})
    address = f"{PEOPLE}/{claire.id}/voices/from-speaker"
    source = {"meeting_id": str(meeting.id), "label": "SPEAKER_00"}
    asked = await client.post(address, json=source)
    assert (asked.status_code, asked.json()["origin"]) == (202, "meeting")
    await lane.work()
    done = (await client.get(asked.headers["location"])).json()
    assert (done["status"], done["meeting_id"], done["label"]) == ("DONE", str(meeting.id), "SPEAKER_00")
    voice = (await client.get(f"{VOICES}/{done['voice_id']}")).json()
    assert (voice["meeting_id"], voice["spans"]) == (str(meeting.id), [{"start_s": 0.0, "end_s": 10.0}])
    assert (await client.get(f"{VOICES}/{voice['id']}/sample")).status_code == 200

    silent = await client.post(address, json=source | {"label": "SPEAKER_01"})
    assert (silent.status_code, silent.json()["code"]) == (422, "voices.unusable_clip")
    assert (await client.post(address, json=source | {"label": "SPEAKER_07"})).status_code == 404
    assert (await client.post(address, json=source | {"label": "../x"})).status_code == 422


# --- voiceprints ------------------------------------------------------------------------------------------------------


async def test_a_voiceprint_is_heard_and_removed(
    client: httpx.AsyncClient, units: UnitOfWorkFactory, storage: Storage, claire: Person
) -> None:
    voice = await add_voice(units, storage, claire, pitch(3))
    assert voice.sample_key is not None
    wav = storage.read(voice.sample_key)
    assert wav is not None
    address = f"{VOICES}/{voice.id}"
    heard = await client.get(f"{address}/sample")
    assert (heard.status_code, heard.content, heard.headers["content-type"]) == (200, wav, "audio/wav")
    assert heard.headers["cache-control"] == "private, no-store"
    part = await client.get(f"{address}/sample", headers={"Range": "bytes=4-7"})
    assert (part.status_code, part.content) == (206, wav[4:8])
    assert part.headers["content-range"] == f"bytes 4-7/{len(wav)}"
    late = await client.get(f"{address}/sample", headers={"Range": f"bytes={len(wav)}-"})
    assert late.status_code == 416
    assert (await client.delete(address)).status_code == 204
    assert storage.read(voice.sample_key) is None
    for method, gone in (("GET", address), ("GET", f"{address}/sample"), ("DELETE", address)):
        assert (await client.request(method, gone)).status_code == 404


async def test_a_voiceprint_whose_sample_is_gone_says_so(
    client: httpx.AsyncClient, units: UnitOfWorkFactory, storage: Storage, claire: Person
) -> None:
    without = await add_voice(units, storage, claire, pitch(3), sample_key=None)
    assert (await client.get(f"{VOICES}/{without.id}")).json()["has_sample"] is False
    assert (await client.get(f"{VOICES}/{without.id}/sample")).status_code == 404


async def test_a_voice_tells_nothing_of_a_meeting_that_its_reader_may_not_see(
    client: httpx.AsyncClient, act_as: ActAs, units: UnitOfWorkFactory, storage: Storage, member: Principal,
    stranger: Principal, administrator: Principal,
) -> None:  # fmt: skip
    shared = await add_person(units, member.user_id, "Claire", is_shared=True)
    meeting = await plant(units, stranger, storage)  # an administrator has taught Claire from somebody else's meeting
    heard = {"meeting_id": meeting.id, "label": SpeakerLabel("SPEAKER_00"), "spans": (Span(1.0, 9.0),)}
    voice = await add_voice(units, storage, shared, pitch(3), origin=PrintOrigin.MEETING, is_learned=True, **heard)
    address = f"{VOICES}/{voice.id}"
    shown = (await client.get(address)).json()
    assert (shown["meeting_id"], shown["label"], shown["spans"]) == (None, None, [])
    [listed] = (await client.get(VOICES, params={"person_id": str(shared.id)})).json()["items"]
    assert listed == shown
    assert (await client.get(f"{address}/sample")).status_code == 404, "a piece of that meeting"
    act_as(stranger)
    assert (await client.get(address)).json()["meeting_id"] == str(meeting.id)
    assert (await client.get(f"{address}/sample")).status_code == 403
    act_as(administrator)
    assert (await client.get(f"{address}/sample")).status_code == 200


async def test_no_vector_and_no_place_in_storage_is_in_any_answer(
    client: httpx.AsyncClient, lane: Lane, units: UnitOfWorkFactory, storage: Storage, claire: Person
) -> None:
    voice = await add_voice(units, storage, claire, pitch(3))
    done = await enrol(client, lane, claire, clip(3, noise=2))
    answers = [
        json.dumps(done),
        (await client.get(VOICES, params={"person_id": str(claire.id)})).text,
        (await client.get(f"{VOICES}/{voice.id}")).text,
        (await client.get(f"{PEOPLE}/{claire.id}")).text,
        (await client.get(PEOPLE)).text,
    ]
    for text in answers:
        assert "vector" not in text
        assert ".wav" not in text
        assert "voices/" not in text.replace(VOICES, "")
        assert "_key" not in text


# --- whose voice is it ------------------------------------------------------------------------------------------------


async def test_a_tested_clip_is_told_whose_voice_it_is_and_kept_nowhere(
    client: httpx.AsyncClient, lane: Lane, units: UnitOfWorkFactory, storage: Storage, claire: Person
) -> None:
    await add_voice(units, storage, claire, pitch(3))
    sent = await client.post(f"{VOICES}/test", params={"file_name": "x.wav"}, content=clip(3, noise=9))
    assert (sent.status_code, sent.json()["kind"], sent.json()["person_id"]) == (202, "test", None)
    await lane.work()
    done = (await client.get(sent.headers["location"])).json()
    assert (done["status"], done["voice_id"]) == ("DONE", None)
    assert (done["verdict"]["band"], done["detail"]) == ("auto", "It is Claire.")
    [candidate] = done["verdict"]["candidates"]
    assert (candidate["person_id"], candidate["name"]) == (str(claire.id), "Claire")
    assert candidate["probability"] > 0.9
    assert storage.keys("voices/clips") == []
    assert (await client.get(f"{PEOPLE}/{claire.id}")).json()["num_voiceprints"] == 1

    stranger = await client.post(f"{VOICES}/test", content=clip(12))
    await lane.work()
    nobody = (await client.get(stranger.headers["location"])).json()
    assert (nobody["verdict"]["band"], nobody["detail"]) == ("unknown", "It is nobody whose voice is known.")


async def test_a_name_that_its_reader_may_not_know_any_more_is_not_shown(
    client: httpx.AsyncClient, act_as: ActAs, lane: Lane, units: UnitOfWorkFactory, storage: Storage,
    member: Principal, stranger: Principal,
) -> None:  # fmt: skip
    shared = await add_person(units, member.user_id, "Claire", is_shared=True)
    await add_voice(units, storage, shared, pitch(3))
    anne = await add_person(units, stranger.user_id, "Anne")
    act_as(stranger)
    asked = await enrol(client, lane, anne, clip(3, noise=5))
    tested = await client.post(f"{VOICES}/test", content=clip(3, noise=6))
    await lane.work()
    assert "Claire" in asked["detail"]
    act_as(member)
    assert (await client.patch(f"{PEOPLE}/{shared.id}", json={"is_shared": False})).status_code == 200
    act_as(stranger)
    for address in (f"{VOICES}/enrolments/{asked['id']}", tested.headers["location"]):
        text = (await client.get(address)).text
        assert "Claire" not in text
        assert str(shared.id) not in text
        assert not re.search(r'"(?:score|probability)":[0-9.]', text)
        assert '"band":"auto"' not in text


async def test_what_somebody_else_asked_for_does_not_exist(
    client: httpx.AsyncClient, act_as: ActAs, stranger: Principal, claire: Person, subtests: pytest.Subtests
) -> None:
    sent = await client.post(f"{PEOPLE}/{claire.id}/voices", content=clip(3))
    act_as(stranger)
    for method, tail in (("GET", ""), ("GET", "?wait=1"), ("DELETE", ""), ("POST", "/confirm")):
        with subtests.test(method=method, tail=tail):
            answer = await client.request(method, sent.headers["location"] + tail)
            nothing = await client.request(method, f"{VOICES}/enrolments/{uuid4()}{tail}")
            assert (answer.status_code, answer.content) == (404, nothing.content)


async def test_past_meetings_are_looked_through_again(
    client: httpx.AsyncClient, lane: Lane, units: UnitOfWorkFactory, storage: Storage, member: Principal,
    stranger: Principal, claire: Person,
) -> None:  # fmt: skip
    meeting = await plant(units, member, storage)
    await complete(units, storage)
    await add_speakers(units, storage, meeting.id, {"SPEAKER_00": pitch(3)})
    theirs = await plant(units, stranger, storage)
    await complete(units, storage)
    await add_speakers(units, storage, theirs.id, {"SPEAKER_00": pitch(3)})
    await add_voice(units, storage, claire, pitch(3, noise=1))

    asked = await client.post(f"{VOICES}/recognise", json={})
    assert (asked.status_code, asked.json()) == (202, {"meetings": 1})
    await lane.work()
    [speaker] = (await client.get(f"/api/v1/meetings/{meeting.id}/speakers")).json()["speakers"]
    assert (speaker["naming"], speaker["name"], speaker["person"]["id"]) == ("auto", "Claire", str(claire.id))

    later = await client.post(f"{VOICES}/recognise", json={"since": "2100-01-01T00:00:00Z"})
    assert later.json() == {"meetings": 0}
    for_her = await client.post(f"{VOICES}/recognise", json={"person_id": str(claire.id)})
    assert for_her.json() == {"meetings": 1}
    assert (await client.post(f"{VOICES}/recognise", json={"since": "yesterday"})).status_code == 422


async def test_the_text_of_a_consent_is_there_in_both_languages(client: httpx.AsyncClient) -> None:
    texts = {}
    for language in ("fr", "en"):
        answer = await client.get(f"{VOICES}/consent-text", params={"language": language})
        assert (answer.status_code, answer.json()["language"]) == (200, language)
        assert answer.json()["version"]
        texts[language] = answer.json()["text"]
    assert texts["fr"] != texts["en"]
    assert (await client.get(f"{VOICES}/consent-text", params={"language": "de"})).status_code == 422


async def test_an_administrator_compares_with_the_people_of_nobody_else(
    client: httpx.AsyncClient, act_as: ActAs, lane: Lane, units: UnitOfWorkFactory, storage: Storage,
    administrator: Principal, claire: Person,
) -> None:  # fmt: skip
    """Reading everybody is for administering; whose voices one's recordings are searched for is another matter."""
    await add_voice(units, storage, claire, pitch(3))
    act_as(administrator)
    sent = await client.post(f"{VOICES}/test", content=clip(3))
    await lane.work()
    done = (await client.get(sent.headers["location"])).json()
    assert done["verdict"]["candidates"] == []


async def test_the_same_clip_again_with_the_same_key_is_enrolled_once(
    client: httpx.AsyncClient, lane: Lane, claire: Person
) -> None:
    address, key = f"{PEOPLE}/{claire.id}/voices", {"Idempotency-Key": "clip-1"}
    first = await client.post(address, content=clip(3), headers=key)
    again = await client.post(address, params={"wait": 0.1}, content=clip(3), headers=key)
    assert (first.status_code, again.status_code, again.json()["id"]) == (202, 202, first.json()["id"])
    assert await lane.work() == ["DONE"]
    done = await client.post(address, content=clip(3), headers=key)
    assert (done.status_code, done.json()["status"]) == (200, "DONE")
    assert (
        await client.post(address, content=clip(4), params={"origin": "microphone"}, headers=key)
    ).status_code == 409
    assert (await client.get(f"{PEOPLE}/{claire.id}")).json()["num_voiceprints"] == 1
