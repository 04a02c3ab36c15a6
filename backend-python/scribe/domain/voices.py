"""The decision whose voice it is.

Owns the rule that names a speaker, and offers the values it works on (``domain/voiceprints.py``); never extracts a
print (``engines/voiceprint.py`` does).

Usage::

    verdicts = match(diarization.voiceprints, bank, cohort, MatchRule())
    verdicts["SPEAKER_00"].name         # "Ada", or None with the reason why
    verdicts["SPEAKER_00"].probability  # that it is the candidate, among all who were looked for and a stranger
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Protocol, TypeVar

import numpy as np
import numpy.typing as npt

from scribe.domain.errors import OptionError, VoiceprintMismatchError
from scribe.domain.voice_evidence import Calibration, FloatArray, evidence_for, posteriors
from scribe.domain.voiceprints import (
    Cohort,
    StoredPrint,
    VoiceBank,
    VoiceClip,
    Voiceprint,
    VoiceProfile,
    profile_prints,
    unit,
)

__all__ = [
    "Band",
    "Calibration",
    "Candidate",
    "Cohort",
    "Identification",
    "MatchRule",
    "Matcher",
    "StoredPrint",
    "VoiceBank",
    "VoiceClip",
    "VoiceProfile",
    "Voiceprint",
    "calibration_of",
    "match",
    "profile_prints",
    "score_matrix",
]

LabelT = TypeVar("LabelT", bound=str)

CENTRED = Calibration(0.85, 0.43, 0.17, different_mean=0.01, different_sd=0.12, floor=0.40)
"""For centred scores of a model that nobody has calibrated: CAM++'s, on the careful side."""
PLAIN = Calibration(0.90, 0.25, 0.12, different_mean=0.40, different_sd=0.085, floor=0.60, lookalike_offset=0.5)
"""For plain cosines."""
AUTO_PROBABILITY = 0.95
"""What it costs and gives: docs/benchmarks.md, "The voice bank"."""
SUGGEST_PROBABILITY = 0.5
KNOWN_PRIOR = 0.5
"""Half of the speakers are strangers: in the composed meetings a third are."""
MIN_SPEECH_S = 3.0
"""With 1.5 s of speech the voices of one person are too unlike each other: three times as many are missed."""


@dataclass(frozen=True, slots=True)
class MatchRule:
    """When a voice is close enough to be named."""

    auto_probability: float = AUTO_PROBABILITY
    """From which a name is written."""
    suggest_probability: float = SUGGEST_PROBABILITY
    """From which it is offered."""
    known_prior: float = KNOWN_PRIOR
    """How likely a speaker is one of the people looked for, before the voice is heard."""
    threshold: float | None = None
    """Lowest score that may be named, however likely; ``None``: what was measured for the model."""
    min_speech_s: float = MIN_SPEECH_S
    """Clean speech that a speaker must have before a name may be written; less may be offered."""
    may_repeat: bool = False
    """Whether one person may be named several times in a meeting: on several channels, or split by the diarizer."""

    def __post_init__(self) -> None:
        """Raises: OptionError when a number is out of range."""
        if self.threshold is not None and not -1 <= self.threshold <= 1:
            raise OptionError("The identification threshold is a cosine, between -1 and 1.")
        if not 0 < self.suggest_probability <= self.auto_probability < 1:
            raise OptionError(
                "A name is offered at a probability over 0 and written at one as high or higher, below 1."
            )
        if not 0 < self.known_prior < 1:
            raise OptionError("The prior of a known speaker is a probability, over 0 and below 1.")
        if not (np.isfinite(self.min_speech_s) and self.min_speech_s >= 0):
            raise OptionError("The least speech for a name is a number of seconds, 0 or more.")

    def floor_for(self, cohort: Cohort | None) -> float:
        """Lowest score that may be named or offered."""
        return calibration_of(cohort).floor if self.threshold is None else self.threshold


def calibration_of(cohort: Cohort | None) -> Calibration:
    """How scores are read: as measured for the model, or carefully where nobody has measured."""
    if cohort is None:
        return PLAIN
    return cohort.calibration or CENTRED


class Band(StrEnum):
    """What is done with a verdict."""

    AUTO = "auto"
    """Sure enough to write the name."""
    SUGGEST = "suggest"
    """Likely: the name is offered, a person decides."""
    UNKNOWN = "unknown"


NUM_CANDIDATES = 3


@dataclass(frozen=True, slots=True)
class Candidate:
    """Somebody whom a voice may belong to."""

    person: str
    """:attr:`VoiceProfile.person`."""
    name: str
    score: float
    """Centred cosine, 1 is identical."""
    probability: float
    """Calibrated: of all voices with this number, so many are this person's."""


