"""Retention, and the audit log"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "0005"
down_revision: str | None = "0004"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

_APPEND_ONLY = """
create function audit_log_is_append_only() returns trigger language plpgsql as $$
begin
    if tg_op = 'DELETE' and current_setting('scribe.audit_pruning', true) = 'on' then
        return old;
    end if;
    raise exception 'The audit log is append-only.' using errcode = 'insufficient_privilege';
end
$$
"""
_PRUNE = """
create function audit_log_prune(up_to bigint) returns bigint language plpgsql as $$
declare
    removed bigint;
begin
    perform set_config('scribe.audit_pruning', 'on', true);
    delete from audit_log where sequence <= up_to;
    get diagnostics removed = row_count;
    perform set_config('scribe.audit_pruning', 'off', true);
    return removed;
end
$$
"""
_INDEXES = {
    "ix_audit_log_meeting": ("meeting_id", "sequence"),
    "ix_audit_log_actor": ("actor_id", "sequence"),
    "ix_audit_log_person": ("person_id", "sequence"),
    "ix_audit_log_subject": ("subject_id", "sequence"),
}


def upgrade() -> None:
    op.add_column("meetings", sa.Column("keep_audio_days", sa.Float(), nullable=True))
    op.add_column("meetings", sa.Column("keep_results_days", sa.Float(), nullable=True))
    op.add_column("meetings", sa.Column("audio_removed_at", sa.DateTime(timezone=True), nullable=True))
    op.create_check_constraint(op.f("ck_meetings_keeping"), "meetings", "keep_audio_days > 0 and keep_results_days > 0")
    op.create_index(
        "ix_meetings_finished", "meetings", ["finished_at"], postgresql_where=sa.text("finished_at is not null")
    )
    op.create_table(
        "audit_log",
        sa.Column("sequence", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("actor_kind", sa.Text(), nullable=False),
        sa.Column("actor_id", sa.Uuid(), nullable=True),
        sa.Column("token_id", sa.Uuid(), nullable=True),
        sa.Column("meeting_id", sa.Uuid(), nullable=True),
        sa.Column("person_id", sa.Uuid(), nullable=True),
        sa.Column("subject_id", sa.Uuid(), nullable=True),
        sa.Column("detail", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("previous", sa.LargeBinary(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint(
            "actor_kind in ('session', 'token', 'command', 'program')", name=op.f("ck_audit_log_actor_kind")
        ),
        sa.CheckConstraint("length(previous) = 32 and length(hash) = 32", name=op.f("ck_audit_log_hashes")),
        sa.PrimaryKeyConstraint("sequence", name=op.f("pk_audit_log")),
    )
    op.create_index("ix_audit_log_at", "audit_log", ["at"])
    op.create_index("ix_audit_log_action", "audit_log", ["action", "sequence"])
    for name, columns in _INDEXES.items():
        op.create_index(name, "audit_log", list(columns), postgresql_where=sa.text(f"{columns[0]} is not null"))
    op.execute(_APPEND_ONLY)
    op.execute(_PRUNE)
    op.execute(
        "create trigger audit_log_rows before update or delete on audit_log "
        "for each row execute function audit_log_is_append_only()"
    )
    op.execute(
        "create trigger audit_log_table before truncate on audit_log "
        "for each statement execute function audit_log_is_append_only()"
    )


def downgrade() -> None:
    op.drop_table("audit_log")
    op.execute("drop function audit_log_prune(bigint)")
    op.execute("drop function audit_log_is_append_only()")
    op.drop_index("ix_meetings_finished", table_name="meetings")
    op.drop_constraint(op.f("ck_meetings_keeping"), "meetings", type_="check")
    op.drop_column("meetings", "audio_removed_at")
    op.drop_column("meetings", "keep_results_days")
    op.drop_column("meetings", "keep_audio_days")
