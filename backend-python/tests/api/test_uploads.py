"""A recording in one request: what is accepted is safe, what is refused leaves nothing, and nobody waits to be told."""

import asyncio
import base64
import hashlib
import os
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from uuid import UUID

import httpx
import pytest
from fastapi import FastAPI

from scribe.adapters.unit_of_work import UnitOfWorkFactory
from scribe.api.context import Context
from scribe.core.config import Settings
from scribe.domain import layout
from scribe.domain.accounts import Principal
from scribe.domain.errors import UnavailableError
from scribe.services import meetings

URL = "/api/v1/meetings"
RECORDING = b"RIFF\x24\x00\x00\x00WAVEfmt " + os.urandom(3_000_000)
SHA256 = hashlib.sha256(RECORDING).hexdigest()
DIGEST = f"sha-256=:{base64.b64encode(hashlib.sha256(RECORDING).digest()).decode()}:"


def stored(settings: Settings) -> list[Path]:
    """Every file in storage, finished or not."""
    return [path for path in Path(settings.storage_url or "").rglob("*") if path.is_file()]


async def pieces(content: bytes, size: int = 100_000) -> AsyncIterator[bytes]:
    for start in range(0, len(content), size):
        yield content[start : start + size]


class NeverRead:
    """A body that tells when somebody asks for it."""

    def __init__(self) -> None:
        self.was_read = False

    async def __aiter__(self) -> AsyncIterator[bytes]:
        self.was_read = True
        yield b"x"


async def test_a_recording_becomes_a_meeting(client: httpx.AsyncClient, app: FastAPI, member: Principal) -> None:
    answer = await client.post(URL, params={"file_name": "Comité.m4a", "language": "fr"}, content=RECORDING)
    assert answer.status_code == 202
    body = answer.json()
    assert answer.headers["location"] == f"{URL}/{body['id']}"
    assert (body["status"], body["title"], body["sha256"], body["size_bytes"]) == (
        "PENDING",
        "Comité",
        SHA256,
        len(RECORDING),
    )
    assert body["options"]["language"] == "fr"
    context: Context = app.state.context
    assert context.storage.read(layout.recording_key(UUID(body["id"]))) == RECORDING
    assert (await client.get(answer.headers["location"])).json()["owner"]["id"] == str(member.user_id)


async def test_a_recording_is_readable_by_our_account_only(client: httpx.AsyncClient, api_settings: Settings) -> None:
    await client.post(URL, content=RECORDING)
    [path] = stored(api_settings)
    assert path.stat().st_mode & 0o077 == 0


async def test_a_body_of_unknown_length_is_taken(client: httpx.AsyncClient) -> None:
    answer = await client.post(URL, content=pieces(RECORDING))
    assert answer.status_code == 202
    assert answer.json()["sha256"] == SHA256


async def test_several_at_once_do_not_mix(client: httpx.AsyncClient) -> None:
    contents = [b"RIFF\x00" + os.urandom(2_000_000) for _ in range(6)]
    answers = await asyncio.gather(*(client.post(URL, content=pieces(content)) for content in contents))
    assert [answer.json()["sha256"] for answer in answers] == [
        hashlib.sha256(content).hexdigest() for content in contents
    ]


@pytest.mark.parametrize(
    ("headers", "name"),
    [
        ({"X-File-Name": "R%C3%A9union%20d%E2%80%99%C3%A9quipe.mp3"}, "Réunion d’équipe.mp3"),
        ({"Content-Disposition": "attachment; filename*=UTF-8''R%C3%A9union.mp3"}, "Réunion.mp3"),
        ({"Content-Disposition": 'attachment; filename="a b.mp3"'}, "a b.mp3"),
        ({"X-File-Name": "C:\\Users\\claire\\a.mp3"}, "a.mp3"),
        ({"X-File-Name": "../../etc/passwd"}, "passwd"),
    ],
)
async def test_the_name_may_come_in_a_header(client: httpx.AsyncClient, headers: dict[str, str], name: str) -> None:
    answer = await client.post(URL, content=RECORDING, headers=headers)
    assert answer.json()["file_name"] == name


async def test_the_query_goes_before_the_header(client: httpx.AsyncClient) -> None:
    answer = await client.post(URL, params={"filename": "a.mp3"}, content=RECORDING, headers={"X-File-Name": "b.mp3"})
    assert answer.json()["file_name"] == "a.mp3"


# --- refused ----------------------------------------------------------------------------------------------------------


async def test_nothing_is_read_of_somebody_who_is_not_signed_in(
    anonymous: httpx.AsyncClient, api_settings: Settings
) -> None:
    body = NeverRead()
    answer = await anonymous.post(URL, content=body)
    assert answer.status_code == 401
    assert not body.was_read
    assert stored(api_settings) == []


async def test_what_is_too_large_is_refused_before_it_is_read(
    client: httpx.AsyncClient, api_settings: Settings
) -> None:
    body = NeverRead()
    too_large = (api_settings.api.max_upload_mb << 20) + 1
    answer = await client.post(URL, content=body, headers={"Content-Length": str(too_large)})
    assert (answer.status_code, answer.json()["code"]) == (413, "upload.too_large")
    assert not body.was_read


