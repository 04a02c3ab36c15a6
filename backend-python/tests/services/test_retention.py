"""What has had its time goes, completely and for good; nothing else does, whatever happens in between."""

import asyncio
import math
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select, update

from scribe.adapters.storage import Storage
from scribe.adapters.unit_of_work import UnitOfWork, UnitOfWorkFactory
from scribe.core.config import RetentionSettings, Settings, load_settings
from scribe.core.models_db import CounterRow, MeetingRow, PurgeRow
from scribe.core.voices_db import SpeakerRow
from scribe.domain import layout
from scribe.domain.accounts import Principal
from scribe.domain.errors import RecordingRemovedError, UnavailableError
from scribe.domain.events import EventKind
from scribe.domain.meeting import MeetingId
from scribe.domain.retention import Rule, RuleKind
from scribe.services import audit, meetings
from scribe.services.housekeeping import Housekeeping, purge
from scribe.services.queue import requeue
from scribe.services.retention import sweep, upcoming
from tests.crashes import CrashBeforeCommit
from tests.pending_meetings import add_meeting, change_row, meeting_row, told

KEPT = RetentionSettings(audio_days=30, results_days=365)
FOR_GOOD = RetentionSettings()


@pytest.fixture
def storage(tmp_path: Path) -> Storage:
    return Storage(str(tmp_path / "files"))


def sounds(meeting_id: MeetingId) -> tuple[str, ...]:
    return (
        layout.recording_key(meeting_id),
        layout.playback_key(meeting_id),
        layout.speaker_sample_key(meeting_id, 1, "SPEAKER_00"),
        layout.speaker_sample_key(meeting_id, 2, "SPEAKER_00"),
        f"{layout.checkpoints_folder(meeting_id)}/diarize.json",
    )


def texts(meeting_id: MeetingId) -> tuple[str, ...]:
    return (layout.peaks_key(meeting_id), f"results/20261121/{meeting_id}/fusion.json")


async def a_meeting(
    units: UnitOfWorkFactory, storage: Storage, owner: Principal, *, days_ago: float, **columns: Any
) -> MeetingId:
    """Over since ``days_ago``, with every kind of file."""
    finished_at = datetime.now(UTC) - timedelta(days=days_ago)
    values = {"status": "COMPLETED", "finished_at": finished_at, "published_at": finished_at}
    meeting_id = await add_meeting(units, owner.user_id, **values | columns)
    folder = f"results/20261121/{meeting_id}"
    await change_row(units, meeting_id, results_folder=folder)
    async with units() as unit:
        sample = layout.speaker_sample_key(meeting_id, 1, "SPEAKER_00")
        unit.session.add(SpeakerRow(meeting_id=meeting_id, label="SPEAKER_00", run=1, sample_key=sample))
    for key in (*sounds(meeting_id), *texts(meeting_id)):
        storage.write(key, b"x")
    return meeting_id


def there(storage: Storage, keys: tuple[str, ...]) -> list[bool]:
    return [storage.size(key) is not None for key in keys]


async def is_gone(units: UnitOfWorkFactory, meeting_id: MeetingId) -> bool:
    async with units() as unit:
        return await unit.meetings.get(meeting_id) is None


async def actions(units: UnitOfWorkFactory) -> list[tuple[str, Any]]:
    async with units() as unit:
        return [(entry.action, entry.meeting_id) for entry in await unit.audit.chain(0, 1000)]


# --- what goes --------------------------------------------------------------------------------------------------------


