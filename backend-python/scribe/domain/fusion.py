"""Fusion: words and turns become who said what, when.

Owns the order of the steps: attribution, second opinion, segments, coverage. The only entrance to all of them.

Usage::

    fusion = fuse(transcript, diarization, lambda spans: extractor.voiceprints(waveform, spans))
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from scribe.domain.attribution import attribute
from scribe.domain.carry_over import HandMove
from scribe.domain.coverage import Coverage, cover
from scribe.domain.second_opinion import SecondOpinion, listen_again
from scribe.domain.segmenting import cut_segments
from scribe.domain.speech import Diarization, Segment, SpeakerLabel, Transcript, Word

__all__ = ["Coverage", "Fusion", "SecondOpinion", "fuse"]


@dataclass(frozen=True, slots=True)
class Fusion:
    segments: tuple[Segment, ...]
    """By the order of their words; together they hold every word of the transcript once."""
    coverage: Coverage
    words_moved: int
    """How many words the second opinion gave to another speaker."""
    listened_s: float
    """Seconds of audio the second opinion measured again."""


def fuse(
    transcript: Transcript,
    diarization: Diarization,
    second_opinion: SecondOpinion | None = None,
    moves: Sequence[HandMove] = (),
) -> Fusion:
    """Gives every word its speaker, cuts readable segments and balances the seconds.

    ``moves``: what a human gave to speakers of this diarization, the oldest first. Their words are certain, and their
    audio is an example of the speaker's voice for doubtful words elsewhere.

    Raises: VoiceprintMismatchError when the speakers' prints and the second opinion come from different models.
    """
    words = transcript.words
    certain = _certain(words, moves, diarization)
    attribution = attribute(words, diarization, certain=certain)
    words_moved, listened_s = 0, 0.0
    if second_opinion is not None:
        opinion = listen_again(words, attribution, diarization.voiceprints, second_opinion, certain)
        listened_s = opinion.listened_s
        if opinion.voices is not None:
            revised = attribute(words, diarization, voices=opinion.voices, certain=certain)
            words_moved = int((revised.states != attribution.states).sum())
            attribution = revised
    speakers = [attribution.speaker(index) for index in range(len(words))]
    return Fusion(
        segments=cut_segments(transcript, speakers),
        coverage=cover(transcript.duration_s, words, diarization.turns, transcript.speech),
        words_moved=words_moved,
        listened_s=listened_s,
    )


def _certain(words: Sequence[Word], moves: Sequence[HandMove], diarization: Diarization) -> dict[int, SpeakerLabel]:
    """Whose each word is that was moved, by index: a word belongs to the stretch in which its middle lies, and whoever
    moved it last was right. A speaker whom this diarization does not know gets nothing."""
    middles_s = np.array([(word.start_s + word.end_s) / 2 for word in words])
    certain: dict[int, SpeakerLabel] = {}
    for move in moves:
        if move.to_label in diarization.speakers:
            inside = (move.span.start_s <= middles_s) & (middles_s < move.span.end_s)
            certain.update(dict.fromkeys(np.flatnonzero(inside).tolist(), move.to_label))
    return certain
