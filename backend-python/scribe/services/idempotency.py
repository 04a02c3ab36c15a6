"""The same request again is answered like the first and done only once.

Owns what an Idempotency-Key means: it belongs to its user, lives for a day, and stands for one request. A first
request that was cut off (the process was killed) blocks its key for half a minute and no longer; whoever takes the key
over does the work anew, and should the first one turn out to be alive after all, only one of the two can finish.

Usage, where the work has a transaction of its own::

    before = await begin(units, owner, key, hash_of("POST", path, options))
    if before is None:
        try:
            async with units() as unit:
                ...
                await finish(unit, owner, key, meeting_id)
        except BaseException:
            await abandon(units, owner, key)
            raise
"""

import asyncio
import hashlib
import json
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from uuid import UUID

from scribe.adapters.idempotency import IdempotencyRepository
from scribe.adapters.unit_of_work import UnitOfWork, UnitOfWorkFactory
from scribe.domain.errors import IdempotencyError, InProgressError
from scribe.domain.meeting import MeetingId, UserId

KEPT = timedelta(hours=24)
SILENCE_S = 30.0
"""A request that is under way and gave no sign for so long is taken for dead. One that takes longer calls
:func:`still_busy` more often than that."""


def hash_of(method: str, path: str, wishes: object = None) -> str:
    """``wishes``: everything that changes what is done, as JSON values."""
    text = json.dumps([method, path, wishes], sort_keys=True, default=str)
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()


async def begin(units: UnitOfWorkFactory, owner: UserId, key: str, request_hash: str) -> MeetingId | None:
    """``None``: go ahead. Else what the same request led to before.

    Raises: IdempotencyError when the key stands for another request, InProgressError when the first one is under way.
    """
    async with units() as unit:
        return await _begin(IdempotencyRepository(unit.session), owner, key, request_hash)


async def finish(unit: UnitOfWork, owner: UserId, key: str, meeting_id: MeetingId) -> None:
    """In the transaction that does the work. Raises: InProgressError when another request took the key over."""
    if not await IdempotencyRepository(unit.session).finish(owner, key, meeting_id):
        raise InProgressError("Another request with the same Idempotency-Key took over: send it again.")


async def still_busy(units: UnitOfWorkFactory, owner: UserId, key: str) -> None:
    async with units() as unit:
        await IdempotencyRepository(unit.session).sign(owner, key)


async def abandon(units: UnitOfWorkFactory, owner: UserId, key: str) -> None:
    """It came to nothing: the key is free again. Does not harm one that is finished."""
    async with units() as unit:
        await IdempotencyRepository(unit.session).remove(owner, key, is_finished=False)


async def once(
    units: UnitOfWorkFactory,
    owner: UserId,
    key: str | None,
    request_hash: str,
    work: Callable[[UnitOfWork], Awaitable[MeetingId]],
) -> MeetingId:
    """Key and work in one transaction: either both are there or neither. For work that takes no time to speak of.

    Raises: IdempotencyError, InProgressError, and what ``work`` raises.
    """
    async with units() as unit:
        if key is None:
            return await work(unit)
        before = await _begin(IdempotencyRepository(unit.session), owner, key, request_hash)
        if before is not None:
            return before
        meeting_id = await work(unit)
        await finish(unit, owner, key, meeting_id)
        return meeting_id


async def once_apart(
    units: UnitOfWorkFactory,
    owner: UserId,
    key: str | None,
    request_hash: str,
    work: Callable[[], Awaitable[UUID]],
) -> UUID:
    """For work with transactions of its own, that makes something with an id (the column bears the name of the first
    such thing). A process that dies between the work and the note of it leaves a key with which the work is done again.

    Raises: IdempotencyError, InProgressError, and what ``work`` raises.
    """
    if key is None:
        return await work()
    before = await begin(units, owner, key, request_hash)
    if before is not None:
        return before
    try:
        made = await work()
    except BaseException:
        await asyncio.shield(abandon(units, owner, key))
        raise
    async with units() as unit:
        await finish(unit, owner, key, MeetingId(made))
    return made


async def forget_old(unit: UnitOfWork) -> None:
    await IdempotencyRepository(unit.session).forget_older_than(KEPT, datetime.now(UTC))


async def _begin(keys: IdempotencyRepository, owner: UserId, key: str, request_hash: str) -> MeetingId | None:
    while not await keys.add(owner, key, request_hash):
        before = await keys.find(owner, key)
        if before is None:
            continue  # it was given up in between
        if before.last_sign_s > KEPT.total_seconds():
            await keys.remove(owner, key, is_finished=True)
            continue
        if before.request_hash != request_hash:
            raise IdempotencyError("This Idempotency-Key was used for another request: use a new one.")
        if before.meeting_id is not None:
            return before.meeting_id
        if before.last_sign_s < SILENCE_S:
            raise InProgressError("The first request with this Idempotency-Key is not done yet: send it again later.")
        await keys.sign(owner, key)
        return None
    return None
