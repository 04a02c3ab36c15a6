"""The card as far as it can be proved without one: what is found, what is told, what is given way to."""

import ctypes
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from scribe.domain.audio import SAMPLE_RATE_HZ, Waveform
from scribe.domain.errors import CardError, DeviceError, EngineError, ResourceError
from scribe.domain.speech import SpeakerCount
from scribe.engines import accelerators, onnx
from scribe.engines.accelerators import Library, choose, obstacle
from scribe.engines.card import CardUse
from scribe.engines.card_driver import Card, CardMemory, find_cards
from scribe.engines.card_errors import Trouble, card_errors, trouble_of
from scribe.engines.cuda_libraries import FOR_CTRANSLATE2, FOR_ONNX_RUNTIME, preload, wheel_folders, wheel_of
from scribe.engines.diarization import OnnxDiarizer
from scribe.engines.onnx import CONTEXT_MB, OnCard, OnnxModel, providers
from scribe.engines.residency import Residency

WEIGHTS = Path(onnx.__file__).parent / "weights"
CARD = Card(0, "A card", 12_282, "00000000:01:00.0")

# As the libraries write them: CTranslate2 4.8 (src/cuda/utils.h), ONNX Runtime 1.26 (cuda_call.cc, bfc_arena.cc; the
# first two of its lines were seen on a machine without a driver), torch 2.
TEXTS = {
    "CUDA failed with error out of memory": Trouble.MEMORY,
    "cuBLAS failed with status CUBLAS_STATUS_ALLOC_FAILED": Trouble.MEMORY,
    "[ONNXRuntimeError] : 6 : RUNTIME_EXCEPTION : Non-zero status code returned while running Conv node. Name:'/c/Conv'"
    " Status Message: /onnxruntime_src/onnxruntime/core/framework/bfc_arena.cc:376 void*"
    " onnxruntime::BFCArena::AllocateRawInternal(size_t, bool) Failed to allocate memory for requested buffer of size"
    " 1073741824": Trouble.MEMORY,
    "bfc_arena.cc:155 onnxruntime::BFCArena::Extend(size_t) Available memory of 1024 is smaller than requested bytes of"
    " 4096": Trouble.MEMORY,
    "CUDA failure 2: out of memory ; GPU=0 ; hostname=h ; file=cuda_allocator.cc ; expr=cudaMalloc": Trouble.MEMORY,
    "CUDA out of memory. Tried to allocate 2.00 GiB.": Trouble.MEMORY,
    "CUDA failed with error an illegal memory access was encountered": Trouble.CARD,
    "CUDA failed with error unspecified launch failure": Trouble.CARD,
    "cuBLAS failed with status CUBLAS_STATUS_EXECUTION_FAILED": Trouble.CARD,
    "CUDA failure 700: an illegal memory access was encountered ; GPU=0 ; hostname=h": Trouble.CARD,
    "CUDNN failure 5000: CUDNN_STATUS_EXECUTION_FAILED ; GPU=0": Trouble.CARD,
    "CUDA failed with error CUDA driver version is insufficient for CUDA runtime version": Trouble.CARD,
    "Library libcublas.so.12 is not found or cannot be loaded": Trouble.CARD,
    "CUDA error: device-side assert triggered": Trouble.CARD,
    "Invalid input shape: {1,80,3000}": None,
    "Requested float16 compute type, but the target device or backend do not support efficient float16 computation.": (
        None
    ),
}


@pytest.mark.parametrize("text", TEXTS)
def test_the_libraries_own_words_are_understood(text: str) -> None:
    assert trouble_of(text) is TEXTS[text]


def test_memory_is_a_resource_a_lost_card_is_retried_and_the_rest_passes() -> None:
    for text, error in (
        ("CUDA failed with error out of memory", ResourceError),
        ("CUDA failure 700: an illegal memory access", CardError),
        ("Invalid input shape", RuntimeError),
    ):
        with pytest.raises(error), card_errors("The model"):
            raise RuntimeError(text)
    with pytest.raises(ResourceError), card_errors("The model"):
        raise MemoryError
    assert CardError.is_retryable
    assert not DeviceError.is_retryable


# --- libraries -------------------------------------------------------------------------------------------------------


