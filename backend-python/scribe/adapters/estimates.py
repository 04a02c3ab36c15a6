"""What the tables say about speed and load: the ground of every "ready in about ..." that users read.

Owns the queries; ``services/estimates.py`` draws the conclusions.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, select
from sqlalchemy.ext.asyncio import AsyncSession

from scribe.adapters.queue_order import ORDER
from scribe.core.models_db import MeetingRow
from scribe.domain.meeting import MeetingStatus, Stage


@dataclass(frozen=True, slots=True)
class CompletedRun:
    duration_s: float
    size_bytes: int
    model: str | None
    stage_seconds: Mapping[Stage, float]
    """Wall time."""


@dataclass(frozen=True, slots=True)
class Workload:
    """A meeting that runs or waits, as far as its duration depends on it."""

    meeting_id: UUID
    status: MeetingStatus
    size_bytes: int
    duration_s: float | None
    model: str | None
    done: frozenset[Stage]
    """Stages that need not run again."""
    stage: Stage | None
    stage_percent: float
    next_attempt_at: datetime


class EstimateRepository:
    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def completed_runs(self, limit: int) -> list[CompletedRun]:
        """The latest uploads that are done, newest first."""
        row = MeetingRow
        query = (
            select(row.duration_s, row.size_bytes, row.options["model"].astext, row.stages)
            .where(row.status == MeetingStatus.COMPLETED, row.duration_s > 0)
            .order_by(row.created_at.desc(), row.id.desc())
            .limit(limit)
        )
        runs = []
        for duration_s, size_bytes, model, stages in await self._session.execute(query):
            seconds = {stage: _seconds(stages.get(stage)) for stage in Stage}
            runs.append(
                CompletedRun(
                    duration_s, size_bytes, model, {stage: cost for stage, cost in seconds.items() if cost is not None}
                )
            )
        return runs

    async def workload(self, meeting_id: UUID) -> Workload | None:
        rows = await self._workloads(MeetingRow.id == meeting_id, limit=1)
        return rows[0] if rows else None

    async def running(self, limit: int = 500) -> list[Workload]:
        return await self._workloads(MeetingRow.status == MeetingStatus.PROCESSING, limit=limit)

    async def order_of_service(self, limit: int) -> list[UUID]:
        """Of the meetings that wait."""
        return list(await self._session.scalars(ORDER, {"limit": limit}))

    async def workloads_of(self, ids: Sequence[UUID]) -> list[Workload]:
        """In any order."""
        return await self._workloads(MeetingRow.id.in_(ids), limit=len(ids))

    async def _workloads(self, condition: ColumnElement[bool], *, limit: int) -> list[Workload]:
        row = MeetingRow
        query = (
            select(
                row.id, row.status, row.size_bytes, row.duration_s, row.options["model"].astext, row.stages,
                row.stage, row.stage_percent, row.next_attempt_at,
            )
            .where(condition)
            .order_by(row.queued_at)
            .limit(limit)
        )  # fmt: skip
        return [
            Workload(
                meeting_id, MeetingStatus(status), size_bytes, duration_s, model,
                frozenset(stage for stage in Stage if stage in stages),
                Stage(stage) if stage else None, stage_percent, next_attempt_at,
            )
            for meeting_id, status, size_bytes, duration_s, model, stages, stage, stage_percent, next_attempt_at
            in await self._session.execute(query)
        ]  # fmt: skip


def _seconds(metrics: object) -> float | None:
    """Of one entry of ``meetings.stages``."""
    seconds = metrics.get("seconds") if isinstance(metrics, dict) else None
    return float(seconds) if isinstance(seconds, int | float) and seconds >= 0 else None
