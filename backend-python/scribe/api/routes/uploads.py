"""A recording in one request: the body is the file. (In many requests: ``resumable.py``.)

The body is read only after everything that can refuse it has been asked: who sends it, how large it is, whether it is
here already. So nobody waits for a gigabyte to be told.
"""

from collections.abc import AsyncIterator
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Header, HTTPException, Query, Request, Response
from pydantic import Field
from starlette.requests import ClientDisconnect

from scribe.api.conditions import meeting_etag
from scribe.api.context import Context, Ctx
from scribe.api.errors import problems
from scribe.api.routes.meetings import IdempotencyKey
from scribe.api.schemas.drafts import DraftFields, draft_from
from scribe.api.schemas.meetings import MeetingOut, address_of
from scribe.api.security import Writer
from scribe.api.upload_headers import announced_sha256, content_length, file_name, is_audio_or_video
from scribe.domain.errors import UploadIncompleteError
from scribe.domain.meetings import Meeting
from scribe.services import meetings, uploads
from scribe.services.idempotency import hash_of
from scribe.services.uploads import Desk, Incoming

router = APIRouter(prefix="/api/v1/meetings", tags=["Uploads"])

_FILE: dict[str, Any] = {"schema": {"type": "string", "format": "binary"}}
_BODY: dict[str, Any] = {
    "required": True,
    "description": "The file itself, as it is: no form, no JSON.",
    "content": {"application/octet-stream": _FILE, "audio/*": _FILE, "video/*": _FILE},
}
_LOCATION: dict[str, Any] = {"Location": {"schema": {"type": "string"}, "description": "The meeting's address."}}


class UploadQuery(DraftFields):
    filename: str | None = Field(default=None, max_length=1000)
    """The same as `file_name`."""
    sha256: str | None = Field(default=None, max_length=64)
    """Of the file, in hexadecimal, when it is known: checked, and a duplicate is told before the file is sent.
    `Content-Digest` and `Repr-Digest` (RFC 9530) do the same."""


@router.post(
    "",
    operation_id="create_meeting",
    summary="Upload a recording",
    status_code=HTTPStatus.ACCEPTED,
    response_model=MeetingOut,
    responses={202: {"headers": _LOCATION}, **problems(409, 413, 415, 422, 429, 507)},
    openapi_extra={"requestBody": _BODY},
)
async def create_meeting(
    request: Request,
    writer: Writer,
    ctx: Ctx,
    wishes: Annotated[UploadQuery, Query()],
    idempotency_key: IdempotencyKey = None,
    x_file_name: Annotated[str | None, Header(description="Where the query has none: the file's name.")] = None,  # noqa: ARG001 -- for the documentation
) -> Response:
    """The body is the file: `curl -T recording.m4a "$URL/api/v1/meetings?file_name=recording.m4a&language=fr"
    -X POST -H "Authorization: Bearer $TOKEN"`. Answers when the recording is safe; follow `Location` from there. A
    recording that you uploaded before is a `409` with its `meeting_id`, unless `duplicate=process`. Large files over
    shaky networks: `/api/v1/uploads` (tus)."""
    refuse_forms(request)
    fields = {name: value for name, value in request.query_params.items() if name != "sha256"}
    if not fields.get("file_name") and not fields.get("filename"):
        fields["file_name"] = file_name(request) or ""
    media_type = request.headers.get("content-type", "")
    if is_audio_or_video(media_type):
        fields.setdefault("media_type", media_type)
    length_bytes = content_length(request)
    sha256 = announced_sha256(request, wishes.sha256)
    incoming = Incoming(
        draft_from(fields),
        body_of(request),
        length_bytes=length_bytes,
        sha256=sha256,
        idempotency_key=idempotency_key,
        request_hash=hash_of("POST", request.url.path, [fields, length_bytes, sha256]),
    )
    meeting = await uploads.receive(desk_of(ctx), writer.user_id, incoming)
    return await _accepted(ctx, meeting)


def desk_of(ctx: Context) -> Desk:
    return Desk(ctx.units, ctx.storage, ctx.bell, ctx.settings)


async def body_of(request: Request) -> AsyncIterator[bytes]:
    """Raises: UploadIncompleteError when the client goes away."""
    try:
        async for chunk in request.stream():
            yield chunk
    except ClientDisconnect as error:
        raise UploadIncompleteError("The connection ended before the file did: send it again.") from error


def refuse_forms(request: Request) -> None:
    """``curl -F`` and HTML forms wrap the file in an envelope; unpacking it would need a second copy of the file."""
    if request.headers.get("content-type", "").lower().startswith("multipart/"):
        raise HTTPException(
            HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
            "Send the file itself as the body, not a form: `curl -X POST -T recording.m4a` instead of `curl -F`.",
        )


async def _accepted(ctx: Context, meeting: Meeting) -> Response:
    estimate = await meetings.estimate_of(ctx.units, meeting)
    shown = MeetingOut.of(meeting, estimate, retention=ctx.settings.retention)
    body = shown.model_dump_json(by_alias=True).encode()
    headers = {"Location": address_of(meeting), "ETag": meeting_etag(meeting, body)}
    return Response(body, HTTPStatus.ACCEPTED, headers, "application/json")
