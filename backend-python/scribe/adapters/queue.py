"""Wakes workers through Redis. A hint: when it cannot be sent, the meeting is found by the reaper all the same.

Usage::

    await bell.ring()      # after the commit that made a meeting PENDING
"""

from taskiq import AsyncBroker
from taskiq.kicker import AsyncKicker

from scribe.broker import LOOK_FOR_WORK
from scribe.core.logging import get_logger


class Bell:
    def __init__(self, broker: AsyncBroker) -> None:
        self._broker = broker

    async def ring(self, times: int = 1) -> bool:
        """``False`` when Redis does not answer; nothing is lost then."""
        try:
            for _ in range(times):
                kicker: AsyncKicker[[], None] = AsyncKicker(LOOK_FOR_WORK, self._broker, labels={})
                await kicker.kiq()
        except Exception as error:  # noqa: BLE001 -- whatever Redis's client raises: it is a hint
            get_logger().warning("queue.bell_failed", error=type(error).__name__)
            return False
        return True
