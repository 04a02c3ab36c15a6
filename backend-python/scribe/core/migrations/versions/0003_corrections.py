"""Corrections: who changed what in a transcript"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "0003"
down_revision: str | None = "0002"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "edits",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("meeting_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("author_id", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("start_s", sa.Float(), nullable=False),
        sa.Column("end_s", sa.Float(), nullable=False),
        sa.Column("label", sa.Text(), nullable=True),
        sa.Column("payload", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("run", sa.Integer(), nullable=True),
        sa.Column("undone_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("undone_by", sa.Uuid(), nullable=True),
        sa.Column("is_lost", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.CheckConstraint(
            "kind in ('text', 'split', 'join', 'confirm', 'move', 'merge', 'name')", name=op.f("ck_edits_kind")
        ),
        sa.ForeignKeyConstraint(["author_id"], ["users.id"], name=op.f("fk_edits_author_id"), ondelete="SET NULL"),
        sa.ForeignKeyConstraint(["meeting_id"], ["meetings.id"], name=op.f("fk_edits_meeting_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["undone_by"], ["users.id"], name=op.f("fk_edits_undone_by"), ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_edits")),
    )
    op.create_index("uq_edits_number", "edits", ["meeting_id", "number"], unique=True)
    op.create_index("ix_edits_span", "edits", ["meeting_id", "start_s", "end_s"], unique=False)
    op.add_column("segment_moves", sa.Column("edit_id", sa.Uuid(), nullable=True))
    op.add_column("segment_moves", sa.Column("position", sa.Integer(), server_default=sa.text("0"), nullable=False))
    op.add_column("segment_moves", sa.Column("is_merge", sa.Boolean(), server_default=sa.text("false"), nullable=False))
    op.create_foreign_key(
        op.f("fk_segment_moves_edit_id"), "segment_moves", "edits", ["edit_id"], ["id"], ondelete="SET NULL"
    )
    op.create_index(op.f("ix_segment_moves_edit_id"), "segment_moves", ["edit_id"], unique=False)
    op.add_column("meetings", sa.Column("edited_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("meetings", sa.Column("unwritten_since", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    op.drop_column("meetings", "unwritten_since")
    op.drop_column("meetings", "edited_at")
    op.drop_index(op.f("ix_segment_moves_edit_id"), table_name="segment_moves")
    op.drop_constraint(op.f("fk_segment_moves_edit_id"), "segment_moves", type_="foreignkey")
    op.drop_column("segment_moves", "is_merge")
    op.drop_column("segment_moves", "position")
    op.drop_column("segment_moves", "edit_id")
    op.drop_index("ix_edits_span", table_name="edits")
    op.drop_index("uq_edits_number", table_name="edits")
    op.drop_table("edits")
