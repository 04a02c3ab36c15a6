"""Resumable uploads: the protocol as its public client speaks it, and what is promised of every acknowledged byte."""

import asyncio
import base64
import hashlib
import io
import os
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest
import uvicorn
from fastapi import FastAPI
from sqlalchemy import func, select, update
from tusclient.client import TusClient
from tusclient.exceptions import TusCommunicationError

from scribe.adapters.unit_of_work import UnitOfWorkFactory
from scribe.api.context import Context
from scribe.core.config import Settings
from scribe.core.models_db import MeetingRow, UploadRow
from scribe.domain import layout
from scribe.domain.accounts import Principal
from scribe.domain.errors import StorageError
from scribe.domain.uploads import PIECE_BYTES
from scribe.services import resumable
from scribe.services.housekeeping import Housekeeping
from scribe.services.uploads import Desk

URL = "/api/v1/uploads"
TUS = {"Tus-Resumable": "1.0.0"}
BYTES = {**TUS, "Content-Type": "application/offset+octet-stream"}
RECORDING = b"RIFF\x24\x00\x00\x00WAVEfmt " + os.urandom(300_000)
PATIENCE_S = 20.0


def encoded(**fields: str) -> str:
    return ",".join(f"{key} {base64.b64encode(value.encode()).decode()}" for key, value in fields.items())


def files(settings: Settings, below: str = "") -> list[Path]:
    return [path for path in (Path(settings.storage_url or "") / below).rglob("*") if path.is_file()]


async def begin(client: httpx.AsyncClient, length: int = len(RECORDING), **fields: str) -> str:
    headers = {**TUS, "Upload-Length": str(length), **({"Upload-Metadata": encoded(**fields)} if fields else {})}
    answer = await client.post(URL, headers=headers)
    assert answer.status_code == 201, answer.text
    return str(answer.headers["location"])


async def send(client: httpx.AsyncClient, address: str, offset: int, content: Any, **headers: str) -> httpx.Response:
    return await client.patch(address, content=content, headers={**BYTES, "Upload-Offset": str(offset), **headers})


async def offset_of(client: httpx.AsyncClient, address: str) -> int:
    answer = await client.head(address, headers=TUS)
    assert answer.status_code == 200
    return int(answer.headers["upload-offset"])


async def meeting_of(client: httpx.AsyncClient, address: str) -> str | None:
    found = (await client.get(address)).json()["meeting_id"]
    return None if found is None else str(found)


async def recording_of(app: FastAPI, meeting_id: str) -> bytes | None:
    context: Context = app.state.context
    return await asyncio.to_thread(context.storage.read, layout.recording_key(UUID(meeting_id)))


async def until(is_so: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while not is_so():  # noqa: ASYNC110 -- there is nothing to be told by
            await asyncio.sleep(0.01)


@dataclass
class Served:
    url: str
    port: int


@pytest.fixture
async def served(app: FastAPI, client: httpx.AsyncClient) -> AsyncIterator[Served]:
    """The same application, with ``member`` signed in, behind a real server."""
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=0, log_config=None, lifespan="off"))
    serving = asyncio.create_task(server.serve())
    await until(lambda: server.started)
    port = server.servers[0].sockets[0].getsockname()[1]
    yield Served(f"http://127.0.0.1:{port}{URL}", port)
    server.should_exit = True
    async with asyncio.timeout(PATIENCE_S):
        await serving


# --- the public client ------------------------------------------------------------------------------------------------


