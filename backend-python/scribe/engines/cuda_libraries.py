"""CUDA's libraries out of the nvidia-* wheels, loaded before whoever looks for them by name.

Owns which files ONNX Runtime and CTranslate2 need and where wheels put them; never looks whether there is a card.
Both libraries ask the loader for a bare name (``libcublas.so.12``): one that is in the process already is taken, so
nobody has to set ``LD_LIBRARY_PATH``, which a process cannot change for itself. CTranslate2 4.8 and onnxruntime-gpu
1.26 are built for CUDA 12 (the NEEDED entries and names in their own files), see docs/gpu.md.

Usage::

    missing = preload(FOR_CTRANSLATE2)       # () when all are in the process
"""

import ctypes
import site
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

CUDA_MAJOR = 12

FOR_CTRANSLATE2 = ("libcublasLt.so.12", "libcublas.so.12")
"""It opens cuBLAS by name; the CUDA runtime is linked into it and cuDNN is not used."""
FOR_ONNX_RUNTIME = (
    "libcudart.so.12",
    "libcublasLt.so.12",
    "libcublas.so.12",
    "libcurand.so.10",
    "libnvJitLink.so.12",
    "libcufft.so.11",
    "libcudnn.so.9",
)
"""In the order in which they need one another; cuDNN finds its own parts beside it."""

_WHEELS = {
    "libcudart.so.12": "nvidia-cuda-runtime-cu12",
    "libcublasLt.so.12": "nvidia-cublas-cu12",
    "libcublas.so.12": "nvidia-cublas-cu12",
    "libcurand.so.10": "nvidia-curand-cu12",
    "libnvJitLink.so.12": "nvidia-nvjitlink-cu12",
    "libcufft.so.11": "nvidia-cufft-cu12",
    "libcudnn.so.9": "nvidia-cudnn-cu12",
}


def preload(
    names: Sequence[str],
    *,
    folders: Iterable[Path] | None = None,
    load: Callable[[str], object] = lambda path: ctypes.CDLL(path, mode=ctypes.RTLD_GLOBAL),
) -> tuple[str, ...]:
    """Loads each library from a wheel, or from wherever the system has it. Returns the names that are nowhere."""
    places = list(wheel_folders() if folders is None else folders)
    return tuple(name for name in names if not _loaded(name, places, load))


def wheel_of(name: str) -> str:
    """What to install for a library."""
    return _WHEELS.get(name, name)


def wheel_folders(roots: Iterable[str] | None = None) -> list[Path]:
    """``nvidia/*/lib`` of every place that packages are installed in."""
    found = []
    for root in dict.fromkeys([*site.getsitepackages(), *sys.path] if roots is None else roots):
        found += sorted(Path(root).glob("nvidia/*/lib")) if root else []
    return found


def _loaded(name: str, folders: Sequence[Path], load: Callable[[str], object]) -> bool:
    for path in [*(str(folder / name) for folder in folders if (folder / name).is_file()), name]:
        try:
            load(path)
        except OSError:
            continue
        return True
    return False
