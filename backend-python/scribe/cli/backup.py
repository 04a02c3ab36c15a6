"""``scribe backup`` and ``scribe restore``.

Owns finding the database, with or without a running ``scribe up``, and what is shown; ``services/backup.py`` owns the
promise.
"""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

from scribe.adapters.servers.installation import Installation
from scribe.adapters.servers.postgres import PostgresServer
from scribe.cli.connection import connected
from scribe.cli.failures import EXIT_FAILED
from scribe.core.config import Settings, load_settings
from scribe.core.paths import data_dir, storage_url
from scribe.domain.errors import OptionError

DataDir = Annotated[Path | None, typer.Option("--data-dir", help="Of `scribe up`; see SCRIBE_DATA_DIR.")]


def backup(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="New folder; it appears when it is complete.")],
    data_directory: DataDir = None,
) -> None:
    """Save database, recordings and results into a new folder, also while everything runs.

    The folder is for your eyes only: it holds recordings, voiceprints and password hashes.
    """
    from scribe.adapters.storage import Storage
    from scribe.services.backup import back_up

    settings = load_settings(data_dir=data_directory)
    notes = Console(stderr=True, soft_wrap=True)
    with _database(settings, "scribe backup") as reached, _shown("Saving", notes) as told:
        assert reached.database_url is not None  # noqa: S101 -- that is what _database is for
        report = asyncio.run(back_up(reached.database_url, Storage(storage_url(reached)), folder, told))
    saved = f"{_number(report.num_meetings, 'meeting')}, {_number(report.num_files, 'file')}"
    Console(soft_wrap=True).print(f"{folder}: {saved}, {report.size_bytes / 1e6:.1f} MB", highlight=False)
    for meeting_id in report.lost:
        notes.print(
            f"! The recording of meeting {meeting_id} is missing or damaged in the storage; the rest is saved.",
            highlight=False,
        )
    if report.lost:
        raise typer.Exit(EXIT_FAILED)


def restore(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="What `scribe backup` made.")],
    is_replacing: Annotated[
        bool, typer.Option("--replace", help="Remove the meetings and users that are here now.")
    ] = False,
    data_directory: DataDir = None,
) -> None:
    """Bring an installation back from a backup, into an empty one, while neither API nor workers run.

    Everything is verified before anything is changed.
    """
    from scribe.adapters.storage import Storage
    from scribe.services.backup import restore as bring_back

    settings = load_settings(data_dir=data_directory)
    notes = Console(stderr=True, soft_wrap=True)
    with _database(settings, "scribe restore", is_exclusive=True) as reached, _shown("Restoring", notes) as told:
        assert reached.database_url is not None  # noqa: S101 -- that is what _database is for
        report = asyncio.run(
            bring_back(
                reached.database_url,
                Storage(storage_url(reached)),
                folder.expanduser(),
                is_replacing=is_replacing,
                told=told,
            )
        )
    Console(soft_wrap=True).print(
        f"Restored {_number(report.num_meetings, 'meeting')} and {_number(report.num_files, 'file')} of "
        f"{report.created_at:%Y-%m-%d %H:%M} UTC. Start the service; everybody signs in anew.",
        highlight=False,
    )
    if report.num_erased_again:
        people = "1 person" if report.num_erased_again == 1 else f"{report.num_erased_again} people"
        notes.print(
            f"! The backup is older than the erasure of {people}: what it held of them was erased again.",
            highlight=False,
        )


def _number(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


@contextmanager
def _database(settings: Settings, by: str, *, is_exclusive: bool = False) -> Iterator[Settings]:
    """The settings with the database's address; our own server is started for the block when nothing runs."""
    installation = Installation(data_dir(settings))
    if settings.database_url is not None or (not is_exclusive and installation.running()):
        yield connected(settings, needs_redis=False)
        return
    if not is_exclusive and not installation.postgres.is_dir():
        raise OptionError(f"Nothing was ever run in {installation.folder}: there is nothing to save.")
    with (
        installation.locked(by),
        PostgresServer(
            installation.postgres, installation.port("postgres"), log=installation.logs / "postgres.log"
        ) as server,
    ):
        yield settings.model_copy(update={"database_url": server.url})


@contextmanager
def _shown(what: str, console: Console) -> Iterator[Callable[[int], None]]:
    progress = Progress(
        TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn(), console=console
    )
    task = progress.add_task(what, total=None)
    with progress:
        yield lambda num_bytes: progress.advance(task, num_bytes)
