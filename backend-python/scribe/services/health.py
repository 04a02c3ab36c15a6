"""Whether this process can do its work: every part it leans on, each looked at with a time-out of its own.

Owns what "ready" means: the database (with tables this version can work with), Redis and storage answer, so that an
upload is secured. Workers are not needed for that: without one the installation is ``degraded``, recordings wait.
Never hangs: a check that does not come back (a server that is frozen, a network drive that is gone) is left alone and
said to be late; the next question joins it instead of starting another.

Usage::

    health = await Readiness(units, storage, redis_url, hub).look()
    health.is_ready
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from redis.asyncio import Redis
from sqlalchemy import text

from scribe.adapters.event_hub import EventHub
from scribe.adapters.storage import Storage
from scribe.adapters.unit_of_work import UnitOfWorkFactory
from scribe.core.logging import get_logger
from scribe.core.migrate import tables_fit

TIMEOUT_S = 2.0
MEMORY_S = 1.0
"""The address is open: who asks a thousand times a second gets the same answer."""
STORAGE_MEMORY_S = 5.0


class State(StrEnum):
    OK = "ok"
    FAILED = "failed"
    LATE = "late"
    """No answer in time."""
    ABSENT = "absent"


@dataclass(frozen=True, slots=True)
class Check:
    state: State
    seconds: float
    facts: dict[str, Any] = field(default_factory=dict)
    """Numbers and names of versions; never an address or a message of a server."""


@dataclass(frozen=True, slots=True)
class Health:
    checks: dict[str, Check]

    @property
    def is_ready(self) -> bool:
        return all(self.checks[name].state is State.OK for name in NEEDED)

    @property
    def is_whole(self) -> bool:
        return all(check.state is State.OK for check in self.checks.values())


NEEDED = ("database", "migrations", "redis", "storage")


class NotAsItShouldBeError(Exception):
    """A part answers, and the answer is wrong."""

    def __init__(self, state: State, facts: dict[str, Any]) -> None:
        super().__init__(str(state))
        self.state = state
        self.facts = facts


Probe = Callable[[], Awaitable[dict[str, Any]]]


class Readiness:
    def __init__(self, units: UnitOfWorkFactory, storage: Storage, redis_url: str, hub: EventHub) -> None:
        self._units = units
        self._storage = storage
        self._redis_url = redis_url
        self._hub = hub
        self._under_way: dict[str, asyncio.Task[Check]] = {}
        self._known: dict[str, tuple[float, Check]] = {}
        self._advice: str | None = None
        """What was last said about tables that do not fit."""

    async def look(self) -> Health:
        probes: dict[str, tuple[Probe, float]] = {
            "database": (self._database, MEMORY_S),
            "migrations": (self._migrations, MEMORY_S),
            "redis": (self._redis, MEMORY_S),
            "storage": (self._write_probe, STORAGE_MEMORY_S),
            "workers": (self._workers, MEMORY_S),
            "events": (self._events, 0.0),
        }
        checks = await asyncio.gather(*(self._check(name, *probe) for name, probe in probes.items()))
        return Health(dict(zip(probes, checks, strict=True)))

    async def _check(self, name: str, probe: Probe, memory_s: float) -> Check:
        until, known = self._known.get(name, (0.0, None))
        if known is not None and time.monotonic() < until:
            return known
        task = self._under_way.get(name)
        if task is None:
            task = asyncio.create_task(_timed(name, probe), name=f"health-{name}")
            self._under_way[name] = task
        # Not ``wait_for``: it waits for the cancelled task to end, and a driver may take its time over that.
        done, _ = await asyncio.wait({task}, timeout=TIMEOUT_S)
        if not done:
            return Check(State.LATE, TIMEOUT_S)
        if self._under_way.get(name) is task:
            del self._under_way[name]
        found = task.result()
        if found.seconds <= TIMEOUT_S:  # otherwise it is news of long ago
            self._known[name] = (time.monotonic() + memory_s, found)
        return found

    async def _database(self) -> dict[str, Any]:
        async with self._units() as unit:
            await unit.session.execute(text("select 1"))
        return {}

    async def _migrations(self) -> dict[str, Any]:
        fit = await tables_fit(self._units.engine)
        facts: dict[str, Any] = {"database": fit.database, "code": fit.code}
        if not fit.is_good:
            if self._advice != fit.advice:
                get_logger().error("tables.do_not_fit", advice=fit.advice, **facts)
            self._advice = fit.advice
            raise NotAsItShouldBeError(State.FAILED, facts)
        self._advice = None
        return facts

    async def _redis(self) -> dict[str, Any]:
        client = Redis.from_url(self._redis_url, socket_timeout=TIMEOUT_S, socket_connect_timeout=TIMEOUT_S)
        try:
            await client.ping()
        finally:
            await client.aclose()
        return {}

    async def _write_probe(self) -> dict[str, Any]:
        await asyncio.to_thread(self._storage.probe)
        return {}

    async def _workers(self) -> dict[str, Any]:
        async with self._units() as unit:
            workers = await unit.workers.alive()
            now = (await unit.jobs.clock()).now
        if not workers:
            raise NotAsItShouldBeError(State.ABSENT, {"alive": 0})
        youngest_s = min((now - worker.heartbeat_at).total_seconds() for worker in workers)
        return {"alive": len(workers), "heartbeat_age_s": round(max(0.0, youngest_s), 1)}

    async def _events(self) -> dict[str, Any]:
        if not self._hub.is_connected:
            raise NotAsItShouldBeError(State.FAILED, {})
        return {}


async def _timed(name: str, probe: Probe) -> Check:
    began = time.monotonic()
    try:
        facts = await probe()
        state = State.OK
    except NotAsItShouldBeError as wrong:
        facts, state = wrong.facts, wrong.state
    except Exception as error:  # noqa: BLE001 -- whatever it is, this part does not work, and that is the answer
        get_logger().warning("health.check_failed", check=name, error=type(error).__name__)
        facts, state = {}, State.FAILED
    return Check(state, round(time.monotonic() - began, 4), facts)
