"""Follows ``GET /api/v1/events`` through everything, reconnecting with ``Last-Event-ID``, and notes what it saw."""

import json
import threading
import time
from collections.abc import Iterable

import httpx

from chaos.client import Client


class Follower:
    def __init__(self, client: Client) -> None:
        self.seen: list[int] = []
        self.meetings: dict[int, str] = {}
        """By event."""
        self.arrived: dict[int, float] = {}
        """When each event came (``time.time()``)."""
        self.connected: list[float] = []
        """When each connection began."""
        self._client = client
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._follow, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._is_over.set()

    def _follow(self) -> None:
        while not self._is_over.is_set():
            headers = {"Last-Event-ID": str(self.seen[-1] if self.seen else 0)}
            try:
                with (
                    self._client.http(timeout_s=30) as http,
                    http.stream("GET", "/api/v1/events", headers=headers) as answer,
                ):
                    if answer.is_success:
                        self.connected.append(time.time())
                        self._read(answer.iter_lines())
            except httpx.HTTPError:
                pass
            self._is_over.wait(0.1)

    def _read(self, lines: Iterable[str]) -> None:
        for line in lines:
            if line.startswith("data:"):
                body = json.loads(line[5:])
                self.arrived[int(body["id"])] = time.time()
                self.seen.append(int(body["id"]))
                self.meetings[int(body["id"])] = str(body["meeting_id"])
            if self._is_over.is_set():
                return
