"""Whether a stretch of audio is fit to know somebody's voice by.

Owns the measures and the limits; never measures (``engines/identification.py`` does).

Usage::

    found = problems(quality)
    if found: refuse(found[0].message)
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class VoiceQuality:
    """What was measured of the speech that a print was made from."""

    speech_s: float
    """Clean speech of one person, in seconds."""
    snr_db: float | None = None
    """Speech level over the level of the pauses; ``None`` without a pause to measure."""
    overlap_share: float = 0.0
    """Of the person's speech, how much somebody else talks into, 0 to 1."""
    consistency: float | None = None
    """Lowest cosine between the print of a piece and that of the whole: low when voices are mixed."""
    num_voices: int = 1
    clipped_share: float = 0.0
    """Of the samples, how many stand at full scale."""
    bandwidth_hz: float | None = None
    """Up to where there is sound: 4 kHz is a telephone."""


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a voice cannot be enrolled from this, and what would help."""

    code: str
    """Stable: ``no-speech``, ``too-short``, ``too-noisy``, ``overlapped``, ``several-voices``, ``clipped``."""
    message: str
    """One sentence for the user with the measured and the needed figure."""


def problems(quality: VoiceQuality) -> tuple[Problem, ...]:
    """Everything that stands in the way; empty when the voice may be enrolled."""
    raise NotImplementedError(quality)