def test_a_wheel_s_library_is_taken_before_the_system_s_and_what_is_nowhere_is_named(tmp_path: Path) -> None:
    folder = tmp_path / "nvidia" / "cublas" / "lib"
    folder.mkdir(parents=True)
    (folder / "libcublas.so.12").touch()
    tried: list[str] = []

    def load(path: str) -> None:
        tried.append(path)
        if "/" not in path:
            raise OSError("cannot open shared object file")

    assert preload(FOR_CTRANSLATE2, folders=wheel_folders([str(tmp_path)]), load=load) == ("libcublasLt.so.12",)
    assert tried == ["libcublasLt.so.12", str(folder / "libcublas.so.12")]


def test_what_the_system_has_needs_no_wheel() -> None:
    assert preload(("libc.so.6",), folders=()) == ()
    assert preload(("libnowhere.so.99",), folders=()) == ("libnowhere.so.99",)


def test_every_library_has_a_wheel_in_the_lock() -> None:
    lock = (Path(__file__).parents[2] / "requirements" / "worker-gpu.txt").read_text(encoding="utf-8")
    for name in (*FOR_CTRANSLATE2, *FOR_ONNX_RUNTIME):
        assert f"\n{wheel_of(name)}==" in lock, name
    [version] = [line.split("==")[1].split()[0] for line in lock.splitlines() if line.startswith("onnxruntime-gpu==")]
    assert tuple(map(int, version.split(".")[:2])) < (1, 27)  # built for CUDA 13, and CTranslate2 for 12


# --- choice ----------------------------------------------------------------------------------------------------------


def test_without_a_card_auto_is_the_processor_and_cuda_an_error_that_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(accelerators, "find_cards", lambda: ())
    for library in Library:
        assert choose(library, "auto") == choose(library, "cpu") == "cpu"
        with pytest.raises(DeviceError, match=f"{library.value} finds no card"):
            choose(library, "cuda")


def test_each_library_says_what_it_lacks_where_there_is_a_card(monkeypatch: pytest.MonkeyPatch) -> None:
    """The libraries of this environment are real: the builds for processors, no CUDA."""
    monkeypatch.setattr(accelerators, "find_cards", lambda: (CARD,))
    monkeypatch.setattr(accelerators, "preload", lambda names: names)
    with pytest.raises(DeviceError, match="nvidia-cublas-cu12"):
        choose(Library.CTRANSLATE2, "cuda")
    assert "onnxruntime-gpu" in (obstacle(Library.ONNX_RUNTIME) or "")
    assert choose(Library.ONNX_RUNTIME, "auto") == "cpu"
    monkeypatch.setattr(accelerators, "preload", lambda _names: ())
    assert "sees no card" in (obstacle(Library.CTRANSLATE2) or "")


# --- driver ----------------------------------------------------------------------------------------------------------


class Driver:
    """``libcuda`` with one card."""

    def cuInit(self, _flags: int) -> int:  # noqa: N802
        return 0

    def cuDeviceGetCount(self, count: Any) -> int:  # noqa: N802
        count._obj.value = 1
        return 0

    def cuDeviceGet(self, device: Any, index: int) -> int:  # noqa: N802
        device._obj.value = index
        return 0

    def cuDeviceGetName(self, name: Any, _size: int, _device: Any) -> int:  # noqa: N802
        name.value = b"NVIDIA RTX A2000 12GB"
        return 0

    def cuDeviceGetPCIBusId(self, bus_id: Any, _size: int, _device: Any) -> int:  # noqa: N802
        bus_id.value = b"00000000:01:00.0"
        return 0

    def cuDeviceTotalMem_v2(self, total: Any, _device: Any) -> int:  # noqa: N802
        total._obj.value = 12_282 << 20
        return 0


def test_the_driver_tells_of_its_cards_and_no_driver_of_none() -> None:
    def absent(_name: str) -> Any:
        raise OSError

    assert find_cards(lambda _name: Driver()) == (Card(0, "NVIDIA RTX A2000 12GB", 12_282, "00000000:01:00.0"),)
    assert find_cards(absent) == ()
    broken = Driver()
    broken.cuInit = lambda _flags: 100  # type: ignore[method-assign]  # CUDA_ERROR_NO_DEVICE
    assert find_cards(lambda _name: broken) == ()
    assert ctypes.sizeof(ctypes.c_size_t) == 8


