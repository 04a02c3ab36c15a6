"""How the files of a finished attempt become the meeting's results.

Owns the order, which a crash may cut anywhere: (1) staging folders of dead attempts go, so that a worker that was
frozen while it published has nothing left to move when it wakes; (2) a marker in our staging folder says that from now
on a file missing there has been moved; (3) the moves, ``fusion.json`` last; (4) the commit, by the caller, who holds
the row's lock from before (1); (5) our staging folder goes; (6) what only an earlier run had goes, now that no row
names it, under the row's lock again: by then another run may have published a file of that name. Before the commit
nothing is removed that a row names. Never decides who may publish.

While (3) is under way, files of this run stand beside those of an earlier one; the row says which run to expect.
"""

import asyncio
import time
from collections.abc import Collection, Sequence
from threading import Event
from uuid import UUID

from scribe.adapters.storage import Storage
from scribe.adapters.unit_of_work import UnitOfWorkFactory
from scribe.core.database import IDLE_IN_TRANSACTION_S
from scribe.core.logging import get_logger
from scribe.domain import layout
from scribe.domain.errors import ScribeError, StorageError
from scribe.domain.jobs import ClaimedJob
from scribe.services.threads import in_stoppable_thread

MARKER = "publishing"
MAX_MOVING_S = IDLE_IN_TRANSACTION_S * 0.7
"""PostgreSQL ends the transaction that holds the row's lock after IDLE_IN_TRANSACTION_S; better to stop before."""


async def bring_in(storage: Storage, folder: str, token: UUID, files: Sequence[str]) -> None:
    """Steps 1 to 3; again after a failure it goes on where it stopped.

    Returns or raises only when nothing moves any more, also when cancelled. Raises: StorageError, ResourceError.
    """
    await in_stoppable_thread(lambda is_over: _bring_in(storage, folder, token, files, is_over))


async def tidy_up(units: UnitOfWorkFactory, storage: Storage, job: ClaimedJob, files: Sequence[str]) -> None:
    """Steps 5 and 6. What cannot be removed now is named by no row: it stays until the next run or until the meeting
    goes."""
    folder = layout.results_folder(job.created_at, job.meeting_id)
    try:
        await asyncio.to_thread(storage.delete_folder, layout.staging_folder(folder, job.token))
        if await asyncio.to_thread(_published_keys, storage, folder) != {f"{folder}/{name}" for name in files}:
            async with units() as unit:
                named = await unit.jobs.lock_results(job.meeting_id)
                if named:
                    await asyncio.to_thread(_remove_all_but, storage, folder, named)
    except (ScribeError, OSError) as error:
        get_logger().warning("results.left_over", folder=folder, error=type(error).__name__)


def _bring_in(storage: Storage, folder: str, token: UUID, files: Sequence[str], is_over: Event) -> None:
    until = time.monotonic() + MAX_MOVING_S
    staging = layout.staging_folder(folder, token)
    there = set(storage.keys(folder))
    for dead in _staging_folders(folder, there) - {staging}:
        storage.delete_folder(dead)
    marker = f"{staging}/{MARKER}"
    if marker not in there:
        missing = [name for name in files if f"{staging}/{name}" not in there]
        if missing:
            raise StorageError(f"The storage lost {len(missing)} of {len(files)} results before they were published.")
        storage.write(marker, b"")
    for name in files:
        if is_over.is_set() or time.monotonic() > until:
            raise StorageError("The storage was too slow to publish the results in one go.")
        if f"{staging}/{name}" in there:
            storage.move(f"{staging}/{name}", f"{folder}/{name}")
        elif f"{folder}/{name}" not in there:
            raise StorageError(f"The storage lost {name} while it was published.")


def _remove_all_but(storage: Storage, folder: str, named: Collection[str]) -> None:
    for key in _published_keys(storage, folder) - set(named):
        storage.delete(key)


def _published_keys(storage: Storage, folder: str) -> set[str]:
    return {key for key in storage.keys(folder) if not key.startswith(f"{folder}/{layout.STAGING_PREFIX}")}


def _staging_folders(folder: str, keys: set[str]) -> set[str]:
    start = f"{folder}/{layout.STAGING_PREFIX}"
    return {f"{folder}/{key.removeprefix(f'{folder}/').split('/')[0]}" for key in keys if key.startswith(start)}
