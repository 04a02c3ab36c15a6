"""How cleanly a voice was recorded: the noise between its words, cut-off peaks, the width of the channel.

Owns three measures of the signal; never says what is good enough (``domain/voice_quality.py`` does) and never hears who
speaks: where a voice stands alone is passed in.

Usage::

    clarity_of(waveform, speech, pauses).snr_db
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from scribe.domain.audio import SAMPLE_RATE_HZ, Samples, Waveform
from scribe.domain.speech import Span

_FRAME_SAMPLES = 320
"""20 ms."""
_BLOCK_SAMPLES = 30 * SAMPLE_RATE_HZ
"""Read at a time, so that a quarter of an hour takes no more memory than half a minute."""
_MIN_PAUSE_S = 0.2
"""Shorter than this altogether, the pauses tell nothing: then the quietest moments of the speech do."""
_PAUSE_EDGE_S = 0.04
"""Of each pause at both ends: the diarizer is no surer than that about where a word begins."""
_QUIETEST_PERCENTILE = 5
_STEADY_DB = 3.0
"""A sound that varies less is no speech with noise under it (0 dB of white noise: 6 dB and more), and has no floor."""
_BEST_SNR_DB = 60.0
"""More could not be told apart with 16 bits."""
_SILENCE_POWER = 10**-8.0
"""-80 dBFS: digital silence and its dither say nothing of the noise under the words. Telephones and recorders cut the
pauses out, and so do the gaps of our own samples."""
_FFT_SIZE = 512
_HEARD_DB = 50.0
"""Below the strongest frequency, a voice is still there at this level. Measured on 11 voices: 8 kHz audio through
G.711, AMR and back reads 3.8 to 4.6 kHz, wide-band recordings 7.7 to 8 (two are narrow to begin with)."""
_CEILING = 0.99
"""Of the loudest sample: a peak that was cut off by an earlier step and then turned down still has its flat top."""
_MIN_PEAK = 128
"""-48 dBFS: below, one step of 16 bits is nearly that hundredth."""


@dataclass(frozen=True, slots=True)
class Clarity:
    """What was measured of one voice; the names are those of ``VoiceQuality``."""

    snr_db: float | None = None
    clipped_share: float = 0.0
    bandwidth_hz: float | None = None
    level_db: float | None = None
    """Mean level of the speech in dBFS; ``None``: there is no sound."""


def clarity_of(waveform: Waveform, speech: Sequence[Span], pauses: Sequence[Span] = ()) -> Clarity:
    """Of one voice. ``speech``: where it stands alone; ``pauses``: where nobody speaks. Reads each once, O(length)."""
    levels, spectrum, magnitudes = [], np.zeros(_FFT_SIZE // 2 + 1), np.zeros(32769, np.int64)
    for samples in _blocks(waveform, speech):
        magnitudes += np.bincount(np.abs(np.rint(samples * 32768).astype(np.int64)), minlength=len(magnitudes))
        levels.append(_power(samples))
        spectrum += _spectrum(samples)
    power = np.concatenate([np.zeros(0), *levels])
    if not power.any():
        return Clarity()
    inner = [span for span in map(_inside, pauses) if span.duration_s > 0]
    quiet = np.concatenate([np.zeros(0), *(_power(samples) for samples in _blocks(waveform, inner))])
    level_db = 10 * float(np.log10(power.mean()))
    return Clarity(_snr_db(power, quiet), _clipped_share(magnitudes), _bandwidth_hz(spectrum), level_db)


def _snr_db(speech: npt.NDArray[np.float64], pauses: npt.NDArray[np.float64]) -> float | None:
    """Mean level of speech without the noise, over that of the noise.

    Noise is the median of the pauses, or the quietest twentieth of the speech where no pause has a sound. With noise
    added to ten seconds of a dozen people, white at 20, 10, 5 and 0 dB reads 16 to 21, 10 to 12, 3 to 7 and 0 to 2;
    pink reads up to 3 more; other people talking reads 5 to 10 more at 5 and 0 dB, for babble has pauses, too.
    """
    pauses = pauses[pauses > _SILENCE_POWER]
    if len(pauses) * _FRAME_SAMPLES >= _MIN_PAUSE_S * SAMPLE_RATE_HZ:
        noise = float(np.median(pauses))
    else:
        noise = float(np.percentile(speech, _QUIETEST_PERCENTILE))
        loud = float(np.percentile(speech, 100 - _QUIETEST_PERCENTILE))
        if loud < noise * 10 ** (_STEADY_DB / 10):
            return None
    mean = float(speech.mean())
    noise = max(noise, mean * 10 ** (-_BEST_SNR_DB / 10))
    return 10 * float(np.log10(max(mean - noise, 0.1 * noise) / noise))


def _clipped_share(magnitudes: npt.NDArray[np.int64]) -> float:
    """Of the samples, how many stand at the ceiling of this recording. ``magnitudes``: counts of 0 to 32768.

    Speech of five people cut off 3, 6, 12 and 20 dB under its peak reads 0 to 0.02, 0.07, 0.10 and 0.34; whole clips
    as they came 0.0001 at most; a pure tone, which dwells at its peak, up to 0.1.
    """
    peak = int(np.flatnonzero(magnitudes)[-1])
    if peak < _MIN_PEAK:
        return 0.0
    return float(magnitudes[int(_CEILING * peak) :].sum() / magnitudes.sum())


def _bandwidth_hz(spectrum: npt.NDArray[np.float64]) -> float | None:
    if not spectrum.max() > 0:
        return None
    heard = np.flatnonzero(spectrum > spectrum.max() * 10 ** (-_HEARD_DB / 10))
    return float(heard[-1]) * SAMPLE_RATE_HZ / _FFT_SIZE


def _power(samples: Samples) -> npt.NDArray[np.float64]:
    """(num_samples,) -> (num_frames,) mean square of every whole 20 ms."""
    frames = samples[: len(samples) // _FRAME_SAMPLES * _FRAME_SAMPLES].reshape(-1, _FRAME_SAMPLES)
    power: npt.NDArray[np.float64] = np.square(frames, dtype=np.float64).mean(axis=1)
    return power


def _spectrum(samples: Samples) -> npt.NDArray[np.float64]:
    """(num_samples,) -> (257,) summed power of every whole 32 ms."""
    frames = samples[: len(samples) // _FFT_SIZE * _FFT_SIZE].reshape(-1, _FFT_SIZE)
    bins = np.fft.rfft(frames * np.hanning(_FFT_SIZE).astype(np.float32), axis=1)
    power: npt.NDArray[np.float64] = (np.square(bins.real) + np.square(bins.imag)).sum(axis=0, dtype=np.float64)
    return power


def _inside(pause: Span) -> Span:
    return Span(pause.start_s + _PAUSE_EDGE_S, pause.end_s - _PAUSE_EDGE_S)


def _blocks(waveform: Waveform, spans: Sequence[Span]) -> Iterator[Samples]:
    for span in spans:
        start, stop = round(span.start_s * SAMPLE_RATE_HZ), round(span.end_s * SAMPLE_RATE_HZ)
        for first in range(start, stop, _BLOCK_SAMPLES):
            yield waveform.samples(first, min(first + _BLOCK_SAMPLES, stop))
