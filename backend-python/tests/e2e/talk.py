"""Recordings for tests of names: stretches of the sample's real voices, one after the other."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from scribe.adapters.audio import PyAvConverter
from scribe.domain.audio import SAMPLE_RATE_HZ
from scribe.domain.enrolments import sample_wav
from tests.e2e.conftest import SAMPLES

PAUSE_S = 0.8
Stretch = tuple[str, float, float]
"""Name of a clip in ``samples/voices``, from and to in seconds."""


def talk(folder: Path, stretches: Sequence[Stretch]) -> bytes:
    """A WAV in which the voices take turns, with a pause of :data:`PAUSE_S` and faint noise under everything."""
    noise = np.random.default_rng(1)
    pieces: list[npt.NDArray[np.int16]] = []
    for name, start_s, end_s in stretches:
        pcm = _pcm(folder, name)
        pieces += [pcm[round(start_s * SAMPLE_RATE_HZ) : round(end_s * SAMPLE_RATE_HZ)], _silence()]
    joined = np.concatenate(pieces).astype(np.int32) + noise.integers(-20, 21, sum(map(len, pieces)))
    return sample_wav(np.clip(joined, -32768, 32767).astype(np.int16))


def clip(name: str) -> bytes:
    return (SAMPLES / "voices" / f"{name}.flac").read_bytes()


def _pcm(folder: Path, name: str) -> npt.NDArray[np.int16]:
    target = folder / f"{name}.wav"
    if not target.exists():
        PyAvConverter().convert(SAMPLES / "voices" / f"{name}.flac", target, lambda _: None)
    return np.asarray(PyAvConverter().open(target).pcm[:])


def _silence() -> npt.NDArray[np.int16]:
    return np.zeros(round(PAUSE_S * SAMPLE_RATE_HZ), np.int16)
