"""What the sliding window spares the network, and what it does not."""

import numpy as np
import pytest

from scribe.domain.audio import SAMPLE_RATE_HZ, Waveform
from scribe.engines.diarization.segmentation import CHUNK_FRAMES, segment
from scribe.engines.onnx import FloatArray


class Listening:
    """A network that hears its first speaker everywhere, and counts the chunks it was given."""

    def __init__(self) -> None:
        self.num_chunks = 0

    batch_size = 0

    def run(self, batch: FloatArray) -> FloatArray:
        self.num_chunks += len(batch)
        classes = np.full((len(batch), CHUNK_FRAMES, 7), -20.0, np.float32)
        classes[:, :, 1] = 0.0
        return classes


def pcm(seconds: int, peak: int) -> np.ndarray:
    return np.resize(np.array([peak, -peak], np.int16), seconds * SAMPLE_RATE_HZ)


@pytest.mark.parametrize("threads", [1, 3])
def test_digital_silence_never_reaches_the_network(threads: int) -> None:
    network = Listening()
    activity = segment(Waveform(pcm(60, peak=1)), network, 2.0, lambda _: None, threads)  # type: ignore[arg-type]
    assert network.num_chunks == 0
    assert activity.speech.max() < 1e-6
    assert activity.probabilities.max() < 1e-6


@pytest.mark.parametrize("threads", [1, 3])
def test_what_is_audible_is_heard_in_its_place(threads: int) -> None:
    waveform = Waveform(np.concatenate([pcm(30, peak=0), pcm(30, peak=3000)]))
    network = Listening()
    activity = segment(waveform, network, 2.0, lambda _: None, threads)  # type: ignore[arg-type]
    assert 0 < network.num_chunks < len(activity.first_frames)
    frames_per_s = activity.num_frames / 60
    assert activity.speech[: int(20 * frames_per_s)].max() < 1e-6
    assert activity.speech[int(32 * frames_per_s) : int(59 * frames_per_s)].min() > 0.5
