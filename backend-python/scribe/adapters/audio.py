"""Turns any recording into the one form the pipeline speaks: 16 kHz, mono, 16-bit WAV.

Owns starting, watching and ending the child that decodes (``audio_decode.py``), and memory-mapping the result. Never
decodes in this process: a file that crashes, hangs or bloats a decoder costs a child, not the worker. The file's name
reaches neither a shell nor the child: it gets the open file.

Usage::

    converter = PyAvConverter()
    facts = converter.convert(Path("meeting.m4a"), Path("run/audio.wav"), progress)
    waveform = converter.open(Path("run/audio.wav"))
"""

import importlib.metadata
import json
import os
import selectors
import signal
import stat
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import IO, Any

import scribe
from scribe.adapters.audio_pcm import PcmFile
from scribe.domain import errors
from scribe.domain.audio import SAMPLE_RATE_HZ, AudioFacts, Waveform
from scribe.domain.errors import (
    ArtefactError,
    AudioCorruptError,
    AudioError,
    NotAudioError,
    ResourceError,
    ScribeError,
)

RULES_VERSION = 1
"""Counted up when the same file would convert differently."""
MAX_WAV_DURATION_S = (2**32 - 1 - 44) // (2 * SAMPLE_RATE_HZ)
"""37 hours: a WAV counts its bytes with 32 bits."""
WAKE_S = 0.25
"""How late a cancel may be noticed."""
CPU_BASE_S = 60
CPU_SHARE = 0.05
"""CPU seconds a second of the longest audio that a decoder may take: ten times what MP3 and AAC took here."""

_HEADER = struct.Struct("<4sI4s4sIHHIIHH4sI")
_CHILD = "scribe.adapters.audio_decode"
_ERRORS: Mapping[str, type[ScribeError]] = {
    error.code: error
    for error in vars(errors).values()
    if isinstance(error, type) and issubclass(error, AudioError | ResourceError)
}


class PyAvConverter:
    """Satisfies ``pipeline.ports.AudioConverter`` with PyAV and the FFmpeg inside it."""

    def __init__(
        self,
        *,
        max_duration_s: float = 12 * 3600,
        max_memory_mb: int = 1024,
        stall_timeout_s: float = 120.0,
    ) -> None:
        """``max_memory_mb``: what decoding may take beyond the bare interpreter. ``stall_timeout_s``: a child that
        reports nothing for so long is ended."""
        if not 0 < max_duration_s <= MAX_WAV_DURATION_S:
            raise ValueError(f"max_duration_s must be between 0 and {MAX_WAV_DURATION_S}.")
        self._max_duration_s = max_duration_s
        self._max_memory_mb = max_memory_mb
        self._stall_timeout_s = stall_timeout_s

    @property
    def settings(self) -> Mapping[str, object]:
        return {"decoder": "pyav", "decoder_version": importlib.metadata.version("av"), "rules": RULES_VERSION}

    def convert(self, source: Path, target: Path, progress: Callable[[float], None]) -> AudioFacts:
        """Writes ``target`` as 16 kHz mono 16-bit WAV, atomically. Raises: AudioError, ResourceError."""
        with ExitStack() as stack:
            source_fd = stack.enter_context(_opened(source))
            temporary, output_fd = stack.enter_context(_temporary(target))
            child = stack.enter_context(self._child(source_fd, output_fd))
            facts = self._watch(child, progress)
            if temporary.stat().st_size != _HEADER.size + 2 * round(facts.duration_s * SAMPLE_RATE_HZ):
                raise ResourceError("The converted audio is incomplete: is the disk full?")
            temporary.replace(target)
        progress(1.0)
        return facts

    def open(self, wav: Path) -> Waveform:
        """A WAV that :meth:`convert` wrote, read from disk as it is sliced. Raises: ArtefactError."""
        try:
            with wav.open("rb") as stream:
                header = stream.read(_HEADER.size)
            fields = _HEADER.unpack(header)
        except (OSError, struct.error) as error:
            raise ArtefactError(
                "The converted audio cannot be read: run the recording again from the start."
            ) from error
        form = (fields[0], fields[2], fields[3], *fields[5:8], fields[10], fields[11])
        if form != (b"RIFF", b"WAVE", b"fmt ", 1, 1, SAMPLE_RATE_HZ, 16, b"data"):
            raise ArtefactError("The converted audio is not 16 kHz mono WAV: run the recording again from the start.")
        if wav.stat().st_size != _HEADER.size + fields[12] or not fields[12]:
            raise ArtefactError("The converted audio is incomplete: run the recording again from the start.")
        return Waveform(PcmFile(wav, _HEADER.size))

    @contextmanager
    def _child(self, source_fd: int, output_fd: int) -> Iterator[subprocess.Popen[bytes]]:
        """A confined child; killed when the block is left, however it is left."""
        arguments = {
            "output_fd": output_fd,
            "parent_pid": os.getpid(),
            "max_duration_s": self._max_duration_s,
            "memory_bytes": self._max_memory_mb << 20,
            "cpu_s": round(CPU_BASE_S + CPU_SHARE * self._max_duration_s),
            "file_bytes": _HEADER.size + 2 * round((self._max_duration_s + 60) * SAMPLE_RATE_HZ),
        }
        with subprocess.Popen(
            [sys.executable, "-P", "-s", "-B", "-m", _CHILD, json.dumps(arguments)],
            stdin=source_fd,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            pass_fds=(output_fd,),
            cwd="/",
            env=_environment(),
            start_new_session=True,
        ) as child:
            try:
                yield child
            finally:
                child.kill()

    def _watch(self, child: subprocess.Popen[bytes], progress: Callable[[float], None]) -> AudioFacts:
        assert child.stdout is not None  # noqa: S101 -- asked for above
        fraction = 0.0
        for message in _messages(child.stdout, self._stall_timeout_s):
            if "facts" in message:
                return _facts(message["facts"])
            if "error" in message:
                raise _ERRORS.get(message["error"], AudioError)(message["message"])
            if "failure" in message:
                raise RuntimeError(f"The decoding process has a bug:\n{message['failure']}")
            fraction = max(fraction, min(message.get("fraction", 0.0), 1.0))
            progress(fraction)
        raise _death(child.wait(self._stall_timeout_s))


