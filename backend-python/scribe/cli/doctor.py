"""``scribe doctor``: is everything here that a recording needs, and if not, how to get it.

Owns the checks of what is installed, and their wording; ``doctor_service.py`` looks at the service.
"""

import json
import os
import shutil
import sys
from collections.abc import Iterator
from dataclasses import asdict
from importlib import metadata
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from scribe import __version__
from scribe.cli.failures import EXIT_FAILED
from scribe.cli.finding import Finding, Verdict
from scribe.core.config import Settings, load_settings
from scribe.domain.errors import ModelError, OptionError

LIBRARIES = ("onnxruntime", "ctranslate2", "faster-whisper", "av", "numpy", "scipy", "typst", "python-docx")
MIN_FREE_GB = 2.0
"""A four-hour recording needs 0.5 GB while it is worked on."""
MIN_MEMORY_GB = 2.0
"""The default pipeline peaks below 1 GB; the rest is for the system."""
_MARKS: dict[Verdict, str] = {"good": "[green]✓[/green]", "note": "[yellow]![/yellow]", "bad": "[red]✗[/red]"}


def doctor(
    models_dir: Annotated[Path | None, typer.Option("--models-dir", help="Where models are installed.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the findings as JSON.")] = False,
) -> None:
    """Say what is here, what is missing and how to get it; of the service, too, whether it runs or not."""
    findings = list(examine(models_dir))
    console = Console()
    if as_json:
        console.print_json(json.dumps([asdict(finding) for finding in findings], ensure_ascii=False))
    else:
        table = Table(box=None, show_header=False, padding=(0, 1))
        table.add_column(no_wrap=True)
        table.add_column(no_wrap=True)
        table.add_column(overflow="fold")
        for finding in findings:
            remedy = f"\n[bold]{finding.remedy}[/bold]" if finding.remedy else ""
            table.add_row(_MARKS[finding.verdict], finding.subject, finding.detail + remedy)
        console.print(table)
    if any(finding.verdict == "bad" for finding in findings):
        raise typer.Exit(EXIT_FAILED)


def examine(models_dir: Path | None = None) -> Iterator[Finding]:
    from scribe.cli.doctor_service import examine_service

    version = ".".join(map(str, sys.version_info[:3]))
    yield Finding("scribe", "good", f"{__version__} on Python {version}")
    try:
        settings = load_settings(models_dir=models_dir)
    except OptionError as error:
        yield Finding("settings", "bad", str(error), "Correct the environment variable; docs/configuration.md.")
        settings = Settings.model_construct(models_dir=models_dir)
    else:
        yield Finding("settings", "good", "every SCRIBE_ variable is known and in range")
    yield from _libraries()
    yield from _models(settings)
    yield _device(settings)
    yield from _machine(Path.cwd())
    yield _fonts()
    yield from examine_service(settings)


def _libraries() -> Iterator[Finding]:
    for name in LIBRARIES:
        try:
            yield Finding(name, "good", metadata.version(name))
        except metadata.PackageNotFoundError:
            yield Finding(name, "bad", "not installed", "make setup")


def _models(settings: Settings) -> Iterator[Finding]:
    from scribe.worker.wiring import SEGMENTATION, VOICEPRINT, open_store

    store = open_store(settings)
    for name in (settings.transcription.model, SEGMENTATION, VOICEPRINT):
        try:
            yield Finding(name, "good", str(store.path(name)))
        except ModelError as error:
            yield Finding(name, "bad", str(error), f"scribe models pull {name}")


def _device(settings: Settings) -> Finding:
    import ctranslate2

    cards = ctranslate2.get_cuda_device_count()
    if cards:
        return Finding("device", "good", f"{cards} CUDA card(s); SCRIBE_DEVICE={settings.device}")
    if settings.device == "cuda":
        return Finding("device", "bad", "SCRIBE_DEVICE=cuda and no CUDA card is seen", "SCRIBE_DEVICE=auto")
    return Finding("device", "good", "CPU (no CUDA card is seen)")


def _fonts() -> Finding:
    """Alphabets that the PDF export can draw only with fonts of the system: they are too large to be shipped."""
    from scribe.adapters.typesetting.pdf import missing_scripts

    try:
        missing = missing_scripts()
    except ImportError:
        return Finding("fonts", "bad", "typst is not installed: no PDF export", "make setup")
    if not missing:
        return Finding("fonts", "good", "the PDF export can draw every common alphabet")
    return Finding(
        "fonts",
        "note",
        f"the PDF export draws boxes instead of {', '.join(missing)}",
        "Install the Noto fonts: apt-get install fonts-noto-core fonts-noto-cjk fonts-noto-color-emoji",
    )


def _machine(folder: Path) -> Iterator[Finding]:
    cores = os.cpu_count() or 1
    memory_gb = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9
    enough = memory_gb >= MIN_MEMORY_GB
    yield Finding(
        "machine",
        "good" if enough else "note",
        f"{cores} cores, {memory_gb:.1f} GB of memory",
        "" if enough else "Less than 2 GB: close other programs while a recording is processed.",
    )
    free_gb = shutil.disk_usage(folder).free / 1e9
    room = free_gb >= MIN_FREE_GB
    yield Finding(
        "disk",
        "good" if room else "note",
        f"{free_gb:.1f} GB free here",
        "" if room else "Make room for long recordings.",
    )
