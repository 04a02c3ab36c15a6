"""Traces: nothing where nobody asked for them, and a collector that is away is nobody's problem."""

import logging
import subprocess
import sys
import time
from collections.abc import Iterator

import pytest
import structlog

from scribe.adapters.servers.children import free_port
from scribe.core.config import TelemetrySettings
from scribe.core.telemetry import NoTelemetry, Telemetry, child_span, open_telemetry, trace, traceparent
from scribe.core.trace_context import TraceParent
from scribe.domain.errors import OptionError
from tests.otlp_receiver import OtlpReceiver

OUTSIDE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


@pytest.fixture
def collector() -> Iterator[OtlpReceiver]:
    with OtlpReceiver() as receiver:
        yield receiver


def opened(endpoint: str, **settings: object) -> Telemetry:
    return open_telemetry(TelemetrySettings(otlp_endpoint=endpoint, **settings), role="api", instance="x")  # type: ignore[arg-type]


# --- off --------------------------------------------------------------------------------------------------------------


ALL_OF_IT = """
import asyncio, sys
import httpx
import scribe.worker.process, scribe.worker.child
from scribe.main import create_app

async def serve():
    app, inbox, outbox = create_app(), asyncio.Queue(), asyncio.Queue()
    scope = {"type": "lifespan", "asgi": {"version": "3.0"}, "state": {}}
    life = asyncio.create_task(app(scope, inbox.get, outbox.put))
    await inbox.put({"type": "lifespan.startup"})
    assert (await outbox.get())["type"] == "lifespan.startup.complete"
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://a") as client:
        assert (await client.get("/health/live")).status_code == 200
        assert (await client.get("/api/v1/nothing")).status_code == 404
    await inbox.put({"type": "lifespan.shutdown"})
    await life

asyncio.run(serve())
sends = ("opentelemetry.exporter", "opentelemetry.proto", "opentelemetry.sdk.trace", "scribe.core.otlp")
print([name for name in sys.modules if name.startswith(sends)])
"""
"""What an API and a worker import, and a request. (FastAPI and Redis's client import OpenTelemetry's interfaces.)"""


def test_without_a_collector_nothing_that_sends_is_imported_whatever_the_environment_says(
    collector: OtlpReceiver,
) -> None:
    """FastAPI's own telemetry is switched on by its variable, and would send to this address."""
    environment = {
        "DATABASE_URL": "postgresql://a@127.0.0.1:1/a",
        "REDIS_URL": "redis://127.0.0.1:1/0",
        "FASTAPI_OTEL_AUTO_CONFIGURE": "true",
        "OTEL_EXPORTER_OTLP_ENDPOINT": collector.url,
    }
    done = subprocess.run(
        [sys.executable, "-c", ALL_OF_IT], env=environment, capture_output=True, text=True, check=False
    )
    assert done.stdout.splitlines()[-1:] == ["[]"], done.stderr
    assert not collector.bodies


def test_without_a_collector_every_call_does_nothing() -> None:
    off = open_telemetry(TelemetrySettings(), role="api", instance="x")
    assert isinstance(off, NoTelemetry)
    with trace(off, "a", parent=TraceParent.parse(OUTSIDE)) as span, child_span("b"):
        span.set({"scribe.run": 1})
        assert traceparent() is None
        assert "trace_id" not in structlog.contextvars.get_contextvars()
    off.close(1.0)


def test_a_collector_without_the_extra_is_an_error_that_names_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "scribe.core.otlp", raising=False)
    monkeypatch.setitem(sys.modules, "opentelemetry", None)
    with pytest.raises(OptionError, match=r"smart-meeting-scribe\[telemetry\]"):
        opened("http://127.0.0.1:4318")


@pytest.mark.parametrize("endpoint", ["collector:4318", "grpc://collector:4317", "http://", ""])
def test_what_is_no_address_is_refused_at_the_start(endpoint: str) -> None:
    with pytest.raises(OptionError, match="OTLP"):
        opened(endpoint)


# --- on ---------------------------------------------------------------------------------------------------------------