async def test_the_public_client_breaks_off_and_goes_on(
    served: Served, client: httpx.AsyncClient, app: FastAPI
) -> None:
    name = "Réunion d’équipe.m4a"
    tus = TusClient(served.url)

    def break_off() -> str:
        metadata = {"filename": name, "filetype": "audio/mp4", "language": "fr"}
        uploader = tus.uploader(file_stream=io.BytesIO(RECORDING), chunk_size=50_000, metadata=metadata)
        uploader.upload(stop_at=150_000)
        assert uploader.url is not None
        return uploader.url

    def go_on(url: str) -> int:
        uploader = tus.uploader(file_stream=io.BytesIO(RECORDING), url=url, chunk_size=100_000)
        began_at: int = uploader.offset
        uploader.upload()
        return began_at

    url = await asyncio.to_thread(break_off)
    assert await asyncio.to_thread(go_on, url) == 150_000
    meeting_id = await meeting_of(client, httpx.URL(url).path)
    assert meeting_id is not None
    assert await recording_of(app, meeting_id) == RECORDING
    meeting = (await client.get(f"/api/v1/meetings/{meeting_id}")).json()
    assert (meeting["file_name"], meeting["media_type"]) == (name, "audio/mp4")
    assert meeting["options"]["language"] == "fr"


async def test_the_public_client_sends_checksums(served: Served, client: httpx.AsyncClient) -> None:
    uploader = TusClient(served.url).uploader(
        file_stream=io.BytesIO(RECORDING), chunk_size=100_000, upload_checksum=True
    )
    await asyncio.to_thread(uploader.upload)
    meeting_id = await meeting_of(client, httpx.URL(str(uploader.url)).path)
    meeting = (await client.get(f"/api/v1/meetings/{meeting_id}")).json()
    assert meeting["sha256"] == hashlib.sha256(RECORDING).hexdigest()


async def test_the_public_client_is_told_of_an_expired_upload(
    served: Served, client: httpx.AsyncClient, units: UnitOfWorkFactory
) -> None:
    address = await begin(client)
    await send(client, address, 0, RECORDING[:1000])
    async with units() as unit:
        await unit.session.execute(update(UploadRow).values(expires_at=func.now() - timedelta(seconds=1)))
    url = f"http://127.0.0.1:{served.port}{address}"
    with pytest.raises(TusCommunicationError):
        await asyncio.to_thread(TusClient(served.url).uploader, file_stream=io.BytesIO(RECORDING), url=url)


# --- the protocol -----------------------------------------------------------------------------------------------------


async def test_what_is_spoken(client: httpx.AsyncClient, api_settings: Settings) -> None:
    answer = await client.options(URL)
    assert answer.status_code == 204
    assert answer.headers["tus-version"] == "1.0.0"
    assert set(answer.headers["tus-extension"].split(",")) == {
        "creation",
        "creation-with-upload",
        "expiration",
        "checksum",
        "termination",
    }
    assert int(answer.headers["tus-max-size"]) == api_settings.api.max_upload_mb << 20
    assert {"sha1", "sha256"} <= set(answer.headers["tus-checksum-algorithm"].split(","))


async def test_an_upload_from_its_first_byte_to_its_last(client: httpx.AsyncClient, app: FastAPI) -> None:
    address = await begin(client, title="Comité", filename="a.mp3")
    head = await client.head(address, headers=TUS)
    assert head.headers["upload-offset"] == "0"
    assert head.headers["upload-length"] == str(len(RECORDING))
    assert head.headers["upload-metadata"] == encoded(title="Comité", filename="a.mp3")
    assert head.headers["cache-control"] == "no-store"
    assert head.headers["tus-resumable"] == "1.0.0"
    first = await send(client, address, 0, RECORDING[:100_000])
    assert (first.status_code, first.headers["upload-offset"]) == (204, "100000")
    assert first.headers["upload-expires"].endswith("GMT")
    assert "scribe-meeting" not in first.headers
    last = await send(client, address, 100_000, RECORDING[100_000:])
    meeting_id = last.headers["scribe-meeting"]
    assert last.headers["content-location"] == f"/api/v1/meetings/{meeting_id}"
    meeting = (await client.get(f"/api/v1/meetings/{meeting_id}")).json()
    assert (meeting["title"], meeting["status"]) == ("Comité", "PENDING")
    assert await recording_of(app, meeting_id) == RECORDING


