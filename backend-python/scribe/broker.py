"""The Taskiq broker on a Redis stream, and nothing else.

A message says "look for work" and carries no job: which meeting comes next is decided in PostgreSQL when a worker
claims it. So a lost message costs a moment (the reaper sends another) and one that comes twice costs nothing.
"""

from taskiq_redis import RedisStreamBroker

LOOK_FOR_WORK = "scribe.look_for_work"
MAX_STREAM_LENGTH = 1000


def build_broker(redis_url: str, stream: str) -> RedisStreamBroker:
    """``consumer_id='0'``: a consumer group that is made anew reads from the start. One message at a time, because a
    worker processes one meeting at a time and must not reserve what another could take."""
    return RedisStreamBroker(
        redis_url,
        queue_name=stream,
        consumer_group_name=stream,
        consumer_id="0",
        xread_count=1,
        maxlen=MAX_STREAM_LENGTH,
    )
