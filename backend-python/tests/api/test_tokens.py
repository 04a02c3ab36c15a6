"""Personal API tokens over HTTP."""

from collections.abc import AsyncIterator

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import func, update

from scribe.adapters.unit_of_work import UnitOfWorkFactory
from scribe.core.models_db import ApiTokenRow, UserRow
from scribe.domain.accounts import Principal, Role
from tests.api.signing import OTHER_PASSWORD, PASSWORD, Browser, add_account, browser_of


@pytest.fixture
async def browser(app: FastAPI, units: UnitOfWorkFactory) -> AsyncIterator[Browser]:
    """Of claire, not yet signed in."""
    await add_account(units, "claire")
    async with browser_of(app) as browser:
        yield browser


async def test_a_token_works_without_cookie_and_without_csrf_until_it_is_revoked(
    browser: Browser, anonymous: httpx.AsyncClient
) -> None:
    await browser.sign_in("claire")
    made = await browser.send("POST", "/me/tokens", json={"name": "laptop"})
    assert made.status_code == 201
    secret, token = made.json()["secret"], made.json()["token"]
    assert secret.startswith("smscribe_")
    assert secret.startswith(token["prefix"])
    assert token["scopes"] == ["read", "write"]
    headers = {"Authorization": f"Bearer {secret}"}
    me = await anonymous.get("/api/v1/me", headers=headers)
    assert me.json()["user"]["username"] == "claire"
    assert me.json()["csrf_token"] is None
    assert (
        await anonymous.post("/api/v1/me/tokens", json={"name": "x", "expires_in_days": 1}, headers=headers)
    ).is_success
    listed = (await browser.get("/me/tokens")).json()["items"]
    assert [item["name"] for item in listed] == ["x", "laptop"]
    assert secret not in (await browser.get("/me/tokens")).text
    assert (await browser.send("DELETE", f"/me/tokens/{token['id']}")).status_code == 204
    assert (await anonymous.get("/api/v1/me", headers=headers)).status_code == 401
    assert (await browser.send("DELETE", f"/me/tokens/{token['id']}")).status_code == 404


@pytest.mark.parametrize("header", ["Bearer wrong", "Bearer", "bearer ", "Bearer smscribe_\xe9", "BEARER  x y"])
async def test_a_wrong_token_is_refused_even_with_a_good_cookie(browser: Browser, header: str) -> None:
    await browser.sign_in("claire")
    answer = await browser.http.get("/api/v1/me", headers={"Authorization": header.encode("latin-1")})
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"


async def test_the_password_of_a_proxy_does_not_stand_in_the_way_of_a_cookie(browser: Browser) -> None:
    await browser.sign_in("claire")
    answer = await browser.http.get("/api/v1/me", headers={"Authorization": "Basic Y2xhaXJlOng="})
    assert answer.status_code == 200


async def test_a_token_that_only_reads_changes_nothing(browser: Browser, anonymous: httpx.AsyncClient) -> None:
    await browser.sign_in("claire")
    secret = (await browser.send("POST", "/me/tokens", json={"name": "x", "scopes": ["read"]})).json()["secret"]
    headers = {"Authorization": f"Bearer {secret}"}
    assert (await anonymous.get("/api/v1/me/tokens", headers=headers)).status_code == 200
    answer = await anonymous.post("/api/v1/me/tokens", json={"name": "y", "scopes": ["read"]}, headers=headers)
    assert answer.status_code == 403
    assert answer.json()["code"] == "access.forbidden"


async def test_nobody_gives_a_token_more_than_they_have(browser: Browser, anonymous: httpx.AsyncClient) -> None:
    await browser.sign_in("claire")
    answer = await browser.send("POST", "/me/tokens", json={"name": "x", "scopes": ["read", "admin"]})
    assert answer.status_code == 403
    wish = {"name": "short", "scopes": ["write"], "expires_in_days": 2}
    secret = (await browser.send("POST", "/me/tokens", json=wish)).json()["secret"]
    headers = {"Authorization": f"Bearer {secret}"}

    async def child(**wish: object) -> int:
        return (await anonymous.post("/api/v1/me/tokens", json={"name": "c", **wish}, headers=headers)).status_code

    assert await child(scopes=["read"], expires_in_days=1) == 403
    assert await child(scopes=["write"], expires_in_days=1) == 201
    assert await child(scopes=["write"], expires_in_days=3) == 403
    assert await child(scopes=["write"], expires_in_days=None) == 403


async def test_an_expired_token_and_one_of_somebody_deactivated_do_not_work(
    browser: Browser, anonymous: httpx.AsyncClient, units: UnitOfWorkFactory
) -> None:
    await browser.sign_in("claire")
    secret = (await browser.send("POST", "/me/tokens", json={"name": "x"})).json()["secret"]
    headers = {"Authorization": f"Bearer {secret}"}

    async def works() -> bool:
        return (await anonymous.get("/api/v1/me", headers=headers)).status_code == 200

    assert await works()
    async with units() as unit:
        await unit.session.execute(update(ApiTokenRow).values(expires_at=func.now()))
    assert not await works()
    async with units() as unit:
        await unit.session.execute(update(ApiTokenRow).values(expires_at=None))
    assert await works()
    async with units() as unit:
        await unit.session.execute(update(UserRow).values(is_active=False))
    assert not await works()


async def test_a_token_can_neither_change_the_password_nor_sign_out(
    browser: Browser, anonymous: httpx.AsyncClient
) -> None:
    await browser.sign_in("claire")
    secret = (await browser.send("POST", "/me/tokens", json={"name": "x"})).json()["secret"]
    headers = {"Authorization": f"Bearer {secret}"}
    change = {"current_password": PASSWORD, "new_password": OTHER_PASSWORD}
    assert (await anonymous.post("/api/v1/auth/password", json=change, headers=headers)).status_code == 403
    assert (await anonymous.post("/api/v1/auth/logout", headers=headers)).status_code == 403


async def test_an_administrators_token_without_that_scope_is_as_good_as_a_members(
    app: FastAPI, units: UnitOfWorkFactory, anonymous: httpx.AsyncClient
) -> None:
    await add_account(units, "root", Role.ADMIN)
    async with browser_of(app) as browser:
        await browser.sign_in("root")
        plain = (await browser.send("POST", "/me/tokens", json={"name": "x"})).json()["secret"]
        full = (
            await browser.send("POST", "/me/tokens", json={"name": "y", "scopes": ["read", "write", "admin"]})
        ).json()["secret"]
    for secret, status in [(plain, 403), (full, 200)]:
        answer = await anonymous.get("/api/v1/users", headers={"Authorization": f"Bearer {secret}"})
        assert answer.status_code == status


@pytest.mark.parametrize(
    "wish",
    [
        {"name": ""},
        {"name": "   "},
        {"name": "a\0b"},
        {"name": "a\nb"},
        {"name": "x" * 101},
        {"name": "x", "scopes": []},
        {"name": "x", "scopes": ["everything"]},
        {"name": "x", "expires_in_days": 0},
        {"name": "x", "expires_in_days": 10**30},
    ],
)
async def test_a_token_nobody_can_mean_is_refused(client: httpx.AsyncClient, wish: dict[str, object]) -> None:
    assert (await client.post("/api/v1/me/tokens", json=wish)).status_code == 422


async def test_a_hundred_tokens_are_enough(client: httpx.AsyncClient, member: Principal) -> None:
    for number in range(100):
        assert (await client.post("/api/v1/me/tokens", json={"name": f"t{number}"})).status_code == 201
    assert (await client.post("/api/v1/me/tokens", json={"name": "one more"})).status_code == 409
