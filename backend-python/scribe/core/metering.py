"""What a stretch of work costs: wall seconds, CPU seconds, peak memory.

Owns the measuring; never decides what is too much. On Linux the kernel's own high-water mark is reset before and read
after (``/proc/self/clear_refs``, proc(5)); elsewhere the process's lifetime peak is all there is.

Usage::

    with metered() as meter:
        work()
    meter.cost.cpu_seconds
"""

import resource
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Cost:
    seconds: float
    cpu_seconds: float
    """Of this process and of the children that ended meanwhile."""
    peak_rss_mb: float
    """MB (10^6 bytes)."""


class Meter:
    """Filled when the block ends."""

    cost: Cost = Cost(0.0, 0.0, 0.0)


@contextmanager
def metered() -> Iterator[Meter]:
    meter = Meter()
    _reset_high_water_mark()
    children_before = resource.getrusage(resource.RUSAGE_CHILDREN)
    wall_before, cpu_before = time.perf_counter(), _cpu_seconds()
    try:
        yield meter
    finally:
        seconds, cpu_seconds = time.perf_counter() - wall_before, _cpu_seconds() - cpu_before
        peak_mb = _high_water_mark_mb()
        children = resource.getrusage(resource.RUSAGE_CHILDREN)
        if children.ru_utime > children_before.ru_utime:  # a child worked: its peak counts (the largest so far)
            peak_mb = max(peak_mb, _maxrss_mb(children.ru_maxrss))
        meter.cost = Cost(seconds, cpu_seconds, peak_mb)


def _cpu_seconds() -> float:
    own, children = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    return own.ru_utime + own.ru_stime + children.ru_utime + children.ru_stime


def _reset_high_water_mark() -> None:
    with suppress(OSError):  # not Linux, or a container that hides it
        Path("/proc/self/clear_refs").write_text("5")


def _high_water_mark_mb() -> float:
    with suppress(OSError):
        for line in Path("/proc/self/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024 / 1e6
    return _maxrss_mb(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)


def _maxrss_mb(maxrss: int) -> float:
    return maxrss / 1e6 if sys.platform == "darwin" else maxrss * 1024 / 1e6  # bytes on macOS, KiB on Linux
