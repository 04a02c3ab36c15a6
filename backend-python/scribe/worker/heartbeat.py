"""Keeps the lease of one meeting alive, from a thread of its own.

Owns the beat: a thread with its own event loop and its own connection, so that nothing the worker does or waits for
can make it look dead. It notices a request to cancel, and a lease that was lost while this process was frozen. While
the database is away it goes on trying; what became of the lease is decided there, when it is back.

Usage::

    with Heartbeat(database_url, settings.queue, job, interruption):
        ...
"""

import asyncio
import contextvars
import threading
from contextlib import suppress
from types import TracebackType
from typing import Self

from scribe.adapters.unit_of_work import UnitOfWorkFactory
from scribe.core.config import QueueSettings
from scribe.core.database import SHORT_IDLE_IN_TRANSACTION_S, build_engine
from scribe.core.logging import get_logger
from scribe.domain.errors import LeaseLostError
from scribe.domain.jobs import ClaimedJob
from scribe.services.queue import Queue
from scribe.worker.interruption import Interruption, Reason

BEAT_S = 1.0
"""Also how late a request to cancel may be seen."""
BEATS_PER_LEASE = 3
MIN_PATIENCE_S = 2.0


class Heartbeat:
    def __init__(self, database_url: str, settings: QueueSettings, job: ClaimedJob, interruption: Interruption) -> None:
        self._database_url = database_url
        self._settings = settings
        self._job = job
        self._interruption = interruption
        self._is_over = threading.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._beating: asyncio.Task[None] | None = None
        bound = contextvars.copy_context()  # threads do not inherit what the log is bound to
        self._thread = threading.Thread(target=bound.run, args=(self._run,), name="heartbeat", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Does not wait for the thread: it may be stuck in a connection that is dead."""
        self._is_over.set()
        if self._loop is not None and self._beating is not None:
            with suppress(RuntimeError):  # it ended by itself
                self._loop.call_soon_threadsafe(self._beating.cancel)

    def _run(self) -> None:
        with suppress(asyncio.CancelledError):
            asyncio.run(self._beat_until_over())

    async def _beat_until_over(self) -> None:
        self._loop, self._beating = asyncio.get_running_loop(), asyncio.current_task()
        engine = build_engine(
            self._database_url,
            pool_size=1,
            application="scribe-heartbeat",
            idle_in_transaction_s=SHORT_IDLE_IN_TRANSACTION_S,
        )
        queue = Queue(UnitOfWorkFactory(engine), self._settings)
        every_s = min(BEAT_S, self._settings.lease_s / BEATS_PER_LEASE)
        patience_s = max(MIN_PATIENCE_S, self._settings.lease_s / BEATS_PER_LEASE)
        is_well = True
        try:
            while not self._is_over.is_set():
                await asyncio.sleep(every_s)
                try:
                    async with asyncio.timeout(patience_s):
                        is_cancelled = await queue.renew(self._job)
                except LeaseLostError:
                    self._interruption.tell_from_thread(Reason.LEASE_LOST)
                    return
                except Exception as error:  # noqa: BLE001 -- whatever keeps us from renewing: the next beat tries again
                    if is_well:
                        self._log("heartbeat.missed", type(error).__name__)
                    is_well = False
                    continue
                if not is_well:
                    self._log("heartbeat.recovered", None)
                is_well = True
                if is_cancelled:
                    self._interruption.tell_from_thread(Reason.CANCELLED)
        finally:
            with suppress(Exception):
                await asyncio.wait_for(engine.dispose(), MIN_PATIENCE_S)

    def _log(self, event: str, error: str | None) -> None:
        get_logger().warning(event, error=error)
