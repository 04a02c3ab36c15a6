"""Storage use and installed models, as JSON."""

from collections.abc import Sequence
from datetime import datetime
from typing import Self

from pydantic import Field

from scribe.api.schemas.meetings import Out
from scribe.domain.installation import InstalledModel, StorageUse


class UserUseOut(Out):
    username: str
    num_meetings: int
    bytes: int
    """Of the recordings as they were uploaded."""


class StorageUseOut(Out):
    free_bytes: int | None
    """Of the disk; null: the storage is no local disk."""
    total_bytes: int | None
    recordings_bytes: int
    """As they were uploaded, and what is made of them for players."""
    results_bytes: int
    voices_bytes: int
    """Samples of voices."""
    other_bytes: int
    """Checkpoints, waveforms and the like."""
    uploads_bytes: int
    """On their way in."""
    database_bytes: int
    by_user: list[UserUseOut]
    """Who has most comes first."""
    measured_at: datetime
    """It is measured again after some minutes."""

    @classmethod
    def of(cls, use: StorageUse) -> Self:
        by_user = [
            UserUseOut(username=one.username, num_meetings=one.num_meetings, bytes=one.size_bytes)
            for one in use.by_user
        ]
        fields = {name: getattr(use, name) for name in cls.model_fields if name != "by_user"}
        return cls(**fields, by_user=by_user)


class InstalledModelOut(Out):
    name: str
    kind: str
    """What it does."""
    licence: str
    size_bytes: int | None
    """Null: not known before it is installed."""
    is_default: bool
    """Used where a meeting wishes for no other."""
    is_installed: bool
    """On the machine of a living worker."""
    workers: list[str]
    """Ids of those workers."""


class ModelsOut(Out):
    items: list[InstalledModelOut] = Field(description="Empty while no worker is alive: they report what they have.")

    @classmethod
    def of(cls, models: Sequence[InstalledModel]) -> Self:
        items = [
            InstalledModelOut(
                name=model.name, kind=model.kind, licence=model.licence, size_bytes=model.size_bytes,
                is_default=model.is_default, is_installed=bool(model.workers), workers=list(model.workers),
            )
            for model in models
        ]  # fmt: skip
        return cls(items=items)
