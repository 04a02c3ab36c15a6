"""How long it will take: place in the queue, start, end, from what was measured on this installation.

Owns the arithmetic; never promises (``is_rough`` says when the numbers rest on a default instead of a measurement).
A run's cost is the sum over its stages of (seconds per second of audio, measured) times the recording's duration.
The queue is worked off by all living workers, each taking the next meeting when it is free.

Usage::

    async with units() as unit:
        estimate = await estimate_for(unit, meeting_id)
"""

import heapq
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol
from uuid import UUID
from weakref import WeakKeyDictionary

from scribe.adapters.estimates import CompletedRun, EstimateRepository, Workload
from scribe.adapters.unit_of_work import UnitOfWork
from scribe.domain.meeting import STAGE_SHARE, MeetingId, MeetingStatus, Stage

MEASURED_RUNS = 50
ENOUGH_RUNS = 3
"""Of one model: from so many on its own speed counts, below it that of all models."""
DEFAULT_FACTOR = 0.15
"""Seconds per second of audio before anything was measured: what whisper-base takes on two cores of a laptop-class
CPU (docs/benchmarks.md). Answers that rest on it are marked rough."""
DEFAULT_BYTES_PER_S = 16_000.0
"""128 kbit/s, a common recorder's MP3: how long a recording is, as long as nobody has looked inside."""
MEMORY_S = 10.0
"""How long measured speeds are remembered in one process."""
QUEUE_MEMORY_S = 1.0
"""How long a long queue is remembered: numbering ten thousand takes a moment."""
SHORT_QUEUE = 100
"""One that is read anew each time."""
QUEUE_SAMPLE = 500
"""Waiting meetings looked at; each that lies beyond is taken as the mean of these."""


@dataclass(frozen=True, slots=True)
class Estimate:
    queue_place: int | None = None
    """0: next. ``None``: it does not wait."""
    starts_in_s: float | None = None
    """``None``: it does not wait, or no worker is alive."""
    remaining_s: float | None = None
    """Until its results are there; ``None``: it is over, or no worker is alive."""
    is_rough: bool = False
    """Nothing was measured on this installation yet, or the recording's duration is guessed from its size."""


NOTHING = Estimate()


class HasIdAndStatus(Protocol):
    @property
    def id(self) -> MeetingId: ...
    @property
    def status(self) -> MeetingStatus: ...


@dataclass(frozen=True, slots=True)
class Speeds:
    """Seconds per second of audio, by stage; and what a second of audio weighs."""

    of_all: Mapping[Stage, float]
    of_model: Mapping[str | None, Mapping[Stage, float]]
    bytes_per_s: float
    is_measured: bool

    def of(self, model: str | None) -> Mapping[Stage, float]:
        return self.of_model.get(model, self.of_all)


@dataclass(frozen=True, slots=True)
class QueuePicture:
    workers: int
    running_s: tuple[float, ...]
    """Work left in each meeting that runs."""
    waiting: Mapping[UUID, int]
    """Place of each meeting of the sample."""
    waiting_s: tuple[float, ...]
    """Work in each, by place."""

    def starts_in_s(self, place: int) -> float:
        ahead = list(self.waiting_s[:place])
        if place > len(ahead):
            mean_s = sum(self.waiting_s) / len(self.waiting_s) if self.waiting_s else 0.0
            ahead += [mean_s] * (place - len(ahead))
        return starts_in_s(self.running_s, ahead, self.workers)


@dataclass(slots=True)
class _Memory:
    speeds: Speeds | None = None
    speeds_until: float = 0.0
    picture: QueuePicture | None = None
    picture_until: float = 0.0


_memories: WeakKeyDictionary[object, _Memory] = WeakKeyDictionary()
"""By database engine: one per process, and one per test."""


async def estimate(unit: UnitOfWork, meeting: HasIdAndStatus) -> Estimate:
    """For a meeting that is over: nothing, and no query."""
    return NOTHING if meeting.status.is_terminal else await estimate_for(unit, meeting.id)


async def estimate_for(unit: UnitOfWork, meeting_id: MeetingId) -> Estimate:
    repository = EstimateRepository(unit.session)
    load = await repository.workload(meeting_id)
    if load is None or load.status.is_terminal:
        return NOTHING
    speeds = await measured_speeds(unit)
    if load.status is MeetingStatus.PROCESSING:
        return _estimate(load, speeds, None)
    picture = await _picture(unit, speeds)
    place = picture.waiting.get(meeting_id)
    if place is None:
        place = await unit.jobs.queue_place(meeting_id)
    return _waiting(load, speeds, picture, place)


def _waiting(load: Workload, speeds: Speeds, picture: QueuePicture, place: int | None) -> Estimate:
    is_rough = not speeds.is_measured or load.duration_s is None
    if place is None or picture.workers == 0:
        return Estimate(queue_place=place, is_rough=is_rough)
    delay_s = (load.next_attempt_at - datetime.now(UTC)).total_seconds()
    begins_s = max(picture.starts_in_s(place), delay_s)
    return Estimate(place, begins_s, begins_s + work_s(load, speeds), is_rough)