@dataclass(frozen=True, slots=True)
class Identification:
    """The verdict on one speaker: a name, or unknown with the reason why."""

    name: str | None
    """``None``: unknown, which is an answer and not a failure. Given in the band ``auto`` only."""
    score: float | None
    """Of the best candidate (centred cosine, 1 is identical); ``None`` when nothing could be compared."""
    runner_up: str | None
    runner_up_score: float | None
    reason: str
    """Stable code: ``matched``, ``below-threshold``, ``too-close-to-call``, ``too-little-speech``,
    ``taken-by-better-match``, ``no-voiceprint``, ``empty-bank``."""
    candidate: str | None = None
    """Whom ``score`` is about, named or not; never to be shown as the speaker when ``name`` is ``None``."""
    band: Band = Band.UNKNOWN
    probability: float | None = None
    """That it is ``candidate``, given everybody who was looked for and the chance of a stranger."""
    candidates: tuple[Candidate, ...] = ()
    """The likeliest, best first, three at most; the first is ``candidate``."""
    explanation: str = ""
    """The reason in numbers, such as ``0.41 < 0.55``."""


def match(
    voiceprints: Mapping[LabelT, Voiceprint], bank: VoiceBank, cohort: Cohort | None, rule: MatchRule
) -> dict[LabelT, Identification]:
    """Decides whom each voice belongs to; a person is named at most once, unless the rule allows it.

    Every voice is weighed against everybody looked for and against the chance of a stranger. A voice can only win the
    person it is closest to, and the loser of a contest gets no second choice (ADR 6).

    Raises: VoiceprintMismatchError when voices, bank and cohort were not measured by the same model.
    """
    if not bank.profiles:
        nobody = Identification(None, None, None, None, "empty-bank", explanation="nobody to compare with")
        return dict.fromkeys(voiceprints, nobody)
    if not voiceprints:
        return {}
    hearing = _Hearing(VoiceBank(tuple(sorted(bank.profiles, key=lambda profile: profile.person))), cohort, rule)
    verdicts = hearing.alone(voiceprints)
    return verdicts if rule.may_repeat else _won(verdicts)


class _Hearing:
    """One meeting's voices before one bank, whose profiles are in the order of their persons."""

    def __init__(self, bank: VoiceBank, cohort: Cohort | None, rule: MatchRule) -> None:
        self._bank = bank
        self._cohort = cohort
        self._rule = rule
        self._calibration = calibration_of(cohort)

    def alone(self, voiceprints: Mapping[LabelT, Voiceprint]) -> dict[LabelT, Identification]:
        """What each voice would be called if nobody else claimed the same person."""
        voices = list(voiceprints.values())
        scores = score_matrix(voices, self._bank, self._cohort)
        evidence = self._calibration.evidence(
            scores,
            np.array([voice.speech_s for voice in voices])[:, np.newaxis],
            np.array([profile.speech_s for profile in self._bank.profiles])[np.newaxis],
        )
        chances = posteriors(evidence, self._rule.known_prior)
        return {
            label: self._verdict(voice, *rows)
            for (label, voice), *rows in zip(voiceprints.items(), scores, evidence, chances, strict=True)
        }

    def _verdict(
        self, voice: Voiceprint, scores: FloatArray, evidence: FloatArray, chances: FloatArray
    ) -> Identification:
        """``scores``, ``evidence``, ``chances``: (num_profiles,)."""
        order = np.lexsort((-scores, -evidence))
        candidates = tuple(
            Candidate(profile.person, profile.name, float(scores[at]), float(chances[at]))
            for at in order[:NUM_CANDIDATES]
            for profile in (self._bank.profiles[at],)
        )
        best, *others = candidates
        reason, explanation = self._reason(voice, candidates, float(evidence[order[0]]), self._enrolled_s(order[0]))
        if reason == "matched":
            band = Band.AUTO
        elif best.score >= self._rule.floor_for(self._cohort) and (
            best.probability >= self._rule.suggest_probability or reason == "too-close-to-call"
        ):
            band = Band.SUGGEST
        else:
            band = Band.UNKNOWN
        return Identification(
            name=best.name if band is Band.AUTO else None,
            score=best.score,
            runner_up=others[0].name if others else None,
            runner_up_score=others[0].score if others else None,
            reason=reason,
            candidate=best.name,
            band=band,
            probability=best.probability,
            candidates=candidates,
            explanation=explanation,
        )

    def _enrolled_s(self, at: int) -> float:
        return self._bank.profiles[at].speech_s

    def _reason(
        self, voice: Voiceprint, candidates: tuple[Candidate, ...], evidence: float, enrolled_s: float
    ) -> tuple[str, str]:
        """The code, and the same in numbers."""
        rule, best = self._rule, candidates[0]
        enough = evidence_for(rule.auto_probability, rule.known_prior, len(self._bank.profiles))
        floor = rule.floor_for(self._cohort)
        needed = max(floor, self._calibration.score_for(enough, voice.speech_s, enrolled_s))
        if voice.speech_s < rule.min_speech_s:
            return "too-little-speech", f"{_less(voice.speech_s, rule.min_speech_s)} s"
        if best.score < floor or evidence < enough:
            return "below-threshold", _less(best.score, needed)
        if best.probability < rule.auto_probability:
            both = f"{best.score:.2f} and {candidates[1].score:.2f}"
            return "too-close-to-call", f"{best.name} and {candidates[1].name} too close: {both}"
        return "matched", f"{best.score:.2f} ≥ {min(needed, best.score):.2f}"


