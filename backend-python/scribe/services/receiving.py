"""Bytes from a client into storage, without holding more than a few of them.

Owns the pace (buffers, time-outs), the hashes on the way and the first look at what comes; never what it becomes.

Usage::

    async with open_sink(storage, key) as sink:
        async for chunk in buffered(body): await sink.write(chunk)
"""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import BinaryIO

from scribe.adapters.storage import Sink, Storage
from scribe.domain.errors import (
    NotAudioError,
    ResourceError,
    UploadEmptyError,
    UploadIncompleteError,
    UploadTooLargeError,
)
from scribe.domain.uploads import looks_like_text
from scribe.services.threads import in_thread

BUFFER_BYTES = 512 << 10
"""Two of them per upload: with 256 kB to 1 MB the time is the same, and memory is what many uploads at once cost."""
STALL_TIMEOUT_S = 120.0
"""A client that sends nothing for so long is gone: half-open connections never say so."""
ROOM_TO_KEEP_BYTES = 256 << 20
"""Left free on a local disk, or a fiftieth of a small one: the results of what is accepted must fit, too."""


class HashingSink:
    """A file being written, from a coroutine."""

    def __init__(self, sink: Sink, hashes: "tuple[hashlib._Hash, ...]") -> None:
        self._sink = sink
        self._hashes = hashes
        self.size_bytes = 0

    async def write(self, content: bytes | bytearray) -> None:
        await in_thread(self._put, content)
        self.size_bytes += len(content)

    async def copy(self, file: BinaryIO, limit_bytes: int) -> int:
        """All of ``file`` up to the limit; returns how many bytes came. Small files need one thread's time once."""
        copied = await in_thread(self._copy, file, limit_bytes)
        self.size_bytes += copied
        return copied

    def _copy(self, file: BinaryIO, limit_bytes: int) -> int:
        copied = 0
        while copied < limit_bytes and (content := file.read(min(BUFFER_BYTES, limit_bytes - copied))):
            self._put(content)
            copied += len(content)
        return copied

    def _put(self, content: bytes | bytearray) -> None:
        for running in self._hashes:
            running.update(content)
        self._sink.write(content)


@asynccontextmanager
async def open_sink(storage: Storage, key: str, *hashes: "hashlib._Hash") -> AsyncIterator[HashingSink]:
    """The file appears when the block ends well; after an exception nothing is left of it."""
    manager = storage.open_write(key, private=True)
    sink = await in_thread(manager.__enter__)
    try:
        yield HashingSink(sink, hashes)
    except BaseException as error:
        await in_thread(manager.__exit__, type(error), error, error.__traceback__)
        raise
    await in_thread(manager.__exit__, None, None, None)


async def buffered(body: AsyncIterator[bytes]) -> AsyncIterator[bytearray]:
    """The same bytes in larger pieces, of ``BUFFER_BYTES`` but for the last. What came before the client went away
    comes out before the error does.

    Raises: UploadIncompleteError.
    """
    waiting = bytearray()
    failure: UploadIncompleteError | None = None
    try:
        while True:
            async with asyncio.timeout(STALL_TIMEOUT_S):
                chunk = await anext(body, None)
            if chunk is None:
                break
            waiting += chunk
            while len(waiting) >= BUFFER_BYTES:
                full, waiting = waiting[:BUFFER_BYTES], waiting[BUFFER_BYTES:]
                yield full
    except TimeoutError:
        failure = UploadIncompleteError(
            f"Nothing came for {STALL_TIMEOUT_S:.0f} seconds: send it again, or use a resumable upload."
        )
    except UploadIncompleteError as error:
        failure = error
    if waiting:
        yield waiting
    if failure is not None:
        raise failure


def refuse_text(start: bytes | bytearray) -> None:
    """A first look, so that nobody waits in the queue to hear it. Raises: NotAudioError."""
    if looks_like_text(bytes(start[:4096])):
        raise NotAudioError("This file is text, whatever its name says: choose the recording itself.")


def refuse_size(length_bytes: int, max_upload_mb: int) -> None:
    """Raises: UploadEmptyError, UploadTooLargeError."""
    if length_bytes == 0:
        raise UploadEmptyError("The file is empty: choose it again.")
    if length_bytes > max_upload_mb << 20:
        raise UploadTooLargeError(
            f"The file has {length_bytes / 2**20:.0f} MB, and this installation takes {max_upload_mb} MB at most: "
            "compress it, or ask an administrator to raise SCRIBE_API__MAX_UPLOAD_MB."
        )


async def refuse_when_full(storage: Storage, needed_bytes: int) -> None:
    """Before the first byte, rather than after the last that fits. Raises: ResourceError."""
    room = await asyncio.to_thread(storage.room)
    if room is not None and room.free_bytes < needed_bytes + min(ROOM_TO_KEEP_BYTES, room.total_bytes // 50):
        raise ResourceError("There is not enough room on the server's disk for this file: ask an administrator.")
