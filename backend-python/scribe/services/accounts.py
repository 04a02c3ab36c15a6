"""Signing in: who a password, a cookie or an API token belongs to.

Owns what each of them proves and how it ends; never a cookie or a header (``api/security.py``), never who may do what
(``domain/accounts.py``). Users are administered in ``users.py``, API tokens made in ``tokens.py``.

Usage::

    signed_in = await sign_in(units, Credentials("claire", "..."), origin, rules)
    found = await by_session(units, cookie, rules)
    who = await by_token(units, bearer)
"""

from dataclasses import dataclass
from datetime import timedelta
from ipaddress import IPv6Address, ip_address, ip_network
from typing import NoReturn

from scribe.adapters.unit_of_work import UnitOfWork, UnitOfWorkFactory
from scribe.core.config import ApiSettings
from scribe.core.logging import get_logger
from scribe.core.passwords import check_new_password, hash_password, verify_password
from scribe.core.tokens import digest, new_csrf_token, new_one_time_password, new_session_id
from scribe.domain.accounts import FIRST_ADMINISTRATOR, ROLE_SCOPES, BrowserSession, Principal, Role, Scope, User
from scribe.domain.audit import Action, Actor, ActorKind
from scribe.domain.errors import ForbiddenError, NotFoundError, NotSignedInError, SignInError, WeakPasswordError
from scribe.services.rates import check_rate

__all__ = [
    "Credentials", "Me", "Origin", "SessionFound", "SignedIn", "by_session", "by_token", "change_display_name",
    "change_password", "check_rate", "end_session", "ensure_first_administrator", "list_sessions", "read_me",
    "sign_in", "sign_out",
]  # fmt: skip

USER_AGENT_LENGTH = 200
_ONE_MINUTE_S = 60.0


