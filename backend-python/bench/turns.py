"""Diarization error rate from turns, exact to the borders: no frames.

Owns the definition that pyannote.metrics and md-eval share: at every instant the error is
``max(reference, hypothesis speakers) - correctly named``, overlap counts, and the labels are paired one to one so that
they agree for the longest time. A collar of ±c seconds around every reference border is not scored.

Usage::

    diarization_errors(reference, hypothesis, span=(0.0, 30.0), collar_s=0.25).rate
"""

from collections.abc import Iterable
from typing import Protocol

import numpy as np
import numpy.typing as npt
from scipy.optimize import linear_sum_assignment

from bench.words import Errors


class TurnLike(Protocol):
    @property
    def start_s(self) -> float: ...

    @property
    def end_s(self) -> float: ...

    @property
    def speaker(self) -> str: ...


def diarization_errors(
    reference: Iterable[TurnLike], hypothesis: Iterable[TurnLike], span: tuple[float, float], collar_s: float = 0.0
) -> Errors:
    """Seconds wrong, out of the seconds that the reference speakers speak (overlap counts for each of them)."""
    said, heard = list(reference), list(hypothesis)
    borders = [border for turn in said for border in (turn.start_s, turn.end_s)]
    cuts = {*span, *borders, *(border for turn in heard for border in (turn.start_s, turn.end_s))}
    cuts |= {border + side * collar_s for border in borders for side in (-1, 1)}
    edges = np.array(sorted(cut for cut in cuts if span[0] <= cut <= span[1]))
    if len(edges) < 2:
        return Errors(0.0, 0.0)
    middles, lengths = (edges[:-1] + edges[1:]) / 2, np.diff(edges)
    if collar_s and borders:
        away = np.abs(middles[:, None] - np.array(borders)[None]).min(axis=1)
        lengths = np.where(away < collar_s, 0.0, lengths)
    truth, guess = _activity(said, middles), _activity(heard, middles)
    together = (truth * lengths) @ guess.T
    rows, columns = linear_sum_assignment(-together)
    agreed = float(together[rows, columns].sum())
    most = np.maximum(truth.sum(axis=0), guess.sum(axis=0))
    return Errors(float((most * lengths).sum()) - agreed, float((truth.sum(axis=0) * lengths).sum()))


def _activity(turns: list[TurnLike], times: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """(num_speakers, num_times), 1 where the speaker speaks."""
    speakers = sorted({turn.speaker for turn in turns})
    active = np.zeros((len(speakers), len(times)))
    for turn in turns:
        active[speakers.index(turn.speaker), (times > turn.start_s) & (times < turn.end_s)] = 1.0
    return active
