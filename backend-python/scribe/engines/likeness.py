"""Whether pieces of speech sound like one person.

Owns the one figure that betrays two voices which a diarizer took for one, and which pieces are compared; never says
what is alike enough (``domain/voice_quality.py`` does).

Usage::

    consistencies({label: spans_alone(turns)[label]}, waveform, extractor, cohort, most_s=24.0)
    consistency(prints_of_pieces, cohort)      # 0.7: one person; 0.1: two
"""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Protocol

import numpy as np
import numpy.typing as npt

from scribe.domain.audio import SAMPLE_RATE_HZ, Waveform
from scribe.domain.speech import Span, SpeakerLabel
from scribe.domain.voices import Cohort, Voiceprint

FloatArray = npt.NDArray[np.float64]

_PIECE_S = 3.0
"""Shorter pieces of one person are unlike one another by chance: at 2 s down to 0.31 in noise of 10 dB, at 3 s 0.44."""

_ROUNDS = 8
"""Pieces have found their half after two or three."""


class Extractor(Protocol):
    """What is needed of the voiceprint extractor."""

    def voiceprints(self, waveform: Waveform, spans: Sequence[Span]) -> list[Voiceprint | None]: ...


def consistencies(
    alone: Mapping[SpeakerLabel, Sequence[Span]],
    waveform: Waveform,
    extractor: Extractor,
    cohort: Cohort,
    *,
    most_s: float,
) -> dict[SpeakerLabel, float | None]:
    """:func:`consistency` of everything that each speaker says alone; of more than ``most_s`` of a spread of it.

    All are measured at once, so that a model is loaded once. Holds ``most_s`` of audio for each speaker.

    Raises: ModelMissingError, ModelCorruptError, EngineError.
    """
    speech: list[npt.NDArray[np.int16]] = []
    asked: list[tuple[SpeakerLabel, Span]] = []
    end_s = 0.0
    for label, spans in alone.items():
        pcm = [
            waveform.pcm[round(span.start_s * SAMPLE_RATE_HZ) : round(span.end_s * SAMPLE_RATE_HZ)]
            for span in _spread(spans, most_s)
        ]
        start_s, end_s = end_s, end_s + sum(map(len, pcm)) / SAMPLE_RATE_HZ
        edges = np.linspace(start_s, end_s, max(1, round((end_s - start_s) / _PIECE_S)) + 1).tolist()
        speech += pcm
        asked += [(label, Span(*edge)) for edge in pairwise(edges)]
    joined = Waveform(np.concatenate([np.zeros(0, np.int16), *speech]))
    pieces: dict[SpeakerLabel, list[Voiceprint]] = {label: [] for label in alone}
    for (label, _), piece in zip(asked, extractor.voiceprints(joined, [span for _, span in asked]), strict=True):
        if piece is not None:
            pieces[label].append(piece)
    return {label: consistency(of_one, cohort) for label, of_one in pieces.items()}


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


def _spread(spans: Sequence[Span], most_s: float) -> list[Span]:
    """Parts of a piece's length at most, all of them or as many as make ``most_s``, evenly over the time. By start."""
    parts = []
    for span in spans:
        edges = np.linspace(span.start_s, span.end_s, max(1, int(np.ceil(span.duration_s / _PIECE_S))) + 1).tolist()
        parts += [Span(*edge) for edge in pairwise(edges)]
    total_s = sum(part.duration_s for part in parts)
    if total_s <= most_s:
        return parts
    count = max(1, int(len(parts) * most_s / total_s))
    return [parts[at] for at in np.linspace(0, len(parts) - 1, count).round().astype(int)]


def _unit(vectors: FloatArray) -> FloatArray:
    norms = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.where(norms > 1e-9, vectors / np.maximum(norms, 1e-9), 0.0)
