"""Rows of the life cycle of meetings: claim, lease, fence, finish.

Owns every change of a meeting's status after it was made. Each names the status it starts from, so that none happens
off ``domain.meeting.TRANSITIONS``; what a worker writes also names its token. Time is the database's. Never commits,
never touches a file; the order of service is in ``adapters/queue_order.py``.

Usage::

    async with units() as unit:
        job = await unit.jobs.claim("host:1:x", lease_s=15.0)
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import timedelta
from typing import Any
from uuid import uuid4

from sqlalchemy import ColumnElement, Row, cast, func, literal, select, update
from sqlalchemy.dialects.postgresql import JSONB, insert
from sqlalchemy.ext.asyncio import AsyncSession

from scribe.adapters.queue_order import CLAIM, COUNTS, PLACE
from scribe.core.models_db import CounterRow, MeetingRow, WorkerRow
from scribe.domain.audio import AudioFacts
from scribe.domain.errors import LeaseLostError, NotFoundError
from scribe.domain.jobs import (
    Abandoned,
    ClaimedJob,
    DatabaseClock,
    Failure,
    Published,
    QueueCounts,
    StatusChange,
)
from scribe.domain.meeting import MeetingId, MeetingStatus, RunWarning, Stage, StageMetrics, UserId
from scribe.domain.requests import RunOptions

REAPER_LOCK = 0x5C51BE03

_NO_LEASE: Mapping[str, Any] = {"token": None, "worker_id": None, "lease_until": None}
_NO_FAILURE: Mapping[str, Any] = {"failure_code": None, "failure_message": None, "failure_stage": None}
_NO_STAGE: Mapping[str, Any] = {"stage": None, "stage_percent": 0.0}
_CHANGE = (
    MeetingRow.id,
    MeetingRow.owner_id,
    MeetingRow.status,
    MeetingRow.run,
    MeetingRow.attempt,
    MeetingRow.failure_code,
    MeetingRow.failure_message,
    MeetingRow.failure_stage,
)


class JobRepository:
    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    # --- the queue ---------------------------------------------------------------------------------------------------

    async def claim(self, worker_id: str, lease_s: float) -> ClaimedJob | None:
        """The next meeting, with a lease on it. ``None``: there is nothing to do now."""
        values = {"token": uuid4(), "worker_id": worker_id, "lease_s": lease_s}
        row = (await self._session.execute(CLAIM, values)).one_or_none()
        return None if row is None else _job(row)

    async def queue_place(self, meeting_id: MeetingId) -> int | None:
        """0: next, as things stand. ``None``: it does not wait."""
        place: int | None = await self._session.scalar(PLACE, {"id": meeting_id})
        return place

    async def counts(self) -> QueueCounts:
        rows = (await self._session.execute(COUNTS)).all()
        by_status = dict.fromkeys(MeetingStatus, 0) | {MeetingStatus(row.status): row.meetings for row in rows}
        return QueueCounts(
            by_status,
            max((row.oldest_s for row in rows if row.status == MeetingStatus.PENDING), default=0.0),
            sum(row.dead_letters for row in rows),
        )

    # --- while a worker has it ---------------------------------------------------------------------------------------

    async def renew(self, job: ClaimedJob, lease_s: float) -> bool:
        """``True``: somebody asked to cancel. Raises: LeaseLostError."""
        row = await self._fenced(
            job, {"lease_until": func.clock_timestamp() + timedelta(seconds=lease_s)}, is_seen=False
        )
        return row.cancel_requested_at is not None

    async def lock(self, job: ClaimedJob) -> bool:
        """Until the transaction ends nobody else changes the row. ``True``: somebody asked to cancel.

        Raises: LeaseLostError.
        """
        return (await self._locked(job)).cancel_requested_at is not None

    async def set_progress(self, job: ClaimedJob, stage: Stage, stage_percent: float, percent: float) -> float:
        """The run's percent, which never falls: a second attempt goes through what the first one did."""
        row = await self._fenced(
            job,
            {
                "stage": str(stage),
                "stage_percent": stage_percent,
                "percent": func.greatest(MeetingRow.percent, percent),
            },
        )
        return float(row.percent)

    async def add_metrics(self, job: ClaimedJob, metrics: StageMetrics) -> float | None:
        """Returns how long the recording is, in seconds, where that is known by now."""
        kept = asdict(metrics)
        stage = str(kept.pop("stage"))
        row = await self._fenced(job, {"stages": MeetingRow.stages.op("||")(_json({stage: kept}))})
        return None if row.duration_s is None else float(row.duration_s)

    async def add_warning(self, job: ClaimedJob, warning: RunWarning) -> bool:
        """``False``: it is there already; a second attempt says again what the first one said."""
        kept = {"code": warning.code, "message": warning.message}
        if kept in (await self._locked(job)).warnings:
            return False
        await self._fenced(job, {"warnings": MeetingRow.warnings.op("||")(_json([kept]))})
        return True

    async def set_audio(self, job: ClaimedJob, facts: AudioFacts) -> None:
        await self._fenced(job, {"audio": asdict(facts), "duration_s": facts.duration_s})

    # --- how an attempt ends -----------------------------------------------------------------------------------------

    async def complete(self, job: ClaimedJob, folder: str, published: Published) -> StatusChange:
        row = await self._fenced(
            job,
            {
                "status": MeetingStatus.COMPLETED,
                "results_folder": folder,
                "result_files": [f"{folder}/{name}" for name in published.files],
                "results_run": job.run,
                "published_at": func.now(),
                "finished_at": func.now(),
                "language": published.language,
                "num_speakers": published.num_speakers,
                "num_words": published.num_words,
                "duration_s": published.duration_s,
                "percent": 100.0,
                "cancel_requested_at": None,
                "is_dead_letter": False,
                **_NO_LEASE,
                **_NO_FAILURE,
                **_NO_STAGE,
            },
        )
        return _change(row)

    async def lock_results(self, meeting_id: MeetingId) -> frozenset[str]:
        """Keys of what is published; nobody publishes, deletes or cancels until the transaction ends."""
        query = select(MeetingRow.result_files).where(MeetingRow.id == meeting_id).with_for_update()
        return frozenset(await self._session.scalar(query) or ())

    async def put_back(self, job: ClaimedJob, failure: Failure, delay_s: float) -> StatusChange:
        """PENDING again, for another attempt after ``delay_s``."""
        due = func.clock_timestamp() + timedelta(seconds=delay_s)
        return await self._ended(job, MeetingStatus.PENDING, {"next_attempt_at": due, **_failure(failure)})

    async def release(self, job: ClaimedJob) -> StatusChange:
        """PENDING at once; this attempt does not count."""
        values = {"next_attempt_at": func.now(), "attempt": func.greatest(MeetingRow.attempt - 1, 0)}
        return await self._ended(job, MeetingStatus.PENDING, values)

    async def fail(self, job: ClaimedJob, failure: Failure, *, is_dead_letter: bool) -> StatusChange:
        values = {"finished_at": func.now(), "is_dead_letter": is_dead_letter, **_failure(failure)}
        return await self._ended(job, MeetingStatus.FAILED, {**values, "cancel_requested_at": None})

    async def cancel(self, job: ClaimedJob) -> StatusChange:
        return await self._ended(job, MeetingStatus.CANCELLED, _CANCELLED)

    # --- what people ask for -----------------------------------------------------------------------------------------

    async def cancel_pending(self, meeting_id: MeetingId) -> StatusChange | None:
        """``None``: it is not PENDING."""
        return await self._moved(meeting_id, (MeetingStatus.PENDING,), MeetingStatus.CANCELLED, _CANCELLED)

    async def ask_to_cancel(self, meeting_id: MeetingId) -> bool:
        """``False``: it is not PROCESSING. The worker sees it when it renews its lease."""
        query = (
            update(MeetingRow)
            .where(MeetingRow.id == meeting_id, MeetingRow.status == MeetingStatus.PROCESSING)
            .values(
                cancel_requested_at=func.coalesce(MeetingRow.cancel_requested_at, func.now()),
                version=MeetingRow.version + 1,
                updated_at=func.now(),
            )
            .returning(MeetingRow.id)
        )
        return await self._session.scalar(query.execution_options(synchronize_session=False)) is not None

    async def requeue(
        self, meeting_id: MeetingId, options: RunOptions | None, max_attempts: int, traceparent: str | None = None
    ) -> StatusChange | None:
        """A new run from the start; what the last one published stays readable. ``None``: it has not ended yet."""
        values: dict[str, Any] = {
            "run": MeetingRow.run + 1,
            "attempt": 0,
            "max_attempts": max_attempts,
            "traceparent": traceparent,
            "queued_at": func.now(),
            "next_attempt_at": func.now(),
            "started_at": None,
            "finished_at": None,
            "cancel_requested_at": None,
            "percent": 0.0,
            "stages": {},
            "warnings": [],
            "is_dead_letter": False,
            **_NO_FAILURE,
        }
        if options is not None:
            values["options"] = options.to_json()
        ended = tuple(status for status in MeetingStatus if status.is_terminal)
        return await self._moved(meeting_id, ended, MeetingStatus.PENDING, values)

    async def status(self, meeting_id: MeetingId) -> MeetingStatus:
        """Waits for who is changing it. Raises: NotFoundError."""
        query = select(MeetingRow.status).where(MeetingRow.id == meeting_id).with_for_update()
        status = await self._session.scalar(query)
        if status is None:
            raise NotFoundError("There is no such meeting.")
        return MeetingStatus(status)

    # --- what the reaper does ----------------------------------------------------------------------------------------

    async def try_reaper_lock(self) -> bool:
        """Until the transaction ends. ``False``: another process is at it."""
        return bool(await self._session.scalar(select(func.pg_try_advisory_xact_lock(REAPER_LOCK))))

    async def clock(self) -> DatabaseClock:
        row = (await self._session.execute(select(func.clock_timestamp(), func.pg_postmaster_start_time()))).one()
        return DatabaseClock(*row)

    async def abandoned(self) -> list[Abandoned]:
        """Whose lease ran out before this transaction began; locked. A row that somebody is changing is left out."""
        query = (
            select(MeetingRow)
            .where(MeetingRow.status == MeetingStatus.PROCESSING, MeetingRow.lease_until < func.now())
            .order_by(MeetingRow.lease_until)
            .with_for_update(skip_locked=True)
        )
        return [
            Abandoned(_job(row), Stage(row.stage) if row.stage else None, row.cancel_requested_at is not None)
            for row in await self._session.scalars(query)
        ]

    async def fail_worn_out(self, failure: Failure) -> list[StatusChange]:
        """PENDING with no attempt left, which nobody would ever claim."""
        query = (
            select(MeetingRow.id)
            .where(MeetingRow.status == MeetingStatus.PENDING, MeetingRow.attempt >= MeetingRow.max_attempts)
            .with_for_update(skip_locked=True)
        )
        values = {"finished_at": func.now(), "is_dead_letter": True, **_failure(failure)}
        found = [MeetingId(id_) for id_ in await self._session.scalars(query)]
        moved = [await self._moved(id_, (MeetingStatus.PENDING,), MeetingStatus.FAILED, values) for id_ in found]
        return [change for change in moved if change is not None]

    async def kick_due(self, awake_s: float, again_s: float) -> int:
        """How many workers to wake: one for each meeting that is due, at most those that have nothing to do.

        ``awake_s``: a worker that was silent for longer does not count. ``again_s``: not twice within that time.
        """
        idle = select(func.count()).where(
            WorkerRow.meeting_id.is_(None), WorkerRow.heartbeat_at > func.now() - timedelta(seconds=awake_s)
        )
        due = (
            select(MeetingRow.id)
            .where(
                MeetingRow.status == MeetingStatus.PENDING,
                MeetingRow.next_attempt_at <= func.now(),
                func.coalesce(MeetingRow.kicked_at < func.now() - timedelta(seconds=again_s), literal(value=True)),
            )
            .order_by(MeetingRow.priority.desc(), MeetingRow.queued_at)
            .limit(idle.scalar_subquery())
            .with_for_update(skip_locked=True)
        )
        kicked = update(MeetingRow).where(MeetingRow.id.in_(due)).values(kicked_at=func.now()).returning(MeetingRow.id)
        return len((await self._session.scalars(kicked.execution_options(synchronize_session=False))).all())

    async def count(self, name: str, label: str = "", by: int = 1) -> None:
        """Adds to what /metrics shows."""
        added = insert(CounterRow).values(name=name, label=label, count=by)
        await self._session.execute(
            added.on_conflict_do_update(
                index_elements=[CounterRow.name, CounterRow.label],
                set_={"count": CounterRow.count + added.excluded.count},
            )
        )

    # -----------------------------------------------------------------------------------------------------------------

    async def _locked(self, job: ClaimedJob) -> MeetingRow:
        query = select(MeetingRow).where(*_held(job)).with_for_update()
        row = await self._session.scalar(query.execution_options(populate_existing=True))
        if row is None:
            raise _lost(job)
        return row

    async def _ended(self, job: ClaimedJob, status: MeetingStatus, values: Mapping[str, Any]) -> StatusChange:
        """Off the worker, one way or another."""
        row = await self._fenced(job, {"status": status, "kicked_at": None, **values, **_NO_LEASE, **_NO_STAGE})
        return _change(row)

    async def _fenced(
        self, job: ClaimedJob, values: Mapping[str, Any], *, is_seen: bool = True
    ) -> Row[*tuple[Any, ...]]:
        """Raises: LeaseLostError."""
        seen = {"version": MeetingRow.version + 1, "updated_at": func.now()} if is_seen else {}
        query = (
            update(MeetingRow)
            .where(*_held(job))
            .values(**values, **seen)
            .returning(*_CHANGE, MeetingRow.percent, MeetingRow.duration_s, MeetingRow.cancel_requested_at)
        )
        row: Row[*tuple[Any, ...]] | None = (
            await self._session.execute(query.execution_options(synchronize_session=False))
        ).one_or_none()
        if row is None:
            raise _lost(job)
        return row

    async def _moved(
        self, meeting_id: MeetingId, before: Sequence[MeetingStatus], after: MeetingStatus, values: Mapping[str, Any]
    ) -> StatusChange | None:
        query = (
            update(MeetingRow)
            .where(MeetingRow.id == meeting_id, MeetingRow.status.in_(before))
            .values(
                status=after,
                kicked_at=None,
                version=MeetingRow.version + 1,
                updated_at=func.now(),
                **_NO_STAGE,
                **values,
            )
            .returning(*_CHANGE)
        )
        row = (await self._session.execute(query.execution_options(synchronize_session=False))).one_or_none()
        return None if row is None else _change(row)


