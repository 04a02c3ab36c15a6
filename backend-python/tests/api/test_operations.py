"""Health, metrics, queue, workers and what is written about requests, over HTTP."""

from collections.abc import AsyncIterator, Callable

import httpx
import pytest
import structlog
from fastapi import FastAPI

from scribe import __version__
from scribe.adapters.unit_of_work import UnitOfWorkFactory
from scribe.api.observation import REQUEST_ID
from scribe.api.security import principal
from scribe.core.config import QueueSettings, Settings
from scribe.core.ids import uuid7
from scribe.domain.accounts import Principal, Scope
from scribe.domain.workers import WorkerFacts
from scribe.main import create_app
from scribe.services.queue import Queue
from scribe.services.tokens import TokenWish, create_token
from tests.api.planting import claim, plant


@pytest.fixture
async def admin(
    client: httpx.AsyncClient, act_as: Callable[[Principal], None], administrator: Principal
) -> httpx.AsyncClient:
    act_as(administrator)
    return client


async def a_token(units: UnitOfWorkFactory, who: Principal, *scopes: Scope) -> dict[str, str]:
    made = await create_token(units, who, TokenWish("prometheus", frozenset(scopes), None))
    return {"Authorization": f"Bearer {made.secret}"}


async def dead_letter(units: UnitOfWorkFactory) -> None:
    """The only meeting that waits failed for good."""
    _, job = await claim(units)
    queue = Queue(units, QueueSettings())
    await queue.failed(job, "engine.failed", "The model ended by itself.", None, is_retryable=True)


# --- health -----------------------------------------------------------------------------------------------------------


async def test_a_process_that_answers_is_alive(anonymous: httpx.AsyncClient) -> None:
    answer = await anonymous.get("/health/live")
    assert (answer.status_code, answer.json()) == (200, {"status": "alive", "version": __version__})


async def test_readiness_is_open_and_says_what_it_found(
    app: FastAPI, anonymous: httpx.AsyncClient, units: UnitOfWorkFactory
) -> None:
    async with units() as unit:
        await unit.workers.register(WorkerFacts("h:1:x", "h", 1, "1", "cpu", {}))
    answer = await anonymous.get("/health/ready")
    assert answer.status_code == 200
    checks = answer.json()["checks"]
    assert set(checks) == {"database", "migrations", "redis", "storage", "workers", "events"}
    assert checks["workers"]["facts"]["alive"] == 1
    assert answer.json()["status"] in {"ready", "degraded"}  # the LISTEN connection may still be under way


async def test_without_a_worker_it_is_degraded_and_answers_200(anonymous: httpx.AsyncClient) -> None:
    answer = await anonymous.get("/health/ready")
    assert (answer.status_code, answer.json()["status"]) == (200, "degraded")
    assert answer.json()["checks"]["workers"]["state"] == "absent"


async def test_without_redis_it_is_not_ready(api_settings: Settings) -> None:
    app = create_app(api_settings.model_copy(update={"redis_url": "redis://:secret@127.0.0.1:1/0"}))
    async with app.router.lifespan_context(app):
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://scribe.test") as anonymous:
            answer = await anonymous.get("/health/ready")
    assert (answer.status_code, answer.json()["status"]) == (503, "unready")
    assert answer.json()["checks"]["redis"]["state"] == "failed"
    assert "secret" not in answer.text


# --- metrics ----------------------------------------------------------------------------------------------------------


async def test_metrics_take_an_administrators_token(
    anonymous: httpx.AsyncClient, units: UnitOfWorkFactory, administrator: Principal, member: Principal
) -> None:
    assert (await anonymous.get("/metrics")).status_code == 401
    for who, scopes in ((member, (Scope.READ, Scope.WRITE)), (administrator, (Scope.READ,))):
        refused = await anonymous.get("/metrics", headers=await a_token(units, who, *scopes))
        assert (refused.status_code, refused.json()["code"]) == (403, "access.forbidden")
    answer = await anonymous.get("/metrics", headers=await a_token(units, administrator, Scope.ADMIN))
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain; version=")
    assert 'scribe_meetings{status="PENDING"} 0.0' in answer.text


