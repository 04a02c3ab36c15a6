"""Uploads as the API's processes do them: against S3, several processes for one upload, and killed in the middle."""

import asyncio
import hashlib
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from scribe.adapters.storage import Storage
from scribe.adapters.storage_object import PART_BYTES
from scribe.adapters.unit_of_work import UnitOfWorkFactory
from scribe.core.config import Settings, load_settings
from scribe.core.database import build_engine
from scribe.domain import layout
from scribe.domain.accounts import Principal
from scribe.domain.errors import ChecksumError, ResourceError, UploadIncompleteError
from scribe.domain.requests import MeetingDraft
from scribe.services import receiving, resumable, uploads
from scribe.services.housekeeping import Housekeeping
from scribe.services.uploads import Desk, Incoming

CONTENT = b"RIFF\x00" + os.urandom(2 * PART_BYTES + 4711)


@pytest.fixture
def settings(database_url: str, redis_url: str, tmp_path: Path) -> Settings:
    return load_settings(database_url=database_url, redis_url=redis_url, data_dir=tmp_path / "data")


@pytest.fixture(params=["folder", "s3"])
def storage(request: pytest.FixtureRequest, tmp_path: Path) -> Storage:
    if request.param == "folder":
        return Storage(str(tmp_path / "files"))
    return Storage(str(request.getfixturevalue("s3_storage_url")))


@pytest.fixture
def desk(units: UnitOfWorkFactory, storage: Storage, settings: Settings) -> Desk:
    return Desk(units, storage, None, settings)


async def chunks(content: bytes, size: int = 65_536) -> AsyncIterator[bytes]:
    for start in range(0, len(content), size):
        yield content[start : start + size]


async def broken(content: bytes) -> AsyncIterator[bytes]:
    async for chunk in chunks(content):
        yield chunk
    raise UploadIncompleteError("The connection ended before the file did.")


def incoming(content: bytes, **said: object) -> Incoming:
    return Incoming(MeetingDraft(title="Comité"), chunks(content), **said)  # type: ignore[arg-type]


async def test_a_recording_is_stored_and_hashed_on_the_way(desk: Desk, member: Principal) -> None:
    meeting = await uploads.receive(desk, member.user_id, incoming(CONTENT, length_bytes=len(CONTENT)))
    assert meeting.sha256 == hashlib.sha256(CONTENT).hexdigest()
    assert await asyncio.to_thread(desk.storage.read, layout.recording_key(meeting.id)) == CONTENT


async def test_a_broken_connection_and_a_wrong_hash_leave_nothing(desk: Desk, member: Principal) -> None:
    with pytest.raises(UploadIncompleteError):
        await uploads.receive(desk, member.user_id, Incoming(MeetingDraft(), broken(CONTENT)))
    with pytest.raises(ChecksumError):
        await uploads.receive(desk, member.user_id, incoming(CONTENT, sha256="0" * 64))
    assert await asyncio.to_thread(desk.storage.files, "uploads") == []
    assert await asyncio.to_thread(desk.storage.remove_leftovers, -60.0) == 0


