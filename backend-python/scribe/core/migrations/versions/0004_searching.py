"""Full text across meetings"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "0004"
down_revision: str | None = "0003"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

_UNINDEXED = (
    "published_at is not null and "
    "(indexed_run is distinct from results_run or indexed_version is distinct from names_version)"
)


def upgrade() -> None:
    op.create_table(
        "passages",
        sa.Column("meeting_id", sa.Uuid(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("start_s", sa.Float(), nullable=False),
        sa.Column("end_s", sa.Float(), nullable=False),
        sa.Column("label", sa.Text(), nullable=True),
        sa.Column("language", sa.Text(), nullable=True),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("words", postgresql.TSVECTOR(), nullable=False),
        sa.ForeignKeyConstraint(
            ["meeting_id"], ["meetings.id"], name=op.f("fk_passages_meeting_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("meeting_id", "place", name=op.f("pk_passages")),
    )
    op.create_index(
        "ix_passages_words",
        "passages",
        ["words"],
        unique=False,
        postgresql_using="gin",
        postgresql_with={"fastupdate": "off"},
    )
    op.add_column("meetings", sa.Column("indexed_run", sa.Integer(), nullable=True))
    op.add_column("meetings", sa.Column("indexed_version", sa.Integer(), nullable=True))
    op.create_index("ix_meetings_unindexed", "meetings", ["id"], unique=False, postgresql_where=sa.text(_UNINDEXED))


def downgrade() -> None:
    op.drop_index("ix_meetings_unindexed", table_name="meetings")
    op.drop_column("meetings", "indexed_version")
    op.drop_column("meetings", "indexed_run")
    op.drop_table("passages")
