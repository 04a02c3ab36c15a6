"""A recording goes in by HTTP, the minutes come out: real servers, real models, real speech."""

import hashlib
from dataclasses import dataclass
from uuid import uuid4

import httpx
import pytest

from bench.normalise import normaliser
from bench.recordings import recordings_in
from bench.references import read_stm
from bench.words import word_errors
from chaos.client import Client
from chaos.invariants import schema_errors
from tests.e2e.conftest import SAMPLES
from tests.e2e.journey import Told, follow_until

pytestmark = [pytest.mark.e2e, pytest.mark.real, pytest.mark.slow]

RECORDING = SAMPLES / "conference.flac"
KEY = str(uuid4())


@dataclass(frozen=True, slots=True)
class Finished:
    id: str
    events: list[Told]

    @property
    def address(self) -> str:
        return f"/api/v1/meetings/{self.id}"


def send(http: httpx.Client, **fields: str) -> httpx.Response:
    return http.post(
        "/api/v1/meetings",
        params={"title": "Conférence", "file_name": RECORDING.name, "tags": "sample, demo", **fields},
        content=RECORDING.read_bytes(),
        headers={"Content-Type": "audio/flac", "Idempotency-Key": KEY},
    )


@pytest.fixture(scope="module")
def finished(client: Client) -> Finished:
    """Uploaded in one request and followed to its end."""
    with client.http(timeout_s=60) as http:
        answer = send(http)
    assert answer.status_code == 202, answer.text
    meeting_id = answer.json()["id"]
    assert answer.headers["Location"].endswith(f"/api/v1/meetings/{meeting_id}")
    return Finished(meeting_id, follow_until(client, meeting_id, "COMPLETED", "FAILED"))


def test_followers_see_every_stage_and_a_percentage_that_never_falls(finished: Finished) -> None:
    ids = [told.id for told in finished.events]
    assert ids == sorted(set(ids))
    statuses = [told.payload["status"] for told in finished.events if told.kind == "meeting.status"]
    assert statuses == ["PROCESSING", "COMPLETED"]
    stages = [told.payload["stage"] for told in finished.events if told.kind == "meeting.stage_finished"]
    assert stages == ["convert", "diarize", "identify", "transcribe", "fuse"]
    percents = [told.payload["percent"] for told in finished.events if told.kind == "meeting.progress"]
    assert len(percents) >= 3
    assert percents == sorted(percents)


def test_the_words_the_speakers_and_the_names_are_right(finished: Finished, http: httpx.Client) -> None:
    [recording] = recordings_in(SAMPLES)
    assert recording.stm is not None
    fusion = http.get(f"{finished.address}/results/fusion").raise_for_status().json()
    clean = normaliser(recording.language)
    said = " ".join(clean(utterance.text) for utterance in read_stm(recording.stm))
    heard = " ".join(clean(segment["text"]) for segment in fusion["segments"])
    assert word_errors(said, heard).rate <= 0.08
    assert len(fusion["speakers"]) == 4
    assert {speaker["name"] for speaker in fusion["speakers"]} == {"June", "Allison", None}


@pytest.mark.parametrize("name", ["transcription", "diarization", "fusion"])
def test_each_result_is_what_its_schema_promises(finished: Finished, http: httpx.Client, name: str) -> None:
    answer = http.get(f"{finished.address}/results/{name}").raise_for_status()
    assert schema_errors(name, answer.json()) == ""
    again = http.get(f"{finished.address}/results/{name}", headers={"If-None-Match": answer.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_the_meeting_says_what_came_of_it(finished: Finished, http: httpx.Client) -> None:
    answer = http.get(finished.address).raise_for_status()
    meeting = answer.json()
    assert meeting["status"] == "COMPLETED"
    assert meeting["num_speakers"] == 4
    assert meeting["sha256"] == hashlib.sha256(RECORDING.read_bytes()).hexdigest()
    assert meeting["duration_s"] == pytest.approx(64, abs=1)
    assert http.get(finished.address, headers={"If-None-Match": answer.headers["ETag"]}).status_code == 304
    listed = http.get("/api/v1/meetings").raise_for_status().json()
    assert finished.id in str(listed)


def test_the_transcript_can_be_read_by_time(finished: Finished, http: httpx.Client) -> None:
    whole = http.get(f"{finished.address}/transcript").raise_for_status().json()
    first = http.get(f"{finished.address}/transcript", params={"to_s": 20}).raise_for_status().json()
    assert 0 < len(first["segments"]) < len(whole["segments"])
    assert whole["segments"][0]["words"]


def test_the_recording_can_be_played_from_the_middle(finished: Finished, http: httpx.Client) -> None:
    content = RECORDING.read_bytes()
    address = f"{finished.address}/audio"
    head = http.head(address).raise_for_status()
    assert int(head.headers["Content-Length"]) == len(content)
    assert head.headers["Accept-Ranges"] == "bytes"
    part = http.get(address, headers={"Range": "bytes=1000-1999"})
    assert (part.status_code, part.content) == (206, content[1000:2000])
    assert part.headers["Content-Range"] == f"bytes 1000-1999/{len(content)}"
    assert http.get(address, headers={"Range": f"bytes={len(content)}-"}).status_code == 416


def test_the_waveform_is_computed_on_the_server(finished: Finished, http: httpx.Client) -> None:
    peaks = http.get(f"{finished.address}/waveform").raise_for_status().json()
    assert peaks["version"] == 2
    assert len(peaks["data"]) == 2 * peaks["length"]
    assert peaks["length"] * peaks["samples_per_pixel"] / peaks["sample_rate"] == pytest.approx(64, abs=2)
    assert max(peaks["data"]) > 10


@pytest.mark.parametrize("name", ["srt", "vtt", "txt", "md", "rttm"])
def test_minutes_can_be_taken_away_in_other_formats(finished: Finished, http: httpx.Client, name: str) -> None:
    answer = http.get(f"{finished.address}/exports/{name}").raise_for_status()
    assert "June" in answer.text or name == "rttm"


def test_the_same_request_again_is_the_same_meeting(finished: Finished, http: httpx.Client) -> None:
    answer = send(http)
    assert (answer.status_code, answer.json()["id"]) == (202, finished.id)


def test_the_same_recording_again_is_offered_instead_of_processed(finished: Finished, http: httpx.Client) -> None:
    answer = http.post("/api/v1/meetings", content=RECORDING.read_bytes(), headers={"Content-Type": "audio/flac"})
    assert answer.status_code == 409
    assert (answer.json()["code"], answer.json()["meeting_id"]) == ("meeting.duplicate", finished.id)


def test_nobody_sees_it_without_a_token(finished: Finished, client: Client) -> None:
    for path in ("", "/transcript", "/audio", "/events"):
        answer = httpx.get(f"{client.url}{finished.address}{path}", trust_env=False)
        assert answer.status_code == 401, path
