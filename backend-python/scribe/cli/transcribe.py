"""``scribe transcribe``: recordings in, minutes out.

Owns the options of the command and what the user sees; the use case is ``services/processing.py``.
"""

import json
import traceback
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.text import Text

from scribe.adapters.storage import FolderCheckpoints, Storage, only_one
from scribe.cli.failures import exit_code_of
from scribe.cli.observers import JsonObserver, ProgressObserver, QuietObserver
from scribe.cli.terminal import language_of_the_terminal
from scribe.core.config import Settings, load_settings
from scribe.core.logging import configure_logging
from scribe.domain.errors import InternalError, OptionError, ResourceError, ScribeError
from scribe.domain.exports import FORMATS
from scribe.domain.exports.plain_text import write_text
from scribe.domain.speech import SpeakerCount, TranscriptionOptions
from scribe.domain.typography import ReadingLanguage
from scribe.pipeline.ports import RunObserver
from scribe.pipeline.run import Request
from scribe.services.processing import Job, Minutes, folder_names, transcribe_recording
from scribe.worker.wiring import Workshop, build_workshop

CHECKPOINTS = ".checkpoints"

FormatName = StrEnum("FormatName", {name: name for name in FORMATS})  # type: ignore[misc]  # typer wants an enum
"""What ``--format`` takes."""


class Voice(StrEnum):
    """How much the command says."""

    PROGRESS = "progress"
    QUIET = "quiet"
    JSON = "json"


@dataclass(frozen=True, slots=True)
class _Wishes:
    """What holds for every recording of the command."""

    count: SpeakerCount
    options: TranscriptionOptions
    formats: tuple[str, ...]
    language: ReadingLanguage | None
    voice: Voice
    out: Path


def transcribe(
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="Recordings: audio or video of any kind.")],
    out: Annotated[Path, typer.Option("-o", "--out", help="Folder for the results: DIR/<name>/.")] = Path(),
    language: Annotated[
        str | None, typer.Option("--language", "-l", help="Spoken language (fr, en ...); found by itself if left out.")
    ] = None,
    allow_language: Annotated[
        list[str] | None, typer.Option("--allow-language", help="Look for these languages only. May be repeated.")
    ] = None,
    speakers: Annotated[int | None, typer.Option("--speakers", help="Exact number of speakers.")] = None,
    min_speakers: Annotated[int | None, typer.Option("--min-speakers", help="At least so many speakers.")] = None,
    max_speakers: Annotated[int | None, typer.Option("--max-speakers", help="At most so many speakers.")] = None,
    voices: Annotated[
        Path | None, typer.Option("--voices", help="Folder of known voices: DIR/<Name>.<ext> or DIR/<Name>/*.")
    ] = None,
    vocabulary: Annotated[
        list[str] | None, typer.Option("--vocabulary", help="A name or term to expect. May be repeated.")
    ] = None,
    model: Annotated[str | None, typer.Option("--model", "-m", help="See `scribe models list`.")] = None,
    device: Annotated[str | None, typer.Option("--device", help="auto, cpu or cuda.")] = None,
    format_: Annotated[
        list[FormatName] | None, typer.Option("--format", "-f", help="Reading formats to write; all if left out.")
    ] = None,
    reading_language: Annotated[
        str | None, typer.Option("--reading-language", help="Of headings in the minutes: fr, en or auto.")
    ] = None,
    models_dir: Annotated[Path | None, typer.Option("--models-dir", help="Where models are installed.")] = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print the results' folder and nothing else.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object per event, for programs.")] = False,
) -> None:
    """Turn recordings into minutes that say who said what, when.

    Writes DIR/<name>/ with transcription.json, diarization.json, fusion.json, the scoring formats and the reading
    formats. Run it again after an interruption and it goes on where it stopped.
    """
    settings = load_settings(
        models_dir=models_dir, device=device, transcription__model=model, language=reading_language
    )
    wishes = _Wishes(
        count=SpeakerCount(speakers, min_speakers, max_speakers),
        options=TranscriptionOptions(language, tuple(allow_language or ()), tuple(vocabulary or ())),
        formats=tuple(str(name) for name in format_) if format_ else tuple(FORMATS),
        language=None if settings.language == "auto" else settings.language,
        voice=Voice.JSON if as_json else Voice.QUIET if quiet else Voice.PROGRESS,
        out=out,
    )
    raise typer.Exit(_transcribe_all(files, wishes, settings, voices))


