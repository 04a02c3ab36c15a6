"""Rows of meetings as people see them.

Owns reading, listing and changing what people may see and write, and the one rule of visibility in SQL; never the
life cycle (``adapters/jobs.py``).

Usage::

    async with units() as unit:
        meeting = await unit.meetings.visible(meeting_id, who)
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from inspect import signature
from typing import Any, TypeVar

from sqlalchemy import (
    ColumnElement,
    Date,
    DateTime,
    Double,
    Select,
    Text,
    Uuid,
    cast,
    delete,
    exists,
    func,
    insert,
    literal,
    or_,
    select,
    text,
    true,
    tuple_,
    update,
)
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.types import TypeEngine

from scribe.adapters.speaker_names import is_called, is_person, shown_name
from scribe.core.models_db import EventRow, IdempotencyRow, MeetingRow, PurgeRow, UploadRow, UserRow
from scribe.core.voices_db import PersonRow, SpeakerRow
from scribe.domain import layout
from scribe.domain.accounts import Principal
from scribe.domain.audio import AudioFacts
from scribe.domain.folding import fold
from scribe.domain.jobs import Failure
from scribe.domain.meeting import MeetingId, MeetingStatus, RunWarning, Stage, StageMetrics, UserId
from scribe.domain.meetings import (
    Cursor,
    Meeting,
    MeetingChanges,
    MeetingPage,
    MeetingQuery,
    MeetingSummary,
    NamedSpeaker,
    Order,
    SortValue,
    StoredRecording,
    folded_name,
)
from scribe.domain.requests import MeetingDraft, RunOptions
from scribe.domain.retention import Rule
from scribe.domain.search import TagCount

PURGE_AGAIN_AFTER = timedelta(minutes=15)
"""A worker that lost its meeting notices within a lease; what it wrote in between is emptied after this time."""

QUIET, MAX_WAIT = timedelta(seconds=3), timedelta(minutes=1)
"""Result files follow corrections when nobody has corrected anything for this long, or the first waits that long: ten
megabytes are not written again after every word."""

Value = TypeVar("Value")


def visible_to(who: Principal) -> ColumnElement[bool]:
    """``domain.accounts.may_see`` in SQL; a test holds the two together."""
    return true() if who.is_admin else MeetingRow.owner_id == who.user_id


class MeetingRepository:
    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def add(
        self,
        owner: UserId,
        meeting_id: MeetingId,
        draft: MeetingDraft,
        recording: StoredRecording,
        max_attempts: int,
        *,
        traceparent: str | None = None,
    ) -> Meeting:
        """``draft.title`` must be decided."""
        title = draft.title or ""
        await self._session.execute(
            insert(MeetingRow).values(
                id=meeting_id,
                owner_id=owner,
                title=title,
                folded_name=folded_name(title, draft.file_name),
                held_on=draft.held_on,
                notes=draft.notes,
                tags=list(draft.tags),
                file_name=draft.file_name,
                media_type=draft.media_type,
                size_bytes=recording.size_bytes,
                sha256=recording.sha256,
                options=draft.options.to_json(),
                status=MeetingStatus.PENDING,
                priority=int(draft.priority),
                max_attempts=max_attempts,
                traceparent=traceparent,
            )
        )
        added = await self._one(_meetings().where(MeetingRow.id == meeting_id))
        assert added is not None  # noqa: S101 -- inserted above
        return added

    async def visible(self, meeting_id: MeetingId, who: Principal, *, for_update: bool = False) -> Meeting | None:
        """The one way to a single meeting on somebody's behalf; ``None``: not there, or not theirs to see."""
        query = _meetings().where(MeetingRow.id == meeting_id, visible_to(who))
        return await self._one(query.with_for_update(of=MeetingRow) if for_update else query)

    async def get(self, meeting_id: MeetingId) -> Meeting | None:
        """On nobody's behalf."""
        return await self._one(_meetings().where(MeetingRow.id == meeting_id))

    async def published_at(self, meeting_id: MeetingId) -> datetime | None:
        """When the results that lie in storage now were published; waits for whoever is publishing. Hinders no worker
        that reports its progress: that needs no lock on the key."""
        query = select(MeetingRow.published_at).where(MeetingRow.id == meeting_id)
        return await self._session.scalar(query.with_for_update(read=True, key_share=True))

    async def with_unwritten_names(self, limit: int) -> list[MeetingId]:
        """Those whose result files do not say what the rows say; who waits longest comes first. Where somebody is
        correcting just now, not before there has been quiet for a while."""
        is_quiet = or_(
            MeetingRow.edited_at.is_(None),
            MeetingRow.edited_at < func.now() - QUIET,
            MeetingRow.unwritten_since < func.now() - MAX_WAIT,
        )
        query = (
            select(MeetingRow.id)
            .where(MeetingRow.names_version != MeetingRow.names_written, MeetingRow.published_at.is_not(None), is_quiet)
            .order_by(MeetingRow.updated_at, MeetingRow.id)
            .limit(limit)
        )
        return [MeetingId(id_) for id_ in await self._session.scalars(query)]

    async def with_recording(self, owner: UserId, sha256: str) -> Meeting | None:
        """The newest meeting of ``owner`` with this very recording. Holds a lock until the end of the transaction, so
        that of two uploads at the same time one sees the other."""
        await self._session.execute(
            text("select pg_advisory_xact_lock(hashtextextended(:recording, 0))"), {"recording": f"{owner}:{sha256}"}
        )
        query = _meetings().where(MeetingRow.owner_id == owner, MeetingRow.sha256 == sha256)
        return await self._one(query.order_by(MeetingRow.created_at.desc()).limit(1))

    async def page(self, who: Principal, query: MeetingQuery) -> MeetingPage:
        key = _sort_key(query.order)
        rows = _summaries(key).where(visible_to(who), *_filters(who, query))
        position = tuple_(key, MeetingRow.id)
        if query.after is not None:
            last = tuple_(literal(query.after.value, _SORT_TYPES[query.order.field]), literal(query.after.id, Uuid()))
            rows = rows.where(position < last if query.order.is_descending else position > last)
        ordering = (key.desc(), MeetingRow.id.desc()) if query.order.is_descending else (key, MeetingRow.id)
        found: Sequence[Any] = (await self._session.execute(rows.order_by(*ordering).limit(query.limit + 1))).all()
        meetings = tuple(_summary(row) for row in found[: query.limit])
        if len(found) <= query.limit:
            return MeetingPage(meetings, None)
        last_value: SortValue = found[query.limit - 1].sort_key
        return MeetingPage(meetings, Cursor(query.order, last_value, meetings[-1].id))

    async def named_speakers(
        self, meetings: Sequence[MeetingId], most: int
    ) -> dict[MeetingId, tuple[NamedSpeaker, ...]]:
        """Of each of ``meetings`` those who are called something, by label, at most ``most``; one query."""
        if not meetings:
            return {}
        name = shown_name()
        query = (
            select(SpeakerRow.meeting_id, SpeakerRow.label, name)
            .outerjoin(PersonRow, PersonRow.id == SpeakerRow.person_id)
            .where(SpeakerRow.meeting_id.in_(meetings), name.is_not(None))
            .order_by(SpeakerRow.meeting_id, SpeakerRow.label)
        )
        found: dict[MeetingId, tuple[NamedSpeaker, ...]] = {}
        for id_, label, shown in await self._session.execute(query):
            speakers = found.get(MeetingId(id_), ())
            if shown is not None and len(speakers) < most:
                found[MeetingId(id_)] = (*speakers, NamedSpeaker(label, shown))
        return found

    async def tags(self, who: Principal, limit: int) -> list[TagCount]:
        """Most used first."""
        tag = func.unnest(MeetingRow.tags).label("tag")
        each = select(tag).where(visible_to(who)).subquery()
        query = select(each.c.tag, func.count()).group_by(each.c.tag).order_by(func.count().desc(), each.c.tag)
        return [TagCount(tag, count) for tag, count in await self._session.execute(query.limit(limit))]

    async def change(self, meeting: Meeting, changes: MeetingChanges) -> Meeting:
        values: dict[str, Any] = {}
        if changes.title is not None:
            values |= {"title": changes.title, "folded_name": folded_name(changes.title, meeting.file_name)}
        if changes.notes is not None:
            values["notes"] = changes.notes
        if changes.tags is not None:
            values["tags"] = list(changes.tags)
        if changes.is_held_on_given:
            values["held_on"] = changes.held_on
        if changes.keep_audio is not None:
            values["keep_audio_days"] = changes.keep_audio.column
        if changes.keep_results is not None:
            values["keep_results_days"] = changes.keep_results.column
        await self._session.execute(
            update(MeetingRow)
            .where(MeetingRow.id == meeting.id)
            .values(**values, version=MeetingRow.version + 1, updated_at=func.now())
        )
        changed = await self.get(meeting.id)
        assert changed is not None  # noqa: S101 -- its row is locked
        return changed

    async def delete(self, meeting: Meeting) -> None:
        """The row and all that points at it; notes which folders are to be emptied."""
        folders = list(layout.meeting_folders(meeting.created_at, meeting.id))
        if meeting.results_folder is not None and meeting.results_folder not in folders:
            folders.append(meeting.results_folder)
        uploads = await self._session.scalars(
            delete(UploadRow).where(UploadRow.meeting_id == meeting.id).returning(UploadRow.id)
        )
        folders += [layout.parts_folder(upload_id) for upload_id in uploads]
        await self._session.execute(delete(IdempotencyRow).where(IdempotencyRow.meeting_id == meeting.id))
        await self._session.execute(delete(EventRow).where(EventRow.meeting_id == meeting.id))
        again_after = datetime.now(UTC) + PURGE_AGAIN_AFTER
        await self._session.execute(
            insert(PurgeRow), [{"folder": folder, "again_after": again_after} for folder in folders]
        )
        await self._session.execute(delete(MeetingRow).where(MeetingRow.id == meeting.id))

    async def _one(self, query: Select[MeetingRow, str]) -> Meeting | None:
        found = (await self._session.execute(query.execution_options(populate_existing=True))).first()
        return None if found is None else _meeting(found[0], found[1])


