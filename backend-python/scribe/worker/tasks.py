"""The one task that the queue knows: look for work."""

from collections.abc import Awaitable, Callable

from taskiq import AsyncBroker

from scribe.broker import LOOK_FOR_WORK


def register_tasks(broker: AsyncBroker, look_for_work: Callable[[], Awaitable[None]]) -> None:
    @broker.task(task_name=LOOK_FOR_WORK)
    async def look() -> None:
        await look_for_work()
