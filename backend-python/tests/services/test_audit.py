"""The audit log in a real database: written with what it records, numbered without gaps, proved, shortened."""

import asyncio
import json
import signal
import sys
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from structlog.testing import capture_logs

from scribe.adapters.audit import AuditQuery
from scribe.adapters.unit_of_work import UnitOfWork, UnitOfWorkFactory
from scribe.core.acting import acting_as
from scribe.domain.accounts import Principal
from scribe.domain.audit import THE_PROGRAM, Action, Actor, ActorKind, Entry, NewEntry
from scribe.domain.errors import UnavailableError
from scribe.domain.meetings import MeetingChanges
from scribe.domain.retention import Rule, RuleKind
from scribe.services import audit, meetings
from scribe.services.audit_files import Form, header, written
from tests.crashes import CrashBeforeCommit
from tests.pending_meetings import add_meeting

NOW = datetime.now(UTC)


async def entries_of(units: UnitOfWorkFactory) -> list[Entry]:
    async with units() as unit:
        return await unit.audit.chain(0, 10_000)


async def add_entries(units: UnitOfWorkFactory, count: int, at: datetime = NOW) -> None:
    async with units() as unit:
        await unit.audit.append(
            [NewEntry(Action.TRANSCRIPT_READ, THE_PROGRAM, at, meeting_id=UUID(int=n + 1)) for n in range(count)]
        )


async def tamper(units: UnitOfWorkFactory, statement: str, **values: Any) -> None:
    """As somebody does who owns the database: the trigger is theirs to switch off."""
    async with units() as unit:
        await unit.session.execute(text("alter table audit_log disable trigger all"))
        await unit.session.execute(text(statement), values)
        await unit.session.execute(text("alter table audit_log enable trigger all"))


# --- written ----------------------------------------------------------------------------------------------------------


async def test_what_is_done_and_its_entry_are_one_transaction(units: UnitOfWorkFactory, member: Principal) -> None:
    meeting_id = await add_meeting(units, member.user_id)
    with acting_as(Actor(ActorKind.SESSION, member.user_id)):
        with pytest.raises(UnavailableError):
            await meetings.delete(CrashBeforeCommit(units.engine), member, meeting_id)
        assert await entries_of(units) == []
        await meetings.delete(units, member, meeting_id)
    (entry,) = await entries_of(units)
    assert (entry.sequence, entry.action, entry.meeting_id) == (1, "meeting.deleted", meeting_id)
    assert (entry.actor_kind, entry.actor_id, entry.subject_id) == ("session", member.user_id, member.user_id)


async def test_a_change_says_which_fields_and_never_what_stands_in_them(
    units: UnitOfWorkFactory, member: Principal
) -> None:
    meeting_id = await add_meeting(units, member.user_id)
    changes = MeetingChanges(title="Licenciement Dupont", keep_audio=Rule(RuleKind.DAYS, 30))
    await meetings.change(units, member, meeting_id, changes, lambda _: True)
    changed, kept = await entries_of(units)
    assert changed.detail == {"fields": ["title"]}
    assert (kept.action, kept.detail) == ("meeting.keeping_changed", {"audio": "installation -> 30 days"})


async def test_the_database_refuses_to_change_or_remove_an_entry(units: UnitOfWorkFactory) -> None:
    await add_entries(units, 2)
    for statement in (
        "update audit_log set action = 'x' where sequence = 1",
        "delete from audit_log where sequence = 1",
        "truncate audit_log",
    ):
        with pytest.raises(DBAPIError, match="append-only"):
            async with units() as unit:
                await unit.session.execute(text(statement))
    assert (await audit.verify(units)).count == 2


# --- proved -----------------------------------------------------------------------------------------------------------

FORGERIES = {
    "at": "now() - interval '1 year'",
    "action": "'meeting.created'",
    "actor_kind": "'command'",
    "actor_id": "gen_random_uuid()",
    "token_id": "gen_random_uuid()",
    "meeting_id": "null",
    "person_id": "gen_random_uuid()",
    "subject_id": "gen_random_uuid()",
    "detail": """'{"format": "txt"}'""",
    "previous": "sha256('x')",
    "hash": "sha256('x')",
}


