"""What a first run has made so far, for people who do not want to wait: read from its checkpoints.

Owns which checkpoints are of the present run: a stage's, once the run has finished that stage; of the blocks of text
before that, those that have the fingerprint of the block that this run wrote last (blocks that an interrupted run
left, and this one takes over, have it, too). Voiceprints are left behind where they are read. Never writes.

Usage::

    preview = await desk.read(storage, meeting)
"""

import asyncio
from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import count
from threading import Lock

from scribe.adapters.storage import Storage, StoredFile
from scribe.domain import layout
from scribe.domain.errors import NotFoundError, StatusConflictError
from scribe.domain.meeting import Stage
from scribe.domain.meetings import Meeting
from scribe.domain.previews import HeardTurns, Preview, PreviewLine, attributed
from scribe.domain.speech import Diarization, TranscribedBlock
from scribe.pipeline.checkpoints import Fingerprint, block_name, fingerprint_of, opened

MAX_LINES = 50_000
"""Kept in memory, some 15 MB: those of ten meetings of four hours."""
_HEAD_BYTES = 128
_DIARIZATION, _TRANSCRIPT = f"{Stage.DIARIZE}.json", f"{Stage.TRANSCRIBE}.json"


@dataclass(frozen=True, slots=True)
class Block:
    """A few minutes of text."""

    fingerprint: Fingerprint
    end_s: float
    lines: tuple[PreviewLine, ...]


Kept = Block | HeardTurns | None
"""``None``: the file is damaged."""


class PreviewDesk:
    """Remembers files that were read, those that were used longest ago forgotten first: they never change in place."""

    def __init__(self, max_lines: int = MAX_LINES) -> None:
        self._max_lines = max_lines
        self._kept: OrderedDict[StoredFile, Kept] = OrderedDict()
        self._num_lines = 0
        self._lock = Lock()

    @property
    def num_lines(self) -> int:
        return self._num_lines

    async def read(self, storage: Storage, meeting: Meeting) -> Preview:
        """Empty while nothing is finished. Raises: StatusConflictError once there are results, StorageError."""
        if meeting.published_at is not None:
            raise StatusConflictError("The meeting has results: read its transcript.")
        return await asyncio.to_thread(self._read, storage, meeting)

    def _read(self, storage: Storage, meeting: Meeting) -> Preview:
        files = _files(storage, meeting) if meeting.started_at is not None else {}
        heard = self._heard(storage, files) if Stage.DIARIZE in meeting.stages else None
        blocks = self._blocks(storage, files, meeting)
        lines = [line for block in blocks for line in block.lines]
        return Preview(
            meeting.id,
            meeting.run,
            meeting.duration_s if heard is None else heard.duration_s,
            blocks[-1].end_s if blocks else 0.0,
            heard,
            attributed(lines, () if heard is None else heard.exclusive_turns),
        )

    def _heard(self, storage: Storage, files: Mapping[str, StoredFile]) -> HeardTurns | None:
        file = files.get(_DIARIZATION)
        kept = None if file is None else self._value(storage, file)
        return kept if isinstance(kept, HeardTurns) else None

    def _blocks(self, storage: Storage, files: Mapping[str, StoredFile], meeting: Meeting) -> Sequence[Block]:
        its = self._fingerprint(storage, files, meeting)
        if its is None:
            return ()
        found = []
        for file in _numbered(files):
            block = self._value(storage, file)
            if not isinstance(block, Block) or block.fingerprint != its:
                break
            found.append(block)
        return found

    def _fingerprint(self, storage: Storage, files: Mapping[str, StoredFile], meeting: Meeting) -> Fingerprint | None:
        """Of the present run's text; ``None`` while it has none."""
        if Stage.TRANSCRIBE in meeting.stages and _TRANSCRIPT in files:
            return _fingerprint_in(storage, files[_TRANSCRIPT])
        own = [file for file in _numbered(files) if _is_since(file, meeting.started_at)]
        for file in sorted(own, key=lambda file: file.modified_at, reverse=True):
            block = self._value(storage, file)
            if isinstance(block, Block):
                return block.fingerprint
        return None

    def _value(self, storage: Storage, file: StoredFile) -> Kept:
        with self._lock:
            if file in self._kept:
                self._kept.move_to_end(file)
                return self._kept[file]
        value = _opened(storage, file)
        with self._lock:
            if file not in self._kept:
                self._kept[file] = value
                self._num_lines += _num_lines(value)
            while self._num_lines > self._max_lines and len(self._kept) > 1:
                self._num_lines -= _num_lines(self._kept.popitem(last=False)[1])
        return value


def _files(storage: Storage, meeting: Meeting) -> dict[str, StoredFile]:
    """By name."""
    return {file.key.rpartition("/")[2]: file for file in storage.files(layout.checkpoints_folder(meeting.id))}


def _numbered(files: Mapping[str, StoredFile]) -> Iterator[StoredFile]:
    """Blocks from the first one on, until one is missing."""
    for number in count():
        file = files.get(f"{block_name(number)}.json")
        if file is None:
            return
        yield file


def _is_since(file: StoredFile, started_at: datetime | None) -> bool:
    return started_at is not None and file.modified_at >= started_at


def _fingerprint_in(storage: Storage, file: StoredFile) -> Fingerprint | None:
    try:
        with storage.open_read(file.key) as content:
            return fingerprint_of(content.read(_HEAD_BYTES))
    except NotFoundError:
        return None  # deleted meanwhile


def _opened(storage: Storage, file: StoredFile) -> Kept:
    """Texts and times only."""
    content = storage.read(file.key)
    if content is None:
        return None
    if file.key.endswith(f"/{_DIARIZATION}"):
        diarization = opened(Diarization, content)
        return None if diarization is None else _without_voiceprints(diarization.value)
    block = opened(TranscribedBlock, content)
    if block is None:
        return None
    lines = tuple(PreviewLine(line.start_s, line.end_s, line.text, line.language) for line in block.value.segments)
    return Block(fingerprint_of(content), block.value.end_s, lines)


def _without_voiceprints(diarization: Diarization) -> HeardTurns:
    return HeardTurns(diarization.duration_s, diarization.turns, diarization.exclusive_turns)


def _num_lines(value: Kept) -> int:
    match value:
        case Block():
            return 1 + len(value.lines)
        case HeardTurns():
            return 1 + len(value.turns) + len(value.exclusive_turns)
        case None:
            return 1
