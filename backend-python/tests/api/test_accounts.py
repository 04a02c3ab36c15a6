"""Signing in, CSRF, one-time passwords, sessions and API tokens, over HTTP."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import func, select, update

from scribe.adapters.unit_of_work import UnitOfWorkFactory
from scribe.core.config import Settings
from scribe.core.models_db import ApiTokenRow, SessionRow, UserRow
from scribe.domain.accounts import Principal, Role
from scribe.main import create_app
from tests.api.signing import PASSWORD, Browser, add_account

OTHER_PASSWORD = "four other words here"


@pytest.fixture
async def browser(app: FastAPI, units: UnitOfWorkFactory) -> AsyncIterator[Browser]:
    """Of claire, not yet signed in."""
    await add_account(units, "claire")
    async with browser_of(app) as browser:
        yield browser


class browser_of:  # noqa: N801 -- reads as a statement
    def __init__(self, app: FastAPI, base_url: str = "http://scribe.test") -> None:
        transport = httpx.ASGITransport(app, raise_app_exceptions=False, client=("192.0.2.7", 1234))
        self._http = httpx.AsyncClient(transport=transport, base_url=base_url)

    async def __aenter__(self) -> Browser:
        return Browser(await self._http.__aenter__())

    async def __aexit__(self, *ending: object) -> None:
        await self._http.__aexit__()


# --- signing in -------------------------------------------------------------------------------------------------------


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


async def test_a_request_to_sign_in_that_is_huge_is_refused(browser: Browser) -> None:
    answer = await browser.http.post("/api/v1/auth/login", json={"username": "claire", "password": "a" * 100_000})
    assert answer.status_code == 413


async def test_a_password_is_right_however_the_keyboard_composes_its_accents(
    app: FastAPI, units: UnitOfWorkFactory
) -> None:
    from scribe.core.passwords import hash_password

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


async def test_many_sign_ins_at_once_leave_the_loop_free(app: FastAPI, units: UnitOfWorkFactory) -> None:
    await add_account(units, "claire")

    async def sign_in(number: int) -> int:
        transport = httpx.ASGITransport(app, client=(f"198.51.100.{number}", 1))
        async with httpx.AsyncClient(transport=transport, base_url="http://scribe.test") as http:
            return (await Browser(http).sign_in(f"user{number}", "not the password")).status_code

    longest_s, is_over = 0.0, asyncio.Event()

    async def watch() -> None:
        nonlocal longest_s
        clock = asyncio.get_running_loop().time
        while not is_over.is_set():
            before = clock()
            await asyncio.sleep(0.005)
            longest_s = max(longest_s, clock() - before)

    watching = asyncio.create_task(watch())
    statuses = await asyncio.gather(*(sign_in(number) for number in range(50)))
    is_over.set()
    await watching
    assert statuses == [401] * 50
    assert longest_s < 1.0  # hashed on the loop, 50 would hold it for two seconds


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


# --- sessions ---------------------------------------------------------------------------------------------------------


async def test_a_session_lasts_as_long_as_it_is_used(browser: Browser, units: UnitOfWorkFactory) -> None:
    await browser.sign_in("claire")

    async def last_seen(age: timedelta, left: timedelta) -> None:
        async with units() as unit:
            await unit.session.execute(
                update(SessionRow).values(last_seen_at=func.now() - age, expires_at=func.now() + left)
            )

    await last_seen(timedelta(days=13), timedelta(days=1))
    assert (await browser.get("/me")).status_code == 200
    async with units() as unit:
        left = await unit.session.scalar(select(SessionRow.expires_at - func.now()))
    assert left is not None
    assert left > timedelta(days=13, hours=23)
    await last_seen(timedelta(days=14), timedelta(0))
    assert (await browser.get("/me")).status_code == 401


async def test_last_use_is_written_at_most_once_a_minute(browser: Browser, units: UnitOfWorkFactory) -> None:
    await browser.sign_in("claire")
    secret = (await browser.send("POST", "/me/tokens", json={"name": "x"})).json()["secret"]
    headers = {"Authorization": f"Bearer {secret}"}

    async def seen() -> tuple[object, object]:
        async with units() as unit:
            return (
                await unit.session.scalar(select(SessionRow.last_seen_at)),
                await unit.session.scalar(select(ApiTokenRow.last_used_at)),
            )

    await browser.http.get("/api/v1/me", headers=headers)
    before = await seen()
    assert before[1] is not None
    await browser.get("/me")
    await browser.http.get("/api/v1/me", headers=headers)
    assert await seen() == before


async def test_sessions_are_listed_and_can_be_ended_one_by_one(browser: Browser, app: FastAPI) -> None:
    await browser.sign_in("claire")
    async with browser_of(app) as second:
        await second.sign_in("claire")
        items = (await browser.get("/me/sessions")).json()["items"]
        assert [item["is_current"] for item in items].count(True) == 1
        other = next(item["id"] for item in items if not item["is_current"])
        assert (await browser.send("DELETE", f"/me/sessions/{other}")).status_code == 204
        assert (await browser.send("DELETE", f"/me/sessions/{other}")).status_code == 404
        assert (await second.get("/me")).status_code == 401
    assert (await browser.get("/me")).status_code == 200


async def test_nobody_ends_the_session_of_another(browser: Browser, app: FastAPI, units: UnitOfWorkFactory) -> None:
    await add_account(units, "anne")
    await browser.sign_in("claire")
    claires = (await browser.get("/me/sessions")).json()["items"][0]["id"]
    async with browser_of(app) as annes:
        await annes.sign_in("anne")
        assert (await annes.send("DELETE", f"/me/sessions/{claires}")).status_code == 404
    assert (await browser.get("/me")).status_code == 200


async def test_a_browser_that_calls_itself_something_odd_can_sign_in(browser: Browser) -> None:
    answer = await browser.http.post(
        "/api/v1/auth/login",
        json={"username": "claire", "password": PASSWORD},
        headers={"User-Agent": b"Mozilla\x7f\x80" + b"x" * 4000},
    )
    assert answer.status_code == 200
    shown = (await browser.get("/me/sessions")).json()["items"][0]["user_agent"]
    assert shown.startswith("Mozillax")
    assert len(shown) == 200


# --- API tokens -------------------------------------------------------------------------------------------------------


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
