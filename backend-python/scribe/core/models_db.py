"""The tables. Rows never leave the adapters: repositories turn them into domain values.

Owns columns, constraints and indexes; ``core/migrations`` holds the same as a history, and a test compares the two.
Times are UTC with zone. Ids are UUIDv7, made by the application, so that they sort by age.
"""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, DateTime, ForeignKey, Identity, Index, MetaData, Text, Uuid, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}
NOW = text("now()")


class Base(DeclarativeBase):
    metadata = MetaData(naming_convention=NAMING)
    type_annotation_map = {  # noqa: RUF012 -- SQLAlchemy's own declaration
        str: Text,
        datetime: DateTime(timezone=True),
        dict[str, Any]: JSONB,
        list[Any]: JSONB,
        list[str]: ARRAY(Text),
        list[int]: ARRAY(BigInteger),
        list[UUID]: ARRAY(Uuid),
    }


class UserRow(Base):
    __tablename__ = "users"
    __table_args__ = (CheckConstraint("role in ('admin', 'member')", name="role"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    username: Mapped[str] = mapped_column(unique=True)
    """Lower case."""
    display_name: Mapped[str] = mapped_column(server_default="")
    password_hash: Mapped[str]
    """argon2id."""
    role: Mapped[str]
    is_active: Mapped[bool] = mapped_column(server_default=text("true"))
    must_change_password: Mapped[bool] = mapped_column(server_default=text("false"))
    created_at: Mapped[datetime] = mapped_column(server_default=NOW)
    last_login_at: Mapped[datetime | None]
    last_served_at: Mapped[datetime | None]
    """When a worker last began a meeting of theirs: users take turns by it."""


class SessionRow(Base):
    """A browser that is signed in."""

    __tablename__ = "sessions"

    id: Mapped[bytes] = mapped_column(primary_key=True)
    """SHA-256 of what the cookie holds."""
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    csrf_token: Mapped[str]
    user_agent: Mapped[str] = mapped_column(server_default="")
    created_at: Mapped[datetime] = mapped_column(server_default=NOW)
    last_seen_at: Mapped[datetime] = mapped_column(server_default=NOW)
    expires_at: Mapped[datetime] = mapped_column(index=True)


class ApiTokenRow(Base):
    __tablename__ = "api_tokens"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    name: Mapped[str]
    token_hash: Mapped[bytes] = mapped_column(unique=True)
    """SHA-256: tokens are 256 random bits, a slow hash would add nothing."""
    prefix: Mapped[str]
    """The first characters, to tell tokens apart in a list."""
    scopes: Mapped[list[str]]
    created_at: Mapped[datetime] = mapped_column(server_default=NOW)
    expires_at: Mapped[datetime | None]
    last_used_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]


class RateRow(Base):
    """How often something was tried since the window began, which it does with the first attempt."""

    __tablename__ = "rates"

    key: Mapped[str] = mapped_column(primary_key=True)
    window_start: Mapped[datetime]
    count: Mapped[int]


class MeetingRow(Base):
    __tablename__ = "meetings"
    __table_args__ = (
        CheckConstraint("status in ('PENDING', 'PROCESSING', 'COMPLETED', 'FAILED', 'CANCELLED')", name="status"),
        CheckConstraint(
            "(status = 'PROCESSING') = (token is not null and lease_until is not null and worker_id is not null)",
            name="lease",
        ),
        CheckConstraint("(status = 'FAILED') <= (failure_code is not null)", name="failure"),
        CheckConstraint("keep_audio_days > 0 and keep_results_days > 0", name="keeping"),
        Index("ix_meetings_owner_created", "owner_id", "created_at", "id"),
        Index("ix_meetings_created", "created_at", "id"),
        Index("ix_meetings_owner_sha256", "owner_id", "sha256"),
        Index("ix_meetings_pending", "priority", "queued_at", postgresql_where=text("status = 'PENDING'")),
        Index("ix_meetings_processing", "lease_until", postgresql_where=text("status = 'PROCESSING'")),
        Index("ix_meetings_finished", "finished_at", postgresql_where=text("finished_at is not null")),
        Index("ix_meetings_tags", "tags", postgresql_using="gin"),
        Index(
            "ix_meetings_unindexed",
            "id",
            postgresql_where=text(
                "published_at is not null and "
                "(indexed_run is distinct from results_run or indexed_version is distinct from names_version)"
            ),
        ),
        Index("ix_meetings_names", "id", postgresql_where=text("names_version <> names_written")),
        Index(
            "ix_meetings_recognition",
            "recognition_asked_at",
            postgresql_where=text("recognition_asked_at is not null"),
        ),
        Index("ix_meetings_owner_folded_name", "owner_id", "folded_name", "id"),
        Index(
            "ix_meetings_owner_held_on",
            "owner_id",
            text("(coalesce(held_on, timezone('UTC', created_at)::date))"),
            "id",
        ),
        Index("ix_meetings_owner_duration", "owner_id", text("(coalesce(duration_s, 0::double precision))"), "id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    owner_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    created_at: Mapped[datetime] = mapped_column(server_default=NOW)
    updated_at: Mapped[datetime] = mapped_column(server_default=NOW)
    version: Mapped[int] = mapped_column(server_default=text("1"))
    """Counts every change of what a reader sees; the ETag."""

    # What people say about it.
    title: Mapped[str]
    held_on: Mapped[date | None]
    folded_name: Mapped[str] = mapped_column(server_default="")
    """Title and file name without case and accents (domain.meetings.folded_name): what lists search and sort by."""
    notes: Mapped[str] = mapped_column(server_default="")
    tags: Mapped[list[str]] = mapped_column(server_default=text("'{}'"))

    # The recording.
    file_name: Mapped[str | None]
    media_type: Mapped[str | None]
    size_bytes: Mapped[int] = mapped_column(BigInteger)
    sha256: Mapped[str]
    """Of the file as it came, 64 hexadecimal digits."""
    duration_s: Mapped[float | None]
    """Known once converted."""
    audio: Mapped[dict[str, Any] | None]
    """domain.audio.AudioFacts."""

    # The run: what was asked, where it stands.
    options: Mapped[dict[str, Any]]
    """domain.requests.RunOptions."""
    run: Mapped[int] = mapped_column(server_default=text("1"))
    """Counts what a user asked for: the upload, each retry and each run with other options."""
    status: Mapped[str]
    priority: Mapped[int] = mapped_column(server_default=text("0"))
    queued_at: Mapped[datetime] = mapped_column(server_default=NOW)
    """When this run was asked for; the place in the queue."""
    traceparent: Mapped[str | None]
    """Of the request that asked for this run (W3C Trace Context), so that the worker's spans join its trace."""
    next_attempt_at: Mapped[datetime] = mapped_column(server_default=NOW)
    kicked_at: Mapped[datetime | None]
    """When a worker was last woken for it."""
    attempt: Mapped[int] = mapped_column(server_default=text("0"))
    """Counts the claims within this run."""
    max_attempts: Mapped[int]
    token: Mapped[UUID | None]
    """Fencing: new at every claim; who writes must hold it."""
    worker_id: Mapped[str | None]
    lease_until: Mapped[datetime | None]
    started_at: Mapped[datetime | None]
    """Of the first attempt of this run."""
    finished_at: Mapped[datetime | None]
    cancel_requested_at: Mapped[datetime | None]
    stage: Mapped[str | None]
    stage_percent: Mapped[float] = mapped_column(server_default=text("0"))
    percent: Mapped[float] = mapped_column(server_default=text("0"))
    stages: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))
    """By stage: seconds, cpu_seconds, peak_rss_mb, is_reused."""
    warnings: Mapped[list[Any]] = mapped_column(server_default=text("'[]'"))
    failure_code: Mapped[str | None]
    """Of the last attempt, while PENDING again; of the run, when FAILED."""
    failure_message: Mapped[str | None]
    failure_stage: Mapped[str | None]
    is_dead_letter: Mapped[bool] = mapped_column(server_default=text("false"))
    """FAILED because the attempts were used up: for an administrator to look at."""

    # What came of it. Stays readable while another run is under way.
    results_folder: Mapped[str | None]
    result_files: Mapped[list[str]] = mapped_column(server_default=text("'{}'"))
    """Keys under the storage's root."""
    results_run: Mapped[int | None]
    """Which run made them."""
    published_at: Mapped[datetime | None]
    language: Mapped[str | None]
    num_speakers: Mapped[int | None]
    num_words: Mapped[int | None]

    # Who is who: the rows of `speakers`, laid over the result files when they are read.
    names_version: Mapped[int] = mapped_column(server_default=text("0"))
    """Counts every change of a name or of a segment's speaker since the upload."""
    names_written: Mapped[int] = mapped_column(server_default=text("0"))
    """Which of them the result files hold; another number: they must be written again."""
    edited_at: Mapped[datetime | None]
    """When somebody last corrected what the files do not hold yet; ``None``: nothing, or what cannot wait."""
    unwritten_since: Mapped[datetime | None]
    """When the first such correction was made."""
    recognition_asked_at: Mapped[datetime | None]
    """Somebody wants the speakers to be compared with the bank again; ``None``: done."""

    # How long it is kept (domain/retention.py), counted from `finished_at`.
    keep_audio_days: Mapped[float | None]
    """``None``: as the installation says; infinite: for good."""
    keep_results_days: Mapped[float | None]
    audio_removed_at: Mapped[datetime | None]
    """Since then there is no recording, and nothing that sounds like it."""

    # Which state of the transcript the rows of `passages` hold; another one, or none: it is to be indexed again.
    indexed_run: Mapped[int | None]
    indexed_version: Mapped[int | None]
    """Of ``names_version``."""


class EventRow(Base):
    __tablename__ = "events"
    __table_args__ = (Index("ix_events_meeting", "meeting_id", "id"), Index("ix_events_created", "created_at"))

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    meeting_id: Mapped[UUID]
    """No foreign key: ``meeting.deleted`` outlives the meeting."""
    owner_id: Mapped[UUID]
    kind: Mapped[str]
    payload: Mapped[dict[str, Any]]
    created_at: Mapped[datetime] = mapped_column(server_default=NOW)


class UploadRow(Base):
    """A resumable upload (tus)."""

    __tablename__ = "uploads"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    owner_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    length_bytes: Mapped[int] = mapped_column(BigInteger)
    offset_bytes: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    """What is safe in storage."""
    parts: Mapped[list[str]] = mapped_column(server_default=text("'{}'"))
    """Names of the pieces, in order of their bytes."""
    metadata_: Mapped[dict[str, Any]] = mapped_column("metadata")
    """The client's Upload-Metadata as it came, and the draft of the meeting."""
    created_at: Mapped[datetime] = mapped_column(server_default=NOW)
    expires_at: Mapped[datetime] = mapped_column(index=True)
    meeting_id: Mapped[UUID | None]
    """Set when the last byte came and the meeting was made (or found to be there already)."""
    finishing_until: Mapped[datetime | None]
    """Some process puts the pieces together; it is dead when this has passed."""
    is_duplicate: Mapped[bool] = mapped_column(server_default=text("false"))


class IdempotencyRow(Base):
    __tablename__ = "idempotency_keys"

    owner_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    request_hash: Mapped[str]
    """Of method, path and options: the same key for something else is refused."""
    meeting_id: Mapped[UUID | None]
    """``None`` while the first request is under way."""
    created_at: Mapped[datetime] = mapped_column(server_default=NOW, index=True)


class WorkerRow(Base):
    __tablename__ = "workers"

    id: Mapped[str] = mapped_column(primary_key=True)
    """host:pid:random."""
    host: Mapped[str]
    pid: Mapped[int]
    started_at: Mapped[datetime] = mapped_column(server_default=NOW)
    heartbeat_at: Mapped[datetime] = mapped_column(server_default=NOW, index=True)
    version: Mapped[str]
    models: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))
    device: Mapped[str] = mapped_column(server_default="cpu")
    rss_mb: Mapped[float | None]
    """Of the worker and its child."""
    meeting_id: Mapped[UUID | None]
    """What it works on."""


class PurgeRow(Base):
    """Files to remove: written in the transaction that deletes a meeting, worked off afterwards, however often."""

    __tablename__ = "purges"

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    folder: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(server_default=NOW)
    again_after: Mapped[datetime]
    """Emptied at once, and once more after this time: a worker that lost its lease may still have been writing."""
    is_done_once: Mapped[bool] = mapped_column(server_default=text("false"))


class CounterRow(Base):
    """What /metrics counts across all processes and restarts: lease expiries, failures by code ..."""

    __tablename__ = "counters"

    name: Mapped[str] = mapped_column(primary_key=True)
    label: Mapped[str] = mapped_column(primary_key=True, server_default="")
    count: Mapped[int] = mapped_column(BigInteger)
