"""Transcripts, result documents and exports over HTTP, from files that a run has published."""

import asyncio
import json

import httpx
import pytest

from scribe.adapters.storage import Storage
from scribe.adapters.unit_of_work import UnitOfWorkFactory
from scribe.api.routes.transcripts import MEDIA_TYPES, FormatName
from scribe.api.schemas.transcripts import TranscriptOut, cursor_of
from scribe.domain import layout
from scribe.domain.accounts import Principal
from scribe.domain.exports import EXPORTS, FORMATS, ON_REQUEST
from scribe.domain.meetings import Meeting
from scribe.services.transcripts import TranscriptMemory
from tests.api.planting import claim, complete, edited, fail, plant
from tests.domain.exports.meeting import french_meeting

MEETINGS = "/api/v1/meetings"
FUSION, DIARIZATION = french_meeting()


@pytest.fixture
async def meeting(units: UnitOfWorkFactory, member: Principal, storage: Storage) -> Meeting:
    """COMPLETED."""
    planted = await plant(units, member, storage, title="Comité / été")
    await complete(units, storage)
    return planted


async def test_the_transcript_is_what_the_run_wrote_with_every_word(
    client: httpx.AsyncClient, meeting: Meeting
) -> None:
    answer = await client.get(f"{MEETINGS}/{meeting.id}/transcript")
    assert answer.status_code == 200, answer.text
    shown = TranscriptOut.model_validate_json(answer.content)  # as OpenAPI says
    assert [segment.text for segment in shown.segments] == [segment.text for segment in FUSION.segments]
    assert [segment.words for segment in shown.segments] == [segment.words for segment in FUSION.segments]
    assert [segment.index for segment in shown.segments] == list(range(len(FUSION.segments)))
    assert shown.speakers == FUSION.speakers
    assert (shown.language, shown.run, shown.num_segments, shown.next) == ("fr", 1, len(FUSION.segments), None)
    assert set(answer.json()) == set(TranscriptOut.model_fields)


async def test_words_can_be_left_out(client: httpx.AsyncClient, meeting: Meeting) -> None:
    shown = (await client.get(f"{MEETINGS}/{meeting.id}/transcript?words=false")).json()
    assert [segment["text"] for segment in shown["segments"]] == [segment.text for segment in FUSION.segments]
    assert not any("words" in segment for segment in shown["segments"])


async def test_pages_hold_every_segment_once(client: httpx.AsyncClient, meeting: Meeting) -> None:
    address = f"{MEETINGS}/{meeting.id}/transcript?limit=2"
    found: list[int] = []
    cursor: str | None = None
    while True:
        page = (await client.get(address + (f"&cursor={cursor}" if cursor else ""))).json()
        found += [segment["index"] for segment in page["segments"]]
        cursor = page["next"]
        if cursor is None:
            break
    assert found == list(range(len(FUSION.segments)))


async def test_a_stretch_of_time_holds_what_is_heard_in_it(
    client: httpx.AsyncClient, meeting: Meeting, subtests: pytest.Subtests
) -> None:
    for from_s, to_s in ((0, 5.9), (5.6, 5.9), (16.5, 16.7), (24.0, 31.0), (31, 121), (500, 600), (20, 10), (0, 0)):
        with subtests.test(from_s=from_s, to_s=to_s):
            query = f"from_s={from_s}&to_s={to_s}&limit=1000"
            page = (await client.get(f"{MEETINGS}/{meeting.id}/transcript?{query}")).json()
            expected = [index for index, line in enumerate(FUSION.segments) if line.end > from_s and line.start < to_s]
            assert [segment["index"] for segment in page["segments"]] == expected
            assert page["next"] is None
    first = (await client.get(f"{MEETINGS}/{meeting.id}/transcript?from_s=20&limit=1")).json()
    second = (await client.get(f"{MEETINGS}/{meeting.id}/transcript?from_s=20&limit=1&cursor={first['next']}")).json()
    assert [first["segments"][0]["index"], second["segments"][0]["index"]] == [4, 5]


async def test_parameters_that_make_no_sense_are_problems(
    client: httpx.AsyncClient, meeting: Meeting, subtests: pytest.Subtests
) -> None:
    for query in (
        "from_s=-1", "from_s=nan", "to_s=inf", "limit=0", "limit=2001", "cursor=x", "cursor=%00", "cursor=W10",
        f"cursor={cursor_of('x', -1)}", "words=perhaps", "page=2", "from_s=%00",
    ):  # fmt: skip
        with subtests.test(query=query):
            answer = await client.get(f"{MEETINGS}/{meeting.id}/transcript?{query}")
            assert answer.status_code == 422, answer.text


