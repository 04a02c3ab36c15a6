"""Administering users, over HTTP."""

import asyncio

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import delete, func

from scribe.adapters.unit_of_work import UnitOfWorkFactory
from scribe.core.config import Settings
from scribe.core.ids import uuid7
from scribe.core.models_db import UploadRow
from scribe.domain.accounts import Principal, Role
from tests.api.introducing import add_person
from tests.api.signing import PASSWORD, Browser, add_account


@pytest.fixture
def admin(client: httpx.AsyncClient, act_as, administrator: Principal) -> httpx.AsyncClient:
    act_as(administrator)
    return client


async def test_a_new_user_signs_in_with_the_one_time_password(
    admin: httpx.AsyncClient, app: FastAPI, anonymous: httpx.AsyncClient
) -> None:
    made = await admin.post("/api/v1/users", json={"username": "Denis", "display_name": "Denis Petit"})
    assert made.status_code == 201
    user, password = made.json()["user"], made.json()["one_time_password"]
    assert made.headers["location"] == f"/api/v1/users/{user['id']}"
    assert (user["username"], user["role"], user["must_change_password"]) == ("denis", "member", True)
    assert (await admin.get(made.headers["location"])).json() == user
    app.dependency_overrides.clear()
    answer = await Browser(anonymous).sign_in("denis", password)
    assert answer.json()["must_change_password"] is True


async def test_a_name_is_given_once(admin: httpx.AsyncClient) -> None:
    assert (await admin.post("/api/v1/users", json={"username": "denis"})).status_code == 201
    again = await admin.post("/api/v1/users", json={"username": "DENIS"})
    assert again.status_code == 409
    assert again.json()["code"] == "request.conflict"


@pytest.mark.parametrize(
    "body",
    [
        {"username": "d"},
        {"username": "d" * 65},
        {"username": "dénis"},
        {"username": "de nis"},
        {"username": "de\0nis"},
        {"username": "denis", "role": "god"},
        {"username": "denis", "display_name": "a\0b"},
        {"username": "denis", "display_name": "x" * 101},
        {"username": "denis", "is_active": False},
    ],
)
async def test_what_cannot_be_a_user_is_refused(admin: httpx.AsyncClient, body: dict[str, object]) -> None:
    assert (await admin.post("/api/v1/users", json=body)).status_code == 422


async def test_users_are_listed_page_by_page(admin: httpx.AsyncClient, units: UnitOfWorkFactory) -> None:
    for name in ("anne", "bruno", "denis"):
        await add_account(units, name)
    names, cursor = [], None
    for _ in range(10):
        page = (await admin.get("/api/v1/users", params={"limit": 2} | ({"cursor": cursor} if cursor else {}))).json()
        names += [user["username"] for user in page["items"]]
        assert len(page["items"]) <= 2
        cursor = page["next"]
        if cursor is None:
            break
    assert names == ["anne", "bruno", "claire", "denis", "root"]


@pytest.mark.parametrize("cursor", ["nonsense", "AAAA", "é", "Zm9v\0", "////"])
async def test_a_cursor_nobody_gave_is_refused(admin: httpx.AsyncClient, cursor: str) -> None:
    assert (await admin.get("/api/v1/users", params={"cursor": cursor})).status_code == 422


async def test_a_page_is_never_larger_than_the_settings_allow(admin: httpx.AsyncClient, api_settings: Settings) -> None:
    assert (await admin.get("/api/v1/users", params={"limit": api_settings.api.max_page + 1})).status_code == 422


async def test_the_last_administrator_can_be_neither_demoted_nor_deactivated_nor_deleted(
    admin: httpx.AsyncClient, administrator: Principal, units: UnitOfWorkFactory
) -> None:
    path = f"/api/v1/users/{administrator.user_id}"
    await admin.post("/api/v1/users", json={"username": "other", "role": "admin"})
    other = (await admin.get("/api/v1/users")).json()["items"][1]
    assert (await admin.patch(f"/api/v1/users/{other['id']}", json={"is_active": False})).status_code == 200
    assert (await admin.patch(path, json={"role": "member"})).status_code == 409
    assert (await admin.patch(path, json={"is_active": False})).status_code == 409
    assert (await admin.delete(path)).status_code == 409
    assert (await admin.patch(path, json={"display_name": "Root"})).json()["display_name"] == "Root"
    assert (await admin.patch(f"/api/v1/users/{other['id']}", json={"is_active": True})).status_code == 200
    assert (await admin.patch(path, json={"role": "member"})).json()["role"] == "member"