async def estimates(unit: UnitOfWork, meetings: Sequence[HasIdAndStatus]) -> dict[MeetingId, Estimate]:
    """Of those that wait or run: the same as :func:`estimate_for` for each, in a fixed number of queries."""
    wanted = [meeting.id for meeting in meetings if not meeting.status.is_terminal]
    if not wanted:
        return {}
    speeds = await measured_speeds(unit)
    loads = await EstimateRepository(unit.session).workloads_of(wanted)
    is_waiting = any(load.status is MeetingStatus.PENDING for load in loads)
    picture = await _picture(unit, speeds) if is_waiting else None
    return {MeetingId(load.meeting_id): _estimate(load, speeds, picture) for load in loads}


def _estimate(load: Workload, speeds: Speeds, picture: QueuePicture | None) -> Estimate:
    """``picture``: of the queue, for a meeting that waits; one beyond its sample has no place here."""
    is_rough = not speeds.is_measured or load.duration_s is None
    if load.status is MeetingStatus.PROCESSING:
        return Estimate(remaining_s=work_s(load, speeds), is_rough=is_rough)
    place = None if picture is None else picture.waiting.get(load.meeting_id)
    return NOTHING if picture is None or place is None else _waiting(load, speeds, picture, place)


async def remaining_by_meeting(unit: UnitOfWork, meetings: Sequence[UUID]) -> dict[UUID, float]:
    """Of those among ``meetings`` that run at this moment, in seconds: what progress events are told with."""
    if not meetings:
        return {}
    wanted = set(meetings)
    running = await EstimateRepository(unit.session).running()
    speeds = await measured_speeds(unit)
    return {load.meeting_id: work_s(load, speeds) for load in running if load.meeting_id in wanted}


async def measured_speeds(unit: UnitOfWork) -> Speeds:
    memory = _memory(unit)
    if memory.speeds is None or time.monotonic() > memory.speeds_until:
        memory.speeds = speeds_of(await EstimateRepository(unit.session).completed_runs(MEASURED_RUNS))
        memory.speeds_until = time.monotonic() + MEMORY_S
    return memory.speeds


def speeds_of(runs: Sequence[CompletedRun]) -> Speeds:
    if not runs:
        default = {stage: DEFAULT_FACTOR * share for stage, share in STAGE_SHARE.items()}
        return Speeds(default, {}, DEFAULT_BYTES_PER_S, is_measured=False)
    by_model: dict[str | None, list[CompletedRun]] = {}
    for run in runs:
        by_model.setdefault(run.model, []).append(run)
    return Speeds(
        of_all=_factors(runs),
        of_model={model: _factors(group) for model, group in by_model.items() if len(group) >= ENOUGH_RUNS},
        bytes_per_s=sum(run.size_bytes for run in runs) / sum(run.duration_s for run in runs),
        is_measured=True,
    )


def work_s(load: Workload, speeds: Speeds) -> float:
    """Seconds of work left in it, if a worker has it."""
    duration_s = load.duration_s if load.duration_s is not None else load.size_bytes / speeds.bytes_per_s
    factors = speeds.of(load.model)
    left = 0.0
    for stage in Stage:
        if stage in load.done:
            continue
        is_under_way = load.status is MeetingStatus.PROCESSING and stage is load.stage
        left += factors[stage] * (1.0 - load.stage_percent / 100.0 if is_under_way else 1.0)
    return left * duration_s


def starts_in_s(running_s: Sequence[float], ahead_s: Sequence[float], workers: int) -> float:
    """When a worker is free for whoever comes after ``ahead_s``: each goes to the worker that is free first."""
    idle = [0.0] * max(0, workers - len(running_s))
    free_at = sorted([*running_s, *idle])[: max(1, workers)]
    heapq.heapify(free_at)
    for work in ahead_s:
        heapq.heappush(free_at, heapq.heappop(free_at) + work)
    return free_at[0]


async def _picture(unit: UnitOfWork, speeds: Speeds) -> QueuePicture:
    memory = _memory(unit)
    if memory.picture is None or time.monotonic() >= memory.picture_until:
        repository = EstimateRepository(unit.session)
        order = await repository.order_of_service(QUEUE_SAMPLE)
        loads = {load.meeting_id: work_s(load, speeds) for load in await repository.workloads_of(order)}
        memory.picture = QueuePicture(
            workers=len(await unit.workers.alive()),
            running_s=tuple(work_s(load, speeds) for load in await repository.running()),
            waiting={meeting_id: place for place, meeting_id in enumerate(order)},
            waiting_s=tuple(loads.get(meeting_id, 0.0) for meeting_id in order),
        )
        memory.picture_until = time.monotonic() + (QUEUE_MEMORY_S if len(order) > SHORT_QUEUE else 0.0)
    return memory.picture


def _factors(runs: Sequence[CompletedRun]) -> dict[Stage, float]:
    """Sum of seconds over sum of durations: long recordings count as much as they weigh, and what a run costs
    whatever its length (loading models) does not make a two-second clip the measure of all."""
    factors = {stage: DEFAULT_FACTOR * share for stage, share in STAGE_SHARE.items()}
    for stage in Stage:
        if measured := [run for run in runs if stage in run.stage_seconds]:
            seconds = sum(run.stage_seconds[stage] for run in measured)
            factors[stage] = seconds / sum(run.duration_s for run in measured)
    return factors


def _memory(unit: UnitOfWork) -> _Memory:
    return _memories.setdefault(unit.session.bind, _Memory())
