import asyncio

import httpx
from fastapi import FastAPI, Response
from fastapi.responses import StreamingResponse

from scribe.api.headers import install_security_headers


async def test_every_answer_of_the_api_tells_browsers_what_not_to_do(anonymous: httpx.AsyncClient) -> None:
    for path in ("/api/v1/me", "/api/v1/nothing", "/openapi.json"):
        headers = (await anonymous.get(path)).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["x-frame-options"] == "DENY"
        assert headers["referrer-policy"] == "same-origin"
        assert headers["content-security-policy"].startswith("default-src 'none'")
        assert "cache-control" in headers


async def test_what_a_route_says_itself_stays_and_the_rest_is_not_kept() -> None:
    app = FastAPI()
    install_security_headers(app)

    @app.get("/api/plain")
    async def plain() -> dict[str, str]:
        return {}

    @app.get("/api/own")
    async def own(response: Response) -> dict[str, str]:
        response.headers["Cache-Control"] = "private, max-age=60"
        response.headers["Content-Security-Policy"] = "default-src 'self'"
        return {}

    @app.get("/api/tagged")
    async def tagged(response: Response) -> dict[str, str]:
        response.headers["ETag"] = '"1"'
        return {}

    @app.get("/docs")
    async def page() -> dict[str, str]:
        return {}

    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://scribe.test") as http:
        assert (await http.get("/api/plain")).headers["cache-control"] == "no-store"
        assert (await http.get("/api/own")).headers["cache-control"] == "private, max-age=60"
        assert (await http.get("/api/own")).headers["content-security-policy"] == "default-src 'self'"
        assert (await http.get("/api/tagged")).headers["cache-control"] == "private, no-cache"
        assert "content-security-policy" not in (await http.get("/docs")).headers


async def test_a_crash_is_answered_with_the_same_headers() -> None:
    app = FastAPI()
    install_security_headers(app)

    @app.get("/api/crash")
    async def crash() -> None:
        raise ZeroDivisionError

    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://scribe.test") as http:
        answer = await http.get("/api/crash")
    assert answer.status_code == 500
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["cache-control"] == "no-store"


async def test_streams_flow_through_as_they_come() -> None:
    """The second piece is made only after the first has arrived: a middleware that gathers answers would hang."""
    app = FastAPI()
    install_security_headers(app)
    has_first_arrived = asyncio.Event()

    @app.get("/api/stream")
    async def stream() -> StreamingResponse:
        async def pieces():
            yield b"first"
            await asyncio.wait_for(has_first_arrived.wait(), timeout=5)
            yield b"second"

        return StreamingResponse(pieces())

    sent: list[bytes] = []

    async def receive() -> dict[str, object]:
        await asyncio.Event().wait()
        return {}

    async def send(message) -> None:
        if message.get("body"):
            sent.append(message["body"])
            has_first_arrived.set()

    scope = {"type": "http", "method": "GET", "path": "/api/stream", "headers": [], "query_string": b"", "asgi": {}}
    await app(scope, receive, send)
    assert sent == [b"first", b"second"]
