"""Health, the queue and the workers, as JSON."""

from datetime import datetime
from typing import Any, Literal, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from scribe.adapters.queue_view import QueuedMeeting
from scribe.domain.meeting import MeetingStatus, Stage
from scribe.domain.workers import Worker
from scribe.services.health import Health, State
from scribe.services.workload import QueueView, WorkersView


class AliveOut(BaseModel):
    status: Literal["alive"] = "alive"
    version: str


class CheckOut(BaseModel):
    state: State
    seconds: float = Field(description="How long the look took.")
    facts: dict[str, Any] = {}


class HealthOut(BaseModel):
    model_config = ConfigDict(json_schema_extra={"example": {
        "status": "ready", "version": "0.1.0", "checks": {
            "database": {"state": "ok", "seconds": 0.002, "facts": {}},
            "migrations": {"state": "ok", "seconds": 0.003, "facts": {"database": "0001", "code": "0001"}},
            "redis": {"state": "ok", "seconds": 0.001, "facts": {}},
            "storage": {"state": "ok", "seconds": 0.004, "facts": {}},
            "workers": {"state": "ok", "seconds": 0.002, "facts": {"alive": 1, "heartbeat_age_s": 1.4}},
            "events": {"state": "ok", "seconds": 0.0, "facts": {}},
        },
    }})  # fmt: skip

    status: Literal["ready", "degraded", "unready"] = Field(
        description="`degraded`: uploads are secured, but no worker is alive or live progress is delayed."
    )
    version: str
    checks: dict[str, CheckOut]

    @classmethod
    def of(cls, health: Health, version: str) -> Self:
        checks = {
            name: CheckOut(state=check.state, seconds=check.seconds, facts=check.facts)
            for name, check in health.checks.items()
        }
        if not health.is_ready:
            return cls(status="unready", version=version, checks=checks)
        return cls(status="ready" if health.is_whole else "degraded", version=version, checks=checks)


class LastFailureOut(BaseModel):
    code: str
    message: str


class QueuedOut(BaseModel):
    id: UUID
    title: str
    owner: str
    status: MeetingStatus
    priority: int
    run: int
    attempt: int
    max_attempts: int
    queued_at: datetime
    next_attempt_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    worker_id: str | None
    stage: Stage | None
    percent: float
    failure: LastFailureOut | None = Field(description="Of the last attempt.")

    @classmethod
    def of(cls, meeting: QueuedMeeting) -> Self:
        failure = None
        if meeting.failure_code is not None:
            failure = LastFailureOut(code=meeting.failure_code, message=meeting.failure_message or "")
        return cls(
            id=meeting.id, title=meeting.title, owner=meeting.owner_name, status=meeting.status,
            priority=meeting.priority, run=meeting.run, attempt=meeting.attempt, max_attempts=meeting.max_attempts,
            queued_at=meeting.queued_at, next_attempt_at=meeting.next_attempt_at, started_at=meeting.started_at,
            finished_at=meeting.finished_at, worker_id=meeting.worker_id, stage=meeting.stage,
            percent=meeting.percent, failure=failure,
        )  # fmt: skip


class QueueOut(BaseModel):
    meetings: dict[MeetingStatus, int] = Field(description="How many there are of each status.")
    oldest_pending_s: float
    num_dead_letters: int
    running: list[QueuedOut]
    pending: list[QueuedOut] = Field(description="In the order of service.")
    dead_letters: list[QueuedOut] = Field(description="Failed for good after all attempts, newest first.")

    @classmethod
    def of(cls, view: QueueView) -> Self:
        return cls(
            meetings=dict(view.counts.by_status),
            oldest_pending_s=view.counts.oldest_pending_s,
            num_dead_letters=view.counts.dead_letters,
            running=[QueuedOut.of(meeting) for meeting in view.running],
            pending=[QueuedOut.of(meeting) for meeting in view.pending],
            dead_letters=[QueuedOut.of(meeting) for meeting in view.dead_letters],
        )


class WorkerOut(BaseModel):
    id: str
    host: str
    pid: int
    version: str
    device: str
    models: dict[str, Any]
    started_at: datetime
    heartbeat_age_s: float
    rss_mb: float | None = Field(description="Of the worker and its child, MB (10^6 bytes).")
    meeting_id: UUID | None = Field(description="What it works on; `null`: idle.")

    @classmethod
    def of(cls, worker: Worker, now: datetime) -> Self:
        facts = worker.facts
        return cls(
            id=facts.id, host=facts.host, pid=facts.pid, version=facts.version, device=facts.device,
            models=dict(facts.models), started_at=worker.started_at,
            heartbeat_age_s=max(0.0, (now - worker.heartbeat_at).total_seconds()),
            rss_mb=worker.rss_mb, meeting_id=worker.meeting_id,
        )  # fmt: skip


class WorkersOut(BaseModel):
    workers: list[WorkerOut]

    @classmethod
    def of(cls, view: WorkersView) -> Self:
        return cls(workers=[WorkerOut.of(worker, view.now) for worker in view.workers])
