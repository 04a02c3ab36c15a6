"""How the worker's children end, whichever lane they work in.

Owns the kill of a whole session and the sentence about a death; never starts anything.
"""

import asyncio
import os
import signal
from contextlib import suppress


def kill_session(process: asyncio.subprocess.Process) -> None:
    """With whatever it started in its session; the caller waits for it."""
    if process.returncode is None:  # else the number may be somebody else's by now
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)


def how_it_died(what: str, return_code: int) -> str:
    """A sentence for the user. ``what`` it was: ``The process that ran the models``."""
    if return_code >= 0:
        return f"{what} ended by itself (exit code {return_code})."
    name = signal.Signals(-return_code).name if -return_code in set(signal.Signals) else str(-return_code)
    why = ", most likely for want of memory" if -return_code == signal.SIGKILL else ""
    return f"{what} was ended by the system{why} ({name})."
