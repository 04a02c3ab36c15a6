"""Result files follow the names, whatever dies in between, and never hold a name that nobody has any more."""

import asyncio
import os
import signal
import subprocess
import sys
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text, update

from scribe.adapters.storage import Storage
from scribe.adapters.unit_of_work import UnitOfWorkFactory
from scribe.core.config import QueueSettings
from scribe.core.ids import uuid7
from scribe.core.models_db import MeetingRow
from scribe.domain import layout
from scribe.domain.accounts import Principal
from scribe.domain.coverage import Coverage
from scribe.domain.errors import StorageError, UnavailableError
from scribe.domain.exports import FORMATS
from scribe.domain.meeting import MeetingId
from scribe.domain.meetings import Meeting
from scribe.domain.naming_overlay import overlaid
from scribe.domain.namings import Naming
from scribe.domain.people import PersonId
from scribe.domain.results import FusionDocument, read_document
from scribe.domain.speech import Span
from scribe.domain.voices import Band, Candidate, Identification
from scribe.services.moves import move, undo_move
from scribe.services.publishing import bring_in
from scribe.services.queue import Queue, requeue
from scribe.services.results import names_of, read_results
from scribe.services.rewriting import remove_leftovers, rewrite, rewrite_pending
from scribe.services.speaker_rows import judged
from tests.bank import enter
from tests.crashes import Crash, CrashBeforeCommit, CrashingStorage, FrozenStorage
from tests.domain.exports.meeting import french_meeting, fusion_document, line, run_facts
from tests.named_meetings import completed, heard, label, now
from tests.pending_meetings import stage_results

FUSION, DIARIZATION = french_meeting()
NUM_FILES = len(FORMATS) + 2


@pytest.fixture
def url(tmp_path: Path) -> str:
    return str(tmp_path / "files")


@pytest.fixture
def storage(url: str) -> Storage:
    return Storage(url)


@pytest.fixture
async def meeting(units: UnitOfWorkFactory, storage: Storage, member: Principal) -> Meeting:
    """“Claire Fontaine”, “Marc Petit” and “José-María” stand in its files, and in no row."""
    return await completed(units, storage, member.user_id)


async def say(units: UnitOfWorkFactory, meeting: Meeting, number: int, name: str | None) -> None:
    """The row calls the speaker so from now on."""
    async with units() as unit:
        await unit.jobs.lock_results(meeting.id)
        row = await unit.speakers.get(meeting.id, label(number))
        assert row is not None
        naming = Naming.REJECTED if name is None else Naming.CONFIRMED
        await unit.speakers.decide(replace(row, naming=naming, name=name, person_id=None))
        await unit.speakers.touch_names(meeting.id)


def files(storage: Storage, meeting: Meeting) -> dict[str, bytes]:
    """By name: everything under the results' folder."""
    assert meeting.results_folder is not None
    found = {key: storage.read(key) for key in storage.keys(meeting.results_folder)}
    return {key.removeprefix(f"{meeting.results_folder}/"): content or b"" for key, content in found.items()}


def fusion_of(storage: Storage, meeting: Meeting) -> FusionDocument:
    document = read_document(files(storage, meeting)["fusion.json"])
    assert isinstance(document, FusionDocument)
    return document


async def expected(units: UnitOfWorkFactory, storage: Storage, meeting: Meeting) -> dict[str, bytes]:
    """What the files are to hold, made from the machine's documents."""
    async with units() as unit:
        results = read_results(storage, meeting, await names_of(unit, meeting))
    assert results.diarization is not None
    texts = {"fusion.json": results.fusion.to_json(), "diarization.json": results.diarization.to_json()}
    texts |= {one.file_name: one.write(results, "fr") for one in FORMATS.values()}
    return {name: text.encode() for name, text in texts.items()}


async def test_files_say_what_the_rows_say_and_the_version_tells(
    units: UnitOfWorkFactory, storage: Storage, meeting: Meeting
) -> None:
    await say(units, meeting, 0, "Anne Roy")
    await say(units, meeting, 1, None)
    wanted = await expected(units, storage, meeting)
    assert await rewrite_pending(units, storage, 10) == 1
    assert files(storage, meeting) == wanted
    after = await now(units, meeting.id)
    assert (after.names_written, after.names_version) == (2, 2)
    assert after.published_at == meeting.published_at
    assert (await now(units, meeting.id)).version == 3  # those of the two changes: a reader sees nothing new
    assert await rewrite_pending(units, storage, 10) == 0


