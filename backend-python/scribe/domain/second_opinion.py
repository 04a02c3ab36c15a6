"""The second opinion: doubtful words are listened to again and moved to another speaker when the voice says so.

Owns which words are doubtful, which audio is asked about and the margin that moves a word; the listening itself is a
function that is passed in, so no model is known here.
The idea is that of noScribe PR #351: cut at sentence ends and pauses, embed exactly that audio, move it on a margin.

Usage::

    revision = revise(words, attribution, diarization.voiceprints, listen)
    revision.states, revision.words_moved
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from scribe.domain.attribution import Attribution, ends_sentence
from scribe.domain.errors import VoiceprintMismatchError
from scribe.domain.speech import Span, SpeakerLabel, Word
from scribe.domain.voices import Voiceprint

UNIT_PAUSE_S = 0.5
DOUBT_MARGIN = 6.0
"""Nats: units whose weakest word is less sure than this are listened to again."""
SHORT_UNIT_S = 2.0
"""Diarizers miss and confuse turns shorter than this most: such units are always doubtful."""
MIN_LISTEN_S = 0.5
MAX_LISTEN_S = 6.0
"""Enough of a voice: same-speaker scores of CAM++ hardly rise beyond."""
MOVE_MARGIN = 0.15
"""By how much another speaker's cosine must beat the present one's."""


class SecondOpinion(Protocol):
    """Measures the voice in each span; ``None`` where there is too little of it. Same order as the spans."""

    def __call__(self, spans: Sequence[Span], /) -> Sequence[Voiceprint | None]: ...


@dataclass(frozen=True, slots=True, eq=False)
class Revision:
    states: npt.NDArray[np.intp]
    """(num_words,) index into the speakers of the attribution."""
    words_moved: int
    listened_s: float
    """Seconds of audio that were measured again: the cost."""


@dataclass(frozen=True, slots=True)
class Unit:
    """Words that belong together: one speaker, no sentence end and no long pause inside."""

    first: int
    past: int
    """Index after the last word."""


def revise(
    words: Sequence[Word],
    attribution: Attribution,
    voiceprints: Mapping[SpeakerLabel, Voiceprint],
    listen: SecondOpinion,
) -> Revision:
    """Asks about the doubtful units and moves those where another speaker's voice fits better by a margin.

    Raises: VoiceprintMismatchError when the prints were made by different models.
    """
    known = [index for index, speaker in enumerate(attribution.speakers) if speaker in voiceprints]
    prints = [voiceprints[attribution.speakers[index]] for index in known]
    _refuse_mixed_models(prints)
    if len(known) < 2:
        return Revision(attribution.states, 0, 0.0)
    units = [unit for unit in cut_units(words, attribution.states) if is_doubtful(unit, words, attribution)]
    spans = [_listening_span(unit, words) for unit in units]
    asked = [(unit, span) for unit, span in zip(units, spans, strict=True) if span.duration_s >= MIN_LISTEN_S]
    if not asked:
        return Revision(attribution.states, 0, 0.0)
    heard = listen([span for _, span in asked])
    _refuse_mixed_models([*prints, *(voiceprint for voiceprint in heard if voiceprint is not None)])
    voices = np.stack([voiceprint.vector for voiceprint in prints])  # (num_known, dimension)
    states = attribution.states.copy()
    for (unit, _), voiceprint in zip(asked, heard, strict=True):
        if voiceprint is None:
            continue
        present = int(states[unit.first])
        if present not in known:
            continue
        scores = voices @ voiceprint.vector  # (num_known,) cosines
        best = int(scores.argmax())
        if scores[best] - scores[known.index(present)] >= MOVE_MARGIN:
            states[unit.first : unit.past] = known[best]
    moved = int((states != attribution.states).sum())
    return Revision(states, moved, sum(span.duration_s for _, span in asked))


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
    models = sorted({voiceprint.model_id for voiceprint in prints})
    if len(models) > 1:
        raise VoiceprintMismatchError(
            f"Voiceprints of different models cannot be compared ({', '.join(models)}): diarize again with one model."
        )
