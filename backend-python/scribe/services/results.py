"""What came of a meeting, as its readers want it: transcript by the page, documents, exports, the waveform.

Owns what is answered while there is nothing yet, and a memory of transcripts that were read lately: a page is a slice
of it, not another reading of ten megabytes of JSON. Never writes a file.

Usage::

    transcript = await transcripts.read(storage, meeting)
    page = transcript.page(from_s=60.0, to_s=None, start=0, limit=200)
"""

import asyncio
import hashlib
import json
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID
from weakref import WeakValueDictionary

from pydantic_core import from_json

from scribe.adapters.storage import Storage
from scribe.domain import layout
from scribe.domain.errors import ArtefactError, NotFoundError, NotReadyError, StatusConflictError
from scribe.domain.exports import FORMATS, Results
from scribe.domain.meeting import MeetingStatus
from scribe.domain.meetings import Meeting
from scribe.domain.results import DiarizationDocument, FusionDocument, read_document
from scribe.domain.typography import ReadingLanguage, reading_language
from scribe.domain.waveform import reduced_json

MAX_MEMORY_BYTES = 64 * 2**20
READERS = 2
"""Documents that are parsed at the same time: each takes some ten times its size for a moment."""

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
    """Of the document: tells one result from the next."""
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


Key = tuple[UUID, int | None, datetime | None]


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

    async def read(self, storage: Storage, meeting: Meeting) -> Transcript:
        """Raises: NotReadyError, StatusConflictError, ArtefactError, StorageError."""
        folder = published_folder(meeting)
        key: Key = (meeting.id, meeting.results_run, meeting.published_at)
        lock = self._locks.setdefault(key, asyncio.Lock())
        async with lock:  # many readers of one transcript: one reading
            kept = self._kept.get(key)
            if kept is not None:
                self._kept.move_to_end(key)
                return kept
            async with self._readers:
                transcript = await asyncio.to_thread(_read_transcript, storage, f"{folder}/{FUSION}")
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
    if FORMATS[name].has_title:
        return None
    file_name = FORMATS[name].file_name
    return f"{folder}/{file_name}" if meeting.has_result(file_name) else None


async def render(storage: Storage, meeting: Meeting, name: str, language: ReadingLanguage | None) -> bytes:
    """A format, made from the documents. Raises: NotReadyError, StatusConflictError, ArtefactError."""
    folder = published_folder(meeting)
    has_diarization = meeting.has_result(DIARIZATION)
    return await asyncio.to_thread(_render, storage, folder, name, language, meeting.title, has_diarization)


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


def _read_transcript(storage: Storage, key: str) -> Transcript:
    content = storage.read(key)
    if content is None:
        raise _lost()
    try:
        document = from_json(content)
        if document["kind"] != "fusion":
            raise _lost()
        lines = tuple(_line(index, segment) for index, segment in enumerate(document["segments"]))
        head = {
            "language": document["language"],
            "duration_s": document["recording"]["duration_s"],
            "speakers": document["speakers"],
            "warnings": document["warnings"],
        }
    except (ValueError, KeyError, TypeError) as error:
        raise _lost() from error
    size_bytes = sum(len(line.head) + len(line.words) + 200 for line in lines)
    return Transcript(hashlib.sha256(content).hexdigest()[:24], head, lines, size_bytes)


def _line(index: int, segment: dict[str, Any]) -> Line:
    words = _compact(segment.pop("words"))
    head = _compact({"index": index, **segment})
    return Line(segment["start"], segment["end"], head[:-1], words)


def _compact(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def _render(
    storage: Storage,
    folder: str,
    name: str,
    language: ReadingLanguage | None,
    title: str,
    has_diarization: bool,  # noqa: FBT001
) -> bytes:
    fusion = _document(storage, f"{folder}/{FUSION}")
    diarization = _document(storage, f"{folder}/{DIARIZATION}") if has_diarization else None
    if not isinstance(fusion, FusionDocument) or not isinstance(diarization, DiarizationDocument | None):
        raise _lost()
    text = FORMATS[name].write(Results(fusion, diarization, title), language or reading_language(fusion.language))
    return text.encode()


def _document(storage: Storage, key: str) -> object:
    content = storage.read(key)
    if content is None:
        raise _lost()
    return read_document(content)


def _lost() -> ArtefactError:
    return ArtefactError("The results of this meeting cannot be read: run it again.")
