"""Which library can really use a card here, and which therefore does.

Owns the choice per library: CTranslate2 may see a card where ONNX Runtime is the build for processors, and the other
way round. ``auto`` takes the card wherever it can and says in the log where it cannot; who asks for ``cuda`` gets it or
an error that names what is missing, never a processor in silence.

Usage::

    device = choose(Library.CTRANSLATE2, "auto")        # "cuda" or "cpu"
    obstacle(Library.ONNX_RUNTIME)                      # None, or what is missing, in a sentence
"""

from enum import Enum
from importlib import import_module
from typing import Literal

from scribe.core.logging import get_logger
from scribe.domain.errors import DeviceError
from scribe.engines.card_driver import find_cards
from scribe.engines.cuda_libraries import FOR_CTRANSLATE2, FOR_ONNX_RUNTIME, preload, wheel_of

Wish = Literal["auto", "cpu", "cuda"]
Device = Literal["cpu", "cuda"]


class Library(Enum):
    CTRANSLATE2 = "CTranslate2"
    ONNX_RUNTIME = "ONNX Runtime"
    TORCH = "torch"


def choose(library: Library, wish: Wish) -> Device:
    """Raises: DeviceError when ``cuda`` was asked for and ``library`` cannot use a card here."""
    if wish == "cpu":
        return "cpu"
    why_not = obstacle(library)
    if why_not is None:
        return "cuda"
    if wish == "cuda":
        raise DeviceError(f"SCRIBE_DEVICE=cuda, but {why_not} Choose `auto` or `cpu` to go on without a card.")
    if find_cards():
        get_logger().warning("gpu.not_used", library=library.value, reason=why_not)
    return "cpu"


def obstacle(library: Library) -> str | None:
    """Why ``library`` cannot use a card here, in a sentence; ``None``: it can."""
    if not find_cards():
        return f"{library.value} finds no card: there is no NVIDIA driver here, or it shows none to this process."
    return _OBSTACLES[library]()


def _ctranslate2() -> str | None:
    missing = preload(FOR_CTRANSLATE2)
    if missing:
        return _lacks(Library.CTRANSLATE2, missing)
    import ctranslate2

    if ctranslate2.get_cuda_device_count() == 0:
        return (
            "CTranslate2 sees no card: it was built without CUDA, or the driver is too old for CUDA 12 (525 or newer)."
        )
    return None


def _onnx_runtime() -> str | None:
    missing = preload(FOR_ONNX_RUNTIME)
    import onnxruntime

    if "CUDAExecutionProvider" not in onnxruntime.get_available_providers():
        return (
            "the ONNX Runtime that is installed is the build for processors: replace the package onnxruntime by "
            "onnxruntime-gpu (requirements/worker-gpu.txt)."
        )
    return _lacks(Library.ONNX_RUNTIME, missing) if missing else None


def _torch() -> str | None:
    try:
        torch = import_module("torch")
    except ImportError:
        return "torch is not installed: `pip install 'smart-meeting-scribe[pyannote]'`."
    return (
        None if torch.cuda.is_available() else "the torch that is installed cannot use the card: choose its CUDA build."
    )


_OBSTACLES = {
    Library.CTRANSLATE2: _ctranslate2,
    Library.ONNX_RUNTIME: _onnx_runtime,
    Library.TORCH: _torch,
}


def _lacks(library: Library, missing: tuple[str, ...]) -> str:
    wheels = ", ".join(dict.fromkeys(wheel_of(name) for name in missing))
    return f"{library.value} does not find {', '.join(missing)}: install {wheels} (requirements/worker-gpu.txt)."
