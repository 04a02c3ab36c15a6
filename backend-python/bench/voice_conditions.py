"""What a telephone, a room or a noise does to a voice: the conditions of the trials of ``bench/voice_trials.py``.

Owns codecs, noises and echoes, each a function of the samples and a seed; never measures a voice. Usage::

    degraded = CONDITIONS["g711"](pcm, np.random.default_rng(0), babble)
"""

import io
from collections.abc import Callable, Mapping
from functools import partial

import av
import numpy as np
import numpy.typing as npt
from scipy.signal import fftconvolve, resample_poly

Pcm = npt.NDArray[np.int16]
"""(num_samples,) int16, 16 kHz."""
Wave = npt.NDArray[np.float64]
Condition = Callable[[Pcm, np.random.Generator, Wave], Pcm]
"""Samples, where chance comes from, and what other people say at the same time (for babble)."""

_RATE_HZ = 16_000
_TELEPHONE_HZ = 8_000


def _clean(pcm: Pcm, _chance: np.random.Generator, _babble: Wave) -> Pcm:
    return pcm


def _narrow(pcm: Pcm, _chance: np.random.Generator, _babble: Wave) -> Pcm:
    """Nothing above 4 kHz."""
    return _wide(_telephone(pcm), len(pcm))


def _telephone(pcm: Pcm) -> Pcm:
    return _to_pcm(resample_poly(pcm.astype(np.float64), 1, 2))


def _wide(narrow: Pcm, num_samples: int) -> Pcm:
    wide = _to_pcm(resample_poly(narrow.astype(np.float64), 2, 1))
    return np.pad(wide, (0, max(0, num_samples - len(wide))))[:num_samples]


def _codec(
    name: str, container: str, rate_hz: int, bit_rate: int, pcm: Pcm, _chance: np.random.Generator, _babble: Wave
) -> Pcm:
    """Encoded and decoded again by FFmpeg, at the codec's own rate."""
    source = _telephone(pcm) if rate_hz == _TELEPHONE_HZ else pcm
    file = io.BytesIO()
    with av.open(file, "w", format=container) as target:
        stream = target.add_stream(name, rate=rate_hz)
        assert isinstance(stream, av.AudioStream)
        stream.layout = "mono"
        if bit_rate:
            stream.bit_rate = bit_rate
        frame = av.AudioFrame.from_ndarray(source[np.newaxis], format="s16", layout="mono")
        frame.sample_rate = rate_hz
        resampler = av.AudioResampler(stream.format.name, "mono", rate_hz, frame_size=stream.frame_size or 1024)
        for piece in [*resampler.resample(frame), *resampler.resample(None)]:
            target.mux(stream.encode(piece))
        target.mux(stream.encode(None))
    file.seek(0)
    with av.open(file, "r") as decoded:
        to_pcm = av.AudioResampler("s16", "mono", rate_hz)
        pieces = [out.to_ndarray()[0] for frame in decoded.decode(audio=0) for out in to_pcm.resample(frame)]
    heard = np.concatenate(pieces)
    if rate_hz == _TELEPHONE_HZ:
        return _wide(heard, len(pcm))
    return np.pad(heard, (0, max(0, len(pcm) - len(heard))))[: len(pcm)]


def _noisy(kind: str, snr_db: float, pcm: Pcm, chance: np.random.Generator, babble: Wave) -> Pcm:
    voice = pcm.astype(np.float64)
    if kind == "babble":
        start = int(chance.integers(0, max(1, len(babble) - len(pcm))))
        noise = np.resize(babble[start : start + len(pcm)], len(pcm))
    else:
        noise = chance.standard_normal(len(pcm))
        if kind == "pink":
            spectrum = np.fft.rfft(noise)
            noise = np.fft.irfft(spectrum / np.sqrt(np.maximum(np.arange(len(spectrum)), 1)), len(pcm))
    power = np.mean(voice**2) / max(float(np.mean(noise**2)), 1e-9) / 10 ** (snr_db / 10)
    return _to_pcm(voice + noise * np.sqrt(power))


def _room(rt60_s: float, pcm: Pcm, chance: np.random.Generator, _babble: Wave) -> Pcm:
    """A direct path and a decaying tail of noise, as loud together as the direct path is alone."""
    num_taps = round(rt60_s * _RATE_HZ)
    tail = chance.standard_normal(num_taps) * 10 ** (-3 * np.arange(num_taps) / num_taps)
    tail[: round(0.005 * _RATE_HZ)] = 0
    tail /= np.sqrt((tail**2).sum())
    tail[0] = 1.0
    return _to_pcm(fftconvolve(pcm.astype(np.float64), tail)[: len(pcm)])


def _call(pcm: Pcm, chance: np.random.Generator, babble: Wave) -> Pcm:
    """Somebody on a mobile telephone in a room with others."""
    return _codec(
        "libopencore_amrnb", "amr", _TELEPHONE_HZ, 7_950, _noisy("babble", 15, pcm, chance, babble), chance, babble
    )


def _to_pcm(wave: Wave) -> Pcm:
    loudest = float(np.abs(wave).max()) if len(wave) else 0.0
    scale = 32_000 / loudest if loudest > 32_000 else 1.0
    pcm: Pcm = np.rint(wave * scale).astype(np.int16)
    return pcm


CONDITIONS: Mapping[str, Condition] = {
    "clean": _clean,
    "8 kHz": _narrow,
    "G.711": partial(_codec, "pcm_mulaw", "wav", _TELEPHONE_HZ, 0),
    "AMR 12.2": partial(_codec, "libopencore_amrnb", "amr", _TELEPHONE_HZ, 12_200),
    "AMR 4.75": partial(_codec, "libopencore_amrnb", "amr", _TELEPHONE_HZ, 4_750),
    "Opus 12": partial(_codec, "libopus", "ogg", _RATE_HZ, 12_000),
    "Opus 6": partial(_codec, "libopus", "ogg", _RATE_HZ, 6_000),
    **{
        f"{kind} {snr_db} dB": partial(_noisy, kind, snr_db)
        for kind in ("white", "pink", "babble")
        for snr_db in (20, 10, 5)
    },
    "room 0.35 s": partial(_room, 0.35),
    "room 0.7 s": partial(_room, 0.7),
    "call": _call,
}
"""AMR at 12.2 kbit/s is GSM's own codec (EFR); PyAV's FFmpeg has no encoder for the older full-rate one."""
