"""Health and metrics for machines, queue and workers for administrators."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response, status

from scribe import __version__
from scribe.api.context import Ctx
from scribe.api.errors import problems
from scribe.api.schemas.operations import AliveOut, HealthOut, QueueOut, WorkersOut
from scribe.api.security import Administrator, principal
from scribe.domain.accounts import Scope
from scribe.domain.errors import ForbiddenError
from scribe.domain.meeting import MeetingId
from scribe.services.health import Readiness
from scribe.services.metrics import Metrics
from scribe.services.workload import look_at_queue, look_at_workers, requeue_again

router = APIRouter(tags=["Operations"])

METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8"


def readiness(request: Request, ctx: Ctx) -> Readiness:
    """One per application: it remembers what it found a moment ago."""
    state = request.app.state
    if not hasattr(state, "readiness"):
        state.readiness = Readiness(ctx.units, ctx.storage, ctx.settings.redis_url or "", ctx.events)
    kept: Readiness = state.readiness
    return kept


async def scraper(request: Request, ctx: Ctx) -> None:
    """Raises: AccessError."""
    if not ctx.settings.api.metrics_open:
        who = await principal(request, ctx, None, None)
        if Scope.ADMIN not in who.scopes:
            raise ForbiddenError(f"This needs the scope `{Scope.ADMIN}`.")


@router.get("/health/live", operation_id="get_liveness", summary="Is the process alive?")
async def live() -> AliveOut:
    """Looks at nothing else: to be restarted does not help against a database that is away."""
    return AliveOut(version=__version__)


@router.get(
    "/health/ready",
    operation_id="get_readiness",
    summary="Can it do its work?",
    responses={503: {"model": HealthOut, "description": "Something that is needed does not answer: see `checks`."}},
)
async def ready(response: Response, readiness: Annotated[Readiness, Depends(readiness)]) -> HealthOut:
    """Answers within seconds, whatever hangs. 200 while uploads are secured: database, tables of this version, Redis
    and storage. Without a living worker the status is `degraded`: recordings wait."""
    health = await readiness.look()
    if not health.is_ready:
        response.status_code = status.HTTP_503_SERVICE_UNAVAILABLE
    return HealthOut.of(health, __version__)


@router.get(
    "/metrics",
    operation_id="get_metrics",
    summary="Metrics for Prometheus",
    response_class=Response,
    responses={200: {"description": "Prometheus' text format.", "content": {"text/plain": {"schema": {
        "type": "string", "example": 'scribe_meetings{status="PENDING"} 3.0\n',
    }}}}},
    dependencies=[Depends(scraper)],
    openapi_extra={"security": [{"api_token": []}, {"session": []}]},
)  # fmt: skip
async def read_metrics(request: Request, ctx: Ctx, readiness: Annotated[Readiness, Depends(readiness)]) -> Response:
    """For administrators: let Prometheus send an API token with the scope `admin`. `SCRIBE_API__METRICS_OPEN=true`
    opens it to whoever reaches the port."""
    metrics: Metrics = request.app.state.metrics
    exposed = await metrics.expose(ctx.units, ctx.events, readiness, ctx.storage)
    return Response(exposed, headers={"content-type": METRICS_TYPE})


@router.get("/api/v1/queue", operation_id="get_queue", summary="What runs, waits, and failed for good")
async def read_queue(
    _: Administrator,
    ctx: Ctx,
    limit: Annotated[int, Query(ge=1, le=1000, description="Of each list.")] = 100,
) -> QueueOut:
    return QueueOut.of(await look_at_queue(ctx.units, limit))


@router.get("/api/v1/workers", operation_id="list_workers", summary="Workers that are alive")
async def read_workers(_: Administrator, ctx: Ctx) -> WorkersOut:
    return WorkersOut.of(await look_at_workers(ctx.units))


@router.post(
    "/api/v1/queue/{meeting_id}/requeue",
    operation_id="requeue_meeting",
    summary="Try a dead letter again",
    status_code=status.HTTP_202_ACCEPTED,
    response_class=Response,
    responses=problems(404, 409, 410),
)
async def requeue(meeting_id: UUID, _: Administrator, ctx: Ctx) -> Response:
    """Another run with the same options, for a meeting that is over; `Location` says where to read it."""
    await requeue_again(ctx.units, MeetingId(meeting_id), ctx.settings.queue.max_attempts)
    await ctx.bell.ring()
    return Response(status_code=status.HTTP_202_ACCEPTED, headers={"Location": f"/api/v1/meetings/{meeting_id}"})
