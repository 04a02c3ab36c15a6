"""What a score is worth: from a cosine to a probability that holds in a bank of any size.

Owns the calibration and Bayes' rule; never compares voices (``domain/voices.py`` does).

Usage::

    evidence = calibration.evidence(scores, speech_s, enrolled_s)     # natural log of the likelihood ratio
    chances = posteriors(evidence, known_prior=0.5)                   # everybody looked for, and a stranger
"""

import math
from dataclasses import dataclass, fields

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]

_SATURATION_S = 2.0
"""Seconds of speech at which half of what more speech can tell is told."""
FEWEST_PEOPLE = 100
"""A smaller bank asks for as much evidence as one of so many: that its few people are likelier to speak is a guess, and
colleagues of one sex heard through one microphone are more alike than the strangers of any trial. Two announcers of
one studio (``samples/voices``, 20 s each) score 0.476: with a bank of one and no such limit, a name at 99 %."""


@dataclass(frozen=True, slots=True)
class Calibration:
    """Scores to evidence: log(p(score | same person) / p(score | two people)), both normally distributed.

    Two people score the same however long they speak; one person scores lower with little speech on either side
    (Mandasari et al., "Quality measure functions for calibration of speaker recognition systems in various duration
    conditions", 2013), and over all channels and rooms spreads wider than two people do. So the evidence is a parabola
    that opens upwards, and is held at its lowest point from there on down: more likeness is never less evidence.

    Upwards it bends into a straight line, which stands for look-alikes: siblings, a voice enrolled under two names, two
    people whom the diarizer took for one. No trial has them, so no normal distribution knows of them; by the parabola
    alone, 0.88 for Claire and 0.79 for Sophie was Claire at 99.7 %, in a voice that was half Sophie's.
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
    lookalike_slope: float = 15.0
    """Of the line: two rivals who are both very much like a voice are told apart by a lead of 0.2 (e³ = 95 %)."""
    lookalike_offset: float = 3.5
    """Where it starts, at score 0. At 0.5, where it takes over, it allows for one look-alike in e¹¹ = 60,000."""

    def __post_init__(self) -> None:
        """Raises: ValueError when more likeness could mean less evidence."""
        numbers = [getattr(self, each.name) for each in fields(self)]
        if not np.isfinite(numbers).all():
            raise ValueError("A calibration is made of finite numbers.")
        if not 0 < self.different_sd < self.same_sd:
            raise ValueError("One person's scores spread wider than those of two people.")
        if self.lookalike_slope <= 0:
            raise ValueError("Evidence grows with the score, for look-alikes, too: their slope is over 0.")

    def evidence(self, scores: FloatArray, speech_s: FloatArray, enrolled_s: FloatArray) -> FloatArray:
        """Natural logarithm of the likelihood ratio, finite; the arrays are broadcast."""
        square, linear, constant = self._parabola(speech_s, enrolled_s)
        held = np.maximum(scores, -linear / (2 * square))
        parabola = (square * held + linear) * held + constant
        found: FloatArray = -np.logaddexp(-parabola, -(self.lookalike_offset + self.lookalike_slope * scores))
        return found

    def score_for(self, evidence: float, speech_s: float, enrolled_s: float) -> float:
        """The score that is worth so much; may lie over 1, where no score can be."""
        square, linear, constant = (
            float(part) for part in self._parabola(np.float64(speech_s), np.float64(enrolled_s))
        )
        low, high = -1.0, 10.0
        for _ in range(48):
            middle = (low + high) / 2
            held = max(middle, -linear / (2 * square))
            parabola = (square * held + linear) * held + constant
            line = self.lookalike_offset + self.lookalike_slope * middle
            worth = min(parabola, line) - math.log1p(math.exp(-abs(parabola - line)))
            low, high = (middle, high) if worth < evidence else (low, middle)
        return high

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
    less on average, a bank of 500 gives no more wrong names than one of :data:`FEWEST_PEOPLE`.
    """
    log_odds = evidence + np.log(known_prior / max(FEWEST_PEOPLE, evidence.shape[1])) - np.log1p(-known_prior)
    highest = np.maximum(log_odds.max(axis=1, keepdims=True, initial=0.0), 0.0)
    weights = np.exp(log_odds - highest)
    chances: FloatArray = weights / (np.exp(-highest) + weights.sum(axis=1, keepdims=True))
    return chances


def evidence_for(probability: float, known_prior: float, num_people: int) -> float:
    """What one person needs to reach ``probability`` when nobody else of the bank comes near."""
    return float(
        np.log(probability / (1 - probability))
        + np.log1p(-known_prior)
        - np.log(known_prior / max(FEWEST_PEOPLE, num_people))
    )
