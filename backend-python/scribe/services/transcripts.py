"""Transcripts as their readers want them: by the page, ready to be sent, with everything that people changed.

Owns a memory of transcripts that were read lately: a page is a slice of it, not another reading of ten megabytes of
JSON, and a correction changes a few lines of it. What stands in memory for a version of a meeting is what reading its
files would give. Never writes a file, never decides what may be corrected (``services/edits.py``).

Usage::

    transcript = await transcripts.read(units, storage, meeting)
    page = transcript.page(from_s=60.0, to_s=None, start=0, limit=200)
"""

import asyncio
import hashlib
import json
from bisect import bisect_left, bisect_right
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from uuid import UUID
from weakref import WeakValueDictionary

from pydantic_core import to_json

from scribe.adapters.storage import Storage
from scribe.adapters.unit_of_work import UnitOfWorkFactory
from scribe.domain.corrected_speech import Fit
from scribe.domain.edits import SeenLine
from scribe.domain.meetings import Meeting
from scribe.services.results import FUSION, Names, laid_over, lay_names, lost, published_folder

MAX_MEMORY_BYTES = 64 * 2**20
READERS = 2
"""Documents that are parsed at the same time: each takes some ten times its size for a moment."""
DOUBTFUL_BELOW = 0.5
"""A word's confidence below which it is marked for people to listen to."""
_DIGITS = 1 << 128
_OVERHEAD_BYTES = 400
"""What Python needs for a line besides its texts."""


@dataclass(frozen=True, slots=True)
class Line:
    """A segment of the transcript, ready to be sent."""

    start_s: float
    end_s: float
    speaker: str | None
    text: str
    told: bytes
    """JSON of its fields but for index and words: without the braces around them."""
    words: bytes
    """A JSON list."""
    digest: int
    """Of who said what, whatever they are called."""
    place: int
    """Of those that begin in the same instant, the lower one comes first."""

    def to_json(self, index: int, *, with_words: bool) -> bytes:
        head = b'{"index":%d,' % index + self.told
        return head + b',"words":' + self.words + b"}" if with_words else head + b"}"

    def is_as(self, seen: SeenLine) -> bool:
        return (self.start_s, self.end_s, self.speaker, self.text) == (
            seen.start_s,
            seen.end_s,
            seen.speaker,
            seen.text,
        )

    def segment(self) -> dict[str, Any]:
        """As in ``fusion.json``, without a name."""
        kept = json.loads(b"{" + self.told + b"}")
        names = ("start", "end", "speaker", "name", "language", "confidence", "text")
        return {**{name: kept[name] for name in names}, "name": None, "words": json.loads(self.words)}


@dataclass(frozen=True, slots=True)
class TranscriptPage:
    lines: Sequence[tuple[int, Line]]
    """With their indexes."""
    next_start: int | None
    """``None``: nothing follows."""


@dataclass(frozen=True, slots=True)
class Change:
    """What became of a transcript: ``num_removed`` lines from ``from_index`` on are now ``lines``."""

    from_index: int
    num_removed: int
    lines: Sequence[Line]


@dataclass(frozen=True, slots=True)
class Transcript:
    digest: str
    """Of who said what, whatever they are called: where a page ended is the same place under another name."""
    head: dict[str, Any]
    """``language``, ``duration_s``, ``speakers``, ``warnings``."""
    lines: tuple[Line, ...]
    size_bytes: int
    fits: Mapping[UUID, Fit] = field(default_factory=dict)
    """How the changes in it found their lines."""

    def page(self, *, from_s: float | None, to_s: float | None, start: int, limit: int) -> TranscriptPage:
        """Lines from the ``start``-th on that are heard between two times, at most ``limit``."""
        found: list[tuple[int, Line]] = []
        for index in range(start, len(self.lines)):
            line = self.lines[index]
            if to_s is not None and line.start_s >= to_s:
                break  # they are in the order of their starts
            if from_s is not None and line.end_s <= from_s:
                continue
            if len(found) == limit:
                return TranscriptPage(found, index)
            found.append((index, line))
        return TranscriptPage(found, None)

    def index_of(self, seen: SeenLine) -> int | None:
        """Where the line stands, exactly as it was seen."""
        at = bisect_left(self.lines, seen.start_s, key=_start_s)
        while at < len(self.lines) and self.lines[at].start_s == seen.start_s:
            if self.lines[at].is_as(seen):
                return at
            at += 1
        return None

    def between(self, start_s: float, end_s: float) -> list[tuple[int, Line]]:
        """What stands in a stretch of time."""
        last = bisect_right(self.lines, end_s, key=_start_s)
        return [(index, self.lines[index]) for index in range(last) if self.lines[index].end_s >= start_s]

    def changed_to(self, other: "Transcript") -> Change:
        """What is to be replaced in this one to have the other."""
        one, two = self.lines, other.lines
        shorter, start = min(len(one), len(two)), 0
        while start < shorter and _is_same(one[start], two[start]):
            start += 1
        end = 0
        while end < shorter - start and _is_same(one[-1 - end], two[-1 - end]):
            end += 1
        return Change(start, len(one) - start - end, two[start : len(two) - end])

    def patched(self, indexes: Sequence[int], after: Sequence[Mapping[str, Any]], edit_id: UUID) -> "Transcript":
        """The transcript in which an edit made these lines those."""
        names = {part["label"]: part["name"] for part in self.head["speakers"]}
        gone = set(indexes)
        place = min(self.lines[index].place for index in indexes)
        lines = [line for index, line in enumerate(self.lines) if index not in gone]
        for segment in after:
            line = _line({**segment, "name": names.get(segment["speaker"])}, edit_id, place)
            lines.insert(bisect_right(lines, (line.start_s, place), key=_order), line)
        return _transcript(self.head, tuple(lines), {**self.fits, edit_id: Fit.EXACTLY})


