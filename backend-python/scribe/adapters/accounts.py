"""Rows of users, their sessions and their API tokens, and how often something was tried.

Owns the SQL; never a rule about who may do what. Times are the database's, so that the clocks of several machines need
not agree.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any, cast
from uuid import UUID

from sqlalchemy import CursorResult, Double, Select, bindparam, case, delete, exists, func, or_, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from scribe.core.ids import uuid7
from scribe.core.models_db import ApiTokenRow, MeetingRow, RateRow, SessionRow, UploadRow, UserRow
from scribe.core.voices_db import PersonRow
from scribe.domain.accounts import ApiToken, BrowserSession, Role, Scope, User
from scribe.domain.meeting import UserId

TOUCH_EVERY = timedelta(minutes=1)
"""``last_seen_at`` and ``last_used_at`` are no finer: not every request has to write."""
ADMINISTRATORS_LOCK = 0x5C51BE05
_COUNT_ATTEMPT = text("""
insert into rates (key, window_start, count) values (:key, clock_timestamp(), 1)
on conflict (key) do update set
    count = case
        when rates.window_start + make_interval(secs => :window_s) <= excluded.window_start then 1
        else least(rates.count + 1, :limit + 1)
    end,
    window_start = case
        when rates.window_start + make_interval(secs => :window_s) <= excluded.window_start then excluded.window_start
        else rates.window_start
    end
