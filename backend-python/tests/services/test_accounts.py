"""The first administrator, rates, and what a race could break, on a real database."""

import asyncio
from datetime import timedelta

import pytest
from argon2 import PasswordHasher
from sqlalchemy import func, select, text, update

from scribe.adapters.unit_of_work import UnitOfWorkFactory
from scribe.core.config import ApiSettings
from scribe.core.models_db import ApiTokenRow, RateRow, SessionRow, UserRow
from scribe.core.passwords import hash_password
from scribe.core.tokens import digest
from scribe.domain.accounts import ROLE_SCOPES, Principal, Role, Scope
from scribe.domain.errors import RateLimitError, SignInError
from scribe.services.accounts import (
    Credentials,
    Origin,
    SignedIn,
    by_session,
    by_token,
    change_password,
    check_rate,
    ensure_first_administrator,
    sign_in,
)
from scribe.services.tokens import TokenWish, create_token
from scribe.services.users import NewUser, UserChanges, change_user, create_user, find_user

SETTINGS = ApiSettings()
PLENTY = ApiSettings(logins_per_minute=1000)


async def enter(
    units: UnitOfWorkFactory, name: str, password: str, address: str = "192.0.2.1", settings: ApiSettings = SETTINGS
) -> SignedIn:
    return await sign_in(units, Credentials(name, password), Origin(address, "test"), settings)


async def count_users(units: UnitOfWorkFactory) -> int:
    async with units() as unit:
        return await unit.session.scalar(select(func.count()).select_from(UserRow)) or 0


# --- the first administrator ------------------------------------------------------------------------------------------


async def test_the_first_administrator_gets_a_new_password_at_each_start_until_somebody_has_signed_in(
    units: UnitOfWorkFactory,
) -> None:
    first = await ensure_first_administrator(units)
    second = await ensure_first_administrator(units)
    assert first is not None
    assert second is not None
    with pytest.raises(SignInError):
        await enter(units, "admin", first)
    signed_in = await enter(units, "admin", second)
    assert signed_in.user.role is Role.ADMIN
    assert signed_in.user.must_change_password
    assert await ensure_first_administrator(units) is None
    assert await count_users(units) == 1


async def test_processes_that_start_at_once_make_one_administrator_and_one_password_works(
    units: UnitOfWorkFactory,
) -> None:
    passwords = await asyncio.gather(*(ensure_first_administrator(units) for _ in range(5)))
    assert await count_users(units) == 1
    outcomes = await asyncio.gather(
        *(enter(units, "admin", str(password)) for password in passwords), return_exceptions=True
    )
    assert sorted(isinstance(outcome, SignedIn) for outcome in outcomes) == [False] * 4 + [True]


async def test_a_token_of_the_first_administrator_outlives_the_next_start(units: UnitOfWorkFactory) -> None:
    await ensure_first_administrator(units)
    admin = await find_user(units, "admin")
    who = Principal(admin.id, "admin", Role.ADMIN, ROLE_SCOPES[Role.ADMIN])
    made = await create_token(units, who, TokenWish("shell", frozenset({Scope.READ}), timedelta(days=1)))
    await ensure_first_administrator(units)
    assert (await by_token(units, made.secret)).username == "admin"


async def test_a_member_called_admin_is_not_made_an_administrator(units: UnitOfWorkFactory) -> None:
    await create_user(units, NewUser("admin"))
    assert await ensure_first_administrator(units) is None
    assert (await find_user(units, "admin")).role is Role.MEMBER


async def test_an_administrator_whom_another_has_deactivated_does_not_come_back_with_a_start(
    units: UnitOfWorkFactory,
) -> None:
    await ensure_first_administrator(units)
    await create_user(units, NewUser("claire", Role.ADMIN))
    admin = await find_user(units, "admin")
    await change_user(units, admin.id, UserChanges(is_active=False))
    assert await ensure_first_administrator(units) is None
    assert not (await find_user(units, "admin")).is_active


# --- rates ------------------------------------------------------------------------------------------------------------


async def test_what_is_over_the_limit_is_refused_until_the_window_ends(units: UnitOfWorkFactory) -> None:
    for _ in range(3):
        await check_rate(units, "test", 3, 86400)
    with pytest.raises(RateLimitError) as refused:
        await check_rate(units, "test", 3, 86400)
    assert 0 <= refused.value.retry_after_s <= 86400
    await check_rate(units, "another key", 3, 86400)
    async with units() as unit:  # the day is over
        await unit.session.execute(update(RateRow).values(window_start=RateRow.window_start - timedelta(days=1)))
    await check_rate(units, "test", 3, 86400)


async def test_an_attempt_counts_even_if_what_follows_fails(units: UnitOfWorkFactory) -> None:
    async def fail() -> None:
        async with units():
            await check_rate(units, "test", 1, 86400)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail()
    with pytest.raises(RateLimitError):
        await check_rate(units, "test", 1, 86400)


async def test_attempts_at_once_are_counted_one_by_one(units: UnitOfWorkFactory) -> None:
    outcomes = await asyncio.gather(*(check_rate(units, "test", 10, 86400) for _ in range(30)), return_exceptions=True)
    assert sum(outcome is None for outcome in outcomes) == 10
    assert sum(isinstance(outcome, RateLimitError) for outcome in outcomes) == 20


