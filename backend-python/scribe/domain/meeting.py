"""The life of one recording's processing: its stages, what each cost, what went wrong but not fatally.

Owns the names of the stages and their order; never runs one (``pipeline/run.py`` does).
"""

from dataclasses import dataclass
from enum import StrEnum


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


@dataclass(frozen=True, slots=True)
class RunWarning:
    """Something the reader of the result should know; the result is usable all the same."""

    code: str
    """Stable: ``stage.failed.diarize``, ``audio.truncated`` ..."""
    message: str
    """One sentence for the user."""
