"""What people do with meetings: find, read, change, delete; and the moment a recording becomes one.

Owns the transactions of these, and that what somebody may not see does not exist for them; never the life cycle
(``services/runs.py`` and the worker) and never a file's content (``services/results.py``).

Usage::

    meeting = await meetings.read(units, who, meeting_id)
"""

from collections.abc import Callable
from dataclasses import replace

from scribe.adapters.unit_of_work import UnitOfWork, UnitOfWorkFactory
from scribe.core.telemetry import Kind, Value, child_span, traceparent
from scribe.domain.accounts import Principal
from scribe.domain.audit import Action
from scribe.domain.errors import DuplicateError, NotFoundError, PreconditionError
from scribe.domain.events import EventKind, NewEvent
from scribe.domain.meeting import MeetingId, UserId
from scribe.domain.meetings import (
    MAX_TITLE_LENGTH,
    UNTITLED,
    Meeting,
    MeetingChanges,
    MeetingPage,
    MeetingQuery,
    StoredRecording,
)
from scribe.domain.requests import MeetingDraft
from scribe.domain.typography import single_line
from scribe.services.estimates import Estimate, estimate


async def create(
    unit: UnitOfWork,
    owner: UserId,
    meeting_id: MeetingId,
    draft: MeetingDraft,
    recording: StoredRecording,
    max_attempts: int,
) -> Meeting:
    """A PENDING meeting; the caller's recording is safe under ``layout.recording_key(meeting_id)`` by now, and the
    caller rings the bell after the commit.

    Raises: DuplicateError.
    """
    await refuse_duplicate(unit, owner, draft, recording.sha256)
    marks: dict[str, Value | None] = {
        "scribe.meeting_id": str(meeting_id),
        "scribe.run": 1,
        "scribe.priority": draft.priority.name.lower(),
    }
    with child_span("meeting.enqueue", kind=Kind.PRODUCER, attributes=marks):
        meeting = await unit.meetings.add(
            owner, meeting_id, _titled(draft), recording, max_attempts, traceparent=traceparent()
        )
    unit.record(Action.MEETING_CREATED, meeting_id=meeting_id, subject_id=owner)
    unit.emit(NewEvent(EventKind.CREATED, meeting_id, owner, {"title": meeting.title, "status": str(meeting.status)}))
    return meeting


async def refuse_duplicate(unit: UnitOfWork, owner: UserId, draft: MeetingDraft, sha256: str) -> None:
    """Raises: DuplicateError when ``owner`` has the same recording already and did not ask to process it again."""
    same = await unit.meetings.with_recording(owner, sha256)
    if same is not None and not draft.is_duplicate_welcome:
        raise DuplicateError(
            f"You uploaded this recording before, as “{same.title}”: use that meeting, or send it again with "
            "`duplicate=process`.",
            same.id,
        )


async def list_page(units: UnitOfWorkFactory, who: Principal, query: MeetingQuery) -> MeetingPage:
    async with units() as unit:
        return await unit.meetings.page(who, query)


async def read(units: UnitOfWorkFactory, who: Principal, meeting_id: MeetingId) -> Meeting:
    """Raises: NotFoundError, also for a meeting of somebody else."""
    async with units() as unit:
        return await visible(unit, who, meeting_id)


async def estimate_of(units: UnitOfWorkFactory, meeting: Meeting) -> Estimate:
    """Asks nothing for a meeting that is over."""
    if meeting.status.is_terminal:
        return Estimate()
    async with units() as unit:
        return await estimate(unit, meeting)


async def visible(unit: UnitOfWork, who: Principal, meeting_id: MeetingId, *, for_update: bool = False) -> Meeting:
    """The one door to a single meeting. ``for_update``: nobody else changes it until the transaction ends.

    Raises: NotFoundError, also for a meeting of somebody else.
    """
    meeting = await unit.meetings.visible(meeting_id, who, for_update=for_update)
    if meeting is None:
        raise NotFoundError("There is no such meeting, or it is not yours.")
    return meeting


async def change(
    units: UnitOfWorkFactory,
    who: Principal,
    meeting_id: MeetingId,
    changes: MeetingChanges,
    is_expected: Callable[[Meeting], bool],
) -> Meeting:
    """What people write about a meeting. ``is_expected``: whether the meeting is as the writer read it.

    Raises: NotFoundError, PreconditionError.
    """
    async with units() as unit:
        meeting = await visible(unit, who, meeting_id, for_update=True)
        if not is_expected(meeting):
            raise PreconditionError("Somebody changed this meeting meanwhile: read it again, then change it.")
        wanted = replace(
            meeting,
            title=meeting.title if changes.title is None else changes.title,
            notes=meeting.notes if changes.notes is None else changes.notes,
            tags=meeting.tags if changes.tags is None else changes.tags,
            held_on=changes.held_on if changes.is_held_on_given else meeting.held_on,
            keep_audio=changes.keep_audio or meeting.keep_audio,
            keep_results=changes.keep_results or meeting.keep_results,
        )
        if wanted == meeting:
            return meeting
        changed = await unit.meetings.change(meeting, changes)
        told = {
            "title": changed.title,
            "held_on": changed.held_on.isoformat() if changed.held_on else None,
            "tags": list(changed.tags),
            "version": changed.version,
        }
        _record_change(unit, meeting, changed)
        unit.emit(NewEvent(EventKind.CHANGED, changed.id, changed.owner_id, told))
        return changed


async def delete(units: UnitOfWorkFactory, who: Principal, meeting_id: MeetingId) -> None:
    """The row and everything that points at it now, the files right after (``services/housekeeping.py``). A worker
    that is at it finds its lease gone.

    Raises: NotFoundError.
    """
    async with units() as unit:
        meeting = await visible(unit, who, meeting_id, for_update=True)
        await unit.meetings.delete(meeting)
        unit.record(Action.MEETING_DELETED, meeting_id=meeting.id, subject_id=meeting.owner_id)
        unit.emit(NewEvent(EventKind.DELETED, meeting.id, meeting.owner_id, {}))


def _record_change(unit: UnitOfWork, before: Meeting, after: Meeting) -> None:
    """Which fields, never what stands in them; how long it is kept is said in full."""
    names = [name for name in _WRITTEN if getattr(before, name) != getattr(after, name)]
    if names:
        unit.record(Action.MEETING_CHANGED, meeting_id=after.id, detail={"fields": names})
    rules = {
        what: f"{old.label} -> {new.label}"
        for what, old, new in (
            ("audio", before.keep_audio, after.keep_audio),
            ("results", before.keep_results, after.keep_results),
        )
        if old != new
    }
    if rules:
        unit.record(Action.MEETING_KEEPING_CHANGED, meeting_id=after.id, detail=rules)


_WRITTEN = ("title", "held_on", "notes", "tags")


def _titled(draft: MeetingDraft) -> MeetingDraft:
    if draft.title:
        return draft
    stem, dot, _ = (draft.file_name or "").rpartition(".")
    name = stem if dot and stem else draft.file_name or ""
    return replace(draft, title=single_line(name)[:MAX_TITLE_LENGTH].strip() or UNTITLED)
