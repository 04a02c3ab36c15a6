"""The one form in which audio travels through the pipeline: 16 kHz, mono, 16-bit PCM.

Owns :class:`Waveform` and :class:`AudioFacts`; never opens a file (``adapters/audio.py`` does).

Usage::

    wav = waveform.seconds(12.0, 14.5)      # (40_000,) float32 in [-1, 1]
"""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

SAMPLE_RATE_HZ = 16_000

Samples = npt.NDArray[np.float32]
"""(num_samples,) float32, 16 kHz mono, in [-1, 1]."""


class Pcm(Protocol):
    """(num_samples,) int16, in memory or on disk: only the slice that is asked for is read."""

    def __len__(self) -> int: ...

    def __getitem__(self, window: slice, /) -> npt.NDArray[np.int16]: ...


@dataclass(frozen=True, slots=True, eq=False)
class Waveform:
    """A whole recording, usually on disk: never slice all of it."""

    pcm: Pcm
    """(num_samples,) int16, 16 kHz mono."""

    @property
    def num_samples(self) -> int:
        return len(self.pcm)

    @property
    def duration_s(self) -> float:
        return self.num_samples / SAMPLE_RATE_HZ

    def samples(self, start: int, stop: int) -> Samples:
        """Samples ``start`` up to ``stop``, clipped to the recording. (num_samples,) float32 in [-1, 1)."""
        window = self.pcm[max(start, 0) : max(stop, 0)]
        return window.astype(np.float32) * np.float32(1 / 32768)

    def seconds(self, start_s: float, end_s: float) -> Samples:
        """The audio between two times, clipped to the recording. (num_samples,) float32 in [-1, 1)."""
        return self.samples(round(start_s * SAMPLE_RATE_HZ), round(end_s * SAMPLE_RATE_HZ))


@dataclass(frozen=True, slots=True)
class AudioFacts:
    """What the source was and what was done to it. Holds no tag, title or other free text of the file."""

    duration_s: float
    """Of the converted audio, counted from the start of the file (a late audio track is padded)."""
    container: str
    """FFmpeg's name of the container format, such as ``mov,mp4,m4a``."""
    codec: str
    """FFmpeg's name of the audio codec, such as ``aac``."""
    source_sample_rate_hz: int
    source_channels: int
    channel_rule: str
    """How the channels became one: ``mono``, ``average``, ``centre``, ``channel:1``, ``opposite-phase`` ..."""
    start_offset_s: float
    """Silence put in front because the audio track starts after the video."""
    sha256: str
    """Of the source file's bytes, in hexadecimal."""
    size_bytes: int
    warnings: tuple[str, ...] = ()
    """Stable codes of what was odd but survivable: ``truncated``, ``damaged-frames``, ``several-audio-tracks`` ..."""
