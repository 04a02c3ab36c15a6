"""The outline of a recording, as a player draws it: the lowest and the highest sample of each stretch.

Owns the reduction and its JSON, which is version 2 of audiowaveform's format
(https://github.com/bbc/audiowaveform/blob/master/doc/DataFormat.md), so that any player that reads that can draw it.
Never holds more than one chunk of the recording.

Usage::

    content = peaks_json(peaks_of(waveform))
"""

import json
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from scribe.domain.audio import SAMPLE_RATE_HZ, Waveform

VERSION = 2
BITS = 8
MAX_PIXELS = 8_000
"""Enough for four pixels a screen column on a wide screen; 50 kB of JSON however long the recording is."""
MIN_SAMPLES_PER_PIXEL = 256
"""16 ms; audiowaveform's own default."""
_CHUNK_PIXELS = 64


@dataclass(frozen=True, slots=True, eq=False)
class Peaks:
    samples_per_pixel: int
    data: npt.NDArray[np.int8]
    """(num_pixels, 2) int8: lowest and highest sample of each stretch, -128 to 127."""

    @property
    def num_pixels(self) -> int:
        return len(self.data)


def peaks_of(waveform: Waveform) -> Peaks:
    """At most ``MAX_PIXELS`` pixels; the last one covers what is left."""
    samples_per_pixel = max(MIN_SAMPLES_PER_PIXEL, -(-waveform.num_samples // MAX_PIXELS))
    chunk = _CHUNK_PIXELS * samples_per_pixel
    parts = [
        _reduced(waveform.pcm[start : min(start + chunk, waveform.num_samples)], samples_per_pixel)
        for start in range(0, waveform.num_samples, chunk)
    ]
    return Peaks(samples_per_pixel, np.concatenate(parts) if parts else np.empty((0, 2), np.int8))


def peaks_json(peaks: Peaks) -> bytes:
    document = {
        "version": VERSION,
        "channels": 1,
        "sample_rate": SAMPLE_RATE_HZ,
        "samples_per_pixel": peaks.samples_per_pixel,
        "bits": BITS,
        "length": peaks.num_pixels,
        "data": peaks.data.reshape(-1).tolist(),  # lowest, highest, lowest, highest ...
    }
    return json.dumps(document, separators=(",", ":")).encode()


def reduced_json(content: bytes, points: int) -> bytes:
    """What :func:`peaks_json` wrote, with at most ``points`` pixels, each covering a whole number of the old ones."""
    document = json.loads(content)
    step = -(-document["length"] // points)
    if step <= 1:
        return content
    data = np.asarray(document["data"], np.int8).reshape(-1, 2)
    starts = np.arange(0, len(data), step)
    lowest = np.minimum.reduceat(data[:, 0], starts)
    highest = np.maximum.reduceat(data[:, 1], starts)
    return peaks_json(Peaks(document["samples_per_pixel"] * step, np.stack([lowest, highest], axis=1)))


def _reduced(pcm: npt.NDArray[np.int16], samples_per_pixel: int) -> npt.NDArray[np.int8]:
    """(num_samples,) int16 -> (num_pixels, 2) int8. An empty tail is not a pixel."""
    starts = np.arange(0, len(pcm), samples_per_pixel)
    lowest = np.minimum.reduceat(pcm, starts)
    highest = np.maximum.reduceat(pcm, starts)
    return (np.stack([lowest, highest], axis=1) >> 8).astype(np.int8)
