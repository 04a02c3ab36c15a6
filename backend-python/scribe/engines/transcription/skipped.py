"""Speech that Whisper passed over: holes between words, and pieces with too few letters for their length.

Owns finding such stretches and deciding whether a second reading is better; never decodes. Whisper without timestamps
sometimes jumps over whole sentences of a window; the alignment then leaves a hole, or stretches the next words over it.

Usage::

    for piece in find_thin_pieces(window, line.words, usual_letters_per_second=14.0):
        ...
"""

from collections.abc import Iterable, Sequence
from statistics import median

from scribe.domain.audio import SAMPLE_RATE_HZ
from scribe.engines.transcription.voice_activity import SampleSpan, VoiceActivity
from scribe.engines.transcription.windows import Window
from scribe.engines.transcription.words import TimedToken, is_inside

MIN_PIECE_S = 1.8
"""Padding included; shorter pieces hold a "yes" or a cough."""
THIN_SHARE = 0.5
"""A piece is thin below half of the usual pace."""
MIN_HOLE_S = 1.0
"""Detected speech between two words; less is an "um" or the tail of a word."""
USUAL_LETTERS_PER_SECOND = 12.0
"""Of read and spoken English and French, pauses under 0.8 s included; used until there is text to measure."""
MIN_GAIN = 1.3
"""A second reading must bring this many times the letters."""
MIN_AVG_LOGPROB = -0.6
"""And the model must believe it: about the median of what it gets right on hard audio."""


def usual_pace(windows: Sequence[Window], words: Iterable[TimedToken]) -> float:
    """Letters per second of window sound in the middle one of the pieces that have any."""
    heard = list(words)
    paces = [
        _letters(piece, heard) / piece.duration_s
        for window in windows
        for piece in window.pieces
        if piece.duration_s >= MIN_PIECE_S and _letters(piece, heard)
    ]
    return median(paces) if len(paces) >= 5 else USUAL_LETTERS_PER_SECOND


def find_thin_pieces(window: Window, words: Sequence[TimedToken], usual_letters_per_second: float) -> list[SampleSpan]:
    """Pieces whose words are too few for their length. Positions and times in the block."""
    floor = THIN_SHARE * usual_letters_per_second
    return [
        piece
        for piece in window.pieces
        if piece.duration_s >= MIN_PIECE_S and _letters(piece, words) < floor * piece.duration_s
    ]


def find_holes(window: Window, words: Sequence[TimedToken], activity: VoiceActivity) -> list[SampleSpan]:
    """Stretches of a window's pieces with speech and without words. Positions and times in the block."""
    holes = []
    for piece in window.pieces:
        inside = [word for word in words if is_inside(piece, word)]
        starts = [piece.start, *(round(word.end_s * SAMPLE_RATE_HZ) for word in inside)]
        stops = [*(round(word.start_s * SAMPLE_RATE_HZ) for word in inside), piece.stop]
        holes += [
            SampleSpan(start, stop)
            for start, stop in zip(starts, stops, strict=True)
            if activity.speech_s(start, stop) >= MIN_HOLE_S
        ]
    return holes


def is_better_reading(letters: int, avg_logprob: float, old_letters: int) -> bool:
    return letters >= MIN_GAIN * old_letters and letters > 0 and avg_logprob >= MIN_AVG_LOGPROB


def letters_in(window: Window, words: Iterable[TimedToken]) -> int:
    return sum(count_letters(word.text) for word in words if any(is_inside(piece, word) for piece in window.pieces))


def count_letters(text: str) -> int:
    return sum(character.isalnum() for character in text)


def _letters(piece: SampleSpan, words: Iterable[TimedToken]) -> int:
    return letters_in(Window((piece,)), words)
