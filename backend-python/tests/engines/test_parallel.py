"""Several at a time, in order, and nothing left running."""

import itertools
import threading
from collections.abc import Iterator

import pytest

from scribe.engines.parallel import in_order


@pytest.mark.parametrize("threads", [1, 2, 5])
def test_results_come_in_the_order_of_the_items(threads: int) -> None:
    assert list(in_order(lambda number: number * number, range(50), threads)) == [n * n for n in range(50)]


def test_several_are_in_work_at_once() -> None:
    """Each piece waits for the other: with one thread this would never end."""
    both = threading.Barrier(2, timeout=20)
    assert len(list(in_order(lambda _: both.wait(), range(4), threads=2))) == 4


@pytest.mark.parametrize("threads", [1, 3])
def test_an_error_comes_through(threads: int) -> None:
    with pytest.raises(ZeroDivisionError):
        list(in_order(lambda number: 1 // number, [1, 2, 0, 4], threads))


def test_no_more_is_begun_than_a_few_ahead() -> None:
    """Memory stays flat however long the input: an endless one is read only as far as needed."""
    begun: list[int] = []

    def endless() -> Iterator[int]:
        for number in itertools.count():
            begun.append(number)
            yield number

    source = in_order(lambda number: number, endless(), threads=2)
    assert [next(source) for _ in range(3)] == [0, 1, 2]
    source.close()  # type: ignore[attr-defined]
    assert len(begun) < 12