@pytest.mark.parametrize("path", ["transcript", "results/fusion", "results/diarization", "exports/md"])
async def test_what_is_not_there_yet_is_never_a_404(
    client: httpx.AsyncClient, units: UnitOfWorkFactory, member: Principal, path: str
) -> None:
    meeting = await plant(units, member)
    address = f"{MEETINGS}/{meeting.id}/{path}"
    waiting = await client.get(address)
    assert (waiting.status_code, waiting.json()["code"]) == (409, "meeting.not_ready")
    assert waiting.json()["meeting_status"] == "PENDING"
    await claim(units)
    running = await client.get(address)
    assert (running.status_code, running.json()["meeting_status"]) == (409, "PROCESSING")
    assert "retry-after" in running.headers


async def test_of_a_failed_meeting_there_is_no_use_in_waiting(
    client: httpx.AsyncClient, units: UnitOfWorkFactory, member: Principal
) -> None:
    meeting = await plant(units, member)
    await fail(units)
    answer = await client.get(f"{MEETINGS}/{meeting.id}/transcript")
    assert (answer.status_code, answer.json()["code"]) == (409, "meeting.status_conflict")
    assert "retry-after" not in answer.headers


async def test_a_rerun_replaces_the_transcript_only_when_it_publishes(
    client: httpx.AsyncClient, units: UnitOfWorkFactory, storage: Storage, meeting: Meeting
) -> None:
    address = f"{MEETINGS}/{meeting.id}/transcript?limit=2"
    before = await client.get(address)
    await client.post(f"{MEETINGS}/{meeting.id}/rerun", json={})
    meanwhile = await client.get(address, headers={"If-None-Match": before.headers["etag"]})
    assert meanwhile.status_code == 304
    await complete(units, storage, documents=(edited(FUSION, "Nouveau texte."), DIARIZATION))
    after = await client.get(address, headers={"If-None-Match": before.headers["etag"]})
    assert after.status_code == 200
    assert (after.json()["segments"][0]["text"], after.json()["run"]) == ("Nouveau texte.", 2)
    stale = await client.get(f"{address}&cursor={before.json()['next']}")
    assert (stale.status_code, stale.json()["code"]) == (409, "request.conflict")


