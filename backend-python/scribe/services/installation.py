"""What is stored, and which models are installed.

Owns what counts as what, and that listing a large storage is not done for every question. Never touches a model: the
workers report what they have.

Usage::

    use = await meter.read(units, storage)      # one meter per process
"""

import asyncio
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from scribe.adapters.storage import Storage
from scribe.adapters.storage_use import StorageUseRepository
from scribe.adapters.unit_of_work import UnitOfWorkFactory
from scribe.domain import layout
from scribe.domain.installation import InstalledModel, StorageUse
from scribe.domain.workers import Worker

MEMORY_S = 180.0


class StorageMeter:
    def __init__(self, memory_s: float = MEMORY_S) -> None:
        self._memory_s = memory_s
        self._lock = asyncio.Lock()
        self._use: StorageUse | None = None
        self._until_s = 0.0

    async def read(self, units: UnitOfWorkFactory, storage: Storage) -> StorageUse:
        """Sizes as they were some minutes ago at most, free room as it is. Raises: StorageError, UnavailableError."""
        async with self._lock:
            if self._use is None or time.monotonic() >= self._until_s:
                self._use = await _measured(units, storage)
                self._until_s = time.monotonic() + self._memory_s
        room = await asyncio.to_thread(storage.room)
        return replace(
            self._use,
            free_bytes=room.free_bytes if room else None,
            total_bytes=room.total_bytes if room else None,
        )


async def _measured(units: UnitOfWorkFactory, storage: Storage) -> StorageUse:
    sizes = await asyncio.to_thread(_sizes, storage)
    async with units() as unit:
        repository = StorageUseRepository(unit.session)
        by_user, database_bytes = await repository.by_user(), await repository.database_bytes()
    return StorageUse(
        free_bytes=None,
        total_bytes=None,
        recordings_bytes=sizes[layout.Kind.RECORDING],
        results_bytes=sizes[layout.Kind.RESULT],
        voices_bytes=sizes[layout.Kind.VOICE],
        other_bytes=sizes[layout.Kind.OTHER],
        uploads_bytes=sizes[layout.Kind.UPLOAD],
        database_bytes=database_bytes,
        by_user=by_user,
        measured_at=datetime.now(UTC),
    )


def _sizes(storage: Storage) -> Mapping[layout.Kind, int]:
    sizes: Counter[layout.Kind] = Counter()
    for folder in layout.ROOTS:
        for file in storage.files(folder):
            sizes[layout.kind_of(file.key)] += file.size_bytes
    return sizes


async def models(units: UnitOfWorkFactory) -> list[InstalledModel]:
    """Of the catalogues of all living workers; empty while there is none."""
    async with units() as unit:
        workers = await unit.workers.alive()
    return models_of(workers)


def models_of(workers: Sequence[Worker]) -> list[InstalledModel]:
    found: dict[str, InstalledModel] = {}
    for worker in workers:
        for entry in worker.facts.catalogue:
            known = found.get(entry.name, InstalledModel(entry.name, entry.kind, entry.licence, entry.size_bytes))
            found[entry.name] = replace(
                known,
                is_default=known.is_default or entry.is_default,
                workers=(*known.workers, worker.facts.id) if entry.is_installed else known.workers,
            )
    return list(found.values())
