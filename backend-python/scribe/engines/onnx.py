"""ONNX Runtime sessions, set up for many small runs on few cores, or on a card within its share of memory.

Owns loading, running and releasing one network, and what it gives way to when the card's memory does not do: smaller
batches, then the processor. Never knows what the numbers mean.

Usage::

    with residency.hold("campplus", lambda: OnnxModel.load(path)) as model:
        vectors = model.run(features)
"""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt

from scribe.core.hashing import sha256_of
from scribe.domain.errors import DeviceError, EngineError, ModelCorruptError, ModelMissingError, ResourceError
from scribe.engines.card import CardUse
from scribe.engines.card_errors import card_errors, trouble_of
from scribe.engines.cuda_libraries import FOR_ONNX_RUNTIME, preload

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

Device = Literal["cpu", "cuda"]

FloatArray = npt.NDArray[np.float32]

_REVISION_DIGITS = 16
"""64 bits: no two releases of a model collide, and a row of the bank stays readable."""

CONTEXT_MB = 700
"""CUDA's context with cuBLAS, cuDNN and their kernels' code, which ``gpu_mem_limit`` does not count. Declared, not
measured: 300 to 600 MB is what users of ONNX Runtime report for one session."""
_MB = 1 << 20


@dataclass(frozen=True, slots=True)
class OnCard:
    """How a network runs on a card."""

    use: CardUse
    stage: str
    batch_size: int
    """Items of the first axis given to it at once, at most."""
    item_mb: float
    """Memory that one item takes while it runs: estimated, see docs/gpu.md."""
    weights_mb: float = 50.0

    def first_batch(self) -> int:
        """The largest of ``batch_size``, its half and so on whose estimate fits; 0: not one item does."""
        room_mb = self.use.room_mb()
        size = self.batch_size
        while size > 0 and room_mb is not None and self.need_mb(size) > room_mb:
            size //= 2
        return size

    def need_mb(self, batch_size: int) -> float:
        return CONTEXT_MB + self.weights_mb + batch_size * self.item_mb


class OnnxModel:
    """A network with one input and one output, both float32."""

    def __init__(self, session: "InferenceSession") -> None:
        self._session: InferenceSession | None = session
        self._input = session.get_inputs()[0].name
        self._output = session.get_outputs()[0].name

    @classmethod
    def load(
        cls, path: Path, *, device: Device = "cpu", threads: int = 1, on_card: OnCard | None = None
    ) -> "OnnxModel":
        """``on_card``: for ``cuda``. Raises: ModelMissingError, ModelCorruptError; ResourceError when the card's memory
        does not do and the processor may not be taken; DeviceError when this machine has no such device."""
        if device == "cpu" or on_card is None:
            return cls(_open_session(path, device, threads))
        return _CardModel(path, threads, on_card)

    @property
    def batch_size(self) -> int:
        """Items worth giving to :meth:`run` at once, where the network runs on a card; 0 on a processor."""
        return 0

    def run(self, batch: FloatArray) -> FloatArray:
        """The network's output for one batch; shapes are the network's own."""
        if self._session is None:
            raise EngineError("The model was used after it had been unloaded.")
        output: FloatArray = self._session.run([self._output], {self._input: batch})[0]
        return output

    def unload(self) -> None:
        """ONNX Runtime gives its memory back when the session is dropped."""
        self._session = None


