"""Users, sessions and API tokens over HTTP.

Owns what a request may hold: what cannot be a name, a password or a token's name is refused before anything is asked
of the database.
"""

import base64
from datetime import datetime, timedelta
from typing import Annotated, Self
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

from scribe.core.passwords import MAX_LENGTH
from scribe.domain.accounts import (
    MAX_DISPLAY_NAME,
    MAX_TOKEN_NAME,
    ApiToken,
    BrowserSession,
    Role,
    Scope,
    User,
    clean_username,
)
from scribe.domain.errors import OptionError
from scribe.services.accounts import SignedIn
from scribe.services.tokens import TokenMade
from scribe.services.users import Invited

MAX_TOKEN_DAYS = 3650
DEFAULT_TOKEN_DAYS = 365


def _clean_username(text: str) -> str:
    try:
        return clean_username(text)
    except OptionError as error:
        raise ValueError(str(error)) from error


def _printable(text: str) -> str:
    if not text.isprintable():
        raise ValueError("must hold no control characters and no line breaks")
    return text


def _no_nul(text: str) -> str:
    if "\0" in text:
        raise ValueError("must hold no NUL character")
    return text


Username = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=2, max_length=64, pattern=r"^[A-Za-z0-9._@-]+$"),
    AfterValidator(_clean_username),
]
Password = Annotated[str, StringConstraints(min_length=1, max_length=MAX_LENGTH), AfterValidator(_no_nul)]
DisplayName = Annotated[
    str, StringConstraints(strip_whitespace=True, max_length=MAX_DISPLAY_NAME), AfterValidator(_printable)
]
TokenName = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=MAX_TOKEN_NAME), AfterValidator(_printable)
]


class In(BaseModel):
    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)


class _Out(BaseModel):
    model_config = ConfigDict(use_attribute_docstrings=True)


class LoginIn(In):
    username: Username = Field(examples=["claire"])
    password: Password = Field(examples=["three words are fine"])


class PasswordIn(In):
    current_password: Password
    new_password: Password = Field(examples=["three words are fine"])
    """10 to 200 characters."""


class UserOut(_Out):
    id: UUID
    username: str = Field(examples=["claire"])
    display_name: str = Field(examples=["Claire Martin"])
    role: Role
    is_active: bool
    must_change_password: bool
    """The password was given by an administrator and has not been changed yet."""
    created_at: datetime
    last_login_at: datetime | None

    @classmethod
    def of(cls, user: User) -> Self:
        return cls(
            id=user.id,
            username=user.username,
            display_name=user.display_name,
            role=user.role,
            is_active=user.is_active,
            must_change_password=user.must_change_password,
            created_at=user.created_at,
            last_login_at=user.last_login_at,
        )


class SignedInOut(_Out):
    user: UserOut
    csrf_token: str
    """To be sent as the header `X-CSRF-Token` with everything that changes something."""
    must_change_password: bool
    """Until `POST /api/v1/auth/password`, nothing else is allowed."""

    @classmethod
    def of(cls, signed_in: SignedIn) -> Self:
        user = UserOut.of(signed_in.user)
        return cls(user=user, csrf_token=signed_in.csrf_token, must_change_password=user.must_change_password)


class MeOut(_Out):
    user: UserOut
    scopes: list[Scope]
    """What this session or token may be used for."""
    csrf_token: str | None
    """Of the session; null for an API token, which needs none."""
    must_change_password: bool


class SessionOut(_Out):
    id: str
    user_agent: str = Field(examples=["Mozilla/5.0 ..."])
    created_at: datetime
    last_seen_at: datetime
    """To the minute."""
    expires_at: datetime
    """When it ends if nobody uses it."""
    is_current: bool

    @classmethod
    def of(cls, session: BrowserSession, current: bytes | None) -> Self:
        return cls(
            id=session.id.hex(),
            user_agent=session.user_agent,
            created_at=session.created_at,
            last_seen_at=session.last_seen_at,
            expires_at=session.expires_at,
            is_current=session.id == current,
        )


class SessionsOut(_Out):
    items: list[SessionOut]


class TokenIn(In):
    name: TokenName = Field(examples=["laptop"])
    """For you, to tell tokens apart."""
    scopes: Annotated[list[Scope], Field(min_length=1, max_length=len(Scope))] = [Scope.READ, Scope.WRITE]
    expires_in_days: Annotated[int, Field(ge=1, le=MAX_TOKEN_DAYS)] | None = DEFAULT_TOKEN_DAYS
    """null: never."""

    @property
    def lasts(self) -> timedelta | None:
        return None if self.expires_in_days is None else timedelta(days=self.expires_in_days)


class TokenOut(_Out):
    id: UUID
    name: str
    prefix: str = Field(examples=["smscribe_Zk3vQ1"])
    scopes: list[Scope]
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None
    """To the minute; null: never used."""

    @classmethod
    def of(cls, token: ApiToken) -> Self:
        return cls(
            id=token.id,
            name=token.name,
            prefix=token.prefix,
            scopes=sorted(token.scopes),
            created_at=token.created_at,
            expires_at=token.expires_at,
            last_used_at=token.last_used_at,
        )


class TokensOut(_Out):
    items: list[TokenOut]


class TokenMadeOut(_Out):
    token: TokenOut
    secret: str = Field(examples=["smscribe_..."])
    """Shown this once: `Authorization: Bearer <secret>`."""

    @classmethod
    def of(cls, made: TokenMade) -> Self:
        return cls(token=TokenOut.of(made.token), secret=made.secret)


class UserIn(In):
    username: Username = Field(examples=["claire"])
    display_name: DisplayName = Field(default="", examples=["Claire Martin"])
    role: Role = Role.MEMBER


class MeChangesIn(In):
    display_name: DisplayName = Field(examples=["Claire Martin"])
    """As others see you; empty: your user name."""


class UserChangesIn(In):
    """What is left out stays as it is."""

    display_name: DisplayName | None = None
    role: Role | None = None
    is_active: bool | None = None


class InvitedOut(_Out):
    user: UserOut
    one_time_password: str
    """Shown this once: good for signing in and choosing a password."""

    @classmethod
    def of(cls, invited: Invited) -> Self:
        return cls(user=UserOut.of(invited.user), one_time_password=invited.one_time_password)


class UsersOut(_Out):
    items: list[UserOut]
    next: str | None
    """For the next page; null: this was the last one."""

    @classmethod
    def page(cls, users: list[User], limit: int) -> Self:
        """``users``: one more than ``limit``, where there are more."""
        shown = users[:limit]
        cursor = _to_cursor(shown[-1].username) if len(users) > limit else None
        return cls(items=[UserOut.of(user) for user in shown], next=cursor)


def from_cursor(cursor: str | None) -> str:
    """The name after which a page begins. Raises: OptionError."""
    if cursor is None:
        return ""
    try:
        return clean_username(base64.b64decode(cursor.encode(), altchars=b"-_", validate=True).decode())
    except (ValueError, OptionError) as error:
        raise OptionError("This `cursor` is not one that a list gave you: begin without it.") from error


def _to_cursor(username: str) -> str:
    return base64.urlsafe_b64encode(username.encode()).decode()
