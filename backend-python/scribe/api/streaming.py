"""Files from storage to clients, in pieces, whole or in part.

Owns byte ranges (RFC 9110, 14), names of downloads (RFC 6266), and that a file is closed however the answer ends.
Never holds more than one piece.

Usage::

    file = await asyncio.to_thread(storage.open_read, key)
    return StoredFileResponse(file, requested_range(header, size_bytes) or whole(size_bytes), ...)
"""

import asyncio
import re
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import BinaryIO
from urllib.parse import quote

from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from scribe.domain.errors import RangeError

PIECE_BYTES = 2**20
_RANGE = re.compile(r"([0-9]{0,40})-([0-9]{0,40})", re.ASCII)
_NOT_IN_A_FILE_NAME = re.compile(r'[\x00-\x1f\x7f"*/:<>?\\|]+')


@dataclass(frozen=True, slots=True)
class ByteRange:
    first: int
    length: int


def whole(size_bytes: int) -> ByteRange:
    return ByteRange(0, size_bytes)


def requested_range(header: str | None, size_bytes: int) -> ByteRange | None:
    """``None``: send all of it. That is also the answer to a header that makes no sense, to another unit than bytes
    and to several ranges at once, as RFC 9110 allows.

    Raises: RangeError when it begins after the end.
    """
    unit, _, wanted = (header or "").partition("=")
    match = _RANGE.fullmatch(wanted.strip())
    if unit.strip().lower() != "bytes" or match is None:
        return None
    first, last = match.groups()
    if not first and not last:
        return None
    if first and last and int(last) < int(first):
        return None
    start = int(first) if first else max(0, size_bytes - int(last))
    if start >= size_bytes:
        raise RangeError(f"The recording has {size_bytes} bytes: the range begins after its end.", size_bytes)
    end = min(int(last), size_bytes - 1) if first and last else size_bytes - 1
    return ByteRange(start, end - start + 1)


def disposition(file_name: str, *, is_download: bool) -> str:
    """Content-Disposition with the name in full, and in ASCII for what is old."""
    possible = _NOT_IN_A_FILE_NAME.sub(" ", file_name.encode("utf-8", "replace").decode())
    name = " ".join(possible.split()).strip(" .") or "recording"
    plain = name.encode("ascii", "replace").decode().replace("?", "_")
    return f"{'attachment' if is_download else 'inline'}; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"


class StoredFileResponse(StreamingResponse):
    """Sends a part of an open file and closes it: when all is sent, when the client goes away, when reading fails."""

    def __init__(
        self,
        file: BinaryIO,
        part: ByteRange,
        *,
        media_type: str,
        status: HTTPStatus = HTTPStatus.OK,
        headers: Mapping[str, str],
    ) -> None:
        self._file = file
        super().__init__(
            _pieces(file, part),
            status,
            headers={
                **headers,
                "Content-Length": str(part.length),
                "Content-Type": media_type,  # as it is: nothing is to be added to it
            },
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:
            # In a thread, because closing may wait for a reading thread; not awaited, because this may be a
            # cancellation.
            asyncio.get_running_loop().run_in_executor(None, self._file.close)


async def _pieces(file: BinaryIO, part: ByteRange) -> AsyncIterator[bytes]:
    left = part.length
    await asyncio.to_thread(file.seek, part.first)
    while left > 0:
        piece = await asyncio.to_thread(file.read, min(PIECE_BYTES, left))
        if not piece:
            raise OSError("The file is shorter than it was: the connection is cut, so that nobody takes it for all.")
        left -= len(piece)
        yield piece