Key = tuple[UUID, int | None, datetime | None, int]


class TranscriptMemory:
    """Transcripts that were read lately, those that were used longest ago forgotten first."""

    def __init__(self, max_bytes: int = MAX_MEMORY_BYTES) -> None:
        self._max_bytes = max_bytes
        self._kept: OrderedDict[Key, Transcript] = OrderedDict()
        self._size_bytes = 0
        self._locks: WeakValueDictionary[Key, asyncio.Lock] = WeakValueDictionary()
        self._readers = asyncio.Semaphore(READERS)

    @property
    def size_bytes(self) -> int:
        return self._size_bytes

    async def read(self, units: UnitOfWorkFactory, storage: Storage, meeting: Meeting) -> Transcript:
        """Raises: NotReadyError, StatusConflictError, ArtefactError, StorageError."""
        published_folder(meeting)
        key = _key(meeting)
        lock = self._locks.setdefault(key, asyncio.Lock())
        async with lock:  # many readers of one transcript: one reading
            kept = self._kept.get(key)
            if kept is not None:
                self._kept.move_to_end(key)
                return kept
            async with laid_over(units, meeting) as names:
                transcript = await self.lay(storage, meeting, names)
            self._keep(key, transcript)
        return transcript

    async def lay(self, storage: Storage, meeting: Meeting, names: Names) -> Transcript:
        """The meeting's transcript as it would be with this laid over it. Raises: ArtefactError, StorageError."""
        async with self._readers:
            return await asyncio.to_thread(_read, storage, f"{published_folder(meeting)}/{FUSION}", names)

    def changed(self, before: Meeting, version: int, transcript: Transcript) -> None:
        """The transcript of ``before`` has become this one, by the change that made its version this."""
        self._keep(_key(replace(before, names_version=version)), transcript)
        self._drop(_key(before))

    def _keep(self, key: Key, transcript: Transcript) -> None:
        if transcript.size_bytes > self._max_bytes:
            return
        self._drop(key)
        self._kept[key] = transcript
        self._size_bytes += transcript.size_bytes
        while self._size_bytes > self._max_bytes:
            self._drop(next(iter(self._kept)))

    def _drop(self, key: Key) -> None:
        forgotten = self._kept.pop(key, None)
        if forgotten is not None:
            self._size_bytes -= forgotten.size_bytes


def _key(meeting: Meeting) -> Key:
    return meeting.id, meeting.results_run, meeting.published_at, meeting.names_version


def _read(storage: Storage, key: str, names: Names) -> Transcript:
    laid = lay_names(storage, key, names)
    document = laid.document
    if document["kind"] != "fusion":
        raise lost()
    try:
        places = laid.places or range(len(document["segments"]))
        lines = tuple(
            _line(segment, laid.marks.get(index), place)
            for index, (segment, place) in enumerate(zip(document["segments"], places, strict=True))
        )
        head = {
            "language": document["language"],
            "duration_s": document["recording"]["duration_s"],
            "speakers": document["speakers"],
            "warnings": document["warnings"],
        }
    except (ValueError, KeyError, TypeError) as error:
        raise lost() from error
    return _transcript(head, lines, laid.fits)


def _transcript(head: dict[str, Any], lines: tuple[Line, ...], fits: Mapping[UUID, Fit]) -> Transcript:
    total = sum(line.digest for line in lines) % _DIGITS
    digest = hashlib.sha256(f"{len(lines)} {total:032x}".encode()).hexdigest()[:24]
    size_bytes = sum(len(line.told) + len(line.words) + len(line.text) + _OVERHEAD_BYTES for line in lines)
    return Transcript(digest, head, lines, size_bytes, fits)


def _line(segment: Mapping[str, Any], mark: UUID | None, place: int) -> Line:
    words = to_json(segment["words"])
    told = {key: value for key, value in segment.items() if key != "words"}
    told["num_doubtful"] = sum(word["confidence"] < DOUBTFUL_BELOW for word in segment["words"])
    told["edit_id"] = mark and str(mark)
    start_s, end_s, speaker, text = segment["start"], segment["end"], segment["speaker"], segment["text"]
    said = to_json([start_s, end_s, speaker, text]) + words
    digest = int.from_bytes(hashlib.blake2b(said, digest_size=16).digest())
    return Line(start_s, end_s, speaker, text, to_json(told)[1:-1], words, digest, place)


def _is_same(one: Line, other: Line) -> bool:
    return one is other or (one.digest == other.digest and one.told == other.told)


def _start_s(line: Line) -> float:
    return line.start_s


def _order(line: Line) -> tuple[float, int]:
    return line.start_s, line.place