async def test_two_administrators_who_remove_each_other_at_once_leave_one(
    admin: httpx.AsyncClient, units: UnitOfWorkFactory
) -> None:
    ids = [str(await add_account(units, f"chief{number}", Role.ADMIN)) for number in range(6)]
    ids.append((await admin.get("/api/v1/users")).json()["items"][-1]["id"])
    answers = await asyncio.gather(
        *(admin.patch(f"/api/v1/users/{user_id}", json={"role": "member"}) for user_id in ids)
    )
    assert sorted(answer.status_code for answer in answers) == [200] * 6 + [409]


async def test_deactivating_somebody_signs_them_out_at_once(
    admin: httpx.AsyncClient,
    app: FastAPI,
    units: UnitOfWorkFactory,
    administrator: Principal,
    act_as,
) -> None:
    user_id = await add_account(units, "denis")
    app.dependency_overrides.clear()
    browser = Browser(admin)
    await browser.sign_in("denis")
    assert (await browser.get("/me")).status_code == 200
    act_as(administrator)
    answer = await admin.patch(f"/api/v1/users/{user_id}", json={"is_active": False})
    assert answer.json()["is_active"] is False
    app.dependency_overrides.clear()
    assert (await browser.get("/me")).status_code == 401
    act_as(administrator)
    await admin.patch(f"/api/v1/users/{user_id}", json={"is_active": True})
    app.dependency_overrides.clear()
    assert (await browser.get("/me")).status_code == 401  # the session is gone, not asleep
    assert (await browser.sign_in("denis")).status_code == 200


async def test_a_reset_password_works_once_and_the_old_one_no_more(
    admin: httpx.AsyncClient, app: FastAPI, units: UnitOfWorkFactory
) -> None:
    user_id = await add_account(units, "denis")
    password = (await admin.post(f"/api/v1/users/{user_id}/reset-password")).json()["one_time_password"]
    app.dependency_overrides.clear()
    browser = Browser(admin)
    assert (await browser.sign_in("denis", PASSWORD)).status_code == 401
    assert (await browser.sign_in("denis", password)).json()["must_change_password"] is True


async def test_only_a_user_who_owns_nothing_can_be_deleted(admin: httpx.AsyncClient, units: UnitOfWorkFactory) -> None:
    user_id = await add_account(units, "denis")
    upload_id = uuid7()
    async with units() as unit:
        unit.session.add(UploadRow(id=upload_id, owner_id=user_id, length_bytes=1, metadata_={}, expires_at=func.now()))
    assert (await admin.delete(f"/api/v1/users/{user_id}")).status_code == 409
    async with units() as unit:
        await unit.session.execute(delete(UploadRow))
    person = await add_person(units, user_id, "Claire")
    assert (await admin.delete(f"/api/v1/users/{user_id}")).status_code == 409
    async with units() as unit:
        await unit.people.delete(person.id)
    assert (await admin.delete(f"/api/v1/users/{user_id}")).status_code == 204
    assert (await admin.delete(f"/api/v1/users/{user_id}")).status_code == 404
    assert (await admin.get(f"/api/v1/users/{user_id}")).status_code == 404


async def test_a_role_that_is_taken_away_is_away_with_the_next_request(
    admin: httpx.AsyncClient,
    app: FastAPI,
    units: UnitOfWorkFactory,
    act_as,
    administrator: Principal,
) -> None:
    user_id = await add_account(units, "denis", Role.ADMIN)
    app.dependency_overrides.clear()
    browser = Browser(admin)
    await browser.sign_in("denis")
    wish = {"name": "x", "scopes": ["read", "admin"]}
    secret = (await browser.send("POST", "/me/tokens", json=wish)).json()["secret"]
    bearer = {"Authorization": f"Bearer {secret}"}
    assert (await browser.get("/users")).status_code == 200
    assert (await admin.get("/api/v1/users", headers=bearer)).status_code == 200
    act_as(administrator)
    await admin.patch(f"/api/v1/users/{user_id}", json={"role": "member"})
    app.dependency_overrides.clear()
    assert (await browser.get("/users")).status_code == 403
    assert (await admin.get("/api/v1/users", headers=bearer)).status_code == 403
    assert (await admin.get("/api/v1/me", headers=bearer)).json()["scopes"] == ["read"]
