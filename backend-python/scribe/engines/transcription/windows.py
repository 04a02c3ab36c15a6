"""Speech spans grouped into the windows that Whisper hears, and the way back from window time to recording time.

Owns how spans are padded, split and grouped; never encodes or decodes. A window is speech with its short pauses;
long silences are left out of it.

Usage::

    for window in cut_windows(activity):
        audio = window.audio(block.samples)
        window.position(seconds_in_window)    # sample in the block
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from scribe.domain.audio import SAMPLE_RATE_HZ, Samples
from scribe.engines.transcription.voice_activity import FRAME_SAMPLES, SampleSpan, VoiceActivity

MAX_WINDOW_S = 15.0
"""Half of what Whisper can hear: it skips fewer sentences, and a 20 s frame costs 0.33 CPU s to encode against 0.79."""
PADDING_S = 0.4
"""Sound kept on either side of detected speech (the value of faster-whisper's VAD filter)."""


@dataclass(frozen=True, slots=True)
class Window:
    """What is encoded at once: pieces of a block, joined."""

    pieces: tuple[SampleSpan, ...]
    """In samples of the block, by start, disjoint."""

    @property
    def num_samples(self) -> int:
        return sum(piece.num_samples for piece in self.pieces)

    @property
    def duration_s(self) -> float:
        return self.num_samples / SAMPLE_RATE_HZ

    @property
    def start(self) -> int:
        return self.pieces[0].start

    @property
    def stop(self) -> int:
        return self.pieces[-1].stop

    def audio(self, samples: Samples) -> Samples:
        """The window's sound. (num_samples,) float32."""
        return np.concatenate([samples[piece.start : piece.stop] for piece in self.pieces])

    def piece_at(self, time_s: float) -> tuple[SampleSpan, int]:
        """The piece heard at a time of the window, and the sample of the window where that piece begins."""
        offset = 0
        sample = time_s * SAMPLE_RATE_HZ
        for piece in self.pieces[:-1]:
            if sample < offset + piece.num_samples:
                return piece, offset
            offset += piece.num_samples
        return self.pieces[-1], offset

    def without(self, pieces: Collection[SampleSpan]) -> "Window":
        return Window(tuple(piece for piece in self.pieces if piece not in pieces))

    def split_at(self, index: int) -> tuple["Window", "Window"]:
        """Two windows, the second beginning with piece ``index``."""
        return Window(self.pieces[:index]), Window(self.pieces[index:])


def cut_windows(activity: VoiceActivity, max_s: float = MAX_WINDOW_S) -> list[Window]:
    """All speech of a block, in order, in windows of at most ``max_s``."""
    limit = round(max_s * SAMPLE_RATE_HZ)
    pieces = [part for span in pad_spans(activity) for part in _split_long(span, activity, limit)]
    return [Window(tuple(group)) for group in _group(pieces, limit)]


def pad_spans(activity: VoiceActivity) -> list[SampleSpan]:
    """Every span with ``PADDING_S`` around it; neighbours share the pause between them."""
    padding = round(PADDING_S * SAMPLE_RATE_HZ)
    spans = activity.spans
    if not spans:
        return []
    middles = [(left.stop + right.start) // 2 for left, right in pairwise(spans)]
    lows = [0, *middles]
    highs = [*middles, activity.num_samples]
    return [
        SampleSpan(max(span.start - padding, low), min(span.stop + padding, high))
        for span, low, high in zip(spans, lows, highs, strict=True)
    ]


def _split_long(span: SampleSpan, activity: VoiceActivity, limit: int) -> list[SampleSpan]:
    """Somebody who never pauses is cut where speech is least likely, in the second half of the allowed length."""
    parts = []
    start = span.start
    while span.stop - start > limit:
        first = (start + limit // 2) // FRAME_SAMPLES
        frames = activity.probabilities[first : (start + limit) // FRAME_SAMPLES]
        cut = (first + int(np.argmin(frames))) * FRAME_SAMPLES
        parts.append(SampleSpan(start, cut))
        start = cut
    parts.append(SampleSpan(start, span.stop))
    return parts


def _group(pieces: Sequence[SampleSpan], limit: int) -> list[list[SampleSpan]]:
    """Neighbouring pieces together, as many as fit."""
    groups: list[list[SampleSpan]] = []
    filled = 0
    for piece in pieces:
        if groups and filled + piece.num_samples <= limit:
            groups[-1].append(piece)
            filled += piece.num_samples
        else:
            groups.append([piece])
            filled = piece.num_samples
    return groups
