"""Keys of requests that take their time."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select, update

from scribe.adapters.unit_of_work import UnitOfWorkFactory
from scribe.core.ids import uuid7
from scribe.core.models_db import IdempotencyRow
from scribe.domain.accounts import Principal
from scribe.domain.errors import IdempotencyError, InProgressError
from scribe.domain.meeting import MeetingId
from scribe.services.idempotency import abandon, begin, finish, forget_old, hash_of, still_busy


async def make_older(units: UnitOfWorkFactory, age: timedelta) -> None:
    async with units() as unit:
        await unit.session.execute(update(IdempotencyRow).values(created_at=IdempotencyRow.created_at - age))


async def test_while_the_first_is_under_way_the_second_is_told_to_wait(
    units: UnitOfWorkFactory, member: Principal
) -> None:
    assert await begin(units, member.user_id, "k", "h") is None
    with pytest.raises(InProgressError):
        await begin(units, member.user_id, "k", "h")
    with pytest.raises(IdempotencyError):
        await begin(units, member.user_id, "k", "other")


async def test_what_the_first_led_to_is_what_the_second_gets(units: UnitOfWorkFactory, member: Principal) -> None:
    meeting_id = MeetingId(uuid7())
    await begin(units, member.user_id, "k", "h")
    async with units() as unit:
        await finish(unit, member.user_id, "k", meeting_id)
    assert await begin(units, member.user_id, "k", "h") == meeting_id


async def test_a_key_belongs_to_its_user(units: UnitOfWorkFactory, member: Principal, stranger: Principal) -> None:
    await begin(units, member.user_id, "k", "h")
    assert await begin(units, stranger.user_id, "k", "other") is None


async def test_a_first_request_that_died_blocks_its_key_for_a_minute_only(
    units: UnitOfWorkFactory, member: Principal
) -> None:
    await begin(units, member.user_id, "k", "h")
    await make_older(units, timedelta(seconds=61))
    assert await begin(units, member.user_id, "k", "h") is None
    with pytest.raises(InProgressError):  # the second is under way now
        await begin(units, member.user_id, "k", "h")


async def test_one_that_says_that_it_is_busy_keeps_its_key(units: UnitOfWorkFactory, member: Principal) -> None:
    await begin(units, member.user_id, "k", "h")
    await make_older(units, timedelta(seconds=61))
    await still_busy(units, member.user_id, "k")
    with pytest.raises(InProgressError):
        await begin(units, member.user_id, "k", "h")


async def test_of_two_that_both_believe_to_have_the_key_one_finishes(
    units: UnitOfWorkFactory, member: Principal
) -> None:
    first, second = MeetingId(uuid7()), MeetingId(uuid7())
    await begin(units, member.user_id, "k", "h")
    await make_older(units, timedelta(seconds=61))
    await begin(units, member.user_id, "k", "h")
    async with units() as unit:
        await finish(unit, member.user_id, "k", second)
    with pytest.raises(InProgressError):
        async with units() as unit:
            await finish(unit, member.user_id, "k", first)
    await abandon(units, member.user_id, "k")  # what the first does when it failed
    assert await begin(units, member.user_id, "k", "h") == second


async def test_an_abandoned_key_is_free(units: UnitOfWorkFactory, member: Principal) -> None:
    await begin(units, member.user_id, "k", "h")
    await abandon(units, member.user_id, "k")
    assert await begin(units, member.user_id, "k", "other") is None


async def test_keys_older_than_a_day_are_forgotten(units: UnitOfWorkFactory, member: Principal) -> None:
    await begin(units, member.user_id, "old", "h")
    await make_older(units, timedelta(hours=25))
    await begin(units, member.user_id, "new", "h")
    async with units() as unit:
        await forget_old(unit)
        assert await unit.session.scalar(select(func.count()).select_from(IdempotencyRow)) == 1
    assert await begin(units, member.user_id, "old", "other") is None


def test_the_order_of_wishes_does_not_matter_but_their_values_do() -> None:
    assert hash_of("POST", "/x", {"a": 1, "b": 2}) == hash_of("POST", "/x", {"b": 2, "a": 1})
    assert hash_of("POST", "/x", {"a": 1}) != hash_of("POST", "/x", {"a": 2})
    assert hash_of("POST", "/x") != hash_of("POST", "/y")