@pytest.fixture
async def open_metrics(api_settings: Settings) -> AsyncIterator[httpx.AsyncClient]:
    opened = api_settings.api.model_copy(update={"metrics_open": True})
    app = create_app(api_settings.model_copy(update={"api": opened}))
    async with app.router.lifespan_context(app):
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://scribe.test") as anonymous:
            yield anonymous


async def test_a_setting_opens_metrics(open_metrics: httpx.AsyncClient) -> None:
    assert (await open_metrics.get("/metrics")).status_code == 200


async def test_addresses_nobody_has_make_no_new_series(open_metrics: httpx.AsyncClient) -> None:
    for number in range(20):
        await open_metrics.get(f"/api/v1/nothing/{number}")
        await open_metrics.get(f"/api/v1/meetings/{uuid7()}")
        await open_metrics.request(f"X{number}", "/health/live")
    lines = [line for line in (await open_metrics.get("/metrics")).text.splitlines() if "_requests_total{" in line]
    assert any('route="unmatched"' in line and line.endswith(" 20.0") for line in lines)
    assert any('route="/api/v1/meetings/{meeting_id}"' in line and line.endswith(" 20.0") for line in lines)
    assert any('method="OTHER"' in line and line.endswith(" 20.0") for line in lines)
    assert len(lines) <= 4


# --- queue and workers ------------------------------------------------------------------------------------------------


async def test_the_queue_shows_what_runs_waits_and_failed(
    admin: httpx.AsyncClient, units: UnitOfWorkFactory, member: Principal
) -> None:
    failed = await plant(units, member, max_attempts=1)
    await dead_letter(units)
    running = await plant(units, member)
    await claim(units)
    waiting = [await plant(units, member, title=f"{number}") for number in range(3)]
    answer = await admin.get("/api/v1/queue", params={"limit": 2})
    assert answer.status_code == 200
    view = answer.json()
    assert view["meetings"] == {"PENDING": 3, "PROCESSING": 1, "COMPLETED": 0, "FAILED": 1, "CANCELLED": 0}
    assert [one["id"] for one in view["running"]] == [str(running.id)]
    assert view["running"][0]["worker_id"] == "test:1:x"
    assert [one["id"] for one in view["pending"]] == [str(one.id) for one in waiting[:2]]
    assert [one["id"] for one in view["dead_letters"]] == [str(failed.id)]
    assert view["dead_letters"][0]["failure"]["code"] == "engine.failed"
    assert view["num_dead_letters"] == 1
    assert view["pending"][0]["owner"] == member.username


async def test_a_dead_letter_can_be_tried_again(
    admin: httpx.AsyncClient, units: UnitOfWorkFactory, member: Principal
) -> None:
    failed = await plant(units, member, max_attempts=1)
    await dead_letter(units)
    answer = await admin.post(f"/api/v1/queue/{failed.id}/requeue")
    assert answer.status_code == 202
    assert answer.headers["Location"] == f"/api/v1/meetings/{failed.id}"
    view = (await admin.get("/api/v1/queue")).json()
    assert [one["id"] for one in view["pending"]] == [str(failed.id)]
    assert view["dead_letters"] == []
    again = await admin.post(f"/api/v1/queue/{failed.id}/requeue")
    assert (again.status_code, again.json()["code"]) == (409, "meeting.status_conflict")


async def test_what_is_not_there_cannot_be_tried_again(admin: httpx.AsyncClient) -> None:
    answer = await admin.post(f"/api/v1/queue/{uuid7()}/requeue")
    assert (answer.status_code, answer.json()["code"]) == (404, "request.not_found")


