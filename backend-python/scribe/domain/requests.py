"""What a user asks for when a recording is uploaded, before anything is processed.

Owns the wishes and their limits; ``api/schemas`` reads them from HTTP, ``worker/wiring.py`` turns them into a run.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import date
from typing import Any, Literal, Self

from scribe.domain.meeting import Priority

MAX_SPEAKERS = 50
MAX_VOCABULARY = 200
MAX_TERM_LENGTH = 100

VoiceChoice = Literal["all", "none"] | tuple[str, ...]
"""Which known voices to look for: all, none, or these names."""


@dataclass(frozen=True, slots=True)
class RunOptions:
    """What a run depends on besides the recording; stored with the meeting as JSON."""

    language: str | None = None
    """ISO 639-1; ``None``: found by itself."""
    allowed_languages: tuple[str, ...] = ()
    speakers: int | None = None
    min_speakers: int | None = None
    max_speakers: int | None = None
    vocabulary: tuple[str, ...] = ()
    model: str | None = None
    """Catalogue name; ``None``: the one the settings name."""
    voices: VoiceChoice = "all"
    reading_language: Literal["fr", "en"] | None = None
    """Of the minutes that people read; ``None``: that of the meeting."""

    def to_json(self) -> dict[str, Any]:
        """What the database keeps."""
        return asdict(self)

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> Self:
        """The inverse; a field that a newer version knows is left out, one that is missing has its default."""
        values: dict[str, Any] = {
            name: tuple(kept[name]) if isinstance(kept[name], list) else kept[name]
            for name in cls.__dataclass_fields__
            if name in kept
        }
        return cls(**values)


@dataclass(frozen=True, slots=True)
class MeetingDraft:
    """Everything about a new meeting but its recording."""

    title: str | None = None
    """``None``: the file's name without its extension."""
    held_on: date | None = None
    notes: str = ""
    tags: tuple[str, ...] = ()
    file_name: str | None = None
    """As the user's computer called it; shown, never used as a path."""
    media_type: str | None = None
    priority: Priority = Priority.NORMAL
    options: RunOptions = field(default_factory=RunOptions)
    is_duplicate_welcome: bool = False
    """Process a recording that this user uploaded before, too."""
