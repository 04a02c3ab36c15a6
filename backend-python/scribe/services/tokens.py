"""Personal API tokens: made, listed, revoked by the user they belong to.

Owns that a token never gives more than whoever made it had: no further scope, and from a token no longer life. Never
checks a request (``accounts.by_token`` does).

Usage::

    made = await create_token(units, principal, TokenWish("laptop", frozenset({Scope.READ}), timedelta(days=365)))
    print(made.secret)
"""

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from scribe.adapters.accounts import NewToken
from scribe.adapters.unit_of_work import UnitOfWorkFactory
from scribe.core.logging import get_logger
from scribe.core.tokens import SHOWN_CHARACTERS, digest, new_api_token
from scribe.domain.accounts import ApiToken, Principal, Scope
from scribe.domain.audit import Action, Detail
from scribe.domain.errors import ConflictError, ForbiddenError, NotFoundError, NotSignedInError

MAX_TOKENS = 100
"""Per user: a program that makes a new one at every start should be noticed."""


@dataclass(frozen=True, slots=True)
class TokenWish:
    name: str
    scopes: frozenset[Scope]
    lasts: timedelta | None
    """``None``: for ever."""


@dataclass(frozen=True, slots=True)
class TokenMade:
    token: ApiToken
    secret: str
    """Shown this once."""


async def create_token(units: UnitOfWorkFactory, maker: Principal, wish: TokenWish) -> TokenMade:
    """Raises: ForbiddenError (a scope or a life that the maker has not), ConflictError (too many)."""
    if missing := wish.scopes - maker.scopes:
        raise ForbiddenError(f"You cannot give what you have not: {', '.join(sorted(missing))}.")
    secret = new_api_token()
    async with units() as unit:
        if await unit.accounts.user(maker.user_id, for_update=True) is None:
            raise NotSignedInError("Your account was removed a moment ago.")
        if len(await unit.accounts.tokens_of(maker.user_id)) >= MAX_TOKENS:
            raise ConflictError(f"You have {MAX_TOKENS} tokens: revoke those you do not use.")
        if maker.token_id is not None:
            left = await unit.accounts.token_left(maker.token_id)
            if left is not None and (wish.lasts is None or wish.lasts > left):
                raise ForbiddenError("A token cannot make one that outlives it: ask for fewer days, or sign in.")
        token = await unit.accounts.add_token(
            NewToken(maker.user_id, wish.name, digest(secret), secret[:SHOWN_CHARACTERS], wish.scopes, wish.lasts)
        )
        detail: Detail = {"token_id": str(token.id), "scopes": sorted(wish.scopes)}
        unit.record(Action.TOKEN_CREATED, subject_id=maker.user_id, detail=detail)
    get_logger().info("token.created", user_id=str(maker.user_id), token_id=str(token.id), scopes=sorted(wish.scopes))
    return TokenMade(token, secret)


async def list_tokens(units: UnitOfWorkFactory, owner: Principal) -> list[ApiToken]:
    """Those not revoked, the latest first."""
    async with units() as unit:
        return await unit.accounts.tokens_of(owner.user_id)


async def revoke_token(units: UnitOfWorkFactory, owner: Principal, token_id: UUID) -> None:
    """At once, for every process. Raises: NotFoundError."""
    async with units() as unit:
        was_there = await unit.accounts.revoke_token(token_id, owner.user_id)
        if was_there:
            unit.record(Action.TOKEN_REVOKED, subject_id=owner.user_id, detail={"token_id": str(token_id)})
    if not was_there:
        raise NotFoundError("You have no such token.")
    get_logger().info("token.revoked", user_id=str(owner.user_id), token_id=str(token_id))
