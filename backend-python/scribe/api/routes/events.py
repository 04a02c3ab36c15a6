"""Live progress (SSE): one meeting, or all that somebody may see.

Owns the wire format; what is told, and in which order, is ``services/feed.py``.
"""

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Header, Query, Request
from fastapi.sse import EventSourceResponse, ServerSentEvent

from scribe.api.context import Ctx
from scribe.api.errors import problems
from scribe.api.schemas.events import EventOut
from scribe.api.security import Reader, principal
from scribe.domain.accounts import Principal, Scope
from scribe.domain.errors import ForbiddenError
from scribe.domain.meeting import MeetingId
from scribe.services import meetings
from scribe.services.feed import Feed, Item

router = APIRouter(prefix="/api/v1", tags=["Events"])

RETRY_MS = 2000
"""How long a browser waits before it connects again."""
LARGEST_ID = 2**63 - 1

STREAM: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "A stream that ends when you close it (or when the meeting is deleted). A comment comes every "
        "15 seconds when nothing happens.",
        "content": {"text/event-stream": {"itemSchema": {
            "type": "object",
            "properties": {
                "id": {"type": "string"},
                "event": {"type": "string"},
                "retry": {"type": "integer"},
                "data": {
                    "type": "string", "contentMediaType": "application/json",
                    "contentSchema": {"$ref": "#/components/schemas/EventOut"},
                },
            },
        }}},
    }
}  # fmt: skip

_LAST = "The `id` of the last event you have seen: you are told everything since."


def last_event_id(
    header: Annotated[int | None, Header(alias="Last-Event-ID", ge=0, le=LARGEST_ID, description=_LAST)] = None,
    query: Annotated[
        int | None,
        Query(
            alias="last_event_id",
            ge=0,
            le=LARGEST_ID,
            description=f"{_LAST} For clients that cannot send the header, which goes first.",
        ),
    ] = None,
) -> int | None:
    return query if header is None else header


LastEventId = Annotated[int | None, Depends(last_event_id)]


async def current_principal(request: Request, ctx: Ctx) -> Principal:
    """Who it is by now: the session may have ended, the token may be revoked. Raises: AccessError."""
    return await principal(request, ctx, None, None)


def check_scope(who: Principal, *, is_for_all: bool = False) -> None:
    """Raises: ForbiddenError."""
    if Scope.READ not in who.scopes:
        raise ForbiddenError(f"This needs the scope `{Scope.READ}`.")
    if is_for_all and not who.is_admin:
        raise ForbiddenError("Only administrators follow everybody's meetings.")


async def wants_all(
    reader: Reader,
    all_: Annotated[bool, Query(alias="all", description="Everybody's meetings: for administrators.")] = False,  # noqa: FBT002
) -> bool:
    check_scope(reader, is_for_all=all_)
    return all_


async def visible_meeting(meeting_id: UUID, reader: Reader, ctx: Ctx) -> MeetingId:
    """Before the answer begins, so that it can still be a 404."""
    return (await meetings.read(ctx.units, reader, MeetingId(meeting_id))).id


@router.get(
    "/events",
    response_class=EventSourceResponse,
    operation_id="follow_events",
    summary="Follow all your meetings",
    responses={**STREAM, **problems(422)},
)
async def follow_events(
    request: Request,
    reader: Reader,
    ctx: Ctx,
    last_id: LastEventId,
    is_for_all: Annotated[bool, Depends(wants_all)],
) -> AsyncIterator[ServerSentEvent]:
    """Server-Sent Events. Begins with `stream.ready` (from now on), or where `Last-Event-ID` says."""

    async def still_allowed() -> None:
        check_scope(await current_principal(request, ctx), is_for_all=is_for_all)

    owner_id = None if is_for_all else reader.user_id
    async for event in _stream(Feed(ctx.units, ctx.events, still_allowed).of_user(owner_id, last_id)):
        yield event


@router.get(
    "/meetings/{meeting_id}/events",
    response_class=EventSourceResponse,
    operation_id="follow_meeting",
    summary="Follow one meeting",
    responses={**STREAM, **problems(404, 422)},
)
async def follow_meeting(
    request: Request, ctx: Ctx, meeting_id: Annotated[MeetingId, Depends(visible_meeting)], last_id: LastEventId
) -> AsyncIterator[ServerSentEvent]:
    """Server-Sent Events. Begins with `meeting.snapshot` (where it stands now), or where `Last-Event-ID` says. Stays
    open after the end of a run, for another one may follow; ends when the meeting is deleted."""

    async def still_allowed() -> None:
        who = await current_principal(request, ctx)
        check_scope(who)
        await meetings.read(ctx.units, who, meeting_id)

    async for event in _stream(Feed(ctx.units, ctx.events, still_allowed).of_meeting(meeting_id, last_id)):
        yield event


async def _stream(items: AsyncGenerator[Item]) -> AsyncIterator[ServerSentEvent]:
    """The first bytes go out at once, so that a browser knows that it is connected."""
    yield ServerSentEvent(comment="connected", retry=RETRY_MS)
    async with aclosing(items):
        async for item in items:
            body = EventOut(
                id=item.id,
                kind=item.kind,
                meeting_id=item.meeting_id,
                at=item.at,
                payload=dict(item.payload),
            )
            yield ServerSentEvent(id=str(item.id), event=item.kind, data=body)
