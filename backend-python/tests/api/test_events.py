"""Event streams on a real server and a real database: what a follower is told, and that nothing stays behind."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import httpx
import pytest
import uvicorn
from fastapi import FastAPI
from sqlalchemy import text, update

from scribe.adapters.unit_of_work import UnitOfWorkFactory
from scribe.api.routes import events
from scribe.api.security import principal
from scribe.core.config import Settings
from scribe.core.ids import uuid7
from scribe.core.models_db import MeetingRow
from scribe.domain.accounts import Principal, Scope
from scribe.domain.events import EventKind, NewEvent
from scribe.domain.meeting import MeetingId
from scribe.domain.meetings import StoredRecording
from scribe.domain.requests import MeetingDraft
from scribe.domain.workers import WorkerFacts
from scribe.main import Server, create_app
from scribe.services import feed, meetings

PATIENCE_S = 20.0


@dataclass
class Told:
    id: int | None = None
    event: str | None = None
    comment: str | None = None
    retry: int | None = None
    data: dict[str, Any] = field(default_factory=dict)

    @property
    def payload(self) -> dict[str, Any]:
        content: dict[str, Any] = self.data["payload"]
        return content


class Stream:
    """A client of its own, reading an event stream as the specification says."""

    def __init__(self, answer: httpx.Response) -> None:
        self._lines = answer.aiter_lines()

    async def next(self, *, is_comment_welcome: bool = False) -> Told:
        async with asyncio.timeout(PATIENCE_S):
            while True:
                told = await self._block()
                if told.event is not None or is_comment_welcome:
                    return told

    async def is_over(self) -> bool:
        async with asyncio.timeout(PATIENCE_S):
            try:
                while True:
                    await self._block()
            except EOFError:
                return True

    async def _block(self) -> Told:
        told = Told()
        async for line in self._lines:
            if not line:
                return told
            name, _, value = line.partition(":")
            value = value.removeprefix(" ")
            if name == "":
                told.comment = value
            elif name == "data":
                told.data = json.loads(value)
            elif name == "event":
                told.event = value
            elif name in {"id", "retry"}:
                setattr(told, name, int(value))
        raise EOFError


@dataclass
class Service:
    url: str
    app: FastAPI
    server: Server
    serving: asyncio.Task[None]
    client: httpx.AsyncClient

    @asynccontextmanager
    async def follow(self, path: str, headers: dict[str, str] | None = None, **params: Any) -> AsyncIterator[Stream]:
        async with self.client.stream("GET", f"/api/v1{path}", params=params, headers=headers) as answer:
            assert answer.status_code == 200, await answer.aread()
            assert answer.headers["content-type"].startswith("text/event-stream")
            yield Stream(answer)

    @property
    def num_followers(self) -> int:
        return int(self.app.state.context.events.num_followers)


@pytest.fixture
async def service(api_settings: Settings, member: Principal, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Service]:
    """The application behind a real uvicorn, with ``member`` signed in. Nobody is saved by looking now and then."""
    monkeypatch.setattr(feed, "POLL_S", 600.0)
    app = create_app(api_settings)
    app.dependency_overrides[principal] = lambda: member
    config = uvicorn.Config(app, host="127.0.0.1", port=0, log_config=None, timeout_graceful_shutdown=10)
    server = Server(config, app)
    serving = asyncio.create_task(server.serve())
    await until(lambda: server.started)
    port = server.servers[0].sockets[0].getsockname()[1]
    limits = httpx.Limits(max_connections=None)
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=PATIENCE_S, limits=limits) as client:
        await until(lambda: app.state.context.events.is_connected)
        yield Service(f"http://127.0.0.1:{port}", app, server, serving, client)
    server.should_exit = True
    async with asyncio.timeout(PATIENCE_S):
        await serving


async def until(is_so: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while not is_so():  # noqa: ASYNC110 -- there is nothing to be told by
            await asyncio.sleep(0.01)


async def a_meeting(units: UnitOfWorkFactory, owner: Principal, title: str = "Conseil") -> MeetingId:
    meeting_id = MeetingId(uuid7())
    draft = MeetingDraft(title=title, is_duplicate_welcome=True)
    async with units() as unit:
        await meetings.create(unit, owner.user_id, meeting_id, draft, StoredRecording(1000, "0" * 64), 5)
    return meeting_id


async def emit(units: UnitOfWorkFactory, meeting_id: MeetingId, owner: Principal, *numbers: int) -> None:
    for number in numbers:
        async with units() as unit:
            payload = {"stage": "convert", "stage_percent": float(number), "percent": float(number)}
            unit.emit(NewEvent(EventKind.PROGRESS, meeting_id, owner.user_id, payload))


async def process(units: UnitOfWorkFactory, meeting_id: MeetingId, percent: float) -> None:
    """As a worker leaves the row while it is at it."""
    values = {
        "status": "PROCESSING", "token": uuid7(), "worker_id": "w", "lease_until": text("now() + interval '1 hour'"),
        "stage": "transcribe", "stage_percent": 50.0, "percent": percent, "duration_s": 60.0,
    }  # fmt: skip
    async with units() as unit:
        await unit.session.execute(update(MeetingRow).where(MeetingRow.id == meeting_id).values(**values))


# --- one meeting ------------------------------------------------------------------------------------------------------


async def test_a_newcomer_sees_at_once_where_the_meeting_stands(
    service: Service, units: UnitOfWorkFactory, member: Principal
) -> None:
    meeting_id = await a_meeting(units, member)
    await process(units, meeting_id, 40.0)
    async with service.follow(f"/meetings/{meeting_id}/events") as stream:
        hello = await stream.next(is_comment_welcome=True)
        assert hello.retry == events.RETRY_MS
        first = await stream.next()
    assert first.event == "meeting.snapshot"
    assert first.payload["status"] == "PROCESSING"
    assert (first.payload["stage"], first.payload["percent"]) == ("transcribe", 40.0)
    assert first.payload["eta_s"] > 0
    assert first.payload["queue_place"] is None


async def test_who_waits_is_told_the_place_in_the_queue_and_the_start(
    service: Service, units: UnitOfWorkFactory, member: Principal
) -> None:
    await a_meeting(units, member)
    second = await a_meeting(units, member)
    async with units() as unit:
        await unit.workers.register(WorkerFacts("h:1:x", "h", 1, "1", "cpu", {}))
    async with service.follow(f"/meetings/{second}/events") as stream:
        first = await stream.next()
    assert first.payload["status"] == "PENDING"
    assert first.payload["queue_place"] == 1
    assert first.payload["starts_in_s"] >= 0
    assert first.payload["is_rough"]


async def test_events_come_in_order_and_once_and_only_of_this_meeting(
    service: Service, units: UnitOfWorkFactory, member: Principal
) -> None:
    meeting_id, other = await a_meeting(units, member), await a_meeting(units, member)
    async with service.follow(f"/meetings/{meeting_id}/events") as stream:
        last = await stream.next()
        for number in range(20):
            await emit(units, other, member, 99)
            await emit(units, meeting_id, member, number)
        told = [await stream.next() for _ in range(20)]
    assert [one.payload["percent"] for one in told] == [float(number) for number in range(20)]
    assert {one.event for one in told} == {"meeting.progress"}
    ids = [last.id, *(one.id for one in told)]
    assert ids == sorted(set(ids))
    assert [one.data["id"] for one in told] == [one.id for one in told]
    assert {UUID(one.data["meeting_id"]) for one in told} == {meeting_id}


async def test_progress_is_told_with_the_time_that_is_left(
    service: Service, units: UnitOfWorkFactory, member: Principal
) -> None:
    meeting_id = await a_meeting(units, member)
    await process(units, meeting_id, 40.0)
    async with service.follow(f"/meetings/{meeting_id}/events") as stream:
        await stream.next()
        await emit(units, meeting_id, member, 41)
        assert (await stream.next()).payload["eta_s"] > 0


@pytest.mark.parametrize("way", ["header", "query"])
async def test_after_a_break_it_goes_on_where_it_was(
    way: str, service: Service, units: UnitOfWorkFactory, member: Principal
) -> None:
    meeting_id = await a_meeting(units, member)
    async with service.follow(f"/meetings/{meeting_id}/events") as stream:
        await stream.next()
        await emit(units, meeting_id, member, 1, 2, 3)
        seen = await stream.next()
    headers = {"Last-Event-ID": str(seen.id)} if way == "header" else None
    params = {} if way == "header" else {"last_event_id": seen.id}
    async with service.follow(f"/meetings/{meeting_id}/events", headers, **params) as stream:
        await emit(units, meeting_id, member, 4)
        told = [await stream.next() for _ in range(3)]
    assert [one.payload["percent"] for one in told] == [2.0, 3.0, 4.0]


async def test_a_long_replay_comes_whole(service: Service, units: UnitOfWorkFactory, member: Principal) -> None:
    meeting_id = await a_meeting(units, member)
    count = 2 * feed.BATCH + 7
    async with units() as unit:
        for number in range(count):
            unit.emit(NewEvent(EventKind.PROGRESS, meeting_id, member.user_id, {"percent": float(number)}))
    async with service.follow(f"/meetings/{meeting_id}/events", {"Last-Event-ID": "0"}) as stream:
        assert (await stream.next()).event == "meeting.created"
        told = [await stream.next() for _ in range(count)]
    assert [one.payload["percent"] for one in told] == [float(number) for number in range(count)]


async def test_who_comes_back_after_too_long_is_told_the_present_state(
    service: Service, units: UnitOfWorkFactory, member: Principal
) -> None:
    meeting_id = await a_meeting(units, member)
    await emit(units, meeting_id, member, 1, 2, 3)
    async with units() as unit:
        (first, *_) = await unit.events.after(0)
        await unit.session.execute(text("delete from events where id < (select max(id) from events)"))
    async with service.follow(f"/meetings/{meeting_id}/events", {"Last-Event-ID": str(first.id)}) as stream:
        assert (await stream.next()).event == "meeting.snapshot"


async def test_an_id_from_the_future_is_not_waited_for(
    service: Service, units: UnitOfWorkFactory, member: Principal
) -> None:
    """The database was restored from a backup: ids that were given out come again."""
    meeting_id = await a_meeting(units, member)
    async with service.follow(f"/meetings/{meeting_id}/events", {"Last-Event-ID": "1000000"}) as stream:
        assert (await stream.next()).event == "meeting.snapshot"
        await emit(units, meeting_id, member, 7)
        assert (await stream.next()).payload["percent"] == 7.0


async def test_it_stays_open_after_the_end_of_a_run_and_ends_with_the_deletion(
    service: Service, units: UnitOfWorkFactory, member: Principal
) -> None:
    meeting_id = await a_meeting(units, member)
    async with service.follow(f"/meetings/{meeting_id}/events") as stream:
        await stream.next()
        async with units() as unit:
            payload = {"status": "COMPLETED", "run": 1, "attempt": 1}
            unit.emit(NewEvent(EventKind.STATUS, meeting_id, member.user_id, payload))
        assert (await stream.next()).payload["status"] == "COMPLETED"
        await emit(units, meeting_id, member, 0)
        assert (await stream.next()).event == "meeting.progress"
        await meetings.delete(units, member, meeting_id)
        assert (await stream.next()).event == "meeting.deleted"
        assert await stream.is_over()


@pytest.mark.parametrize("bad", ["x", "-1", "1.5", "99999999999999999999", "0x10"])
async def test_a_malformed_last_event_id_is_a_problem(
    bad: str, service: Service, units: UnitOfWorkFactory, member: Principal
) -> None:
    meeting_id = await a_meeting(units, member)
    for path in ("/api/v1/events", f"/api/v1/meetings/{meeting_id}/events"):
        answer = await service.client.get(path, headers={"Last-Event-ID": bad})
        assert answer.status_code == 422
        assert answer.json()["code"] == "request.invalid"


async def test_a_meeting_of_somebody_else_does_not_exist(
    service: Service, units: UnitOfWorkFactory, stranger: Principal
) -> None:
    for meeting_id in (await a_meeting(units, stranger), uuid7()):
        answer = await service.client.get(f"/api/v1/meetings/{meeting_id}/events")
        assert (answer.status_code, answer.json()["code"]) == (404, "request.not_found")


async def test_who_is_not_signed_in_is_refused(anonymous: httpx.AsyncClient) -> None:
    for path in ("/api/v1/events", f"/api/v1/meetings/{uuid7()}/events"):
        answer = await anonymous.get(path)
        assert (answer.status_code, answer.json()["code"]) == (401, "access.not_signed_in")


# --- all of somebody's meetings ---------------------------------------------------------------------------------------


async def test_own_meetings_are_followed_and_nobody_elses(
    service: Service, units: UnitOfWorkFactory, member: Principal, stranger: Principal
) -> None:
    async with service.follow("/events") as stream:
        assert (await stream.next()).event == "stream.ready"
        await a_meeting(units, stranger)
        mine = await a_meeting(units, member)
        told = await stream.next()
    assert told.event == "meeting.created"
    assert UUID(told.data["meeting_id"]) == mine


async def test_who_reconnects_before_anything_happened_misses_nothing(
    service: Service, units: UnitOfWorkFactory, member: Principal
) -> None:
    await a_meeting(units, member)
    async with service.follow("/events") as stream:
        ready = await stream.next()
    meeting_id = await a_meeting(units, member)
    async with service.follow("/events", {"Last-Event-ID": str(ready.id)}) as stream:
        assert UUID((await stream.next()).data["meeting_id"]) == meeting_id


async def test_after_too_long_the_list_is_to_be_read_again(service: Service) -> None:
    async with service.follow("/events", {"Last-Event-ID": "12345"}) as stream:
        assert (await stream.next()).event == "stream.reset"


async def test_administrators_may_follow_everybody(
    service: Service, units: UnitOfWorkFactory, administrator: Principal, stranger: Principal
) -> None:
    refused = await service.client.get("/api/v1/events", params={"all": "true"})
    assert (refused.status_code, refused.json()["code"]) == (403, "access.forbidden")
    service.app.dependency_overrides[principal] = lambda: administrator
    async with service.follow("/events", all="true") as stream:
        await stream.next()
        meeting_id = await a_meeting(units, stranger)
        assert UUID((await stream.next()).data["meeting_id"]) == meeting_id


# --- what must not go wrong -------------------------------------------------------------------------------------------


async def test_a_hundred_followers_come_and_go_and_leave_nothing(
    service: Service, units: UnitOfWorkFactory, member: Principal
) -> None:
    meeting_id = await a_meeting(units, member)
    pool = service.app.state.context.units.engine.pool
    tasks_before = len(asyncio.all_tasks())

    async def follow_once(number: int) -> None:
        path = "/events" if number % 2 else f"/meetings/{meeting_id}/events"
        async with service.follow(path) as stream:
            await stream.next()
            arrived.append(number)
            await leave.wait()

    arrived: list[int] = []
    leave = asyncio.Event()
    followers = [asyncio.create_task(follow_once(number)) for number in range(100)]
    await until(lambda: len(arrived) == 100)
    assert service.num_followers == 100
    assert pool.checkedout() == 0, "nobody holds a connection while waiting"
    leave.set()
    await asyncio.gather(*followers)
    await until(lambda: service.num_followers == 0)
    await until(lambda: len(asyncio.all_tasks()) <= tasks_before + 1)
    assert pool.checkedout() == 0


async def test_a_quiet_stream_is_kept_alive(
    service: Service, monkeypatch: pytest.MonkeyPatch, units: UnitOfWorkFactory, member: Principal
) -> None:
    from fastapi import routing

    monkeypatch.setattr(routing, "_PING_INTERVAL", 0.05)
    async with service.follow("/events") as stream:
        await stream.next()
        assert (await stream.next(is_comment_welcome=True)).comment == "ping"


async def test_who_lost_the_right_is_let_go(
    service: Service, units: UnitOfWorkFactory, member: Principal, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The token was revoked, or its scopes are no longer enough, while the stream is open."""
    present = [member]
    monkeypatch.setattr(feed, "RECHECK_S", 0.1)

    async def somebody(*_: object) -> Principal:
        return present[0]

    monkeypatch.setattr(events, "current_principal", somebody)
    meeting_id = await a_meeting(units, member)
    async with service.follow(f"/meetings/{meeting_id}/events") as one, service.follow("/events") as all_mine:
        await one.next()
        await all_mine.next()
        present[0] = Principal(member.user_id, member.username, member.role, frozenset({Scope.WRITE}))
        assert await one.is_over()
        assert await all_mine.is_over()
    await until(lambda: service.num_followers == 0)


