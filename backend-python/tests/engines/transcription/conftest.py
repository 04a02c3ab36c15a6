"""The real model and signals that anybody can make again."""

import os
from pathlib import Path

import numpy as np
import platformdirs
import pytest

from scribe.domain.audio import SAMPLE_RATE_HZ, Samples, Waveform
from scribe.engines.residency import Residency
from scribe.engines.transcription import WhisperTranscriber

MODEL = "whisper-base"


@pytest.fixture(scope="session")
def whisper_base() -> Path:
    """The installed model; its absence fails the test, because `make setup` installs it."""
    root = Path(os.environ.get("SCRIBE_MODELS_DIR") or platformdirs.user_data_dir("smart-meeting-scribe")) / "models"
    candidates = [root / MODEL, root.parent / MODEL]
    folder = next((candidate for candidate in candidates if (candidate / "model.bin").is_file()), None)
    if folder is None:
        pytest.fail(f"{MODEL} is not in {root}: run `make setup` first (or `scribe models pull {MODEL}`).")
    return folder


@pytest.fixture(scope="session")
def transcriber(whisper_base: Path) -> WhisperTranscriber:
    """One thread and a model that stays loaded: the tests share it."""
    return WhisperTranscriber(whisper_base, MODEL, Residency("keep"), device="cpu", threads=1)


def waveform_of(samples: Samples) -> Waveform:
    """(num_samples,) float32 in [-1, 1] as a recording."""
    return Waveform((np.clip(samples, -1, 1) * 32767).astype(np.int16))


def seconds_of(duration_s: float) -> Samples:
    """The time axis. (num_samples,) float32."""
    return np.arange(round(duration_s * SAMPLE_RATE_HZ), dtype=np.float32) / SAMPLE_RATE_HZ