async def test_a_finished_upload_is_told_like_the_last_byte(client: httpx.AsyncClient, api_settings: Settings) -> None:
    address = await begin(client)
    meeting_id = (await send(client, address, 0, RECORDING)).headers["scribe-meeting"]
    head = await client.head(address, headers=TUS)
    assert (head.headers["upload-offset"], head.headers["scribe-meeting"]) == (str(len(RECORDING)), meeting_id)
    again = await send(client, address, len(RECORDING), b"")
    assert (again.status_code, again.headers["scribe-meeting"]) == (204, meeting_id)
    assert files(api_settings, "uploads/parts") == []


async def test_large_requests_are_cut_into_pieces(
    client: httpx.AsyncClient, app: FastAPI, units: UnitOfWorkFactory
) -> None:
    content = b"RIFF\x00" + os.urandom(2 * PIECE_BYTES + 4711)
    address = await begin(client, len(content))
    await send(client, address, 0, content[:-1])
    async with units() as unit:
        names = (await unit.session.scalars(select(UploadRow))).one().parts
    assert len(names) == 3
    context: Context = app.state.context
    sizes = [file.size_bytes for file in context.storage.files("uploads/parts")]
    assert (max(sizes) <= PIECE_BYTES, sum(sizes)) == (True, len(content) - 1)
    last = await send(client, address, len(content) - 1, content[-1:])
    assert await recording_of(app, last.headers["scribe-meeting"]) == content


async def test_the_first_bytes_may_come_with_the_creation(client: httpx.AsyncClient) -> None:
    answer = await client.post(URL, headers={**BYTES, "Upload-Length": str(len(RECORDING))}, content=RECORDING[:1000])
    assert (answer.status_code, answer.headers["upload-offset"]) == (201, "1000")
    whole = await client.post(URL, headers={**BYTES, "Upload-Length": "5000"}, content=RECORDING[:5000])
    assert whole.status_code == 201
    assert whole.headers["scribe-meeting"]


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Upload-Length": "5"}, 412),
        ({"Upload-Length": "5", "Tus-Resumable": "0.2.2"}, 412),
        ({**TUS}, 400),
        ({**TUS, "Upload-Length": "-1"}, 400),
        ({**TUS, "Upload-Length": "a"}, 400),
        ({**TUS, "Upload-Defer-Length": "1"}, 400),
        ({**TUS, "Upload-Length": "5", "Upload-Metadata": "filename !!"}, 400),
        ({**TUS, "Upload-Length": "5", "Upload-Metadata": "a YQ==,a YQ=="}, 400),
        ({**TUS, "Upload-Length": "0"}, 422),
        ({**TUS, "Upload-Length": "5", "Upload-Metadata": encoded(langage="fr")}, 422),
        ({**TUS, "Upload-Length": str(1 << 50)}, 413),
    ],
)
async def test_what_cannot_be_begun_is_told(client: httpx.AsyncClient, headers: dict[str, str], status: int) -> None:
    answer = await client.post(URL, headers=headers)
    assert answer.status_code == status
    assert answer.headers["tus-resumable"] == "1.0.0"
    assert status != 412 or answer.headers["tus-version"] == "1.0.0"


async def test_what_cannot_be_appended_changes_nothing(client: httpx.AsyncClient, api_settings: Settings) -> None:
    address = await begin(client, 1000)
    body = RECORDING[:500]
    answers = [
        await client.patch(address, content=body, headers={**BYTES, "Upload-Offset": "1"}),
        await client.patch(address, content=body, headers=BYTES),
        await client.patch(address, content=body, headers={**TUS, "Upload-Offset": "0"}),
        await client.patch(address, content=body, headers={"Content-Type": "application/offset+octet-stream"}),
        await send(client, address, 0, RECORDING[:1001]),
        await send(client, address, 0, body, **{"Upload-Checksum": "crc32 AAAA"}),
        await send(client, address, 0, body, **{"Upload-Checksum": "sha1 AAAA"}),
        await send(client, f"{URL}/{UUID(int=7)}", 0, body),
    ]
    assert [answer.status_code for answer in answers] == [409, 400, 415, 412, 413, 400, 400, 404]
    assert await offset_of(client, address) == 0
    assert files(api_settings) == []


