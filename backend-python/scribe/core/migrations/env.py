"""Alembic's entry: run by ``core/migrate.py`` with an open connection, never from a shell."""

from alembic import context

from scribe.core import audit_db, edits_db, search_db, voices_db  # noqa: F401 -- their tables count, too
from scribe.core.models_db import Base

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    transaction_per_migration=False,
    compare_server_default=False,
)
with context.begin_transaction():
    context.run_migrations()
