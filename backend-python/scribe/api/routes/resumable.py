"""Resumable uploads as tus 1.0.0 says: creation, creation-with-upload, expiration, checksum, termination.

Owns the protocol's headers and statuses; what they mean for the bytes is in ``services/resumable.py``.
https://tus.io/protocols/resumable-upload
"""

from datetime import UTC, datetime
from email.utils import format_datetime
from http import HTTPStatus
from typing import Any
from uuid import UUID

from fastapi import APIRouter, Depends, HTTPException, Request, Response
from fastapi.routing import APIRoute
from pydantic import BaseModel, ConfigDict
from starlette.datastructures import MutableHeaders
from starlette.types import Message, Receive, Scope, Send

from scribe.api.context import Context, Ctx
from scribe.api.errors import PROBLEM_TYPE, Problem, problems
from scribe.api.routes.uploads import body_of, desk_of
from scribe.api.schemas.drafts import draft_from
from scribe.api.security import Reader, Writer
from scribe.api.upload_headers import CHECKSUM_ALGORITHMS, checksum, content_length, metadata, natural_number
from scribe.core.logging import get_logger
from scribe.domain.accounts import Principal
from scribe.domain.errors import ChecksumError, PreconditionError, RequestError, ScribeError
from scribe.domain.uploads import Upload
from scribe.services import resumable
from scribe.services.resumable import Chunk

VERSION = "1.0.0"
EXTENSIONS = "creation,creation-with-upload,expiration,checksum,termination"
CHECKSUM_MISMATCH = 460
BYTES = "application/offset+octet-stream"
PREFIX = "/api/v1/uploads"

_STREAM: dict[str, Any] = {"content": {BYTES: {"schema": {"type": "string", "format": "binary"}}}}
_TUS_HEADER: dict[str, Any] = {
    "name": "Tus-Resumable", "in": "header", "required": True, "schema": {"type": "string", "enum": [VERSION]},
}  # fmt: skip


def _header(name: str, about: str, kind: str = "string", *, required: bool = False) -> dict[str, Any]:
    return {"name": name, "in": "header", "required": required, "schema": {"type": kind}, "description": about}


