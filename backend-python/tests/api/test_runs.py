"""Cancel, retry and run again over HTTP, and what an Idempotency-Key makes of them."""

import asyncio
from typing import Any

import httpx
import pytest
from redis.asyncio import Redis
from sqlalchemy import text

from scribe.adapters.storage import Storage
from scribe.adapters.unit_of_work import UnitOfWorkFactory
from scribe.domain.accounts import Principal
from scribe.domain.meeting import MeetingId
from scribe.domain.requests import RunOptions
from tests.api.planting import claim, complete, fail, plant

MEETINGS = "/api/v1/meetings"


async def num_events(units: UnitOfWorkFactory, meeting_id: MeetingId) -> int:
    async with units() as unit:
        return len(await unit.events.after(0, meeting_id=meeting_id))


async def test_a_meeting_that_waits_is_cancelled_at_once(
    client: httpx.AsyncClient, units: UnitOfWorkFactory, member: Principal
) -> None:
    meeting = await plant(units, member)
    answer = await client.post(f"{MEETINGS}/{meeting.id}/cancel")
    assert (answer.status_code, answer.json()["status"]) == (202, "CANCELLED")
    assert answer.headers["location"] == f"{MEETINGS}/{meeting.id}"
    again = await client.post(f"{MEETINGS}/{meeting.id}/cancel")
    assert (again.status_code, again.json()["code"]) == (409, "meeting.status_conflict")


async def test_a_meeting_that_is_processed_says_that_it_is_being_cancelled(
    client: httpx.AsyncClient, units: UnitOfWorkFactory, member: Principal
) -> None:
    meeting = await plant(units, member)
    queue, job = await claim(units)
    shown = (await client.post(f"{MEETINGS}/{meeting.id}/cancel")).json()
    assert (shown["status"], shown["is_cancel_requested"]) == ("PROCESSING", True)
    assert await queue.renew(job)


async def test_retry_is_for_what_failed_or_was_cancelled(
    client: httpx.AsyncClient, units: UnitOfWorkFactory, member: Principal, storage: Storage
) -> None:
    meeting = await plant(units, member)
    address = f"{MEETINGS}/{meeting.id}/retry"
    assert (await client.post(address)).status_code == 409  # PENDING
    await fail(units)
    shown = (await client.post(address)).json()
    assert (shown["status"], shown["run"], shown["failure"]) == ("PENDING", 2, None)
    await complete(units, storage)
    refused = await client.post(address)
    assert (refused.status_code, refused.json()["code"]) == (409, "meeting.status_conflict")


async def test_a_retry_wakes_a_worker(
    client: httpx.AsyncClient, units: UnitOfWorkFactory, member: Principal, redis_url: str, redis_stream: str
) -> None:
    meeting = await plant(units, member)
    await fail(units)
    await client.post(f"{MEETINGS}/{meeting.id}/retry")
    async with Redis.from_url(redis_url) as redis:
        assert await redis.xlen(redis_stream) == 1


async def test_a_rerun_takes_new_options_and_keeps_the_others(
    client: httpx.AsyncClient, units: UnitOfWorkFactory, member: Principal, storage: Storage
) -> None:
    options = RunOptions(language="fr", speakers=3, vocabulary=("Brocksley",), voices=("Claire",), model="whisper-base")
    meeting = await plant(units, member, options=options)
    await complete(units, storage)
    body = {"language": "auto", "speakers": None, "max_speakers": 6, "voices": "none"}
    answer = await client.post(f"{MEETINGS}/{meeting.id}/rerun", json=body)
    assert answer.status_code == 202, answer.text
    shown = answer.json()
    assert (shown["status"], shown["run"], shown["has_results"]) == ("PENDING", 2, True)
    assert shown["options"] == {
        "language": None, "allowed_languages": [], "speakers": None, "min_speakers": None, "max_speakers": 6,
        "vocabulary": ["Brocksley"], "model": "whisper-base", "voices": "none", "reading_language": None,
    }  # fmt: skip
    assert (await client.post(f"{MEETINGS}/{meeting.id}/rerun", json={})).status_code == 409  # it waits already


WRONG_OPTIONS: tuple[Any, ...] = (
    {"speakers": 0},
    {"speakers": 51},
    {"min_speakers": 5},  # the run before had max_speakers=4
    {"speakers": 5},
    {"language": "français"},
    {"language": "f\0"},
    {"vocabulary": ["a\0"]},
    {"vocabulary": ["x"] * 201},
    {"model": "../../etc/passwd"},
    {"model": "a\0"},
    {"voices": "some"},
    {"voices": ["a\0"]},
    {"reading_language": "de"},
    {"modell": "whisper-base"},
    [],
    None,
)


