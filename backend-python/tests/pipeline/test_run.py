"""The order of the stages, and what is left when one of them stops halfway.

Runs the real converter and the shipped fake engines; what breaks is broken on purpose by a wrapper.
"""

import wave
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pytest

from scribe.adapters.audio import PyAvConverter
from scribe.adapters.storage import FolderCheckpoints
from scribe.domain.audio import Waveform
from scribe.domain.carry_over import HandMove, HandMoves
from scribe.domain.errors import Cancelled, EngineError, ModelMissingError
from scribe.domain.meeting import RunWarning, Stage, StageMetrics
from scribe.domain.namings import Recognised
from scribe.domain.speech import (
    Diarization,
    Span,
    SpeakerCount,
    SpeakerLabel,
    TranscribedBlock,
    TranscriptionOptions,
)
from scribe.domain.voices import Identification, Voiceprint
from scribe.engines.fake import FakeDiarizer, FakeExtractor, FakeTranscriber
from scribe.pipeline.run import Outcome, Request, Tools, process

RATE = 16_000
ONCE = [Stage.CONVERT, Stage.DIARIZE, Stage.TRANSCRIBE, Stage.FUSE]


@dataclass
class Notes:
    """An observer that remembers."""

    started: list[Stage] = field(default_factory=list)
    finished: list[StageMetrics] = field(default_factory=list)
    fractions: dict[Stage, list[float]] = field(default_factory=dict)
    warnings: list[RunWarning] = field(default_factory=list)
    cancel_in: Stage | None = None

    def stage_started(self, stage: Stage) -> None:
        self.started.append(stage)

    def stage_progressed(self, stage: Stage, fraction: float) -> None:
        if stage is self.cancel_in:
            raise Cancelled("Stopped on request.")
        self.fractions.setdefault(stage, []).append(fraction)

    def stage_finished(self, metrics: StageMetrics) -> None:
        self.finished.append(metrics)

    def warned(self, warning: RunWarning) -> None:
        self.warnings.append(warning)


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    """150 s: a low voice, a high voice, a low voice, with silence between. Three blocks of the fake transcriber."""
    path = tmp_path / "standup.wav"
    seconds = np.arange(50 * RATE) / RATE
    pieces = []
    for pitch_hz in (150, 900, 150):
        tone = 0.3 * np.sin(2 * np.pi * pitch_hz * seconds)
        tone[45 * RATE :] = 0
        pieces.append(tone)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes((np.concatenate(pieces) * 32767).astype("<i2").tobytes())
    return path


@pytest.fixture
def store(tmp_path: Path) -> FolderCheckpoints:
    return FolderCheckpoints(tmp_path / "checkpoints")


@pytest.fixture
def tools() -> Tools:
    return Tools(PyAvConverter(), FakeDiarizer(), FakeExtractor(), FakeTranscriber())


def run(recording: Path, tools: Tools, store: FolderCheckpoints, **said: object) -> tuple[Outcome, Notes]:
    notes = Notes()
    return process(Request(recording, **said), tools, store, notes), notes  # type: ignore[arg-type]


def test_two_voices_say_their_words(recording: Path, tools: Tools, store: FolderCheckpoints) -> None:
    outcome, notes = run(recording, tools, store)
    speakers = [segment.speaker for segment in outcome.fusion.segments]
    assert list(dict.fromkeys(speakers)) == ["SPEAKER_00", "SPEAKER_01"]
    assert speakers[0] == speakers[-1]
    assert outcome.fusion.coverage.total_s == pytest.approx(150.0, abs=0.01)
    assert notes.started == ONCE
    assert all(sorted(fractions) == fractions for fractions in notes.fractions.values())


def test_every_stage_reports_its_cost(recording: Path, tools: Tools, store: FolderCheckpoints) -> None:
    outcome, _ = run(recording, tools, store)
    assert [metrics.stage for metrics in outcome.metrics] == ONCE
    assert all(metrics.peak_rss_mb > 10 and not metrics.is_reused for metrics in outcome.metrics)


def test_the_second_run_does_nothing_again(recording: Path, tools: Tools, store: FolderCheckpoints) -> None:
    first, _ = run(recording, tools, store)
    second, notes = run(recording, tools, store)
    assert notes.started == []
    assert [metrics.stage for metrics in notes.finished if metrics.is_reused] == ONCE
    assert second.fusion == first.fusion


