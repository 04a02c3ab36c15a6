"""Fusion: words and turns become who said what, when.

Owns the order of the steps: attribution, second opinion, segments, coverage. The only entrance to all of them.

Usage::

    fusion = fuse(transcript, diarization, lambda spans: extractor.voiceprints(waveform, spans))
"""

from dataclasses import dataclass

from scribe.domain.attribution import attribute
from scribe.domain.coverage import Coverage, cover
from scribe.domain.second_opinion import SecondOpinion, listen_again
from scribe.domain.segmenting import cut_segments
from scribe.domain.speech import Diarization, Segment, Transcript

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


def fuse(transcript: Transcript, diarization: Diarization, second_opinion: SecondOpinion | None = None) -> Fusion:
    """Gives every word its speaker, cuts readable segments and balances the seconds.

    Raises: VoiceprintMismatchError when the speakers' prints and the second opinion come from different models.
    """
    words = transcript.words
    attribution = attribute(words, diarization)
    words_moved, listened_s = 0, 0.0
    if second_opinion is not None:
        opinion = listen_again(words, attribution, diarization.voiceprints, second_opinion)
        listened_s = opinion.listened_s
        if opinion.voices is not None:
            revised = attribute(words, diarization, voices=opinion.voices)
            words_moved = int((revised.states != attribution.states).sum())
            attribution = revised
    speakers = [attribution.speaker(index) for index in range(len(words))]
    return Fusion(
        segments=cut_segments(transcript, speakers),
        coverage=cover(transcript.duration_s, words, diarization.turns, transcript.speech),
        words_moved=words_moved,
        listened_s=listened_s,
    )
