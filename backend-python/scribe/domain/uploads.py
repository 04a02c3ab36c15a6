"""A resumable upload on its way in, and what can be said of a recording from its first bytes.

Owns the value and how its draft is kept as JSON; never a byte of storage (``services/resumable.py``).
"""

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import pairwise
from typing import Any
from uuid import UUID, uuid4

from scribe.domain.meeting import MeetingId, Priority, UserId
from scribe.domain.requests import MeetingDraft, RunOptions

PIECE_BYTES = 8 << 20
"""A resumable upload is kept in pieces of at most this size: what a killed process may cost."""
_MIN_TEXT_BYTES = 256
_NAME_DIGITS = 16


@dataclass(frozen=True, slots=True)
class Upload:
    id: UUID
    """Also of the meeting it becomes."""
    owner_id: UserId
    length_bytes: int
    offset_bytes: int
    """What is safe in storage."""
    pieces: tuple[str, ...]
    """Names of the pieces that count, in order of their bytes; others in the folder do not."""
    metadata: str
    """The client's Upload-Metadata, word for word."""
    draft: MeetingDraft
    created_at: datetime
    expires_at: datetime
    meeting_id: MeetingId | None
    is_duplicate: bool

    @property
    def is_complete(self) -> bool:
        return self.offset_bytes == self.length_bytes


def new_piece_name(offset_bytes: int) -> str:
    """Never the same twice: a process that woke up late cannot write over what another one has written since."""
    return f"{offset_bytes:0{_NAME_DIGITS}d}-{uuid4().hex[:12]}"


def piece_sizes(pieces: Sequence[str], total_bytes: int) -> list[int]:
    """How many bytes each piece must have."""
    offsets = [int(name[:_NAME_DIGITS]) for name in pieces]
    return [after - before for before, after in pairwise([*offsets, total_bytes])]


def looks_like_text(start: bytes) -> bool:
    """Whether a file that begins so is text from its first byte: a page, a list, a log. ``False`` in every doubt: all
    containers and codecs have bytes within their first hundreds that no text has."""
    if len(start) < _MIN_TEXT_BYTES:
        return False
    try:
        text = start.decode("utf-8")
    except UnicodeDecodeError as error:
        if error.start < len(start) - 3:  # else a character is cut in two at the end
            return False
        text = start[: error.start].decode("utf-8")
    return all(character in "\t\n\r\f" or unicodedata.category(character)[0] != "C" for character in text)


def draft_to_json(draft: MeetingDraft) -> dict[str, Any]:
    return {
        "title": draft.title,
        "held_on": draft.held_on.isoformat() if draft.held_on else None,
        "notes": draft.notes,
        "tags": list(draft.tags),
        "file_name": draft.file_name,
        "media_type": draft.media_type,
        "priority": int(draft.priority),
        "options": draft.options.to_json(),
        "is_duplicate_welcome": draft.is_duplicate_welcome,
    }


def draft_from_json(kept: Mapping[str, Any]) -> MeetingDraft:
    return MeetingDraft(
        title=kept["title"],
        held_on=date.fromisoformat(kept["held_on"]) if kept["held_on"] else None,
        notes=kept["notes"],
        tags=tuple(kept["tags"]),
        file_name=kept["file_name"],
        media_type=kept["media_type"],
        priority=Priority(kept["priority"]),
        options=RunOptions.from_json(kept["options"]),
        is_duplicate_welcome=kept["is_duplicate_welcome"],
    )