_SORT_TYPES: Mapping[str, TypeEngine[Any]] = {
    "created_at": DateTime(timezone=True),
    "title": Text(),
    "held_on": Date(),
    "duration_s": Double(),
}


def _meetings() -> Select[MeetingRow, str]:
    return select(MeetingRow, UserRow.username).join(UserRow, UserRow.id == MeetingRow.owner_id)


_LISTED = (
    "id", "owner_id", "created_at", "updated_at", "title", "held_on", "tags", "file_name", "size_bytes", "duration_s",
    "run", "status", "attempt", "started_at", "finished_at", "stage", "percent", "failure_code", "failure_message",
    "failure_stage", "published_at", "language", "num_speakers", "num_words",
    "audio_removed_at",
)  # fmt: skip
"""What a list needs: whole rows, with their JSON, made a page of 50 three times as expensive."""


def _summaries(key: ColumnElement[Any]) -> Select[Any]:
    columns = [MeetingRow.__table__.c[name] for name in _LISTED]
    owner_name = UserRow.username.label("owner_name")
    return select(*columns, owner_name, key.label("sort_key")).join(UserRow, UserRow.id == MeetingRow.owner_id)


def _summary(row: Any) -> MeetingSummary:
    return MeetingSummary(
        id=MeetingId(row.id),
        owner_id=UserId(row.owner_id),
        owner_name=row.owner_name,
        created_at=row.created_at,
        updated_at=row.updated_at,
        title=row.title,
        held_on=row.held_on,
        tags=tuple(row.tags),
        file_name=row.file_name,
        size_bytes=row.size_bytes,
        duration_s=row.duration_s,
        run=row.run,
        status=MeetingStatus(row.status),
        attempt=row.attempt,
        started_at=row.started_at,
        finished_at=row.finished_at,
        stage=None if row.stage is None else Stage(row.stage),
        percent=row.percent,
        failure=_failure(row),
        published_at=row.published_at,
        language=row.language,
        num_speakers=row.num_speakers,
        num_words=row.num_words,
        audio_removed_at=row.audio_removed_at,
    )


