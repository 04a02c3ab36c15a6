"""An upload that takes longer than a minute, through Traefik: 1 GB, paced by the client, in one request and over tus.

Owns the pace and the comparison of hashes; and the counter-proof: under Traefik's own default time-out (60 s) the same
pace must be cut off, or the check would prove nothing.

Usage::

    sent = send_raw(client, Recording(2**30), Pace(seconds=70))
"""

import hashlib
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass

import httpx

from bench.load import Memory
from chaos.client import TUS, Client, RefusedError
from topology.edge import Document, Edge
from topology.findings import Findings
from topology.site import Site

BLOCK_BYTES = 2**18
TUS_PART_BYTES = 32 * 2**20
"""As the web interface sends it."""
REQUEST_TIMEOUT_S = 600.0
"""Without a byte: the last tus request is answered when the storage has put the parts together."""
TRAEFIK_DEFAULT_S = 60.0
HEADER = b"RIFF\xff\xff\xff\x7fWAVEfmt "
"""So that nobody takes it for text."""


@dataclass(frozen=True, slots=True)
class Made:
    """Bytes that are made as they are sent: no two blocks alike, nothing held."""

    size_bytes: int
    seconds: float
    """How long the client takes to send them."""
    salt: int = 0

    def blocks(self, first_byte: int = 0) -> Iterator[bytes]:
        """From a multiple of ``BLOCK_BYTES`` on, unpaced."""
        filling = bytes(range(256)) * (BLOCK_BYTES // 256)
        for number in range(first_byte // BLOCK_BYTES, -(-self.size_bytes // BLOCK_BYTES)):
            start = number * BLOCK_BYTES
            mark = HEADER + self.salt.to_bytes(8, "big") + number.to_bytes(8, "big")
            yield (mark + filling[len(mark) :])[: self.size_bytes - start]

    def paced(self, first_byte: int = 0, last_byte: int | None = None) -> Iterator[bytes]:
        end = self.size_bytes if last_byte is None else last_byte
        began, sent = time.monotonic(), first_byte
        for block in self.blocks(first_byte):
            if sent >= end:
                return
            yield block
            sent += len(block)
            due = began + self.seconds * (sent - first_byte) / self.size_bytes
            time.sleep(max(0.0, due - time.monotonic()))

    def sha256(self) -> str:
        running = hashlib.sha256()
        for block in self.blocks():
            running.update(block)
        return running.hexdigest()


@dataclass(frozen=True, slots=True)
class Sent:
    meeting_id: str
    seconds: float
    longest_request_s: float
    num_requests: int


def send_raw(client: Client, made: Made) -> Sent:
    """In one request, not repeated. Raises: httpx.HTTPError, RefusedError."""
    began = time.monotonic()
    with client.http(timeout_s=REQUEST_TIMEOUT_S) as http:
        answer = http.post(
            "/api/v1/meetings",
            params={"file_name": "long.wav"},
            content=made.paced(),
            headers={"Content-Length": str(made.size_bytes)},
        )
    if not answer.is_success:
        raise RefusedError(answer)
    seconds = time.monotonic() - began
    return Sent(str(answer.json()["id"]), seconds, seconds, 1)


def send_resumable(client: Client, made: Made, part_bytes: int = TUS_PART_BYTES) -> Sent:
    """In parts, none of them repeated. Raises: httpx.HTTPError, RefusedError."""
    began, longest_s, offset, count = time.monotonic(), 0.0, 0, 1
    with client.http(timeout_s=REQUEST_TIMEOUT_S) as http:
        created = http.post("/api/v1/uploads", headers={**TUS, "Upload-Length": str(made.size_bytes)})
        if not created.is_success:
            raise RefusedError(created)
        address, answer = created.headers["Location"], created
        while offset < made.size_bytes:
            end, part_began = min(offset + part_bytes, made.size_bytes), time.monotonic()
            headers = {
                **TUS,
                "Upload-Offset": str(offset),
                "Content-Type": "application/offset+octet-stream",
                "Content-Length": str(end - offset),
            }
            answer = http.patch(address, content=made.paced(offset, end), headers=headers)
            if not answer.is_success:
                raise RefusedError(answer)
            offset, count = int(answer.headers["Upload-Offset"]), count + 1
            longest_s = max(longest_s, time.monotonic() - part_began)
        meeting_id = answer.headers.get("Scribe-Meeting") or client.meeting_of_upload(address)
    return Sent(str(meeting_id), time.monotonic() - began, longest_s, count)


def sha256_of(client: Client, meeting_id: str) -> str:
    """Of the recording as it is given back."""
    running = hashlib.sha256()
    with client.http(timeout_s=300) as http, http.stream("GET", f"/api/v1/meetings/{meeting_id}/audio") as answer:
        if not answer.is_success:
            answer.read()
            raise RefusedError(answer)
        for piece in answer.iter_bytes(2**20):
            running.update(piece)
    return running.hexdigest()


def forget_read_timeout(static: Document) -> None:
    """Traefik as it comes: 60 s for a request and its body."""
    for entry in static["entryPoints"].values():
        entry.get("transport", {}).get("respondingTimeouts", {}).pop("readTimeout", None)


def short_read_timeout(static: Document) -> None:
    """The default made so short that a test can wait for it."""
    for entry in static["entryPoints"].values():
        entry.setdefault("transport", {})["respondingTimeouts"] = {"readTimeout": "1s"}


def is_cut(client: Client, made: Made) -> str:
    """How the upload ended that must not get through; empty: it got through."""
    try:
        send_raw(client, made)
    except httpx.HTTPError as error:
        return type(error).__name__
    except RefusedError as error:
        return str(error.answer.status_code)
    return ""


def show(site: Site, findings: Findings, size_bytes: int, seconds: float) -> None:
    client = Client(site.url, site.token)
    cut: list[str] = []
    counter = threading.Thread(target=lambda: cut.append(_cut_by_default(site)))
    counter.start()  # it waits more than it works: beside the others
    for salt, (way, send) in enumerate((("one request", send_raw), ("tus", send_resumable))):
        made = Made(size_bytes, seconds, salt)
        memories = {name: Memory(site.keeper.process(name)) for name in ("traefik", *site.api_ports)}
        try:
            sent = send(client, made)
        finally:
            for memory in memories.values():
                memory.stop()
        findings.note(
            f"{size_bytes / 2**30:.2g} GB, {way}",
            f"{sent.seconds:.1f} s in {sent.num_requests} requests, the longest {sent.longest_request_s:.1f} s",
        )
        for name, memory in memories.items():
            findings.note(f"memory of {name} before, at most", f"{memory.first_mb:.0f}, {memory.highest_mb:.0f} MB")
        began = time.monotonic()
        is_whole = sha256_of(client, sent.meeting_id) == made.sha256()
        findings.check(is_whole, f"{way}: what comes back through Traefik has the SHA-256 of what was sent")
        findings.note("reading it back", f"{time.monotonic() - began:.1f} s")
        findings.check(client.ask("DELETE", f"/api/v1/meetings/{sent.meeting_id}").is_success, "deleted again")
        if way == "one request" and seconds > TRAEFIK_DEFAULT_S:
            findings.check(sent.seconds > TRAEFIK_DEFAULT_S, "it took longer than Traefik's default allows")
    counter.join()
    findings.check(cut and cut[0], "without `readTimeout: 0s` a small upload at that pace is cut off", cut)
    findings.note("how it was cut off", cut[0] if cut else "-")


def _cut_by_default(site: Site) -> str:
    edge = Edge(site.folder / "traefik-default", site.routing, change_static=forget_read_timeout)
    edge.write(list(site.api_ports.values()))
    site.keep_edge("traefik-default", edge)
    try:
        site.wait_for_edge(edge)
        return is_cut(Client(edge.url, site.token), Made(4 * 2**20, TRAEFIK_DEFAULT_S + 6))
    finally:
        site.keeper.drop("traefik-default", patience_s=30)