async def test_a_name_that_nobody_has_any_more_is_in_no_file(
    units: UnitOfWorkFactory, storage: Storage, member: Principal, meeting: Meeting
) -> None:
    person = await enter(units, member, "Zoé Unique")
    async with units() as unit:
        row = await unit.speakers.get(meeting.id, label(0))
        assert row is not None
        await unit.speakers.decide(replace(row, naming=Naming.CONFIRMED, person_id=person.id))
        await unit.speakers.touch_names(meeting.id)
    await rewrite_pending(units, storage, 10)
    everything = b"".join(files(storage, meeting).values())
    assert "Zoé Unique".encode() in everything
    assert str(person.id).encode() in everything
    for number in range(3):
        await say(units, meeting, number, f"P-{number}")
    await rewrite_pending(units, storage, 10)
    everything = b"".join(files(storage, meeting).values())
    for gone in ("Zoé", "Unique", str(person.id), "Fontaine", "Marc Petit", "José"):
        assert gone.encode() not in everything, gone


async def test_a_move_that_is_written_and_taken_back_leaves_the_files_as_the_machine_had_them(
    units: UnitOfWorkFactory, storage: Storage, member: Principal, meeting: Meeting
) -> None:
    for number, part in enumerate(FUSION.speakers):
        await say(units, meeting, number, part.name or "Marc")
    await rewrite_pending(units, storage, 10)
    before = files(storage, meeting)
    first = await move(units, member, meeting.id, 2.0, 9.0, label(1))
    await rewrite_pending(units, storage, 10)
    second = await move(units, member, meeting.id, 0.0, 30.0, label(2))
    await rewrite_pending(units, storage, 10)
    moved = fusion_of(storage, meeting)
    assert moved.moved is not None
    assert {line.speaker for line in moved.segments if line.end < 30} == {"SPEAKER_02"}
    assert b"SPEAKER_00" not in files(storage, meeting)["fusion.stm"].split(b"31.000")[0]
    await undo_move(units, member, meeting.id, first.id)
    await rewrite_pending(units, storage, 10)
    await undo_move(units, member, meeting.id, second.id)
    await rewrite_pending(units, storage, 10)
    assert files(storage, meeting) == before


async def test_only_what_was_there_is_written_again(
    units: UnitOfWorkFactory, storage: Storage, meeting: Meeting
) -> None:
    async with units() as unit:
        kept = [key for key in meeting.result_files if not key.endswith((".md", "diarization.json", ".rttm"))]
        await unit.session.execute(update(MeetingRow).where(MeetingRow.id == meeting.id).values(result_files=kept))
    for key in set(meeting.result_files) - set(kept):
        storage.delete(key)
    await say(units, meeting, 0, "Anne Roy")
    assert await rewrite_pending(units, storage, 10) == 1
    assert sorted(f"{meeting.results_folder}/{name}" for name in files(storage, meeting)) == sorted(kept)


@pytest.mark.parametrize("band", list(Band))
def test_what_a_run_writes_is_what_its_rows_say(band: Band) -> None:
    """So that files need not be written again because they were published."""
    claire, anne = PersonId(uuid7()), PersonId(uuid7())
    candidates = (Candidate(str(claire), "Claire", 0.61234, 0.87654), Candidate(str(anne), "Anne", 0.5, 0.1))
    verdict = Identification(
        "Claire" if band is Band.AUTO else None, 0.61234, "Anne", 0.5, "too-close-to-call", "Claire", band, 0.87654,
        candidates, "Claire and Anne too close: 0.61 and 0.50",
    )  # fmt: skip
    segments = [line(0.0, 2.0, 0, "Bonjour à tous.")]
    coverage = Coverage(2.0, 2.0, 0.0, 0.0, 0.0, ())
    documents = fusion_document(segments, coverage, {0: verdict}, run_facts("a.wav", 2.0))
    row = judged(heard(MeetingId(uuid7()), 0, turns=[Span(0.0, 2.0)]), verdict, {claire, anne})
    if row.person_id is not None:
        row = replace(row, person_name="Claire")
    for document in documents:
        assert overlaid(document, [row], []) == document
        assert "Anne" not in document.to_json()
        assert ("Claire" in document.to_json()) == (band is not Band.UNKNOWN)


