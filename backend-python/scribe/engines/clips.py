"""Measures the voice in a clip: the one way to a print on purpose, whether of a folder, an upload or a kept sample.

Owns which speech of a clip counts and what is wrong with it; never decides whose voice it is, and keeps nothing.
A clip goes through the same diarizer as a meeting, so an enrolled print is made exactly like those it will be compared
with, and a second voice in it is heard and not averaged in. Where the diarizer itself takes two voices for one, the
pieces of the speech are unlike one another.

Usage::

    report = ClipMeter(diarizer, extractor, load_cohort("campplus")).measure(waveform)
    if not report.problems: keep(report.voiceprint, report.sample)
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

import numpy as np
import numpy.typing as npt

from scribe.domain.audio import Waveform
from scribe.domain.speech import Diarization, Span, SpeakerCount, SpeakerLabel
from scribe.domain.turns import exclusive_turns, merge_turns, spans_alone
from scribe.domain.voice_quality import Problem, VoiceQuality, hints, problems
from scribe.domain.voices import Cohort, VoiceBank, Voiceprint, VoiceProfile, score_matrix
from scribe.engines.clarity import Clarity, clarity_of
from scribe.engines.likeness import Extractor, consistencies
from scribe.engines.samples import best_spans, joined, pauses_of

SAME_VOICE = 0.45
"""Centred cosine from which two speakers of one clip are one person whom the diarizer split: different people in one
recording reach 0.42 with 3 s of speech each (``bench/identification.py``)."""
SAME_VOICE_WITHOUT_COHORT = 0.70
"""Plain cosine, for a model nobody has measured a cohort for: under CAM++ different people reach 0.67."""
_STRAY_SHARE = 0.1
_STRAY_S = 1.5
"""A second voice of up to a tenth of the speech, or this many seconds, is a stray word and not a conversation: its
speech is left out. The diarizer itself is no surer than that about short turns."""
_BACKGROUND_DB = 12.0
"""A voice that is so much softer than the person's is in the background, like a neighbour in an office: it is left out,
too. Otherwise clips with others talking 15 and 20 dB softer were refused where the diarizer heard a neighbour (who was
18 and 20 dB softer); two people at one microphone differ by less. If the softer one speaks longer, the louder one
counts as a second voice."""
_MAX_COMPARED_S = 300.0
"""Of a longer clip a spread is compared."""


class _Progress(Protocol):
    def __call__(self, fraction: float, /) -> None: ...


class Diarizer(Protocol):
    """What is needed of the diarizer."""

    def diarize(self, waveform: Waveform, count: SpeakerCount, progress: _Progress) -> Diarization: ...


@dataclass(frozen=True, slots=True, eq=False)
class ClipReport:
    """What a clip tells of the person in it."""

    voiceprint: Voiceprint | None
    """Of all clean speech of the person who speaks most; ``None`` when nobody speaks. It is there although there may be
    problems, so that a human who knows better can be asked."""
    quality: VoiceQuality
    spans: tuple[Span, ...] = ()
    """The cleanest stretches of the clip, by start."""
    problems: tuple[Problem, ...] = ()
    """Everything that stands in the way of enrolling it."""
    sample: npt.NDArray[np.int16] = field(default_factory=lambda: np.zeros(0, np.int16))
    """(num_samples,) int16, 16 kHz mono: those stretches, 20 s at most; empty when there are none. Measured again, it
    gives the same print but for the speech that was left out."""
    stray_s: float = 0.0
    """Of others' stray words and of voices in the background, which were left out."""

    @property
    def hints(self) -> tuple[Problem, ...]:
        """What would make the voice surer."""
        return hints(self.quality)


