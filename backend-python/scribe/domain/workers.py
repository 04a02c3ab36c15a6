"""A worker process as the others see it.

Owns the values; ``adapters/workers.py`` keeps them, ``worker/presence.py`` tells them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from scribe.domain.meeting import MeetingId

BEAT_EVERY_S = 3.0
"""How often a worker says that it is there."""
SILENT_S = 15.0
"""Who said nothing for so long does not count as alive: five beats."""


@dataclass(frozen=True, slots=True)
class CatalogueEntry:
    """A model of the catalogue on a worker's machine."""

    name: str
    kind: str
    licence: str
    size_bytes: int | None
    is_default: bool
    """What this worker uses where a meeting wishes for no other."""
    is_installed: bool


@dataclass(frozen=True, slots=True)
class WorkerFacts:
    """What a worker is, the same from its start to its end."""

    id: str
    """host:pid:random."""
    host: str
    pid: int
    version: str
    """Of the product."""
    device: str
    """``cpu`` or ``cuda``."""
    models: Mapping[str, object]
    """``transcription`` and ``diarization`` by the settings, ``installed``: names in the catalogue. JSON values."""
    catalogue: tuple[CatalogueEntry, ...] = ()
    """Every model that this version knows, and whether it is installed there."""


@dataclass(frozen=True, slots=True)
class Worker:
    """A worker with its last sign of life."""

    facts: WorkerFacts
    started_at: datetime
    heartbeat_at: datetime
    rss_mb: float | None
    """Resident memory of the worker and its child, MB (10^6 bytes)."""
    meeting_id: MeetingId | None
    """What it works on; ``None``: idle."""
