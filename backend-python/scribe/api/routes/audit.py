"""The audit log, for administrators: read, proved, taken away."""

from collections.abc import AsyncIterator
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from starlette.responses import StreamingResponse

from scribe.adapters.audit import AuditQuery
from scribe.api.context import Context, Ctx
from scribe.api.paging import check_limit, link_to_next
from scribe.api.schemas.audit import AuditFilter, AuditListIn, AuditListOut, AuditVerificationOut, Hash
from scribe.api.security import Administrator
from scribe.domain.audit import Action
from scribe.services import audit
from scribe.services.audit_files import Form, header, written

router = APIRouter(prefix="/api/v1/audit", tags=["Operations"])

_JSON = "application/json"
_FILE: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "All entries, oldest first. `X-Audit-Head` is the hash of the last one: keep it elsewhere.",
        "content": {
            "application/x-ndjson": {"schema": {"type": "string"}},
            "text/csv": {"schema": {"type": "string"}},
        },
    }
}


class AuditExportIn(AuditFilter):
    format: Form = Form.CSV


@router.get("", operation_id="list_audit_entries", summary="Who did what, and when", response_model=AuditListOut)
async def list_audit_entries(
    request: Request, _: Administrator, ctx: Ctx, wanted: Annotated[AuditListIn, Query()]
) -> Response:
    """Newest first, page by page. Ids and labels only: what was said, searched for or typed is not in it. A read is
    there within seconds, and once for a stretch of ten minutes."""
    check_limit(ctx, wanted.limit)
    ctx.reading_log.note(Action.AUDIT_READ)
    answer = AuditListOut.of(await audit.page(ctx.units, wanted.page_query()))
    return Response(answer.model_dump_json(), media_type=_JSON, headers=link_to_next(request, answer.next))


@router.get("/verification", operation_id="get_audit_verification", summary="Is every entry as it was written?")
async def get_audit_verification(
    _: Administrator,
    ctx: Ctx,
    head: Annotated[
        Hash | None, Query(description="One that was kept elsewhere: it must still be in the chain.")
    ] = None,
) -> AuditVerificationOut:
    """Computes the whole chain anew: some seconds for a hundred thousand entries."""
    return AuditVerificationOut.of(await audit.verify(ctx.units, None if head is None else bytes.fromhex(head)))


@router.get(
    "/export", operation_id="export_audit_log", summary="Take the log away", response_class=Response, responses=_FILE
)
async def export_audit_log(_: Administrator, ctx: Ctx, wanted: Annotated[AuditExportIn, Query()]) -> Response:
    """As CSV for a spreadsheet, or JSON lines, of which each has what its hash is over. That it was taken away is the
    last entry in it."""
    now = await audit.begin_export(ctx.units, wanted.format)
    name = f"audit-{now.sequence}.{wanted.format}"
    return StreamingResponse(
        _written(ctx, wanted.format, wanted.query(), now.sequence),
        media_type=wanted.format.media_type,
        headers={"Content-Disposition": f'attachment; filename="{name}"', "X-Audit-Head": now.hash.hex()},
    )


async def _written(ctx: Context, form: Form, query: AuditQuery, up_to: int) -> AsyncIterator[str]:
    yield header(form)
    async for entries in audit.stream(ctx.units, query, up_to):
        yield written(form, entries)
