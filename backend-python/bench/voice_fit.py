"""Cohort, channel directions and calibration from the prints of some people, so that others can judge them.

Owns the fit; never counts or decides. The shipped mean and directions are made by ``bench/cohort.py`` from the corpora
under CC BY 4.0 alone; the shipped calibration is what this prints for them and everybody. Usage::

    cohort = fit(prints, people)                            # mean, directions and calibration of these people
    python -m bench.voice_fit ../../shared/audio            # the calibration to be shipped
"""

import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from bench.voice_conditions import CONDITIONS
from bench.voice_trials import DOUBTFUL_PAIR, TrialPrints, open_prints
from scribe.domain.voice_evidence import _SATURATION_S, Calibration
from scribe.domain.voices import Cohort, VoiceBank, Voiceprint, VoiceProfile
from scribe.engines.voice_calibration import load_cohort

NUM_DIRECTIONS = 2
FLOOR = 0.30
_TAIL = {1e-3: 3.0902, 1e-4: 3.7190}
"""Shares of two people's scores, and how many standard deviations a normal distribution is over its mean there."""
_SHORT_PRINTS = 3
"""Per person and duration: what a little speech is worth to enrol from."""
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Trials:
    """Scores of pairs; (num_pairs,) each."""

    scores: Floats
    is_same: npt.NDArray[np.bool_]
    speech_s: Floats
    enrolled_s: Floats
    cell: npt.NDArray[np.int64]
    """Person, condition and duration in one number: every cell of one person's trials weighs the same."""


def fit(
    prints: TrialPrints,
    people: Sequence[str],
    directions: int = NUM_DIRECTIONS,
    conditions: Iterable[str] = tuple(CONDITIONS),
) -> Cohort:
    """All that is known from ``people`` and nobody else. ``conditions``: that the directions are learnt from."""
    mean = np.mean([_mean_of(prints.enrolled(name)) for name in people], axis=0)
    moved = []
    for name in people:
        clean = prints.tests(name, 3.0)
        if not clean:
            continue
        reference = _centred(clean, mean).mean(axis=0)
        for condition in conditions:
            degraded = prints.tests(name, 3.0, condition) if condition != "clean" else ()
            if degraded:
                moved.append(_centred(degraded, mean).mean(axis=0) - reference)
    rows = np.linalg.svd(np.stack(moved), full_matrices=False)[2][:directions].astype(np.float32)
    cohort = Cohort("campplus", mean.astype(np.float32), None, rows if directions else None)
    return Cohort("campplus", cohort.mean, calibrate(trials(prints, people, cohort)), cohort.nuisance)


def calibrate(found: Trials) -> Calibration:
    """Least squares for one person's scores over shortness; mean and tail of two people's."""
    same = found.is_same
    _, cell, size = np.unique(found.cell[same], return_inverse=True, return_counts=True)
    weight = 1 / size[cell]
    shortness = sum(_SATURATION_S / (_SATURATION_S + seconds[same]) for seconds in (found.speech_s, found.enrolled_s))
    rows = np.stack([np.ones(same.sum()), -np.asarray(shortness)], axis=1)
    scores = found.scores[same]
    root = np.sqrt(weight)
    (mean, loss), *_ = np.linalg.lstsq(rows * root[:, np.newaxis], scores * root, rcond=None)
    same_sd = np.sqrt(np.average((scores - rows @ [mean, loss]) ** 2, weights=weight))
    different = found.scores[~same]
    tail_sd = max(
        (np.quantile(different, 1 - share) - different.mean()) / deviations for share, deviations in _TAIL.items()
    )
    return Calibration(
        round(float(mean), 3),
        round(float(loss), 3),
        round(float(same_sd), 3),
        round(float(different.mean()), 3),
        round(float(tail_sd), 3),
        FLOOR,
    )


