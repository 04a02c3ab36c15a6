"""Corrections of transcripts: made, undone, redone, listed (ADR 17).

Owns these transactions, and that nobody changes what somebody else has changed meanwhile: the lines that a client saw
must stand exactly so, and what is undone must carry nothing that was changed later. A change is one row of ``edits``,
laid over the result files when they are read (``domain/corrected_speech.py``). What a transcript would be is computed
without a lock; under the lock of the meeting's row it is checked that its version still is the one that was seen.

Usage::

    made = await make(desk, who, meeting_id, Text(line, "Bonjour tout le monde."))
    await undo(desk, who, meeting_id, made.edit.id)
"""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from scribe.adapters.edits import correction_of
from scribe.adapters.storage import Storage
from scribe.adapters.unit_of_work import UnitOfWork, UnitOfWorkFactory
from scribe.core.config import VoicesSettings
from scribe.core.ids import uuid7
from scribe.domain import corrections
from scribe.domain.accounts import Principal
from scribe.domain.corrected_speech import Fit
from scribe.domain.edits import Correction, Edit, EditId, EditKind, SeenLine
from scribe.domain.errors import ConflictError, NotFoundError, OptionError
from scribe.domain.meeting import MeetingId
from scribe.domain.meetings import Meeting
from scribe.domain.namings import SegmentMove
from scribe.domain.speech import Span, SpeakerLabel
from scribe.services import naming
from scribe.services.edit_views import EditMade, conflict, shown
from scribe.services.meetings import visible
from scribe.services.moves import MAX_MOVES, names_changed
from scribe.services.results import Names, names_of, published_folder
from scribe.services.transcripts import Change, Transcript, TranscriptMemory

Json = dict[str, Any]
MAX_EDITS = 20_000
"""Of one meeting, undone ones included: more is a program gone wild."""
ATTEMPTS = 8
"""Others may change the meeting while a change is prepared: then it is prepared again."""
MAX_CHANGED_LINES = 400
"""A change of more is not sent: the transcript is to be read again."""
_SETTLED_BELOW_S = 0.001


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


@dataclass(frozen=True, slots=True)
class EditDesk:
    """What these use cases work with."""

    units: UnitOfWorkFactory
    storage: Storage
    transcripts: TranscriptMemory
    voices: VoicesSettings


@dataclass(frozen=True, slots=True)
class _Seen:
    """A meeting as it was when a change was prepared."""

    meeting: Meeting
    transcript: Transcript
    names: Names


class _ChangedMeanwhile(Exception):  # noqa: N818 -- caught here, and then it is done again
    pass


# --- making -----------------------------------------------------------------------------------------------------------


async def make(desk: EditDesk, who: Principal, meeting_id: MeetingId, wish: Wish) -> EditMade:
    """Raises: NotFoundError, NotReadyError, StatusConflictError, OptionError (nothing would change);
    EditConflictError when a line is not there any more as it was seen."""
    if isinstance(wish, MoveLines):
        return await _again(lambda: _move_lines(desk, who, meeting_id, wish))
    return await _again(lambda: _correct(desk, who, meeting_id, wish))


async def merge(
    desk: EditDesk, who: Principal, meeting_id: MeetingId, label: SpeakerLabel, into: SpeakerLabel
) -> EditMade:
    """All that ``label`` says is ``into``'s. Raises: as :func:`make`."""
    if label == into:
        raise OptionError("This is one and the same speaker already.")
    return await _again(lambda: _merge(desk, who, meeting_id, label, into))


async def _correct(
    desk: EditDesk, who: Principal, meeting_id: MeetingId, wish: Text | Split | Join | Confirm
) -> EditMade:
    meeting, transcript = await _read(desk, who, meeting_id)
    lines = (wish.first, wish.second) if isinstance(wish, Join) else (wish.line,)
    indexes = [transcript.index_of(line) for line in lines]
    found = [index for index in indexes if index is not None]
    if len(set(found)) < len(lines):
        raise await conflict(desk.units, who, meeting, transcript, _span_of(lines))
    if isinstance(wish, Join):
        _require_neighbours(transcript, *found)
    before = [transcript.lines[index].segment() for index in found]
    kind, after = _corrected(wish, before)
    async with _unchanged(desk, who, meeting) as unit:
        edit = await _new(unit, who, meeting, kind, lines, after)
        await unit.edits.add(edit)
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
    meeting, transcript = await _read(desk, who, meeting_id)
    if any(transcript.index_of(line) is None for line in wish.lines):
        raise await conflict(desk.units, who, meeting, transcript, _span_of(wish.lines))
    if all(line.speaker == wish.to_label for line in wish.lines):
        raise OptionError("These segments are this speaker's already.")
    _require_speaker(transcript, wish.to_label)
    seen = await _seen(desk, meeting, transcript)
    moved = [line for line in wish.lines if line.speaker != wish.to_label]
    spans = [(_move_span(transcript, line), line.speaker) for line in moved]
    after = [_line_json(replace(line, speaker=wish.to_label)) for line in moved]
    return await _add_moves(desk, who, seen, EditKind.MOVE, moved, spans, wish.to_label, after)


