"""What Whisper gives way to on a card: the order by rule, the running out with the real model and the library's own
words at the seam, because no card is needed to raise them."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import jiwer
import pytest

from scribe.domain.audio import SAMPLE_RATE_HZ, Waveform
from scribe.domain.errors import CardError, ResourceError
from scribe.domain.speech import TranscribedBlock, TranscriptionOptions
from scribe.engines.card import CardUse
from scribe.engines.catalog import CATALOG
from scribe.engines.model import Purpose
from scribe.engines.residency import Residency
from scribe.engines.transcription import WhisperTranscriber
from scribe.engines.transcription.ladder import Rung, after_loading_failed, first_that_fits, kinds_of_step, ladder
from scribe.engines.transcription.shapes import shape_of
from scribe.engines.transcription.whisper import Compute, Whisper

NOWHERE = Path("/nowhere")
BIG, SPARE = "whisper-large-v3", "whisper-large-v3-turbo"
WISH = Rung(NOWHERE / BIG, BIG, "cuda", "float16", 16)
OUT_OF_MEMORY = "CUDA failed with error out of memory"
LOST = "CUDA failed with error an illegal memory access was encountered"


# --- what it takes ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("model", "compute_type", "batch_size", "published_mb"),
    [  # sources in shapes.py
        (BIG, "float16", 1, 4_521),
        (BIG, "int8_float16", 1, 2_953),
        (BIG, "float16", 8, 6_090),
        (BIG, "int8_float16", 8, 4_500),
        (SPARE, "float16", 1, 2_537),
        (SPARE, "int8_float16", 1, 1_545),
    ],
)
def test_the_estimate_is_within_a_fifth_of_what_others_measured(
    model: str, compute_type: str, batch_size: int, published_mb: float
) -> None:
    shape = shape_of(model)
    assert shape is not None
    assert shape.need_mb(compute_type, batch_size, 5) == pytest.approx(published_mb, rel=0.2)


def test_every_whisper_of_the_catalogue_has_a_shape_that_explains_its_file() -> None:
    for model in CATALOG:
        if model.purpose is not Purpose.TRANSCRIPTION:
            continue
        shape = shape_of(model.name)
        assert shape is not None, model.name
        [weights] = [file for file in model.files if file.path == "model.bin"]
        known = weights.size_bytes or model.size_bytes
        assert shape.file_bytes == pytest.approx(known, rel=0.0005 if weights.size_bytes else 0.005), model.name
        assert model.size_bytes > 50_000_000


# --- the order -------------------------------------------------------------------------------------------------------


def test_the_order_is_batch_then_numbers_then_model_then_processor() -> None:
    labels = [rung.label for rung in ladder(WISH, (SPARE, NOWHERE))]
    assert labels == [
        *(f"{BIG} float16 x{size} cuda" for size in (16, 8, 4, 2, 1)),
        *(f"{BIG} int8_float16 x{size} cuda" for size in (16, 8, 4, 2, 1)),
        *(f"{SPARE} float16 x{size} cuda" for size in (16, 8, 4, 2, 1)),
        *(f"{SPARE} int8_float16 x{size} cuda" for size in (16, 8, 4, 2, 1)),
        f"{SPARE} int8 x4 cpu",
    ]
    assert [rung.label for rung in ladder(WISH)][-1] == f"{BIG} int8 x4 cpu"
    assert ladder(WISH, may_leave=False)[-1].device == "cuda"
    assert ladder(Rung(NOWHERE, BIG, "cpu", "int8", 4), (SPARE, NOWHERE)) == (Rung(NOWHERE, BIG, "cpu", "int8", 4),)


@pytest.mark.parametrize(
    ("room_mb", "label"),
    [
        (None, f"{BIG} float16 x16 cuda"),
        (11_500, f"{BIG} float16 x16 cuda"),
        (7_400, f"{BIG} float16 x8 cuda"),
        (5_400, f"{BIG} float16 x4 cuda"),
        (1_900, f"{SPARE} int8_float16 x1 cuda"),
        (1_000, f"{SPARE} int8 x4 cpu"),
    ],
)
def test_the_first_rung_whose_estimate_fits_is_taken(room_mb: float | None, label: str) -> None:
    rungs = ladder(WISH, (SPARE, NOWHERE))
    index = first_that_fits(rungs, room_mb, beam_size=5)
    assert index is not None
    assert rungs[index].label == label


def test_nothing_that_fits_is_none_and_weights_that_do_not_load_are_not_tried_with_less() -> None:
    rungs = ladder(WISH, may_leave=False)
    assert first_that_fits(rungs, 500, beam_size=5) is None
    assert rungs[after_loading_failed(rungs, 1)].label == f"{BIG} int8_float16 x16 cuda"
    assert after_loading_failed(rungs, 7) == len(rungs)


def test_a_step_is_called_by_what_it_changes() -> None:
    rungs = {rung.label: rung for rung in ladder(WISH, (SPARE, NOWHERE))}
    to = lambda label: kinds_of_step(WISH, rungs[label])  # noqa: E731
    assert to(f"{BIG} float16 x8 cuda") == ("batch",)
    assert to(f"{BIG} int8_float16 x4 cuda") == ("type",)
    assert to(f"{SPARE} float16 x16 cuda") == ("model",)
    assert to(f"{SPARE} int8 x4 cpu") == ("model", "cpu")


# --- running out -----------------------------------------------------------------------------------------------------


@dataclass
class Pretender:
    """A card, played by the processor: it holds so many windows, and only the weights it likes."""

    most: int = 1_000
    loads: tuple[str, ...] = ("float16", "int8_float16")
    failing: str | None = None
    loaded: list[str] = field(default_factory=list)
    batches: list[int] = field(default_factory=list)


class Seam:
    """CTranslate2's model, whose encoder may raise in the library's own words."""

    def __init__(self, model: Any, card: Pretender) -> None:
        self._model, self._card = model, card

    def __getattr__(self, name: str) -> Any:
        return getattr(self._model, name)

    def encode(self, features: Any, to_cpu: bool) -> Any:
        if self._card.failing:
            raise RuntimeError(self._card.failing)
        if features.shape[0] > self._card.most:
            raise RuntimeError(OUT_OF_MEMORY)
        self._card.batches.append(features.shape[0])
        return self._model.encode(features, to_cpu=to_cpu)


@pytest.fixture
def pretend(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Pretender]:
    real = Whisper.load.__func__  # type: ignore[attr-defined]

    def begin(**facts: Any) -> Pretender:
        card = Pretender(**facts)

        def load(cls: type[Whisper], folder: Path, compute: Compute) -> Whisper:
            card.loaded.append(f"{compute.compute_type} {compute.device}")
            if compute.device == "cuda" and compute.compute_type not in card.loads:
                raise ResourceError(OUT_OF_MEMORY)
            model: Whisper = real(cls, folder, Compute("cpu", "int8", 1))
            if compute.device == "cuda":
                model._model.model = Seam(model._model.model, card)
            return model

        monkeypatch.setattr(Whisper, "load", classmethod(load))
        monkeypatch.setattr(Compute, "resolved", lambda self: Compute("cuda", "float16", self.threads))
        return card

    return begin


@pytest.fixture(scope="module")
def speech(read_recording: Callable[[Path], Waveform]) -> Waveform:
    whole = read_recording(Path(__file__).parents[4] / "samples" / "conference.flac")
    return Waveform(whole.pcm[: 24 * SAMPLE_RATE_HZ])


@pytest.fixture(scope="module")
def text_on_cpu(transcriber: WhisperTranscriber, speech: Waveform) -> str:
    return text_of(list(run(transcriber, speech)))


def run(transcriber: WhisperTranscriber, speech: Waveform, **more: Any) -> Iterator[TranscribedBlock]:
    return transcriber.transcribe(speech, TranscriptionOptions(language="fr"), progress=lambda _: None, **more)


def text_of(blocks: list[TranscribedBlock]) -> str:
    return " ".join(segment.text for block in blocks for segment in block.segments)


def on_card(folder: Path, use: CardUse, residency: Residency | None = None, **more: Any) -> WhisperTranscriber:
    return WhisperTranscriber(
        folder, "whisper-base", residency or Residency(), device="cuda", threads=1, card=use, **more
    )


@pytest.mark.real
def test_windows_go_through_the_encoder_together_and_say_the_same(
    pretend: Callable[..., Pretender], whisper_base: Path, speech: Waveform, text_on_cpu: str
) -> None:
    card, use = pretend(), CardUse()
    blocks = list(run(on_card(whisper_base, use), speech))
    assert max(card.batches) > 1
    assert jiwer.wer(text_on_cpu, text_of(blocks)) < 0.05
    assert [block.made_by for block in blocks] == [""]
    assert use.steps() == []


@pytest.mark.real
def test_a_block_that_ran_out_of_memory_is_done_again_with_less_at_once(
    pretend: Callable[..., Pretender], whisper_base: Path, speech: Waveform, text_on_cpu: str
) -> None:
    card, use = pretend(most=1), CardUse()
    blocks = list(run(on_card(whisper_base, use, batch_size=4), speech))
    assert text_of(blocks) == text_on_cpu  # one window at a time is how a processor hears
    assert card.loaded == ["float16 cuda"]  # the weights stayed
    assert [block.made_by for block in blocks] == ["whisper-base float16 x1 cuda"]
    assert [step.code for step in use.steps()] == ["gpu.step_down.batch"]


@pytest.mark.real
def test_weights_that_do_not_load_give_way_to_smaller_ones_and_at_last_to_the_processor(
    pretend: Callable[..., Pretender], whisper_base: Path, speech: Waveform, text_on_cpu: str
) -> None:
    card, use, residency = pretend(loads=()), CardUse(), Residency("keep")
    blocks = list(run(on_card(whisper_base, use, residency), speech))
    assert card.loaded == ["float16 cuda", "int8_float16 cuda", "int8 cpu"]
    assert text_of(blocks) == text_on_cpu
    assert [step.code for step in use.steps()] == ["gpu.step_down.type", "gpu.step_down.cpu"]
    assert residency.resident == ("whisper-base cpu int8",)
    residency.release()


def test_nothing_that_fits_and_no_leave_to_leave_is_an_error_that_names_the_settings(
    pretend: Callable[..., Pretender], whisper_base: Path, speech: Waveform
) -> None:
    card = pretend()
    with pytest.raises(ResourceError, match="SCRIBE_GPU_BUDGET_MB"):
        list(run(on_card(whisper_base, CardUse(200, may_leave=False)), speech))
    assert card.loaded == []


def test_a_small_budget_begins_lower_and_an_interrupted_run_goes_on_where_it_was(
    pretend: Callable[..., Pretender], whisper_base: Path, speech: Waveform
) -> None:
    shape = shape_of("whisper-base")
    assert shape is not None
    card, use = pretend(), CardUse(round(shape.need_mb("float16", 4, 5)) + 1)
    blocks = run(on_card(whisper_base, use), speech)
    assert next(blocks).made_by == "whisper-base float16 x4 cuda"
    blocks.close()  # type: ignore[attr-defined]
    fresh = CardUse()
    again = run(
        on_card(whisper_base, fresh), speech, resume_from_s=speech.duration_s, made_by="whisper-base float16 x4 cuda"
    )
    assert list(again) == []
    assert [step.code for step in fresh.steps()] == ["gpu.step_down.batch"]  # told again: the row may be a new one
    assert card.loaded == ["float16 cuda"]


def test_a_lost_card_is_not_met_with_less_memory(
    pretend: Callable[..., Pretender], whisper_base: Path, speech: Waveform
) -> None:
    card, use, residency = pretend(failing=LOST), CardUse(), Residency()
    with pytest.raises(CardError, match="illegal memory access"):
        list(run(on_card(whisper_base, use, residency), speech))
    assert card.loaded == ["float16 cuda"]
    assert use.steps() == []
    assert residency.resident == ()


def test_the_settings_name_the_wish_and_a_processor_s_are_as_they_were(
    pretend: Callable[..., Pretender], transcriber: WhisperTranscriber, whisper_base: Path
) -> None:
    assert (transcriber.settings["device"], transcriber.settings["batch_size"]) == ("cpu", 4)
    pretend()
    settings = on_card(whisper_base, CardUse()).settings
    assert (settings["device"], settings["compute_type"], settings["batch_size"]) == ("cuda", "float16", 16)
