"""Segments, turns and seconds after people gave stretches of a recording to other speakers.

Owns what a move does to each of them: a word belongs to a stretch when its middle lies in it; a segment or turn that
straddles the edge is cut there. Moves are applied one after another, so that what was moved twice ends where the last
move put it. Never restores (``domain/naming_overlay.py`` does) and never looks for
segments (``domain/corrected_speech.py``). Works on JSON values of the result documents.

Usage::

    pieces = cut_segment(segment, Moves(moves))
"""

from bisect import bisect_left, bisect_right
from collections.abc import Collection, Mapping, Sequence
from itertools import groupby, pairwise
from typing import Any
from uuid import UUID

from scribe.domain.namings import SegmentMove, Speaker
from scribe.domain.results.build import mean_confidence, ms
from scribe.domain.speech import SpeakerLabel

Json = dict[str, Any]


class Moves:
    """All moves of a meeting as one function of time and speaker: at any instant, who speaks instead of whom."""

    def __init__(self, moves: Sequence[SegmentMove]) -> None:
        """``moves``: in the order in which they are applied."""
        self._moves = [(ms(move.span.start_s), ms(move.span.end_s), move.from_label, move.to_label) for move in moves]
        self._edges_s = sorted({edge_s for start_s, end_s, *_ in self._moves for edge_s in (start_s, end_s)})
        self._covering: dict[int, list[tuple[SpeakerLabel | None, SpeakerLabel]]] = {}
        self._owners: dict[tuple[int, str | None], str | None] = {}
        self._edits = [(ms(move.span.start_s), ms(move.span.end_s), move.edit_id) for move in moves]
        self.targets = {to_label for *_, to_label in self._moves}
        self.start_s = self._edges_s[0] if self._edges_s else 0.0
        self.end_s = self._edges_s[-1] if self._edges_s else 0.0

    def __bool__(self) -> bool:
        return bool(self._moves)

    def touch(self, start_s: float, end_s: float) -> bool:
        """Whether anything was moved between two times."""
        return any(self._at(index) for index in range(self._index(start_s), self._index(end_s) + 1))

    def speaker(self, at_s: float, speaker: str | None) -> str | None:
        """Whose it is what ``speaker`` says at this time, after all moves. A move ends just before its end."""
        index = self._index(at_s)
        key = (index, speaker)
        if key not in self._owners:
            owner = speaker
            for from_label, to_label in self._at(index):
                owner = to_label if from_label in {None, owner} else owner
            self._owners[key] = owner
        return self._owners[key]

    def edit_at(self, start_s: float, end_s: float) -> UUID | None:
        """Which change moved what is said here: the last one."""
        middle_s = (start_s + end_s) / 2
        return next((edit for start, end, edit in reversed(self._edits) if start <= middle_s < end), None)

    def edges_s(self, start_s: float, end_s: float) -> list[float]:
        """Strictly between two times."""
        return self._edges_s[bisect_right(self._edges_s, start_s) : bisect_left(self._edges_s, end_s)]

    def _index(self, at_s: float) -> int:
        """Of the stretch between two edges, within which everything is the same; -1: before all moves."""
        return bisect_right(self._edges_s, at_s) - 1

    def _at(self, index: int) -> list[tuple[SpeakerLabel | None, SpeakerLabel]]:
        if index not in self._covering:
            at_s = self._edges_s[index] if index >= 0 else -1.0
            self._covering[index] = [
                (from_label, to_label)
                for start_s, end_s, from_label, to_label in self._moves
                if start_s <= at_s < end_s
            ]
        return self._covering[index]


def moved_turns(turns: Sequence[Json], moves: Moves, *, may_overlap: bool = True) -> list[Json]:
    """``may_overlap``: then turns of one speaker that meet become one, as diarizations have it."""
    done = [piece for turn in turns for piece in _cut_turn(turn, moves)]
    if done == list(turns):
        return done
    if may_overlap:
        done = _joined(done, moves.targets)
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


def cut_segment(segment: Json, moves: Moves) -> list[Json]:
    """The segment itself when nothing in it moves; else its pieces, whole words each."""
    words = segment["words"]
    if not words:
        speaker = moves.speaker(_middle_s(segment), segment["speaker"])
        return [segment] if speaker == segment["speaker"] else [{**segment, "speaker": speaker, "name": None}]
    speakers = [moves.speaker(_middle_s(word), word["speaker"]) for word in words]
    if all(speaker == word["speaker"] for speaker, word in zip(speakers, words, strict=True)):
        return [segment]
    is_moved = [speaker != word["speaker"] for speaker, word in zip(speakers, words, strict=True)]
    runs = groupby(range(len(words)), key=lambda at: (is_moved[at], speakers[at] if is_moved[at] else None))
    pieces = []
    for (moved, speaker), run in runs:
        said = [{**words[at], "speaker": speakers[at]} if moved else words[at] for at in run]
        pieces.append(piece_of(segment, speaker if moved else segment["speaker"], said))
    pieces[0]["start"] = min(segment["start"], pieces[0]["start"])
    pieces[-1]["end"] = max(segment["end"], pieces[-1]["end"])
    return pieces


def piece_of(segment: Json, speaker: str | None, words: list[Json]) -> Json:
    """What these words of it are as a segment of their own."""
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


def _middle_s(span: Json) -> float:
    return float(span["start"] + span["end"]) / 2


def _cut_turn(turn: Json, moves: Moves) -> list[Json]:
    """The turn itself when nothing in it moves."""
    edges_s = [turn["start"], *moves.edges_s(turn["start"], turn["end"]), turn["end"]]
    parts = [(moves.speaker(start_s, turn["speaker"]), start_s, end_s) for start_s, end_s in pairwise(edges_s)]
    if all(speaker == turn["speaker"] for speaker, *_ in parts):
        return [turn]
    runs = (list(run) for _, run in groupby(parts, key=lambda part: part[0]))
    return [{**turn, "start": run[0][1], "end": run[-1][2], "speaker": run[0][0]} for run in runs]


def _joined(turns: Sequence[Json], labels: Collection[str]) -> list[Json]:
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
