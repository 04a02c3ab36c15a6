"""How long a session lives, and who can see and end it."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from fastapi import FastAPI
from sqlalchemy import func, select, update

from scribe.adapters.unit_of_work import UnitOfWorkFactory
from scribe.core.models_db import ApiTokenRow, SessionRow
from tests.api.signing import PASSWORD, Browser, add_account, browser_of


@pytest.fixture
async def browser(app: FastAPI, units: UnitOfWorkFactory) -> AsyncIterator[Browser]:
    """Of claire, not yet signed in."""
    await add_account(units, "claire")
    async with browser_of(app) as browser:
        yield browser


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
