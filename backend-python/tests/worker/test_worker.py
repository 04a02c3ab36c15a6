"""A meeting from its row to its results, through a real worker."""

import json

from scribe.domain import layout
from scribe.domain.requests import RunOptions
from tests.worker.conftest import Place, eventually


async def test_a_pending_meeting_becomes_minutes(place: Place, recording: bytes) -> None:
    meeting_id = await place.meeting(recording)
    with place.worker():
        row = await place.ended(meeting_id)
    assert (row.status, row.failure_code) == ("COMPLETED", None)
    assert {key.rpartition("/")[2] for key in row.result_files} >= {
        "transcription.json",
        "diarization.json",
        "fusion.json",
    }
    assert place.document(row, "fusion.json")["recording"]["file"] == "Réunion du lundi.wav"
    assert (row.num_speakers, row.language, row.attempt) == (2, "en", 1)
    assert set(row.stages) == {"convert", "diarize", "transcribe", "fuse"}
    assert row.audio["sha256"] == row.sha256
    assert row.percent == 100
