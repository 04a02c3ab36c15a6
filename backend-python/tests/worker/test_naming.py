"""Names from the bank in a meeting's results, through a real worker whose child never sees the bank."""

import asyncio
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime

import psutil
from sqlalchemy import text

from scribe.core.ids import uuid7
from scribe.core.models_db import MeetingRow
from scribe.domain.meeting import MeetingId, Stage
from scribe.domain.namings import Naming, SegmentMove, Speaker
from scribe.domain.requests import RunOptions, VoiceChoice
from scribe.domain.speech import Span
from scribe.services.queue import requeue
from tests.bank import add_person, tone_print
from tests.conftest import add_user
from tests.worker.conftest import Place, WorkerUnderTest, eventually, gone

LOW, HIGH = tone_print(1), tone_print(7)
"""Those who hum in the recording."""


async def speakers(place: Place, meeting_id: MeetingId) -> list[Speaker]:
    async with place.units() as unit:
        return await unit.speakers.of_meeting(meeting_id)


def names(place: Place, row: MeetingRow) -> list[object]:
    return [speaker["name"] for speaker in place.document(row, "fusion.json")["speakers"]]  # type: ignore[attr-defined]


async def test_known_voices_are_named_in_the_first_results(place: Place, recording: bytes) -> None:
    ada, zoe = [await add_person(place.units, place.owner, *known) for known in (("Ada", [LOW]), ("Zoé", [HIGH]))]
    meeting_id = await place.meeting(recording)
    with place.worker() as worker:
        row = await place.ended(meeting_id)
        log = worker.log.read_text()
    assert (row.status, row.failure_message) == ("COMPLETED", None)
    assert names(place, row) == ["Ada", "Zoé"]
    assert (row.names_version, row.names_written) == (0, 0)
    stored = await speakers(place, meeting_id)
    assert [(one.naming, one.person_id, one.reason) for one in stored] == [
        (Naming.AUTO, ada, "matched"),
        (Naming.AUTO, zoe, "matched"),
    ]
    assert all(one.run == 1 and one.turns and one.spans and one.quality for one in stored)
    assert "Ada" not in log


async def test_nothing_that_names_anybody_is_kept_besides_the_results(place: Place, recording: bytes) -> None:
    ada = await add_person(place.units, place.owner, "Ada", [LOW])
    meeting_id = await place.meeting(recording)
    with place.worker():
        row = await place.ended(meeting_id)
        await place.is_tidy()
    assert names(place, row)[0] == "Ada"
    folders = ("uploads", "checkpoints", "derived", "results")
    kept = [key for folder in folders for key in place.storage.keys(folder) if key not in row.result_files]
    contents = {key: place.storage.read(key) or b"" for key in kept}
    assert any(key.startswith("checkpoints/") for key in kept)
    assert not [key for key, content in contents.items() if b"Ada" in content or str(ada).encode() in content]
    assert not [key for key in kept if "identify" in key]


async def test_every_speaker_has_a_sample_to_listen_to(place: Place, recording: bytes) -> None:
    meeting_id = await place.meeting(recording)
    with place.worker():
        await place.ended(meeting_id)
    for one in await speakers(place, meeting_id):
        assert one.sample_key is not None
        sample = place.storage.read(one.sample_key) or b""
        assert sample[:4] == b"RIFF"
        assert len(sample) > 2 * 16_000


