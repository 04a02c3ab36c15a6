"""Headers that every answer carries, so that browsers treat it as what it is.

Owns their defaults: what a route has set itself stays. Works on the ASGI messages, so that streams flow through as they
come. The pages of ``/docs`` load scripts and set a policy of their own.

Usage::

    install_security_headers(app)
"""

from fastapi import FastAPI
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

ALWAYS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",  # a link out of a transcript tells nobody which meeting it stood in
    "Cross-Origin-Resource-Policy": "same-site",
}
NO_PAGE_POLICY = "default-src 'none'; frame-ancestors 'none'"
"""For what is data, never a page: an answer that a browser is made to show runs nothing."""
DATA_PATHS = ("/api/", "/health/", "/metrics", "/openapi.json")
REVALIDATED = "private, no-cache"
"""With an ETag: may be kept, and is asked for again each time."""


def install_security_headers(app: FastAPI) -> None:
    """Around everything: an added middleware would stand inside the one that answers when we crash."""
    build = app.build_middleware_stack
    app.build_middleware_stack = lambda: SecurityHeaders(build())  # type: ignore[method-assign]


class SecurityHeaders:
    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        is_data = scope["path"].startswith(DATA_PATHS)

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                _complete(MutableHeaders(scope=message), is_data=is_data)
            await send(message)

        await self._app(scope, receive, send_with_headers)


def _complete(headers: MutableHeaders, *, is_data: bool) -> None:
    for name, value in ALWAYS.items():
        headers.setdefault(name, value)
    if is_data:
        headers.setdefault("Content-Security-Policy", NO_PAGE_POLICY)
        headers.setdefault("Cache-Control", REVALIDATED if "etag" in headers else "no-store")
