"""The segments of a transcript after everything that people changed in it, in the order in which they did.

Owns how a change finds its lines: they stand exactly so, as in the run in which it was made; else, in another run's
transcript, by time: words of the same speaker that are said when the lines were give way to what a human wrote. Words
that nobody changed are never lost. Pure; works on JSON values of ``fusion.json`` and never changes a segment in place.
What it replaced is told, so that the machine's own can be put back (``domain/naming_overlay.py``).

Usage::

    lines = Lines(document["segments"], labels)
    for step in steps(moves, corrections):
        lines.apply(step)
    lines.segments, lines.replaced(), lines.marks()
"""

import unicodedata
from bisect import bisect_left, bisect_right
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import IntEnum
from itertools import groupby
from typing import Any
from uuid import UUID

from scribe.domain.edits import Correction, SeenLine
from scribe.domain.moved_speech import Moves, cut_segment, piece_of
from scribe.domain.namings import SegmentMove

Json = dict[str, Any]
REACH_S = 0.6
"""How far outside its lines a correction looks for words that it speaks of, in another run: two models put the borders
of a word a few tenths of a second apart. Chosen, not measured; only words that are the same are looked for."""


class Fit(IntEnum):
    """How a change found what it changes."""

    NOT_AT_ALL = 0
    BY_TIME = 1
    EXACTLY = 2


@dataclass(frozen=True, slots=True)
class Step:
    """Moves that are applied together, or a correction."""

    moves: tuple[SegmentMove, ...] = ()
    correction: Correction | None = None
    """With ``moves``: which lines they are meant for."""


@dataclass(frozen=True, slots=True, eq=False)
class _Entry:
    segment: Json
    places: frozenset[int]
    """Which of the machine's segments it came from."""
    mark: UUID | None
    """The latest change of it."""

    @property
    def key(self) -> tuple[float, int]:
        return self.segment["start"], min(self.places)


def steps(moves: Sequence[SegmentMove], corrections: Sequence[Correction]) -> list[Step]:
    """In the order of their positions. ``moves``: the oldest first."""
    meant = {correction.edit_id for correction in corrections if correction.is_move}
    by_edit: dict[UUID | None, list[SegmentMove]] = {}
    for move in moves:
        by_edit.setdefault(move.edit_id if move.edit_id in meant else None, []).append(move)
    found: list[tuple[int, Step]] = [(move.position, Step((move,))) for move in by_edit.get(None, ())]
    for correction in corrections:
        own = tuple(by_edit.get(correction.edit_id, ())) if correction.is_move else ()
        if own or not correction.is_move:
            found.append((correction.position, Step(own, correction)))
    found.sort(key=lambda each: each[0])
    done: list[Step] = []
    for is_plain, run in groupby((step for _, step in found), key=lambda step: step.correction is None):
        if is_plain:  # together, so that there and back again leaves no trace
            done.append(Step(tuple(move for step in run for move in step.moves)))
        else:
            done += run
    return done


