"""What has had its time is removed: recordings first, whole meetings later.

Owns what goes with a recording (everything that sounds like it: the upload and its pieces, what was made for players,
the samples of its speakers; and the checkpoints, which without it are of no use and hold voiceprints) and what stays:
text, exports, the outline of the waveform, the voice bank with the samples people agreed to. First the rows say so, in
one transaction with the list of what is to be emptied; then files go, however often it takes
(``services/housekeeping.py``). A process that is killed in between leaves nothing behind and nothing half said. Only
meetings that are over are touched; another run begins the time anew, and none begins without a recording.

Usage::

    swept = await sweep(units, settings.retention)
    for line in await upcoming(units, settings.retention): ...
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from scribe.adapters.retention import Kept
from scribe.adapters.unit_of_work import UnitOfWork, UnitOfWorkFactory
from scribe.core.config import RetentionSettings
from scribe.core.logging import get_logger
from scribe.domain import layout
from scribe.domain.audit import Action
from scribe.domain.errors import RecordingRemovedError
from scribe.domain.events import EventKind, NewEvent
from scribe.domain.meeting import MeetingId
from scribe.domain.meetings import Meeting
from scribe.domain.retention import InstallationRules, planned

BATCH = 50
"""Meetings of one transaction."""
MAX_BATCHES = 200
"""Of one round: the rest waits for the next one, and other chores are not kept waiting."""
PURGE_AGAIN_AFTER = timedelta(minutes=15)
"""A worker that lost its meeting while it was frozen writes a little more when it wakes."""
REMOVED = "retention_removed"
"""Counter of what was removed: ``audio``, ``meeting``."""


@dataclass(frozen=True, slots=True)
class Swept:
    recordings: int
    meetings: int


@dataclass(frozen=True, slots=True)
class Upcoming:
    """What goes of a meeting, and when."""

    meeting_id: MeetingId
    what: str
    """``audio`` or ``meeting``."""
    at: datetime
    size_bytes: int
    """Of the recording as it was uploaded."""


async def sweep(units: UnitOfWorkFactory, settings: RetentionSettings) -> Swept:
    """Removes what is due, whole meetings first. The files go with the next purge. Safe to be killed anywhere, and to
    be done twice. Raises: UnavailableError."""
    meetings = await _in_batches(units, lambda unit: _remove_meetings(unit, settings.results_days))
    recordings = await _in_batches(units, lambda unit: _remove_audio(unit, settings.audio_days))
    if meetings or recordings:
        get_logger().info("retention.swept", meetings=meetings, recordings=recordings)
    return Swept(recordings, meetings)


async def upcoming(units: UnitOfWorkFactory, settings: RetentionSettings) -> list[Upcoming]:
    """All that will go, as things stand, soonest first; what is due already goes with the next round."""
    installation = InstallationRules(settings.audio_days, settings.results_days)
    found: list[Upcoming] = []
    last: MeetingId | None = None
    while True:
        async with units() as unit:
            kept = await unit.retention.over(last, 1000)
        for meeting in kept:
            found += _of(meeting, installation)
        if not kept:
            return sorted(found, key=lambda one: (one.at, one.meeting_id))
        last = kept[-1].id


def require_recording(meeting: Meeting) -> None:
    """Raises: RecordingRemovedError."""
    if meeting.audio_removed_at is not None:
        raise removed(meeting.audio_removed_at)


def removed(at: datetime | None) -> RecordingRemovedError:
    when = "" if at is None else f" on {at:%Y-%m-%d}"
    return RecordingRemovedError(
        f"The recording had its time and was removed{when}: the transcript is there, but nothing can be played or run "
        "again."
    )


def _of(meeting: Kept, installation: InstallationRules) -> list[Upcoming]:
    when = planned(meeting.keep_audio, meeting.keep_results, installation, meeting.finished_at)
    found = []
    if when.audio_at is not None and when.audio_at != when.results_at and not meeting.is_muted:
        found.append(Upcoming(meeting.id, "audio", when.audio_at, meeting.size_bytes))
    if when.results_at is not None:
        found.append(Upcoming(meeting.id, "meeting", when.results_at, meeting.size_bytes))
    return found


async def _in_batches(units: UnitOfWorkFactory, remove: Callable[[UnitOfWork], Awaitable[int]]) -> int:
    total = 0
    for _ in range(MAX_BATCHES):
        async with units() as unit:
            done = await remove(unit)
        total += done
        if done < BATCH:
            break
    return total


async def _remove_audio(unit: UnitOfWork, default_days: float | None) -> int:
    due = await unit.retention.due_audio(default_days, BATCH)
    if not due:
        return 0
    muted, samples, uploads = await unit.retention.remove_audio(due)
    sounds: Sequence[str] = [
        *samples,
        *(sound for meeting_id in due for sound in layout.sounds_of(meeting_id)),
        *(layout.parts_folder(upload_id) for upload_id in uploads),
    ]
    await unit.purges.add(sounds, PURGE_AGAIN_AFTER)
    await unit.jobs.count(REMOVED, "audio", by=len(due))
    now = datetime.now(UTC)
    for meeting in muted:
        unit.record(Action.RETENTION_AUDIO_REMOVED, meeting_id=meeting.id)
        payload = {"version": meeting.version, "audio_removed_at": now.isoformat()}
        unit.emit(NewEvent(EventKind.CHANGED, meeting.id, meeting.owner_id, payload))
    return len(due)


async def _remove_meetings(unit: UnitOfWork, default_days: float | None) -> int:
    due = await unit.retention.due_meetings(default_days, BATCH)
    for meeting_id in due:
        meeting = await unit.meetings.get(meeting_id)
        if meeting is not None:
            await unit.meetings.delete(meeting)
            unit.record(Action.RETENTION_MEETING_REMOVED, meeting_id=meeting.id, subject_id=meeting.owner_id)
            unit.emit(NewEvent(EventKind.DELETED, meeting.id, meeting.owner_id, {}))
    if due:
        await unit.jobs.count(REMOVED, "meeting", by=len(due))
    return len(due)
