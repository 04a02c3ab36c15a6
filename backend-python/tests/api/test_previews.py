"""What is known of a first run before its results are, from checkpoints as a worker leaves them."""

import os
import time
from collections.abc import Callable
from pathlib import Path

import httpx
import numpy as np
import pytest

from scribe.adapters.checkpoints import StorageCheckpoints
from scribe.adapters.storage import Storage
from scribe.adapters.unit_of_work import UnitOfWorkFactory
from scribe.api.schemas.previews import PreviewOut
from scribe.domain import layout
from scribe.domain.accounts import Principal
from scribe.domain.jobs import ClaimedJob
from scribe.domain.meeting import MeetingId, Stage, StageMetrics
from scribe.domain.meetings import Meeting
from scribe.domain.previews import PreviewLine, attributed, talk_times
from scribe.domain.speech import (
    Diarization,
    SpeakerLabel,
    TranscribedBlock,
    Transcript,
    TranscriptSegment,
    Turn,
    Word,
)
from scribe.domain.voices import Voiceprint
from scribe.pipeline.checkpoints import Checkpoints, block_name, fingerprint
from scribe.services import meetings
from scribe.services.preview import PreviewDesk
from scribe.services.queue import Queue, requeue
from tests.api.planting import claim, complete, plant

MEETINGS = "/api/v1/meetings"
ANNE, BEN = SpeakerLabel("SPEAKER_00"), SpeakerLabel("SPEAKER_01")
TURNS = (Turn(0.0, 60.0, ANNE), Turn(50.0, 110.0, BEN), Turn(120.0, 180.0, ANNE))
EXCLUSIVE = (Turn(0.0, 55.0, ANNE), Turn(55.0, 110.0, BEN), Turn(120.0, 180.0, ANNE))
VECTOR = np.asarray([0.123456, 0.654321, 0.746072], dtype=np.float32)
VECTOR /= np.linalg.norm(VECTOR)
HEARD = Diarization(180.0, TURNS, EXCLUSIVE, {ANNE: Voiceprint(VECTOR, "pitch-1", 120.0)})
ONE, OTHER = fingerprint("transcribe", 1), fingerprint("transcribe", 2)
COSTS = {stage: StageMetrics(stage, 1.0, 1.0, 10.0) for stage in Stage}


def block(number: int, *texts: str) -> TranscribedBlock:
    """A minute of text, said in equal parts."""
    start_s, length_s = 60.0 * number, 60.0 / len(texts)
    segments = []
    for place, text in enumerate(texts):
        begin_s = start_s + place * length_s
        words = (Word(begin_s, begin_s + length_s, text, 0.9),)
        segments.append(TranscriptSegment(begin_s, begin_s + length_s, text, words, "en", -0.2, 0.01, 1.4))
    return TranscribedBlock(start_s, start_s + 60.0, tuple(segments), ())


class Run:
    """The checkpoints of a meeting, through the doors of a worker."""

    def __init__(self, storage: Storage, meeting_id: MeetingId, scratch: Path) -> None:
        self._storage, self._folder = storage, layout.checkpoints_folder(meeting_id)
        self._checkpoints = Checkpoints(StorageCheckpoints(storage, self._folder, scratch))

    def diarized(self, value: Diarization = HEARD) -> None:
        self._checkpoints.save(Stage.DIARIZE, fingerprint("diarize"), value, COSTS[Stage.DIARIZE])

    def wrote(self, number: int, *texts: str, its: str = ONE) -> None:
        self._checkpoints.save(block_name(number), its, block(number, *texts), COSTS[Stage.TRANSCRIBE])
        self.touch(f"{block_name(number)}.json")

    def transcribed(self, its: str = ONE) -> None:
        self._checkpoints.save(Stage.TRANSCRIBE, its, Transcript(180.0, "en", (), ()), COSTS[Stage.TRANSCRIBE])

    def touch(self, name: str, *, age_s: float = 0.0) -> None:
        """Files are stamped by a coarser clock than the database's."""
        path, at_s = self.path(name), time.time() - age_s
        os.utime(path, (at_s, at_s))

    def path(self, name: str) -> Path:
        path = self._storage.local_path(f"{self._folder}/{name}")
        assert path is not None
        return path


@pytest.fixture
async def meeting(units: UnitOfWorkFactory, member: Principal, storage: Storage) -> Meeting:
    """PENDING."""
    return await plant(units, member, storage, title="Board")