def test_what_is_below_joins_without_being_handed_anything(collector: OtlpReceiver) -> None:
    telemetry = opened(collector.url, service_name="minutes")
    with trace(telemetry, "above", parent=TraceParent.parse(OUTSIDE)), child_span("below") as span:
        assert traceparent() == str(span.place)
        assert structlog.contextvars.get_contextvars()["trace_id"] == OUTSIDE[3:35]
    assert traceparent() is None
    telemetry.close(5.0)
    above, below = collector.span("above"), collector.span("below")
    assert (above.trace_id, above.parent_id) == (OUTSIDE[3:35], OUTSIDE[36:52])
    assert (below.trace_id, below.parent_id) == (above.trace_id, above.span_id)
    assert above.resource["service.name"] == "minutes"
    assert above.resource["service.instance.id"] == "x"


def test_an_error_leaves_its_type_and_never_its_message(collector: OtlpReceiver) -> None:
    telemetry = opened(f"{collector.url}/v1/traces")
    with pytest.raises(ValueError, match="Zoé"), trace(telemetry, "fails"):
        raise ValueError("Zoé said: no")
    telemetry.close(5.0)
    assert collector.span("fails").is_error
    assert collector.span("fails").attributes == {"error.type": "ValueError"}
    assert not any("Zoé".encode() in body for body in collector.bodies)


def test_an_attribute_that_nobody_decided_on_is_refused(collector: OtlpReceiver) -> None:
    telemetry = opened(collector.url)
    with pytest.raises(AssertionError, match=r"scribe\.title"):
        telemetry.start("a", attributes={"scribe.title": "Board"})
    telemetry.close(5.0)


def test_who_began_the_trace_decides_whether_it_is_recorded(collector: OtlpReceiver) -> None:
    telemetry = opened(collector.url, sample_ratio=0.0)
    with trace(telemetry, "ours"):
        assert (traceparent() or "").endswith("-00"), "whoever goes on is told not to record, either"
    with trace(telemetry, "theirs", parent=TraceParent.parse(OUTSIDE)):
        assert (traceparent() or "").endswith("-01")
    telemetry.close(5.0)
    assert [span.name for span in collector.spans] == ["theirs"]


def test_a_collector_that_is_away_delays_nothing_and_is_complained_of_once(
    capsys: pytest.CaptureFixture[str],
) -> None:
    for handler in logging.getLogger("opentelemetry").handlers:  # of the tests before
        logging.getLogger("opentelemetry").removeHandler(handler)
    telemetry = opened(f"http://user:hush@127.0.0.1:{free_port()}")
    began = time.monotonic()
    for _ in range(3000):  # more than the queue takes
        telemetry.start("a").end()
    assert time.monotonic() - began < 3.0
    began = time.monotonic()
    telemetry.close(0.5)
    assert time.monotonic() - began < 2.0
    telemetry.start("after the end").end()
    said = capsys.readouterr()
    assert (said.out + said.err).count("telemetry.trouble") == 1
    assert "hush" not in said.out + said.err
    assert "Traceback" not in said.out + said.err


# --- what travels -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331",
        "00-00000000000000000000000000000000-b7ad6b7169203331-01",
        "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
        "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        "00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01",
        f"{OUTSIDE}-more",
        f"{OUTSIDE}\n",
    ],
)
def test_what_is_no_traceparent_begins_a_new_trace(header: str | None) -> None:
    assert TraceParent.parse(header) is None


def test_a_later_version_of_the_form_is_understood() -> None:
    assert TraceParent.parse(f"01{OUTSIDE[2:]}-more") == TraceParent.parse(OUTSIDE)


@pytest.mark.parametrize("is_sampled", [True, False])
@pytest.mark.parametrize(("trace_id", "span_id"), [(1, 1), (2**128 - 1, 2**64 - 1), (2**127 + 7, 2**63 + 5)])
def test_what_is_sent_is_understood(trace_id: int, span_id: int, is_sampled: bool) -> None:
    place = TraceParent(f"{trace_id:032x}", f"{span_id:016x}", is_sampled)
    assert TraceParent.parse(str(place)) == place
