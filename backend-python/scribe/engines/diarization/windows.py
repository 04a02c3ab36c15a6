"""Short stretches in which one voice is heard alone: what voiceprints are taken of.

Owns the cutting of the recording into windows and their embedding; never decides which windows are one person.
Every second of clean speech lies in exactly one window, so it is embedded exactly once and serves both the clustering
and the re-assignment. Usage::

    windows = cut_windows(activity, longest_s=2.0)
    vectors = embed_windows(waveform, windows, campplus, progress)
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from scribe.domain.audio import SAMPLE_RATE_HZ, Waveform
from scribe.engines.diarization.segmentation import (
    CHUNK_FRAMES,
    FRAME_SHIFT_SAMPLES,
    RECEPTIVE_FIELD_SAMPLES,
    LocalActivity,
)
from scribe.engines.onnx import FloatArray
from scribe.engines.parallel import in_order
from scribe.engines.voiceprint import EMBEDDING_DIMENSION, FRAME_SAMPLES, CampPlus, fbank
from scribe.engines.voiceprint import FRAME_SHIFT_SAMPLES as FBANK_SHIFT

FRAMES_PER_S = SAMPLE_RATE_HZ / FRAME_SHIFT_SAMPLES

_SILENCE, _OVERLAP = -1, -2
_HELD_WINDOWS = 2_000
"""Windows that wait for others of their length: 64 kB of features each."""
_TOLD_EVERY = 64
_SHORTEST_S = 0.4
"""Less than this makes no voiceprint; such a stretch goes with its column."""
_BRIDGED_PAUSE_S = 0.25
"""Longer pauses end a stretch: at 0.5 s a one-word answer of somebody else hid in it (telephone call, 1.7 points)."""

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Windows:
    """Windows in order of time, as columns of a table; frames are those of the segmentation."""

    starts: Ints
    """(num_windows,): first frame."""
    stops: Ints
    """(num_windows,): one past the last frame."""
    columns: Ints
    """(num_windows,): the local speaker's column in the chunks around."""
    stretches: Ints
    """(num_windows,): windows cut from one uninterrupted stretch of one voice share a number."""
    clean: npt.NDArray[np.bool_]
    """(num_frames of the recording,): frames in which exactly one voice is heard."""

    @property
    def seconds(self) -> FloatArray:
        """(num_windows,): clean speech in each window."""
        total = np.concatenate([[0], np.cumsum(self.clean, dtype=np.int64)])
        clean_frames = total[self.stops] - total[self.starts]
        return np.asarray(clean_frames / FRAMES_PER_S, np.float32)

    @property
    def continues(self) -> npt.NDArray[np.bool_]:
        """(num_windows,): whether the window goes on with the stretch of the window before it."""
        goes_on = np.zeros(len(self), bool)
        goes_on[1:] = self.stretches[1:] == self.stretches[:-1]
        return goes_on

    def __len__(self) -> int:
        return len(self.starts)


