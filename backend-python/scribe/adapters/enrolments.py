"""Rows of ``enrolments``: tasks of the voice lane, their claim, lease and end.

Owns the SQL, who comes next, and the fence: what a worker writes names its token. Never commits, never touches a file
(folders that must go are given to ``purges`` by the service). Time is the database's.

A task's person is locked before the task itself (``services/enrolment.py``), because forgetting a person takes both.
"""

from collections.abc import Collection, Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import ColumnElement, Double, Integer, Uuid, and_, bindparam, delete, func, or_, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from scribe.core.voices_db import EnrolmentRow
from scribe.domain import layout
from scribe.domain.accounts import Principal
from scribe.domain.enrolments import (
    MAX_ATTEMPTS,
    ClaimedEnrolment,
    Enrolment,
    EnrolmentId,
    EnrolmentKind,
    EnrolmentResult,
    EnrolmentStatus,
    NewEnrolment,
)
from scribe.domain.errors import LeaseLostError
from scribe.domain.meeting import MeetingId, UserId
from scribe.domain.people import PersonId, PrintOrigin, VoiceprintId
from scribe.domain.speech import SpeakerLabel

REMAKE_LOCK = 0x5C51BE06

_CLAIM = text("""
with open_ones as (
    select id, kind, created_at, status, next_attempt_at, lease_until, attempt,
        row_number() over (partition by owner_id order by created_at, id) as turn
    from enrolments where status in ('PENDING', 'PROCESSING')
), next as (
    select e.id from enrolments e join open_ones o on o.id = e.id
    where e.attempt < :max_attempts
        and (e.status = 'PENDING' and e.next_attempt_at <= now()
            or e.status = 'PROCESSING' and e.lease_until < clock_timestamp())
    order by e.kind = 'remake', o.turn, e.created_at, e.id
    limit 1
    for update of e skip locked
)
update enrolments e
set status = 'PROCESSING', token = :token, attempt = e.attempt + 1,
    lease_until = clock_timestamp() + make_interval(secs => :lease_s)
from next where e.id = next.id
returning e.id
""").bindparams(
    bindparam("token", type_=Uuid), bindparam("lease_s", type_=Double), bindparam("max_attempts", type_=Integer)
)
"""Somebody waits for a clip, nobody for a print that is made again; among those who wait, users take turns. Waits for
no lock: what somebody else is claiming, or concluding, is passed over."""


