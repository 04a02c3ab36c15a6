"""``scribe users`` and ``scribe token``: accounts from the shell of the machine that runs the service.

Owns the options and what is printed: of what is shown only once, nothing but itself goes to standard output, so that
``TOKEN=$(scribe token create)`` works. Needs the database's address, no password: whoever has that may do all of this.

Usage::

    scribe users create claire
    TOKEN=$(scribe token create --user claire --scope read)
"""

import sys
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated
from uuid import UUID

import typer

from scribe.cli.database import principal_of, with_units
from scribe.cli.tables import show
from scribe.domain.accounts import (
    FIRST_ADMINISTRATOR,
    MAX_DISPLAY_NAME,
    MAX_TOKEN_NAME,
    ApiToken,
    Role,
    Scope,
    User,
    clean_username,
)
from scribe.domain.errors import ConflictError, NotFoundError, OptionError

if TYPE_CHECKING:  # the database's libraries are loaded by the commands that need them, not by `scribe --help`
    from scribe.adapters.unit_of_work import UnitOfWorkFactory
    from scribe.services.tokens import TokenMade
    from scribe.services.users import Invited

DEFAULT_DAYS = 365
MAX_DAYS = 3650
_PAGE = 500

users_app = typer.Typer(help="Users: list, add, reset a password, deactivate.", no_args_is_help=True)
token_app = typer.Typer(help="API tokens: for curl and programs.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(metavar="NAME", help="User name.")]
Of = Annotated[str, typer.Option("--user", help="Whose.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@users_app.command("list")
def list_users(as_json: AsJson = False) -> None:
    """Show every user."""
    found = with_units(_every_user)
    rows = [
        {
            "username": user.username,
            "role": str(user.role),
            "is_active": user.is_active,
            "last_login_at": user.last_login_at,
            "display_name": user.display_name,
        }
        for user in found
    ]
    show(rows, as_json=as_json)


@users_app.command("create")
def create_user(
    name: Name,
    role: Annotated[Role, typer.Option("--role", help="What the user may do.")] = Role.MEMBER,
    display_name: Annotated[str, typer.Option("--display-name", help="As people write it.")] = "",
) -> None:
    """Add a user and print a one-time password."""
    from scribe.services import users
    from scribe.services.users import NewUser

    if len(display_name) > MAX_DISPLAY_NAME or not display_name.isprintable():
        raise OptionError(f"--display-name has at most {MAX_DISPLAY_NAME} characters on one line.")
    new = NewUser(clean_username(name), role, display_name.strip())
    _print_invited(with_units(lambda units: users.create_user(units, new)))


@users_app.command("reset-password")
def reset_password(name: Name) -> None:
    """Print a new one-time password; sign the user out everywhere."""
    from scribe.services import users

    async def reset(units: "UnitOfWorkFactory") -> "Invited":
        return await users.reset_password(units, (await users.find_user(units, clean_username(name))).id)

    _print_invited(with_units(reset))


@users_app.command("deactivate")
def deactivate(name: Name) -> None:
    """Let a user in no more; meetings stay."""
    _set_active(name, is_active=False)


@users_app.command("activate")
def activate(name: Name) -> None:
    """Let a deactivated user in again."""
    _set_active(name, is_active=True)


@token_app.command("create")
def create_token(
    user: Of = FIRST_ADMINISTRATOR,
    scope: Annotated[
        list[Scope] | None,
        typer.Option("--scope", help="What it may be used for; several times for several. Default: read and write."),
    ] = None,
    name: Annotated[str, typer.Option("--name", help="To tell tokens apart.")] = "shell",
    days: Annotated[
        int, typer.Option("--days", min=0, max=MAX_DAYS, help="How long it works; 0: until it is revoked.")
    ] = DEFAULT_DAYS,
) -> None:
    """Print a new token, and nothing else on standard output."""
    from scribe.services import tokens
    from scribe.services.tokens import TokenWish

    if not 1 <= len(name.strip()) <= MAX_TOKEN_NAME or not name.isprintable():
        raise OptionError(f"--name has 1 to {MAX_TOKEN_NAME} characters on one line.")
    wish = TokenWish(
        name.strip(), frozenset(scope or (Scope.READ, Scope.WRITE)), timedelta(days=days) if days else None
    )

    async def create(units: "UnitOfWorkFactory") -> "TokenMade":
        return await tokens.create_token(units, await principal_of(units, user), wish)

    made = with_units(create)
    until = f"until {made.token.expires_at:%Y-%m-%d}" if made.token.expires_at else "until it is revoked"
    scopes = ", ".join(sorted(made.token.scopes))
    sys.stderr.write(f"A token of {clean_username(user)} ({scopes}), good {until}; it is shown this once.\n")
    typer.echo(made.secret)


@token_app.command("list")
def list_tokens(user: Of = FIRST_ADMINISTRATOR, as_json: AsJson = False) -> None:
    """Show a user's tokens; the tokens themselves are not kept."""
    from scribe.services import tokens

    async def find(units: "UnitOfWorkFactory") -> list[ApiToken]:
        return await tokens.list_tokens(units, await principal_of(units, user))

    rows = [
        {
            "id": str(token.id),
            "name": token.name,
            "prefix": token.prefix,
            "scopes": " ".join(sorted(token.scopes)),
            "expires_at": token.expires_at,
            "last_used_at": token.last_used_at,
        }
        for token in with_units(find)
    ]
    show(rows, as_json=as_json, hidden=("id",))


@token_app.command("revoke")
def revoke_token(
    token_id: Annotated[
        str, typer.Argument(metavar="ID", help="Its prefix, as `scribe token list` shows it, or its id.")
    ],
    user: Of = FIRST_ADMINISTRATOR,
) -> None:
    """End a token at once."""
    from scribe.services import tokens

    async def revoke(units: "UnitOfWorkFactory") -> UUID:
        owner = await principal_of(units, user)
        fitting = [
            token.id for token in await tokens.list_tokens(units, owner) if token_id in {str(token.id), token.prefix}
        ]
        if not fitting:
            raise NotFoundError(f"{owner.username} has no such token: `scribe token list` shows them.")
        if len(fitting) > 1:
            raise ConflictError("Several tokens begin so: give the id, which `scribe token list --json` has.")
        await tokens.revoke_token(units, owner, fitting[0])
        return fitting[0]

    typer.echo(f"Revoked {with_units(revoke)}.")


def _set_active(name: str, *, is_active: bool) -> None:
    from scribe.services import users
    from scribe.services.users import UserChanges

    async def change(units: "UnitOfWorkFactory") -> User:
        user = await users.find_user(units, clean_username(name))
        return await users.change_user(units, user.id, UserChanges(is_active=is_active))

    changed = with_units(change)
    typer.echo(f"{changed.username} is {'active' if changed.is_active else 'deactivated'}.")


async def _every_user(units: "UnitOfWorkFactory") -> list[User]:
    from scribe.services import users

    found: list[User] = []
    while page := await users.list_users(units, found[-1].username if found else "", _PAGE):
        found += page
    return found


def _print_invited(invited: "Invited") -> None:
    sys.stderr.write(f"One-time password of {invited.user.username} ({invited.user.role}); it is shown this once:\n")
    typer.echo(invited.one_time_password)
