"""One id, one log line, one count and, where traces are wanted, one span for every request.

Owns what is written about requests: the route's template instead of the address, and no query string (it may hold
secrets or what somebody searched for). Works on the ASGI messages, so that streams flow through as they come.

Usage::

    install_observation(app, Metrics(), telemetry)     # last: what is added last is outermost
"""

import re
import time
from contextlib import AbstractContextManager, nullcontext
from uuid import uuid4

import structlog
from fastapi import FastAPI
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from scribe.core.logging import get_logger
from scribe.core.telemetry import NO_SPAN, Kind, NoTelemetry, Span, Telemetry, trace
from scribe.core.trace_context import HEADER, TraceParent
from scribe.services.metrics import Metrics

REQUEST_ID = "X-Request-ID"
_ACCEPTABLE = re.compile(r"[A-Za-z0-9._:/+=-]{1,128}")
"""Somebody else's id is taken over when it can do no harm in a log."""
UNMATCHED = "unmatched"
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
SERVER_ERROR = 500
CLIENT_LEFT = 499
"""nginx's number for a client that closed the connection before the answer began."""
TRACED = "/api/"
"""Health checks, scrapes and pages would bury what somebody asked for."""


def install_observation(app: FastAPI, metrics: Metrics, telemetry: Telemetry | None = None) -> None:
    app.state.metrics = metrics
    app.add_middleware(Observation, metrics=metrics, telemetry=telemetry or NoTelemetry())


class Observation:
    def __init__(self, app: ASGIApp, metrics: Metrics, telemetry: Telemetry) -> None:
        self._app = app
        self._metrics = metrics
        self._telemetry = telemetry

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = _request_id(scope)
        scope.setdefault("state", {})["request_id"] = request_id
        began = time.perf_counter()
        status = 0
        received_bytes = 0
        is_stream = False

        async def receive_counted() -> Message:
            nonlocal received_bytes
            message = await receive()
            received_bytes += len(message.get("body", b""))
            return message

        async def send_with_id(message: Message) -> None:
            nonlocal status, is_stream
            if message["type"] == "http.response.start":
                status = int(message["status"])
                headers = MutableHeaders(scope=message)
                headers[REQUEST_ID] = request_id
                is_stream = headers.get("content-type", "").startswith("text/event-stream")
            await send(message)

        self._metrics.request_began()
        with structlog.contextvars.bound_contextvars(request_id=request_id), self._span(scope) as span:
            try:
                await self._app(scope, receive_counted, send_with_id)
            except Exception:
                status = status or SERVER_ERROR
                raise
            finally:
                method = scope["method"] if scope["method"] in METHODS else "OTHER"
                route = _route(scope)
                seconds = time.perf_counter() - began
                self._metrics.request_finished(
                    method, route, status or CLIENT_LEFT,
                    seconds=seconds, received_bytes=received_bytes, is_stream=is_stream,
                )  # fmt: skip
                _conclude(span, method, route, status or CLIENT_LEFT)
                get_logger().info(
                    "request.finished",
                    method=method,
                    route=route,
                    status=status or CLIENT_LEFT,
                    seconds=round(seconds, 4),
                )

    def _span(self, scope: Scope) -> AbstractContextManager[Span]:
        if not self._telemetry.is_on or not scope["path"].startswith(TRACED):
            return nullcontext(NO_SPAN)
        parent = TraceParent.parse(Headers(scope=scope).get(HEADER))
        return trace(self._telemetry, "request", kind=Kind.SERVER, parent=parent)


def _conclude(span: Span, method: str, route: str, status: int) -> None:
    span.rename(f"{method} {route}")
    span.set({"http.request.method": method, "http.route": route, "http.response.status_code": status})
    if status >= SERVER_ERROR:
        span.failed(str(status))


def _request_id(scope: Scope) -> str:
    given = Headers(scope=scope).get(REQUEST_ID, "")
    return given if _ACCEPTABLE.fullmatch(given) else uuid4().hex


def _route(scope: Scope) -> str:
    """``/api/v1/meetings/{meeting_id}``: as many as the code has, however many addresses are tried."""
    path = getattr(scope.get("route"), "path", None)
    return path if isinstance(path, str) else UNMATCHED
