import json

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from scribe.domain.audio import SAMPLE_RATE_HZ, Waveform
from scribe.domain.waveform import MAX_PIXELS, MIN_SAMPLES_PER_PIXEL, peaks_json, peaks_of


def waveform(num_samples: int, seed: int = 0) -> Waveform:
    return Waveform(np.random.default_rng(seed).integers(-32768, 32768, num_samples).astype(np.int16))


@given(st.integers(0, 5 * SAMPLE_RATE_HZ), st.integers(0, 9))
def test_every_pixel_is_the_lowest_and_the_highest_of_its_samples(num_samples: int, seed: int) -> None:
    wave = waveform(num_samples, seed)
    peaks = peaks_of(wave)
    step = peaks.samples_per_pixel
    stretches = [wave.pcm[start : start + step] for start in range(0, num_samples, step)]
    expected = [[int(stretch.min()) >> 8, int(stretch.max()) >> 8] for stretch in stretches]
    assert peaks.data.tolist() == expected


def test_a_short_recording_is_not_stretched() -> None:
    assert peaks_of(waveform(SAMPLE_RATE_HZ)).samples_per_pixel == MIN_SAMPLES_PER_PIXEL


def test_a_long_recording_has_a_bounded_number_of_pixels() -> None:
    wave = waveform(3600 * SAMPLE_RATE_HZ)
    peaks = peaks_of(wave)
    assert MAX_PIXELS * 0.95 <= peaks.num_pixels <= MAX_PIXELS
    assert len(peaks_json(peaks)) < 90_000


def test_the_json_is_audiowaveforms() -> None:
    document = json.loads(peaks_json(peaks_of(Waveform(np.array([256, -512, 32767, -32768], np.int16)))))
    assert document == {
        "version": 2,
        "channels": 1,
        "sample_rate": 16000,
        "samples_per_pixel": 256,
        "bits": 8,
        "length": 1,
        "data": [-128, 127],
    }
