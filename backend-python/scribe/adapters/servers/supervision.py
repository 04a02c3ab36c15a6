"""Watches children, starts again those that end, and stops all of them in order.

Owns the waiting between restarts and the order of the end; never what a child is (``Part``) and never what is shown
(``notice``). Everything happens in the thread that calls: a child's death signal follows the thread that started it.

Usage::

    supervisor = Supervisor(notice=print)
    supervisor.take_over([postgres], [valkey], [api, worker])   # started already; the end goes in reverse
    supervisor.watch_once()
    supervisor.stop(is_hurried=lambda: False)
"""

import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from scribe.domain.errors import ScribeError

FIRST_DELAY_S = 0.5
LONGEST_DELAY_S = 30.0
STEADY_S = 60.0
"""A child that lived so long is no longer one that cannot start."""
HURRIED_TIMEOUT_S = 1.0


class Part(Protocol):
    """A child that can be started again."""

    @property
    def name(self) -> str: ...
    @property
    def log(self) -> Path: ...
    @property
    def stop_signal(self) -> signal.Signals: ...
    @property
    def stop_timeout_s(self) -> float: ...
    @property
    def process(self) -> subprocess.Popen[bytes]: ...
    def launch(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Ended:
    """A child ended although nobody asked it to."""

    part: Part
    reason: str
    again_in_s: float


@dataclass(slots=True)
class _Watched:
    part: Part
    started_at_s: float
    delay_s: float = 0.0
    again_at_s: float | None = None
    """While it waits for its next start."""


class Supervisor:
    def __init__(self, notice: Callable[[Ended], None], clock: Callable[[], float] = time.monotonic) -> None:
        self._notice = notice
        self._clock = clock
        self._stages: list[list[_Watched]] = []

    def take_over(self, parts: Sequence[Part]) -> None:
        """One more stage: it is stopped before those taken over earlier. The parts run already."""
        self._stages.append([_Watched(part, self._clock()) for part in parts])

    @property
    def parts(self) -> list[Part]:
        return [watched.part for stage in self._stages for watched in stage]

    def ended(self) -> list[Part]:
        return [part for part in self.parts if part.process.poll() is not None]

    def watch_once(self) -> float:
        """Starts again what is due; returns in how many seconds something is due next."""
        now_s = self._clock()
        watched = [each for stage in self._stages for each in stage]
        for each in watched:
            if each.again_at_s is None and each.part.process.poll() is not None:
                self._plan(each, _reason(each.part.process), now_s)
            elif each.again_at_s is not None and each.again_at_s <= now_s:
                self._start_again(each)
        return min(
            (each.again_at_s - now_s for each in watched if each.again_at_s is not None), default=LONGEST_DELAY_S
        )

    def stop(self, is_hurried: Callable[[], bool]) -> list[Part]:
        """The last stage first; returns those that had to be killed."""
        killed: list[Part] = []
        for stage in reversed(self._stages):
            alive = [each.part for each in stage if each.part.process.poll() is None]
            for part in alive:
                part.process.send_signal(part.stop_signal)
            began_s = time.monotonic()
            for part in alive:
                if not _wait(part, began_s, is_hurried):
                    part.process.kill()
                    part.process.wait()
                    killed.append(part)
        self._stages.clear()
        return killed

    def _plan(self, each: _Watched, reason: str, now_s: float) -> None:
        if now_s - each.started_at_s >= STEADY_S:
            each.delay_s = 0.0
        each.delay_s = min(max(FIRST_DELAY_S, each.delay_s * 2), LONGEST_DELAY_S)
        each.again_at_s = now_s + each.delay_s
        self._notice(Ended(each.part, reason, each.delay_s))

    def _start_again(self, each: _Watched) -> None:
        each.again_at_s = None
        each.started_at_s = self._clock()
        try:
            each.part.launch()
        except (ScribeError, OSError) as error:
            self._plan(each, str(error), self._clock())


def _wait(part: Part, began_s: float, is_hurried: Callable[[], bool]) -> bool:
    while part.process.poll() is None:
        patience_s = min(part.stop_timeout_s, HURRIED_TIMEOUT_S) if is_hurried() else part.stop_timeout_s
        if time.monotonic() - began_s > patience_s:
            return False
        time.sleep(0.02)
    return True


def _reason(process: subprocess.Popen[bytes]) -> str:
    code = process.returncode
    return f"signal {-code}" if code < 0 else f"exit code {code}"
