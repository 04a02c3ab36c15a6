"""One transaction of a use case, with every repository on it.

Owns where a transaction begins and ends, and that entries of the audit log and then events are written last in it: the
locks that give them numbers in the order of commits are then held for the shortest time, and no row is locked after
them (two transactions that took both in different orders would wait for each other).

Usage::

    async with units() as unit:
        meeting = await unit.meetings.get(meeting_id)
        unit.emit(NewEvent(...))
        unit.record(Action.MEETING_CHANGED, meeting_id=meeting_id)
    # committed here; an exception rolls back
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from uuid import UUID

import asyncpg
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from scribe.adapters.accounts import AccountRepository
from scribe.adapters.audit import AuditRepository
from scribe.adapters.edits import EditRepository
from scribe.adapters.enrolments import EnrolmentRepository
from scribe.adapters.erasures import ErasureRepository
from scribe.adapters.events import EventRepository
from scribe.adapters.figures import FigureRepository
from scribe.adapters.jobs import JobRepository
from scribe.adapters.meetings import MeetingRepository
from scribe.adapters.passages import PassageRepository
from scribe.adapters.people import PersonRepository
from scribe.adapters.purges import PurgeRepository
from scribe.adapters.retention import RetentionRepository
from scribe.adapters.speakers import SpeakerRepository
from scribe.adapters.uploads import UploadRepository
from scribe.adapters.voiceprints import VoiceprintRepository
from scribe.adapters.workers import WorkerRepository
from scribe.core.acting import acting
from scribe.core.database import build_sessions
from scribe.domain.audit import Action, Actor, Detail, NewEntry
from scribe.domain.errors import UnavailableError
from scribe.domain.events import NewEvent


class UnitOfWork:
    def __init__(self, session: AsyncSession) -> None:
        self.session = session
        self.accounts = AccountRepository(session)
        self.audit = AuditRepository(session)
        self.events = EventRepository(session)
        self.figures = FigureRepository(session)
        self.jobs = JobRepository(session)
        self.meetings = MeetingRepository(session)
        self.purges = PurgeRepository(session)
        self.retention = RetentionRepository(session)
        self.uploads = UploadRepository(session)
        self.workers = WorkerRepository(session)
        self.edits = EditRepository(session)
        self.enrolments = EnrolmentRepository(session)
        self.erasures = ErasureRepository(session)
        self.passages = PassageRepository(session)
        self.people = PersonRepository(session)
        self.speakers = SpeakerRepository(session)
        self.voiceprints = VoiceprintRepository(session)
        self._events: list[NewEvent] = []
        self._entries: list[NewEntry] = []

    def emit(self, event: NewEvent) -> None:
        """Stored and announced with the commit, not before."""
        self._events.append(event)

    def record(
        self,
        action: Action,
        *,
        meeting_id: UUID | None = None,
        person_id: UUID | None = None,
        subject_id: UUID | None = None,
        detail: Detail | None = None,
        actor: Actor | None = None,
    ) -> None:
        """Into the audit log with the commit, as done by whoever acts (``core/acting.py``)."""
        now = datetime.now(UTC)
        self._entries.append(NewEntry(action, actor or acting(), now, meeting_id, person_id, subject_id, detail or {}))

    async def flush_entries(self) -> None:
        if self._entries:
            await self.audit.append(self._entries)
            self._entries.clear()

    async def flush_events(self) -> None:
        if self._events:
            await self.events.add(self._events)
            self._events.clear()


class UnitOfWorkFactory:
    def __init__(self, engine: AsyncEngine) -> None:
        self._sessions = build_sessions(engine)
        self.engine = engine

    @asynccontextmanager
    async def __call__(self) -> AsyncIterator[UnitOfWork]:
        """Commits when the block ends well. Raises: UnavailableError when the database does not answer."""
        with database_errors_are_ours():
            async with self._sessions() as session, session.begin():
                unit = UnitOfWork(session)
                yield unit
                await unit.flush_entries()
                await unit.flush_events()


class database_errors_are_ours:  # noqa: N801 -- reads as a statement
    """A database that does not answer becomes an UnavailableError, so that callers need no SQLAlchemy."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        is_gone = isinstance(error, OperationalError | InterfaceError | PoolTimeoutError | OSError) or (
            isinstance(error, DBAPIError) and (error.connection_invalidated or _will_pass(error))
        )
        if is_gone:
            raise UnavailableError("The database does not answer just now: try again in a moment.") from error


_WILL_PASS = ("08", "40", "53", "57", "58")
"""Classes of SQLSTATE: connection, deadlock, no room or no connection left, stopped by somebody (57P03: the server
recovers from a crash and does not let anybody in yet), a disk or a file of the server."""


def _will_pass(error: DBAPIError) -> bool:
    """What asyncpg raises for these is none of the classes above: SQLAlchemy makes a bare DBAPIError of it. So
    does the first statement after an upgrade changed a table that a connection had prepared it for; the next works."""
    if isinstance(getattr(error.orig, "__cause__", None), asyncpg.InvalidCachedStatementError):
        return True
    return str(getattr(error.orig, "sqlstate", None) or "").startswith(_WILL_PASS)
