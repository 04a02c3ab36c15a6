"""Meetings: list, read, change, cancel, retry, run again, delete."""

from http import HTTPStatus
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Body, Header, Query, Request, Response

from scribe.api.conditions import NOT_MODIFIED, IfMatch, IfNoneMatch, is_known, is_unchanged, meeting_etag, not_modified
from scribe.api.context import Context, Ctx
from scribe.api.errors import problems
from scribe.api.paging import check_limit, link_to_next
from scribe.api.purging import purge_now
from scribe.api.schemas.drafts import OptionsIn
from scribe.api.schemas.meetings import MeetingChangesIn, MeetingListIn, MeetingListOut, MeetingOut, address_of
from scribe.api.security import Reader, Writer
from scribe.domain.meeting import MeetingId
from scribe.domain.meetings import Meeting
from scribe.services import listing, meetings, runs

router = APIRouter(prefix="/api/v1/meetings", tags=["Meetings"])

IdempotencyKey = Annotated[
    str | None,
    Header(
        pattern=r"^[!-~]{1,255}$",
        description="Any text that you make up for this one request: sent again within a day, it is answered "
        "like the first time and nothing is done twice.",
        examples=["6f1c3a52-rerun-1"],
    ),
]
_JSON = "application/json"


@router.get(
    "",
    operation_id="list_meetings",
    summary="List meetings",
    response_model=MeetingListOut,
)
async def list_meetings(
    request: Request, reader: Reader, ctx: Ctx, wanted: Annotated[MeetingListIn, Query()]
) -> Response:
    """Yours; administrators see everybody's. Page by page: send `next` as `cursor` with the same filters and order.
    Meetings that come or go in the meantime move nothing."""
    check_limit(ctx, wanted.limit)
    page = await listing.page(ctx.units, reader, wanted.query())
    answer = MeetingListOut.of(page)
    return Response(answer.model_dump_json(), media_type=_JSON, headers=link_to_next(request, answer.next))


@router.get(
    "/{meeting_id}",
    operation_id="get_meeting",
    summary="Read a meeting",
    response_model=MeetingOut,
    responses={**problems(404), **NOT_MODIFIED},
)
async def get_meeting(meeting_id: UUID, reader: Reader, ctx: Ctx, if_none_match: IfNoneMatch = None) -> Response:
    """Everything but what was said. Never a 404 while it waits: `status`, `percent`, `estimate` say how far."""
    meeting = await meetings.read(ctx.units, reader, MeetingId(meeting_id))
    return await _shown(ctx, meeting, if_none_match=if_none_match)


@router.patch(
    "/{meeting_id}",
    operation_id="update_meeting",
    summary="Change title, date, notes, tags or how long it is kept",
    response_model=MeetingOut,
    responses=problems(404, 412),
)
async def update_meeting(
    meeting_id: UUID, changes: MeetingChangesIn, writer: Writer, ctx: Ctx, if_match: IfMatch = None
) -> Response:
    """What is left out stays as it is. With `If-Match`, nobody's changes are overwritten unseen. How long a meeting is
    kept (`retention`) may be chosen by its owner and by administrators; the audit log remembers who chose what."""
    changed = await meetings.change(
        ctx.units, writer, MeetingId(meeting_id), changes.changes(), lambda meeting: is_unchanged(meeting, if_match)
    )
    return await _shown(ctx, changed)


@router.delete(
    "/{meeting_id}",
    operation_id="delete_meeting",
    summary="Delete a meeting",
    status_code=HTTPStatus.NO_CONTENT,
    responses=problems(404),
)
async def delete_meeting(meeting_id: UUID, writer: Writer, ctx: Ctx) -> Response:
    """For good: the recording, what was made of it, and every trace in the database. Also while it is processed."""
    await meetings.delete(ctx.units, writer, MeetingId(meeting_id))
    await purge_now(ctx)
    return Response(status_code=HTTPStatus.NO_CONTENT)


@router.post(
    "/{meeting_id}/cancel",
    operation_id="cancel_meeting",
    summary="Stop processing",
    status_code=HTTPStatus.ACCEPTED,
    response_model=MeetingOut,
    responses=problems(404, 409),
)
async def cancel_meeting(
    meeting_id: UUID, writer: Writer, ctx: Ctx, idempotency_key: IdempotencyKey = None
) -> Response:
    """At once when it waits, within two seconds when it is processed (`is_cancel_requested` until then). What finished
    stages made is kept for a retry."""
    meeting = await runs.cancel(ctx.units, writer, MeetingId(meeting_id), idempotency_key)
    return await _accepted(ctx, meeting)


@router.post(
    "/{meeting_id}/retry",
    operation_id="retry_meeting",
    summary="Try again",
    status_code=HTTPStatus.ACCEPTED,
    response_model=MeetingOut,
    responses=problems(404, 409, 410),
)
async def retry_meeting(meeting_id: UUID, writer: Writer, ctx: Ctx, idempotency_key: IdempotencyKey = None) -> Response:
    """A meeting that is FAILED or CANCELLED, with the same options. Finished stages are not done again."""
    meeting = await runs.retry(
        ctx.units,
        ctx.bell,
        writer,
        MeetingId(meeting_id),
        max_attempts=ctx.settings.queue.max_attempts,
        key=idempotency_key,
    )
    return await _accepted(ctx, meeting)


@router.post(
    "/{meeting_id}/rerun",
    operation_id="rerun_meeting",
    summary="Run again with other options",
    status_code=HTTPStatus.ACCEPTED,
    response_model=MeetingOut,
    responses=problems(404, 409, 410),
)
async def rerun_meeting(
    meeting_id: UUID,
    writer: Writer,
    ctx: Ctx,
    options: Annotated[OptionsIn, Body()],
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """A meeting that is COMPLETED, FAILED or CANCELLED. Options that are left out stay as they were. The results of the
    last run stay readable until the new ones are there; stages whose options are the same are not done again."""
    meeting = await runs.run_again(
        ctx.units,
        ctx.bell,
        writer,
        MeetingId(meeting_id),
        options.over,
        wishes=options.model_dump(mode="json", exclude_unset=True),
        max_attempts=ctx.settings.queue.max_attempts,
        key=idempotency_key,
    )
    return await _accepted(ctx, meeting)


async def _shown(
    ctx: Context,
    meeting: Meeting,
    *,
    if_none_match: str | None = None,
    status: HTTPStatus = HTTPStatus.OK,
    headers: dict[str, str] | None = None,
) -> Response:
    estimate, speakers = await listing.beside(ctx.units, meeting)
    shown = MeetingOut.of(meeting, estimate, speakers, retention=ctx.settings.retention)
    body = shown.model_dump_json(by_alias=True).encode()
    etag = meeting_etag(meeting, body)
    if is_known(etag, if_none_match):
        return not_modified(etag)
    return Response(body, status, media_type=_JSON, headers={"ETag": etag, **(headers or {})})


async def _accepted(ctx: Context, meeting: Meeting) -> Response:
    return await _shown(ctx, meeting, status=HTTPStatus.ACCEPTED, headers={"Location": address_of(meeting)})
