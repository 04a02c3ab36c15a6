"""The child that listens to one clip: reads an order, answers with one report, ends.

Owns the way from a file that anybody may have sent to a measured voice; the decoding itself happens in a confined
child of its own (``adapters/audio.py``). It knows no database, no storage, no bank, and not whose voice it is. Models
run on the CPU: a clip is short, and the card may be full of a meeting.
"""

import errno
import os
import sys
from contextlib import suppress
from pathlib import Path

from scribe.core.config import Settings, load_settings
from scribe.core.logging import configure_logging, get_logger, trace_of
from scribe.domain.audio import AudioFacts
from scribe.domain.enrolments import MeasuredClip
from scribe.domain.errors import AudioTooLongError, InputError, InternalError, ResourceError, ScribeError
from scribe.worker.voice_protocol import Unmeasured, VoiceOrder, measured_bytes, unmeasured_bytes
from scribe.worker.wiring import build_clip_meter

OOM_SCORE = 700
"""When memory runs out, the kernel is to take this process, and neither a meeting's nor the database."""
_NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


def answer(order: VoiceOrder, settings: Settings) -> bytes:
    try:
        return measured_bytes(_measured(order, settings))
    except Exception as error:  # noqa: BLE001 -- the edge: the worker decides what a failure means
        return unmeasured_bytes(_why(error))


def _measured(order: VoiceOrder, settings: Settings) -> MeasuredClip:
    converter, meter = build_clip_meter(settings)
    wav = order.scratch / "clip.wav"
    facts = converter.convert(order.clip, wav, lambda _fraction: None)
    report = meter.measure(converter.open(wav))
    return MeasuredClip(
        report.voiceprint, report.quality, report.spans, report.problems, report.sample, _channel(facts)
    )


def _channel(facts: AudioFacts) -> str:
    return f"{facts.source_sample_rate_hz} Hz, {facts.codec}"


def _why(error: Exception) -> Unmeasured:
    if isinstance(error, AudioTooLongError):
        message = "The clip is too long: cut out half a minute of the person talking."
        return Unmeasured(error.code, message, is_retryable=False, is_clip_at_fault=True)
    if isinstance(error, ScribeError):
        is_clip_at_fault = isinstance(error, InputError)
        message = str(error).encode("utf-8", "replace").decode()
        return Unmeasured(error.code, message, error.is_retryable, is_clip_at_fault)
    if isinstance(error, MemoryError):
        message = "There was not enough memory for this clip: give the worker more, or try again later."
        return Unmeasured(ResourceError.code, message, is_retryable=True, is_clip_at_fault=False)
    if isinstance(error, OSError) and error.errno in _NO_ROOM:
        message = "The worker's disk is full: make room."
        return Unmeasured(ResourceError.code, message, is_retryable=True, is_clip_at_fault=False)
    get_logger().error("voice.bug", error=type(error).__name__, trace=trace_of(error))
    message = f"Something unexpected happened ({type(error).__name__}): please report it."
    return Unmeasured(InternalError.code, message, is_retryable=True, is_clip_at_fault=False)


def main() -> None:
    report_fd = os.dup(sys.stdout.fileno())
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # libraries print when they please
    with suppress(OSError):  # not Linux
        Path("/proc/self/oom_score_adj").write_text(str(OOM_SCORE))
    settings = load_settings(device="cpu")
    configure_logging(settings.log_level, as_json=True)
    report = answer(VoiceOrder.from_line(sys.stdin.buffer.readline()), settings)
    with suppress(BrokenPipeError), os.fdopen(report_fd, "wb") as pipe:
        pipe.write(report)
