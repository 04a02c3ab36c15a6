"""A meeting from its row to its end, through a real worker."""

import asyncio
import json
from pathlib import Path

import numpy as np
import pytest

from scribe.adapters.unit_of_work import UnitOfWorkFactory
from scribe.domain import layout
from scribe.domain.accounts import Principal
from scribe.domain.requests import RunOptions
from tests.worker.conftest import RATE, Place, eventually, make_place, wav


async def test_a_pending_meeting_becomes_minutes(place: Place, recording: bytes) -> None:
    meeting_id = await place.meeting(recording)
    with place.worker() as worker:
        row = await place.ended(meeting_id)
        await place.is_tidy()
        text = worker.log.read_text()
    assert (row.status, row.failure_code) == ("COMPLETED", None)
    assert {key.rpartition("/")[2] for key in row.result_files} >= {
        "transcription.json",
        "diarization.json",
        "fusion.json",
    }
    assert place.document(row, "fusion.json")["recording"]["file"] == "Réunion du lundi.wav"
    assert (row.num_speakers, row.language, row.attempt) == (2, "en", 1)
    assert set(row.stages) == {"convert", "diarize", "identify", "transcribe", "fuse"}
    assert row.audio["sha256"] == row.sha256
    assert row.percent == 100
    assert "Réunion" not in text  # the log names nobody and quotes nothing
    assert "three" not in text


async def test_the_outline_is_there_with_the_minutes(place: Place, recording: bytes) -> None:
    meeting_id = await place.meeting(recording)
    with place.worker():
        await place.ended(meeting_id)
    peaks = json.loads(place.storage.read(layout.peaks_key(meeting_id)) or b"{}")
    assert peaks["length"] == len(peaks["data"]) // 2 == 20 * RATE // peaks["samples_per_pixel"]


async def test_the_wishes_reach_the_engines(place: Place, recording: bytes) -> None:
    options = RunOptions(language="fr", speakers=1, vocabulary=("Kubernetes",), reading_language="fr", voices="none")
    meeting_id = await place.meeting(recording, options)
    with place.worker():
        row = await place.ended(meeting_id)
    settings = place.document(row, "fusion.json")["settings"]
    assert (row.language, row.num_speakers) == ("fr", 1)
    assert settings["transcribe"]["vocabulary"] == ["Kubernetes"]
    assert "Durée" in (place.storage.read(f"{row.results_folder}/minutes.md") or b"").decode()


@pytest.mark.parametrize(
    ("content", "code"),
    [
        pytest.param(b"Dear colleagues,\n" * 100, "audio.not_audio", id="text"),
        pytest.param(wav(np.zeros(0)), "audio.empty", id="no sound"),
    ],
)
async def test_a_bad_recording_fails_at_once_with_a_reason(place: Place, content: bytes, code: str) -> None:
    meeting_id = await place.meeting(content)
    with place.worker() as worker:
        row = await place.ended(meeting_id)
        await _is_idle(place)
        await place.is_tidy()
        assert not worker.descendants()
    assert (row.status, row.failure_code, row.failure_stage, row.attempt) == ("FAILED", code, "convert", 1)
    assert row.result_files == []


async def test_a_recording_that_is_not_what_was_uploaded_fails(place: Place, recording: bytes) -> None:
    meeting_id = await place.meeting(recording, sha256="0" * 64)
    with place.worker():
        row = await place.ended(meeting_id)
    assert (row.status, row.failure_code) == ("FAILED", "audio.corrupt")


async def test_a_recording_that_is_not_there_is_tried_again(place: Place, recording: bytes) -> None:
    meeting_id = await place.meeting(recording, max_attempts=2)
    place.storage.delete(layout.recording_key(meeting_id))
    with place.worker():
        row = await place.ended(meeting_id)
    assert (row.status, row.failure_code, row.attempt) == ("FAILED", "storage.unavailable", 2)
    assert row.is_dead_letter


async def test_a_model_that_is_not_installed_is_said(place: Place, recording: bytes, tmp_path: Path) -> None:
    meeting_id = await place.meeting(recording, RunOptions(model="whisper-small"))
    with place.worker(transcription__engine="whisper", models_dir=str(tmp_path / "no-models")):
        row = await place.ended(meeting_id)
    assert (row.status, row.failure_code, row.attempt) == ("FAILED", "model.missing", 1)
    assert "whisper-small" in (row.failure_message or "")


async def test_two_workers_share_the_work_and_publish_each_meeting_once(place: Place, recording: bytes) -> None:
    meetings = [await place.meeting(recording) for _ in range(4)]
    with place.worker(), place.worker():
        rows = [await place.ended(meeting_id) for meeting_id in meetings]
    assert {row.status for row in rows} == {"COMPLETED"}
    for meeting_id in meetings:
        assert await place.statuses(meeting_id) == ["PROCESSING", "COMPLETED"]


async def test_a_kept_child_processes_meeting_after_meeting(place: Place, recording: bytes) -> None:
    with place.worker(residency="keep") as worker:
        await place.ended(await place.meeting(recording))
        await _is_idle(place)
        first = worker.child.pid
        row = await place.ended(await place.meeting(recording))
        assert worker.child.pid == first
    assert row.status == "COMPLETED"


async def test_a_child_ends_with_its_meeting(place: Place, recording: bytes) -> None:
    with place.worker() as worker:
        await place.ended(await place.meeting(recording))
        await _is_idle(place)
        assert not worker.descendants()
        await place.is_tidy()


async def test_others_can_see_what_a_worker_does(place: Place, recording: bytes) -> None:
    meeting_id = await place.meeting(recording)
    with place.worker(fake_pace="1"):

        async def look() -> object:
            async with place.units() as unit:
                workers = await unit.workers.alive()
            return next((worker for worker in workers if worker.meeting_id == meeting_id), None)

        worker = await eventually(look)
        await place.ask_to_cancel(meeting_id)
    assert worker.facts.models["transcription"] == "fake"
    assert worker.rss_mb > 10


async def test_without_its_settings_a_worker_says_what_is_missing(place: Place) -> None:
    del place.environment["DATABASE_URL"]
    with place.worker() as worker:
        code = await asyncio.to_thread(worker.process.wait, 20)
    assert code == 2
    assert "DATABASE_URL" in worker.log.read_text()


async def _is_idle(place: Place) -> None:
    """The worker has finished tidying up: it says so with its next beat."""

    async def look() -> bool | None:
        async with place.units() as unit:
            workers = await unit.workers.alive()
        return all(worker.meeting_id is None for worker in workers) or None

    await eventually(look)


async def test_recordings_and_results_may_lie_in_an_object_store(
    s3_storage_url: str,
    database_url: str,
    redis_url: str,
    redis_stream: str,
    units: UnitOfWorkFactory,
    member: Principal,
    tmp_path: Path,
    recording: bytes,
) -> None:
    place = make_place(tmp_path, database_url, redis_url, redis_stream, units, member, storage_url=s3_storage_url)
    meeting_id = await place.meeting(recording)
    with place.worker():
        row = await place.ended(meeting_id)
        await _is_idle(place)
        await place.is_tidy()
    assert (row.status, row.failure_message) == ("COMPLETED", None)
    assert place.document(row, "fusion.json")["kind"] == "fusion"
    assert place.storage.size(layout.peaks_key(meeting_id))