async def test_every_forgery_in_the_database_is_found_where_it_was_made(units: UnitOfWorkFactory) -> None:
    await add_entries(units, 6)
    for column, value in FORGERIES.items():
        await tamper(units, "create table kept as select * from audit_log")
        await tamper(units, f"update audit_log set {column} = {value} where sequence = 3")  # noqa: S608
        found = await audit.verify(units)
        assert (found.broken_at, found.is_intact, found.count) == (3, False, 2), column
        await tamper(units, "delete from audit_log")
        await tamper(units, "insert into audit_log select * from kept")
        await tamper(units, "drop table kept")
    assert (await audit.verify(units)).is_intact


async def test_what_is_taken_out_or_swapped_is_missed(units: UnitOfWorkFactory) -> None:
    await add_entries(units, 6)
    kept = await audit.head(units)
    await tamper(units, "update audit_log set sequence = 7 - sequence + 100 where sequence in (3, 4)")
    await tamper(units, "update audit_log set sequence = sequence - 100 where sequence > 100")
    assert (await audit.verify(units)).broken_at == 3
    await tamper(units, "delete from audit_log where sequence in (3, 4)")
    found = await audit.verify(units)
    assert (found.broken_at, found.count) == (3, 2)
    assert "missing" in (found.reason or "")
    await tamper(units, "delete from audit_log where sequence > 4")  # the tail: an intact chain, but another head
    assert (await audit.verify(units)).is_intact
    assert not (await audit.verify(units, kept.hash)).is_intact


async def test_a_head_that_was_kept_is_found_again_when_the_log_has_grown(units: UnitOfWorkFactory) -> None:
    await add_entries(units, 3)
    kept = await audit.head(units)
    await add_entries(units, 3)
    assert (await audit.verify(units, kept.hash)).is_head_known is True
    assert (await audit.verify(units, b"x" * 32)).is_head_known is False


async def test_the_head_is_told_to_the_processs_log_whatever_its_level_leaves_out(units: UnitOfWorkFactory) -> None:
    with capture_logs() as logs:
        await audit.tell_head(units)
    assert logs == []  # nothing was ever written
    await add_entries(units, 2)
    now = await audit.head(units)
    with capture_logs() as logs:
        await audit.tell_head(units)
    assert logs == [{"event": "audit.head", "log_level": "warning", "sequence": 2, "hash": now.hash.hex()}]


# --- by many at once --------------------------------------------------------------------------------------------------


async def test_processes_that_write_at_once_and_are_killed_leave_one_chain(
    units: UnitOfWorkFactory, database_url: str
) -> None:
    """Three of them, this one among them; one is killed outright in the middle of it. What was said to be committed is
    there, no number is missing, and every entry follows the one before it."""
    writers = [
        await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tests.services.audit_writer", database_url, "60", stdout=asyncio.subprocess.PIPE
        )
        for _ in range(2)
    ]
    victim, other = writers
    assert victim.stdout is not None
    said = [await victim.stdout.readline() for _ in range(20)]
    victim.send_signal(signal.SIGKILL)
    for _ in range(60):
        await add_entries(units, 1)
    rest, _ = await victim.communicate()
    said += rest.split(b"\n")[:-1]
    await other.communicate()
    assert other.returncode == 0
    found = await audit.verify(units)
    assert found.is_intact
    assert 120 + len(said) <= found.count <= 120 + len(said) + 1  # one may have been committed and not been said


async def test_entries_and_events_of_many_transactions_do_not_wait_for_each_other_for_ever(
    units: UnitOfWorkFactory, member: Principal
) -> None:
    ids = [await add_meeting(units, member.user_id) for _ in range(8)]

    async def change(number: int) -> None:
        for turn in range(5):
            changes = MeetingChanges(title=f"{number} {turn}")
            await meetings.change(units, member, ids[number], changes, lambda _: True)

    await asyncio.gather(*(change(number) for number in range(8)))
    found = await audit.verify(units)
    assert (found.is_intact, found.count) == (True, 40)


# --- shortened --------------------------------------------------------------------------------------------------------


async def test_what_is_old_goes_and_the_rest_stays_provable(units: UnitOfWorkFactory) -> None:
    await add_entries(units, 5, NOW - timedelta(days=400))
    last_old = await audit.head(units)
    await add_entries(units, 3)
    assert await audit.prune(units, None) == 0
    assert await audit.prune(units, 500) == 0
    assert await audit.prune(units, 365) == 5
    left = await entries_of(units)
    assert [entry.sequence for entry in left] == [6, 7, 8, 9]
    assert left[-1].action == "audit.pruned"
    assert left[-1].detail == {"removed": 5, "last_sequence": 5, "last_hash": last_old.hash.hex()}
    assert (await audit.verify(units)).is_intact
    assert await audit.prune(units, 365) == 0


