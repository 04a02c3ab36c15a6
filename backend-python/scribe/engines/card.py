"""The card as one child process sees it: what it may take of it, what it took, and where it had to give way.

Owns the budget, the peak of memory per stage and the list of steps down; which models run how is the engines' matter.
Without a card everything here says "none" and costs nothing. Satisfies the port ``pipeline.ports.Accelerator``.

Usage::

    card = CardUse(budget_mb=8000, may_leave=True)
    with card.measured() as peak_mb: ...
    card.step_down("batch", "16", "8", stage="transcribe", why="memory")
    card.steps()                                     # warnings for the run's record
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Literal

from scribe.core.logging import get_logger
from scribe.domain.meeting import RunWarning
from scribe.engines.card_driver import CardMemory, find_cards

SAMPLE_EVERY_S = 0.05
_CONTEXT_MB = 650.0
"""Held without any model, and counted once: each estimate has it in it."""
Step = Literal["batch", "type", "model", "cpu"]

_SENTENCES: dict[Step, str] = {
    "batch": "The graphics card's memory did not do for the usual pace: less was computed at once.",
    "type": "The graphics card's memory did not do: the model ran with smaller numbers (8 bits).",
    "model": "The graphics card's memory did not do: a smaller model was used, so the text may be less accurate.",
    "cpu": "The graphics card could not be used to the end: the processor computed the rest, which takes longer.",
}


class CardUse:
    def __init__(
        self, budget_mb: int | None = None, *, may_leave: bool = True, memory: CardMemory | None = None
    ) -> None:
        """``may_leave``: a stage may go on without the card. ``memory``: NVML's view of it, where there is one."""
        self.budget_mb = budget_mb
        self.may_leave = may_leave
        self._memory = memory
        self._steps: list[RunWarning] = []
        self.reached: dict[str, str] = {}
        """How far down each stage came in this process: the next recording does not try again what did not fit."""

    @classmethod
    def here(cls, budget_mb: int | None, *, may_leave: bool) -> "CardUse":
        """Of the first card that CUDA shows to this process, if there is one."""
        cards = find_cards()
        return cls(budget_mb, may_leave=may_leave, memory=CardMemory.of(cards[0]) if cards else None)

    def room_mb(self) -> float | None:
        """What a model loaded now may take at most, CUDA's context included; ``None``: nobody knows, so it is tried.
        Models that ``keep`` has kept have taken their share of the budget."""
        free_mb = self._memory.free_mb() if self._memory is not None else None
        own_mb = (self._memory.own_mb() if self._memory is not None else None) or 0.0
        left_mb = None if self.budget_mb is None else self.budget_mb - max(own_mb - _CONTEXT_MB, 0.0)
        known = [limit for limit in (left_mb, free_mb) if limit is not None]
        return min(known) if known else None

    def step_down(self, kind: Step, before: str, after: str, *, stage: str, why: str) -> None:
        get_logger().warning("gpu.step_down", kind=kind, stage=stage, **{"from": before, "to": after}, why=why)
        warning = RunWarning(f"gpu.step_down.{kind}", _SENTENCES[kind])
        if warning not in self._steps:
            self._steps.append(warning)

    def steps(self) -> list[RunWarning]:
        """Those since the last time they were asked for."""
        taken, self._steps = self._steps, []
        return taken

    @contextmanager
    def measured(self) -> Iterator[Callable[[], float | None]]:
        """The block's peak of this process's memory on the card, in MB (2^20 bytes), once it has ended."""
        if self._memory is None:
            yield lambda: None
            return
        sampler = _Sampler(self._memory)
        sampler.start()
        try:
            yield lambda: sampler.peak_mb
        finally:
            sampler.stop()
            self._compare(sampler.peak_mb)

    def _compare(self, peak_mb: float | None) -> None:
        if peak_mb is not None and self.budget_mb is not None and peak_mb > self.budget_mb:
            get_logger().warning("gpu.over_budget", peak_mb=round(peak_mb), budget_mb=self.budget_mb)


class _Sampler:
    """Asks NVML in a thread of its own: the peak between two questions is missed, the steady state is not."""

    def __init__(self, memory: CardMemory) -> None:
        self._memory = memory
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="card-meter", daemon=True)
        self.peak_mb: float | None = None

    def start(self) -> None:
        self._look()
        self._thread.start()

    def stop(self) -> None:
        self._stopped.set()
        self._thread.join()
        self._look()

    def _run(self) -> None:
        while not self._stopped.wait(SAMPLE_EVERY_S):
            self._look()

    def _look(self) -> None:
        own_mb = self._memory.own_mb()
        if own_mb is not None:
            self.peak_mb = own_mb if self.peak_mb is None else max(self.peak_mb, own_mb)