async def test_more_bytes_than_announced_without_a_length_are_refused(client: httpx.AsyncClient) -> None:
    async def body() -> AsyncIterator[bytes]:
        yield RECORDING[:900]
        yield RECORDING[900:2000]

    address = await begin(client, 1000)
    assert (await send(client, address, 0, body())).status_code == 413


async def test_methods_may_be_overridden(client: httpx.AsyncClient) -> None:
    address = await begin(client, 1000)
    headers = {**BYTES, "Upload-Offset": "0", "X-HTTP-Method-Override": "PATCH"}
    assert (await client.post(address, headers=headers, content=RECORDING[:10])).status_code == 204
    assert await offset_of(client, address) == 10
    headers = {**TUS, "X-HTTP-Method-Override": "DELETE"}
    assert (await client.post(address, headers=headers)).status_code == 204
    assert (await client.post(address, headers=TUS)).status_code == 405


async def test_text_is_no_recording(client: httpx.AsyncClient) -> None:
    address = await begin(client, 3000)
    answer = await send(client, address, 0, b"Bonjour. " * 300)
    assert (answer.status_code, answer.json()["code"]) == (422, "audio.not_audio")
    assert await offset_of(client, address) == 0


async def test_giving_up_removes_all_of_it(client: httpx.AsyncClient, api_settings: Settings) -> None:
    address = await begin(client)
    await send(client, address, 0, RECORDING[:1000])
    assert len(files(api_settings)) == 1
    assert (await client.delete(address, headers=TUS)).status_code == 204
    assert files(api_settings) == []
    for answer in (await client.head(address, headers=TUS), await client.delete(address, headers=TUS)):
        assert answer.status_code == 404


async def test_giving_up_what_is_a_meeting_already_keeps_the_meeting(client: httpx.AsyncClient, app: FastAPI) -> None:
    address = await begin(client)
    meeting_id = (await send(client, address, 0, RECORDING)).headers["scribe-meeting"]
    assert (await client.delete(address, headers=TUS)).status_code == 204
    assert (await client.get(f"/api/v1/meetings/{meeting_id}")).status_code == 200
    assert await recording_of(app, meeting_id) == RECORDING


async def test_an_upload_is_its_owners_only(
    client: httpx.AsyncClient, act_as: Callable[[Principal], None], stranger: Principal, administrator: Principal
) -> None:
    address = await begin(client)
    for who in (stranger, administrator):
        act_as(who)
        answers = [
            await client.head(address, headers=TUS),
            await client.get(address),
            await client.delete(address, headers=TUS),
            await send(client, address, 0, b"x"),
        ]
        assert [answer.status_code for answer in answers] == [404, 404, 404, 404]


async def test_nobody_begins_without_signing_in(anonymous: httpx.AsyncClient) -> None:
    assert (await anonymous.post(URL, headers={**TUS, "Upload-Length": "5"})).status_code == 401


# --- checksums --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("algorithm", ["sha256", "sha1", "md5"])
async def test_a_wrong_checksum_keeps_nothing_of_the_request(
    client: httpx.AsyncClient, api_settings: Settings, algorithm: str
) -> None:
    address = await begin(client)
    part = RECORDING[:200_000]
    digest = f"{algorithm} {base64.b64encode(hashlib.new(algorithm, part).digest()).decode()}"
    wrong = await send(client, address, 0, RECORDING[1:200_001], **{"Upload-Checksum": digest})
    assert (wrong.status_code, wrong.json()["code"]) == (460, "upload.checksum_mismatch")
    assert await offset_of(client, address) == 0
    assert files(api_settings) == []
    right = await send(client, address, 0, part, **{"Upload-Checksum": digest})
    assert (right.status_code, right.headers["upload-offset"]) == (204, "200000")


# --- what is promised of every byte -----------------------------------------------------------------------------------