def _won(verdicts: dict[LabelT, Identification]) -> dict[LabelT, Identification]:
    """Everybody keeps one name: of the voices that are most like a person, the likeliest with enough speech.

    The contest comes before the thresholds, so that a higher one never hands a name on. The others stay unknown; one
    that was sure enough itself stays an offer, since the diarizer may have split a voice in two. The optimal one-to-one
    assignment (Hungarian) is left out on purpose: to raise the sum of all scores it hands out second choices, so that a
    voice close to Ada is named Bob because another is closer to Ada (ADR 6).
    """
    winners: dict[str, tuple[float, float, LabelT]] = {}
    for label, verdict in sorted(verdicts.items()):
        best = verdict.candidates[0]
        claim = (best.probability, best.score, label)
        if verdict.reason != "too-little-speech" and (
            best.person not in winners or claim[:2] > winners[best.person][:2]
        ):
            winners[best.person] = claim
    decided = dict(verdicts)
    for label, verdict in verdicts.items():
        _, score, winner = winners.get(verdict.candidates[0].person, (0.0, 0.0, label))
        is_taken = verdict.band is Band.AUTO or (verdict.band is Band.SUGGEST and verdicts[winner].band is Band.AUTO)
        if winner == label or not is_taken:
            continue
        decided[label] = replace(
            verdict,
            name=None,
            band=Band.SUGGEST if verdict.band is Band.AUTO else Band.UNKNOWN,
            reason="taken-by-better-match",
            explanation=f"{winner} is more like {verdict.candidate}: {score:.2f}, here {verdict.score:.2f}",
        )
    return decided


def _less(one: float, other: float) -> str:
    """``0.41 < 0.55``, with as many digits as it takes to see the difference."""
    digits = 2
    while f"{one:.{digits}f}" == f"{other:.{digits}f}" and digits < 6:
        digits += 1
    return f"{one:.{digits}f} < {other:.{digits}f}"


def score_matrix(voiceprints: list[Voiceprint], bank: VoiceBank, cohort: Cohort | None) -> FloatArray:
    """Scores of every voice against every profile, in the given order: (num_voices, num_profiles), in [-1, 1].

    Raises: VoiceprintMismatchError.
    """
    _require_one_model(voiceprints, bank, cohort)
    if not voiceprints or not bank.profiles:
        return np.zeros((len(voiceprints), len(bank.profiles)))
    voices = _centred(np.stack([print_.vector for print_ in voiceprints]), cohort)
    people = unit(np.stack([_profile_vector(profile, cohort) for profile in bank.profiles]))
    # Pair by pair and not as one matrix product: the last bit of a score must not depend on its place in the bank.
    scores: FloatArray = np.clip((voices[:, np.newaxis] * people[np.newaxis]).sum(axis=2), -1.0, 1.0)
    return scores


def _profile_vector(profile: VoiceProfile, cohort: Cohort | None) -> FloatArray:
    """Mean of the centred prints, each of length 1: a clip counts once, however long it is. (dimension,) float64."""
    prints = sorted(profile.voiceprints, key=lambda print_: print_.vector.tobytes())
    mean: FloatArray = _centred(np.stack([print_.vector for print_ in prints]), cohort).mean(axis=0)
    return mean


def _centred(vectors: npt.NDArray[np.float32], cohort: Cohort | None) -> FloatArray:
    """(num, dimension) float32 -> (num, dimension) float64 of length 1, without what voices or channels share."""
    own = unit(vectors.astype(np.float64))
    if cohort is None:
        return own
    own = unit(own - cohort.mean.astype(np.float64))
    for direction in (
        () if cohort.nuisance is None else cohort.nuisance.astype(np.float64)
    ):  # row by row: no bit depends on how many are compared
        own -= (own * direction).sum(axis=1, keepdims=True) * direction
    return unit(own)


def _require_one_model(voiceprints: list[Voiceprint], bank: VoiceBank, cohort: Cohort | None) -> None:
    models = {print_.model for print_ in voiceprints} | {profile.model for profile in bank.profiles}
    ids = {model.partition("@")[0] for model in models} | ({cohort.model_id} if cohort is not None else set())
    if len(models) > 1 or len(ids) > 1:
        raise VoiceprintMismatchError(
            f"Voices measured by different models ({', '.join(sorted(models | ids))}) cannot be compared: "
            "enrol them again with the model in use."
        )


class Matcher(Protocol):
    """:func:`match` with the cohort, the calibration and the rule of one installation."""

    def __call__(self, voices: Mapping[LabelT, Voiceprint], bank: VoiceBank, /) -> dict[LabelT, Identification]: ...
