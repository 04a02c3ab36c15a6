"""Ctrl-C, SIGTERM and a closed terminal end a run in the same way: as ``KeyboardInterrupt`` in the main thread."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


@contextmanager
def signals_interrupt() -> Iterator[None]:
    """For the block, SIGTERM and SIGHUP unwind the stack as Ctrl-C does, so that every ``with`` cleans up."""
    signals = [signal.SIGTERM, signal.SIGHUP]
    before = {number: signal.signal(number, _interrupt) for number in signals}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt
