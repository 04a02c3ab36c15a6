"""The index of what was said: one row for every segment of every transcript as it stands.

Owns its columns and indexes, beside ``models_db.py`` and by the same rules. Nothing here is a source: it is made from
the result files and what people changed in them, left out of backups, and made again. What speakers are called is not
in it.
"""

from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index
from sqlalchemy.dialects.postgresql import TSVECTOR
from sqlalchemy.orm import Mapped, mapped_column

from scribe.core.models_db import Base


class PassageRow(Base):
    __tablename__ = "passages"
    __table_args__ = (
        Index("ix_passages_words", "words", postgresql_using="gin", postgresql_with={"fastupdate": "off"}),
    )

    meeting_id: Mapped[UUID] = mapped_column(ForeignKey("meetings.id", ondelete="CASCADE"), primary_key=True)
    place: Mapped[int] = mapped_column(primary_key=True)
    """Of the segment in the transcript."""
    start_s: Mapped[float]
    end_s: Mapped[float]
    label: Mapped[str | None]
    language: Mapped[str | None]
    text: Mapped[str]
    words: Mapped[Any] = mapped_column(TSVECTOR)
    """domain.search_terms.indexed"""
