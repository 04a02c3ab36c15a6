"""The recording over HTTP: whole, in ranges, its headers; the waveform."""

import asyncio
import io
import json
from typing import Any

import httpx
import numpy as np
import pytest

from scribe.adapters.storage import Storage
from scribe.adapters.unit_of_work import UnitOfWorkFactory
from scribe.api.streaming import PIECE_BYTES, StoredFileResponse, disposition, whole
from scribe.domain import layout
from scribe.domain.accounts import Principal
from scribe.domain.audio import Waveform
from scribe.domain.waveform import peaks_json, peaks_of
from tests.api.planting import fail, plant

MEETINGS = "/api/v1/meetings"
CONTENT = bytes(range(256)) * 40  # 10 240 bytes


@pytest.fixture
async def audio(units: UnitOfWorkFactory, member: Principal, storage: Storage) -> str:
    meeting = await plant(units, member, storage, content=CONTENT, file_name="Comité 1.m4a", media_type="audio/mp4")
    return f"{MEETINGS}/{meeting.id}/audio"


async def test_the_whole_recording_comes_back_byte_for_byte(client: httpx.AsyncClient, audio: str) -> None:
    answer = await client.get(audio)
    assert (answer.status_code, answer.content) == (200, CONTENT)
    assert answer.headers["content-type"] == "audio/mp4"
    assert answer.headers["accept-ranges"] == "bytes"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["content-disposition"] == (
        "inline; filename=\"Comit_ 1.m4a\"; filename*=UTF-8''Comit%C3%A9%201.m4a"
    )
    saved = await client.get(f"{audio}?download=true")
    assert saved.headers["content-disposition"].startswith("attachment; ")


RANGES = (
    ("bytes=0-0", 0, 1),
    ("bytes=0-1023", 0, 1024),
    ("bytes=100-", 100, 10_140),
    ("bytes=-10", 10_230, 10),
    ("bytes=-99999", 0, 10_240),
    ("bytes=10239-", 10_239, 1),
    ("bytes=5-999999999999999999999", 5, 10_235),
    ("BYTES = 1-2", 1, 2),
)


async def test_a_range_is_what_was_asked_for(client: httpx.AsyncClient, audio: str, subtests: pytest.Subtests) -> None:
    for header, first, length in RANGES:
        with subtests.test(range=header):
            answer = await client.get(audio, headers={"Range": header})
            assert answer.status_code == 206
            assert answer.content == CONTENT[first : first + length]
            assert answer.headers["content-range"] == f"bytes {first}-{first + length - 1}/10240"
            assert answer.headers["content-length"] == str(length)


async def test_a_range_that_means_nothing_is_answered_with_all(
    client: httpx.AsyncClient, audio: str, subtests: pytest.Subtests
) -> None:
    for header in ("bytes=5-4", "bytes=-", "bytes=a-b", "lines=1-2", "bytes", "bytes=0-1,4-5", "bytes=١-٢".encode()):
        with subtests.test(range=header):
            answer = await client.get(audio, headers={"Range": header})
            assert (answer.status_code, answer.content) == (200, CONTENT)


async def test_a_range_after_the_end_is_refused_and_the_size_told(
    client: httpx.AsyncClient, audio: str, subtests: pytest.Subtests
) -> None:
    for header in ("bytes=10240-", "bytes=99999999999999999999-", "bytes=-0"):
        with subtests.test(range=header):
            answer = await client.get(audio, headers={"Range": header})
            assert (answer.status_code, answer.json()["code"]) == (416, "request.range_not_satisfiable")
            assert answer.headers["content-range"] == "bytes */10240"


async def test_a_range_of_something_else_by_now_is_answered_with_all(client: httpx.AsyncClient, audio: str) -> None:
    etag = (await client.head(audio)).headers["etag"]
    same = await client.get(audio, headers={"Range": "bytes=0-9", "If-Range": etag})
    assert same.status_code == 206
    other = await client.get(audio, headers={"Range": "bytes=0-9", "If-Range": '"other"'})
    assert (other.status_code, len(other.content)) == (200, 10_240)
    weak = await client.get(audio, headers={"Range": "bytes=0-9", "If-Range": f"W/{etag}"})
    assert weak.status_code == 200


