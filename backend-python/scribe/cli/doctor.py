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
_INSTEAD = {"onnxruntime": ("onnxruntime-gpu",)}
"""The same modules built for cards, under another name."""
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
    yield from _devices(settings)
    yield from _machine(Path.cwd())
    yield _fonts()
    yield from examine_service(settings)


def _libraries() -> Iterator[Finding]:
    for name in LIBRARIES:
        found = next(filter(None, map(_version_of, (name, *_INSTEAD.get(name, ())))), None)
        yield Finding(name, "good", found) if found else Finding(name, "bad", "not installed", "make setup")


def _version_of(name: str) -> str | None:
    try:
        return metadata.version(name) + (" (for cards)" if name.endswith("-gpu") else "")
    except metadata.PackageNotFoundError:
        return None


def _models(settings: Settings) -> Iterator[Finding]:
    from scribe.worker.wiring import SEGMENTATION, VOICEPRINT, open_store

    store = open_store(settings)
    for name in (settings.transcription.model, SEGMENTATION, VOICEPRINT):
        try:
            yield Finding(name, "good", str(store.path(name)))
        except ModelError as error:
            yield Finding(name, "bad", str(error), f"scribe models pull {name}")


def _devices(settings: Settings) -> Iterator[Finding]:
    """What each library really computes on: one may see the card and another not."""
    from scribe.engines.accelerators import Library, obstacle
    from scribe.engines.card_driver import find_cards

    cards = find_cards()
    if not cards:
        if settings.device == "cuda":
            yield Finding("device", "bad", "SCRIBE_DEVICE=cuda and no CUDA card is seen", "SCRIBE_DEVICE=auto")
        else:
            yield Finding("device", "good", "CPU (no CUDA card is seen)")
        return
    seen = ", ".join(f"{card.name}, {card.total_mb:,} MB" for card in cards)
    yield Finding("device", "good", f"{seen}; SCRIBE_DEVICE={settings.device}")
    if settings.device == "cpu":
        return
    libraries = {"transcription": Library.CTRANSLATE2, "voices": Library.ONNX_RUNTIME}
    if settings.diarization.engine == "pyannote":
        libraries["diarization"] = Library.TORCH
    for use, library in libraries.items():
        why_not = obstacle(library)
        if why_not is None:
            yield Finding(f"{use} on", "good", f"the card ({library.value})")
        else:
            verdict: Verdict = "bad" if settings.device == "cuda" else "note"
            yield Finding(f"{use} on", verdict, f"the processor: {why_not}", "docs/gpu.md")


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
