"""The ``scribe`` command.

Owns options, what is printed and how the command ends; the work itself is in ``services``.
"""

import sys
from importlib import import_module
from typing import Annotated

import typer

from scribe import __version__
from scribe.cli.failures import EXIT_INTERRUPTED, exit_code_of
from scribe.cli.interruption import signals_interrupt
from scribe.domain.errors import ScribeError


def build_app() -> typer.Typer:
    """The whole command tree. Each command's module is imported here, its heavy libraries only when it runs."""
    app = typer.Typer(
        name="scribe",
        help="Who said what, when: minutes from recordings, entirely on this machine.",
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback()(_root)
    app.command("up")(import_module("scribe.cli.up").up)
    app.command("transcribe")(import_module("scribe.cli.transcribe").transcribe)
    app.command("doctor")(import_module("scribe.cli.doctor").doctor)
    app.add_typer(import_module("scribe.cli.models").app, name="models")
    app.command("backup")(import_module("scribe.cli.backup").backup)
    app.command("restore")(import_module("scribe.cli.backup").restore)
    app.add_typer(import_module("scribe.cli.bundle").app, name="bundle")
    app.command("api")(import_module("scribe.cli.processes").api)
    app.command("worker")(import_module("scribe.cli.processes").worker)
    app.command("migrate")(import_module("scribe.cli.processes").migrate)
    app.command("init-env")(import_module("scribe.cli.init_env").init_env)
    app.command("retention")(import_module("scribe.cli.retention").retention)
    app.add_typer(import_module("scribe.cli.audit").app, name="audit")
    accounts = import_module("scribe.cli.users")
    app.add_typer(accounts.users_app, name="users")
    app.add_typer(accounts.token_app, name="token")
    app.add_typer(import_module("scribe.cli.voices").app, name="voices")
    return app


def main() -> None:
    """The console script: errors are sentences, Ctrl-C is no trace."""
    try:
        with signals_interrupt():
            build_app()()
    except ScribeError as error:
        sys.stderr.write(f"scribe: {error}\n")
        sys.exit(exit_code_of(error))
    except KeyboardInterrupt:
        sys.stderr.write("\nscribe: interrupted. What is finished is kept: the same command goes on from there.\n")
        sys.exit(EXIT_INTERRUPTED)


def _version(is_asked: bool) -> None:
    if is_asked:
        typer.echo(f"scribe {__version__}")
        raise typer.Exit


def _root(
    version: Annotated[  # noqa: ARG001 -- the callback has answered before
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    return
