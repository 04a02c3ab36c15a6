"""What came of a meeting, as its readers want it: transcript by the page, documents, exports, the waveform.

Owns what is answered while there is nothing yet, that the names of today stand in whatever is answered, whether or not
the files have them yet (``domain/naming_overlay.py``), and a memory of transcripts that were read lately: a page is a
slice of it, not another reading of ten megabytes of JSON. Never writes a file.

Usage::

    transcript = await transcripts.read(units, storage, meeting)
    page = transcript.page(from_s=60.0, to_s=None, start=0, limit=200)
"""

import asyncio
import hashlib
import json
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID
from weakref import WeakValueDictionary

from pydantic_core import from_json

from scribe.adapters.storage import Storage
from scribe.adapters.unit_of_work import UnitOfWork, UnitOfWorkFactory
from scribe.domain import layout
from scribe.domain.errors import ArtefactError, NotFoundError, NotReadyError, StatusConflictError
from scribe.domain.exports import FORMATS, ON_REQUEST, Results
from scribe.domain.meeting import MeetingStatus
from scribe.domain.meetings import Meeting
from scribe.domain.naming_overlay import overlay
from scribe.domain.namings import Naming, SegmentMove, Speaker
from scribe.domain.results import DiarizationDocument, FusionDocument, document_of
from scribe.domain.results.encode import encode_json
from scribe.domain.typography import ReadingLanguage, reading_language
from scribe.domain.waveform import reduced_json

MAX_MEMORY_BYTES = 64 * 2**20
READERS = 2
"""Documents that are parsed at the same time: each takes some ten times its size for a moment."""

DOUBTFUL_BELOW = 0.5
"""A word's confidence below which it is marked for people to listen to."""
FUSION = "fusion.json"
DIARIZATION = "diarization.json"


@dataclass(frozen=True, slots=True)
class Line:
    """A segment of the transcript, ready to be sent."""

    start_s: float
    end_s: float
    head: bytes
    """A JSON object without its words and without its closing brace."""
    words: bytes
    """A JSON list."""

    def to_json(self, *, with_words: bool) -> bytes:
        return self.head + b',"words":' + self.words + b"}" if with_words else self.head + b"}"


@dataclass(frozen=True, slots=True)
class TranscriptPage:
    lines: Sequence[Line]
    next_start: int | None
    """``None``: nothing follows."""


@dataclass(frozen=True, slots=True)
class Transcript:
    digest: str
    """Of who said what, whatever they are called: where a page ended is the same place under another name."""
    head: dict[str, Any]
    """``language``, ``duration_s``, ``speakers``, ``warnings``."""
    lines: tuple[Line, ...]
    size_bytes: int

    def page(self, *, from_s: float | None, to_s: float | None, start: int, limit: int) -> TranscriptPage:
        """Lines from the ``start``-th on that are heard between two times, at most ``limit``."""
        found: list[Line] = []
        for index in range(start, len(self.lines)):
            line = self.lines[index]
            if to_s is not None and line.start_s >= to_s:
                break  # they are in the order of their starts
            if from_s is not None and line.end_s <= from_s:
                continue
            if len(found) == limit:
                return TranscriptPage(found, index)
            found.append(line)
        return TranscriptPage(found, None)


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
        folder = published_folder(meeting)
        key: Key = (meeting.id, meeting.results_run, meeting.published_at, meeting.names_version)
        lock = self._locks.setdefault(key, asyncio.Lock())
        async with lock:  # many readers of one transcript: one reading
            kept = self._kept.get(key)
            if kept is not None:
                self._kept.move_to_end(key)
                return kept
            async with self._readers, laid_over(units, meeting) as names:
                transcript = await asyncio.to_thread(_read_transcript, storage, f"{folder}/{FUSION}", names)
            self._keep(key, transcript)
        return transcript

    def _keep(self, key: Key, transcript: Transcript) -> None:
        if transcript.size_bytes > self._max_bytes:
            return
        self._kept[key] = transcript
        self._size_bytes += transcript.size_bytes
        while self._size_bytes > self._max_bytes:
            _, forgotten = self._kept.popitem(last=False)
            self._size_bytes -= forgotten.size_bytes


