"""Transcript, documents and exports have the names of today at once, written or not."""

import asyncio
import re
from dataclasses import replace

import httpx
import pytest

from scribe.adapters.storage import Storage
from scribe.adapters.unit_of_work import UnitOfWorkFactory
from scribe.api.routes.transcripts import FormatName
from scribe.api.schemas.transcripts import TranscriptOut
from scribe.core.config import QueueSettings
from scribe.domain import layout
from scribe.domain.accounts import Principal
from scribe.domain.jobs import Published
from scribe.domain.meetings import Meeting
from scribe.domain.namings import Naming
from scribe.domain.people import PersonChanges
from scribe.services import people
from scribe.services.queue import Queue, requeue
from scribe.services.rewriting import rewrite_pending
from scribe.services.transcripts import TranscriptMemory
from tests.bank import enter
from tests.domain.exports.meeting import french_meeting, hostile_meeting
from tests.named_meetings import completed, label, now

FUSION, DIARIZATION = french_meeting()
NAMELESS = {"rttm", "stm", "ctm"}
"""They have labels."""


@pytest.fixture
async def meeting(units: UnitOfWorkFactory, member: Principal, storage: Storage) -> Meeting:
    return await completed(units, storage, member.user_id)


def at(meeting: Meeting, tail: str) -> str:
    return f"/api/v1/meetings/{meeting.id}/{tail}"


async def name(client: httpx.AsyncClient, meeting: Meeting, number: int, text: str) -> None:
    answer = await client.put(at(meeting, f"speakers/{label(number)}"), json={"name": text})
    assert answer.status_code == 200, answer.text


LAID_OUT = {"pdf", "docx"}
"""No texts: ``test_exports.py`` opens them."""
ALL = (
    "transcript",
    "results/fusion",
    "results/diarization",
    *(f"exports/{one}" for one in FormatName if one not in LAID_OUT),
)


async def texts(client: httpx.AsyncClient, meeting: Meeting) -> dict[str, tuple[str, str]]:
    """ETag and body of everything."""
    answers = {tail: await client.get(at(meeting, tail)) for tail in ALL}
    assert {answer.status_code for answer in answers.values()} == {200}
    return {tail: (answer.headers["etag"], answer.text) for tail, answer in answers.items()}


def said(answers: dict[str, tuple[str, str]]) -> dict[str, str]:
    """Without the count of changes, which never goes back."""
    return {tail: re.sub(r'"version":\d+', "", body) for tail, (_, body) in answers.items()}


async def test_a_name_is_everywhere_at_once_and_the_same_when_the_files_follow(
    client: httpx.AsyncClient, units: UnitOfWorkFactory, storage: Storage, meeting: Meeting
) -> None:
    before = await texts(client, meeting)
    await name(client, meeting, 0, "Anne Roy")
    named = await texts(client, meeting)
    for tail, (etag, body) in named.items():
        assert etag != before[tail][0], tail
        if tail.removeprefix("exports/") not in NAMELESS:
            assert "Anne Roy" in body, tail
            assert "Claire Fontaine" not in body, tail
    shown = TranscriptOut.model_validate_json(named["transcript"][1])
    assert {line.name for line in shown.segments if line.speaker == "SPEAKER_00"} == {"Anne Roy"}
    assert shown.speakers[0].naming == "confirmed"
    assert await rewrite_pending(units, storage, 10) == 1
    assert await texts(client, meeting) == named  # to the byte, under the same ETag


