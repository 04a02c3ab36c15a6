"""A recording as blocks of a few minutes, cut where nobody speaks.

Owns where a block ends; never transcribes. A block is a function of its first sample and the recording alone, so
that a run resumed at a block's start cuts the same blocks.

Usage::

    for block in iterate_blocks(waveform, detector, start=0):
        block.samples, block.activity
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from scribe.domain.audio import SAMPLE_RATE_HZ, Samples, Waveform
from scribe.engines.transcription.voice_activity import FRAME_SAMPLES, VoiceActivity, VoiceActivityDetector

MAX_BLOCK_S = 300
"""Five minutes of float audio are 19 MB, and their encoder output at most 40 MB (base)."""
CUT_ZONE_S = 60
"""A block ends in its last minute, at the longest pause there."""


@dataclass(frozen=True, slots=True, eq=False)
class Block:
    start: int
    """First sample, counted in the recording."""
    samples: Samples
    activity: VoiceActivity

    @property
    def stop(self) -> int:
        return self.start + int(self.samples.shape[0])


def iterate_blocks(waveform: Waveform, detector: VoiceActivityDetector, start: int) -> Iterator[Block]:
    """Reads at most ``MAX_BLOCK_S`` of the recording at a time."""
    while start < waveform.num_samples:
        stop = min(start + MAX_BLOCK_S * SAMPLE_RATE_HZ, waveform.num_samples)
        samples = waveform.samples(start, stop)
        activity = detector.listen(samples)
        if stop < waveform.num_samples:
            length = find_cut(activity, first=samples.shape[0] - CUT_ZONE_S * SAMPLE_RATE_HZ)
            samples, activity = samples[:length], activity.until(length)
        yield Block(start, samples, activity)
        start += samples.shape[0]


def find_cut(activity: VoiceActivity, first: int) -> int:
    """The middle of the longest pause after ``first``, or the least speech-like frame where nobody ever stops."""
    edges = [first]
    for span in activity.spans:
        if span.stop > first:
            edges += [max(span.start, first), span.stop]
    edges.append(activity.num_samples)
    pauses = [(stop - start, start) for start, stop in zip(edges[::2], edges[1::2], strict=True)]
    length, start = max(pauses)
    if length > 0:
        return start + length // 2
    frame = first // FRAME_SAMPLES
    quietest = frame + int(np.argmin(activity.probabilities[frame:]))
    return quietest * FRAME_SAMPLES
