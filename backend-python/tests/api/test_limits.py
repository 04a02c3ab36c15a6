"""Nobody fills the memory of the API with the body of a request."""

from collections.abc import AsyncIterator

import httpx
from fastapi import FastAPI

from scribe.api.limits import MAX_BODY_BYTES
from tests.api.test_security import address_of, methods_of, routes_of

PIECE = b'{"username": "claire", "password": "' + b"a" * 65_536
RECORDINGS = {
    "/api/v1/meetings", "/api/v1/uploads", "/api/v1/uploads/{upload_id}", "/api/v1/people/{person_id}/voices",
    "/api/v1/voices/test",
}  # fmt: skip


async def test_a_large_body_is_refused_by_every_route_that_takes_no_recording(
    app: FastAPI, anonymous: httpx.AsyncClient
) -> None:
    """From what is announced, before a byte of it is read."""
    wrong, asked = {}, 0
    for route in routes_of(app):
        for method in set(methods_of(route)) & {"POST", "PUT", "PATCH", "DELETE"}:
            if route.path in RECORDINGS:
                continue
            asked += 1
            headers = {"Content-Length": str(MAX_BODY_BYTES + 1)}
            answer = await anonymous.request(method, address_of(route), content=b"{", headers=headers)
            if answer.status_code != 413 or answer.headers["content-type"] != "application/problem+json":
                wrong[method, route.path] = answer.status_code
    assert asked >= 10
    assert wrong == {}


async def test_a_body_that_does_not_say_how_large_it_is_is_cut_off(anonymous: httpx.AsyncClient) -> None:
    sent_bytes = 0

    async def pieces() -> AsyncIterator[bytes]:
        nonlocal sent_bytes
        for _ in range(1000):
            sent_bytes += len(PIECE)
            yield PIECE

    answer = await anonymous.post("/api/v1/auth/login", content=pieces(), headers={"Content-Type": "application/json"})
    assert answer.status_code == 413
    assert answer.headers["content-type"] == "application/problem+json"
    assert sent_bytes < MAX_BODY_BYTES + 2 * len(PIECE)


async def test_a_recording_may_be_larger(client: httpx.AsyncClient) -> None:
    answer = await client.post(
        "/api/v1/meetings", content=b"x" * (MAX_BODY_BYTES + 1), headers={"Content-Type": "audio/wav"}
    )
    assert answer.status_code != 413
