"""A diarization error rate small enough to read: frames of 10 ms, no collar, overlap scored, best mapping."""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
from scipy.optimize import linear_sum_assignment

from scribe.domain.speech import Turn

ErrorRate = Callable[[Path, Sequence[Turn], float], float]


@pytest.fixture(scope="session")
def error_rate() -> ErrorRate:
    """``error_rate(rttm, turns, duration_s)``: missed + false + confused speech over all speech."""

    def measure(rttm: Path, turns: Sequence[Turn], duration_s: float) -> float:
        lines = [line.split() for line in rttm.read_text("utf-8").splitlines() if line.startswith("SPEAKER")]
        reference = [(float(f[3]), float(f[3]) + float(f[4]), f[7]) for f in lines]
        truth = _grid(reference, duration_s)
        found = _grid([(turn.start_s, turn.end_s, turn.speaker) for turn in turns], duration_s)
        together = truth.T.astype(int) @ found.astype(int)  # (true speakers, found speakers)
        rows, columns = linear_sum_assignment(together, maximize=True)
        spoken, claimed = truth.sum(axis=1), found.sum(axis=1)
        right = together[rows, columns].sum()
        errors = np.maximum(spoken, claimed).sum() - right
        return float(errors / spoken.sum())

    return measure


def _grid(turns: Sequence[tuple[float, float, str]], duration_s: float) -> np.ndarray:
    """(num_frames, num_speakers) bool, one column at least."""
    speakers = sorted({speaker for *_, speaker in turns}) or ["nobody"]
    grid = np.zeros((round(duration_s * 100), len(speakers)), bool)
    for start_s, end_s, speaker in turns:
        grid[round(start_s * 100) : round(end_s * 100), speakers.index(speaker)] = True
    return grid
