"""A segment's text as tokens that a line may be broken between, each with its time and confidence.

Owns the way back from typeset text to the words' times: typography moves blanks but keeps every visible character, so
a token's visible characters are counted off against the words'. Never shortens or reorders anything.

Usage::

    tokens(segment)     # [Token("Qu’en", ...), Token("dis-tu\u202f?", ...)]
"""

from bisect import bisect_right
from dataclasses import dataclass
from itertools import accumulate

from scribe.domain.results.parts import SegmentPart
from scribe.domain.typography import single_line, typeset


@dataclass(frozen=True, slots=True)
class Token:
    text: str
    """Visible; may hold no-break spaces inside, never a plain one."""
    start_ms: int
    end_ms: int
    confidence: float | None
    """Of the least certain word in it; ``None`` where the segment's words do not spell its text."""


def tokens(segment: SegmentPart) -> list[Token]:
    pieces = [piece.strip() for piece in typeset(segment.text, segment.language).split(" ") if _visible_count(piece)]
    text_length = sum(_visible_count(piece) for piece in pieces)
    words = [word for word in segment.words if _visible_count(word.word)]
    ends = list(accumulate(_visible_count(word.word) for word in words))
    are_words_the_text = bool(words) and ends[-1] == text_length
    found, position = [], 0
    for piece in pieces:
        first, last = position, position + _visible_count(piece) - 1
        position = last + 1
        if are_words_the_text:
            covering = words[bisect_right(ends, first) : bisect_right(ends, last) + 1]
            start_ms = round(min(word.start for word in covering) * 1000)
            end_ms = round(max(word.end for word in covering) * 1000)
            found.append(Token(piece, start_ms, end_ms, min(word.confidence for word in covering)))
        else:
            length_ms = (segment.end - segment.start) * 1000
            start_ms = round(segment.start * 1000 + length_ms * first / text_length)
            end_ms = round(segment.start * 1000 + length_ms * position / text_length)
            found.append(Token(piece, start_ms, end_ms, None))
    return found


def _visible_count(text: str) -> int:
    return sum(not character.isspace() for character in single_line(text))
