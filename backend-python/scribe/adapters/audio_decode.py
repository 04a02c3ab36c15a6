"""The child process that decodes one untrusted file: source in, 16 kHz mono WAV out.

Owns the passes over the file and the report to the parent: the first measures and already writes with the usual mix;
a second one is needed only where the measurements ask for another mix or level. Never sees the file's name: the
parent opens it and hands it over as standard input, and the output as another open descriptor. Started by
``audio.py`` only::

    python -m scribe.adapters.audio_decode '{"output_fd": 5, "parent_pid": 1, "max_duration_s": 43200, ...}' <SOURCE

Standard output carries one JSON object a line: ``{"fraction": 0.4}`` while working, and one of ``{"facts": {...}}``,
``{"error": "audio.not_audio", "message": "..."}`` at the end (``{"failure": traceback}`` for a bug of ours).
"""

import hashlib
import io
import json
import os
import struct
import sys
import time
import traceback
from collections.abc import Callable
from typing import Any, BinaryIO

import av
import av.logging
import av.subtitles.codeccontext
import av.subtitles.stream
import av.video.codeccontext
import av.video.stream
import numpy as np

from scribe.adapters.audio_channels import ChannelStatistics, Floats, Mix, choose_mix, usual_mix
from scribe.adapters.audio_confinement import Limits, confine
from scribe.adapters.audio_track import AudioTrack
from scribe.domain.audio import SAMPLE_RATE_HZ
from scribe.domain.errors import AudioCorruptError, AudioEmptyError, ResourceError, ScribeError

MIN_DURATION_S = 0.01
"""Less than one frame of any speech model."""
HEADER = struct.Struct("<4sI4s4sIHHIIHH4sI")
SILENCE_CHUNK = 1 << 20
"""Samples of silence made at a time: a gap of hours costs no memory."""
RESAMPLER_OPTIONS = {"filter_size": "128", "cutoff": "0.97"}
"""Measured at 11 to 96 kHz: flat to 7.5 kHz (-0.1 dB), 8.2 kHz at -94 dB, 10 kHz at -108 dB. FFmpeg's default (32 taps)
is already at -3 dB at 7.5 kHz and folds 8.5 kHz back at -26 dB; these taps cost 0.1 ms of CPU more per second of audio.
Odd rates (44 099, 767 999 Hz) keep a 3 kHz tone 135 dB above the rest."""
REPORT_EVERY_S = 0.2
HASH_SHARE, MEASURE_SHARE = 0.02, 0.9
"""Of the progress bar; the rest is for the files that need a second pass."""

Report = Callable[[float], None]


class ReportedSource:
    """The source without its name, and how far it was read as progress."""

    def __init__(self, stream: BinaryIO, report: Report) -> None:
        self._stream = stream
        self._report = report
        self.size_bytes = stream.seek(0, io.SEEK_END)
        stream.seek(0)
        self.from_fraction, self.to_fraction = 0.0, 1.0

    def begin(self, from_fraction: float, to_fraction: float) -> None:
        self._stream.seek(0)
        self.from_fraction, self.to_fraction = from_fraction, to_fraction

    def read(self, size: int = -1) -> bytes:
        self.beat()
        return self._stream.read(size)

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        return self._stream.seek(offset, whence)

    def tell(self) -> int:
        return self._stream.tell()

    def beat(self) -> None:
        done = self._stream.tell() / max(self.size_bytes, 1)
        self._report(self.from_fraction + (self.to_fraction - self.from_fraction) * min(done, 1.0))


class WavWriter:
    """Resamples a mono stream to 16 kHz and writes it as 16-bit WAV, block by block."""

    def __init__(self, stream: BinaryIO, sample_rate_hz: int) -> None:
        self._stream = stream
        self._rate_hz = sample_rate_hz
        self._resampler: av.AudioResampler | None = None
        if sample_rate_hz != SAMPLE_RATE_HZ:
            self._resampler = av.AudioResampler("fltp", "mono", SAMPLE_RATE_HZ, options=RESAMPLER_OPTIONS)
        self.num_samples = 0
        stream.write(bytes(HEADER.size))

    def write(self, samples: Floats) -> None:
        """samples: (num_samples,) float32 at the source's rate, full scale 1; louder is clipped."""
        if self._resampler is None:
            self._write(samples)
        elif samples.size:
            frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(samples[None, :]), format="fltp", layout="mono")
            frame.sample_rate = self._rate_hz
            for resampled in self._resampler.resample(frame):
                self._write(resampled.to_ndarray()[0])

    def silence(self, num_samples: int) -> None:
        for start in range(0, num_samples, SILENCE_CHUNK):
            self.write(np.zeros(min(SILENCE_CHUNK, num_samples - start), np.float32))

    def finish(self) -> None:
        if self._resampler is not None:
            for resampled in self._resampler.resample(None):
                self._write(resampled.to_ndarray()[0])
        size = 2 * self.num_samples
        self._stream.seek(0)
        self._stream.write(
            HEADER.pack(
                b"RIFF", 36 + size, b"WAVE", b"fmt ", 16, 1, 1, SAMPLE_RATE_HZ, 2 * SAMPLE_RATE_HZ, 2, 16, b"data", size
            )
        )
        self._stream.flush()

    def _write(self, samples: Floats) -> None:
        pcm = np.clip(np.rint(samples * np.float32(32768.0)), -32768, 32767).astype("<i2")
        self._stream.write(pcm.tobytes())
        self.num_samples += pcm.size