class EnrolmentRepository:
    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def add(self, new: NewEnrolment) -> Enrolment:
        row = await self._session.scalar(
            insert(EnrolmentRow)
            .values(
                id=new.id,
                owner_id=new.owner_id,
                person_id=new.person_id,
                kind=str(new.kind),
                origin=new.origin and str(new.origin),
                source_key=new.source_key,
                file_name=new.file_name,
                is_forced=new.is_forced,
                meeting_id=new.meeting_id,
                label=new.label,
                remade_print_id=new.remade_print_id,
            )
            .returning(EnrolmentRow)
        )
        return _enrolment(row)

    async def get(self, enrolment_id: EnrolmentId) -> Enrolment | None:
        return await self._one(EnrolmentRow.id == enrolment_id)

    async def visible(self, enrolment_id: EnrolmentId, who: Principal, *, for_update: bool = False) -> Enrolment | None:
        """To whoever asked for it, and to administrators."""
        theirs = [] if who.is_admin else [EnrolmentRow.owner_id == who.user_id]
        return await self._one(EnrolmentRow.id == enrolment_id, *theirs, for_update=for_update)

    async def status(self, enrolment_id: EnrolmentId) -> EnrolmentStatus | None:
        """As cheap as it gets: somebody waits for it to change."""
        found = await self._session.scalar(select(EnrolmentRow.status).where(EnrolmentRow.id == enrolment_id))
        return None if found is None else EnrolmentStatus(found)

    async def known(self, enrolment_ids: Collection[UUID]) -> set[UUID]:
        """Those of them that have a row."""
        return set(await self._session.scalars(select(EnrolmentRow.id).where(EnrolmentRow.id.in_(enrolment_ids))))

    # --- a worker's -------------------------------------------------------------------------------------------------

    async def claim(self, lease_s: float) -> ClaimedEnrolment | None:
        """The next one, with a lease on it. ``None``: there is nothing to do now."""
        token = uuid4()
        claimed = await self._session.scalar(_CLAIM, {"token": token, "lease_s": lease_s, "max_attempts": MAX_ATTEMPTS})
        if claimed is None:
            return None
        enrolment = await self.get(claimed)
        assert enrolment is not None  # noqa: S101 -- locked by the update above
        return ClaimedEnrolment(enrolment, token)

    async def exhausted(self, limit: int) -> list[Enrolment]:
        """Whose last attempt's worker gave no sign for longer than its lease; locked."""
        rows = await self._session.scalars(
            select(EnrolmentRow)
            .where(
                EnrolmentRow.status == EnrolmentStatus.PROCESSING,
                EnrolmentRow.lease_until < func.clock_timestamp(),
                EnrolmentRow.attempt >= MAX_ATTEMPTS,
            )
            .limit(limit)
            .with_for_update(skip_locked=True)
        )
        return [_enrolment(row) for row in rows]

    async def renew(self, task: ClaimedEnrolment, lease_s: float) -> None:
        """Raises: LeaseLostError."""
        await self._fenced(task, {"lease_until": func.clock_timestamp() + timedelta(seconds=lease_s)})

    async def lock(self, task: ClaimedEnrolment) -> Enrolment:
        """Until the transaction ends nobody else changes it. Raises: LeaseLostError."""
        found = await self._one(*_held(task), for_update=True)
        if found is None:
            raise _lost(task)
        return found

    async def put_back(self, task: ClaimedEnrolment, delay_s: float, result: EnrolmentResult) -> None:
        """PENDING again, for another attempt after ``delay_s``. Raises: LeaseLostError."""
        due = func.clock_timestamp() + timedelta(seconds=delay_s)
        await self._fenced(task, {"status": "PENDING", "next_attempt_at": due, "result": result.to_json(), **_NO_LEASE})

    async def release(self, task: ClaimedEnrolment) -> None:
        """PENDING at once; this attempt does not count. Raises: LeaseLostError."""
        values = {"next_attempt_at": func.now(), "attempt": func.greatest(EnrolmentRow.attempt - 1, 0)}
        await self._fenced(task, {"status": "PENDING", **values, **_NO_LEASE})

    async def end(
        self,
        enrolment_id: EnrolmentId,
        status: EnrolmentStatus,
        result: EnrolmentResult,
        voiceprint_id: VoiceprintId | None = None,
    ) -> None:
        """Of a row that the caller has locked."""
        await self._session.execute(
            update(EnrolmentRow)
            .where(EnrolmentRow.id == enrolment_id)
            .values(
                status=str(status),
                result=result.to_json(),
                voiceprint_id=voiceprint_id,
                finished_at=func.now(),
                **_NO_LEASE,
            )
        )

    # --- people's ---------------------------------------------------------------------------------------------------

    async def confirm(self, enrolment_id: EnrolmentId) -> None:
        """PENDING again, and nobody asks a second time. Of a row that the caller has locked."""
        await self._session.execute(
            update(EnrolmentRow)
            .where(EnrolmentRow.id == enrolment_id)
            .values(
                status="PENDING", is_forced=True, result={}, attempt=0, next_attempt_at=func.now(), finished_at=None
            )
        )

    async def remove(self, enrolment_ids: Collection[EnrolmentId]) -> None:
        """The rows; their clips are the caller's to purge."""
        if enrolment_ids:
            await self._session.execute(delete(EnrolmentRow).where(EnrolmentRow.id.in_(enrolment_ids)))

    # --- what nobody waits for --------------------------------------------------------------------------------------

    async def expired(
        self, questioned_for: timedelta, test_kept_for: timedelta, over_kept_for: timedelta, limit: int
    ) -> list[Enrolment]:
        """Those that have had their time; locked."""
        over = EnrolmentRow.status.in_(("DONE", "REFUSED", "FAILED"))
        rows = await self._session.scalars(
            select(EnrolmentRow)
            .where(
                or_(
                    and_(EnrolmentRow.status == "QUESTIONED", EnrolmentRow.finished_at < func.now() - questioned_for),
                    and_(over, EnrolmentRow.finished_at < func.now() - over_kept_for),
                    and_(over, EnrolmentRow.kind == "test", EnrolmentRow.finished_at < func.now() - test_kept_for),
                )
            )
            .limit(limit)
            .with_for_update(skip_locked=True)
        )
        return [_enrolment(row) for row in rows]

    async def of_person(self, person_id: PersonId) -> list[Enrolment]:
        """All tasks for one person; locked."""
        rows = await self._session.scalars(
            select(EnrolmentRow).where(EnrolmentRow.person_id == person_id).with_for_update()
        )
        return [_enrolment(row) for row in rows]

    async def forget_person(self, person_id: PersonId) -> list[str]:
        """Their tasks go, and so does every mention of them in tasks for others, which are asked about nobody then.

        Returns the folders of clips that must be purged.
        """
        theirs = await self.of_person(person_id)
        await self.remove([one.id for one in theirs])
        rows = await self._session.scalars(
            select(EnrolmentRow)
            .where(
                or_(
                    EnrolmentRow.result.contains({"questions": [{"person_id": str(person_id)}]}),
                    EnrolmentRow.result.contains({"verdict": {"candidates": [{"person_id": str(person_id)}]}}),
                )
            )
            .with_for_update()
        )
        for row in rows:
            row.result = _without(row.result, str(person_id))
        await self._session.flush()
        return [layout.clip_folder(one.id) for one in theirs]

    async def lock_remakes(self) -> None:
        """Until the end of the transaction nobody else asks for prints to be made again."""
        await self._session.execute(select(func.pg_advisory_xact_lock(REMAKE_LOCK)))

    # ----------------------------------------------------------------------------------------------------------------

    async def _one(self, *conditions: ColumnElement[bool], for_update: bool = False) -> Enrolment | None:
        query = select(EnrolmentRow).where(*conditions)
        if for_update:
            query = query.with_for_update()
        row = await self._session.scalar(query.execution_options(populate_existing=True))
        return None if row is None else _enrolment(row)

    async def _fenced(self, task: ClaimedEnrolment, values: Mapping[str, Any]) -> None:
        """Raises: LeaseLostError."""
        query = update(EnrolmentRow).where(*_held(task)).values(**values).returning(EnrolmentRow.id)
        if await self._session.scalar(query.execution_options(synchronize_session=False)) is None:
            raise _lost(task)


