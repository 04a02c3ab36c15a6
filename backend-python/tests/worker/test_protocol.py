from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import pytest

from scribe.domain.audio import AudioFacts
from scribe.domain.errors import ArtefactError
from scribe.domain.jobs import ClaimedJob, Published
from scribe.domain.meeting import MeetingId, RunWarning, Stage, StageMetrics, UserId
from scribe.domain.requests import RunOptions
from scribe.worker.protocol import (
    AudioKnown,
    Failed,
    Finished,
    Order,
    Report,
    StageFinished,
    StageProgressed,
    StageStarted,
    Warned,
    line_of,
    report_of,
)

FACTS = AudioFacts(12.5, "wav", "pcm_s16le", 16000, 1, "mono", 0.0, "0" * 64, 400044, ("silent",))


@pytest.mark.parametrize(
    "report",
    [
        StageStarted(Stage.DIARIZE),
        StageProgressed(Stage.DIARIZE, 0.25),
        StageFinished(StageMetrics(Stage.FUSE, 1.0, 0.5, 80.0, is_reused=True)),
        Warned(RunWarning("audio.silent", "Nothing\nto hear – «\u202f!\u202f»")),
        AudioKnown(FACTS),
        Finished(Published(("transcription.json", "fusion.json"), None, 0, 0, 12.5)),
        Failed("engine.failed", "It failed.", is_retryable=True),
    ],
    ids=lambda report: type(report).__name__,
)
def test_every_report_arrives_as_it_was_sent(report: Report) -> None:
    line = line_of(report)
    assert line.count(b"\n") == 1
    assert report_of(line) == report


def test_an_order_arrives_as_it_was_given() -> None:
    options = RunOptions(language="fr", vocabulary=("Ada",), voices=("Zoé",), min_speakers=2)
    job = ClaimedJob(
        MeetingId(uuid4()), UserId(uuid4()), uuid4(), 2, 1, 5, datetime.now(UTC), "Réunion.m4a", 12, "0" * 64, options
    )
    order = Order(job, Path("/scratch/a b"))
    assert Order.from_line(order.to_line()) == order


@pytest.mark.parametrize(
    "line", [b"\n", b"Importing something 1.2\n", b"StageStarted {\n", b'StageStarted {"stage": "x"}\n']
)
def test_what_is_no_report_is_noticed(line: bytes) -> None:
    with pytest.raises(ArtefactError):
        report_of(line)