def test_a_changed_speaker_count_keeps_the_transcript(recording: Path, tools: Tools, store: FolderCheckpoints) -> None:
    run(recording, tools, store)
    outcome, notes = run(recording, tools, store, count=SpeakerCount(exact=1))
    assert notes.started == [Stage.DIARIZE, Stage.FUSE]
    assert {segment.speaker for segment in outcome.fusion.segments} == {"SPEAKER_00"}


def test_a_changed_vocabulary_keeps_the_speakers(recording: Path, tools: Tools, store: FolderCheckpoints) -> None:
    run(recording, tools, store)
    _, notes = run(recording, tools, store, options=TranscriptionOptions(vocabulary=("Ada",)))
    assert notes.started == [Stage.TRANSCRIBE, Stage.FUSE]


def test_other_audio_under_the_same_name_is_done_afresh(
    recording: Path, tools: Tools, store: FolderCheckpoints
) -> None:
    run(recording, tools, store)
    recording.write_bytes(recording.read_bytes()[: 44 + 2 * RATE * 60])
    outcome, notes = run(recording, tools, store)
    assert notes.started == ONCE
    assert outcome.facts.duration_s == pytest.approx(60, abs=0.1)


def test_no_working_file_is_left(recording: Path, tools: Tools, store: FolderCheckpoints, tmp_path: Path) -> None:
    run(recording, tools, store)
    assert not list((tmp_path / "checkpoints").glob("*.wav"))


@pytest.mark.parametrize("stage", ONCE)
def test_a_damaged_checkpoint_is_made_again(
    recording: Path, tools: Tools, store: FolderCheckpoints, tmp_path: Path, stage: Stage
) -> None:
    first, _ = run(recording, tools, store)
    path = tmp_path / "checkpoints" / f"{stage}.json"
    path.write_bytes(path.read_bytes()[:-20])
    second, notes = run(recording, tools, store)
    assert notes.started == [stage]
    assert second.fusion == first.fusion


@dataclass
class DiesAfter:
    """A transcriber whose process dies after some blocks."""

    blocks: int
    inner: FakeTranscriber = field(default_factory=FakeTranscriber)
    resumed_from_s: list[float] = field(default_factory=list)

    @property
    def settings(self) -> Mapping[str, object]:
        return self.inner.settings

    def transcribe(
        self,
        waveform: Waveform,
        options: TranscriptionOptions,
        *,
        resume_from_s: float = 0.0,
        made_by: str = "",
        progress: Callable[[float], None],
    ) -> Generator[TranscribedBlock, None, None]:
        self.resumed_from_s.append(resume_from_s)
        blocks = self.inner.transcribe(waveform, options, resume_from_s=resume_from_s, progress=progress)
        for number, block in enumerate(blocks):
            if number == self.blocks:
                raise KeyboardInterrupt
            yield block


def test_a_killed_transcription_goes_on_at_its_last_block(
    recording: Path, tools: Tools, store: FolderCheckpoints, tmp_path: Path
) -> None:
    unbroken, _ = run(recording, tools, FolderCheckpoints(tmp_path / "other"))
    dying = DiesAfter(blocks=2)
    with pytest.raises(KeyboardInterrupt):
        run(recording, replace(tools, transcriber=dying), store)
    healthy = DiesAfter(blocks=99)
    outcome, notes = run(recording, replace(tools, transcriber=healthy), store)
    assert healthy.resumed_from_s == [120.0]
    assert notes.started == [Stage.TRANSCRIBE, Stage.FUSE]
    assert outcome.transcript == unbroken.transcript


@dataclass
class BrokenDiarizer:
    error: Exception

    @property
    def settings(self) -> Mapping[str, object]:
        return {"engine": "fake", "revision": 1}

    def diarize(self, waveform: Waveform, count: SpeakerCount, progress: Callable[[float], None]) -> Diarization:
        raise self.error


