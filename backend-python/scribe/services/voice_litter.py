"""Files of voices that no row names: a worker was killed between a file and its row, or a row and its file.

Owns which they are; with the same caution as for meetings (``services/housekeeping.py``): only what is old enough, is
younger than this database, and is little beside what has its row. Voices are biometric data: what is litter elsewhere
is here somebody's voice that nobody can find and erase.

Usage::

    removed = await remove_voice_litter(units, storage)
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from scribe.adapters.storage import Storage, StoredFile
from scribe.adapters.unit_of_work import UnitOfWork, UnitOfWorkFactory
from scribe.core.logging import get_logger

AGE = timedelta(hours=1)
"""Since the last byte: a request or a task that wrote it commits its row, or fails, within minutes."""
MAX_SHARE = 0.2
FEW = 20
"""More than both is no litter but a database and a storage that do not belong together: nothing is removed then."""
BATCH = 1000
UUID_WITH_TIME = 7


@dataclass(frozen=True, slots=True)
class _Found:
    file: StoredFile
    id: UUID
    """Of the print, the enrolment or the meeting."""


Named = Callable[[UnitOfWork, Sequence[_Found]], Awaitable[set[str]]]
"""Keys of those that are nobody's litter."""


async def remove_voice_litter(units: UnitOfWorkFactory, storage: Storage) -> int:
    """Raises: UnavailableError, StorageError. Returns how many files."""
    async with units() as unit:
        installed_at = await unit.purges.installed_at()
    if installed_at is None:
        return 0
    removed = 0
    for folder, id_of, named in (
        ("voices/people", _print_of, _with_print),
        ("voices/clips", _enrolment_of, _with_enrolment),
        ("derived", _meeting_of, _with_speaker),
    ):
        files = await asyncio.to_thread(storage.files, folder)
        found = [_Found(file, id_) for file in files if (id_ := id_of(file.key.split("/"))) is not None]
        removed += await _remove(units, storage, found, named, installed_at)
    return removed


async def _remove(
    units: UnitOfWorkFactory, storage: Storage, found: Sequence[_Found], named: Named, installed_at: datetime
) -> int:
    known: set[str] = set()
    for start in range(0, len(found), BATCH):
        async with units() as unit:
            known |= await named(unit, found[start : start + BATCH])
    litter = [one for one in found if one.file.key not in known and _made_at(one.id) > installed_at]
    if len(litter) > max(FEW, MAX_SHARE * len(found)):
        get_logger().error("housekeeping.too_many_voices_without_a_row", files=len(litter), of=len(found))
        return 0
    oldest = datetime.now(UTC) - AGE
    old = [one.file.key for one in litter if one.file.modified_at < oldest]
    for key in old:
        await asyncio.to_thread(storage.delete, key)
        get_logger().info("housekeeping.voice_removed", key=key)
    return len(old)


async def _with_print(unit: UnitOfWork, found: Sequence[_Found]) -> set[str]:
    return await unit.purges.known_samples([one.file.key for one in found])


async def _with_enrolment(unit: UnitOfWork, found: Sequence[_Found]) -> set[str]:
    known = await unit.enrolments.known([one.id for one in found])
    return {one.file.key for one in found if one.id in known}


async def _with_speaker(unit: UnitOfWork, found: Sequence[_Found]) -> set[str]:
    """A worker writes the samples of a run long before it publishes the rows."""
    busy = await unit.purges.unfinished_meetings({one.id for one in found})
    samples = await unit.purges.known_samples([one.file.key for one in found])
    return samples | {one.file.key for one in found if one.id in busy}


def _print_of(parts: list[str]) -> UUID | None:
    return _id(parts[3].removesuffix(".wav")) if len(parts) == 4 else None


def _enrolment_of(parts: list[str]) -> UUID | None:
    return _id(parts[2]) if len(parts) == 4 else None


def _meeting_of(parts: list[str]) -> UUID | None:
    """Of ``derived/<meeting_id>/voices/...``."""
    return _id(parts[1]) if len(parts) > 3 and parts[2] == "voices" else None


def _id(text: str) -> UUID | None:
    """``None`` for what nobody of us has put there."""
    try:
        found = UUID(text)
    except ValueError:
        return None
    return found if found.version == UUID_WITH_TIME else None


def _made_at(id_: UUID) -> datetime:
    """A UUIDv7 begins with the time."""
    return datetime.fromtimestamp((id_.int >> 80) / 1000, UTC)
