"""tus, with its own public client: broken off, gone on with, processed, deleted without a trace."""

from pathlib import Path
from urllib.parse import urlparse

import httpx
import psutil
import pytest
from tusclient.client import TusClient

from chaos.client import Client
from chaos.processes import family
from chaos.stack import Stack
from tests.e2e.conftest import SAMPLES
from tests.e2e.journey import follow, follow_to_the_end, wait_for

pytestmark = [pytest.mark.e2e, pytest.mark.real, pytest.mark.slow]

RECORDING = SAMPLES / "voices" / "June.flac"
CANCEL_WITHIN_S = 2.0


def files_of(stack: Stack, meeting_id: str) -> list[Path]:
    return [path for path in stack.files.rglob("*") if path.is_file() and meeting_id in str(path)]


def test_an_upload_that_broke_off_goes_on_and_is_processed_and_can_be_deleted(
    stack: Stack, client: Client, http: httpx.Client
) -> None:
    tus = TusClient(f"{client.url}/api/v1/uploads", headers=client.headers)
    metadata = {"filename": RECORDING.name, "filetype": "audio/flac", "language": "fr"}
    chunk = 64 * 1024
    first = tus.uploader(str(RECORDING), chunk_size=chunk, metadata=metadata)
    first.upload(stop_at=2 * chunk)
    address = first.url
    assert address is not None

    second = TusClient(f"{client.url}/api/v1/uploads", headers=client.headers).uploader(
        str(RECORDING), url=address, chunk_size=chunk
    )
    assert second.offset == 2 * chunk
    second.upload()
    meeting_id = client._meeting_of(httpx.URL(address), http.head(urlparse(address).path))

    wait_for(http, meeting_id, "COMPLETED")
    assert http.get(f"/api/v1/meetings/{meeting_id}/audio").content == RECORDING.read_bytes()
    fusion = http.get(f"/api/v1/meetings/{meeting_id}/results/fusion").raise_for_status().json()
    assert [speaker["name"] for speaker in fusion["speakers"]] == ["June"]

    assert files_of(stack, meeting_id)
    assert http.delete(f"/api/v1/meetings/{meeting_id}").status_code == 204
    assert http.get(f"/api/v1/meetings/{meeting_id}").status_code == 404
    assert files_of(stack, meeting_id) == []
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
    events = follow_to_the_end(client, meeting_id, last)
    assert wait_for(http, meeting_id, "COMPLETED")["run"] == 2
    reused = [
        told.payload["stage"] for told in events if told.kind == "meeting.stage_finished" and told.payload["is_reused"]
    ]
    assert {"convert", "diarize", "identify"} <= set(reused)
    started = [told.payload["stage"] for told in events if told.kind == "meeting.stage_started"]
    assert not {"convert", "diarize"} & set(started)
