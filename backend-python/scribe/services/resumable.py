"""A recording that comes in as many requests as the network needs becomes a meeting (tus 1.0.0).

Owns what is promised of every byte it has acknowledged: it is in storage, it survives the process, any other process
can go on from it, and in the end it is part of exactly one meeting. The bytes lie in pieces of their own names; the
row says which of them count, and moves only from the offset its writer saw. Putting the pieces together can be done
again from the start by anybody at any time: the meeting has the upload's id, so there cannot be two.

Usage::

    upload = await resumable.create(desk, owner, length_bytes, metadata, draft)
    upload = await resumable.append(desk, owner, upload.id, Chunk(0, body))
    upload.meeting_id                              # once the last byte is there
"""

import asyncio
import hashlib
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from uuid import UUID

from scribe.adapters.storage import Storage
from scribe.adapters.unit_of_work import UnitOfWork
from scribe.core.ids import uuid7
from scribe.core.logging import get_logger
from scribe.domain import layout
from scribe.domain.errors import (
    ChecksumError,
    ConflictError,
    DuplicateError,
    NotFoundError,
    ScribeError,
    StorageError,
    UploadIncompleteError,
    UploadTooLargeError,
)
from scribe.domain.meeting import MeetingId, UserId
from scribe.domain.meetings import StoredRecording
from scribe.domain.requests import MeetingDraft
from scribe.domain.uploads import PIECE_BYTES, Upload, new_piece_name, piece_sizes
from scribe.services import meetings
from scribe.services.rates import check_rate
from scribe.services.receiving import (
    BUFFER_BYTES,
    HashingSink,
    buffered,
    open_sink,
    refuse_size,
    refuse_text,
    refuse_when_full,
)
from scribe.services.threads import in_thread
from scribe.services.uploads import Desk

PURGE_AGAIN_AFTER = timedelta(minutes=15)
"""A request that is still under way may write a piece after its upload is over."""
SIGN_EVERY_S = 10.0
_ONE_HOUR_S = 3600.0


@dataclass(frozen=True, slots=True)
class Checksum:
    algorithm: str
    """As hashlib knows it."""
    digest: bytes


@dataclass(frozen=True, slots=True)
class Chunk:
    """The bytes of one request."""

    offset_bytes: int
    body: AsyncIterator[bytes]
    length_bytes: int | None = None
    checksum: Checksum | None = None


async def create(desk: Desk, owner: UserId, length_bytes: int, metadata: str, draft: MeetingDraft) -> Upload:
    """Raises: UploadEmptyError, UploadTooLargeError, RateLimitError, ResourceError."""
    limits = desk.settings.api
    await check_rate(desk.units, f"upload:{owner}", limits.uploads_per_hour, _ONE_HOUR_S)
    refuse_size(length_bytes, limits.max_upload_mb)
    await refuse_when_full(desk.storage, 2 * length_bytes)  # for a moment, pieces and recording are both there
    async with desk.units() as unit:
        return await unit.uploads.add(uuid7(), owner, length_bytes, metadata, draft, _expiry(desk))


async def read(desk: Desk, owner: UserId, upload_id: UUID) -> Upload:
    """Raises: NotFoundError, also for somebody else's and for one that has expired."""
    async with desk.units() as unit:
        return await _own(unit, owner, upload_id)


async def append(desk: Desk, owner: UserId, upload_id: UUID, chunk: Chunk) -> Upload:
    """What came is kept, also when the client went away in the middle; with a checksum, all of it or nothing.

    Raises: NotFoundError, ConflictError when the offset is not where the upload is, UploadTooLargeError,
    UploadIncompleteError, ChecksumError, NotAudioError, ResourceError, UnavailableError.
    """
    upload = await read(desk, owner, upload_id)
    if chunk.offset_bytes != upload.offset_bytes:
        raise ConflictError(f"The upload is at byte {upload.offset_bytes}: go on from there.")
    if chunk.length_bytes is not None and chunk.offset_bytes + chunk.length_bytes > upload.length_bytes:
        raise _too_long(upload)
    if not upload.is_complete:
        upload = await _write(desk, upload, chunk)
        if upload.is_complete:
            return await _finish(desk, upload)
    return await finish(desk, upload)


