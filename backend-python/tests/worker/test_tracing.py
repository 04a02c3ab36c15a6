"""One trace from the request to the last stage, by the real API, a real worker and its child; and nothing said of
anybody on the way."""

import asyncio
import json
import signal
from collections.abc import Iterator
from itertools import chain

import httpx
import pytest
from fastapi import FastAPI

from scribe.api.security import principal
from scribe.core.config import load_settings
from scribe.core.telemetry import ATTRIBUTES
from scribe.domain.accounts import Principal
from scribe.domain.meeting import MeetingId, MeetingStatus, Stage
from scribe.main import create_app
from tests.otlp_receiver import OtlpReceiver
from tests.worker.conftest import Place

SECRET = "Zanzibar"
"""Stands in everything that people write."""
SERVER, PRODUCER, CONSUMER = 2, 4, 5


@pytest.fixture
def collector() -> Iterator[OtlpReceiver]:
    with OtlpReceiver() as receiver:
        yield receiver


@pytest.fixture
def app(place: Place, collector: OtlpReceiver, member: Principal) -> FastAPI:
    environment = place.environment
    settings = load_settings(
        database_url=environment["DATABASE_URL"],
        redis_url=environment["REDIS_URL"],
        queue__stream=environment["SCRIBE_QUEUE__STREAM"],
        data_dir=environment["SCRIBE_DATA_DIR"],
        storage_url=environment["SCRIBE_STORAGE_URL"],
        telemetry__otlp_endpoint=collector.url,
    )
    app = create_app(settings)
    app.dependency_overrides[principal] = lambda: member
    return app


async def upload(app: FastAPI, recording: bytes, **headers: str) -> MeetingId:
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://scribe.test") as client:
        answer = await client.post(
            f"/api/v1/meetings?title={SECRET}&file_name={SECRET}.wav&vocabulary={SECRET}",
            content=recording,
            headers={"content-type": "audio/wav", "X-Request-ID": SECRET, **headers},
        )
    assert answer.status_code == 202, answer.text
    return MeetingId(answer.json()["id"])


async def test_one_trace_from_the_request_to_the_last_stage_and_nobody_is_named_in_it(
    place: Place, app: FastAPI, collector: OtlpReceiver, recording: bytes
) -> None:
    """The child dies once on the way: its stage ends as failed, and the second attempt is part of the same trace."""
    outside = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    with place.worker(telemetry__otlp_endpoint=collector.url, fake_pace="0.1") as worker:
        async with app.router.lifespan_context(app):
            meeting_id = await upload(app, recording, traceparent=outside)
            await place.is_in(meeting_id, Stage.DIARIZE)
            worker.child.kill()
            assert (await place.ended(meeting_id)).status == MeetingStatus.COMPLETED
        worker.signal(signal.SIGTERM)
        await asyncio.to_thread(worker.process.wait, 30)

    request, enqueue = collector.span("POST /api/v1/meetings"), collector.span("meeting.enqueue")
    (first, second), publish = collector.named("meeting.attempt"), collector.span("meeting.publish")
    stages = {stage: collector.named(f"stage {stage}") for stage in Stage}
    family = [request, enqueue, first, second, publish, *chain.from_iterable(stages.values())]
    assert {span.trace_id for span in family} == {"0af7651916cd43dd8448eb211c80319c"}
    assert request.parent_id == "b7ad6b7169203331"
    assert enqueue.parent_id == request.span_id
    assert first.parent_id == second.parent_id == enqueue.span_id
    assert publish.parent_id == second.span_id
    assert {span.parent_id for span in chain.from_iterable(stages.values())} == {first.span_id, second.span_id}
    assert [span.parent_id for span in stages[Stage.CONVERT]] == [first.span_id, second.span_id]
    assert stages[Stage.FUSE][-1].parent_id == second.span_id
    assert (request.kind, enqueue.kind, first.kind) == (SERVER, PRODUCER, CONSUMER)

    whole = stages[Stage.TRANSCRIBE][-1]
    failed, broken = [span for span in family if span.is_error]
    assert (failed, broken.parent_id) == (first, first.span_id)
    assert broken.attributes["error.type"] == first.attributes["scribe.ending"] == "engine.crashed"
    assert [span.attributes["scribe.is_reused"] for span in stages[Stage.CONVERT]] == [False, True]
    assert request.attributes["http.route"] == "/api/v1/meetings"
    assert request.attributes["http.response.status_code"] == 202
    assert second.attributes["scribe.meeting_id"] == str(meeting_id)
    assert (second.attributes["scribe.attempt"], second.attributes["scribe.ending"]) == (2, "published")
    assert [span.resource["scribe.role"] for span in (request, second)] == ["api", "worker"]
    assert second.begin_ns <= whole.begin_ns <= whole.end_ns <= publish.begin_ns <= second.end_ns
    assert (whole.end_ns - whole.begin_ns) / 1e9 >= float(str(whole.attributes["scribe.seconds"])) - 0.05
    assert stages[Stage.CONVERT][0].attributes["scribe.audio_s"] == pytest.approx(20.0, abs=0.1)
    assert whole.attributes["scribe.model"] == "fake"
    assert isinstance(whole.attributes["scribe.peak_mb"], float)

    assert not any(SECRET.encode() in body or b"claire" in body for body in collector.bodies)
    assert {name for span in collector.spans for name in span.attributes} <= ATTRIBUTES
    assert collector.paths == {"/v1/traces"}
    log = worker.log.read_text()
    assert SECRET not in log
    lines = [json.loads(line) for line in log.splitlines()]
    marked = [line for line in lines if line["event"] in {"stage.finished", "job.claimed", "job.ended", "child.died"}]
    assert len(marked) >= len(Stage) + 5
    for line in marked:
        assert line["trace_id"] == second.trace_id
        assert line["meeting_id"] == str(meeting_id)
        assert line["worker_id"] == second.attributes["scribe.worker_id"]
