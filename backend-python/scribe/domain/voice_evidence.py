"""What a score is worth: from a cosine to a probability that holds in a bank of any size.

Owns the calibration and Bayes' rule; never compares voices (``domain/voices.py`` does).

Usage::

    evidence = calibration.evidence(scores, speech_s, enrolled_s)     # natural log of the likelihood ratio
    chances = posteriors(evidence, known_prior=0.5)                   # everybody looked for, and a stranger
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]

_SATURATION_S = 3.0
"""Seconds of speech at which half of what more speech can tell is told."""


@dataclass(frozen=True, slots=True)
class Calibration:
    """Scores to evidence: log(p(score | same person) / p(score | two people)), a straight line in the score.

    Logistic regression, as speaker verification has it since Brümmer and du Preez, "Application-independent evaluation
    of speaker detection", 2006; the line depends on the seconds of speech on both sides (Mandasari et al., "Quality
    measure functions for calibration of speaker recognition systems in various duration conditions", 2013).
    """

    slope: float
    """Of the line with endless speech on both sides."""
    slope_loss: float
    """How much flatter it is per unit of shortness."""
    offset: float
    """What the line takes away with endless speech on both sides."""
    offset_loss: float
    """How much less it takes away per unit of shortness: short voices score lower with themselves."""
    floor: float
    """Lowest score that may be named, whatever the bank: under it nobody has measured enough."""

    def __post_init__(self) -> None:
        """Raises: ValueError when more likeness could mean less evidence."""
        numbers = (self.slope, self.slope_loss, self.offset, self.offset_loss, self.floor)
        if not np.isfinite(numbers).all():
            raise ValueError("A calibration is made of finite numbers.")
        if min(self.slope, self.slope - 2 * self.slope_loss) <= 0:
            raise ValueError("Evidence grows with the score, however short the speech.")

    def evidence(self, scores: FloatArray, speech_s: FloatArray, enrolled_s: FloatArray) -> FloatArray:
        """Natural logarithm of the likelihood ratio, finite; the arrays are broadcast."""
        slope, offset = self._line(speech_s, enrolled_s)
        return slope * scores - offset

    def score_for(self, evidence: float, speech_s: float, enrolled_s: float) -> float:
        """The score that is worth so much."""
        slope, offset = self._line(np.float64(speech_s), np.float64(enrolled_s))
        return float((evidence + offset) / slope)

    def _line(
        self, speech_s: FloatArray | np.float64, enrolled_s: FloatArray | np.float64
    ) -> tuple[FloatArray, FloatArray]:
        short = _SATURATION_S / (_SATURATION_S + speech_s) + _SATURATION_S / (_SATURATION_S + enrolled_s)
        return np.asarray(self.slope - self.slope_loss * short), np.asarray(self.offset - self.offset_loss * short)


def posteriors(evidence: FloatArray, known_prior: float) -> FloatArray:
    """Of every voice, how likely it is each person: (num_voices, num_people) float64; the rest to 1 is a stranger.

    Before anything is heard, a speaker is one of the people with ``known_prior``, each as likely as the next. So the
    evidence that a name needs grows with the logarithm of the bank, and as a wrong person's likelihood ratio is 1 on
    average whoever that is, a bank of 500 gives no more wrong names than one of 5.
    """
    log_odds = evidence + np.log(known_prior / max(1, evidence.shape[1])) - np.log1p(-known_prior)
    highest = np.maximum(log_odds.max(axis=1, keepdims=True, initial=0.0), 0.0)
    weights = np.exp(log_odds - highest)
    chances: FloatArray = weights / (np.exp(-highest) + weights.sum(axis=1, keepdims=True))
    return chances


def evidence_for(probability: float, known_prior: float, num_people: int) -> float:
    """What one person needs to reach ``probability`` when nobody else of the bank comes near."""
    return float(
        np.log(probability / (1 - probability)) + np.log1p(-known_prior) - np.log(known_prior / max(1, num_people))
    )