async def test_a_beginning_that_went_without_an_entry_is_missed(units: UnitOfWorkFactory) -> None:
    await add_entries(units, 5, NOW - timedelta(days=400))
    await add_entries(units, 3)
    await audit.prune(units, 365)
    await tamper(units, "delete from audit_log where sequence = 6")
    assert (await audit.verify(units)).broken_at == 6


async def test_a_log_of_which_everything_is_old_goes_on_from_its_end(units: UnitOfWorkFactory) -> None:
    await add_entries(units, 5, NOW - timedelta(days=400))
    assert await audit.prune(units, 365) == 5
    await add_entries(units, 1)
    assert [entry.sequence for entry in await entries_of(units)] == [6, 7]
    assert (await audit.verify(units)).is_intact


# --- read, taken away -------------------------------------------------------------------------------------------------


async def test_pages_and_filters(units: UnitOfWorkFactory, member: Principal) -> None:
    meeting_id = await add_meeting(units, member.user_id)

    async def record(unit: UnitOfWork) -> None:
        unit.record(Action.TRANSCRIPT_READ, meeting_id=meeting_id)
        unit.record(Action.USER_CHANGED, subject_id=member.user_id)
        unit.record(Action.TRANSCRIPT_EXPORTED, meeting_id=meeting_id, detail={"format": "pdf"})
        unit.record(Action.MEETING_DELETED, meeting_id=uuid4())

    with acting_as(Actor(ActorKind.SESSION, member.user_id)):
        async with units() as unit:
            await record(unit)
    async with units() as unit:
        await record(unit)

    async def found(**filters: Any) -> list[int]:
        return [entry.sequence for entry in (await audit.page(units, AuditQuery(**filters))).entries]

    assert await found() == [8, 7, 6, 5, 4, 3, 2, 1]
    assert await found(meeting_id=meeting_id) == [7, 5, 3, 1]
    assert await found(user_id=member.user_id) == [6, 4, 3, 2, 1]
    assert await found(actions=("transcript.", "meeting.deleted")) == [8, 7, 5, 4, 3, 1]
    assert await found(actions=("transcript.read",)) == [5, 1]
    assert await found(at_to=NOW - timedelta(days=1)) == []
    first = await audit.page(units, AuditQuery(limit=5))
    assert (first.next, [one.sequence for one in first.entries]) == (4, [8, 7, 6, 5, 4])
    assert await found(before=first.next, limit=5) == [3, 2, 1]
    assert first.usernames == {member.user_id: "claire"}
    assert first.titles == {meeting_id: "Weekly"}


async def test_a_file_of_lines_is_provable_without_the_database(units: UnitOfWorkFactory) -> None:
    import hashlib

    await add_entries(units, 3)
    now = await audit.begin_export(units, "jsonl")
    await add_entries(units, 2)  # not in it
    lines = [
        json.loads(line)
        async for batch in audit.stream(units, AuditQuery(), now.sequence)
        for line in written(Form.JSONL, batch).splitlines()
    ]
    assert [line["sequence"] for line in lines] == [1, 2, 3, 4]
    previous = bytes(32)
    for line in lines:
        shown, before = bytes.fromhex(line.pop("hash")), bytes.fromhex(line.pop("previous"))
        content = json.dumps(line, sort_keys=True, separators=(",", ":")).encode()
        assert before == previous
        previous = hashlib.sha256(b"scribe audit 1\n" + before + content).digest()
        assert shown == previous
    assert previous == now.hash


async def test_a_table_has_the_same_columns_for_every_entry(units: UnitOfWorkFactory) -> None:
    import csv
    import io

    await add_entries(units, 2)
    text_ = header(Form.CSV) + written(Form.CSV, await entries_of(units))
    rows = list(csv.DictReader(io.StringIO(text_)))
    assert [row["sequence"] for row in rows] == ["1", "2"]
    assert rows[0]["detail"] == "{}"
    assert rows[1]["previous"] == rows[0]["hash"]
