"""Noise, cut-off peaks and bandwidth of a recording whose every figure is known."""

import numpy as np
import numpy.typing as npt
import pytest

from scribe.domain.audio import SAMPLE_RATE_HZ, Waveform
from scribe.domain.speech import Span
from scribe.engines.clarity import Clarity, clarity_of

SPEECH, PAUSE = [Span(0.0, 8.0)], [Span(8.0, 10.0)]


def white(level: float, seed: int = 0) -> npt.NDArray[np.float64]:
    sound: npt.NDArray[np.float64] = np.random.default_rng(seed).standard_normal(10 * SAMPLE_RATE_HZ) * level
    return sound


def syllables() -> npt.NDArray[np.float64]:
    """Something that comes and goes for 8 s, then nothing."""
    rise = np.tile(np.repeat([1.0, 0.0], SAMPLE_RATE_HZ // 5), 25)
    rise[8 * SAMPLE_RATE_HZ :] = 0
    sound: npt.NDArray[np.float64] = white(3000, seed=1) * rise
    return sound


def recorded(samples: npt.NDArray[np.float64]) -> Waveform:
    return Waveform(np.rint(samples.clip(-32768, 32767)).astype(np.int16))


@pytest.mark.parametrize("snr_db", [0, 5, 10, 20, 30])
@pytest.mark.parametrize("pauses", [PAUSE, []])
def test_the_noise_that_was_added_is_measured_with_and_without_a_pause(snr_db: int, pauses: list[Span]) -> None:
    speech = syllables()
    power = np.mean(speech[: 8 * SAMPLE_RATE_HZ] ** 2)
    noise = white(np.sqrt(power / 10 ** (snr_db / 10)))
    measured = clarity_of(recorded(speech + noise), SPEECH, pauses).snr_db
    assert measured == pytest.approx(snr_db, abs=1.0)


def test_pauses_of_digital_silence_do_not_hide_the_noise_under_the_words() -> None:
    noisy = syllables() + white(1000)
    noisy[8 * SAMPLE_RATE_HZ :] = 0
    assert clarity_of(recorded(noisy), SPEECH, PAUSE).snr_db == pytest.approx(6.5, abs=1.5)


def test_a_steady_sound_without_a_pause_has_no_noise_to_be_told_from() -> None:
    assert clarity_of(recorded(white(3000)), SPEECH).snr_db is None


def test_a_perfect_pause_has_a_limit() -> None:
    loud = 3 * syllables() + white(4)
    assert clarity_of(recorded(loud), SPEECH, PAUSE).snr_db == pytest.approx(60, abs=0.5)


@pytest.mark.parametrize("gain", [1.0, 0.3, 0.1])
def test_peaks_that_were_cut_off_show_however_loud_the_recording_is_now(gain: float) -> None:
    speech = syllables()
    assert clarity_of(recorded(speech * gain), SPEECH).clipped_share < 0.001
    cut = speech.clip(-2000, 2000)
    assert clarity_of(recorded(cut * gain), SPEECH).clipped_share == pytest.approx(0.25, abs=0.05)


def test_a_pure_tone_is_not_taken_for_a_cut_off_one() -> None:
    instants = np.arange(10 * SAMPLE_RATE_HZ) / SAMPLE_RATE_HZ
    assert clarity_of(recorded(8000 * np.sin(2 * np.pi * 313 * instants)), SPEECH).clipped_share < 0.15


@pytest.mark.parametrize("cutoff_hz", [3400, 5500, 7000])
def test_the_bandwidth_is_that_of_the_channel(cutoff_hz: int) -> None:
    bins = np.fft.rfft(syllables())
    bins[round(len(bins) * cutoff_hz / 8000) :] = 0
    measured = clarity_of(recorded(np.fft.irfft(bins, 10 * SAMPLE_RATE_HZ)), SPEECH).bandwidth_hz
    assert measured == pytest.approx(cutoff_hz, abs=250)


@pytest.mark.parametrize("speech", [[], [Span(3.0, 3.0)], [Span(3.0, 3.01)], [Span(20.0, 25.0)]])
def test_nothing_to_measure_gives_no_figures(speech: list[Span]) -> None:
    assert clarity_of(recorded(white(3000)), speech) == Clarity()


def test_silence_gives_no_figures() -> None:
    assert clarity_of(recorded(np.zeros(10 * SAMPLE_RATE_HZ)), SPEECH, PAUSE) == Clarity()


def test_full_scale_is_a_sample_like_any_other() -> None:
    loudest = Waveform(np.tile(np.array([-32768, 32767, 0, 0], np.int16), 40_000))
    assert clarity_of(loudest, SPEECH).clipped_share == pytest.approx(0.5)
