"""What all changes of a transcript have in common: what is read before, and the lock under which it is checked.

Owns how a change is prepared without a lock and made under one: what a transcript would be takes a reading of its file;
under the lock of the meeting's row its version must still be the one that was seen, else all is done again. Never
decides what may be changed (``services/edits.py``, ``services/edit_undoing.py``).

Usage::

    meeting, transcript = await read(desk, who, meeting_id)
    async with unchanged(desk, who, meeting) as unit: ...
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from scribe.adapters.edits import correction_of
from scribe.adapters.storage import Storage
from scribe.adapters.unit_of_work import UnitOfWork, UnitOfWorkFactory
from scribe.core.config import VoicesSettings
from scribe.domain.accounts import Principal
from scribe.domain.edits import Correction, Edit, EditId, EditKind
from scribe.domain.errors import ConflictError, NotFoundError
from scribe.domain.meeting import MeetingId
from scribe.domain.meetings import Meeting
from scribe.domain.namings import SegmentMove
from scribe.services.edit_views import EditMade, EditView
from scribe.services.meetings import visible
from scribe.services.results import Names, names_of, published_folder
from scribe.services.transcripts import Change, Transcript, TranscriptMemory

MAX_EDITS = 20_000
"""Of one meeting, undone ones included: more is a program gone wild."""
ATTEMPTS = 30
"""Others may change the meeting while a change is prepared: then it is prepared again. One of them always gets through,
so that this many may write at once."""
MAX_CHANGED_LINES = 400
"""A change of more is not sent: the transcript is to be read again."""


@dataclass(frozen=True, slots=True)
class EditDesk:
    """What these use cases work with."""

    units: UnitOfWorkFactory
    storage: Storage
    transcripts: TranscriptMemory
    voices: VoicesSettings


@dataclass(frozen=True, slots=True)
class Seen:
    """A meeting as it was when a change was prepared."""

    meeting: Meeting
    transcript: Transcript
    names: Names


class ChangedMeanwhile(Exception):  # noqa: N818 -- caught here, and then it is done again
    pass


async def again(attempt: Callable[[], Awaitable[EditMade]]) -> EditMade:
    for _ in range(ATTEMPTS):
        try:
            return await attempt()
        except ChangedMeanwhile:
            continue
    raise ConflictError("Others are changing this meeting just now: try again in a moment.")


@asynccontextmanager
async def unchanged(desk: EditDesk, who: Principal, meeting: Meeting) -> AsyncIterator[UnitOfWork]:
    """One transaction under the lock of the meeting's row, which is as it was seen."""
    async with desk.units() as unit:
        now = await visible(unit, who, meeting.id, for_update=True)
        if (now.names_version, now.published_at) != (meeting.names_version, meeting.published_at):
            raise ChangedMeanwhile
        yield unit


async def read(desk: EditDesk, who: Principal, meeting_id: MeetingId) -> tuple[Meeting, Transcript]:
    async with desk.units() as unit:
        meeting = await visible(unit, who, meeting_id)
    published_folder(meeting)
    return meeting, await desk.transcripts.read(desk.units, desk.storage, meeting)


async def look(desk: EditDesk, meeting: Meeting, transcript: Transcript) -> Seen:
    async with desk.units() as unit:
        return Seen(meeting, transcript, await names_of(unit, meeting))


async def edit_of(desk: EditDesk, meeting: Meeting, edit_id: UUID) -> Edit:
    async with desk.units() as unit:
        return await found_edit(unit, meeting.id, edit_id)


async def found_edit(unit: UnitOfWork, meeting_id: MeetingId, edit_id: UUID) -> Edit:
    edit = await unit.edits.get(meeting_id, edit_id)
    if edit is None:
        raise NotFoundError("There is no such change in this meeting.")
    return edit


async def next_place(unit: UnitOfWork, meeting_id: MeetingId) -> tuple[int, int]:
    number, position = await unit.edits.next(meeting_id)
    if number > MAX_EDITS:
        raise ConflictError(f"This meeting was changed {MAX_EDITS} times: no more is kept of it.")
    return number, position


def next_position(names: Names) -> int:
    """After everything that is laid over the transcript."""
    return 1 + max([0, *(one.position for one in names.corrections), *(move.position for move in names.moves)])


async def proposed_with(
    desk: EditDesk,
    seen: Seen,
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


def made(desk: EditDesk, seen: Seen, proposed: Transcript, view: EditView, version: int) -> EditMade:
    change: Change | None = seen.transcript.changed_to(proposed)
    if proposed is not seen.transcript:
        desk.transcripts.changed(seen.meeting, version, proposed)
    is_much = change is not None and max(len(change.lines), change.num_removed) > MAX_CHANGED_LINES
    return EditMade(view, version, None if is_much else change)
