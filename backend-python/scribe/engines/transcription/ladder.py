"""What Whisper runs with, and what it gives way to when the card's memory does not do.

Owns the declared order: a smaller batch, then 8-bit numbers, then a smaller model where the settings name one, then the
processor where the settings allow it. Estimates choose the first rung; running out of memory takes the next.

Usage::

    rungs = ladder(wish, spare)                      # from the wish down
    rungs[first_that_fits(rungs, room_mb=7000, beam_size=5)]
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from scribe.engines.card import Step
from scribe.engines.transcription.shapes import shape_of

LIGHT_TYPE = "int8_float16"
CPU_TYPE = "int8"
CPU_BATCH = 4
"""More windows at once cost a processor memory and gain it nothing (8: 38.8 CPU s instead of 35.7, 1,107 MB instead
of 794; ten minutes, whisper-base)."""
CARD_BATCH = 16
"""Declared, not measured: published gains flatten beyond 16, and a block of five minutes has about 20 windows."""


@dataclass(frozen=True, slots=True)
class Rung:
    """One way of running."""

    folder: Path
    model_id: str
    device: str
    compute_type: str
    batch_size: int

    @property
    def label(self) -> str:
        """What a checkpoint and the run's record say: stable."""
        return f"{self.model_id} {self.compute_type} x{self.batch_size} {self.device}"

    @property
    def weights(self) -> tuple[str, str, str]:
        """What is loaded: rungs that share it differ in their batch alone."""
        return self.model_id, self.device, self.compute_type


def ladder(wish: Rung, spare: tuple[str, Path] | None = None, *, may_leave: bool = True) -> tuple[Rung, ...]:
    """``spare``: name and folder of the smaller model that may be taken. ``may_leave``: the processor is the last."""
    if wish.device == "cpu":
        return (wish,)
    types = (wish.compute_type, *([LIGHT_TYPE] if not wish.compute_type.startswith("int8") else []))
    models = [(wish.model_id, wish.folder), *([spare] if spare is not None and spare[0] != wish.model_id else [])]
    rungs = [
        Rung(folder, model_id, wish.device, compute_type, batch_size)
        for model_id, folder in models
        for compute_type in types
        for batch_size in _halved(wish.batch_size)
    ]
    if may_leave:
        model_id, folder = models[-1]
        rungs.append(Rung(folder, model_id, "cpu", CPU_TYPE, min(wish.batch_size, CPU_BATCH)))
    return tuple(rungs)


def first_that_fits(rungs: Sequence[Rung], room_mb: float | None, beam_size: int, start: int = 0) -> int | None:
    """The place of the first rung from ``start`` on whose estimate fits; one without an estimate is tried. ``None``:
    nothing fits."""
    for index in range(start, len(rungs)):
        need_mb = need_of(rungs[index], beam_size)
        if room_mb is None or need_mb is None or need_mb <= room_mb:
            return index
    return None


def need_of(rung: Rung, beam_size: int) -> float | None:
    """On the card; ``None``: nobody knows. Nothing, for the processor."""
    if rung.device == "cpu":
        return 0.0
    shape = shape_of(rung.model_id)
    return None if shape is None else shape.need_mb(rung.compute_type, rung.batch_size, beam_size)


def after_loading_failed(rungs: Sequence[Rung], index: int) -> int:
    """The next rung that loads something else: a smaller batch does not make weights smaller."""
    following = index + 1
    while following < len(rungs) and rungs[following].weights == rungs[index].weights:
        following += 1
    return following


def kinds_of_step(before: Rung, after: Rung) -> tuple[Step, ...]:
    """What a reader should know of it; a smaller batch only where nothing else changed."""
    kinds: list[Step] = []
    if after.model_id != before.model_id:
        kinds.append("model")
    if after.device != before.device:
        kinds.append("cpu")
    elif after.compute_type != before.compute_type:
        kinds.append("type")
    return tuple(kinds) or ("batch",)


def _halved(batch_size: int) -> list[int]:
    sizes = [batch_size]
    while sizes[-1] > 1:
        sizes.append(sizes[-1] // 2)
    return sizes
