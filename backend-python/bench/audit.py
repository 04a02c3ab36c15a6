"""``python -m bench.audit``: what the audit log costs whoever works, and how fast it is written, read and proved.

On a PostgreSQL of its own with fsync, as in production: transactions with an entry and without, alone and many at once,
in one process and in several; reads as they are noted and written; the chain proved.
"""

import argparse
import asyncio
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from uuid import UUID

from sqlalchemy import text

from scribe.adapters.servers.children import free_port
from scribe.adapters.servers.postgres import PostgresServer
from scribe.adapters.unit_of_work import UnitOfWorkFactory
from scribe.core.database import build_engine
from scribe.core.ids import uuid7
from scribe.core.migrate import migrate
from scribe.domain.audit import Action
from scribe.services import audit
from scribe.services.reading_log import ReadingLog

Work = Callable[[], Awaitable[None]]


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--transactions", type=int, default=400)
    options.add_argument("--reads", type=int, default=20_000)
    options.add_argument("--writer", metavar="URL", help=argparse.SUPPRESS)
    chosen = options.parse_args()
    if chosen.writer:
        asyncio.run(_writer(chosen.writer, chosen.transactions))
        return
    with tempfile.TemporaryDirectory(prefix="scribe-bench-") as folder:
        Path(folder).chmod(0o755)
        with PostgresServer(Path(folder) / "postgres", free_port()) as server:
            asyncio.run(_measure(server.url, chosen.transactions, chosen.reads))


async def _measure(url: str, transactions: int, reads: int) -> None:
    engine = build_engine(url, pool_size=32)
    await migrate(engine)
    units = UnitOfWorkFactory(engine)
    async with units() as unit:
        await unit.session.execute(text("create table bench_rows (id uuid primary key)"))
    print("| what | per second | median ms | 95 % ms |\n|---|---|---|---|")
    for label, with_entry in (("a transaction with one row", False), ("the same with an entry", True)):
        for at_once in (1, 8, 32):
            await _transactions(f"{label}, {at_once} at once", units, transactions, at_once, with_entry=with_entry)
    await _processes(url, transactions)
    await _reads(units, reads)
    begun = time.perf_counter()
    found = await audit.verify(units)
    seconds = time.perf_counter() - begun
    assert found.is_intact
    print(f"| the chain proved, {found.count} entries | {found.count / seconds:.0f} | | |")
    await engine.dispose()


async def _transactions(label: str, units: UnitOfWorkFactory, count: int, at_once: int, *, with_entry: bool) -> None:
    took: list[float] = []

    async def work() -> None:
        begun = time.perf_counter()
        async with units() as unit:
            id_ = uuid7()
            await unit.session.execute(text("insert into bench_rows values (:id)"), {"id": id_})
            if with_entry:
                unit.record(Action.MEETING_CHANGED, meeting_id=id_, detail={"fields": ["title"]})
        took.append(time.perf_counter() - begun)

    await _line(label, work, count, at_once, took)


async def _line(label: str, work: Work, count: int, at_once: int, took: list[float]) -> None:
    gate = asyncio.Semaphore(at_once)

    async def one() -> None:
        async with gate:
            await work()

    begun = time.perf_counter()
    await asyncio.gather(*(one() for _ in range(count)))
    seconds = time.perf_counter() - begun
    slow = statistics.quantiles(took, n=20)[-1]
    print(f"| {label} | {count / seconds:.0f} | {statistics.median(took) * 1e3:.1f} | {slow * 1e3:.1f} |")


async def _processes(url: str, count: int) -> None:
    """Four processes, each as fast as it can."""
    arguments = [sys.executable, "-m", "bench.audit", "--writer", url, "--transactions", str(count)]
    writers = [
        await asyncio.create_subprocess_exec(*arguments, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE)
        for _ in range(4)
    ]
    for writer in writers:
        assert writer.stdout is not None
        await writer.stdout.readline()  # connected
    begun = time.perf_counter()
    await asyncio.gather(*(writer.communicate(b"go\n") for writer in writers))
    seconds = time.perf_counter() - begun
    print(f"| entries of 4 processes, each one after the other | {4 * count / seconds:.0f} | | |")


async def _writer(url: str, count: int) -> None:
    engine = build_engine(url, pool_size=2)
    units = UnitOfWorkFactory(engine)
    async with units() as unit:
        await unit.audit.head()
    print("ready", flush=True)
    await asyncio.to_thread(sys.stdin.readline)
    for number in range(count):
        async with units() as unit:
            unit.record(Action.MEETING_CHANGED, meeting_id=UUID(int=number + 1))
    await engine.dispose()


async def _reads(units: UnitOfWorkFactory, count: int) -> None:
    log = ReadingLog(units)
    begun = time.perf_counter()
    for number in range(count):
        log.note(Action.TRANSCRIPT_READ, meeting_id=UUID(int=number + 1))
    noted = (time.perf_counter() - begun) / count
    for _ in range(count):
        log.note(Action.TRANSCRIPT_READ, meeting_id=UUID(int=1))
    begun = time.perf_counter()
    await log.flush()
    seconds = time.perf_counter() - begun
    print(f"| a read, noted (what a request waits for) | {1 / noted:.0f} | {noted * 1e3:.4f} | |")
    print(f"| reads, written 500 at a time | {count / seconds:.0f} | | |")


if __name__ == "__main__":
    main()
