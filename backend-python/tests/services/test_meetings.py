"""The moment a recording becomes a meeting, and who may see it then."""

import asyncio

import pytest

from scribe.adapters.unit_of_work import UnitOfWorkFactory
from scribe.domain.accounts import Principal, may_see
from scribe.domain.errors import DuplicateError
from scribe.domain.meetings import Meeting
from tests.api.planting import plant

SAME = b"the same recording"


async def test_a_title_comes_from_the_files_name_where_there_is_none(
    units: UnitOfWorkFactory, member: Principal
) -> None:
    for file_name, title in (
        ("Comité.2026.m4a", "Comité.2026"),
        (".hidden", ".hidden"),
        ("x" * 255, "x" * 200),
        ("\u202e.wav", "Recording"),
        (None, "Recording"),
    ):
        assert (await plant(units, member, file_name=file_name)).title == title
    assert (await plant(units, member, title="Said", file_name="a.wav")).title == "Said"


async def test_the_same_recording_again_is_noticed_and_processed_when_asked_for(
    units: UnitOfWorkFactory, member: Principal, stranger: Principal
) -> None:
    first = await plant(units, member, content=SAME)
    with pytest.raises(DuplicateError) as refused:
        await plant(units, member, content=SAME)
    assert refused.value.meeting_id == first.id
    assert (await plant(units, member, content=SAME, is_duplicate_welcome=True)).id != first.id
    assert (await plant(units, stranger, content=SAME)).id != first.id  # what others have is nobody's business


async def test_of_the_same_recording_twice_at_the_same_time_one_becomes_a_meeting(
    units: UnitOfWorkFactory, member: Principal
) -> None:
    ends = await asyncio.gather(*(plant(units, member, content=SAME) for _ in range(5)), return_exceptions=True)
    assert sum(isinstance(end, Meeting) for end in ends) == 1
    assert sum(isinstance(end, DuplicateError) for end in ends) == 4


async def test_the_rule_in_sql_is_the_rule_of_the_domain(
    units: UnitOfWorkFactory, member: Principal, stranger: Principal, administrator: Principal
) -> None:
    meeting = await plant(units, member)
    for who in (member, stranger, administrator):
        async with units() as unit:
            seen = await unit.meetings.visible(meeting.id, who)
        assert (seen is not None) == may_see(who, meeting.owner_id), who.username
