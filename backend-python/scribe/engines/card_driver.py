"""Which cards there are, how full they are and what this process holds of them, from the driver itself.

Owns the two small interfaces of NVIDIA's driver: ``libcuda`` (which cards this process may use, in its own order, which
``CUDA_VISIBLE_DEVICES`` changes) and NVML (memory; package ``nvidia-ml-py``). Loads no model library and makes no CUDA
context. Where something is not there the answer is none: who asked for a card is told by ``accelerators.py``.

Usage::

    cards = find_cards()                 # (), or Card(0, "NVIDIA RTX A2000 12GB", 12282, "00000000:01:00.0")
    CardMemory.of(cards[0]).free_mb()
"""

import ctypes
import os
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Self

MB = 1 << 20
_NAME_BYTES, _BUS_ID_BYTES = 256, 32


@dataclass(frozen=True, slots=True)
class Card:
    index: int
    """As CUDA counts in this process."""
    name: str
    total_mb: int
    bus_id: str


def find_cards(open_driver: Callable[[str], Any] = ctypes.CDLL) -> tuple[Card, ...]:
    """Those that this process may use; none without a driver."""
    try:
        cuda = open_driver("libcuda.so.1")
    except OSError:
        return ()
    count = ctypes.c_int()
    if cuda.cuInit(0) != 0 or cuda.cuDeviceGetCount(ctypes.byref(count)) != 0:
        return ()
    return tuple(_card(cuda, index) for index in range(count.value))


def _card(cuda: Any, index: int) -> Card:
    device, total = ctypes.c_int(), ctypes.c_size_t()
    name, bus_id = ctypes.create_string_buffer(_NAME_BYTES), ctypes.create_string_buffer(_BUS_ID_BYTES)
    cuda.cuDeviceGet(ctypes.byref(device), index)
    cuda.cuDeviceGetName(name, _NAME_BYTES, device)
    cuda.cuDeviceGetPCIBusId(bus_id, _BUS_ID_BYTES, device)
    cuda.cuDeviceTotalMem_v2(ctypes.byref(total), device)
    return Card(index, name.value.decode(errors="replace"), total.value // MB, bus_id.value.decode(errors="replace"))


class CardMemory:
    """NVML's view of one card."""

    def __init__(self, nvml: Any, handle: Any, pid: int) -> None:
        self._nvml = nvml
        self._handle = handle
        self._pid = pid
        self._used_before_mb = self.used_mb() or 0.0

    @classmethod
    def of(cls, card: Card) -> Self | None:
        """``None``: no NVML here."""
        try:
            import pynvml
        except ImportError:
            return None
        with suppress(pynvml.NVMLError, OSError):
            pynvml.nvmlInit()
            return cls(pynvml, pynvml.nvmlDeviceGetHandleByPciBusId(card.bus_id.encode()), os.getpid())
        return None

    def used_mb(self) -> float | None:
        """By everybody."""
        with suppress(self._nvml.NVMLError):
            return float(self._nvml.nvmlDeviceGetMemoryInfo(self._handle).used) / MB
        return None

    def free_mb(self) -> float | None:
        with suppress(self._nvml.NVMLError):
            return float(self._nvml.nvmlDeviceGetMemoryInfo(self._handle).free) / MB
        return None

    def own_mb(self) -> float | None:
        """By this process. In a container NVML tells the host's process numbers: where only one process computes on
        the card it is taken for us, else what the card holds more than when we began."""
        processes: list[Any] = []
        with suppress(self._nvml.NVMLError):
            processes = list(self._nvml.nvmlDeviceGetComputeRunningProcesses(self._handle))
        told = {process.pid: process.usedGpuMemory for process in processes if process.usedGpuMemory is not None}
        if self._pid in told:
            return float(told[self._pid]) / MB
        if len(told) == 1 and len(processes) == 1:
            return float(next(iter(told.values()))) / MB
        used = self.used_mb()
        return None if used is None else max(used - self._used_before_mb, 0.0)

    def driver(self) -> str | None:
        with suppress(self._nvml.NVMLError):
            version = self._nvml.nvmlSystemGetDriverVersion()
            return version.decode() if isinstance(version, bytes) else str(version)
        return None