class ClipMeter:
    """Listens to clips. The same audio always gives the same report."""

    def __init__(self, diarizer: Diarizer, extractor: Extractor, cohort: Cohort | None) -> None:
        self._diarizer = diarizer
        self._extractor = extractor
        self._cohort = cohort

    def measure(self, waveform: Waveform) -> ClipReport:
        """The voice of the one person in a clip, how clean it is, and what stands in the way of enrolling it.

        Raises: ModelMissingError, ModelCorruptError, EngineError.
        """
        heard = self._diarizer.diarize(waveform, SpeakerCount(), _ignore)
        speech_s = _speech_s(heard)
        main = max(heard.voiceprints, key=lambda speaker: (speech_s[speaker], speaker), default=None)
        if main is None:
            return _refused(VoiceQuality(speech_s=0.0))
        mine = [main, *(other for other in heard.voiceprints if other != main and self._is_same(heard, main, other))]
        voiceprint = _joined([heard.voiceprints[speaker] for speaker in mine])
        clip = _as_one(heard, mine, main)
        alone = spans_alone(clip.turns)
        clarity = clarity_of(waveform, alone[main], pauses_of(clip))
        others_s = {speaker: seconds for speaker, seconds in speech_s.items() if speaker not in mine}
        bearable_s = max(_STRAY_S, _STRAY_SHARE * sum(speech_s.values()))
        strangers = [
            speaker
            for speaker, seconds in others_s.items()
            if seconds > bearable_s and not _is_background(clarity_of(waveform, alone[speaker]), clarity)
        ]
        if not alone[main]:
            return _refused(VoiceQuality(speech_s=0.0, overlap_share=1.0, num_voices=1 + len(strangers)))
        quality = VoiceQuality(
            speech_s=voiceprint.speech_s,
            snr_db=clarity.snr_db,
            overlap_share=_overlap_share(clip, main, strangers),
            consistency=self._consistency(waveform, main, alone[main]),
            num_voices=1 + len(strangers),
            clipped_share=clarity.clipped_share,
            bandwidth_hz=clarity.bandwidth_hz,
        )
        spans = best_spans(clip, waveform, main)
        stray_s = sum(seconds for speaker, seconds in others_s.items() if speaker not in strangers)
        return ClipReport(voiceprint, quality, spans, problems(quality), joined(waveform, spans), stray_s)

    def _is_same(self, heard: Diarization, main: SpeakerLabel, other: SpeakerLabel) -> bool:
        """Whether the diarizer has merely split one person in two."""
        bank = VoiceBank((VoiceProfile("main", (heard.voiceprints[main],)),))
        score = score_matrix([heard.voiceprints[other]], bank, self._cohort)[0, 0]
        return bool(score >= (SAME_VOICE if self._cohort is not None else SAME_VOICE_WITHOUT_COHORT))

    def _consistency(self, waveform: Waveform, main: SpeakerLabel, alone: Sequence[Span]) -> float | None:
        """How alike the parts of the speech are, whoever the diarizer thinks they are."""
        if self._cohort is None:
            return None
        return consistencies({main: alone}, waveform, self._extractor, self._cohort, most_s=_MAX_COMPARED_S)[main]


def _refused(quality: VoiceQuality) -> ClipReport:
    return ClipReport(None, quality, problems=problems(quality))


def _is_background(other: Clarity, person: Clarity) -> bool:
    if other.level_db is None or person.level_db is None:
        return False
    return person.level_db - other.level_db >= _BACKGROUND_DB


def _overlap_share(clip: Diarization, main: SpeakerLabel, others: Sequence[SpeakerLabel]) -> float:
    """Of what ``main`` says, how much ``others`` talk into."""
    turns = [turn for turn in clip.turns if turn.speaker == main or turn.speaker in others]
    return max(0.0, 1 - _total_s(spans_alone(turns)[main]) / _speech_s(clip)[main])


def _as_one(heard: Diarization, mine: Sequence[SpeakerLabel], main: SpeakerLabel) -> Diarization:
    """The same with all that one person says under one label."""
    turns = merge_turns(replace(turn, speaker=main) if turn.speaker in mine else turn for turn in heard.turns)
    return Diarization(heard.duration_s, turns, exclusive_turns(turns))


def _joined(prints: Sequence[Voiceprint]) -> Voiceprint:
    """The print of all stretches of speech together, each weighing as long as it lasts."""
    if len(prints) == 1:
        return prints[0]
    total_s = sum(one.speech_s for one in prints)
    mean = np.sum([one.vector.astype(np.float64) * one.speech_s for one in prints], axis=0)
    return replace(prints[0], vector=(mean / np.linalg.norm(mean)).astype(np.float32), speech_s=total_s)


def _speech_s(diarization: Diarization) -> dict[SpeakerLabel, float]:
    speech_s: dict[SpeakerLabel, float] = {}
    for turn in diarization.turns:
        speech_s[turn.speaker] = speech_s.get(turn.speaker, 0.0) + turn.duration_s
    return speech_s


def _total_s(spans: Sequence[Span]) -> float:
    return sum(span.duration_s for span in spans)


def _ignore(_fraction: float, /) -> None:
    """Measuring a clip takes a second: nobody watches."""
