"""One model at a time, measured while the real product runs."""

import concurrent.futures
import json
import multiprocessing
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
import pytest

from scribe.adapters.storage import FolderCheckpoints, Storage
from scribe.core.config import load_settings
from scribe.domain.meeting import RunWarning, Stage, StageMetrics
from scribe.engines.residency import Residency
from scribe.pipeline.run import Request
from scribe.services.processing import Job, transcribe_recording
from scribe.worker import wiring
from tests.conftest import REPOSITORY

pytestmark = pytest.mark.real

MOST_MB = 1000
"""What a stage may hold at its peak: the promise of the README."""
LEFT_BEHIND_MB = 350
"""By how much the process may have grown when all models are gone: libraries stay mapped, models do not."""


class Silent:
    def stage_started(self, stage: Stage) -> None: ...
    def stage_progressed(self, stage: Stage, fraction: float) -> None: ...
    def stage_finished(self, metrics: StageMetrics) -> None: ...
    def warned(self, warning: RunWarning) -> None: ...


class Watched(Residency):
    """Notes which models are resident whenever one has been loaded."""

    seen: list[tuple[str, ...]]

    def __init__(self, policy: Any) -> None:
        super().__init__(policy)
        self.seen = []
        SEEN.append(self)

    @contextmanager
    def hold(self, name: str, load: Callable[[], Any]) -> Iterator[Any]:
        with super().hold(name, load) as model:
            self.seen.append(self.resident)
            yield model


SEEN: list[Watched] = []


def test_models_take_turns_and_memory_returns(tmp_path: Path) -> None:
    """In a process of its own: this one still holds what the tests before have loaded."""
    spawned = multiprocessing.get_context("spawn")
    with concurrent.futures.ProcessPoolExecutor(1, mp_context=spawned) as alone:
        seen, resident, stages, grown_mb = alone.submit(run_the_product, tmp_path).result()
    assert all(len(models) == 1 for models in seen)
    assert {model for models in seen for model in models} >= {"segmentation-3.0", "campplus", "whisper-base"}
    assert resident == ()
    assert set(stages) == {"convert", "diarize", "transcribe", "fuse"}
    assert all(0 < peak_mb < MOST_MB for peak_mb in stages.values())
    assert grown_mb < LEFT_BEHIND_MB


def run_the_product(folder: Path) -> tuple[list[tuple[str, ...]], tuple[str, ...], dict[str, float], float]:
    """Which models were resident when one was loaded, which are at the end, the peak of each stage, what stays."""
    before_mb = psutil.Process().memory_info().rss / 1e6
    wiring.Residency = Watched  # type: ignore[misc]
    workshop = wiring.build_workshop(load_settings())
    job = Job(Request(REPOSITORY / "samples" / "conference.flac"), "conference")
    transcribe_recording(job, workshop.tools, Storage(str(folder)), FolderCheckpoints(folder / "c"), Silent())
    (residency,) = SEEN
    fusion = json.loads((folder / "conference" / "fusion.json").read_text())
    peaks_mb = {stage["stage"]: stage["peak_rss_mb"] for stage in fusion["stages"]}
    return residency.seen, residency.resident, peaks_mb, psutil.Process().memory_info().rss / 1e6 - before_mb