async def test_head_tells_what_get_would_and_sends_nothing(client: httpx.AsyncClient, audio: str) -> None:
    head = await client.head(audio)
    get = await client.get(audio)
    assert (head.status_code, head.content) == (200, b"")
    for name in ("content-length", "content-type", "etag", "accept-ranges", "content-disposition"):
        assert head.headers[name] == get.headers[name], name


async def test_what_the_client_has_is_not_sent_again(client: httpx.AsyncClient, audio: str) -> None:
    etag = (await client.head(audio)).headers["etag"]
    answer = await client.get(audio, headers={"If-None-Match": etag})
    assert (answer.status_code, answer.content) == (304, b"")


async def test_a_kind_that_a_browser_would_run_is_not_believed(
    client: httpx.AsyncClient,
    units: UnitOfWorkFactory,
    member: Principal,
    storage: Storage,
    subtests: pytest.Subtests,
) -> None:
    for said, shown in (
        ("text/html", "application/octet-stream"),
        ("image/svg+xml", "application/octet-stream"),
        (None, "application/octet-stream"),
        ("audio/", "application/octet-stream"),
        ("audio/x\r\nSet-Cookie: a=b", "application/octet-stream"),
        ("Audio/MPEG; codecs=x", "audio/mpeg"),
        ("video/x-matroska", "video/x-matroska"),
    ):
        with subtests.test(said=said):
            meeting = await plant(units, member, storage, media_type=said)
            answer = await client.get(f"{MEETINGS}/{meeting.id}/audio")
            assert answer.headers["content-type"] == shown


@pytest.mark.parametrize(
    ("name", "plain"),
    [
        ("réunion.m4a", "r_union.m4a"),
        ('a"b\\c/d.wav', "a b c d.wav"),
        ("会議.wav", "__.wav"),
        ("a\r\nX: y.wav", "a X y.wav"),
        ("../../..", "recording"),
        ("\ud800.wav", "wav"),
    ],
)
def test_a_file_name_cannot_leave_its_header(name: str, plain: str) -> None:
    header = disposition(name, is_download=True)
    header.encode("latin-1")
    assert f'filename="{plain}"' in header
    assert "\r" not in header
    assert "\n" not in header


class WatchedFile(io.BytesIO):
    """Remembers the largest piece that was asked for."""

    largest = 0

    def read(self, size: int | None = -1) -> bytes:
        self.largest = max(self.largest, size or -1)
        return super().read(size)


async def test_a_client_that_goes_away_closes_the_file_and_nothing_more_is_read() -> None:
    file = WatchedFile(bytes(50 * PIECE_BYTES))
    response = StoredFileResponse(file, whole(50 * PIECE_BYTES), media_type="audio/wav", headers={})
    sent: list[int] = []
    is_gone = asyncio.Event()

    async def receive() -> dict[str, Any]:
        await is_gone.wait()
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        sent.append(len(message.get("body", b"")))
        if sum(sent) >= 2 * PIECE_BYTES:
            is_gone.set()
            await asyncio.Event().wait()  # a socket that takes nothing any more

    await asyncio.wait_for(response({"type": "http", "asgi": {"spec_version": "2.3"}}, receive, send), 10)
    for _ in range(1000):
        if file.closed:
            break
        await asyncio.sleep(0.01)
    assert file.closed
    assert sum(sent) == 2 * PIECE_BYTES
    assert file.largest == PIECE_BYTES


async def test_a_recording_is_playable_while_it_waits_and_after_it_failed(
    client: httpx.AsyncClient, units: UnitOfWorkFactory, audio: str
) -> None:
    await fail(units)
    assert (await client.get(audio, headers={"Range": "bytes=0-9"})).content == CONTENT[:10]


# --- the waveform -----------------------------------------------------------------------------------------------------


