"""Signing in over HTTP, as a browser does."""

from dataclasses import dataclass

import httpx
from fastapi import FastAPI

from scribe.adapters.unit_of_work import UnitOfWorkFactory
from scribe.core.passwords import hash_password
from scribe.domain.accounts import Role
from scribe.domain.meeting import UserId

PASSWORD = "three words are fine"
OTHER_PASSWORD = "four other words here"


async def add_account(
    units: UnitOfWorkFactory, username: str, role: Role = Role.MEMBER, *, must_change_password: bool = False
) -> UserId:
    """Somebody who can sign in with ``PASSWORD``."""
    stored = await hash_password(PASSWORD)
    async with units() as unit:
        user = await unit.accounts.add_user(username, "", role, stored, must_change_password=must_change_password)
    assert user is not None
    return user.id


@dataclass
class Browser:
    """Keeps the cookie (httpx does) and the CSRF token."""

    http: httpx.AsyncClient
    csrf_token: str = ""

    async def sign_in(self, username: str, password: str = PASSWORD) -> httpx.Response:
        answer = await self.http.post("/api/v1/auth/login", json={"username": username, "password": password})
        if answer.is_success:
            self.csrf_token = answer.json()["csrf_token"]
        return answer

    async def send(self, method: str, path: str, **more: object) -> httpx.Response:
        headers = {"X-CSRF-Token": self.csrf_token, **dict(more.pop("headers", {}))}  # type: ignore[call-overload]
        return await self.http.request(method, f"/api/v1{path}", headers=headers, **more)  # type: ignore[arg-type]

    async def get(self, path: str) -> httpx.Response:
        return await self.http.get(f"/api/v1{path}")


class browser_of:  # noqa: N801 -- reads as a statement
    """A browser of its own, with an empty jar of cookies."""

    def __init__(self, app: FastAPI, base_url: str = "http://scribe.test") -> None:
        transport = httpx.ASGITransport(app, raise_app_exceptions=False, client=("192.0.2.7", 1234))
        self._http = httpx.AsyncClient(transport=transport, base_url=base_url)

    async def __aenter__(self) -> Browser:
        return Browser(await self._http.__aenter__())

    async def __aexit__(self, *ending: object) -> None:
        await self._http.__aexit__()
