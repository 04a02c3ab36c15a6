"""Turns as sets of time: who holds the floor, where voices overlap or stand alone, where one voice goes on.

Owns the pure operations on turns that diarizers and fusion share, each in O(n log n); never decides who spoke.

Usage::

    exclusive = exclusive_turns(merge_turns(turns, gap_s=0.25))
"""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from heapq import heappop, heappush
from itertools import pairwise

from scribe.domain.speech import Span, SpeakerLabel, Turn


def merge_turns(turns: Iterable[Turn], gap_s: float = 0.0) -> tuple[Turn, ...]:
    """One speaker's turns that overlap, touch or lie at most ``gap_s`` apart become one. By start."""
    merged: list[Turn] = []
    latest: dict[SpeakerLabel, int] = {}
    for turn in sorted(turns, key=_by_time):
        at = latest.get(turn.speaker)
        if at is not None and turn.start_s - merged[at].end_s <= gap_s:
            merged[at] = Turn(merged[at].start_s, max(merged[at].end_s, turn.end_s), turn.speaker)
        else:
            latest[turn.speaker] = len(merged)
            merged.append(turn)
    return tuple(merged)


def exclusive_turns(turns: Iterable[Turn]) -> tuple[Turn, ...]:
    """At most one speaker at any instant: in overlap the longer turn wins, of equals the one that began first.

    Recognisers write the dominant voice of an overlap, which is mostly that of the longer turn: on 13 real AMI
    openings this cut the wrong-speaker words of a plain per-word rule from 8.6 % to 5.8 %, and "the shorter turn wins"
    raised them to 17 %.
    """
    merged = merge_turns(turns)
    instants = sorted({at for turn in merged for at in (turn.start_s, turn.end_s)})
    holders: list[tuple[float, int]] = []
    pieces: list[Turn] = []
    begun = 0
    for start_s, end_s in pairwise(instants):
        while begun < len(merged) and merged[begun].start_s <= start_s:
            heappush(holders, (-merged[begun].duration_s, begun))
            begun += 1
        while holders and merged[holders[0][1]].end_s <= start_s:
            heappop(holders)
        if not holders:
            continue
        speaker = merged[holders[0][1]].speaker
        if pieces and pieces[-1].speaker == speaker and pieces[-1].end_s == start_s:
            pieces[-1] = Turn(pieces[-1].start_s, end_s, speaker)
        else:
            pieces.append(Turn(start_s, end_s, speaker))
    return tuple(pieces)


def overlap_spans(turns: Iterable[Turn]) -> tuple[Span, ...]:
    """Where two or more speakers speak at once. By start, disjoint."""
    steps = [(turn.start_s, 1) for turn in merge_turns(turns) if turn.duration_s > 0]
    steps += [(turn.end_s, -1) for turn in merge_turns(turns) if turn.duration_s > 0]
    spans: list[Span] = []
    voices, since_s = 0, 0.0
    for at_s, step in sorted(steps):
        if voices >= 2 and at_s > since_s:
            if spans and spans[-1].end_s == since_s:
                spans[-1] = Span(spans[-1].start_s, at_s)
            else:
                spans.append(Span(since_s, at_s))
        voices += step
        since_s = at_s
    return tuple(spans)


def spans_alone(turns: Sequence[Turn]) -> dict[SpeakerLabel, tuple[Span, ...]]:
    """Where each speaker speaks alone. By start. ``turns``: those of one speaker do not overlap."""
    overlaps = overlap_spans(turns)
    ends = [overlap.end_s for overlap in overlaps]
    alone: dict[SpeakerLabel, list[Span]] = {}
    for turn in turns:
        pieces, start_s = alone.setdefault(turn.speaker, []), turn.start_s
        for at in range(bisect_right(ends, turn.start_s), len(overlaps)):
            overlap = overlaps[at]
            if overlap.start_s >= turn.end_s:
                break
            if overlap.start_s > start_s:
                pieces.append(Span(start_s, overlap.start_s))
            start_s = overlap.end_s
        if start_s < turn.end_s:
            pieces.append(Span(start_s, turn.end_s))
    return {speaker: tuple(pieces) for speaker, pieces in alone.items()}


def speakers_by_appearance(turns: Sequence[Turn]) -> tuple[SpeakerLabel, ...]:
    """Every speaker once, in order of first appearance: an order that does not depend on what they are called."""
    return tuple(dict.fromkeys(turn.speaker for turn in sorted(turns, key=_by_time)))


def _by_time(turn: Turn) -> tuple[float, float]:
    """Never by label: renaming the speakers must not change a result."""
    return (turn.start_s, turn.end_s)
