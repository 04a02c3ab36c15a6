"""``scribe users`` and ``scribe token``: accounts from the shell of the machine that runs the service.

Owns the options and what is printed: of what is shown only once, nothing but itself goes to standard output, so that
``TOKEN=$(scribe token create)`` works. Needs the database's address, no password: whoever has that may do all of this.

Usage::

    scribe users create claire
    TOKEN=$(scribe token create --user claire --scope read)
"""

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Any, TypeVar
from uuid import UUID

import typer
from rich.console import Console
from rich.table import Table

from scribe.cli.connection import connected
from scribe.core.config import load_settings
from scribe.core.logging import configure_logging
from scribe.domain.accounts import (
    FIRST_ADMINISTRATOR,
    MAX_DISPLAY_NAME,
    MAX_TOKEN_NAME,
    ROLE_SCOPES,
    ApiToken,
    Principal,
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
Answer = TypeVar("Answer")

users_app = typer.Typer(help="Users: list, add, reset a password, deactivate.", no_args_is_help=True)
token_app = typer.Typer(help="API tokens: for curl and programs.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(metavar="NAME", help="User name.")]
Of = Annotated[str, typer.Option("--user", help="Whose.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@users_app.command("list")
def list_users(as_json: AsJson = False) -> None:
    """Show every user."""
    found = _run(_every_user)
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
    _show(rows, as_json=as_json)


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
    _print_invited(_run(lambda units: users.create_user(units, new)))


@users_app.command("reset-password")
def reset_password(name: Name) -> None:
    """Print a new one-time password; sign the user out everywhere."""
    from scribe.services import users

    async def reset(units: "UnitOfWorkFactory") -> "Invited":
        return await users.reset_password(units, (await users.find_user(units, clean_username(name))).id)

    _print_invited(_run(reset))


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
        return await tokens.create_token(units, await _principal(units, user), wish)

    made = _run(create)
    until = f"until {made.token.expires_at:%Y-%m-%d}" if made.token.expires_at else "until it is revoked"
    scopes = ", ".join(sorted(made.token.scopes))
    sys.stderr.write(f"A token of {clean_username(user)} ({scopes}), good {until}; it is shown this once.\n")
    typer.echo(made.secret)


@token_app.command("list")
def list_tokens(user: Of = FIRST_ADMINISTRATOR, as_json: AsJson = False) -> None:
    """Show a user's tokens; the tokens themselves are not kept."""
    from scribe.services import tokens

    async def find(units: "UnitOfWorkFactory") -> list[ApiToken]:
        return await tokens.list_tokens(units, await _principal(units, user))

    rows = [
        {
            "id": str(token.id),
            "name": token.name,
            "prefix": token.prefix,
            "scopes": " ".join(sorted(token.scopes)),
            "expires_at": token.expires_at,
            "last_used_at": token.last_used_at,
        }
        for token in _run(find)
    ]
    _show(rows, as_json=as_json, hidden="id")


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
        owner = await _principal(units, user)
        fitting = [
            token.id for token in await tokens.list_tokens(units, owner) if token_id in {str(token.id), token.prefix}
        ]
        if not fitting:
            raise NotFoundError(f"{owner.username} has no such token: `scribe token list` shows them.")
        if len(fitting) > 1:
            raise ConflictError("Several tokens begin so: give the id, which `scribe token list --json` has.")
        await tokens.revoke_token(units, owner, fitting[0])
        return fitting[0]

    typer.echo(f"Revoked {_run(revoke)}.")


def _set_active(name: str, *, is_active: bool) -> None:
    from scribe.services import users
    from scribe.services.users import UserChanges

    async def change(units: "UnitOfWorkFactory") -> User:
        user = await users.find_user(units, clean_username(name))
        return await users.change_user(units, user.id, UserChanges(is_active=is_active))

    changed = _run(change)
    typer.echo(f"{changed.username} is {'active' if changed.is_active else 'deactivated'}.")


async def _every_user(units: "UnitOfWorkFactory") -> list[User]:
    from scribe.services import users

    found: list[User] = []
    while page := await users.list_users(units, found[-1].username if found else "", _PAGE):
        found += page
    return found


async def _principal(units: "UnitOfWorkFactory", username: str) -> Principal:
    """With all that the role allows. Raises: NotFoundError, ConflictError when the user is deactivated."""
    from scribe.services import users

    user = await users.find_user(units, clean_username(username))
    if not user.is_active:
        raise ConflictError(f"{user.username} is deactivated: `scribe users activate {user.username}` first.")
    return Principal(user.id, user.username, user.role, ROLE_SCOPES[user.role])


def _run(work: Callable[["UnitOfWorkFactory"], Awaitable[Answer]]) -> Answer:
    from scribe.adapters.unit_of_work import UnitOfWorkFactory
    from scribe.core.database import build_engine

    settings = connected(load_settings())
    configure_logging(settings.log_level, as_json=False)

    async def on_an_engine() -> Answer:
        engine = build_engine(str(settings.database_url), pool_size=1, application="scribe-cli")
        try:
            return await work(UnitOfWorkFactory(engine))
        finally:
            await engine.dispose()

    return asyncio.run(on_an_engine())


def _print_invited(invited: "Invited") -> None:
    sys.stderr.write(f"One-time password of {invited.user.username} ({invited.user.role}); it is shown this once:\n")
    typer.echo(invited.one_time_password)


def _show(rows: Sequence[dict[str, Any]], *, as_json: bool, hidden: str = "") -> None:
    """``hidden``: too long for a table, and in the JSON."""
    if as_json:
        typer.echo(json.dumps(rows, ensure_ascii=False, indent=2, default=datetime.isoformat))
        return
    if not rows:
        typer.echo("None.")
        return
    columns = [column for column in rows[0] if column != hidden]
    table = Table(box=None, header_style="bold", padding=(0, 1))
    for column in columns:
        table.add_column(column.removesuffix("_at").replace("_", " "), overflow="fold")
    for row in rows:
        table.add_row(*(_cell(row[column]) for column in columns))
    Console(markup=False).print(table)


def _cell(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M}"
    return "–" if value in {None, ""} else str(value)