def _messages(stream: IO[bytes], stall_timeout_s: float) -> Iterator[dict[str, Any]]:
    """The child's reports; an empty one whenever it was silent for ``WAKE_S``. Raises: ResourceError."""
    buffer, heard_s = b"", time.monotonic()
    with selectors.DefaultSelector() as selector:
        selector.register(stream, selectors.EVENT_READ)
        while True:
            if not selector.select(WAKE_S):
                if time.monotonic() - heard_s > stall_timeout_s:
                    raise ResourceError("Converting the recording came to a standstill and was ended.")
                yield {}
                continue
            chunk, heard_s = os.read(stream.fileno(), 1 << 16), time.monotonic()
            if not chunk:
                return
            *lines, buffer = (buffer + chunk).split(b"\n")
            yield from map(json.loads, lines)


def _death(return_code: int) -> ScribeError:
    """What a child that ended without a result died of."""
    if return_code == -signal.SIGXCPU:
        return ResourceError("Converting the recording took more computing time than it may use.")
    if return_code == -signal.SIGKILL:
        return ResourceError("Converting the recording was ended by the system, most likely for want of memory.")
    if return_code < 0:
        return AudioCorruptError("The file is damaged in a way that makes the decoder crash. Export it again.")
    return ResourceError("The process that converts recordings ended without a result.")


def _facts(fields: dict[str, Any]) -> AudioFacts:
    return AudioFacts(**{**fields, "warnings": tuple(fields["warnings"])})


def _environment() -> dict[str, str]:
    """Nothing of ours but where the code is: no token, no proxy, no FFmpeg setting."""
    environment = {
        "PYTHONPATH": str(Path(scribe.__file__).resolve().parents[1]),
        "PYTHONUTF8": "1",
        "OPENBLAS_NUM_THREADS": "1",
        "OMP_NUM_THREADS": "1",
    }
    for name in ("LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH"):  # some Pythons do not start without
        if name in os.environ:
            environment[name] = os.environ[name]
    return environment


@contextmanager
def _opened(source: Path) -> Iterator[int]:
    """The source, opened by us and nobody else. Not blocking: opening a named pipe would wait for ever."""
    try:
        descriptor = os.open(source, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError as error:
        raise AudioError("There is no such file.") from error
    except OSError as error:
        raise AudioError(f"The file cannot be opened: {os.strerror(error.errno or 0)}.") from error
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise NotAudioError("This is not a file but a folder or a device.")
        yield descriptor
    finally:
        os.close(descriptor)


@contextmanager
def _temporary(target: Path) -> Iterator[tuple[Path, int]]:
    """A file beside the target, gone afterwards unless it was moved there. Its name does not grow with the target's."""
    try:
        descriptor, name = tempfile.mkstemp(prefix=".converting-", suffix=".wav", dir=target.parent)
    except OSError as error:
        raise ResourceError(f"The converted audio cannot be written: {os.strerror(error.errno or 0)}.") from error
    try:
        yield Path(name), descriptor
    finally:
        os.close(descriptor)
        with suppress(FileNotFoundError):
            Path(name).unlink()
