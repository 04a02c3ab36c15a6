"""Blocks transcribed with the best rung of the ladder that the card's memory carries.

Owns which model is loaded and when it gives way to a lighter one; a block that ran out of memory is done again on the
next rung, those before it stay as they are. On a processor there is one rung, and nothing of this happens.

Usage::

    with Descent(rungs, beam_size=5, threads=0, residency=residency, card=card, work=BlockTranscriber_of) as descent:
        segments = descent.transcribe(block, progress)
        descent.made_by                         # "" while it is as the settings say
"""

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from functools import partial
from types import TracebackType
from typing import Self

from scribe.domain.errors import ResourceError
from scribe.domain.speech import TranscriptSegment
from scribe.engines.card import CardUse
from scribe.engines.residency import Residency
from scribe.engines.transcription.block_transcriber import BlockTranscriber, Speed
from scribe.engines.transcription.blocks import Block
from scribe.engines.transcription.ladder import Rung, after_loading_failed, first_that_fits, kinds_of_step, need_of
from scribe.engines.transcription.shapes import MOST_ENCODED
from scribe.engines.transcription.whisper import Compute, Whisper

STAGE = "transcribe"

Work = Callable[[Whisper, Speed], BlockTranscriber]


class Descent:
    def __init__(
        self,
        rungs: Sequence[Rung],
        *,
        beam_size: int,
        threads: int,
        residency: Residency,
        card: CardUse,
        work: Work,
        made_by: str = "",
    ) -> None:
        """``work``: what transcribes with a loaded model. ``made_by``: the rung that an interrupted run had come to."""
        self._rungs = rungs
        self._beam_size = beam_size
        self._threads = threads
        self._residency = residency
        self._card = card
        self._work = work
        self._index = 0
        self._begins_with = made_by
        self._resident = ExitStack()
        self._model: Whisper | None = None
        self._worker: BlockTranscriber | None = None

    def __enter__(self) -> Self:
        labels = [rung.label for rung in self._rungs]
        for label in (self._begins_with, self._card.reached.get(labels[0], "")):
            if label in labels and labels.index(label) > self._index:
                self._go_to(labels.index(label), why="earlier")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._resident.close()

    @property
    def made_by(self) -> str:
        """The rung in use where it is not the one that was wished for."""
        return self._rungs[self._index].label if self._index > 0 else ""

    def transcribe(self, block: Block, progress: Callable[[float], None]) -> tuple[TranscriptSegment, ...]:
        """Raises: ResourceError when the last rung's memory does not do either; what the model raises."""
        while True:
            worker = self._ready()
            try:
                return worker.transcribe(block, progress)
            except ResourceError as error:
                self._give_way(self._index + 1, error)

    def _ready(self) -> BlockTranscriber:
        while self._worker is None:
            self._plan()
            rung = self._rungs[self._index]
            try:
                if self._model is None:
                    held = self._residency.hold(self._name(rung), partial(self._load, rung))
                    self._model = self._resident.enter_context(held)
                self._worker = self._work(self._model, _speed(rung))
            except ResourceError as error:
                following = self._index + 1 if self._model else after_loading_failed(self._rungs, self._index)
                self._give_way(following, error)
        return self._worker

    def _plan(self) -> None:
        """Before the first load: from the estimates, so that the card is not filled in vain."""
        rung = self._rungs[self._index]
        if self._model is not None or rung.device == "cpu" or self._residency.keeps(self._name(rung)):
            return
        room_mb = self._card.room_mb()
        index = first_that_fits(self._rungs, room_mb, self._beam_size, self._index)
        if index is None:
            least = min(filter(None, (need_of(rung, self._beam_size) for rung in self._rungs)), default=0.0)
            raise ResourceError(
                f"Nothing that may be used fits on the card: {least:,.0f} MB are needed at least, {room_mb or 0:,.0f} "
                f"may be taken. Raise SCRIBE_GPU_BUDGET_MB, or allow a smaller model or SCRIBE_GPU_FALLBACK_CPU."
            )
        if index > self._index:
            self._go_to(index, why="budget")

    def _give_way(self, index: int, error: ResourceError) -> None:
        """Raises: ``error`` when there is nothing left to give."""
        if index >= len(self._rungs):
            raise error
        self._go_to(index, why="memory")

    def _go_to(self, index: int, *, why: str) -> None:
        before, after = self._rungs[self._index], self._rungs[index]
        self._worker = None
        if before.weights != after.weights:
            self._model = None
            self._resident.close()
            self._residency.drop(self._name(before))
        self._index = index
        self._card.reached[self._rungs[0].label] = after.label
        for kind in kinds_of_step(before, after):
            self._card.step_down(kind, before.label, after.label, stage=STAGE, why=why)

    def _load(self, rung: Rung) -> Whisper:
        return Whisper.load(rung.folder, Compute(rung.device, rung.compute_type, self._threads))  # type: ignore[arg-type]

    def _name(self, rung: Rung) -> str:
        """Of what is resident: the model's own name where it runs as the settings say."""
        return rung.model_id if rung.weights == self._rungs[0].weights else " ".join(rung.weights)


def _speed(rung: Rung) -> Speed:
    return Speed(rung.batch_size, 1 if rung.device == "cpu" else min(rung.batch_size, MOST_ENCODED))
