"""Meetings in the database without an upload, for tests of what happens to them afterwards."""

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import func, select, update

from scribe.adapters.storage import Storage
from scribe.adapters.unit_of_work import UnitOfWorkFactory
from scribe.core.ids import uuid7
from scribe.core.models_db import EventRow, MeetingRow
from scribe.domain import layout
from scribe.domain.events import EventKind
from scribe.domain.jobs import ClaimedJob, Published
from scribe.domain.meeting import MeetingId, UserId
from scribe.domain.requests import RunOptions

FILES = ("transcription.json", "diarization.json", "fusion.json")


async def add_meeting(units: UnitOfWorkFactory, owner_id: UserId, **columns: Any) -> MeetingId:
    return (await add_meetings(units, owner_id, 1, **columns))[0]


async def add_meetings(units: UnitOfWorkFactory, owner_id: UserId, count: int, **columns: Any) -> list[MeetingId]:
    """One second apart, in this order, all of them in the past."""
    ids = [MeetingId(uuid7()) for _ in range(count)]
    first = datetime.now(UTC) - timedelta(seconds=count)
    async with units() as unit:
        for number, meeting_id in enumerate(ids):
            values = {
                "title": "Weekly",
                "file_name": "weekly.wav",
                "size_bytes": 1000,
                "sha256": "0" * 64,
                "options": RunOptions().to_json(),
                "status": "PENDING",
                "max_attempts": 5,
                "queued_at": first + timedelta(seconds=number),
            }
            unit.session.add(MeetingRow(id=meeting_id, owner_id=owner_id, **values | columns))
    return ids


async def meeting_row(units: UnitOfWorkFactory, meeting_id: MeetingId) -> MeetingRow:
    async with units() as unit:
        row = await unit.session.scalar(select(MeetingRow).where(MeetingRow.id == meeting_id))
    assert row is not None
    return row


async def change_row(units: UnitOfWorkFactory, meeting_id: MeetingId, **columns: Any) -> None:
    async with units() as unit:
        await unit.session.execute(update(MeetingRow).where(MeetingRow.id == meeting_id).values(**columns))


async def expire_lease(units: UnitOfWorkFactory, meeting_id: MeetingId) -> None:
    """As if its worker had been silent for long."""
    await change_row(units, meeting_id, lease_until=func.now() - timedelta(hours=1))


async def make_due(units: UnitOfWorkFactory, meeting_id: MeetingId) -> None:
    """As if the retry delay were over."""
    await change_row(units, meeting_id, next_attempt_at=func.now())


async def told(units: UnitOfWorkFactory, meeting_id: MeetingId, kind: EventKind = EventKind.STATUS) -> list[Any]:
    """Payloads of what followers were told, in order."""
    async with units() as unit:
        query = select(EventRow.payload).where(EventRow.meeting_id == meeting_id, EventRow.kind == str(kind))
        return list(await unit.session.scalars(query.order_by(EventRow.id)))


async def statuses_told(units: UnitOfWorkFactory, meeting_id: MeetingId) -> list[str]:
    return [payload["status"] for payload in await told(units, meeting_id)]


def stage_results(storage: Storage, job: ClaimedJob, files: tuple[str, ...] = FILES, mark: str = "") -> Published:
    """Writes what a finished run leaves in its staging folder; each file says which attempt made it."""
    for name in files:
        storage.write(f"{staging_folder(job)}/{name}", (mark or str(job.token)).encode())
    return Published(files, "fr", 2, 120, 61.5)


def results_folder(job: ClaimedJob) -> str:
    return layout.results_folder(job.created_at, job.meeting_id)


def staging_folder(job: ClaimedJob) -> str:
    return layout.staging_folder(results_folder(job), job.token)
