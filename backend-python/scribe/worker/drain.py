"""Takes meetings one after the other until there is none left, whenever somebody says that there may be one.

Owns the rule that a worker does one thing at a time, and the look of its own accord now and then, should Redis be
away. What is claimed is processed by the runner.
"""

import asyncio
from contextlib import suppress

from scribe.core.logging import get_logger, trace_of
from scribe.domain.errors import UnavailableError
from scribe.services.queue import Queue
from scribe.worker.runner import JobRunner


class Drain:
    def __init__(self, queue: Queue, runner: JobRunner, worker_id: str, poll_every_s: float) -> None:
        self._queue = queue
        self._runner = runner
        self._worker_id = worker_id
        self._poll_every_s = poll_every_s
        self._is_wanted = asyncio.Event()
        self.is_stopping = asyncio.Event()
        self._askers: list[asyncio.Future[None]] = []

    async def look_for_work(self) -> None:
        """Returns when a search that began after this call has found nothing more: until then this worker is busy, and
        messages are for others."""
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._askers.append(done)
        self._is_wanted.set()
        await done

    def stop(self) -> None:
        """Nothing more is claimed; what is under way is interrupted."""
        self.is_stopping.set()
        self._is_wanted.set()
        self._runner.stop()

    async def run(self) -> None:
        """Until stopped."""
        while not self.is_stopping.is_set():
            self._is_wanted.clear()
            askers, self._askers = self._askers, []
            await self._work_off()
            for done in askers:
                if not done.done():
                    done.set_result(None)
            with suppress(TimeoutError):
                async with asyncio.timeout(self._poll_every_s):
                    await self._is_wanted.wait()

    async def _work_off(self) -> None:
        """Outages and bugs end the search, never the worker: it looks again after a while."""
        try:
            while not self.is_stopping.is_set():
                job = await self._queue.claim(self._worker_id)
                if job is None:
                    return
                if not await self._runner.run(job):
                    return
        except UnavailableError as error:
            get_logger().warning("drain.waits", error=type(error.__cause__ or error).__name__)
        except Exception as error:  # noqa: BLE001 -- the edge of the worker: its lease runs out, the meeting goes on
            get_logger().error("drain.bug", error=type(error).__name__, trace=trace_of(error))