async def test_what_was_moved_is_everywhere_at_once_and_back_again(
    client: httpx.AsyncClient, units: UnitOfWorkFactory, storage: Storage, meeting: Meeting
) -> None:
    for number, part in enumerate(FUSION.speakers):
        await name(client, meeting, number, part.name or "Marc Petit")
    before = await texts(client, meeting)
    moved = await client.post(at(meeting, "moves"), json={"start_s": 2.0, "end_s": 12.1, "to_label": "SPEAKER_01"})
    assert moved.status_code == 201, moved.text
    after = await texts(client, meeting)
    for tail in set(ALL) - {"exports/ctm"}:  # words without speakers
        assert after[tail] != before[tail], tail
    lines = TranscriptOut.model_validate_json(after["transcript"][1]).segments
    assert [(line.speaker, line.name) for line in lines[:3]] == [
        ("SPEAKER_00", "Claire Fontaine"), ("SPEAKER_01", "Marc Petit"), ("SPEAKER_01", "Marc Petit"),
    ]  # fmt: skip
    assert [line.index for line in lines] == list(range(len(FUSION.segments) + 1))
    await rewrite_pending(units, storage, 10)
    assert await texts(client, meeting) == after
    assert (await client.delete(at(meeting, f"moves/{moved.json()['id']}"))).status_code == 204
    assert said(await texts(client, meeting)) == said(before)


async def test_pages_go_on_under_new_names_and_begin_again_after_a_move(
    client: httpx.AsyncClient, meeting: Meeting
) -> None:
    first = (await client.get(at(meeting, "transcript?limit=1"))).json()
    await name(client, meeting, 0, "Anne Roy")
    second = await client.get(at(meeting, f"transcript?limit=1&cursor={first['next']}"))
    assert [(one["index"], one["name"]) for one in second.json()["segments"]] == [(1, "Anne Roy")]
    await client.post(at(meeting, "moves"), json={"start_s": 2.0, "end_s": 12.1, "to_label": "SPEAKER_01"})
    third = await client.get(at(meeting, f"transcript?limit=1&cursor={second.json()['next']}"))
    assert (third.status_code, third.json()["code"]) == (409, "request.conflict")


async def test_a_suggestion_is_asked_in_the_minutes_and_named_nowhere(
    client: httpx.AsyncClient, units: UnitOfWorkFactory, member: Principal, meeting: Meeting
) -> None:
    person = await enter(units, member, "Zoé Roy")
    async with units() as unit:
        row = await unit.speakers.get(meeting.id, label(1))
        assert row is not None
        await unit.speakers.decide(replace(row, naming=Naming.SUGGESTED, person_id=person.id, probability=0.7))
        await unit.speakers.touch_names(meeting.id)
    page = (await client.get(at(meeting, "transcript"))).json()
    assert (page["speakers"][1]["name"], page["speakers"][1]["suggestion"]) == (None, "Zoé Roy")
    assert all(one["name"] is None for one in page["segments"] if one["speaker"] == "SPEAKER_01")
    for tail, (_, body) in (await texts(client, meeting)).items():
        assert body.count("Zoé Roy") == (tail in {"transcript", "results/fusion", "results/diarization",
                                                  "exports/md", "exports/txt", "exports/json"}), tail  # fmt: skip


async def test_who_is_renamed_or_hidden_is_so_in_every_meeting_at_once(
    client: httpx.AsyncClient, units: UnitOfWorkFactory, stranger: Principal, storage: Storage, meeting: Meeting
) -> None:
    """Named in one, offered in the other; the files are of the name before."""
    person = await enter(units, stranger, "Zoé Roy", is_shared=True)
    async with units() as unit:
        for number, naming in enumerate((Naming.AUTO, Naming.SUGGESTED)):
            row = await unit.speakers.get(meeting.id, label(number))
            assert row is not None
            await unit.speakers.decide(replace(row, naming=naming, person_id=person.id, probability=0.7))
        await unit.speakers.touch_names(meeting.id)
    await rewrite_pending(units, storage, 10)
    assert "Zoé Roy" in (await texts(client, meeting))["exports/md"][1]
    await people.change(units, stranger, person.id, PersonChanges(name="Zoé Martin"))
    for _ in range(2):
        told = await texts(client, meeting)
        assert not any("Zoé Roy" in body for _, body in told.values())
        speakers = TranscriptOut.model_validate_json(told["transcript"][1]).speakers
        assert (speakers[0].name, speakers[1].suggestion) == ("Zoé Martin", "Zoé Martin")
        await rewrite_pending(units, storage, 10)
    await people.change(units, stranger, person.id, PersonChanges(is_shared=False))
    for _ in range(2):
        told = await texts(client, meeting)
        speakers = TranscriptOut.model_validate_json(told["transcript"][1]).speakers
        assert (speakers[0].name, speakers[0].person_id, speakers[0].probability) == ("Zoé Martin", None, None)
        assert (speakers[1].suggestion, speakers[1].naming) == (None, "unknown")
        assert not any(str(person.id) in body for _, body in told.values())
        await rewrite_pending(units, storage, 10)


