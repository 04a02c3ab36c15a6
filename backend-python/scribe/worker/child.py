"""The child in which the models run: orders come in on standard input, reports go out on a pipe.

Owns one attempt from the stored recording to the results in the staging folder; never touches the database or the
queue (it does not even know where they are), never sees the voice bank (it asks once whose voices it hears) and never
publishes: its worker does, if it still holds the lease. It may be killed at any moment; whoever comes next goes on from
the checkpoints. Started through ``child_entry.py``.
"""

import errno
import os
import sys
from contextlib import suppress
from dataclasses import replace
from pathlib import Path, PureWindowsPath
from typing import BinaryIO

import structlog

from scribe.adapters.checkpoints import StorageCheckpoints
from scribe.adapters.storage import Storage
from scribe.core.config import Settings, load_settings
from scribe.core.logging import configure_logging, get_logger, trace_of
from scribe.core.paths import storage_url
from scribe.domain import layout
from scribe.domain.audio import AudioFacts
from scribe.domain.errors import CardError, InternalError, ResourceError, ScribeError, StorageError
from scribe.domain.jobs import Published
from scribe.domain.meeting import Stage
from scribe.domain.namings import HeardSpeaker
from scribe.domain.requests import RunOptions
from scribe.domain.results.parts import RecordingPart
from scribe.domain.speech import SpeakerCount, TranscriptionOptions
from scribe.engines.residency import Residency
from scribe.engines.voice_calibration import load_cohort
from scribe.pipeline.run import Request
from scribe.services.processing import Job, Minutes, transcribe_recording
from scribe.worker.asking import AskingIdentifier
from scribe.worker.card_failures import WARNING as CARD_LOST
from scribe.worker.card_failures import CardFailures
from scribe.worker.keeping import VoiceKeeper
from scribe.worker.outline import OutliningConverter
from scribe.worker.protocol import Failed, Finished, Order
from scribe.worker.reporting import ReportingObserver
from scribe.worker.wiring import Workshop, build_workshop, open_card

OOM_SCORE = 500
"""When memory runs out, the kernel is to take this process and not the database."""
_NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
_NO_MEMORY = "There was not enough memory: choose a smaller model, or give the worker more."


class Attempts:
    """One after the other; models stay in between where the settings want them to."""

    def __init__(self, settings: Settings, pipe_fd: int, answers: BinaryIO) -> None:
        """``answers``: where the worker's lines come in."""
        self._settings = settings
        self._pipe_fd = pipe_fd
        self._answers = answers
        self._residency = Residency(settings.residency)
        self._card = open_card(settings)

    def make(self, order: Order) -> None:
        """Ends with exactly one report ``Finished`` or ``Failed``."""
        observer = ReportingObserver(self._pipe_fd)
        job = order.job
        with structlog.contextvars.bound_contextvars(
            **order.bound, meeting_id=str(job.meeting_id), run=job.run, attempt=job.attempt
        ):
            try:
                observer.send(self._finished(order, observer))
            except BrokenPipeError:
                raise  # the worker let go of us
            except Exception as error:  # noqa: BLE001 -- the edge: the worker decides what a failure means
                observer.send(_failure(error, observer.stage))

    def _finished(self, order: Order, observer: ReportingObserver) -> Finished:
        job = order.job
        storage = Storage(storage_url(self._settings))
        source = _recording(storage, order)
        checkpoints = StorageCheckpoints(storage, layout.checkpoints_folder(job.meeting_id), order.scratch)
        failures = CardFailures(checkpoints, job.run)
        without = failures.without_the_card(self._settings)
        if without is not None:
            observer.warned(CARD_LOST)
        workshop = self._workshop(job.options, without or self._settings)
        extractor = workshop.tools.extractor
        asking = AskingIdentifier(observer, self._answers, self._settings.identification.model_dump())
        keeper = VoiceKeeper(storage, job, extractor, load_cohort(extractor.model_id))
        converter = OutliningConverter(
            workshop.tools.converter,
            storage,
            peaks_key=layout.peaks_key(job.meeting_id),
            playback_key=layout.playback_key(job.meeting_id),
            expected_sha256=job.sha256,
            on_facts=observer.audio_known,
            on_warning=observer.warned,
        )
        tools = replace(
            workshop.tools,
            converter=converter,
            identifier=None if job.options.voices == "none" else asking,
            listener=keeper,
        )
        wanted = _wanted(order, source, workshop, self._settings)
        wanted = replace(wanted, warnings=() if without is None else (CARD_LOST,))
        try:
            minutes = transcribe_recording(wanted, tools, storage, checkpoints, observer)
        except CardError:
            failures.note()
            raise
        observer.audio_known(
            _facts_of(minutes.fusion.recording)
        )  # again, where the conversion was an earlier attempt's
        return Finished(_published(minutes, keeper.speakers(asking.verdicts)))

    def _workshop(self, options: RunOptions, chosen: Settings) -> Workshop:
        if options.model is not None:
            transcription = chosen.transcription.model_copy(update={"model": options.model})
            chosen = chosen.model_copy(update={"transcription": transcription})
        return build_workshop(chosen, residency=self._residency, is_asking=options.voices != "none", card=self._card)


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


def _wanted(order: Order, source: Path, workshop: Workshop, settings: Settings) -> Job:
    job = order.job
    options = job.options
    request = Request(
        source,
        SpeakerCount(options.speakers, options.min_speakers, options.max_speakers),
        TranscriptionOptions(options.language, options.allowed_languages, options.vocabulary),
        order.moves,
        run=job.run,
    )
    return Job(
        request,
        layout.staging_folder(layout.results_folder(job.created_at, job.meeting_id), job.token),
        language=options.reading_language or (None if settings.language == "auto" else settings.language),
        models=workshop.models,
        recording=PureWindowsPath(job.file_name).name if job.file_name else None,  # of either system's path
    )


def _published(minutes: Minutes, speakers: tuple[HeardSpeaker, ...]) -> Published:
    fusion = minutes.fusion
    return Published(
        files=tuple(key.rpartition("/")[2] for key in minutes.files),
        language=fusion.language,
        num_speakers=len(fusion.speakers),
        num_words=sum(len(segment.words) for segment in fusion.segments),
        duration_s=fusion.recording.duration_s,
        speakers=speakers,
    )


def _facts_of(recording: RecordingPart) -> AudioFacts:
    fields = recording.model_dump(exclude={"file"})
    return AudioFacts(**{**fields, "warnings": tuple(recording.warnings)})


def _failure(error: Exception, stage: Stage | None) -> Failed:
    """What the worker is told. The trace of what nobody foresaw goes to the log and nowhere else."""
    if isinstance(error, ScribeError):
        return Failed(error.code, _plain(str(error)), error.is_retryable)
    if isinstance(error, MemoryError):
        return Failed(ResourceError.code, _NO_MEMORY, is_retryable=True)
    if isinstance(error, OSError) and error.errno in _NO_ROOM:
        return Failed(ResourceError.code, "The worker's disk is full: make room.", is_retryable=True)
    get_logger().error(
        "job.bug", error=type(error).__name__, stage=None if stage is None else str(stage), trace=trace_of(error)
    )
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
    attempts = Attempts(settings, pipe_fd, sys.stdin.buffer)
    with suppress(BrokenPipeError):
        while line := sys.stdin.buffer.readline():
            attempts.make(Order.from_line(line))
