"""The second opinion: doubtful words are listened to again, and what their voice says joins what the turns say.

Owns which words are doubtful, which audio is asked about and how much a voice weighs; the listening itself is a
function that is passed in, so no model is known here. The idea is that of noScribe PR #351 (cut at sentence ends and
pauses, embed exactly that audio, move it on a margin); here the margin is weighed against the evidence of the turns:
where they leave a word open the nearest voice takes it, against a solid turn it must be nearer by 0.08 of cosine.

Usage::

    opinion = listen_again(words, attribution, diarization.voiceprints, listen)
    attribution = attribute(words, diarization, voices=opinion.voices)

What a human gave to a speaker by hand is a hard example: its audio is measured as well and stands beside the speaker's
own print, so that doubtful words that sound like it follow. It is never kept: the bank does not learn from it.
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
MAX_EXAMPLES = 20
"""Of one speaker, the longest: whoever moves more has shown enough."""
EXAMPLE_HANDICAP = 0.05
"""Of cosine, that an example must be nearer than the speaker's own print, where there is one: a few words are a poor
print. Two composed meetings of eight, 40 % of the short turns confused, seven times each, the longest four mistakes
moved by hand: where everybody has a print, the other words stay as they are; where three have none, examples of theirs
repair 142 words elsewhere (24 without examples) and break 94 (37).
"""
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
    certain: Mapping[int, SpeakerLabel] | None = None,
) -> Opinion:
    """Asks about the doubtful units of an attribution and compares them with the speakers' voices.

    ``certain``: words, by index, that a human gave to a speaker. They are not asked about; their audio is an example of
    that speaker's voice.

    Raises: VoiceprintMismatchError when the prints were made by different models.
    """
    own = {state: voiceprints[speaker] for state, speaker in enumerate(attribution.speakers) if speaker in voiceprints}
    _refuse_mixed_models([*own.values()])
    examples = _examples(words, attribution, certain or {})
    known = {*own, *(state for state, _ in examples)}
    if len(known) < 2:
        return Opinion(None, 0.0)
    is_certain = np.array([word in (certain or {}) for word in range(len(words))], dtype=bool)
    units = [
        unit
        for unit in cut_units(words, np.where(is_certain, -1 - attribution.states, attribution.states))
        if not is_certain[unit.first]
        and int(attribution.states[unit.first]) in known
        and is_doubtful(unit, words, attribution)
    ]
    spans = [_listening_span(unit, words) for unit in units]
    asked = [(unit, span) for unit, span in zip(units, spans, strict=True) if span.duration_s >= MIN_LISTEN_S]
    if not asked:
        return Opinion(None, 0.0)
    wanted = [*(span for _, span in examples), *(span for _, span in asked)]
    heard = listen(wanted)
    _refuse_mixed_models([*own.values(), *(print_ for print_ in heard if print_ is not None)])
    references = {state: [(print_, 0.0)] for state, print_ in own.items()}
    for (state, _), voiceprint in zip(examples, heard[: len(examples)], strict=True):
        if voiceprint is not None:
            references.setdefault(state, []).append((voiceprint, EXAMPLE_HANDICAP if state in own else 0.0))
    compared = [(unit, print_) for (unit, _), print_ in zip(asked, heard[len(examples) :], strict=True)]
    voices = _voices(compared, references, attribution)
    return Opinion(voices, sum(span.duration_s for span in wanted))


def _voices(
    compared: Sequence[tuple[Unit, Voiceprint | None]],
    references: Mapping[int, Sequence[tuple[Voiceprint, float]]],
    attribution: Attribution,
) -> Scores | None:
    """Nats for every word; a voice is as like a speaker as it is like the nearest reference of that speaker.

    ``references``: prints of each state, and what is taken off the likeness to each.
    """
    if len(references) < 2:
        return None
    known = sorted(references)
    vectors = np.stack([print_.vector for state in known for print_, _ in references[state]])  # (num_prints, dimension)
    handicaps = np.array(
        [handicap for state in known for _, handicap in references[state]], np.float32
    )  # (num_prints,)
    firsts = np.cumsum([0, *(len(references[state]) for state in known[:-1])])  # (num_known,)
    voices = np.zeros((len(attribution.states), len(attribution.speakers)))
    for unit, voiceprint in compared:
        if voiceprint is None or int(attribution.states[unit.first]) not in references:
            continue
        cosines = np.maximum.reduceat(vectors @ voiceprint.vector - handicaps, firsts)  # (num_known,)
        # a speaker without a print is never preferred for want of evidence: he counts as the least alike
        scores = np.full(len(attribution.speakers), cosines.min() - cosines.max())
        scores[known] = cosines - cosines.max()
        voices[unit.first : unit.past] = VOICE_WEIGHT * scores
    return voices


def _examples(
    words: Sequence[Word], attribution: Attribution, certain: Mapping[int, SpeakerLabel]
) -> list[tuple[int, Span]]:
    """Of each speaker what was moved there by hand, as stretches worth listening to: state and span."""
    given = np.full(len(words), -1, dtype=np.intp)
    for word, speaker in certain.items():
        if speaker in attribution.speakers:
            given[word] = attribution.speakers.index(speaker)
    spans: dict[int, list[Span]] = {}
    for unit in cut_units(words, given) if (given >= 0).any() else ():
        span = _listening_span(unit, words)
        if given[unit.first] >= 0 and span.duration_s >= MIN_LISTEN_S:
            spans.setdefault(int(given[unit.first]), []).append(span)
    return [
        (state, span)
        for state in sorted(spans)
        for span in sorted(sorted(spans[state], key=lambda span: (-span.duration_s, span))[:MAX_EXAMPLES])
    ]


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
