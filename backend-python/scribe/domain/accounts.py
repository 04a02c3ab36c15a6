"""Who somebody is and what they may do.

Owns users, roles, scopes, what a name may look like, and the one check that decides who sees a meeting; never reads a
request or a row.

Usage::

    if not may_see(principal, meeting.owner_id): ...
"""

import re
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from scribe.domain.errors import OptionError
from scribe.domain.meeting import UserId


class Role(StrEnum):
    ADMIN = "admin"
    MEMBER = "member"


class Scope(StrEnum):
    """What an API token may be used for. A browser session has all that its user's role allows."""

    READ = "read"
    WRITE = "write"
    ADMIN = "admin"


ROLE_SCOPES = {
    Role.ADMIN: frozenset({Scope.READ, Scope.WRITE, Scope.ADMIN}),
    Role.MEMBER: frozenset({Scope.READ, Scope.WRITE}),
}


@dataclass(frozen=True, slots=True)
class Principal:
    """Whoever makes a request, once it is known who that is."""

    user_id: UserId
    username: str
    role: Role
    """That of the user; ``MEMBER`` for an administrator's API token without the scope ``admin``."""
    scopes: frozenset[Scope]
    """Never more than the role allows."""
    session_id: bytes | None = None
    """Hash of the browser session; ``None`` for an API token."""
    token_id: UUID | None = None
    """``None`` for a browser session."""

    @property
    def is_admin(self) -> bool:
        return self.role is Role.ADMIN


def may_see(principal: Principal, owner_id: UserId) -> bool:
    """The one rule: a meeting is visible to its owner and to administrators. Queries use ``visible_to`` in
    ``adapters/meetings.py``, which says the same in SQL; a test holds the two together."""
    return principal.user_id == owner_id or principal.is_admin


USERNAME_PATTERN = r"[a-z0-9._@-]{2,64}"
FIRST_ADMINISTRATOR = "admin"
MAX_DISPLAY_NAME = 100
MAX_TOKEN_NAME = 100


def clean_username(given: str) -> str:
    """Lower case. Raises: OptionError."""
    name = given.strip()
    if not name.isascii() or not re.fullmatch(USERNAME_PATTERN, name.lower()):
        raise OptionError("A user name has 2 to 64 letters without accents, digits or the signs . _ @ -")
    return name.lower()


@dataclass(frozen=True, slots=True)
class User:
    id: UserId
    username: str
    display_name: str
    role: Role
    is_active: bool
    must_change_password: bool
    """The password was made by somebody else: the first thing to do with it is to choose another one."""
    created_at: datetime
    last_login_at: datetime | None


@dataclass(frozen=True, slots=True)
class BrowserSession:
    id: bytes
    """Hash of what the cookie holds."""
    user_agent: str
    created_at: datetime
    last_seen_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class ApiToken:
    id: UUID
    name: str
    prefix: str
    """Its first characters; the token itself is not kept."""
    scopes: frozenset[Scope]
    created_at: datetime
    expires_at: datetime | None
    """``None``: never."""
    last_used_at: datetime | None
    """To the minute."""
