"""One model at a time, as a promise that is kept and not hoped for."""

import numpy as np
import psutil
import pytest

from scribe.domain.errors import ResidencyError
from scribe.engines.residency import Residency

MB = 1_000_000


class Ballast:
    """A model of ``size_mb`` that notes when it goes."""

    def __init__(self, size_mb: int, events: list[str] | None = None) -> None:
        self.weights: np.ndarray | None = np.ones(size_mb * MB, dtype=np.uint8)
        self.events = events if events is not None else []
        self.events.append("loaded")

    def unload(self) -> None:
        self.weights = None
        self.events.append("unloaded")


def rss_mb() -> float:
    return psutil.Process().memory_info().rss / MB


def test_two_models_are_never_resident_together() -> None:
    residency = Residency("single")
    with residency.hold("a", lambda: Ballast(1)):
        with (
            pytest.raises(ResidencyError, match="b was asked for while a is in use"),
            residency.hold("b", lambda: Ballast(1)),
        ):
            pytest.fail("the second model was lent")
        assert residency.resident == ("a",)


def test_memory_returns_after_the_block() -> None:
    residency = Residency("single")
    before_mb = rss_mb()
    with residency.hold("heavy", lambda: Ballast(300)):
        assert rss_mb() - before_mb > 250
    assert rss_mb() - before_mb < 50
    assert residency.resident == ()


def test_a_model_is_unloaded_when_the_work_fails() -> None:
    residency, events = Residency("single"), []
    with pytest.raises(ZeroDivisionError), residency.hold("a", lambda: Ballast(1, events)):
        raise ZeroDivisionError
    assert events == ["loaded", "unloaded"]
    assert residency.resident == ()


def test_a_model_that_fails_to_load_leaves_the_place_free() -> None:
    residency = Residency("single")

    def fail() -> Ballast:
        raise MemoryError

    with pytest.raises(MemoryError), residency.hold("a", fail):
        pytest.fail("a model that did not load was lent")
    with residency.hold("b", lambda: Ballast(1)):
        assert residency.resident == ("b",)


def test_keep_loads_once_and_releases_on_request() -> None:
    residency, events = Residency("keep"), []
    for _ in range(3):
        with residency.hold("a", lambda: Ballast(1, events)):
            pass
    with residency.hold("b", lambda: Ballast(1, events)):
        pass
    assert events == ["loaded", "loaded"]
    assert residency.resident == ("a", "b")
    residency.release()
    assert residency.resident == ()
    assert events == ["loaded", "loaded", "unloaded", "unloaded"]