_CANCELLED: Mapping[str, Any] = {"finished_at": func.now(), "cancel_requested_at": None, **_NO_FAILURE}


def _held(job: ClaimedJob) -> tuple[ColumnElement[bool], ...]:
    return (
        MeetingRow.id == job.meeting_id,
        MeetingRow.token == job.token,
        MeetingRow.status == MeetingStatus.PROCESSING,
    )


def _lost(job: ClaimedJob) -> LeaseLostError:
    return LeaseLostError(f"Attempt {job.attempt} at meeting {job.meeting_id} is over: somebody else decides now.")


def _json(value: object) -> ColumnElement[Any]:
    return cast(literal(value, JSONB), JSONB)


def _failure(failure: Failure) -> dict[str, Any]:
    return {
        "failure_code": failure.code,
        "failure_message": failure.message,
        "failure_stage": failure.stage and str(failure.stage),
    }


def _job(row: Any) -> ClaimedJob:
    """``row``: of MeetingRow, or of a statement that returns its columns."""
    return ClaimedJob(
        MeetingId(row.id),
        UserId(row.owner_id),
        row.token,
        row.run,
        row.attempt,
        row.max_attempts,
        row.created_at,
        row.file_name,
        row.size_bytes,
        row.sha256,
        RunOptions.from_json(row.options),
        row.traceparent,
    )


def _change(row: Any) -> StatusChange:
    failure = None
    if row.failure_code is not None:
        stage = Stage(row.failure_stage) if row.failure_stage else None
        failure = Failure(row.failure_code, row.failure_message or "", stage)
    status = MeetingStatus(row.status)
    return StatusChange(MeetingId(row.id), UserId(row.owner_id), status, row.run, row.attempt, failure)
