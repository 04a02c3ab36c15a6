"""Search across meetings, and the tags there are, over HTTP."""

from datetime import date, datetime
from typing import Annotated, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from scribe.api.schemas.meetings import Out
from scribe.api.schemas.texts import SearchText
from scribe.domain.errors import OptionError
from scribe.domain.meeting import MeetingId
from scribe.domain.people import PersonId
from scribe.domain.search import MAX_QUERY_LENGTH, MOST_PASSED, Quote, SearchPage, SearchWish, TagCount

_CURSOR = "after-"


class SearchIn(BaseModel):
    """What to find, spoken by whom and when."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True, populate_by_name=True)

    q: Annotated[SearchText, StringConstraints(min_length=1, max_length=MAX_QUERY_LENGTH)] = Field(
        examples=['"budget prévisionnel" -2025']
    )
    """Words, in French or English: all of them, in any form (`décider` finds `décidées`), whatever case and accents.
    `"in quotes"`: one after the other. `-word`: without it. `OR` between two: one of them. The last word may be a
    beginning."""
    label_name: SearchText | None = Field(default=None, examples=["perrin"])
    """In the name of who speaks; case and accents do not matter."""
    person_id: UUID | None = None
    """Who speaks."""
    held_from: date | None = Field(default=None, alias="from")
    held_to: date | None = Field(default=None, alias="to")
    """Inclusive. Where it is not known when a meeting was held: the day of the upload (UTC)."""
    meeting_id: UUID | None = None
    """Only in this one."""
    cursor: Annotated[str, StringConstraints(max_length=100)] | None = None
    """`next` of the page before."""
    limit: int = Field(default=20, ge=1, le=100)

    def wish(self) -> SearchWish:
        """Raises: OptionError for a cursor that is none."""
        return SearchWish(
            text=self.q,
            label_name=self.label_name or None,
            person_id=None if self.person_id is None else PersonId(self.person_id),
            held_from=self.held_from,
            held_to=self.held_to,
            meeting_id=None if self.meeting_id is None else MeetingId(self.meeting_id),
            start=0 if self.cursor is None else _start(self.cursor),
            limit=self.limit,
        )


class FoundMeetingOut(Out):
    id: UUID
    title: str
    held_on: date | None
    created_at: datetime


class FoundSegmentOut(Out):
    index: int
    """Its place in the transcript."""
    start: float
    end: float
    speaker: str | None
    """Label; null: nobody could be told."""
    name: str | None
    """What the speaker is called today; null: nobody said yet."""
    text: str
    language: str | None


class QuoteOut(Out):
    """A segment that was found, with where it stands."""

    model_config = ConfigDict(
        use_attribute_docstrings=True,
        json_schema_extra={"example": {
            "meeting": {"id": "019ab3c5-7c1e-7f00-8a54-3f5d1f0e9a11", "title": "Comité du 21 novembre",
                        "held_on": "2026-11-21", "created_at": "2026-11-21T14:03:00Z"},
            "segment": {"index": 41, "start": 312.4, "end": 316.9, "speaker": "SPEAKER_01", "name": "Claire Perrin",
                        "text": "Nous décidons du budget en décembre.", "language": "fr"},
            "matches": [[5, 13], [17, 23]],
            "before": "Et pour le reste ?", "after": "Très bien.",
        }},
    )  # fmt: skip

    meeting: FoundMeetingOut
    segment: FoundSegmentOut
    matches: list[tuple[int, int]]
    """What was found in the text: from, to (exclusive), in UTF-16 units as JavaScript counts."""
    before: str | None
    """The segment before, whoever speaks."""
    after: str | None

    @classmethod
    def of(cls, quote: Quote) -> Self:
        passage = quote.passage
        return cls(
            meeting=FoundMeetingOut.model_validate(quote.meeting),
            segment=FoundSegmentOut(
                index=passage.place, start=passage.start_s, end=passage.end_s, speaker=passage.label, name=quote.name,
                text=passage.text, language=passage.language,
            ),
            matches=list(quote.matches),
            before=quote.before,
            after=quote.after,
        )  # fmt: skip


class SearchOut(Out):
    items: list[QuoteOut]
    """Best first: what fits well, and what is recent."""
    next: str | None
    """To be sent as `cursor` for what comes after; null: this is the last page."""
    total: int
    """How many there are; 1000: or more."""

    @classmethod
    def of(cls, page: SearchPage) -> Self:
        following = None if page.next_start is None else f"{_CURSOR}{page.next_start}"
        return cls(items=[QuoteOut.of(quote) for quote in page.quotes], next=following, total=page.total)


class TagOut(Out):
    tag: str
    count: int
    """Meetings that have it."""


class TagsOut(Out):
    items: list[TagOut]
    """Most used first."""

    @classmethod
    def of(cls, tags: list[TagCount]) -> Self:
        return cls(items=[TagOut.model_validate(tag) for tag in tags])


def _start(cursor: str) -> int:
    number = cursor.removeprefix(_CURSOR)
    if not cursor.startswith(_CURSOR) or not (number.isascii() and number.isdecimal()) or int(number) > MOST_PASSED:
        raise OptionError("This `cursor` is not one that a search gave you: begin without it.")
    return int(number)
