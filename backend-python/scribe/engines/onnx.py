"""ONNX Runtime sessions, set up for many small runs on few cores.

Owns loading, running and releasing one network; never knows what the numbers mean.

Usage::

    with residency.hold("campplus", lambda: OnnxModel.load(path)) as model:
        vectors = model.run(features)
"""

from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np
import numpy.typing as npt

from scribe.core.hashing import sha256_of
from scribe.domain.errors import EngineError, ModelCorruptError, ModelMissingError

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

Device = Literal["cpu", "cuda"]

FloatArray = npt.NDArray[np.float32]

_PROVIDERS: dict[Device, list[str]] = {
    "cpu": ["CPUExecutionProvider"],
    "cuda": ["CUDAExecutionProvider", "CPUExecutionProvider"],
}

_REVISION_DIGITS = 16
"""64 bits: no two releases of a model collide, and a row of the bank stays readable."""


class OnnxModel:
    """A network with one input and one output, both float32."""

    def __init__(self, session: "InferenceSession") -> None:
        self._session: InferenceSession | None = session
        self._input = session.get_inputs()[0].name
        self._output = session.get_outputs()[0].name

    @classmethod
    def load(cls, path: Path, *, device: Device = "cpu", threads: int = 1) -> "OnnxModel":
        """Raises: ModelMissingError, ModelCorruptError; EngineError when this machine has no such device."""
        return cls(_open_session(path, device, threads))

    def run(self, batch: FloatArray) -> FloatArray:
        """The network's output for one batch; shapes are the network's own."""
        if self._session is None:
            raise EngineError("The model was used after it had been unloaded.")
        output: FloatArray = self._session.run([self._output], {self._input: batch})[0]
        return output

    def unload(self) -> None:
        """ONNX Runtime gives its memory back when the session is dropped."""
        self._session = None


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


def _open_session(path: Path, device: Device, threads: int) -> "InferenceSession":
    import onnxruntime as ort
    from onnxruntime.capi import onnxruntime_pybind11_state as ort_errors

    if not path.is_file():
        raise _missing(path)
    if device == "cuda" and "CUDAExecutionProvider" not in ort.get_available_providers():
        raise EngineError("ONNX Runtime has no CUDA support here: install onnxruntime-gpu, or choose the device cpu.")
    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    # Models this small waste a second thread, and a spinning one doubled the CPU time (0.19 -> 0.38 CPU s per audio s
    # of a peer that spins, 2 threads, 10-minute file). Without the arena, run RSS fell from 385 to 222 MB at no cost.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.enable_cpu_mem_arena = False
    try:
        return ort.InferenceSession(str(path), options, providers=_PROVIDERS[device])
    except (ort_errors.InvalidProtobuf, ort_errors.InvalidGraph, ort_errors.InvalidArgument, ort_errors.Fail) as error:
        raise ModelCorruptError(
            f"{path.name} is not a model that ONNX Runtime can read: run `scribe models verify`."
        ) from error


def _missing(path: Path) -> ModelMissingError:
    return ModelMissingError(f"The model file {path.name} is not installed: run `scribe models list`.")
