"""What only a card can prove, with budgets in numbers: ``pytest -m gpu`` on a machine that has one.

None was at hand when this was written, so the budgets are declared from estimates and from what others published
(docs/gpu.md): whoever runs this first should write down what came out, and tighten them.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import jiwer
import pytest

from bench.gpu import Measured, Trial, in_a_process
from scribe.adapters.audio import PyAvConverter
from scribe.core.config import load_settings
from scribe.domain.speech import SpeakerCount, TranscriptionOptions
from scribe.engines import card_driver
from scribe.engines.accelerators import Library, obstacle
from scribe.engines.card import CardUse
from scribe.engines.card_driver import CardMemory
from scribe.engines.diarization import OnnxDiarizer
from scribe.engines.residency import Residency
from scribe.engines.transcription import WhisperTranscriber
from scribe.engines.transcription.shapes import CONTEXT_MB, shape_of
from scribe.worker.wiring import SEGMENTATION, VOICEPRINT, open_store

CARDS = card_driver.find_cards()
pytestmark = [
    pytest.mark.gpu,
    pytest.mark.slow,
    pytest.mark.skipif(not CARDS, reason="no CUDA card: libcuda.so.1 is not here, or shows none"),
]

SAMPLE = Path(__file__).parents[3] / "samples" / "conference.flac"
SLACK = 1.25
"""How far over its estimate a model may peak."""
WER_MARGIN = 0.08
"""Between float16 on a card and int8 on a processor, same model: 1 to 2 points are usual, this file is short."""


@pytest.fixture(scope="module")
def wav(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("gpu") / "conference.wav"
    PyAvConverter().convert(SAMPLE, path, lambda _: None)
    return path


def measured(trial: Trial, wav: Path) -> Measured:
    if trial.model and not open_store(load_settings()).is_installed(trial.model):
        pytest.skip(f"{trial.model} is not installed: scribe models pull {trial.model}")
    result = in_a_process(trial, wav)
    assert result.problem == ""
    return result


@pytest.mark.parametrize("library", [Library.CTRANSLATE2, Library.ONNX_RUNTIME])
def test_both_libraries_use_the_card_without_a_library_path(library: Library) -> None:
    assert obstacle(library) is None


@pytest.mark.parametrize(
    ("model", "compute_type", "batch_size", "most_rtf"),
    [
        ("whisper-base", "float16", 16, 0.02),
        ("whisper-base", "int8_float16", 16, 0.02),
        ("whisper-large-v3-turbo", "float16", 16, 0.05),
        ("whisper-large-v3", "float16", 16, 0.10),
        ("whisper-large-v3", "int8_float16", 4, 0.15),
    ],
)
def test_whisper_keeps_to_its_memory_and_its_pace(
    wav: Path, model: str, compute_type: str, batch_size: int, most_rtf: float
) -> None:
    result = measured(Trial("transcribe", "cuda", model, compute_type, batch_size), wav)
    shape = shape_of(model)
    assert shape is not None
    assert result.steps == ()
    assert result.peak_vram_mb is not None
    assert result.peak_vram_mb < SLACK * shape.need_mb(compute_type, batch_size, 5)
    assert result.seconds / result.duration_s < most_rtf


def test_a_card_writes_what_a_processor_writes(wav: Path) -> None:
    on_cpu = measured(Trial("transcribe", "cpu", "whisper-base", "int8", 4), wav)
    on_card = measured(Trial("transcribe", "cuda", "whisper-base", "float16", 16), wav)
    assert jiwer.wer(on_cpu.text, on_card.text) < WER_MARGIN


def test_the_diarizer_keeps_to_its_memory_and_hears_the_same_speakers(wav: Path) -> None:
    on_cpu, on_card = measured(Trial("diarize", "cpu"), wav), measured(Trial("diarize", "cuda"), wav)
    assert on_card.speakers == on_cpu.speakers
    assert on_card.peak_vram_mb is not None
    assert on_card.peak_vram_mb < 3_500
    assert on_card.seconds / on_card.duration_s < 0.02


def test_unloading_leaves_the_context_and_the_end_of_the_process_nothing(wav: Path) -> None:
    memory = CardMemory.of(CARDS[0])
    assert memory is not None
    before_mb = memory.used_mb() or 0.0
    result = measured(Trial("transcribe", "cuda", "whisper-base", "float16", 16), wav)
    assert result.left_vram_mb is not None
    assert result.left_vram_mb < CONTEXT_MB
    assert (memory.used_mb() or 0.0) - before_mb < 100


def test_a_small_budget_is_kept_and_told(wav: Path) -> None:
    shape = shape_of("whisper-base")
    assert shape is not None
    budget_mb = round(shape.need_mb("int8_float16", 2, 5))
    use = CardUse.here(budget_mb, may_leave=False)
    transcriber = WhisperTranscriber(
        open_store(load_settings()).path("whisper-base"), "whisper-base", Residency(), device="cuda", card=use
    )
    with use.measured() as peak_mb:
        blocks = list(
            transcriber.transcribe(
                PyAvConverter().open(wav), TranscriptionOptions(language="fr"), progress=lambda _: None
            )
        )
    assert any(block.segments for block in blocks)
    assert blocks[0].made_by != ""
    assert use.steps()
    assert (peak_mb() or 0.0) < SLACK * budget_mb


class Watched(Residency):
    """Notes what of the card is held when a model has gone."""

    def __init__(self, memory: CardMemory) -> None:
        super().__init__("single")
        self._memory = memory
        self.left_mb: list[float] = []

    @contextmanager
    def hold(self, name: str, load: Any) -> Iterator[Any]:
        with super().hold(name, load) as model:
            yield model
        self.left_mb.append(self._memory.own_mb() or 0.0)


def test_two_models_are_never_on_the_card_together(wav: Path) -> None:
    memory = CardMemory.of(CARDS[0])
    assert memory is not None
    residency, use, store = Watched(memory), CardUse.here(None, may_leave=False), open_store(load_settings())
    waveform = PyAvConverter().open(wav)
    diarizer = OnnxDiarizer(store.path(SEGMENTATION), store.path(VOICEPRINT), residency, device="cuda", card=use)
    diarizer.diarize(waveform, SpeakerCount(), lambda _: None)
    whisper = WhisperTranscriber(store.path("whisper-base"), "whisper-base", residency, device="cuda", card=use)
    list(whisper.transcribe(waveform, TranscriptionOptions(language="fr"), progress=lambda _: None))
    assert len(residency.left_mb) == 3
    assert max(residency.left_mb) < 2 * CONTEXT_MB  # two libraries' contexts, no model
