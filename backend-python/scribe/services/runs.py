"""What people ask of the life of a meeting: stop it, try it again, run it with other options.

Owns which status allows what, and that the same request twice is one; how the life goes on is ``services/queue.py``'s.

Usage::

    meeting = await runs.retry(ctx.units, ctx.bell, who, meeting_id, max_attempts=5, key=None)
"""

from collections.abc import Callable, Mapping

from scribe.adapters.queue import Bell
from scribe.adapters.unit_of_work import UnitOfWork, UnitOfWorkFactory
from scribe.domain.accounts import Principal
from scribe.domain.audit import Action
from scribe.domain.errors import StatusConflictError
from scribe.domain.meeting import MeetingId, MeetingStatus
from scribe.domain.meetings import Meeting
from scribe.domain.requests import RunOptions
from scribe.services.idempotency import hash_of, once
from scribe.services.meetings import read, visible
from scribe.services.queue import request_cancel, requeue


async def cancel(units: UnitOfWorkFactory, who: Principal, meeting_id: MeetingId, key: str | None) -> Meeting:
    """CANCELLED, or soon. Raises: NotFoundError, StatusConflictError, IdempotencyError."""

    async def work(unit: UnitOfWork) -> MeetingId:
        await visible(unit, who, meeting_id)
        await request_cancel(unit, meeting_id)
        unit.record(Action.MEETING_CANCELLED, meeting_id=meeting_id)
        return meeting_id

    await once(units, who.user_id, key, hash_of("cancel", str(meeting_id)), work)
    return await read(units, who, meeting_id)


async def retry(
    units: UnitOfWorkFactory, bell: Bell, who: Principal, meeting_id: MeetingId, *, max_attempts: int, key: str | None
) -> Meeting:
    """Another run with the same options: finished stages are not done again.

    Raises: NotFoundError, StatusConflictError unless FAILED or CANCELLED, IdempotencyError.
    """

    async def work(unit: UnitOfWork) -> MeetingId:
        meeting = await visible(unit, who, meeting_id, for_update=True)
        if meeting.status is MeetingStatus.COMPLETED:
            raise StatusConflictError("The meeting is COMPLETED: run it again with other options instead.")
        await requeue(unit, meeting_id, None, max_attempts)
        unit.record(Action.MEETING_RETRIED, meeting_id=meeting_id)
        return meeting_id

    await once(units, who.user_id, key, hash_of("retry", str(meeting_id)), work)
    await bell.ring()
    return await read(units, who, meeting_id)


async def run_again(
    units: UnitOfWorkFactory,
    bell: Bell,
    who: Principal,
    meeting_id: MeetingId,
    options_over: Callable[[RunOptions], RunOptions],
    *,
    wishes: Mapping[str, object],
    max_attempts: int,
    key: str | None,
) -> Meeting:
    """Another run; ``options_over`` makes its options from those of the last one. What that one published stays
    readable until the new run publishes.

    Raises: NotFoundError, StatusConflictError while it waits or runs, IdempotencyError, OptionError.
    """

    async def work(unit: UnitOfWork) -> MeetingId:
        meeting = await visible(unit, who, meeting_id, for_update=True)
        await requeue(unit, meeting_id, options_over(meeting.options), max_attempts)
        unit.record(Action.MEETING_RERUN, meeting_id=meeting_id, detail={"options": sorted(wishes)})
        return meeting_id

    await once(units, who.user_id, key, hash_of("rerun", str(meeting_id), wishes), work)
    await bell.ring()
    return await read(units, who, meeting_id)
