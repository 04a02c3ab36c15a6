"""Numbers for Prometheus: of this process, and of the whole installation as the tables have it.

Owns names and labels of all metrics (``scribe_...``); labels are closed sets (route templates, statuses, codes), so
that nobody's input makes new series. What is read from the tables is the same whichever process is asked: use
``max``, not ``sum``, over API processes.

Usage::

    metrics = Metrics()
    metrics.request_finished("GET", "/api/v1/meetings", 200, seconds=0.01, received_bytes=0, is_stream=False)
    await metrics.expose(units, hub)
"""

import asyncio
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from prometheus_client import CollectorRegistry, Counter, Histogram, ProcessCollector, generate_latest
from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from sqlalchemy import select
from sqlalchemy.pool import QueuePool

from scribe import __version__
from scribe.adapters.event_hub import EventHub
from scribe.adapters.unit_of_work import UnitOfWorkFactory
from scribe.core.logging import get_logger
from scribe.core.models_db import CounterRow
from scribe.domain.jobs import QueueCounts
from scribe.services.estimates import Speeds, measured_speeds
from scribe.services.queue import FAILURES, RETRIES
from scribe.services.reaper import LEASE_EXPIRIES

TIMEOUT_S = 3.0
"""A scrape answers, even when the database does not."""
SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 120.0)
_COUNTED = {
    FAILURES: ("Attempts that failed.", "code"),
    RETRIES: ("Attempts that failed and were given another one.", None),
    LEASE_EXPIRIES: ("Leases that ran out because a worker gave no sign.", None),
}


@dataclass(frozen=True, slots=True)
class Installation:
    """What the tables say."""

    queue: QueueCounts
    speeds: Speeds
    workers: int
    counters: tuple[tuple[str, str, int], ...]


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
        self._reading: asyncio.Task[Installation] | None = None

    def request_finished(
        self, method: str, route: str, status: int, *, seconds: float, received_bytes: int, is_stream: bool
    ) -> None:
        self._requests.labels(method, route, str(status)).inc()
        if not is_stream:
            self._seconds.labels(method, route).observe(seconds)
        if received_bytes:
            self._received.labels(route).inc(received_bytes)

    async def expose(self, units: UnitOfWorkFactory, hub: EventHub) -> bytes:
        """Prometheus' text format."""
        installation = await self._read_in_time(units)
        registry = CollectorRegistry()
        registry.register(_Families([*_of_process(units, hub), *_of_installation(installation)]))
        return generate_latest(self._registry) + generate_latest(registry)

    async def _read_in_time(self, units: UnitOfWorkFactory) -> Installation | None:
        """``None`` when the database does not answer. One reading at a time, which the next scrape joins."""
        task = self._reading or asyncio.create_task(_read(units), name="metrics")
        self._reading = task
        done, _ = await asyncio.wait({task}, timeout=TIMEOUT_S)
        if not done:
            return None
        self._reading = None
        if error := task.exception():
            get_logger().warning("metrics.read_failed", error=type(error).__name__)
            return None
        return task.result()


class _Families(Collector):
    def __init__(self, families: Iterable[Metric]) -> None:
        self._families = list(families)

    def collect(self) -> Iterator[Metric]:
        yield from self._families


async def _read(units: UnitOfWorkFactory) -> Installation:
    async with units() as unit:
        rows = await unit.session.execute(select(CounterRow.name, CounterRow.label, CounterRow.count))
        counters = tuple((name, label, count) for name, label, count in rows)
        return Installation(
            await unit.jobs.counts(), await measured_speeds(unit), len(await unit.workers.alive()), counters
        )


def _of_process(units: UnitOfWorkFactory, hub: EventHub) -> Iterator[Metric]:
    build = GaugeMetricFamily("scribe_build", "The version that runs.", labels=["version"])
    build.add_metric([__version__], 1)
    yield build
    yield GaugeMetricFamily("scribe_event_followers", "Open event streams.", value=hub.num_followers)
    pool = units.engine.pool
    if isinstance(pool, QueuePool):
        yield GaugeMetricFamily("scribe_database_connections_used", "Of this process.", value=pool.checkedout())


def _of_installation(found: Installation | None) -> Iterator[Metric]:
    yield GaugeMetricFamily("scribe_database_up", "Whether the database answers.", value=found is not None)
    if found is None:
        return
    meetings = GaugeMetricFamily("scribe_meetings", "Meetings by status; PENDING is the queue.", labels=["status"])
    for status, count in found.queue.by_status.items():
        meetings.add_metric([str(status)], count)
    yield meetings
    yield GaugeMetricFamily(
        "scribe_queue_oldest_pending_seconds", "How long the oldest waits.", value=found.queue.oldest_pending_s
    )
    yield GaugeMetricFamily(
        "scribe_dead_letters", "Failed for good after all attempts.", value=found.queue.dead_letters
    )
    yield GaugeMetricFamily("scribe_workers_alive", "Workers that gave a sign just now.", value=found.workers)
    if found.speeds.is_measured:
        factor = GaugeMetricFamily(
            "scribe_real_time_factor", "Seconds of work per second of audio, of the latest runs.", labels=["stage"]
        )
        for stage, value in found.speeds.of_all.items():
            factor.add_metric([str(stage)], value)
        yield factor
    yield from _counters(found.counters)


def _counters(rows: Iterable[tuple[str, str, int]]) -> Iterator[Metric]:
    """Those we know begin at 0, so that a rate is right from the first time."""
    by_name: dict[str, list[tuple[str, int]]] = {name: [] for name in _COUNTED}
    for name, label, count in rows:
        by_name.setdefault(name, []).append((label, count))
    for name, entries in by_name.items():
        explained, label_name = _COUNTED.get(name, ("Counted by all processes.", "label"))
        labels = [label_name] if label_name else []
        family = CounterMetricFamily(f"scribe_{name}", explained, labels=labels)
        if label_name is None:
            family.add_metric([], sum(count for _, count in entries))
        else:
            for label, count in entries:
                family.add_metric([label], count)
        yield family
