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

_SATURATION_S = 2.0
"""Seconds of speech at which half of what more speech can tell is told."""


@dataclass(frozen=True, slots=True)
class Calibration:
    """Scores to evidence: log(p(score | same person) / p(score | two people)), both normally distributed.

    Two people score the same however long they speak; one person scores lower with little speech on either side
    (Mandasari et al., "Quality measure functions for calibration of speaker recognition systems in various duration
    conditions", 2013), and over all channels and rooms spreads wider than two people do. So the evidence is a parabola
    that opens upwards, and is held at its lowest point from there on down: more likeness is never less evidence.
    """

    same_mean: float
    """Score of one person with endless speech on both sides."""
    same_loss: float
    """How much lower it is with no speech on one of the sides; with 2 s the half of that."""
    same_sd: float
    """Over all channels, noises and rooms."""
    different_mean: float
    different_sd: float
    """That of the tail: the normal distribution that is exceeded as often as the scores of two people are."""
    floor: float
    """Lowest score that may be named or offered, whatever the bank."""

    def __post_init__(self) -> None:
        """Raises: ValueError when more likeness could mean less evidence."""
        numbers = (self.same_mean, self.same_loss, self.same_sd, self.different_mean, self.different_sd, self.floor)
        if not np.isfinite(numbers).all():
            raise ValueError("A calibration is made of finite numbers.")
        if not 0 < self.different_sd < self.same_sd:
            raise ValueError("One person's scores spread wider than those of two people.")

    def evidence(self, scores: FloatArray, speech_s: FloatArray, enrolled_s: FloatArray) -> FloatArray:
        """Natural logarithm of the likelihood ratio, finite; the arrays are broadcast."""
        square, linear, constant = self._parabola(speech_s, enrolled_s)
        held = np.maximum(scores, -linear / (2 * square))
        found: FloatArray = (square * held + linear) * held + constant
        return found

    def score_for(self, evidence: float, speech_s: float, enrolled_s: float) -> float:
        """The score that is worth so much; may lie over 1, where no score can be."""
        square, linear, constant = self._parabola(np.float64(speech_s), np.float64(enrolled_s))
        root = np.sqrt(np.maximum(linear**2 - 4 * square * (constant - evidence), 0.0))
        return float((root - linear) / (2 * square))

    def _parabola(
        self, speech_s: FloatArray | np.float64, enrolled_s: FloatArray | np.float64
    ) -> tuple[float, FloatArray | np.float64, FloatArray | np.float64]:
        """Factors of score², score and 1."""
        shortness = _SATURATION_S / (_SATURATION_S + speech_s) + _SATURATION_S / (_SATURATION_S + enrolled_s)
        same_mean = self.same_mean - self.same_loss * shortness
        same, different = self.same_sd**-2, self.different_sd**-2
        constant = (different * self.different_mean**2 - same * same_mean**2) / 2
        return (
            (different - same) / 2,
            same * same_mean - different * self.different_mean,
            constant + np.log(self.different_sd / self.same_sd),
        )


def posteriors(evidence: FloatArray, known_prior: float) -> FloatArray:
    """Of every voice, how likely it is each person: (num_voices, num_people) float64; the rest to 1 is a stranger.

    Before anything is heard, a speaker is one of the people with ``known_prior``, each as likely as the next. So the
    evidence that a name needs grows with the logarithm of the bank, and as a wrong person's likelihood ratio is 1 or
    less on average, a bank of 500 gives no more wrong names than one of 5.
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
