"""The child in which the models run: orders come in on standard input, reports go out on a pipe.

Owns one attempt from the stored recording to the results in the staging folder; never touches the database or the
queue (it does not even know where they are) and never publishes: its worker does, if it still holds the lease. It may
be killed at any moment; whoever comes next goes on from the checkpoints. Started through ``child_entry.py``.
"""

import errno
import os
import sys
from contextlib import suppress
from dataclasses import replace
from pathlib import Path, PureWindowsPath

import structlog

from scribe.adapters.checkpoints import StorageCheckpoints
from scribe.adapters.storage import Storage
from scribe.core.config import Settings, load_settings
from scribe.core.logging import configure_logging, get_logger, trace_of
from scribe.core.paths import storage_url, voices_dir
from scribe.domain import layout
from scribe.domain.audio import AudioFacts
from scribe.domain.errors import InternalError, ResourceError, ScribeError, StorageError, VoiceClipError
from scribe.domain.jobs import ClaimedJob, Published
from scribe.domain.meeting import RunWarning
from scribe.domain.requests import RunOptions
from scribe.domain.results.parts import RecordingPart
from scribe.domain.speech import SpeakerCount, TranscriptionOptions
from scribe.engines.residency import Residency
from scribe.pipeline.run import Request
from scribe.services.processing import Job, Minutes, transcribe_recording
from scribe.worker.outline import OutliningConverter
from scribe.worker.protocol import Failed, Finished, Order
from scribe.worker.reporting import ReportingObserver
from scribe.worker.wiring import Workshop, build_workshop

OOM_SCORE = 500
"""When memory runs out, the kernel is to take this process and not the database."""
_NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
_NO_MEMORY = "There was not enough memory: choose a smaller model, or give the worker more."
_VOICES_UNUSABLE = RunWarning("voices.unusable", "The known voices could not be read, so nobody is named.")


class Attempts:
    """One after the other; models stay in between where the settings want them to."""

    def __init__(self, settings: Settings, pipe_fd: int) -> None:
        self._settings = settings
        self._pipe_fd = pipe_fd
        self._residency = Residency(settings.residency)

    def make(self, order: Order) -> None:
        """Ends with exactly one report ``Finished`` or ``Failed``."""
        observer = ReportingObserver(self._pipe_fd)
        job = order.job
        with structlog.contextvars.bound_contextvars(meeting_id=str(job.meeting_id), run=job.run, attempt=job.attempt):
            try:
                observer.send(self._finished(order, observer))
            except BrokenPipeError:
                raise  # the worker let go of us
            except Exception as error:  # noqa: BLE001 -- the edge: the worker decides what a failure means
                observer.send(_failure(error))

    def _finished(self, order: Order, observer: ReportingObserver) -> Finished:
        job = order.job
        storage = Storage(storage_url(self._settings))
        source = _recording(storage, order)
        workshop, warnings = self._workshop(job.options, order.scratch)
        for warning in warnings:
            observer.warned(warning)
        converter = OutliningConverter(
            workshop.tools.converter,
            storage,
            peaks_key=layout.peaks_key(job.meeting_id),
            expected_sha256=job.sha256,
            on_facts=observer.audio_known,
        )
        minutes = transcribe_recording(
            _wanted(job, source, workshop, warnings, self._settings),
            replace(workshop.tools, converter=converter),
            storage,
            StorageCheckpoints(storage, layout.checkpoints_folder(job.meeting_id), order.scratch),
            observer,
        )
        observer.audio_known(
            _facts_of(minutes.fusion.recording)
        )  # again, where the conversion was an earlier attempt's
        return Finished(_published(minutes))

    def _workshop(self, options: RunOptions, scratch: Path) -> tuple[Workshop, tuple[RunWarning, ...]]:
        """Voices that cannot be used cost the names, not the minutes."""
        chosen = self._settings
        if options.model is not None:
            transcription = chosen.transcription.model_copy(update={"model": options.model})
            chosen = chosen.model_copy(update={"transcription": transcription})
        folder = None if options.voices == "none" else voices_dir(chosen)
        names = None if isinstance(options.voices, str) else options.voices
        try:
            workshop = build_workshop(chosen, folder, names=names, residency=self._residency, workspace=scratch)
        except VoiceClipError:
            get_logger().warning("voices.unusable")
            return build_workshop(chosen, residency=self._residency), (_VOICES_UNUSABLE,)
        unknown = workshop.unknown_voices if folder is not None else names or ()
        return workshop, tuple(
            RunWarning("voices.unknown_name", f"No voice of {name} is known here.") for name in unknown
        )


