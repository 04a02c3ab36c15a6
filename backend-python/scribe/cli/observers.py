"""How a run is shown: a moving line per stage for people, one JSON object per event for programs, or nothing.

Owns what is printed while work goes on; never the result itself (``minutes.py`` prints that). Everything goes to
standard error, except the JSON events, so that standard output can be piped.
"""

import json
from collections.abc import Mapping
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TaskProgressColumn, TextColumn, TimeRemainingColumn

from scribe.domain.meeting import RunWarning, Stage, StageMetrics

STAGE_NAMES: Mapping[str, Mapping[Stage, str]] = {
    "en": {
        Stage.CONVERT: "Reading the recording",
        Stage.DIARIZE: "Telling the speakers apart",
        Stage.IDENTIFY: "Recognising known voices",
        Stage.TRANSCRIBE: "Writing down the words",
        Stage.FUSE: "Giving the words to the speakers",
    },
    "fr": {
        Stage.CONVERT: "Lecture de l’enregistrement",
        Stage.DIARIZE: "Distinction des voix",
        Stage.IDENTIFY: "Reconnaissance des voix connues",
        Stage.TRANSCRIBE: "Transcription des paroles",
        Stage.FUSE: "Attribution des paroles",
    },
}

ALREADY_DONE: Mapping[str, str] = {"en": "already done", "fr": "déjà fait"}


class ProgressObserver:
    """A line per stage with its bar and the time it still needs, as a ``with`` block."""

    def __init__(self, console: Console, language: str) -> None:
        self._console = console
        self._names = STAGE_NAMES[language]
        self._already_done = ALREADY_DONE[language]
        self._tasks: dict[Stage, TaskID] = {}
        self._progress = Progress(
            TextColumn("  {task.description:<34}"),
            BarColumn(bar_width=28),
            TaskProgressColumn(),
            TimeRemainingColumn(elapsed_when_finished=True),
            console=console,
        )

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()

    def stage_started(self, stage: Stage) -> None:
        self._tasks[stage] = self._progress.add_task(self._names[stage], total=1.0)

    def stage_progressed(self, stage: Stage, fraction: float) -> None:
        self._progress.update(self._tasks[stage], completed=fraction)

    def stage_finished(self, metrics: StageMetrics) -> None:
        if metrics.is_reused:
            self._progress.console.print(f"  {self._names[metrics.stage]:<34} [dim]✓ {self._already_done}[/dim]")
        else:
            self._progress.update(self._tasks[metrics.stage], completed=1.0)

    def warned(self, warning: RunWarning) -> None:
        self._progress.console.print(f"  [yellow]![/yellow] {warning.message}", highlight=False)


class JsonObserver:
    """One JSON object a line on standard output, for programs."""

    def __init__(self, console: Console, recording: str) -> None:
        self._console = console
        self._recording = recording
        self._shown: dict[Stage, int] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        return

    def stage_started(self, stage: Stage) -> None:
        self._emit("stage.started", stage=stage)

    def stage_progressed(self, stage: Stage, fraction: float) -> None:
        percent = int(fraction * 100)
        if percent > self._shown.get(stage, 0):  # at most a hundred lines a stage
            self._shown[stage] = percent
            self._emit("stage.progressed", stage=stage, percent=percent)

    def stage_finished(self, metrics: StageMetrics) -> None:
        self._emit(
            "stage.finished",
            stage=metrics.stage,
            seconds=round(metrics.seconds, 3),
            cpu_seconds=round(metrics.cpu_seconds, 3),
            peak_rss_mb=round(metrics.peak_rss_mb, 1),
            **({} if metrics.peak_vram_mb is None else {"peak_vram_mb": metrics.peak_vram_mb}),
            is_reused=metrics.is_reused,
        )

    def warned(self, warning: RunWarning) -> None:
        self._emit("warning", code=warning.code, message=warning.message)

    def _emit(self, event: str, **keys: object) -> None:
        line = json.dumps({"event": event, "recording": self._recording, **keys}, ensure_ascii=False)
        self._console.print(line, markup=False, highlight=False, soft_wrap=True, emoji=False)


class QuietObserver:
    """Says nothing but warnings."""

    def __init__(self, console: Console) -> None:
        self._console = console

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        return

    def stage_started(self, stage: Stage) -> None:
        return

    def stage_progressed(self, stage: Stage, fraction: float) -> None:
        return

    def stage_finished(self, metrics: StageMetrics) -> None:
        return

    def warned(self, warning: RunWarning) -> None:
        self._console.print(f"! {warning.message}", markup=False, highlight=False)
