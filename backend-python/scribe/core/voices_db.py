"""The tables of the voice bank: biometric data (GDPR art. 9), see docs/privacy.md.

Owns their columns, constraints and indexes, beside ``models_db.py`` and by the same rules. Whatever is added here about
a person must be erased by ``services/forgetting.py``, too: a test searches everything.
"""

from datetime import datetime
from typing import Any
from uuid import UUID

from pgvector.sqlalchemy import Vector
from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from scribe.core.models_db import NOW, Base


class PersonRow(Base):
    """Somebody who may be recognised."""

    __tablename__ = "people"
    __table_args__ = (
        Index("ix_people_owner_folded_name", "owner_id", "folded_name", "id"),
        Index("ix_people_shared", "folded_name", "id", postgresql_where=text("is_shared")),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    owner_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    name: Mapped[str]
    folded_name: Mapped[str]
    """Name without case and accents (domain.people.sort_name): what lists sort by. Never unique: a refusal would tell
    that somebody is here."""
    folded_text: Mapped[str]
    """Name, aliases and note without case and accents (domain.people.search_text): what lists search. Too long for an
    index, and people are few."""
    aliases: Mapped[list[str]] = mapped_column(server_default=text("'{}'"))
    note: Mapped[str] = mapped_column(server_default="")
    is_shared: Mapped[bool] = mapped_column(server_default=text("false"))
    merged_ids: Mapped[list[UUID]] = mapped_column(server_default=text("'{}'"))
    """Entries that turned out to be this person: an older backup still has them, so forgetting forgets them, too."""
    version: Mapped[int] = mapped_column(server_default=text("1"))
    created_at: Mapped[datetime] = mapped_column(server_default=NOW)
    updated_at: Mapped[datetime] = mapped_column(server_default=NOW)


class ConsentRow(Base):
    __tablename__ = "consents"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("people.id", ondelete="CASCADE"), index=True)
    given_by: Mapped[str]
    text_version: Mapped[str]
    given_at: Mapped[datetime] = mapped_column(server_default=NOW)
    recorded_at: Mapped[datetime] = mapped_column(server_default=NOW)
    recorded_by: Mapped[UUID | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    withdrawn_at: Mapped[datetime | None]


class VoiceprintRow(Base):
    """One print of one person. Prints are added and removed, never changed or averaged (but made again by another
    model, from the kept sample)."""

    __tablename__ = "voiceprints"
    __table_args__ = (
        Index(
            "uq_voiceprints_learned",
            "person_id",
            "meeting_id",
            "label",
            unique=True,
            postgresql_where=text("is_learned"),
        ),
        CheckConstraint("origin in ('clip', 'microphone', 'meeting', 'import')", name="origin"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("people.id", ondelete="CASCADE"), index=True)
    vector: Mapped[Any] = mapped_column(Vector())
    """(dimension,) float32, unit length; the dimension is the model's."""
    model_id: Mapped[str]
    model_revision: Mapped[str]
    speech_s: Mapped[float]
    quality: Mapped[dict[str, Any]]
    """domain.voice_quality.VoiceQuality."""
    origin: Mapped[str]
    is_learned: Mapped[bool] = mapped_column(server_default=text("false"))
    meeting_id: Mapped[UUID | None] = mapped_column(index=True)
    """No foreign key: the print may outlive the meeting."""
    label: Mapped[str | None]
    spans: Mapped[list[Any]] = mapped_column(server_default=text("'[]'"))
    """[[start_s, end_s], ...]"""
    file_name: Mapped[str | None]
    channel: Mapped[str | None]
    sample_key: Mapped[str | None]
    confirmed_by: Mapped[UUID | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    confirmed_at: Mapped[datetime | None]
    is_stale: Mapped[bool] = mapped_column(server_default=text("false"))
    created_at: Mapped[datetime] = mapped_column(server_default=NOW)


class SpeakerRow(Base):
    """One voice of one meeting, and who it is."""

    __tablename__ = "speakers"
    __table_args__ = (
        CheckConstraint("naming in ('unknown', 'suggested', 'auto', 'confirmed', 'rejected')", name="naming"),
    )

    meeting_id: Mapped[UUID] = mapped_column(ForeignKey("meetings.id", ondelete="CASCADE"), primary_key=True)
    label: Mapped[str] = mapped_column(primary_key=True)
    run: Mapped[int]
    turns: Mapped[list[Any]] = mapped_column(server_default=text("'[]'"))
    """[[start_s, end_s], ...]: everything this speaker said."""
    vector: Mapped[Any | None] = mapped_column(Vector())
    model_id: Mapped[str | None]
    model_revision: Mapped[str | None]
    speech_s: Mapped[float | None]
    """Clean speech that the vector was made from."""
    quality: Mapped[dict[str, Any] | None]
    spans: Mapped[list[Any]] = mapped_column(server_default=text("'[]'"))
    """The cleanest stretches."""
    sample_key: Mapped[str | None]

    naming: Mapped[str] = mapped_column(server_default="unknown")
    person_id: Mapped[UUID | None] = mapped_column(ForeignKey("people.id", ondelete="SET NULL"), index=True)
    name: Mapped[str | None]
    score: Mapped[float | None]
    probability: Mapped[float | None]
    reason: Mapped[str | None]
    explanation: Mapped[str] = mapped_column(server_default="")
    candidates: Mapped[list[Any]] = mapped_column(server_default=text("'[]'"))
    """[{"person_id", "score", "probability"}, ...]: ids only, names are looked up by those who may read them."""
    refused: Mapped[list[UUID]] = mapped_column(server_default=text("'{}'"))
    learned_print_id: Mapped[UUID | None] = mapped_column(ForeignKey("voiceprints.id", ondelete="SET NULL"), index=True)
    decided_by: Mapped[UUID | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    decided_at: Mapped[datetime | None]


class SegmentMoveRow(Base):
    __tablename__ = "segment_moves"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    meeting_id: Mapped[UUID] = mapped_column(ForeignKey("meetings.id", ondelete="CASCADE"), index=True)
    start_s: Mapped[float]
    end_s: Mapped[float]
    from_label: Mapped[str | None]
    to_label: Mapped[str]
    moved_by: Mapped[UUID | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    created_at: Mapped[datetime] = mapped_column(server_default=NOW)
    is_lost: Mapped[bool] = mapped_column(server_default=text("false"))
    is_merge: Mapped[bool] = mapped_column(server_default=text("false"))
    """All that ``from_label`` says anywhere is ``to_label``'s: two speakers were one."""
    position: Mapped[int] = mapped_column(server_default=text("0"))
    """That of its edit, among edits (core/edits_db.py); 0: made before there were any."""
    edit_id: Mapped[UUID | None] = mapped_column(ForeignKey("edits.id", ondelete="SET NULL"), index=True)


class EnrolmentRow(Base):
    """A short piece of work for a worker's voice lane: enrol a clip, tell whose voice it is, make a print again."""

    __tablename__ = "enrolments"
    __table_args__ = (
        CheckConstraint("kind in ('enrol', 'test', 'remake')", name="kind"),
        CheckConstraint(
            "status in ('PENDING', 'PROCESSING', 'DONE', 'QUESTIONED', 'REFUSED', 'FAILED')", name="status"
        ),
        CheckConstraint("(status = 'PROCESSING') = (token is not null and lease_until is not null)", name="lease"),
        Index("ix_enrolments_open", "created_at", postgresql_where=text("status in ('PENDING', 'PROCESSING')")),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    owner_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    """Who asked; ``None``: the product itself (a print is made again)."""
    person_id: Mapped[UUID | None] = mapped_column(ForeignKey("people.id", ondelete="CASCADE"), index=True)
    kind: Mapped[str]
    status: Mapped[str] = mapped_column(server_default="PENDING")
    origin: Mapped[str | None]
    source_key: Mapped[str]
    """Where the clip waits (``layout.clip_key``), or the sample of the print to be made again."""
    file_name: Mapped[str | None]
    is_forced: Mapped[bool] = mapped_column(server_default=text("false"))
    """A human was asked whether this clip is the right one, and said yes."""
    meeting_id: Mapped[UUID | None] = mapped_column(ForeignKey("meetings.id", ondelete="CASCADE"), index=True)
    label: Mapped[str | None]
    """With ``meeting_id``: the speaker whose stored print is enrolled; no clip waits then."""
    remade_print_id: Mapped[UUID | None] = mapped_column(ForeignKey("voiceprints.id", ondelete="CASCADE"))
    voiceprint_id: Mapped[UUID | None] = mapped_column(ForeignKey("voiceprints.id", ondelete="SET NULL"), index=True)
    """What came of it."""
    result: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))
    """Problems, questions (ids of people only), quality, the verdict of a test. Never a vector, never a name."""
    attempt: Mapped[int] = mapped_column(server_default=text("0"))
    token: Mapped[UUID | None]
    lease_until: Mapped[datetime | None]
    next_attempt_at: Mapped[datetime] = mapped_column(server_default=NOW)
    created_at: Mapped[datetime] = mapped_column(server_default=NOW)
    finished_at: Mapped[datetime | None]


class ErasureRow(Base):
    """Somebody was forgotten, or withdrew consent: ids and a time, so that a restored backup forgets again. Never a
    name."""

    __tablename__ = "erasures"

    person_id: Mapped[UUID] = mapped_column(primary_key=True)
    erased_at: Mapped[datetime] = mapped_column(server_default=NOW)
    policy: Mapped[str]
    """What became of the name; ``voice``: the person stays, only the voice was erased (consent withdrawn)."""
    pseudonym: Mapped[str | None]
    voiceprint_ids: Mapped[list[UUID]] = mapped_column(server_default=text("'{}'"))
    """Prints that were erased: in an older backup they may belong to the person this one was split from."""
    is_stored: Mapped[bool] = mapped_column(server_default=text("false"))
    """Whether the same stands in storage, which outlives a restored database."""
