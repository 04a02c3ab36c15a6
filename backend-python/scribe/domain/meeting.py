"""The life of one meeting: its statuses, its stages, what each cost, what went wrong but not fatally.

Owns the names of the stages and their order, and which status may follow which; never runs a stage
(``pipeline/run.py`` does) and never writes a row (``adapters/jobs.py`` does).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum, StrEnum
from typing import NewType
from uuid import UUID

MeetingId = NewType("MeetingId", UUID)
UserId = NewType("UserId", UUID)


class MeetingStatus(StrEnum):
    PENDING = "PENDING"
    """Accepted and safe; waits for a worker, or for its next attempt."""
    PROCESSING = "PROCESSING"
    """A worker holds a lease on it."""
    COMPLETED = "COMPLETED"
    FAILED = "FAILED"
    CANCELLED = "CANCELLED"

    @property
    def is_terminal(self) -> bool:
        return self in {MeetingStatus.COMPLETED, MeetingStatus.FAILED, MeetingStatus.CANCELLED}


TRANSITIONS: Mapping[MeetingStatus, frozenset[MeetingStatus]] = {
    MeetingStatus.PENDING: frozenset(
        {MeetingStatus.PROCESSING, MeetingStatus.CANCELLED, MeetingStatus.FAILED}  # FAILED: attempts used up
    ),
    MeetingStatus.PROCESSING: frozenset(
        {MeetingStatus.COMPLETED, MeetingStatus.FAILED, MeetingStatus.CANCELLED, MeetingStatus.PENDING}
    ),
    MeetingStatus.COMPLETED: frozenset({MeetingStatus.PENDING}),  # run again with other options
    MeetingStatus.FAILED: frozenset({MeetingStatus.PENDING}),  # retry
    MeetingStatus.CANCELLED: frozenset({MeetingStatus.PENDING}),
}
"""Which status may follow which. Deleting is possible from every one and leaves none."""


class Priority(IntEnum):
    """Higher goes first; within one priority, users take turns."""

    LOW = -10
    NORMAL = 0
    HIGH = 10


class Stage(StrEnum):
    """In the order in which they run."""

    CONVERT = "convert"
    DIARIZE = "diarize"
    IDENTIFY = "identify"
    TRANSCRIBE = "transcribe"
    FUSE = "fuse"


@dataclass(frozen=True, slots=True)
class StageMetrics:
    """What one stage cost."""

    stage: Stage
    seconds: float
    """Wall time."""
    cpu_seconds: float
    """User and system time of this process and of the children it waited for."""
    peak_rss_mb: float
    """Highest resident memory while the stage ran, in MB (10^6 bytes)."""
    is_reused: bool = False
    """Loaded from a checkpoint; the costs are those of the run that made it."""
    peak_vram_mb: float | None = None
    """Highest memory of the card that this process held while the stage ran, in MB (2^20 bytes); ``None``: no card,
    or nobody could tell."""


@dataclass(frozen=True, slots=True)
class RunWarning:
    """Something the reader of the result should know; the result is usable all the same."""

    code: str
    """Stable: ``stage.failed.diarize``, ``audio.truncated`` ..."""
    message: str
    """One sentence for the user."""


STAGE_SHARE: Mapping[Stage, float] = {
    Stage.CONVERT: 0.04,
    Stage.DIARIZE: 0.28,
    Stage.IDENTIFY: 0.01,
    Stage.TRANSCRIBE: 0.62,
    Stage.FUSE: 0.05,
}
"""How much of a run's time a stage takes, about; measured on CPU with whisper-base (docs/benchmarks.md)."""


def overall_percent(stage: Stage, fraction: float) -> float:
    """How far the whole run is, 0 to 100, while ``stage`` is at ``fraction`` (0 to 1)."""
    stages = list(Stage)
    before = sum(STAGE_SHARE[earlier] for earlier in stages[: stages.index(stage)])
    return min(100.0, 100.0 * (before + STAGE_SHARE[stage] * fraction))
