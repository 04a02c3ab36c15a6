"""What nobody waits for: files of deleted meetings and forgotten people, uploads and clips that were given up, what
killed processes left behind.

Owns when something is old enough to go, and that one process at a time cleans up. A step that fails is logged and
tried again in the next round; none of them is allowed to stop the others.

Usage::

    task = asyncio.create_task(Housekeeping(units, storage, settings, bell).run_forever())
"""

import asyncio
import itertools
import random
import time
from collections.abc import Awaitable, Callable, Iterable
from datetime import UTC, datetime, timedelta
from uuid import UUID

from scribe.adapters.locks import HOUSEKEEPING, only_one
from scribe.adapters.queue import Bell
from scribe.adapters.storage import Storage, StoredFile
from scribe.adapters.unit_of_work import UnitOfWorkFactory
from scribe.core.config import Settings
from scribe.core.logging import get_logger, trace_of
from scribe.domain.errors import ScribeError
from scribe.services import audit, enrolment, forgetting, idempotency, resumable, retention, rewriting
from scribe.services.uploads import Desk
from scribe.services.voice_litter import remove_voice_litter

UUID_WITH_TIME = 7
EVERY_S = 5.0
"""For what somebody may notice: deleted files, uploads whose last step was cut off."""
THOROUGH_EVERY_S = 900.0
"""For what takes a walk through the whole storage."""
ORPHAN_AGE = timedelta(hours=1)
"""Since the last byte of a recording without a meeting. A request that wrote a byte commits its row, or fails, within
minutes (``services/receiving.py``: a client is silent for two at most; a statement takes half a minute at most)."""
LOCAL_LEFTOVER_AGE_S = 3600.0
"""Since the last byte of a file that was never completed; no client may be silent for so long."""
REMOTE_LEFTOVER_AGE_S = 48 * 3600.0
"""Since the beginning of a multipart upload, which is all that S3 tells: longer than any upload takes."""
MAX_ORPHAN_SHARE = 0.2
FEW_ORPHANS = 20
"""More than both is no litter but a database and a storage that do not belong together: nothing is removed then."""
BATCH = 200
HEAD_EVERY_S = 24 * 3600.0
"""The end of the audit log is told to the process's log: one a day and process is enough for an auditor."""
MAX_FAILURES = 5
"""In one round: one folder may be at fault, more are the storage."""
_TOPS = {"uploads": 1, "checkpoints": 1, "derived": 1, "results": 2}
"""Where in a key the meeting's id stands."""


