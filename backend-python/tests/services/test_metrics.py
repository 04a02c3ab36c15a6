"""What Prometheus reads: right numbers, a closed set of series, an answer even without a database."""

import asyncio
import time
from datetime import timedelta
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from scribe.adapters.event_hub import EventHub
from scribe.adapters.servers.children import free_port
from scribe.adapters.storage import Storage
from scribe.adapters.unit_of_work import UnitOfWorkFactory
from scribe.core.database import build_engine
from scribe.core.ids import uuid7
from scribe.core.voices_db import EnrolmentRow
from scribe.domain.accounts import Principal
from scribe.domain.meeting import Stage
from scribe.domain.requests import MeetingDraft
from scribe.domain.workers import WorkerFacts
from scribe.services import metrics as module
from scribe.services.metrics import Metrics
from tests.services.test_estimates import completed, plant, processing


class Scrape:
    def __init__(self, exposed: bytes) -> None:
        self.families = {family.name: family for family in text_string_to_metric_families(exposed.decode())}
        self.samples = {
            (sample.name, *sorted(sample.labels.items())): sample.value
            for family in self.families.values()
            for sample in family.samples
        }

    def value(self, name: str, **labels: str) -> float:
        return self.samples[name, *sorted(labels.items())]


@pytest.fixture
def hub() -> EventHub:
    return EventHub("postgresql://nobody@localhost/none")


async def test_the_queue_the_workers_and_what_went_wrong_are_counted(
    units: UnitOfWorkFactory, member: Principal, hub: EventHub
) -> None:
    await plant(units, member, 3)
    await plant(units, member, 1, **processing())
    await plant(units, member, 2, status="FAILED", failure_code="audio.no_track", is_dead_letter=True)
    await plant(units, member, 4, **completed(0.5))
    async with units() as unit:
        await unit.workers.register(WorkerFacts("h:1:x", "h", 1, "1", "cpu", {}))
        await unit.jobs.count("failures", "audio.no_track", 2)
        await unit.jobs.count("lease_expiries", by=3)
        await unit.jobs.count("stage_work_ms", Stage.TRANSCRIBE, 1500)
        await unit.jobs.count("runs", "failed", 2)
    scrape = Scrape(await Metrics().expose(units, hub))
    assert scrape.value("scribe_database_up") == 1
    assert scrape.value("scribe_meetings", status="PENDING") == 3
    assert scrape.value("scribe_meetings", status="PROCESSING") == 1
    assert scrape.value("scribe_meetings", status="CANCELLED") == 0
    assert scrape.value("scribe_queue_oldest_pending_seconds") == pytest.approx(3600, abs=60)
    assert scrape.value("scribe_dead_letters") == 2
    assert scrape.value("scribe_queue_waiting", priority="normal") == 3
    assert scrape.value("scribe_queue_waiting", priority="high") == 0
    assert scrape.value("scribe_queue_oldest_seconds", priority="normal") == pytest.approx(3600, abs=60)
    assert scrape.value("scribe_workers_alive") == 1
    assert scrape.value("scribe_workers_busy") == 0
    assert scrape.value("scribe_workers_of_other_versions") == 1
    assert scrape.value("scribe_runs_total", ending="failed") == 2
    assert scrape.value("scribe_runs_total", ending="completed") == 0
    assert scrape.value("scribe_stage_work_seconds_total", stage="transcribe") == 1.5
    assert scrape.value("scribe_database_server_connections") >= 1
    assert scrape.value("scribe_recordings_bytes") > 0
    assert scrape.value("scribe_failures_total", code="audio.no_track") == 2
    assert scrape.value("scribe_lease_expiries_total") == 3
    assert scrape.value("scribe_retries_total") == 0, "a counter that is not there yet begins at 0"
    factors = [scrape.value("scribe_real_time_factor", stage=str(stage)) for stage in Stage]
    assert sum(factors) == pytest.approx(0.5)