class Nvml:
    """NVML's answers, in MB."""

    class NVMLError(Exception):
        pass

    def __init__(self, used: float, processes: dict[int, float | None], total: float = 12_000) -> None:
        self.used, self.processes, self.total = used, processes, total

    def nvmlDeviceGetMemoryInfo(self, _handle: object) -> Any:  # noqa: N802
        return SimpleNamespace(used=self.used * 2**20, free=(self.total - self.used) * 2**20)

    def nvmlDeviceGetComputeRunningProcesses(self, _handle: object) -> Any:  # noqa: N802
        return [
            SimpleNamespace(pid=pid, usedGpuMemory=None if mb is None else mb * 2**20)
            for pid, mb in self.processes.items()
        ]


def test_our_memory_is_told_by_number_else_by_being_alone_else_by_what_came_on_top() -> None:
    assert CardMemory(Nvml(5_000, {7: 900.0, 8: 4_000.0}), None, pid=7).own_mb() == 900
    assert CardMemory(Nvml(5_000, {4_711: 900.0}), None, pid=7).own_mb() == 900  # a container: the host's number
    nvml = Nvml(1_000, {1: 500.0, 2: 400.0})
    memory = CardMemory(nvml, None, pid=7)
    nvml.used = 3_500
    assert memory.own_mb() == 2_500


def test_room_is_the_budget_or_what_is_free_and_the_peak_is_kept() -> None:
    nvml = Nvml(9_000, {7: 100.0})
    card = CardUse(8_000, memory=CardMemory(nvml, None, pid=7))
    assert card.room_mb() == 3_000
    nvml.used = 0
    assert card.room_mb() == 8_000
    nvml.processes = {7: 2_650.0}  # a model that is kept
    assert card.room_mb() == 6_000
    assert CardUse(None).room_mb() is None
    with card.measured() as peak_mb:
        nvml.processes = {7: 4_321.0}
    assert peak_mb() == 4_321
    with CardUse().measured() as nothing:
        pass
    assert nothing() is None


# --- ONNX Runtime ----------------------------------------------------------------------------------------------------


def test_the_arena_gets_the_budget_without_the_context() -> None:
    assert providers("cpu") == ["CPUExecutionProvider"]
    (name, options), last = providers("cuda", 4_096)
    assert (name, last) == ("CUDAExecutionProvider", "CPUExecutionProvider")
    assert int(options["gpu_mem_limit"]) == (4_096 - CONTEXT_MB) << 20
    assert options["arena_extend_strategy"] == "kSameAsRequested"
    assert options["use_tf32"] == "0"
    assert "gpu_mem_limit" not in providers("cuda")[0][1]


def test_the_build_for_processors_refuses_a_card() -> None:
    with pytest.raises(DeviceError, match="onnxruntime-gpu"):
        OnnxModel.load(WEIGHTS / "campplus.onnx", device="cuda", on_card=OnCard(CardUse(), "diarize", 8, 1.0))


class Small:
    """A session on a card that holds ``most`` items; more, or ``failing``, is an error in ONNX Runtime's words."""

    def __init__(self, session: Any, most: int, failing: str | None) -> None:
        self._session, self._most, self._failing = session, most, failing
        self.batches: list[int] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._session, name)

    def run(self, names: Any, feed: dict[str, np.ndarray]) -> Any:
        [batch] = feed.values()
        if self._failing:
            raise RuntimeError(self._failing)
        if len(batch) > self._most:
            raise RuntimeError("bfc_arena.cc:376 Failed to allocate memory for requested buffer of size 1073741824")
        self.batches.append(len(batch))
        return self._session.run(names, feed)


@contextmanager
def small_card(monkeypatch: pytest.MonkeyPatch, most: int = 1_000, failing: str | None = None) -> Iterator[list[Small]]:
    """Sessions "on the card" are real ones of the processor that hold no more than ``most``."""
    opened: list[Small] = []
    real = onnx._open_session

    def open_session(path: Path, device: onnx.Device, threads: int, budget_mb: int | None = None) -> Any:
        session = real(path, "cpu", threads)
        if device == "cpu":
            return session
        opened.append(Small(session, most, failing))
        return opened[-1]

    monkeypatch.setattr(onnx, "_open_session", open_session)
    yield opened


def campplus(use: CardUse, batch_size: int = 8) -> OnnxModel:
    path = WEIGHTS / "campplus.onnx"
    return OnnxModel.load(path, device="cuda", on_card=OnCard(use, "diarize", batch_size, 30.0))


