"""Large answers travel compressed, small and compressed ones as they are."""

import httpx
import pytest

from scribe.adapters.storage import Storage
from scribe.adapters.unit_of_work import UnitOfWorkFactory
from scribe.api.compression import MIN_BYTES, accepts_gzip, packed
from scribe.domain.accounts import Principal
from scribe.domain.coverage import Coverage
from scribe.domain.meetings import Meeting
from tests.domain.exports.meeting import fusion_document, line, run_facts
from tests.named_meetings import completed

NUM_LINES = 300


@pytest.fixture
async def meeting(units: UnitOfWorkFactory, member: Principal, storage: Storage) -> Meeting:
    segments = [line(i * 2.0, i * 2.0 + 1.5, None, "Je propose de commencer par le budget.") for i in range(NUM_LINES)]
    duration_s = NUM_LINES * 2.0
    coverage = Coverage(duration_s, NUM_LINES * 1.5, 0.0, 0.0, NUM_LINES * 0.5, ())
    documents = fusion_document(segments, coverage, {}, run_facts("long.wav", duration_s))
    return await completed(units, storage, member.user_id, documents=documents)


@pytest.mark.parametrize("tail", ["transcript?limit=1000", "results/fusion", "exports/json", "exports/csv?language=fr"])
async def test_a_large_answer_is_the_same_compressed(client: httpx.AsyncClient, meeting: Meeting, tail: str) -> None:
    address = f"/api/v1/meetings/{meeting.id}/{tail}"
    plain = await client.get(address, headers={"Accept-Encoding": "identity"})
    small = await client.get(address, headers={"Accept-Encoding": "br, gzip"})
    assert "content-encoding" not in plain.headers
    if len(plain.content) < MIN_BYTES:
        assert "content-encoding" not in small.headers
        return
    assert small.headers["content-encoding"] == "gzip"
    assert small.headers["vary"] == "Accept-Encoding"
    assert int(small.headers["content-length"]) < len(plain.content) / 4
    assert small.content == plain.content
    assert small.headers["etag"] == f"W/{plain.headers['etag']}"  # equal, but not to the byte
    for etag in (plain.headers["etag"], small.headers["etag"]):
        assert (await client.get(address, headers={"If-None-Match": etag})).status_code == 304


async def test_what_is_compressed_or_small_travels_as_it_is(client: httpx.AsyncClient, meeting: Meeting) -> None:
    for tail in ("exports/pdf", "exports/docx", "audio", "transcript?limit=1"):
        answer = await client.get(f"/api/v1/meetings/{meeting.id}/{tail}", headers={"Accept-Encoding": "gzip"})
        assert "content-encoding" not in answer.headers, tail


async def test_equal_bytes_stay_equal() -> None:
    body = b"x" * MIN_BYTES
    first = await packed(body, "text/plain", {}, "gzip")
    assert bytes(first.body) == bytes((await packed(body, "text/plain", {}, "gzip")).body)
    assert bytes((await packed(body[1:], "text/plain", {}, "gzip")).body) == body[1:]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (None, False),
        ("", False),
        ("gzip", True),
        ("deflate, GZip ;q=1", True),
        ("gzip;q=0.000", False),
        ("x-gzip", False),
    ],
)
def test_who_takes_gzip(given: str | None, expected: bool) -> None:
    assert accepts_gzip(given) is expected
