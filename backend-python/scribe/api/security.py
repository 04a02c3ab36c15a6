"""Who makes the request, and whether the route is open to them.

Every route takes one of ``Reader``, ``Writer``, ``Administrator``, or is named in ``OPEN_ROUTES``; a test walks over
all routes and fails on any other.

Usage::

    async def read(meeting_id: UUID, reader: Reader, ctx: Ctx) -> MeetingOut: ...
"""

from collections.abc import Awaitable, Callable
from typing import Annotated

from fastapi import Depends, Request

from scribe.domain.accounts import Principal, Scope
from scribe.domain.errors import ForbiddenError, NotSignedInError

OPEN_ROUTES = frozenset(
    {"/health/live", "/health/ready", "/docs", "/docs/{path:path}", "/openapi.json", "/api/v1/auth/login"}
)


async def principal(request: Request) -> Principal:  # noqa: ARG001 -- a stub for now
    """Raises: NotSignedInError, CsrfError, PasswordChangeError."""
    raise NotSignedInError("Sign in first, or send an API token as `Authorization: Bearer <token>`.")


def requires(scope: Scope) -> Callable[[Principal], Awaitable[Principal]]:
    async def check(who: Annotated[Principal, Depends(principal)]) -> Principal:
        if scope not in who.scopes:
            raise ForbiddenError(f"This needs the scope `{scope}`.")
        return who

    return check


Reader = Annotated[Principal, Depends(requires(Scope.READ))]
Writer = Annotated[Principal, Depends(requires(Scope.WRITE))]
Administrator = Annotated[Principal, Depends(requires(Scope.ADMIN))]
