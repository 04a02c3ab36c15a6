"""Rows of which workers are alive. Times are the database's: clocks of machines differ."""

from dataclasses import asdict
from datetime import timedelta

from sqlalchemy import delete, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from scribe.core.models_db import WorkerRow
from scribe.domain.meeting import MeetingId
from scribe.domain.workers import SILENT_S, CatalogueEntry, Worker, WorkerFacts


class WorkerRepository:
    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def register(self, facts: WorkerFacts) -> None:
        """Idle, from now on. Registering again is the same as a beat."""
        values = {
            "host": facts.host,
            "pid": facts.pid,
            "version": facts.version,
            "device": facts.device,
            "models": {**facts.models, _CATALOGUE: [asdict(entry) for entry in facts.catalogue]},
        }
        await self._session.execute(
            insert(WorkerRow)
            .values(id=facts.id, **values)
            .on_conflict_do_update(index_elements=[WorkerRow.id], set_={**values, "heartbeat_at": func.now()})
        )

    async def beat(self, worker_id: str, *, rss_mb: float | None, meeting_id: MeetingId | None) -> bool:
        """``False`` when the row is gone: it was silent for too long and has to register again."""
        found = await self._session.scalar(
            update(WorkerRow)
            .where(WorkerRow.id == worker_id)
            .values(heartbeat_at=func.now(), rss_mb=rss_mb, meeting_id=meeting_id)
            .returning(WorkerRow.id)
        )
        return found is not None

    async def forget(self, worker_id: str) -> None:
        await self._session.execute(delete(WorkerRow).where(WorkerRow.id == worker_id))

    async def alive(self, silent_s: float = SILENT_S) -> list[Worker]:
        """Those that gave a sign within ``silent_s``, oldest first."""
        rows = await self._session.scalars(
            select(WorkerRow)
            .where(WorkerRow.heartbeat_at >= func.now() - timedelta(seconds=silent_s))
            .order_by(WorkerRow.started_at, WorkerRow.id)
        )
        return [_worker(row) for row in rows]

    async def forget_silent(self, silent_s: float) -> int:
        """Removes the rows of workers that were killed; returns how many."""
        gone = await self._session.scalars(
            delete(WorkerRow)
            .where(WorkerRow.heartbeat_at < func.now() - timedelta(seconds=silent_s))
            .returning(WorkerRow.id)
        )
        return len(gone.all())


_CATALOGUE = "catalogue"
"""Kept among the models."""


def _worker(row: WorkerRow) -> Worker:
    models = {name: value for name, value in row.models.items() if name != _CATALOGUE}
    catalogue = tuple(CatalogueEntry(**entry) for entry in row.models.get(_CATALOGUE, []))
    return Worker(
        facts=WorkerFacts(row.id, row.host, row.pid, row.version, row.device, models, catalogue),
        started_at=row.started_at,
        heartbeat_at=row.heartbeat_at,
        rss_mb=row.rss_mb,
        meeting_id=MeetingId(row.meeting_id) if row.meeting_id is not None else None,
    )
