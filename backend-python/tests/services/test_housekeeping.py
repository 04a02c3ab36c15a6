"""What nobody waits for is cleaned up, and nothing that somebody still needs."""

import asyncio
import os
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import delete, func, insert, select, update

from scribe.adapters.locks import HOUSEKEEPING, only_one
from scribe.adapters.storage import Storage
from scribe.adapters.unit_of_work import UnitOfWorkFactory
from scribe.core.config import Settings, load_settings
from scribe.core.ids import uuid7
from scribe.core.models_db import EventRow, IdempotencyRow, PurgeRow, SessionRow, UploadRow, UserRow
from scribe.domain import layout
from scribe.domain.accounts import Principal
from scribe.domain.errors import StorageError
from scribe.domain.meeting import MeetingId
from scribe.domain.meetings import StoredRecording
from scribe.domain.requests import MeetingDraft
from scribe.services import housekeeping, meetings, resumable
from scribe.services.housekeeping import Housekeeping
from scribe.services.uploads import Desk

LONG_AGO_S = 2 * 3600


@pytest.fixture
def storage(tmp_path: Path) -> Storage:
    return Storage(str(tmp_path / "files"))


@pytest.fixture
def settings(database_url: str, redis_url: str, tmp_path: Path) -> Settings:
    return load_settings(database_url=database_url, redis_url=redis_url, data_dir=tmp_path / "data")


@pytest.fixture
def keeper(units: UnitOfWorkFactory, storage: Storage, settings: Settings) -> Housekeeping:
    return Housekeeping(units, storage, settings)


@pytest.fixture
def desk(units: UnitOfWorkFactory, storage: Storage, settings: Settings) -> Desk:
    return Desk(units, storage, None, settings)


def age(storage: Storage, *keys: str, by_s: float = LONG_AGO_S) -> None:
    for key in keys:
        path = storage.local_path(key)
        assert path is not None
        os.utime(path, (time.time() - by_s, time.time() - by_s))


async def a_meeting(units: UnitOfWorkFactory, storage: Storage, owner: Principal) -> MeetingId:
    meeting_id = MeetingId(uuid7())
    storage.write(layout.recording_key(meeting_id), b"RIFF")
    async with units() as unit:
        draft = MeetingDraft(is_duplicate_welcome=True)
        await meetings.create(unit, owner.user_id, meeting_id, draft, StoredRecording(4, "0" * 64), 5)
    return meeting_id


async def body(content: bytes) -> AsyncIterator[bytes]:
    yield content


async def install_long_ago(units: UnitOfWorkFactory) -> None:
    async with units() as unit:
        await unit.session.execute(update(UserRow).values(created_at=func.now() - timedelta(days=30)))


# --- purges -----------------------------------------------------------------------------------------------------------


async def test_a_deleted_meeting_leaves_no_file_and_others_keep_theirs(
    keeper: Housekeeping, units: UnitOfWorkFactory, storage: Storage, member: Principal
) -> None:
    meeting_id = await a_meeting(units, storage, member)
    other_id = await a_meeting(units, storage, member)
    for key in (layout.peaks_key(meeting_id), f"{layout.checkpoints_folder(meeting_id)}/diarize.json"):
        storage.write(key, b"{}")
    async with units() as unit:
        meeting = await unit.meetings.get(meeting_id)
    assert meeting is not None
    storage.write(f"{layout.results_folder(meeting.created_at, meeting_id)}/fusion.json", b"{}")
    await meetings.delete(units, member, meeting_id)
    await keeper.once()
    left = [key for top in ("uploads", "checkpoints", "derived", "results") for key in storage.keys(top)]
    assert left == [layout.recording_key(other_id)]


async def test_a_folder_is_emptied_once_more_for_a_worker_that_noticed_late(
    keeper: Housekeeping, units: UnitOfWorkFactory, storage: Storage
) -> None:
    async with units() as unit:
        await unit.purges.add(["checkpoints/x"], timedelta(minutes=15))
    await keeper.once()
    storage.write("checkpoints/x/late.json", b"{}")
    await keeper.once()
    assert storage.keys("checkpoints") == ["checkpoints/x/late.json"]
    async with units() as unit:
        await unit.session.execute(update(PurgeRow).values(again_after=func.now() - timedelta(seconds=1)))
    await keeper.once()
    assert storage.keys("checkpoints") == []
    async with units() as unit:
        assert await unit.session.scalar(select(func.count()).select_from(PurgeRow)) == 0