async def test_a_person_whom_the_owner_may_not_know_is_only_a_name(
    client: httpx.AsyncClient, units: UnitOfWorkFactory, administrator: Principal, storage: Storage, meeting: Meeting
) -> None:
    """An administrator confirmed somebody of the administrator's own."""
    hidden = await enter(units, administrator, "Zoé Roy")
    async with units() as unit:
        row = await unit.speakers.get(meeting.id, label(1))
        assert row is not None
        await unit.speakers.decide(replace(row, naming=Naming.CONFIRMED, person_id=hidden.id))
        await unit.speakers.touch_names(meeting.id)
    for _ in range(2):
        told = await texts(client, meeting)
        assert "Zoé Roy" in told["transcript"][1]
        assert not any(str(hidden.id) in body for _, body in told.values())
        await rewrite_pending(units, storage, 10)
    assert str(hidden.id) not in (await client.get(at(meeting, "speakers"))).text


async def test_a_transcript_read_while_a_run_publishes_never_has_names_of_other_voices(
    client: httpx.AsyncClient, units: UnitOfWorkFactory, storage: Storage, meeting: Meeting
) -> None:
    """The new files are there, the new rows are not: whoever reads now waits, and reads again."""
    await name(client, meeting, 0, "Anne Roy")
    async with units() as unit:
        await requeue(unit, meeting.id, None, 5)
    queue = Queue(units, QueueSettings())
    job = await queue.claim("test:1:x")
    assert job is not None
    fusion, diarization = hostile_meeting()
    folder = layout.results_folder(job.created_at, job.meeting_id)
    staging = layout.staging_folder(folder, job.token)
    for file_name, document in (("diarization.json", diarization), ("fusion.json", fusion)):
        storage.write(f"{staging}/{file_name}", document.to_json().encode())
    published = Published(("diarization.json", "fusion.json"), "en", 3, 100, 25.0)
    async with units() as unit:
        await unit.jobs.lock(job)
        for file_name in published.files:
            storage.move(f"{staging}/{file_name}", f"{folder}/{file_name}")
        reading = asyncio.create_task(client.get(at(meeting, "transcript")))
        exporting = asyncio.create_task(client.get(at(meeting, "exports/txt")))
        done, _ = await asyncio.wait([reading, exporting], timeout=2)
        assert not done
        await unit.jobs.complete(job, folder, published)
        await unit.speakers.replace(meeting.id, 2, [])
    page = (await reading).json()
    assert page["run"] == 2
    assert not any(one["name"] == "Anne Roy" for one in page["speakers"])
    assert "Anne Roy" not in (await exporting).text


async def test_a_transcript_is_remembered_by_the_version_of_its_names(
    units: UnitOfWorkFactory, client: httpx.AsyncClient, storage: Storage, meeting: Meeting,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    read = []
    real = Storage.read
    monkeypatch.setattr(Storage, "read", lambda self, key: read.append(key) or real(self, key))
    memory = TranscriptMemory()
    for _ in range(3):
        await memory.read(units, storage, await now(units, meeting.id))
    await name(client, meeting, 0, "Anne Roy")
    for _ in range(3):
        transcript = await memory.read(units, storage, await now(units, meeting.id))
    assert len(read) == 2
    assert transcript.head["speakers"][0]["name"] == "Anne Roy"
