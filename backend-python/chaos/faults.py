"""The faults, one function each: it breaks one thing, mends what a supervisor or an operator would, and says when.

Owns how things are broken; never judges the outcome (``invariants.py``).
"""

import asyncio
import os
import signal
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import httpx
import psutil

from chaos.client import Accepted, RefusedError
from chaos.ledger import Promise
from chaos.recordings import Kind, make
from chaos.world import Injury, MissedError, World
from scribe.adapters.queue import Bell
from scribe.broker import build_broker

LEASE_S = 3.0
STAGES = ("convert", "diarize", "transcribe", "fuse")


def kill_worker(world: World) -> Injury:
    stage = world.random.choice(STAGES)
    victim = world.victim(stage)
    time.sleep(world.random.choice([0.0, world.random.uniform(0, 0.4)]))
    at = world.kill(psutil.Process(victim["pid"]), "the worker")
    return Injury(f"SIGKILL worker ({stage})", at, world.still_touched(victim["id"]))


def kill_worker_at_the_end(world: World) -> Injury:
    """Around the moment when results are published."""
    victim = world.victim("fuse")
    time.sleep(world.random.uniform(0, 0.15))
    at = world.kill(psutil.Process(victim["pid"]), "the worker")
    return Injury("SIGKILL worker (publishing)", at, world.still_touched(victim["id"]))


def kill_model_child(world: World) -> Injury:
    stage = world.random.choice(STAGES[:3])
    victim = world.victim(stage)
    children = psutil.Process(victim["pid"]).children()
    if not children:
        raise MissedError("no child runs")
    time.sleep(world.random.uniform(0, 0.2))
    at = world.kill(world.random.choice(children), "the child")
    return Injury("SIGKILL model child", at, world.still_touched(victim["id"]))


def stop_worker_gracefully(world: World) -> Injury:
    victim = world.victim()
    process = psutil.Process(victim["pid"])
    process.terminate()
    at = datetime.now(UTC)
    with suppress(psutil.TimeoutExpired):
        process.wait(20)
        return Injury("SIGTERM worker", at, (victim["id"],))
    world.ledger.violate("a worker ignores SIGTERM for 20 s")
    process.kill()
    return Injury("SIGTERM worker", at, (victim["id"],))


def freeze_worker(world: World) -> Injury:
    """Past its lease, alone or with its child; then it wakes and must notice that it lost the meeting."""
    victim = world.victim(world.random.choice([None, "diarize", "transcribe", "fuse"]))
    process = psutil.Process(victim["pid"])
    frozen = [process, *(process.children(recursive=True) if world.random.random() < 0.5 else [])]
    for one in frozen:
        with suppress(psutil.NoSuchProcess):
            one.suspend()
    at = datetime.now(UTC)
    held_s = world.hold(LEASE_S + 1, LEASE_S + 4)
    for one in frozen:
        with suppress(psutil.NoSuchProcess):
            one.resume()
    return Injury("SIGSTOP worker past its lease", at, (victim["id"],), f"{held_s:.1f} s")


def kill_api_during_raw_upload(world: World) -> Injury:
    return _kill_api_during(world, "raw")


def kill_api_during_resumable_upload(world: World) -> Injury:
    return _kill_api_during(world, "tus")


def _kill_api_during(world: World, way: str) -> Injury:
    recording = make(world.random, Kind.TALK, world.random.uniform(60, 120))
    half, is_killed = len(recording.content) * world.random.uniform(0.1, 1.0), threading.Event()
    at: list[datetime] = []

    def on_part(sent: int) -> None:
        if sent >= half and not is_killed.is_set():
            is_killed.set()
            at.append(world.kill(world.stack.keeper.process("api"), "the API"))
        time.sleep(0.01)

    fields = {"title": f"api killed, {way}", "file_name": "talk.wav"}
    if way == "raw":
        key = str(uuid4())
        accepted = world.client.upload(recording.content, key=key, fields=fields, on_part=on_part)
    else:
        accepted = world.client.upload_resumable(recording.content, fields=fields, on_part=on_part)
    if not at:
        at.append(world.kill(world.stack.keeper.process("api"), "the API"))  # every byte was out: it is being answered
    _book(world, accepted, way, len(recording.content))
    return Injury(f"SIGKILL API during {way} upload", at[0], (), "", _since(at[0]))


def kill_valkey(world: World) -> Injury:
    touched = world.processing()
    world.stack.valkey.process.kill()
    world.stack.valkey.process.wait()
    at = datetime.now(UTC)
    held_s = world.hold(0.2, 4)
    world.stack.valkey.start()
    return Injury("SIGKILL Valkey", at, touched, f"away {held_s:.1f} s", None)


def flush_valkey(world: World) -> Injury:
    import redis

    touched = world.processing()
    with redis.Redis.from_url(world.stack.valkey.url) as connection:
        connection.flushall()
    return Injury("FLUSHALL", datetime.now(UTC), touched)


def kill_postgres(world: World) -> Injury:
    """The postmaster alone, or all of it at once."""
    touched = world.processing()
    process, is_all = world.stack.postgres.process, world.random.random() < 0.5
    if is_all:
        os.killpg(process.pid, signal.SIGKILL)
    else:
        process.kill()
    process.wait()
    at = datetime.now(UTC)
    held_s = world.hold(0.2, 4)
    _start_postgres(world)
    return Injury("SIGKILL PostgreSQL", at, touched, f"{'all' if is_all else 'postmaster'}, away {held_s:.1f} s")


