"""A recording in one request becomes a meeting.

Owns the order that loses nothing: the file is safe, then the row is committed, then a worker is woken. What fails on
the way leaves nothing; what a killed process leaves has no row, and housekeeping removes it.

Usage::

    meeting = await uploads.receive(desk, who.user_id, Incoming(draft, body, length_bytes=1024))
"""

import asyncio
import hashlib
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass

from scribe.adapters.queue import Bell
from scribe.adapters.storage import Storage
from scribe.adapters.unit_of_work import UnitOfWorkFactory
from scribe.core.config import Settings
from scribe.core.ids import uuid7
from scribe.domain import layout
from scribe.domain.errors import (
    ChecksumError,
    ScribeError,
    UploadEmptyError,
    UploadIncompleteError,
)
from scribe.domain.meeting import MeetingId, UserId
from scribe.domain.meetings import Meeting, StoredRecording
from scribe.domain.requests import MeetingDraft
from scribe.services import idempotency, meetings
from scribe.services.rates import check_rate
from scribe.services.receiving import buffered, open_sink, refuse_size, refuse_text, refuse_when_full

SIGN_EVERY_S = 5.0
_ONE_HOUR_S = 3600.0


@dataclass(frozen=True, slots=True)
class Desk:
    """What taking in a recording needs."""

    units: UnitOfWorkFactory
    storage: Storage
    bell: Bell | None
    """``None``: the reaper wakes a worker a moment later."""
    settings: Settings

    async def ring(self) -> None:
        if self.bell is not None:
            await self.bell.ring()


@dataclass(frozen=True, slots=True)
class Incoming:
    """What a client sends, and what it said about it beforehand."""

    draft: MeetingDraft
    body: AsyncIterator[bytes]
    length_bytes: int | None = None
    sha256: str | None = None
    """64 hexadecimal digits."""
    idempotency_key: str | None = None
    request_hash: str = ""


async def receive(desk: Desk, owner: UserId, incoming: Incoming) -> Meeting:
    """The meeting, PENDING, its recording safe; or the one that the same Idempotency-Key led to before.

    Raises: InputError and its children, DuplicateError, IdempotencyError, InProgressError, RateLimitError,
    ResourceError, UnavailableError. Nothing is kept then.
    """
    key = incoming.idempotency_key
    if key is None:
        return await _receive(desk, owner, incoming)
    before = await idempotency.begin(desk.units, owner, key, incoming.request_hash)
    if before is not None:
        async with desk.units() as unit:
            meeting = await unit.meetings.get(before)
        if meeting is not None:
            return meeting
    try:
        return await _receive(desk, owner, incoming)
    except BaseException:
        await asyncio.shield(idempotency.abandon(desk.units, owner, key))
        raise


async def _receive(desk: Desk, owner: UserId, incoming: Incoming) -> Meeting:
    limits = desk.settings.api
    await check_rate(desk.units, f"upload:{owner}", limits.uploads_per_hour, _ONE_HOUR_S)
    if incoming.length_bytes is not None:
        refuse_size(incoming.length_bytes, limits.max_upload_mb)
    await refuse_when_full(desk.storage, incoming.length_bytes or 0)
    if incoming.sha256 is not None:
        async with desk.units() as unit:
            # Before the first byte is sent.
            await meetings.refuse_duplicate(unit, owner, incoming.draft, incoming.sha256)
    meeting_id = MeetingId(uuid7())
    recording = await _store(desk, owner, meeting_id, incoming)
    meeting = await _create(desk, owner, meeting_id, incoming, recording)
    await desk.ring()
    return meeting


async def _store(desk: Desk, owner: UserId, meeting_id: MeetingId, incoming: Incoming) -> StoredRecording:
    sha256 = hashlib.sha256()
    max_bytes = desk.settings.api.max_upload_mb << 20
    last_sign = time.monotonic()
    async with open_sink(desk.storage, layout.recording_key(meeting_id), sha256) as sink:
        async for content in buffered(incoming.body):
            if sink.size_bytes == 0:
                refuse_text(content)
            if sink.size_bytes + len(content) > max_bytes:
                refuse_size(sink.size_bytes + len(content), desk.settings.api.max_upload_mb)
            await sink.write(content)
            if incoming.idempotency_key is not None and time.monotonic() - last_sign > SIGN_EVERY_S:
                await idempotency.still_busy(desk.units, owner, incoming.idempotency_key)
                last_sign = time.monotonic()
        _check_whole(incoming, sink.size_bytes, sha256.hexdigest())
    return StoredRecording(sink.size_bytes, sha256.hexdigest())


def _check_whole(incoming: Incoming, size_bytes: int, sha256: str) -> None:
    if size_bytes == 0:
        raise UploadEmptyError("The file is empty: choose it again.")
    if incoming.length_bytes is not None and size_bytes != incoming.length_bytes:
        raise UploadIncompleteError(
            f"{size_bytes} of {incoming.length_bytes} bytes came: send it again, or use a resumable upload."
        )
    if incoming.sha256 is not None and sha256 != incoming.sha256.lower():
        raise ChecksumError("What arrived is not what was sent (SHA-256 differs): send it again.")


async def _create(
    desk: Desk, owner: UserId, meeting_id: MeetingId, incoming: Incoming, recording: StoredRecording
) -> Meeting:
    try:
        async with desk.units() as unit:
            meeting = await meetings.create(
                unit, owner, meeting_id, incoming.draft, recording, desk.settings.queue.max_attempts
            )
            if incoming.idempotency_key is not None:
                await idempotency.finish(unit, owner, incoming.idempotency_key, meeting_id)
            return meeting
    except ScribeError:
        made = await _made_after_all(desk, owner, meeting_id, recording.sha256)
        if made is not None:
            return made
        await asyncio.to_thread(desk.storage.delete_folder, layout.recording_folder(meeting_id))
        raise


async def _made_after_all(desk: Desk, owner: UserId, meeting_id: MeetingId, sha256: str) -> Meeting | None:
    """Whether the commit whose answer got lost went through: only when it surely did not may the file go.

    ``with_recording`` waits for the lock that ``meetings.create`` holds until its transaction has ended.
    """
    async with desk.units() as unit:
        await unit.meetings.with_recording(owner, sha256)
        return await unit.meetings.get(meeting_id)
