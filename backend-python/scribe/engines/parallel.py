"""The same small work on many pieces, several at a time, results in order.

Owns the threads; never the work. ONNX Runtime and numpy's transforms let go of the interpreter while they compute, and
models this small gain more from two pieces at once than from two threads on one piece.

Usage::

    for vector in in_order(embed, windows, threads=2): ...
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

ItemT = TypeVar("ItemT")
ResultT = TypeVar("ResultT")

_AHEAD = 2
"""Pieces begun beyond those in work: enough that no thread waits, few enough that memory stays flat."""


def in_order(work: Callable[[ItemT], ResultT], items: Iterable[ItemT], threads: int) -> Iterator[ResultT]:
    """``map``, with up to ``threads`` items in work. An error, or closing the iterator, drops what has not begun."""
    if threads <= 1:
        yield from map(work, items)
        return
    pending: deque[Future[ResultT]] = deque()
    with ThreadPoolExecutor(threads) as pool:
        try:
            for item in items:
                pending.append(pool.submit(work, item))
                if len(pending) > threads + _AHEAD:
                    yield pending.popleft().result()
            while pending:
                yield pending.popleft().result()
        finally:
            for future in pending:
                future.cancel()
