"""People, their consents, and where they were heard, over HTTP.

Owns what a request may hold and what is shown: never a vector and never a place in storage. (What answers an access
request is the one exception; ``services/voice_transfer.py`` puts it together.)
"""

from collections.abc import Collection, Mapping
from datetime import date, datetime
from typing import Annotated, Any, Self
from uuid import UUID

from pydantic import ConfigDict, Field

from scribe.api.schemas.accounts import In
from scribe.api.schemas.instants import Instant
from scribe.api.schemas.meetings import Out, without_defaults
from scribe.api.schemas.texts import GivenBy, PersonName, PersonNote, SearchText, TextVersion
from scribe.domain.accounts import Principal
from scribe.domain.appearances import AppearancePage, PersonCounts
from scribe.domain.meeting import MeetingId
from scribe.domain.meetings import Cursor, Order
from scribe.domain.namings import Naming
from scribe.domain.people import (
    MAX_ALIASES,
    Consent,
    ConsentDraft,
    Forgotten,
    Person,
    PersonChanges,
    PersonDraft,
    PersonId,
    PersonPage,
    PersonQuery,
    may_change_person,
)

PREFIX = "/api/v1/people"
MAX_SPLIT = 1000

Aliases = Annotated[list[PersonName], Field(max_length=MAX_ALIASES)]


class ConsentIn(In):
    """Somebody agreed to be recognised by voice (GDPR art. 9 (2) a)."""

    given_by: GivenBy = Field(examples=["Claire Martin, signed form of 3 March"])
    """Who agreed, and how, in words."""
    text_version: TextVersion = Field(examples=["fr-1"])
    """Which text was agreed to: `version` of `GET /api/v1/voices/consent-text`, or your organisation's own."""
    given_at: Instant | None = None
    """Left out: now."""

    def draft(self) -> ConsentDraft:
        return ConsentDraft(self.given_by, self.text_version, self.given_at)


class PersonIn(In):
    """Somebody who is to be recognised."""

    name: PersonName = Field(examples=["Claire Martin"])
    """As minutes are to call the person. Two people may have the same one."""
    aliases: Aliases = Field(default=[])
    """Other names by which the person may be asked for (`voices` of a meeting)."""
    note: PersonNote = ""
    is_shared: bool = False
    """Whether everybody in this installation sees the person and has meetings compared with the voice; otherwise only
    you (and administrators) do."""
    consent: ConsentIn | None = None
    """What the person agreed to, when that is known by now; otherwise `POST /api/v1/people/{person_id}/consents`."""

    def draft(self) -> PersonDraft:
        return PersonDraft(self.name, tuple(self.aliases), self.note, self.is_shared)


class PersonChangesIn(In):
    """What is left out stays as it is."""

    model_config = ConfigDict(
        extra="forbid",
        use_attribute_docstrings=True,
        json_schema_extra=without_defaults({"name": "Claire Martin-Duval", "is_shared": True}),
    )

    name: PersonName = ""
    aliases: Aliases = Field(default=[])
    note: PersonNote = ""
    is_shared: bool = False

    def changes(self) -> PersonChanges:
        sent = self.model_fields_set
        return PersonChanges(
            name=self.name if "name" in sent else None,
            aliases=tuple(self.aliases) if "aliases" in sent else None,
            note=self.note if "note" in sent else None,
            is_shared=self.is_shared if "is_shared" in sent else None,
        )


class PersonListIn(In):
    q: SearchText | None = Field(default=None, examples=["martin"])
    """In name, aliases or note; case and accents do not matter."""
    cursor: Annotated[str, Field(max_length=4000)] | None = None
    """`next` of the page before."""
    limit: int = Field(default=50, ge=1, le=1000)
    """Entries of a page; an installation may allow fewer (`SCRIBE_API__MAX_PAGE`)."""

    def query(self) -> PersonQuery:
        return PersonQuery(text=self.q or "", after=self.cursor, limit=self.limit)


class PersonOut(Out):
    """Somebody of the voice bank."""

    id: UUID
    name: str = Field(examples=["Claire Martin"])
    aliases: list[str]
    note: str
    is_shared: bool
    """Everybody in this installation sees the person."""
    owner_id: UUID
    """The user who introduced the person."""
    may_change: bool
    """Whether you may change, enrol, teach, merge and forget this person; otherwise you may only read."""
    has_consent: bool
    """Without an active consent the person is not enrolled, not taught and not recognised."""
    num_voiceprints: int
    speech_s: float
    """Clean speech of all voiceprints together."""
    num_meetings: int
    """Meetings that you may see in which the person is named."""
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, person: Person, who: Principal, num_meetings: int) -> Self:
        return cls(**_shown(person, who), num_meetings=num_meetings)