def published_folder(meeting: Meeting) -> str:
    """Raises: NotReadyError while it waits or runs for the first time, StatusConflictError when nothing came of it."""
    if meeting.published_at is not None and meeting.results_folder is not None:
        return meeting.results_folder
    raise _nothing_yet(meeting, "results")


def document_key(meeting: Meeting, kind: str) -> str:
    """Raises: NotReadyError, StatusConflictError; NotFoundError for one that this run could not make."""
    folder = published_folder(meeting)
    if not meeting.has_result(f"{kind}.json"):
        raise NotFoundError(
            f"This meeting has no {kind}: the stage failed, its warnings say why. Retry it with `rerun`."
        )
    return f"{folder}/{kind}.json"


def export_key(meeting: Meeting, name: str) -> str | None:
    """Where the format is stored; ``None``: it must be made from the documents. Raises: as :func:`document_key`."""
    folder = published_folder(meeting)
    if name in ON_REQUEST or FORMATS[name].has_title or not meeting.are_names_written:
        return None
    file_name = FORMATS[name].file_name
    return f"{folder}/{file_name}" if meeting.has_result(file_name) else None


async def document(units: UnitOfWorkFactory, storage: Storage, meeting: Meeting, kind: str) -> bytes | None:
    """``fusion`` or ``diarization`` with the names of today; ``None``: the stored one has them.

    Raises: as :func:`document_key`, ArtefactError.
    """
    key = document_key(meeting, kind)
    if meeting.are_names_written or f"{kind}.json" not in {FUSION, DIARIZATION}:
        return None
    async with laid_over(units, meeting) as names:
        return await asyncio.to_thread(lambda: encode_json(read_named(storage, key, names)).encode())


async def render(
    units: UnitOfWorkFactory, storage: Storage, meeting: Meeting, name: str, language: ReadingLanguage | None
) -> bytes:
    """A format, made from the documents. Raises: NotReadyError, StatusConflictError, ArtefactError."""
    published_folder(meeting)
    async with laid_over(units, meeting) as names:
        return await asyncio.to_thread(_render, storage, meeting, name, language, names)


@dataclass(frozen=True, slots=True)
class Names:
    """What is laid over the documents of a meeting."""

    speakers: Sequence[Speaker]
    moves: Sequence[SegmentMove]


async def names_of(unit: UnitOfWork, meeting: Meeting) -> Names:
    """Who is who today, as far as the meeting's owner may know: of a person who is not shared any more, or whom an
    administrator confirmed, only the name is left, as text; what the bank merely thinks of them is not told at all."""
    speakers = []
    for speaker in await unit.speakers.of_meeting(meeting.id):
        person = None if speaker.person_id is None else await unit.people.get(speaker.person_id)
        is_hidden = person is not None and not (person.is_shared or person.owner_id == meeting.owner_id)
        speakers.append(_without_person(speaker) if is_hidden else speaker)
    return Names(speakers, await unit.speakers.moves(meeting.id))


@asynccontextmanager
async def laid_over(units: UnitOfWorkFactory, meeting: Meeting) -> AsyncIterator[Names]:
    """For reading ``meeting``'s files in the block: names and files are of the same run.

    Raises: ArtefactError when a run was published meanwhile: what was read may be its voices under the names of others.
    """
    async with units() as unit:
        names = await names_of(unit, meeting)
    yield names
    async with units() as unit:
        if await unit.meetings.published_at(meeting.id) != meeting.published_at:
            raise _lost()


def _without_person(speaker: Speaker) -> Speaker:
    name = speaker.shown_name
    if speaker.naming.is_human:
        return replace(speaker, person_id=None, person_name=None, name=name)
    naming = speaker.naming if name is not None else Naming.UNKNOWN
    return replace(
        speaker,
        naming=naming,
        person_id=None,
        person_name=None,
        name=name,
        score=None,
        probability=None,
        reason=None,
        explanation="",
        candidates=(),
    )