async def test_only_whom_the_user_wants_is_looked_for(place: Place, recording: bytes) -> None:
    await add_person(place.units, place.owner, "Ada", [LOW], aliases=("Countess",))
    await add_person(place.units, place.owner, "Zoé", [HIGH])
    await add_person(place.units, place.owner, "Bob")
    await add_person(place.units, await add_user(place.units, "somebody"), "Eve", [LOW])
    expected: dict[VoiceChoice, tuple[list[str | None], int]] = {
        "all": (["Ada", "Zoé"], 0),
        "none": ([None, None], 0),
        ("zoe",): ([None, "Zoé"], 0),  # however it is spelt
        ("Countess", "Nobody"): (["Ada", None], 1),
        ("Eve",): ([None, None], 1),  # somebody else's
        ("Bob",): ([None, None], 1),  # has no voice
    }
    meetings = {choice: await place.meeting(recording, RunOptions(voices=choice)) for choice in expected}
    found = {}
    with place.worker():
        for choice, meeting_id in meetings.items():
            row = await place.ended(meeting_id)
            found[choice] = (names(place, row), len(row.warnings))
            assert {warning["code"] for warning in row.warnings} <= {"voices.unknown_name"}
            assert place.document(row, "fusion.json")["warnings"] == row.warnings
    assert found == expected


async def test_who_has_not_agreed_is_a_stranger(place: Place, recording: bytes) -> None:
    await add_person(place.units, place.owner, "Ada", [LOW], has_consent=False)
    first, second = await place.meeting(recording), await place.meeting(recording)
    with place.worker():
        row = await place.ended(first)
        await place.ended(second)
    assert names(place, row) == [None, None]


async def test_prints_of_another_model_are_never_compared(place: Place, recording: bytes) -> None:
    await add_person(place.units, place.owner, "Ada", [tone_print(1, model_id="campplus")])
    await add_person(place.units, place.owner, "Zoé", [tone_print(7, revision="0123456789abcdef")])
    meeting_id = await place.meeting(recording)
    with place.worker():
        row = await place.ended(meeting_id)
    assert (row.status, names(place, row), row.warnings) == ("COMPLETED", [None, None], [])


@asynccontextmanager
async def a_bank_that_does_not_answer(place: Place) -> AsyncIterator[None]:
    """Whoever asks for prints waits until the block ends."""
    async with place.units() as unit:
        await unit.session.execute(text("lock table voiceprints in access exclusive mode"))
        yield


async def waiting_child(place: Place, worker: WorkerUnderTest) -> psutil.Process:
    """It has asked whose voices it hears."""

    async def look() -> bool | None:
        async with place.units() as unit:
            return await unit.session.scalar(
                text("select true from pg_stat_activity where wait_event_type = 'Lock' and query like :bank limit 1"),
                {"bank": "SELECT people.id, people.name, %"},
            )

    await eventually(look)
    return worker.child


async def test_a_child_killed_while_it_waits_for_the_answer_costs_an_attempt(place: Place, recording: bytes) -> None:
    await add_person(place.units, place.owner, "Ada", [LOW])
    meeting_id = await place.meeting(recording)
    with place.worker() as worker:
        async with a_bank_that_does_not_answer(place):
            (await waiting_child(place, worker)).send_signal(signal.SIGKILL)
        row = await place.ended(meeting_id)
    assert (row.status, row.attempt, names(place, row)) == ("COMPLETED", 2, ["Ada", None])
    assert len(await speakers(place, meeting_id)) == 2


async def test_a_worker_killed_before_it_answers_leaves_the_meeting_to_the_next(place: Place, recording: bytes) -> None:
    await add_person(place.units, place.owner, "Ada", [LOW])
    meeting_id = await place.meeting(recording)
    with place.worker() as first:
        async with a_bank_that_does_not_answer(place):
            orphan = await waiting_child(place, first)
            first.signal(signal.SIGKILL)
            await gone([orphan])
    with place.worker():
        row = await place.ended(meeting_id)
    assert (row.status, names(place, row)) == ("COMPLETED", ["Ada", None])


async def test_a_run_that_waits_for_the_bank_can_be_cancelled(place: Place, recording: bytes) -> None:
    meeting_id = await place.meeting(recording)
    with place.worker() as worker:
        async with a_bank_that_does_not_answer(place):
            await waiting_child(place, worker)
            await place.ask_to_cancel(meeting_id)
            row = await place.ended(meeting_id)
    assert row.status == "CANCELLED"


