"""Corrections of transcripts: other words, lines split, joined, confirmed, given to others, speakers merged (ADR 17).

Owns these transactions, and that nobody changes what somebody else has changed meanwhile: the lines that a client saw
must stand exactly so. A change is one row of ``edits``, laid over the result files when they are read
(``domain/corrected_speech.py``). Never undoes (``services/edit_undoing.py``).

Usage::

    made = await make(desk, who, meeting_id, Text(line, "Bonjour tout le monde."))
    await merge(desk, who, meeting_id, label, into)
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from scribe.adapters.unit_of_work import UnitOfWork
from scribe.core.ids import uuid7
from scribe.domain import corrections
from scribe.domain.accounts import Principal
from scribe.domain.audit import Action
from scribe.domain.edits import Edit, EditId, EditKind, SeenLine
from scribe.domain.errors import ConflictError, NotFoundError, OptionError
from scribe.domain.meeting import MeetingId
from scribe.domain.meetings import Meeting
from scribe.domain.namings import SegmentMove
from scribe.domain.speech import Span, SpeakerLabel
from scribe.services.edit_desk import (
    EditDesk,
    Seen,
    again,
    look,
    made,
    next_place,
    next_position,
    proposed_with,
    read,
    unchanged,
)
from scribe.services.edit_recording import record_edit
from scribe.services.edit_views import EditMade, conflict, shown
from scribe.services.moves import MAX_MOVES, names_changed
from scribe.services.transcripts import Transcript

Json = dict[str, Any]
_INSTANT_S = 0.001


@dataclass(frozen=True, slots=True)
class Text:
    """Other words; none: the line is removed."""

    line: SeenLine
    text: str


@dataclass(frozen=True, slots=True)
class Split:
    line: SeenLine
    at: int
    """The word that begins the second half."""


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


async def make(desk: EditDesk, who: Principal, meeting_id: MeetingId, wish: Wish) -> EditMade:
    """Raises: NotFoundError, NotReadyError, StatusConflictError, OptionError (nothing would change);
    EditConflictError when a line is not there any more as it was seen."""
    if isinstance(wish, MoveLines):
        return await again(lambda: _move_lines(desk, who, meeting_id, wish))
    return await again(lambda: _correct(desk, who, meeting_id, wish))


async def merge(
    desk: EditDesk, who: Principal, meeting_id: MeetingId, label: SpeakerLabel, into: SpeakerLabel
) -> EditMade:
    """All that ``label`` says is ``into``'s. Raises: as :func:`make`."""
    if label == into:
        raise OptionError("This is one and the same speaker already.")
    return await again(lambda: _merge(desk, who, meeting_id, label, into))


async def _correct(
    desk: EditDesk, who: Principal, meeting_id: MeetingId, wish: Text | Split | Join | Confirm
) -> EditMade:
    meeting, transcript = await read(desk, who, meeting_id)
    lines = (wish.first, wish.second) if isinstance(wish, Join) else (wish.line,)
    indexes = [transcript.index_of(line) for line in lines]
    found = [index for index in indexes if index is not None]
    if len(set(found)) < len(lines):
        raise await conflict(desk.units, who, meeting, transcript, _span_of(lines))
    if isinstance(wish, Join):
        _require_neighbours(transcript, *found)
    before = [transcript.lines[index].segment() for index in found]
    kind, after = _corrected(wish, before)
    async with unchanged(desk, who, meeting) as unit:
        edit = await _new(unit, who, meeting, kind, lines, after)
        await unit.edits.add(edit)
        record_edit(unit, Action.TRANSCRIPT_EDITED, edit)
        version = await names_changed(unit, meeting, edit.label, is_patient=True)
        view = await shown(unit, edit)
    changed = transcript.patched(found, after, edit.id)
    desk.transcripts.changed(meeting, version, changed)
    return EditMade(view, version, transcript.changed_to(changed))


def _corrected(wish: Text | Split | Join | Confirm, before: Sequence[Json]) -> tuple[EditKind, list[Json]]:
    """Raises: OptionError."""
    if isinstance(wish, Join):
        return EditKind.JOIN, [corrections.joined(*before)]
    (segment,) = before
    if isinstance(wish, Split):
        return EditKind.SPLIT, corrections.split(segment, wish.at)
    if isinstance(wish, Confirm):
        return EditKind.CONFIRM, [corrections.confirmed(segment)]
    after = corrections.retexted(segment, wish.text)
    if [one["text"] for one in after] == [segment["text"]]:
        raise OptionError("The text is as it was.")
    return EditKind.TEXT, after


def _require_neighbours(transcript: Transcript, first: int, second: int) -> None:
    """Others may talk in between, but neither of the two. Raises: OptionError."""
    whose = {transcript.lines[first].speaker, transcript.lines[second].speaker}
    if second <= first or any(line.speaker in whose for line in transcript.lines[first + 1 : second]):
        raise OptionError("Only segments that follow each other can become one: the earlier one first.")


