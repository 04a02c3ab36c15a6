"""Processes that die or stand still while they publish, for tests of what is left then."""

import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from scribe.adapters.storage import Storage
from scribe.adapters.unit_of_work import UnitOfWork, UnitOfWorkFactory
from scribe.domain.errors import UnavailableError


class Crash(BaseException):
    """The process is gone: nothing after it happens."""


class CrashingStorage(Storage):
    """Real files; dies before the move with this number."""

    def __init__(self, url: str, moves: int) -> None:
        super().__init__(url)
        self.moves = moves

    def move(self, source: str, target: str) -> None:
        if self.moves == 0:
            raise Crash
        self.moves -= 1
        super().move(source, target)


class FrozenStorage(Storage):
    """Real files; stands still before its second move until it is woken."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.is_frozen, self.wake = threading.Event(), threading.Event()
        self.moved: list[str] = []

    def move(self, source: str, target: str) -> None:
        if self.moved:
            self.is_frozen.set()
            assert self.wake.wait(30)
        super().move(source, target)
        self.moved.append(target)


class CrashBeforeCommit(UnitOfWorkFactory):
    @asynccontextmanager
    async def __call__(self) -> AsyncIterator[UnitOfWork]:
        async with super().__call__() as unit:
            yield unit
            raise UnavailableError("The connection broke at the commit.")
