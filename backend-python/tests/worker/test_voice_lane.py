"""Clips beside meetings, with real worker processes: at once, once, and whatever dies meanwhile."""

import asyncio
import contextlib
import signal
import sys
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import psutil
import pytest
from sqlalchemy import func, select

from scribe.adapters.queue import Bell
from scribe.adapters.servers.children import free_port
from scribe.adapters.servers.postgres import PostgresServer
from scribe.adapters.unit_of_work import UnitOfWorkFactory
from scribe.broker import build_broker
from scribe.core.config import load_settings
from scribe.core.database import build_engine
from scribe.core.ids import uuid7
from scribe.core.migrate import migrate
from scribe.core.voices_db import VoiceprintRow
from scribe.domain import layout
from scribe.domain.accounts import Principal
from scribe.domain.enrolments import (
    Enrolment,
    EnrolmentId,
    EnrolmentKind,
    EnrolmentStatus,
    MeasuredClip,
    QuestionKind,
    sample_wav,
)
from scribe.domain.errors import ArtefactError, EngineCrashError
from scribe.domain.meeting import Stage
from scribe.domain.people import Person, PrintOrigin, VoiceprintId
from scribe.domain.speech import Span
from scribe.domain.voice_quality import Problem, VoiceQuality
from scribe.domain.voices import Voiceprint
from scribe.engines.fake import MODEL_ID, MODEL_REVISION
from scribe.services import enrolment
from scribe.services.uploads import Desk
from scribe.services.voice_desk import VoiceDesk
from scribe.worker.scratch import Scratch
from scribe.worker.voice_child_process import VoiceChild
from scribe.worker.voice_lane import Chore, VoiceLane
from scribe.worker.voice_protocol import Unmeasured, VoiceOrder, measured_bytes, report_of, unmeasured_bytes
from scribe.worker.wiring import build_matcher
from tests.bank import enter, stored, voice
from tests.conftest import REPOSITORY, add_user
from tests.worker.conftest import Place, WorkerUnderTest, eventually, gone, make_place, wav

RATE = 16_000
MODEL = f"{MODEL_ID}@{MODEL_REVISION}"
SLOW = "0.4"
"""Seconds per second of audio: a clip of 8 s takes three."""
SLOW_MEETING = "5"
BESIDE = "2"
"""A stage of the meeting takes 40 s, the clip 14."""
WAIT_S = 60.0
VOICES = REPOSITORY / "samples" / "voices"


