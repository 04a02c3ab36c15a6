"""Exports that are made when asked for: PDF, Word, JSON with everything."""

import asyncio
import io
import json

import docx
import httpx
import pytest

from scribe.adapters.storage import Storage
from scribe.adapters.unit_of_work import UnitOfWorkFactory
from scribe.domain import layout
from scribe.domain.accounts import Principal
from scribe.domain.exports import ON_REQUEST
from scribe.domain.meetings import Meeting
from tests.adapters.typesetting.reading import read_pdf, text_of
from tests.domain.exports.meeting import french_meeting
from tests.named_meetings import completed, label

FUSION, _ = french_meeting()


@pytest.fixture
async def meeting(units: UnitOfWorkFactory, member: Principal, storage: Storage) -> Meeting:
    return await completed(units, storage, member.user_id)


def at(meeting: Meeting, tail: str = "") -> str:
    return f"/api/v1/meetings/{meeting.id}{tail}"


def words_of(content: bytes) -> str:
    document = docx.Document(io.BytesIO(content))
    cells = [cell.text for table in document.tables for row in table.rows for cell in row.cells]
    return "\n".join([*(paragraph.text for paragraph in document.paragraphs), *cells])


async def test_every_laid_out_export_has_the_title_the_date_and_the_names_of_today(
    client: httpx.AsyncClient, meeting: Meeting
) -> None:
    changes = {"title": "Budget : 2027", "held_on": "2026-11-20"}
    assert (await client.patch(at(meeting), json=changes)).status_code == 200
    before = await client.get(at(meeting, "/exports/pdf"))
    await client.put(at(meeting, f"/speakers/{label(0)}"), json={"name": "Anne Roy"})
    pdf = await client.get(at(meeting, "/exports/pdf"), headers={"If-None-Match": before.headers["etag"]})
    word = await client.get(at(meeting, "/exports/docx"))
    for text in (text_of(pdf.content), words_of(word.content)):
        assert "Budget\u202f: 2027" in text
        assert "20\xa0novembre 2026" in text
        assert "Anne Roy" in text
        assert "Intervenant\xa01" not in text
    assert "Intervenant\xa01" in text_of(before.content)  # the rows name nobody yet
    assert pdf.headers["content-type"] == "application/pdf"
    assert pdf.headers["content-disposition"].startswith('attachment; filename="Budget ')
    again = await client.get(at(meeting, "/exports/pdf"), headers={"If-None-Match": pdf.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


async def test_what_was_corrected_by_hand_is_counted_and_undone_again(
    client: httpx.AsyncClient, meeting: Meeting
) -> None:
    assert "Aucune correction" in text_of((await client.get(at(meeting, "/exports/pdf"))).content)
    first = FUSION.segments[0]
    seen = {"start": first.start, "end": first.end, "speaker": first.speaker, "text": first.text}
    edit = {"kind": "text", "segment": seen, "text": "Bonsoir à toutes."}
    made = await client.post(at(meeting, "/edits"), json=edit)
    assert made.status_code == 201, made.text
    corrected = text_of((await client.get(at(meeting, "/exports/pdf"))).content)
    assert "Bonsoir à toutes." in corrected
    assert "Une correction" in corrected
    edit_id = made.json()["edit"]["id"]
    assert (await client.post(at(meeting, f"/edits/{edit_id}/undo"))).status_code == 200
    undone = text_of((await client.get(at(meeting, "/exports/pdf"))).content)
    assert "Bonsoir" not in undone
    assert "Aucune correction" in undone


async def test_the_language_can_be_chosen(client: httpx.AsyncClient, meeting: Meeting) -> None:
    english = read_pdf((await client.get(at(meeting, "/exports/pdf?language=en"))).content)
    assert english.trailer["/Root"]["/Lang"] == "en"  # type: ignore[index]
    assert "Talk time" in english.pages[0].extract_text()
    assert "Talk time" in words_of((await client.get(at(meeting, "/exports/docx?language=en"))).content)


async def test_json_is_the_transcript_and_what_only_the_service_knows(
    client: httpx.AsyncClient, meeting: Meeting
) -> None:
    await client.patch(at(meeting), json={"title": "Budget", "held_on": "2026-11-20", "tags": ["a", "b"]})
    await client.put(at(meeting, f"/speakers/{label(0)}"), json={"name": "Anne Roy"})
    answer = await client.get(at(meeting, "/exports/json"))
    assert answer.headers["content-type"] == "application/json"
    found = answer.json()
    assert list(found)[:3] == ["kind", "schema_version", "meeting"]
    about = found["meeting"]
    assert (about["id"], about["title"], about["held_on"], about["tags"], about["run"]) == (
        str(meeting.id), "Budget", "2026-11-20", ["a", "b"], 1,
    )  # fmt: skip
    fusion = json.loads(FUSION.to_json())
    assert {key: value for key, value in found.items() if key not in {"kind", "meeting"}} == {
        key: value
        for key, value in (await client.get(at(meeting, "/results/fusion"))).json().items()
        if key not in {"kind", "moved"}
    }
    assert [line["text"] for line in found["segments"]] == [line["text"] for line in fusion["segments"]]
    assert found["speakers"][0]["name"] == "Anne Roy"
    assert "moved" not in found


async def test_made_exports_are_linked_and_never_stored(
    client: httpx.AsyncClient, storage: Storage, meeting: Meeting
) -> None:
    links = (await client.get(at(meeting))).json()["links"]["exports"]
    assert list(links)[:2] == ["pdf", "docx"]
    before = set(storage.keys(layout.results_folder(meeting.created_at, meeting.id)))
    for name in ON_REQUEST:
        assert (await client.get(links[name])).status_code == 200
    assert set(storage.keys(layout.results_folder(meeting.created_at, meeting.id))) == before


async def test_many_at_once_are_made_one_after_the_other(client: httpx.AsyncClient, meeting: Meeting) -> None:
    answers = await asyncio.gather(*(client.get(at(meeting, "/exports/pdf")) for _ in range(6)))
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.content for answer in answers}) == 1


async def test_results_that_cannot_be_read_are_said_to_be_so(
    client: httpx.AsyncClient, storage: Storage, meeting: Meeting
) -> None:
    storage.write(f"{layout.results_folder(meeting.created_at, meeting.id)}/fusion.json", b'{"kind": "fusion"}')
    for name in ON_REQUEST:
        answer = await client.get(at(meeting, f"/exports/{name}"))
        assert (answer.status_code, answer.json()["code"]) == (500, "artefact.unreadable"), name
