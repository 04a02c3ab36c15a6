"""Why a worker stops working on a meeting before it is done.

Owns the one reason that counts: the first, except that a lost lease overrules all others, because then nothing may be
written any more. May be told from any thread.
"""

import asyncio
from contextlib import suppress
from enum import StrEnum


class Reason(StrEnum):
    CANCELLED = "cancelled"
    """Somebody asked for it."""
    LEASE_LOST = "lease_lost"
    """The meeting is another worker's now."""
    STOPPING = "stopping"
    """This worker has been told to end."""
    UNFIT = "unfit"
    """This worker cannot start a child or write to its disk; another one may, or this one later."""


class Interruption:
    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._happened = asyncio.Event()
        self._reason: Reason | None = None

    @property
    def reason(self) -> Reason | None:
        return self._reason

    def tell(self, reason: Reason) -> None:
        """From the loop's own thread."""
        if self._reason is None or reason is Reason.LEASE_LOST:
            self._reason = reason
        self._happened.set()

    def tell_from_thread(self, reason: Reason) -> None:
        with suppress(RuntimeError):  # the loop has ended: nobody is left to interrupt
            self._loop.call_soon_threadsafe(self.tell, reason)

    async def wait(self) -> None:
        await self._happened.wait()

    async def pause(self, seconds: float) -> None:
        """Sleeps, but not when there is a reason."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._happened.wait()
