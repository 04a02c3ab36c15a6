"""An older backup takes nobody's doings back: the audit log goes on; and recordings that went stay away."""

import os
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import asyncpg
import pytest
from sqlalchemy import make_url

from scribe.adapters.servers.postgres import PostgresServer
from scribe.adapters.storage import Storage
from scribe.adapters.unit_of_work import UnitOfWorkFactory
from scribe.core.config import RetentionSettings
from scribe.core.database import build_engine
from scribe.domain import layout
from scribe.domain.accounts import Principal
from scribe.domain.audit import Action, Entry
from scribe.services import audit
from scribe.services.backup import back_up, restore
from scribe.services.housekeeping import purge
from scribe.services.retention import sweep
from tests.api.planting import complete, plant
from tests.pending_meetings import change_row


@pytest.fixture
def storage(tmp_path: Path) -> Storage:
    return Storage(str(tmp_path / "files"))


@pytest.fixture
async def empty_url(postgres: PostgresServer) -> AsyncIterator[str]:
    name = f"test_{uuid4().hex}"
    connection = await asyncpg.connect(postgres.url)
    await connection.execute(f'create database "{name}"')
    yield make_url(postgres.url).set(database=name).render_as_string(hide_password=False)
    await connection.execute(f'drop database "{name}" with (force)')
    await connection.close()


def nobody(_: int) -> None:
    return


async def add_entry(units: UnitOfWorkFactory, count: int = 1) -> None:
    for _ in range(count):
        async with units() as unit:
            unit.record(Action.TRANSCRIPT_READ, meeting_id=uuid4())


async def log_of(database_url: str, *, is_intact: bool = True) -> list[Entry]:
    engine = build_engine(database_url, pool_size=1)
    try:
        units = UnitOfWorkFactory(engine)
        assert (await audit.verify(units)).is_intact == is_intact
        async with units() as unit:
            return await unit.audit.chain(0, 1000)
    finally:
        await engine.dispose()


async def replaced(database_url: str, storage: Storage, source: Path, units: UnitOfWorkFactory) -> None:
    await units.engine.dispose()
    await restore(database_url, storage, source, is_replacing=True, told=nobody)


async def test_what_was_written_down_after_the_backup_is_still_there(
    database_url: str, units: UnitOfWorkFactory, storage: Storage, member: Principal, tmp_path: Path
) -> None:
    await add_entry(units, 2)
    await back_up(database_url, storage, tmp_path / "backup", nobody)
    await add_entry(units, 3)
    kept = await audit.head(units)
    await replaced(database_url, storage, tmp_path / "backup", units)
    entries = await log_of(database_url)
    assert [entry.action for entry in entries] == [
        *["transcript.read"] * 2, "backup.made", *["transcript.read"] * 3, "backup.restored",
    ]  # fmt: skip
    assert entries[-2].hash == kept.hash
    assert entries[-1].detail["is_log_kept"] is True
    assert (entries[-1].actor_kind, entries[-1].detail["replaced_head"]) == ("command", kept.hash.hex())


async def test_an_empty_machine_gets_the_log_of_the_backup(
    database_url: str, empty_url: str, units: UnitOfWorkFactory, storage: Storage, tmp_path: Path
) -> None:
    await add_entry(units, 2)
    await back_up(database_url, storage, tmp_path / "backup", nobody)
    await restore(empty_url, Storage(str(tmp_path / "other")), tmp_path / "backup", is_replacing=False, told=nobody)
    entries = await log_of(empty_url)
    assert [entry.action for entry in entries] == [*["transcript.read"] * 2, "backup.made", "backup.restored"]


async def test_a_log_whose_beginning_went_for_its_age_stays_too(
    database_url: str, units: UnitOfWorkFactory, storage: Storage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await add_entry(units, 2)
    await back_up(database_url, storage, tmp_path / "backup", nobody)
    await add_entry(units)
    assert await audit.prune(units, 1e-9) == 4
    await add_entry(units)
    await replaced(database_url, storage, tmp_path / "backup", units)
    assert [(entry.sequence, entry.action) for entry in await log_of(database_url)] == [
        (5, "audit.pruned"), (6, "transcript.read"), (7, "backup.restored"),
    ]  # fmt: skip


async def test_a_log_of_another_installation_is_replaced_and_its_end_is_known(
    database_url: str, empty_url: str, units: UnitOfWorkFactory, storage: Storage, tmp_path: Path
) -> None:
    await add_entry(units, 3)
    await back_up(database_url, storage, tmp_path / "backup", nobody)
    other = Storage(str(tmp_path / "other"))
    await restore(empty_url, other, tmp_path / "backup", is_replacing=False, told=nobody)
    engine = build_engine(empty_url, pool_size=1)
    async with UnitOfWorkFactory(engine)() as unit:  # as if it were another one: the same numbers, other entries
        for statement in (
            "alter table audit_log disable trigger all",
            "update audit_log set hash = sha256(hash)",
        ):
            await unit.session.connection()
            await (await unit.session.connection()).exec_driver_sql(statement)
    before = await audit.head(UnitOfWorkFactory(engine))
    await engine.dispose()
    await restore(empty_url, other, tmp_path / "backup", is_replacing=True, told=nobody)
    last = (await log_of(empty_url))[-1]
    assert (last.detail["is_log_kept"], last.detail["replaced_head"]) == (False, before.hash.hex())


async def test_recordings_that_went_are_no_damage_and_do_not_come_back(
    database_url: str, units: UnitOfWorkFactory, storage: Storage, member: Principal, tmp_path: Path
) -> None:
    meeting = await plant(units, member, storage)
    await complete(units, storage)
    await change_row(units, meeting.id, finished_at=datetime.now(UTC) - timedelta(days=31), keep_results_days=400.0)
    before = await back_up(database_url, storage, tmp_path / "with", nobody)
    rule = RetentionSettings(audio_days=30)
    await sweep(units, rule)
    after = await back_up(database_url, storage, tmp_path / "between", nobody)  # its files are not gone yet
    await purge(units, storage)
    assert (before.lost, after.lost) == ((), ())
    assert not any("recording" in name for _, _, names in os.walk(tmp_path / "between") for name in names)
    await replaced(database_url, storage, tmp_path / "with", units)
    assert storage.size(layout.recording_key(meeting.id)) is not None  # as it was then, and due
    engine = build_engine(database_url)
    again = UnitOfWorkFactory(engine)
    assert (await sweep(again, rule)).recordings == 1
    await purge(again, storage)
    assert storage.size(layout.recording_key(meeting.id)) is None
    async with again() as unit:
        found = await unit.meetings.get(meeting.id)
    await engine.dispose()
    assert found is not None
    assert found.keep_results.days(None) == 400
