"""One audio track of an untrusted media file, as blocks of samples on the file's own clock.

Owns opening (real media containers only), choosing the track, decoding, and the timeline: what the file's timestamps
leave out is silence, so that a time in the result is the same time in a player. Runs only inside the confined child
(``audio_decode.py``). Never opens a path, never follows a reference to another file or to the network, never reads
tags, covers, pictures or subtitles.

Usage::

    track = AudioTrack(source, max_duration_s=3600)
    for block in track.blocks():
        block.silence_before, block.samples
"""

import contextlib
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Protocol

import av
import av.error
import numpy as np
import numpy.typing as npt
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.stream import Discard

from scribe.domain.errors import AudioCorruptError, AudioError, AudioTooLongError, NoAudioTrackError, NotAudioError

CONTAINERS = (
    "aac,ac3,aiff,amr,ape,asf,au,avi,caf,dsf,dss,dts,dtshd,eac3,flac,flv,gsm,loas,matroska,mov,mp3,mpc,mpc8,mpeg,"
    "mpegts,mxf,nistsphere,ogg,qcp,tak,tta,voc,w64,wav,wv"
)
"""FFmpeg's names of the containers that may be opened. Each holds its own samples. Left out on purpose: whatever names
another file or address (``hls``, ``concat``, ``dash``, ``sdp``, image sequences), devices, and text of any kind."""

MAGIC = (b"RIFF", b"RF64", b"fLaC", b"OggS", b"\x1aE\xdf\xa3", b"ID3", b"FORM", b"caff", b"\x30\x26\xb2\x75", b"FLV")
"""First bytes of common containers: a file that begins so and cannot be opened is damaged, not foreign."""

BLOCK_S = 1.0
"""Decoded audio is handed on in blocks of about this length: numpy's cost per call vanishes, memory stays small."""
JITTER_S = 0.040
"""Timestamps that differ from the sample count by less are taken as rounding. Vorbis in Ogg differs by 9 ms, AVI and
WMA by a frame (measured on the 33 files of the format set); a word's time is not known better than this."""
PRIMING_S = 0.002
"""The same for the first frame, whose timestamp is exact: cuts an encoder's priming (AAC: 21 ms)."""
CONFIRMING_FRAMES = 8
"""A jump in time counts only if so many frames agree on it: one late packet of a live recording is no gap."""
MAX_OVERLAP_S = 1.0
"""Timestamps that go back further are a new beginning (joined files), not an overlap: nothing is cut."""
DECLARED_SLACK_S = 5.0
MAX_BARREN_READS = 10
"""So many failed reads in a row, without a frame between them, are the end of a damaged file."""
CHECKSUMMED = frozenset({"flac", "tta", "wavpack"})
"""Lossless codecs decode damage to noise at full scale (bitflips.flac: 12 dB louder than the speech) unless their
checksums are believed. Lossy ones conceal, and some encoders of theirs write wrong checksums: not believed there."""
RATES_HZ = range(4_000, 768_001)
MAX_CHANNELS = 64
SANE_AMPLITUDE = 1e9
"""Full scale is 1. Float files hold up to 1e6 here; beyond 1e9 a value is noise in the exponent."""

_EXACT_DURATION = frozenset({"aiff", "ape", "au", "caf", "flac", "mov", "tak", "tta", "w64", "wav", "wv"})
"""Containers whose header counts the samples; the others' durations are guesses from the bit rate."""


class Source(Protocol):
    """An open, seekable file without a name."""

    def read(self, size: int = -1, /) -> bytes: ...
    def seek(self, offset: int, whence: int = 0, /) -> int: ...
    def tell(self) -> int: ...


@dataclass(frozen=True, slots=True, eq=False)
class Block:
    """About a second of audio, and the silence that the file's timestamps leave before it."""

    silence_before: int
    """In samples at the track's rate."""
    samples: npt.NDArray[np.float32]
    """(num_channels, num_samples) float32, full scale 1 (float files may go beyond), all finite."""


