"""Whisper's word tokens as real words with sane times.

Owns joining (French ``C`` + ``'est``, hyphens, a detached `` ?``) and the limits of a word's times; never drops a
word for what it says. A segment's text is its words joined by single spaces.

Usage::

    words = join_tokens(items)          # items as ctranslate2's alignment gives them
"""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from scribe.domain.audio import SAMPLE_RATE_HZ
from scribe.engines.transcription.voice_activity import SampleSpan

UNSPACED_LANGUAGES = frozenset({"zh", "ja", "th", "lo", "my", "yue"})
"""Written without spaces: every item of the alignment is a word of its own."""


@dataclass(frozen=True, slots=True)
class TimedToken:
    """A piece of text with times, as the alignment cut it; a leading space begins a new word."""

    text: str
    start_s: float
    end_s: float
    probability: float


def is_inside(span: SampleSpan, word: TimedToken) -> bool:
    """Whether the middle of the word, in seconds, lies in the span, in samples."""
    middle = (word.start_s + word.end_s) / 2 * SAMPLE_RATE_HZ
    return span.start <= middle < span.stop


def is_punctuation(text: str) -> bool:
    return not any(character.isalnum() for character in text)


def join_tokens(tokens: Sequence[TimedToken], *, spaced: bool = True) -> list[TimedToken]:
    """One item per written word, text stripped, inner spaces single. Letters are never lost.

    A mark without a word (`` ?``, `` »``) goes to the word before it and does not stretch its time; an opening mark
    (`` «``, ``"`` before a letter) goes to the word after it. Probability is the lowest of the joined parts that have
    letters: a word is as doubtful as its worst part.
    """
    words: list[TimedToken] = []
    opening: TimedToken | None = None
    for index, token in enumerate(tokens):
        text = " ".join(token.text.split())
        if not text:
            continue
        begins = token.text[0].isspace() or not spaced or not words
        if is_punctuation(text):
            following = tokens[index + 1].text if index + 1 < len(tokens) else ""
            if opening is not None:
                opening = _glue(opening, token)
            elif not words or (begins and _opens(text, following)):
                opening = token
            else:
                words[-1] = _append_mark(words[-1], token)
        elif opening is not None:
            words.append(_prepend_mark(opening, token))
            opening = None
        elif begins:
            words.append(TimedToken(text, token.start_s, token.end_s, token.probability))
        else:
            words[-1] = _glue(words[-1], token)
    if opening is not None and words:
        words[-1] = _append_mark(words[-1], opening)
    return words


def _opens(mark: str, following: str) -> bool:
    """Whether a free-standing mark belongs to what comes after it."""
    if not following.strip():
        return False
    return unicodedata.category(mark[-1]) in {"Ps", "Pi"} or mark[-1] in "¿¡" or not following[0].isspace()


def _spaced(left: str, right: str) -> str:
    return " ".join((left + right).split())


def _glue(left: TimedToken, right: TimedToken) -> TimedToken:
    end_s = max(left.end_s, right.end_s)
    return TimedToken(_spaced(left.text, right.text), left.start_s, end_s, min(left.probability, right.probability))


def _append_mark(word: TimedToken, mark: TimedToken) -> TimedToken:
    return TimedToken(_spaced(word.text, mark.text), word.start_s, word.end_s, word.probability)


def _prepend_mark(mark: TimedToken, word: TimedToken) -> TimedToken:
    return TimedToken(_spaced(mark.text, word.text), word.start_s, word.end_s, word.probability)