# --- whatever dies in between -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("moves", range(NUM_FILES + 1))
async def test_a_writer_that_dies_leaves_what_the_next_one_makes_right(
    units: UnitOfWorkFactory, url: str, storage: Storage, member: Principal, meeting: Meeting, moves: int
) -> None:
    await say(units, meeting, 0, "Anne Roy")
    await move(units, member, meeting.id, 2.0, 9.0, label(1))
    wanted = await expected(units, storage, meeting)
    if moves < NUM_FILES:
        with pytest.raises(Crash):
            await rewrite(units, CrashingStorage(url, moves), meeting.id)
    else:
        with pytest.raises(UnavailableError):
            await _all_but_the_commit(units, storage, meeting)
    left = await now(units, meeting.id)
    assert left.names_written != left.names_version
    document = fusion_of(storage, meeting)  # whole: the old one or the new one
    assert (document.speakers[0].name == "Anne Roy") == (moves >= NUM_FILES)
    assert await rewrite_pending(units, storage, 10) == 1
    assert files(storage, meeting) == wanted


async def _all_but_the_commit(units: UnitOfWorkFactory, storage: Storage, meeting: Meeting) -> None:
    class CrashAtTheEnd(CrashBeforeCommit):
        """Only the second transaction, which moves the files, is lost."""

        count = 0

        def __call__(self):  # type: ignore[no-untyped-def]
            self.count += 1
            return super().__call__() if self.count > 1 else units()

    await rewrite(CrashAtTheEnd(units.engine), storage, meeting.id)


KILLED = """
import asyncio, os, signal, sys
from scribe.adapters.storage import Storage
from scribe.adapters.unit_of_work import UnitOfWorkFactory
from scribe.core.database import build_engine
from scribe.services.rewriting import rewrite_pending

class Deadly(Storage):
    left = int(sys.argv[3])
    def _die(self):
        Deadly.left -= 1
        if Deadly.left < 0:
            os.kill(os.getpid(), signal.SIGKILL)
    def move(self, source, target):
        self._die()
        super().move(source, target)
    def write(self, key, content, *, private=False):
        self._die()
        super().write(key, content, private=private)

asyncio.run(rewrite_pending(UnitOfWorkFactory(build_engine(sys.argv[1])), Deadly(sys.argv[2]), 10))
"""


@pytest.mark.parametrize("steps", [0, 5, NUM_FILES, NUM_FILES + 4, 2 * NUM_FILES - 1])
async def test_a_killed_process_leaves_a_mark_and_nothing_that_stays(
    units: UnitOfWorkFactory, database_url: str, url: str, storage: Storage, meeting: Meeting, steps: int
) -> None:
    await say(units, meeting, 0, "Anne Roy")
    wanted = await expected(units, storage, meeting)
    command = [sys.executable, "-c", KILLED, database_url, url, str(steps)]
    ended = await asyncio.to_thread(subprocess.run, command, check=False, env=dict(os.environ))
    assert ended.returncode == -signal.SIGKILL
    assert not (await now(units, meeting.id)).are_names_written
    assert await rewrite_pending(units, storage, 10) == 1
    assert files(storage, meeting) == wanted  # and nothing of what was staged


async def test_a_name_that_changes_while_files_are_made_is_in_the_next_ones(
    units: UnitOfWorkFactory, url: str, storage: Storage, meeting: Meeting
) -> None:
    class Meddling(Storage):
        """Somebody names a speaker while the first file is staged."""

        is_done = False

        def write(self, key: str, content: bytes, *, private: bool = False) -> None:
            super().write(key, content, private=private)
            if not Meddling.is_done:
                Meddling.is_done = True
                asyncio.run_coroutine_threadsafe(say(units, meeting, 0, "Later"), loop).result(30)

    loop = asyncio.get_running_loop()
    await say(units, meeting, 0, "Sooner")
    assert not await rewrite(units, Meddling(url), meeting.id)
    assert fusion_of(storage, meeting).speakers[0].name == "Claire Fontaine"
    assert await rewrite_pending(units, storage, 10) == 1
    assert fusion_of(storage, meeting).speakers[0].name == "Later"


