"""Every route is closed unless it says otherwise: found by walking over the application, not by a list in a test."""

from collections.abc import Callable, Iterator
from typing import Any, get_args
from uuid import uuid4

import httpx
import pytest
from fastapi import FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.routing import RouteContext, iter_route_contexts

from scribe.api.routes.operations import scraper
from scribe.api.security import OPEN_ROUTES, Administrator, Reader, Writer, principal
from scribe.core.ids import uuid7
from scribe.domain.accounts import Principal, Role, Scope
from scribe.domain.meeting import UserId

GATES = tuple(get_args(kind)[1].dependency for kind in (Reader, Writer, Administrator))
READER, WRITER, ADMINISTRATOR = GATES
TUS = {"Tus-Resumable": "1.0.0"}
"""Without it, a resumable upload answers 412 to everybody."""


def routes_of(app: FastAPI) -> Iterator[RouteContext]:
    yield from iter_route_contexts(app.routes)


def gates_of(route: RouteContext) -> set[Callable[..., Any]]:
    """Which of the three dependencies stand before this route, at any depth."""

    def calls(dependant: Dependant) -> Iterator[Any]:
        yield dependant.call
        for inner in dependant.dependencies:
            yield from calls(inner)

    dependant = getattr(route, "dependant", None)
    return set() if dependant is None else set(calls(dependant)) & set(GATES)


def address_of(route: RouteContext) -> str:
    """With something in place of each parameter."""
    pieces = (route.path or "").split("/")
    return "/".join(str(uuid4()) if piece.startswith("{") else piece for piece in pieces)


def is_open(route: RouteContext) -> bool:
    return route.path in OPEN_ROUTES


def methods_of(route: RouteContext) -> list[str]:
    return sorted(route.methods or {"GET"})


def test_there_are_routes_to_walk_over(app: FastAPI) -> None:
    closed = {route.path for route in routes_of(app) if not is_open(route)}
    assert {"/api/v1/me", "/api/v1/users/{user_id}"} <= closed


def test_every_route_that_is_not_open_stands_behind_one_of_the_three_gates(app: FastAPI) -> None:
    ungated = [route for route in routes_of(app) if not is_open(route) and not gates_of(route)]
    assert {route.path for route in ungated} == {"/metrics"}
    assert scraper in {dependant.call for dependant in ungated[0].dependant.dependencies}  # a setting may open it


def test_no_route_that_changes_something_is_content_with_a_reader(app: FastAPI) -> None:
    own_account = {"/api/v1/auth/logout", "/api/v1/auth/password"}
    lax = [
        (method, route.path)
        for route in routes_of(app)
        if not is_open(route) and route.path not in own_account
        for method in methods_of(route)
        if method in {"POST", "PUT", "PATCH", "DELETE"} and not gates_of(route) & {WRITER, ADMINISTRATOR}
    ]
    assert lax == []


async def test_without_credentials_every_closed_route_answers_401_to_every_method(
    app: FastAPI, anonymous: httpx.AsyncClient
) -> None:
    wrong = {}
    for route in routes_of(app):
        for method in methods_of(route):
            if is_open(route):
                continue
            answer = await anonymous.request(method, address_of(route), headers=TUS)
            if answer.status_code != 401:
                wrong[method, route.path] = answer.status_code
    assert wrong == {}


async def test_with_a_wrong_token_or_cookie_every_closed_route_answers_401(
    app: FastAPI, anonymous: httpx.AsyncClient
) -> None:
    wrong = {}
    for header in ({"Authorization": "Bearer smscribe_wrong"}, {"Cookie": "scribe_session=wrong"}):
        for route in routes_of(app):
            for method in methods_of(route):
                if is_open(route):
                    continue
                answer = await anonymous.request(method, address_of(route), headers=header | TUS)
                if answer.status_code != 401:
                    wrong[method, route.path, *header] = answer.status_code
    assert wrong == {}


async def test_members_get_403_from_every_administrators_route(app: FastAPI, client: httpx.AsyncClient) -> None:
    asked, wrong = 0, {}
    for route in routes_of(app):
        if ADMINISTRATOR not in gates_of(route):
            continue
        for method in methods_of(route):
            asked += 1
            answer = await client.request(method, address_of(route), headers=TUS)
            if answer.status_code != 403:
                wrong[method, route.path] = answer.status_code
    assert asked >= 6
    assert wrong == {}


@pytest.mark.parametrize("scope", list(Scope))
async def test_each_gate_asks_for_its_own_scope(app: FastAPI, anonymous: httpx.AsyncClient, scope: Scope) -> None:
    """A token may have any one of the scopes alone."""
    only = Principal(UserId(uuid7()), "x", Role.ADMIN, frozenset({scope}), token_id=uuid4())
    app.dependency_overrides[principal] = lambda: only
    needed = {READER: Scope.READ, WRITER: Scope.WRITE, ADMINISTRATOR: Scope.ADMIN}
    wrong = {}
    for route in routes_of(app):
        wanted = {needed[gate] for gate in gates_of(route)}
        if is_open(route) or not wanted or wanted == {scope}:
            continue
        for method in methods_of(route):
            answer = await anonymous.request(method, address_of(route), headers=TUS)
            if answer.status_code != 403:
                wrong[method, route.path] = answer.status_code
    assert wrong == {}


def test_open_routes_are_those_that_must_be(app: FastAPI) -> None:
    there = {route.path for route in routes_of(app)}
    api_and_open = {path for path in OPEN_ROUTES & there if path and path.startswith("/api/")}
    assert api_and_open == {"/api/v1/auth/login"}


def test_the_documentation_offers_token_and_session(app: FastAPI) -> None:
    document = app.openapi()
    schemes = document["components"]["securitySchemes"]
    assert schemes["api_token"] == schemes["api_token"] | {"type": "http", "scheme": "bearer"}
    assert schemes["session"] == schemes["session"] | {"type": "apiKey", "in": "cookie", "name": "scribe_session"}
    alternatives = document["paths"]["/api/v1/me"]["get"]["security"]
    assert sorted(name for way in alternatives for name in way) == ["api_token", "session"]
    assert all(len(way) == 1 for way in alternatives)  # either of them, not both
    assert "security" not in document["paths"]["/api/v1/auth/login"]["post"]