async def test_what_came_before_the_connection_broke_is_kept(
    served: Served, client: httpx.AsyncClient, app: FastAPI
) -> None:
    address = await begin(client)
    head = f"PATCH {address} HTTP/1.1\r\nHost: x\r\nTus-Resumable: 1.0.0\r\nUpload-Offset: 0\r\n"
    head += f"Content-Type: application/offset+octet-stream\r\nContent-Length: {len(RECORDING)}\r\n\r\n"
    _, writer = await asyncio.open_connection("127.0.0.1", served.port)
    writer.write(head.encode() + RECORDING[:123_456])
    await writer.drain()
    connection: socket.socket = writer.get_extra_info("socket")
    connection.shutdown(socket.SHUT_WR)
    writer.close()
    async with asyncio.timeout(PATIENCE_S):
        while await offset_of(client, address) != 123_456:  # noqa: ASYNC110
            await asyncio.sleep(0.02)
    last = await send(client, address, 123_456, RECORDING[123_456:])
    assert await recording_of(app, last.headers["scribe-meeting"]) == RECORDING


async def test_a_request_with_a_checksum_that_broke_off_keeps_nothing(
    client: httpx.AsyncClient, app: FastAPI, api_settings: Settings, member: Principal
) -> None:
    async def body() -> AsyncIterator[bytes]:
        yield RECORDING[:1000]
        raise resumable.UploadIncompleteError("gone")

    address = await begin(client)
    context: Context = app.state.context
    desk = Desk(context.units, context.storage, None, context.settings)
    chunk = resumable.Chunk(0, body(), checksum=resumable.Checksum("sha1", b"x" * 20))
    with pytest.raises(resumable.UploadIncompleteError):
        await resumable.append(desk, member.user_id, UUID(address.rpartition("/")[2]), chunk)
    assert await offset_of(client, address) == 0
    assert files(api_settings) == []


async def test_of_two_requests_at_once_one_wins_and_no_byte_is_wrong(client: httpx.AsyncClient, app: FastAPI) -> None:
    """The second one begins while the first one is in the middle of its body; they send different bytes."""
    is_other_done = asyncio.Event()

    async def slow() -> AsyncIterator[bytes]:
        yield b"\xff" * 100_000
        await is_other_done.wait()
        yield b"\xff" * 100_000

    address = await begin(client)
    first = asyncio.create_task(send(client, address, 0, slow()))
    second = await send(client, address, 0, RECORDING[:200_000])
    is_other_done.set()
    assert (second.status_code, (await first).status_code) == (204, 409)
    assert await offset_of(client, address) == 200_000
    last = await send(client, address, 200_000, RECORDING[200_000:])
    assert await recording_of(app, last.headers["scribe-meeting"]) == RECORDING


async def test_many_at_once_become_one_meeting(client: httpx.AsyncClient, app: FastAPI) -> None:
    address = await begin(client)
    answers = await asyncio.gather(*(send(client, address, 0, RECORDING) for _ in range(5)))
    assert sorted(answer.status_code for answer in answers) == [204, 409, 409, 409, 409]
    items = (await client.get("/api/v1/meetings")).json()["items"]
    assert [item["id"] for item in items] == [await meeting_of(client, address)]


async def test_a_duplicate_is_linked(client: httpx.AsyncClient, api_settings: Settings) -> None:
    first = await client.post("/api/v1/meetings", content=RECORDING)
    address = await begin(client)
    last = await send(client, address, 0, RECORDING)
    assert last.status_code == 204
    assert last.headers["scribe-meeting"] == first.json()["id"]
    assert (await client.get(address)).json()["is_duplicate"] is True
    assert len(files(api_settings)) == 1


class PowerCut(BaseException):
    """As if the process was killed: nothing is cleaned up that a killed process would not clean up."""


