"""Changes of a transcript taken back, and made again.

Owns when that may be: what is undone must carry nothing that was changed later, and what is redone must find its lines.
Both are found out by laying everything over the document as it would be. Names go the way of any decision
(``services/naming.py``).

Usage::

    await undo(desk, who, meeting_id, edit_id)
    await redo(desk, who, meeting_id, edit_id)
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from scribe.domain.accounts import Principal
from scribe.domain.audit import Action
from scribe.domain.corrected_speech import Fit
from scribe.domain.edits import Edit, EditKind
from scribe.domain.meeting import MeetingId
from scribe.domain.meetings import Meeting
from scribe.domain.namings import SegmentMove
from scribe.domain.speech import Span, SpeakerLabel
from scribe.services import naming
from scribe.services.edit_desk import (
    EditDesk,
    again,
    edit_of,
    found_edit,
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
from scribe.services.moves import names_changed
from scribe.services.transcripts import Transcript

Json = dict[str, Any]


async def undo(desk: EditDesk, who: Principal, meeting_id: MeetingId, edit_id: UUID) -> EditMade:
    """What an edit changed is as it was; undoing it twice is one.

    Raises: NotFoundError, NotReadyError, StatusConflictError; EditConflictError when later changes stand on it.
    """
    return await again(lambda: _undo(desk, who, meeting_id, edit_id))


async def redo(desk: EditDesk, who: Principal, meeting_id: MeetingId, edit_id: UUID) -> EditMade:
    """What was undone, or lost with another run, stands again. Raises: as :func:`undo`; EditConflictError when its
    lines are not there."""
    return await again(lambda: _redo(desk, who, meeting_id, edit_id))


async def _undo(desk: EditDesk, who: Principal, meeting_id: MeetingId, edit_id: UUID) -> EditMade:
    meeting, transcript = await read(desk, who, meeting_id)
    edit = await edit_of(desk, meeting, edit_id)
    if edit.kind is EditKind.NAME:
        return await _decide_again(desk, who, meeting, edit, is_undo=True)
    seen = await look(desk, meeting, transcript)
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
    async with unchanged(desk, who, meeting) as unit:
        if edit.undone_at is None:
            await unit.edits.undone(edit.id, who.user_id, datetime.now(UTC))
            record_edit(unit, Action.TRANSCRIPT_EDIT_UNDONE, edit)
            await unit.speakers.remove_moves_of(edit.id)
            version = await names_changed(unit, meeting, *_labels(edit), is_patient=True)
        else:
            version = meeting.names_version
        view = await shown(unit, await found_edit(unit, meeting_id, edit_id))
    return made(desk, seen, proposed, view, version)


async def _redo(desk: EditDesk, who: Principal, meeting_id: MeetingId, edit_id: UUID) -> EditMade:
    meeting, transcript = await read(desk, who, meeting_id)
    edit = await edit_of(desk, meeting, edit_id)
    if edit.kind is EditKind.NAME:
        return await _decide_again(desk, who, meeting, edit, is_undo=False)
    seen = await look(desk, meeting, transcript)
    if edit.is_standing:
        async with unchanged(desk, who, meeting) as unit:
            return EditMade(await shown(unit, edit), meeting.names_version, None)
    position = next_position(seen.names)
    payload = _fitted(edit, transcript) if edit.is_lost else edit.payload
    kept_moves = edit.payload.get("moves", ())
    moves = [replace(_move_of(edit, kept), position=position) for kept in kept_moves]
    if payload is None or not _has_speakers(transcript, moves) or (moves and edit.is_lost):
        raise await conflict(desk.units, who, meeting, transcript, edit.span)
    proposed = await proposed_with(desk, seen, edit.id, moves, payload, edit.kind, position)
    enough = Fit.EXACTLY if edit.run == meeting.results_run and not edit.is_lost else Fit.BY_TIME
    if proposed.fits.get(edit.id, Fit.EXACTLY) < enough:
        raise await conflict(desk.units, who, meeting, transcript, edit.span)
    async with unchanged(desk, who, meeting) as unit:
        _, real_position = await next_place(unit, meeting.id)
        await unit.edits.redone(edit.id, real_position, payload, meeting.results_run if edit.is_lost else edit.run)
        record_edit(unit, Action.TRANSCRIPT_EDIT_REDONE, edit)
        for move in moves:
            await unit.speakers.add_move(replace(move, position=real_position))
        version = await names_changed(unit, meeting, *_labels(edit), is_patient=True)
        view = await shown(unit, await found_edit(unit, meeting_id, edit_id))
    return made(desk, seen, proposed, view, version)


async def _decide_again(desk: EditDesk, who: Principal, meeting: Meeting, edit: Edit, *, is_undo: bool) -> EditMade:
    """Who a speaker is, as it was decided before; or after."""
    async with unchanged(desk, who, meeting) as unit:
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
                _, position = await next_place(unit, meeting.id)
                await unit.edits.redone(edit.id, position, edit.payload, edit.run)
            record_edit(unit, Action.TRANSCRIPT_EDIT_UNDONE if is_undo else Action.TRANSCRIPT_EDIT_REDONE, edit)
            version = await names_changed(unit, meeting, edit.label)
        else:
            version = meeting.names_version
        view = await shown(unit, await found_edit(unit, meeting.id, edit.id))
    return EditMade(view, version, None)


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
