"""Finds what nobody works on any more, and wakes workers for what is due.

Owns when a lease may be called abandoned and when a worker is woken. Runs in every process; one at a time does
something (an advisory lock). What becomes of an abandoned meeting is decided where a failed one is
(``services/queue.py``).

A database that stood still makes every lease look abandoned, although no worker could renew its own. So after a gap in
the database's answers, however it came about (its crash, a frozen machine, a broken network), workers first get the
length of one lease to report. ``now()`` is the transaction's beginning: a stall in the middle of one is harmless.

Usage::

    reaper = Reaper(units, bell, settings.queue)
    task = asyncio.create_task(reaper.run_forever())
"""

import asyncio
import random
from dataclasses import dataclass
from datetime import datetime, timedelta

from scribe.adapters.queue import Bell
from scribe.adapters.unit_of_work import UnitOfWork, UnitOfWorkFactory
from scribe.core.config import QueueSettings
from scribe.core.logging import get_logger, trace_of
from scribe.domain.errors import WorkerLostError
from scribe.domain.jobs import Abandoned, DatabaseClock, Failure, StatusChange
from scribe.domain.meeting import MeetingStatus
from scribe.domain.workers import SILENT_S
from scribe.services.queue import FAILURES, end_attempt, told

LEASE_EXPIRIES = "lease_expiries"
"""Counter of attempts whose worker vanished."""
KICK_AGAIN_S = 5.0
"""A meeting that is due wakes a worker this often until one claims it."""
WORKER_FORGOTTEN_S = 600.0


@dataclass(frozen=True, slots=True)
class ReapReport:
    expired: int = 0
    """Attempts taken from workers that gave no sign."""
    retried: int = 0
    """Of those, PENDING again."""
    failed: int = 0
    """FAILED because the attempts were used up."""
    cancelled: int = 0
    kicked: int = 0
    """Workers woken."""
    is_calm: bool = True
    """``False``: the database was away a moment ago, no lease was judged."""


class Reaper:
    def __init__(self, units: UnitOfWorkFactory, bell: Bell, settings: QueueSettings) -> None:
        self._units = units
        self._bell = bell
        self._settings = settings
        self._seen_at: datetime | None = None
        """When the database last answered, by its own clock."""
        self._is_unanswered = False
        """The last question had no answer."""
        self._disturbed_at: datetime | None = None
        """When it last answered after a gap."""

    async def once(self) -> ReapReport:
        """Raises: UnavailableError when the database does not answer."""
        try:
            async with self._units() as unit:
                is_calm = self._is_calm(await unit.jobs.clock())
                if not await unit.jobs.try_reaper_lock():
                    return ReapReport(is_calm=is_calm)
                ended = await self._judge(unit) if is_calm else []
                expired = len(ended)
                ended += await self._give_up_worn_out(unit)
                if is_calm:
                    await unit.workers.forget_silent(WORKER_FORGOTTEN_S)
                kicked = await unit.jobs.kick_due(SILENT_S, KICK_AGAIN_S)
        except BaseException:
            self._is_unanswered = True
            raise
        if kicked:
            await self._bell.ring(kicked)
        return _report(ended, expired, kicked, is_calm=is_calm)

    async def run_forever(self) -> None:
        """Until cancelled. Outages are survived: the next round tries again."""
        is_well = True
        while True:
            try:
                report = await self.once()
            except Exception as error:  # noqa: BLE001 -- whatever it was: without a reaper meetings would be stuck
                if is_well:
                    get_logger().warning("reaper.failed", error=type(error).__name__, trace=trace_of(error))
                is_well = False
            else:
                if not is_well:
                    get_logger().info("reaper.recovered")
                is_well = True
                if report.expired or report.failed:
                    get_logger().warning(
                        "reaper.reaped",
                        expired=report.expired,
                        retried=report.retried,
                        failed=report.failed,
                        cancelled=report.cancelled,
                    )
            pause_s = self._settings.reap_every_s * random.uniform(0.8, 1.2)  # noqa: S311 -- so that processes spread
            await asyncio.sleep(pause_s)

    def _is_calm(self, clock: DatabaseClock) -> bool:
        """Whether workers have had the time to renew their leases since the database was last away."""
        lease = timedelta(seconds=self._settings.lease_s)
        longest_gap = max(lease / 2, timedelta(seconds=3 * self._settings.reap_every_s))
        is_gap = self._seen_at is not None and clock.now - self._seen_at > longest_gap
        if is_gap or self._is_unanswered:
            self._disturbed_at = clock.now
        self._seen_at, self._is_unanswered = clock.now, False
        since = max(clock.started_at, self._disturbed_at or clock.started_at)
        return clock.now - since >= lease

    async def _judge(self, unit: UnitOfWork) -> list[StatusChange]:
        return [await self._end(unit, abandoned) for abandoned in await unit.jobs.abandoned()]

    async def _end(self, unit: UnitOfWork, abandoned: Abandoned) -> StatusChange:
        await unit.jobs.count(LEASE_EXPIRIES)
        return await end_attempt(
            unit,
            abandoned.job,
            _vanished(abandoned),
            self._settings,
            is_retryable=True,
            is_cancelled=abandoned.is_cancel_requested,
        )

    async def _give_up_worn_out(self, unit: UnitOfWork) -> list[StatusChange]:
        failure = Failure(WorkerLostError.code, "Every attempt was used up.", None)
        changes = await unit.jobs.fail_worn_out(failure)
        for change in changes:
            await unit.jobs.count(FAILURES, failure.code)
            await told(unit, change)
        return changes


def _vanished(abandoned: Abandoned) -> Failure:
    job = abandoned.job
    message = f"Processing stopped without a word at attempt {job.attempt} of {job.max_attempts}."
    return Failure(WorkerLostError.code, message, abandoned.stage)


def _report(ended: list[StatusChange], expired: int, kicked: int, *, is_calm: bool) -> ReapReport:
    statuses = [change.status for change in ended]
    return ReapReport(
        expired,
        statuses.count(MeetingStatus.PENDING),
        statuses.count(MeetingStatus.FAILED),
        statuses.count(MeetingStatus.CANCELLED),
        kicked,
        is_calm,
    )
