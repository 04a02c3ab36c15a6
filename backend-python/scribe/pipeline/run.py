"""The order of the stages, and what happens when one of them stops halfway.

Owns checkpoints, costs and partial results: a finished stage is never redone, a failed diarization or identification
still delivers the transcript, and cancelling leaves what is finished. Names are never checkpointed: finding them takes
milliseconds, depends on a bank that changes, and who is forgotten must not stay on a disk. Never loads a model (the
tools do) and never writes a result file (the services do).

Usage::

    outcome = process(request, tools, store, observer)
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TypeVar

from scribe.core.hashing import sha256_of
from scribe.core.logging import get_logger
from scribe.core.metering import metered
from scribe.domain.audio import AudioFacts, Waveform
from scribe.domain.carry_over import HandMoves
from scribe.domain.errors import (
    Cancelled,
    CardError,
    DeviceError,
    ModelMissingError,
    ResourceError,
    ScribeError,
    UnavailableError,
)
from scribe.domain.fusion import Fusion
from scribe.domain.meeting import RunWarning, Stage, StageMetrics
from scribe.domain.namings import Recognised
from scribe.domain.speech import (
    Diarization,
    SpeakerCount,
    SpeakerLabel,
    TranscribedBlock,
    Transcript,
    TranscriptionOptions,
)
from scribe.domain.voices import Identification
from scribe.pipeline import stages
from scribe.pipeline.checkpoints import Checkpoints, Fingerprint, block_name, fingerprint
from scribe.pipeline.ports import (
    Accelerator,
    AudioConverter,
    CheckpointStore,
    Diarizer,
    Identifier,
    Progress,
    RunObserver,
    Transcriber,
    VoiceListener,
    VoiceprintExtractor,
)

T = TypeVar("T")

REVISION: Mapping[Stage, int] = {
    Stage.CONVERT: 1,
    Stage.DIARIZE: 2,
    Stage.TRANSCRIBE: 1,
    Stage.FUSE: 1,
}
"""Raised when a stage's code changes what it makes, so that older checkpoints are not used again."""


@dataclass(frozen=True, slots=True)
class Tools:
    """Everything a run works with. Built by a composition root, passed down, never global."""

    converter: AudioConverter
    diarizer: Diarizer
    extractor: VoiceprintExtractor
    transcriber: Transcriber
    identifier: Identifier | None = None
    """``None``: nobody is looked for."""
    listener: VoiceListener | None = None
    """Without it and without an identifier the stage is left out."""
    accelerator: Accelerator | None = None
    """``None``: nobody looks at the card's memory."""


@dataclass(frozen=True, slots=True)
class Request:
    """One recording and what the user said about it."""

    source: Path
    count: SpeakerCount = field(default_factory=SpeakerCount)
    options: TranscriptionOptions = field(default_factory=TranscriptionOptions)
    moves: HandMoves = field(default_factory=HandMoves)
    """Stretches that a human gave to somebody in the minutes of an earlier run."""
    run: int = 0
    """Which time this recording is processed: text that had to be made with less than was wished for is used again
    by the attempts of one run and by no later run, which may find more memory."""


@dataclass(frozen=True, slots=True)
class Outcome:
    facts: AudioFacts
    transcript: Transcript
    diarization: Diarization | None
    """``None``: it failed, see the warnings; the transcript stands without speakers."""
    identifications: Mapping[SpeakerLabel, Identification]
    fusion: Fusion
    metrics: tuple[StageMetrics, ...]
    warnings: tuple[RunWarning, ...]
    made_by: tuple[str, ...] = ("",)
    """How the text was made: empty as the settings say, else what ``TranscribedBlock.made_by`` says; each once."""


def process(request: Request, tools: Tools, store: CheckpointStore, observer: RunObserver) -> Outcome:
    """From a file to who said what, when.

    Raises: AudioError, ModelMissingError, ResourceError, EngineError, Cancelled. Whatever was finished before stays in
    ``store`` and is not done again.
    """
    return _Run(request, tools, Checkpoints(store), observer).outcome()


