"""Administering users.

Owns the rule that an active administrator always remains, also when two administrators remove each other in the same
moment: whatever may take one away waits for the same lock. Never signs anybody in (``accounts.py``).

Usage::

    created = await create_user(units, NewUser("claire"))
    print(created.one_time_password)
"""

from dataclasses import dataclass

from scribe.adapters.unit_of_work import UnitOfWork, UnitOfWorkFactory
from scribe.core.logging import get_logger
from scribe.core.passwords import hash_password
from scribe.core.tokens import new_one_time_password
from scribe.domain.accounts import Role, User
from scribe.domain.audit import Action, Detail
from scribe.domain.errors import ConflictError, NotFoundError
from scribe.domain.meeting import UserId


@dataclass(frozen=True, slots=True)
class NewUser:
    username: str
    """As ``clean_username`` gives it."""
    role: Role = Role.MEMBER
    display_name: str = ""


@dataclass(frozen=True, slots=True)
class UserChanges:
    """``None``: stays as it is."""

    role: Role | None = None
    is_active: bool | None = None
    display_name: str | None = None


@dataclass(frozen=True, slots=True)
class Invited:
    user: User
    one_time_password: str
    """Shown this once."""


async def create_user(units: UnitOfWorkFactory, new: NewUser) -> Invited:
    """Raises: ConflictError when the name is taken."""
    password = new_one_time_password()
    password_hash = await hash_password(password)
    async with units() as unit:
        user = await unit.accounts.add_user(
            new.username, new.display_name, new.role, password_hash, must_change_password=True
        )
        if user is not None:
            unit.record(Action.USER_CREATED, subject_id=user.id, detail={"role": str(user.role)})
    if user is None:
        raise ConflictError(f"There is a user {new.username} already.")
    get_logger().info("user.created", user_id=str(user.id), role=str(user.role))
    return Invited(user, password)


async def change_user(units: UnitOfWorkFactory, user_id: UserId, changes: UserChanges) -> User:
    """Whoever is deactivated is signed out everywhere. Raises: NotFoundError, ConflictError (last administrator)."""
    async with units() as unit:
        await unit.accounts.lock_administrators()
        user = await _existing(unit, user_id)
        role = user.role if changes.role is None else changes.role
        is_active = user.is_active if changes.is_active is None else changes.is_active
        if role is not Role.ADMIN or not is_active:
            await _leaves_an_administrator(unit, user)
        await unit.accounts.change_user(
            user_id, role=changes.role, is_active=changes.is_active, display_name=changes.display_name
        )
        if not is_active:
            await unit.accounts.end_sessions_of(user_id)
        changed = await _existing(unit, user_id)
        _record_change(unit, user, changed)
    get_logger().info("user.changed", user_id=str(user_id), role=str(role), is_active=is_active)
    return changed


async def reset_password(units: UnitOfWorkFactory, user_id: UserId) -> Invited:
    """Ends every session of this user; API tokens go on. Raises: NotFoundError."""
    password = new_one_time_password()
    password_hash = await hash_password(password)
    async with units() as unit:
        await _existing(unit, user_id)
        await unit.accounts.set_password(user_id, password_hash, must_change=True)
        await unit.accounts.end_sessions_of(user_id)
        user = await _existing(unit, user_id)
        unit.record(Action.USER_PASSWORD_RESET, subject_id=user_id)
    get_logger().info("user.password_reset", user_id=str(user_id))
    return Invited(user, password)


async def delete_user(units: UnitOfWorkFactory, user_id: UserId) -> None:
    """Raises: NotFoundError, ConflictError (owns meetings, uploads or people, or is the last administrator)."""
    async with units() as unit:
        await unit.accounts.lock_administrators()
        user = await _existing(unit, user_id)  # locked: a meeting that arrives now waits, and then has no owner
        if await unit.accounts.owns_something(user_id):
            raise ConflictError("This user has meetings, uploads or people: deactivate the user, or delete them first.")
        await _leaves_an_administrator(unit, user)
        await unit.accounts.delete_user(user_id)
        unit.record(Action.USER_DELETED, subject_id=user_id)
    get_logger().info("user.deleted", user_id=str(user_id))


async def list_users(units: UnitOfWorkFactory, after: str, limit: int) -> list[User]:
    """By name, from the one after ``after``."""
    async with units() as unit:
        return await unit.accounts.users(after, limit)


async def read_user(units: UnitOfWorkFactory, user_id: UserId) -> User:
    """Raises: NotFoundError."""
    async with units() as unit:
        user = await unit.accounts.user(user_id)
    if user is None:
        raise NotFoundError("There is no such user.")
    return user


async def find_user(units: UnitOfWorkFactory, username: str) -> User:
    """Raises: NotFoundError."""
    async with units() as unit:
        user = await unit.accounts.user_named(username)
    if user is None:
        raise NotFoundError(f"There is no user {username}.")
    return user


def _record_change(unit: UnitOfWork, before: User, after: User) -> None:
    """Role and activity in full: they are what an auditor asks for."""
    fields = [name for name in ("role", "is_active", "display_name") if getattr(before, name) != getattr(after, name)]
    if fields:
        detail: Detail = {"fields": fields, "role": str(after.role), "is_active": after.is_active}
        unit.record(Action.USER_CHANGED, subject_id=after.id, detail=detail)


async def _existing(unit: UnitOfWork, user_id: UserId) -> User:
    user = await unit.accounts.user(user_id, for_update=True)
    if user is None:
        raise NotFoundError("There is no such user.")
    return user


async def _leaves_an_administrator(unit: UnitOfWork, user: User) -> None:
    if user.role is Role.ADMIN and user.is_active and await unit.accounts.other_administrators(user.id) == 0:
        raise ConflictError("This is the last active administrator: make somebody else one first.")
