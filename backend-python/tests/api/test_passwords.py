"""CSRF, one-time passwords, changing the password, over HTTP."""

from collections.abc import AsyncIterator

import pytest
from fastapi import FastAPI

from scribe.adapters.unit_of_work import UnitOfWorkFactory
from scribe.domain.accounts import Role
from tests.api.signing import OTHER_PASSWORD, PASSWORD, Browser, add_account, browser_of


@pytest.fixture
async def browser(app: FastAPI, units: UnitOfWorkFactory) -> AsyncIterator[Browser]:
    """Of claire, not yet signed in."""
    await add_account(units, "claire")
    async with browser_of(app) as browser:
        yield browser


# --- CSRF -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("token", [None, "", "wrong", "é"])
async def test_a_session_changes_nothing_without_its_csrf_token(browser: Browser, token: str | None) -> None:
    await browser.sign_in("claire")
    headers = {} if token is None else {"X-CSRF-Token": token.encode()}
    answer = await browser.http.post("/api/v1/me/tokens", json={"name": "x"}, headers=headers)
    assert answer.status_code == 403
    assert answer.json()["code"] == "access.csrf"


async def test_the_csrf_token_of_another_session_is_of_no_use(browser: Browser, app: FastAPI) -> None:
    await browser.sign_in("claire")
    async with browser_of(app) as second:
        await second.sign_in("claire")
        answer = await browser.send(
            "POST", "/me/tokens", json={"name": "x"}, headers={"X-CSRF-Token": second.csrf_token}
        )
    assert answer.status_code == 403


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://scribe.test.evil.example", "http://[", ""])
async def test_another_site_can_neither_use_a_session_nor_sign_anybody_in(browser: Browser, origin: str) -> None:
    await browser.sign_in("claire")
    answer = await browser.send("POST", "/me/tokens", json={"name": "x"}, headers={"Origin": origin})
    assert answer.status_code == 403
    assert answer.json()["code"] == "access.csrf"
    answer = await browser.http.post(
        "/api/v1/auth/login", json={"username": "claire", "password": PASSWORD}, headers={"Origin": origin}
    )
    assert answer.status_code == 403


async def test_the_own_site_may(browser: Browser) -> None:
    await browser.sign_in("claire")
    answer = await browser.send("POST", "/me/tokens", json={"name": "x"}, headers={"Origin": "http://scribe.test"})
    assert answer.status_code == 201


async def test_a_form_of_another_site_cannot_sign_anybody_in(browser: Browser) -> None:
    answer = await browser.http.post(
        "/api/v1/auth/login",
        content=f'{{"username": "claire", "password": "{PASSWORD}"}}',
        headers={"content-type": "text/plain"},
    )
    assert answer.status_code == 422


# --- passwords --------------------------------------------------------------------------------------------------------


async def test_a_one_time_password_lets_nothing_through_but_choosing_another(
    app: FastAPI, units: UnitOfWorkFactory
) -> None:
    await add_account(units, "root", Role.ADMIN, must_change_password=True)
    async with browser_of(app) as browser:
        assert (await browser.sign_in("root")).json()["must_change_password"] is True
        assert (await browser.get("/me")).json()["must_change_password"] is True
        for method, path in [("GET", "/users"), ("GET", "/me/tokens"), ("POST", "/me/tokens"), ("GET", "/me/sessions")]:
            answer = await browser.send(method, path)
            assert answer.status_code == 403, path
            assert answer.json()["code"] == "access.password_change_required"
        change = {"current_password": PASSWORD, "new_password": OTHER_PASSWORD}
        answer = await browser.send("POST", "/auth/password", json=change)
        assert answer.status_code == 200
        assert answer.json()["must_change_password"] is False
        assert (await browser.get("/users")).status_code == 200


async def test_changing_the_password_ends_every_session_and_gives_this_browser_a_new_one(
    browser: Browser, app: FastAPI
) -> None:
    await browser.sign_in("claire")
    before = browser.http.cookies["scribe_session"]
    async with browser_of(app) as second:
        await second.sign_in("claire")
        answer = await browser.send(
            "POST", "/auth/password", json={"current_password": PASSWORD, "new_password": OTHER_PASSWORD}
        )
        assert answer.status_code == 200
        assert answer.json()["csrf_token"] != browser.csrf_token
        assert (await second.get("/me")).status_code == 401
    assert browser.http.cookies["scribe_session"] != before
    assert (await browser.get("/me")).status_code == 200
    assert (await browser.sign_in("claire")).status_code == 401
    assert (await browser.sign_in("claire", OTHER_PASSWORD)).status_code == 200


@pytest.mark.parametrize(
    ("current", "new", "code"),
    [
        ("not the password", OTHER_PASSWORD, "access.wrong_credentials"),
        (PASSWORD, PASSWORD, "access.weak_password"),
        (PASSWORD, "nine char", "access.weak_password"),
        (PASSWORD, "Password123", "access.weak_password"),
        (PASSWORD, "aaaaaaaaaaaa", "access.weak_password"),
    ],
)
async def test_a_password_is_only_changed_for_a_better_one(browser: Browser, current: str, new: str, code: str) -> None:
    await browser.sign_in("claire")
    answer = await browser.send("POST", "/auth/password", json={"current_password": current, "new_password": new})
    assert answer.json()["code"] == code
    assert (await browser.sign_in("claire")).status_code == 200


async def test_the_current_password_cannot_be_guessed_from_a_stolen_session(browser: Browser) -> None:
    await browser.sign_in("claire")
    guess = {"current_password": "not the password", "new_password": OTHER_PASSWORD}
    statuses = [(await browser.send("POST", "/auth/password", json=guess)).status_code for _ in range(10)]
    assert statuses == [401] * 9 + [429]