class _CardModel(OnnxModel):
    """The same on a card: gives way when memory runs out, and keeps what was computed before."""

    def __init__(self, path: Path, threads: int, on_card: OnCard) -> None:
        self._path = path
        self._threads = threads
        self._on_card = on_card
        self._batch = on_card.first_batch()
        if self._batch == 0:
            self._leave("budget", None)
        else:
            if self._batch < on_card.batch_size:
                self._note("batch", on_card.batch_size, self._batch, "budget")
            try:
                with card_errors(path.stem):
                    super().__init__(_open_session(path, "cuda", threads, self._arena_budget_mb()))
            except ResourceError as error:
                self._leave("memory", error)

    @property
    def batch_size(self) -> int:
        return self._batch

    def run(self, batch: FloatArray) -> FloatArray:
        parts: list[FloatArray] = []
        done = 0
        while done < len(batch):
            part = batch[done : done + self._batch] if self._batch else batch[done:]
            try:
                with card_errors(self._path.stem):
                    parts.append(super().run(part))
            except ResourceError as error:
                self._give_way(len(part), error)
                continue
            done += len(part)
        return parts[0] if len(parts) == 1 else np.concatenate(parts)

    def _arena_budget_mb(self) -> int | None:
        """``None``: without a budget the arena takes what it needs."""
        room_mb = self._on_card.use.room_mb()
        return None if self._on_card.use.budget_mb is None or room_mb is None else int(room_mb)

    def _give_way(self, tried: int, error: ResourceError) -> None:
        """Raises: ``error`` when there is nothing left to give."""
        if self._batch == 0:  # on the processor already
            raise error
        if tried > 1:
            self._note("batch", tried, tried // 2, "memory")
            self._batch = tried // 2
        else:
            self._leave("memory", error)

    def _leave(self, why: str, error: ResourceError | None) -> None:
        """Goes on with the processor. Raises: ResourceError when it may not."""
        if not self._on_card.use.may_leave:
            raise error or ResourceError(
                f"{self._path.stem} does not fit on the card: {self._on_card.need_mb(1):,.0f} MB are needed, "
                f"{self._on_card.use.room_mb() or 0:,.0f} MB may be taken. Raise SCRIBE_GPU_BUDGET_MB, or allow "
                f"SCRIBE_GPU_FALLBACK_CPU."
            ) from error
        self._session = None  # the card's memory goes back before anything else is loaded
        before = f"cuda x{self._batch or self._on_card.batch_size}"
        self._batch = 0
        super().__init__(_open_session(self._path, "cpu", self._threads))
        self._on_card.use.step_down(
            "cpu", f"{self._path.stem} {before}", f"{self._path.stem} cpu", stage=self._on_card.stage, why=why
        )

    def _note(self, kind: Literal["batch"], before: int, after: int, why: str) -> None:
        name = self._path.stem
        self._on_card.use.step_down(
            kind, f"{name} cuda x{before}", f"{name} cuda x{after}", stage=self._on_card.stage, why=why
        )


def providers(device: Device, budget_mb: int | None = None) -> list[Any]:
    """What ONNX Runtime is told to run on. ``budget_mb``: of the whole process, of which its arena gets the rest."""
    if device == "cpu":
        return ["CPUExecutionProvider"]
    options = {
        "device_id": "0",
        # Grown by what is asked for: the default doubles, and takes up to twice of what is needed.
        "arena_extend_strategy": "kSameAsRequested",
        # Windows have a hundred lengths: trying every algorithm for each (EXHAUSTIVE, the default) costs more than it
        # gains. HEURISTIC asks cuDNN, which knows.
        "cudnn_conv_algo_search": "HEURISTIC",
        # TF32 keeps 10 bits of a number, as float16 does; weights stored as float16 changed 1.8 % of the frame labels.
        "use_tf32": "0",
    }
    if budget_mb is not None:
        options["gpu_mem_limit"] = str(max(budget_mb - CONTEXT_MB, 64) * _MB)
    return [("CUDAExecutionProvider", options), "CPUExecutionProvider"]


def model_sha256(path: Path) -> str:
    """Hash of a model file in hexadecimal: part of the fingerprint of every result made with it.

    Raises: ModelMissingError.
    """
    try:
        return sha256_of(path)
    except FileNotFoundError:
        raise _missing(path) from None


def revision_of(sha256: str) -> str:
    """What a voiceprint says about the weights that made it: the first 16 digits of their hash."""
    return sha256[:_REVISION_DIGITS]


def _open_session(path: Path, device: Device, threads: int, budget_mb: int | None = None) -> "InferenceSession":
    if device == "cuda":
        preload(FOR_ONNX_RUNTIME)  # it opens its CUDA half by itself, which names them
    import onnxruntime as ort
    from onnxruntime.capi import onnxruntime_pybind11_state as ort_errors

    if not path.is_file():
        raise _missing(path)
    if device == "cuda" and "CUDAExecutionProvider" not in ort.get_available_providers():
        raise DeviceError("ONNX Runtime has no CUDA support here: install onnxruntime-gpu, or choose the device cpu.")
    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    # Models this small waste a second thread, and a spinning one doubled the CPU time (0.19 -> 0.38 CPU s per audio s
    # of a peer that spins, 2 threads, 10-minute file). Without the arena, run RSS fell from 385 to 222 MB at no cost.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.enable_cpu_mem_arena = False
    try:
        session = ort.InferenceSession(str(path), options, providers=providers(device, budget_mb))
    except (ort_errors.InvalidProtobuf, ort_errors.InvalidGraph, ort_errors.InvalidArgument, ort_errors.Fail) as error:
        if device == "cuda" and trouble_of(str(error)) is not None:
            raise
        raise ModelCorruptError(
            f"{path.name} is not a model that ONNX Runtime can read: run `scribe models verify`."
        ) from error
    if device == "cuda" and session.get_providers()[0] != "CUDAExecutionProvider":
        # ONNX Runtime takes the processor in silence when its CUDA half cannot be opened or finds no card.
        raise DeviceError("ONNX Runtime could not use the card: its CUDA libraries or the driver do not answer.")
    return session


def _missing(path: Path) -> ModelMissingError:
    return ModelMissingError(f"The model file {path.name} is not installed: run `scribe models list`.")