def _start_postgres(world: World) -> None:
    """Its orphans may need a moment to notice before a new one may start."""
    for _ in range(20):
        try:
            world.stack.postgres.start()
        except Exception as error:  # noqa: BLE001 -- tried again, and reported when it was the last time
            last = error
            time.sleep(0.5)
        else:
            return
    raise last


def cut_connections(world: World) -> Injury:
    touched = world.processing()
    world.stack.database.rows(
        "select pg_terminate_backend(pid) from pg_stat_activity where backend_type = 'client backend'"
        " and pid <> pg_backend_pid()"
    )
    return Injury("database connections cut", datetime.now(UTC), touched)


def fill_disk_during_upload(world: World) -> Injury:
    ballast = _fill(world)
    at = datetime.now(UTC)
    recording, result = make(world.random, Kind.TALK, world.random.uniform(30, 60)), []
    way = world.random.choice(["raw", "tus"])

    def send() -> None:
        fields = {"title": f"disk full, {way}", "file_name": "talk.wav"}
        with suppress(RefusedError, TimeoutError):
            if way == "raw":
                result.append(world.client.upload(recording.content, key=str(uuid4()), fields=fields))
            else:
                result.append(world.client.upload_resumable(recording.content, fields=fields))

    touched = world.processing()
    sender = threading.Thread(target=send)
    sender.start()
    held_s = world.hold(1, 2.5)
    was_through = bool(result)
    ballast.unlink()
    freed = datetime.now(UTC)
    sender.join()
    if was_through:
        world.ledger.violate("an upload was accepted on a full disk")
    if not result:
        world.ledger.violate(f"{way} upload did not get through after the disk was free again")
        return Injury("disk full during upload", at, touched, way, 0.0)
    _book(world, result[0], way, len(recording.content))
    return Injury("disk full during upload", at, touched, f"{way}, {held_s:.1f} s", _since(freed))


def fill_disk_during_results(world: World) -> Injury:
    victim = world.victim(world.random.choice(["diarize", "transcribe", "fuse"]))
    ballast = _fill(world)
    at = datetime.now(UTC)
    held_s = world.hold(1, 3)
    ballast.unlink()
    return Injury("disk full during results", at, (victim["id"],), f"{held_s:.1f} s")


def take_storage_away(world: World) -> Injury:
    seconds = 30.0 if world.is_long and "storage" not in world.once else world.random.uniform(1, 5)
    world.once.add("storage")
    touched = world.processing()
    if world.stack.seaweed is not None:
        process = world.stack.seaweed.process
        process.send_signal(signal.SIGSTOP)
        at = datetime.now(UTC)
        time.sleep(seconds)
        process.send_signal(signal.SIGCONT)
    else:
        files, away = world.stack.files, world.stack.disk / "files.away"
        files.rename(away)
        files.touch()  # a file where the folder was: nobody can make a new root by accident
        at = datetime.now(UTC)
        time.sleep(seconds)
        files.unlink()
        away.rename(files)
    return Injury("storage away", at, touched, f"{seconds:.1f} s")


def ring_too_often(world: World) -> Injury:
    """Every worker is woken at once, again and again, for the same few meetings."""
    touched = world.processing()
    asyncio.run(_ring(world.stack.valkey.url))
    return Injury("bell storm", datetime.now(UTC), touched)


async def _ring(url: str) -> None:
    broker = build_broker(url, "scribe:work")
    await broker.startup()
    try:
        await Bell(broker).ring(30)
    finally:
        await broker.shutdown()


def restart_api(world: World) -> Injury:
    process = world.stack.keeper.process("api")
    process.terminate()
    at = datetime.now(UTC)
    with suppress(psutil.TimeoutExpired):
        process.wait(20)
        _wait_for_api(world)
        return Injury("SIGTERM API", at, (), "", _since(at))
    world.ledger.violate("the API ignores SIGTERM for 20 s")
    process.kill()
    return Injury("SIGTERM API", at, ())


def _wait_for_api(world: World) -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        with suppress(httpx.HTTPError):
            if httpx.get(f"{world.stack.url}/health/live", timeout=2).is_success:
                return
        time.sleep(0.05)
    world.ledger.violate("the API is not back after 30 s")


def _fill(world: World) -> Path:
    if not world.stack.plan.is_small_disk:
        raise MissedError("no small disk")
    ballast = world.stack.disk / "ballast"
    with ballast.open("wb") as file:
        while True:
            free = os.statvfs(world.stack.disk)
            room = free.f_bavail * free.f_frsize
            if room < 4096:
                break
            with suppress(OSError):
                os.posix_fallocate(file.fileno(), os.fstat(file.fileno()).st_size, max(4096, room))
    return ballast


def _book(world: World, accepted: Accepted, way: str, size_bytes: int) -> None:
    world.ledger.add(Promise(accepted.meeting_id, Kind.TALK, way, size_bytes))


def _since(at: datetime) -> float:
    return (datetime.now(UTC) - at).total_seconds()


Fault = Callable[[World], Injury]

FAULTS: Mapping[Fault, float] = {
    kill_worker: 4,
    kill_worker_at_the_end: 1,
    kill_model_child: 2,
    stop_worker_gracefully: 1,
    freeze_worker: 2,
    kill_api_during_raw_upload: 1.5,
    kill_api_during_resumable_upload: 1.5,
    restart_api: 0.7,
    kill_valkey: 1.5,
    flush_valkey: 1,
    kill_postgres: 1.5,
    cut_connections: 1,
    fill_disk_during_upload: 1,
    fill_disk_during_results: 1.2,
    take_storage_away: 1.2,
    ring_too_often: 0.7,
}
"""With how often each is drawn."""