class AudioTrack:
    """The track that a player would play: the first that is marked as default and can be decoded."""

    def __init__(self, source: Source, *, max_duration_s: float) -> None:
        """Raises: NotAudioError, NoAudioTrackError, AudioCorruptError, AudioError."""
        self._max_duration_s = max_duration_s
        self._container = _open(source)
        self._stream = _choose(self._container)
        for stream in self._container.streams:
            stream.discard = Discard.default if stream is self._stream else Discard.all
        self._stream.codec_context.thread_count = 1
        if self._stream.codec_context.name in CHECKSUMMED:
            self._stream.codec_context.options = {"err_detect": "crccheck+explode"}
        self.container = self._container.format.name
        self.codec = self._stream.codec_context.codec.canonical_name
        self.num_tracks = len(self._container.streams.audio)
        self.sample_rate_hz = 0
        """Of the first decoded frame, as the three below: 0 or empty before that (a header may lie)."""
        self.channels: tuple[str, ...] = ()
        """Names such as ``FL``, ``FC``, ``LFE``."""
        self.start_offset_s = 0.0
        self.position = 0
        """Samples handed out so far, silence included."""
        self.damaged_packets = 0
        self.good_frames = 0
        self.changes = 0
        """How often rate or channels changed on the way."""
        self.invalid_samples = 0
        """NaN, infinite or absurd values, set to 0."""
        self.gap_s = 0.0
        """Silence put in by timestamps, after the start."""
        self.has_broken_times = False
        self._declared_s = self._exact_duration_s()

    @property
    def duration_s(self) -> float:
        return self.position / self.sample_rate_hz if self.sample_rate_hz else 0.0

    @property
    def is_truncated(self) -> bool:
        """Whether the header promised more than there was (asked after the last block)."""
        return self.duration_s - self.start_offset_s < 0.98 * self._declared_s - 0.1

    def _exact_duration_s(self) -> float:
        """What the header promises, where it counted; else 0."""
        stream, names = self._stream, set(self.container.split(","))
        # A mp3 counts its frames only in a Xing/LAME tag, and with the tag FFmpeg starts after the encoder's delay.
        is_exact = bool(names & _EXACT_DURATION) or ("mp3" in names and bool(stream.start_time))
        if not is_exact or stream.duration is None or stream.time_base is None:
            return 0.0
        return float(stream.duration * stream.time_base)

    def close(self) -> None:
        self._container.close()

    def blocks(self) -> Iterator[Block]:
        """Decodes the track from start to end, once. Raises: AudioCorruptError, AudioTooLongError."""
        silence, parts, length = 0, list[npt.NDArray[np.float32]](), 0
        for gap, samples in self._placed():
            if parts and (gap or length >= BLOCK_S * self.sample_rate_hz):
                yield self._block(silence, parts)
                silence, parts, length = 0, [], 0
            silence += gap
            parts.append(samples)
            length += samples.shape[1]
            if self.duration_s > self._max_duration_s:
                raise AudioTooLongError(
                    f"The recording is longer than {_hours(self._max_duration_s)}, the longest that is accepted: "
                    "cut it into parts."
                )
        if parts:
            yield self._block(silence, parts)
        trusted = self._stream.codec_context.name in CHECKSUMMED
        if (not trusted and self.damaged_packets > 3 * self.good_frames) or self.changes > 5 + 0.05 * self.good_frames:
            # Random bytes hold false frame marks: what "decodes" there is noise of ever other rates and layouts.
            raise NotAudioError("This is not a sound or video file: nothing coherent can be read from it.")

    def _block(self, silence: int, parts: list[npt.NDArray[np.float32]]) -> Block:
        samples = np.concatenate(parts, axis=1)
        is_sane = np.abs(samples) <= SANE_AMPLITUDE
        if not is_sane.all():
            self.invalid_samples += int(np.count_nonzero(~is_sane))
            samples[~is_sane] = 0.0
        return Block(silence, samples)

    def _placed(self) -> Iterator[tuple[int, npt.NDArray[np.float32]]]:
        """Frames with the silence due before each, overlaps cut."""
        waiting: deque[tuple[float | None, npt.NDArray[np.float32]]] = deque()
        origin_s = max((self._container.start_time or 0) / av.time_base, 0.0)
        for time_s, samples in self._decoded():
            waiting.append((None if time_s is None else time_s - origin_s, samples))
            if len(waiting) > CONFIRMING_FRAMES:
                placed, shift_s = self._place(waiting)
                origin_s += shift_s
                yield placed
        while waiting:
            placed, shift_s = self._place(waiting)
            origin_s += shift_s
            yield placed

    def _place(
        self, waiting: deque[tuple[float | None, npt.NDArray[np.float32]]]
    ) -> tuple[tuple[int, npt.NDArray[np.float32]], float]:
        """Takes the first waiting frame, with the silence due before it; and by how much the clock was set back."""
        lead, shift_s = self._lead(waiting), 0.0
        if lead and not self._is_plausible(lead):
            shift_s = lead / self.sample_rate_hz
            for index, (time_s, samples) in enumerate(waiting):
                waiting[index] = (None if time_s is None else time_s - shift_s, samples)
            self.has_broken_times, lead = True, 0
        samples = waiting.popleft()[1]
        if lead < 0:
            samples = samples[:, -lead:]
        elif self.position == 0:
            self.start_offset_s = lead / self.sample_rate_hz
        else:
            self.gap_s += lead / self.sample_rate_hz
        self.position += max(lead, 0) + samples.shape[1]
        return (max(lead, 0), samples), shift_s

    def _lead(self, waiting: deque[tuple[float | None, npt.NDArray[np.float32]]]) -> int:
        """How far ahead of the samples the timestamps are: what the waiting frames agree on, or 0. In samples."""
        tolerance = (JITTER_S if self.position else PRIMING_S) * self.sample_rate_hz
        expected, leads = self.position, list[int]()
        for time_s, samples in waiting:
            if time_s is not None:
                leads.append(round(time_s * self.sample_rate_hz) - expected)
                if abs(leads[-1]) <= tolerance:
                    return 0
            expected += samples.shape[1]
        if not leads:
            return 0
        lowest, highest = min(leads), max(leads)
        return lowest if lowest > 0 else min(highest, 0)

    def _is_plausible(self, lead: int) -> bool:
        lead_s = lead / self.sample_rate_hz
        if lead_s < 0:
            return lead_s > -MAX_OVERLAP_S
        if lead_s < DECLARED_SLACK_S or self._container.duration is None:
            return True
        return self.duration_s + lead_s < self._container.duration / av.time_base + DECLARED_SLACK_S

    def _decoded(self) -> Iterator[tuple[float | None, npt.NDArray[np.float32]]]:
        """(time in the file in seconds, (num_channels, num_samples) float32), damaged packets skipped."""
        converter: av.AudioResampler | None = None
        tick_s = float(self._stream.time_base or 0)
        shape: tuple[int, str] | None = None
        for frame in self._frames():
            if not self.sample_rate_hz:
                self._describe(frame)
            if shape != (frame.sample_rate, frame.layout.name):
                self.changes += shape is not None
                shape = (frame.sample_rate, frame.layout.name)
                same_rate = frame.sample_rate == self.sample_rate_hz
                converter = None if same_rate else av.AudioResampler("fltp", frame.layout, self.sample_rate_hz)
            self.good_frames += 1
            if converter is None:
                yield None if frame.pts is None else frame.pts * tick_s, self._planes(frame)
            else:
                for resampled in converter.resample(frame):
                    yield None, self._planes(resampled)

    def _frames(self) -> Iterator[AudioFrame]:
        """Every frame that decodes. A damaged place costs its own packets, not the rest of the file."""
        barren = 0
        while barren < MAX_BARREN_READS:
            before = self.good_frames
            try:
                for packet in self._container.demux(self._stream):
                    try:
                        yield from packet.decode()
                    except MemoryError:
                        raise
                    except av.error.FFmpegError:
                        self.damaged_packets += 1
            except MemoryError:
                raise
            except av.error.FFmpegError:
                self.damaged_packets += 1
                barren = barren + 1 if self.good_frames == before else 0
            else:
                return

    def _describe(self, frame: AudioFrame) -> None:
        self.sample_rate_hz = frame.sample_rate
        self.channels = tuple(channel.name for channel in frame.layout.channels)
        if frame.sample_rate not in RATES_HZ or not 1 <= len(self.channels) <= MAX_CHANNELS:
            raise AudioCorruptError(
                f"The file claims {frame.sample_rate} Hz on {len(self.channels)} channels, which no recorder makes: "
                "its header is damaged."
            )

    def _planes(self, frame: AudioFrame) -> npt.NDArray[np.float32]:
        """(num_channels, num_samples) float32 with the first frame's number of channels."""
        array: npt.NDArray[Any] = frame.to_ndarray()
        if not frame.format.is_planar:
            array = array.reshape(frame.samples, -1).T
        planes = _full_scale_1(array)
        missing = len(self.channels) - planes.shape[0]
        if missing == 0:
            return planes
        if planes.shape[0] == 1:
            return np.repeat(planes, len(self.channels), axis=0)
        if len(self.channels) == 1:
            averaged: npt.NDArray[np.float32] = planes.mean(axis=0, keepdims=True, dtype=np.float32)
            return averaged
        return np.pad(planes, ((0, max(missing, 0)), (0, 0)))[: len(self.channels)]


