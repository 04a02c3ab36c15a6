"""What came of a meeting: transcript, results, exports."""

import asyncio
import json
import os
from collections.abc import Awaitable, Callable, Sequence
from enum import StrEnum
from typing import Annotated, Any, TypeVar
from uuid import UUID

from fastapi import APIRouter, Query, Response

from scribe.api.compression import AcceptEncoding, accepts_gzip, packed
from scribe.api.conditions import NOT_MODIFIED, IfNoneMatch, etag_of, is_known, not_modified
from scribe.api.context import Context, Ctx
from scribe.api.errors import problems
from scribe.api.schemas.transcripts import TranscriptIn, TranscriptOut, cursor_of
from scribe.api.security import Reader
from scribe.api.streaming import StoredFileResponse, disposition, whole
from scribe.domain.accounts import Principal
from scribe.domain.audit import Action
from scribe.domain.errors import ArtefactError, ConflictError, NotFoundError
from scribe.domain.exports import ON_REQUEST
from scribe.domain.meeting import MeetingId
from scribe.domain.meetings import Meeting
from scribe.domain.typography import ReadingLanguage
from scribe.services import meetings, results
from scribe.services.audit import write_down
from scribe.services.transcripts import Transcript

router = APIRouter(prefix="/api/v1/meetings/{meeting_id}", tags=["Transcripts"])


class ResultKind(StrEnum):
    TRANSCRIPTION = "transcription"
    DIARIZATION = "diarization"
    FUSION = "fusion"


class FormatName(StrEnum):
    """Those of ``domain.exports.EXPORTS``; a test holds the two together."""

    PDF = "pdf"
    DOCX = "docx"
    MD = "md"
    TXT = "txt"
    SRT = "srt"
    VTT = "vtt"
    JSON = "json"
    WHISPERX = "whisperx"
    RTTM = "rttm"
    STM = "stm"
    CTM = "ctm"
    CSV = "csv"


MEDIA_TYPES = {
    "pdf": "application/pdf",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "md": "text/markdown; charset=utf-8",
    "txt": "text/plain; charset=utf-8",
    "srt": "application/x-subrip; charset=utf-8",
    "vtt": "text/vtt; charset=utf-8",
    "json": "application/json",
    "whisperx": "application/json",
    "rttm": "text/plain; charset=utf-8",
    "stm": "text/plain; charset=utf-8",
    "ctm": "text/plain; charset=utf-8",
    "csv": "text/csv; charset=utf-8",
}
_JSON = "application/json"
LAID_OUT = frozenset({"pdf", "docx"})
"""Compressed as they are."""
Read = TypeVar("Read")


def _schema_of(media_type: str) -> dict[str, str]:
    if media_type == _JSON:
        return {"type": "object"}
    is_binary = media_type in {MEDIA_TYPES[name] for name in LAID_OUT}
    return {"type": "string", "format": "binary"} if is_binary else {"type": "string"}


_EXPORT: dict[str, Any] = {
    "description": "The file.",
    "content": {kind: {"schema": _schema_of(kind)} for kind in dict.fromkeys(MEDIA_TYPES.values())},
}


@router.get(
    "/transcript",
    operation_id="get_transcript",
    summary="Who said what, when",
    response_model=TranscriptOut,
    responses={**NOT_MODIFIED, **problems(404, 409)},
)
async def get_transcript(
    meeting_id: UUID,
    reader: Reader,
    ctx: Ctx,
    wanted: Annotated[TranscriptIn, Query()],
    if_none_match: IfNoneMatch = None,
    accept_encoding: AcceptEncoding = None,
) -> Response:
    """By the page, and by time if you like. 409 `meeting.not_ready` until there are results; while another run is under
    way, the results of the last one."""
    meeting, transcript = await _read_twice(
        ctx, reader, meeting_id, lambda meeting: ctx.transcripts.read(ctx.units, ctx.storage, meeting)
    )
    etag = etag_of(transcript.digest, meeting.results_run, meeting.published_at, meeting.names_version)
    start = wanted.start(transcript.digest)
    ctx.reading_log.note(Action.TRANSCRIPT_READ, meeting_id=meeting.id)
    if is_known(etag, if_none_match):
        return not_modified(etag)
    page = transcript.page(from_s=wanted.from_s, to_s=wanted.to_s, start=start, limit=wanted.limit)
    segments = [line.to_json(index, with_words=wanted.words) for index, line in page.lines]
    following = None if page.next_start is None else cursor_of(transcript.digest, page.next_start)
    body = _transcript_json(meeting, transcript, segments, following)
    return await packed(body, _JSON, {"ETag": etag}, accept_encoding)


