from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import numpy as np
import pytest

from scribe.domain.audio import AudioFacts
from scribe.domain.carry_over import HandMove, HandMoves
from scribe.domain.errors import ArtefactError
from scribe.domain.jobs import ClaimedJob, Published
from scribe.domain.meeting import MeetingId, RunWarning, Stage, StageMetrics, UserId
from scribe.domain.namings import HeardSpeaker
from scribe.domain.requests import RunOptions
from scribe.domain.speech import Span, speaker_label
from scribe.domain.voice_quality import VoiceQuality
from scribe.domain.voices import Band, Candidate, Identification, Voiceprint
from scribe.worker.child_process import LONGEST_LINE_BYTES
from scribe.worker.protocol import (
    AudioKnown,
    Failed,
    Finished,
    Order,
    Report,
    StageFinished,
    StageProgressed,
    StageStarted,
    Verdicts,
    VoicesHeard,
    Warned,
    line_of,
    report_of,
)

A, B = speaker_label(0), speaker_label(1)
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


def test_moves_travel_with_the_order() -> None:
    job = ClaimedJob(
        MeetingId(uuid4()), UserId(uuid4()), uuid4(), 2, 1, 5, datetime.now(UTC), None, 12, "0" * 64, RunOptions()
    )
    moves = HandMoves((HandMove(Span(0.1, 1 / 3), A),), {A: (Span(0.0, 1e-9),), B: ()})
    order = Order(job, Path("/scratch"), moves)
    assert Order.from_line(order.to_line()) == order


@pytest.mark.parametrize(
    "verdicts",
    [
        Verdicts({}),
        Verdicts({}, problem="The known voices could not be used."),
        Verdicts(
            {
                A: Identification(
                    "Zoé", 0.7, "Ada", 0.1, "matched", "Zoé", Band.AUTO, 0.99, (Candidate("id", "Zoé", 0.7, 0.99),), "x"
                ),
                B: Identification(None, None, None, None, "empty-bank"),
            },
            (RunWarning("voices.unknown_name", "No voice of Eve\nis known here."),),
        ),
    ],
)
def test_every_answer_arrives_as_it_was_given(verdicts: Verdicts) -> None:
    line = verdicts.to_line()
    assert line.count(b"\n") == 1
    assert Verdicts.from_line(line) == verdicts


def crowd(count: int) -> tuple[HeardSpeaker, ...]:
    """Speakers of a day-long meeting."""
    random = np.random.default_rng(3)
    turns = tuple(Span(at + 1 / 3, at + 2 / 3) for at in range(0, 86_400, 60))
    vectors = random.normal(size=(count, 192))
    return tuple(
        HeardSpeaker(
            speaker_label(at),
            turns,
            Voiceprint((vector / np.linalg.norm(vector)).astype(np.float32), "campplus", 12.3, "0123456789abcdef"),
            VoiceQuality(12.3, snr_db=20.1, consistency=0.7),
            turns[:4],
            "derived/x/voices/1/SPEAKER_00.wav",
            Identification(None, 0.3, None, None, "below-threshold", explanation="0.30 < 0.50"),
        )
        for at, vector in enumerate(vectors)
    )


def test_the_voices_of_sixty_speakers_fit_in_a_line_and_arrive_to_the_last_bit() -> None:
    speakers = crowd(60)
    prints = {one.label: one.voiceprint for one in speakers if one.voiceprint is not None}
    asked, finished = line_of(VoicesHeard(prints)), line_of(Finished(Published((), None, 60, 0, 86_400.0, speakers)))
    assert max(len(asked), len(finished)) < LONGEST_LINE_BYTES / 2
    heard, end = report_of(asked), report_of(finished)
    assert isinstance(heard, VoicesHeard)
    assert isinstance(end, Finished)
    for sent, back in zip(speakers, end.published.speakers, strict=True):
        assert replace(back, voiceprint=None) == replace(sent, voiceprint=None)
        for print_ in (back.voiceprint, heard.voiceprints[sent.label]):
            assert print_ is not None
            assert sent.voiceprint is not None
            assert print_.vector.tobytes() == sent.voiceprint.vector.tobytes()
            assert print_.model == sent.voiceprint.model


def test_a_voice_that_is_no_voice_is_noticed() -> None:
    line = line_of(VoicesHeard({A: Voiceprint(np.eye(1, 16, dtype=np.float32)[0], "fake-pitch", 3.0)}))
    with pytest.raises(ArtefactError):
        report_of(line.replace(b"1.0,", b"7.0,", 1))


@pytest.mark.parametrize(
    "line", [b"\n", b"Importing something 1.2\n", b"StageStarted {\n", b'StageStarted {"stage": "x"}\n']
)
def test_what_is_no_report_is_noticed(line: bytes) -> None:
    with pytest.raises(ArtefactError):
        report_of(line)
