"""Names for voices: enrols people from clips and compares a meeting's speakers with them.

Owns the way from a folder of clips to a :class:`VoiceBank`; a clip is measured by ``engines/clips.py``, the decision
itself is ``domain/voices.py``.

Usage::

    enrolment = Enroller(ClipMeter(diarizer, extractor, cohort)).enrol(prepared(folder, converter, workspace))
    identifier = BankIdentifier(enrolment.bank, cohort, MatchRule())
    verdicts = identifier.identify(diarization.voiceprints).verdicts
"""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass

from scribe.domain.errors import VoiceClipError
from scribe.domain.namings import Recognised
from scribe.domain.speech import SpeakerLabel
from scribe.domain.voice_quality import MIN_SPEECH_S, VoiceQuality, hints, too_short
from scribe.domain.voices import (
    Cohort,
    MatchRule,
    VoiceBank,
    VoiceClip,
    Voiceprint,
    VoiceProfile,
    calibration_of,
    match,
)
from scribe.engines.clips import ClipMeter, ClipReport

__all__ = ["BankIdentifier", "ClipMeter", "ClipReport", "Enroller", "Enrolment"]


@dataclass(frozen=True, slots=True)
class Enrolment:
    """A bank and what the user should know about it."""

    bank: VoiceBank
    warnings: tuple[str, ...]
    """Sentences: who was enrolled from little speech, which stray voices were left out."""


class Enroller:
    """Turns a folder's clips into a bank."""

    def __init__(self, meter: ClipMeter) -> None:
        self._meter = meter

    def enrol(self, clips: Iterable[VoiceClip]) -> Enrolment:
        """All clips of all people. Short clips of one person count together.

        Raises: VoiceClipError that names every clip that cannot be used, and why, so that all can be mended in one go.
        """
        prints: dict[str, list[Voiceprint]] = {}
        warnings: list[str] = []
        refusals: list[str] = []
        for clip in clips:
            try:
                report = self._meter.measure(clip.read())
            except VoiceClipError as error:
                refusals.append(str(error))
                continue
            found = [problem for problem in report.problems if problem.code != "too-short"]
            refusals += [f"{clip.source}: {problem.message}" for problem in found]
            if report.voiceprint is not None:
                prints.setdefault(clip.name, []).append(report.voiceprint)
            if report.stray_s > 0 and not found:
                warnings.append(f"{clip.source}: {report.stray_s:.1f} s of another voice were left out.")
        profiles = tuple(VoiceProfile(name, tuple(of_one)) for name, of_one in sorted(prints.items()))
        refusals += [
            f"{profile.name}: {too_short(profile.speech_s)}" for profile in profiles if profile.speech_s < MIN_SPEECH_S
        ]
        if refusals:
            raise VoiceClipError("\n".join(refusals))
        warnings += [
            f"{profile.name}: {hint.message}"
            for profile in profiles
            for hint in hints(VoiceQuality(speech_s=profile.speech_s))
        ]
        return Enrolment(VoiceBank(profiles), tuple(warnings))


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
