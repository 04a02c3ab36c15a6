"""Ctrl-C, SIGTERM and a closed terminal end a run in the same way: as ``KeyboardInterrupt`` in the main thread."""

import select
import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType, TracebackType
from typing import Any, Self


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


class Interruptions:
    """For the block: the first signal to end raises ``KeyboardInterrupt``, later ones are counted, so that a second
    Ctrl-C hastens an orderly end and cannot break it. ``sleep`` also ends when a child does.
    """

    def __init__(self) -> None:
        self._is_raised = False
        self.is_hurried = False
        self._before: dict[signal.Signals, Any] = {}
        self._waker, self._sleeper = socket.socketpair()

    def __enter__(self) -> Self:
        for end in (self._waker, self._sleeper):
            end.setblocking(False)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            self._before[number] = signal.signal(number, self._interrupt)
        self._before[signal.SIGCHLD] = signal.signal(signal.SIGCHLD, lambda *_: None)  # only to wake up
        signal.set_wakeup_fd(self._waker.fileno(), warn_on_full_buffer=False)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        signal.set_wakeup_fd(-1)
        for number, handler in self._before.items():
            signal.signal(number, handler)
        self._waker.close()
        self._sleeper.close()

    def only_count(self) -> None:
        """From here on nothing is raised any more."""
        self._is_raised = True

    def sleep(self, seconds: float) -> None:
        select.select([self._sleeper], [], [], max(0.0, seconds))
        with suppress(BlockingIOError):
            while self._sleeper.recv(4096):
                pass

    def _interrupt(self, _number: int, _frame: FrameType | None) -> None:
        if self._is_raised:
            self.is_hurried = True
            return
        self._is_raised = True
        raise KeyboardInterrupt