async def finish(desk: Desk, upload: Upload) -> Upload:
    """Makes the meeting when the last byte is there and nobody else is at it. May be called at any time."""
    if not upload.is_complete or upload.meeting_id is not None:
        return upload
    async with desk.units() as unit:
        if not await unit.uploads.claim_finishing(upload.id):
            return await unit.uploads.find(upload.id) or upload
    return await _finish(desk, upload)


async def terminate(desk: Desk, owner: UserId, upload_id: UUID) -> None:
    """A meeting that it has become already stays. Raises: NotFoundError."""
    async with desk.units() as unit:
        upload = await _own(unit, owner, upload_id, for_update=True)
        await unit.uploads.remove(upload_id, owner)
        if upload.meeting_id is None:
            await unit.purges.add(_folders(upload_id), PURGE_AGAIN_AFTER)
    if upload.meeting_id is None:
        await _empty_now(desk.storage, _folders(upload_id))


async def remove_expired(desk: Desk, limit: int) -> int:
    async with desk.units() as unit:
        removed = await unit.uploads.remove_expired(limit)
        unmade = set(removed) - await unit.purges.known_meetings(removed)
        await unit.purges.add([folder for upload_id in unmade for folder in _folders(upload_id)], PURGE_AGAIN_AFTER)
    return len(removed)


async def _own(unit: UnitOfWork, owner: UserId, upload_id: UUID, *, for_update: bool = False) -> Upload:
    upload = await unit.uploads.find(upload_id, owner, for_update=for_update)
    if upload is None:
        raise NotFoundError("There is no such upload: it may have expired. Begin a new one.")
    return upload


async def _write(desk: Desk, upload: Upload, chunk: Chunk) -> Upload:
    checksum = chunk.checksum
    running = hashlib.new(checksum.algorithm, usedforsecurity=False) if checksum else None
    pieces = _Pieces(desk, upload, running)
    try:
        async for content in buffered(chunk.body):
            if pieces.offset_bytes == 0:
                refuse_text(content)
            await pieces.write(content)
        if running is not None and checksum is not None:
            _compare(running.digest(), checksum.digest)
        await pieces.keep()
    except UploadIncompleteError:
        if running is None:
            await pieces.keep()
        else:
            await pieces.discard()
        raise
    except BaseException:
        await pieces.discard()
        raise
    return pieces.upload


class _Pieces:
    """The bytes of one request on their way into pieces; each counts once the row says so."""

    def __init__(self, desk: Desk, upload: Upload, running: "hashlib._Hash | None") -> None:
        self.upload = upload
        self.offset_bytes = upload.offset_bytes
        self._desk = desk
        self._running = running
        self._stack = AsyncExitStack()
        self._sink: HashingSink | None = None
        self._names: list[str] = []
        """Of pieces that do not count yet; the last one may be open."""

    async def write(self, content: bytes | bytearray) -> None:
        if self.offset_bytes + len(content) > self.upload.length_bytes:
            raise _too_long(self.upload)
        if self._sink is None:
            self._names.append(new_piece_name(self.offset_bytes))
            hashes = (self._running,) if self._running is not None else ()
            key = layout.part_key(self.upload.id, self._names[-1])
            self._sink = await self._stack.enter_async_context(open_sink(self._desk.storage, key, *hashes))
        await self._sink.write(content)
        self.offset_bytes += len(content)
        if self._sink.size_bytes + BUFFER_BYTES > PIECE_BYTES:
            await self._close()
            if self._running is None:
                await self.keep()

    async def keep(self) -> None:
        """From here on they count. Raises: ConflictError when another request was faster."""
        await self._close()
        names, self._names = self._names, []
        if not names:
            return
        async with self._desk.units() as unit:
            expires_at = await unit.uploads.advance(self.upload, names, self.offset_bytes, _expiry(self._desk))
        if expires_at is None:
            self._names = names
            await self.discard()
            raise ConflictError("Another request is writing to this upload: ask where it is and go on from there.")
        self.upload = replace(
            self.upload,
            offset_bytes=self.offset_bytes,
            pieces=(*self.upload.pieces, *names),
            expires_at=expires_at,
        )

    async def discard(self) -> None:
        """Only what surely does not count."""
        with suppress(_Discarded):
            await self._stack.__aexit__(_Discarded, _Discarded(), None)
        for name in self._names:
            with suppress(ScribeError):  # it has no meaning any more, and goes with its folder
                await asyncio.to_thread(self._desk.storage.delete, layout.part_key(self.upload.id, name))
        self._names = []

    async def _close(self) -> None:
        self._sink = None
        await self._stack.aclose()


class _Discarded(Exception):  # noqa: N818 -- never seen outside
    pass


async def _finish(desk: Desk, upload: Upload) -> Upload:
    """We are the one to do it, or it was cut off before; a second one at the same time would do no harm."""
    recording = await _assemble(desk, upload)
    if recording is None:
        async with desk.units() as unit:
            return await unit.uploads.find(upload.id) or upload
    made_id = MeetingId(upload.id)
    async with desk.units() as unit:
        now = await unit.uploads.find(upload.id, for_update=True)
        if now is None:  # given up meanwhile
            await unit.purges.add(_folders(upload.id), PURGE_AGAIN_AFTER)
        elif now.meeting_id is None:
            try:
                await meetings.create(
                    unit, now.owner_id, made_id, now.draft, recording, desk.settings.queue.max_attempts
                )
            except DuplicateError as same:
                now = replace(now, meeting_id=MeetingId(same.meeting_id), is_duplicate=True)
            else:
                now = replace(now, meeting_id=made_id)
            await unit.uploads.link(now.id, now.meeting_id or made_id, is_duplicate=now.is_duplicate)
            await unit.purges.add(_spent(now), PURGE_AGAIN_AFTER)
    if now is None:
        raise NotFoundError("This upload was given up: begin a new one.")
    if now.is_duplicate:
        await _empty_now(desk.storage, _spent(now))
    else:
        await desk.ring()
        await _empty_now(desk.storage, _spent(now))
    return now


async def _assemble(desk: Desk, upload: Upload) -> StoredRecording | None:
    """``None``: somebody else was faster, and the pieces are gone."""
    sha256 = hashlib.sha256()
    last_sign = time.monotonic()
    try:
        async with open_sink(desk.storage, layout.recording_key(upload.id), sha256) as sink:
            for name, size_bytes in zip(upload.pieces, piece_sizes(upload.pieces, upload.length_bytes), strict=True):
                await _copy_piece(desk.storage, layout.part_key(upload.id, name), size_bytes, sink)
                if time.monotonic() - last_sign > SIGN_EVERY_S:
                    async with desk.units() as unit:
                        await unit.uploads.still_finishing(upload.id)
                    last_sign = time.monotonic()
    except _PieceGone:
        async with desk.units() as unit:
            now = await unit.uploads.find(upload.id)
        if now is not None and now.meeting_id is None:
            get_logger().error("upload.piece_lost", upload_id=str(upload.id))
            raise StorageError(f"A piece of upload {upload.id} is not there.") from None
        return None
    return StoredRecording(upload.length_bytes, sha256.hexdigest())


async def _copy_piece(storage: Storage, key: str, size_bytes: int, sink: HashingSink) -> None:
    try:
        file = await in_thread(storage.open_read, key)
    except NotFoundError as error:
        raise _PieceGone from error
    try:
        copied = await sink.copy(file, size_bytes + 1)  # one more, to see that there is no more
    finally:
        await in_thread(file.close)
    if copied != size_bytes:
        raise StorageError(f"The piece {key} has not the size it was written with.")


class _PieceGone(Exception):  # noqa: N818 -- never seen outside
    pass


def _spent(upload: Upload) -> list[str]:
    """What is of no use once the upload is a meeting."""
    return _folders(upload.id) if upload.is_duplicate else [layout.parts_folder(upload.id)]


def _folders(upload_id: UUID) -> list[str]:
    return [layout.parts_folder(upload_id), layout.recording_folder(upload_id)]


async def _empty_now(storage: Storage, folders: list[str]) -> None:
    for folder in folders:
        with suppress(ScribeError):  # the row in ``purges`` sees to it
            await asyncio.to_thread(storage.delete_folder, folder)


def _compare(arrived: bytes, sent: bytes) -> None:
    if arrived != sent:
        raise ChecksumError("What arrived is not what was sent: send this part again.")


def _too_long(upload: Upload) -> UploadTooLargeError:
    return UploadTooLargeError(f"More came than the {upload.length_bytes} bytes that were announced.")


def _expiry(desk: Desk) -> timedelta:
    return timedelta(hours=desk.settings.api.upload_expiry_h)
