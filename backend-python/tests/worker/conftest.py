"""Real worker processes on real servers, with engines that need no model."""

import asyncio
import hashlib
import io
import json
import os
import signal
import subprocess
import sys
import time
import wave
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar

import numpy as np
import psutil
import pytest

from scribe.adapters.storage import Storage
from scribe.adapters.unit_of_work import UnitOfWorkFactory
from scribe.core.ids import uuid7
from scribe.core.models_db import MeetingRow
from scribe.domain import layout
from scribe.domain.accounts import Principal
from scribe.domain.events import EventKind
from scribe.domain.meeting import MeetingId, MeetingStatus, Stage
from scribe.domain.requests import RunOptions
from scribe.services.queue import request_cancel

RATE = 16_000
LEASE_S = 4.0
DEADLINE_S = 90.0
"""A shared machine may be slow; a test that waits for so long has failed."""


@pytest.fixture(scope="session")
def recording() -> bytes:
    """20 s: a low voice, a pause, a high voice."""
    t = np.arange(10 * RATE) / RATE
    low, high = 0.3 * np.sin(2 * np.pi * 150 * t), 0.3 * np.sin(2 * np.pi * 900 * t)
    low[-RATE:] = 0
    return wav(np.concatenate([low, high]))


def wav(samples: np.ndarray) -> bytes:
    stream = io.BytesIO()
    with wave.open(stream, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes((samples * 32767).astype("<i2").tobytes())
    return stream.getvalue()


@dataclass
class WorkerUnderTest:
    """``python -m scribe.worker`` as a ``with`` block; killed at its end if it still runs."""

    environment: dict[str, str]
    log: Path
    process: subprocess.Popen[bytes] = field(init=False)

    def __enter__(self) -> Self:
        with self.log.open("ab") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "scribe.worker"], env=self.environment, stdout=output, stderr=output
            )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGCONT)
            self.process.kill()
        self.process.wait()
        if error is not None:
            sys.stderr.write(self.log.read_text())

    def descendants(self) -> list[psutil.Process]:
        return psutil.Process(self.process.pid).children(recursive=True)

    @property
    def child(self) -> psutil.Process:
        """The process in which the models run."""
        (child,) = psutil.Process(self.process.pid).children()
        return child

    def signal(self, number: signal.Signals) -> None:
        self.process.send_signal(number)

    def events(self, name: str) -> list[dict[str, object]]:
        lines = [json.loads(line) for line in self.log.read_text().splitlines() if line.startswith("{")]
        return [line for line in lines if line["event"] == name]