def _recording(storage: Storage, order: Order) -> Path:
    """On this machine's disk. Raises: StorageError when it is not there or not whole."""
    key = layout.recording_key(order.job.meeting_id)
    size_bytes = storage.size(key)
    if size_bytes != order.job.size_bytes:
        raise StorageError("The recording is not where it was stored: is the storage there?")
    local = storage.local_path(key)
    if local is None:
        local = order.scratch / "recording"
        storage.download(key, local)
    return local


def _wanted(
    job: ClaimedJob, source: Path, workshop: Workshop, warnings: tuple[RunWarning, ...], settings: Settings
) -> Job:
    options = job.options
    request = Request(
        source,
        SpeakerCount(options.speakers, options.min_speakers, options.max_speakers),
        TranscriptionOptions(options.language, options.allowed_languages, options.vocabulary),
    )
    return Job(
        request,
        layout.staging_folder(layout.results_folder(job.created_at, job.meeting_id), job.token),
        language=options.reading_language or (None if settings.language == "auto" else settings.language),
        models=workshop.models,
        recording=PureWindowsPath(job.file_name).name if job.file_name else None,  # of either system's path
        warnings=warnings,
    )


def _published(minutes: Minutes) -> Published:
    fusion = minutes.fusion
    return Published(
        files=tuple(key.rpartition("/")[2] for key in minutes.files),
        language=fusion.language,
        num_speakers=len(fusion.speakers),
        num_words=sum(len(segment.words) for segment in fusion.segments),
        duration_s=fusion.recording.duration_s,
    )


def _facts_of(recording: RecordingPart) -> AudioFacts:
    fields = recording.model_dump(exclude={"file"})
    return AudioFacts(**{**fields, "warnings": tuple(recording.warnings)})


def _failure(error: Exception) -> Failed:
    """What the worker is told. The trace of what nobody foresaw goes to the log and nowhere else."""
    if isinstance(error, ScribeError):
        return Failed(error.code, _plain(str(error)), error.is_retryable)
    if isinstance(error, MemoryError):
        return Failed(ResourceError.code, _NO_MEMORY, is_retryable=True)
    if isinstance(error, OSError) and error.errno in _NO_ROOM:
        return Failed(ResourceError.code, "The worker's disk is full: make room.", is_retryable=True)
    get_logger().error("job.bug", error=type(error).__name__, trace=trace_of(error))
    message = f"Something unexpected happened ({type(error).__name__}): please report it."
    return Failed(InternalError.code, message, is_retryable=True)


def _plain(text: str) -> str:
    """Names of files may hold bytes that are no text."""
    return text.encode("utf-8", "replace").decode()


def main(pipe_fd: int) -> None:
    os.set_inheritable(pipe_fd, False)  # noqa: FBT003 -- the signature is Python's
    with suppress(OSError):  # not Linux
        Path("/proc/self/oom_score_adj").write_text(str(OOM_SCORE))
    settings = load_settings()
    configure_logging(settings.log_level, as_json=True)
    attempts = Attempts(settings, pipe_fd)
    with suppress(BrokenPipeError):
        for line in sys.stdin.buffer:
            attempts.make(Order.from_line(line))
