"""A meeting as the queue sees it: what a worker is given, what it hands back, how a status is told.

Owns the values that travel between ``adapters/jobs.py``, ``services/queue.py`` and the worker, and how long a failed
attempt waits for the next; never a row and never a clock (the database's counts, it is the only one all share).

Usage::

    job = await queue.claim(worker_id)            # ClaimedJob, or None
    await queue.publish(job, storage, Published(files, "fr", 3, 4711, 1800.0))
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from scribe.domain.events import EventKind, NewEvent
from scribe.domain.meeting import MeetingId, MeetingStatus, Stage, UserId
from scribe.domain.namings import HeardSpeaker
from scribe.domain.requests import RunOptions

MAX_MESSAGE_LENGTH = 2000


@dataclass(frozen=True, slots=True)
class ClaimedJob:
    """One attempt at one run of one meeting, and the right to write about it."""

    meeting_id: MeetingId
    owner_id: UserId
    token: UUID
    """Fencing: made for this claim, asked for with every write, worthless as soon as the lease is taken away."""
    run: int
    attempt: int
    """1 for the first of this run."""
    max_attempts: int
    created_at: datetime
    """Of the meeting: its UTC day names the results' folder."""
    file_name: str | None
    size_bytes: int
    sha256: str
    options: RunOptions
    traceparent: str | None = None
    """In which trace it was asked for (``core/trace_context.py``); not told to the child."""


@dataclass(frozen=True, slots=True)
class Published:
    """What the worker learned from the finished run."""

    files: tuple[str, ...]
    """Names in the staging folder, ``fusion.json`` last."""
    language: str | None
    num_speakers: int
    num_words: int
    duration_s: float
    speakers: tuple[HeardSpeaker, ...] = ()


@dataclass(frozen=True, slots=True)
class Failure:
    code: str
    """That of an error in ``domain/errors.py``."""
    message: str
    """One sentence for the user."""
    stage: Stage | None


@dataclass(frozen=True, slots=True)
class StatusChange:
    """What a change of status left in the row."""

    meeting_id: MeetingId
    owner_id: UserId
    status: MeetingStatus
    run: int
    attempt: int
    failure: Failure | None
    """Of a FAILED run; of the last attempt, while PENDING again."""


@dataclass(frozen=True, slots=True)
class Abandoned:
    """An attempt whose worker gave no sign for longer than its lease."""

    job: ClaimedJob
    stage: Stage | None
    is_cancel_requested: bool


@dataclass(frozen=True, slots=True)
class DatabaseClock:
    now: datetime
    started_at: datetime
    """Of the server."""


@dataclass(frozen=True, slots=True)
class QueueCounts:
    by_status: Mapping[MeetingStatus, int]
    """Every status, 0 included."""
    oldest_pending_s: float
    """How long the oldest PENDING meeting has waited; 0 when none does."""
    dead_letters: int


def status_event(change: StatusChange) -> NewEvent:
    payload: dict[str, object] = {"status": str(change.status), "run": change.run, "attempt": change.attempt}
    if change.failure is not None and change.status in {MeetingStatus.FAILED, MeetingStatus.PENDING}:
        payload["failure"] = {
            "code": change.failure.code,
            "message": change.failure.message,
            "stage": change.failure.stage and str(change.failure.stage),
        }
    return NewEvent(EventKind.STATUS, change.meeting_id, change.owner_id, payload)


def retry_delay_s(delays_s: Sequence[float], attempt: int) -> float:
    """How long to wait after ``attempt`` (1 for the first) failed; the last delay repeats."""
    return delays_s[min(attempt, len(delays_s)) - 1] if delays_s else 0.0


def storable(message: str) -> str:
    """PostgreSQL refuses NUL and lone surrogates, and an error's text may hold anything."""
    return message.encode("utf-8", "replace").decode().replace("\0", "\N{REPLACEMENT CHARACTER}")[:MAX_MESSAGE_LENGTH]
