"""What a worker survives, and what its death costs the others: nothing but time."""

import asyncio
import shutil
import signal
import time
from pathlib import Path

import numpy as np
from redis.asyncio import Redis

from scribe.adapters.queue import Bell
from scribe.adapters.servers.children import free_port
from scribe.adapters.servers.postgres import PostgresServer
from scribe.adapters.servers.valkey import ValkeyServer
from scribe.adapters.unit_of_work import UnitOfWorkFactory
from scribe.broker import build_broker
from scribe.core.database import build_engine
from scribe.core.migrate import migrate
from scribe.domain.accounts import Principal
from scribe.domain.meeting import Stage
from tests.conftest import add_user
from tests.worker.conftest import Place, eventually, gone, make_place, wav

SLOW = "0.15"
"""Seconds per second of audio: 3 s a stage."""
NEVER = "3600"


async def test_a_child_that_is_killed_costs_one_attempt(place: Place, recording: bytes) -> None:
    meeting_id = await place.meeting(recording)
    with place.worker(fake_pace=SLOW) as worker:
        await place.is_in(meeting_id, Stage.TRANSCRIBE)
        worker.child.kill()
        row = await place.ended(meeting_id)
    assert (row.status, row.attempt) == ("COMPLETED", 2)
    assert row.stages["diarize"]["is_reused"]
    assert await place.statuses(meeting_id) == ["PROCESSING", "PENDING", "PROCESSING", "COMPLETED"]


async def test_a_meeting_that_kills_every_child_is_given_up_with_its_stage(place: Place, recording: bytes) -> None:
    meeting_id = await place.meeting(recording, max_attempts=1)
    with place.worker(fake_pace=SLOW) as worker:
        await place.is_in(meeting_id, Stage.DIARIZE)
        worker.child.send_signal(signal.SIGSEGV)
        row = await place.ended(meeting_id)
        assert worker.process.poll() is None
    assert (row.status, row.failure_code, row.failure_stage) == ("FAILED", "engine.crashed", "diarize")
    assert "SIGSEGV" in row.failure_message
    assert row.is_dead_letter


async def test_a_killed_worker_leaves_no_process_and_the_next_one_goes_on(place: Place, recording: bytes) -> None:
    meeting_id = await place.meeting(recording)
    with place.worker(fake_pace=SLOW) as worker:
        await place.is_in(meeting_id, Stage.TRANSCRIBE)
        family = worker.descendants()
        assert family
        worker.signal(signal.SIGKILL)
        await gone(family)
    with place.worker() as successor:
        row = await place.ended(meeting_id)
        assert not [
            event
            for event in successor.events("stage.finished")
            if event["stage"] == "diarize" and not event["is_reused"]
        ]
        await place.is_tidy()  # after the dead worker, too
    assert (row.status, row.attempt) == ("COMPLETED", 2)
    assert row.stages["convert"]["is_reused"]
    assert row.stages["diarize"]["is_reused"]


async def test_the_decoder_dies_with_its_worker(place: Place) -> None:
    hours = wav(np.zeros(2 * 3600 * 16_000, np.float32))
    meeting_id = await place.meeting(hours)
    with place.worker() as worker:

        async def decoder() -> object:
            family = worker.descendants()
            return family if len(family) > 1 else None

        family = await eventually(decoder)
        await place.is_in(meeting_id, Stage.CONVERT, percent=1)
        worker.signal(signal.SIGKILL)
        await gone(family)


async def test_a_cancelled_run_stops_in_the_middle_of_a_stage(place: Place, recording: bytes) -> None:
    meeting_id = await place.meeting(recording)
    with place.worker(fake_pace="5") as worker:
        await place.is_in(meeting_id, Stage.DIARIZE, percent=1)
        family = worker.descendants()
        begun_s = time.monotonic()
        await place.ask_to_cancel(meeting_id)
        row = await place.ended(meeting_id)
        took_s = time.monotonic() - begun_s
        await gone(family, deadline_s=1)
        await place.is_tidy()
    assert row.status == "CANCELLED"
    assert took_s < 2


async def test_a_worker_that_was_frozen_past_its_lease_writes_nothing(place: Place, recording: bytes) -> None:
    meeting_id = await place.meeting(recording)
    with place.worker(fake_pace=SLOW) as frozen:
        await place.is_in(meeting_id, Stage.DIARIZE)
        frozen.signal(signal.SIGSTOP)
        with place.worker():
            row = await place.ended(meeting_id)
        published_at = row.published_at
        frozen.signal(signal.SIGCONT)

        async def look() -> object:
            return frozen.events("job.ended") or None

        (ended,) = await eventually(look)
        after = await place.row(meeting_id)
        assert not frozen.descendants()
        await place.is_tidy()
    assert ended["ending"] == "lease_lost"
    assert (row.status, row.attempt) == ("COMPLETED", 2)
    assert (after.published_at, after.version) == (published_at, row.version)


