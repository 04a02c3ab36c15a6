"""Where somebody speaks: Silero VAD v6 (the ONNX file that faster-whisper carries) over one block of audio.

Owns the detector and the rule that turns its probabilities into spans; never decides what to do with silence.

Usage::

    activity = VoiceActivityDetector().listen(samples)
    activity.spans                                # where there is speech, in samples
    activity.speech_s(start, stop)                # how much of it in any stretch
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from scribe.domain.audio import SAMPLE_RATE_HZ, Samples

FRAME_SAMPLES = 512
"""Silero's frame at 16 kHz: 32 ms."""
_CONTEXT_SAMPLES = 64
_FRAMES_PER_RUN = 2_000
"""Frames given to the network at once: 64 s, so that its inner tensors stay under 20 MB."""

ONSET = 0.5
OFFSET = 0.35
"""Silero's own defaults: speech begins at 0.5 and ends below 0.35."""
MIN_PAUSE_S = 0.16
"""Shorter pauses stay inside a span (the value of faster-whisper's batched mode)."""
MIN_SPEECH_S = 0.1
"""A shorter blip is a click."""

Probabilities = npt.NDArray[np.float32]
"""(num_frames,) float32 in [0, 1], one per 512 samples."""


@dataclass(frozen=True, slots=True, order=True)
class SampleSpan:
    """Samples ``start`` up to ``stop``."""

    start: int
    stop: int

    @property
    def num_samples(self) -> int:
        return self.stop - self.start

    @property
    def duration_s(self) -> float:
        return self.num_samples / SAMPLE_RATE_HZ


@dataclass(frozen=True, slots=True, eq=False)
class VoiceActivity:
    """What the detector heard in one block. Positions are samples from the block's start."""

    num_samples: int
    probabilities: Probabilities
    spans: tuple[SampleSpan, ...]
    """By start, apart by at least ``MIN_PAUSE_S``, not padded."""

    def speech_s(self, start: int, stop: int) -> float:
        """Seconds of speech between two samples."""
        heard = sum(max(min(span.stop, stop) - max(span.start, start), 0) for span in self.spans)
        return heard / SAMPLE_RATE_HZ

    def until(self, stop: int) -> "VoiceActivity":
        """The same, for a block that ends at ``stop``."""
        spans = tuple(SampleSpan(s.start, min(s.stop, stop)) for s in self.spans if s.start < stop)
        return VoiceActivity(stop, self.probabilities[: -(-stop // FRAME_SAMPLES)], spans)


class VoiceActivityDetector:
    """The network with its session; small (2.3 MB), so it is not a resident model."""

    def __init__(self) -> None:
        self._session: Any = None

    def listen(self, samples: Samples) -> VoiceActivity:
        """``samples``: (num_samples,) float32, 16 kHz. The network starts afresh: equal input, equal output."""
        probabilities = self._probabilities(samples)
        return VoiceActivity(samples.shape[0], probabilities, find_spans(probabilities, samples.shape[0]))

    def _probabilities(self, samples: Samples) -> Probabilities:
        if samples.shape[0] == 0:
            return np.zeros(0, dtype=np.float32)
        session = self._open()
        num_frames = -(-samples.shape[0] // FRAME_SAMPLES)
        padded = np.zeros(_CONTEXT_SAMPLES + num_frames * FRAME_SAMPLES, dtype=np.float32)
        padded[_CONTEXT_SAMPLES : _CONTEXT_SAMPLES + samples.shape[0]] = samples
        # each frame is preceded by the last 64 samples of the frame before it: (num_frames, 576)
        frames = np.lib.stride_tricks.sliding_window_view(padded, _CONTEXT_SAMPLES + FRAME_SAMPLES)[::FRAME_SAMPLES]
        hidden = np.zeros((1, 1, 128), dtype=np.float32)
        cell = np.zeros((1, 1, 128), dtype=np.float32)
        parts = []
        for first in range(0, num_frames, _FRAMES_PER_RUN):
            feed = {"input": np.ascontiguousarray(frames[first : first + _FRAMES_PER_RUN]), "h": hidden, "c": cell}
            output, hidden, cell = session.run(None, feed)
            parts.append(output.reshape(-1))
        return np.concatenate(parts).astype(np.float32, copy=False)

    def _open(self) -> Any:
        if self._session is None:
            import onnxruntime
            from faster_whisper.utils import get_assets_path

            options = onnxruntime.SessionOptions()
            options.intra_op_num_threads = 1
            options.inter_op_num_threads = 1
            options.enable_cpu_mem_arena = False
            options.log_severity_level = 3
            model = Path(get_assets_path()) / "silero_vad_v6.onnx"
            self._session = onnxruntime.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])
        return self._session


def find_spans(probabilities: Sequence[float] | Probabilities, num_samples: int) -> tuple[SampleSpan, ...]:
    """Hysteresis over frame probabilities: on at ``ONSET``, off after ``MIN_PAUSE_S`` below ``OFFSET``."""
    min_pause = round(MIN_PAUSE_S * SAMPLE_RATE_HZ)
    min_speech = round(MIN_SPEECH_S * SAMPLE_RATE_HZ)
    spans: list[SampleSpan] = []
    start: int | None = None
    quiet_since: int | None = None
    for frame, probability in enumerate(probabilities):
        now = frame * FRAME_SAMPLES
        if probability >= ONSET:
            quiet_since = None
            if start is None:
                start = now
        elif start is not None and probability < OFFSET:
            quiet_since = now if quiet_since is None else quiet_since
            if now - quiet_since >= min_pause:
                spans.append(SampleSpan(start, quiet_since))
                start = quiet_since = None
    if start is not None:
        spans.append(SampleSpan(start, num_samples if quiet_since is None else quiet_since))
    return tuple(span for span in spans if span.num_samples >= min_speech)