@pytest.fixture
def small_uploads(app: FastAPI, monkeypatch: pytest.MonkeyPatch) -> None:
    context: Context = app.state.context
    api = context.settings.api.model_copy(update={"max_upload_mb": 1})
    monkeypatch.setattr(
        app.state, "context", Context(**{name: getattr(context, name) for name in context.__slots__} | {
            "settings": context.settings.model_copy(update={"api": api})
        })
    )  # fmt: skip


@pytest.mark.usefixtures("small_uploads")
async def test_what_grows_too_large_on_the_way_leaves_nothing(
    client: httpx.AsyncClient, api_settings: Settings
) -> None:
    answer = await client.post(URL, content=pieces(RECORDING))
    assert (answer.status_code, answer.json()["code"]) == (413, "upload.too_large")
    assert stored(api_settings) == []


@pytest.mark.parametrize("headers", [{}, {"Content-Length": "0"}])
async def test_an_empty_file_is_told(
    client: httpx.AsyncClient, api_settings: Settings, headers: dict[str, str]
) -> None:
    answer = await client.post(URL, content=pieces(b""), headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (422, "upload.empty")
    assert stored(api_settings) == []


@pytest.mark.parametrize("text", ["Procès-verbal de la séance.\r\n" * 50, "<!doctype html>\n<p>404</p>" + " " * 500])
async def test_text_is_no_recording(client: httpx.AsyncClient, api_settings: Settings, text: str) -> None:
    answer = await client.post(URL, params={"file_name": "a.wav"}, content=text.encode())
    assert (answer.status_code, answer.json()["code"]) == (422, "audio.not_audio")
    assert stored(api_settings) == []


async def test_a_form_is_refused_with_the_right_command(client: httpx.AsyncClient, api_settings: Settings) -> None:
    answer = await client.post(URL, files={"file": ("a.wav", RECORDING)})
    assert answer.status_code == 415
    assert "curl -X POST -T" in answer.json()["detail"]
    assert stored(api_settings) == []


async def test_an_unknown_option_is_told_before_the_body_is_read(client: httpx.AsyncClient) -> None:
    body = NeverRead()
    answer = await client.post(URL, params={"langage": "fr"}, content=body)
    assert answer.status_code == 422
    assert not body.was_read


async def test_fewer_bytes_than_announced_leave_nothing(client: httpx.AsyncClient, api_settings: Settings) -> None:
    answer = await client.post(URL, content=pieces(RECORDING), headers={"Content-Length": str(len(RECORDING) + 1)})
    assert (answer.status_code, answer.json()["code"]) == (400, "upload.incomplete")
    assert stored(api_settings) == []


async def test_uploads_are_limited(client: httpx.AsyncClient, app: FastAPI, monkeypatch: pytest.MonkeyPatch) -> None:
    context: Context = app.state.context
    api = context.settings.api.model_copy(update={"uploads_per_hour": 1})
    values = {name: getattr(context, name) for name in context.__slots__}
    changed = Context(**values | {"settings": context.settings.model_copy(update={"api": api})})
    monkeypatch.setattr(app.state, "context", changed)
    assert (await client.post(URL, content=RECORDING)).status_code == 202
    answer = await client.post(URL, content=RECORDING[:-1])
    assert (answer.status_code, answer.json()["code"]) == (429, "request.rate_limited")
    assert int(answer.headers["retry-after"]) > 0


# --- checksums --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("headers", "query"),
    [
        ({"Content-Digest": DIGEST}, {}),
        ({"Repr-Digest": f"md5=:xxxx:, {DIGEST}"}, {}),
        ({}, {"sha256": SHA256}),
        ({"Content-Digest": DIGEST}, {"sha256": SHA256.upper()}),
    ],
)
async def test_the_right_checksum_is_accepted(
    client: httpx.AsyncClient, headers: dict[str, str], query: dict[str, str]
) -> None:
    assert (await client.post(URL, params=query, content=RECORDING, headers=headers)).status_code == 202


