"""Search across meetings, and the tags there are."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from scribe.api.context import Ctx
from scribe.api.paging import check_limit, link_to_next
from scribe.api.schemas.search import SearchIn, SearchOut, TagsOut
from scribe.api.security import Reader
from scribe.domain.audit import Action
from scribe.services import search
from scribe.services.reading_log import SEARCH_STRETCH_S

router = APIRouter(prefix="/api/v1")

_JSON = "application/json"


@router.get(
    "/search",
    operation_id="search_transcripts",
    summary="Search what was said",
    tags=["Search"],
    response_model=SearchOut,
)
async def search_transcripts(
    request: Request, reader: Reader, ctx: Ctx, wanted: Annotated[SearchIn, Query()]
) -> Response:
    """In all meetings that you may see, corrections included; yours, administrators search everybody's. A meeting can
    be found a few seconds after its results are there."""
    check_limit(ctx, wanted.limit)
    ctx.reading_log.note(
        Action.TRANSCRIPT_SEARCHED,
        meeting_id=wanted.meeting_id,
        person_id=wanted.person_id,
        stretch_s=SEARCH_STRETCH_S,
    )
    answer = SearchOut.of(await search.find(ctx.units, reader, wanted.wish()))
    return Response(answer.model_dump_json(), media_type=_JSON, headers=link_to_next(request, answer.next))


@router.get("/tags", operation_id="list_tags", summary="Tags of your meetings", tags=["Meetings"])
async def list_tags(reader: Reader, ctx: Ctx) -> TagsOut:
    """Of those that you may see; most used first, 500 at most."""
    return TagsOut.of(await search.tags(ctx.units, reader))
