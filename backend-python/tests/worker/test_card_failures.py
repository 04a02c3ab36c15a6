"""A card that is lost is trusted once more, and not a third time."""

from scribe.core.config import Settings
from scribe.worker.card_failures import CardFailures


class Shelf:
    """Checkpoints in memory."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}

    def read(self, name: str) -> bytes | None:
        return self.files.get(name)

    def write(self, name: str, content: bytes) -> None:
        self.files[name] = content


def test_the_second_loss_in_one_run_goes_on_without_the_card() -> None:
    shelf, settings = Shelf(), Settings(device="cuda")
    failures = CardFailures(shelf, run=3)  # type: ignore[arg-type]
    assert failures.without_the_card(settings) is None
    failures.note()
    assert failures.without_the_card(settings) is None
    failures.note()
    without = failures.without_the_card(settings)
    assert without is not None
    assert without.device == "cpu"
    assert failures.without_the_card(Settings(device="cuda", gpu_fallback_cpu=False)) is None
    assert failures.without_the_card(Settings(device="cpu")) is None
    assert CardFailures(shelf, run=4).count == 0  # type: ignore[arg-type]


def test_a_damaged_count_is_none() -> None:
    shelf = Shelf()
    shelf.files["card-failures"] = b"\xff 9x"
    assert CardFailures(shelf, run=1).count == 0  # type: ignore[arg-type]
