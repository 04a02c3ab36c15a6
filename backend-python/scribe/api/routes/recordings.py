"""The recording itself: audio with ranges, the waveform."""

import asyncio
import re
from dataclasses import dataclass
from http import HTTPStatus
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Header, Query, Response
from pydantic import BaseModel

from scribe.api.audio import RangeHeader
from scribe.api.conditions import NOT_MODIFIED, IfNoneMatch, etag_of, is_known, not_modified
from scribe.api.context import Context, Ctx
from scribe.api.errors import problems
from scribe.api.security import Reader
from scribe.api.streaming import StoredFileResponse, disposition, requested_range, whole
from scribe.domain import layout, playback
from scribe.domain.audit import Action
from scribe.domain.meeting import MeetingId
from scribe.domain.meetings import Meeting
from scribe.domain.waveform import MAX_PIXELS
from scribe.services import meetings, results
from scribe.services.audit import write_down
from scribe.services.retention import require_recording

router = APIRouter(prefix="/api/v1/meetings/{meeting_id}", tags=["Recordings"])

UNKNOWN_TYPE = "application/octet-stream"
_PLAYABLE = re.compile(r"(?:audio|video)/[a-z0-9][a-z0-9.+-]{0,80}", re.ASCII)

_FILE = {"schema": {"type": "string", "format": "binary"}}
_CONTENT: dict[str, Any] = {"audio/*": _FILE, "video/*": _FILE, "application/octet-stream": _FILE}
_WHOLE: dict[str, Any] = {"description": "All of it.", "content": _CONTENT}
_AUDIO: dict[int | str, dict[str, Any]] = {
    200: _WHOLE,
    206: {"description": "The bytes that were asked for.", "content": _CONTENT},
    **NOT_MODIFIED,
    **problems(404, 410, 416),
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
    """Byte for byte what was uploaded. Players may jump in it (`Range`), where they know the format. `410` when it has
    had its time and was removed: the transcript is still there."""
    meeting = await meetings.read(ctx.units, reader, MeetingId(meeting_id))
    require_recording(meeting)
    if download:
        await write_down(ctx.units, Action.RECORDING_DOWNLOADED, meeting_id=meeting.id)
    else:
        ctx.reading_log.note(Action.RECORDING_PLAYED, meeting_id=meeting.id)
    sound = _uploaded(meeting, is_download=download)
    return await _sent(ctx, sound, range_header, if_range, if_none_match)


@router.head(
    "/audio",
    operation_id="head_meeting_audio",
    summary="Size and kind of the recording",
    response_class=Response,
    responses={200: {"description": "The headers of the whole recording."}, **problems(404, 410)},
)
async def head_meeting_audio(meeting_id: UUID, reader: Reader, ctx: Ctx, *, download: Download = False) -> Response:
    meeting = await meetings.read(ctx.units, reader, MeetingId(meeting_id))
    require_recording(meeting)
    return _described(_uploaded(meeting, is_download=download))


@router.get(
    "/playback",
    operation_id="get_meeting_playback",
    summary="Play the recording in a browser",
    response_class=Response,
    responses=_AUDIO,
)
async def get_meeting_playback(
    meeting_id: UUID,
    reader: Reader,
    ctx: Ctx,
    *,
    range_header: RangeHeader = None,
    if_range: IfRange = None,
    if_none_match: IfNoneMatch = None,
) -> Response:
    """In time with the transcript, and exact wherever one jumps to (`Range`): where the upload is of a format that
    browsers do not play, or in which they only jump about, a worker made an `audio/mp4` of it. Until it has, and where
    none was needed, this is the recording itself."""
    meeting = await meetings.read(ctx.units, reader, MeetingId(meeting_id))
    require_recording(meeting)
    ctx.reading_log.note(Action.RECORDING_PLAYED, meeting_id=meeting.id)
    return await _sent(ctx, await _playable(ctx, meeting), range_header, if_range, if_none_match)


@router.head(
    "/playback",
    operation_id="head_meeting_playback",
    summary="Size and kind of what a browser plays",
    response_class=Response,
    responses={200: {"description": "The headers of all of it."}, **problems(404, 410)},
)
async def head_meeting_playback(meeting_id: UUID, reader: Reader, ctx: Ctx) -> Response:
    meeting = await meetings.read(ctx.units, reader, MeetingId(meeting_id))
    require_recording(meeting)
    return _described(await _playable(ctx, meeting))


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


@dataclass(frozen=True, slots=True)
class _Sound:
    key: str
    size_bytes: int
    media_type: str
    etag: str
    disposition: str

    @property
    def headers(self) -> dict[str, str]:
        return {"ETag": self.etag, "Accept-Ranges": "bytes", "Content-Disposition": self.disposition}


def _uploaded(meeting: Meeting, *, is_download: bool) -> _Sound:
    return _Sound(
        layout.recording_key(meeting.id),
        meeting.size_bytes,
        _media_type(meeting),
        f'"{meeting.sha256}"',
        disposition(meeting.file_name or meeting.title, is_download=is_download),
    )


async def _playable(ctx: Context, meeting: Meeting) -> _Sound:
    """What was made for players; else the recording itself."""
    key = layout.playback_key(meeting.id)
    size_bytes = await asyncio.to_thread(ctx.storage.size, key)
    if size_bytes is None:
        return _uploaded(meeting, is_download=False)
    etag = f'"{meeting.sha256}-{size_bytes}"'
    return _Sound(key, size_bytes, playback.MEDIA_TYPE, etag, disposition(f"{meeting.title}.m4a", is_download=False))


def _described(sound: _Sound) -> Response:
    headers = {**sound.headers, "Content-Length": str(sound.size_bytes), "Content-Type": sound.media_type}
    return Response(headers=headers)


async def _sent(
    ctx: Context, sound: _Sound, range_header: str | None, if_range: str | None, if_none_match: str | None
) -> Response:
    """Raises: RangeError, NotFoundError."""
    headers = sound.headers
    if is_known(sound.etag, if_none_match):
        return not_modified(sound.etag)
    is_same = if_range is None or if_range.strip() == sound.etag
    part = requested_range(range_header, sound.size_bytes) if is_same else None
    if part is not None:
        last = part.first + part.length - 1
        headers["Content-Range"] = f"bytes {part.first}-{last}/{sound.size_bytes}"
    file = await asyncio.to_thread(ctx.storage.open_read, sound.key)
    return StoredFileResponse(
        file,
        part or whole(sound.size_bytes),
        media_type=sound.media_type,
        status=HTTPStatus.OK if part is None else HTTPStatus.PARTIAL_CONTENT,
        headers=headers,
    )


def _media_type(meeting: Meeting) -> str:
    """What the uploader said, when it is a kind that a browser plays and never runs."""
    said = (meeting.media_type or "").partition(";")[0].strip().lower()
    return said if _PLAYABLE.fullmatch(said) else UNKNOWN_TYPE
