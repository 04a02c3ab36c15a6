"""Voiceprints, the bank of enrolled voices, and the decision whose voice it is.

Owns the rule that names a speaker; never extracts a print (``engines/identification.py`` does).

Usage::

    verdicts = match(diarization.voiceprints, bank, cohort, MatchRule())
    verdicts["SPEAKER_00"].name        # "Ada", or None with the reason why
"""

import hashlib
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Protocol, TypeVar

import numpy as np
import numpy.typing as npt

from scribe.domain.audio import Waveform
from scribe.domain.errors import OptionError, VoiceprintMismatchError

FloatArray = npt.NDArray[np.float64]
LabelT = TypeVar("LabelT", bound=str)

_UNIT_TOLERANCE = 1e-2
"""A unit vector that was stored as float16 comes back up to 1e-3 too long; ten times that is no unit vector."""


@dataclass(frozen=True, slots=True, eq=False)
class Voiceprint:
    """A voice as a vector. Biometric data: never log it."""

    vector: npt.NDArray[np.float32]
    """(dimension,) float32, finite, unit length; 192 values for CAM++."""
    model_id: str
    """Catalogue name of the model that made it; prints of two models are never compared."""
    speech_s: float
    """Seconds of clean, single-speaker speech it was made from."""
    model_revision: str = ""
    """Of the weights: the first 16 hexadecimal digits of their SHA-256; prints of two revisions are never compared."""

    def __post_init__(self) -> None:
        """The one gate that keeps NaN and silence out of every bank.

        Raises: ValueError when the vector is no finite unit vector.
        """
        if self.vector.ndim != 1 or not np.isfinite(self.vector).all():
            raise ValueError("A voiceprint is one row of finite numbers.")
        if abs(float(np.linalg.norm(self.vector.astype(np.float64))) - 1) > _UNIT_TOLERANCE:
            raise ValueError("A voiceprint has length 1.")
        if not (np.isfinite(self.speech_s) and self.speech_s >= 0):
            raise ValueError("A voiceprint is made from a finite time of speech.")

    @property
    def model(self) -> str:
        """Model and revision in one: what must be equal before two prints may be compared."""
        return f"{self.model_id}@{self.model_revision}" if self.model_revision else self.model_id


@dataclass(frozen=True, slots=True, eq=False)
class VoiceProfile:
    """One enrolled person. Every print is kept, so that one that turns out to be wrong can be taken away again."""

    name: str
    """As it is shown. Two people may have the same one."""
    voiceprints: tuple[Voiceprint, ...]
    key: str = ""
    """Who it is, whatever the name: a person's id; empty: the name itself tells people apart."""

    def __post_init__(self) -> None:
        """Raises: ValueError when there is no print; VoiceprintMismatchError when models are mixed."""
        if not self.voiceprints:
            raise ValueError("A profile holds at least one voiceprint.")
        if len({(print_.model, len(print_.vector)) for print_ in self.voiceprints}) > 1:
            raise VoiceprintMismatchError(f"The voiceprints of {self.name} come from different models: enrol again.")

    @property
    def person(self) -> str:
        return self.key or self.name

    @property
    def model(self) -> str:
        return self.voiceprints[0].model

    @property
    def speech_s(self) -> float:
        return sum(print_.speech_s for print_ in self.voiceprints)


@dataclass(frozen=True, slots=True, eq=False)
class VoiceBank:
    """The people who may be named. The order of the profiles has no influence on any verdict."""

    profiles: tuple[VoiceProfile, ...] = ()

    def __post_init__(self) -> None:
        """Raises: ValueError on a person given twice; VoiceprintMismatchError when models are mixed."""
        twice = [key for key, times in Counter(profile.person for profile in self.profiles).items() if times > 1]
        if twice:
            raise ValueError(f"Each person has one profile; these have several: {', '.join(sorted(twice))}.")
        models = {profile.model for profile in self.profiles}
        if len(models) > 1:
            raise VoiceprintMismatchError(
                f"The enrolled voices come from different models ({', '.join(sorted(models))}): enrol them again."
            )

    @property
    def fingerprint(self) -> str:
        """Of names and prints, in hexadecimal: the same bank in any order has the same one."""
        digest = hashlib.sha256()
        for profile in sorted(self.profiles, key=lambda profile: profile.person):
            digest.update(f"{profile.person}\0{profile.name}\0{profile.model}\0{len(profile.voiceprints)}\0".encode())
            for vector in sorted(print_.vector.astype("<f4").tobytes() for print_ in profile.voiceprints):
                digest.update(vector)
        return digest.hexdigest()


