"""tus, with its own public client: broken off, gone on with, processed, deleted without a trace."""

from pathlib import Path

import httpx
import psutil
import pytest
from tusclient.client import TusClient

from chaos.client import Client
from chaos.processes import family
from chaos.stack import Stack
from tests.e2e.conftest import SAMPLES
from tests.e2e.journey import follow, follow_until, wait_for, wait_until

pytestmark = [pytest.mark.e2e, pytest.mark.real, pytest.mark.slow]

RECORDING = SAMPLES / "voices" / "June.flac"
CHUNK_BYTES = 64 * 1024
CANCEL_WITHIN_S = 2.0
PURGED_WITHIN_S = 20.0
"""Rows go at once, files in the next round of housekeeping."""


def files_of(stack: Stack, meeting_id: str) -> list[Path]:
    return [path for path in stack.files.rglob("*") if path.is_file() and meeting_id in str(path)]


def test_an_upload_that_broke_off_goes_on_and_is_processed_and_can_be_deleted(
    stack: Stack, client: Client, http: httpx.Client
) -> None:
    tus = TusClient(f"{client.url}/api/v1/uploads", headers=client.headers)
    metadata = {"filename": RECORDING.name, "filetype": "audio/flac", "language": "fr"}
    with RECORDING.open("rb") as stream:
        first = tus.uploader(file_stream=stream, chunk_size=CHUNK_BYTES, metadata=metadata)
        first.upload(stop_at=2 * CHUNK_BYTES)
    address = first.url
    assert address is not None
    assert any(stack.files.joinpath("uploads", "parts").rglob("*/*"))

    later = TusClient(f"{client.url}/api/v1/uploads", headers=client.headers)
    with RECORDING.open("rb") as stream:
        second = later.uploader(file_stream=stream, url=address, chunk_size=CHUNK_BYTES)
        assert second.offset == 2 * CHUNK_BYTES
        second.upload()
    meeting_id = client.meeting_of_upload(address)

    wait_for(http, meeting_id, "COMPLETED")
    assert http.get(f"/api/v1/meetings/{meeting_id}/audio").content == RECORDING.read_bytes()
    fusion = http.get(f"/api/v1/meetings/{meeting_id}/results/fusion").raise_for_status().json()
    assert [speaker["name"] for speaker in fusion["speakers"]] == ["June"]

    assert files_of(stack, meeting_id)
    assert http.delete(f"/api/v1/meetings/{meeting_id}").status_code == 204
    assert http.get(f"/api/v1/meetings/{meeting_id}").status_code == 404
    wait_until(lambda: not files_of(stack, meeting_id), PURGED_WITHIN_S)
    assert not any(stack.files.joinpath("uploads", "parts").rglob("*/*"))


def test_a_meeting_is_cancelled_in_the_middle_of_a_model_and_goes_on_later(
    stack: Stack, client: Client, http: httpx.Client
) -> None:
    answer = http.post(
        "/api/v1/meetings",
        params={"file_name": "conference.flac", "duplicate": "process"},
        content=(SAMPLES / "conference.flac").read_bytes(),
    )
    assert answer.status_code == 202, answer.text
    meeting_id, address = answer.json()["id"], f"/api/v1/meetings/{answer.json()['id']}"
    worker = stack.keeper.process("worker-0")
    last = 0
    for told in follow(client, meeting_id):
        last = told.id
        if told.kind == "meeting.stage_started" and told.payload["stage"] == "transcribe":
            break
    child = family(worker)
    assert child

    assert http.post(f"{address}/cancel").is_success
    wait_for(http, meeting_id, "CANCELLED", timeout_s=CANCEL_WITHIN_S)
    assert psutil.wait_procs(child, timeout=CANCEL_WITHIN_S)[1] == []

    assert http.post(f"{address}/retry").is_success
    events = follow_until(client, meeting_id, "COMPLETED", "FAILED", after=last)
    assert wait_for(http, meeting_id, "COMPLETED")["run"] == 2
    reused = [
        told.payload["stage"] for told in events if told.kind == "meeting.stage_finished" and told.payload["is_reused"]
    ]
    assert {"convert", "diarize"} <= set(reused)
    started = [told.payload["stage"] for told in events if told.kind == "meeting.stage_started"]
    assert not {"convert", "diarize"} & set(started)
