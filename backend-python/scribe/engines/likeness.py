"""Whether pieces of speech sound like one person.

Owns the one figure that betrays two voices which a diarizer took for one; never measures a voice and never says what is
alike enough (``domain/voice_quality.py`` does).

Usage::

    consistency(prints_of_pieces, cohort)      # 0.7: one person; 0.1: two
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from scribe.domain.voices import Cohort, Voiceprint

FloatArray = npt.NDArray[np.float64]

_ROUNDS = 8
"""Pieces have found their half after two or three."""


def consistency(pieces: Sequence[Voiceprint], cohort: Cohort) -> float | None:
    """Cosine between the two halves of the pieces that differ most; ``None`` for fewer than two pieces.

    Halves are found as by k-means with two centres, from the two pieces that are least alike; prints are centred by the
    cohort, for without that two strangers share most of their vectors. Measured on pieces of 3 s, in
    ``domain/voice_quality.py``. The likeness of a piece to the whole, which comes to mind first, tells less: where two
    voices share a clip, the whole is like both (0.5 to 0.6, one noisy voice 0.7).
    """
    if len(pieces) < 2:
        return None
    voices = _unit(np.stack([piece.vector for piece in pieces]).astype(np.float64) - cohort.mean)  # (num, dimension)
    alike = voices @ voices.T
    one, other = np.unravel_index(int(alike.argmin()), alike.shape)
    centres = voices[[one, other]]
    for _ in range(_ROUNDS):
        is_one = voices @ centres[0] >= voices @ centres[1]
        if is_one.all() or not is_one.any():
            break  # all pieces are the same
        centres = _unit(np.stack([voices[is_one].mean(axis=0), voices[~is_one].mean(axis=0)]))
    return float(np.clip(centres[0] @ centres[1], -1.0, 1.0))


def _unit(vectors: FloatArray) -> FloatArray:
    norms = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.where(norms > 1e-9, vectors / np.maximum(norms, 1e-9), 0.0)
