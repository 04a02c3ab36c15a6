"""One LISTEN connection per process, shared by everybody who follows meetings.

Owns reconnecting; never the events themselves: a follower that wakes up reads them from the table, so that a missed
notification delays and loses nothing.
"""

import asyncio


class EventHub:
    def __init__(self, database_url: str) -> None:
        self._database_url = database_url
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Returns at once; connects in the background and again whenever the connection breaks."""

    async def stop(self) -> None:
        return
