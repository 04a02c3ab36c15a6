"""How many channels become one without losing anybody, and how loud the one is.

Owns the statistics of a whole recording (one pass, 0.1 s frames) and the decision from them; never decodes, never
writes. One constant mix and one constant gain for the whole file: nothing here pumps with the speech.

Usage::

    statistics = ChannelStatistics(("FL", "FR"), 48_000)
    statistics.add(samples)
    mix = choose_mix(statistics)
    mono = mix.apply(samples)
"""

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]

FRAME_S = 0.1
"""Shorter than a syllable's turn, so that two people on two channels are seen apart; 12 h of stereo are 14 MB.
More than eight channels get longer frames, so that twelve hours of them fit too."""
SILENT_BELOW = 1e-5
"""-50 dB in energy: a channel that is never nearer to the loudest one holds nothing that a sum would let be heard."""
ACTIVE_BELOW_LOUD = 10**-3.5
"""Frames within 35 dB of the loud ones are looked at; speech spans about 30 dB, the rest is background."""
LOST_BELOW = 10**-1.2
"""A frame is lost by a mix that keeps less than -12 dB of its energy. Two unrelated channels keep 0 dB, equal ones
+3 dB, opposite ones nothing: the threshold sits on an empty stretch (anything from -6 to -20 dB decides alike)."""
TOLERATED_LOSS = 0.02
"""Share of the active frames; above it another mix is tried."""
LOUD_PERCENTILE = 95.0

SPIKE = 10.0
"""Clicks (up to one frame in 3 000, a second in all) may stand out by 20 dB at most: clipping them beats turning the
speech down for them. Counted and not a percentile: five seconds of speech in a silent hour are no click."""
MAX_CLICKS = 10
LOUD_PEAK = 1.05
"""Only float files get here; the few samples between 1 and this are clipped without harm."""
QUIET_PEAK = 0.02
"""-34 dBFS: below it speech keeps fewer than 9 of the 16 bits, so the file is turned up before it is rounded."""
QUIET_TARGET = 0.1
"""In the middle of a plateau: Silero finds the same speech at peaks of 0.02 to 0.5, 6 % less at 0.01 and none at 0.002
(very_quiet.wav); an empty room stays empty at every level (room_tone_60s.opus)."""
MAX_GAIN = 100.0
"""+40 dB: speech at -75 dBFS gets -35; the lone last bit of a dithered silence stays at -50."""
OFFSET_SHARE = 0.03
"""A constant offset is taken out if it is more than this share of the peak. Real recordings have up to 0.01."""
MIN_OFFSET_S = 1.0
"""The mean of less says something about the sound, not about the recorder."""

_ITU_WEIGHTS = {"FC": 1.0, "FL": 0.7071, "FR": 0.7071}
_ITU_OTHER = 0.5
"""ITU-R BS.775-3 folds the front pair at -3 dB and the surrounds at -6 dB onto the centre; the LFE is left out."""


@dataclass(frozen=True, slots=True, eq=False)
class Mix:
    """``gain * (weights @ (samples - offsets))``, the same for the whole file."""

    rule: str
    """``mono``, ``average``, ``centre``, ``downmix``, ``opposite-phase``, or ``channel:N`` counted from 1."""
    weights: Floats
    """(num_channels,) float32"""
    offsets: Floats
    """(num_channels,) float32"""
    gain: float = 1.0
    warnings: tuple[str, ...] = ()

    def apply(self, samples: Floats) -> Floats:
        """(num_channels, num_samples) float32 -> (num_samples,) float32."""
        mixed: Floats = (self.weights * np.float32(self.gain)) @ (samples - self.offsets[:, None])
        return mixed

    def equals(self, other: "Mix") -> bool:
        """Whether both make the same samples."""
        return (
            self.gain == other.gain
            and np.array_equal(self.weights, other.weights)
            and np.array_equal(self.offsets, other.offsets)
        )