async def test_a_worker_that_is_told_to_end_does_not_wait_for_the_bank(place: Place, recording: bytes) -> None:
    meeting_id = await place.meeting(recording)
    with place.worker() as worker:
        async with a_bank_that_does_not_answer(place):
            child = await waiting_child(place, worker)
            worker.signal(signal.SIGTERM)
            assert await asyncio.to_thread(worker.process.wait, 10) == 0
            await gone([child])
            assert (await place.row(meeting_id)).status == "PENDING"


async def test_a_database_that_goes_away_while_the_child_waits_is_asked_again(place: Place, recording: bytes) -> None:
    await add_person(place.units, place.owner, "Ada", [LOW])
    meeting_id = await place.meeting(recording)
    with place.worker() as worker:
        async with a_bank_that_does_not_answer(place):
            await waiting_child(place, worker)
            async with place.units() as unit:
                await unit.session.execute(text("select pg_terminate_backend(pid) from pg_locks where not granted"))

            async def noticed() -> bool | None:
                return bool(worker.events("recognition.waits")) or None

            await eventually(noticed)
        row = await place.ended(meeting_id)
    assert (row.status, row.attempt, names(place, row)) == ("COMPLETED", 1, ["Ada", None])


async def test_who_is_forgotten_while_the_meeting_is_written_is_not_in_its_rows(place: Place, recording: bytes) -> None:
    ada = await add_person(place.units, place.owner, "Ada", [LOW])
    zoe = await add_person(place.units, place.owner, "Zoé", [HIGH])
    meeting_id = await place.meeting(recording)
    with place.worker(fake_pace="0.2"):
        await place.is_in(meeting_id, Stage.TRANSCRIBE, 1)
        async with place.units() as unit:
            await unit.people.delete(ada)
        assert (await place.ended(meeting_id)).status == "COMPLETED"
        low, high = await speakers(place, meeting_id)
        row = await place.until(meeting_id, lambda row: row.names_version == row.names_written)
    assert (low.naming, low.person_id, low.name) == (Naming.UNKNOWN, None, None)
    assert (high.naming, high.person_id) == (Naming.AUTO, zoe)
    assert ada not in [one.person_id for speaker in (low, high) for one in speaker.candidates]
    assert row.names_version > 0
    assert names(place, row) == [None, "Zoé"]


async def test_another_run_keeps_what_people_decided_and_moved(place: Place, recording: bytes) -> None:
    """The first voice speaks from 0 to 9 s, the second from 10 s on."""
    meeting_id = await place.meeting(recording)
    with place.worker():
        await place.ended(meeting_id)
        low, high = await speakers(place, meeting_id)
        now = datetime.now(UTC)
        async with place.units() as unit:
            await unit.speakers.decide(replace(low, naming=Naming.CONFIRMED, name="The caretaker"))
            await unit.speakers.add_move(
                SegmentMove(uuid7(), meeting_id, Span(2.0, 6.0), low.label, high.label, None, now)
            )
            await requeue(unit, meeting_id, None, 5)
        row = await place.until(
            meeting_id, lambda row: row.results_run == 2 and 0 < row.names_version == row.names_written
        )
    assert [(one.run, one.naming, one.name) for one in await speakers(place, meeting_id)] == [
        (2, Naming.CONFIRMED, "The caretaker"),
        (2, Naming.UNKNOWN, None),
    ]
    assert names(place, row) == ["The caretaker", None]
    segments = place.document(row, "fusion.json")["segments"]
    words = [word for segment in segments for word in segment["words"]]  # type: ignore[attr-defined]
    moved = {word["speaker"] for word in words if word["start"] >= 2.0 and word["end"] <= 6.0}
    others = {word["speaker"] for word in words if word["end"] <= 1.9 or 6.1 <= word["start"] < 9}
    assert (moved, others) == ({high.label}, {low.label})