@dataclass(frozen=True, slots=True, eq=False)
class StoredPrint:
    """A print of the bank, and whether it came with a confirmed name or was enrolled on purpose."""

    voiceprint: Voiceprint
    is_learned: bool


@dataclass(frozen=True, slots=True)
class VoiceClip:
    """A recording of one person, to be enrolled."""

    name: str
    """Of the person, Unicode NFC."""
    source: str
    """How the user knows the clip, such as ``Ada/lunch.m4a``; for messages."""
    read: Callable[[], Waveform]
    """Converts and opens it. Raises: VoiceClipError."""


@dataclass(frozen=True, slots=True, eq=False)
class Cohort:
    """What the voices of many people have in common under one model: prints are compared by what is left."""

    model_id: str
    mean: npt.NDArray[np.float32]
    """(dimension,) float32: the mean of the unit prints of many people; shorter than 1."""

    def __post_init__(self) -> None:
        """Raises: ValueError when the mean is no mean of unit vectors."""
        if self.mean.ndim != 1 or not np.isfinite(self.mean).all() or float(np.linalg.norm(self.mean)) >= 1:
            raise ValueError("A cohort's mean is one row of finite numbers, shorter than 1.")


THRESHOLD = 0.45
"""Centred cosine from which a voice may be named.

It lies in the gap between the best pair of different people and the worst pair of the same one, for CAM++ and 3 s of
speech or more (``bench/identification.py``): 6,262 pairs of different people in clean clips reach 0.42, strangers in
noisy composed meetings 0.36 against a bank of 100. The same person scores 0.47 or more in clean clips, 0.57 in composed
meetings, 0.56 to 0.80 in two AMI meetings on different days; Katie of ``en-katiesteve``, enrolled through another
channel than her meeting's, 0.47 to 0.50 as the windows are cut. In the composed meetings anything from 0.30 to 0.55
gives the same names, over all sets 0.43 to 0.46. Chosen on half of the people it would be 0.37 or 0.43, and on the
other half that misses nobody and takes 0.26 % or none of the pairs of strangers. Over that gap no probability can be
fitted: the classes do not overlap, so a logistic curve would be as steep as one likes. The score stays a cosine.
"""
THRESHOLD_WITHOUT_COHORT = 0.70
"""Plain cosine, for a model nobody has measured a cohort for: under CAM++ different people reach 0.67."""
MARGIN = 0.10
"""The right person leads a bank of 100 by 0.25 or more in noisy composed meetings, so any value up to that gives the
same names; it is there for voices that are hard to tell apart and for people enrolled twice under two names."""
MIN_SPEECH_S = 3.0
"""With 1.5 s of speech the equal error rate of clips is 0.5 % and 6 % of the right people are missed; with 3 s none."""


@dataclass(frozen=True, slots=True)
class MatchRule:
    """When a voice is close enough to be named."""

    threshold: float | None = None
    """Lowest score that may be named; ``None``: :data:`THRESHOLD`, or the stricter one where there is no cohort."""
    margin: float = MARGIN
    """How far the best candidate must be ahead of the next one."""
    min_speech_s: float = MIN_SPEECH_S
    """Clean speech that a speaker must have before a name may be given."""

    def __post_init__(self) -> None:
        """Raises: OptionError when a number is out of range."""
        if self.threshold is not None and not -1 <= self.threshold <= 1:
            raise OptionError("The identification threshold is a cosine, between -1 and 1.")
        if not 0 <= self.margin <= 2:
            raise OptionError("The identification margin is a difference of cosines, between 0 and 2.")
        if not (np.isfinite(self.min_speech_s) and self.min_speech_s >= 0):
            raise OptionError("The least speech for a name is a number of seconds, 0 or more.")

    def threshold_for(self, cohort: Cohort | None) -> float:
        if self.threshold is not None:
            return self.threshold
        return THRESHOLD if cohort is not None else THRESHOLD_WITHOUT_COHORT