async def test_all_that_sounds_like_the_recording_goes_and_the_text_stays(
    units: UnitOfWorkFactory, storage: Storage, member: Principal
) -> None:
    meeting_id = await a_meeting(units, storage, member, days_ago=31)
    assert (await sweep(units, KEPT)).recordings == 1
    await purge(units, storage)
    assert there(storage, sounds(meeting_id)) == [False] * 5
    assert there(storage, texts(meeting_id)) == [True] * 2
    row = await meeting_row(units, meeting_id)
    assert row.audio_removed_at is not None
    assert (row.status, row.version) == ("COMPLETED", 2)
    async with units() as unit:
        assert await unit.session.scalar(select(SpeakerRow.sample_key)) is None
        counted = await unit.session.scalar(select(CounterRow.count).where(CounterRow.name == "retention_removed"))
    assert counted == 1
    assert await actions(units) == [("retention.audio_removed", meeting_id)]
    (event,) = await told(units, meeting_id, EventKind.CHANGED)
    assert event["audio_removed_at"]
    assert (await sweep(units, KEPT)).recordings == 0


async def test_in_an_object_store_it_goes_too(units: UnitOfWorkFactory, s3_storage_url: str, member: Principal) -> None:
    storage = Storage(s3_storage_url)
    meeting_id = await a_meeting(units, storage, member, days_ago=31)
    await sweep(units, KEPT)
    await purge(units, storage)
    assert there(storage, sounds(meeting_id)) == [False] * 5
    assert there(storage, texts(meeting_id)) == [True] * 2


async def test_whole_meetings_go_like_those_that_somebody_deletes(
    units: UnitOfWorkFactory, storage: Storage, member: Principal
) -> None:
    meeting_id = await a_meeting(units, storage, member, days_ago=366)
    assert (await sweep(units, KEPT)).meetings == 1
    await purge(units, storage)
    assert await is_gone(units, meeting_id)
    assert there(storage, (*sounds(meeting_id), *texts(meeting_id))) == [False] * 7
    assert await actions(units) == [("retention.meeting_removed", meeting_id)]
    assert (await audit.verify(units)).is_intact


@pytest.mark.parametrize("status", ["FAILED", "CANCELLED"])
async def test_recordings_of_which_nothing_came_go_too(
    units: UnitOfWorkFactory, storage: Storage, member: Principal, status: str
) -> None:
    values = {"status": status, "published_at": None, "failure_code": "audio.no_track"}
    meeting_id = await a_meeting(units, storage, member, days_ago=31, **values)
    await sweep(units, KEPT)
    assert (await meeting_row(units, meeting_id)).audio_removed_at is not None


