"""The history of a meeting as a reader sees it: who changed what, and what stands against a change.

Owns what is told of an edit: lines with the names of today, authors as far as they are still there. Never changes
anything.

Usage::

    page = await history(units, who, meeting_id, limit=50, cursor=None, only_lost=False)
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from scribe.adapters.unit_of_work import UnitOfWork, UnitOfWorkFactory
from scribe.domain.accounts import Principal
from scribe.domain.edits import Edit, EditAuthor, EditId, EditKind
from scribe.domain.errors import EditConflictError, OptionError
from scribe.domain.meeting import MeetingId
from scribe.domain.meetings import Meeting
from scribe.domain.people import PersonId
from scribe.domain.speech import Span, SpeakerLabel
from scribe.services.meetings import visible
from scribe.services.transcripts import Change, Line, Transcript

MAX_LINES = 50
"""Of a change of many lines, so many are shown."""
MAX_CULPRITS = 10


@dataclass(frozen=True, slots=True)
class LineView:
    start: float
    end: float
    speaker: SpeakerLabel | None
    name: str | None
    text: str


@dataclass(frozen=True, slots=True)
class EditView:
    """An edit as a reader sees it."""

    id: EditId
    number: int
    kind: EditKind
    author: EditAuthor | None
    created_at: datetime
    start_s: float
    end_s: float
    label: SpeakerLabel | None
    before: Sequence[LineView]
    after: Sequence[LineView]
    undone_at: datetime | None
    undone_by: EditAuthor | None
    is_lost: bool
    run: int | None


@dataclass(frozen=True, slots=True)
class EditMade:
    edit: EditView
    version: int
    """Of the transcript, from now on."""
    change: Change | None
    """``None``: the transcript is to be read again."""


@dataclass(frozen=True, slots=True)
class HistoryPage:
    items: Sequence[EditView]
    next: str | None


async def history(
    units: UnitOfWorkFactory,
    who: Principal,
    meeting_id: MeetingId,
    *,
    limit: int,
    cursor: str | None = None,
    only_lost: bool = False,
) -> HistoryPage:
    """The newest first. Raises: NotFoundError; OptionError for a cursor that is none."""
    before = None if cursor is None else _number(cursor)
    async with units() as unit:
        await visible(unit, who, meeting_id)
        edits = await unit.edits.page(meeting_id, limit + 1, before_number=before, only_lost=only_lost)
        items = await views(unit, meeting_id, edits[:limit])
    return HistoryPage(items, str(items[-1].number) if len(edits) > limit else None)


async def shown(unit: UnitOfWork, edit: Edit) -> EditView:
    return (await views(unit, edit.meeting_id, [edit]))[0]


async def views(unit: UnitOfWork, meeting_id: MeetingId, edits: Sequence[Edit]) -> list[EditView]:
    if not edits:
        return []
    names = {speaker.label: speaker.shown_name for speaker in await unit.speakers.of_meeting(meeting_id)}
    authors = await unit.edits.authors(
        {id_ for edit in edits for id_ in (edit.author_id, edit.undone_by) if id_ is not None}
    )
    decisions = [edit.payload[side] for edit in edits if edit.kind is EditKind.NAME for side in ("before", "after")]
    people = await unit.edits.people_names(
        {PersonId(UUID(one["person_id"])) for one in decisions if one.get("person_id") is not None}
    )
    return [
        EditView(
            id=edit.id,
            number=edit.number,
            kind=edit.kind,
            author=None if edit.author_id is None else authors.get(edit.author_id),
            created_at=edit.created_at,
            start_s=edit.span.start_s,
            end_s=edit.span.end_s,
            label=edit.label,
            before=_lines(edit, "before", names, people),
            after=_lines(edit, "after", names, people),
            undone_at=edit.undone_at,
            undone_by=None if edit.undone_by is None else authors.get(edit.undone_by),
            is_lost=edit.is_lost,
            run=edit.run,
        )
        for edit in edits
    ]


async def conflict(
    units: UnitOfWorkFactory,
    who: Principal,
    meeting: Meeting,
    transcript: Transcript | None,
    span: Span,
    *,
    because_of: Collection[UUID] = (),
) -> EditConflictError:
    """What stands there now, and who changed it: to be raised."""
    async with units() as unit:
        await visible(unit, who, meeting.id)
        found = (
            await unit.edits.with_ids(meeting.id, because_of)
            if because_of
            else await unit.edits.around(meeting.id, span.start_s, span.end_s, MAX_CULPRITS)
        )
        edits = await views(unit, meeting.id, found)
    current: list[tuple[int, Line]] = []
    if transcript is not None:
        current = [
            (index, line)
            for index, line in transcript.between(span.start_s, span.end_s)
            if line.start_s < span.end_s or span.start_s == span.end_s
        ][:MAX_LINES]
    if because_of:
        message = "Later changes stand on this one: undo them first."
    else:
        message = "Somebody changed this part of the transcript meanwhile: look at it again."
    return EditConflictError(message, edits, current)


def _lines(
    edit: Edit, side: str, names: Mapping[SpeakerLabel, str | None], people: Mapping[PersonId, str]
) -> list[LineView]:
    start_s, end_s = edit.span.start_s, edit.span.end_s
    if edit.kind is EditKind.NAME:
        return [LineView(start_s, end_s, edit.label, _decided_name(edit.payload[side], people), "")]
    if edit.kind is EditKind.MERGE:
        (move,) = edit.payload["moves"]
        label = SpeakerLabel(move["from_label"] if side == "before" else move["to_label"])
        return [LineView(start_s, end_s, label, names.get(label), "")]
    return [
        LineView(line["start"], line["end"], line["speaker"], names.get(line["speaker"]), line["text"])
        for line in edit.payload[side][:MAX_LINES]
    ]


def _decided_name(decision: Mapping[str, Any], people: Mapping[PersonId, str]) -> str | None:
    person_id = decision.get("person_id")
    known = None if person_id is None else people.get(PersonId(UUID(person_id)))
    return known or decision.get("name")


def _number(cursor: str) -> int:
    if not (cursor.isascii() and cursor.isdigit() and len(cursor) < 10):
        raise OptionError("This `cursor` is not one that a history gave you: begin without it.")
    return int(cursor)