class Band(StrEnum):
    """What is done with a verdict."""

    AUTO = "auto"
    """Sure enough to write the name."""
    SUGGEST = "suggest"
    """Likely: the name is offered, a person decides."""
    UNKNOWN = "unknown"


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
    """Decides whom each voice belongs to; a person is named at most once.

    A voice can only win the person it is closest to, and the loser of a contest stays unknown. The optimal one-to-one
    assignment (Hungarian) is left out on purpose: to raise the sum of all scores it hands out second choices, so that
    a voice close to Ada is named Bob because another is closer to Ada. In the meetings of ``bench/identification.py``
    both name the same people, so nothing is lost.

    Raises: VoiceprintMismatchError when voices, bank and cohort were not measured by the same model.
    """
    if not bank.profiles:
        return {label: Identification(None, None, None, None, "empty-bank") for label in voiceprints}
    if not voiceprints:
        return {}
    bank = VoiceBank(tuple(sorted(bank.profiles, key=lambda profile: profile.person)))
    names = [profile.name for profile in bank.profiles]
    scores = score_matrix(list(voiceprints.values()), bank, cohort)
    threshold = rule.threshold_for(cohort)

    verdicts: dict[LabelT, Identification] = {}
    claims: dict[str, list[tuple[float, LabelT]]] = {}
    for (label, voiceprint), row in zip(voiceprints.items(), scores, strict=True):
        verdict = _verdict(row, names, voiceprint.speech_s, threshold, rule)
        verdicts[label] = verdict
        if verdict.name is not None and verdict.score is not None:
            claims.setdefault(verdict.name, []).append((verdict.score, label))
    for claimants in claims.values():
        for _, loser in sorted(claimants, key=lambda claim: (-claim[0], claim[1]))[1:]:
            verdicts[loser] = replace(verdicts[loser], name=None, reason="taken-by-better-match")
    return verdicts


def score_matrix(voiceprints: list[Voiceprint], bank: VoiceBank, cohort: Cohort | None) -> FloatArray:
    """Scores of every voice against every profile, in the given order: (num_voices, num_profiles), in [-1, 1].

    Raises: VoiceprintMismatchError.
    """
    _require_one_model(voiceprints, bank, cohort)
    if not voiceprints or not bank.profiles:
        return np.zeros((len(voiceprints), len(bank.profiles)))
    voices = _centred(np.stack([print_.vector for print_ in voiceprints]), cohort)
    people = _unit(np.stack([_profile_vector(profile, cohort) for profile in bank.profiles]))
    # Pair by pair and not as one matrix product: the last bit of a score must not depend on its place in the bank.
    scores: FloatArray = np.clip((voices[:, np.newaxis] * people[np.newaxis]).sum(axis=2), -1.0, 1.0)
    return scores


def _profile_vector(profile: VoiceProfile, cohort: Cohort | None) -> FloatArray:
    """Mean of the centred prints, each of length 1: a clip counts once, however long it is. (dimension,) float64."""
    prints = sorted(profile.voiceprints, key=lambda print_: print_.vector.tobytes())
    mean: FloatArray = _centred(np.stack([print_.vector for print_ in prints]), cohort).mean(axis=0)
    return mean


def _centred(vectors: npt.NDArray[np.float32], cohort: Cohort | None) -> FloatArray:
    """(num, dimension) float32 -> (num, dimension) float64 of length 1, without what all voices share."""
    own = _unit(vectors.astype(np.float64))
    return own if cohort is None else _unit(own - cohort.mean.astype(np.float64))


def _unit(vectors: FloatArray) -> FloatArray:
    """Rows of length 1; a row of (almost) nothing becomes zeros and is like nobody."""
    norms = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return np.where(norms > 1e-9, vectors / np.maximum(norms, 1e-9), 0.0)


def _verdict(row: FloatArray, names: list[str], speech_s: float, threshold: float, rule: MatchRule) -> Identification:
    """What one voice alone would be called, before anybody else claims the same name. ``row``: (num_profiles,)."""
    order = np.argsort(-row, kind="stable")
    best, second = int(order[0]), int(order[1]) if len(order) > 1 else None
    score = float(row[best])
    runner_up_score = None if second is None else float(row[second])
    if speech_s < rule.min_speech_s:
        reason = "too-little-speech"
    elif score < threshold:
        reason = "below-threshold"
    elif runner_up_score is not None and score - runner_up_score < rule.margin:
        reason = "too-close-to-call"
    else:
        reason = "matched"
    return Identification(
        name=names[best] if reason == "matched" else None,
        score=score,
        runner_up=None if second is None else names[second],
        runner_up_score=runner_up_score,
        reason=reason,
        candidate=names[best],
    )


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


def profile_prints(prints: Sequence[StoredPrint], cap: int) -> tuple[Voiceprint, ...]:
    """The prints a person is recognised by: what was enrolled on purpose, and of what was learned the most diverse.

    A pure function of the *set*: neither the order of ``prints`` nor anything that was taken away again leaves a
    trace, so that un-learning is exact.
    """
    raise NotImplementedError(prints, cap)