@router.get(
    "/results/{kind}",
    operation_id="get_result",
    summary="A result document",
    response_class=Response,
    responses={
        200: {
            "description": "docs/results.md explains every field.",
            "content": {_JSON: {"schema": {"type": "object"}}},
        },
        **NOT_MODIFIED,
        **problems(404, 409),
    },
)
async def get_result(
    meeting_id: UUID,
    kind: ResultKind,
    reader: Reader,
    ctx: Ctx,
    if_none_match: IfNoneMatch = None,
    accept_encoding: AcceptEncoding = None,
) -> Response:
    """404 for `diarization` when the speakers could not be told apart; the meeting's `warnings` say why."""
    meeting, etag = await _meeting_and_etag(ctx, reader, meeting_id, kind)
    await write_down(ctx.units, Action.TRANSCRIPT_EXPORTED, meeting_id=meeting.id, detail={"format": f"results/{kind}"})
    if is_known(etag, if_none_match):
        return not_modified(etag)
    headers = {"ETag": etag, "Content-Disposition": disposition(f"{meeting.title}.{kind}.json", is_download=False)}
    _, named = await _read_twice(
        ctx, reader, meeting_id, lambda meeting: results.document(ctx.units, ctx.storage, meeting, kind)
    )
    if named is not None:
        return await packed(named, _JSON, headers, accept_encoding)
    return await _stored(ctx, results.document_key(meeting, kind), _JSON, headers, accept_encoding)


@router.get(
    "/exports/{format}",
    operation_id="export_meeting",
    summary="Minutes, subtitles and what other programs read",
    response_class=Response,
    responses={200: _EXPORT, **NOT_MODIFIED, **problems(404, 409)},
)
async def export_meeting(
    meeting_id: UUID,
    format: FormatName,  # noqa: A002 -- the name that people see
    reader: Reader,
    ctx: Ctx,
    language: Annotated[
        ReadingLanguage | None, Query(description="Of headings and notes; left out: as the meeting was processed.")
    ] = None,
    if_none_match: IfNoneMatch = None,
    accept_encoding: AcceptEncoding = None,
) -> Response:
    meeting, etag = await _meeting_and_etag(ctx, reader, meeting_id, f"{format}-{language}")
    await write_down(ctx.units, Action.TRANSCRIPT_EXPORTED, meeting_id=meeting.id, detail={"format": str(format)})
    if is_known(etag, if_none_match):
        return not_modified(etag)
    name = f"{meeting.title}.whisperx.json" if format is FormatName.WHISPERX else f"{meeting.title}.{format}"
    headers = {"ETag": etag, "Content-Disposition": disposition(name, is_download=True)}
    key = results.export_key(meeting, format) if language is None else None
    if key is not None:
        return await _stored(ctx, key, MEDIA_TYPES[format], headers, accept_encoding)
    wanted = language or meeting.options.reading_language
    _, content = await _read_twice(ctx, reader, meeting_id, lambda meeting: _made(ctx, meeting, format, wanted))
    if format in LAID_OUT:
        return Response(content, headers={**headers, "Content-Type": MEDIA_TYPES[format]})
    return await packed(content, MEDIA_TYPES[format], headers, accept_encoding)


async def _made(ctx: Context, meeting: Meeting, name: FormatName, language: ReadingLanguage | None) -> bytes:
    if name in ON_REQUEST:
        return await ctx.exports.make(ctx.units, ctx.storage, meeting, name, language)
    return await results.render(ctx.units, ctx.storage, meeting, name, language)


async def _read_twice(
    ctx: Context, who: Principal, meeting_id: UUID, read: Callable[[Meeting], Awaitable[Read]]
) -> tuple[Meeting, Read]:
    """Once, as a rule. When the files are not as the row said, somebody may have deleted the meeting meanwhile, or a
    run may have published: the row tells."""
    meeting = await meetings.read(ctx.units, who, MeetingId(meeting_id))
    try:
        return meeting, await read(meeting)
    except ArtefactError:
        now = await meetings.read(ctx.units, who, MeetingId(meeting_id))
        if now.published_at == meeting.published_at:
            raise
        return now, await read(now)


async def _meeting_and_etag(ctx: Context, who: Principal, meeting_id: UUID, what: str) -> tuple[Meeting, str]:
    """Raises: NotReadyError, StatusConflictError: nothing is known of what is not there yet."""
    meeting = await meetings.read(ctx.units, who, MeetingId(meeting_id))
    results.published_folder(meeting)
    named = (meeting.title, meeting.names_version)
    return meeting, etag_of(meeting.id, meeting.results_run, meeting.published_at, *named, what)


async def _stored(
    ctx: Context, key: str, media_type: str, headers: dict[str, str], accept_encoding: str | None
) -> Response:
    """Whoever publishes new results meanwhile does not change what is being sent: the file is open, or was read."""
    gone = ConflictError("These results are being replaced or deleted just now: ask again.")
    if accepts_gzip(accept_encoding):
        content = await asyncio.to_thread(ctx.storage.read, key)
        if content is None:
            raise gone
        return await packed(content, media_type, headers, accept_encoding)
    try:
        file = await asyncio.to_thread(ctx.storage.open_read, key)
    except NotFoundError as error:
        raise gone from error
    size_bytes = await asyncio.to_thread(file.seek, 0, os.SEEK_END)
    return StoredFileResponse(file, whole(size_bytes), media_type=media_type, headers=headers)


def _transcript_json(
    meeting: Meeting, transcript: Transcript, segments: Sequence[bytes], following: str | None
) -> bytes:
    head = {
        "meeting_id": str(meeting.id),
        "run": meeting.results_run,
        "published_at": meeting.published_at and meeting.published_at.isoformat(),
        "version": meeting.names_version,
        **transcript.head,
        "num_segments": len(transcript.lines),
        "next": following,
    }
    text = json.dumps(head, ensure_ascii=False, separators=(",", ":")).encode()
    return text[:-1] + b',"segments":[' + b",".join(segments) + b"]}"
