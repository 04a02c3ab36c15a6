"""Reads for the audit log: noted at once, written down a moment later, so that nobody who reads waits for it.

Owns that one read is one entry for a stretch of time (a player asks for a recording in hundreds of pieces, a page asks
for a transcript after every correction), and that what cannot be written down is counted and said, never dropped in
silence. Each process has its own stretches. What leaves the installation for good, exports and downloads, does not go
this way: it is written down before it is sent (``services/audit.py``).

A process that is killed outright takes at most the last second of reads with it.

Usage::

    log.note(Action.TRANSCRIPT_READ, meeting_id=meeting_id)      # never waits, never fails
    asyncio.create_task(log.run_forever())
    await log.flush()                                            # at the end
"""

import asyncio
import time
from collections import OrderedDict, deque
from collections.abc import Hashable
from datetime import UTC, datetime
from uuid import UUID

from scribe.adapters.unit_of_work import UnitOfWorkFactory
from scribe.core.acting import acting
from scribe.core.logging import get_logger
from scribe.domain.audit import THE_PROGRAM, Action, Detail, NewEntry
from scribe.domain.errors import ScribeError

STRETCH_S = 600.0
"""Within it, the same read by the same user is one entry."""
SEARCH_STRETCH_S = 60.0
"""Somebody who types a query sends it a dozen times."""
WRITE_EVERY_S = 1.0
AGAIN_AFTER_S = 5.0
"""When the database was away."""
BATCH = 500
MAX_WAITING = 20_000
"""Entries: some 10 MB, and minutes of an outage. More are counted, and the count is written down."""
MAX_STRETCHES = 50_000
READS_LOST = "audit_reads_lost"
"""Counter of those."""


class ReadingLog:
    def __init__(self, units: UnitOfWorkFactory, *, is_on: bool = True) -> None:
        self._units = units
        self._is_on = is_on
        self._waiting: deque[NewEntry] = deque()
        self._lost = 0
        self._noted: OrderedDict[Hashable, float] = OrderedDict()
        self._is_due = asyncio.Event()
        self._writing = asyncio.Lock()

    def note(
        self,
        action: Action,
        *,
        meeting_id: UUID | None = None,
        person_id: UUID | None = None,
        subject_id: UUID | None = None,
        detail: Detail | None = None,
        stretch_s: float = STRETCH_S,
    ) -> None:
        """By whoever acts. Once in ``stretch_s`` for the same actor, action and subject."""
        if not self._is_on:
            return
        actor, now = acting(), time.monotonic()
        key = (actor, action, meeting_id, person_id, subject_id, *sorted((detail or {}).items()))
        if now - self._noted.get(key, -stretch_s) < stretch_s:
            return
        self._noted[key] = now
        self._noted.move_to_end(key)
        if len(self._noted) > MAX_STRETCHES:
            self._noted.popitem(last=False)
        if len(self._waiting) >= MAX_WAITING:
            self._lost += 1
            return
        self._waiting.append(
            NewEntry(action, actor, datetime.now(UTC), meeting_id, person_id, subject_id, detail or {})
        )
        self._is_due.set()

    async def run_forever(self) -> None:
        while True:
            await self._is_due.wait()
            self._is_due.clear()
            await asyncio.sleep(WRITE_EVERY_S)  # so that many go in one transaction
            try:
                await self.flush()
            except ScribeError as error:
                get_logger().warning("audit.reads_wait", waiting=len(self._waiting), code=error.code)
                await asyncio.sleep(AGAIN_AFTER_S)
                self._is_due.set()

    async def flush(self) -> None:
        """All that waits. Raises: UnavailableError; what was not written waits on."""
        async with self._writing:
            while self._waiting or self._lost:
                batch = [self._waiting.popleft() for _ in range(min(BATCH, len(self._waiting)))]
                lost, self._lost = self._lost, 0
                said = [_lost(lost)] if lost else []
                try:
                    async with self._units() as unit:
                        if lost:
                            await unit.jobs.count(READS_LOST, by=lost)
                        await unit.audit.append([*batch, *said])
                except BaseException:
                    self._waiting.extendleft(reversed(batch))
                    self._lost += lost
                    raise
                if lost:
                    get_logger().error("audit.reads_lost", reads=lost)


def _lost(count: int) -> NewEntry:
    return NewEntry(Action.AUDIT_LOST, THE_PROGRAM, datetime.now(UTC), detail={"reads": count})