async def test_what_cannot_be_removed_is_removed_in_a_later_round(
    keeper: Housekeeping, units: UnitOfWorkFactory, storage: Storage, tmp_path: Path
) -> None:
    storage.write("derived/x/peaks.json", b"{}")
    async with units() as unit:
        await unit.purges.add(["derived/x"], timedelta(minutes=15))
    (tmp_path / "files").rename(tmp_path / "away")
    assert await keeper.once()
    (tmp_path / "away").rename(tmp_path / "files")
    await keeper.once()
    assert storage.keys("derived") == []


async def test_one_folder_that_cannot_be_emptied_does_not_stop_the_others(
    units: UnitOfWorkFactory, storage: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with units() as unit:
        await unit.purges.add(["derived/a", "derived/b"], timedelta(minutes=15))
    storage.write("derived/b/peaks.json", b"{}")
    really_delete = storage.delete_folder

    def fails_for_a(folder: str) -> None:
        if folder == "derived/a":
            raise StorageError("broken")
        really_delete(folder)

    monkeypatch.setattr(storage, "delete_folder", fails_for_a)
    await housekeeping.purge(units, storage)
    assert storage.keys("derived") == []


# --- uploads ----------------------------------------------------------------------------------------------------------


async def test_an_expired_upload_goes_and_one_under_way_stays(
    keeper: Housekeeping, desk: Desk, units: UnitOfWorkFactory, storage: Storage, member: Principal
) -> None:
    uploads = [await resumable.create(desk, member.user_id, 1000, "", MeetingDraft()) for _ in range(2)]
    for upload in uploads:
        await resumable.append(desk, member.user_id, upload.id, resumable.Chunk(0, body(b"\xff" * 500)))
    async with units() as unit:
        await unit.session.execute(
            update(UploadRow).where(UploadRow.id == uploads[0].id).values(expires_at=func.now() - timedelta(seconds=1))
        )
    await keeper.once()
    assert {UUID(key.split("/")[2]) for key in storage.keys("uploads")} == {uploads[1].id}
    async with units() as unit:
        assert set(await unit.session.scalars(select(UploadRow.id))) == {uploads[1].id}


async def test_an_accepted_upload_never_expires_before_it_is_a_meeting(
    keeper: Housekeeping, desk: Desk, units: UnitOfWorkFactory, member: Principal, monkeypatch: pytest.MonkeyPatch
) -> None:
    upload = await resumable.create(desk, member.user_id, 500, "", MeetingDraft(title="Comité"))

    async def gone(*_: object) -> None:
        raise StorageError("gone")

    with monkeypatch.context() as patched:
        patched.setattr(resumable, "_assemble", gone)
        with pytest.raises(StorageError):
            await resumable.append(desk, member.user_id, upload.id, resumable.Chunk(0, body(b"\xff" * 500)))
        async with units() as unit:
            await unit.session.execute(
                update(UploadRow).values(expires_at=func.now() - timedelta(days=9), finishing_until=None)
            )
        await keeper.once()
    async with units() as unit:
        await unit.session.execute(update(UploadRow).values(finishing_until=None))
    await keeper.once()
    async with units() as unit:
        meeting = await unit.meetings.get(MeetingId(upload.id))
    assert meeting is not None
    assert (meeting.title, meeting.size_bytes) == ("Comité", 500)


# --- what killed processes left ---------------------------------------------------------------------------------------


async def test_an_old_recording_without_a_meeting_goes(
    keeper: Housekeeping, units: UnitOfWorkFactory, storage: Storage, member: Principal
) -> None:
    await install_long_ago(units)
    kept = await a_meeting(units, storage, member)
    old, young = uuid7(), uuid7()
    for id_ in (old, young):
        storage.write(layout.recording_key(id_), b"RIFF")
    age(storage, layout.recording_key(old), layout.recording_key(kept))
    await keeper.once()
    assert set(storage.keys("uploads")) == {layout.recording_key(kept), layout.recording_key(young)}


async def test_pieces_of_no_upload_go_and_those_of_one_under_way_stay(
    keeper: Housekeeping, desk: Desk, units: UnitOfWorkFactory, storage: Storage, member: Principal
) -> None:
    await install_long_ago(units)
    upload = await resumable.create(desk, member.user_id, 1000, "", MeetingDraft())
    await resumable.append(desk, member.user_id, upload.id, resumable.Chunk(0, body(b"\xff" * 500)))
    [piece] = storage.keys("uploads")
    storage.write(layout.part_key(uuid7(), "0000000000000000-x"), b"1")
    age(storage, *storage.keys("uploads"))
    await keeper.once()
    assert storage.keys("uploads") == [piece]


async def test_a_new_database_beside_an_old_storage_removes_nothing(
    keeper: Housekeeping, units: UnitOfWorkFactory, storage: Storage, member: Principal
) -> None:
    """Somebody set another DATABASE_URL: the recordings belong to the one before."""
    storage.write(layout.recording_key(uuid7()), b"RIFF")
    async with units() as unit:
        await unit.session.execute(update(UserRow).values(created_at=func.now() + timedelta(seconds=5)))
    age(storage, *storage.keys("uploads"))
    await keeper.once()
    assert len(storage.keys("uploads")) == 1


async def test_too_many_orphans_are_no_litter(
    keeper: Housekeeping, units: UnitOfWorkFactory, storage: Storage, member: Principal
) -> None:
    """A database that was put back to an earlier day without its files."""
    await install_long_ago(units)
    for _ in range(housekeeping.FEW_ORPHANS + 1):
        storage.write(layout.recording_key(uuid7()), b"RIFF")
    age(storage, *storage.keys("uploads"))
    await keeper.once()
    assert len(storage.keys("uploads")) == housekeeping.FEW_ORPHANS + 1


async def test_what_others_put_into_the_storage_is_left_alone(
    keeper: Housekeeping, units: UnitOfWorkFactory, storage: Storage, member: Principal
) -> None:
    await install_long_ago(units)
    foreign = ["uploads/notes.txt", "uploads/holiday/photo.jpg", f"other/{uuid7()}/x", "results/20261122/readme"]
    for key in foreign:
        storage.write(key, b"1")
    age(storage, *foreign)
    await keeper.once()
    assert [key for top in ("other", "results", "uploads") for key in storage.keys(top)] == sorted(foreign)


async def test_half_written_files_of_the_dead_go_when_they_are_old(
    keeper: Housekeeping, storage: Storage, member: Principal, tmp_path: Path
) -> None:
    folder = tmp_path / "files" / "uploads" / "x"
    folder.mkdir(parents=True)
    for name, by_s in ((".writing-old", LONG_AGO_S), (".writing-new", 10)):
        (folder / name).write_bytes(b"half")
        os.utime(folder / name, (time.time() - by_s, time.time() - by_s))
    await keeper.once()
    assert [path.name for path in folder.iterdir()] == [".writing-new"]


# --- rows and rounds --------------------------------------------------------------------------------------------------


async def test_rows_that_have_had_their_time_go(
    keeper: Housekeeping, units: UnitOfWorkFactory, storage: Storage, member: Principal
) -> None:
    await a_meeting(units, storage, member)
    long_ago = datetime.now(UTC) - timedelta(days=40)
    session = {"id": b"1", "user_id": member.user_id, "csrf_token": "x", "expires_at": long_ago}
    key = {"owner_id": member.user_id, "key": "k", "request_hash": "h", "created_at": long_ago}
    async with units() as unit:
        await unit.session.execute(update(EventRow).values(created_at=long_ago))
        await unit.session.execute(insert(SessionRow).values(session))
        await unit.session.execute(insert(IdempotencyRow).values(key))
    await keeper.once()
    async with units() as unit:
        counts = [
            await unit.session.scalar(select(func.count()).select_from(table))
            for table in (EventRow, SessionRow, IdempotencyRow)
        ]
    assert counts == [0, 0, 0]


async def test_one_process_at_a_time_keeps_house(keeper: Housekeeping, units: UnitOfWorkFactory) -> None:
    async with only_one(units.engine, HOUSEKEEPING) as is_mine:
        assert is_mine
        assert not await keeper.once()
    assert await keeper.once()


async def test_the_lock_goes_with_a_round_that_crashed(keeper: Housekeeping, units: UnitOfWorkFactory) -> None:
    with pytest.raises(RuntimeError):
        async with only_one(units.engine, HOUSEKEEPING):
            raise RuntimeError
    assert await keeper.once()


async def test_it_goes_on_for_ever_also_when_a_round_fails(
    keeper: Housekeeping, units: UnitOfWorkFactory, storage: Storage, member: Principal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(housekeeping, "EVERY_S", 0.01)
    failures = iter([ValueError("a bug"), StorageError("gone"), None])
    is_over = asyncio.Event()

    async def fails_twice(**_: object) -> bool:
        error = next(failures)
        if error is None:
            is_over.set()
            await asyncio.Event().wait()
        else:
            raise error
        return True

    monkeypatch.setattr(keeper, "once", fails_twice)
    task = asyncio.create_task(keeper.run_forever())
    async with asyncio.timeout(10):
        await is_over.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    async with units() as unit:
        await unit.session.execute(delete(PurgeRow))