async def test_workers_say_what_they_are_and_do(
    admin: httpx.AsyncClient, units: UnitOfWorkFactory, member: Principal
) -> None:
    meeting = await plant(units, member)
    async with units() as unit:
        await unit.workers.register(WorkerFacts("h:7:x", "h", 7, "1.2", "cuda", {"installed": ["whisper-base"]}))
        await unit.workers.beat("h:7:x", rss_mb=812.5, meeting_id=meeting.id)
    (worker,) = (await admin.get("/api/v1/workers")).json()["workers"]
    assert worker | {"started_at": None, "heartbeat_age_s": None} == {
        "id": "h:7:x", "host": "h", "pid": 7, "version": "1.2", "device": "cuda",
        "models": {"installed": ["whisper-base"]}, "rss_mb": 812.5, "meeting_id": str(meeting.id),
        "started_at": None, "heartbeat_age_s": None,
    }  # fmt: skip
    assert 0 <= worker["heartbeat_age_s"] < 15


@pytest.mark.parametrize("path", ["/api/v1/queue", "/api/v1/workers"])
async def test_they_are_for_administrators(path: str, client: httpx.AsyncClient) -> None:
    assert (await client.get(path)).status_code == 403


# --- one id and one line per request ----------------------------------------------------------------------------------


async def test_every_answer_carries_an_id_of_its_own(anonymous: httpx.AsyncClient) -> None:
    answers = [await anonymous.get(path) for path in ("/health/live", "/health/live", "/api/v1/me", "/nothing")]
    ids = {answer.headers[REQUEST_ID] for answer in answers}
    assert len(ids) == len(answers)


async def test_the_callers_id_is_taken_over(anonymous: httpx.AsyncClient) -> None:
    answer = await anonymous.get("/health/live", headers={REQUEST_ID: "proxy-17:a.b"})
    assert answer.headers[REQUEST_ID] == "proxy-17:a.b"


@pytest.mark.parametrize("bad", ["", "a b", "x" * 129, 'a"b', "é".encode().decode("latin-1"), "{}"])
async def test_an_id_that_could_spoil_a_log_is_replaced(bad: str, anonymous: httpx.AsyncClient) -> None:
    answer = await anonymous.get("/health/live", headers=[(REQUEST_ID.encode(), bad.encode("latin-1"))])
    assert answer.headers[REQUEST_ID] != bad
    assert len(answer.headers[REQUEST_ID]) == 32


async def test_one_line_says_what_was_asked_and_holds_no_query(anonymous: httpx.AsyncClient) -> None:
    with structlog.testing.capture_logs(processors=[structlog.contextvars.merge_contextvars]) as lines:
        answer = await anonymous.get(f"/api/v1/meetings/{uuid7()}?token=hunter2&q=secret", headers={REQUEST_ID: "id-1"})
    (line,) = [line for line in lines if line["event"] == "request.finished"]
    assert line["method"] == "GET"
    assert line["route"] == "/api/v1/meetings/{meeting_id}"
    assert line["status"] == answer.status_code == 401
    assert line["request_id"] == "id-1"
    assert line["seconds"] >= 0
    assert "hunter2" not in repr(lines)
    assert "secret" not in repr(lines)


async def test_an_error_of_ours_can_be_found_by_its_id(app: FastAPI, client: httpx.AsyncClient) -> None:
    def broken() -> Principal:
        raise LookupError("a bug")

    app.dependency_overrides[principal] = broken
    with structlog.testing.capture_logs() as lines:
        answer = await client.get("/api/v1/me")
    assert answer.status_code == 500
    assert answer.headers[REQUEST_ID] in answer.json()["detail"]
    crashed = [line for line in lines if line["event"] == "request.crashed"]
    assert [line["request_id"] for line in crashed] == [answer.headers[REQUEST_ID]]
    finished = [line for line in lines if line["event"] == "request.finished"]
    assert [line["status"] for line in finished] == [500]
