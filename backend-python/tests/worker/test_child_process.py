import asyncio
import os
import signal
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import pytest

from scribe.domain.errors import EngineCrashError
from scribe.domain.jobs import ClaimedJob
from scribe.domain.meeting import MeetingId, Stage, UserId
from scribe.domain.requests import RunOptions
from scribe.worker import child_process
from scribe.worker.child_process import ChildProcess
from scribe.worker.protocol import Failed, Order, Report, StageStarted, line_of


def order(folder: Path) -> Order:
    ids = MeetingId(uuid4()), UserId(uuid4()), uuid4()
    return Order(ClaimedJob(*ids, 1, 1, 5, datetime.now(UTC), None, 12, "0" * 64, RunOptions()), folder)


async def heard(child: ChildProcess, folder: Path) -> list[Report]:
    return [report async for report in child.reports(order(folder))]


async def test_a_child_that_stands_still_is_noticed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(child_process, "STALL_S", 1.0)
    child = await ChildProcess.start()
    os.kill(child.pid, signal.SIGSTOP)
    with pytest.raises(EngineCrashError, match="stood still"):
        await heard(child, tmp_path)
    await child.kill()
    assert not child.is_alive


async def test_a_cancel_that_comes_with_a_line_is_not_forgotten(tmp_path: Path) -> None:
    child = await ChildProcess.start()
    listening = asyncio.create_task(heard(child, tmp_path))
    for _ in range(5):
        await asyncio.sleep(0)  # it waits for a line now
    child._pipe.feed_data(line_of(StageStarted(Stage.DIARIZE)))
    await asyncio.sleep(0)
    listening.cancel()
    await asyncio.wait([listening], timeout=10)
    assert listening.cancelled()
    await child.kill()


async def test_a_child_knows_neither_database_nor_redis(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://scribe:secret@127.0.0.1/scribe")
    monkeypatch.setenv("REDIS_URL", "redis://:secret@127.0.0.1/0")
    monkeypatch.setenv("SCRIBE_STORAGE_URL", str(tmp_path / "files"))
    child = await ChildProcess.start()
    environment = _environment(child.pid)
    assert b"DATABASE_URL" not in environment
    assert b"REDIS_URL" not in environment
    (report,) = await heard(child, tmp_path)  # there is no recording, and it says so
    assert isinstance(report, Failed)
    assert (report.code, report.is_retryable) == ("storage.unavailable", True)
    await child.kill()


def _environment(pid: int) -> bytes:
    return Path(f"/proc/{pid}/environ").read_bytes()
