"""What is told to whoever follows a meeting.

Owns the kinds of events; ``adapters/events.py`` stores them, ``api/routes/events.py`` streams them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from scribe.domain.meeting import MeetingId, UserId


class EventKind(StrEnum):
    CREATED = "meeting.created"
    CHANGED = "meeting.changed"
    """Title, date, notes or tags."""
    STATUS = "meeting.status"
    """payload: status, attempt, and for FAILED or a retry ``failure`` {code, message, stage}."""
    STAGE_STARTED = "meeting.stage_started"
    PROGRESS = "meeting.progress"
    """payload: stage, stage_percent, percent (of the run, never falls), eta_s where known."""
    STAGE_FINISHED = "meeting.stage_finished"
    WARNING = "meeting.warning"
    SPEAKERS = "meeting.speakers"
    """Names or a segment's speaker changed. payload: names_version, labels; never a name."""
    DELETED = "meeting.deleted"


@dataclass(frozen=True, slots=True)
class NewEvent:
    kind: EventKind
    meeting_id: MeetingId
    owner_id: UserId
    payload: Mapping[str, object]
    """JSON values; never transcript text."""


@dataclass(frozen=True, slots=True)
class Event:
    id: int
    """Ids rise in the order of commits: who has seen one has seen all before it."""
    kind: EventKind
    meeting_id: MeetingId
    owner_id: UserId
    payload: Mapping[str, object]
    at: datetime