_NO_LEASE: Mapping[str, Any] = {"token": None, "lease_until": None}


def _held(task: ClaimedEnrolment) -> tuple[ColumnElement[bool], ...]:
    return (EnrolmentRow.id == task.id, EnrolmentRow.token == task.token, EnrolmentRow.status == "PROCESSING")


def _lost(task: ClaimedEnrolment) -> LeaseLostError:
    return LeaseLostError(f"Attempt {task.attempt} at {task.id} is over: somebody else decides now.")


def _without(result: Mapping[str, Any], person_id: str) -> dict[str, Any]:
    kept = dict(result)
    if "questions" in kept:
        kept["questions"] = [
            {**asked, "person_id": None if asked["person_id"] == person_id else asked["person_id"]}
            for asked in kept["questions"]
        ]
    if "verdict" in kept:
        candidates = [one for one in kept["verdict"]["candidates"] if one["person_id"] != person_id]
        kept["verdict"] = {**kept["verdict"], "candidates": candidates}
    return kept


def _enrolment(row: Any) -> Enrolment:
    return Enrolment(
        id=EnrolmentId(row.id),
        owner_id=None if row.owner_id is None else UserId(row.owner_id),
        person_id=None if row.person_id is None else PersonId(row.person_id),
        kind=EnrolmentKind(row.kind),
        status=EnrolmentStatus(row.status),
        origin=None if row.origin is None else PrintOrigin(row.origin),
        source_key=row.source_key,
        file_name=row.file_name,
        is_forced=row.is_forced,
        meeting_id=None if row.meeting_id is None else MeetingId(row.meeting_id),
        label=None if row.label is None else SpeakerLabel(row.label),
        remade_print_id=None if row.remade_print_id is None else VoiceprintId(row.remade_print_id),
        voiceprint_id=None if row.voiceprint_id is None else VoiceprintId(row.voiceprint_id),
        result=EnrolmentResult.from_json(row.result),
        attempt=row.attempt,
        created_at=row.created_at,
        finished_at=row.finished_at,
    )