def trials(prints: TrialPrints, people: Sequence[str], cohort: Cohort) -> Trials:
    """Everybody's tests under every condition against everybody, enrolled from all and from 3 and 6 s of speech."""
    profiles = [(name, VoiceProfile(name, prints.enrolled(name))) for name in people]
    for duration_s in (3.0, 6.0):
        for name in people:
            for index, print_ in enumerate(prints.short(name, duration_s)[:_SHORT_PRINTS]):
                profiles.append((name, VoiceProfile(f"{name} {duration_s} {index}", (print_,))))
    bank = VoiceBank(tuple(profile for _, profile in profiles))
    owners = np.array([name for name, _ in profiles])
    enrolled_s = np.array([profile.speech_s for _, profile in profiles])
    compared = profiles_of(bank, cohort)
    parts = []
    for row, name in enumerate(people):
        rivals = np.array([name != owner and {name, owner} == DOUBTFUL_PAIR for owner in owners])
        for column, (condition, duration_s) in enumerate(cells()):
            tests = list(prints.tests(name, duration_s, condition))
            if tests:
                scores = scores_of(tests, compared, cohort)[:, ~rivals]
                speech_s = np.repeat([[test.speech_s] for test in tests], scores.shape[1], axis=1)
                is_same = np.broadcast_to((owners == name)[~rivals], scores.shape)
                length_s = np.broadcast_to(enrolled_s[~rivals], scores.shape)
                parts.append((scores, is_same, speech_s, length_s, np.full(scores.shape, row * 1000 + column)))
    joined = [np.concatenate([part[at].ravel() for part in parts]) for at in range(5)]
    return Trials(*joined)


def profiles_of(bank: VoiceBank, cohort: Cohort) -> Floats:
    """What every profile is compared by: (num_people, dimension)."""
    each = [_compared([print_.vector for print_ in profile.voiceprints], cohort) for profile in bank.profiles]
    return np.stack([_unit(own.mean(axis=0)) for own in each])


def scores_of(voices: Sequence[Voiceprint], profiles: Floats, cohort: Cohort) -> Floats:
    """``scribe.domain.voices.score_matrix`` as one product: the same but for the last bits, and thirty times faster."""
    return _compared([voice.vector for voice in voices], cohort) @ profiles.T


def _compared(vectors: Sequence[npt.NDArray[np.float32]], cohort: Cohort) -> Floats:
    own = np.stack([_unit(_unit(vector.astype(np.float64)) - cohort.mean) for vector in vectors])
    if cohort.nuisance is not None:
        own -= own @ cohort.nuisance.T @ cohort.nuisance
    return np.asarray(own / np.linalg.norm(own, axis=1, keepdims=True))


def cells() -> list[tuple[str, float]]:
    """Condition and duration of every test."""
    return [(name, duration_s) for name in CONDITIONS for duration_s in (1.5, 3.0, 6.0)] + [("clean", 12.0)]


def halves(people: Sequence[str], parts: int = 5) -> list[list[str]]:
    """The people in ``parts``; who may be one person stays together."""
    shuffled = [str(name) for name in np.random.default_rng(0).permutation(sorted(people))]
    found = [shuffled[part::parts] for part in range(parts)]
    home = next(part for part in found if "FRA" in part) if "FRA" in people else found[0]
    for part in found:
        if "FRB" in part and part is not home:
            part.remove("FRB")
            home.append("FRB")
    return found


def _mean_of(prints: Sequence[Voiceprint]) -> Floats:
    mean = np.mean([_unit(print_.vector.astype(np.float64)) for print_ in prints], axis=0)
    return _unit(mean)


def _centred(prints: Sequence[Voiceprint], mean: Floats) -> Floats:
    return np.stack([_unit(_unit(print_.vector.astype(np.float64)) - mean) for print_ in prints])


def _unit(vector: Floats) -> Floats:
    return np.asarray(vector / np.linalg.norm(vector))


if __name__ == "__main__":
    everybody = open_prints(Path(sys.argv[1]))
    shipped = load_cohort("campplus")
    assert shipped is not None
    print(calibrate(trials(everybody, list(everybody.people), shipped)))
