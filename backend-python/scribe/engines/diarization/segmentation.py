"""Who speaks when within each chunk of ten seconds, up to three voices, nameless.

Owns the sliding window over the recording and pyannote's segmentation-3.0 (MIT, CNRS; Bredin, "pyannote.audio 2.1
speaker diarization pipeline", Interspeech 2023); never compares voices across chunks. Usage::

    with residency.hold("segmentation-3.0", load) as network:
        activity = segment(waveform, network, step_s=2.0, progress=progress)
"""

import itertools
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from scribe.domain.audio import SAMPLE_RATE_HZ, Waveform
from scribe.engines.diarization.powerset import LOCAL_SPEAKERS, MEMBERSHIP, speaker_probabilities, speech_probabilities
from scribe.engines.onnx import FloatArray, OnnxModel
from scribe.engines.parallel import in_order

CHUNK_S = 10.0
"""What segmentation-3.0 was trained on."""
CHUNK_FRAMES = 589
FRAME_SHIFT_SAMPLES = 270
RECEPTIVE_FIELD_SAMPLES = 991
_CHUNK_SAMPLES = round(CHUNK_S * SAMPLE_RATE_HZ)
_BATCH = 4
"""Chunks per run: 4 cost as little per chunk as 8 or 16 and hold half the memory."""
CARD_BATCH = 32
"""Chunks per run on a card: what pyannote.audio takes. Declared, not measured on one."""
ITEM_MB = 20.0
"""A chunk on a card: twice the 10 MB that it takes on a processor (ONNX Runtime 1.31, batches of 4 to 32)."""
_DIGITAL_SILENCE = 2 / 32768
"""Peak up to which a chunk is silence or its dither and the network is spared: twelve hours of it in a file of 160 kB
would cost 800 CPU seconds, now 20."""
_NOBODY = np.log(np.array([1, *[1e-9] * (len(MEMBERSHIP) - 1)], dtype=np.float32))
"""(7,): the log-probabilities of a frame in which nobody speaks."""

Probabilities = npt.NDArray[np.float16]


@dataclass(frozen=True, slots=True, eq=False)
class LocalActivity:
    """The voices of every chunk, columns ordered so that a voice keeps its column from one chunk to the next."""

    probabilities: Probabilities
    """(num_chunks, 589, 3) float16 in [0, 1]: that the local speaker is heard in the frame."""
    speech: FloatArray
    """(num_frames,) float32 in [0, 1]: that anybody is heard, averaged over the chunks that cover the frame."""
    first_frames: npt.NDArray[np.int64]
    """(num_chunks,): where each chunk begins on the recording's frame axis."""

    @property
    def num_frames(self) -> int:
        """Of the whole recording."""
        return len(self.speech)


def segment(
    waveform: Waveform, network: OnnxModel, step_s: float, progress: Callable[[float], None], threads: int = 1
) -> LocalActivity:
    """Runs the network every ``step_s`` over the recording; the last chunk is padded with silence."""
    step = round(step_s * SAMPLE_RATE_HZ)
    num_chunks = max(1, -(-(waveform.num_samples - _CHUNK_SAMPLES) // step) + 1)
    first_frames = np.rint(np.arange(num_chunks) * (step / FRAME_SHIFT_SAMPLES)).astype(np.int64)
    num_frames = num_frames_in(waveform.num_samples)
    probabilities = np.empty((num_chunks, CHUNK_FRAMES, LOCAL_SPEAKERS), np.float16)
    speech, covering = np.zeros(num_frames, np.float32), np.zeros(num_frames, np.float32)

    at_once = network.batch_size or _BATCH
    if network.batch_size:
        threads = 1  # the card is fast enough alone, and two runs at once would need its memory twice

    def hear(first: int) -> FloatArray:
        batch = np.zeros((min(at_once, num_chunks - first), 1, _CHUNK_SAMPLES), np.float32)
        for i in range(len(batch)):
            start = (first + i) * step
            samples = waveform.samples(start, start + _CHUNK_SAMPLES)
            batch[i, 0, : len(samples)] = samples
        is_audible = np.abs(batch).max(axis=(1, 2)) > _DIGITAL_SILENCE
        classes = np.tile(_NOBODY, (len(batch), CHUNK_FRAMES, 1))
        if is_audible.any():
            classes[is_audible] = network.run(batch[is_audible])
        return classes

    firsts = range(0, num_chunks, at_once)
    for first, classes in zip(firsts, in_order(hear, firsts, threads), strict=True):
        stop_chunk = first + len(classes)
        probabilities[first:stop_chunk] = np.nan_to_num(speaker_probabilities(classes))
        for start, heard in zip(first_frames[first:], np.nan_to_num(speech_probabilities(classes)), strict=False):
            stop = min(start + CHUNK_FRAMES, num_frames)
            speech[start:stop] += heard[: stop - start]
            covering[start:stop] += 1
        progress(stop_chunk / num_chunks)
    speech /= np.maximum(covering, 1)
    return LocalActivity(align_columns(probabilities, first_frames), speech, first_frames)


def num_frames_in(num_samples: int) -> int:
    """Frames whose centre lies within the recording, at least one."""
    return max(1, -(-(num_samples - RECEPTIVE_FIELD_SAMPLES // 2) // FRAME_SHIFT_SAMPLES))


def frame_times_s(frames: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
    """The centre of each frame's receptive field."""
    times: npt.NDArray[np.float64] = (frames * FRAME_SHIFT_SAMPLES + RECEPTIVE_FIELD_SAMPLES / 2) / SAMPLE_RATE_HZ
    return times


_PERMUTATIONS = np.array(list(itertools.permutations(range(LOCAL_SPEAKERS))))


def align_columns(probabilities: Probabilities, first_frames: npt.NDArray[np.int64]) -> Probabilities:
    """Reorders each chunk's speakers so that they agree best with the chunk before where the two overlap."""
    aligned = probabilities.copy()
    for chunk in range(1, len(aligned)):
        shift = int(first_frames[chunk] - first_frames[chunk - 1])
        if shift >= CHUNK_FRAMES:
            continue
        before: FloatArray = aligned[chunk - 1, shift:].astype(np.float32)
        now: FloatArray = aligned[chunk, : CHUNK_FRAMES - shift].astype(np.float32)
        agreement = before.T @ now  # (before's speaker, own speaker)
        best = _PERMUTATIONS[agreement[np.arange(LOCAL_SPEAKERS), _PERMUTATIONS].sum(axis=1).argmax()]
        aligned[chunk] = aligned[chunk][:, best]
    return aligned