async def _merge(
    desk: EditDesk, who: Principal, meeting_id: MeetingId, label: SpeakerLabel, into: SpeakerLabel
) -> EditMade:
    meeting, transcript = await _read(desk, who, meeting_id)
    for each in (label, into):
        _require_speaker(transcript, each)
    seen = await _seen(desk, meeting, transcript)
    span = Span(0.0, max([transcript.head["duration_s"], *(line.end_s for line in transcript.lines)]) + 1.0)
    return await _add_moves(desk, who, seen, EditKind.MERGE, [], [(span, label)], into, [])


async def _add_moves(
    desk: EditDesk,
    who: Principal,
    seen: _Seen,
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
    position = _next_position(seen.names)
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
    proposed = await _proposed(desk, seen, edit_id, moves, payload, kind, position)
    async with _unchanged(desk, who, seen.meeting) as unit:
        number, real_position = await _next(unit, seen.meeting.id)
        span = Span(min(span.start_s for span, _ in spans), max(span.end_s for span, _ in spans))
        edit = Edit(
            edit_id, seen.meeting.id, number, real_position, kind, who.user_id, now, span, spans[0][1], payload,
            seen.meeting.results_run,
        )  # fmt: skip
        await unit.edits.add(edit)
        for move in moves:
            await unit.speakers.add_move(replace(move, position=real_position))
        labels = {to_label, *(label for _, label in spans)}
        version = await names_changed(unit, seen.meeting, *labels, is_patient=True)
        view = await shown(unit, edit)
    return _made(desk, seen, proposed, view, version)


# --- undoing and redoing ----------------------------------------------------------------------------------------------


async def undo(desk: EditDesk, who: Principal, meeting_id: MeetingId, edit_id: UUID) -> EditMade:
    """What an edit changed is as it was; undoing it twice is one.

    Raises: NotFoundError, NotReadyError, StatusConflictError; EditConflictError when later changes stand on it.
    """
    return await _again(lambda: _undo(desk, who, meeting_id, edit_id))


async def redo(desk: EditDesk, who: Principal, meeting_id: MeetingId, edit_id: UUID) -> EditMade:
    """What was undone, or lost with another run, stands again. Raises: as :func:`undo`; EditConflictError when its
    lines are not there."""
    return await _again(lambda: _redo(desk, who, meeting_id, edit_id))


async def _undo(desk: EditDesk, who: Principal, meeting_id: MeetingId, edit_id: UUID) -> EditMade:
    meeting, transcript = await _read(desk, who, meeting_id)
    edit = await _edit(desk, meeting, edit_id)
    if edit.kind is EditKind.NAME:
        return await _decide_again(desk, who, meeting, edit, is_undo=True)
    seen = await _seen(desk, meeting, transcript)
    proposed = transcript
    if edit.is_standing:
        names = replace(
            seen.names,
            moves=[move for move in seen.names.moves if move.edit_id != edit.id],
            corrections=[one for one in seen.names.corrections if one.edit_id != edit.id],
        )
        proposed = await desk.transcripts.lay(desk.storage, meeting, names)
        stuck = [id_ for id_, fit in transcript.fits.items() if id_ != edit.id and proposed.fits.get(id_, 0) < fit]
        if stuck:
            raise await conflict(desk.units, who, meeting, transcript, edit.span, because_of=stuck)
    async with _unchanged(desk, who, meeting) as unit:
        if edit.undone_at is None:
            await unit.edits.undone(edit.id, who.user_id, datetime.now(UTC))
            await unit.speakers.remove_moves_of(edit.id)
            version = await names_changed(unit, meeting, *_labels(edit), is_patient=True)
        else:
            version = meeting.names_version
        view = await shown(unit, await _found(unit, meeting_id, edit_id))
    return _made(desk, seen, proposed, view, version)


async def _redo(desk: EditDesk, who: Principal, meeting_id: MeetingId, edit_id: UUID) -> EditMade:
    meeting, transcript = await _read(desk, who, meeting_id)
    edit = await _edit(desk, meeting, edit_id)
    if edit.kind is EditKind.NAME:
        return await _decide_again(desk, who, meeting, edit, is_undo=False)
    seen = await _seen(desk, meeting, transcript)
    if edit.is_standing:
        async with _unchanged(desk, who, meeting) as unit:
            return EditMade(await shown(unit, edit), meeting.names_version, None)
    position = _next_position(seen.names)
    payload = _fitted(edit, transcript) if edit.is_lost else edit.payload
    kept_moves = edit.payload.get("moves", ())
    moves = [replace(_move_of(edit, kept), position=position) for kept in kept_moves]
    if payload is None or not _has_speakers(transcript, moves) or (moves and edit.is_lost):
        raise await conflict(desk.units, who, meeting, transcript, edit.span)
    proposed = await _proposed(desk, seen, edit.id, moves, payload, edit.kind, position)
    enough = Fit.EXACTLY if edit.run == meeting.results_run and not edit.is_lost else Fit.BY_TIME
    if proposed.fits.get(edit.id, Fit.EXACTLY) < enough:
        raise await conflict(desk.units, who, meeting, transcript, edit.span)
    async with _unchanged(desk, who, meeting) as unit:
        _, real_position = await _next(unit, meeting.id)
        await unit.edits.redone(edit.id, real_position, payload, meeting.results_run if edit.is_lost else edit.run)
        for move in moves:
            await unit.speakers.add_move(replace(move, position=real_position))
        version = await names_changed(unit, meeting, *_labels(edit), is_patient=True)
        view = await shown(unit, await _found(unit, meeting_id, edit_id))
    return _made(desk, seen, proposed, view, version)


async def _decide_again(desk: EditDesk, who: Principal, meeting: Meeting, edit: Edit, *, is_undo: bool) -> EditMade:
    """Who a speaker is, as it was decided before; or after."""
    async with _unchanged(desk, who, meeting) as unit:
        is_done = (edit.undone_at is not None) == is_undo
        if not is_done:
            label = edit.label
            later = [] if label is None else await unit.edits.later_names(meeting.id, label, edit.position)
            speaker = None if label is None else await unit.speakers.get(meeting.id, label, for_update=True)
            if later or (speaker is None and not edit.is_lost) or (edit.is_lost and not is_undo):
                raise await conflict(desk.units, who, meeting, None, edit.span, because_of=[one.id for one in later])
            if speaker is not None and not edit.is_lost:
                wanted, other = ("before", "after") if is_undo else ("after", "before")
                await naming.decide_again(
                    unit, desk.storage, desk.voices, who, speaker, edit.payload[wanted], edit.payload[other]
                )
            if is_undo:
                await unit.edits.undone(edit.id, who.user_id, datetime.now(UTC))
            else:
                _, position = await _next(unit, meeting.id)
                await unit.edits.redone(edit.id, position, edit.payload, edit.run)
            version = await names_changed(unit, meeting, edit.label)
        else:
            version = meeting.names_version
        view = await shown(unit, await _found(unit, meeting.id, edit.id))
    return EditMade(view, version, None)


# --- the lock, and what is read before --------------------------------------------------------------------------------


async def _again(attempt: Callable[[], Any]) -> EditMade:
    for _ in range(ATTEMPTS):
        try:
            made: EditMade = await attempt()
        except _ChangedMeanwhile:
            continue
        return made
    raise ConflictError("Others are changing this meeting just now: try again in a moment.")


@asynccontextmanager
async def _unchanged(desk: EditDesk, who: Principal, meeting: Meeting) -> AsyncIterator[UnitOfWork]:
    """One transaction under the lock of the meeting's row, which is as it was seen."""
    async with desk.units() as unit:
        now = await visible(unit, who, meeting.id, for_update=True)
        if (now.names_version, now.published_at) != (meeting.names_version, meeting.published_at):
            raise _ChangedMeanwhile
        yield unit


async def _read(desk: EditDesk, who: Principal, meeting_id: MeetingId) -> tuple[Meeting, Transcript]:
    async with desk.units() as unit:
        meeting = await visible(unit, who, meeting_id)
    published_folder(meeting)
    return meeting, await desk.transcripts.read(desk.units, desk.storage, meeting)


async def _seen(desk: EditDesk, meeting: Meeting, transcript: Transcript) -> _Seen:
    async with desk.units() as unit:
        return _Seen(meeting, transcript, await names_of(unit, meeting))


async def _edit(desk: EditDesk, meeting: Meeting, edit_id: UUID) -> Edit:
    async with desk.units() as unit:
        return await _found(unit, meeting.id, edit_id)


async def _found(unit: UnitOfWork, meeting_id: MeetingId, edit_id: UUID) -> Edit:
    edit = await unit.edits.get(meeting_id, edit_id)
    if edit is None:
        raise NotFoundError("There is no such change in this meeting.")
    return edit


async def _next(unit: UnitOfWork, meeting_id: MeetingId) -> tuple[int, int]:
    number, position = await unit.edits.next(meeting_id)
    if number > MAX_EDITS:
        raise ConflictError(f"This meeting was changed {MAX_EDITS} times: no more is kept of it.")
    return number, position


def _next_position(names: Names) -> int:
    """After everything that is laid over the transcript."""
    return 1 + max([0, *(one.position for one in names.corrections), *(move.position for move in names.moves)])


async def _proposed(
    desk: EditDesk,
    seen: _Seen,
    edit_id: EditId,
    moves: Sequence[SegmentMove],
    payload: Mapping[str, Any],
    kind: EditKind,
    position: int,
) -> Transcript:
    """The transcript with one edit more."""
    is_laid = kind.is_correction or (kind is EditKind.MOVE and payload.get("is_whole", False))
    more: list[Correction] = [correction_of(edit_id, position, kind, payload)] if is_laid else []
    names = replace(seen.names, moves=[*seen.names.moves, *moves], corrections=[*seen.names.corrections, *more])
    return await desk.transcripts.lay(desk.storage, seen.meeting, names)


def _made(desk: EditDesk, seen: _Seen, proposed: Transcript, view: Any, version: int) -> EditMade:
    change: Change | None = seen.transcript.changed_to(proposed)
    if proposed is not seen.transcript:
        desk.transcripts.changed(seen.meeting, version, proposed)
    is_much = change is not None and max(len(change.lines), change.num_removed) > MAX_CHANGED_LINES
    return EditMade(view, version, None if is_much else change)


# --- small ones -------------------------------------------------------------------------------------------------------


async def _new(
    unit: UnitOfWork,
    who: Principal,
    meeting: Meeting,
    kind: EditKind,
    lines: Sequence[SeenLine],
    after: Sequence[Json],
) -> Edit:
    number, position = await _next(unit, meeting.id)
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


def _move_of(edit: Edit, kept: Json) -> SegmentMove:
    return SegmentMove(
        UUID(kept["id"]),
        edit.meeting_id,
        Span(kept["start_s"], kept["end_s"]),
        kept["from_label"],
        SpeakerLabel(kept["to_label"]),
        edit.author_id,
        edit.created_at,
        is_merge=edit.kind is EditKind.MERGE,
        edit_id=edit.id,
    )


def _labels(edit: Edit) -> set[SpeakerLabel | None]:
    lines = [*edit.payload["before"], *edit.payload["after"]]
    return {
        edit.label,
        *(line["speaker"] for line in lines),
        *(kept["to_label"] for kept in edit.payload.get("moves", ())),
    }


def _span_of(lines: Sequence[SeenLine]) -> Span:
    return Span(min(line.start_s for line in lines), max(line.end_s for line in lines))


def _move_span(transcript: Transcript, line: SeenLine) -> Span:
    """A move ends just before its end: a last word of no length must be in it."""
    index = transcript.index_of(line)
    words = [] if index is None else transcript.lines[index].segment()["words"]
    last_s = max([line.start_s, *((word["start"] + word["end"]) / 2 for word in words)])
    return Span(line.start_s, line.end_s if last_s < line.end_s else line.end_s + _SETTLED_BELOW_S)


def _require_speaker(transcript: Transcript, label: SpeakerLabel) -> None:
    if label not in {part["label"] for part in transcript.head["speakers"]}:
        raise NotFoundError("There is no such speaker in this meeting.")


def _has_speakers(transcript: Transcript, moves: Sequence[SegmentMove]) -> bool:
    return {move.to_label for move in moves} <= {part["label"] for part in transcript.head["speakers"]}


def _fitted(edit: Edit, transcript: Transcript) -> Mapping[str, Any] | None:
    """What was lost, said by whoever talks then in this run; ``None``: nobody does."""
    heard_s: dict[str | None, float] = {}
    for _, line in transcript.between(edit.span.start_s, edit.span.end_s):
        shared_s = min(line.end_s, edit.span.end_s) - max(line.start_s, edit.span.start_s)
        heard_s[line.speaker] = heard_s.get(line.speaker, 0.0) + shared_s
    if not heard_s or edit.kind in {EditKind.MOVE, EditKind.MERGE}:
        return None
    whose = max(heard_s, key=lambda speaker: heard_s[speaker])
    lines = {
        side: [
            {
                **line,
                "speaker": whose,
                **({"words": [{**word, "speaker": whose} for word in line["words"]]} if "words" in line else {}),
            }
            for line in edit.payload[side]
        ]
        for side in ("before", "after")
    }
    return {**edit.payload, **lines}
