"""What the tables say in numbers, for /metrics.

Owns these queries: each is one pass over an index or over a small table, because they run at every scrape. Labels are
statuses and kinds, never an id and never what somebody typed.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from scribe.domain.meeting import Priority


@dataclass(frozen=True, slots=True)
class Waiting:
    """What nobody has begun yet."""

    count: int = 0
    oldest_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Figures:
    queue: Mapping[Priority, Waiting]
    """PENDING meetings, every priority."""
    retries_waiting: int
    """PENDING meetings whose next attempt is not due yet."""
    clips: Waiting
    """Clips of voices and tests that a worker is to listen to."""
    uploads: int
    """Resumable uploads that are not whole yet."""
    upload_bytes: int
    """Received of them."""
    recording_bytes: int
    purges: Waiting
    """Folders whose files are still to be removed: something was deleted, and nobody has emptied them."""
    chores: Mapping[str, int]
    """Meetings that are to be indexed, rewritten, recognised again."""
    counters: tuple[tuple[str, str, int], ...]
    database_bytes: int
    connections: int
    max_connections: int
    """Of the server, for everybody together."""


_QUEUE = text("""
select priority, count(*) as meetings, count(*) filter (where next_attempt_at > now()) as later,
    greatest(0, extract(epoch from now() - min(queued_at)))::float8 as oldest_s
from meetings where status = 'PENDING' group by priority
""")
_CLIPS = text("""
select count(*) as clips, greatest(0, coalesce(extract(epoch from now() - min(created_at)), 0))::float8 as oldest_s
from enrolments where status in ('PENDING', 'PROCESSING') and kind <> 'remake'
    and (status = 'PENDING' or lease_until < now())
""")
"""A print that is made again is nobody's wait."""
_UPLOADS = text("""
select count(*) as uploads, coalesce(sum(offset_bytes), 0)::bigint as bytes
from uploads where meeting_id is null and expires_at > now()
""")
_PURGES = text("""
select count(*) as folders, greatest(0, coalesce(extract(epoch from now() - min(created_at)), 0))::float8 as oldest_s
from purges where not is_done_once
""")
_CHORES = text("""
select
    (select count(*) from meetings where published_at is not null and
        (indexed_run is distinct from results_run or indexed_version is distinct from names_version)) as passages,
    (select count(*) from meetings where names_version <> names_written) as names,
    (select count(*) from meetings where recognition_asked_at is not null) as recognition
""")
_SERVER = text("""
select pg_database_size(current_database()) as database_bytes,
    (select coalesce(sum(numbackends), 0) from pg_stat_database)::int as connections,
    current_setting('max_connections')::int as max_connections,
    (select coalesce(sum(size_bytes), 0) from meetings where audio_removed_at is null)::bigint as recording_bytes
""")
_COUNTERS = text("select name, label, count as value from counters")


class FigureRepository:
    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def all(self) -> Figures:
        queue = {row.priority: row for row in await self._session.execute(_QUEUE)}
        clips = (await self._session.execute(_CLIPS)).one()
        uploads = (await self._session.execute(_UPLOADS)).one()
        purges = (await self._session.execute(_PURGES)).one()
        chores = (await self._session.execute(_CHORES)).one()
        server = (await self._session.execute(_SERVER)).one()
        counters = tuple((row.name, row.label, row.value) for row in await self._session.execute(_COUNTERS))
        return Figures(
            {
                priority: Waiting(queue[priority].meetings, queue[priority].oldest_s)
                if priority in queue
                else Waiting()
                for priority in Priority
            },
            sum(row.later for row in queue.values()),
            Waiting(clips.clips, clips.oldest_s),
            uploads.uploads,
            uploads.bytes,
            server.recording_bytes,
            Waiting(purges.folders, purges.oldest_s),
            {"passages": chores.passages, "names": chores.names, "recognition": chores.recognition},
            counters,
            server.database_bytes,
            server.connections,
            server.max_connections,
        )