async def test_options_that_make_no_sense_are_refused_and_change_nothing(
    client: httpx.AsyncClient, units: UnitOfWorkFactory, member: Principal, subtests: pytest.Subtests
) -> None:
    meeting = await plant(units, member, options=RunOptions(max_speakers=4))
    await fail(units)
    for body in WRONG_OPTIONS:
        with subtests.test(body=str(body)[:60]):
            answer = await client.post(f"{MEETINGS}/{meeting.id}/rerun", json=body)
            assert answer.status_code == 422, answer.text
    shown = (await client.get(f"{MEETINGS}/{meeting.id}")).json()
    assert (shown["status"], shown["run"]) == ("FAILED", 1)


# --- Idempotency-Key --------------------------------------------------------------------------------------------------


async def test_the_same_request_again_is_answered_and_done_once(
    client: httpx.AsyncClient, units: UnitOfWorkFactory, member: Principal
) -> None:
    meeting = await plant(units, member)
    await fail(units)
    before = await num_events(units, meeting.id)
    headers = {"Idempotency-Key": "k1"}
    answers = [await client.post(f"{MEETINGS}/{meeting.id}/retry", headers=headers) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [202, 202, 202]
    assert {answer.json()["run"] for answer in answers} == {2}
    assert await num_events(units, meeting.id) == before + 1


async def test_the_same_request_at_the_same_time_is_done_once(
    client: httpx.AsyncClient, units: UnitOfWorkFactory, member: Principal
) -> None:
    meeting = await plant(units, member)
    await fail(units)
    headers = {"Idempotency-Key": "k1"}
    answers = await asyncio.gather(*(client.post(f"{MEETINGS}/{meeting.id}/retry", headers=headers) for _ in range(5)))
    assert {answer.status_code for answer in answers} == {202}
    assert {answer.json()["run"] for answer in answers} == {2}


async def test_a_key_stands_for_one_request_of_one_user(
    client: httpx.AsyncClient, units: UnitOfWorkFactory, member: Principal
) -> None:
    meeting = await plant(units, member)
    await fail(units)
    headers = {"Idempotency-Key": "k1"}
    rerun = f"{MEETINGS}/{meeting.id}/rerun"
    assert (await client.post(rerun, json={"speakers": 2}, headers=headers)).status_code == 202
    other = await client.post(rerun, json={"speakers": 3}, headers=headers)
    assert (other.status_code, other.json()["code"]) == (409, "request.idempotency_mismatch")
    other = await client.post(f"{MEETINGS}/{meeting.id}/cancel", headers=headers)
    assert (other.status_code, other.json()["code"]) == (409, "request.idempotency_mismatch")


async def test_a_request_that_was_refused_leaves_its_key_free(
    client: httpx.AsyncClient, units: UnitOfWorkFactory, member: Principal
) -> None:
    meeting = await plant(units, member)
    headers = {"Idempotency-Key": "k1"}
    assert (await client.post(f"{MEETINGS}/{meeting.id}/retry", headers=headers)).status_code == 409
    await fail(units)
    assert (await client.post(f"{MEETINGS}/{meeting.id}/retry", headers=headers)).status_code == 202


async def test_a_key_that_is_none_is_a_problem(
    client: httpx.AsyncClient, units: UnitOfWorkFactory, member: Principal, subtests: pytest.Subtests
) -> None:
    meeting = await plant(units, member)
    for key in (b"", b"a b", b"\x00", b"\xff", b"x" * 256):
        with subtests.test(key=key[:5]):
            answer = await client.post(f"{MEETINGS}/{meeting.id}/cancel", headers={b"Idempotency-Key": key})
            assert answer.status_code == 422


async def test_a_key_may_be_used_again_after_a_day(
    client: httpx.AsyncClient, units: UnitOfWorkFactory, member: Principal
) -> None:
    meeting = await plant(units, member)
    await fail(units)
    headers = {"Idempotency-Key": "k1"}
    await client.post(f"{MEETINGS}/{meeting.id}/retry", headers=headers)
    async with units() as unit:
        await unit.session.execute(text("update idempotency_keys set created_at = now() - interval '25 hours'"))
    assert (await client.post(f"{MEETINGS}/{meeting.id}/cancel", headers=headers)).status_code == 202
