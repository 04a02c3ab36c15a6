"""What is searched for across meetings, and what is found.

Owns the values; how a query is understood is ``domain/search_query.py``'s, how it is answered ``adapters/search.py``'s.

Usage::

    page = await search.find(units, who, SearchWish("budget 2027", person_id=claire))
"""

from dataclasses import dataclass
from datetime import date, datetime

from scribe.domain.meeting import MeetingId
from scribe.domain.people import PersonId
from scribe.domain.speech import SpeakerLabel

MAX_QUERY_LENGTH = 200
MOST_COUNTED = 1000
"""``total`` stops there: nobody reads on, and counting on would cost more than finding."""
MOST_PASSED = 1000
"""How many results may be paged through: whoever wants more says more."""


@dataclass(frozen=True, slots=True)
class SearchWish:
    """Who asks for what. Empty filters let everything through."""

    text: str
    label_name: str | None = None
    """In the name of who speaks; case and accents do not matter."""
    person_id: PersonId | None = None
    """Who speaks."""
    held_from: date | None = None
    held_to: date | None = None
    """Inclusive. Where it is not known when a meeting was held: the day of the upload (UTC)."""
    meeting_id: MeetingId | None = None
    start: int = 0
    """How many results were read already."""
    limit: int = 20


@dataclass(frozen=True, slots=True)
class Passage:
    """One segment of a transcript, as the index keeps it."""

    place: int
    """Its index in the transcript."""
    start_s: float
    end_s: float
    label: SpeakerLabel | None
    language: str | None
    text: str


@dataclass(frozen=True, slots=True)
class FoundMeeting:
    id: MeetingId
    title: str
    held_on: date | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Quote:
    """A passage that was found."""

    meeting: FoundMeeting
    passage: Passage
    name: str | None
    """Of who speaks, as it is today."""
    matches: tuple[tuple[int, int], ...]
    """What was found in the text: from, to (exclusive), counted in UTF-16 units as JavaScript does."""
    before: str | None
    """The passage before, whoever speaks; ``None``: it is the first one."""
    after: str | None


@dataclass(frozen=True, slots=True)
class SearchPage:
    quotes: tuple[Quote, ...]
    next_start: int | None
    """``None``: nothing follows."""
    total: int
    """At most ``MOST_COUNTED``."""


@dataclass(frozen=True, slots=True)
class TagCount:
    tag: str
    count: int
