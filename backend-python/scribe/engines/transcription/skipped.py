"""Speech that Whisper passed over: pieces of a window with far fewer letters than their length would hold.

Owns finding such pieces and deciding whether a second reading is better; never decodes. Whisper without timestamps
sometimes jumps over whole sentences of a window; the alignment then stretches the next words over the hole.

Usage::

    for piece in find_thin_pieces(window, line.words, usual_letters_per_second=14.0):
        ...
"""

from collections.abc import Iterable, Sequence
from statistics import median

from scribe.engines.transcription.voice_activity import SampleSpan
from scribe.engines.transcription.windows import Window
from scribe.engines.transcription.words import TimedToken, is_inside

MIN_PIECE_S = 1.8
"""Padding included; shorter pieces hold a "yes" or a cough."""
THIN_SHARE = 0.5
"""A piece is thin below half of the usual pace."""
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


def is_better_reading(letters: int, avg_logprob: float, old_letters: int) -> bool:
    return letters >= MIN_GAIN * old_letters and letters > 0 and avg_logprob >= MIN_AVG_LOGPROB


def letters_in(window: Window, words: Iterable[TimedToken]) -> int:
    return sum(count_letters(word.text) for word in words if any(is_inside(piece, word) for piece in window.pieces))


def count_letters(text: str) -> int:
    return sum(character.isalnum() for character in text)


def _letters(piece: SampleSpan, words: Iterable[TimedToken]) -> int:
    return letters_in(Window((piece,)), words)
