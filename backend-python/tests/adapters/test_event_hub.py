"""The hub on a real PostgreSQL: woken by commits, survives a server that is gone or frozen."""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import uuid4

import pytest

from scribe.adapters import event_hub
from scribe.adapters.event_hub import EventHub
from scribe.adapters.servers.children import free_port
from scribe.adapters.servers.postgres import PostgresServer
from scribe.adapters.unit_of_work import UnitOfWorkFactory
from scribe.core.ids import uuid7
from scribe.domain.events import EventKind, NewEvent
from scribe.domain.meeting import MeetingId, UserId

PATIENCE_S = 20.0


def an_event(meeting_id: MeetingId | None = None, owner_id: UserId | None = None, number: int = 0) -> NewEvent:
    return NewEvent(
        EventKind.PROGRESS, meeting_id or MeetingId(uuid7()), owner_id or UserId(uuid7()), {"percent": number}
    )


async def emit(units: UnitOfWorkFactory, *events: NewEvent) -> None:
    async with units() as unit:
        for event in events:
            unit.emit(event)


async def until(is_so: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while not is_so():  # noqa: ASYNC110 -- there is nothing to be told by
            await asyncio.sleep(0.01)


@asynccontextmanager
async def a_hub(url: str) -> AsyncIterator[EventHub]:
    hub = EventHub(url)
    await hub.start()
    try:
        yield hub
    finally:
        await hub.stop()


async def test_a_commit_wakes_who_follows_the_meeting_and_nobody_else(
    database_url: str, units: UnitOfWorkFactory
) -> None:
    meeting, owner = MeetingId(uuid7()), UserId(uuid7())
    async with a_hub(database_url) as hub:
        await until(lambda: hub.is_connected)
        with (
            hub.follow(meeting_id=meeting) as follower,
            hub.follow(owner_id=owner) as the_owner,
            hub.follow() as everybody,
            hub.follow(meeting_id=uuid4()) as other,
            hub.follow(owner_id=uuid4()) as stranger,
        ):
            await emit(units, an_event(meeting, owner))
            assert await follower.wait(PATIENCE_S)
            assert await the_owner.wait(PATIENCE_S)
            assert await everybody.wait(PATIENCE_S)
            # The same notification woke all it concerns in one go.
            assert not await other.wait(0.01)
            assert not await stranger.wait(0.01)


async def test_a_transaction_with_many_meetings_wakes_everybody(database_url: str, units: UnitOfWorkFactory) -> None:
    async with a_hub(database_url) as hub:
        await until(lambda: hub.is_connected)
        with hub.follow(meeting_id=uuid4()) as follower:
            await emit(units, *(an_event() for _ in range(500)))
            assert await follower.wait(PATIENCE_S)


async def test_a_rolled_back_event_wakes_nobody(database_url: str, units: UnitOfWorkFactory) -> None:
    async with a_hub(database_url) as hub:
        await until(lambda: hub.is_connected)
        with hub.follow() as follower:
            async with units() as unit:
                unit.emit(an_event(number=1))
                await unit.flush_events()
                await unit.session.rollback()
            await emit(units, an_event(number=2))
            assert await follower.wait(PATIENCE_S)
            async with units() as unit:
                assert [event.payload["percent"] for event in await unit.events.after(0)] == [2]


async def test_readers_see_every_event_once_and_in_order_while_many_write(
    database_url: str, units: UnitOfWorkFactory
) -> None:
    writers, each = 8, 25

    async def write(writer: int) -> None:
        for number in range(each):
            await emit(units, an_event(number=writer * each + number))

    seen: list[int] = []
    ids: list[int] = []
    async with a_hub(database_url) as hub:
        await until(lambda: hub.is_connected)
        with hub.follow() as follower:
            writing = asyncio.gather(*(write(writer) for writer in range(writers)))
            last_id = 0
            async with asyncio.timeout(PATIENCE_S * 2):
                while len(seen) < writers * each:
                    async with units() as unit:
                        events = await unit.events.after(last_id, limit=7)
                    for event in events:
                        ids.append(event.id)
                        seen.append(int(str(event.payload["percent"])))
                        last_id = event.id
                    if not events:
                        assert await follower.wait(PATIENCE_S)
            await writing
    assert sorted(seen) == list(range(writers * each))
    assert ids == sorted(set(ids))


async def test_it_connects_again_when_the_server_ends_the_connection(
    database_url: str, units: UnitOfWorkFactory
) -> None:
    from sqlalchemy import text

    async with a_hub(database_url) as hub:
        await until(lambda: hub.is_connected)
        with hub.follow(meeting_id=uuid4()) as follower:
            await follower.wait(0.01)
            async with units() as unit:
                await unit.session.execute(
                    text("select pg_terminate_backend(pid) from pg_stat_activity where application_name = :name"),
                    {"name": "scribe-events"},
                )
            await until(lambda: hub.connections == 2)
            assert await follower.wait(PATIENCE_S)  # it may have missed something: it reads the table


async def test_a_database_that_goes_away_and_comes_back_is_listened_to_again(servers_dir: Path) -> None:
    folder, port = servers_dir / f"hub-{uuid4().hex}", free_port()
    with PostgresServer(folder, port, is_durable=False) as server:
        hub = EventHub(server.url)
        await hub.start()
        try:
            await until(lambda: hub.is_connected)
            await asyncio.to_thread(server.stop)
            await until(lambda: not hub.is_connected)
            await asyncio.to_thread(server.start)
            await until(lambda: hub.is_connected)
            assert hub.connections == 2
        finally:
            await hub.stop()


async def test_a_server_that_says_nothing_any_more_is_noticed(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A half-open connection: the bytes of a proxy stop flowing, and nobody closes anything."""
    monkeypatch.setattr(event_hub, "PING_EVERY_S", 0.1)
    monkeypatch.setattr(event_hub, "PING_TIMEOUT_S", 0.3)
    async with a_proxy(database_url) as (url, flow):
        hub = EventHub(url)
        await hub.start()
        try:
            await until(lambda: hub.is_connected)
            flow.clear()
            await until(lambda: not hub.is_connected)
            flow.set()
            await until(lambda: hub.connections == 2)
        finally:
            flow.set()
            await hub.stop()


async def test_when_it_is_over_followers_are_told_at_once(database_url: str) -> None:
    async with a_hub(database_url) as hub:
        with hub.follow() as follower:
            waiting = asyncio.create_task(follower.wait(PATIENCE_S))
            await asyncio.sleep(0)
            hub.end_streams()
            assert await waiting
            assert follower.is_over
        with hub.follow() as late:
            assert late.is_over


async def test_who_leaves_is_forgotten(database_url: str) -> None:
    async with a_hub(database_url) as hub:
        with hub.follow(), hub.follow():
            assert hub.num_followers == 2
        assert hub.num_followers == 0


async def test_without_a_database_it_starts_and_stops_all_the_same() -> None:
    hub = EventHub(f"postgresql://nobody@127.0.0.1:{free_port()}/none")
    await hub.start()
    with hub.follow() as follower:
        assert not await follower.wait(0.05)
    assert not hub.is_connected
    await hub.stop()


@asynccontextmanager
async def a_proxy(url: str) -> AsyncIterator[tuple[str, asyncio.Event]]:
    """Passes bytes on while ``flow`` is set."""
    from sqlalchemy import make_url

    target = make_url(url)
    flow = asyncio.Event()
    flow.set()
    tasks: set[asyncio.Task[None]] = set()

    async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while content := await reader.read(65536):
                await flow.wait()
                writer.write(content)
                await writer.drain()
        except OSError:
            pass
        finally:
            writer.close()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_connection(target.host, target.port)
        for pair in ((reader, back), (there, writer)):
            task = asyncio.create_task(pump(*pair))
            tasks.add(task)
            task.add_done_callback(tasks.discard)

    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        server = await asyncio.start_server(serve, sock=listener)
        try:
            yield target.set(host="127.0.0.1", port=listener.getsockname()[1]).render_as_string(False), flow
        finally:
            server.close()
            for task in list(tasks):
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
