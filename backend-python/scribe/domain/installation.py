"""What an installation holds and which models it has, as an administrator looks at it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class UserUse:
    username: str
    num_meetings: int
    size_bytes: int
    """Of the recordings as they were uploaded."""


@dataclass(frozen=True, slots=True)
class StorageUse:
    """Bytes by what they are for."""

    free_bytes: int | None
    """Of the disk; ``None``: the storage is no local disk."""
    total_bytes: int | None
    recordings_bytes: int
    """As they were uploaded, and what is made of them for players."""
    results_bytes: int
    voices_bytes: int
    """Samples of voices and voiceprints."""
    other_bytes: int
    """Checkpoints, waveforms and the like."""
    uploads_bytes: int
    """On their way in."""
    database_bytes: int
    by_user: Sequence[UserUse]
    """Who has most comes first."""
    measured_at: datetime


@dataclass(frozen=True, slots=True)
class InstalledModel:
    """A model of the catalogue, and which workers have it."""

    name: str
    kind: str
    licence: str
    size_bytes: int | None
    is_default: bool = False
    workers: tuple[str, ...] = ()
    """Ids of the living workers on whose machines it is installed."""