async def test_more_than_a_batch_goes_in_one_round(
    units: UnitOfWorkFactory, storage: Storage, member: Principal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("scribe.services.retention.BATCH", 2)
    for _ in range(5):
        await a_meeting(units, storage, member, days_ago=31)
    assert (await sweep(units, KEPT)).recordings == 5


# --- what stays -------------------------------------------------------------------------------------------------------


async def test_nothing_goes_before_its_time_or_where_nobody_says_so(
    units: UnitOfWorkFactory, storage: Storage, member: Principal
) -> None:
    young = await a_meeting(units, storage, member, days_ago=29.9)
    await sweep(units, KEPT)
    old = await a_meeting(units, storage, member, days_ago=10_000)
    await sweep(units, FOR_GOOD)
    for meeting_id in (young, old):
        assert (await meeting_row(units, meeting_id)).audio_removed_at is None


async def test_what_waits_or_runs_keeps_everything_however_old_it_is(
    units: UnitOfWorkFactory, storage: Storage, member: Principal
) -> None:
    """Also while it is run again: its last run ended long ago, and the end of this one counts."""
    meeting_id = await a_meeting(units, storage, member, days_ago=10_000)
    async with units() as unit:
        await requeue(unit, meeting_id, None, 5)
    await sweep(units, KEPT)
    async with units() as unit:
        job = await unit.jobs.claim("host:1:x", 15.0)
    assert job is not None
    await change_row(units, meeting_id, finished_at=datetime.now(UTC) - timedelta(days=9000))  # whatever stands there
    await sweep(units, KEPT)
    assert there(storage, (*sounds(meeting_id), *texts(meeting_id))) == [True] * 7
    assert (await meeting_row(units, meeting_id)).audio_removed_at is None


@pytest.mark.parametrize(
    ("own_audio", "own_results", "audio_goes", "meeting_goes"),
    [
        (None, None, True, True),
        (math.inf, math.inf, False, False),
        (500.0, 500.0, False, False),
        (10.0, math.inf, True, False),
        (math.inf, 10.0, False, True),
    ],
)
async def test_what_a_meeting_says_for_itself_counts(
    units: UnitOfWorkFactory,
    storage: Storage,
    member: Principal,
    own_audio: float | None,
    own_results: float | None,
    *,
    audio_goes: bool,
    meeting_goes: bool,
) -> None:
    own = {"keep_audio_days": own_audio, "keep_results_days": own_results}
    meeting_id = await a_meeting(units, storage, member, days_ago=400, **own)
    kept = await a_meeting(units, storage, member, days_ago=0)
    await sweep(units, KEPT)
    assert await is_gone(units, meeting_id) == meeting_goes
    if not meeting_goes:
        assert ((await meeting_row(units, meeting_id)).audio_removed_at is not None) == audio_goes
    assert (await meeting_row(units, kept)).audio_removed_at is None


async def test_a_choice_of_its_own_counts_where_the_installation_keeps_everything(
    units: UnitOfWorkFactory, storage: Storage, member: Principal
) -> None:
    meeting_id = await a_meeting(units, storage, member, days_ago=11, keep_audio_days=10.0)
    assert (await sweep(units, FOR_GOOD)).recordings == 1
    assert not await is_gone(units, meeting_id)


# --- afterwards -------------------------------------------------------------------------------------------------------


async def test_it_is_not_run_again_and_says_why(units: UnitOfWorkFactory, storage: Storage, member: Principal) -> None:
    meeting_id = await a_meeting(units, storage, member, days_ago=31)
    await sweep(units, KEPT)
    with pytest.raises(RecordingRemovedError, match="transcript is there"):
        async with units() as unit:
            await requeue(unit, meeting_id, None, 5)
    assert (await meeting_row(units, meeting_id)).status == "COMPLETED"


async def test_the_list_of_what_goes_is_what_goes(
    units: UnitOfWorkFactory, storage: Storage, member: Principal
) -> None:
    due = await a_meeting(units, storage, member, days_ago=31)
    later = await a_meeting(units, storage, member, days_ago=5)
    for_good = {"keep_audio_days": math.inf, "keep_results_days": math.inf}
    await a_meeting(units, storage, member, days_ago=500, **for_good)
    await add_meeting(units, member.user_id)
    listed = await upcoming(units, KEPT)
    assert [(one.meeting_id, one.what) for one in listed] == [
        (due, "audio"), (later, "audio"), (due, "meeting"), (later, "meeting"),
    ]  # fmt: skip
    swept = await sweep(units, KEPT)
    assert swept.recordings == sum(one.at <= datetime.now(UTC) for one in listed)
    assert [(one.meeting_id, one.what) for one in await upcoming(units, KEPT)] == [
        (later, "audio"), (due, "meeting"), (later, "meeting"),
    ]  # fmt: skip


async def test_housekeeping_sweeps_and_empties_in_the_same_round(
    units: UnitOfWorkFactory, storage: Storage, member: Principal, database_url: str, redis_url: str, tmp_path: Path
) -> None:
    settings: Settings = load_settings(
        database_url=database_url, redis_url=redis_url, data_dir=tmp_path / "data",
        retention__audio_days=30.0, retention__sweep_every_s=0.000001,
    )  # fmt: skip
    meeting_id = await a_meeting(units, storage, member, days_ago=31)
    keeper = Housekeeping(units, storage, settings)
    await asyncio.sleep(0.001)
    assert await keeper.once(thorough=False)
    assert there(storage, sounds(meeting_id)) == [False] * 5


# --- interrupted, at every step ---------------------------------------------------------------------------------------


class StopAfter(UnitOfWorkFactory):
    """The process is killed after so many transactions: those are committed, and nothing follows."""

    def __init__(self, units: UnitOfWorkFactory, transactions: int) -> None:
        super().__init__(units.engine)
        self._left = transactions

    @asynccontextmanager
    async def __call__(self) -> AsyncIterator[UnitOfWork]:
        if self._left == 0:
            raise UnavailableError("Killed.")
        self._left -= 1
        async with super().__call__() as unit:
            yield unit


class DyingStorage(Storage):
    """Killed before the deletion with this number."""

    def __init__(self, url: str, deletions: int) -> None:
        super().__init__(url)
        self.left = deletions

    def delete_folder(self, folder: str) -> None:
        self._count()
        super().delete_folder(folder)

    def delete(self, key: str) -> None:
        self._count()
        super().delete(key)

    def _count(self) -> None:
        if self.left == 0:
            raise KeyboardInterrupt
        self.left -= 1


async def test_killed_anywhere_nothing_is_lost_by_accident_and_nothing_is_left_behind(
    units: UnitOfWorkFactory, storage: Storage, member: Principal, tmp_path: Path
) -> None:
    """Before the commit: everything is as it was. After it: the row says so, whatever files are left; the next process
    removes them, and text is never touched."""
    meeting_id = await a_meeting(units, storage, member, days_ago=31)
    with pytest.raises(UnavailableError):
        await sweep(CrashBeforeCommit(units.engine), KEPT)
    assert there(storage, sounds(meeting_id)) == [True] * 5
    assert (await meeting_row(units, meeting_id)).audio_removed_at is None
    assert await actions(units) == []

    await sweep(units, KEPT)
    for deletions in range(5):
        with pytest.raises(KeyboardInterrupt):
            await purge(units, DyingStorage(str(tmp_path / "files"), deletions))
        assert there(storage, texts(meeting_id)) == [True] * 2
        assert len(await actions(units)) == 1
    with pytest.raises(UnavailableError):
        await purge(StopAfter(units, 1), storage)  # files are gone, and nobody has noted it
    await purge(units, storage)
    assert there(storage, sounds(meeting_id)) == [False] * 5
    assert there(storage, texts(meeting_id)) == [True] * 2

    storage.write(layout.playback_key(meeting_id), b"late")  # by a worker that was frozen
    async with units() as unit:
        await unit.session.execute(update(PurgeRow).values(again_after=func.now()))
    await purge(units, storage)
    assert there(storage, sounds(meeting_id)) == [False] * 5
    async with units() as unit:
        assert await unit.session.scalar(select(func.count()).select_from(PurgeRow)) == 0


async def test_somebody_who_runs_it_again_in_the_same_moment_wins_or_is_told(
    units: UnitOfWorkFactory, storage: Storage, member: Principal
) -> None:
    """Either the new run has its recording, or it was refused; never a run without one."""
    ids = [await a_meeting(units, storage, member, days_ago=31) for _ in range(10)]

    async def again(meeting_id: MeetingId) -> bool:
        try:
            async with units() as unit:
                await requeue(unit, meeting_id, None, 5)
        except RecordingRemovedError:
            return False
        return True

    outcomes, *_ = await asyncio.gather(asyncio.gather(*map(again, ids)), sweep(units, KEPT), sweep(units, KEPT))
    async with units() as unit:
        rows = {row.id: row for row in await unit.session.scalars(select(MeetingRow))}
    for meeting_id, is_again in zip(ids, outcomes, strict=True):
        assert rows[meeting_id].status == ("PENDING" if is_again else "COMPLETED")
        assert (rows[meeting_id].audio_removed_at is None) == is_again


async def test_a_choice_is_read_back_as_it_was_made(units: UnitOfWorkFactory, member: Principal) -> None:
    meeting_id = await add_meeting(units, member.user_id, keep_audio_days=math.inf, keep_results_days=7.0)
    meeting = await meetings.read(units, member, meeting_id)
    assert (meeting.keep_audio, meeting.keep_results) == (Rule(RuleKind.FOR_GOOD), Rule(RuleKind.DAYS, 7.0))
