"""How often the card was lost under one run, kept beside its checkpoints, where the next attempt finds it.

Owns the count and what follows from it: a card that was lost (a driver that gave up, an illegal access: no lack of
memory) is tried again by a fresh process once; the second time the run goes on without it, where the settings allow.

Usage::

    failures = CardFailures(checkpoints, job.run)
    settings = failures.without_the_card(settings)      # the same while the card is trusted
    except CardError: failures.note(); raise
"""

from scribe.core.config import Settings
from scribe.core.logging import get_logger
from scribe.domain.meeting import RunWarning
from scribe.pipeline.ports import CheckpointStore

MOST = 2
_NAME = "card-failures"

WARNING = RunWarning(
    "gpu.card_lost", "The graphics card failed twice, so the processor computed this, which takes longer."
)


class CardFailures:
    def __init__(self, checkpoints: CheckpointStore, run: int) -> None:
        self._checkpoints = checkpoints
        self._run = run

    @property
    def count(self) -> int:
        """In this run; a later one trusts the card again."""
        run, _, count = (self._checkpoints.read(_NAME) or b"").decode("ascii", "replace").partition(" ")
        return int(count) if run == str(self._run) and count.isdecimal() else 0

    def note(self) -> None:
        self._checkpoints.write(_NAME, f"{self._run} {self.count + 1}".encode())

    def without_the_card(self, settings: Settings) -> Settings | None:
        """The settings to go on with; ``None``: the card is still trusted, or must be."""
        if settings.device == "cpu" or not settings.gpu_fallback_cpu or self.count < MOST:
            return None
        get_logger().warning("gpu.step_down", kind="cpu", stage="all", why="card_lost", **{"from": "cuda", "to": "cpu"})
        return settings.model_copy(update={"device": "cpu"})
