"""Who makes the request, and whether the route is open to them.

Every route takes one of ``Reader``, ``Writer``, ``Administrator``, or is named in ``OPEN_ROUTES``; a test walks over
all routes and fails on any other. An API token goes before a cookie: a wrong one is refused, whatever cookie there is.

Usage::

    async def read(meeting_id: UUID, reader: Reader, ctx: Ctx) -> MeetingOut: ...
"""

from collections.abc import Awaitable, Callable
from typing import Annotated
from urllib.parse import urlsplit

from fastapi import Depends, Request
from fastapi.security import APIKeyCookie, HTTPBearer
from fastapi.security.http import HTTPAuthorizationCredentials

from scribe.api.context import Context, Ctx
from scribe.core.acting import act_as
from scribe.core.config import ApiSettings
from scribe.core.tokens import is_same
from scribe.domain.accounts import Principal, Scope
from scribe.domain.audit import Actor, ActorKind
from scribe.domain.errors import CsrfError, ForbiddenError, NotSignedInError, PasswordChangeError
from scribe.services.accounts import by_session, by_token

OPEN_ROUTES = frozenset(
    {
        "/health/live",
        "/health/ready",
        "/docs",
        "/docs/{path:path}",
        "/openapi.json",
        "/api/v1/auth/login",
    }
)
OPEN_WITH_ONE_TIME_PASSWORD = frozenset(
    {("GET", "/api/v1/me"), ("POST", "/api/v1/auth/password"), ("POST", "/api/v1/auth/logout")}
)
"""All that a session may do before its user has chosen a password."""

COOKIE = "scribe_session"
SECURE_COOKIE = f"__Host-{COOKIE}"
"""Browsers take it only over https, for this host and all its paths: no neighbour can set it (RFC 6265bis)."""
CSRF_HEADER = "X-CSRF-Token"
_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})

# Both only tell OpenAPI what there is, for Swagger's Authorize; what counts is read below.
_declares_token = HTTPBearer(
    scheme_name="api_token", auto_error=False, description="A personal API token: `scribe token create` makes one."
)
_declares_cookie = APIKeyCookie(
    name=COOKIE,
    scheme_name="session",
    auto_error=False,
    description=f"Set by `POST /api/v1/auth/login`; named `{SECURE_COOKIE}` over https. Methods that change something "
    f"also need the header `{CSRF_HEADER}`.",
)


async def principal(
    request: Request,
    ctx: Ctx,
    _token: Annotated[HTTPAuthorizationCredentials | None, Depends(_declares_token)],
    _cookie: Annotated[str | None, Depends(_declares_cookie)],
) -> Principal:
    """From here on they act, for the audit log. Raises: NotSignedInError, CsrfError, PasswordChangeError."""
    who = await _proved(request, ctx)
    act_as(_actor(who))
    return who


async def _proved(request: Request, ctx: Context) -> Principal:
    scheme, _, bearer = request.headers.get("authorization", "").strip().partition(" ")
    if scheme.lower() == "bearer":
        return await by_token(ctx.units, bearer.strip())
    secret = session_secret(request, ctx.settings.api)
    if not secret:
        raise NotSignedInError("Sign in first, or send an API token as `Authorization: Bearer <token>`.")
    found = await by_session(ctx.units, secret, ctx.settings.api)
    if request.method not in _SAFE_METHODS:
        check_origin(request, ctx.settings.api)
        if not is_same(request.headers.get(CSRF_HEADER, ""), found.csrf_token):
            raise CsrfError(f"The header {CSRF_HEADER} must hold the token that signing in gave.")
    if found.must_change_password and (request.method, _path(request)) not in OPEN_WITH_ONE_TIME_PASSWORD:
        raise PasswordChangeError("Choose a password of your own first: POST /api/v1/auth/password.")
    return found.principal


def requires(scope: Scope) -> Callable[[Principal], Awaitable[Principal]]:
    async def check(who: Annotated[Principal, Depends(principal)]) -> Principal:
        act_as(_actor(who))
        if scope not in who.scopes:
            raise ForbiddenError(f"This needs the scope `{scope}`.")
        return who

    return check


def _actor(who: Principal) -> Actor:
    return Actor(ActorKind.SESSION if who.token_id is None else ActorKind.TOKEN, who.user_id, who.token_id)


Reader = Annotated[Principal, Depends(requires(Scope.READ))]
Writer = Annotated[Principal, Depends(requires(Scope.WRITE))]
Administrator = Annotated[Principal, Depends(requires(Scope.ADMIN))]


def is_secure(request: Request, settings: ApiSettings) -> bool:
    return request.url.scheme == "https" or (settings.public_url or "").lower().startswith("https://")


def cookie_name(request: Request, settings: ApiSettings) -> str:
    return SECURE_COOKIE if is_secure(request, settings) else COOKIE


def session_secret(request: Request, settings: ApiSettings) -> str | None:
    return request.cookies.get(cookie_name(request, settings))


def check_origin(request: Request, settings: ApiSettings) -> None:
    """A browser says which site a request comes from; programs say nothing. Raises: CsrfError."""
    origin = request.headers.get("origin")
    if origin is None:
        return
    own = {request.headers.get("host", "").lower(), _host(settings.public_url or "")} - {""}
    if _host(origin) not in own:
        raise CsrfError("The request comes from another site: set SCRIBE_API__PUBLIC_URL to what users type.")


def _host(url: str) -> str:
    try:
        return urlsplit(url).netloc.lower()
    except ValueError:
        return ""


def _path(request: Request) -> str:
    return request.url.path.removeprefix(request.scope.get("root_path", ""))
