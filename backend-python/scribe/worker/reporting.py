"""The child's side of the reports: an observer that writes what happens to the worker's pipe.

Owns how often progress is told: at most twice a second and half a percent apart, because each report becomes a row's
update and an event for every browser that watches.
"""

import os
import time

from scribe.domain.audio import AudioFacts
from scribe.domain.meeting import RunWarning, Stage, StageMetrics
from scribe.worker.protocol import (
    AudioKnown,
    Report,
    StageFinished,
    StageProgressed,
    StageStarted,
    Warned,
    line_of,
)

EVERY_S = 0.5
MIN_STEP = 0.005


class ReportingObserver:
    """Satisfies ``pipeline.ports.RunObserver``."""

    def __init__(self, pipe_fd: int) -> None:
        self._pipe_fd = pipe_fd
        self._told_s = 0.0
        self._told_fraction = 0.0
        self._knows_audio = False
        self.stage: Stage | None = None
        """What is under way, or was when it broke off."""

    def stage_started(self, stage: Stage) -> None:
        self._told_s, self._told_fraction = time.monotonic(), 0.0
        self.stage = stage
        self.send(StageStarted(stage))

    def stage_progressed(self, stage: Stage, fraction: float) -> None:
        now_s = time.monotonic()
        is_last = fraction >= 1.0 > self._told_fraction
        is_due = now_s - self._told_s >= EVERY_S and fraction - self._told_fraction >= MIN_STEP
        if is_last or is_due:
            self._told_s, self._told_fraction = now_s, fraction
            self.send(StageProgressed(stage, fraction))

    def stage_finished(self, metrics: StageMetrics) -> None:
        self.stage = None
        self.send(StageFinished(metrics))

    def warned(self, warning: RunWarning) -> None:
        self.send(Warned(warning))

    def audio_known(self, facts: AudioFacts) -> None:
        """Told once, however often the recording is converted."""
        if not self._knows_audio:
            self._knows_audio = True
            self.send(AudioKnown(facts))

    def send(self, report: Report) -> None:
        line = line_of(report)
        while line:
            line = line[os.write(self._pipe_fd, line) :]
