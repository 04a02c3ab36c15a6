import os
from collections.abc import Iterator

import pytest

from scribe.domain.meeting import Stage
from scribe.worker import reporting
from scribe.worker.protocol import Report, StageProgressed, StageStarted, report_of
from scribe.worker.reporting import ReportingObserver


@pytest.fixture
def pipe() -> Iterator[tuple[int, int]]:
    ends = os.pipe()
    os.set_blocking(ends[0], False)
    yield ends
    for end in ends:
        os.close(end)


def said(pipe: tuple[int, int]) -> list[Report]:
    return [report_of(line) for line in os.read(pipe[0], 1 << 16).splitlines()]


def test_progress_is_told_twice_a_second_and_at_the_end(pipe: tuple[int, int], monkeypatch: pytest.MonkeyPatch) -> None:
    now_s = 0.0
    monkeypatch.setattr(reporting.time, "monotonic", lambda: now_s)
    observer = ReportingObserver(pipe[1])
    observer.stage_started(Stage.DIARIZE)
    for step in range(1, 1001):  # ten seconds
        now_s = step / 100
        observer.stage_progressed(Stage.DIARIZE, step / 1000)
    reports = said(pipe)
    assert reports[0] == StageStarted(Stage.DIARIZE)
    fractions = [report.fraction for report in reports[1:] if isinstance(report, StageProgressed)]
    assert 18 <= len(fractions) <= 21
    assert fractions[-1] == 1.0


def test_a_step_too_small_to_see_is_not_told(pipe: tuple[int, int], monkeypatch: pytest.MonkeyPatch) -> None:
    now_s = 0.0
    monkeypatch.setattr(reporting.time, "monotonic", lambda: now_s)
    observer = ReportingObserver(pipe[1])
    observer.stage_started(Stage.TRANSCRIBE)
    for step in range(100):
        now_s = float(step)
        observer.stage_progressed(Stage.TRANSCRIBE, 0.0001 * step)
    assert len(said(pipe)) == 1 + 1
