"""The table of the audit log.

Owns its columns, constraints and indexes, beside ``models_db.py`` and by the same rules. Ids only, never a name or a
text; no foreign key, so that an entry outlives what it speaks of. A trigger refuses to change or remove a row
(migration 0005), but for ``audit_log_prune``.
"""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Index, LargeBinary, text
from sqlalchemy.orm import Mapped, mapped_column

from scribe.core.models_db import Base


class AuditRow(Base):
    __tablename__ = "audit_log"
    __table_args__ = (
        CheckConstraint("actor_kind in ('session', 'token', 'command', 'program')", name="actor_kind"),
        CheckConstraint("length(previous) = 32 and length(hash) = 32", name="hashes"),
        Index("ix_audit_log_at", "at"),
        Index("ix_audit_log_action", "action", "sequence"),
        Index("ix_audit_log_meeting", "meeting_id", "sequence", postgresql_where=text("meeting_id is not null")),
        Index("ix_audit_log_actor", "actor_id", "sequence", postgresql_where=text("actor_id is not null")),
        Index("ix_audit_log_person", "person_id", "sequence", postgresql_where=text("person_id is not null")),
        Index("ix_audit_log_subject", "subject_id", "sequence", postgresql_where=text("subject_id is not null")),
    )

    sequence: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    """From 1, without gaps, in the order of commits."""
    at: Mapped[datetime]
    """When it happened: of a read some seconds before it was written down."""
    action: Mapped[str]
    actor_kind: Mapped[str]
    actor_id: Mapped[UUID | None]
    """A user."""
    token_id: Mapped[UUID | None]
    """The API token it was done with."""
    meeting_id: Mapped[UUID | None]
    person_id: Mapped[UUID | None]
    subject_id: Mapped[UUID | None]
    """Another user, a token, a voiceprint, an edit: what the action is about."""
    detail: Mapped[dict[str, Any]]
    previous: Mapped[bytes] = mapped_column(LargeBinary)
    """The hash of the entry before; 32 zero bytes for the first."""
    hash: Mapped[bytes] = mapped_column(LargeBinary)
    """SHA-256 of ``previous`` and the entry (domain/audit.py)."""
