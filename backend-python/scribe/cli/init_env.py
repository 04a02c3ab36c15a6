"""``scribe init-env``: the ``.env`` of an installation with ``docker compose``.

Owns the options and what is said afterwards; the file is ``core/env_file.py``'s.
"""

import os
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from scribe.core.env_file import Choices, render, write
from scribe.domain.errors import OptionError, ResourceError

STANDARD_OUTPUT = "-"


def init_env(
    to_stdout: Annotated[
        str | None, typer.Argument(metavar="[-]", help="`-` writes to standard output.", show_default=False)
    ] = None,
    file: Annotated[Path, typer.Option("--file", help="Where to write it.")] = Path(".env"),
    force: Annotated[bool, typer.Option("--force", help="Replace the file; the old one is kept beside it.")] = False,
) -> None:
    """Write the .env that `docker compose` reads: fresh passwords, and every choice explained.

    The database keeps the password it was made with: replace a file only before the first start, or see
    docs/deployment.md.
    """
    text = render(Choices(cores=os.cpu_count() or 2))
    if to_stdout is not None:
        if to_stdout != STANDARD_OUTPUT:
            raise OptionError(f"`{to_stdout}`? Only `-` is understood here; a file is named with --file.")
        sys.stdout.write(text)
        return
    try:
        kept = write(file, text, may_replace=force)
    except FileExistsError:
        raise OptionError(
            f"{file} is there already, and its passwords are those of the database: nothing was changed. To replace it "
            "all the same: --force."
        ) from None
    except OSError as error:
        raise ResourceError(f"{file} cannot be written: {error.strerror}.") from error
    console = Console(stderr=True, soft_wrap=True, highlight=False)
    console.print(f"[green]✓[/green] {file} is written, readable by you alone.")
    if kept is not None:
        console.print(
            f"[yellow]![/yellow] What was there is kept as {kept}. A database that exists has the password in there: "
            "docs/deployment.md says how to change it."
        )
    console.print("Next:\n  docker compose up -d --build\n  docker compose logs migrate       # the first password")