async def test_when_the_session_ends_the_stream_ends(
    service: Service, units: UnitOfWorkFactory, member: Principal, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No override here: nobody is signed in any more when it is asked again."""
    monkeypatch.setattr(feed, "RECHECK_S", 0.1)
    async with service.follow("/events") as stream:
        await stream.next()
        assert await stream.is_over()


async def test_the_end_of_the_server_ends_the_streams_at_once(service: Service, member: Principal) -> None:
    async with service.follow("/events") as stream:
        await stream.next()
        service.server.should_exit = True
        async with asyncio.timeout(5.0):  # uvicorn itself would wait for ten
            assert await stream.is_over()
            await service.serving


async def test_it_outlives_a_broken_connection_to_the_database(
    service: Service, units: UnitOfWorkFactory, member: Principal
) -> None:
    meeting_id = await a_meeting(units, member)
    hub = service.app.state.context.events
    async with service.follow(f"/meetings/{meeting_id}/events") as stream:
        await stream.next()
        async with units() as unit:
            await unit.session.execute(
                text("select pg_terminate_backend(pid) from pg_stat_activity where pid <> pg_backend_pid()"
                     " and datname = current_database()")
            )  # fmt: skip
        await emit(units, meeting_id, member, 5)
        assert (await stream.next()).payload["percent"] == 5.0
        await until(lambda: hub.connections == 2)
