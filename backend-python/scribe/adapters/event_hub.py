"""One LISTEN connection per process, shared by everybody who follows meetings.

Owns reconnecting and waking; never the events themselves: a follower that wakes up reads them from the table, so that
a missed notification delays and loses nothing.

Usage::

    with hub.follow(meeting_id=meeting_id) as follower:
        while not follower.is_over:
            ...  # read the table
            await follower.wait(timeout_s=15.0)
"""

import asyncio
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from uuid import UUID

import asyncpg

from scribe.adapters.events import CHANNEL
from scribe.core.logging import get_logger

CONNECT_TIMEOUT_S = 5.0
PING_EVERY_S = 5.0
PING_TIMEOUT_S = 3.0
"""A connection whose other end is frozen, or behind a cut cable, says nothing by itself."""
FIRST_RETRY_S = 0.2
LONGEST_RETRY_S = 5.0


@dataclass(eq=False, slots=True)
class Follower:
    """Somebody who waits for events, of one meeting, of one user's meetings, or of all."""

    meeting_id: UUID | None
    owner_id: UUID | None
    is_over: bool = False
    """The process is about to end: say good-bye."""
    _bell: asyncio.Event = field(default_factory=asyncio.Event)

    async def wait(self, timeout_s: float) -> bool:
        """Until something may have happened; ``False`` when the time was over before."""
        try:
            async with asyncio.timeout(timeout_s):
                await self._bell.wait()
        except TimeoutError:
            return False
        # Before the caller reads the table: what comes while it reads rings again.
        self._bell.clear()
        return True

    def wake(self) -> None:
        self._bell.set()

    def is_concerned(self, meetings: set[str], owners: set[str]) -> bool:
        if self.meeting_id is not None:
            return str(self.meeting_id) in meetings
        return self.owner_id is None or str(self.owner_id) in owners


class EventHub:
    def __init__(self, database_url: str) -> None:
        """``database_url`` as asyncpg takes it (``core.database.plain_url``)."""
        self._database_url = database_url
        self._followers: set[Follower] = set()
        self._task: asyncio.Task[None] | None = None
        self._is_over = False
        self.is_connected = False
        self.connections = 0
        """How often it has connected so far."""

    @property
    def num_followers(self) -> int:
        return len(self._followers)

    async def start(self) -> None:
        """Returns at once; connects in the background and again whenever the connection breaks."""
        self._is_over = False
        self._task = asyncio.create_task(self._listen_forever(), name="event-hub")

    def end_streams(self) -> None:
        """Followers are told that it is over. To be called before a server waits for its last answers: these never end
        by themselves."""
        self._is_over = True
        for follower in self._followers:
            follower.is_over = True
            follower.wake()

    async def stop(self) -> None:
        self.end_streams()
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    @contextmanager
    def follow(self, *, meeting_id: UUID | None = None, owner_id: UUID | None = None) -> Iterator[Follower]:
        follower = Follower(meeting_id, owner_id, is_over=self._is_over)
        self._followers.add(follower)
        try:
            yield follower
        finally:
            self._followers.discard(follower)

    async def _listen_forever(self) -> None:
        delay_s = FIRST_RETRY_S
        while True:
            connections = self.connections
            try:
                await self._listen()
            except Exception as error:  # noqa: BLE001 -- whatever asyncpg raises: nobody else would connect again
                get_logger().warning("events.connection_lost", error=type(error).__name__, retry_s=delay_s)
            finally:
                self.is_connected = False
            if self.connections > connections:
                delay_s = FIRST_RETRY_S
            await asyncio.sleep(delay_s)
            delay_s = min(LONGEST_RETRY_S, 2 * delay_s)

    async def _listen(self) -> None:
        """Until the connection breaks."""
        connection = await asyncpg.connect(
            self._database_url, timeout=CONNECT_TIMEOUT_S, server_settings={"application_name": "scribe-events"}
        )
        broken = asyncio.Event()
        try:
            connection.add_termination_listener(lambda _: broken.set())
            async with asyncio.timeout(CONNECT_TIMEOUT_S):
                await connection.add_listener(CHANNEL, self._hear)
            self.connections += 1
            self.is_connected = True
            self._wake_all()  # what was announced while nobody listened
            while not broken.is_set():
                async with asyncio.timeout(PING_TIMEOUT_S):
                    await connection.execute("select 1")
                try:
                    async with asyncio.timeout(PING_EVERY_S):
                        await broken.wait()
                except TimeoutError:
                    continue
            raise ConnectionResetError
        finally:
            connection.terminate()

    def _hear(self, _connection: object, _pid: int, _channel: str, message: object) -> None:
        concerned = _concerned(str(message))
        for follower in self._followers:
            if concerned is None or follower.is_concerned(*concerned):
                follower.wake()

    def _wake_all(self) -> None:
        for follower in self._followers:
            follower.wake()


def _concerned(message: str) -> tuple[set[str], set[str]] | None:
    """Meetings and owners that a notification names; ``None``: it may be about anybody."""
    try:
        content = json.loads(message)
        return set(content["meetings"]), set(content["owners"])
    except (ValueError, KeyError, TypeError):
        return None