class _Run:
    def __init__(self, request: Request, tools: Tools, checkpoints: Checkpoints, observer: RunObserver) -> None:
        self._request = request
        self._tools = tools
        self._checkpoints = checkpoints
        self._observer = observer
        self._metrics: list[StageMetrics] = []
        self._warnings: list[RunWarning] = []
        self._open_waveform: Waveform | None = None
        self._fingerprints = _fingerprints(request, tools)
        self._made_by: dict[str, None] = {}

    def outcome(self) -> Outcome:
        facts = self._facts()
        diarization = self._optional(Stage.DIARIZE, self._diarization)
        identifications: Mapping[SpeakerLabel, Identification] = {}
        if diarization is not None and (self._tools.identifier or self._tools.listener):
            identifications = self._optional(Stage.IDENTIFY, lambda: self._identifications(diarization)) or {}
        self._checkpoints.remove(Stage.IDENTIFY)  # an earlier version left one
        transcript = self._transcript(facts.duration_s)
        fusion = self._fusion(transcript, diarization)
        self._open_waveform = None
        self._checkpoints.tidy()
        return Outcome(
            facts,
            transcript,
            diarization,
            identifications,
            fusion,
            tuple(self._metrics),
            tuple(self._warnings),
            tuple(self._made_by) or ("",),
        )

    # --- the stages -------------------------------------------------------------------------------------------------

    def _facts(self) -> AudioFacts:
        facts = self._stage(Stage.CONVERT, AudioFacts, self._convert)
        for code in facts.warnings:
            self._warn(RunWarning(f"audio.{code}", _AUDIO_WARNINGS.get(code, f"The recording is unusual: {code}.")))
        return facts

    def _diarization(self) -> Diarization:
        return self._stage(
            Stage.DIARIZE,
            Diarization,
            lambda progress: self._tools.diarizer.diarize(self._waveform(), self._request.count, progress),
        )

    def _identifications(self, diarization: Diarization) -> Mapping[SpeakerLabel, Identification]:
        recognised, metrics = self._measured(Stage.IDENTIFY, lambda progress: self._recognised(diarization, progress))
        self._note(metrics)
        for warning in recognised.warnings:
            self._warn(warning)
        return recognised.verdicts

    def _recognised(self, diarization: Diarization, progress: Progress) -> Recognised:
        if self._tools.listener is not None:
            self._tools.listener.listen(diarization, self._waveform(), progress)
        if self._tools.identifier is None:
            return Recognised({})
        return stages.identify_speakers(diarization, self._tools.identifier)

    def _transcript(self, duration_s: float) -> Transcript:
        return self._stage(
            Stage.TRANSCRIBE,
            Transcript,
            lambda progress: stages.join_blocks(self._blocks(progress), duration_s),
        )

    def _blocks(self, progress: Progress) -> Iterator[TranscribedBlock]:
        """The blocks an earlier, interrupted run saved, then the rest."""
        done_s, num_saved, made_by = 0.0, 0, ""
        while (saved := self._saved_block(num_saved)) is not None:
            self._count(saved)
            yield saved
            done_s, num_saved, made_by = saved.end_s, num_saved + 1, saved.made_by or made_by
        rest = self._tools.transcriber.transcribe(
            self._waveform(), self._request.options, resume_from_s=done_s, made_by=made_by, progress=progress
        )
        nothing = StageMetrics(Stage.TRANSCRIBE, 0.0, 0.0, 0.0)
        with closing(rest):
            for number, block in enumerate(rest, start=num_saved):
                self._checkpoints.save(block_name(number), self._key_of(block.made_by), block, nothing)
                self._count(block)
                yield block
        self._tell_how_it_was_made()

    def _saved_block(self, number: int) -> TranscribedBlock | None:
        """As an earlier attempt made it: as the settings say, or in this run with what the card's memory allowed."""
        return self._checkpoints.load_block(number, self._key_of)

    def _key_of(self, made_by: str) -> Fingerprint:
        key = self._fingerprints[Stage.TRANSCRIBE]
        return fingerprint(key, made_by, self._request.run) if made_by else key

    def _count(self, block: TranscribedBlock) -> None:
        if block.speech:
            self._made_by[block.made_by] = None

    def _tell_how_it_was_made(self) -> None:
        """What was not made as the settings say must not be mistaken for it: neither here nor by what builds on it."""
        others = sorted(made_by for made_by in self._made_by if made_by)
        if others:
            for stage in (Stage.TRANSCRIBE, Stage.FUSE):
                self._fingerprints[stage] = fingerprint(self._fingerprints[stage], others, self._request.run)

    def _fusion(self, transcript: Transcript, diarization: Diarization | None) -> Fusion:
        return self._stage(
            Stage.FUSE,
            Fusion,
            lambda _: stages.fuse_words_and_turns(
                transcript, diarization, self._waveform, self._tools.extractor, self._request.moves
            ),
        )

    # --- what every stage goes through ------------------------------------------------------------------------------

    def _stage(self, stage: Stage, kind: type[T], work: Callable[[Progress], T]) -> T:
        saved = self._checkpoints.load(kind, stage, self._fingerprints[stage])
        if saved is not None:
            self._note(_reused(saved.metrics))
            return saved.value
        value, metrics = self._measured(stage, work)
        self._checkpoints.save(stage, self._fingerprints[stage], value, metrics)
        self._note(metrics)
        return value

    def _measured(self, stage: Stage, work: Callable[[Progress], T]) -> tuple[T, StageMetrics]:
        self._observer.stage_started(stage)
        card = self._tools.accelerator
        try:
            with metered() as meter, nullcontext(lambda: None) if card is None else card.measured() as peak_vram_mb:
                value = work(_rising(lambda fraction: self._observer.stage_progressed(stage, fraction)))
        finally:
            for warning in () if card is None else card.steps():
                self._warn(warning)
        cost = meter.cost
        return value, StageMetrics(
            stage, cost.seconds, cost.cpu_seconds, cost.peak_rss_mb, peak_vram_mb=_rounded(peak_vram_mb())
        )

    def _optional(self, stage: Stage, work: Callable[[], T]) -> T | None:
        """A stage without which the rest is still worth having."""
        try:
            return work()
        except (CardError, Cancelled, DeviceError, ModelMissingError, ResourceError, UnavailableError):
            raise  # asked for, soon mended by the user, or better at the next attempt: half a result would hide it
        except ScribeError as error:
            self._warn(RunWarning(f"stage.failed.{stage}", f"{_FAILED[stage]} {error}"))
            if stage is Stage.DIARIZE:  # what builds on it must not be mistaken for the result of a complete run
                self._fingerprints[Stage.FUSE] = fingerprint(self._fingerprints[Stage.FUSE], "without", stage)
            return None

    def _convert(self, progress: Progress) -> AudioFacts:
        return self._tools.converter.convert(self._request.source, self._working_wav(), progress)

    def _working_wav(self) -> Path:
        return self._checkpoints.scratch(f"audio-{self._fingerprints[Stage.CONVERT][:16]}.wav")

    def _waveform(self) -> Waveform:
        """Opened when a stage first needs it; converted again if an earlier run already tidied it away."""
        if self._open_waveform is None:
            wav = self._working_wav()
            if not wav.exists():
                self._convert(lambda _: None)
            self._open_waveform = self._tools.converter.open(wav)
        return self._open_waveform

    def _note(self, metrics: StageMetrics) -> None:
        self._metrics.append(metrics)
        get_logger().info(
            "stage.finished",
            stage=str(metrics.stage),
            seconds=round(metrics.seconds, 3),
            cpu_seconds=round(metrics.cpu_seconds, 3),
            peak_mb=round(metrics.peak_rss_mb, 1),
            is_reused=metrics.is_reused,
            **({} if metrics.peak_vram_mb is None else {"peak_vram_mb": metrics.peak_vram_mb}),
        )
        self._observer.stage_finished(metrics)

    def _warn(self, warning: RunWarning) -> None:
        self._warnings.append(warning)
        get_logger().info("run.warned", code=warning.code)
        self._observer.warned(warning)