async def test_a_worker_that_is_told_to_end_gives_its_meeting_back(place: Place, recording: bytes) -> None:
    meeting_id = await place.meeting(recording)
    with place.worker(fake_pace=SLOW) as worker:
        await place.is_in(meeting_id, Stage.TRANSCRIBE)
        begun_s = time.monotonic()
        worker.signal(signal.SIGTERM)
        code = await asyncio.to_thread(worker.process.wait, 10)
        took_s = time.monotonic() - begun_s
    row = await place.row(meeting_id)
    async with place.units() as unit:
        assert await unit.workers.alive() == []
    assert (code, row.status, row.attempt) == (0, "PENDING", 0)
    assert took_s < 5
    assert not list((place.folder / "data" / "scratch").glob("*/"))
    with place.worker():
        row = await place.ended(meeting_id)
    assert (row.status, row.attempt) == ("COMPLETED", 1)
    assert row.stages["diarize"]["is_reused"]


async def test_a_worker_that_lost_its_disk_burns_no_attempt(place: Place, recording: bytes) -> None:
    with place.worker() as worker:
        await _listens(place)
        scratch = place.folder / "data" / "scratch"
        shutil.rmtree(scratch)
        scratch.write_text("in the way")
        meeting_id = await place.meeting(recording, max_attempts=1)

        async def given_back() -> object:
            return len(worker.events("worker.unfit")) > 1 or None

        await eventually(given_back)
        scratch.unlink()
        row = await place.ended(meeting_id)
    assert (row.status, row.attempt) == ("COMPLETED", 1)


async def test_a_worker_with_nothing_to_do_ends_at_once(place: Place) -> None:
    with place.worker() as worker:
        await _listens(place)
        worker.signal(signal.SIGINT)
        assert await asyncio.to_thread(worker.process.wait, 5) == 0
    assert await _consumers(place) == []


async def test_a_flushed_redis_wakes_the_worker_again(place: Place, recording: bytes) -> None:
    with place.worker(queue__poll_every_s=NEVER) as worker:
        await _listens(place)
        async with Redis.from_url(place.environment["REDIS_URL"]) as redis:
            await redis.flushall()
        row = await place.ended(await place.meeting(recording))
        assert worker.events("receiver.lost")
    assert row.status == "COMPLETED"


async def test_a_worker_waits_for_redis_and_finds_it_again(
    database_url: str, redis_stream: str, units: UnitOfWorkFactory, member: Principal, tmp_path: Path, recording: bytes
) -> None:
    server = ValkeyServer(tmp_path / "valkey", free_port())
    with server:
        url = server.url
    place = make_place(tmp_path, database_url, url, redis_stream, units, member)
    with place.worker(queue__poll_every_s="0.5") as worker:
        row = await place.ended(await place.meeting(recording))  # without any Redis
        assert row.status == "COMPLETED"
        assert worker.events("receiver.lost")
    with place.worker(queue__poll_every_s=NEVER), server:
        await _listens(place)
        await asyncio.to_thread(server.stop)
        await asyncio.to_thread(server.start)
        row = await place.ended(await place.meeting(recording))
    assert row.status == "COMPLETED"


async def test_a_message_wakes_an_idle_worker(place: Place, recording: bytes) -> None:
    broker = build_broker(place.environment["REDIS_URL"], place.environment["SCRIBE_QUEUE__STREAM"])
    with place.worker(queue__poll_every_s=NEVER, queue__reap_every_s="60"):
        await _listens(place)
        meeting_id = await place.meeting(recording)
        assert await Bell(broker).ring()
        row = await place.ended(meeting_id)
    await broker.shutdown()
    assert row.status == "COMPLETED"


async def test_a_run_outlives_the_database(
    servers_dir: Path, redis_url: str, redis_stream: str, tmp_path: Path, recording: bytes
) -> None:
    with PostgresServer(servers_dir / "postgres-that-goes", free_port(), is_durable=False) as server:
        engine = build_engine(server.url)
        await migrate(engine)
        units = UnitOfWorkFactory(engine)
        place = make_place(tmp_path, server.url, redis_url, redis_stream, units, await add_user(units, "claire"))
        meeting_id = await place.meeting(recording)
        with place.worker(fake_pace=SLOW) as worker:
            await place.is_in(meeting_id, Stage.DIARIZE)
            await asyncio.to_thread(server.stop)

            async def missed() -> object:
                return worker.events("heartbeat.missed") or None

            await eventually(missed)
            await asyncio.to_thread(server.start)
            row = await place.ended(meeting_id)
        await engine.dispose()
    assert (row.status, row.attempt) == ("COMPLETED", 1)
    assert row.stages["transcribe"]["is_reused"] is False


async def _consumers(place: Place) -> list[bytes]:
    stream = place.environment["SCRIBE_QUEUE__STREAM"]
    async with Redis.from_url(place.environment["REDIS_URL"]) as redis:
        if not await redis.exists(stream):
            return []
        return [consumer["name"] for consumer in await redis.xinfo_consumers(stream, stream)]


async def _listens(place: Place) -> None:
    async def look() -> bool | None:
        try:
            return bool(await _consumers(place)) or None
        except Exception:  # noqa: BLE001 -- no Redis or no group yet
            return None

    await eventually(look)
