"""The stages of one attempt as spans of its trace.

Owns when they begin and end: by the child's reports. So the child, which works on files that anybody may have sent and
may be killed at any moment, needs neither the collector's address nor the time to say good-bye; a stage whose child
died ends as failed when the worker sees it.

Usage::

    with StageSpans(telemetry, place, models_of(settings, job.options)) as spans:
        spans.hear(report)
"""

from collections.abc import Mapping
from types import TracebackType
from typing import Self

from scribe.core.config import Settings
from scribe.core.telemetry import NO_SPAN, Span, Telemetry
from scribe.core.trace_context import TraceParent
from scribe.domain.meeting import Stage, StageMetrics
from scribe.domain.requests import RunOptions
from scribe.engines.catalog import CATALOG
from scribe.worker.protocol import AudioKnown, Failed, Report, StageFinished, StageStarted


def models_of(settings: Settings, options: RunOptions) -> Mapping[Stage, str]:
    """Of the catalogue and of nowhere else: what somebody wished for is theirs."""
    wanted = options.model or settings.transcription.model
    known = wanted if any(model.name == wanted for model in CATALOG) else "other"
    return {
        Stage.DIARIZE: settings.diarization.engine,
        Stage.TRANSCRIBE: "fake" if settings.transcription.engine == "fake" else known,
    }


class StageSpans:
    def __init__(self, telemetry: Telemetry, parent: TraceParent | None, models: Mapping[Stage, str]) -> None:
        """``models``: names in the catalogue."""
        self._telemetry = telemetry
        self._parent = parent
        self._models = models
        self._under_way: Span = NO_SPAN
        self._audio_s: float | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._under_way is not NO_SPAN:
            self._end(failure="interrupted")

    def hear(self, report: Report) -> None:
        match report:
            case StageStarted(stage):
                self._begin(stage)
            case StageFinished(metrics):
                if self._under_way is NO_SPAN:  # it was not done again
                    self._begin(metrics.stage)
                self._finish(metrics)
            case AudioKnown(facts):
                self._audio_s = facts.duration_s
            case Failed(code, _, _) if self._under_way is not NO_SPAN:
                self._end(failure=code)
            case _:
                pass

    def _begin(self, stage: Stage) -> None:
        if self._under_way is not NO_SPAN:  # a stage without which the run goes on
            self._end(failure="stage.failed")
        self._under_way = self._telemetry.start(
            f"stage {stage}",
            parent=self._parent,
            attributes={"scribe.stage": str(stage), "scribe.model": self._models.get(stage)},
        )

    def _finish(self, metrics: StageMetrics) -> None:
        self._under_way.set(
            {
                "scribe.seconds": round(metrics.seconds, 3),
                "scribe.cpu_seconds": round(metrics.cpu_seconds, 3),
                "scribe.peak_mb": round(metrics.peak_rss_mb, 1),
                "scribe.is_reused": metrics.is_reused,
                "scribe.audio_s": self._audio_s,
            }
        )
        self._end()

    def _end(self, failure: str | None = None) -> None:
        if failure is not None:
            self._under_way.failed(failure)
        self._under_way.end()
        self._under_way = NO_SPAN
