"""Voiceprints, profiles and the bank of enrolled voices: what is compared.

Owns these values and which of a person's prints make the profile; never extracts a print (``engines/voiceprint.py``)
and never decides whose voice it is (``domain/voices.py``).

Usage::

    profile = VoiceProfile("Ada", profile_prints(stored, cap=20), key=str(person_id))
    bank = VoiceBank((profile,))
"""

import hashlib
import math
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from scribe.domain.audio import Waveform
from scribe.domain.errors import VoiceprintMismatchError
from scribe.domain.voice_evidence import Calibration, FloatArray

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
        # One product tells all, NaN and infinity too: a bank of 500 people makes thousands of prints at a time.
        squared = float(np.vdot(self.vector, self.vector)) if self.vector.ndim == 1 else math.nan
        if not math.isfinite(squared):
            raise ValueError("A voiceprint is one row of finite numbers.")
        if abs(math.sqrt(squared) - 1) > _UNIT_TOLERANCE:
            raise ValueError("A voiceprint has length 1.")
        if not (math.isfinite(self.speech_s) and self.speech_s >= 0):
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
    calibration: Calibration | None = None
    """What scores are worth under the model; ``None``: nobody has measured it."""
    nuisance: npt.NDArray[np.float32] | None = None
    """(num_directions, dimension) float32, orthonormal: where a telephone moves every voice; left out of the
    comparison (Solomonoff et al., "Channel compensation for SVM speaker recognition", Odyssey 2004)."""

    def __post_init__(self) -> None:
        """Raises: ValueError when the mean is no mean of unit vectors or the directions are not orthonormal."""
        if self.mean.ndim != 1 or not np.isfinite(self.mean).all() or float(np.linalg.norm(self.mean)) >= 1:
            raise ValueError("A cohort's mean is one row of finite numbers, shorter than 1.")
        if self.nuisance is None:
            return
        if self.nuisance.shape[1:] != self.mean.shape or not np.isfinite(self.nuisance).all():
            raise ValueError("A cohort's directions are as long as its mean.")
        if not np.allclose(self.nuisance @ self.nuisance.T, np.eye(len(self.nuisance)), atol=1e-3):
            raise ValueError("A cohort's directions have length 1 and are at right angles.")


def profile_prints(prints: Sequence[StoredPrint], cap: int) -> tuple[Voiceprint, ...]:
    """The prints a person is recognised by: what was enrolled on purpose, and of what was learned the most diverse.

    A pure function of the *set*: neither the order of ``prints`` nor anything that was taken away again leaves a
    trace, so that un-learning is exact. One that is there twice counts once. Over the cap, those are kept that between
    them stand for all the others: greedy facility location (Nemhauser et al., "An analysis of approximations for
    maximizing submodular set functions", 1978), which one odd print cannot win as the farthest-point rule lets it.

    Raises: VoiceprintMismatchError when models are mixed; ValueError on a cap below 1.
    """
    if cap < 1:
        raise ValueError("At least one print makes a profile.")
    by_content: dict[bytes, StoredPrint] = {}
    for stored in sorted(prints, key=_content):
        if by_content.setdefault(_content(stored)[1], stored).voiceprint.model != stored.voiceprint.model:
            raise VoiceprintMismatchError("One vector of two models: enrol again.")
    if len({(stored.voiceprint.model, len(stored.voiceprint.vector)) for stored in by_content.values()}) > 1:
        raise VoiceprintMismatchError("A person's voiceprints come from different models: enrol again.")
    enrolled = [stored.voiceprint for stored in by_content.values() if not stored.is_learned]
    learned = [stored.voiceprint for stored in by_content.values() if stored.is_learned]
    chosen = _representatives(enrolled, [], cap)
    return (*chosen, *_representatives(learned, chosen, cap - len(chosen)))


def _content(stored: StoredPrint) -> tuple[bool, bytes, float]:
    """Enrolled before learned, then by what the print is, never by when or where it came from."""
    return stored.is_learned, stored.voiceprint.vector.tobytes(), -stored.voiceprint.speech_s


def _representatives(prints: list[Voiceprint], chosen: Sequence[Voiceprint], num: int) -> list[Voiceprint]:
    """At most ``num`` of ``prints`` that stand for all of them together with ``chosen``; in the order of ``prints``."""
    if len(prints) <= num:
        return prints
    vectors = unit(np.stack([print_.vector for print_ in prints]).astype(np.float64))
    likeness = np.stack([(vectors * row).sum(axis=1) for row in vectors])  # (num_prints, num_prints)
    covered = np.full(len(prints), -1.0)
    for print_ in chosen:
        covered = np.maximum(covered, (vectors * unit(print_.vector.astype(np.float64))).sum(axis=1))
    kept: list[int] = []
    for _ in range(num):
        gains = np.maximum(likeness, covered).sum(axis=1)
        gains[kept] = -np.inf
        kept.append(int(np.argmax(gains)))
        covered = np.maximum(covered, likeness[kept[-1]])
    return [prints[at] for at in sorted(kept)]


def unit(vectors: FloatArray) -> FloatArray:
    """Rows of length 1; a row of (almost) nothing becomes zeros and is like nobody."""
    norms = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return np.where(norms > 1e-9, vectors / np.maximum(norms, 1e-9), 0.0)
