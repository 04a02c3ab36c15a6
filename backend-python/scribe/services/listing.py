"""Lists of meetings with what stands beside each: who speaks, how long it will still take.

Owns what is put together for one page, in a fixed number of queries however long it is.

Usage::

    listed = await listing.page(units, who, MeetingQuery())
"""

from collections.abc import Sequence
from dataclasses import dataclass

from scribe.adapters.unit_of_work import UnitOfWorkFactory
from scribe.domain.accounts import Principal
from scribe.domain.meetings import Cursor, Meeting, MeetingQuery, MeetingSummary, NamedSpeaker
from scribe.services.estimates import NOTHING, Estimate, estimate, estimates

MAX_SPEAKERS = 8
"""Of a meeting in a list: more names than that are not read, but looked up."""


@dataclass(frozen=True, slots=True)
class ListedMeeting:
    meeting: MeetingSummary
    speakers: Sequence[NamedSpeaker]
    """Those who are called something."""
    estimate: Estimate


@dataclass(frozen=True, slots=True)
class ListedMeetings:
    meetings: Sequence[ListedMeeting]
    next: Cursor | None
    """``None``: this was the last page."""


async def page(units: UnitOfWorkFactory, who: Principal, query: MeetingQuery) -> ListedMeetings:
    async with units() as unit:
        found = await unit.meetings.page(who, query)
        names = await unit.meetings.named_speakers([meeting.id for meeting in found.meetings], MAX_SPEAKERS)
        ahead = await estimates(unit, found.meetings)
    listed = [
        ListedMeeting(meeting, names.get(meeting.id, ()), ahead.get(meeting.id, NOTHING)) for meeting in found.meetings
    ]
    return ListedMeetings(listed, found.next)


async def beside(units: UnitOfWorkFactory, meeting: Meeting) -> tuple[Estimate, Sequence[NamedSpeaker]]:
    """The same for a single meeting."""
    async with units() as unit:
        names = await unit.meetings.named_speakers([meeting.id], MAX_SPEAKERS)
        return await estimate(unit, meeting), names.get(meeting.id, ())
