"""A recording that every browser plays, and in which it finds every second: AAC in an M4A.

Owns the encoding of what ``audio.py`` converted, by FFmpeg's own encoder inside PyAV; never which recordings need it
(``domain/playback.py``) and never a file that somebody sent: what is encoded here is ours.

Usage::

    write_m4a(converter.open(wav).pcm, Path("run/playback.m4a"))
"""

from pathlib import Path

import av
import numpy as np

from scribe.domain.audio import SAMPLE_RATE_HZ, Pcm
from scribe.domain.errors import ResourceError
from scribe.domain.playback import BIT_RATE

ENCODER = {"aac_coder": "fast"}
"""7.5 CPU seconds an hour of recording, and 27 dB between speech and what the encoder adds; FFmpeg's default takes 23
and gives 26 dB (measured on samples/conference.flac)."""
PIECE_SAMPLES = 64 * 1024
"""A multiple of the 1024 samples of a frame."""


def write_m4a(pcm: Pcm, target: Path) -> None:
    """The index stands at the beginning (``faststart``), so that a player may jump before it has everything.

    Raises: ResourceError when the disk does not take it, or the encoder fails.
    """
    try:
        with av.open(str(target), "w", format="ipod", options={"movflags": "+faststart"}) as container:
            stream = container.add_stream(
                "aac", rate=SAMPLE_RATE_HZ, layout="mono", bit_rate=BIT_RATE, options=dict(ENCODER)
            )
            for start in range(0, len(pcm), PIECE_SAMPLES):
                piece = pcm[start : start + PIECE_SAMPLES].astype(np.float32) * np.float32(1 / 32768)
                frame = av.AudioFrame.from_ndarray(piece[np.newaxis, :], format="fltp", layout="mono")
                # (1, num_samples) float32
                frame.sample_rate = SAMPLE_RATE_HZ
                frame.pts = start
                container.mux(stream.encode(frame))
            container.mux(stream.encode(None))
    except (OSError, av.FFmpegError) as error:
        raise ResourceError("The recording could not be written for players: is the worker's disk full?") from error