@pytest.fixture
def run(storage: Storage, meeting: Meeting, tmp_path: Path) -> Run:
    return Run(storage, meeting.id, tmp_path / "scratch")


@pytest.fixture
async def work(units: UnitOfWorkFactory, meeting: Meeting) -> tuple[Queue, ClaimedJob]:
    """It is PROCESSING."""
    return await claim(units)


async def preview(client: httpx.AsyncClient, meeting: Meeting) -> PreviewOut:
    answer = await client.get(f"{MEETINGS}/{meeting.id}/preview")
    assert answer.status_code == 200, answer.text
    assert set(answer.json()) == set(PreviewOut.model_fields)
    return PreviewOut.model_validate_json(answer.content)


def texts(shown: PreviewOut) -> list[str]:
    return [segment.text for segment in shown.segments]


# --- what is there ----------------------------------------------------------------------------------------------------


async def test_before_anything_is_finished_it_is_empty(client: httpx.AsyncClient, meeting: Meeting) -> None:
    shown = await preview(client, meeting)
    assert (shown.run, shown.speakers, shown.num_turns, shown.segments) == (1, None, None, [])
    assert (shown.transcribed_until_s, shown.duration_s, shown.is_provisional) == (0.0, None, True)


async def test_voices_and_text_appear_as_they_are_made(
    client: httpx.AsyncClient, meeting: Meeting, run: Run, work: tuple[Queue, ClaimedJob]
) -> None:
    queue, job = work
    run.diarized()
    assert (await preview(client, meeting)).speakers is None  # saved, but the run has not said that it is its own
    await queue.stage_finished(job, COSTS[Stage.DIARIZE])
    shown = await preview(client, meeting)
    assert shown.speakers is not None
    assert [(one.label, one.speech_s, one.share) for one in shown.speakers] == [(ANNE, 120, 0.6667), (BEN, 60, 0.3333)]
    assert (shown.num_turns, shown.duration_s, shown.segments) == (3, 180.0, [])

    run.wrote(0, "Good morning.", "Hello.", "Shall we?")
    shown = await preview(client, meeting)
    assert [(line.start, line.end, line.text, line.language, line.speaker) for line in shown.segments] == [
        (0.0, 20.0, "Good morning.", "en", ANNE),
        (20.0, 40.0, "Hello.", "en", ANNE),
        (40.0, 60.0, "Shall we?", "en", ANNE),
    ]
    assert shown.transcribed_until_s == 60.0
    run.wrote(1, "Yes.", "Then.")
    shown = await preview(client, meeting)
    assert (texts(shown)[3:], shown.transcribed_until_s) == (["Yes.", "Then."], 120.0)
    assert [line.speaker for line in shown.segments[3:]] == [BEN, BEN]


async def test_text_without_voices_has_no_speakers(
    client: httpx.AsyncClient, meeting: Meeting, run: Run, work: tuple[Queue, ClaimedJob]
) -> None:
    run.wrote(0, "Good morning.")
    shown = await preview(client, meeting)
    assert shown.speakers is None
    assert [(line.text, line.speaker) for line in shown.segments] == [("Good morning.", None)]


async def test_what_has_not_changed_is_not_sent_again(
    client: httpx.AsyncClient, meeting: Meeting, run: Run, work: tuple[Queue, ClaimedJob]
) -> None:
    run.wrote(0, "Good morning.")
    address = f"{MEETINGS}/{meeting.id}/preview"
    etag = (await client.get(address)).headers["ETag"]
    again = await client.get(address, headers={"If-None-Match": f"W/{etag}"})
    assert (again.status_code, again.content, again.headers["ETag"]) == (304, b"", etag)
    run.wrote(1, "Yes.")
    assert (await client.get(address, headers={"If-None-Match": etag})).status_code == 200


async def test_once_there_are_results_one_reads_those(
    client: httpx.AsyncClient, units: UnitOfWorkFactory, meeting: Meeting, storage: Storage, run: Run
) -> None:
    run.wrote(0, "Good morning.")
    await complete(units, storage)
    address = f"{MEETINGS}/{meeting.id}/preview"
    answer = await client.get(address)
    assert (answer.status_code, answer.json()["code"]) == (409, "meeting.status_conflict")
    async with units() as unit:
        await requeue(unit, meeting.id, None, 5)
    await claim(units)
    run.wrote(0, "Good morning.")
    assert (await client.get(address)).status_code == 409  # the earlier run's results stay readable