async def test_clips_uploads_and_deletions_that_wait_are_counted(
    units: UnitOfWorkFactory, member: Principal, hub: EventHub
) -> None:
    async with units() as unit:
        for status, kind in (("PENDING", "enrol"), ("PENDING", "test"), ("PENDING", "remake"), ("DONE", "enrol")):
            unit.session.add(
                EnrolmentRow(id=uuid7(), owner_id=member.user_id, kind=kind, status=status, source_key="k")
            )
        upload = await unit.uploads.add(uuid7(), member.user_id, 1000, "", MeetingDraft(), timedelta(hours=1))
        await unit.uploads.advance(upload, ["a"], 400, timedelta(hours=1))
        await unit.purges.add(["recordings/x"], timedelta(minutes=15))
    scrape = Scrape(await Metrics().expose(units, hub))
    assert scrape.value("scribe_voice_clips_waiting") == 2
    assert scrape.value("scribe_voice_clips_oldest_seconds") >= 0
    assert scrape.value("scribe_uploads_open") == 1
    assert scrape.value("scribe_uploads_open_bytes") == 400
    assert scrape.value("scribe_purges_waiting") == 1
    assert scrape.value("scribe_chores_waiting", chore="passages") == 0


async def test_the_room_that_is_left_is_told(units: UnitOfWorkFactory, hub: EventHub, tmp_path: Path) -> None:
    scrape = Scrape(await Metrics().expose(units, hub, storage=Storage(str(tmp_path))))
    assert 0 < scrape.value("scribe_storage_free_bytes") < scrape.value("scribe_storage_size_bytes")


async def test_an_object_store_has_no_room_to_tell(units: UnitOfWorkFactory, hub: EventHub) -> None:
    scrape = Scrape(await Metrics().expose(units, hub, storage=Storage("s3://bucket/prefix")))
    assert "scribe_storage_free_bytes" not in scrape.families


async def test_nothing_measured_is_not_told_as_a_measurement(units: UnitOfWorkFactory, hub: EventHub) -> None:
    scrape = Scrape(await Metrics().expose(units, hub))
    assert "scribe_real_time_factor" not in scrape.families


async def test_a_scrape_answers_without_a_database(hub: EventHub) -> None:
    engine = build_engine(f"postgresql://nobody@127.0.0.1:{free_port()}/none")
    scrape = Scrape(await Metrics().expose(UnitOfWorkFactory(engine), hub))
    await engine.dispose()
    assert scrape.value("scribe_database_up") == 0
    assert "scribe_meetings" not in scrape.families
    assert scrape.value("scribe_event_followers") == 0


async def test_a_scrape_does_not_wait_for_a_database_that_says_nothing(
    hub: EventHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A server that takes connections and never answers; the next scrape waits for the same reading."""
    monkeypatch.setattr(module, "TIMEOUT_S", 0.2)
    connections = []
    silent = await asyncio.start_server(lambda _, writer: connections.append(writer), "127.0.0.1", 0)
    port = silent.sockets[0].getsockname()[1]
    engine = build_engine(f"postgresql://nobody@127.0.0.1:{port}/none")
    metrics = Metrics()
    for _ in range(3):
        began = time.monotonic()
        assert Scrape(await metrics.expose(UnitOfWorkFactory(engine), hub)).value("scribe_database_up") == 0
        assert time.monotonic() - began < 2.0
    assert len(connections) == 1
    reading = metrics._readings["installation"]
    reading.cancel()
    await asyncio.gather(reading, return_exceptions=True)
    for writer in connections:
        writer.close()
    silent.close()
    await engine.dispose()


async def test_requests_are_counted_by_route_and_streams_do_not_spoil_the_times(
    units: UnitOfWorkFactory, hub: EventHub
) -> None:
    metrics = Metrics()
    metrics.request_finished("GET", "/a/{id}", 200, seconds=0.02, received_bytes=0, is_stream=False)
    metrics.request_finished("GET", "/events", 200, seconds=3600.0, received_bytes=0, is_stream=True)
    metrics.request_finished("POST", "/a", 202, seconds=0.5, received_bytes=1000, is_stream=False)
    scrape = Scrape(await metrics.expose(units, hub))
    assert scrape.value("scribe_http_requests_total", method="GET", route="/a/{id}", status="200") == 1
    assert scrape.value("scribe_http_request_seconds_count", method="GET", route="/a/{id}") == 1
    assert ("scribe_http_request_seconds_count", ("method", "GET"), ("route", "/events")) not in scrape.samples
    assert scrape.value("scribe_http_received_bytes_total", route="/a") == 1000


async def test_two_applications_in_one_process_do_not_share_numbers(units: UnitOfWorkFactory, hub: EventHub) -> None:
    one, other = Metrics(), Metrics()
    one.request_finished("GET", "/a", 200, seconds=0.1, received_bytes=0, is_stream=False)
    assert not Scrape(await other.expose(units, hub)).families["scribe_http_requests"].samples
