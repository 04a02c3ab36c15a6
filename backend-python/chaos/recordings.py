"""Small recordings of every kind that users send, each one different from all before it.

Owns what each kind must come to; the sound is tones and noise, which is what the fake engines hear as talk.
"""

import io
import random
import wave
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

RATE_HZ = 8000


class Kind(StrEnum):
    TALK = "talk"
    SILENT = "silent"
    TRUNCATED = "truncated"
    GARBAGE = "garbage"
    """Text that calls itself a WAV."""


SHARE: Mapping[Kind, float] = {Kind.TALK: 0.74, Kind.SILENT: 0.08, Kind.TRUNCATED: 0.08, Kind.GARBAGE: 0.1}
FAILURE: Mapping[Kind, str] = {Kind.GARBAGE: "audio.not_audio"}
"""The code with which a kind must fail; every other kind must be completed."""


@dataclass(frozen=True, slots=True)
class Recording:
    kind: Kind
    content: bytes


def make(randomly: random.Random, kind: Kind | None = None, seconds: float | None = None) -> Recording:
    chosen = kind or randomly.choices(list(SHARE), list(SHARE.values()))[0]
    length_s = seconds or randomly.uniform(4, 25)
    if chosen is Kind.GARBAGE:
        words = [str(randomly.random()) for _ in range(2000)]
        return Recording(chosen, ("Dear all, please find attached. " + " ".join(words)).encode())
    if chosen is Kind.SILENT:
        return Recording(chosen, wav_bytes(np.zeros(round(length_s * RATE_HZ) + randomly.randrange(4000), np.int16)))
    content = wav_bytes(talk(randomly, length_s))
    if chosen is Kind.TRUNCATED:
        content = content[: len(content) * 2 // 3]
    return Recording(chosen, content)


def talk(randomly: random.Random, length_s: float) -> np.ndarray:
    """Turns of tones with pauses in between; a speaker is a pitch. (num_samples,) int16, 8 kHz."""
    noise = np.random.default_rng(randomly.getrandbits(32))
    pieces, done_s = [], 0.0
    pitches = randomly.sample([160, 420, 700, 980, 1300], randomly.randint(2, 4))
    while done_s < length_s:
        turn_s, pause_s = randomly.uniform(1, 3), randomly.uniform(0.2, 0.6)
        time_s = np.arange(round(turn_s * RATE_HZ)) / RATE_HZ
        pieces.append(9000 * np.sin(2 * np.pi * randomly.choice(pitches) * time_s))
        pieces.append(np.zeros(round(pause_s * RATE_HZ)))
        done_s += turn_s + pause_s
    sound = np.concatenate(pieces)[: round(length_s * RATE_HZ)]
    return (sound + noise.normal(0, 10, sound.shape)).astype(np.int16)


def wav_bytes(samples: np.ndarray) -> bytes:
    target = io.BytesIO()
    with wave.open(target, "wb") as wav:
        wav.setparams((1, 2, RATE_HZ, 0, "NONE", ""))
        wav.writeframes(samples.astype("<i2").tobytes())
    return target.getvalue()
