from uuid import uuid4

from scribe.adapters.unit_of_work import UnitOfWorkFactory
from scribe.domain.meeting import MeetingId
from scribe.domain.workers import WorkerFacts

FACTS = WorkerFacts("host:1:a", "host", 1, "1.0", "cpu", {"installed": ["whisper-base"]})


async def test_a_registered_worker_is_alive_and_idle(units: UnitOfWorkFactory) -> None:
    async with units() as unit:
        await unit.workers.register(FACTS)
    async with units() as unit:
        (worker,) = await unit.workers.alive()
    assert worker.facts == FACTS
    assert worker.meeting_id is None


async def test_a_beat_says_what_it_works_on(units: UnitOfWorkFactory) -> None:
    meeting_id = MeetingId(uuid4())
    async with units() as unit:
        await unit.workers.register(FACTS)
        assert await unit.workers.beat(FACTS.id, rss_mb=90.5, meeting_id=meeting_id)
    async with units() as unit:
        (worker,) = await unit.workers.alive()
    assert (worker.rss_mb, worker.meeting_id) == (90.5, meeting_id)


async def test_a_beat_without_a_row_says_so(units: UnitOfWorkFactory) -> None:
    async with units() as unit:
        assert not await unit.workers.beat("nobody", rss_mb=None, meeting_id=None)


async def test_a_silent_worker_is_not_alive_and_can_be_forgotten(units: UnitOfWorkFactory) -> None:
    async with units() as unit:
        await unit.workers.register(FACTS)
    async with units() as unit:  # now() is the transaction's: this one began later
        assert await unit.workers.alive(silent_s=0) == []
        assert len(await unit.workers.alive(silent_s=60)) == 1
        assert await unit.workers.forget_silent(60) == 0
        assert await unit.workers.forget_silent(0) == 1


async def test_a_worker_that_left_is_gone(units: UnitOfWorkFactory) -> None:
    async with units() as unit:
        await unit.workers.register(FACTS)
        await unit.workers.register(FACTS)
        await unit.workers.forget(FACTS.id)
        assert await unit.workers.alive() == []