async def test_there_is_no_waveform_before_the_recording_is_converted(
    client: httpx.AsyncClient, units: UnitOfWorkFactory, member: Principal
) -> None:
    meeting = await plant(units, member)
    address = f"{MEETINGS}/{meeting.id}/waveform"
    early = await client.get(address)
    assert (early.status_code, early.json()["code"]) == (409, "meeting.not_ready")
    assert (early.json()["meeting_status"], early.json()["percent"]) == ("PENDING", 0.0)
    assert early.headers["retry-after"] == "5"
    await fail(units)
    never = await client.get(address)
    assert (never.status_code, never.json()["code"]) == (409, "meeting.status_conflict")


async def test_a_waveform_can_be_had_coarser_and_no_peak_is_lost(
    client: httpx.AsyncClient, units: UnitOfWorkFactory, member: Principal, storage: Storage
) -> None:
    meeting = await plant(units, member)
    pcm = np.zeros(256 * 1000, np.int16)
    pcm[256 * 777 + 5] = 32_767
    pcm[256 * 778 + 5] = -32_768
    storage.write(layout.peaks_key(meeting.id), peaks_json(peaks_of(Waveform(pcm))))
    address = f"{MEETINGS}/{meeting.id}/waveform"
    fine = await client.get(address)
    assert (fine.json()["length"], fine.json()["samples_per_pixel"]) == (1000, 256)
    coarse = (await client.get(f"{address}?points=300")).json()
    assert (coarse["length"], coarse["samples_per_pixel"]) == (250, 1024)
    assert len(coarse["data"]) == 500
    assert (max(coarse["data"]), min(coarse["data"])) == (127, -128)
    assert json.loads((await client.get(f"{address}?points=8000")).content) == fine.json()
    cached = await client.get(address, headers={"If-None-Match": fine.headers["etag"]})
    assert cached.status_code == 304
    for points in ("0", "8001", "x"):
        assert (await client.get(f"{address}?points={points}")).status_code == 422


# --- what a browser plays ---------------------------------------------------------------------------------------------


async def test_what_was_made_for_players_is_played_in_ranges_like_the_recording(
    client: httpx.AsyncClient, units: UnitOfWorkFactory, member: Principal, storage: Storage
) -> None:
    meeting = await plant(units, member, storage, content=CONTENT, title="Comité", media_type="audio/amr")
    playback = f"{MEETINGS}/{meeting.id}/playback"
    original = await client.get(playback)
    assert (original.content, original.headers["content-type"]) == (CONTENT, "audio/amr")
    made = b"made for players" * 100
    storage.write(layout.playback_key(meeting.id), made)
    answer = await client.get(playback)
    assert (answer.status_code, answer.content, answer.headers["content-type"]) == (200, made, "audio/mp4")
    assert answer.headers["content-disposition"].startswith('inline; filename="Comit_.m4a"')
    assert answer.headers["etag"] != original.headers["etag"]
    part = await client.get(playback, headers={"Range": "bytes=5-12"})
    assert (part.status_code, part.content) == (206, made[5:13])
    assert part.headers["content-range"] == f"bytes 5-12/{len(made)}"
    beyond = await client.get(playback, headers={"Range": f"bytes={len(made)}-"})
    assert (beyond.status_code, beyond.headers["content-range"]) == (416, f"bytes */{len(made)}")
    of_the_original = {"Range": "bytes=5-12", "If-Range": original.headers["etag"]}
    assert (await client.get(playback, headers=of_the_original)).status_code == 200
    assert (await client.get(playback, headers={"If-None-Match": answer.headers["etag"]})).status_code == 304
    head = await client.head(playback)
    assert head.content == b""
    for name in ("content-length", "content-type", "etag", "accept-ranges", "content-disposition"):
        assert head.headers[name] == answer.headers[name], name
    assert (await client.get(f"{MEETINGS}/{meeting.id}/audio")).content == CONTENT


async def test_nobody_else_plays_it(
    client: httpx.AsyncClient, units: UnitOfWorkFactory, stranger: Principal, storage: Storage
) -> None:
    theirs = await plant(units, stranger, storage)
    storage.write(layout.playback_key(theirs.id), b"made")
    for method in ("GET", "HEAD"):
        assert (await client.request(method, f"{MEETINGS}/{theirs.id}/playback")).status_code == 404
