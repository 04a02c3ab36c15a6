"""The walls around the child that decodes untrusted files.

Owns the kernel limits the child puts on itself before it looks at the first byte; never decodes. What holds after
:func:`confine`: no file and no socket can be opened any more (the limit on descriptors is 0; those already open stay),
memory, CPU time and the size of the output are bounded, and on Linux the child dies with its parent.

It is no full sandbox: code that took over the process could still start a program. What it rules out by construction
is a *format* that names another file or an address.

Usage::

    confine(Limits(memory_bytes=1 << 30, cpu_s=600, file_bytes=1 << 31), parent_pid)
"""

import ctypes
import os
import resource
import signal
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

_PR_SET_PDEATHSIG = 1


@dataclass(frozen=True, slots=True)
class Limits:
    memory_bytes: int
    """On top of what the interpreter and FFmpeg occupy when nothing is decoded yet."""
    cpu_s: int
    file_bytes: int


def confine(limits: Limits, parent_pid: int) -> None:
    """Everything must be imported, and every file be open, before. There is no way back."""
    die_with(parent_pid)
    with suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CPU, (limits.cpu_s, limits.cpu_s + 5))
    resource.setrlimit(resource.RLIMIT_FSIZE, (limits.file_bytes, limits.file_bytes))
    if sys.platform == "linux":  # macOS knows the names and ignores or refuses the values
        virtual_bytes = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
        ceiling = virtual_bytes + limits.memory_bytes
        resource.setrlimit(resource.RLIMIT_AS, (ceiling, ceiling))
    resource.setrlimit(resource.RLIMIT_NOFILE, (0, 0))


def die_with(parent_pid: int) -> None:
    """This process is killed when its parent dies, however that dies (Linux; elsewhere only if it died already)."""
    if sys.platform == "linux":
        # The kernel means the thread that started us: the converter waits in the very thread that starts the child.
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent_pid:  # it died before the line above took effect
        os._exit(1)
