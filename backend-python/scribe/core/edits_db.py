"""The table of what people changed in transcripts.

Owns its columns, constraints and indexes, beside ``models_db.py`` and by the same rules. Holds transcript text; of
people it holds ids and names that ``services/forgetting.py`` takes away, as everywhere.
"""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from scribe.core.models_db import NOW, Base


class EditRow(Base):
    __tablename__ = "edits"
    __table_args__ = (
        CheckConstraint("kind in ('text', 'split', 'join', 'confirm', 'move', 'merge', 'name')", name="kind"),
        Index("uq_edits_number", "meeting_id", "number", unique=True),
        Index("ix_edits_span", "meeting_id", "start_s", "end_s"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    meeting_id: Mapped[UUID] = mapped_column(ForeignKey("meetings.id", ondelete="CASCADE"))
    number: Mapped[int]
    """Counts within the meeting, from 1: the history's order."""
    position: Mapped[int]
    """The order in which standing edits are applied: the number at first, a later one when it was redone."""
    kind: Mapped[str]
    author_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    created_at: Mapped[datetime] = mapped_column(server_default=NOW)
    start_s: Mapped[float]
    end_s: Mapped[float]
    label: Mapped[str | None]
    """The speaker it is about."""
    payload: Mapped[dict[str, Any]]
    """domain.edits: lines before and after; of a move its stretches; of a name the decision before and after (ids of
    people, free names)."""
    run: Mapped[int | None]
    """Whose transcript it was made in."""
    undone_at: Mapped[datetime | None]
    undone_by: Mapped[UUID | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    is_lost: Mapped[bool] = mapped_column(server_default=text("false"))
    """After another run it has no place: kept and shown, not applied."""