returning count, extract(epoch from window_start - clock_timestamp()) + :window_s as left_s
""").bindparams(bindparam("window_s", type_=Double))


@dataclass(frozen=True, slots=True)
class NewToken:
    user_id: UserId
    name: str
    token_hash: bytes
    prefix: str
    scopes: frozenset[Scope]
    lasts: timedelta | None


class AccountRepository:
    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    # --- users --------------------------------------------------------------------------------------------------------

    async def lock_administrators(self) -> None:
        """Until the end of the transaction, nobody else adds, removes or changes administrators."""
        await self._session.execute(select(func.pg_advisory_xact_lock(ADMINISTRATORS_LOCK)))

    async def add_user(
        self, username: str, display_name: str, role: Role, password_hash: str, *, must_change_password: bool
    ) -> User | None:
        """``None``: the name is taken."""
        row = await self._session.scalar(
            insert(UserRow)
            .values(
                id=uuid7(),
                username=username,
                display_name=display_name,
                role=str(role),
                password_hash=password_hash,
                must_change_password=must_change_password,
            )
            .on_conflict_do_nothing(index_elements=[UserRow.username])
            .returning(UserRow)
        )
        return None if row is None else _user(row)

    async def user(self, user_id: UserId, *, for_update: bool = False) -> User | None:
        return await self._one_user(select(UserRow).where(UserRow.id == user_id), for_update=for_update)

    async def user_named(self, username: str, *, for_update: bool = False) -> User | None:
        return await self._one_user(select(UserRow).where(UserRow.username == username), for_update=for_update)

    async def users(self, after: str, limit: int) -> list[User]:
        """By name, those after ``after``."""
        query = select(UserRow).where(UserRow.username > after).order_by(UserRow.username).limit(limit)
        return [_user(row) for row in await self._session.scalars(query)]

    async def password_hash(self, user_id: UserId) -> str | None:
        return await self._session.scalar(select(UserRow.password_hash).where(UserRow.id == user_id))

    async def set_password(self, user_id: UserId, password_hash: str, *, must_change: bool) -> None:
        await self._change_user(user_id, password_hash=password_hash, must_change_password=must_change)

    async def signed_in(self, user_id: UserId, *, new_hash: str | None) -> None:
        changes: dict[str, Any] = {"last_login_at": func.now()}
        if new_hash is not None:
            changes["password_hash"] = new_hash
        await self._change_user(user_id, **changes)

    async def change_user(
        self,
        user_id: UserId,
        *,
        role: Role | None = None,
        is_active: bool | None = None,
        display_name: str | None = None,
    ) -> None:
        asked = {"role": role and str(role), "is_active": is_active, "display_name": display_name}
        changes = {name: value for name, value in asked.items() if value is not None}
        if changes:
            await self._change_user(user_id, **changes)

    async def delete_user(self, user_id: UserId) -> None:
        """With sessions, tokens and idempotency keys; only one who owns nothing."""
        await self._session.execute(delete(UserRow).where(UserRow.id == user_id))

    async def owns_something(self, user_id: UserId) -> bool:
        query = select(
            or_(
                exists().where(MeetingRow.owner_id == user_id),
                exists().where(UploadRow.owner_id == user_id),
                exists().where(PersonRow.owner_id == user_id),
            )
        )
        return bool(await self._session.scalar(query))

    async def other_administrators(self, user_id: UserId) -> int:
        """Active ones. Call with the lock held, where it decides something."""
        query = select(func.count()).where(
            UserRow.role == str(Role.ADMIN), UserRow.is_active, UserRow.id != user_id
        )  # fmt: skip
        return await self._session.scalar(query) or 0

    async def has_an_administrator_signed_in(self) -> bool:
        query = select(exists().where(UserRow.role == str(Role.ADMIN), UserRow.last_login_at.is_not(None)))
        return bool(await self._session.scalar(query))

    # --- browser sessions ---------------------------------------------------------------------------------------------

    async def add_session(
        self, user_id: UserId, session_id: bytes, csrf_token: str, user_agent: str, lasts: timedelta
    ) -> None:
        self._session.add(
            SessionRow(
                id=session_id,
                user_id=user_id,
                csrf_token=csrf_token,
                user_agent=user_agent,
                expires_at=func.now() + lasts,
            )
        )
        await self._session.flush()

    async def live_session(self, session_id: bytes) -> tuple[User, str, bool] | None:
        """Whose it is, its CSRF token, and whether to touch it; while neither it nor its user has ended."""
        is_due = SessionRow.last_seen_at < func.now() - TOUCH_EVERY
        query = (
            select(UserRow, SessionRow.csrf_token, is_due)
            .join(SessionRow, SessionRow.user_id == UserRow.id)
            .where(SessionRow.id == session_id, SessionRow.expires_at > func.now(), UserRow.is_active)
        )
        found = (await self._session.execute(query)).first()
        return None if found is None else (_user(found[0]), found[1], found[2])

    async def touch_session(self, session_id: bytes, lasts: timedelta) -> None:
        await self._session.execute(
            update(SessionRow)
            .where(SessionRow.id == session_id)
            .values(last_seen_at=func.now(), expires_at=func.now() + lasts)
        )

    async def sessions_of(self, user_id: UserId) -> list[BrowserSession]:
        """Live ones, the latest used first."""
        query = (
            select(SessionRow)
            .where(SessionRow.user_id == user_id, SessionRow.expires_at > func.now())
            .order_by(SessionRow.last_seen_at.desc(), SessionRow.id)
        )
        return [
            BrowserSession(row.id, row.user_agent, row.created_at, row.last_seen_at, row.expires_at)
            for row in await self._session.scalars(query)
        ]

    async def end_session(self, session_id: bytes, user_id: UserId | None = None) -> bool:
        """``user_id``: only if it is theirs. Whether there was one."""
        query = delete(SessionRow).where(SessionRow.id == session_id)
        if user_id is not None:
            query = query.where(SessionRow.user_id == user_id)
        return await self._count(query) > 0

    async def end_sessions_of(self, user_id: UserId) -> None:
        await self._session.execute(delete(SessionRow).where(SessionRow.user_id == user_id))

    # --- API tokens ---------------------------------------------------------------------------------------------------

    async def add_token(self, new: NewToken) -> ApiToken:
        row = await self._session.scalar(
            insert(ApiTokenRow)
            .values(
                id=uuid7(),
                user_id=new.user_id,
                name=new.name,
                token_hash=new.token_hash,
                prefix=new.prefix,
                scopes=sorted(new.scopes),
                expires_at=None if new.lasts is None else func.now() + new.lasts,
            )
            .returning(ApiTokenRow)
        )
        return _token(cast("ApiTokenRow", row))

    async def live_token(self, token_hash: bytes) -> tuple[User, ApiToken, bool] | None:
        """Neither revoked nor expired, of an active user; and whether to touch it."""
        is_due = or_(ApiTokenRow.last_used_at.is_(None), ApiTokenRow.last_used_at < func.now() - TOUCH_EVERY)
        query = (
            select(UserRow, ApiTokenRow, is_due)
            .join(ApiTokenRow, ApiTokenRow.user_id == UserRow.id)
            .where(ApiTokenRow.token_hash == token_hash, _IS_LIVE, UserRow.is_active)
        )
        found = (await self._session.execute(query)).first()
        return None if found is None else (_user(found[0]), _token(found[1]), found[2])

    async def touch_token(self, token_id: UUID) -> None:
        await self._session.execute(
            update(ApiTokenRow).where(ApiTokenRow.id == token_id).values(last_used_at=func.now())
        )

    async def token_left(self, token_id: UUID) -> timedelta | None:
        """How long it still works; ``None``: for ever."""
        left: timedelta | None = await self._session.scalar(
            select(ApiTokenRow.expires_at - func.now()).where(ApiTokenRow.id == token_id)
        )
        return left

    async def tokens_of(self, user_id: UserId) -> list[ApiToken]:
        """Those not revoked, the latest first; expired ones are among them."""
        query = (
            select(ApiTokenRow)
            .where(ApiTokenRow.user_id == user_id, ApiTokenRow.revoked_at.is_(None))
            .order_by(ApiTokenRow.id.desc())
        )
        return [_token(row) for row in await self._session.scalars(query)]

    async def revoke_token(self, token_id: UUID, user_id: UserId) -> bool:
        """Whether this user had such a token."""
        query = (
            update(ApiTokenRow)
            .where(ApiTokenRow.id == token_id, ApiTokenRow.user_id == user_id, ApiTokenRow.revoked_at.is_(None))
            .values(revoked_at=func.now())
        )
        return await self._count(query) > 0

    # --- rates --------------------------------------------------------------------------------------------------------

    async def count_attempt(self, key: str, limit: int, window_s: float) -> tuple[int, float]:
        """How many there were in this window with this one (at most ``limit + 1``), and how long it still lasts."""
        values = {"key": key, "limit": limit, "window_s": float(window_s)}
        count, left_s = (await self._session.execute(_COUNT_ATTEMPT, values)).one()
        return count, max(0.0, float(left_s))

    async def forget_expired(self) -> None:
        """Sessions that ended, windows of yesterday, tokens that ended a year ago."""
        await self._session.execute(delete(SessionRow).where(SessionRow.expires_at <= func.now()))
        await self._session.execute(delete(RateRow).where(RateRow.window_start < func.now() - timedelta(days=1)))
        ended_at = case((ApiTokenRow.revoked_at.is_not(None), ApiTokenRow.revoked_at), else_=ApiTokenRow.expires_at)
        await self._session.execute(delete(ApiTokenRow).where(ended_at < func.now() - timedelta(days=365)))

    async def _one_user(self, query: Select[UserRow], *, for_update: bool) -> User | None:
        chosen = query.with_for_update() if for_update else query
        row = await self._session.scalar(chosen.execution_options(populate_existing=True))
        return None if row is None else _user(row)

    async def _change_user(self, user_id: UserId, **changes: Any) -> None:
        await self._session.execute(update(UserRow).where(UserRow.id == user_id).values(**changes))

    async def _count(self, statement: Any) -> int:
        result = cast("CursorResult[Any]", await self._session.execute(statement))
        return result.rowcount


_IS_LIVE = ApiTokenRow.revoked_at.is_(None) & or_(ApiTokenRow.expires_at.is_(None), ApiTokenRow.expires_at > func.now())


def _user(row: UserRow) -> User:
    return User(
        id=UserId(row.id),
        username=row.username,
        display_name=row.display_name,
        role=Role(row.role),
        is_active=row.is_active,
        must_change_password=row.must_change_password,
        created_at=row.created_at,
        last_login_at=row.last_login_at,
    )


def _token(row: ApiTokenRow) -> ApiToken:
    return ApiToken(
        id=row.id,
        name=row.name,
        prefix=row.prefix,
        scopes=frozenset(Scope(scope) for scope in row.scopes),
        created_at=row.created_at,
        expires_at=row.expires_at,
        last_used_at=row.last_used_at,
    )
