"""Who somebody is and what they may do.

Owns roles, scopes and the one check that decides who sees a meeting; never reads a request or a row.

Usage::

    if not may_see(principal, meeting.owner_id): ...
"""

from dataclasses import dataclass
from enum import StrEnum

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
    scopes: frozenset[Scope]
    """Never more than the role allows."""
    session_id: bytes | None = None
    """Hash of the browser session; ``None`` for an API token."""

    @property
    def is_admin(self) -> bool:
        return self.role is Role.ADMIN


def may_see(principal: Principal, owner_id: UserId) -> bool:
    """The one rule: a meeting is visible to its owner and to administrators. Queries use ``visible_to`` in
    ``adapters/meetings.py``, which says the same in SQL; a test holds the two together."""
    return principal.user_id == owner_id or principal.is_admin