class Lines:
    """Segments by start, while changes are applied to them."""

    def __init__(self, segments: Sequence[Json], labels: Collection[str]) -> None:
        """``labels``: of the speakers whom the document knows."""
        self._machine = segments
        self._labels = labels
        self._entries = [_Entry(segment, frozenset((place,)), None) for place, segment in enumerate(segments)]
        self._longest_s = max((segment["end"] - segment["start"] for segment in segments), default=0.0)
        self.fits: dict[UUID, Fit] = {}

    # --- what came of it ----------------------------------------------------------------------------------------------

    @property
    def segments(self) -> list[Json]:
        return [entry.segment for entry in self._entries]

    @property
    def places(self) -> list[int]:
        """By segment, the first of the machine's that it came from: of those that begin together, it comes first."""
        return [entry.key[1] for entry in self._entries]

    def marks(self) -> dict[int, UUID]:
        """By the segment's index, its latest change."""
        return {index: entry.mark for index, entry in enumerate(self._entries) if entry.mark is not None}

    def replaced(self) -> list[Json]:
        """Parts of ``moved`` in ``fusion.json``: the machine's segments that are not there any more as they were."""
        became: dict[int, list[int]] = {}
        untouched: set[int] = set()
        for index, entry in enumerate(self._entries):
            place = min(entry.places)
            if len(entry.places) == 1 and entry.segment is self._machine[place]:
                untouched.add(place)
            else:
                for each in entry.places:
                    became.setdefault(each, []).append(index)
        return [
            {"place": place, "pieces": became.get(place, []), "segment": {**segment, "name": None}}
            for place, segment in enumerate(self._machine)
            if place not in untouched
        ]

    # --- one change ---------------------------------------------------------------------------------------------------

    def apply(self, step: Step) -> None:
        correction = step.correction
        if correction is None:
            self._move(Moves(step.moves), {move.edit_id for move in step.moves})
            return
        exact = self._standing(correction.before)
        if step.moves:
            self.fits[correction.edit_id] = Fit.BY_TIME if exact is None else Fit.EXACTLY
            self._move(Moves(step.moves), {correction.edit_id})
        elif exact is not None:
            self.fits[correction.edit_id] = Fit.EXACTLY
            self._replace(exact, correction.after, correction.edit_id)
        else:
            self.fits[correction.edit_id] = self._lay_by_time(correction)

    def _standing(self, lines: Iterable[SeenLine]) -> list[_Entry] | None:
        """The entries that are exactly these lines; ``None``: one of them is not there."""
        found: list[_Entry] = []
        for line in lines:
            entry = self._find(line)
            if entry is None or entry in found:
                return None
            found.append(entry)
        return found

    def _find(self, line: SeenLine) -> _Entry | None:
        at = bisect_left(self._entries, line.start_s, key=_start_s)
        while at < len(self._entries) and self._entries[at].segment["start"] == line.start_s:
            segment = self._entries[at].segment
            if (segment["end"], segment["speaker"], segment["text"]) == (line.end_s, line.speaker, line.text):
                return self._entries[at]
            at += 1
        return None

    def _replace(self, entries: Sequence[_Entry], after: Sequence[Json], mark: UUID | None) -> None:
        places = frozenset(place for entry in entries for place in entry.places)
        for entry in entries:
            self._remove(entry)
        for segment in after:
            self._insert(_Entry(segment, places, mark))

    def _remove(self, entry: _Entry) -> None:
        at = bisect_left(self._entries, entry.segment["start"], key=_start_s)
        while self._entries[at] is not entry:
            at += 1
        del self._entries[at]

    def _insert(self, entry: _Entry) -> None:
        self._longest_s = max(self._longest_s, entry.segment["end"] - entry.segment["start"])
        self._entries.insert(bisect_right(self._entries, entry.key, key=_key), entry)

    def _between(self, start_s: float, end_s: float) -> list[_Entry]:
        """Those that touch the stretch, by start."""
        first = bisect_left(self._entries, start_s - self._longest_s - 0.001, key=_start_s)
        last = bisect_right(self._entries, end_s, key=_start_s)
        return [entry for entry in self._entries[first:last] if entry.segment["end"] >= start_s]

    # --- moves --------------------------------------------------------------------------------------------------------

    def _move(self, moves: Moves, edits: Collection[UUID | None]) -> None:
        cut = [
            (entry, pieces)
            for entry in self._between(moves.start_s, moves.end_s)
            if moves.touch(entry.segment["start"], entry.segment["end"])
            and (pieces := cut_segment(entry.segment, moves))[0] is not entry.segment
        ]
        mark = next(iter(edits)) if len(edits) == 1 else None
        for entry, pieces in cut:
            self._remove(entry)
            for piece in pieces:
                is_moved = piece["speaker"] != entry.segment["speaker"]
                its_mark = (mark or moves.edit_at(piece["start"], piece["end"])) if is_moved else entry.mark
                self._insert(_Entry(piece, entry.places, its_mark))

    # --- in another run -----------------------------------------------------------------------------------------------

    def _lay_by_time(self, correction: Correction) -> Fit:
        taken: dict[_Entry, set[int]] = {}
        speakers: dict[str | None, str | None] = {}
        for line in correction.before:
            for entry, index in self._words_of(line, taken):
                taken.setdefault(entry, set()).add(index)
                speakers.setdefault(line.speaker, entry.segment["speaker"])
        if not taken:
            return Fit.NOT_AT_ALL
        places = frozenset(place for entry in taken for place in entry.places)
        for entry, words in taken.items():
            self._remove(entry)
            for piece in _left_over(entry.segment, words):
                self._insert(_Entry(piece, entry.places, entry.mark))
        for segment in correction.after:
            speaker = segment["speaker"]
            whose = speaker if speaker in self._labels else speakers.get(speaker, next(iter(speakers.values())))
            self._insert(_Entry(_spoken_by(segment, whose), places, correction.edit_id))
        return Fit.BY_TIME

    def _words_of(self, line: SeenLine, taken: Mapping[_Entry, Collection[int]]) -> list[tuple[_Entry, int]]:
        """What the machine heard of this line in this run; a segment without words counts as its word 0."""
        heard: list[tuple[float, _Entry, int, str]] = []
        for entry in self._between(line.start_s - REACH_S, line.end_s + REACH_S):
            segment = entry.segment
            for index, word in enumerate(segment["words"] or [{**segment, "word": segment["text"]}]):
                is_free = index not in taken.get(entry, ())
                if is_free and (line.speaker is None or word["speaker"] in {line.speaker, None}):
                    heard.append(((word["start"] + word["end"]) / 2, entry, index, word["word"]))
        heard.sort(key=lambda word: word[0])
        inside = [line.start_s <= middle_s <= line.end_s for middle_s, *_ in heard]
        if not any(inside):
            return []
        first, last = inside.index(True), len(inside) - 1 - inside[::-1].index(True)
        said = _same_words(line.text.split(), [text for *_, text in heard])
        while first > 0 and first - 1 in said and heard[first - 1][0] >= line.start_s - REACH_S:
            first -= 1
        while last + 1 < len(heard) and last + 1 in said and heard[last + 1][0] <= line.end_s + REACH_S:
            last += 1
        return [(entry, index) for _, entry, index, _ in heard[first : last + 1]]


