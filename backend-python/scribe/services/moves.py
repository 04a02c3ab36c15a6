"""Stretches of a transcript that people give to another speaker.

Owns these transactions. A move is a row, laid over the result files like a name (``domain/naming_overlay.py``); taking
it back gives exactly the machine's attribution. It never touches the bank: who said a sentence is no evidence of a
voice.

Usage::

    moved = await move(units, who, meeting_id, 12.4, 15.0, SpeakerLabel("SPEAKER_01"))
    await undo_move(units, who, meeting_id, moved.id)
"""

import math
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from scribe.adapters.unit_of_work import UnitOfWork, UnitOfWorkFactory
from scribe.core.ids import uuid7
from scribe.domain.accounts import Principal
from scribe.domain.audit import Action
from scribe.domain.edits import Correction, Edit, EditId, EditKind
from scribe.domain.errors import ConflictError, NotFoundError, OptionError
from scribe.domain.events import EventKind, NewEvent
from scribe.domain.meeting import MeetingId
from scribe.domain.meetings import Meeting
from scribe.domain.namings import SegmentMove, Speaker
from scribe.domain.speech import Span, SpeakerLabel
from scribe.services.edit_recording import record_edit
from scribe.services.meetings import visible
from scribe.services.results import published_folder

MAX_MOVES = 1000
"""Of one meeting: more is a program gone wild, and every reading of the transcript would pay for it."""


async def move(
    units: UnitOfWorkFactory,
    who: Principal,
    meeting_id: MeetingId,
    start_s: float,
    end_s: float,
    to_label: SpeakerLabel,
    *,
    from_label: SpeakerLabel | None = None,
) -> SegmentMove:
    """What is said between two times is ``to_label``'s; the same request twice is one.

    ``from_label``: only what this speaker says there, which matters where people talk at once. Left out: that of the
    only one who speaks there; of several, everything.

    Raises: NotFoundError (meeting or speaker), NotReadyError, StatusConflictError, OptionError, ConflictError.
    """
    if not (math.isfinite(start_s) and math.isfinite(end_s) and 0 <= start_s < end_s):
        raise OptionError("A stretch begins at 0 s or later and ends after its beginning.")
    async with units() as unit:
        meeting = await visible(unit, who, meeting_id, for_update=True)
        published_folder(meeting)
        voices = await unit.speakers.of_meeting(meeting_id)
        if not {to_label, from_label} - {None} <= {voice.label for voice in voices}:
            raise NotFoundError("There is no such speaker in this meeting.")
        standing = await unit.speakers.moves(meeting_id)
        span = Span(start_s, end_s)
        before = [one for one in standing if _overlap(one.span, span) and not one.is_lost]
        whose = from_label or (None if before else _only_speaker(voices, span))
        same = before[-1] if before else None
        if (
            same is not None
            and (same.span, same.to_label) == (span, to_label)
            and from_label in {None, same.from_label}
        ):
            return same
        if len(standing) >= MAX_MOVES:
            raise ConflictError(f"{MAX_MOVES} stretches of this meeting were moved: take some back first.")
        now = datetime.now(UTC)
        number, position = await unit.edits.next(meeting_id)
        edit_id = EditId(uuid7())
        new = SegmentMove(
            uuid7(), meeting_id, span, whose, to_label, who.user_id, now, position=position, edit_id=edit_id
        )
        edit = Edit(
            edit_id, meeting_id, number, position, EditKind.MOVE, who.user_id, now, span, whose, _payload(new),
            meeting.results_run,
        )  # fmt: skip
        await unit.edits.add(edit)
        record_edit(unit, Action.TRANSCRIPT_EDITED, edit)
        await unit.speakers.add_move(new)
        await names_changed(unit, meeting, *({to_label, whose} - {None}))
        return new


async def moves(units: UnitOfWorkFactory, who: Principal, meeting_id: MeetingId) -> list[SegmentMove]:
    """In the order in which they are applied. Raises: NotFoundError."""
    async with units() as unit:
        await visible(unit, who, meeting_id)
        return await unit.speakers.moves(meeting_id)


async def undo_move(units: UnitOfWorkFactory, who: Principal, meeting_id: MeetingId, move_id: UUID) -> None:
    """Moves that came later stay, as far as they still find what they moved.

    Raises: NotFoundError; ConflictError when the text that was moved was corrected since.
    """
    async with units() as unit:
        meeting = await visible(unit, who, meeting_id, for_update=True)
        undone = await unit.speakers.remove_move(meeting_id, move_id)
        if undone is None:
            raise NotFoundError("There is no such move in this meeting.")
        if any(_stands_on(correction, undone) for correction in await unit.edits.corrections(meeting_id)):
            raise ConflictError("What was moved was corrected since: undo these corrections first.")
        left = [move for move in await unit.speakers.moves(meeting_id) if move.edit_id == undone.edit_id]
        if undone.edit_id is not None and not left:
            await unit.edits.undone(EditId(undone.edit_id), who.user_id, datetime.now(UTC))
            unit.record(
                Action.TRANSCRIPT_EDIT_UNDONE, meeting_id=meeting_id, subject_id=undone.edit_id, detail={"kind": "move"}
            )
        await names_changed(unit, meeting, *({undone.to_label, undone.from_label} - {None}))


async def names_changed(
    unit: UnitOfWork, meeting: Meeting, *labels: SpeakerLabel | None, is_patient: bool = False
) -> int:
    """The result files are to be written again, and followers are told: which labels, never which names. Returns the
    new version. ``is_patient``: the files may wait until nothing has changed for a while."""
    version = await unit.speakers.touch_names(meeting.id, is_patient=is_patient)
    whose = sorted({label for label in labels if label is not None})
    told = {"names_version": version, "labels": whose}
    unit.emit(NewEvent(EventKind.SPEAKERS, meeting.id, meeting.owner_id, told))
    return version


def _payload(move: SegmentMove) -> dict[str, Any]:
    """Of its edit: a stretch, whatever is said there."""
    stretch = {"start": move.span.start_s, "end": move.span.end_s, "text": ""}
    kept = {
        "id": str(move.id),
        "start_s": move.span.start_s,
        "end_s": move.span.end_s,
        "from_label": move.from_label,
        "to_label": move.to_label,
    }
    return {
        "before": [{**stretch, "speaker": move.from_label}],
        "after": [{**stretch, "speaker": move.to_label}],
        "is_whole": False,
        "moves": [kept],
    }


def _stands_on(correction: Correction, move: SegmentMove) -> bool:
    return correction.position > move.position and any(
        line.speaker == move.to_label and _overlap(Span(line.start_s, line.end_s), move.span)
        for line in correction.before
    )


def _only_speaker(voices: Sequence[Speaker], span: Span) -> SpeakerLabel | None:
    heard = {voice.label for voice in voices if any(_overlap(turn, span) for turn in voice.turns)}
    return heard.pop() if len(heard) == 1 else None


def _overlap(one: Span, other: Span) -> bool:
    return one.start_s < other.end_s and one.end_s > other.start_s
