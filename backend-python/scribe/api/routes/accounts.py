"""Signing in and out, and what belongs to whoever is signed in. (Administering users: ``users.py``.)"""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Request, Response, status

from scribe.api.context import Ctx
from scribe.api.errors import problems
from scribe.api.schemas.accounts import (
    LoginIn,
    MeChangesIn,
    MeOut,
    PasswordIn,
    SessionOut,
    SessionsOut,
    SignedInOut,
    TokenIn,
    TokenMadeOut,
    TokenOut,
    TokensOut,
    UserOut,
)
from scribe.api.security import Reader, Writer, check_origin, cookie_name, is_secure, session_secret
from scribe.core.config import ApiSettings
from scribe.domain.accounts import Principal
from scribe.services import accounts, tokens
from scribe.services.accounts import Credentials, Me, Origin, SignedIn
from scribe.services.tokens import TokenWish

COOKIE_LIFE_S = 400 * 24 * 3600
"""The longest that browsers take (RFC 6265bis). When the session ends is decided here, by its last use."""

router = APIRouter(prefix="/api/v1", tags=["Accounts"])


@router.post(
    "/auth/login",
    operation_id="sign_in",
    summary="Sign in with user name and password",
    responses=problems(401, 403, 413, 422, 429, 503),
)
async def sign_in(login: LoginIn, request: Request, response: Response, ctx: Ctx) -> SignedInOut:
    """Sets the cookie of a new session; a session whose cookie came with the request ends."""
    settings = ctx.settings.api
    check_origin(request, settings)
    origin = Origin(
        address=request.client.host if request.client else "",
        user_agent=request.headers.get("user-agent", ""),
        session_secret=session_secret(request, settings),
    )
    signed_in = await accounts.sign_in(ctx.units, Credentials(login.username, login.password), origin, settings)
    _set_cookie(request, response, settings, signed_in)
    return SignedInOut.of(signed_in)


@router.post(
    "/auth/logout",
    operation_id="sign_out",
    summary="End this session",
    status_code=status.HTTP_204_NO_CONTENT,
    responses=problems(401, 403, 503),
)
async def sign_out(request: Request, response: Response, who: Reader, ctx: Ctx) -> None:
    await accounts.sign_out(ctx.units, who)
    settings = ctx.settings.api
    response.delete_cookie(
        cookie_name(request, settings), secure=is_secure(request, settings), httponly=True, samesite="lax"
    )


@router.post(
    "/auth/password",
    operation_id="change_password",
    summary="Choose another password",
    responses=problems(401, 403, 413, 422, 429, 503),
)
async def change_password(
    change: PasswordIn, request: Request, response: Response, who: Reader, ctx: Ctx
) -> SignedInOut:
    """Every session of yours ends; this browser gets a new one, with a new CSRF token. API tokens go on."""
    settings = ctx.settings.api
    agent = request.headers.get("user-agent", "")
    signed_in = await accounts.change_password(
        ctx.units, who, change.current_password, change.new_password, agent, settings
    )
    _set_cookie(request, response, settings, signed_in)
    return SignedInOut.of(signed_in)


@router.get("/me", operation_id="read_me", summary="Who am I?", responses=problems(401, 403, 503))
async def read_me(who: Reader, ctx: Ctx) -> MeOut:
    return _me(await accounts.read_me(ctx.units, who), who)


@router.patch(
    "/me", operation_id="change_me", summary="Change my display name", responses=problems(401, 403, 413, 422, 503)
)
async def change_me(changes: MeChangesIn, who: Writer, ctx: Ctx) -> MeOut:
    return _me(await accounts.change_display_name(ctx.units, who, changes.display_name), who)


@router.get(
    "/me/sessions", operation_id="list_sessions", summary="Where I am signed in", responses=problems(401, 403, 503)
)
async def list_sessions(who: Reader, ctx: Ctx) -> SessionsOut:
    found = await accounts.list_sessions(ctx.units, who)
    return SessionsOut(items=[SessionOut.of(session, who.session_id) for session in found])


@router.delete(
    "/me/sessions/{session_id}",
    operation_id="end_session",
    summary="Sign out another browser of mine",
    status_code=status.HTTP_204_NO_CONTENT,
    responses=problems(401, 403, 404, 422, 503),
)
async def end_session(session_id: Annotated[str, Path(pattern=r"^[0-9a-f]{64}$")], who: Writer, ctx: Ctx) -> None:
    await accounts.end_session(ctx.units, who, bytes.fromhex(session_id))


@router.get("/me/tokens", operation_id="list_tokens", summary="My API tokens", responses=problems(401, 403, 503))
async def list_tokens(who: Reader, ctx: Ctx) -> TokensOut:
    """The latest first, expired ones among them; the tokens themselves are not kept."""
    return TokensOut(items=[TokenOut.of(token) for token in await tokens.list_tokens(ctx.units, who)])


@router.post(
    "/me/tokens",
    operation_id="create_token",
    summary="Make an API token",
    status_code=status.HTTP_201_CREATED,
    responses=problems(401, 403, 409, 413, 422, 503),
)
async def create_token(wish: TokenIn, who: Writer, ctx: Ctx) -> TokenMadeOut:
    """For programs: `Authorization: Bearer <secret>`. The secret is shown this once."""
    made = await tokens.create_token(ctx.units, who, TokenWish(wish.name, frozenset(wish.scopes), wish.lasts))
    return TokenMadeOut.of(made)


@router.delete(
    "/me/tokens/{token_id}",
    operation_id="revoke_token",
    summary="Revoke an API token of mine",
    status_code=status.HTTP_204_NO_CONTENT,
    responses=problems(401, 403, 404, 422, 503),
)
async def revoke_token(token_id: UUID, who: Writer, ctx: Ctx) -> None:
    await tokens.revoke_token(ctx.units, who, token_id)


def _me(me: Me, who: Principal) -> MeOut:
    return MeOut(
        user=UserOut.of(me.user),
        scopes=sorted(who.scopes),
        csrf_token=me.csrf_token,
        must_change_password=me.user.must_change_password,
    )


def _set_cookie(request: Request, response: Response, settings: ApiSettings, signed_in: SignedIn) -> None:
    response.set_cookie(
        cookie_name(request, settings),
        signed_in.session_secret,
        max_age=COOKIE_LIFE_S,
        secure=is_secure(request, settings),
        httponly=True,
        samesite="lax",  # strict would sign people out who follow a link to a transcript from their mail
    )
