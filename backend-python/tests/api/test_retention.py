"""How long a meeting is kept, over HTTP; and what is answered when its recording is gone."""

from collections.abc import Callable
from datetime import datetime, timedelta

import httpx
import pytest
from fastapi import FastAPI

from scribe.adapters.storage import Storage
from scribe.adapters.unit_of_work import UnitOfWorkFactory
from scribe.core.config import RetentionSettings, Settings
from scribe.domain.accounts import Principal
from scribe.services.housekeeping import purge
from scribe.services.indexing import Indexer
from scribe.services.retention import sweep
from tests.api.planting import complete, plant


@pytest.fixture
def api_settings(api_settings: Settings) -> Settings:
    """Recordings are kept for 90 days."""
    return api_settings.model_copy(update={"retention": RetentionSettings(audio_days=90)})


async def test_a_meeting_says_when_it_goes_and_its_owner_chooses(
    client: httpx.AsyncClient, units: UnitOfWorkFactory, storage: Storage, member: Principal
) -> None:
    meeting = await plant(units, member, storage)
    here = f"/api/v1/meetings/{meeting.id}"
    waiting = (await client.get(here)).json()
    assert waiting["retention"] == {
        "audio": {"rule": "installation", "days": 90, "removal_at": None},
        "results": {"rule": "installation", "days": None, "removal_at": None},
        "audio_removed_at": None,
    }
    await complete(units, storage)
    over = await client.get(here)
    finished_at = datetime.fromisoformat(over.json()["finished_at"])
    removal_at = datetime.fromisoformat(over.json()["retention"]["audio"]["removal_at"])
    assert removal_at == finished_at + timedelta(days=90)

    wanted = {"retention": {"audio": {"rule": "for_good"}, "results": {"rule": "days", "days": 30}}}
    changed = await client.patch(here, json=wanted, headers={"If-Match": over.headers["ETag"]})
    kept = changed.json()["retention"]
    assert (kept["audio"]["rule"], kept["audio"]["days"]) == ("for_good", None)
    assert kept["results"]["days"] == 30
    assert kept["audio"]["removal_at"] == kept["results"]["removal_at"]  # it goes with the meeting
    assert (await client.patch(here, json=wanted, headers={"If-Match": over.headers["ETag"]})).status_code == 412
    back = await client.patch(here, json={"retention": {"results": {"rule": "installation"}}})
    assert back.json()["retention"]["results"]["removal_at"] is None
    assert back.json()["retention"]["audio"]["rule"] == "for_good"
    for wrong in ({"rule": "days"}, {"rule": "for_good", "days": 3}, {"rule": "days", "days": 0}, {"rule": "never"}):
        assert (await client.patch(here, json={"retention": {"audio": wrong}})).status_code == 422


async def test_strangers_choose_nothing(
    client: httpx.AsyncClient,
    act_as: Callable[[Principal], None],
    units: UnitOfWorkFactory,
    member: Principal,
    stranger: Principal,
    administrator: Principal,
) -> None:
    meeting = await plant(units, member)
    wanted = {"retention": {"audio": {"rule": "days", "days": 1}}}
    act_as(stranger)
    assert (await client.patch(f"/api/v1/meetings/{meeting.id}", json=wanted)).status_code == 404
    act_as(administrator)
    assert (await client.patch(f"/api/v1/meetings/{meeting.id}", json=wanted)).status_code == 200


async def test_without_its_recording_a_meeting_is_read_searched_and_exported_and_nothing_else(
    app: FastAPI, client: httpx.AsyncClient, units: UnitOfWorkFactory, storage: Storage, member: Principal
) -> None:
    meeting = await plant(units, member, storage)
    await complete(units, storage)
    await Indexer(units, storage).index(meeting.id)
    here = f"/api/v1/meetings/{meeting.id}"
    before = (await client.get(f"{here}/transcript")).json()
    assert (await client.get("/api/v1/meetings")).json()["items"][0]["has_recording"] is True
    assert (await sweep(units, RetentionSettings(audio_days=1e-9))).recordings == 1
    await purge(units, storage)

    for path in ("audio", "playback"):
        gone = await client.get(f"{here}/{path}")
        assert (gone.status_code, gone.json()["code"]) == (410, "recording.removed")
        assert (await client.head(f"{here}/{path}")).status_code == 410
    again = await client.post(f"{here}/rerun", json={})
    assert (again.status_code, again.json()["code"]) == (410, "recording.removed")

    shown = (await client.get(here)).json()
    assert (shown["has_recording"], shown["status"]) == (False, "COMPLETED")
    assert shown["retention"]["audio_removed_at"] is not None
    assert shown["retention"]["audio"]["removal_at"] is None
    assert (await client.get("/api/v1/meetings")).json()["items"][0]["has_recording"] is False
    assert (await client.get(f"{here}/transcript")).json()["segments"] == before["segments"]
    assert (await client.get(f"{here}/exports/docx")).status_code == 200
    assert (await client.get(f"{here}/exports/srt")).status_code == 200
    assert (await client.get(f"{here}/speakers")).status_code == 200
    word = before["segments"][0]["text"].split()[0]
    assert (await client.get("/api/v1/search", params={"q": word})).json()["total"] > 0
    line = before["segments"][0]
    seen = {name: line[name] for name in ("start", "end", "speaker", "text")}
    edit = {"kind": "text", "segment": seen, "text": f"{line['text']} Encore."}
    assert (await client.post(f"{here}/edits", json=edit)).status_code == 201
