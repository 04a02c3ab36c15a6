"""Subtitle cues: segments cut into what an eye can read in the time that it is on the screen.

Owns where a cue starts, ends and breaks; never the file format (``srt.py``, ``vtt.py``). A cue is at most two lines
of 42 characters, broken at punctuation where there is any; cues never overlap, and every word of the segments is in
exactly one cue.

A segment's cuts are found by dynamic programming over its tokens, so that a full line never leaves one orphaned word
behind; a greedy cut does.

Usage::

    for cue in cues(document, prefix_width=lambda label: 0):
        show(cue.lines, cue.start_ms, cue.end_ms)
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate, pairwise

from scribe.domain.exports.layout import LineToken, break_cost, fits, lay_out, line_tokens
from scribe.domain.exports.tokens import tokens
from scribe.domain.results import FusionDocument

# Reading: Netflix Timed Text Style Guide (general requirements; French and English): 42 characters a line, two lines,
# 5/6 s to 7 s a cue, 17 (French) to 20 (English) characters a second. The stricter figure serves both.
LONGEST_MS = 7_000
SHORTEST_MS = 833
CHARACTERS_PER_SECOND = 17
SQUEEZED_MS = 300
"""What a cue keeps at least where voices overlap and several cues want the same moment."""
LINGER_MS = 2_000
"""How long a cue may stay after its last word so that it can be read."""
PAUSE_MS = 400
"""A silence that the listener notices: a good place to cut."""
LONG_PAUSE_MS = 800
"""A silence that a cue should not read across: its second half would be shown before it is said."""

CUE_COST = 1.5
PAUSE_BONUS = 2.0
PAUSE_INSIDE_COST = 2.0
FLASH_COST = 2.0
OVERTIME_COST_PER_S = 2.0
"""Weights of the cut, in units of one clause break; set by reading, and only their order matters: never cut between
an article and its noun to save a cue, always cut before reading time runs out."""


@dataclass(frozen=True, slots=True)
class Cue:
    start_ms: int
    end_ms: int
    speaker: str | None
    """Label in the document's ``speakers`` table."""
    lines: tuple[str, ...]
    """One or two; without the speaker."""


def cues(document: FusionDocument, prefix_width: Callable[[str | None], int]) -> list[Cue]:
    """``prefix_width``: how much of the first line the speaker's name takes up, by label."""
    cut = [
        cue
        for segment in document.segments
        for cue in _cut(line_tokens(tokens(segment)), segment.speaker, prefix_width(segment.speaker))
    ]
    cut.sort(key=lambda cue: cue.start_ms)
    return _linger(_separate(cut), round(document.recording.duration_s * 1000))


def _cut(pieces: Sequence[LineToken], speaker: str | None, indent: int) -> list[Cue]:
    """The cheapest way to cut a segment; ``best[b]`` is the cost of everything before token ``b``."""
    best = [0.0] + [float("inf")] * len(pieces)
    cut_from = [0] * (len(pieces) + 1)
    widths = [0, *accumulate(piece.width + piece.has_space for piece in pieces)]
    pauses_before = [
        0,
        *accumulate(later.start_ms - earlier.end_ms >= LONG_PAUSE_MS for earlier, later in pairwise(pieces)),
    ]
    for stop in range(1, len(pieces) + 1):
        for start in range(stop - 1, -1, -1):
            if not fits(pieces, widths, start, stop, indent):
                break
            cost = best[start] + _cue_cost(pieces, start, stop)
            if pauses_before[stop - 1] > pauses_before[start]:
                cost += PAUSE_INSIDE_COST
            if cost < best[stop]:
                best[stop], cut_from[stop] = cost, start
    found: list[Cue] = []
    stop = len(pieces)
    while stop:
        start = cut_from[stop]
        inside = pieces[start:stop]
        end_ms = max(piece.end_ms for piece in inside)
        found.append(Cue(inside[0].start_ms, end_ms, speaker, lay_out(inside, indent)))
        stop = start
    return found[::-1]


def _cue_cost(pieces: Sequence[LineToken], start: int, stop: int) -> float:
    first, last = pieces[start], pieces[stop - 1]
    duration_ms = last.end_ms - first.start_ms
    cost = CUE_COST
    if stop < len(pieces):
        pause_ms = pieces[stop].start_ms - last.end_ms
        cost += break_cost(last) - (PAUSE_BONUS if pause_ms >= PAUSE_MS else 0.0)
    if duration_ms < SHORTEST_MS:
        cost += FLASH_COST
    if duration_ms > LONGEST_MS:
        cost += OVERTIME_COST_PER_S * (duration_ms - LONGEST_MS) / 1000
    return cost


def _separate(cut: list[Cue]) -> list[Cue]:
    """Where cues overlap, the later one waits until the earlier is read, or for its fair share of their time."""
    separate: list[Cue] = []
    for index, cue in enumerate(cut):
        start_ms = max(cue.start_ms, separate[-1].end_ms) if separate else cue.start_ms
        has_waited = start_ms > cue.start_ms
        end_ms = max(cue.end_ms, start_ms + (SQUEEZED_MS if has_waited else 1))
        following = cut[index + 1] if index + 1 < len(cut) else None
        if following is not None and following.start_ms < end_ms:
            mine, its = _characters(cue), _characters(following)
            shared_ms = max(end_ms, following.end_ms) - start_ms
            fair_ms = start_ms + min(shared_ms * mine // (mine + its), _reading_ms(cue))
            earliest_ms = max(following.start_ms, start_ms + SQUEEZED_MS)
            end_ms = max(min(fair_ms, end_ms), earliest_ms)
        separate.append(replace(cue, start_ms=start_ms, end_ms=end_ms))
    return separate


def _linger(cut: list[Cue], recording_ms: int) -> list[Cue]:
    """Cues stay until they can be read, if nothing else is to be shown and the recording goes on; never for ever."""
    shown = []
    for index, cue in enumerate(cut):
        latest_ms = cut[index + 1].start_ms if index + 1 < len(cut) else max(recording_ms, cue.end_ms)
        wanted_ms = min(cue.start_ms + _reading_ms(cue), cue.end_ms + LINGER_MS, latest_ms)
        end_ms = min(max(cue.end_ms, wanted_ms), cue.start_ms + LONGEST_MS)
        shown.append(replace(cue, end_ms=end_ms))
    return shown


def _reading_ms(cue: Cue) -> int:
    return max(SHORTEST_MS, _characters(cue) * 1000 // CHARACTERS_PER_SECOND)


def _characters(cue: Cue) -> int:
    return sum(len(line) for line in cue.lines)
