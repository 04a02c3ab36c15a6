"""What somebody who follows meetings is told, from where they left off to the end of the connection.

Owns that nothing is missed, nothing comes twice and the order is that of commits; never the wire format
(``api/routes/events.py``) and never a database connection while it waits.

Usage::

    async for item in Feed(units, hub, still_allowed).of_meeting(meeting_id, last_id=None): ...
"""

import asyncio
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from scribe.adapters.event_hub import EventHub, Follower
from scribe.adapters.unit_of_work import UnitOfWork, UnitOfWorkFactory
from scribe.core.logging import get_logger
from scribe.domain.errors import AccessError, NotFoundError, UnavailableError
from scribe.domain.events import Event, EventKind
from scribe.domain.meeting import MeetingId, UserId
from scribe.domain.meetings import Meeting
from scribe.services.estimates import Estimate, estimate, remaining_by_meeting

SNAPSHOT = "meeting.snapshot"
READY = "stream.ready"
RESET = "stream.reset"

BATCH = 200
COALESCE_S = 0.05
"""Events that come in one burst are read in one go."""
POLL_S = 15.0
POLL_DEAF_S = 2.0
"""While nobody is told of new events because the database does not answer."""
RECHECK_S = 45.0
"""A session that ended or a token that was revoked closes its streams within a minute."""
FRESH = timedelta(seconds=30)
"""Only progress that is news is told with the time that is left."""

StillAllowed = Callable[[], Awaitable[None]]
"""Raises: AccessError, NotFoundError when it is not."""


@dataclass(frozen=True, slots=True)
class Item:
    """One thing that is told."""

    id: int
    """To go on from; for what is not an event, that of the last event before it."""
    kind: str
    meeting_id: UUID | None
    at: datetime
    payload: Mapping[str, object]


class Feed:
    def __init__(self, units: UnitOfWorkFactory, hub: EventHub, still_allowed: StillAllowed) -> None:
        self._units = units
        self._hub = hub
        self._still_allowed = still_allowed

    async def of_meeting(self, meeting_id: MeetingId, last_id: int | None) -> AsyncGenerator[Item]:
        """Ends with the meeting's deletion. Who comes without ``last_id``, or after too long, is told the present
        state first."""

        async def present(unit: UnitOfWork, newest: int) -> Item | None:
            meeting = await unit.meetings.get(meeting_id)
            if meeting is None:
                return Item(newest, EventKind.DELETED, meeting_id, datetime.now(UTC), {})
            state = snapshot(meeting, await estimate(unit, meeting))
            return Item(newest, SNAPSHOT, meeting_id, meeting.updated_at, state)

        with self._hub.follow(meeting_id=meeting_id) as follower:
            async for item in self._follow(follower, last_id, present):
                yield item
                if item.kind == EventKind.DELETED:
                    return

    async def of_user(self, owner_id: UserId | None, last_id: int | None) -> AsyncGenerator[Item]:
        """All meetings of this user; ``None``: of everybody. Who comes without ``last_id`` is told from now on."""

        async def present(_: UnitOfWork, newest: int) -> Item | None:
            return Item(newest, READY if last_id is None else RESET, None, datetime.now(UTC), {})

        with self._hub.follow(owner_id=owner_id) as follower:
            async for item in self._follow(follower, last_id, present):
                yield item

    async def _follow(
        self, follower: Follower, last_id: int | None, present: Callable[[UnitOfWork, int], Awaitable[Item | None]]
    ) -> AsyncGenerator[Item]:
        is_begun = False
        check_at = time.monotonic() + RECHECK_S
        while not follower.is_over:
            items: list[Item] = []
            has_failed = False
            try:
                if time.monotonic() >= check_at:
                    await self._still_allowed()
                    check_at = time.monotonic() + RECHECK_S
                if not is_begun or last_id is None:
                    last_id, items = await self._begin(last_id, present)
                    is_begun = True
                # What was said before the follower was there to be woken is read without waiting.
                items += await self._after(last_id, follower)
            except (AccessError, NotFoundError):
                return
            except UnavailableError as error:
                get_logger().warning("events.read_failed", error=type(error.__cause__).__name__)
                has_failed = True
            for item in items:
                yield item
                last_id = item.id
            if len(items) < BATCH:
                patience_s = POLL_S if self._hub.is_connected and not has_failed else POLL_DEAF_S
                if await follower.wait(max(0.0, min(patience_s, check_at - time.monotonic()))):
                    await asyncio.sleep(COALESCE_S)

    async def _begin(
        self, last_id: int | None, present: Callable[[UnitOfWork, int], Awaitable[Item | None]]
    ) -> tuple[int, list[Item]]:
        async with self._units() as unit:
            # One look at everything: a state read later than ``newest`` would be told again by older events.
            await unit.session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
            oldest, newest = await unit.events.kept()
            is_complete = last_id is not None and (last_id == 0 or oldest - 1 <= last_id <= newest)
            if last_id is not None and is_complete:
                return last_id, []
            item = await present(unit, newest)
            return newest, [] if item is None else [item]

    async def _after(self, last_id: int, follower: Follower) -> list[Item]:
        meeting_id = MeetingId(follower.meeting_id) if follower.meeting_id is not None else None
        owner_id = UserId(follower.owner_id) if follower.owner_id is not None else None
        async with self._units() as unit:
            events = await unit.events.after(last_id, meeting_id=meeting_id, owner_id=owner_id, limit=BATCH)
            left_s = await remaining_by_meeting(unit, [event.meeting_id for event in events if _is_news(event)])
        return [_item(event, left_s) for event in events]


def snapshot(meeting: Meeting, now: Estimate) -> dict[str, object]:
    """JSON values: where the meeting stands. The fields of events, all in one."""
    failure = meeting.failure
    return {
        "status": str(meeting.status),
        "run": meeting.run,
        "attempt": meeting.attempt,
        "stage": str(meeting.stage) if meeting.stage is not None else None,
        "stage_percent": meeting.stage_percent,
        "percent": meeting.percent,
        "eta_s": now.remaining_s,
        "queue_place": now.queue_place,
        "starts_in_s": now.starts_in_s,
        "is_rough": now.is_rough,
        "is_cancel_requested": meeting.is_cancel_requested,
        "warnings": [{"code": warning.code, "message": warning.message} for warning in meeting.warnings],
        "failure": None
        if failure is None
        else {
            "code": failure.code,
            "message": failure.message,
            "stage": str(failure.stage) if failure.stage is not None else None,
        },
    }


def _is_news(event: Event) -> bool:
    return event.kind is EventKind.PROGRESS and datetime.now(UTC) - event.at < FRESH


def _item(event: Event, left_s: Mapping[UUID, float]) -> Item:
    payload = dict(event.payload)
    if _is_news(event) and payload.get("eta_s") is None and event.meeting_id in left_s:
        payload["eta_s"] = round(left_s[event.meeting_id], 1)
    return Item(event.id, str(event.kind), event.meeting_id, event.at, payload)
