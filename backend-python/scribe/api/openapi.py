"""The API's description, and Swagger at ``/docs`` from files on this machine (no CDN).

Owns what every operation has in common: which problems it may answer with, and that they are problems. A route names
those of its own with ``errors.problems(409, 429)``; 401, 403, 404, 422, 500 and 503 come by themselves.
"""

from collections.abc import Iterator
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic import BaseModel

from scribe.api.docs_page import install_swagger
from scribe.api.errors import PROBLEM_TYPE, Problem
from scribe.api.schemas.events import EventOut
from scribe.api.security import OPEN_ROUTES

DESCRIPTION = """\
Upload the recording of a meeting, follow its progress, get who said what and when. Everything stays on your machines.

**Signing in.** Programs send a personal API token, `Authorization: Bearer <token>` (here: *Authorize*). Browsers sign \
in with `POST /api/v1/auth/login` and get a cookie.

**Jobs.** An upload answers `202` with the meeting and its address in `Location`; the recording is safe by \
then. Follow `GET /api/v1/meetings/{meeting_id}/events`, or read the meeting again. Its `status` goes from \
`PENDING` over `PROCESSING` to `COMPLETED`, `FAILED` or `CANCELLED`.

**Errors** are problems (RFC 9457) with a stable `code`; `docs/errors.md` explains each. **Lists** are read page by \
page: send the `next` of one page as `cursor` for the following one. **Times** are UTC, durations are seconds.
"""

TAGS = [
    {"name": "Accounts", "description": "Signing in, sessions, API tokens, users."},
    {"name": "Meetings", "description": "Find, read, change, cancel, retry, run again, delete."},
    {"name": "Recordings", "description": "The audio itself, with ranges, and its waveform."},
    {"name": "Transcripts", "description": "Who said what: as JSON, and in the formats that other programs read."},
    {"name": "Corrections", "description": "What people change in a transcript: made, undone, redone, never lost."},
    {"name": "Search", "description": "What was said, across all meetings."},
    {"name": "Speakers", "description": "Who the voices of a meeting are: read, name, listen, correct."},
    {"name": "People", "description": "Who may be recognised, with whose consent: introduce, change, merge, forget."},
    {"name": "Voices", "description": "The voice bank: clips on their way in, voiceprints, whose voice it is."},
    {"name": "Uploads", "description": "Recordings on their way in: in one request, or resumable (tus 1.0.0)."},
    {"name": "Events", "description": "Live progress as Server-Sent Events, with replay from `Last-Event-ID`."},
    {"name": "Operations", "description": "Health, metrics, the queue, the workers, storage and models."},
]

_EXPLAINED: dict[int, str] = {
    400: "The request is incomplete or does not fit.",
    401: "Not signed in.",
    403: "Signed in, but not allowed.",
    404: "There is no such thing, or it is not yours.",
    406: "No acceptable form of it.",
    409: "Not possible in the present state.",
    410: "It was here and is gone.",
    412: "It is not as it was when you read it, or a version is missing.",
    413: "Too large.",
    415: "Not a form this is understood in.",
    416: "There is no such range of bytes.",
    422: "The request is malformed, or what it holds cannot be used; `fields` says where.",
    429: "Too many attempts; `Retry-After` says how long to wait.",
    500: "A bug of ours.",
    503: "Database, Redis or storage does not answer just now; `Retry-After` says when to try again.",
    507: "There is no room.",
}
_BODIES: tuple[type[BaseModel], ...] = (Problem, EventOut)
"""Models that no route returns as they are."""


def install_documentation(app: FastAPI) -> None:
    app.openapi_tags = TAGS

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = _describe(app)
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign] # the way FastAPI documents
    install_swagger(app)


def _is_problem(response: dict[str, Any]) -> bool:
    """Not the few answers that say in a form of their own that something is wrong, such as readiness."""
    names = str(response.get("content", "Problem"))
    return "Problem" in names or "HTTPValidationError" in names


def _own_words(response: dict[str, Any], status: int) -> dict[str, Any]:
    """What a route says better than the general sentence."""
    said = response.get("description", "")
    is_general = said in {HTTPStatus(status).phrase, "Validation Error"}
    return {} if is_general else {"description": said}


def _problem_response(status: int) -> dict[str, Any]:
    return {
        "description": _EXPLAINED.get(status, HTTPStatus(status).phrase + "."),
        "content": {PROBLEM_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }


def _describe(app: FastAPI) -> dict[str, Any]:
    schema = get_openapi(
        title=app.title,
        version=app.version,
        summary="Who said what, when: minutes from meeting recordings.",
        description=DESCRIPTION,
        routes=app.routes,
        tags=TAGS,
        servers=[{"url": "/", "description": "Where this document came from."}],
        license_info={"name": "Apache-2.0", "identifier": "Apache-2.0"},
    )
    schemas = schema.setdefault("components", {}).setdefault("schemas", {})
    for model in _BODIES:
        body = model.model_json_schema(ref_template="#/components/schemas/{model}")
        schemas.update(body.pop("$defs", {}))
        schemas[model.__name__] = body
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    for component in schemas.values():
        if "example" in component:
            _add_nulls(component["example"], component, schemas)
    for path, operation in _operations(schema):
        _add_problems(path, operation)
    return schema


def _add_nulls(example: Any, schema: dict[str, Any], schemas: dict[str, Any]) -> None:
    """FastAPI leaves every null out of the document, in examples too, where they are part of what is shown."""
    reference = schema.get("$ref") or next((one["$ref"] for one in schema.get("anyOf", []) if "$ref" in one), None)
    if reference is not None:
        schema = schemas[reference.rpartition("/")[2]]
    if not isinstance(example, dict):
        return
    for name, field in schema.get("properties", {}).items():
        if name in example:
            _add_nulls(example[name], field, schemas)
        elif name in schema.get("required", []) and {"type": "null"} in field.get("anyOf", []):
            example[name] = None


def _operations(schema: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for path, methods in schema["paths"].items():
        for operation in methods.values():
            yield path, operation


def _add_problems(path: str, operation: dict[str, Any]) -> None:
    responses = operation["responses"]
    common = [500, 503]
    if path not in OPEN_ROUTES:
        common += [401, 403]
    if "{" in path:
        common.append(404)
    if "application/json" in operation.get("requestBody", {}).get("content", {}):
        common.append(400)  # not even text
    for status in common:
        responses.setdefault(str(status), _problem_response(status))
    for status in responses:
        if status.isdecimal() and int(status) >= HTTPStatus.BAD_REQUEST and _is_problem(responses[status]):
            responses[status] = _problem_response(int(status)) | _own_words(responses[status], int(status))
    for response in responses.values():
        if response.get("content") == {"application/json": {"schema": {}}}:
            del response["content"]  # what FastAPI says of an answer it knows nothing about
    operation["responses"] = dict(sorted(responses.items()))
