"""What is known of a meeting while its first run is under way."""

import asyncio
from uuid import UUID

from fastapi import APIRouter, Response

from scribe.api.compression import AcceptEncoding, packed
from scribe.api.conditions import NOT_MODIFIED, IfNoneMatch, etag_of, is_known, not_modified
from scribe.api.context import Ctx
from scribe.api.errors import problems
from scribe.api.schemas.previews import PreviewOut
from scribe.api.security import Reader
from scribe.domain.audit import Action
from scribe.domain.meeting import MeetingId
from scribe.domain.previews import Preview
from scribe.services import meetings

router = APIRouter(prefix="/api/v1/meetings/{meeting_id}", tags=["Transcripts"])


@router.get(
    "/preview",
    operation_id="get_preview",
    summary="What is known before the results are",
    response_model=PreviewOut,
    responses={**NOT_MODIFIED, **problems(404, 409)},
)
async def get_preview(
    meeting_id: UUID,
    reader: Reader,
    ctx: Ctx,
    if_none_match: IfNoneMatch = None,
    accept_encoding: AcceptEncoding = None,
) -> Response:
    """Of a first run: the voices once they are told apart, and the text so far, a few minutes at a time; empty before
    that. It is a draft: who says what is a guess, and nobody has a name. 409 `meeting.status_conflict` once there are
    results, also those of an earlier run: read the transcript."""
    meeting = await meetings.read(ctx.units, reader, MeetingId(meeting_id))
    preview = await ctx.previews.read(ctx.storage, meeting)
    ctx.reading_log.note(Action.TRANSCRIPT_READ, meeting_id=meeting.id, detail={"is_preview": True})
    body = await asyncio.to_thread(_json, preview)
    etag = etag_of(body)
    if is_known(etag, if_none_match):
        return not_modified(etag)
    return await packed(body, "application/json", {"ETag": etag}, accept_encoding)


def _json(preview: Preview) -> bytes:
    return PreviewOut.of(preview).model_dump_json().encode()
