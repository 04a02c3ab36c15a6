"""Signing in, CSRF, passwords, over HTTP. (Sessions and API tokens: ``test_sessions.py``, ``test_tokens.py``.)"""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import select, update
from structlog.testing import capture_logs

from scribe.adapters.unit_of_work import UnitOfWorkFactory
from scribe.core.config import Settings
from scribe.core.models_db import SessionRow, UserRow
from scribe.core.passwords import hash_password
from scribe.domain.accounts import Role
from scribe.main import create_app
from tests.api.signing import PASSWORD, Browser, add_account, browser_of


@pytest.fixture
async def browser(app: FastAPI, units: UnitOfWorkFactory) -> AsyncIterator[Browser]:
    """Of claire, not yet signed in."""
    await add_account(units, "claire")
    async with browser_of(app) as browser:
        yield browser


async def test_signing_in_sets_a_cookie_that_scripts_cannot_read(browser: Browser) -> None:
    answer = await browser.sign_in("claire")
    assert answer.status_code == 200
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith("scribe_session=")
    assert {"HttpOnly", "SameSite=lax", "Path=/"} <= set(cookie.split("; "))
    assert "Secure" not in cookie
    assert "Domain" not in cookie
    assert answer.json()["user"]["username"] == "claire"
    assert answer.json()["must_change_password"] is False
    me = (await browser.get("/me")).json()
    assert me["user"]["username"] == "claire"
    assert me["scopes"] == ["read", "write"]
    assert me["csrf_token"] == answer.json()["csrf_token"]


async def test_over_https_the_cookie_is_secure_and_bound_to_the_host(app: FastAPI, units: UnitOfWorkFactory) -> None:
    await add_account(units, "claire")
    async with browser_of(app, "https://scribe.test") as browser:
        answer = await browser.sign_in("claire")
        cookie = answer.headers["set-cookie"]
        assert cookie.startswith("__Host-scribe_session=")
        assert "Secure" in cookie.split("; ")
        assert (await browser.get("/me")).status_code == 200


async def test_the_cookie_is_secure_when_the_public_address_is_https(
    api_settings: Settings, units: UnitOfWorkFactory
) -> None:
    await add_account(units, "claire")
    public = api_settings.api.model_copy(update={"public_url": "https://minutes.example"})
    behind_a_proxy = create_app(api_settings.model_copy(update={"api": public}))
    async with behind_a_proxy.router.lifespan_context(behind_a_proxy), browser_of(behind_a_proxy) as browser:
        cookie = (await browser.sign_in("claire")).headers["set-cookie"]
    assert cookie.startswith("__Host-scribe_session=")
    assert "Secure" in cookie.split("; ")


async def test_the_secret_of_a_session_is_not_in_the_database(browser: Browser, units: UnitOfWorkFactory) -> None:
    await browser.sign_in("claire")
    secret = browser.http.cookies["scribe_session"]
    async with units() as unit:
        kept = await unit.session.scalar(select(SessionRow.id))
    assert kept is not None
    assert len(kept) == 32
    assert secret.encode() not in kept


async def test_user_names_are_the_same_in_capitals_and_with_spaces_around(browser: Browser) -> None:
    assert (await browser.sign_in("  Claire ")).status_code == 200


async def test_an_unknown_user_and_a_wrong_password_get_the_same_answer(browser: Browser) -> None:
    wrong = await browser.sign_in("claire", "not the password")
    unknown = await browser.sign_in("nobody", "not the password")
    assert wrong.status_code == unknown.status_code == 401
    assert wrong.json() == unknown.json()
    assert wrong.json()["code"] == "access.wrong_credentials"
    assert "set-cookie" not in wrong.headers


async def test_somebody_deactivated_gets_the_answer_of_a_wrong_password(
    browser: Browser, units: UnitOfWorkFactory
) -> None:
    async with units() as unit:
        await unit.session.execute(update(UserRow).values(is_active=False))
    answer = await browser.sign_in("claire")
    assert answer.status_code == 401
    assert answer.json()["code"] == "access.wrong_credentials"


async def test_each_sign_in_is_a_new_session_and_ends_the_one_before(browser: Browser) -> None:
    await browser.sign_in("claire")
    first = browser.http.cookies["scribe_session"]
    await browser.sign_in("claire")
    second = browser.http.cookies["scribe_session"]
    assert first != second
    browser.http.cookies.clear()
    browser.http.cookies.set("scribe_session", first)
    assert (await browser.get("/me")).status_code == 401


async def test_a_session_somebody_planted_is_never_taken_over(browser: Browser) -> None:
    browser.http.cookies.set("scribe_session", "planted", domain="scribe.test")
    await browser.sign_in("claire")
    browser.http.cookies.clear()
    browser.http.cookies.set("scribe_session", "planted")
    assert (await browser.get("/me")).status_code == 401