async def test_refused_attempts_neither_pile_up_nor_leave_rows_of_earlier_windows(units: UnitOfWorkFactory) -> None:
    for _ in range(5):
        async with units() as unit:
            await unit.accounts.count_attempt("test", 2, 86400)
    async with units() as unit:
        assert (await unit.session.scalars(select(RateRow.count))).all() == [3]
        await unit.session.execute(update(RateRow).values(window_start=RateRow.window_start - timedelta(days=1)))
    await check_rate(units, "test", 2, 86400)
    async with units() as unit:
        assert (await unit.session.scalars(select(RateRow.count))).all() == [1]


async def test_addresses_of_one_ipv6_network_are_one(units: UnitOfWorkFactory) -> None:
    for number in range(10):
        with pytest.raises(SignInError):
            await enter(units, f"user{number}", "not the password", f"2001:db8::{number}")
    with pytest.raises(RateLimitError):
        await enter(units, "user", "not the password", "2001:db8::ffff:1")
    with pytest.raises(SignInError):
        await enter(units, "user", "not the password", "2001:db8:0:1::1")


async def test_an_ipv4_address_is_the_same_in_ipv6s_clothes(units: UnitOfWorkFactory) -> None:
    for number in range(10):
        with pytest.raises(SignInError):
            await enter(units, f"user{number}", "not the password", "192.0.2.1")
    with pytest.raises(RateLimitError):
        await enter(units, "user", "not the password", "::ffff:192.0.2.1")


# --- passwords and sessions -------------------------------------------------------------------------------------------


async def test_an_outdated_hash_is_replaced_when_its_owner_signs_in(units: UnitOfWorkFactory) -> None:
    weaker = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash("three words are fine")
    async with units() as unit:
        await unit.accounts.add_user("claire", "", Role.MEMBER, weaker, must_change_password=False)
    await enter(units, "claire", "three words are fine")
    async with units() as unit:
        stored = await unit.session.scalar(select(UserRow.password_hash))
    assert stored is not None
    assert stored.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    await enter(units, "claire", "three words are fine")


async def test_of_two_changes_of_the_password_at_once_one_holds(units: UnitOfWorkFactory) -> None:
    invited = await create_user(units, NewUser("claire"))
    old = invited.one_time_password
    browsers = [await enter(units, "claire", old, settings=PLENTY) for _ in range(4)]
    found = [await by_session(units, browser.session_secret, PLENTY) for browser in browsers]
    wishes = [f"four other words {number}" for number in range(4)]
    outcomes = await asyncio.gather(
        *(
            change_password(units, session.principal, old, wish, "test", PLENTY)
            for session, wish in zip(found, wishes, strict=True)
        ),
        return_exceptions=True,
    )
    assert sorted(isinstance(outcome, SignedIn) for outcome in outcomes) == [False, False, False, True]
    async with units() as unit:
        assert await unit.session.scalar(select(func.count()).select_from(SessionRow)) == 1


async def test_a_password_reset_during_a_sign_in_wins(units: UnitOfWorkFactory) -> None:
    """The password is checked outside a transaction; what has changed meanwhile must not be overlooked."""
    invited = await create_user(units, NewUser("claire"))
    other = await hash_password("four other words here")
    async with units() as unit:
        await unit.accounts.user(invited.user.id, for_update=True)
        entering = asyncio.create_task(enter(units, "claire", invited.one_time_password))
        async with asyncio.timeout(20):
            while not await _somebody_waits(units):  # noqa: ASYNC110 -- only the database knows
                await asyncio.sleep(0.01)
        await unit.accounts.set_password(invited.user.id, other, must_change=True)
    with pytest.raises(SignInError):
        await entering


async def test_what_has_ended_is_forgotten_and_nothing_else(units: UnitOfWorkFactory) -> None:
    invited = await create_user(units, NewUser("claire"))
    who = Principal(invited.user.id, "claire", Role.MEMBER, ROLE_SCOPES[Role.MEMBER])
    await enter(units, "claire", invited.one_time_password)
    ended = await enter(units, "claire", invited.one_time_password)
    wish = TokenWish("x", frozenset({Scope.READ}), None)
    kept, old = await create_token(units, who, wish), await create_token(units, who, wish)
    async with units() as unit:
        await unit.session.execute(
            update(SessionRow).where(SessionRow.id == digest(ended.session_secret)).values(expires_at=func.now())
        )
        await unit.session.execute(
            update(ApiTokenRow)
            .where(ApiTokenRow.id == old.token.id)
            .values(revoked_at=func.now() - timedelta(days=366))
        )
        await unit.session.execute(
            update(RateRow)
            .where(RateRow.key == "login:name:claire")
            .values(window_start=func.now() - timedelta(days=2))
        )
        await unit.accounts.forget_expired()
    async with units() as unit:
        assert await unit.session.scalar(select(func.count()).select_from(SessionRow)) == 1
        assert (await unit.session.scalars(select(ApiTokenRow.id))).all() == [kept.token.id]
        assert (await unit.session.scalars(select(RateRow.key))).all() == ["login:address:192.0.2.1"]


async def _somebody_waits(units: UnitOfWorkFactory) -> bool:
    """For a lock that another transaction of this database holds."""
    async with units() as unit:
        query = text("select exists (select from pg_stat_activity where wait_event_type = 'Lock')")
        return bool(await unit.session.scalar(query))
