"""Corrections of transcripts over HTTP.

Owns what may be changed and how a change is shown. A line is sent as it was seen, so that nobody changes what somebody
else has changed meanwhile.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, Literal, Self, cast
from uuid import UUID

from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field, StringConstraints

from scribe.api.schemas.accounts import In
from scribe.api.schemas.meetings import Out
from scribe.api.schemas.speakers import Seconds
from scribe.api.schemas.texts import Label
from scribe.api.schemas.transcripts import TranscriptSegmentOut
from scribe.domain.corrections import MAX_TEXT_LENGTH, clean_text
from scribe.domain.edits import EditKind, SeenLine
from scribe.domain.errors import EditConflictError
from scribe.domain.speech import SpeakerLabel
from scribe.services.edit_views import EditMade, EditView, HistoryPage
from scribe.services.edits import Confirm, Join, MoveLines, Split, Text, Wish
from scribe.services.transcripts import Change, Line

MAX_MOVED_LINES = 200


def _clean(text: object) -> object:
    return clean_text(text) if isinstance(text, str) else text


def _storable(text: str) -> str:
    if any(character == "\0" or "\ud800" <= character <= "\udfff" for character in text):
        raise ValueError("must not hold NUL or lone surrogates")
    return text


class LineIn(In):
    """A segment exactly as the transcript showed it."""

    start: Seconds
    end: Seconds
    speaker: Label | None
    text: Annotated[str, StringConstraints(max_length=MAX_TEXT_LENGTH)]

    def seen(self) -> SeenLine:
        return SeenLine(self.start, self.end, None if self.speaker is None else SpeakerLabel(self.speaker), self.text)


class TextEditIn(In):
    """Other words in place of a segment's."""

    model_config = ConfigDict(
        extra="forbid",
        use_attribute_docstrings=True,
        json_schema_extra={
            "example": {
                "kind": "text",
                "segment": {"start": 0.5, "end": 2.1, "speaker": "SPEAKER_00", "text": "Bonjour tous le monde."},
                "text": "Bonjour tout le monde.",
            }
        },
    )

    kind: Literal["text"]
    segment: LineIn
    text: Annotated[
        str, BeforeValidator(_clean), StringConstraints(max_length=MAX_TEXT_LENGTH), AfterValidator(_storable)
    ]
    """Empty: the segment is removed."""

    def wish(self) -> Wish:
        return Text(self.segment.seen(), self.text)


class SplitEditIn(In):
    """Two segments in place of one."""

    kind: Literal["split"]
    segment: LineIn
    at: Annotated[int, Field(ge=1)]
    """Index of the word that begins the second half."""

    def wish(self) -> Wish:
        return Split(self.segment.seen(), self.at)


class JoinEditIn(In):
    """One segment in place of two that follow each other; the first one's speaker says it all."""

    kind: Literal["join"]
    segments: Annotated[list[LineIn], Field(min_length=2, max_length=2)]

    def wish(self) -> Wish:
        one, other = self.segments
        return Join(one.seen(), other.seen())


class MoveEditIn(In):
    """Whole segments are another speaker's."""

    kind: Literal["move"]
    segments: Annotated[list[LineIn], Field(min_length=1, max_length=MAX_MOVED_LINES)]
    to_label: Label

    def wish(self) -> Wish:
        return MoveLines(tuple(line.seen() for line in self.segments), SpeakerLabel(self.to_label))


class ConfirmEditIn(In):
    """The text is right as it stands: none of its words is doubtful any more."""

    kind: Literal["confirm"]
    segment: LineIn

    def wish(self) -> Wish:
        return Confirm(self.segment.seen())


EditIn = Annotated[TextEditIn | SplitEditIn | JoinEditIn | MoveEditIn | ConfirmEditIn, Field(discriminator="kind")]


class SpeakerMergeIn(In):
    """Two speakers are one."""

    into: Label
    """Whose everything is from now on that the other one says."""


class EditAuthorOut(Out):
    id: UUID
    username: str
    display_name: str


class EditLineOut(Out):
    start: float
    end: float
    speaker: str | None
    name: str | None
    """What the speaker is called today; of a `name` edit, what was decided."""
    text: str


class EditOut(Out):
    """One change that somebody made."""

    id: UUID
    number: int
    """Counts within the meeting, from 1."""
    kind: EditKind
    author: EditAuthorOut | None
    """Null: the account is gone."""
    created_at: datetime
    start_s: float
    end_s: float
    label: str | None
    """The speaker whom it is about."""
    before: list[EditLineOut]
    """Lines as they were; at most 50 of a change of many."""
    after: list[EditLineOut]
    """What they became; empty: they were removed."""
    undone_at: datetime | None
    undone_by: EditAuthorOut | None
    is_lost: bool
    """After another run it has no place: kept, but not applied."""
    run: int | None
    """Whose transcript it was made in."""

    @classmethod
    def of(cls, view: EditView) -> Self:
        return cls.model_validate(view)


class EditsOut(Out):
    items: list[EditOut]
    """The newest first."""
    next: str | None
    """To be sent as `cursor` for what is older; null: this is the last page."""

    @classmethod
    def of(cls, page: HistoryPage) -> Self:
        return cls(items=[EditOut.of(view) for view in page.items], next=page.next)


class TranscriptChangeOut(Out):
    """What became of the transcript: replace `num_removed` segments from `from_index` on by `segments`; those that
    follow have other indexes then."""

    from_index: int
    num_removed: int
    segments: list[TranscriptSegmentOut]

    @classmethod
    def of(cls, change: Change) -> Self:
        segments = [segment_out(index, line) for index, line in enumerate(change.lines, change.from_index)]
        return cls(from_index=change.from_index, num_removed=change.num_removed, segments=segments)


def segment_out(index: int, line: Line) -> TranscriptSegmentOut:
    return TranscriptSegmentOut.model_validate_json(line.to_json(index, with_words=True))


class EditMadeOut(Out):
    edit: EditOut
    version: int
    """Of the transcript, from now on."""
    change: TranscriptChangeOut | None
    """Null: read the transcript again."""

    @classmethod
    def of(cls, made: EditMade) -> Self:
        return cls(
            edit=EditOut.of(made.edit),
            version=made.version,
            change=None if made.change is None else TranscriptChangeOut.of(made.change),
        )


def conflict_out(error: EditConflictError) -> dict[str, Any]:
    """What the problem `edit.conflict` says besides: who changed it, and what stands there now."""
    edits = [EditOut.model_validate(view) for view in error.edits]
    current = [segment_out(index, line) for index, line in cast("Sequence[tuple[int, Line]]", error.current)]
    return {
        "edits": [edit.model_dump(mode="json") for edit in edits],
        "current": [segment.model_dump(mode="json") for segment in current],
    }