def convert(source: ReportedSource, output: BinaryIO, max_duration_s: float) -> dict[str, Any]:
    """Decodes ``source`` to a WAV. Returns the fields of ``AudioFacts``. Raises: AudioError."""
    if source.size_bytes == 0:
        raise AudioEmptyError("The file is empty.")
    source.begin(0.0, HASH_SHARE)
    digest = hashlib.sha256()
    while chunk := source.read(1 << 20):
        digest.update(chunk)
    source.begin(HASH_SHARE, MEASURE_SHARE)
    track, mix, writer = _measure(source, output, max_duration_s)
    if writer is None:
        source.begin(MEASURE_SHARE, 1.0)
        writer = _write(source, output, mix, max_duration_s)
    writer.finish()
    return {
        "duration_s": writer.num_samples / SAMPLE_RATE_HZ,
        "container": track.container,
        "codec": track.codec,
        "source_sample_rate_hz": track.sample_rate_hz,
        "source_channels": len(track.channels),
        "channel_rule": mix.rule,
        "start_offset_s": track.start_offset_s,
        "sha256": digest.hexdigest(),
        "size_bytes": source.size_bytes,
        "warnings": [*_warnings(track), *mix.warnings],
    }


def _measure(
    source: ReportedSource, output: BinaryIO, max_duration_s: float
) -> tuple[AudioTrack, Mix, WavWriter | None]:
    """The statistics of the whole track and, where the usual mix turns out to be right, the audio written with it."""
    track = AudioTrack(source, max_duration_s=max_duration_s)
    statistics: ChannelStatistics | None = None
    guess: Mix | None = None
    for block in track.blocks():
        if statistics is None:
            statistics = ChannelStatistics(track.channels, track.sample_rate_hz)
            guess, writer = usual_mix(track.channels), WavWriter(output, track.sample_rate_hz)
        statistics.add(block.samples)
        if guess is not None:
            writer.silence(block.silence_before)
            writer.write(guess.apply(block.samples))
        source.beat()
    track.close()
    if statistics is None or track.duration_s < MIN_DURATION_S:
        if track.damaged_packets:
            raise AudioCorruptError("The file is damaged: none of its sound can be decoded.")
        raise AudioEmptyError("The file holds no sound: its audio track is empty.")
    statistics.finish()
    mix = choose_mix(statistics)
    return track, mix, writer if guess is not None and mix.equals(guess) else None


def _write(source: ReportedSource, output: BinaryIO, mix: Mix, max_duration_s: float) -> WavWriter:
    output.seek(0)
    output.truncate()
    track = AudioTrack(source, max_duration_s=max_duration_s)
    writer: WavWriter | None = None
    for block in track.blocks():
        writer = writer or WavWriter(output, track.sample_rate_hz)
        writer.silence(block.silence_before)
        writer.write(mix.apply(block.samples))
        source.beat()
    track.close()
    if writer is None:
        raise AudioCorruptError("The file changed while it was read.")
    return writer


def _warnings(track: AudioTrack) -> list[str]:
    found = {
        "several-audio-tracks": track.num_tracks > 1,
        "truncated": track.is_truncated,
        "damaged-frames": track.damaged_packets > 0,
        "format-changes": track.changes > 0,
        "gaps-filled": track.gap_s > 0,
        "broken-timestamps": track.has_broken_times,
        "invalid-samples": track.invalid_samples > 0,
    }
    return [code for code, is_true in found.items() if is_true]


def rehearse() -> None:
    """Converts a short tone in memory: what is imported or looked up on first use is there before the doors close."""
    tone = (1000 * np.sin(np.arange(1600))).astype("<i2").tobytes()
    header = HEADER.pack(b"RIFF", 3236, b"WAVE", b"fmt ", 16, 1, 2, 8000, 32000, 4, 16, b"data", 3200)
    convert(ReportedSource(io.BytesIO(header + tone), lambda _: None), io.BytesIO(), 1.0)


class Reporter:
    """Writes the lines that the parent reads."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._last_s = 0.0

    def progress(self, fraction: float) -> None:
        now_s = time.monotonic()
        if now_s - self._last_s >= REPORT_EVERY_S:
            self._last_s = now_s
            self.line({"fraction": round(fraction, 4)})

    def line(self, message: dict[str, Any]) -> None:
        self._stream.write(json.dumps(message).encode() + b"\n")
        self._stream.flush()


def main(arguments: list[str]) -> int:
    settings = json.loads(arguments[0])
    av.logging.set_level(None)
    reporter = Reporter(sys.stdout.buffer)
    limits = Limits(settings["memory_bytes"], settings["cpu_s"], settings["file_bytes"])
    with (
        os.fdopen(sys.stdin.fileno(), "rb", buffering=0, closefd=False) as stream,
        os.fdopen(settings["output_fd"], "wb", buffering=1 << 20) as output,
    ):
        reporter.line({"fraction": 0.0})
        rehearse()
        confine(limits, settings["parent_pid"])
        try:
            facts = convert(ReportedSource(stream, reporter.progress), output, settings["max_duration_s"])
        except ScribeError as error:
            reporter.line({"error": error.code, "message": str(error)})
        except MemoryError:
            reporter.line({"error": ResourceError.code, "message": "The recording needs more memory than it may use."})
        except OSError as error:
            reporter.line(
                {"error": ResourceError.code, "message": f"Converting failed: {os.strerror(error.errno or 0)}."}
            )
        except Exception:
            reporter.line({"failure": traceback.format_exc()})
            raise
        else:
            reporter.line({"facts": facts})
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
