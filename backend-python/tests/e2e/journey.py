"""What a user of the HTTP interface does, in words that tests can use."""

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import httpx

from chaos.client import Client

PATIENCE_S = 240.0


@dataclass(frozen=True, slots=True)
class Told:
    """One server-sent event."""

    id: int
    kind: str
    payload: dict[str, Any]


def follow(client: Client, meeting_id: str, after: int = 0) -> Iterator[Told]:
    """The events of one meeting, to its end or for as long as somebody reads."""
    headers = {"Last-Event-ID": str(after)}
    with (
        client.http(timeout_s=60) as http,
        http.stream("GET", f"/api/v1/meetings/{meeting_id}/events", headers=headers) as answer,
    ):
        assert answer.status_code == 200, answer.read()
        assert answer.headers["content-type"].startswith("text/event-stream")
        fields: dict[str, str] = {}
        for line in answer.iter_lines():
            name, _, value = line.partition(":")
            if line and name:
                fields[name] = value.strip()
            elif not line and "data" in fields:
                yield Told(int(fields.get("id", 0)), fields.get("event", ""), json.loads(fields["data"])["payload"])
                fields = {}


def follow_until(client: Client, meeting_id: str, *statuses: str, after: int = 0) -> list[Told]:
    seen: list[Told] = []
    for told in follow(client, meeting_id, after):
        seen.append(told)
        if told.kind == "meeting.status" and told.payload["status"] in statuses:
            break
    return seen


def wait_for(http: httpx.Client, meeting_id: str, *statuses: str, timeout_s: float = PATIENCE_S) -> dict[str, Any]:
    deadline = time.monotonic() + timeout_s
    while True:
        found: dict[str, Any] = http.get(f"/api/v1/meetings/{meeting_id}").raise_for_status().json()
        if found["status"] in statuses:
            return found
        assert time.monotonic() < deadline, f"still {found['status']} after {timeout_s:.0f} s: {found}"
        assert found["status"] != "FAILED", found
        time.sleep(0.1)


def wait_until(is_so: Callable[[], bool], timeout_s: float) -> None:
    deadline = time.monotonic() + timeout_s
    while not is_so():
        assert time.monotonic() < deadline, f"not so after {timeout_s:.0f} s"
        time.sleep(0.1)