async def test_a_run_that_publishes_meanwhile_is_not_overwritten(
    units: UnitOfWorkFactory, url: str, storage: Storage, meeting: Meeting
) -> None:
    """Frozen between two moves, the transaction gone; then another run publishes, and the thread goes on."""
    await say(units, meeting, 0, "Anne Roy")
    frozen = FrozenStorage(url)
    writing = asyncio.create_task(rewrite(units, frozen, meeting.id))
    await asyncio.to_thread(frozen.is_frozen.wait, 30)
    await _end_transactions(units)
    async with units() as unit:
        await requeue(unit, meeting.id, None, 5)
    queue = Queue(units, QueueSettings())
    job = await queue.claim("host:1:a")
    assert job is not None
    published = stage_results(storage, job)
    await queue.publish(job, storage, published)
    frozen.wake.set()
    with pytest.raises((StorageError, UnavailableError)):
        await writing
    assert {content for name, content in files(storage, meeting).items() if name in published.files} == {
        str(job.token).encode()
    }


async def test_results_that_wait_to_be_published_are_left_alone(
    units: UnitOfWorkFactory, storage: Storage, meeting: Meeting
) -> None:
    async with units() as unit:
        await requeue(unit, meeting.id, None, 5)
    job = await Queue(units, QueueSettings()).claim("host:1:a")
    assert job is not None
    published = stage_results(storage, job)
    await say(units, meeting, 0, "Anne Roy")
    assert await rewrite_pending(units, storage, 10) == 1
    await bring_in(storage, layout.results_folder(job.created_at, job.meeting_id), job.token, published.files)


async def test_two_writers_at_once_do_it_once(units: UnitOfWorkFactory, storage: Storage, meeting: Meeting) -> None:
    await say(units, meeting, 0, "Anne Roy")
    wanted = await expected(units, storage, meeting)
    done = await asyncio.gather(*(_tolerant(units, storage, meeting) for _ in range(4)))
    assert done.count(True) == 1
    assert files(storage, meeting) == wanted
    assert (await now(units, meeting.id)).are_names_written


async def _tolerant(units: UnitOfWorkFactory, storage: Storage, meeting: Meeting) -> bool:
    """Which of several gets there first may cost the others their staged files."""
    try:
        return await rewrite(units, storage, meeting.id)
    except StorageError:
        return False


async def test_one_that_cannot_be_read_does_not_keep_the_others_waiting(
    units: UnitOfWorkFactory, storage: Storage, member: Principal, meeting: Meeting
) -> None:
    other = await completed(units, storage, member.user_id)
    for one in (meeting, other):
        await say(units, one, 0, "Anne Roy")
    storage.write(f"{meeting.results_folder}/fusion.json", b"{}")
    assert await rewrite_pending(units, storage, 1) == 1
    assert fusion_of(storage, other).speakers[0].name == "Anne Roy"
    assert not (await now(units, meeting.id)).are_names_written


async def test_what_killed_writers_had_staged_goes_in_time(storage: Storage, meeting: Meeting) -> None:
    staged = f"{meeting.results_folder}/.run-names/abc/fusion.json"
    storage.write(staged, b"Claire")
    assert remove_leftovers(storage) == 0
    assert remove_leftovers(storage, timedelta(seconds=-1)) == 1
    assert storage.read(staged) is None
    assert set(storage.keys(str(meeting.results_folder))) == set(meeting.result_files)


async def test_an_object_store_is_written_to_in_the_same_way(
    units: UnitOfWorkFactory, member: Principal, s3_storage_url: str
) -> None:
    storage = Storage(s3_storage_url)
    meeting = await completed(units, storage, member.user_id)
    await say(units, meeting, 0, "Anne Roy")
    wanted = await expected(units, storage, meeting)
    with pytest.raises(Crash):
        await rewrite(units, CrashingStorage(s3_storage_url, 2), meeting.id)
    assert await rewrite_pending(units, storage, 10) == 1
    assert files(storage, meeting) == wanted


async def _end_transactions(units: UnitOfWorkFactory) -> None:
    """As PostgreSQL does with one that has been idle for long."""
    async with units() as unit:
        await unit.session.execute(
            text(
                "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() "
                "and state = 'idle in transaction' and pid <> pg_backend_pid()"
            )
        )
