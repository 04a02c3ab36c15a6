"""What is no recording gets a sentence that its owner understands, and leaves nothing behind."""

import hashlib

import httpx
import pytest

from chaos.stack import Stack
from tests.e2e.journey import wait_for

pytestmark = [pytest.mark.e2e, pytest.mark.slow]


def test_an_empty_upload_is_refused(http: httpx.Client) -> None:
    answer = http.post("/api/v1/meetings", content=b"", params={"file_name": "empty.wav"})
    assert answer.status_code == 422
    assert answer.json()["code"] == "upload.empty"


def test_text_that_is_named_wav_fails_with_its_reason(http: httpx.Client) -> None:
    text = b"Dear all, please find the minutes attached. " * 2000
    answer = http.post("/api/v1/meetings", content=text, params={"file_name": "minutes.wav"})
    if answer.status_code == 202:
        found = wait_for(http, answer.json()["id"], "FAILED", timeout_s=60)
        assert found["failure"]["code"] == "audio.not_audio"
        assert found["failure"]["message"]
    else:
        assert (answer.status_code, answer.json()["code"]) == (422, "audio.not_audio")


def test_a_wrong_checksum_is_refused_and_nothing_stays(stack: Stack, http: httpx.Client) -> None:
    before = {path for path in stack.files.rglob("*") if path.is_file()}
    answer = http.post(
        "/api/v1/meetings",
        content=b"RIFF" + bytes(100_000),
        headers={"Content-Digest": f"sha-256=:{hashlib.sha256(b'else').hexdigest()}:"},
    )
    assert answer.status_code in {400, 422}, answer.text
    assert {path for path in stack.files.rglob("*") if path.is_file()} == before
