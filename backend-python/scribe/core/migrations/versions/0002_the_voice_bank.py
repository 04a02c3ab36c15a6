"""The voice bank: people, consents, voiceprints, who is who in each meeting"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from pgvector.sqlalchemy import Vector
from sqlalchemy.dialects import postgresql

revision: str = "0002"
down_revision: str | None = "0001"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    op.execute("create extension if not exists vector")
    op.create_table(
        "erasures",
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("erased_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("policy", sa.Text(), nullable=False),
        sa.Column("pseudonym", sa.Text(), nullable=True),
        sa.Column("voiceprint_ids", postgresql.ARRAY(sa.Uuid()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("is_stored", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.PrimaryKeyConstraint("person_id", name=op.f("pk_erasures")),
    )
    op.create_table(
        "people",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("owner_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("folded_name", sa.Text(), nullable=False),
        sa.Column("folded_text", sa.Text(), nullable=False),
        sa.Column("aliases", postgresql.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("note", sa.Text(), server_default="", nullable=False),
        sa.Column("is_shared", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("merged_ids", postgresql.ARRAY(sa.Uuid()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["owner_id"], ["users.id"], name=op.f("fk_people_owner_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_people")),
    )
    op.create_index("ix_people_owner_folded_name", "people", ["owner_id", "folded_name", "id"], unique=False)
    op.create_index(
        "ix_people_shared", "people", ["folded_name", "id"], unique=False, postgresql_where=sa.text("is_shared")
    )
    op.create_table(
        "consents",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("given_by", sa.Text(), nullable=False),
        sa.Column("text_version", sa.Text(), nullable=False),
        sa.Column("given_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("recorded_by", sa.Uuid(), nullable=True),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_consents_person_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["recorded_by"], ["users.id"], name=op.f("fk_consents_recorded_by"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consents")),
    )
    op.create_index(op.f("ix_consents_person_id"), "consents", ["person_id"], unique=False)
    op.create_table(
        "segment_moves",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("meeting_id", sa.Uuid(), nullable=False),
        sa.Column("start_s", sa.Double(), nullable=False),
        sa.Column("end_s", sa.Double(), nullable=False),
        sa.Column("from_label", sa.Text(), nullable=True),
        sa.Column("to_label", sa.Text(), nullable=False),
        sa.Column("moved_by", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("is_lost", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.ForeignKeyConstraint(
            ["meeting_id"], ["meetings.id"], name=op.f("fk_segment_moves_meeting_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["moved_by"], ["users.id"], name=op.f("fk_segment_moves_moved_by"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_segment_moves")),
    )
    op.create_index(op.f("ix_segment_moves_meeting_id"), "segment_moves", ["meeting_id"], unique=False)
    op.create_table(
        "voiceprints",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("vector", Vector(), nullable=False),
        sa.Column("model_id", sa.Text(), nullable=False),
        sa.Column("model_revision", sa.Text(), nullable=False),
        sa.Column("speech_s", sa.Double(), nullable=False),
        sa.Column("quality", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("origin", sa.Text(), nullable=False),
        sa.Column("is_learned", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("meeting_id", sa.Uuid(), nullable=True),
        sa.Column("label", sa.Text(), nullable=True),
        sa.Column("spans", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'[]'"), nullable=False),
        sa.Column("file_name", sa.Text(), nullable=True),
        sa.Column("channel", sa.Text(), nullable=True),
        sa.Column("sample_key", sa.Text(), nullable=True),
        sa.Column("confirmed_by", sa.Uuid(), nullable=True),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("is_stale", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("origin in ('clip', 'microphone', 'meeting', 'import')", name=op.f("ck_voiceprints_origin")),
        sa.ForeignKeyConstraint(
            ["confirmed_by"], ["users.id"], name=op.f("fk_voiceprints_confirmed_by"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["people.id"], name=op.f("fk_voiceprints_person_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_voiceprints")),
    )
    op.create_index(op.f("ix_voiceprints_meeting_id"), "voiceprints", ["meeting_id"], unique=False)
    op.create_index(op.f("ix_voiceprints_person_id"), "voiceprints", ["person_id"], unique=False)
    op.create_index(
        "uq_voiceprints_learned",
        "voiceprints",
        ["person_id", "meeting_id", "label"],
        unique=True,
        postgresql_where=sa.text("is_learned"),
    )
    op.create_table(
        "enrolments",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("owner_id", sa.Uuid(), nullable=True),
        sa.Column("person_id", sa.Uuid(), nullable=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), server_default="PENDING", nullable=False),
        sa.Column("origin", sa.Text(), nullable=True),
        sa.Column("source_key", sa.Text(), nullable=False),
        sa.Column("file_name", sa.Text(), nullable=True),
        sa.Column("is_forced", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("meeting_id", sa.Uuid(), nullable=True),
        sa.Column("label", sa.Text(), nullable=True),
        sa.Column("remade_print_id", sa.Uuid(), nullable=True),
        sa.Column("voiceprint_id", sa.Uuid(), nullable=True),
        sa.Column("result", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("attempt", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("token", sa.Uuid(), nullable=True),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("next_attempt_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(status = 'PROCESSING') = (token is not null and lease_until is not null)",
            name=op.f("ck_enrolments_lease"),
        ),
        sa.CheckConstraint("kind in ('enrol', 'test', 'remake')", name=op.f("ck_enrolments_kind")),
        sa.CheckConstraint(
            "status in ('PENDING', 'PROCESSING', 'DONE', 'QUESTIONED', 'REFUSED', 'FAILED')",
            name=op.f("ck_enrolments_status"),
        ),
        sa.ForeignKeyConstraint(["owner_id"], ["users.id"], name=op.f("fk_enrolments_owner_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["meeting_id"], ["meetings.id"], name=op.f("fk_enrolments_meeting_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_enrolments_person_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["remade_print_id"], ["voiceprints.id"], name=op.f("fk_enrolments_remade_print_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["voiceprint_id"], ["voiceprints.id"], name=op.f("fk_enrolments_voiceprint_id"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_enrolments")),
    )
    op.create_index(
        "ix_enrolments_open",
        "enrolments",
        ["created_at"],
        unique=False,
        postgresql_where=sa.text("status in ('PENDING', 'PROCESSING')"),
    )
    op.create_index(op.f("ix_enrolments_meeting_id"), "enrolments", ["meeting_id"], unique=False)
    op.create_index(op.f("ix_enrolments_owner_id"), "enrolments", ["owner_id"], unique=False)
    op.create_index(op.f("ix_enrolments_person_id"), "enrolments", ["person_id"], unique=False)
    op.create_index(op.f("ix_enrolments_voiceprint_id"), "enrolments", ["voiceprint_id"], unique=False)
    op.create_table(
        "speakers",
        sa.Column("meeting_id", sa.Uuid(), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("run", sa.Integer(), nullable=False),
        sa.Column("turns", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'[]'"), nullable=False),
        sa.Column("vector", Vector(), nullable=True),
        sa.Column("model_id", sa.Text(), nullable=True),
        sa.Column("model_revision", sa.Text(), nullable=True),
        sa.Column("speech_s", sa.Double(), nullable=True),
        sa.Column("quality", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("spans", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'[]'"), nullable=False),
        sa.Column("sample_key", sa.Text(), nullable=True),
        sa.Column("naming", sa.Text(), server_default="unknown", nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=True),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("score", sa.Double(), nullable=True),
        sa.Column("probability", sa.Double(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("explanation", sa.Text(), server_default="", nullable=False),
        sa.Column(
            "candidates", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'[]'"), nullable=False
        ),
        sa.Column("refused", postgresql.ARRAY(sa.Uuid()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("learned_print_id", sa.Uuid(), nullable=True),
        sa.Column("decided_by", sa.Uuid(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "naming in ('unknown', 'suggested', 'auto', 'confirmed', 'rejected')", name=op.f("ck_speakers_naming")
        ),
        sa.ForeignKeyConstraint(["decided_by"], ["users.id"], name=op.f("fk_speakers_decided_by"), ondelete="SET NULL"),
        sa.ForeignKeyConstraint(
            ["learned_print_id"], ["voiceprints.id"], name=op.f("fk_speakers_learned_print_id"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["meeting_id"], ["meetings.id"], name=op.f("fk_speakers_meeting_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_speakers_person_id"), ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("meeting_id", "label", name=op.f("pk_speakers")),
    )
    op.create_index(op.f("ix_speakers_learned_print_id"), "speakers", ["learned_print_id"], unique=False)
    op.create_index(op.f("ix_speakers_person_id"), "speakers", ["person_id"], unique=False)
    op.add_column("meetings", sa.Column("names_version", sa.Integer(), server_default=sa.text("0"), nullable=False))
    op.add_column("meetings", sa.Column("names_written", sa.Integer(), server_default=sa.text("0"), nullable=False))
    op.add_column("meetings", sa.Column("recognition_asked_at", sa.DateTime(timezone=True), nullable=True))
    op.create_index(
        "ix_meetings_names",
        "meetings",
        ["id"],
        unique=False,
        postgresql_where=sa.text("names_version <> names_written"),
    )
    op.create_index(
        "ix_meetings_recognition",
        "meetings",
        ["recognition_asked_at"],
        unique=False,
        postgresql_where=sa.text("recognition_asked_at is not null"),
    )


def downgrade() -> None:
    op.drop_index(
        "ix_meetings_recognition", table_name="meetings", postgresql_where=sa.text("recognition_asked_at is not null")
    )
    op.drop_index(
        "ix_meetings_names", table_name="meetings", postgresql_where=sa.text("names_version <> names_written")
    )
    op.drop_column("meetings", "recognition_asked_at")
    op.drop_column("meetings", "names_written")
    op.drop_column("meetings", "names_version")
    op.drop_index(op.f("ix_speakers_person_id"), table_name="speakers")
    op.drop_index(op.f("ix_speakers_learned_print_id"), table_name="speakers")
    op.drop_table("speakers")
    op.drop_index(op.f("ix_enrolments_voiceprint_id"), table_name="enrolments")
    op.drop_index(op.f("ix_enrolments_person_id"), table_name="enrolments")
    op.drop_index(op.f("ix_enrolments_owner_id"), table_name="enrolments")
    op.drop_index(op.f("ix_enrolments_meeting_id"), table_name="enrolments")
    op.drop_index(
        "ix_enrolments_open", table_name="enrolments", postgresql_where=sa.text("status in ('PENDING', 'PROCESSING')")
    )
    op.drop_table("enrolments")
    op.drop_index("uq_voiceprints_learned", table_name="voiceprints", postgresql_where=sa.text("is_learned"))
    op.drop_index(op.f("ix_voiceprints_person_id"), table_name="voiceprints")
    op.drop_index(op.f("ix_voiceprints_meeting_id"), table_name="voiceprints")
    op.drop_table("voiceprints")
    op.drop_index(op.f("ix_segment_moves_meeting_id"), table_name="segment_moves")
    op.drop_table("segment_moves")
    op.drop_index(op.f("ix_consents_person_id"), table_name="consents")
    op.drop_table("consents")
    op.drop_index("ix_people_shared", table_name="people", postgresql_where=sa.text("is_shared"))
    op.drop_index("ix_people_owner_folded_name", table_name="people")
    op.drop_table("people")
    op.drop_table("erasures")