def _full_scale_1(array: npt.NDArray[Any]) -> npt.NDArray[np.float32]:
    if array.dtype.kind == "f":
        with np.errstate(over="ignore", invalid="ignore"):
            return array.astype(np.float32)
    bits = 8 * array.dtype.itemsize - 1
    floats = array.astype(np.float32) * np.float32(2.0**-bits)
    return floats - np.float32(1.0) if array.dtype.kind == "u" else floats


def _open(source: Source) -> InputContainer:
    options = {
        "format_whitelist": CONTAINERS,
        "protocol_whitelist": "none",
        "codec_whitelist": _audio_decoders(),
    }
    try:
        return av.open(
            source,
            mode="r",
            container_options=options,
            metadata_errors="ignore",
            buffer_size=1 << 18,
            io_open=_refuse_reference,
        )
    except MemoryError:
        raise
    except (av.error.FFmpegError, ValueError) as error:
        source.seek(0)
        head = source.read(12)
        if head.startswith(MAGIC) or head[4:8] in (b"ftyp", b"moov", b"mdat", b"wide", b"free"):
            raise AudioCorruptError(
                "The file is damaged or incomplete: its header or index makes no sense. Copy or export it again."
            ) from error
        raise NotAudioError("This is not a sound or video file that can be read.") from error