def _start_s(entry: _Entry) -> float:
    return float(entry.segment["start"])


def _key(entry: _Entry) -> tuple[float, int]:
    return entry.key


def _same_words(before: Sequence[str], heard: Sequence[str]) -> set[int]:
    """Which of the words heard are among those of the line, in its order."""
    blocks = SequenceMatcher(None, list(map(_bare, before)), list(map(_bare, heard)), autojunk=False)
    return {block.b + place for block in blocks.get_matching_blocks() for place in range(block.size)}


def _bare(word: str) -> str:
    return "".join(character for character in unicodedata.normalize("NFKC", word.casefold()) if character.isalnum())


def _left_over(segment: Json, taken: Collection[int]) -> list[Json]:
    """What is left of a segment when words are taken out of it: whole words, cut where something is missing."""
    words = segment["words"]
    runs = groupby((index for index in range(len(words)) if index not in taken), key=lambda at: _gaps(at, taken))
    return [piece_of(segment, segment["speaker"], [words[at] for at in run]) for _, run in runs]


def _gaps(at: int, taken: Collection[int]) -> int:
    return sum(index < at for index in taken)


def _spoken_by(segment: Json, speaker: str | None) -> Json:
    if segment["speaker"] == speaker:
        return segment
    return {**segment, "speaker": speaker, "words": [{**word, "speaker": speaker} for word in segment["words"]]}
