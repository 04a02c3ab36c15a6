"""Users, for administrators."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response, status

from scribe.api.context import Ctx
from scribe.api.errors import problems
from scribe.api.schemas.accounts import InvitedOut, UserChangesIn, UserIn, UserOut, UsersOut, from_cursor
from scribe.api.security import Administrator
from scribe.domain.errors import OptionError
from scribe.domain.meeting import UserId
from scribe.services import users
from scribe.services.users import NewUser, UserChanges

router = APIRouter(prefix="/api/v1/users", tags=["Accounts"])


@router.get("", operation_id="list_users", summary="All users", responses=problems(401, 403, 422, 503))
async def list_users(
    who: Administrator,  # noqa: ARG001 -- only to be let in
    ctx: Ctx,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
    cursor: Annotated[str | None, Query(max_length=200, description="`next` of the page before.")] = None,
) -> UsersOut:
    """By name, page by page."""
    if limit > ctx.settings.api.max_page:
        raise OptionError(f"A page has at most {ctx.settings.api.max_page} users: ask for a smaller `limit`.")
    return UsersOut.page(await users.list_users(ctx.units, from_cursor(cursor), limit + 1), limit)


@router.post(
    "",
    operation_id="create_user",
    summary="Add a user",
    status_code=status.HTTP_201_CREATED,
    responses=problems(401, 403, 409, 413, 422, 503),
)
async def create_user(new: UserIn, response: Response, who: Administrator, ctx: Ctx) -> InvitedOut:  # noqa: ARG001
    """With a one-time password, which is shown this once: the user chooses another one when signing in."""
    invited = await users.create_user(ctx.units, NewUser(new.username, new.role, new.display_name))
    response.headers["Location"] = f"/api/v1/users/{invited.user.id}"
    return InvitedOut.of(invited)


@router.get("/{user_id}", operation_id="read_user", summary="One user", responses=problems(401, 403, 404, 422, 503))
async def read_user(user_id: UUID, who: Administrator, ctx: Ctx) -> UserOut:  # noqa: ARG001
    return UserOut.of(await users.read_user(ctx.units, UserId(user_id)))


@router.patch(
    "/{user_id}",
    operation_id="change_user",
    summary="Change a user's name or role, deactivate a user",
    responses=problems(401, 403, 404, 409, 413, 422, 503),
)
async def change_user(user_id: UUID, changes: UserChangesIn, who: Administrator, ctx: Ctx) -> UserOut:  # noqa: ARG001
    """Whoever is deactivated is signed out everywhere, and their API tokens do not work. The last active administrator
    can be neither demoted nor deactivated."""
    asked = UserChanges(role=changes.role, is_active=changes.is_active, display_name=changes.display_name)
    return UserOut.of(await users.change_user(ctx.units, UserId(user_id), asked))


@router.post(
    "/{user_id}/reset-password",
    operation_id="reset_password",
    summary="Give a user a new one-time password",
    responses=problems(401, 403, 404, 422, 503),
)
async def reset_password(user_id: UUID, who: Administrator, ctx: Ctx) -> InvitedOut:  # noqa: ARG001
    """Signs the user out everywhere; API tokens go on (deactivate the user to stop those, too)."""
    return InvitedOut.of(await users.reset_password(ctx.units, UserId(user_id)))


@router.delete(
    "/{user_id}",
    operation_id="delete_user",
    summary="Remove a user who owns nothing",
    status_code=status.HTTP_204_NO_CONTENT,
    responses=problems(401, 403, 404, 409, 422, 503),
)
async def delete_user(user_id: UUID, who: Administrator, ctx: Ctx) -> None:  # noqa: ARG001
    """Somebody who has meetings, or people in the voice bank, can only be deactivated."""
    await users.delete_user(ctx.units, UserId(user_id))