def test_a_failed_diarization_still_delivers_the_words(recording: Path, tools: Tools, store: FolderCheckpoints) -> None:
    outcome, notes = run(recording, replace(tools, diarizer=BrokenDiarizer(EngineError("It broke."))), store)
    assert outcome.diarization is None
    assert [warning.code for warning in notes.warnings] == ["stage.failed.diarize"]
    assert {segment.speaker for segment in outcome.fusion.segments} == {None}
    assert "one two three" in outcome.fusion.segments[0].text


def test_the_run_after_a_failed_diarization_finds_the_speakers(
    recording: Path, tools: Tools, store: FolderCheckpoints
) -> None:
    run(recording, replace(tools, diarizer=BrokenDiarizer(EngineError("It broke."))), store)
    outcome, notes = run(recording, tools, store)
    assert notes.started == [Stage.DIARIZE, Stage.FUSE]
    assert {segment.speaker for segment in outcome.fusion.segments} == {"SPEAKER_00", "SPEAKER_01"}


def test_a_missing_model_is_told_and_not_worked_around(recording: Path, tools: Tools, store: FolderCheckpoints) -> None:
    missing = BrokenDiarizer(ModelMissingError("Run `scribe models pull segmentation-3.0`."))
    with pytest.raises(ModelMissingError, match="scribe models pull"):
        run(recording, replace(tools, diarizer=missing), store)


@pytest.mark.parametrize("stage", [Stage.DIARIZE, Stage.TRANSCRIBE])
def test_cancelling_keeps_what_is_finished(
    recording: Path, tools: Tools, store: FolderCheckpoints, stage: Stage
) -> None:
    with pytest.raises(Cancelled):
        process(Request(recording), tools, store, Notes(cancel_in=stage))
    _, notes = run(recording, tools, store)
    assert notes.started == ONCE[ONCE.index(stage) :]


@dataclass
class NamesEverybody:
    asked: list[Sequence[SpeakerLabel]] = field(default_factory=list)

    @property
    def settings(self) -> Mapping[str, object]:
        return {"engine": "test", "bank": "ada"}

    def identify(self, voiceprints: Mapping[SpeakerLabel, Voiceprint]) -> Recognised:
        self.asked.append(sorted(voiceprints))
        verdicts = {speaker: Identification("Ada", 0.9, None, None, "matched") for speaker in voiceprints}
        return Recognised(verdicts, (RunWarning("voices.unknown_name", "No voice of Zoé is known here."),))


def test_speakers_are_named_and_what_the_bank_says_is_told(
    recording: Path, tools: Tools, store: FolderCheckpoints
) -> None:
    outcome, notes = run(recording, replace(tools, identifier=NamesEverybody()), store)
    assert {verdict.name for verdict in outcome.identifications.values()} == {"Ada"}
    assert [warning.code for warning in outcome.warnings] == ["voices.unknown_name"]
    assert notes.warnings == list(outcome.warnings)
    assert Stage.IDENTIFY in notes.started


def test_names_are_asked_for_each_time_and_never_kept(
    recording: Path, tools: Tools, store: FolderCheckpoints, tmp_path: Path
) -> None:
    left_by_an_earlier_version = tmp_path / "checkpoints" / "identify.json"
    left_by_an_earlier_version.parent.mkdir()
    left_by_an_earlier_version.write_text('0\n{}\n{"SPEAKER_00": {"name": "Eve"}}')
    identifier = NamesEverybody()
    first, _ = run(recording, replace(tools, identifier=identifier), store)
    second, _ = run(recording, replace(tools, identifier=identifier), store)
    assert second.identifications == first.identifications
    assert len(identifier.asked) == 2
    kept = [path for path in (tmp_path / "checkpoints").iterdir() if path.is_file()]
    assert not left_by_an_earlier_version.exists()
    assert not [path for path in kept if b"Ada" in path.read_bytes()]


class KnowsNobodyJustNow:
    @property
    def settings(self) -> Mapping[str, object]:
        return {"engine": "test"}

    def identify(self, voiceprints: Mapping[SpeakerLabel, Voiceprint]) -> Recognised:
        raise EngineError("The known voices could not be used.")


