"""Reads on their way into the audit log: never in anybody's way, never lost in silence."""

import asyncio
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select

from scribe.adapters.unit_of_work import UnitOfWorkFactory
from scribe.core.acting import acting_as
from scribe.core.models_db import CounterRow
from scribe.domain.audit import Action, Actor, ActorKind, Entry
from scribe.domain.errors import UnavailableError
from scribe.services import audit, reading_log
from scribe.services.reading_log import ReadingLog
from tests.crashes import CrashBeforeCommit

CLAIRE, DENIS = Actor(ActorKind.SESSION, uuid4()), Actor(ActorKind.SESSION, uuid4())
MEETING = UUID(int=1)


async def entries_of(units: UnitOfWorkFactory) -> list[Entry]:
    async with units() as unit:
        return await unit.audit.chain(0, 100_000)


async def test_one_stretch_of_reading_is_one_entry_for_each_reader_meeting_and_kind(units: UnitOfWorkFactory) -> None:
    log = ReadingLog(units)
    for actor in (CLAIRE, DENIS):
        with acting_as(actor):
            for _ in range(100):
                log.note(Action.RECORDING_PLAYED, meeting_id=MEETING)
                log.note(Action.RECORDING_PLAYED, meeting_id=UUID(int=2))
                log.note(Action.TRANSCRIPT_READ, meeting_id=MEETING)
    await log.flush()
    assert len(await entries_of(units)) == 6
    with acting_as(CLAIRE):
        log.note(Action.TRANSCRIPT_READ, meeting_id=MEETING, stretch_s=0.0)  # a stretch later
    await log.flush()
    assert len(await entries_of(units)) == 7
    assert (await audit.verify(units)).is_intact


async def test_it_is_written_within_moments_by_itself(
    units: UnitOfWorkFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading_log, "WRITE_EVERY_S", 0.01)
    log = ReadingLog(units)
    task = asyncio.create_task(log.run_forever())
    with acting_as(CLAIRE):
        log.note(Action.TRANSCRIPT_READ, meeting_id=MEETING)
    async with asyncio.timeout(20):
        while not (found := await entries_of(units)):  # noqa: ASYNC110 -- of another transaction
            await asyncio.sleep(0.01)
    task.cancel()
    (entry,) = found
    assert (entry.actor_id, entry.meeting_id) == (CLAIRE.user_id, MEETING)


async def test_a_database_that_is_away_loses_nothing(units: UnitOfWorkFactory) -> None:
    log = ReadingLog(CrashBeforeCommit(units.engine))
    for number in range(1200):
        log.note(Action.TRANSCRIPT_READ, meeting_id=UUID(int=number + 1))
    with pytest.raises(UnavailableError):
        await log.flush()
    assert await entries_of(units) == []
    log._units = units
    await log.flush()
    assert [entry.meeting_id for entry in await entries_of(units)] == [UUID(int=number + 1) for number in range(1200)]


async def test_what_is_too_much_is_counted_and_the_count_is_an_entry(
    units: UnitOfWorkFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading_log, "MAX_WAITING", 3)
    log = ReadingLog(units)
    for number in range(10):
        log.note(Action.TRANSCRIPT_READ, meeting_id=UUID(int=number + 1))
    await log.flush()
    *reads, lost = await entries_of(units)
    assert len(reads) == 3
    assert (lost.action, lost.detail) == ("audit.lost", {"reads": 7})
    async with units() as unit:
        counted = await unit.session.scalar(select(CounterRow.count).where(CounterRow.name == "audit_reads_lost"))
    assert counted == 7


async def test_it_can_be_switched_off(units: UnitOfWorkFactory) -> None:
    log = ReadingLog(units, is_on=False)
    log.note(Action.TRANSCRIPT_READ, meeting_id=MEETING)
    await log.flush()
    assert await entries_of(units) == []
