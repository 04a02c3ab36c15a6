"""Names for voices: enrols people from clips and compares a meeting's speakers with them.

Owns the way from clips to a :class:`VoiceBank` and the shipped cohorts; the decision itself is ``domain/voices.py``.

Usage::

    enrolment = Enroller(diarizer, load_cohort("campplus")).enrol(voice_clips(folder, converter, workspace))
    identifier = BankIdentifier(enrolment.bank, load_cohort("campplus"), MatchRule())
    verdicts = identifier.identify(diarization.voiceprints).verdicts

A clip goes through the same diarizer as a meeting, so an enrolled print is made exactly like those it will be compared
with, and a second voice in it is heard and not averaged in.
"""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Protocol

import numpy as np

from scribe.domain.audio import Waveform
from scribe.domain.errors import VoiceClipError
from scribe.domain.namings import Recognised
from scribe.domain.speech import Diarization, SpeakerCount, SpeakerLabel
from scribe.domain.voices import (
    Cohort,
    MatchRule,
    VoiceBank,
    VoiceClip,
    Voiceprint,
    VoiceProfile,
    calibration_of,
    match,
    score_matrix,
)

MIN_ENROL_SPEECH_S = 3.0
"""Of one person in all clips together; less is refused. The error rate of clips of 1.5 s is 0.5 %, that of 3 s is 0
(``bench/identification.py``)."""
RECOMMENDED_ENROL_SPEECH_S = 10.0
"""Under it a person is enrolled with a warning."""
_STRAY_SHARE = 0.1
_STRAY_S = 1.5
"""A second voice of up to a tenth of the speech, or this many seconds, is a stray word and not a conversation: its
speech is left out. The diarizer itself is no surer than that about short turns."""


class _Progress(Protocol):
    def __call__(self, fraction: float, /) -> None: ...


class _Diarizer(Protocol):
    """What enrolment needs of the diarizer."""

    def diarize(self, waveform: Waveform, count: SpeakerCount, progress: _Progress) -> Diarization: ...


@dataclass(frozen=True, slots=True)
class Enrolment:
    """A bank and what the user should know about it."""

    bank: VoiceBank
    warnings: tuple[str, ...]
    """Sentences: who was enrolled from little speech, which stray voices were left out."""


class Enroller:
    """Turns clips into a bank."""

    def __init__(self, diarizer: _Diarizer, cohort: Cohort | None, rule: MatchRule | None = None) -> None:
        self._diarizer = diarizer
        self._cohort = cohort
        self._same_voice = (rule or MatchRule()).threshold_for(cohort)

    def enrol(self, clips: Iterable[VoiceClip]) -> Enrolment:
        """All clips of all people.

        Raises: VoiceClipError that names every clip that cannot be used, so that they can be mended in one go.
        """
        prints: dict[str, list[Voiceprint]] = {}
        warnings: list[str] = []
        refusals: list[str] = []
        for clip in clips:
            try:
                voiceprint, stray_s = self._measure(clip.read(), clip.source)
            except VoiceClipError as error:
                refusals.append(str(error))
                continue
            prints.setdefault(clip.name, []).append(voiceprint)
            if stray_s > 0:
                warnings.append(f"{clip.source}: {stray_s:.1f} s of another voice were left out.")
        profiles = tuple(VoiceProfile(name, tuple(of_one)) for name, of_one in sorted(prints.items()))
        refusals += [
            f"{profile.name}: {profile.speech_s:.1f} s of clear speech were found, at least {MIN_ENROL_SPEECH_S:.0f} s "
            f"are needed and {RECOMMENDED_ENROL_SPEECH_S:.0f} s or more recommended."
            for profile in profiles
            if profile.speech_s < MIN_ENROL_SPEECH_S
        ]
        if refusals:
            raise VoiceClipError("\n".join(refusals))
        warnings += [
            f"{profile.name} was enrolled from {profile.speech_s:.1f} s of speech: "
            f"{RECOMMENDED_ENROL_SPEECH_S:.0f} s or more make the name surer."
            for profile in profiles
            if profile.speech_s < RECOMMENDED_ENROL_SPEECH_S
        ]
        return Enrolment(VoiceBank(profiles), tuple(warnings))

    def _measure(self, waveform: Waveform, source: str) -> tuple[Voiceprint, float]:
        """The print of the one person in a clip, and the seconds of stray voices that it leaves out.

        Raises: VoiceClipError when nobody speaks, or a second person does.
        """
        diarization = self._diarizer.diarize(waveform, SpeakerCount(), _ignore)
        speech_s: dict[SpeakerLabel, float] = dict.fromkeys(diarization.speakers, 0.0)
        for turn in diarization.turns:
            speech_s[turn.speaker] += turn.duration_s
        main = max(diarization.voiceprints, key=lambda speaker: speech_s[speaker], default=None)
        if main is None:
            raise VoiceClipError(f"{source} holds no clear speech: record the person talking for 10 seconds or more.")
        print_ = diarization.voiceprints[main]
        stray_s = 0.0
        for other, seconds in speech_s.items():
            other_print = diarization.voiceprints.get(other)
            if other == main:
                continue
            if other_print is not None and self._is_same_voice(print_, other_print):
                print_ = _joined(print_, other_print)
            elif seconds > max(_STRAY_S, _STRAY_SHARE * sum(speech_s.values())):
                raise VoiceClipError(f"{source} holds more than one voice: cut it so that only one person speaks.")
            else:
                stray_s += seconds
        return print_, stray_s

    def _is_same_voice(self, one: Voiceprint, other: Voiceprint) -> bool:
        """Whether the diarizer has merely split one person in two."""
        bank = VoiceBank((VoiceProfile("one", (one,)),))
        return bool(score_matrix([other], bank, self._cohort)[0, 0] >= self._same_voice)


class BankIdentifier:
    """Satisfies the port ``Identifier``."""

    def __init__(self, bank: VoiceBank, cohort: Cohort | None, rule: MatchRule) -> None:
        self._bank = bank
        self._cohort = cohort
        self._rule = rule

    @property
    def settings(self) -> Mapping[str, object]:
        cohort = self._cohort
        return {
            "engine": "voice-bank",
            "rule": asdict(self._rule),
            "calibration": asdict(calibration_of(cohort)),
            "cohort": None if cohort is None else hashlib.sha256(cohort.mean.tobytes()).hexdigest(),
        }

    def identify(self, voiceprints: Mapping[SpeakerLabel, Voiceprint]) -> Recognised:
        """A verdict for every speaker who has a print.

        Raises: VoiceprintMismatchError when the bank was made with another model.
        """
        return Recognised(match(voiceprints, self._bank, self._cohort, self._rule))


def _joined(one: Voiceprint, other: Voiceprint) -> Voiceprint:
    """The print of both stretches of speech together, each weighing as long as it lasts."""
    total_s = one.speech_s + other.speech_s
    mean = (one.vector.astype(np.float64) * one.speech_s + other.vector.astype(np.float64) * other.speech_s) / total_s
    return Voiceprint((mean / np.linalg.norm(mean)).astype(np.float32), one.model_id, total_s)


def _ignore(_fraction: float, /) -> None:
    """Enrolling a clip takes a second: nobody watches."""
