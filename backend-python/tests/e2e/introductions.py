"""What somebody does over HTTP with people, voices and the names in a meeting, in words that tests can use."""

from typing import Any
from uuid import uuid4

import httpx

from tests.e2e.journey import wait_for

CONSENT = {"given_by": "in writing, for this test", "text_version": "test"}


class Bank:
    """What somebody does with people and voices."""

    def __init__(self, http: httpx.Client) -> None:
        self.http = http

    def person(self, name: str, *, has_consent: bool = True) -> str:
        body: dict[str, Any] = {"name": name}
        if has_consent:
            body["consent"] = CONSENT
        answer = self.http.post("/api/v1/people", json=body)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["id"])

    def enrol(self, person_id: str, content: bytes, file_name: str = "clip.flac") -> dict[str, Any]:
        answer = self.http.post(
            f"/api/v1/people/{person_id}/voices",
            params={"wait": 30, "file_name": file_name},
            content=content,
            headers={"Content-Type": "audio/flac"},
        )
        assert answer.status_code in {200, 201, 202}, answer.text
        enrolment: dict[str, Any] = answer.json()
        while enrolment["status"] in {"PENDING", "PROCESSING"}:
            found = self.http.get(f"/api/v1/voices/enrolments/{enrolment['id']}", params={"wait": 30})
            enrolment = found.raise_for_status().json()
        return enrolment

    def introduce(self, name: str, content: bytes) -> str:
        """A person who is recognised from now on."""
        person_id = self.person(name)
        enrolment = self.enrol(person_id, content)
        assert enrolment["status"] == "DONE", enrolment
        return person_id

    def hold(self, content: bytes, title: str) -> str:
        """Uploads a recording and waits for the minutes."""
        answer = self.http.post(
            "/api/v1/meetings",
            params={"title": title, "file_name": "talk.wav", "duplicate": "process"},
            content=content,
            headers={"Content-Type": "audio/wav", "Idempotency-Key": str(uuid4())},
        )
        assert answer.status_code == 202, answer.text
        meeting_id = str(answer.json()["id"])
        wait_for(self.http, meeting_id, "COMPLETED")
        return meeting_id

    def speakers(self, meeting_id: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = (
            self.http.get(f"/api/v1/meetings/{meeting_id}/speakers").raise_for_status().json()["speakers"]
        )
        return found

    def names(self, meeting_id: str) -> set[str]:
        return {speaker["name"] for speaker in self.speakers(meeting_id) if speaker["name"]}

    def decide(self, meeting_id: str, label: str, **decision: Any) -> dict[str, Any]:
        answer = self.http.put(f"/api/v1/meetings/{meeting_id}/speakers/{label}", json=decision)
        assert answer.status_code == 200, answer.text
        speaker: dict[str, Any] = answer.json()
        return speaker

    def transcript_names(self, meeting_id: str) -> set[str]:
        lines = self.http.get(f"/api/v1/meetings/{meeting_id}/transcript").raise_for_status().json()["segments"]
        return {line["name"] for line in lines if line["name"]}

    def speaker_of(self, meeting_id: str, at_s: float) -> str:
        """Who speaks at a time, by the transcript."""
        answer = self.http.get(f"/api/v1/meetings/{meeting_id}/transcript", params={"from_s": at_s, "to_s": at_s + 1})
        return str(answer.raise_for_status().json()["segments"][0]["speaker"])