def _fingerprints(request: Request, tools: Tools) -> dict[Stage, Fingerprint]:
    """What each stage's result depends on. Known before anything runs."""
    convert = fingerprint(REVISION[Stage.CONVERT], sha256_of(request.source), tools.converter.settings)
    diarize = fingerprint(REVISION[Stage.DIARIZE], convert, tools.diarizer.settings, request.count)
    transcribe = fingerprint(REVISION[Stage.TRANSCRIBE], convert, tools.transcriber.settings, request.options)
    return {
        Stage.CONVERT: convert,
        Stage.DIARIZE: diarize,
        Stage.TRANSCRIBE: transcribe,
        Stage.FUSE: fingerprint(
            REVISION[Stage.FUSE],
            diarize,
            transcribe,
            tools.extractor.settings,
            *([request.moves] if request.moves.moves else []),
        ),
    }


def _reused(metrics: StageMetrics) -> StageMetrics:
    return replace(metrics, is_reused=True)


def _rounded(mb: float | None) -> float | None:
    return None if mb is None else round(mb, 1)


def _rising(report: Callable[[float], None]) -> Progress:
    """Holds engines to their promise: between 0 and 1, never falling."""
    highest = 0.0

    def progress(fraction: float, /) -> None:
        nonlocal highest
        highest = max(highest, min(fraction, 1.0))
        report(highest)

    return progress


_FAILED: Mapping[Stage, str] = {
    Stage.DIARIZE: "The speakers could not be told apart, so the transcript stands without speakers.",
    Stage.IDENTIFY: "The speakers could not be compared with the known voices, so they are not named.",
}

_AUDIO_WARNINGS: Mapping[str, str] = {
    "broken-timestamps": "The recording's clock jumps: times after the jump may be off.",
    "damaged-frames": "Parts of the recording are damaged and could not be read.",
    "format-changes": "The recording changes its format on the way.",
    "gaps-filled": "The recording has gaps: they were filled with silence so that the times are right.",
    "invalid-samples": "The recording holds values that are no sound: they were silenced.",
    "offset-removed": "The recording had a constant offset: it was removed.",
    "several-audio-tracks": "The file has several audio tracks: the first one was taken.",
    "silent": "The recording is silent from beginning to end.",
    "truncated": "The recording ends before its time: the file is cut off.",
    "turned-down": "The recording was louder than its format allows: it was turned down.",
    "turned-up": "The recording is very quiet: it was turned up.",
}
"""By the codes of ``adapters/audio.py``."""