def _audio_decoders() -> str:
    """Only sound is decoded, also while FFmpeg guesses at the streams: no picture ever reaches a decoder."""
    decoders = []
    for name in av.codecs_available:
        with contextlib.suppress(ValueError):  # it only encodes
            decoders.append(av.Codec(name, "r"))
    return ",".join(sorted(decoder.name for decoder in decoders if decoder.type == "audio"))


def _refuse_reference(_url: str, _flags: int, _options: dict[str, str]) -> object:
    raise PermissionError("A recording may not name another file.")


def _choose(container: InputContainer) -> AudioStream:
    if not container.streams.audio:
        raise NoAudioTrackError("There is no sound in this file.")
    decodable = [stream for stream in container.streams.audio if _has_decoder(stream)]
    if not decodable:
        raise AudioError("The sound in this file is encrypted or of a kind that cannot be decoded: export it again.")
    marked = [stream for stream in decodable if stream.disposition & stream.disposition.default]
    return (marked or decodable)[0]


def _has_decoder(stream: AudioStream) -> bool:
    context: object = stream.codec_context  # PyAV types it as always there; it is None for a codec FFmpeg cannot read
    return context is not None


def _hours(seconds: float) -> str:
    hours = seconds / 3600
    return f"{hours:g} hours" if hours >= 2 else f"{seconds / 60:g} minutes"
