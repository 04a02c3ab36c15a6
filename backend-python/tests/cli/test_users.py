"""``scribe users`` and ``scribe token`` on a real database, and what they make tried at the real API."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from click.testing import Result
from typer.testing import CliRunner

from scribe.cli import build_app
from scribe.core.config import ApiSettings
from scribe.domain.accounts import Principal, Role, Scope
from scribe.domain.errors import ConflictError, NotFoundError, NotSignedInError, OptionError
from scribe.services.accounts import Credentials, Origin, by_token, ensure_first_administrator, sign_in
from tests.cli.inside import on

Command = Callable[..., Result]


@pytest.fixture
def scribe(database_url: str, redis_url: str, monkeypatch: pytest.MonkeyPatch) -> Command:
    """The command; it runs its own event loop, so that these tests are not coroutines."""
    monkeypatch.setenv("DATABASE_URL", database_url)
    monkeypatch.setenv("REDIS_URL", redis_url)
    return lambda *arguments: CliRunner().invoke(build_app(), arguments, env={"COLUMNS": "200"})


def owner_of(database_url: str, secret: str) -> Principal:
    found = on(database_url, lambda units: by_token(units, secret))
    assert isinstance(found, Principal)
    return found


def test_a_created_user_signs_in_with_what_was_printed(scribe: Command, database_url: str) -> None:
    done = scribe("users", "create", "Denis", "--role", "admin", "--display-name", "Denis Petit")
    assert done.exit_code == 0
    password = done.stdout.strip()
    credentials = Credentials("denis", password)
    signed_in = on(database_url, lambda units: sign_in(units, credentials, Origin("::1", ""), ApiSettings()))
    assert signed_in.user.role is Role.ADMIN  # type: ignore[attr-defined]
    assert signed_in.user.display_name == "Denis Petit"  # type: ignore[attr-defined]
    assert signed_in.user.must_change_password  # type: ignore[attr-defined]


def test_a_token_comes_alone_on_standard_output_and_works_before_anybody_has_signed_in(
    scribe: Command, database_url: str
) -> None:
    on(database_url, ensure_first_administrator)
    done = scribe("token", "create")
    assert done.exit_code == 0
    assert len(done.stdout.split()) == 1
    assert done.stdout.startswith("smscribe_")
    who = owner_of(database_url, done.stdout.strip())
    assert who.username == "admin"
    assert who.scopes == {Scope.READ, Scope.WRITE}


def test_a_token_has_the_scopes_and_the_life_that_were_asked_for(scribe: Command, database_url: str) -> None:
    scribe("users", "create", "denis", "--role", "admin")
    done = scribe("token", "create", "--user", "denis", "--scope", "admin", "--scope", "read", "--days", "3")
    assert owner_of(database_url, done.stdout.strip()).scopes == {Scope.READ, Scope.ADMIN}
    (token,) = json.loads(scribe("token", "list", "--user", "denis", "--json").stdout)
    assert token["scopes"] == "admin read"
    left = datetime.fromisoformat(token["expires_at"]) - datetime.now(UTC)
    assert timedelta(days=2, hours=23) < left <= timedelta(days=3)
    scribe("token", "create", "--user", "denis", "--days", "0", "--name", "for ever")
    listed = json.loads(scribe("token", "list", "--user", "denis", "--json").stdout)
    assert listed[0] == listed[0] | {"name": "for ever", "expires_at": None, "last_used_at": None}


def test_a_revoked_token_works_no_more(scribe: Command, database_url: str) -> None:
    scribe("users", "create", "denis")
    secret = scribe("token", "create", "--user", "denis").stdout.strip()
    (token,) = json.loads(scribe("token", "list", "--user", "denis", "--json").stdout)
    assert secret.startswith(token["prefix"])
    assert scribe("token", "revoke", token["prefix"], "--user", "denis").exit_code == 0
    with pytest.raises(NotSignedInError):
        owner_of(database_url, secret)
    again = scribe("token", "revoke", token["id"], "--user", "denis")
    assert isinstance(again.exception, NotFoundError)
    assert "None" in scribe("token", "list", "--user", "denis").stdout


def test_a_deactivated_user_is_out_until_activated(scribe: Command, database_url: str) -> None:
    scribe("users", "create", "denis")
    secret = scribe("token", "create", "--user", "denis").stdout.strip()
    assert scribe("users", "deactivate", "denis").exit_code == 0
    with pytest.raises(NotSignedInError):
        owner_of(database_url, secret)
    assert isinstance(scribe("token", "create", "--user", "denis").exception, ConflictError)
    assert scribe("users", "activate", "denis").exit_code == 0
    assert owner_of(database_url, secret).username == "denis"


def test_a_reset_prints_another_password(scribe: Command, database_url: str) -> None:
    first = scribe("users", "create", "denis").stdout.strip()
    second = scribe("users", "reset-password", "denis").stdout.strip()
    assert first != second
    credentials = Credentials("denis", second)
    assert on(database_url, lambda units: sign_in(units, credentials, Origin("::1", ""), ApiSettings()))


def test_the_list_shows_who_may_do_what(scribe: Command) -> None:
    scribe("users", "create", "denis", "--role", "admin")
    scribe("users", "create", "anne")
    scribe("users", "deactivate", "anne")
    rows = json.loads(scribe("users", "list", "--json").stdout)
    assert [(row["username"], row["role"], row["is_active"]) for row in rows] == [
        ("anne", "member", False),
        ("denis", "admin", True),
    ]
    table = scribe("users", "list").stdout
    assert "anne" in table
    assert "denis" in table


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (("users", "create", "de nis"), OptionError),
        (("users", "create", "denis", "--display-name", "a\nb"), OptionError),
        (("users", "reset-password", "nobody"), NotFoundError),
        (("users", "deactivate", "nobody"), NotFoundError),
        (("token", "create", "--user", "nobody"), NotFoundError),
        (("token", "create", "--name", " "), OptionError),
    ],
)
def test_what_cannot_be_done_is_said_in_a_sentence(
    scribe: Command, arguments: tuple[str, ...], error: type[Exception]
) -> None:
    assert isinstance(scribe(*arguments).exception, error)


def test_the_last_administrator_stays(scribe: Command) -> None:
    scribe("users", "create", "denis", "--role", "admin")
    assert isinstance(scribe("users", "deactivate", "denis").exception, ConflictError)


def test_a_member_gets_no_token_for_administrators(scribe: Command) -> None:
    scribe("users", "create", "denis")
    assert scribe("token", "create", "--user", "denis", "--scope", "admin").exit_code != 0