@dataclass
class Place:
    """An installation: database, queue, storage."""

    units: UnitOfWorkFactory
    storage: Storage
    folder: Path
    owner: Principal
    environment: dict[str, str]

    def worker(self, **settings: str) -> WorkerUnderTest:
        """``queue__lease_s="5"`` sets SCRIBE_QUEUE__LEASE_S."""
        extra = {f"SCRIBE_{name.upper()}": value for name, value in settings.items()}
        number = len(list(self.folder.glob("worker-*.log")))
        return WorkerUnderTest({**self.environment, **extra}, self.folder / f"worker-{number}.log")

    async def meeting(
        self, content: bytes, options: RunOptions | None = None, *, max_attempts: int = 3, sha256: str | None = None
    ) -> MeetingId:
        meeting_id = MeetingId(uuid7())
        self.storage.write(layout.recording_key(meeting_id), content)
        async with self.units() as unit:
            unit.session.add(
                MeetingRow(
                    id=meeting_id,
                    owner_id=self.owner.user_id,
                    title="Standup",
                    file_name="Réunion du lundi.wav",
                    size_bytes=len(content),
                    sha256=sha256 or hashlib.sha256(content).hexdigest(),
                    options=(options or RunOptions()).to_json(),
                    status=str(MeetingStatus.PENDING),
                    max_attempts=max_attempts,
                )
            )
        return meeting_id

    async def row(self, meeting_id: MeetingId) -> MeetingRow:
        async with self.units() as unit:
            row = await unit.session.get_one(MeetingRow, meeting_id)
            unit.session.expunge(row)
        return row

    async def ended(self, meeting_id: MeetingId) -> MeetingRow:
        return await self.until(meeting_id, lambda row: MeetingStatus(row.status).is_terminal)

    async def until(self, meeting_id: MeetingId, is_reached: Callable[[MeetingRow], bool]) -> MeetingRow:
        async def look() -> MeetingRow | None:
            row = await self.row(meeting_id)
            return row if is_reached(row) else None

        return await eventually(look)

    async def statuses(self, meeting_id: MeetingId) -> list[str]:
        """Told to followers, in order."""
        async with self.units() as unit:
            events = await unit.events.after(0, meeting_id=meeting_id)
        return [str(event.payload["status"]) for event in events if event.kind is EventKind.STATUS]

    async def is_in(self, meeting_id: MeetingId, stage: Stage, percent: float = 10) -> MeetingRow:
        """In the middle of a stage."""
        return await self.until(meeting_id, lambda row: row.stage == stage and row.stage_percent >= percent)

    async def ask_to_cancel(self, meeting_id: MeetingId) -> None:
        async with self.units() as unit:
            await request_cancel(unit, meeting_id)

    def scratch(self) -> list[Path]:
        """What workers left on the local disk, but for their locks and signs of life."""
        return [
            path
            for path in (self.folder / "data" / "scratch").rglob("*")
            if path.is_file() and path.name not in {"lock", "alive"}
        ]

    async def is_tidy(self) -> None:
        """While the worker lives: it cleans up after it has told how a meeting ended."""

        async def look() -> bool | None:
            return True if not self.scratch() and not self.staged() else None

        await eventually(look)

    def staged(self) -> list[str]:
        return [key for key in self.storage.keys("results") if layout.STAGING_PREFIX in key]

    def document(self, row: MeetingRow, name: str) -> dict[str, object]:
        content = self.storage.read(f"{row.results_folder}/{name}")
        assert content is not None
        found: dict[str, object] = json.loads(content)
        return found


T = TypeVar("T")


async def eventually(look: Callable[[], Awaitable[T | None]], deadline_s: float = DEADLINE_S) -> T:
    """What ``look`` finds, as soon as it is not ``None``."""
    end_s = time.monotonic() + deadline_s
    while time.monotonic() < end_s:
        found = await look()
        if found is not None:
            return found
        await asyncio.sleep(0.03)
    raise AssertionError(f"It did not happen within {deadline_s} s.")


def make_place(
    folder: Path,
    database_url: str,
    redis_url: str,
    redis_stream: str,
    units: UnitOfWorkFactory,
    owner: Principal,
    storage_url: str | None = None,
) -> Place:
    storage_url = storage_url or str(folder / "files")
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("SCRIBE_")},
        "DATABASE_URL": database_url,
        "REDIS_URL": redis_url,
        "SCRIBE_STORAGE_URL": storage_url,
        "SCRIBE_DATA_DIR": str(folder / "data"),
        "SCRIBE_QUEUE__STREAM": redis_stream,
        "SCRIBE_QUEUE__LEASE_S": str(LEASE_S),
        "SCRIBE_QUEUE__REAP_EVERY_S": "0.2",
        "SCRIBE_QUEUE__POLL_EVERY_S": "0.5",
        "SCRIBE_QUEUE__RETRY_DELAYS_S": "[0.1]",
        "SCRIBE_DIARIZATION__ENGINE": "fake",
        "SCRIBE_TRANSCRIPTION__ENGINE": "fake",
        "SCRIBE_LOG_LEVEL": "debug",
        "OMP_NUM_THREADS": "1",
    }
    return Place(units, Storage(storage_url), folder, owner, environment)


@pytest.fixture
def place(
    database_url: str,
    redis_url: str,
    redis_stream: str,
    units: UnitOfWorkFactory,
    member: Principal,
    tmp_path: Path,
) -> Place:
    return make_place(tmp_path, database_url, redis_url, redis_stream, units, member)


async def gone(processes: list[psutil.Process], deadline_s: float = 5) -> None:
    async def look() -> bool | None:
        return (
            not any(process.is_running() and process.status() != psutil.STATUS_ZOMBIE for process in processes) or None
        )

    await eventually(look, deadline_s)
