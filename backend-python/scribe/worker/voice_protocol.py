"""What the voice lane and its child say to each other: one order on standard input, one report on standard output.

Owns both forms. The report is a line of JSON, then the kept sample's raw PCM, so that neither a voiceprint nor a
sample is ever written to the worker's disk. The child is not told whose voice it is.

Usage::

    process.communicate(VoiceOrder(clip, scratch).to_line())
    report = report_of(output)
"""

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self

import numpy as np

from scribe.domain.enrolments import MeasuredClip
from scribe.domain.errors import ArtefactError
from scribe.domain.speech import Span
from scribe.domain.voice_quality import Problem, VoiceQuality
from scribe.domain.voices import Voiceprint
from scribe.pipeline import codec


@dataclass(frozen=True, slots=True)
class VoiceOrder:
    clip: Path
    """As it was sent, in any format."""
    scratch: Path
    """The child's to use, the worker's to remove."""

    def to_line(self) -> bytes:
        return json.dumps({"clip": str(self.clip), "scratch": str(self.scratch)}).encode() + b"\n"

    @classmethod
    def from_line(cls, line: bytes) -> Self:
        told = json.loads(line)
        return cls(Path(told["clip"]), Path(told["scratch"]))


@dataclass(frozen=True, slots=True)
class Unmeasured:
    """Why there is no measurement."""

    code: str
    message: str
    is_retryable: bool
    is_clip_at_fault: bool
    """The clip itself, and nothing else: its sender is told, and it is not tried again."""


@dataclass(frozen=True, slots=True)
class _Measured:
    """:class:`MeasuredClip` without its sample."""

    voiceprint: Voiceprint | None
    quality: VoiceQuality
    spans: tuple[Span, ...]
    problems: tuple[Problem, ...]
    channel: str | None


def measured_bytes(measured: MeasuredClip) -> bytes:
    head = _Measured(measured.voiceprint, measured.quality, measured.spans, measured.problems, measured.channel)
    return b"measured " + codec.encode(head) + b"\n" + measured.sample.astype("<i2").tobytes()


def unmeasured_bytes(unmeasured: Unmeasured) -> bytes:
    return b"unmeasured " + codec.encode(unmeasured) + b"\n"


def report_of(output: bytes) -> MeasuredClip | Unmeasured:
    """Raises: ArtefactError when it is not all there, because the child died in the middle of it."""
    line, end, pcm = output.partition(b"\n")
    name, _, body = line.partition(b" ")
    if end and name == b"unmeasured":
        return codec.decode(Unmeasured, body)
    if not end or name != b"measured" or len(pcm) % 2:
        raise ArtefactError("The child said something that is no report.")
    head = codec.decode(_Measured, body)
    clip = MeasuredClip(head.voiceprint, head.quality, head.spans, head.problems, channel=head.channel)
    return replace(clip, sample=np.frombuffer(pcm, "<i2").astype(np.int16))