async def test_a_transcript_is_read_once_for_many_readers_and_pages(
    client: httpx.AsyncClient, storage: Storage, meeting: Meeting, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = []
    real = Storage.read
    monkeypatch.setattr(Storage, "read", lambda self, key: read.append(key) or real(self, key))
    address = f"{MEETINGS}/{meeting.id}/transcript?limit=1"
    answers = await asyncio.gather(*(client.get(address) for _ in range(10)))
    assert {answer.status_code for answer in answers} == {200}
    assert len(read) == 1


async def test_the_memory_of_transcripts_has_an_end(
    units: UnitOfWorkFactory, member: Principal, storage: Storage
) -> None:
    small = TranscriptMemory(max_bytes=20_000)
    for _ in range(6):
        planted = await plant(units, member, storage)
        await complete(units, storage)
        async with units() as unit:
            published = await unit.meetings.get(planted.id)
        assert published is not None
        transcript = await small.read(units, storage, published)
        assert 0 < transcript.size_bytes < 20_000
    assert transcript.size_bytes <= small.size_bytes <= 20_000
    tiny = TranscriptMemory(max_bytes=10)
    assert (await tiny.read(units, storage, published)).lines == transcript.lines
    assert tiny.size_bytes == 0


async def test_results_that_cannot_be_read_are_said_to_be_so(
    client: httpx.AsyncClient, storage: Storage, meeting: Meeting, subtests: pytest.Subtests
) -> None:
    key = f"{layout.results_folder(meeting.created_at, meeting.id)}/fusion.json"
    for content in (b"", b"{", b"[]", b'{"kind": "fusion"}', FUSION.to_json().encode()[:-100]):
        with subtests.test(content=content[:20]):
            storage.write(key, content)
            answer = await client.get(f"{MEETINGS}/{meeting.id}/transcript")
            assert (answer.status_code, answer.json()["code"]) == (500, "artefact.unreadable")


# --- documents and exports --------------------------------------------------------------------------------------------


async def test_documents_come_as_they_are_stored(client: httpx.AsyncClient, meeting: Meeting) -> None:
    fusion = await client.get(f"{MEETINGS}/{meeting.id}/results/fusion")
    assert fusion.text == FUSION.to_json()
    assert fusion.headers["content-type"] == "application/json"
    assert fusion.headers["content-length"] == str(len(FUSION.to_json().encode()))
    diarization = await client.get(f"{MEETINGS}/{meeting.id}/results/diarization")
    assert json.loads(diarization.text)["kind"] == "diarization"
    again = await client.get(
        f"{MEETINGS}/{meeting.id}/results/fusion", headers={"If-None-Match": fusion.headers["etag"]}
    )
    assert again.status_code == 304
    assert (await client.get(f"{MEETINGS}/{meeting.id}/results/minutes")).status_code == 422


async def test_a_meeting_without_diarization_has_its_words_all_the_same(
    client: httpx.AsyncClient, units: UnitOfWorkFactory, member: Principal, storage: Storage
) -> None:
    meeting = await plant(units, member, storage)
    await complete(units, storage, with_diarization=False)
    answer = await client.get(f"{MEETINGS}/{meeting.id}/results/diarization")
    assert (answer.status_code, answer.json()["code"]) == (404, "request.not_found")
    assert "diarization" in answer.json()["detail"]
    assert (await client.get(f"{MEETINGS}/{meeting.id}/transcript")).status_code == 200
    shown = (await client.get(f"{MEETINGS}/{meeting.id}")).json()
    assert set(shown["links"]["results"]) == {"transcription", "fusion"}


def test_every_format_can_be_asked_for_and_has_a_kind() -> None:
    assert {str(name) for name in FormatName} == set(EXPORTS) == set(MEDIA_TYPES)
    assert {*FORMATS, *ON_REQUEST} == set(EXPORTS)


async def test_every_export_comes_as_it_is_stored_under_the_meetings_title(
    client: httpx.AsyncClient, storage: Storage, meeting: Meeting, subtests: pytest.Subtests
) -> None:
    folder = layout.results_folder(meeting.created_at, meeting.id)
    for name, export in FORMATS.items():
        with subtests.test(format=name):
            answer = await client.get(f"{MEETINGS}/{meeting.id}/exports/{name}")
            if not export.has_title:
                assert answer.content == storage.read(f"{folder}/{export.file_name}")
            assert answer.headers["content-type"] == MEDIA_TYPES[name]
            assert answer.headers["content-disposition"].startswith('attachment; filename="Comit_ _t_.')
            known = {"If-None-Match": answer.headers["etag"]}
            assert (await client.get(f"{MEETINGS}/{meeting.id}/exports/{name}", headers=known)).status_code == 304
    assert (await client.get(f"{MEETINGS}/{meeting.id}/exports/odt")).status_code == 422


async def test_minutes_bear_the_title_that_the_meeting_has_now(client: httpx.AsyncClient, meeting: Meeting) -> None:
    address = f"{MEETINGS}/{meeting.id}"
    before = await client.get(f"{address}/exports/md")
    assert before.text.startswith(f"# {meeting.title}\n")
    await client.patch(address, json={"title": "Budget 2027"})
    after = await client.get(f"{address}/exports/md", headers={"If-None-Match": before.headers["etag"]})
    assert (after.status_code, after.text.splitlines()[0]) == (200, "# Budget 2027")
    assert (await client.get(f"{address}/exports/txt")).text.splitlines()[0] == "Budget 2027"


async def test_minutes_can_be_had_in_the_other_language(client: httpx.AsyncClient, meeting: Meeting) -> None:
    address = f"{MEETINGS}/{meeting.id}/exports/md"
    french = await client.get(f"{address}?language=fr")
    english = await client.get(f"{address}?language=en")
    assert "Temps de parole" in french.text
    assert "Temps de parole" not in english.text
    assert french.headers["etag"] != english.headers["etag"]
    assert french.text == (await client.get(address)).text  # as it was processed
    assert (await client.get(f"{address}?language=de")).status_code == 422


async def test_a_format_that_the_run_did_not_store_is_made_from_the_documents(
    client: httpx.AsyncClient, units: UnitOfWorkFactory, member: Principal, storage: Storage, meeting: Meeting
) -> None:
    bare = await plant(units, member, storage)
    await complete(units, storage, formats=())
    for name in FORMATS.keys() - {"md", "txt"}:  # which bear its title
        made = await client.get(f"{MEETINGS}/{bare.id}/exports/{name}")
        assert made.text == (await client.get(f"{MEETINGS}/{meeting.id}/exports/{name}")).text
