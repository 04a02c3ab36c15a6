"""``python -m bench.recovery``: how long a backup takes, and until everything is back after everything was lost.

Owns the figures of ``docs/operations.md`` about disaster recovery. One recording is processed by the real product (fake
engines), then copied, rows and files, until there are as many meetings as asked for; ``scribe backup`` saves them while
the service runs, and ``scribe restore`` brings them back into an installation that has never held anything. What came
back is compared: every file by its hash, every row by its number.
"""

import argparse
import asyncio
import hashlib
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import mkdtemp
from uuid import UUID

import asyncpg

from chaos.client import Client
from chaos.stack import Plan, Stack
from scribe.adapters.servers.children import free_port
from scribe.adapters.servers.postgres import PostgresServer
from scribe.core.ids import uuid7

REPOSITORY = Path(__file__).resolve().parents[2]
RECORDING = REPOSITORY / "samples" / "conference.flac"
TIMEOUT_S = 600.0
TABLES = ("meetings", "users", "speakers", "events")
"""The index of search is not saved: workers make it again."""


@dataclass(frozen=True, slots=True)
class Recovery:
    meetings: int
    files: int
    megabytes: float
    backup_s: float
    restore_s: float
    is_same: bool


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--meetings", type=int, default=500)
    chosen = parser.parse_args(arguments)
    with Stack(Plan(num_workers=1)) as stack:
        found = measured(stack, chosen.meetings)
    print(json.dumps(asdict(found), indent=2))
    print(
        f"| {found.meetings} | {found.files} | {found.megabytes:.0f} | {found.backup_s:.1f} | {found.restore_s:.1f} | "
        f"{'yes' if found.is_same else 'NO'} |"
    )
    return 0 if found.is_same else 1


def measured(stack: Stack, count: int) -> Recovery:
    client = Client(stack.url, stack.token)
    first = UUID(client.upload(RECORDING.read_bytes(), key="rehearsal").meeting_id)
    asyncio.run(processed(stack.postgres.url, first))
    asyncio.run(copied(stack, first, count - 1))
    before = state(stack.postgres.url, stack.files)
    folder = Path(mkdtemp(prefix="scribe-recovery-"))
    folder.chmod(0o755)
    try:
        backup_s = run(stack.environment, "backup", str(folder / "backup"))
        with PostgresServer(folder / "postgres", free_port(), is_durable=True) as empty:
            elsewhere = stack.environment | {
                "DATABASE_URL": empty.url,
                "SCRIBE_STORAGE_URL": str(folder / "files"),
                "SCRIBE_DATA_DIR": str(folder / "data"),
            }
            restore_s = run(elsewhere, "restore", str(folder / "backup"))
            after = state(empty.url, folder / "files")
        size = sum(path.stat().st_size for path in (folder / "backup").rglob("*") if path.is_file())
        num_files = len(before[1])
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    for name, saved, found in (("rows", before[0], after[0]), ("files", before[1], after[1])):
        if saved != found:
            print(f"{name} differ: {sorted(saved.items() ^ found.items())[:10]}", file=sys.stderr)
    return Recovery(count, num_files, size / 1e6, backup_s, restore_s, before == after)


def run(environment: dict[str, str], *command: str) -> float:
    began = time.monotonic()
    program = [sys.executable, "-c", "from scribe.cli import main; main()", *command]
    subprocess.run(program, check=True, env=os.environ | environment, stdout=subprocess.DEVNULL)
    return time.monotonic() - began


async def processed(url: str, meeting_id: UUID) -> None:
    connection = await asyncpg.connect(url)
    try:
        async with asyncio.timeout(TIMEOUT_S):
            while not await connection.fetchval(  # noqa: ASYNC110 -- there is nothing to be told by
                "select status = 'COMPLETED' and indexed_run = results_run from meetings where id = $1", meeting_id
            ):
                await asyncio.sleep(0.2)
    finally:
        await connection.close()


async def copied(stack: Stack, first: UUID, count: int) -> None:
    """Rows of the meeting, of its speakers and of its passages, and all its files, under other ids."""
    connection = await asyncpg.connect(stack.postgres.url)
    originals = [path for path in stack.files.rglob("*") if path.is_file() and str(first) in str(path)]
    try:
        for _ in range(count):
            other = uuid7()
            for table, key in (("meetings", "id"), ("speakers", "meeting_id"), ("passages", "meeting_id")):
                await connection.execute(
                    f"insert into {table} select r.* from (select * from {table} where {key} = $1) as original, "  # noqa: S608
                    f"jsonb_populate_record(null::{table}, replace(to_jsonb(original)::text, $2, $3)"
                    "::jsonb) as r",
                    first, str(first), str(other),
                )  # fmt: skip
            for path in originals:
                copy = Path(str(path).replace(str(first), str(other)))
                copy.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(path, copy)
    finally:
        await connection.close()


def state(url: str, files: Path) -> tuple[dict[str, int], dict[str, str]]:
    """Rows by table, and hashes by key."""
    return asyncio.run(rows(url)), hashes(files)


async def rows(url: str) -> dict[str, int]:
    connection = await asyncpg.connect(url)
    try:
        return {table: await connection.fetchval(f"select count(*) from {table}") for table in TABLES}  # noqa: S608
    finally:
        await connection.close()


def hashes(files: Path) -> dict[str, str]:
    return {
        str(path.relative_to(files)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in files.rglob("*")
        if path.is_file() and path.relative_to(files).parts[0] != "erasures"
    }


if __name__ == "__main__":
    sys.exit(main())
