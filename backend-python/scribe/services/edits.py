"""Corrections of transcripts: made, undone, redone, listed.

Usage::

    made = await make(units, storage, transcripts, who, meeting_id, Text(line, "Bonjour tout le monde."))
    await undo(units, storage, transcripts, who, meeting_id, made.edit.id)
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from scribe.domain.edits import EditId, EditKind, SeenLine
from scribe.domain.meeting import UserId
from scribe.domain.speech import SpeakerLabel


@dataclass(frozen=True, slots=True)
class Text:
    """Other words."""

    line: SeenLine
    text: str


@dataclass(frozen=True, slots=True)
class Split:
    line: SeenLine
    at: int


@dataclass(frozen=True, slots=True)
class Join:
    first: SeenLine
    second: SeenLine


@dataclass(frozen=True, slots=True)
class MoveLines:
    lines: tuple[SeenLine, ...]
    to_label: SpeakerLabel


@dataclass(frozen=True, slots=True)
class Confirm:
    line: SeenLine


Wish = Text | Split | Join | MoveLines | Confirm


@dataclass(frozen=True, slots=True)
class AuthorRef:
    id: UserId
    username: str
    display_name: str


@dataclass(frozen=True, slots=True)
class LineView:
    start: float
    end: float
    speaker: SpeakerLabel | None
    name: str | None
    text: str


@dataclass(frozen=True, slots=True)
class EditView:
    id: EditId
    number: int
    kind: EditKind
    author: AuthorRef | None
    created_at: datetime
    start_s: float
    end_s: float
    label: SpeakerLabel | None
    before: Sequence[LineView]
    after: Sequence[LineView]
    undone_at: datetime | None
    undone_by: AuthorRef | None
    is_lost: bool
    run: int | None


@dataclass(frozen=True, slots=True)
class Change:
    from_index: int
    num_removed: int
    segments: Sequence[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class EditMade:
    edit: EditView
    version: int
    change: Change | None