@pytest.fixture(scope="module")
def features() -> np.ndarray:
    return np.random.default_rng(1).normal(size=(7, 60, 80)).astype(np.float32)


@pytest.fixture(scope="module")
def expected(features: np.ndarray) -> np.ndarray:
    return OnnxModel.load(WEIGHTS / "campplus.onnx").run(features)


def test_a_batch_that_does_not_fit_is_halved_and_nothing_is_lost(
    monkeypatch: pytest.MonkeyPatch, features: np.ndarray, expected: np.ndarray
) -> None:
    use = CardUse()
    with small_card(monkeypatch, most=2) as sessions:
        model = campplus(use)
        np.testing.assert_allclose(model.run(features), expected, atol=2e-3)
        assert (sessions[0].batches, model.batch_size) == ([1] * 7, 1)
    assert [step.code for step in use.steps()] == ["gpu.step_down.batch"]
    assert use.steps() == []


def test_what_does_not_fit_at_all_goes_on_with_the_processor_and_says_so(
    monkeypatch: pytest.MonkeyPatch, features: np.ndarray, expected: np.ndarray
) -> None:
    use = CardUse()
    with small_card(monkeypatch, most=0):
        model = campplus(use)
        np.testing.assert_allclose(model.run(features), expected, atol=2e-3)
        assert model.batch_size == 0
    assert {step.code for step in use.steps()} == {"gpu.step_down.batch", "gpu.step_down.cpu"}


def test_who_may_not_leave_the_card_fails(monkeypatch: pytest.MonkeyPatch, features: np.ndarray) -> None:
    with small_card(monkeypatch, most=0), pytest.raises(ResourceError, match="card's memory"):
        campplus(CardUse(may_leave=False)).run(features)


def test_a_small_budget_decides_before_anything_is_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    with small_card(monkeypatch) as sessions:
        assert campplus(CardUse(CONTEXT_MB + 50 + 100)).batch_size == 2  # of 30 MB each
        assert campplus(CardUse(300)).batch_size == 0
        assert len(sessions) == 1
        with pytest.raises(ResourceError, match="SCRIBE_GPU_BUDGET_MB"):
            campplus(CardUse(300, may_leave=False))


def test_a_lost_card_is_no_lack_of_memory(monkeypatch: pytest.MonkeyPatch, features: np.ndarray) -> None:
    use = CardUse()
    lost = "CUDA failure 700: an illegal memory access was encountered ; GPU=0 ; hostname=h"
    with small_card(monkeypatch, failing=lost), pytest.raises(CardError, match="700"):
        campplus(use).run(features)
    assert use.steps() == []


def test_an_unloaded_model_is_not_used(monkeypatch: pytest.MonkeyPatch, features: np.ndarray) -> None:
    with small_card(monkeypatch):
        model = campplus(CardUse())
        model.unload()
        with pytest.raises(EngineError, match="unloaded"):
            model.run(features)


def test_windows_in_batches_tell_the_same_voices(
    monkeypatch: pytest.MonkeyPatch, read_recording: Callable[[Path], Waveform]
) -> None:
    whole = read_recording(Path(__file__).parents[3] / "samples" / "conference.flac")
    waveform = Waveform(whole.pcm[: 30 * SAMPLE_RATE_HZ])
    alone = OnnxDiarizer(WEIGHTS / "segmentation-3.0.onnx", WEIGHTS / "campplus.onnx", Residency())
    plain = alone.diarize(waveform, SpeakerCount(), lambda _: None)
    use = CardUse()
    with small_card(monkeypatch, most=5) as sessions:
        on_card = OnnxDiarizer(
            WEIGHTS / "segmentation-3.0.onnx", WEIGHTS / "campplus.onnx", Residency(), device="cuda", card=use
        )
        batched = on_card.diarize(waveform, SpeakerCount(), lambda _: None)
    assert len(plain.turns) > 3
    for one, other in zip(batched.turns, plain.turns, strict=True):
        assert one.speaker == other.speaker
        assert (one.start_s, one.end_s) == pytest.approx((other.start_s, other.end_s), abs=0.05)
    for speaker, voice in plain.voiceprints.items():
        assert float(voice.vector @ batched.voiceprints[speaker].vector) > 0.9999
    assert len(sessions) == 2
    assert max(sessions[0].batches) > 1
    assert alone.settings == {key: value for key, value in on_card.settings.items() if key != "device"}
    assert on_card.settings["device"] == "cuda"