def tone(hz: float, seconds: float = 8.0) -> bytes:
    """Somebody with this voice, as the fake engines hear it; a pause in the middle."""
    t = np.arange(int(seconds * RATE)) / RATE
    samples = (0.3 + 0.04 * np.sin(2 * np.pi * 0.37 * t)) * np.sin(2 * np.pi * hz * t)
    samples[len(t) // 2 : len(t) // 2 + RATE // 2] = 0
    return wav(samples)


LOW, HIGH = tone(150), tone(900)


@pytest.fixture
def desk(place: Place) -> Desk:
    """As the API has it, without a bell: workers look by themselves."""
    return desk_of(place)


def desk_of(place: Place) -> Desk:
    return Desk(place.units, place.storage, None, load_settings(data_dir=place.folder / "data"))


async def ask(
    desk: Desk,
    place: Place,
    content: bytes,
    person: Person | None = None,
    kind: EnrolmentKind = EnrolmentKind.ENROL,
    *,
    is_forced: bool = False,
) -> EnrolmentId:
    enrolment_id = EnrolmentId(uuid7())
    desk.storage.write(layout.clip_key(enrolment_id), content)
    await enrolment.submit(
        desk,
        place.owner,
        enrolment_id,
        person and person.id,
        kind=kind,
        origin=PrintOrigin.MICROPHONE,
        is_forced=is_forced,
    )
    return enrolment_id


async def ended(place: Place, enrolment_id: EnrolmentId) -> Enrolment:
    found = await enrolment.wait(place.units, place.owner, enrolment_id, WAIT_S)
    assert not found.status.is_open
    return found


async def voices_are(place: Place, keys: list[str]) -> None:
    """While the worker lives: a clip goes after the end of its task was told."""

    async def look() -> bool | None:
        return True if place.storage.keys("voices") == keys else None

    await eventually(look)


async def num_prints(place: Place) -> int:
    async with place.units() as unit:
        return await unit.session.scalar(select(func.count()).select_from(VoiceprintRow)) or 0


def voice_children(worker: WorkerUnderTest) -> list[psutil.Process]:
    found = []
    for child in psutil.Process(worker.process.pid).children():
        try:
            if "scribe.worker.voice_child_entry" in child.cmdline():
                found.append(child)
        except psutil.NoSuchProcess:
            continue
    return found


async def voice_child(worker: WorkerUnderTest) -> psutil.Process:
    async def look() -> psutil.Process | None:
        return next(iter(voice_children(worker)), None)

    return await eventually(look)


async def in_attempt(place: Place, enrolment_id: EnrolmentId, attempt: int) -> None:
    async def look() -> bool | None:
        found = await enrolment.read(place.units, place.owner, enrolment_id)
        return (found.status is EnrolmentStatus.PROCESSING and found.attempt == attempt) or None

    await eventually(look)


# --- what comes of a clip -------------------------------------------------------------------------------------------


async def test_a_clip_becomes_a_voiceprint_and_the_next_one_is_compared_with_it(place: Place, desk: Desk) -> None:
    claire, anne = await enter(place.units, place.owner, "Claire"), await enter(place.units, place.owner, "Anne")
    with place.worker() as worker:
        first = await ended(place, await ask(desk, place, LOW, claire))
        again = await ended(place, await ask(desk, place, LOW, claire))
        hers = await ended(place, await ask(desk, place, LOW, anne))
        tested = await ended(place, await ask(desk, place, LOW, kind=EnrolmentKind.TEST))
        await place.is_tidy()
        assert not voice_children(worker)
    assert [(one.status, one.result.problems) for one in (first, again)] == [(EnrolmentStatus.DONE, ())] * 2
    assert hers.status is EnrolmentStatus.QUESTIONED
    assert [(one.kind, one.person_id) for one in hers.result.questions] == [(QuestionKind.SOUNDS_LIKE, claire.id)]
    assert tested.result.verdict is not None
    assert [one.person_id for one in tested.result.verdict.candidates] == [claire.id]
    async with place.units() as unit:
        kept = await unit.voiceprints.of_person(claire.id)
    assert [one.voiceprint.model for one in kept] == [MODEL] * 2
    assert [one.channel for one in kept] == ["16000 Hz, pcm_s16le"] * 2
    samples = {layout.print_sample_key(claire.id, one.id) for one in kept}
    assert set(desk.storage.keys("voices")) == samples | {layout.clip_key(hers.id)}
    assert "Claire" not in worker.log.read_text()


async def test_a_file_that_is_no_audio_is_refused_with_the_reason(place: Place, desk: Desk) -> None:
    claire = await enter(place.units, place.owner, "Claire")
    with place.worker():
        found = await ended(place, await ask(desk, place, b"\x00\x01\x02" * 1000, claire))
    (problem,) = found.result.problems
    assert (found.status, problem.code, found.attempt) == (EnrolmentStatus.REFUSED, "audio.not_audio", 1)
    assert not desk.storage.keys("voices")


async def test_a_clip_of_hours_is_refused_before_anybody_listens_to_it(place: Place, desk: Desk) -> None:
    claire = await enter(place.units, place.owner, "Claire")
    with place.worker():
        found = await ended(place, await ask(desk, place, wav(np.zeros(16 * 60 * RATE, np.float32)), claire))
    assert (found.status, found.result.problems[0].code) == (EnrolmentStatus.REFUSED, "audio.too_long")


async def test_a_clip_that_is_not_there_fails_and_says_so(place: Place, desk: Desk) -> None:
    claire = await enter(place.units, place.owner, "Claire")
    enrolment_id = await ask(desk, place, LOW, claire)
    desk.storage.delete(layout.clip_key(enrolment_id))
    with place.worker():
        found = await ended(place, enrolment_id)
    assert (found.status, found.result.failure_code) == (EnrolmentStatus.FAILED, "voices.unusable_clip")


async def test_prints_of_another_model_are_made_again_when_a_worker_starts(place: Place) -> None:
    claire = await enter(place.units, place.owner, "Claire")
    old = stored(claire.id, voice(1), sample_key=f"{layout.person_folder(claire.id)}/old.wav")
    place.storage.write(old.sample_key or "", LOW)
    async with place.units() as unit:
        await unit.voiceprints.add(old)

    async def look() -> object:
        async with place.units() as unit:
            found = await unit.voiceprints.get(old.id)
        return found if found is not None and found.voiceprint.model == MODEL else None

    with place.worker():
        made = await eventually(look)
    assert not made.is_stale  # type: ignore[attr-defined]
    assert place.storage.read(old.sample_key or "") == LOW


# --- beside a meeting -----------------------------------------------------------------------------------------------


async def test_a_clip_does_not_wait_for_the_meeting_under_way_and_costs_it_nothing(
    place: Place, recording: bytes
) -> None:
    """The bell is not heard by a worker that is busy: it looks by itself."""
    broker = build_broker(place.environment["REDIS_URL"], place.environment["SCRIBE_QUEUE__STREAM"])
    desk = replace(desk_of(place), bell=Bell(broker))
    claire = await enter(place.units, place.owner, "Claire")
    meeting_id = await place.meeting(recording)
    with place.worker(fake_pace=BESIDE) as worker:
        await place.is_in(meeting_id, Stage.DIARIZE, percent=1)
        begun_s = time.monotonic()
        found = await ended(place, await ask(desk, place, tone(150, 7.0), claire))
        took_s = time.monotonic() - begun_s
        row = await place.row(meeting_id)
        assert not worker.events("heartbeat.missed")
    await broker.shutdown()
    assert found.status is EnrolmentStatus.DONE
    assert (row.status, row.attempt, row.stage) == ("PROCESSING", 1, "diarize")
    sys.stderr.write(f"beside a meeting: {took_s:.1f} s, of which the engines sleep 14 s\n")
    assert took_s < 14 + 20


async def test_an_idle_worker_hears_the_bell(place: Place) -> None:
    broker = build_broker(place.environment["REDIS_URL"], place.environment["SCRIBE_QUEUE__STREAM"])
    desk = replace(desk_of(place), bell=Bell(broker))
    with place.worker():
        for _ in range(2):
            begun_s = time.monotonic()
            await ended(place, await ask(desk, place, LOW, kind=EnrolmentKind.TEST))
            took_s = time.monotonic() - begun_s
    await broker.shutdown()
    sys.stderr.write(f"idle worker: {took_s:.1f} s from the question to the verdict\n")
    assert took_s < 15


# --- who dies -------------------------------------------------------------------------------------------------------


async def test_a_child_that_is_killed_costs_one_attempt(place: Place, desk: Desk) -> None:
    claire = await enter(place.units, place.owner, "Claire")
    with place.worker(fake_pace=SLOW) as worker:
        enrolment_id = await ask(desk, place, LOW, claire)
        (await voice_child(worker)).kill()
        found = await ended(place, enrolment_id)
    assert (found.status, found.attempt) == (EnrolmentStatus.DONE, 2)
    assert await num_prints(place) == 1


async def test_a_killed_worker_leaves_no_process_and_the_next_one_goes_on(place: Place, desk: Desk) -> None:
    claire = await enter(place.units, place.owner, "Claire")
    with place.worker(fake_pace=SLOW) as worker:
        enrolment_id = await ask(desk, place, LOW, claire)
        child = await voice_child(worker)
        worker.signal(signal.SIGKILL)
        await gone([child])
    with place.worker():
        found = await ended(place, enrolment_id)
        await place.is_tidy()
        await voices_are(place, [layout.print_sample_key(claire.id, VoiceprintId(enrolment_id))])
    assert (found.status, found.attempt) == (EnrolmentStatus.DONE, 2)
    assert await num_prints(place) == 1


async def test_a_frozen_worker_enrols_nobody_a_second_time(place: Place, desk: Desk) -> None:
    claire = await enter(place.units, place.owner, "Claire")
    with place.worker(fake_pace=SLOW) as frozen:
        enrolment_id = await ask(desk, place, LOW, claire)
        await voice_child(frozen)
        frozen.signal(signal.SIGSTOP)
        with place.worker():
            found = await ended(place, enrolment_id)
            frozen.signal(signal.SIGCONT)

            async def look() -> object:
                return frozen.events("voice_task.ended") or None

            (event,) = await eventually(look)
            await voices_are(place, [layout.print_sample_key(claire.id, VoiceprintId(enrolment_id))])
    assert (found.status, found.attempt, event["ending"]) == (EnrolmentStatus.DONE, 2, "lease_lost")
    assert await num_prints(place) == 1


async def test_a_worker_that_is_told_to_end_gives_its_clip_back(place: Place, desk: Desk) -> None:
    claire = await enter(place.units, place.owner, "Claire")
    with place.worker(fake_pace=SLOW_MEETING) as worker:
        enrolment_id = await ask(desk, place, LOW, claire)
        child = await voice_child(worker)
        begun_s = time.monotonic()
        worker.signal(signal.SIGTERM)
        code = await asyncio.to_thread(worker.process.wait, 10)
        took_s = time.monotonic() - begun_s
        await gone([child], deadline_s=1)
    given_back = await enrolment.read(place.units, place.owner, enrolment_id)
    assert (code, given_back.status, given_back.attempt) == (0, EnrolmentStatus.PENDING, 0)
    assert took_s < 4.4
    assert not place.scratch()
    with place.worker():
        assert (await ended(place, enrolment_id)).attempt == 1


async def test_two_workers_never_enrol_a_clip_twice(place: Place, desk: Desk) -> None:
    claire = await enter(place.units, place.owner, "Claire")
    ids = [await ask(desk, place, LOW, claire, is_forced=True) for _ in range(6)]
    with place.worker() as one, place.worker() as other:
        found = [await ended(place, enrolment_id) for enrolment_id in ids]
        shares = [len(worker.events("voice_task.ended")) for worker in (one, other)]
    assert {(each.status, each.attempt) for each in found} == {(EnrolmentStatus.DONE, 1)}
    assert await num_prints(place) == 6
    assert min(shares) > 0


async def test_a_clip_outlives_the_database(
    servers_dir: Path, redis_url: str, redis_stream: str, tmp_path: Path
) -> None:
    with PostgresServer(servers_dir / "postgres-that-goes-again", free_port(), is_durable=False) as server:
        engine = build_engine(server.url)
        await migrate(engine)
        units = UnitOfWorkFactory(engine)
        place = make_place(tmp_path, server.url, redis_url, redis_stream, units, await add_user(units, "claire"))
        claire = await enter(units, place.owner, "Claire")
        with place.worker(fake_pace=SLOW) as worker:
            enrolment_id = await ask(desk_of(place), place, LOW, claire)
            child = await voice_child(worker)
            await asyncio.to_thread(server.stop)
            await gone([child], deadline_s=30)
            await asyncio.to_thread(server.start)
            found = await ended(place, enrolment_id)
        assert (found.status, found.attempt) == (EnrolmentStatus.DONE, 1)
        assert await num_prints(place) == 1
        await engine.dispose()


async def test_who_forgets_a_person_while_their_clip_is_measured_finds_nothing_of_it_later(
    place: Place, desk: Desk
) -> None:
    claire = await enter(place.units, place.owner, "Claire")
    with place.worker(fake_pace=SLOW) as worker:
        await ask(desk, place, LOW, claire)
        await voice_child(worker)
        async with place.units() as unit:
            await unit.people.get(claire.id, for_update=True)
            folders = await unit.enrolments.forget_person(claire.id)
            await unit.people.delete(claire.id)
        assert folders

        async def look() -> object:
            return worker.events("voice_task.ended") or None

        (event,) = await eventually(look)
    assert event["ending"] == "lease_lost"
    assert await num_prints(place) == 0
    assert not desk.storage.keys("voices/people")


# --- the child ------------------------------------------------------------------------------------------------------


async def test_the_child_is_told_neither_where_the_database_is_nor_who_speaks(place: Place, desk: Desk) -> None:
    claire = await enter(place.units, place.owner, "Claire Martin")
    with place.worker(fake_pace=SLOW) as worker:
        enrolment_id = await ask(desk, place, LOW, claire)
        child = await voice_child(worker)
        environment = child.environ()
        told = " ".join([*child.cmdline(), *environment, *environment.values()])
        await ended(place, enrolment_id)
    assert place.environment["DATABASE_URL"] not in told
    assert "DATABASE_URL" not in environment
    assert "REDIS_URL" not in environment
    assert "Claire" not in told
    assert str(claire.id) not in told
    assert environment["CUDA_VISIBLE_DEVICES"] == ""


@pytest.fixture
def order(tmp_path: Path) -> VoiceOrder:
    clip = tmp_path / "clip"
    clip.write_bytes(LOW)
    return VoiceOrder(clip, tmp_path)


@pytest.fixture
def fakes(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    monkeypatch.setenv("SCRIBE_DIARIZATION__ENGINE", "fake")
    return monkeypatch


async def test_a_child_that_stands_still_is_ended(fakes: pytest.MonkeyPatch, order: VoiceOrder) -> None:
    fakes.setenv("SCRIBE_FAKE_PACE", "3600")
    child = VoiceChild(stall_s=2.0)
    listening = asyncio.create_task(child.heard(order))

    async def look() -> int | None:
        return child.pid

    process = psutil.Process(await eventually(look))
    process.suspend()
    with pytest.raises(EngineCrashError, match="stood still"):
        await listening
    await gone([process])


async def test_who_is_cancelled_while_listening_leaves_no_child(fakes: pytest.MonkeyPatch, order: VoiceOrder) -> None:
    fakes.setenv("SCRIBE_FAKE_PACE", "3600")
    child = VoiceChild(stall_s=WAIT_S)
    listening = asyncio.create_task(child.heard(order))

    async def look() -> int | None:
        return child.pid

    process = psutil.Process(await eventually(look))
    listening.cancel()
    with pytest.raises(asyncio.CancelledError):
        await listening
    assert not process.is_running()


async def test_a_missing_model_is_no_fault_of_the_clip(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SCRIBE_MODELS_DIR", str(tmp_path / "none"))
    monkeypatch.setenv("SCRIBE_DIARIZATION__ENGINE", "pyannote")  # the other one's models come with the package
    found = await VoiceChild(stall_s=WAIT_S).heard(VoiceOrder(VOICES / "Allison.flac", tmp_path))
    assert isinstance(found, Unmeasured)
    assert (found.code, found.is_retryable, found.is_clip_at_fault) == ("model.missing", False, False)


def test_a_measurement_comes_back_bit_for_bit() -> None:
    rng = np.random.default_rng(1)
    pcm = rng.integers(-32768, 32767, 12_345).astype(np.int16)
    pcm[:2] = 0x0A0A  # line feeds
    sent = MeasuredClip(
        voice(1), VoiceQuality(12.5, 31.0), (Span(0.5, 3.25),), (Problem("too-short", "é\n"),), pcm, "8000 Hz, g729"
    )
    came = report_of(measured_bytes(sent))
    assert isinstance(came, MeasuredClip)
    assert isinstance(came.voiceprint, Voiceprint)
    assert came.voiceprint.vector.tobytes() == voice(1).vector.tobytes()
    assert came.sample.tobytes() == pcm.tobytes()
    assert replace(came, voiceprint=None, sample=pcm[:0]).quality == sent.quality
    assert (came.spans, came.problems, came.channel) == (sent.spans, sent.problems, sent.channel)
    nobody = MeasuredClip(None, VoiceQuality(0.0))
    assert report_of(measured_bytes(nobody)).voiceprint is None  # type: ignore[union-attr]
    failure = Unmeasured("engine.failed", "It failed.", is_retryable=True, is_clip_at_fault=False)
    assert report_of(unmeasured_bytes(failure)) == failure


def test_half_a_measurement_is_none() -> None:
    whole = measured_bytes(MeasuredClip(voice(1), VoiceQuality(12.5)))
    for half in (b"", b"measured", whole[:-1], whole[:20] + b"\n", whole + b"\x00", b"Hello from a library\n" + whole):
        with pytest.raises(ArtefactError):
            report_of(half)


# --- the lane itself ------------------------------------------------------------------------------------------------


@contextlib.asynccontextmanager
async def lane_of(
    place: Place, chores: dict[str, Chore], new_child: Callable[[], VoiceChild]
) -> AsyncIterator[VoiceLane]:
    """In this process, as a worker has it."""
    settings = load_settings(data_dir=place.folder / "data", diarization__engine="fake", queue__retry_delays_s=(0.0,))
    voices = VoiceDesk(place.units, place.storage, settings, build_matcher(settings), model=MODEL)
    with Scratch(place.folder / "data" / "scratch", "this:1:x") as scratch:
        lane = VoiceLane(voices, place.storage, scratch, settings.queue, chores, new_child)
        running = asyncio.create_task(lane.run())
        yield lane
        lane.stop()
        await asyncio.wait_for(running, 5)


async def test_no_chore_delays_a_clip_and_none_that_fails_stops_the_others(
    fakes: pytest.MonkeyPatch,
    place: Place,
    desk: Desk,
) -> None:
    done = {"endless": 0, "other": 0}

    async def broken() -> int:
        raise RuntimeError("a bug")

    async def other() -> int:
        done["other"] += 1
        return 0

    async def endless() -> int:
        done["endless"] += 1
        await asyncio.Event().wait()
        return 0

    async with lane_of(place, {"broken": broken, "other": other, "endless": endless}, partial(VoiceChild, WAIT_S)):

        async def look() -> bool | None:
            return done["endless"] == 1 or None

        await eventually(look)
        found = await ended(place, await ask(desk, place, LOW, kind=EnrolmentKind.TEST))
    assert found.status is EnrolmentStatus.DONE
    assert done == {"endless": 1, "other": 1}


async def test_a_worker_without_room_for_a_process_costs_a_clip_no_attempt(place: Place, desk: Desk) -> None:
    tries = 0

    class NoRoom(VoiceChild):
        async def heard(self, order: VoiceOrder) -> MeasuredClip | Unmeasured:
            nonlocal tries
            tries += 1
            raise BlockingIOError(11, "Resource temporarily unavailable")

    enrolment_id = await ask(desk, place, LOW, kind=EnrolmentKind.TEST)
    async with lane_of(place, {}, partial(NoRoom, WAIT_S)):

        async def look() -> bool | None:
            return tries >= 2 or None

        await eventually(look)
    found = await enrolment.read(place.units, place.owner, enrolment_id)
    assert (found.status, found.attempt) == (EnrolmentStatus.PENDING, 0)
    assert tries < 10, "it pauses in between"
    assert not place.scratch()


async def test_a_child_that_always_dies_costs_five_attempts_and_then_the_clip(place: Place, desk: Desk) -> None:
    class Dying(VoiceChild):
        async def heard(self, order: VoiceOrder) -> MeasuredClip | Unmeasured:
            raise EngineCrashError("It was ended by the system (SIGSEGV).")

    async with lane_of(place, {}, partial(Dying, WAIT_S)):
        found = await ended(place, await ask(desk, place, LOW, kind=EnrolmentKind.TEST))
    assert (found.status, found.attempt, found.result.failure_code) == (EnrolmentStatus.FAILED, 5, "engine.crashed")
    assert not desk.storage.keys("voices")


async def test_a_clip_in_an_object_store_is_brought_here_and_no_credential_goes_to_the_child(
    database_url: str,
    redis_url: str,
    redis_stream: str,
    units: UnitOfWorkFactory,
    tmp_path: Path,
    s3_storage_url: str,
    member: Principal,
) -> None:
    place = make_place(tmp_path, database_url, redis_url, redis_stream, units, member, s3_storage_url)
    claire = await enter(units, member, "Claire")
    with place.worker(fake_pace=SLOW) as worker:
        enrolment_id = await ask(desk_of(place), place, LOW, claire)
        environment = (await voice_child(worker)).environ()
        found = await ended(place, enrolment_id)
        await place.is_tidy()
        await voices_are(place, [layout.print_sample_key(claire.id, VoiceprintId(enrolment_id))])
    assert not [name for name in environment if name.startswith("AWS_")]
    assert found.status is EnrolmentStatus.DONE


# --- real voices ----------------------------------------------------------------------------------------------------


async def test_real_voices_are_enrolled_questioned_and_told_apart(place: Place, desk: Desk) -> None:
    """June is enrolled with a human's word: the two women read prompts for one product through one codec, and score
    0.47 (centred cosine), so that whether she is asked about is a matter of the threshold and not of the lane."""
    clips = {name: (VOICES / f"{name}.flac").read_bytes() for name in ("Allison", "June")}
    people = {name: await enter(place.units, place.owner, name) for name in clips}
    with place.worker(diarization__engine="onnx") as worker:
        enrolled = [await ended(place, await ask(desk, place, clips["Allison"], people["Allison"]))]
        enrolled.append(await ended(place, await ask(desk, place, clips["June"], people["June"], is_forced=True)))
        wrong = await ended(place, await ask(desk, place, clips["June"], people["Allison"]))
        tested = await ended(place, await ask(desk, place, clips["June"], kind=EnrolmentKind.TEST))
        nobody = await ended(place, await ask(desk, place, tone(200), people["June"]))
        seconds = [event["seconds"] for event in worker.events("voice_task.ended")]
    sys.stderr.write(f"real models: {seconds} s a clip\n")
    assert [one.status for one in enrolled] == [EnrolmentStatus.DONE] * 2
    assert wrong.status is EnrolmentStatus.QUESTIONED
    assert (QuestionKind.SOUNDS_LIKE, people["June"].id) in [
        (one.kind, one.person_id) for one in wrong.result.questions
    ]
    assert tested.result.verdict is not None
    assert tested.result.verdict.candidates[0].person_id == people["June"].id
    assert tested.result.verdict.candidates[0].probability > 0.95
    assert (nobody.status, nobody.result.problems[0].code) == (EnrolmentStatus.REFUSED, "no-speech")


async def test_a_kept_sample_gives_the_same_voice_again(place: Place, desk: Desk) -> None:
    """What a change of models relies on."""
    allison = await enter(place.units, place.owner, "Allison")
    clip = (VOICES / "Allison.flac").read_bytes()
    with place.worker(diarization__engine="onnx"):
        done = await ended(place, await ask(desk, place, clip, allison))
        assert done.voiceprint_id is not None
        sample = desk.storage.read(layout.print_sample_key(allison.id, done.voiceprint_id))
        assert sample is not None
        assert sample[:4] == sample_wav(np.zeros(0, np.int16))[:4]
        tested = await ended(place, await ask(desk, place, sample, kind=EnrolmentKind.TEST))
    assert tested.result.verdict is not None
    assert tested.result.verdict.candidates[0].score > 0.8
