"""Metrics of the whole installation: as the tables, the storage and the health checks have it.

Owns the names and the closed sets of labels of everything that is not counted in a request (``metrics.py`` does that).
Counters that all processes share are rows of ``counters``; those we know begin at 0, so that a rate is right from the
first time.

Usage::

    families = [*of_installation(await read_installation(units)), *of_room(storage.room())]
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, Metric
from sqlalchemy.pool import QueuePool

from scribe import __version__
from scribe.adapters.event_hub import EventHub
from scribe.adapters.figures import Figures
from scribe.adapters.storage_local import Room
from scribe.adapters.unit_of_work import UnitOfWorkFactory
from scribe.domain.jobs import QueueCounts
from scribe.domain.meeting import MeetingStatus, Priority, Stage
from scribe.domain.workers import Worker
from scribe.services.estimates import Speeds, measured_speeds
from scribe.services.health import Health, State
from scribe.services.queue import FAILURES, RETRIES, RUNS, STAGE_AUDIO_MS, STAGE_WORK_MS
from scribe.services.reading_log import READS_LOST
from scribe.services.reaper import LEASE_EXPIRIES
from scribe.services.retention import REMOVED


@dataclass(frozen=True, slots=True)
class Installation:
    """What the tables say."""

    queue: QueueCounts
    speeds: Speeds
    workers: tuple[Worker, ...]
    figures: Figures


@dataclass(frozen=True, slots=True)
class Counted:
    """A counter that processes share: how it is explained, and what its label may be."""

    explained: str
    label: str | None = None
    values: tuple[str, ...] = ()
    """Shown from the beginning, with 0."""


_ENDINGS = tuple(status.lower() for status in MeetingStatus if status.is_terminal)
_STAGES = tuple(map(str, Stage))
COUNTED: Mapping[str, Counted] = {
    FAILURES: Counted("Attempts that failed, by the error's code (docs/errors.md).", "code"),
    RETRIES: Counted("Attempts that failed and were given another one."),
    LEASE_EXPIRIES: Counted("Leases that ran out because a worker gave no sign."),
    RUNS: Counted("Runs that are over, by how they ended.", "ending", _ENDINGS),
    REMOVED: Counted("What retention removed.", "what", ("audio", "meeting")),
    READS_LOST: Counted("Reads that could not be written into the audit log."),
}
STAGE_SECONDS: Mapping[str, tuple[str, str]] = {
    STAGE_WORK_MS: ("scribe_stage_work_seconds", "Time that finished stages took."),
    STAGE_AUDIO_MS: ("scribe_stage_audio_seconds", "Audio that finished stages worked on."),
}


async def read_installation(units: UnitOfWorkFactory) -> Installation:
    async with units() as unit:
        return Installation(
            await unit.jobs.counts(),
            await measured_speeds(unit),
            tuple(await unit.workers.alive()),
            await unit.figures.all(),
        )


def of_process(units: UnitOfWorkFactory, hub: EventHub) -> Iterator[Metric]:
    build = GaugeMetricFamily("scribe_build", "The version that runs.", labels=["version"])
    build.add_metric([__version__], 1)
    yield build
    yield GaugeMetricFamily("scribe_event_followers", "Open event streams.", value=hub.num_followers)
    pool = units.engine.pool
    if isinstance(pool, QueuePool):
        yield GaugeMetricFamily("scribe_database_connections_used", "Of this process.", value=pool.checkedout())
        yield GaugeMetricFamily(
            "scribe_database_connections_limit",
            "Most connections this process opens.",
            value=pool.size() + max(0, pool._max_overflow),  # noqa: SLF001 -- nothing public tells it
        )


def of_health(health: Health | None) -> Iterator[Metric]:
    """What /health/ready says, as this process sees it."""
    if health is None:
        return
    checks = GaugeMetricFamily("scribe_check_up", "Whether a part that is needed answers.", labels=["check"])
    for name, check in health.checks.items():
        checks.add_metric([name], check.state is State.OK)
    yield checks


def of_room(room: Room | None) -> Iterator[Metric]:
    """Nothing for an object store, which does not tell."""
    if room is not None:
        yield GaugeMetricFamily("scribe_storage_free_bytes", "Free where recordings lie.", value=room.free_bytes)
        yield GaugeMetricFamily("scribe_storage_size_bytes", "Size of what recordings lie on.", value=room.total_bytes)


def of_installation(found: Installation | None) -> Iterator[Metric]:
    yield GaugeMetricFamily("scribe_database_up", "Whether the database answers.", value=found is not None)
    if found is None:
        return
    yield from _of_queue(found.queue, found.figures)
    yield from _of_workers(found.workers)
    yield from _of_stores(found.figures)
    if found.speeds.is_measured:
        factor = GaugeMetricFamily(
            "scribe_real_time_factor", "Seconds of work per second of audio, of the latest runs.", labels=["stage"]
        )
        for stage, value in found.speeds.of_all.items():
            factor.add_metric([str(stage)], value)
        yield factor
    yield from _counters(found.figures.counters)


def _of_queue(queue: QueueCounts, figures: Figures) -> Iterator[Metric]:
    meetings = GaugeMetricFamily("scribe_meetings", "Meetings by status; PENDING is the queue.", labels=["status"])
    for status, count in queue.by_status.items():
        meetings.add_metric([str(status)], count)
    yield meetings
    yield GaugeMetricFamily("scribe_queue_oldest_pending_seconds", "How long the oldest waits.", queue.oldest_pending_s)
    waiting = GaugeMetricFamily("scribe_queue_waiting", "Meetings that wait, by priority.", labels=["priority"])
    oldest = GaugeMetricFamily("scribe_queue_oldest_seconds", "How long the oldest waits.", labels=["priority"])
    for priority in Priority:
        waiting.add_metric([priority.name.lower()], figures.queue[priority].count)
        oldest.add_metric([priority.name.lower()], figures.queue[priority].oldest_s)
    yield waiting
    yield oldest
    yield GaugeMetricFamily(
        "scribe_queue_retries_waiting",
        "Of those that wait, whose next attempt is not due yet.",
        figures.retries_waiting,
    )
    yield GaugeMetricFamily("scribe_dead_letters", "Failed for good after all attempts.", value=queue.dead_letters)
    yield GaugeMetricFamily("scribe_voice_clips_waiting", "Clips that no worker listens to yet.", figures.clips.count)
    yield GaugeMetricFamily("scribe_voice_clips_oldest_seconds", "How long the oldest waits.", figures.clips.oldest_s)
    chores = GaugeMetricFamily("scribe_chores_waiting", "Meetings with work that nobody waits for.", labels=["chore"])
    for chore, count in figures.chores.items():
        chores.add_metric([chore], count)
    yield chores


def _of_workers(workers: tuple[Worker, ...]) -> Iterator[Metric]:
    yield GaugeMetricFamily("scribe_workers_alive", "Workers that gave a sign just now.", value=len(workers))
    busy = sum(worker.meeting_id is not None for worker in workers)
    yield GaugeMetricFamily("scribe_workers_busy", "Of these, with a meeting.", value=busy)
    memory_mb = sum(worker.rss_mb or 0.0 for worker in workers)
    yield GaugeMetricFamily("scribe_workers_memory_bytes", "Resident, with their children.", value=memory_mb * 1e6)
    outdated = sum(worker.facts.version != __version__ for worker in workers)
    yield GaugeMetricFamily("scribe_workers_of_other_versions", "Another version than this API.", value=outdated)


def _of_stores(figures: Figures) -> Iterator[Metric]:
    yield GaugeMetricFamily("scribe_uploads_open", "Resumable uploads that are not whole yet.", figures.uploads)
    yield GaugeMetricFamily("scribe_uploads_open_bytes", "Received of them.", value=figures.upload_bytes)
    yield GaugeMetricFamily("scribe_recordings_bytes", "Sum of all recordings.", value=figures.recording_bytes)
    yield GaugeMetricFamily("scribe_purges_waiting", "Folders that are still to be emptied.", figures.purges.count)
    yield GaugeMetricFamily("scribe_purges_oldest_seconds", "How long the oldest waits.", figures.purges.oldest_s)
    yield GaugeMetricFamily("scribe_database_bytes", "Size of the database.", value=figures.database_bytes)
    yield GaugeMetricFamily("scribe_database_server_connections", "Of everybody.", value=figures.connections)
    yield GaugeMetricFamily("scribe_database_server_connections_limit", "max_connections.", figures.max_connections)


def _counters(rows: Iterable[tuple[str, str, int]]) -> Iterator[Metric]:
    by_name: dict[str, dict[str, float]] = {
        name: dict.fromkeys(counted.values, 0.0) for name, counted in COUNTED.items()
    } | {name: dict.fromkeys(_STAGES, 0.0) for name in STAGE_SECONDS}
    for name, label, count in rows:
        by_name.setdefault(name, {})[label] = count
    for name, entries in by_name.items():
        if name in STAGE_SECONDS:
            family = CounterMetricFamily(*STAGE_SECONDS[name], labels=["stage"])
            entries = {label: count / 1000 for label, count in entries.items()}
        else:
            counted = COUNTED.get(name, Counted("Counted by all processes.", "label"))
            family = CounterMetricFamily(
                f"scribe_{name}", counted.explained, labels=[counted.label] if counted.label else []
            )
            entries = entries if counted.label else {"": sum(entries.values())}
        for label, value in entries.items():
            family.add_metric([label] if label else [], value)
        yield family
