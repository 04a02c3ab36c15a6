"""The audit log over HTTP."""

from datetime import datetime
from typing import Annotated, Any, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from scribe.adapters.audit import AuditQuery
from scribe.api.schemas.instants import Instant
from scribe.domain.audit import ActorKind, Entry
from scribe.services.audit import AuditPage, Verification

ActionName = Annotated[str, StringConstraints(pattern=r"^[a-z_]{1,40}\.[a-z_]{0,40}$")]
Hash = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
SEQUENCE_PATTERN = r"^[0-9]{1,18}$"


class AuditFilter(BaseModel):
    """Which entries; what is left out lets everything through."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)

    meeting: UUID | None = None
    person: UUID | None = None
    """Somebody in the voice bank."""
    user: UUID | None = None
    """Who did it, or about whom it is."""
    action: Annotated[list[ActionName], Field(max_length=60)] = []
    """Any of these; may be repeated. `meeting.` stands for all that begin so."""
    at_from: Instant | None = Field(default=None, examples=["2026-11-01T00:00:00Z"])
    at_to: Instant | None = None
    """Exclusive."""

    def query(self, *, limit: int = 50, before: int | None = None) -> AuditQuery:
        return AuditQuery(
            self.meeting, self.person, self.user, tuple(self.action), self.at_from, self.at_to, before, limit
        )


class AuditListIn(AuditFilter):
    cursor: Annotated[str, StringConstraints(pattern=SEQUENCE_PATTERN)] | None = None
    """`next` of the page before."""
    limit: int = Field(default=50, ge=1, le=1000)
    """Entries of a page; an installation may allow fewer (`SCRIBE_API__MAX_PAGE`)."""

    def page_query(self) -> AuditQuery:
        return self.query(limit=self.limit, before=None if self.cursor is None else int(self.cursor))


class ActorOut(BaseModel):
    model_config = ConfigDict(use_attribute_docstrings=True)

    kind: ActorKind
    """`session`: in a browser; `token`: with an API token; `command`: the `scribe` command; `program`: the service."""
    id: UUID | None
    """The user; null where nobody is signed in."""
    username: str | None
    """Of today; null where the user is gone. The log itself has no names."""
    token_id: UUID | None


class AuditedMeetingOut(BaseModel):
    model_config = ConfigDict(use_attribute_docstrings=True)

    id: UUID
    title: str | None
    """Of today; null where the meeting is gone."""


class AuditEntryOut(BaseModel):
    model_config = ConfigDict(use_attribute_docstrings=True)

    sequence: int
    """From 1, without gaps, in the order in which they were written down."""
    at: datetime
    """When it happened."""
    action: str
    """Stable; docs/audit.md explains each."""
    actor: ActorOut
    meeting: AuditedMeetingOut | None
    person_id: UUID | None
    subject_id: UUID | None
    """What else it is about: another user, a token, a voiceprint, an edit."""
    subject_username: str | None
    """Where that is a user who is still there."""
    detail: dict[str, Any]
    """Labels and numbers, such as the format of an export."""
    hash: str
    """SHA-256 over the hash of the entry before and this entry."""

    @classmethod
    def of(cls, entry: Entry, page: AuditPage) -> Self:
        return cls(
            sequence=entry.sequence,
            at=entry.at,
            action=entry.action,
            actor=ActorOut(
                kind=ActorKind(entry.actor_kind),
                id=entry.actor_id,
                username=_of(page.usernames, entry.actor_id),
                token_id=entry.token_id,
            ),
            meeting=None
            if entry.meeting_id is None
            else AuditedMeetingOut(id=entry.meeting_id, title=page.titles.get(entry.meeting_id)),
            person_id=entry.person_id,
            subject_id=entry.subject_id,
            subject_username=_of(page.usernames, entry.subject_id),
            detail=dict(entry.detail),
            hash=entry.hash.hex(),
        )


class AuditListOut(BaseModel):
    model_config = ConfigDict(use_attribute_docstrings=True)

    items: list[AuditEntryOut]
    """Newest first."""
    next: str | None
    """To be sent as `cursor` for what comes after; null: this is the last page."""

    @classmethod
    def of(cls, page: AuditPage) -> Self:
        items = [AuditEntryOut.of(entry, page) for entry in page.entries]
        return cls(items=items, next=None if page.next is None else str(page.next))


class AuditVerificationOut(BaseModel):
    model_config = ConfigDict(use_attribute_docstrings=True)

    is_intact: bool
    """Every entry is as it was written, none is missing, and `head`, where it was given, is one of them."""
    entries: int
    """That were proved."""
    first_sequence: int | None
    last_sequence: int
    head: str
    """The hash of the last entry that was proved: keep it elsewhere. Whoever cuts entries off at the end leaves a chain
    that is intact; a head that was kept shows it."""
    broken_at: int | None
    """The first entry that is not as it was written, or is missing."""
    reason: str | None
    is_head_known: bool | None
    """Whether the head that was sent is one of the chain; null: none was sent."""

    @classmethod
    def of(cls, found: Verification) -> Self:
        return cls(
            is_intact=found.is_intact,
            entries=found.count,
            first_sequence=found.first,
            last_sequence=found.head.sequence,
            head=found.head.hash.hex(),
            broken_at=found.broken_at,
            reason=found.reason,
            is_head_known=found.is_head_known,
        )


def _of(names: Any, id_: UUID | None) -> str | None:
    return None if id_ is None else names.get(id_)