@pytest.mark.parametrize(("headers", "query"), [({"Repr-Digest": DIGEST}, {}), ({}, {"sha256": SHA256})])
async def test_a_wrong_checksum_leaves_nothing(
    client: httpx.AsyncClient, api_settings: Settings, headers: dict[str, str], query: dict[str, str]
) -> None:
    answer = await client.post(URL, params=query, content=RECORDING + b"!", headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (422, "upload.checksum_mismatch")
    assert stored(api_settings) == []
    assert (await client.get(URL)).json()["items"] == []


@pytest.mark.parametrize(
    ("headers", "query"),
    [({"Content-Digest": "sha-256=:!!:"}, {}), ({}, {"sha256": "ab"}), ({"Repr-Digest": DIGEST}, {"sha256": "0" * 64})],
)
async def test_a_checksum_that_is_none_is_told_before_the_body_is_read(
    client: httpx.AsyncClient, headers: dict[str, str], query: dict[str, str]
) -> None:
    body = NeverRead()
    answer = await client.post(URL, params=query, content=body, headers=headers)
    assert answer.status_code in {400, 422}
    assert not body.was_read


# --- duplicates -------------------------------------------------------------------------------------------------------


async def test_the_same_recording_again_is_offered_and_not_processed(
    client: httpx.AsyncClient, api_settings: Settings
) -> None:
    first = (await client.post(URL, content=RECORDING)).json()
    answer = await client.post(URL, content=RECORDING)
    assert (answer.status_code, answer.json()["code"]) == (409, "meeting.duplicate")
    assert answer.json()["meeting_id"] == first["id"]
    assert answer.headers["location"] == f"{URL}/{first['id']}"
    assert len(stored(api_settings)) == 1


async def test_an_announced_duplicate_is_told_before_the_body_is_read(client: httpx.AsyncClient) -> None:
    await client.post(URL, content=RECORDING)
    body = NeverRead()
    answer = await client.post(URL, content=body, headers={"Repr-Digest": DIGEST})
    assert answer.status_code == 409
    assert not body.was_read


async def test_a_duplicate_is_processed_when_it_is_wanted(client: httpx.AsyncClient) -> None:
    first = await client.post(URL, content=RECORDING)
    second = await client.post(URL, params={"duplicate": "process", "sha256": SHA256}, content=RECORDING)
    assert second.status_code == 202
    assert second.json()["id"] != first.json()["id"]


async def test_the_same_recording_of_somebody_else_is_no_duplicate(
    client: httpx.AsyncClient, act_as: Callable[[Principal], None], stranger: Principal
) -> None:
    await client.post(URL, content=RECORDING)
    act_as(stranger)
    assert (await client.post(URL, content=RECORDING, headers={"Repr-Digest": DIGEST})).status_code == 202


async def test_of_two_at_the_same_time_one_is_the_duplicate(client: httpx.AsyncClient, api_settings: Settings) -> None:
    answers = await asyncio.gather(*(client.post(URL, content=pieces(RECORDING)) for _ in range(4)))
    assert sorted(answer.status_code for answer in answers) == [202, 409, 409, 409]
    assert len(stored(api_settings)) == 1


# --- the same request again -------------------------------------------------------------------------------------------


async def test_the_same_key_again_is_answered_with_the_same_meeting_and_reads_nothing(
    client: httpx.AsyncClient,
) -> None:
    headers = {"Idempotency-Key": "upload-1", "Content-Length": str(len(RECORDING))}
    first = await client.post(URL, content=RECORDING, headers=headers)
    body = NeverRead()
    again = await client.post(URL, content=body, headers=headers)
    assert (first.status_code, again.status_code) == (202, 202)
    assert again.json()["id"] == first.json()["id"]
    assert not body.was_read


async def test_the_same_key_for_something_else_is_refused(client: httpx.AsyncClient) -> None:
    headers = {"Idempotency-Key": "upload-1"}
    await client.post(URL, content=RECORDING, headers=headers)
    answer = await client.post(URL, params={"title": "Other"}, content=RECORDING, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (409, "request.idempotency_mismatch")


async def test_a_key_is_free_again_after_a_failure(client: httpx.AsyncClient) -> None:
    headers = {"Idempotency-Key": "upload-1", "Content-Length": str(len(RECORDING))}
    failed = await client.post(URL, content=pieces(RECORDING[:-5]), headers=headers)
    again = await client.post(URL, content=RECORDING, headers=headers)
    assert (failed.status_code, again.status_code) == (400, 202)


# --- the database goes away -------------------------------------------------------------------------------------------


async def test_a_row_that_cannot_be_written_leaves_no_file(
    client: httpx.AsyncClient, api_settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(*_: object) -> None:
        raise UnavailableError("The database does not answer just now.")

    monkeypatch.setattr(meetings, "create", fail)
    answer = await client.post(URL, content=RECORDING)
    assert answer.status_code == 503
    assert stored(api_settings) == []


async def test_a_commit_whose_answer_got_lost_keeps_the_file(
    client: httpx.AsyncClient, app: FastAPI, monkeypatch: pytest.MonkeyPatch, api_settings: Settings
) -> None:
    """The connection breaks after COMMIT was sent: the row is there, and removing its recording would lose it."""
    really_create = meetings.create

    async def create_and_lose_the_answer(unit: object, *rest: object) -> object:
        context: Context = app.state.context
        async with UnitOfWorkFactory(context.units.engine)() as other:
            await really_create(other, *rest)  # type: ignore[arg-type]
        raise UnavailableError("The connection is gone.")

    monkeypatch.setattr(meetings, "create", create_and_lose_the_answer)
    answer = await client.post(URL, content=RECORDING)
    assert answer.status_code == 202
    assert len(stored(api_settings)) == 1
    assert (await client.get(f"{URL}/{answer.json()['id']}")).json()["sha256"] == SHA256
