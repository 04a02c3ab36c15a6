"""The second opinion: doubtful words are listened to again, and what their voice says joins what the turns say.

Owns which words are doubtful, which audio is asked about and how much a voice weighs; the listening itself is a
function that is passed in, so no model is known here. The idea is that of noScribe PR #351 (cut at sentence ends and
pauses, embed exactly that audio, move it on a margin); here the margin is weighed against the evidence of the turns:
where they leave a word open the nearest voice takes it, against a solid turn it must be nearer by 0.08 of cosine.

Usage::

    opinion = listen_again(words, attribution, diarization.voiceprints, listen)
    attribution = attribute(words, diarization, voices=opinion.voices)
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from scribe.domain.attribution import Attribution, Scores, ends_sentence
from scribe.domain.errors import VoiceprintMismatchError
from scribe.domain.speech import Span, SpeakerLabel, Word
from scribe.domain.voices import Voiceprint

UNIT_PAUSE_S = 0.5
DOUBT_MARGIN = 4.0
SHORT_UNIT_S = 2.0
"""Units whose weakest word is less sure than ``DOUBT_MARGIN`` nats, or that are shorter than this, are listened to.
Behind our own diarizer these are 23 % of the audio and repair all 47 words that listening to everything repairs (of 334
wrong in 18 files; 2 broken either way). Diarizers miss and confuse short turns most."""
MIN_LISTEN_S = 0.4
MAX_LISTEN_S = 6.0
"""Enough of a voice: a longer unit is asked about by its middle."""
VOICE_WEIGHT = 40.0
"""Nats per unit of cosine and word. From 30 to 100 the repaired and broken words stay within 10 % (18 files, true,
perturbed and found turns)."""


class SecondOpinion(Protocol):
    """Measures the voice in each span; ``None`` where there is too little of it. Same order as the spans."""

    def __call__(self, spans: Sequence[Span], /) -> Sequence[Voiceprint | None]: ...


@dataclass(frozen=True, slots=True)
class Unit:
    """Words that belong together: one speaker, no sentence end and no long pause inside."""

    first: int
    past: int
    """Index after the last word."""


@dataclass(frozen=True, slots=True, eq=False)
class Opinion:
    voices: Scores | None
    """(num_words, num_speakers) nats to add to the evidence of the turns, 0 for the best voice and where nobody
    listened; ``None`` when nothing was heard."""
    listened_s: float
    """Seconds of audio that were measured again: the cost."""


def listen_again(
    words: Sequence[Word],
    attribution: Attribution,
    voiceprints: Mapping[SpeakerLabel, Voiceprint],
    listen: SecondOpinion,
) -> Opinion:
    """Asks about the doubtful units of an attribution and compares them with the speakers' voices.

    Raises: VoiceprintMismatchError when the prints were made by different models.
    """
    known = [state for state, speaker in enumerate(attribution.speakers) if speaker in voiceprints]
    prints = [voiceprints[attribution.speakers[state]] for state in known]
    _refuse_mixed_models(prints)
    if len(known) < 2:
        return Opinion(None, 0.0)
    units = [
        unit
        for unit in cut_units(words, attribution.states)
        if int(attribution.states[unit.first]) in known and is_doubtful(unit, words, attribution)
    ]
    spans = [_listening_span(unit, words) for unit in units]
    asked = [(unit, span) for unit, span in zip(units, spans, strict=True) if span.duration_s >= MIN_LISTEN_S]
    if not asked:
        return Opinion(None, 0.0)
    heard = listen([span for _, span in asked])
    _refuse_mixed_models([*prints, *(voiceprint for voiceprint in heard if voiceprint is not None)])
    known_voices = np.stack([voiceprint.vector for voiceprint in prints])  # (num_known, dimension)
    voices = np.zeros((len(words), len(attribution.speakers)))
    for (unit, _), voiceprint in zip(asked, heard, strict=True):
        if voiceprint is not None:
            cosines = known_voices @ voiceprint.vector  # (num_known,)
            # a speaker without a print is never preferred for want of evidence: he counts as the least alike
            scores = np.full(len(attribution.speakers), cosines.min() - cosines.max())
            scores[known] = cosines - cosines.max()
            voices[unit.first : unit.past] = VOICE_WEIGHT * scores
    return Opinion(voices, sum(span.duration_s for _, span in asked))


def cut_units(words: Sequence[Word], states: npt.NDArray[np.intp]) -> list[Unit]:
    """All words in order, cut at every change of speaker, sentence end and pause."""
    units: list[Unit] = []
    first = 0
    for at in range(1, len(words) + 1):
        if (
            at == len(words)
            or states[at] != states[at - 1]
            or ends_sentence(words[at - 1].text)
            or words[at].start_s - words[at - 1].end_s >= UNIT_PAUSE_S
        ):
            units.append(Unit(first, at))
            first = at
    return units


def is_doubtful(unit: Unit, words: Sequence[Word], attribution: Attribution) -> bool:
    weakest = float(attribution.margins[unit.first : unit.past].min())
    return weakest < DOUBT_MARGIN or words[unit.past - 1].end_s - words[unit.first].start_s < SHORT_UNIT_S


def _listening_span(unit: Unit, words: Sequence[Word]) -> Span:
    """The unit's audio, its middle part where it is longer than needed."""
    start_s, end_s = words[unit.first].start_s, words[unit.past - 1].end_s
    surplus_s = max(end_s - start_s - MAX_LISTEN_S, 0.0)
    return Span(start_s + surplus_s / 2, end_s - surplus_s / 2)


def _refuse_mixed_models(prints: Sequence[Voiceprint]) -> None:
    models = sorted({voiceprint.model for voiceprint in prints})
    if len(models) > 1:
        raise VoiceprintMismatchError(
            f"Voiceprints of different models cannot be compared ({', '.join(models)}): diarize again with one model."
        )
