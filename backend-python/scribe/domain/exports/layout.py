"""How many characters stand in a line, and where a line may end.

Owns widths and line breaks of subtitles; never times. A wide character (Chinese, Japanese, Korean, most emoji: East
Asian Width W or F, Unicode annex 11) takes the place of two, so that "42 characters" still fits on the screen.
"""

import unicodedata
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

from scribe.domain.exports.tokens import Token

LINE_WIDTH = 42

SENTENCE_END = (".", "!", "?", "…", "。", "！", "？", "؟")
CLAUSE_END = (",", ";", ":", "–", "—", ")", "»", "”", "，", "、", "；", "،", "؛")
SHORT_WORD = 3
"""Articles, prepositions and pronouns of both languages: what follows belongs to them."""
_CLOSING = frozenset("。、，．！？；：）」』】》〉…ー")
"""May not start a line (kinsoku shori, JIS X 4051)."""
_ZERO_WIDTH_JOINER = "\u200d"


@dataclass(frozen=True, slots=True)
class LineToken:
    """A token as a line sees it."""

    text: str
    start_ms: int
    end_ms: int
    width: int
    has_space: bool
    """Whether a space stands before it when it is not the first of its line."""


def line_tokens(tokens: Sequence[Token]) -> list[LineToken]:
    """Tokens, those of scripts without spaces cut between any two wide characters, in proportion to time."""
    found = []
    for token in tokens:
        pieces = _pieces(token.text)
        duration_ms = token.end_ms - token.start_ms
        position = 0
        for index, piece in enumerate(pieces):
            start_ms = token.start_ms + duration_ms * position // len(token.text)
            position += len(piece)
            end_ms = token.start_ms + duration_ms * position // len(token.text)
            found.append(LineToken(piece, start_ms, end_ms, width(piece), has_space=index == 0))
    return found


def width(text: str) -> int:
    return sum(2 if _is_wide(character) else 1 for character in text)


def fits(pieces: Sequence[LineToken], widths: Sequence[int], start: int, stop: int, indent: int) -> bool:
    """Whether the tokens make at most two lines; ``widths[i]`` is the width of all tokens before ``i`` with spaces."""
    if stop - start == 1:
        return True  # a word that fits nowhere stands alone
    first_line = _last_that_fits(pieces, widths, start, stop, LINE_WIDTH - indent)
    return first_line == stop or _last_that_fits(pieces, widths, first_line, stop, LINE_WIDTH) == stop


def lay_out(pieces: Sequence[LineToken], indent: int) -> tuple[str, ...]:
    """One line if it fits, else the two that read best: broken at punctuation, then evenly."""
    if indent + width(joined(pieces)) <= LINE_WIDTH:
        return (joined(pieces),)
    best: tuple[float, int] | None = None
    for cut in range(1 if indent == 0 else 0, len(pieces)):
        first, second = width(joined(pieces[:cut])) + indent, width(joined(pieces[cut:]))
        is_alone = len(pieces) - cut == 1
        if first > LINE_WIDTH or (second > LINE_WIDTH and not is_alone):
            continue
        cost = abs(first - second) / LINE_WIDTH + (break_cost(pieces[cut - 1]) if cut else 0.0)
        if best is None or cost < best[0]:
            best = (cost, cut)
    if best is None:
        return (joined(pieces),)
    return tuple(joined(part) for part in (pieces[: best[1]], pieces[best[1] :]))


def joined(pieces: Sequence[LineToken]) -> str:
    return "".join(f" {piece.text}" if index and piece.has_space else piece.text for index, piece in enumerate(pieces))


def break_cost(last: LineToken) -> float:
    """How bad it is to end a line or a cue with this token: 0 after a sentence, 1 after a clause."""
    text = last.text.rstrip('»”’")\u202f\u00a0')
    if text.endswith(SENTENCE_END):
        return 0.0
    if last.text.endswith(CLAUSE_END):
        return 1.0
    return 5.0 if len(last.text) <= SHORT_WORD and not _is_wide(last.text[-1]) else 3.0


def _last_that_fits(pieces: Sequence[LineToken], widths: Sequence[int], start: int, stop: int, room: int) -> int:
    """The end of the longest line that starts at ``start``; its first token's space is not written."""
    if start == stop:
        return stop
    return min(max(bisect_right(widths, widths[start] + pieces[start].has_space + room) - 1, start), stop)


def _pieces(text: str) -> list[str]:
    pieces: list[str] = []
    for character in text:
        if pieces and _holds(pieces[-1][-1], character):
            pieces[-1] += character
        else:
            pieces.append(character)
    return pieces


def _is_wide(character: str) -> bool:
    return unicodedata.east_asian_width(character) in "WF"


def _holds(before: str, after: str) -> bool:
    """Whether no line may end between two characters: marks modify the one before, a joiner or blank holds both."""
    if not (_is_wide(before) or _is_wide(after)):
        return True
    is_mark = unicodedata.category(after) in {"Mn", "Me", "Mc", "Cf", "Sk"}
    return is_mark or after in _CLOSING or after.isspace() or before.isspace() or before == _ZERO_WIDTH_JOINER