async def waveform(storage: Storage, meeting: Meeting, points: int | None) -> bytes:
    """Peaks as JSON, reduced to at most ``points``. Raises: NotReadyError, StatusConflictError, StorageError."""
    content = await asyncio.to_thread(storage.read, layout.peaks_key(meeting.id))
    if content is None:
        raise _nothing_yet(meeting, "waveform")
    return content if points is None else await asyncio.to_thread(reduced_json, content, points)


def _nothing_yet(meeting: Meeting, what: str) -> Exception:
    if not meeting.status.is_terminal:
        return NotReadyError(
            f"The meeting is {meeting.status} ({meeting.percent:.0f} %): there is no {what} yet.",
            str(meeting.status),
            meeting.percent,
        )
    if meeting.status is MeetingStatus.COMPLETED:
        return NotFoundError(f"This meeting has no {what}.")
    return StatusConflictError(f"The meeting is {meeting.status}: there is no {what}. Retry it.")


def _read_transcript(storage: Storage, key: str, names: Names) -> Transcript:
    document = read_named(storage, key, names)
    if document["kind"] != "fusion":
        raise _lost()
    try:
        digest = hashlib.sha256()
        lines = tuple(_line(index, segment, digest.update) for index, segment in enumerate(document["segments"]))
        head = {
            "language": document["language"],
            "duration_s": document["recording"]["duration_s"],
            "speakers": document["speakers"],
            "warnings": document["warnings"],
        }
    except (ValueError, KeyError, TypeError) as error:
        raise _lost() from error
    size_bytes = sum(len(line.head) + len(line.words) + 200 for line in lines)
    return Transcript(digest.hexdigest()[:24], head, lines, size_bytes)


def _line(index: int, segment: Mapping[str, Any], digest: Callable[[bytes], None]) -> Line:
    words = _compact(segment["words"])
    told = {key: value for key, value in segment.items() if key != "words"}
    num_doubtful = sum(word["confidence"] < DOUBTFUL_BELOW for word in segment["words"])
    head = _compact({"index": index, **told, "num_doubtful": num_doubtful, "edit_id": None})
    digest(_compact([segment[key] for key in ("start", "end", "speaker", "text")]) + words)
    return Line(segment["start"], segment["end"], head[:-1], words)


def _compact(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def _render(storage: Storage, meeting: Meeting, name: str, language: ReadingLanguage | None, names: Names) -> bytes:
    if name in ON_REQUEST:
        raise NotFoundError(f"{name} cannot be made yet.")
    results = read_results(storage, meeting, names)
    titled = replace(results, title=meeting.title)
    return FORMATS[name].write(titled, language or reading_language(results.fusion.language)).encode()


def read_results(storage: Storage, meeting: Meeting, names: Names) -> Results:
    """The documents with names laid over them. Raises: ArtefactError, StorageError."""
    folder = published_folder(meeting)
    fusion = read_named(storage, f"{folder}/{FUSION}", names)
    has_diarization = meeting.has_result(DIARIZATION)
    return results_of(fusion, read_named(storage, f"{folder}/{DIARIZATION}", names) if has_diarization else None)


def results_of(fusion: dict[str, Any] | None, diarization: dict[str, Any] | None) -> Results:
    """From what :func:`read_named` read. Raises: ArtefactError."""
    one, other = (None if value is None else document_of(value) for value in (fusion, diarization))
    if not isinstance(one, FusionDocument) or not isinstance(other, DiarizationDocument | None):
        raise _lost()
    return Results(one, other)


def read_named(storage: Storage, key: str, names: Names) -> dict[str, Any]:
    """JSON values of a document with names laid over it. Raises: ArtefactError, StorageError."""
    content = storage.read(key)
    if content is None:
        raise _lost()
    try:
        return overlay(from_json(content), names.speakers, names.moves)
    except ValueError as error:
        raise _lost() from error


def _lost() -> ArtefactError:
    return ArtefactError("The results of this meeting cannot be read: run it again.")