async def test_signing_out_ends_the_session(browser: Browser) -> None:
    await browser.sign_in("claire")
    secret = browser.http.cookies["scribe_session"]
    assert (await browser.send("POST", "/auth/logout")).status_code == 204
    assert "scribe_session" not in browser.http.cookies
    browser.http.cookies.set("scribe_session", secret)
    assert (await browser.get("/me")).status_code == 401


@pytest.mark.parametrize(
    "body",
    [
        {"username": "cl\0ire", "password": PASSWORD},
        {"username": "claire", "password": "\0"},
        {"username": "a" * 65, "password": PASSWORD},
        {"username": "claire", "password": "a" * 201},
        {"username": "claire", "password": ""},
        {"username": "Kelvin\u212a", "password": PASSWORD},
        {"username": "claire\n", "password": PASSWORD, "more": 1},
        {"username": ["claire"], "password": PASSWORD},
        {"username": "claire"},
        ["claire", PASSWORD],
    ],
)
async def test_what_cannot_be_a_name_or_a_password_is_refused(browser: Browser, body: Any) -> None:
    answer = await browser.http.post("/api/v1/auth/login", json=body)
    assert answer.status_code == 422
    assert answer.json()["code"] == "request.invalid"


async def test_half_a_character_in_a_password_is_refused(browser: Browser) -> None:
    answer = await browser.http.post(
        "/api/v1/auth/login",
        content=rb'{"username": "claire", "password": "\ud800 half a character"}',
        headers={"content-type": "application/json"},
    )
    assert answer.status_code == 422


async def test_a_password_is_right_however_the_keyboard_composes_its_accents(
    app: FastAPI, units: UnitOfWorkFactory
) -> None:
    stored = await hash_password("e\u0301te\u0301 a\u0300 la mer")
    async with units() as unit:
        await unit.accounts.add_user("anne", "", Role.MEMBER, stored, must_change_password=False)
    async with browser_of(app) as browser:
        assert (await browser.sign_in("anne", "\u00e9t\u00e9 \u00e0 la mer")).status_code == 200


async def test_one_name_cannot_be_tried_more_often_than_the_limit(app: FastAPI, units: UnitOfWorkFactory) -> None:
    await add_account(units, "claire")
    statuses = []
    for number in range(12):
        transport = httpx.ASGITransport(app, client=(f"192.0.2.{number}", 1234))
        async with httpx.AsyncClient(transport=transport, base_url="http://scribe.test") as http:
            answer = await Browser(http).sign_in("claire", "not the password")
            statuses.append(answer.status_code)
    assert statuses[:10] == [401] * 10
    assert statuses[10:] == [429] * 2
    assert 1 <= int(answer.headers["retry-after"]) <= 60
    assert answer.json()["code"] == "request.rate_limited"


async def test_one_address_cannot_try_name_after_name_even_if_it_signs_in_between(
    app: FastAPI, units: UnitOfWorkFactory
) -> None:
    await add_account(units, "claire")
    async with browser_of(app) as browser:
        for number in range(9):
            assert (await browser.sign_in(f"user{number}", "not the password")).status_code == 401
        assert (await browser.sign_in("claire")).status_code == 200
        assert (await browser.sign_in("claire")).status_code == 429


async def test_the_log_says_who_signs_in_and_holds_no_secret(browser: Browser) -> None:
    with capture_logs() as entries:
        user_id = (await browser.sign_in("claire")).json()["user"]["id"]
        await browser.sign_in("claire", "not the password")
        made = await browser.send("POST", "/me/tokens", json={"name": "a name of mine"})
        await browser.http.get("/api/v1/me", headers={"Authorization": f"Bearer {made.json()['secret']}"})
    events = {entry["event"]: entry for entry in entries}
    assert events["account.signed_in"]["user_id"] == user_id
    assert events["account.sign_in_refused"]["user_id"] == user_id
    assert events["token.created"]["user_id"] == user_id
    shown = repr(entries)
    secrets = [PASSWORD, "not the password", browser.csrf_token, made.json()["secret"]]
    assert not [secret for secret in [*secrets, browser.http.cookies["scribe_session"]] if secret in shown]


# --- the own name -----------------------------------------------------------------------------------------------------


async def test_everybody_may_change_their_display_name_and_nothing_else(browser: Browser) -> None:
    await browser.sign_in("claire")
    changed = await browser.send("PATCH", "/me", json={"display_name": "  Claire Martin "})
    assert changed.status_code == 200
    assert changed.json() == (await browser.get("/me")).json()
    assert changed.json()["user"]["display_name"] == "Claire Martin"
    assert changed.json()["csrf_token"] == browser.csrf_token
    for wish in ({"role": "admin"}, {"display_name": "x", "role": "admin"}, {"display_name": "x" * 101}, {}):
        assert (await browser.send("PATCH", "/me", json=wish)).status_code == 422
    assert (await browser.get("/me")).json()["user"]["role"] == "member"
