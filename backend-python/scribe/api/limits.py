"""How large the body of a request may be.

Owns one limit for everything but recordings and clips: FastAPI reads a JSON body into memory before it asks who sends
it, so that without a limit anybody could fill the memory of this process. Recordings are streamed, and limited where
they arrive (``services/uploads.py``, ``services/clips.py``). Starlette's own limiter answers in plain text instead of a
problem.

Usage::

    install_body_limit(app)
"""

import re
from http import HTTPStatus

from fastapi import FastAPI, HTTPException
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from scribe.api.errors import problem_response

MAX_BODY_BYTES = 2**20
"""The longest notes of a meeting, every character escaped, are a quarter of it."""
STREAMED = re.compile(r"/api/v1/(?:meetings|people/[^/]+/voices|voices/test)/*")
"""Recordings and clips of a voice, in one request."""
STREAMED_BELOW = "/api/v1/uploads"
_SENTENCE = f"The body of this request may have at most {MAX_BODY_BYTES} bytes."


def install_body_limit(app: FastAPI) -> None:
    app.add_middleware(BodyLimit)


class BodyLimit:
    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or _is_recording(scope["method"], scope["path"]):
            await self._app(scope, receive, send)
            return
        announced = Headers(scope=scope).get("content-length", "")
        if announced.isdecimal() and int(announced) > MAX_BODY_BYTES:
            answer = problem_response(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "request.invalid", _SENTENCE)
            await answer(scope, receive, send)
            return
        received_bytes = 0

        async def receive_some() -> Message:
            nonlocal received_bytes
            message = await receive()
            received_bytes += len(message.get("body", b""))
            if received_bytes > MAX_BODY_BYTES:
                raise HTTPException(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, _SENTENCE)
            return message

        await self._app(scope, receive_some, send)


def _is_recording(method: str, path: str) -> bool:
    return path.startswith(STREAMED_BELOW) or (method == "POST" and STREAMED.fullmatch(path) is not None)
