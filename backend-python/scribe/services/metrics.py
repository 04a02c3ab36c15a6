"""Numbers for Prometheus: of this process, and of the whole installation as the tables have it.

Owns names and labels of all metrics (``scribe_...``); labels are closed sets (route templates, statuses, codes), so
that nobody's input makes new series. What is read from the tables (``installation_metrics.py``) is the same whichever
process is asked: use ``max``, not ``sum``, over API processes. Workers expose nothing of their own: what they do is in
the tables, also when they are dead.

Usage::

    metrics = Metrics()
    metrics.request_finished("GET", "/api/v1/meetings", 200, seconds=0.01, received_bytes=0, is_stream=False)
    await metrics.expose(units, hub, readiness, storage)
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Iterator
from typing import Any, TypeVar

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    generate_latest,
)
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from scribe.adapters.event_hub import EventHub
from scribe.adapters.storage import Storage
from scribe.adapters.unit_of_work import UnitOfWorkFactory
from scribe.core.logging import get_logger
from scribe.services.health import Readiness
from scribe.services.installation_metrics import of_health, of_installation, of_process, of_room, read_installation

T = TypeVar("T")

TIMEOUT_S = 3.0
"""A scrape answers, even when the database does not."""
SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 120.0)


class Metrics:
    """One per process. No global registry: tests build many applications."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        ProcessCollector(registry=self._registry)
        self._requests = Counter(
            "scribe_http_requests", "Answers.", ["method", "route", "status"], registry=self._registry
        )
        self._seconds = Histogram(
            "scribe_http_request_seconds",
            "Time to the end of an answer; event streams are left out.",
            ["method", "route"],
            registry=self._registry,
            buckets=SECONDS,
        )
        self._received = Counter(
            "scribe_http_received_bytes", "Bodies of requests: uploads.", ["route"], registry=self._registry
        )
        self._under_way = Gauge(
            "scribe_http_requests_under_way", "Being answered; uploads and event streams too.", registry=self._registry
        )
        self._readings: dict[str, asyncio.Task[Any]] = {}

    def request_began(self) -> None:
        self._under_way.inc()

    def request_finished(
        self, method: str, route: str, status: int, *, seconds: float, received_bytes: int, is_stream: bool
    ) -> None:
        self._under_way.dec()
        self._requests.labels(method, route, str(status)).inc()
        if not is_stream:
            self._seconds.labels(method, route).observe(seconds)
        if received_bytes:
            self._received.labels(route).inc(received_bytes)

    async def expose(
        self,
        units: UnitOfWorkFactory,
        hub: EventHub,
        readiness: Readiness | None = None,
        storage: Storage | None = None,
    ) -> bytes:
        """Prometheus' text format."""
        installation, room, health = await asyncio.gather(
            self._in_time("installation", lambda: read_installation(units)),
            self._in_time("storage", lambda: asyncio.to_thread(storage.room)) if storage else _nothing(),
            readiness.look() if readiness else _nothing(),
        )
        families = [*of_process(units, hub), *of_health(health), *of_installation(installation), *of_room(room)]
        registry = CollectorRegistry()
        registry.register(_Families(families))
        return generate_latest(self._registry) + generate_latest(registry)

    async def _in_time(self, what: str, read: Callable[[], Awaitable[T]]) -> T | None:
        """``None`` when nobody answers. One reading of a kind at a time, which the next scrape joins: a disk that is
        gone must not take a thread with every scrape."""
        task: asyncio.Task[T] = self._readings.get(what) or asyncio.create_task(_awaited(read), name=f"metrics-{what}")
        self._readings[what] = task
        done, _ = await asyncio.wait({task}, timeout=TIMEOUT_S)
        if not done:
            return None
        self._readings.pop(what, None)
        if error := task.exception():
            get_logger().warning("metrics.read_failed", what=what, error=type(error).__name__)
            return None
        return task.result()


class _Families(Collector):
    def __init__(self, families: Iterable[Metric]) -> None:
        self._families = list(families)

    def collect(self) -> Iterator[Metric]:
        yield from self._families


async def _awaited(read: Callable[[], Awaitable[T]]) -> T:
    return await read()


async def _nothing() -> None:
    return None