@dataclass(slots=True, eq=False)
class ChannelStatistics:
    """Energies of every channel, of their average and of their difference, frame by frame."""

    channels: tuple[str, ...]
    sample_rate_hz: int
    num_samples: int = 0
    sums: npt.NDArray[np.float64] = field(init=False)
    """(num_channels,) for the offsets."""
    _energies: list[Floats] = field(default_factory=list, init=False)
    _highest: list[Floats] = field(default_factory=list, init=False)
    _lowest: list[Floats] = field(default_factory=list, init=False)
    _rest: Floats = field(init=False)

    def __post_init__(self) -> None:
        self.sums = np.zeros(len(self.channels))
        self._rest = np.zeros((len(self.channels), 0), np.float32)

    def add(self, samples: Floats) -> None:
        """samples: (num_channels, num_samples) float32, finite."""
        self.sums += samples.sum(axis=1, dtype=np.float64)
        self.num_samples += samples.shape[1]
        samples = np.concatenate([self._rest, samples], axis=1)
        length = round(FRAME_S * self.sample_rate_hz * max(len(self.channels) / 8, 1))
        whole = samples.shape[1] // length * length
        self._rest = samples[:, whole:].copy()
        if whole:
            self._measure(samples[:, :whole].reshape(len(self.channels), -1, length))

    def finish(self) -> None:
        """Counts the last, short frame too."""
        if self._rest.shape[1]:
            self._measure(self._rest[:, None, :])
            self._rest = self._rest[:, :0]

    def _measure(self, frames: Floats) -> None:
        """frames: (num_channels, num_frames, num_samples)."""
        centred = frames - frames.mean(axis=2, keepdims=True)
        heard = centred[self.heard]
        rows = [*centred, heard.mean(axis=0), heard[0] - heard[-1]]
        self._energies.append(np.stack([np.einsum("fs,fs->f", row, row) / row.shape[1] for row in rows]))
        self._highest.append(frames.max(axis=2))
        self._lowest.append(frames.min(axis=2))

    @property
    def heard(self) -> list[int]:
        """Indices of the channels that are not for low-frequency effects."""
        return [i for i, name in enumerate(self.channels) if not name.startswith("LFE")] or [0]

    @property
    def energies(self) -> Floats:
        """(num_channels + 2, num_frames): the channels, the average of the heard ones, first minus last."""
        return np.concatenate(self._energies, axis=1)

    def peaks(self, offsets: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """The highest level of each channel around its offset, clicks left aside. (num_channels,) float64."""
        around = offsets[:, None]
        peaks = np.maximum(
            np.concatenate(self._highest, axis=1) - around, around - np.concatenate(self._lowest, axis=1)
        )
        descending = -np.sort(-peaks, axis=1)
        clicks = min(peaks.shape[1] // 3000 + 1, MAX_CLICKS, peaks.shape[1] - 1)
        without_clicks: npt.NDArray[np.float64] = np.minimum(descending[:, 0], SPIKE * descending[:, clicks])
        return without_clicks


def usual_mix(channels: tuple[str, ...]) -> Mix | None:
    """What most files of one or two channels need; there is no usual mix of more."""
    rule = {1: "mono", 2: "average"}.get(len(channels))
    if rule is None:
        return None
    return Mix(rule, np.full(len(channels), 1 / len(channels), np.float32), np.zeros(len(channels), np.float32))


def choose_mix(statistics: ChannelStatistics) -> Mix:
    """The mix that loses nobody, its offsets and its gain. ``statistics`` must hold at least one sample."""
    rule, weights = _choose_weights(statistics)
    means = statistics.sums / statistics.num_samples
    if statistics.num_samples < MIN_OFFSET_S * statistics.sample_rate_hz:
        means[:] = 0.0
    offsets = np.where(np.abs(means) > OFFSET_SHARE * statistics.peaks(means), means, 0.0)
    peaks = statistics.peaks(offsets)
    peak = float(np.abs(weights) @ peaks)
    warnings = []
    if np.any(offsets * weights):
        warnings.append("offset-removed")
    gain = 1.0
    if peak == 0:
        warnings.append("silent")
    elif peak > LOUD_PEAK:
        gain = 1 / peak
        warnings.append("turned-down")
    elif peak < QUIET_PEAK:
        gain = min(QUIET_TARGET / peak, MAX_GAIN)
        warnings.append("turned-up")
    return Mix(rule, weights.astype(np.float32), offsets.astype(np.float32), gain, tuple(warnings))


def _choose_weights(statistics: ChannelStatistics) -> tuple[str, npt.NDArray[np.float64]]:
    num_channels = len(statistics.channels)
    if num_channels == 1:
        return "mono", np.ones(1)
    energies = statistics.energies.astype(np.float64)
    channels, average, difference = energies[:num_channels], energies[-2], energies[-1]
    levels = np.percentile(channels, LOUD_PERCENTILE, axis=1)
    if levels.max() == 0:
        levels = channels.max(axis=1)
    heard = [i for i in statistics.heard if levels[i] > SILENT_BELOW * levels.max()]
    if not heard:
        return "average", _mean_of(statistics.heard, num_channels)
    if len(heard) == 1:
        rule = "centre" if statistics.channels[heard[0]] == "FC" else f"channel:{heard[0] + 1}"
        return rule, _mean_of(heard, num_channels)
    loudest, total = channels[heard].max(axis=0), channels[heard].sum(axis=0)
    active = loudest > ACTIVE_BELOW_LOUD * np.percentile(loudest, LOUD_PERCENTILE)
    if "FC" in statistics.channels:
        centre = statistics.channels.index("FC")
        if centre in heard and _lost(channels[centre], loudest, active) <= TOLERATED_LOSS:
            return "centre", _mean_of([centre], num_channels)
        return "downmix", _downmix(statistics.channels, heard)
    pair = len(statistics.heard)
    losses = {"average": _lost(average * pair**2, total, active)}
    if losses["average"] <= TOLERATED_LOSS:
        return "average", _mean_of(heard, num_channels)
    if pair == 2:
        losses["opposite-phase"] = _lost(difference, total, active)
    for index in heard:
        losses[f"channel:{index + 1}"] = _lost(channels[index], loudest, active)
    rule = min(losses, key=lambda name: losses[name])
    if rule == "average":
        return rule, _mean_of(heard, num_channels)
    weights = np.zeros(num_channels)
    if rule == "opposite-phase":
        weights[heard[0]], weights[heard[1]] = 0.5, -0.5
    else:
        weights[int(rule.removeprefix("channel:")) - 1] = 1.0
    return rule, weights


def _lost(kept: npt.NDArray[np.float64], wanted: npt.NDArray[np.float64], active: npt.NDArray[np.bool_]) -> float:
    """Share of the active frames of which a mix keeps too little. All (num_frames,)."""
    return float(np.mean(kept[active] < LOST_BELOW * wanted[active])) if active.any() else 0.0


def _mean_of(indices: list[int], num_channels: int) -> npt.NDArray[np.float64]:
    weights = np.zeros(num_channels)
    weights[indices] = 1 / len(indices)
    return weights


def _downmix(channels: tuple[str, ...], heard: list[int]) -> npt.NDArray[np.float64]:
    weights = np.zeros(len(channels))
    for index in heard:
        weights[index] = _ITU_WEIGHTS.get(channels[index], _ITU_OTHER)
    normalised: npt.NDArray[np.float64] = weights / weights.sum()
    return normalised