def _day_held() -> ColumnElement[date]:
    """Where it is not known: the day of the upload (UTC). Lists are sorted and filtered by the same day."""
    return func.coalesce(MeetingRow.held_on, cast(func.timezone(text("'UTC'"), MeetingRow.created_at), Date))


def _sort_key(order: Order) -> ColumnElement[Any]:
    """As the indexes have it, literals and all. Never null: a comparison of (key, id) is then a total order, and a
    page ends at one place in it."""
    if order.field == "title":
        return MeetingRow.folded_name.expression
    if order.field == "held_on":
        return _day_held()
    if order.field == "duration_s":
        return func.coalesce(MeetingRow.duration_s, text("0::double precision"))
    return MeetingRow.created_at.expression


def _filters(who: Principal, query: MeetingQuery) -> list[ColumnElement[bool]]:
    filters: list[ColumnElement[bool]] = []
    if query.statuses:
        filters.append(MeetingRow.status.in_([str(status) for status in query.statuses]))
    if query.tags:
        filters.append(MeetingRow.tags.contains(list(query.tags)))
    if query.text:
        filters.append(MeetingRow.folded_name.contains(fold(query.text), autoescape=True))
    if query.people:
        filters.append(exists().where(SpeakerRow.meeting_id == MeetingRow.id, is_person(query.people, who)))
    if query.speaker_name:
        filters.append(exists().where(SpeakerRow.meeting_id == MeetingRow.id, is_called(query.speaker_name)))
    if query.held_from is not None:
        filters.append(_day_held() >= query.held_from)
    if query.held_to is not None:
        filters.append(_day_held() <= query.held_to)
    if query.created_from is not None:
        filters.append(MeetingRow.created_at >= query.created_from)
    if query.created_to is not None:
        filters.append(MeetingRow.created_at < query.created_to)
    if query.owner_id is not None:
        filters.append(MeetingRow.owner_id == query.owner_id)
    return filters