@pytest.mark.parametrize("moment", ["before assembly", "after assembly", "before commit", "after commit"])
async def test_a_process_that_dies_at_the_end_leaves_one_meeting(
    client: httpx.AsyncClient,
    app: FastAPI,
    member: Principal,
    units: UnitOfWorkFactory,
    monkeypatch: pytest.MonkeyPatch,
    api_settings: Settings,
    moment: str,
) -> None:
    address = await begin(client, title="Comité")
    context: Context = app.state.context
    desk = Desk(context.units, context.storage, None, context.settings)
    await _die(monkeypatch, desk, member, UUID(address.rpartition("/")[2]), moment)
    async with units() as unit:  # the lease of the dead
        await unit.session.execute(update(UploadRow).values(finishing_until=func.now() - timedelta(seconds=1)))
    keeper = Housekeeping(context.units, context.storage, context.settings)
    assert await keeper.once()
    assert await keeper.once()
    meeting_id = await meeting_of(client, address)
    assert meeting_id is not None
    assert await recording_of(app, meeting_id) == RECORDING
    async with units() as unit:
        assert await unit.session.scalar(select(func.count()).select_from(MeetingRow)) == 1
    assert len(files(api_settings)) == 1


async def _die(monkeypatch: pytest.MonkeyPatch, desk: Desk, member: Principal, upload_id: UUID, moment: str) -> None:
    async def body() -> AsyncIterator[bytes]:
        yield RECORDING

    async def dies(*_: object, **__: object) -> None:
        raise PowerCut

    really_assemble = resumable._assemble

    async def assembles_and_dies(*given: Any) -> None:
        await really_assemble(*given)
        raise PowerCut

    with monkeypatch.context() as patched:
        if moment == "before assembly":
            patched.setattr(resumable, "_assemble", dies)
        elif moment == "after assembly":
            patched.setattr(resumable, "_assemble", assembles_and_dies)
        elif moment == "before commit":
            patched.setattr(resumable.meetings, "create", dies)
        else:
            patched.setattr(resumable, "_empty_now", dies)
        with suppress(PowerCut):
            await resumable.append(desk, member.user_id, upload_id, resumable.Chunk(0, body()))


async def test_asking_where_to_go_on_finishes_what_was_cut_off(
    client: httpx.AsyncClient, app: FastAPI, member: Principal, units: UnitOfWorkFactory,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    address = await begin(client)
    context: Context = app.state.context
    desk = Desk(context.units, context.storage, None, context.settings)
    await _die(monkeypatch, desk, member, UUID(address.rpartition("/")[2]), "before assembly")
    under_way = await client.head(address, headers=TUS)
    assert (under_way.headers["upload-offset"], "scribe-meeting" in under_way.headers) == (str(len(RECORDING)), False)
    async with units() as unit:
        await unit.session.execute(update(UploadRow).values(finishing_until=func.now() - timedelta(seconds=1)))
    assert (await client.head(address, headers=TUS)).headers["scribe-meeting"]


async def test_two_that_finish_at_once_make_one_meeting(
    client: httpx.AsyncClient, app: FastAPI, member: Principal, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A lease that ran out while its holder was slow: both put the pieces together, one row decides."""
    address = await begin(client)
    context: Context = app.state.context
    desk = Desk(context.units, context.storage, None, context.settings)
    await _die(monkeypatch, desk, member, UUID(address.rpartition("/")[2]), "before assembly")
    upload = await resumable.read(desk, member.user_id, UUID(address.rpartition("/")[2]))
    results = await asyncio.gather(*(resumable._finish(desk, upload) for _ in range(3)))
    assert len({result.meeting_id for result in results}) == 1
    assert await recording_of(app, str(results[0].meeting_id)) == RECORDING
    assert len((await client.get("/api/v1/meetings")).json()["items"]) == 1


async def test_a_storage_that_is_gone_at_the_end_loses_nothing(
    client: httpx.AsyncClient, app: FastAPI, units: UnitOfWorkFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def gone(*_: object) -> None:
        raise StorageError("The storage does not answer.")

    address = await begin(client)
    with monkeypatch.context() as patched:
        patched.setattr(resumable, "_assemble", gone)
        assert (await send(client, address, 0, RECORDING)).status_code == 503
        async with units() as unit:
            await unit.session.execute(update(UploadRow).values(finishing_until=None))
        assert await offset_of(client, address) == len(RECORDING)
    async with units() as unit:
        await unit.session.execute(update(UploadRow).values(finishing_until=None))
    meeting_id = (await client.head(address, headers=TUS)).headers["scribe-meeting"]
    assert await recording_of(app, meeting_id) == RECORDING