class Housekeeping:
    def __init__(
        self, units: UnitOfWorkFactory, storage: Storage, settings: Settings, bell: Bell | None = None
    ) -> None:
        self._units = units
        self._storage = storage
        self._settings = settings
        self._desk = Desk(units, storage, bell, settings)
        self._is_reapplied = False
        self._next_thorough = time.monotonic() + random.uniform(30, 120)  # noqa: S311 -- so that processes differ
        self._next_sweep = time.monotonic() + min(settings.retention.sweep_every_s, random.uniform(10, 60))  # noqa: S311
        self._next_head = 0.0

    async def run_forever(self) -> None:
        while True:
            await asyncio.sleep(EVERY_S * random.uniform(0.8, 1.2))  # noqa: S311
            is_thorough = time.monotonic() > self._next_thorough
            try:
                await self.once(thorough=is_thorough)
            except Exception as error:  # noqa: BLE001 -- a round that fails is tried again; the loop must live
                get_logger().warning("housekeeping.failed", error=type(error).__name__, trace=trace_of(error))
            if is_thorough:
                self._next_thorough = time.monotonic() + THOROUGH_EVERY_S

    async def once(self, *, thorough: bool = True) -> bool:
        """One round. ``False``: another process is at it."""
        async with only_one(self._units.engine, HOUSEKEEPING) as is_mine:
            if not is_mine:
                return False
            if not self._is_reapplied:
                await self._each([self.reapply])
            if time.monotonic() > self._next_sweep:
                self._next_sweep = time.monotonic() + self._settings.retention.sweep_every_s
                await self._each([self.sweep])
            await self._each([self.purge, self.store_tombstones, self.finish_uploads])
            if thorough:
                await self._each([self.expire_uploads, self.expire_enrolments, self.reapply, self.retention])
                await self._each([self.purge, self.remove_orphans, self.remove_voice_litter])
                await self._each([self.remove_leftovers, self.forget, self.prune_audit_log])
                if time.monotonic() > self._next_head:
                    self._next_head = time.monotonic() + HEAD_EVERY_S
                    await self._each([self.tell_head])
        return True

    async def purge(self) -> None:
        """All there is: somebody who sat in thousands of meetings is forgotten in one round."""
        await purge(self._units, self._storage, batches=None)

    async def finish_uploads(self) -> None:
        """Every byte that was accepted becomes part of a meeting, whatever happened to the process that took it."""
        async with self._units() as unit:
            unfinished = await unit.uploads.unfinished(BATCH)
        for upload_id in unfinished:
            async with self._units() as unit:
                upload = await unit.uploads.find(upload_id)
            if upload is None:
                continue
            try:
                finished = await resumable.finish(self._desk, upload)
            except ScribeError as error:  # the next one may fare better
                get_logger().warning("upload.finish_failed", upload_id=str(upload_id), code=error.code)
            else:
                get_logger().info(
                    "upload.finished_later", upload_id=str(upload_id), meeting_id=str(finished.meeting_id)
                )

    async def expire_uploads(self) -> None:
        while await resumable.remove_expired(self._desk, BATCH) == BATCH:
            pass

    async def expire_enrolments(self) -> None:
        await enrolment.expire(self._units)

    async def reapply(self) -> None:
        """First of all: the database may have been restored, and the process that did it killed."""
        await forgetting.reapply(self._units, self._storage)
        self._is_reapplied = True

    async def store_tombstones(self) -> None:
        await forgetting.store_tombstones(self._units, self._storage)

    async def sweep(self) -> None:
        """Recordings and meetings that have had their time; their files go with this round's purge."""
        await retention.sweep(self._units, self._settings.retention)

    async def prune_audit_log(self) -> None:
        await audit.prune(self._units, self._settings.audit.kept_days)

    async def tell_head(self) -> None:
        await audit.tell_head(self._units)

    async def retention(self) -> None:
        """Speakers' voiceprints that have had their time."""
        meetings = await forgetting.retention(self._units, self._storage, self._settings)
        if meetings:
            get_logger().info("housekeeping.speaker_prints_removed", meetings=meetings)

    async def remove_voice_litter(self) -> None:
        await remove_voice_litter(self._units, self._storage)

    async def remove_orphans(self) -> None:
        """Folders of no meeting and no upload, which killed processes left. Those that are older than the database are
        not its own: somebody gave a new database to an old storage."""
        ages: dict[str, datetime] = {}
        ids: dict[str, UUID] = {}
        for top in _TOPS:
            for file in await asyncio.to_thread(self._storage.files, top):
                found = _folder_of(file, _TOPS[top])
                if found is not None:
                    folder, ids[folder] = found
                    ages[folder] = max(file.modified_at, ages.get(folder, file.modified_at))
        known = await self._known(ids.values())
        async with self._units() as unit:
            installed_at = await unit.purges.installed_at() or datetime.now(UTC)
        orphans = [
            folder for folder, id_ in ids.items() if id_ not in known and (_made_at(id_) or installed_at) > installed_at
        ]
        if len(orphans) > max(FEW_ORPHANS, MAX_ORPHAN_SHARE * len(ids)):
            get_logger().error("housekeeping.too_many_orphans", orphans=len(orphans), folders=len(ids))
            return
        oldest = datetime.now(UTC) - ORPHAN_AGE
        for folder in orphans:
            if ages[folder] < oldest:
                await asyncio.to_thread(self._storage.delete_folder, folder)
                get_logger().info("housekeeping.orphan_removed", folder=folder)

    async def remove_leftovers(self) -> None:
        """Files that were never completed."""
        age_s = LOCAL_LEFTOVER_AGE_S if self._storage.is_local else REMOTE_LEFTOVER_AGE_S
        removed = await asyncio.to_thread(self._storage.remove_leftovers, age_s)
        removed += await asyncio.to_thread(rewriting.remove_leftovers, self._storage)
        if removed:
            get_logger().info("housekeeping.leftovers_removed", files=removed)

    async def forget(self) -> None:
        """Rows that have had their time."""
        async with self._units() as unit:
            await unit.events.forget_before(self._settings.api.events_kept_days)
        async with self._units() as unit:
            await idempotency.forget_old(unit)
        async with self._units() as unit:
            await unit.accounts.forget_expired()

    async def _known(self, ids: Iterable[UUID]) -> set[UUID]:
        wanted = list(set(ids))
        known: set[UUID] = set()
        for start in range(0, len(wanted), 1000):
            async with self._units() as unit:
                known |= await unit.purges.known_meetings(wanted[start : start + 1000])
                known |= await unit.uploads.known(wanted[start : start + 1000])
        return known

    async def _each(self, steps: Iterable[Callable[[], Awaitable[None]]]) -> None:
        for step in steps:
            try:
                await step()
            except ScribeError as error:
                get_logger().warning("housekeeping.step_failed", step=step.__name__, code=error.code, detail=str(error))


async def purge(units: UnitOfWorkFactory, storage: Storage, *, batches: int | None = 1) -> None:
    """Empties the folders of what was deleted. Also called right after a deletion, so that nobody waits for a round;
    then of the first ``batches`` only."""
    tried: set[int] = set()
    failures = 0
    for _ in itertools.count() if batches is None else range(batches):
        async with units() as unit:
            due = [each for each in await unit.purges.due(BATCH) if each.id not in tried]
        tried |= {each.id for each in due}
        emptied = []
        for folder in due:
            try:
                await asyncio.to_thread(_empty, storage, folder.folder)
                emptied.append(folder)
            except ScribeError as error:
                get_logger().warning("housekeeping.purge_failed", folder=folder.folder, code=error.code)
                failures += 1
                if failures == MAX_FAILURES:
                    break
        async with units() as unit:
            for folder in emptied:
                await unit.purges.done(folder)
        if not due or failures >= MAX_FAILURES:
            return


def _empty(storage: Storage, folder: str) -> None:
    """A sample of a voice, or what was made for players, is one file among others' files."""
    if folder.endswith((".wav", ".m4a")):
        storage.delete(folder)
    else:
        storage.delete_folder(folder)


def _made_at(id_: UUID) -> datetime | None:
    """A UUIDv7 begins with the time."""
    return datetime.fromtimestamp((id_.int >> 80) / 1000, UTC) if id_.version == UUID_WITH_TIME else None


def _folder_of(file: StoredFile, place: int) -> tuple[str, UUID] | None:
    """The folder that belongs to one meeting or upload, and its id; ``None`` for what nobody of us has put there."""
    parts = file.key.split("/")
    if parts[:2] == ["uploads", "parts"]:
        place = 2
    if len(parts) <= place + 1:
        return None
    try:
        return "/".join(parts[: place + 1]), UUID(parts[place])
    except ValueError:
        return None
