"""The meter sees what a stretch of work costs, and nothing of what came before it."""

import subprocess
import sys

import numpy as np
import pytest

from scribe.core.metering import metered

MB = 1_000_000


def test_cpu_seconds_count_work_and_not_waiting() -> None:
    with metered() as meter:
        total = sum(number * number for number in range(2_000_000))
    assert total > 0
    assert 0 < meter.cost.cpu_seconds <= meter.cost.seconds * 1.5 + 0.1


def test_cpu_seconds_of_a_finished_child_are_counted() -> None:
    with metered() as meter:
        subprocess.run([sys.executable, "-c", "sum(n * n for n in range(6_000_000))"], check=True)
    assert meter.cost.cpu_seconds > 0.1


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux can reset the high-water mark")
def test_the_peak_is_of_this_block_and_not_of_the_past() -> None:
    with metered() as heavy:
        block = np.ones(200 * MB, dtype=np.uint8)
        assert block.sum() == 200 * MB
        del block
    with metered() as light:
        pass
    assert heavy.cost.peak_rss_mb - light.cost.peak_rss_mb > 150
