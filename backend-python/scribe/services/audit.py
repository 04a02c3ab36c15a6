"""The audit log as administrators read, prove, take away and shorten it.

Owns these use cases; what is written down is said where it happens (``UnitOfWork.record``), reads are gathered in
``services/reading_log.py``. Never changes an entry.

Usage::

    verification = await verify(units)
    verification.broken_at      # None: every entry is as it was written
"""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from scribe.adapters.audit import AuditQuery, AuditRepository
from scribe.adapters.unit_of_work import UnitOfWorkFactory
from scribe.core.logging import get_logger
from scribe.domain.audit import NO_HEAD, Action, ChainBroken, Detail, Entry, Head, Proof

BATCH = 2000
"""Entries that are read and proved at a time: some 40 ms."""
MAX_PRUNED = 20_000


@dataclass(frozen=True, slots=True)
class AuditPage:
    entries: Sequence[Entry]
    """Newest first."""
    next: int | None
    """The number of the last one, where more follow."""
    usernames: Mapping[UUID, str]
    """Of users who are still there: the log itself has no names."""
    titles: Mapping[UUID, str]
    """Of meetings that are still there."""


@dataclass(frozen=True, slots=True)
class Verification:
    count: int
    """Entries that were proved; up to the broken one, if there is one."""
    first: int | None
    head: Head
    """The last one that was proved."""
    broken_at: int | None = None
    reason: str | None = None
    is_head_known: bool | None = None
    """Whether the head that was kept elsewhere is one of the chain; ``None``: none was given."""

    @property
    def is_intact(self) -> bool:
        return self.broken_at is None and self.is_head_known is not False


async def page(units: UnitOfWorkFactory, query: AuditQuery) -> AuditPage:
    async with units() as unit:
        found = await unit.audit.page(replace(query, limit=query.limit + 1))
        entries = found[: query.limit]
        users = {id_ for entry in entries for id_ in (entry.actor_id, entry.subject_id) if id_ is not None}
        meetings = {entry.meeting_id for entry in entries if entry.meeting_id is not None}
        usernames = await unit.audit.usernames(users)
        titles = await unit.audit.titles(meetings)
    return AuditPage(entries, entries[-1].sequence if len(found) > query.limit else None, usernames, titles)


async def verify(units: UnitOfWorkFactory, kept_head: bytes | None = None) -> Verification:
    """The whole chain, computed anew. ``kept_head``: a head that was written down elsewhere earlier; it must be the
    hash of one of the entries, else the chain was cut off or made anew."""
    proof = Proof()
    is_known: bool | None = None if kept_head is None else False
    async with units() as unit:
        await unit.session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
        try:
            while entries := await unit.audit.chain(proof.head.sequence, BATCH):
                await asyncio.to_thread(_prove, proof, entries)
                is_known = is_known or (None if kept_head is None else any(one.hash == kept_head for one in entries))
            proof.end()
        except ChainBroken as broken:
            return Verification(proof.count, proof.first, proof.head, broken.sequence, broken.reason, is_known)
    reason = None if is_known is not False else "the head that was kept elsewhere is no entry of this chain"
    return Verification(proof.count, proof.first, proof.head, None, reason, is_known)


def _prove(proof: Proof, entries: Sequence[Entry]) -> None:
    for entry in entries:
        proof.add(entry)


async def stream(units: UnitOfWorkFactory, query: AuditQuery, up_to: int) -> AsyncIterator[Sequence[Entry]]:
    """Oldest first, up to the entry ``up_to``, in batches."""
    after = 0
    while True:
        async with units() as unit:
            entries = await unit.audit.chain(after, BATCH, replace(query, before=up_to + 1))
        if not entries:
            return
        yield entries
        after = entries[-1].sequence


async def write_down(units: UnitOfWorkFactory, action: Action, **about: Any) -> None:
    """What has no transaction of its own, before it happens: what cannot be written down does not leave."""
    async with units() as unit:
        unit.record(action, **about)


async def begin_export(units: UnitOfWorkFactory, form: str) -> Head:
    """Writes down that the log is taken away. Returns the head at that moment, that entry included."""
    async with units() as unit:
        unit.record(Action.AUDIT_EXPORTED, detail={"format": form})
        await unit.flush_entries()
        return await unit.audit.head()


async def head(units: UnitOfWorkFactory) -> Head:
    async with units() as unit:
        return await unit.audit.head()


async def tell_head(units: UnitOfWorkFactory) -> None:
    """Into the process's log, so that whoever collects logs elsewhere holds a hash that nobody here can change. As a
    warning: it is wanted whatever ``SCRIBE_LOG_LEVEL`` leaves out."""
    now = await head(units)
    if now != NO_HEAD:
        get_logger().warning("audit.head", sequence=now.sequence, hash=now.hash.hex())


async def prune(units: UnitOfWorkFactory, kept_days: float | None) -> int:
    """Removes what is older, from the beginning; an entry says up to where, so that the rest stays provable. At most
    :data:`MAX_PRUNED` at a time: whoever writes an entry waits meanwhile. An entry that is older than one before it, as
    a read is by seconds, goes with a later round. Returns how many."""
    if kept_days is None:
        return 0
    async with units() as unit:
        oldest = await unit.audit.oldest()
        cutoff = datetime.now(UTC) - timedelta(days=kept_days)
        last = None if oldest is None or oldest[1] >= cutoff else await _last_to_remove(unit.audit, oldest[0], cutoff)
        if oldest is None or last is None:
            return 0
        count = last.sequence - oldest[0] + 1
        detail: Detail = {"removed": count, "last_sequence": last.sequence, "last_hash": last.hash.hex()}
        unit.record(Action.AUDIT_PRUNED, detail=detail)
        await unit.flush_entries()  # first: it follows the last one, which may be among those that go
        await unit.audit.prune(last.sequence)
    get_logger().info("audit.pruned", removed=count, last_sequence=last.sequence)
    return count


async def _last_to_remove(log: AuditRepository, oldest: int, cutoff: datetime) -> Entry | None:
    keep = await log.oldest_to_keep(cutoff)
    last = (await log.head()).sequence if keep is None else keep - 1
    return await log.entry(min(last, oldest + MAX_PRUNED - 1))
