"""Work on files in a thread, and what a cancelled caller may rely on: when it goes on, nothing works any more.

Two threads in one file would be worse than a moment's wait, and a transaction that ends while a thread still moves
files would promise what is not so.

Usage::

    await in_thread(storage.write, key, content)
    await in_stoppable_thread(lambda is_over: move_all(files, is_over))
"""

import asyncio
from collections.abc import Callable
from threading import Event
from typing import ParamSpec, TypeVar

Parameters = ParamSpec("Parameters")
Value = TypeVar("Value")


async def in_thread(
    work: Callable[Parameters, Value], *arguments: Parameters.args, **named: Parameters.kwargs
) -> Value:
    """As ``asyncio.to_thread``, but a cancelled caller waits for the thread to end."""
    return await _to_the_end(asyncio.create_task(asyncio.to_thread(work, *arguments, **named)), lambda: None)


async def in_stoppable_thread(work: Callable[[Event], Value]) -> Value:
    """The same for long work: the event tells it that nobody wants it any more."""
    is_over = Event()
    return await _to_the_end(asyncio.create_task(asyncio.to_thread(work, is_over)), is_over.set)


async def _to_the_end(task: asyncio.Task[Value], stop: Callable[[], None]) -> Value:
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        stop()
        await asyncio.wait({task})
        raise
