"""Tells the others that this worker is there, and what it is and does.

Owns its row in ``workers``; how a meeting's lease is kept is ``heartbeat.py``'s.
"""

import asyncio
import os
import secrets
import socket
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from scribe import __version__
from scribe.adapters.unit_of_work import UnitOfWorkFactory
from scribe.core.config import Settings
from scribe.core.logging import get_logger
from scribe.domain.workers import BEAT_EVERY_S, CatalogueEntry, WorkerFacts
from scribe.engines.catalog import CATALOG
from scribe.worker.runner import JobRunner
from scribe.worker.wiring import models_used, open_store

GOODBYE_TIMEOUT_S = 1.0
LOOK_EVERY_S = 60.0
"""How soon it is noticed that a model was installed, or removed."""


def worker_facts(settings: Settings) -> WorkerFacts:
    host, pid = socket.gethostname(), os.getpid()
    return WorkerFacts(
        id=f"{host}:{pid}:{secrets.token_hex(3)}",
        host=host,
        pid=pid,
        version=__version__,
        device=_device(settings),
        models=_models(settings),
        catalogue=catalogue(settings),
    )


def with_models(facts: WorkerFacts, settings: Settings) -> WorkerFacts:
    """The same worker with the models that are installed now."""
    return replace(facts, models=_models(settings), catalogue=catalogue(settings))


class Presence:
    def __init__(
        self,
        units: UnitOfWorkFactory,
        facts: WorkerFacts,
        runner: JobRunner,
        look: Callable[[WorkerFacts], WorkerFacts],
        sign: Callable[[], None] = lambda: None,
    ) -> None:
        """``look``: the same worker with the models that are installed now. ``sign``: says on this machine, too, that
        the worker is there, whether the database hears it or not."""
        self._units = units
        self._facts = facts
        self._runner = runner
        self._look = look
        self._sign = sign
        self._looked_s = time.monotonic()

    async def tell_for_ever(self) -> None:
        """Until cancelled. A row that is not there, or not any more, is made."""
        is_well = True
        while True:
            self._sign()
            try:
                await self._tell()
            except Exception as error:  # noqa: BLE001 -- whatever keeps us from it: the next beat tries again
                if is_well:
                    get_logger().warning("presence.untold", error=type(error).__name__)
                is_well = False
            else:
                is_well = True
            await self._runner.changes(BEAT_EVERY_S)

    async def say_goodbye(self) -> None:
        """What cannot be said now is noticed later."""
        with suppress(Exception):
            await asyncio.wait_for(self._forget(), GOODBYE_TIMEOUT_S)

    async def _forget(self) -> None:
        async with self._units() as unit:
            await unit.workers.forget(self._facts.id)

    async def _tell(self) -> None:
        before = self._facts
        if time.monotonic() - self._looked_s > LOOK_EVERY_S:
            self._looked_s = time.monotonic()
            self._facts = await asyncio.to_thread(self._look, before)
        pids = [pid for pid in (os.getpid(), self._runner.child_pid) if pid is not None]
        rss_mb = round(sum(_rss_mb(pid) for pid in pids), 1) or None
        meeting_id = self._runner.meeting_id
        async with self._units() as unit:
            is_told = before == self._facts and await unit.workers.beat(
                self._facts.id, rss_mb=rss_mb, meeting_id=meeting_id
            )
            if not is_told:
                await unit.workers.register(self._facts)
                await unit.workers.beat(self._facts.id, rss_mb=rss_mb, meeting_id=meeting_id)


def _rss_mb(pid: int) -> float:
    with suppress(OSError, ValueError):  # it has just ended, or this is not Linux
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6
    return 0.0


def _device(settings: Settings) -> str:
    """Without loading a model library, which would cost this small process a hundred megabytes."""
    if settings.device != "auto":
        return settings.device
    return "cuda" if any(Path("/dev").glob("nvidia[0-9]*")) else "cpu"


def catalogue(settings: Settings) -> tuple[CatalogueEntry, ...]:
    """What is installed at this moment, too."""
    store, used = open_store(settings), models_used(settings)
    return tuple(
        CatalogueEntry(
            name=model.name,
            kind=str(model.purpose),
            licence=model.licence,
            size_bytes=model.size_bytes or None,
            is_default=model.name in used,
            is_installed=store.is_installed(model.name),
        )
        for model in CATALOG
    )


def _models(settings: Settings) -> dict[str, object]:
    store = open_store(settings)
    return {
        "transcription": settings.transcription.model if settings.transcription.engine == "whisper" else "fake",
        "diarization": settings.diarization.engine,
        "installed": sorted(model.name for model in CATALOG.models if store.is_installed(model.name)),
    }