def owned_activity(activity: LocalActivity) -> FloatArray:
    """Each frame as heard by the chunk in whose middle it lies. (num_frames, 3) float32."""
    owned = np.zeros((activity.num_frames, activity.probabilities.shape[2]), np.float32)
    centres = activity.first_frames + CHUNK_FRAMES // 2
    borders = np.concatenate([[0], (centres[1:] + centres[:-1]) // 2, [activity.num_frames]])
    for chunk, first in enumerate(activity.first_frames):
        start, stop = borders[chunk], min(borders[chunk + 1], first + CHUNK_FRAMES, activity.num_frames)
        if start < stop:
            owned[start:stop] = activity.probabilities[chunk, start - first : stop - first]
    return owned


def cut_windows(activity: LocalActivity, longest_s: float) -> Windows:
    """Cuts what one voice says alone into equal windows of about ``longest_s`` at most."""
    heard = owned_activity(activity) > 0.5
    voices = heard.sum(axis=1)
    labels = np.where(voices == 0, _SILENCE, np.where(voices > 1, _OVERLAP, heard.argmax(axis=1)))
    edges = np.flatnonzero(np.diff(labels)) + 1
    run_starts = np.concatenate([[0], edges])
    run_stops = np.concatenate([edges, [len(labels)]])
    stretches: list[tuple[int, int, int]] = []
    for start, stop in zip(run_starts.tolist(), run_stops.tolist(), strict=True):
        label = int(labels[start])
        if label < 0:
            continue
        if stretches:
            before, before_stop, before_label = stretches[-1]
            is_pause = bool((labels[before_stop:start] == _SILENCE).all())
            if label == before_label and is_pause and start - before_stop <= _BRIDGED_PAUSE_S * FRAMES_PER_S:
                stretches[-1] = (before, stop, label)
                continue
        stretches.append((start, stop, label))
    rows = [
        (start, stop, label, number)
        for number, (first, last, label) in enumerate(stretches)
        for start, stop in _equal_parts(first + np.flatnonzero(labels[first:last] == label), longest_s)
    ]
    table = np.array(rows, np.int64).reshape(-1, 4)
    return Windows(table[:, 0], table[:, 1], table[:, 2], table[:, 3], voices == 1)


def _equal_parts(frames: Ints, longest_s: float) -> list[tuple[int, int]]:
    """Splits a stretch's speaking frames; a stretch too short for a voiceprint gives none."""
    if len(frames) < _SHORTEST_S * FRAMES_PER_S:
        return []
    parts = max(1, -(-len(frames) // round(longest_s * FRAMES_PER_S)))
    return [(int(part[0]), int(part[-1]) + 1) for part in np.array_split(frames, parts)]


def embed_windows(
    waveform: Waveform, windows: Windows, model: CampPlus, progress: Callable[[float], None], threads: int = 1
) -> FloatArray:
    """The voice of each window from its clean frames. (num_windows, 192) float32, unit length or zero."""
    vectors = np.zeros((len(windows), EMBEDDING_DIMENSION), np.float32)
    on_card = model.batch_size > 0

    def measure(window: int) -> FloatArray | None:
        features = clean_features(window)
        return model.embed(features) if len(features) > 0 else None

    def clean_features(window: int) -> FloatArray:
        start, stop = int(windows.starts[window]), int(windows.stops[window])
        first_sample = start * FRAME_SHIFT_SAMPLES + (RECEPTIVE_FIELD_SAMPLES - FRAME_SHIFT_SAMPLES) // 2
        samples = waveform.samples(first_sample, first_sample + (stop - start) * FRAME_SHIFT_SAMPLES)
        features = fbank(samples)
        centres = np.arange(len(features)) * FBANK_SHIFT + FRAME_SAMPLES // 2
        is_clean = windows.clean[start:stop][np.minimum(centres // FRAME_SHIFT_SAMPLES, stop - start - 1)]
        return features[is_clean]

    if on_card:
        _embed_alike(in_order(clean_features, range(len(windows)), threads), model, vectors, progress)
        return vectors
    for window, vector in enumerate(in_order(measure, range(len(windows)), threads)):
        if vector is not None:
            vectors[window] = vector
        if window % 16 == 0:
            progress(window / len(windows))
    progress(1.0)
    return vectors


def _embed_alike(
    features: Iterable[FloatArray], model: CampPlus, vectors: FloatArray, progress: Callable[[float], None]
) -> None:
    """For a card: windows of one length together, because a shorter one cannot be padded without changing its print.
    ``features`` comes by window; ``vectors`` (num_windows, 192) is filled."""
    waiting: dict[int, list[tuple[int, FloatArray]]] = {}
    done = held = 0
    most = max(_HELD_WINDOWS, model.batch_size)

    def embed(alike: list[tuple[int, FloatArray]]) -> None:
        vectors[[window for window, _ in alike]] = model.embed_batch(np.stack([one for _, one in alike]))

    for window, one in enumerate(features):
        if len(one) == 0:
            continue
        alike = waiting.setdefault(len(one), [])
        alike.append((window, one))
        held += 1
        if len(alike) >= max(model.batch_size, 1):
            embed(waiting.pop(len(one)))
            held -= len(alike)
        elif held >= most:  # memory stays flat: the fullest go first
            longest = max(waiting, key=lambda length: len(waiting[length]))
            held -= len(waiting[longest])
            embed(waiting.pop(longest))
        if window - done >= _TOLD_EVERY:
            done = window
            progress(window / len(vectors))
    for alike in waiting.values():
        embed(alike)
    progress(1.0)
