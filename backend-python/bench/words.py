"""Word error rates: WER, and cpWER (the best pairing of speakers, each with all of their words).

Owns counting; the text comes in normalised. Definitions: Watanabe et al. 2020 (CHiME-6) for cpWER. ORC-WER is left to
meeteval (``scoring.py``).

Usage::

    word_errors("a b c", "a c")                                 # Errors(1, 3)
    cp_word_errors({"A": "hello", "B": "yes"}, {"x": "yes", "y": "hello"})     # Errors(0, 2)
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy.optimize import linear_sum_assignment


@dataclass(frozen=True, slots=True)
class Errors:
    """Something that went wrong so many times out of so many; adds up over recordings."""

    count: float
    total: float

    def __add__(self, other: "Errors") -> "Errors":
        return Errors(self.count + other.count, self.total + other.total)

    @property
    def rate(self) -> float:
        """Share, 0 when there is nothing to be right about and nothing wrong."""
        if self.total:
            return self.count / self.total
        return 0.0 if not self.count else float("inf")


def word_errors(reference: str, hypothesis: str) -> Errors:
    """Substitutions, deletions and insertions, out of the reference's words."""
    import jiwer

    if not reference.split():
        return Errors(len(hypothesis.split()), 0)
    found = jiwer.process_words(reference, hypothesis)
    return Errors(found.substitutions + found.deletions + found.insertions, len(reference.split()))


def cp_word_errors(reference: Mapping[str, str], hypothesis: Mapping[str, str]) -> Errors:
    """Errors under the best pairing of reference speakers with labels; one left without a partner is all errors."""
    texts = list(reference.values()), list(hypothesis.values())
    size = max(len(texts[0]), len(texts[1]))
    padded = [side + [""] * (size - len(side)) for side in texts]
    cost = np.array([[word_errors(said, heard).count for heard in padded[1]] for said in padded[0]]).reshape(size, size)
    rows, columns = linear_sum_assignment(cost)
    return Errors(float(cost[rows, columns].sum()), sum(len(text.split()) for text in texts[0]))
