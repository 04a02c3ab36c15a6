"""Listens to Redis for ever, through whatever happens to it.

Owns the connection of Taskiq's receiver to the stream: made anew when Redis was away, restarted or emptied (the
consumer group is gone then). One message at a time, acknowledged when it is received: it is only a hint. Owns also
the names in the consumer group: they do not go by themselves.
"""

import asyncio
from contextlib import suppress

from redis.asyncio import Redis
from taskiq.acks import AcknowledgeType
from taskiq.receiver import Receiver
from taskiq_redis import RedisStreamBroker

from scribe.core.logging import get_logger

FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.2, 3.0
CONSUMER_FORGOTTEN_S = 3600.0
"""A consumer that was silent for so long is dead, or in a long meeting: then it comes back by itself."""


async def listen_for_ever(broker: RedisStreamBroker) -> None:
    """Until cancelled."""
    pause_s, is_well = FIRST_PAUSE_S, True
    while True:
        try:
            await broker.startup()
            await _forget_consumers(broker)
            if not is_well:
                get_logger().info("receiver.recovered")
            pause_s, is_well = FIRST_PAUSE_S, True
            receiver = Receiver(
                broker,
                max_async_tasks=1,
                ack_type=AcknowledgeType.WHEN_RECEIVED,
                run_startup=False,
                validate_params=False,
            )
            await receiver.listen(asyncio.Event())
        except Exception as error:  # noqa: BLE001 -- whatever Redis and its client think of: we come back
            if is_well:
                get_logger().warning("receiver.lost", error=_name_of(error))
            is_well = False
        await asyncio.sleep(pause_s)
        pause_s = min(2 * pause_s, LONGEST_PAUSE_S)


async def leave(broker: RedisStreamBroker) -> None:
    """Takes this worker's name out of the group. What it has not read is read by others."""
    with suppress(Exception):
        async with Redis(connection_pool=broker.connection_pool) as redis:
            await redis.xgroup_delconsumer(broker.queue_name, broker.consumer_group_name, broker.consumer_name)


async def _forget_consumers(broker: RedisStreamBroker) -> None:
    """Names of workers that were killed."""
    async with Redis(connection_pool=broker.connection_pool) as redis:
        for consumer in await redis.xinfo_consumers(broker.queue_name, broker.consumer_group_name):
            if consumer["idle"] > CONSUMER_FORGOTTEN_S * 1000 and consumer["name"] != broker.consumer_name.encode():
                await redis.xgroup_delconsumer(broker.queue_name, broker.consumer_group_name, consumer["name"])


def _name_of(error: BaseException) -> str:
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return type(error).__name__
