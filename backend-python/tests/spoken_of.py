"""Meetings that speak of people of the bank, and what became of them."""

from dataclasses import replace
from uuid import UUID

from sqlalchemy import text

from scribe.adapters.unit_of_work import UnitOfWorkFactory
from scribe.domain.accounts import Principal
from scribe.domain.meetings import Meeting
from scribe.domain.namings import Naming, ScoredPerson, Speaker
from scribe.domain.people import Person
from scribe.domain.speech import SpeakerLabel
from tests.api.planting import plant

FIRST, SECOND, THIRD = (SpeakerLabel(f"SPEAKER_0{index}") for index in range(3))


def speaker(
    label: SpeakerLabel,
    person: Person | None,
    naming: Naming,
    *,
    candidates: tuple[Person, ...] = (),
    refused: tuple[Person, ...] = (),
) -> Speaker:
    """Of a meeting that is filled in by :func:`meeting_with`."""
    return Speaker(
        meeting_id=None,  # type: ignore[arg-type]
        label=label,
        run=1,
        turns=(),
        voiceprint=None,
        quality=None,
        spans=(),
        sample_key=None,
        naming=naming,
        person_id=None if person is None else person.id,
        candidates=tuple(ScoredPerson(one.id, 0.9 - index / 10, 0.8) for index, one in enumerate(candidates)),
        refused=frozenset(one.id for one in refused),
    )


async def meeting_with(units: UnitOfWorkFactory, owner: Principal, *speakers: Speaker) -> Meeting:
    meeting = await plant(units, owner)
    async with units() as unit:
        await unit.speakers.replace(meeting.id, 1, [replace(one, meeting_id=meeting.id) for one in speakers])
    return meeting


async def names_versions(units: UnitOfWorkFactory, *meetings: Meeting) -> list[int]:
    return [await column(units, meeting, "names_version") for meeting in meetings]  # type: ignore[misc]


async def asked_again(units: UnitOfWorkFactory, *meetings: Meeting) -> list[bool]:
    return [await column(units, meeting, "recognition_asked_at") is not None for meeting in meetings]


async def column(units: UnitOfWorkFactory, meeting: Meeting, name: str) -> object:
    async with units() as unit:
        return await unit.session.scalar(text(f"select {name} from meetings where id = :id"), {"id": meeting.id})  # noqa: S608


async def told(units: UnitOfWorkFactory) -> list[tuple[UUID, dict[str, object]]]:
    """Of ``meeting.speakers`` events, in order."""
    query = text("select meeting_id, payload from events where kind = 'meeting.speakers' order by id")
    async with units() as unit:
        return [(row.meeting_id, row.payload) for row in await unit.session.execute(query)]
