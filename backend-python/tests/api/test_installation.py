"""What is stored and which models are installed, for administrators only."""

from collections.abc import Callable

import httpx
import pytest
from fastapi import FastAPI

from scribe.adapters.storage import Storage
from scribe.adapters.unit_of_work import UnitOfWorkFactory
from scribe.domain import layout
from scribe.domain.accounts import Principal
from scribe.domain.installation import StorageUse
from scribe.domain.workers import CatalogueEntry, WorkerFacts
from scribe.services.installation import StorageMeter
from tests.api.planting import complete, plant
from tests.pending_meetings import change_row

STORAGE, MODELS = "/api/v1/storage", "/api/v1/models"
BASE = CatalogueEntry("whisper-base", "transcription", "MIT", 145_000_000, is_default=True, is_installed=True)
LARGE = CatalogueEntry("whisper-large-v3", "transcription", "MIT", None, is_default=False, is_installed=False)


@pytest.fixture
async def admin(
    client: httpx.AsyncClient, act_as: Callable[[Principal], None], administrator: Principal
) -> httpx.AsyncClient:
    act_as(administrator)
    return client


async def test_room_is_told_by_what_it_is_for_and_whose_it_is(
    admin: httpx.AsyncClient, units: UnitOfWorkFactory, storage: Storage, member: Principal, stranger: Principal
) -> None:
    meeting = await plant(units, member, storage, content=b"r" * 1000)
    await complete(units, storage)
    other = await plant(units, stranger, storage, content=b"s" * 300)
    storage.write(layout.playback_key(meeting.id), b"p" * 50)
    storage.write(layout.peaks_key(meeting.id), b"w" * 7)
    storage.write(f"{layout.checkpoints_folder(meeting.id)}/diarize.json", b"c" * 3)
    storage.write(layout.speaker_sample_key(meeting.id, 1, "SPEAKER_00"), b"v" * 11)
    storage.write(layout.print_sample_key(meeting.id, meeting.id), b"v" * 13)
    storage.write(layout.part_key(meeting.id, "0-x"), b"u" * 17)
    results = sum(file.size_bytes for file in storage.files("results"))
    answer = await admin.get(STORAGE)
    assert answer.status_code == 200
    use = answer.json()
    assert use["recordings_bytes"] == 1350
    assert use["results_bytes"] == results > 0
    assert (use["voices_bytes"], use["other_bytes"], use["uploads_bytes"]) == (24, 10, 17)
    assert use["database_bytes"] > 1_000_000
    assert 0 < use["free_bytes"] < use["total_bytes"]
    assert use["by_user"] == [
        {"username": "claire", "num_meetings": 1, "bytes": 1000},
        {"username": "anne", "num_meetings": 1, "bytes": 300},
    ]
    await change_row(units, other.id, size_bytes=5000)
    assert (await admin.get(STORAGE)).json()["measured_at"] == use["measured_at"]


async def test_it_is_measured_again_after_a_while(
    units: UnitOfWorkFactory, app: FastAPI, storage: Storage, member: Principal
) -> None:
    meter = StorageMeter(memory_s=0.0)
    before: StorageUse = await meter.read(units, storage)
    await plant(units, member, storage, content=b"r" * 1000)
    assert (await meter.read(units, storage)).recordings_bytes == before.recordings_bytes + 1000


async def test_where_there_is_no_disk_there_is_no_free_room(units: UnitOfWorkFactory, s3_storage_url: str) -> None:
    storage = Storage(s3_storage_url)
    storage.write("uploads/a/recording", b"r" * 10)
    use = await StorageMeter().read(units, storage)
    assert (use.recordings_bytes, use.free_bytes, use.total_bytes) == (10, None, None)


async def test_models_are_what_living_workers_report(admin: httpx.AsyncClient, units: UnitOfWorkFactory) -> None:
    assert (await admin.get(MODELS)).json() == {"items": []}
    facts = WorkerFacts("h:1:a", "h", 1, "1", "cpu", {"installed": ["whisper-base"]}, (BASE, LARGE))
    async with units() as unit:
        await unit.workers.register(facts)
        await unit.workers.register(WorkerFacts("h:2:b", "h", 2, "1", "cpu", {}, (LARGE, BASE)))
        await unit.workers.register(WorkerFacts("h:3:c", "h", 3, "0.9", "cpu", {}))  # of a version that does not tell
    assert (await admin.get(MODELS)).json() == {
        "items": [
            {
                "name": "whisper-base", "kind": "transcription", "licence": "MIT", "size_bytes": 145_000_000,
                "is_default": True, "is_installed": True, "workers": ["h:1:a", "h:2:b"],
            },
            {
                "name": "whisper-large-v3", "kind": "transcription", "licence": "MIT", "size_bytes": None,
                "is_default": False, "is_installed": False, "workers": [],
            },
        ]
    }  # fmt: skip
    async with units() as unit:
        (worker, *_) = await unit.workers.alive()
    assert worker.facts == facts
    shown = (await admin.get("/api/v1/workers")).json()["workers"][0]["models"]
    assert shown == {"installed": ["whisper-base"]}


async def test_both_are_for_administrators(client: httpx.AsyncClient) -> None:
    assert [(await client.get(path)).status_code for path in (STORAGE, MODELS)] == [403, 403]
