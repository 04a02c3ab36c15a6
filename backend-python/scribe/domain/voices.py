"""Voiceprints and the decision whose voice it is.

Owns the rule that names a speaker; never extracts a print (``engines/identification.py`` does).
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True, slots=True, eq=False)
class Voiceprint:
    """A voice as a vector. Biometric data: never log it."""

    vector: npt.NDArray[np.float32]
    """(dimension,) float32, finite, unit length; 192 values for CAM++."""
    model_id: str
    """Catalogue name of the model that made it; prints of two models are never compared."""
    speech_s: float
    """Seconds of clean, single-speaker speech it was made from."""


@dataclass(frozen=True, slots=True)
class Identification:
    """The verdict on one speaker: a name, or unknown with the reason why."""

    name: str | None
    """``None``: unknown, which is an answer and not a failure."""
    score: float | None
    """Of the best candidate (centred cosine, 1 is identical); ``None`` when nothing could be compared."""
    runner_up: str | None
    runner_up_score: float | None
    reason: str
    """Stable code: ``matched``, ``below-threshold``, ``too-close-to-call``, ``too-little-speech``,
    ``taken-by-better-match``, ``no-voiceprint``, ``empty-bank``."""
