"""Timed words of one window as transcript segments in recording time.

Owns the map from window time to recording time and the limits of a word's times; never changes a letter.

Usage::

    line = place_line(window, tokens, decoded, "fr", block.activity)
    segments = build_segments(line, block)
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from scribe.domain.audio import SAMPLE_RATE_HZ
from scribe.domain.speech import TranscriptSegment, Word
from scribe.engines.transcription.blocks import Block
from scribe.engines.transcription.voice_activity import FRAME_SAMPLES, OFFSET, VoiceActivity
from scribe.engines.transcription.whisper import Decoded
from scribe.engines.transcription.windows import Window
from scribe.engines.transcription.words import UNSPACED_LANGUAGES, TimedToken, is_inside, join_tokens

PAUSE_BREAKS_S = 1.0
"""A longer pause ends a segment."""
SENTENCE_PAUSE_BREAKS_S = 0.3
"""The same after the end of a sentence."""
LONGEST_WORD_S = 0.6
LONGEST_LETTER_S = 0.12
"""A word of n letters lasts at most 0.6 + 0.12 n seconds: 1.2 s for five letters, twice slow speech."""


@dataclass(frozen=True, slots=True)
class Line:
    """Words of one decoding, in seconds of the block."""

    words: tuple[TimedToken, ...]
    decoded: Decoded
    language: str

    def without(self, window: Window) -> "Line":
        """The line without the words in a window's sound."""
        words = tuple(word for word in self.words if not any(is_inside(piece, word) for piece in window.pieces))
        return Line(words, self.decoded, self.language)


def place_line(
    window: Window, tokens: Sequence[TimedToken], decoded: Decoded, language: str, activity: VoiceActivity
) -> Line:
    """Tokens of a window joined to words and placed in the block."""
    joined = join_tokens(tokens, spaced=language not in UNSPACED_LANGUAGES)
    return Line(tuple(order_times([place_word(token, window, activity) for token in joined])), decoded, language)


def build_segments(line: Line, block: Block) -> list[TranscriptSegment]:
    """The line in recording time, cut at pauses and sentence ends."""
    origin_s = block.start / SAMPLE_RATE_HZ
    words = [Word(origin_s + w.start_s, origin_s + w.end_s, w.text, w.probability) for w in line.words]
    return [
        TranscriptSegment(
            group[0].start_s,
            group[-1].end_s,
            " ".join(word.text for word in group),
            tuple(group),
            line.language,
            line.decoded.avg_logprob,
            line.decoded.no_speech_prob,
            line.decoded.compression_ratio,
        )
        for group in split_at_pauses(words)
    ]


def place_word(token: TimedToken, window: Window, activity: VoiceActivity) -> TimedToken:
    """The word at its time in the block: inside the piece that holds its middle, trimmed to where there is speech."""
    piece, offset = window.piece_at((token.start_s + token.end_s) / 2)
    shift = piece.start - offset
    start = min(max(round(token.start_s * SAMPLE_RATE_HZ) + shift, piece.start), piece.stop)
    stop = min(max(round(token.end_s * SAMPLE_RATE_HZ) + shift, start), piece.stop)
    longest_s = LONGEST_WORD_S + LONGEST_LETTER_S * sum(c.isalnum() for c in token.text)
    if stop - start > longest_s * SAMPLE_RATE_HZ:
        start, stop = _trim_silence(start, stop, activity)
        stop = min(stop, start + round(longest_s * SAMPLE_RATE_HZ))
    return TimedToken(token.text, start / SAMPLE_RATE_HZ, stop / SAMPLE_RATE_HZ, token.probability)


def _trim_silence(start: int, stop: int, activity: VoiceActivity) -> tuple[int, int]:
    """Without the frames at both ends in which nobody speaks; unchanged where nobody speaks at all."""
    first = start // FRAME_SAMPLES
    frames = activity.probabilities[first : -(-stop // FRAME_SAMPLES)]
    loud = [first + index for index, probability in enumerate(frames) if probability >= OFFSET]
    if not loud:
        return start, stop
    return max(start, loud[0] * FRAME_SAMPLES), min(stop, (loud[-1] + 1) * FRAME_SAMPLES)


def order_times(words: Sequence[TimedToken]) -> list[TimedToken]:
    """Starts never fall, no word begins before the one before it has ended, and none ends before it begins."""
    ordered: list[TimedToken] = []
    floor_s = 0.0
    for word in words:
        start_s = max(word.start_s, floor_s)
        end_s = max(word.end_s, start_s)
        ordered.append(TimedToken(word.text, start_s, end_s, word.probability))
        floor_s = end_s
    return ordered


def split_at_pauses(words: Sequence[Word]) -> list[list[Word]]:
    groups = [[words[0]]] if words else []
    for left, right in pairwise(words):
        pause_s = right.start_s - left.end_s
        ends_sentence = left.text.rstrip("\"'»” ").endswith((".", "?", "!", "…", "。", "？", "！"))
        if pause_s >= PAUSE_BREAKS_S or (ends_sentence and pause_s >= SENTENCE_PAUSE_BREAKS_S):
            groups.append([right])
        else:
            groups[-1].append(right)
    return groups