def _transcribe_all(files: Sequence[Path], wishes: _Wishes, settings: Settings, voices: Path | None) -> int:
    """The exit code: 0, or that of the first recording that failed. The others are done all the same."""
    configure_logging(settings.log_level, as_json=wishes.voice is Voice.JSON)
    screen, notes = Console(soft_wrap=True), Console(stderr=True)
    missing = [str(file) for file in files if not file.is_file()]
    if missing:
        raise OptionError(f"There is no such file: {', '.join(missing)}.")
    workshop = build_workshop(settings, voices)
    for note in workshop.notes:
        notes.print(f"! {note}", markup=False, highlight=False)
    exit_code = 0
    for file, folder in zip(files, folder_names(files), strict=True):
        try:
            minutes = _transcribe_one(file, folder, wishes, workshop, screen, notes)
        except ScribeError as error:
            _tell_failure(file, error, wishes.voice, screen, notes)
            exit_code = exit_code or exit_code_of(error)
            continue
        except Exception as error:  # noqa: BLE001 -- the edge: a bug in one recording must not cost the others
            traceback.print_exception(error)
            _tell_failure(file, _as_ours(error), wishes.voice, screen, notes)
            exit_code = exit_code or exit_code_of(_as_ours(error))
            continue
        _tell_result(file, wishes.out / folder, minutes, wishes, screen, notes)
    return exit_code


def _as_ours(error: Exception) -> ScribeError:
    if isinstance(error, MemoryError):
        return ResourceError("There is not enough memory: close other programs or choose a smaller model.")
    return InternalError(f"Something unexpected happened ({type(error).__name__}): please report it.")


def _transcribe_one(
    file: Path, folder: str, wishes: _Wishes, workshop: Workshop, screen: Console, notes: Console
) -> Minutes:
    place = wishes.out / folder
    if place.exists() and not place.is_dir():
        raise OptionError(f"{place} is a file: choose another folder with -o.")
    job = Job(Request(file, wishes.count, wishes.options), folder, wishes.formats, wishes.language, workshop.models)
    checkpoints = place / CHECKPOINTS
    if wishes.voice is Voice.PROGRESS:
        notes.print(f"[bold]{_escaped(file.name)}[/bold]", highlight=False)
    with only_one(checkpoints) as is_alone, _observer(file, wishes, screen, notes) as observer:
        if not is_alone:
            raise OptionError(f"Another scribe is working on {place}: wait for it, or choose another folder with -o.")
        return transcribe_recording(
            job, workshop.tools, Storage(str(wishes.out.resolve())), FolderCheckpoints(checkpoints), observer
        )


def _observer(file: Path, wishes: _Wishes, screen: Console, notes: Console) -> AbstractContextManager[RunObserver]:
    if wishes.voice is Voice.JSON:
        return JsonObserver(screen, file.name)
    if wishes.voice is Voice.QUIET:
        return QuietObserver(notes)
    return ProgressObserver(notes, wishes.language or language_of_the_terminal())


def _tell_failure(file: Path, error: ScribeError, voice: Voice, screen: Console, notes: Console) -> None:
    if voice is Voice.JSON:
        event = {"event": "recording.failed", "recording": file.name, "code": error.code, "message": str(error)}
        _print_json(screen, event)
        return
    line = Text.assemble(("✗ ", "bold red"), f"{file.name}: {error} ", (f"[{error.code}]", "dim"))
    notes.print(line, soft_wrap=True)


def _tell_result(file: Path, place: Path, minutes: Minutes, wishes: _Wishes, screen: Console, notes: Console) -> None:
    if wishes.voice is Voice.JSON:
        _print_json(screen, {"event": "recording.finished", "recording": file.name, "folder": str(place)})
    elif wishes.voice is Voice.QUIET:
        screen.print(str(place), markup=False, highlight=False)
    else:
        screen.print()
        for line in write_text(minutes.fusion, minutes.language).splitlines():
            screen.print(Text(line, style="bold cyan" if line.startswith("[") else ""))
        notes.print(f"\n[green]✓[/green] {_escaped(str(place))}/", highlight=False, soft_wrap=True)


def _print_json(screen: Console, event: dict[str, str]) -> None:
    screen.print(json.dumps(event, ensure_ascii=False), markup=False, highlight=False, emoji=False)


def _escaped(text: str) -> str:
    return text.replace("[", r"\[")
