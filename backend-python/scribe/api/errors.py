"""Every error as an RFC 9457 problem: the one place that knows HTTP statuses.

Usage::

    install_error_handlers(app)
"""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException

from scribe.api.schemas.edits import conflict_out
from scribe.core.logging import get_logger, trace_of
from scribe.domain import errors

PROBLEM_TYPE = "application/problem+json"

_STATUS: tuple[tuple[type[errors.ScribeError], HTTPStatus], ...] = (
    # The first that fits counts: children before parents.
    (errors.UploadTooLargeError, HTTPStatus.REQUEST_ENTITY_TOO_LARGE),
    (errors.UploadIncompleteError, HTTPStatus.BAD_REQUEST),
    (errors.InputError, HTTPStatus.UNPROCESSABLE_ENTITY),
    (errors.NotFoundError, HTTPStatus.NOT_FOUND),
    (errors.RecordingRemovedError, HTTPStatus.GONE),
    (errors.PreconditionError, HTTPStatus.PRECONDITION_FAILED),
    (errors.RangeError, HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE),
    (errors.RateLimitError, HTTPStatus.TOO_MANY_REQUESTS),
    (errors.ConflictError, HTTPStatus.CONFLICT),
    (errors.RequestError, HTTPStatus.BAD_REQUEST),
    (errors.NotSignedInError, HTTPStatus.UNAUTHORIZED),
    (errors.SignInError, HTTPStatus.UNAUTHORIZED),
    (errors.AccessError, HTTPStatus.FORBIDDEN),
    (errors.ResourceError, HTTPStatus.INSUFFICIENT_STORAGE),
    (errors.UnavailableError, HTTPStatus.SERVICE_UNAVAILABLE),
    (errors.ModelMissingError, HTTPStatus.UNPROCESSABLE_ENTITY),
    (errors.ModelUnknownError, HTTPStatus.UNPROCESSABLE_ENTITY),
)


class FieldProblem(BaseModel):
    field: str
    """Where in the request, such as ``query.limit``."""
    message: str


class Problem(BaseModel):
    """What every error answer holds (RFC 9457)."""

    model_config = ConfigDict(extra="allow", json_schema_extra={"example": {
        "type": "urn:scribe:problem:meeting.status_conflict", "title": "Conflict", "status": 409,
        "detail": "The meeting is being processed: cancel it first.", "code": "meeting.status_conflict",
    }})  # fmt: skip

    type: str = Field(description="`urn:scribe:problem:` and the code.")
    title: str
    status: int
    detail: str = Field(description="One sentence that the user can act on.")
    code: str = Field(description="Stable; docs/errors.md explains each.")
    fields: list[FieldProblem] | None = None


def status_of(error: errors.ScribeError) -> HTTPStatus:
    return next((status for kind, status in _STATUS if isinstance(error, kind)), HTTPStatus.INTERNAL_SERVER_ERROR)


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """For the ``responses`` of a route: what it may answer instead, as the documentation shows it."""
    return {status: {"model": Problem, "description": HTTPStatus(status).phrase} for status in statuses}


def install_error_handlers(app: FastAPI) -> None:
    app.add_exception_handler(errors.ScribeError, _ours)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _plain)
    app.add_exception_handler(Exception, _unexpected)


def problem_response(
    status: HTTPStatus,
    code: str,
    detail: str,
    *,
    headers: Mapping[str, str] | None = None,
    **more: Any,
) -> JSONResponse:
    body = Problem(
        type=f"urn:scribe:problem:{code}", title=status.phrase, status=status, detail=detail, code=code, **more
    )
    return JSONResponse(
        body.model_dump(mode="json", exclude_none=True), status, headers=dict(headers or {}), media_type=PROBLEM_TYPE
    )


async def _ours(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, errors.ScribeError)  # noqa: S101 -- registered for it
    status = status_of(error)
    headers: dict[str, str] = {}
    more: dict[str, Any] = {}
    if isinstance(error, errors.RateLimitError | errors.InProgressError | errors.NotReadyError):
        headers["Retry-After"] = str(max(1, round(error.retry_after_s)))
    elif status is HTTPStatus.SERVICE_UNAVAILABLE:
        headers["Retry-After"] = "5"
    elif status is HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = "Bearer"
    if isinstance(error, errors.DuplicateError):
        more["meeting_id"] = str(error.meeting_id)
        headers["Location"] = f"/api/v1/meetings/{error.meeting_id}"
    elif isinstance(error, errors.NotReadyError):
        more |= {"meeting_status": error.status, "percent": error.percent}
    elif isinstance(error, errors.EditConflictError):
        more |= conflict_out(error)
    elif isinstance(error, errors.RangeError):
        headers["Content-Range"] = f"bytes */{error.size_bytes}"
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        get_logger().error("request.failed", path=request.url.path, code=error.code, error=str(error))
    return problem_response(status, error.code, str(error), headers=headers, **more)


async def _invalid(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)  # noqa: S101 -- registered for it
    fields = [
        FieldProblem(field=".".join(str(part) for part in item["loc"]), message=item["msg"]) for item in error.errors()
    ]
    detail = "; ".join(f"{field.field}: {field.message}" for field in fields[:3])
    return problem_response(HTTPStatus.UNPROCESSABLE_ENTITY, "request.invalid", detail, fields=fields)


async def _plain(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)  # noqa: S101 -- registered for it
    status = HTTPStatus(error.status_code)
    code = {404: errors.NotFoundError.code, 405: "request.method_not_allowed"}.get(status, "request.invalid")
    return problem_response(status, code, str(error.detail), headers=error.headers)


async def _unexpected(request: Request, error: Exception) -> JSONResponse:
    request_id = getattr(request.state, "request_id", "unknown")
    get_logger().error(
        "request.crashed",
        path=request.url.path,
        error=type(error).__name__,
        trace=trace_of(error),
        request_id=request_id,
    )
    return problem_response(
        HTTPStatus.INTERNAL_SERVER_ERROR,
        errors.InternalError.code,
        f"Something unexpected happened: please report it with the request id {request_id}.",
        headers={"X-Request-ID": request_id},
    )