# --- whose it is ------------------------------------------------------------------------------------------------------


async def test_no_voiceprint_leaves(
    client: httpx.AsyncClient, meeting: Meeting, run: Run, work: tuple[Queue, ClaimedJob]
) -> None:
    run.diarized()
    await work[0].stage_finished(work[1], COSTS[Stage.DIARIZE])
    run.wrote(0, "Good morning.")
    stored = run.path("diarize.json").read_text()
    numbers = [repr(float(number)) for number in VECTOR]
    assert "voiceprint" in stored
    assert all(number in stored for number in numbers)  # else the test looks for nothing
    answer = await client.get(f"{MEETINGS}/{meeting.id}/preview")
    assert "Good morning." in answer.text
    said = answer.text.lower() + repr(answer.headers)
    for secret in ("voiceprint", "vector", "pitch-1", *(number[:7] for number in numbers)):
        assert secret not in said


async def test_it_is_nobody_elses(
    client: httpx.AsyncClient, act_as: Callable[[Principal], None], stranger: Principal, meeting: Meeting, run: Run,
    work: tuple[Queue, ClaimedJob],
) -> None:  # fmt: skip
    run.wrote(0, "Good morning.")
    act_as(stranger)
    answer = await client.get(f"{MEETINGS}/{meeting.id}/preview")
    assert answer.status_code == 404
    assert "Good" not in answer.text


async def test_nobody_in_particular_gets_nothing(anonymous: httpx.AsyncClient, meeting: Meeting) -> None:
    assert (await anonymous.get(f"{MEETINGS}/{meeting.id}/preview")).status_code == 401


# --- which run it is of -----------------------------------------------------------------------------------------------


async def next_run(units: UnitOfWorkFactory, work: tuple[Queue, ClaimedJob], meeting: Meeting, run: Run) -> None:
    """The run that is under way fails, and another one begins; what it left is some minutes old."""
    queue, job = work
    await queue.failed(job, "engine.crashed", "Out of memory.", Stage.TRANSCRIBE, is_retryable=False)
    async with units() as unit:
        await requeue(unit, meeting.id, None, 5)
    for path in run.path("x").parent.glob("*.json"):
        run.touch(path.name, age_s=600)


async def test_what_another_run_wrote_is_not_shown(
    client: httpx.AsyncClient, units: UnitOfWorkFactory, meeting: Meeting, run: Run, work: tuple[Queue, ClaimedJob]
) -> None:
    run.diarized()
    await work[0].stage_finished(work[1], COSTS[Stage.DIARIZE])
    run.wrote(0, "Bonjour.")
    run.wrote(1, "Oui.")
    await next_run(units, work, meeting, run)
    assert (await preview(client, meeting)).segments == []  # it waits
    queue, job = await claim(units)
    shown = await preview(client, meeting)
    assert (shown.run, shown.speakers, shown.segments) == (2, None, [])
    run.wrote(0, "Good morning.", its=OTHER)
    assert texts(await preview(client, meeting)) == ["Good morning."]
    await queue.stage_finished(job, COSTS[Stage.DIARIZE])  # taken over from the first run
    assert (await preview(client, meeting)).speakers is not None


async def test_blocks_that_a_run_takes_over_are_its_own(
    client: httpx.AsyncClient, units: UnitOfWorkFactory, meeting: Meeting, run: Run, work: tuple[Queue, ClaimedJob]
) -> None:
    run.wrote(0, "One.")
    run.wrote(1, "Two.")
    await next_run(units, work, meeting, run)
    await claim(units)
    assert (await preview(client, meeting)).segments == []
    run.wrote(2, "Three.")
    assert texts(await preview(client, meeting)) == ["One.", "Two.", "Three."]


async def test_a_transcript_that_a_run_takes_over_whole_is_shown_whole(
    client: httpx.AsyncClient, units: UnitOfWorkFactory, meeting: Meeting, run: Run, work: tuple[Queue, ClaimedJob]
) -> None:
    run.wrote(0, "One.")
    run.wrote(1, "Two.")
    run.wrote(2, "Stale.", its=OTHER)
    run.transcribed()
    await next_run(units, work, meeting, run)
    queue, job = await claim(units)
    assert (await preview(client, meeting)).segments == []
    await queue.stage_finished(job, COSTS[Stage.TRANSCRIBE])
    assert texts(await preview(client, meeting)) == ["One.", "Two."]


