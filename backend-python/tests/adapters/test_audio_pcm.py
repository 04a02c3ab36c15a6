"""A recording on disk slices like an array and takes no memory."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import psutil
import pytest

from scribe.adapters.audio_pcm import PcmFile


@pytest.fixture
def numbers(tmp_path: Path) -> tuple[PcmFile, np.ndarray]:
    samples = np.arange(-5000, 5000, dtype="<i2")
    path = tmp_path / "audio.wav"
    path.write_bytes(b"header" + samples.tobytes())
    return PcmFile(path, offset_bytes=6), samples


@pytest.mark.parametrize("window", [slice(0, 10), slice(9990, 10_050), slice(5, 5), slice(20_000, 30_000), slice(None)])
def test_a_slice_is_what_an_array_would_give(numbers: tuple[PcmFile, np.ndarray], window: slice) -> None:
    pcm, samples = numbers
    assert len(pcm) == len(samples)
    np.testing.assert_array_equal(pcm[window], samples[window])


def test_threads_do_not_disturb_one_another(numbers: tuple[PcmFile, np.ndarray]) -> None:
    pcm, samples = numbers
    with ThreadPoolExecutor(4) as pool:
        read = list(pool.map(lambda start: pcm[start : start + 100], range(0, 10_000, 100)))
    np.testing.assert_array_equal(np.concatenate(read), samples)


def test_reading_all_of_it_in_stretches_leaves_memory_flat(tmp_path: Path) -> None:
    path = tmp_path / "long.wav"
    with path.open("wb") as file:
        file.truncate(400_000_000)
    pcm = PcmFile(path, offset_bytes=0)
    before = psutil.Process().memory_info().rss
    for start in range(0, len(pcm), 160_000):
        assert not pcm[start : start + 160_000].any()
    assert psutil.Process().memory_info().rss - before < 20_000_000
