"""What people changed in a transcript: the history of a meeting, one edit a change.

Owns these values; ``domain/corrected_speech.py`` lays corrections over result documents, ``services/edits.py`` makes,
undoes and redoes them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, NewType
from uuid import UUID

from scribe.domain.meeting import MeetingId, UserId
from scribe.domain.speech import Span, SpeakerLabel

EditId = NewType("EditId", UUID)
Json = dict[str, Any]


class EditKind(StrEnum):
    TEXT = "text"
    """Other words, or none: then the segment is gone."""
    SPLIT = "split"
    JOIN = "join"
    CONFIRM = "confirm"
    """The words are right as they stand."""
    MOVE = "move"
    """Stretches are another speaker's."""
    MERGE = "merge"
    """Two speakers are one."""
    NAME = "name"
    """Who a speaker is."""

    @property
    def is_correction(self) -> bool:
        """Says: these lines became those."""
        return self in {EditKind.TEXT, EditKind.SPLIT, EditKind.JOIN, EditKind.CONFIRM}


@dataclass(frozen=True, slots=True)
class SeenLine:
    """A segment of the transcript as somebody saw it: all of it must be so, still, when it is changed."""

    start_s: float
    end_s: float
    speaker: SpeakerLabel | None
    text: str


@dataclass(frozen=True, slots=True)
class EditAuthor:
    """Who changed it, for others who may see the meeting."""

    id: UserId
    username: str
    display_name: str


@dataclass(frozen=True, slots=True)
class Edit:
    """One change: a row of ``edits``."""

    id: EditId
    meeting_id: MeetingId
    number: int
    """From 1, in the order in which they were made."""
    position: int
    """In which they are applied: redoing puts an edit at the end."""
    kind: EditKind
    author_id: UserId | None
    created_at: datetime
    span: Span
    label: SpeakerLabel | None
    """The speaker whom it is about."""
    payload: Mapping[str, Any] = field(hash=False)
    """``before`` and ``after``: lines (segments as in ``fusion.json``, without names; what was before has no words); of
    a name, the decisions. ``moves``: of a move, its stretches."""
    run: int | None = None
    """Whose transcript it was made in."""
    undone_at: datetime | None = None
    undone_by: UserId | None = None
    is_lost: bool = False
    """After another run it has no place: kept and shown, not applied."""

    @property
    def is_standing(self) -> bool:
        return self.undone_at is None and not self.is_lost


@dataclass(frozen=True, slots=True)
class Correction:
    """What is laid over a transcript of an edit: these lines became those, or (``is_move``) are moved."""

    edit_id: EditId
    position: int
    before: tuple[SeenLine, ...]
    after: tuple[Json, ...] = field(hash=False)
    """Segments as in ``fusion.json``, without names."""
    is_move: bool = False
    """Then ``before`` are the lines that its moves (domain/namings.py) are meant for."""


def segment_of(kept: Mapping[str, Any]) -> Json:
    """From JSON that a database has put in another order: fields in that of ``fusion.json``, nobody named."""
    return {
        "start": kept["start"],
        "end": kept["end"],
        "speaker": kept["speaker"],
        "name": None,
        "language": kept["language"],
        "confidence": kept["confidence"],
        "text": kept["text"],
        "words": [
            {name: word[name] for name in ("start", "end", "word", "confidence", "speaker")} for word in kept["words"]
        ],
    }