async def _move_lines(desk: EditDesk, who: Principal, meeting_id: MeetingId, wish: MoveLines) -> EditMade:
    meeting, transcript = await read(desk, who, meeting_id)
    if any(transcript.index_of(line) is None for line in wish.lines):
        raise await conflict(desk.units, who, meeting, transcript, _span_of(wish.lines))
    if all(line.speaker == wish.to_label for line in wish.lines):
        raise OptionError("These segments are this speaker's already.")
    _require_speaker(transcript, wish.to_label)
    seen = await look(desk, meeting, transcript)
    moved = [line for line in wish.lines if line.speaker != wish.to_label]
    spans = [(_move_span(transcript, line), line.speaker) for line in moved]
    after = [_line_json(replace(line, speaker=wish.to_label)) for line in moved]
    return await _add_moves(desk, who, seen, EditKind.MOVE, moved, spans, wish.to_label, after)


async def _merge(
    desk: EditDesk, who: Principal, meeting_id: MeetingId, label: SpeakerLabel, into: SpeakerLabel
) -> EditMade:
    meeting, transcript = await read(desk, who, meeting_id)
    for each in (label, into):
        _require_speaker(transcript, each)
    seen = await look(desk, meeting, transcript)
    span = Span(0.0, max([transcript.head["duration_s"], *(line.end_s for line in transcript.lines)]) + 1.0)
    return await _add_moves(desk, who, seen, EditKind.MERGE, [], [(span, label)], into, [])


async def _add_moves(
    desk: EditDesk,
    who: Principal,
    seen: Seen,
    kind: EditKind,
    lines: Sequence[SeenLine],
    spans: Sequence[tuple[Span, SpeakerLabel | None]],
    to_label: SpeakerLabel,
    after: Sequence[Json],
) -> EditMade:
    """One edit of several moves."""
    if len(seen.names.moves) + len(spans) > MAX_MOVES:
        raise ConflictError(f"{MAX_MOVES} stretches of this meeting were moved: take some back first.")
    now, edit_id = datetime.now(UTC), EditId(uuid7())
    position = next_position(seen.names)
    moves = [
        SegmentMove(
            uuid7(),
            seen.meeting.id,
            span,
            from_label,
            to_label,
            who.user_id,
            now,
            is_merge=kind is EditKind.MERGE,
            position=position,
            edit_id=edit_id,
        )
        for span, from_label in spans
    ]
    payload = {
        "before": [_line_json(line) for line in lines],
        "after": list(after),
        "is_whole": kind is EditKind.MOVE,
        "moves": [_move_json(move) for move in moves],
    }
    proposed = await proposed_with(desk, seen, edit_id, moves, payload, kind, position)
    async with unchanged(desk, who, seen.meeting) as unit:
        number, real_position = await next_place(unit, seen.meeting.id)
        span = Span(min(span.start_s for span, _ in spans), max(span.end_s for span, _ in spans))
        edit = Edit(
            edit_id, seen.meeting.id, number, real_position, kind, who.user_id, now, span, spans[0][1], payload,
            seen.meeting.results_run,
        )  # fmt: skip
        await unit.edits.add(edit)
        record_edit(unit, Action.TRANSCRIPT_EDITED, edit)
        for move in moves:
            await unit.speakers.add_move(replace(move, position=real_position))
        labels = {to_label, *(label for _, label in spans)}
        version = await names_changed(unit, seen.meeting, *labels, is_patient=True)
        view = await shown(unit, edit)
    return made(desk, seen, proposed, view, version)


async def _new(
    unit: UnitOfWork,
    who: Principal,
    meeting: Meeting,
    kind: EditKind,
    lines: Sequence[SeenLine],
    after: Sequence[Json],
) -> Edit:
    number, position = await next_place(unit, meeting.id)
    payload = {"before": [_line_json(line) for line in lines], "after": [_nameless(one) for one in after]}
    return Edit(
        EditId(uuid7()), meeting.id, number, position, kind, who.user_id, datetime.now(UTC), _span_of(lines),
        lines[0].speaker, payload, meeting.results_run,
    )  # fmt: skip


def _nameless(segment: Json) -> Json:
    return {name: value for name, value in segment.items() if name != "name"}


def _line_json(line: SeenLine) -> Json:
    return {"start": line.start_s, "end": line.end_s, "speaker": line.speaker, "text": line.text}


def _move_json(move: SegmentMove) -> Json:
    return {
        "id": str(move.id),
        "start_s": move.span.start_s,
        "end_s": move.span.end_s,
        "from_label": move.from_label,
        "to_label": move.to_label,
    }


def _span_of(lines: Sequence[SeenLine]) -> Span:
    return Span(min(line.start_s for line in lines), max(line.end_s for line in lines))


def _move_span(transcript: Transcript, line: SeenLine) -> Span:
    """A move ends just before its end: a last word of no length must be in it."""
    index = transcript.index_of(line)
    words = [] if index is None else transcript.lines[index].segment()["words"]
    last_s = max([line.start_s, *((word["start"] + word["end"]) / 2 for word in words)])
    return Span(line.start_s, line.end_s if last_s < line.end_s else line.end_s + _INSTANT_S)


def _require_speaker(transcript: Transcript, label: SpeakerLabel) -> None:
    if label not in {part["label"] for part in transcript.head["speakers"]}:
        raise NotFoundError("There is no such speaker in this meeting.")
