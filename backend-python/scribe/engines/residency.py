"""Which models are in memory, and the promise that it is one at a time.

Owns loading and unloading; never infers. A model is held as a ``with`` block::

    with residency.hold("campplus", load_campplus) as model:
        model.embed(...)
    # single: the model is gone and its memory is back; keep: it stays for the next time

A "model" is anything with ``unload()``: engine-specific release lives there (CTranslate2 frees nothing through
``torch.cuda.empty_cache()``; ONNX Runtime frees when its session is dropped).
"""

import ctypes
import gc
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Literal, Protocol, TypeVar, cast

from scribe.domain.errors import ResidencyError

ResidencyPolicy = Literal["single", "keep"]


class Unloadable(Protocol):
    def unload(self) -> None:
        """Drops everything that holds memory. The object is not used afterwards."""


ModelT = TypeVar("ModelT", bound=Unloadable)


class Residency:
    """Holds at most one model (``single``) or every model once loaded (``keep``)."""

    def __init__(self, policy: ResidencyPolicy = "single") -> None:
        self._policy = policy
        self._kept: dict[str, Unloadable] = {}
        self._in_use: str | None = None
        self._lock = threading.Lock()

    @property
    def resident(self) -> tuple[str, ...]:
        """Names of the models in memory now."""
        names = dict.fromkeys(self._kept)
        if self._in_use is not None:
            names[self._in_use] = None
        return tuple(names)

    @contextmanager
    def hold(self, name: str, load: Callable[[], ModelT]) -> Iterator[ModelT]:
        """Loads ``name`` if need be and lends it for the block.

        Raises: ResidencyError when another model is held: nesting would make two resident.
        """
        with self._lock:
            if self._in_use is not None:
                raise ResidencyError(f"{name} was asked for while {self._in_use} is in use.")
            self._in_use = name
        try:
            model = cast("ModelT", self._kept[name]) if name in self._kept else load()
            if self._policy == "keep":
                self._kept[name] = model
            try:
                yield model
            finally:
                if self._policy == "single":
                    model.unload()
                    del model
        finally:
            self._in_use = None
            if self._policy == "single":
                give_memory_back()

    def keeps(self, name: str) -> bool:
        """Whether ``name`` stays in memory from an earlier use."""
        return name in self._kept

    def drop(self, name: str) -> None:
        """Unloads one that ``keep`` has kept, if it has; never one that is lent."""
        if name != self._in_use and name in self._kept:
            self._kept.pop(name).unload()
            give_memory_back()

    def release(self) -> None:
        """Unloads whatever ``keep`` has kept."""
        while self._kept:
            _, model = self._kept.popitem()
            model.unload()
            del model
        give_memory_back()


def give_memory_back() -> None:
    """Collects garbage and returns freed pages: to the GPU where torch is loaded, to the system on glibc."""
    gc.collect()
    torch = sys.modules.get("torch")
    if torch is not None and torch.cuda.is_available():
        torch.cuda.empty_cache()
    with suppress(OSError, AttributeError):  # malloc_trim is glibc's own: absent on musl and macOS
        ctypes.CDLL(None).malloc_trim(0)