def test_a_bank_that_cannot_be_used_costs_the_names_only(
    recording: Path, tools: Tools, store: FolderCheckpoints
) -> None:
    outcome, _ = run(recording, replace(tools, identifier=KnowsNobodyJustNow()), store)
    assert outcome.identifications == {}
    assert [warning.code for warning in outcome.warnings] == ["stage.failed.identify"]
    assert {segment.speaker for segment in outcome.fusion.segments} == {"SPEAKER_00", "SPEAKER_01"}
    _, notes = run(recording, replace(tools, identifier=NamesEverybody()), store)
    assert notes.started == [Stage.IDENTIFY], "nothing else depends on names"


class Listens:
    """Keeps whom it heard."""

    def __init__(self) -> None:
        self.heard: list[tuple[SpeakerLabel, ...]] = []

    def listen(self, diarization: Diarization, waveform: Waveform, progress: Callable[[float], None]) -> None:
        assert waveform.duration_s == pytest.approx(150.0, abs=0.01)
        self.heard.append(diarization.speakers)
        progress(1.0)


def test_voices_are_listened_to_while_the_audio_is_at_hand_also_when_all_else_is_done(
    recording: Path, tools: Tools, store: FolderCheckpoints
) -> None:
    listener = Listens()
    for _ in range(2):
        outcome, _ = run(recording, replace(tools, listener=listener), store)
        assert outcome.identifications == {}
    assert listener.heard == [("SPEAKER_00", "SPEAKER_01")] * 2


def test_a_segment_that_was_moved_by_hand_is_fused_anew(
    recording: Path, tools: Tools, store: FolderCheckpoints
) -> None:
    run(recording, tools, store)
    turns = {SpeakerLabel("SPEAKER_07"): (Span(50, 95),)}
    moves = HandMoves((HandMove(Span(0, 4), SpeakerLabel("SPEAKER_07")),), turns)
    _, notes = run(recording, tools, store, moves=moves)
    assert notes.started == [Stage.FUSE]


@dataclass
class ShortOfMemory(DiesAfter):
    """From its second block on, made otherwise than the settings say."""

    label: str = "small int8_float16 x4 cuda"
    begun_as: list[str] = field(default_factory=list)

    def transcribe(
        self,
        waveform: Waveform,
        options: TranscriptionOptions,
        *,
        resume_from_s: float = 0.0,
        made_by: str = "",
        progress: Callable[[float], None],
    ) -> Generator[TranscribedBlock, None, None]:
        self.begun_as.append(made_by)
        for block in super().transcribe(waveform, options, resume_from_s=resume_from_s, progress=progress):
            yield replace(block, made_by=self.label if block.start_s > 0 else "")


def test_text_made_with_less_is_used_again_by_its_run_alone_and_never_passes_for_the_wish(
    recording: Path, tools: Tools, store: FolderCheckpoints
) -> None:
    with pytest.raises(KeyboardInterrupt):
        run(recording, replace(tools, transcriber=ShortOfMemory(blocks=2)), store)
    same = ShortOfMemory(blocks=99)
    outcome, _ = run(recording, replace(tools, transcriber=same), store)
    assert (same.resumed_from_s, same.begun_as) == ([120.0], [same.label])
    assert outcome.made_by == ("", same.label)
    later = ShortOfMemory(blocks=99)
    request = Request(recording, run=1)
    again = process(request, replace(tools, transcriber=later), store, Notes())
    assert (later.resumed_from_s, later.begun_as) == ([60.0], [""])  # what was made as wished stays
    assert [metrics.stage for metrics in again.metrics if metrics.is_reused] == [Stage.CONVERT, Stage.DIARIZE]


class Card:
    """One that had to give way, and held so much."""

    def __init__(self) -> None:
        self.taken = [RunWarning("gpu.step_down.batch", "Less at once.")]

    @contextmanager
    def measured(self) -> Iterator[Callable[[], float | None]]:
        yield lambda: 1_234.56

    def steps(self) -> list[RunWarning]:
        taken, self.taken = self.taken, []
        return taken


def test_the_card_s_peak_and_its_steps_down_are_in_the_record(
    recording: Path, tools: Tools, store: FolderCheckpoints
) -> None:
    outcome, notes = run(recording, replace(tools, accelerator=Card()), store)
    assert {metrics.peak_vram_mb for metrics in outcome.metrics} == {1_234.6}
    assert [warning.code for warning in outcome.warnings].count("gpu.step_down.batch") == 1
    assert "gpu.step_down.batch" in [warning.code for warning in notes.warnings]
