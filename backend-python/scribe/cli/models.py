"""``scribe models``: what exists, what is installed, installing it, and proving that it is intact.

Owns the options and the words; the catalogue, the disk and the network are in ``engines``. This is the one command of
the project that may use a network, and only ``pull`` does.

Usage::

    scribe models list
    scribe models pull --default
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn
from rich.table import Table

from scribe.cli.failures import EXIT_FAILED
from scribe.domain.errors import ModelCorruptError, ModelError, ModelMissingError, OptionError
from scribe.engines.catalog import CATALOG
from scribe.engines.model import Catalog, Model
from scribe.engines.model_sources import PullOptions, PullProgress, pull
from scribe.engines.model_store import ModelStore, default_models_dir

WIDE = 140
"""Columns of a terminal in which memory, languages and licence have room, too; ``--json`` always has them."""

app = typer.Typer(help="Models: what there is, what is installed, installing more.", no_args_is_help=True)


@dataclass(frozen=True, slots=True)
class ModelsContext:
    """Given as the context object, replaces the catalogue: a mirror with models of its own, or a test."""

    catalog: Catalog


def _complete(incomplete: str) -> list[tuple[str, str]]:
    """For the shell: names that begin so, with what they are for."""
    return [(model.name, model.summary) for model in CATALOG if model.name.startswith(incomplete)]


ModelsDir = Annotated[
    Path | None,
    typer.Option("--models-dir", envvar="SCRIBE_MODELS_DIR", help="Where models are installed.", show_default=False),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@app.command("list")
def list_models(context: typer.Context, models_dir: ModelsDir = None, as_json: AsJson = False) -> None:
    """Show every model, installed or not."""
    store = _store(context, models_dir)
    rows = [_facts(store, model) for model in store.catalog]
    if as_json:
        Console().print_json(json.dumps(rows, ensure_ascii=False))
        return
    console = Console()
    is_wide = console.width >= WIDE
    table = Table(box=None, header_style="bold", padding=(0, 1))
    for column in ("model", "", "size", *(("memory", "languages", "licence") if is_wide else ())):
        table.add_column(column, justify="right" if column in ("size", "memory") else "left", no_wrap=True)
    table.add_column("what it is for")
    for model, row in zip(store.catalog, rows, strict=True):
        state = {"installed": "[green]installed[/green]", "missing": "", "damaged": "[red]damaged[/red]"}[row["state"]]
        memory = f"{model.memory_mb:,} MB" if model.memory_mb else "–"
        name = f"[bold]{model.name}[/bold]" if model.is_default else model.name
        details = (memory, model.languages, model.licence) if is_wide else ()
        table.add_row(name, state, _size(model), *details, model.summary)
    console.print(table)
    console.print(f"\nBold: what the default pipeline needs. Installed in {store.root}.", style="dim", highlight=False)


@app.command("pull")
def pull_models(
    context: typer.Context,
    names: Annotated[
        list[str] | None, typer.Argument(metavar="NAME...", help="Models to install.", autocompletion=_complete)
    ] = None,
    default: Annotated[bool, typer.Option("--default", help="Install what the default pipeline needs.")] = False,
    folder: Annotated[
        Path | None, typer.Option("--from", help="Take the files from this folder; no network is used.")
    ] = None,
    endpoint: Annotated[
        str | None, typer.Option("--endpoint", envvar="HF_ENDPOINT", help="A mirror of the hub.", show_default=False)
    ] = None,
    revision: Annotated[
        str | None, typer.Option("--revision", help="Another commit than the pinned one; what comes is recorded.")
    ] = None,
    token: Annotated[
        str | None,
        typer.Option("--token", envvar="HF_TOKEN", help="For models behind an accepted licence.", show_default=False),
    ] = None,
    models_dir: ModelsDir = None,
    as_json: AsJson = False,
) -> None:
    """Install models; those that are installed and intact are left alone."""
    store = _store(context, models_dir)
    wanted = list(dict.fromkeys([*(names or []), *(model.name for model in store.catalog.defaults if default)]))
    if not wanted:
        raise OptionError("Name the models to install, or say --default: `scribe models list` shows them.")
    if revision is not None and len(wanted) > 1:
        raise OptionError("--revision belongs to one model: pull it on its own.")
    for name in wanted:
        store.catalog.find(name)
    options = PullOptions(folder, endpoint or None, revision, token or None)
    installed = []
    for name in wanted:
        with _progress_bar(name, is_shown=not as_json) as told:
            record = pull(store, name, options, told)
        installed.append({"path": str(store.path(name)), **asdict(record)})
        if not as_json:
            trust = "" if record.trust == "pinned" else " Trusted on first use: its hashes were not known beforehand."
            Console().print(f"[green]✓[/green] {name} is installed: {store.path(name)}{trust}", highlight=False)
    if as_json:
        Console().print_json(json.dumps(installed, ensure_ascii=False))


@app.command("verify")
def verify_models(
    context: typer.Context,
    names: Annotated[
        list[str] | None, typer.Argument(metavar="[NAME...]", help="Default: all installed.", autocompletion=_complete)
    ] = None,
    models_dir: ModelsDir = None,
    as_json: AsJson = False,
) -> None:
    """Read every byte of installed models and compare hashes."""
    store = _store(context, models_dir)
    chosen = names or [model.name for model in store.catalog if _facts(store, model)["state"] != "missing"]
    models = [store.catalog.find(name) for name in chosen]
    verdicts = [_verdict(store, model, is_shown=not as_json) for model in models]
    console = Console()
    if as_json:
        console.print_json(json.dumps(verdicts, ensure_ascii=False))
    else:
        for verdict in verdicts:
            mark = "[green]✓[/green]" if verdict["is_intact"] else "[red]✗[/red]"
            console.print(mark, verdict["name"], verdict["error"] or "is intact", highlight=False, soft_wrap=True)
    if not all(verdict["is_intact"] for verdict in verdicts):
        raise typer.Exit(EXIT_FAILED)


@app.command("path")
def show_path(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", autocompletion=_complete)],
    models_dir: ModelsDir = None,
    as_json: AsJson = False,
) -> None:
    """Print where an installed model lies."""
    path = _store(context, models_dir).path(name)
    typer.echo(json.dumps({"name": name, "path": str(path)}) if as_json else path)


def _store(context: typer.Context, models_dir: Path | None) -> ModelStore:
    catalog = context.obj.catalog if isinstance(context.obj, ModelsContext) else CATALOG
    return ModelStore(models_dir or default_models_dir(), catalog)


def _facts(store: ModelStore, model: Model) -> dict[str, Any]:
    """A model as ``list --json`` shows it."""
    state, path = "installed", None
    try:
        path = str(store.path(model.name))
    except ModelMissingError:
        state = "missing"
    except ModelError:
        state = "damaged"
    return {
        "name": model.name,
        "purpose": model.purpose.value,
        "summary": model.summary,
        "state": state,
        "path": path,
        "size_bytes": model.size_bytes,
        "is_size_known": model.is_size_known,
        "memory_mb": model.memory_mb,
        "memory_note": model.memory_note,
        "languages": model.languages,
        "licence": model.licence,
        "origin": model.origin,
        "is_default": model.is_default,
        "is_pinned": model.is_pinned,
        "is_gated": model.is_gated,
        "needs_revision": model.needs_revision,
    }


def _verdict(store: ModelStore, model: Model, *, is_shown: bool) -> dict[str, Any]:
    """A model as ``verify --json`` shows it."""
    read_bytes = 0
    try:
        with _progress_bar(model.name, is_shown=is_shown) as told:

            def read(block_bytes: int) -> None:
                nonlocal read_bytes
                read_bytes += block_bytes
                told("reading", read_bytes, max(read_bytes, model.size_bytes))

            store.verify(model.name, read)
    except (ModelMissingError, ModelCorruptError) as error:
        return {"name": model.name, "is_intact": False, "code": error.code, "error": str(error)}
    return {"name": model.name, "is_intact": True, "code": None, "error": None}


def _size(model: Model) -> str:
    return f"{'' if model.is_size_known else '≈ '}{model.size_bytes / 1e6:,.0f} MB"


@contextmanager
def _progress_bar(name: str, *, is_shown: bool) -> Iterator[PullProgress]:
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True, disable=not is_shown) as bar:
        task = bar.add_task(name, total=None)

        def told(what: str, done_bytes: int, total_bytes: int) -> None:
            bar.update(task, description=f"{name}: {what}", completed=done_bytes, total=total_bytes)

        yield told
