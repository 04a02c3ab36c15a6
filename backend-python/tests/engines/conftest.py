"""Reading the shared recordings without the product's converter: 16 kHz mono FLAC through PyAV."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from scribe.domain.audio import SAMPLE_RATE_HZ, Waveform


@pytest.fixture(scope="session")
def read_recording() -> Callable[[Path], Waveform]:
    """Decodes a recording that is 16 kHz mono already."""

    def read(path: Path) -> Waveform:
        import av

        with av.open(str(path)) as container:
            resampler = av.AudioResampler(format="s16", layout="mono", rate=SAMPLE_RATE_HZ)
            assert container.streams.audio[0].rate == SAMPLE_RATE_HZ
            frames = [part for frame in container.decode(audio=0) for part in resampler.resample(frame)]
        return Waveform(np.concatenate([frame.to_ndarray()[0] for frame in frames]).astype(np.int16))

    return read