class TusRoute(APIRoute):
    """Every answer says which protocol it speaks, also when it is an error."""

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_with_version(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.setdefault("Tus-Resumable", VERSION)
                if message["status"] == HTTPStatus.PRECONDITION_FAILED:
                    headers.setdefault("Tus-Version", VERSION)
            await send(message)

        await super().handle(scope, receive, send_with_version)


def _speaks_tus(request: Request) -> None:
    """Raises: PreconditionError."""
    if request.headers.get("tus-resumable") != VERSION:
        raise PreconditionError(f"This address speaks tus {VERSION}: send the header `Tus-Resumable: {VERSION}`.")


SpeaksTus = Depends(_speaks_tus)
router = APIRouter(prefix=PREFIX, tags=["Uploads"], route_class=TusRoute)


class UploadOut(BaseModel):
    """How far a resumable upload is."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    id: UUID
    length_bytes: int
    offset_bytes: int
    """What is safe."""
    created_at: datetime
    expires_at: datetime
    """When nobody continues it until then, it is removed."""
    meeting_id: UUID | None
    """Once the last byte is there."""
    is_duplicate: bool
    """`meeting_id` is of an earlier upload of the same recording."""


@router.options("", operation_id="describe_uploads", summary="What is spoken here", status_code=HTTPStatus.NO_CONTENT)
async def describe_uploads(_: Reader, ctx: Ctx) -> Response:
    """tus: versions, extensions and the largest size."""
    return Response(
        status_code=HTTPStatus.NO_CONTENT,
        headers={
            "Tus-Version": VERSION,
            "Tus-Extension": EXTENSIONS,
            "Tus-Max-Size": str(ctx.settings.api.max_upload_mb << 20),
            "Tus-Checksum-Algorithm": ",".join(CHECKSUM_ALGORITHMS),
        },
    )


@router.post(
    "",
    operation_id="create_upload",
    summary="Begin a resumable upload",
    status_code=HTTPStatus.CREATED,
    dependencies=[SpeaksTus],
    responses={201: {"description": "`Location` is where the bytes go."}, **problems(400, 412, 413, 422, 429, 507)},
    openapi_extra={
        "parameters": [
            _TUS_HEADER,
            _header("Upload-Length", "Size of the file in bytes.", "integer", required=True),
            _header("Upload-Metadata", "`filename`, `filetype`, and any query parameter of `POST /api/v1/meetings`."),
        ],
        "requestBody": _STREAM,
    },
)
async def create_upload(request: Request, writer: Writer, ctx: Ctx) -> Response:
    """The tus creation, with or without the first bytes. The wishes for the meeting go into `Upload-Metadata`."""
    if "upload-defer-length" in request.headers:
        raise RequestError("The length must be known beforehand: send the header Upload-Length.")
    desk = desk_of(ctx)
    length_bytes = natural_number(request, "Upload-Length")
    draft = draft_from(metadata(request))
    upload = await resumable.create(
        desk, writer.user_id, length_bytes, request.headers.get("upload-metadata", ""), draft
    )
    headers = {"Location": f"{PREFIX}/{upload.id}"}
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() == BYTES:
        chunk = _chunk(request, offset_bytes=0)
        try:
            upload = await resumable.append(desk, writer.user_id, upload.id, chunk)
        except ScribeError as error:
            await resumable.terminate(desk, writer.user_id, upload.id)  # nobody knows its address
            return _told(error)
        headers["Upload-Offset"] = str(upload.offset_bytes)
    return Response(status_code=HTTPStatus.CREATED, headers={**headers, **_state(upload)})


@router.head(
    "/{upload_id}",
    operation_id="check_upload",
    summary="Where to go on",
    dependencies=[SpeaksTus],
    responses=problems(404, 412),
    openapi_extra={"parameters": [_TUS_HEADER]},
)
async def check_upload(upload_id: UUID, reader: Reader, ctx: Ctx) -> Response:
    """tus: `Upload-Offset` is how many bytes are safe."""
    return await _check(ctx, reader, upload_id)


@router.get(
    "/{upload_id}",
    operation_id="get_upload",
    summary="Read a resumable upload",
    response_model=UploadOut,
    responses=problems(404),
)
async def get_upload(upload_id: UUID, reader: Reader, ctx: Ctx) -> UploadOut:
    """How far it is, and which meeting it became."""
    upload = await resumable.read(desk_of(ctx), reader.user_id, upload_id)
    return UploadOut(
        id=upload.id,
        length_bytes=upload.length_bytes,
        offset_bytes=upload.offset_bytes,
        created_at=upload.created_at,
        expires_at=upload.expires_at,
        meeting_id=upload.meeting_id,
        is_duplicate=upload.is_duplicate,
    )


@router.patch(
    "/{upload_id}",
    operation_id="continue_upload",
    summary="Send the next bytes",
    status_code=HTTPStatus.NO_CONTENT,
    dependencies=[SpeaksTus],
    responses={
        204: {"description": "Safe. With the last byte, `Scribe-Meeting` is the meeting's id."},
        **problems(400, 404, 409, 412, 413, 415, 422, 507),
    },
    openapi_extra={
        "parameters": [
            _TUS_HEADER,
            _header("Upload-Offset", "Where these bytes begin.", "integer", required=True),
            _header("Upload-Checksum", "`sha256`, `sha1` or `md5`, a space, and the digest of these bytes in Base64."),
        ],
        "requestBody": {"required": True, **_STREAM},
    },
)
async def continue_upload(upload_id: UUID, request: Request, writer: Writer, ctx: Ctx) -> Response:
    """tus: what came before the connection broke is kept; ask where to go on with HEAD."""
    return await _append(ctx, writer, upload_id, request)


@router.delete(
    "/{upload_id}",
    operation_id="delete_upload",
    summary="Give up a resumable upload",
    status_code=HTTPStatus.NO_CONTENT,
    dependencies=[SpeaksTus],
    responses=problems(404, 412),
    openapi_extra={"parameters": [_TUS_HEADER]},
)
async def delete_upload(upload_id: UUID, writer: Writer, ctx: Ctx) -> Response:
    """The tus termination: nothing of it is kept. A meeting that it has become already stays."""
    await resumable.terminate(desk_of(ctx), writer.user_id, upload_id)
    return Response(status_code=HTTPStatus.NO_CONTENT)


@router.post("/{upload_id}", dependencies=[SpeaksTus], include_in_schema=False)
async def override_method(upload_id: UUID, request: Request, writer: Writer, ctx: Ctx) -> Response:
    """tus: for clients that cannot send PATCH or DELETE."""
    method = request.headers.get("x-http-method-override", "").upper()
    if method == "PATCH":
        return await _append(ctx, writer, upload_id, request)
    if method == "DELETE":
        await resumable.terminate(desk_of(ctx), writer.user_id, upload_id)
        return Response(status_code=HTTPStatus.NO_CONTENT)
    if method == "HEAD":
        return await _check(ctx, writer, upload_id)
    raise HTTPException(HTTPStatus.METHOD_NOT_ALLOWED, "Method Not Allowed")


async def _append(ctx: Context, writer: Principal, upload_id: UUID, request: Request) -> Response:
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != BYTES:
        raise HTTPException(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, f"The Content-Type must be {BYTES}.")
    chunk = _chunk(request, natural_number(request, "Upload-Offset"))
    try:
        upload = await resumable.append(desk_of(ctx), writer.user_id, upload_id, chunk)
    except ChecksumError as error:
        return _told(error)
    return Response(status_code=HTTPStatus.NO_CONTENT, headers=_state(upload))


async def _check(ctx: Context, reader: Principal, upload_id: UUID) -> Response:
    desk = desk_of(ctx)
    upload = await resumable.read(desk, reader.user_id, upload_id)
    try:
        upload = await resumable.finish(desk, upload)
    except ScribeError as error:  # its bytes are safe, which is what was asked; housekeeping tries again
        get_logger().warning("upload.finish_failed", upload_id=str(upload_id), code=error.code)
    headers = {"Upload-Length": str(upload.length_bytes), "Cache-Control": "no-store"}
    if upload.metadata:
        headers["Upload-Metadata"] = upload.metadata
    return Response(headers={**headers, **_state(upload)})


def _chunk(request: Request, offset_bytes: int) -> Chunk:
    return Chunk(offset_bytes, body_of(request), content_length(request), checksum(request))


def _state(upload: Upload) -> dict[str, str]:
    headers = {
        "Upload-Offset": str(upload.offset_bytes),
        "Upload-Expires": format_datetime(upload.expires_at.astimezone(UTC), usegmt=True),
    }
    if upload.meeting_id is not None:
        headers["Scribe-Meeting"] = str(upload.meeting_id)
        headers["Content-Location"] = f"/api/v1/meetings/{upload.meeting_id}"
        if upload.is_duplicate:
            headers["Scribe-Duplicate"] = "true"
    return headers


def _told(error: ScribeError) -> Response:
    """A status of tus's own, which no other address has."""
    if not isinstance(error, ChecksumError):
        raise error
    body = Problem(
        type=f"urn:scribe:problem:{error.code}",
        title="Checksum Mismatch",
        status=CHECKSUM_MISMATCH,
        detail=str(error),
        code=error.code,
    )
    return Response(body.model_dump_json(exclude_none=True), CHECKSUM_MISMATCH, media_type=PROBLEM_TYPE)