def _meeting(row: MeetingRow, owner_name: str) -> Meeting:
    return Meeting(
        id=MeetingId(row.id),
        owner_id=UserId(row.owner_id),
        owner_name=owner_name,
        created_at=row.created_at,
        updated_at=row.updated_at,
        version=row.version,
        title=row.title,
        held_on=row.held_on,
        notes=row.notes,
        tags=tuple(row.tags),
        file_name=row.file_name,
        media_type=row.media_type,
        size_bytes=row.size_bytes,
        sha256=row.sha256,
        duration_s=row.duration_s,
        audio=None if row.audio is None else _known(AudioFacts, row.audio),
        options=RunOptions.from_json(row.options),
        run=row.run,
        status=MeetingStatus(row.status),
        queued_at=row.queued_at,
        next_attempt_at=row.next_attempt_at,
        attempt=row.attempt,
        max_attempts=row.max_attempts,
        started_at=row.started_at,
        finished_at=row.finished_at,
        is_cancel_requested=row.cancel_requested_at is not None,
        stage=None if row.stage is None else Stage(row.stage),
        stage_percent=row.stage_percent,
        percent=row.percent,
        stages={
            stage: _known(StageMetrics, {**row.stages[stage], "stage": stage}) for stage in Stage if stage in row.stages
        },
        warnings=tuple(_known(RunWarning, warning) for warning in row.warnings),
        failure=_failure(row),
        results_folder=row.results_folder,
        result_files=tuple(row.result_files),
        results_run=row.results_run,
        published_at=row.published_at,
        language=row.language,
        num_speakers=row.num_speakers,
        num_words=row.num_words,
        names_version=row.names_version,
        names_written=row.names_written,
        keep_audio=Rule.of_column(row.keep_audio_days),
        keep_results=Rule.of_column(row.keep_results_days),
        audio_removed_at=row.audio_removed_at,
    )


def _failure(row: Any) -> Failure | None:
    if row.failure_code is None:
        return None
    stage = None if row.failure_stage is None else Stage(row.failure_stage)
    return Failure(row.failure_code, row.failure_message or "", stage)


def _known(kind: Callable[..., Value], kept: Mapping[str, Any]) -> Value:
    """A dataclass from JSON; what a newer version wrote besides is left out."""
    names = signature(kind).parameters
    return kind(
        **{name: tuple(item) if isinstance(item, list) else item for name, item in kept.items() if name in names}
    )