class PersonDetailOut(PersonOut):
    num_stale: int
    """Voiceprints of a model that is not in use any more: compared with nothing until they are made again."""

    @classmethod
    def with_counts(cls, person: Person, who: Principal, counts: PersonCounts) -> Self:
        return cls(**_shown(person, who), num_stale=counts.num_stale, num_meetings=counts.num_meetings)


_NOT_THE_SAME = {"aliases", "may_change", "num_meetings"}


def _shown(person: Person, who: Principal) -> dict[str, Any]:
    return {
        **{name: getattr(person, name) for name in PersonOut.model_fields if name not in _NOT_THE_SAME},
        "aliases": list(person.aliases),
        "may_change": may_change_person(who, person.owner_id),
    }


class PeopleOut(Out):
    items: list[PersonOut]
    next: str | None
    """To be sent as `cursor` for what comes after; null: this is the last page. `Link` has it as an address."""

    @classmethod
    def of(cls, page: PersonPage, who: Principal, num_meetings: Mapping[PersonId, int]) -> Self:
        """``num_meetings``: 0 for who is not in it."""
        shown = [PersonOut.of(person, who, num_meetings.get(person.id, 0)) for person in page.people]
        return cls(items=shown, next=page.next)


class ConsentOut(Out):
    id: UUID
    given_by: str
    text_version: str
    given_at: datetime
    recorded_at: datetime
    recorded_by: UUID | None
    """The user who recorded it; null: the account is gone."""
    withdrawn_at: datetime | None
    is_active: bool

    @classmethod
    def of(cls, consent: Consent) -> Self:
        return cls.model_validate(consent)


class ConsentsOut(Out):
    items: list[ConsentOut]
    """Oldest first; withdrawn ones stay, as evidence."""


class MergeIn(In):
    other_id: UUID
    """This person disappears; what was known by it belongs to the one in the address."""


class SplitIn(In):
    voice_ids: Annotated[list[UUID], Field(min_length=1, max_length=MAX_SPLIT)]
    """Voiceprints that are somebody else's."""
    name: PersonName = Field(examples=["Anne Durand"])
    """Of the new person they become."""


class ForgottenOut(Out):
    """What went with a person."""

    person_id: UUID
    voiceprints: int
    samples: int
    meetings: list[UUID]
    """Where the person was named or considered, of those that you may see: their result files are written again
    within moments."""
    pseudonym: str | None
    """What old transcripts say instead of the name (`names=pseudonymise`); leads back to nobody."""

    @classmethod
    def of(cls, forgotten: Forgotten, visible: Collection[MeetingId]) -> Self:
        return cls(
            person_id=forgotten.person_id,
            voiceprints=forgotten.voiceprints,
            samples=forgotten.samples,
            meetings=[meeting_id for meeting_id in forgotten.meetings if meeting_id in visible],
            pseudonym=forgotten.pseudonym,
        )


class NamedSpeakerOut(Out):
    label: str = Field(examples=["SPEAKER_00"])
    """Which speaker of the meeting it is."""
    naming: Naming
    """`auto`: the bank was sure; `confirmed`: somebody said so."""
    probability: float | None
    """The bank's; null: it was never asked."""


class AppearanceOut(Out):
    """A meeting in which the person is named."""

    meeting_id: UUID
    title: str
    held_on: date | None
    created_at: datetime
    speakers: list[NamedSpeakerOut]
    """More than one when somebody said that two voices are the same person."""


class AppearancesOut(Out):
    items: list[AppearanceOut]
    """Newest meeting first."""
    next: str | None
    """To be sent as `cursor` for what comes after; null: this is the last page. `Link` has it as an address."""

    @classmethod
    def of(cls, page: AppearancePage) -> Self:
        items = [AppearanceOut.model_validate(one) for one in page.appearances]
        return cls(items=items, next=page.next.encode() if page.next else None)


class AppearancesIn(In):
    cursor: Annotated[str, Field(max_length=4000)] | None = None
    """`next` of the page before."""
    limit: int = Field(default=50, ge=1, le=1000)
    """Entries of a page; an installation may allow fewer (`SCRIBE_API__MAX_PAGE`)."""

    @property
    def after(self) -> Cursor | None:
        """Raises: OptionError for a cursor that is none."""
        return None if self.cursor is None else Cursor.decode(self.cursor, Order.NEWEST)
