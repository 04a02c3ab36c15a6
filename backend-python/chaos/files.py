"""The storage as the stack uses it, looked at from outside: every key, and the product's own housekeeping."""

import asyncio
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from sqlalchemy import text

from chaos.stack import Stack
from scribe.adapters.storage import Storage
from scribe.adapters.unit_of_work import UnitOfWorkFactory
from scribe.core.config import load_settings
from scribe.core.database import build_engine
from scribe.services import housekeeping
from scribe.services.housekeeping import Housekeeping

FOLDERS = ("uploads", "checkpoints", "derived", "results")


class Files:
    def __init__(self, stack: Stack) -> None:
        self._stack = stack

    def keys(self) -> list[str]:
        """With hidden ones; relative to the storage's root."""
        if self._stack.seaweed is None:
            root = self._stack.files
            return [str(path.relative_to(root)) for path in root.rglob("*") if path.is_file()]
        with lent(self._stack.seaweed.credentials):
            storage = Storage(self._stack.storage_url)
            return [key for folder in FOLDERS for key in storage.keys(folder)]

    def tidy(self) -> None:
        """The product's housekeeping as it would be a day later: what is old enough then, is old enough now."""
        with lent(self._stack.seaweed.credentials if self._stack.seaweed is not None else {}), _a_day_later():
            asyncio.run(self._tidy())

    async def _tidy(self) -> None:
        settings = load_settings(
            database_url=self._stack.postgres.url,
            redis_url=self._stack.valkey.url,
            storage_url=self._stack.storage_url,
            data_dir=self._stack.folder / "data",
        )
        engine = build_engine(self._stack.postgres.url)
        try:
            async with engine.begin() as connection:
                await connection.execute(text("update purges set again_after = now()"))
            await Housekeeping(UnitOfWorkFactory(engine), Storage(self._stack.storage_url), settings).once()
        finally:
            await engine.dispose()


@contextmanager
def _a_day_later() -> Iterator[None]:
    changed = {"ORPHAN_AGE": timedelta(0), "LOCAL_LEFTOVER_AGE_S": 0.0, "FEW_ORPHANS": 1_000_000}
    before = {name: getattr(housekeeping, name) for name in changed}
    for name, value in changed.items():
        setattr(housekeeping, name, value)
    try:
        yield
    finally:
        for name, value in before.items():
            setattr(housekeeping, name, value)


@contextmanager
def lent(variables: dict[str, str]) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