async def test_a_client_that_says_nothing_any_more_is_gone(
    desk: Desk, member: Principal, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def silent() -> AsyncIterator[bytes]:
        yield CONTENT[:100]
        await asyncio.Event().wait()

    monkeypatch.setattr(receiving, "STALL_TIMEOUT_S", 0.05)
    with pytest.raises(UploadIncompleteError, match="Nothing came"):
        await uploads.receive(desk, member.user_id, Incoming(MeetingDraft(), silent()))
    assert await asyncio.to_thread(desk.storage.files, "uploads") == []


async def test_an_upload_that_is_cancelled_leaves_nothing(desk: Desk, member: Principal) -> None:
    has_begun = asyncio.Event()

    async def endless() -> AsyncIterator[bytes]:
        while True:
            yield b"\xff" * 500_000
            has_begun.set()

    task = asyncio.create_task(uploads.receive(desk, member.user_id, Incoming(MeetingDraft(), endless())))
    await has_begun.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await asyncio.to_thread(desk.storage.files, "uploads") == []
    assert await asyncio.to_thread(desk.storage.remove_leftovers, -60.0) == 0


async def test_several_processes_serve_one_resumable_upload(
    desk: Desk, member: Principal, settings: Settings, database_url: str
) -> None:
    """Another engine, another storage object: nothing is shared but the database and the files."""
    engine = build_engine(database_url)
    other = Desk(UnitOfWorkFactory(engine), desk.storage, None, settings)
    try:
        upload = await resumable.create(desk, member.user_id, len(CONTENT), "", MeetingDraft(title="Comité"))
        third = len(CONTENT) // 3
        for number, served_by in enumerate((desk, other, desk)):
            part = CONTENT[number * third : (number + 1) * third if number < 2 else None]
            chunk = resumable.Chunk(number * third, chunks(part), len(part))
            upload = await resumable.append(served_by, member.user_id, upload.id, chunk)
    finally:
        await engine.dispose()
    assert upload.meeting_id is not None
    assert await asyncio.to_thread(desk.storage.read, layout.recording_key(upload.meeting_id)) == CONTENT
    assert await asyncio.to_thread(desk.storage.keys, layout.parts_folder(upload.id)) == []


async def test_what_came_before_the_break_is_kept(desk: Desk, member: Principal) -> None:
    upload = await resumable.create(desk, member.user_id, len(CONTENT), "", MeetingDraft())
    with pytest.raises(UploadIncompleteError):
        await resumable.append(desk, member.user_id, upload.id, resumable.Chunk(0, broken(CONTENT[:-1000])))
    upload = await resumable.read(desk, member.user_id, upload.id)
    assert upload.offset_bytes == len(CONTENT) - 1000
    last = resumable.Chunk(upload.offset_bytes, chunks(CONTENT[-1000:]))
    upload = await resumable.append(desk, member.user_id, upload.id, last)
    assert upload.meeting_id is not None
    assert await asyncio.to_thread(desk.storage.read, layout.recording_key(upload.meeting_id)) == CONTENT


async def test_a_full_disk_is_told_before_the_first_byte(
    units: UnitOfWorkFactory, settings: Settings, member: Principal, tmp_path: Path
) -> None:
    desk = Desk(units, Storage(str(tmp_path)), None, settings.model_copy(
        update={"api": settings.api.model_copy(update={"max_upload_mb": 1 << 40})}
    ))  # fmt: skip
    with pytest.raises(ResourceError, match="not enough room"):
        await uploads.receive(desk, member.user_id, incoming(b"", length_bytes=1 << 55))
    with pytest.raises(ResourceError, match="not enough room"):
        await resumable.create(desk, member.user_id, 1 << 55, "", MeetingDraft())


KILLED = """
import asyncio, os, signal, sys
from uuid import UUID
from scribe.adapters.storage import Storage
from scribe.adapters.unit_of_work import UnitOfWorkFactory
from scribe.core.config import load_settings
from scribe.core.database import build_engine
from scribe.services import resumable
from scribe.services.uploads import Desk

async def main(url, files, owner, upload_id):
    async def body():
        for number in range(20):
            yield bytes([number]) * 1_000_000
        os.kill(os.getpid(), signal.SIGKILL)
    desk = Desk(UnitOfWorkFactory(build_engine(url)), Storage(files), None, load_settings())
    await resumable.append(desk, UUID(owner), UUID(upload_id), resumable.Chunk(0, body()))

asyncio.run(main(*sys.argv[1:]))
"""


async def test_a_killed_process_costs_no_more_than_a_piece(
    units: UnitOfWorkFactory, settings: Settings, member: Principal, database_url: str, tmp_path: Path
) -> None:
    """SIGKILL near the end: what was acknowledged is there, another process goes on, the meeting has every byte."""
    content = b"".join(bytes([number]) * 1_000_000 for number in range(21))
    desk = Desk(units, Storage(str(tmp_path / "files")), None, settings)
    upload = await resumable.create(desk, member.user_id, len(content), "", MeetingDraft())
    command = [sys.executable, "-c", KILLED, database_url, str(tmp_path / "files"), str(member.user_id), str(upload.id)]
    done = await asyncio.to_thread(subprocess.run, command, check=False)
    assert done.returncode == -signal.SIGKILL
    upload = await resumable.read(desk, member.user_id, upload.id)
    assert 20_000_000 - resumable.PIECE_BYTES <= upload.offset_bytes < 21_000_000
    rest = resumable.Chunk(upload.offset_bytes, chunks(content[upload.offset_bytes :]))
    upload = await resumable.append(desk, member.user_id, upload.id, rest)
    assert upload.meeting_id is not None
    assert await asyncio.to_thread(desk.storage.read, layout.recording_key(upload.meeting_id)) == content
    await Housekeeping(units, desk.storage, settings).remove_leftovers()
    assert [file.key for file in desk.storage.files("uploads")] == [layout.recording_key(upload.meeting_id)]
