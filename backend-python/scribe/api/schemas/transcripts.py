"""Transcripts over HTTP. Answers are put together from pieces that are JSON already; these models describe them, and
a test holds the two together."""

import base64
import binascii
import json
from typing import Annotated, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, model_validator

from scribe.domain.errors import ConflictError, OptionError
from scribe.domain.results.parts import AttributedWordPart, SpeakerPart, WarningPart

MAX_SEGMENTS = 2000
MAX_SEGMENTS_WITHOUT_WORDS = 20_000


class TranscriptSegmentOut(BaseModel):
    """One readable line: one voice, one language."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    index: int
    """Its place in the whole transcript, from 0."""
    start: float
    """Seconds from the start of the recording."""
    end: float
    speaker: str | None
    """A label of `speakers`; null when nobody is known."""
    name: str | None
    """The speaker's name when known."""
    language: str
    confidence: float | None
    """Mean of the words' confidence."""
    text: str
    num_doubtful: int
    """Words of which the machine is not sure (confidence below 0.5). What somebody wrote or confirmed is sure."""
    edit_id: UUID | None
    """The latest change of this segment's words that somebody made; null: it is as the machine heard it."""
    words: list[AttributedWordPart] | None = None
    """In time order; left out with `words=false`."""


class TranscriptOut(BaseModel):
    """A page of who said what, when."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    meeting_id: UUID
    run: int | None
    """Which run of the meeting made it."""
    published_at: str
    version: int
    """Counts every change that somebody made, of words, speakers and names."""
    language: str | None
    """That of most of the speech; null when nothing was said."""
    duration_s: float
    speakers: list[SpeakerPart]
    """Every voice, by label; empty when nobody was found or the speakers could not be told apart."""
    warnings: list[WarningPart]
    """What a reader must know although the run went on."""
    num_segments: int
    """Of the whole transcript."""
    segments: list[TranscriptSegmentOut]
    """By start."""
    next: str | None
    """To be sent as `cursor` for what comes after; null: this is the last page."""


class TranscriptIn(BaseModel):
    """Which part of a transcript."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)

    words: bool = True
    """With every word's time, confidence and speaker."""
    from_s: Annotated[float, Field(ge=0, allow_inf_nan=False)] | None = None
    """Only segments that end after this time."""
    to_s: Annotated[float, Field(ge=0, allow_inf_nan=False)] | None = None
    """Only segments that start before this time."""
    cursor: Annotated[str, Field(max_length=500)] | None = None
    """`next` of the page before."""
    limit: int = Field(default=500, ge=1, le=MAX_SEGMENTS_WITHOUT_WORDS)
    """Segments of a page; more than 2000 only with `words=false`."""

    @model_validator(mode="after")
    def _is_not_too_much(self) -> Self:
        if self.words and self.limit > MAX_SEGMENTS:
            raise ValueError(f"limit may be at most {MAX_SEGMENTS} unless words=false")
        return self

    def start(self, digest: str) -> int:
        """Raises: OptionError for a cursor that is none, ConflictError for one of results that were replaced."""
        if self.cursor is None:
            return 0
        its_digest, start = _decoded(self.cursor)
        if its_digest != digest:
            raise ConflictError("The meeting has new results since the page before: begin again without `cursor`.")
        return start


def cursor_of(digest: str, start: int) -> str:
    return base64.urlsafe_b64encode(json.dumps([digest, start], separators=(",", ":")).encode()).decode().rstrip("=")


def _decoded(cursor: str) -> tuple[str, int]:
    try:
        padded = cursor.encode("ascii") + b"=" * (-len(cursor) % 4)
        digest, start = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
        return _checked(digest, start)
    except (ValueError, TypeError, RecursionError, binascii.Error) as error:
        raise OptionError("This `cursor` is not one that a transcript gave you: begin without it.") from error


def _checked(digest: object, start: object) -> tuple[str, int]:
    if not isinstance(digest, str) or type(start) is not int or start < 0:
        raise ValueError("not a cursor")
    return digest, start