@dataclass(frozen=True, slots=True)
class Credentials:
    username: str
    """Lower case."""
    password: str


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a request to sign in came from."""

    address: str
    user_agent: str
    session_secret: str | None = None
    """Of the cookie that came with it: that session ends."""


@dataclass(frozen=True, slots=True)
class SignedIn:
    user: User
    session_secret: str
    """For the cookie; the database keeps its hash."""
    csrf_token: str


@dataclass(frozen=True, slots=True)
class SessionFound:
    principal: Principal
    csrf_token: str
    must_change_password: bool


@dataclass(frozen=True, slots=True)
class Me:
    user: User
    csrf_token: str | None
    """``None`` for an API token."""


async def sign_in(
    units: UnitOfWorkFactory, credentials: Credentials, origin: Origin, settings: ApiSettings
) -> SignedIn:
    """A new session. Raises: SignInError, the same whether there is such a user or not; RateLimitError."""
    name, limit = credentials.username, settings.logins_per_minute
    await check_rate(units, f"login:address:{_network(origin.address)}", limit, _ONE_MINUTE_S)
    await check_rate(units, f"login:name:{name}", limit, _ONE_MINUTE_S)
    async with units() as unit:
        user = await unit.accounts.user_named(name)
        stored = None if user is None else await unit.accounts.password_hash(user.id)
    verdict = await verify_password(credentials.password, stored)
    if user is None or not verdict.is_right:
        await _refused(units, user, origin)
    async with units() as unit:
        now = await unit.accounts.user(user.id, for_update=True)
        is_refused = now is None or not now.is_active or await unit.accounts.password_hash(user.id) != stored
        if now is not None and not is_refused:
            await unit.accounts.signed_in(user.id, new_hash=verdict.new_hash)
            if origin.session_secret is not None:
                await unit.accounts.end_session(digest(origin.session_secret))
            signed_in = await _new_session(unit, now, origin.user_agent, settings)
            unit.record(Action.SIGNED_IN, subject_id=user.id, actor=Actor(ActorKind.SESSION, user.id))
    if now is None or is_refused:
        await _refused(units, user, origin)
    get_logger().info("account.signed_in", user_id=str(user.id), address=origin.address)
    return signed_in


async def change_password(
    units: UnitOfWorkFactory, who: Principal, current: str, new: str, user_agent: str, settings: ApiSettings
) -> SignedIn:
    """A new session instead of this one; every other one of this user ends.

    Raises: ForbiddenError for an API token, SignInError, WeakPasswordError, RateLimitError.
    """
    if who.session_id is None:
        raise ForbiddenError("An API token cannot change the password: sign in with the password.")
    await check_rate(units, f"login:name:{who.username}", settings.logins_per_minute, _ONE_MINUTE_S)
    async with units() as unit:
        stored = await unit.accounts.password_hash(who.user_id)
    if not (await verify_password(current, stored)).is_right:
        get_logger().warning("account.password_change_refused", user_id=str(who.user_id))
        async with units() as unit:
            unit.record(Action.SIGN_IN_REFUSED, subject_id=who.user_id)
        raise SignInError("The current password is wrong.")
    check_new_password(new, who.username)
    if (await verify_password(new, stored)).is_right:
        raise WeakPasswordError("The new password is the old one: choose another.")
    new_hash = await hash_password(new)
    async with units() as unit:
        user = await unit.accounts.user(who.user_id, for_update=True)
        if user is None or not user.is_active or await unit.accounts.password_hash(who.user_id) != stored:
            raise SignInError("The password was changed a moment ago: sign in again.")
        await unit.accounts.set_password(who.user_id, new_hash, must_change=False)
        await unit.accounts.end_sessions_of(who.user_id)
        signed_in = await _new_session(unit, user, user_agent, settings)
        unit.record(Action.PASSWORD_CHANGED, subject_id=who.user_id)
    get_logger().info("account.password_changed", user_id=str(who.user_id))
    return signed_in


async def sign_out(units: UnitOfWorkFactory, who: Principal) -> None:
    """Raises: ForbiddenError for an API token."""
    if who.session_id is None:
        raise ForbiddenError("An API token is not signed in: revoke it instead.")
    async with units() as unit:
        await unit.accounts.end_session(who.session_id)
        unit.record(Action.SIGNED_OUT, subject_id=who.user_id)
    get_logger().info("account.signed_out", user_id=str(who.user_id))


async def read_me(units: UnitOfWorkFactory, who: Principal) -> Me:
    """Raises: NotSignedInError when the account or the session ended a moment ago."""
    async with units() as unit:
        user = await unit.accounts.user(who.user_id)
        found = None if who.session_id is None else await unit.accounts.live_session(who.session_id)
    if user is None or (who.session_id is not None and found is None):
        raise _ended()
    return Me(user, None if found is None else found[1])


async def change_display_name(units: UnitOfWorkFactory, who: Principal, display_name: str) -> Me:
    """What others see instead of the user name. Raises: NotSignedInError as ``read_me`` does."""
    async with units() as unit:
        if await unit.accounts.user(who.user_id, for_update=True) is None:
            raise _ended()
        await unit.accounts.change_user(who.user_id, role=None, is_active=None, display_name=display_name)
        unit.record(Action.USER_CHANGED, subject_id=who.user_id, detail={"fields": ["display_name"]})
    get_logger().info("user.changed", user_id=str(who.user_id))
    return await read_me(units, who)


async def list_sessions(units: UnitOfWorkFactory, who: Principal) -> list[BrowserSession]:
    async with units() as unit:
        return await unit.accounts.sessions_of(who.user_id)


async def end_session(units: UnitOfWorkFactory, who: Principal, session_id: bytes) -> None:
    """Raises: NotFoundError."""
    async with units() as unit:
        was_there = await unit.accounts.end_session(session_id, who.user_id)
        if was_there:
            unit.record(Action.SESSION_ENDED, subject_id=who.user_id)
    if not was_there:
        raise NotFoundError("You have no such session.")


async def by_session(units: UnitOfWorkFactory, secret: str, settings: ApiSettings) -> SessionFound:
    """Raises: NotSignedInError."""
    session_id = digest(secret)
    async with units() as unit:
        found = await unit.accounts.live_session(session_id)
        if found is None:
            raise _ended()
        user, csrf_token, is_due = found
        if is_due:
            await unit.accounts.touch_session(session_id, timedelta(days=settings.session_days))
    who = Principal(user.id, user.username, user.role, ROLE_SCOPES[user.role], session_id=session_id)
    return SessionFound(who, csrf_token, user.must_change_password)


async def by_token(units: UnitOfWorkFactory, secret: str) -> Principal:
    """Without the scope ``admin``, an administrator's token is as good as a member's. Raises: NotSignedInError."""
    async with units() as unit:
        found = await unit.accounts.live_token(digest(secret))
        if found is None:
            raise NotSignedInError("The API token is wrong, has expired or was revoked.")
        user, token, is_due = found
        if is_due:
            await unit.accounts.touch_token(token.id)
    scopes = token.scopes & ROLE_SCOPES[user.role]
    role = user.role if Scope.ADMIN in scopes else Role.MEMBER
    return Principal(user.id, user.username, role, scopes, token_id=token.id)


async def ensure_first_administrator(units: UnitOfWorkFactory) -> str | None:
    """A new one-time password of the user ``admin``, while no administrator has ever signed in; otherwise ``None``.

    The password of an earlier call ends with it. ``None``, too, where the name belongs to somebody else: a member, or
    an administrator whom another one has deactivated.
    """
    password = new_one_time_password()
    password_hash = await hash_password(password)
    async with units() as unit:
        await unit.accounts.lock_administrators()
        if await unit.accounts.has_an_administrator_signed_in():
            return None
        user = await unit.accounts.user_named(FIRST_ADMINISTRATOR, for_update=True)
        if user is None:
            user = await unit.accounts.add_user(
                FIRST_ADMINISTRATOR, "", Role.ADMIN, password_hash, must_change_password=True
            )
        elif user.role is Role.ADMIN and user.is_active:
            await unit.accounts.set_password(user.id, password_hash, must_change=True)
            await unit.accounts.end_sessions_of(user.id)
        else:
            user = None
        if user is not None:
            unit.record(Action.USER_PASSWORD_RESET, subject_id=user.id, detail={"is_first_administrator": True})
    get_logger().info("account.first_administrator", user_id=user and str(user.id))
    return None if user is None else password


async def _new_session(unit: UnitOfWork, user: User, user_agent: str, settings: ApiSettings) -> SignedIn:
    secret, csrf_token = new_session_id(), new_csrf_token()
    shown = "".join(letter for letter in user_agent if letter.isprintable())[:USER_AGENT_LENGTH]
    lasts = timedelta(days=settings.session_days)
    await unit.accounts.add_session(user.id, digest(secret), csrf_token, shown, lasts)
    fresh = await unit.accounts.user(user.id)
    return SignedIn(fresh or user, secret, csrf_token)


async def _refused(units: UnitOfWorkFactory, user: User | None, origin: Origin) -> NoReturn:
    """Raises: SignInError."""
    get_logger().warning("account.sign_in_refused", user_id=user and str(user.id), address=origin.address)
    async with units() as unit:
        unit.record(
            Action.SIGN_IN_REFUSED, subject_id=None if user is None else user.id, actor=Actor(ActorKind.SESSION)
        )
    raise _wrong()


def _ended() -> NotSignedInError:
    return NotSignedInError("The session has ended: sign in again.")


def _wrong() -> SignInError:
    return SignInError("User name or password is wrong.")


def _network(address: str) -> str:
    """What one person has: an IPv4 address, or the /64 of an IPv6 address (RFC 6177), of which one has 2^64."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return "unknown"
    if not isinstance(parsed, IPv6Address):
        return str(parsed)
    if parsed.ipv4_mapped is not None:
        return str(parsed.ipv4_mapped)
    return str(ip_network((int(parsed), 64), strict=False))
