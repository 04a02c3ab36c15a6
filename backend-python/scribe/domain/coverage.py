"""The coverage ledger: what became of every second of the recording.

Owns the four accounts and the list of places to listen to again; never hides a second: the parts sum to the duration.

Usage::

    ledger = cover(duration_s, words, turns, speech)
    assert abs(ledger.total_s - duration_s) < 1e-6
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from scribe.domain.speech import Span, Turn, Word
from scribe.domain.turns import overlap_spans

Account = Literal["words", "overlap", "inaudible", "non_speech"]

JOINED_S = 0.5
"""Speech without a word for less than this beside a word belongs to the word: word times are off by 0.35 s at p90 and
voice activity is padded by 0.4 s, so that shorter remains say nothing about what was missed."""
REPORTED_S = 1.0
"""Inaudible stretches from this length on are listed, for a reader to check."""


@dataclass(frozen=True, slots=True)
class Coverage:
    """Seconds of the recording, each in exactly one account."""

    duration_s: float
    words_s: float
    """Written down, from one voice at a time."""
    overlap_s: float
    """Words were written while two or more people spoke: one of them may be missing."""
    inaudible_s: float
    """Somebody was heard, by the voice detector or the diarizer, and no word came of it."""
    non_speech_s: float
    """Silence, noise, music."""
    inaudible: tuple[Span, ...]
    """The stretches of ``inaudible_s`` of a second and more. By start."""

    @property
    def total_s(self) -> float:
        return math.fsum((self.words_s, self.overlap_s, self.inaudible_s, self.non_speech_s))


def cover(duration_s: float, words: Sequence[Word], turns: Sequence[Turn], speech: Sequence[Span]) -> Coverage:
    """The ledger of one recording; what lies outside of it is cut off. O(n log n)."""
    overlaps = overlap_spans(turns)
    spoken: list[Word | Turn | Span] = [*words, *_bridges(words)]
    heard: list[Word | Turn | Span] = [*turns, *speech]
    times = [0.0, duration_s]
    times += [at for span in (*spoken, *heard, *overlaps) for at in (span.start_s, span.end_s)]
    edges = np.unique(np.clip(np.array(times), 0.0, duration_s))  # (num_pieces + 1,)
    has_word = _covered(edges, spoken)
    has_overlap = _covered(edges, overlaps)
    has_voice = _covered(edges, heard)
    has_word |= _remains(edges, has_word, has_voice & ~has_word)
    lengths_s = np.diff(edges)
    unheard = has_voice & ~has_word
    reported = tuple(span for span in _stretches(edges, unheard) if span.duration_s >= REPORTED_S)
    return Coverage(
        duration_s=duration_s,
        words_s=math.fsum(lengths_s[has_word & ~has_overlap]),
        overlap_s=math.fsum(lengths_s[has_word & has_overlap]),
        inaudible_s=math.fsum(lengths_s[unheard]),
        non_speech_s=math.fsum(lengths_s[~has_word & ~has_voice]),
        inaudible=reported,
    )


def _bridges(words: Sequence[Word]) -> list[Span]:
    """The short gaps between words that follow one another: speaking goes on in them."""
    bridges: list[Span] = []
    until_s = math.inf
    for word in sorted(words, key=lambda word: word.start_s):
        if 0 < word.start_s - until_s < JOINED_S:
            bridges.append(Span(until_s, word.start_s))
        until_s = max(until_s, word.end_s) if until_s < math.inf else word.end_s
    return bridges


def _covered(edges: npt.NDArray[np.float64], spans: Iterable[Word | Turn | Span]) -> npt.NDArray[np.bool_]:
    """(num_pieces,) bool: whether any of the spans lies over each piece between two edges."""
    steps = np.zeros(edges.size, dtype=np.int64)
    taken = [(span.start_s, span.end_s) for span in spans if span.end_s > span.start_s]
    if taken:
        clipped = np.clip(np.array(taken), edges[0], edges[-1])
        np.add.at(steps, np.searchsorted(edges, clipped[:, 0]), 1)
        np.add.at(steps, np.searchsorted(edges, clipped[:, 1]), -1)
    covered: npt.NDArray[np.bool_] = np.cumsum(steps)[:-1] > 0
    return covered


def _remains(
    edges: npt.NDArray[np.float64], has_word: npt.NDArray[np.bool_], unheard: npt.NDArray[np.bool_]
) -> npt.NDArray[np.bool_]:
    """The unheard pieces that are too short to mean anything and touch a word. (num_pieces,) bool."""
    small = np.zeros_like(unheard)
    for first, last in _runs(unheard):
        touches = (first > 0 and has_word[first - 1]) or (last + 1 < has_word.size and has_word[last + 1])
        if touches and edges[last + 1] - edges[first] < JOINED_S:
            small[first : last + 1] = True
    return small


def _stretches(edges: npt.NDArray[np.float64], chosen: npt.NDArray[np.bool_]) -> list[Span]:
    return [Span(float(edges[first]), float(edges[last + 1])) for first, last in _runs(chosen)]


def _runs(chosen: npt.NDArray[np.bool_]) -> list[tuple[int, int]]:
    """First and last index of every run of True."""
    bounds = np.flatnonzero(np.diff(np.concatenate([[False], chosen, [False]]).astype(np.int8)))
    return [(int(first), int(past) - 1) for first, past in bounds.reshape(-1, 2)]
