"""The recording itself: audio with ranges, the waveform."""

import asyncio
import re
from http import HTTPStatus
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Header, Query, Response
from pydantic import BaseModel

from scribe.api.audio import RangeHeader
from scribe.api.conditions import NOT_MODIFIED, IfNoneMatch, etag_of, is_known, not_modified
from scribe.api.context import Ctx
from scribe.api.errors import problems
from scribe.api.security import Reader
from scribe.api.streaming import StoredFileResponse, disposition, requested_range, whole
from scribe.domain import layout
from scribe.domain.meeting import MeetingId
from scribe.domain.meetings import Meeting
from scribe.domain.waveform import MAX_PIXELS
from scribe.services import meetings, results

router = APIRouter(prefix="/api/v1/meetings/{meeting_id}", tags=["Recordings"])

UNKNOWN_TYPE = "application/octet-stream"
_PLAYABLE = re.compile(r"(?:audio|video)/[a-z0-9][a-z0-9.+-]{0,80}", re.ASCII)

_CONTENT: dict[str, Any] = {"audio/*": {"schema": {"type": "string", "format": "binary"}}}
_WHOLE: dict[str, Any] = {"description": "All of it, as it was uploaded.", "content": _CONTENT}
_AUDIO: dict[int | str, dict[str, Any]] = {
    200: _WHOLE,
    206: {"description": "The bytes that were asked for.", "content": _CONTENT},
    **NOT_MODIFIED,
    **problems(404, 416),
}

Download = Annotated[bool, Query(description="To be saved rather than played.")]
IfRange = Annotated[
    str | None, Header(max_length=200, description="The range only if this is still the `ETag`, else all of it.")
]


class WaveformOut(BaseModel):
    """Version 2 of audiowaveform's JSON, which players read as it is."""

    version: int
    channels: int
    sample_rate: int
    samples_per_pixel: int
    bits: int
    length: int
    """Pixels."""
    data: list[int]
    """Lowest and highest sample of each pixel in turn, -128 to 127."""


@router.get(
    "/audio",
    operation_id="get_meeting_audio",
    summary="Play or download the recording",
    response_class=Response,
    responses=_AUDIO,
)
async def get_meeting_audio(
    meeting_id: UUID,
    reader: Reader,
    ctx: Ctx,
    *,
    range_header: RangeHeader = None,
    if_range: IfRange = None,
    if_none_match: IfNoneMatch = None,
    download: Download = False,
) -> Response:
    """Byte for byte what was uploaded. Players may jump in it (`Range`)."""
    meeting = await meetings.read(ctx.units, reader, MeetingId(meeting_id))
    headers = _headers(meeting, is_download=download)
    if is_known(headers["ETag"], if_none_match):
        return not_modified(headers["ETag"])
    is_same = if_range is None or if_range.strip() == headers["ETag"]
    part = requested_range(range_header, meeting.size_bytes) if is_same else None
    if part is not None:
        last = part.first + part.length - 1
        headers["Content-Range"] = f"bytes {part.first}-{last}/{meeting.size_bytes}"
    file = await asyncio.to_thread(ctx.storage.open_read, layout.recording_key(meeting.id))
    return StoredFileResponse(
        file,
        part or whole(meeting.size_bytes),
        media_type=_media_type(meeting),
        status=HTTPStatus.OK if part is None else HTTPStatus.PARTIAL_CONTENT,
        headers=headers,
    )


@router.head(
    "/audio",
    operation_id="head_meeting_audio",
    summary="Size and kind of the recording",
    response_class=Response,
    responses={200: {"description": "The headers of the whole recording."}, **problems(404)},
)
async def head_meeting_audio(meeting_id: UUID, reader: Reader, ctx: Ctx, *, download: Download = False) -> Response:
    meeting = await meetings.read(ctx.units, reader, MeetingId(meeting_id))
    headers = {**_headers(meeting, is_download=download), "Content-Length": str(meeting.size_bytes)}
    return Response(headers={**headers, "Content-Type": _media_type(meeting)})


@router.get(
    "/waveform",
    operation_id="get_meeting_waveform",
    summary="Outline of the recording, for a player",
    response_model=WaveformOut,
    responses={**NOT_MODIFIED, **problems(404, 409)},
)
async def get_meeting_waveform(
    meeting_id: UUID,
    reader: Reader,
    ctx: Ctx,
    points: Annotated[int | None, Query(ge=1, le=MAX_PIXELS, description="At most so many pixels.")] = None,
    if_none_match: IfNoneMatch = None,
) -> Response:
    """There as soon as the recording is converted, long before the transcript; 409 until then."""
    meeting = await meetings.read(ctx.units, reader, MeetingId(meeting_id))
    content = await results.waveform(ctx.storage, meeting, points)
    etag = etag_of(content)
    if is_known(etag, if_none_match):
        return not_modified(etag)
    return Response(content, media_type="application/json", headers={"ETag": etag})


def _headers(meeting: Meeting, *, is_download: bool) -> dict[str, str]:
    return {
        "ETag": f'"{meeting.sha256}"',
        "Accept-Ranges": "bytes",
        "Content-Disposition": disposition(meeting.file_name or meeting.title, is_download=is_download),
    }


def _media_type(meeting: Meeting) -> str:
    """What the uploader said, when it is a kind that a browser plays and never runs."""
    said = (meeting.media_type or "").partition(";")[0].strip().lower()
    return said if _PLAYABLE.fullmatch(said) else UNKNOWN_TYPE