async def test_what_was_made_before_it_failed_or_was_stopped_stays(
    client: httpx.AsyncClient, meeting: Meeting, run: Run, work: tuple[Queue, ClaimedJob]
) -> None:
    run.wrote(0, "Good morning.")
    await work[0].cancelled(work[1])
    assert texts(await preview(client, meeting)) == ["Good morning."]


# --- files that are no good -------------------------------------------------------------------------------------------


async def test_damaged_files_count_as_absent(
    client: httpx.AsyncClient, meeting: Meeting, run: Run, work: tuple[Queue, ClaimedJob], subtests: pytest.Subtests
) -> None:
    run.diarized()
    await work[0].stage_finished(work[1], COSTS[Stage.DIARIZE])
    whole = run.path("diarize.json").read_bytes()
    for number, text in enumerate(("One.", "Two.", "Three.")):
        run.wrote(number, text)
    second = run.path(f"{block_name(1)}.json").read_bytes()
    for damaged in (b"", second[:80], second[:-9], b"\xff" * 200, b"{}\n{}\n{}"):
        with subtests.test(length=len(damaged)):
            run.path(f"{block_name(1)}.json").write_bytes(damaged)
            run.path("diarize.json").write_bytes(whole[: len(damaged)])
            shown = await preview(client, meeting)
            assert (texts(shown), shown.speakers) == (["One."], None)
    run.path(f"{block_name(1)}.json").write_bytes(second)
    assert texts(await preview(client, meeting)) == ["One.", "Two.", "Three."]


# --- what it costs ----------------------------------------------------------------------------------------------------


async def test_a_file_is_read_once(
    units: UnitOfWorkFactory, member: Principal, storage: Storage, meeting: Meeting, run: Run,
    work: tuple[Queue, ClaimedJob], monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    for number in range(20):
        run.wrote(number, *(f"Line {place}." for place in range(10)))
    started = await meetings.read(units, member, meeting.id)
    read: list[str] = []
    really = Storage.read

    def counted(self: Storage, key: str) -> bytes | None:
        read.append(key)
        return really(self, key)

    monkeypatch.setattr(Storage, "read", counted)
    desk = PreviewDesk(max_lines=500)
    assert len((await desk.read(storage, started)).lines) == 200
    assert len(read) == 20
    run.wrote(20, "New.")
    assert len((await desk.read(storage, started)).lines) == 201
    assert [key.rpartition("/")[2] for key in read[20:]] == [f"{block_name(20)}.json"]
    small = PreviewDesk(max_lines=50)
    assert len((await small.read(storage, started)).lines) == 201
    assert small.num_lines <= 50


# --- whose line it is -------------------------------------------------------------------------------------------------


def line(start_s: float, end_s: float) -> PreviewLine:
    return PreviewLine(start_s, end_s, "text", "en")


def test_a_line_is_of_whoever_speaks_longest_during_it(subtests: pytest.Subtests) -> None:
    cases = {(0, 10): ANNE, (50, 59): ANNE, (54, 58): BEN, (50, 60): ANNE, (112, 118): None, (55, 180): ANNE,
             (110, 120): None, (109.5, 119): BEN, (200, 210): None, (0, 0): None}  # fmt: skip
    for (start_s, end_s), speaker in cases.items():
        with subtests.test(start_s=start_s, end_s=end_s):
            assert attributed([line(start_s, end_s)], EXCLUSIVE)[0].speaker == speaker
    assert attributed([line(0, 10)], ())[0].speaker is None


def test_talk_time_counts_for_everybody_who_speaks_together() -> None:
    assert [(one.label, one.speech_s) for one in talk_times(TURNS)] == [(ANNE, 120.0), (BEN, 60.0)]
    assert talk_times(()) == ()


def test_four_hours_are_attributed_at_once() -> None:
    """Five thousand lines, three thousand turns: some 20 ms."""
    turns = [Turn(5.0 * at, 5.0 * at + 4.5, (ANNE, BEN)[at % 2]) for at in range(3000)]
    lines = [line(3.0 * at, 3.0 * at + 2.9) for at in range(5000)]
    began_s = time.perf_counter()
    attributed(lines, turns)
    assert time.perf_counter() - began_s < 1.0
