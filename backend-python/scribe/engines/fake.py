"""Engines without models: deterministic, instant, and shaped exactly like the real ones.

They hear energy and pitch, not speech: a loud stretch is a turn, its speaker is its pitch band, its words come from a
counting rhyme. The whole product runs on them (``SCRIBE_DIARIZATION__ENGINE=fake SCRIBE_TRANSCRIPTION__ENGINE=fake``),
and they pass the same contract tests as the real engines. Never used unless asked for by name. ``pace``
(``SCRIBE_FAKE_PACE``) makes them take time, as real ones do, without changing what they find.
"""

import time
from collections.abc import Generator, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from scribe.domain.audio import SAMPLE_RATE_HZ, Samples, Waveform
from scribe.domain.speech import (
    Diarization,
    Span,
    SpeakerCount,
    SpeakerLabel,
    TranscribedBlock,
    TranscriptionOptions,
    TranscriptSegment,
    Turn,
    Word,
    speaker_label,
)
from scribe.domain.voices import Voiceprint

if TYPE_CHECKING:
    from collections.abc import Callable

MODEL_ID = "fake-pitch"
MODEL_REVISION = "1"
RHYME = ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"]

_FRAME_S = 0.1
_LOUD = 0.01  # root mean square of a frame that counts as speech
_BLOCK_S = 60.0
_WORD_S = 0.4
_NUM_BANDS = 16
_STEP_S = 0.05
"""How often a paced engine reports."""


class FakeDiarizer:
    def __init__(self, pace: float = 0.0) -> None:
        """``pace``: seconds of work per second of audio."""
        self._pace = pace

    @property
    def settings(self) -> Mapping[str, object]:
        return {"engine": "fake", "revision": 1}

    def diarize(self, waveform: Waveform, count: SpeakerCount, progress: "Callable[[float], None]") -> Diarization:
        _take_time(waveform.duration_s * self._pace, lambda done: progress(0.99 * done))
        most = count.exact or count.maximum or 4
        spans = loud_spans(waveform)
        bands = [int(np.argmax(_spectrum(waveform.seconds(span.start_s, span.end_s)))) for span in spans]
        order = list(dict.fromkeys(bands))
        turns: list[Turn] = []
        prints: dict[SpeakerLabel, Voiceprint] = {}
        for done, (span, band) in enumerate(zip(spans, bands, strict=True), start=1):
            speaker = speaker_label(min(order.index(band), most - 1))
            turns.append(Turn(span.start_s, span.end_s, speaker))
            voiceprint = _voiceprint(waveform, span)
            if voiceprint is not None:
                prints.setdefault(speaker, voiceprint)
            progress(done / len(spans))
        return Diarization(waveform.duration_s, tuple(turns), tuple(turns), prints)


class FakeExtractor:
    @property
    def model_id(self) -> str:
        return MODEL_ID

    @property
    def settings(self) -> Mapping[str, object]:
        return {"engine": "fake", "revision": 1}

    def voiceprints(self, waveform: Waveform, spans: Sequence[Span]) -> list[Voiceprint | None]:
        return [_voiceprint(waveform, span) for span in spans]


class FakeTranscriber:
    def __init__(self, pace: float = 0.0) -> None:
        """``pace``: seconds of work per second of audio."""
        self._pace = pace

    @property
    def settings(self) -> Mapping[str, object]:
        return {"engine": "fake", "revision": 1}

    def transcribe(
        self,
        waveform: Waveform,
        options: TranscriptionOptions,
        *,
        resume_from_s: float = 0.0,
        made_by: str = "",  # noqa: ARG002 -- it has no card to run out of
        progress: "Callable[[float], None]",
    ) -> Generator[TranscribedBlock, None, None]:
        language = options.language or "en"
        start_s = resume_from_s
        while start_s < waveform.duration_s:
            end_s = min(start_s + _BLOCK_S, waveform.duration_s)
            _take_time(
                (end_s - start_s) * self._pace,
                lambda done, start_s=start_s, end_s=end_s: progress(  # type: ignore[misc]
                    (start_s + done * (end_s - start_s)) / waveform.duration_s
                ),
            )
            block = Waveform(waveform.pcm[round(start_s * SAMPLE_RATE_HZ) : round(end_s * SAMPLE_RATE_HZ)])
            speech = tuple(Span(start_s + span.start_s, start_s + span.end_s) for span in loud_spans(block))
            yield TranscribedBlock(start_s, end_s, tuple(_recite(span, language) for span in speech), speech)
            progress(end_s / waveform.duration_s)
            start_s = end_s


def _take_time(seconds: float, progress: "Callable[[float], None]") -> None:
    """Sleeps in short steps and reports each, like an engine that works."""
    begun_s = time.monotonic()
    while (done_s := time.monotonic() - begun_s) < seconds:
        progress(done_s / seconds)
        time.sleep(min(_STEP_S, seconds - done_s))


def _recite(span: Span, language: str) -> TranscriptSegment:
    """The rhyme, at 0.4 s a word."""
    count = max(1, int(span.duration_s / _WORD_S))
    step_s = span.duration_s / count
    words = tuple(
        Word(span.start_s + index * step_s, span.start_s + (index + 1) * step_s, RHYME[index % len(RHYME)], 1.0)
        for index in range(count)
    )
    text = " ".join(word.text for word in words)
    return TranscriptSegment(span.start_s, span.end_s, text, words, language, 0.0, 0.0, 1.0)


def loud_spans(waveform: Waveform) -> list[Span]:
    """Stretches whose 0.1 s frames are louder than -40 dBFS."""
    frame = int(_FRAME_S * SAMPLE_RATE_HZ)
    spans: list[Span] = []
    for start in range(0, waveform.num_samples, frame):
        samples = waveform.samples(start, start + frame)
        if float(np.sqrt(np.mean(samples**2))) < _LOUD:
            continue
        start_s, end_s = start / SAMPLE_RATE_HZ, min(start + frame, waveform.num_samples) / SAMPLE_RATE_HZ
        if spans and abs(spans[-1].end_s - start_s) < 1e-9:
            spans[-1] = Span(spans[-1].start_s, end_s)
        else:
            spans.append(Span(start_s, end_s))
    return spans


def _spectrum(samples: Samples) -> npt.NDArray[np.float32]:
    """Energy in 16 equal bands up to 2 kHz. (16,) float32."""
    power = np.abs(np.fft.rfft(samples, n=SAMPLE_RATE_HZ)[:2000]) ** 2
    bands: npt.NDArray[np.float32] = power.reshape(_NUM_BANDS, -1).sum(axis=1).astype(np.float32)
    return bands


def _voiceprint(waveform: Waveform, span: Span) -> Voiceprint | None:
    spectrum = np.sqrt(_spectrum(waveform.seconds(span.start_s, span.end_s)))
    length = float(np.linalg.norm(spectrum))
    if not length > 0:
        return None
    return Voiceprint((spectrum / length).astype(np.float32), MODEL_ID, span.duration_s, MODEL_REVISION)
