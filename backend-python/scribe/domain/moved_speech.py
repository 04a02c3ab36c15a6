"""Segments, turns and seconds after people gave stretches of a recording to other speakers.

Owns what a move does to each of them: a word belongs to a stretch when its middle lies in it; a segment or turn that
straddles the edge is cut there. Moves are applied one after another, so that what was moved twice ends where the last
move put it. Never restores (``domain/naming_overlay.py`` does, from what :func:`moved_segments` says it replaced).
Works on JSON values of the result documents.

Usage::

    segments, replaced = moved_segments(document["segments"], Moves(moves))
"""

from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from itertools import accumulate, groupby
from typing import Any

from scribe.domain.namings import SegmentMove, Speaker
from scribe.domain.results.build import mean_confidence, ms

Json = dict[str, Any]
CRUMB_S = 0.0005
"""Shorter than half a millisecond is what rounding leaves of an edge."""


class Moves:
    """Moves in the order in which they are applied, found by time."""

    def __init__(self, moves: Sequence[SegmentMove]) -> None:
        self._moves = tuple(moves)
        self._by_start = sorted(range(len(moves)), key=lambda index: moves[index].span)
        self._starts_s = [moves[index].span.start_s for index in self._by_start]
        self._ends_s = list(accumulate((moves[index].span.end_s for index in self._by_start), max))

    def __bool__(self) -> bool:
        return bool(self._moves)

    def __iter__(self) -> Iterator[SegmentMove]:
        return iter(self._moves)

    def touching(self, start_s: float, end_s: float) -> list[SegmentMove]:
        """In order; also those that only touch."""
        found = []
        at = bisect_left(self._starts_s, end_s + CRUMB_S) - 1
        while at >= 0 and self._ends_s[at] >= start_s:  # nobody before ends later than this
            index = self._by_start[at]
            if self._moves[index].span.end_s >= start_s:
                found.append(index)
            at -= 1
        return [self._moves[index] for index in sorted(found)]


def moved_segments(segments: Sequence[Json], moves: Moves) -> tuple[list[Json], list[Json]]:
    """The segments by start, and what of them was replaced: parts of ``moved`` in ``fusion.json``."""
    pieces: list[tuple[float, int, int, Json]] = []
    for place, segment in enumerate(segments):
        near = moves.touching(segment["start"], segment["end"])
        for number, piece in enumerate(_cut(segment, near) if near else [segment]):
            pieces.append((piece["start"], place, number, piece))
    pieces.sort(key=lambda piece: piece[:3])
    became: dict[int, list[int]] = {}
    for at, (_, place, _, piece) in enumerate(pieces):
        if piece is not segments[place]:
            became.setdefault(place, []).append(at)
    replaced = [
        {"place": place, "pieces": became[place], "segment": {**segments[place], "name": None}}
        for place in sorted(became)
    ]
    return [piece for *_, piece in pieces], replaced


def moved_turns(turns: Sequence[Json], moves: Moves, *, may_overlap: bool = True) -> list[Json]:
    """``may_overlap``: then turns of one speaker that meet become one, as diarizations have it."""
    done: list[Json] = []
    for turn in turns:
        pieces = [turn]
        for move in moves.touching(turn["start"], turn["end"]):
            pieces = [part for piece in pieces for part in _cut_turn(piece, move)]
        done += pieces
    if done == list(turns):
        return done
    if may_overlap:
        done = _joined(done, {move.to_label for move in moves})
    return sorted(done, key=lambda turn: (turn["start"], turn["end"], turn["speaker"]))


def seconds_moved(moves: Moves, rows: Mapping[str, Speaker]) -> dict[str, float]:
    """By label, how many seconds of speech each has won or lost; from the machine's turns in the rows, so that all
    documents of a meeting say the same."""
    before: list[Json] = [
        {"start": turn.start_s, "end": turn.end_s, "speaker": label}
        for label, row in sorted(rows.items())
        for turn in row.turns
    ]
    after = moved_turns(before, moves)
    seconds: dict[str, float] = {}
    if after != before:
        for sign, turns in ((-1, before), (1, after)):
            for turn in turns:
                length_s = turn["end"] - turn["start"]
                seconds[turn["speaker"]] = seconds.get(turn["speaker"], 0.0) + sign * length_s
    return seconds


def _cut(segment: Json, moves: Sequence[SegmentMove]) -> list[Json]:
    """The segment itself when nothing in it moves; else its pieces, whole words each."""
    words = segment["words"]
    if not words:
        speaker = _speaker(segment, segment["speaker"], moves)
        return [segment] if speaker == segment["speaker"] else [{**segment, "speaker": speaker, "name": None}]
    speakers = [_speaker(word, word["speaker"], moves) for word in words]
    if all(speaker == word["speaker"] for speaker, word in zip(speakers, words, strict=True)):
        return [segment]
    is_moved = [speaker != word["speaker"] for speaker, word in zip(speakers, words, strict=True)]
    runs = groupby(range(len(words)), key=lambda at: (is_moved[at], speakers[at] if is_moved[at] else None))
    pieces = []
    for (moved, speaker), run in runs:
        said = [{**words[at], "speaker": speakers[at]} if moved else words[at] for at in run]
        pieces.append(_piece(segment, speaker if moved else segment["speaker"], said))
    pieces[0]["start"] = min(segment["start"], pieces[0]["start"])
    pieces[-1]["end"] = max(segment["end"], pieces[-1]["end"])
    return pieces


def _piece(segment: Json, speaker: str | None, words: list[Json]) -> Json:
    return {
        **segment,
        "start": min(word["start"] for word in words),
        "end": max(word["end"] for word in words),
        "speaker": speaker,
        "name": None,
        "confidence": mean_confidence([word["confidence"] for word in words]),
        "text": " ".join(word["word"] for word in words),
        "words": words,
    }


def _speaker(span: Json, speaker: str | None, moves: Sequence[SegmentMove]) -> str | None:
    """Whose a word is after all moves."""
    middle_s = (span["start"] + span["end"]) / 2
    for move in moves:
        if move.span.start_s <= middle_s <= move.span.end_s and move.from_label in {None, speaker}:
            speaker = move.to_label
    return speaker


def _cut_turn(turn: Json, move: SegmentMove) -> Iterator[Json]:
    start_s, end_s = max(turn["start"], ms(move.span.start_s)), min(turn["end"], ms(move.span.end_s))
    is_meant = move.from_label in {None, turn["speaker"]} and turn["speaker"] != move.to_label
    if not is_meant or end_s - start_s < CRUMB_S:
        yield turn
        return
    if start_s - turn["start"] >= CRUMB_S:
        yield {**turn, "end": start_s}
    yield {**turn, "start": start_s, "end": end_s, "speaker": str(move.to_label)}
    if turn["end"] - end_s >= CRUMB_S:
        yield {**turn, "start": end_s}


def _joined(turns: Sequence[Json], labels: set[Any]) -> list[Json]:
    """Of these speakers, turns that overlap or meet are one."""
    done: list[Json] = [turn for turn in turns if turn["speaker"] not in labels]
    last: dict[str, Json] = {}
    for turn in sorted((turn for turn in turns if turn["speaker"] in labels), key=lambda turn: turn["start"]):
        running = last.get(turn["speaker"])
        if running is not None and turn["start"] <= running["end"]:
            running["end"] = max(running["end"], turn["end"])
        else:
            last[turn["speaker"]] = {**turn}
            done.append(last[turn["speaker"]])
    return done
