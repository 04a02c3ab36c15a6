"""Restarts that users must not notice: APIs one after the other, workers drained, an upgrade with old and new at once.

Owns the clients that never ask twice, and their count of what failed; the restarts themselves are SIGTERM and a
supervisor that starts again, as ``docker compose restart`` does.

Usage::

    with Steady(site) as steady:
        restart_apis(site)
    steady.failed
"""

import random
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self
from uuid import uuid4

import httpx

from chaos.client import TUS, Client, outcome_of
from chaos.recordings import Kind, make
from topology.findings import Findings
from topology.long_uploads import Made, send_raw
from topology.site import Site
from topology.streams import upload_some, wait_for_end

SEEN_BY_TRAEFIK_S = 6.0
"""More than one round of the deployed health check: 5 s, and 2 s for what is down."""


@dataclass
class Kept:
    """Of one kind of request."""

    outcomes: Counter[str] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)
    longest_s: float = 0.0

    @property
    def count(self) -> int:
        return sum(self.outcomes.values())


class Steady:
    """Clients that read and upload without a pause; each request is sent once."""

    def __init__(self, site: Site, *, with_uploads: bool = True) -> None:
        self._site = site
        self._is_over = threading.Event()
        self.kinds: dict[str, Kept] = {}
        self.meetings: list[str] = []
        tasks: dict[str, Callable[[httpx.Client], httpx.Response]] = {
            "GET, connection kept": lambda http: http.get("/api/v1/me"),
            "GET, list": lambda http: http.get("/api/v1/meetings?limit=20"),
            "PATCH with a body": lambda http: http.patch("/api/v1/me", json={"display_name": "Claire"}),
        }
        if with_uploads:
            tasks |= {"POST, a recording": self._upload, "tus, three requests": self._upload_resumable}
        self.began = time.monotonic()
        self._threads = [threading.Thread(target=self._ask, args=(*task,), daemon=True) for task in tasks.items()]
        self._threads.append(threading.Thread(target=self._ask_anew, daemon=True))

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._is_over.set()
        for thread in self._threads:
            thread.join()

    @property
    def failed(self) -> list[str]:
        return [failure for kept in self.kinds.values() for failure in kept.failures]

    @property
    def count(self) -> int:
        return sum(kept.count for kept in self.kinds.values())

    def _ask(self, kind: str, send: Callable[[httpx.Client], httpx.Response]) -> None:
        kept = self.kinds.setdefault(kind, Kept())
        with Client(self._site.url, self._site.token).http(timeout_s=30) as http:
            while not self._is_over.wait(0.03):
                self._once(kept, kind, lambda: send(http))

    def _ask_anew(self) -> None:
        kind = "GET, a connection each"
        kept = self.kinds.setdefault(kind, Kept())
        while not self._is_over.wait(0.03):
            with Client(self._site.url, self._site.token).http(timeout_s=30) as http:
                self._once(kept, kind, lambda: http.get("/api/v1/me"))

    def _once(self, kept: Kept, kind: str, send: Callable[[], httpx.Response]) -> None:
        began = time.monotonic()
        try:
            answer = send()
        except httpx.HTTPError as error:
            outcome, is_good = type(error).__name__, False
        else:
            outcome, is_good = outcome_of(answer), answer.is_success
        kept.outcomes[outcome] += 1
        kept.longest_s = max(kept.longest_s, time.monotonic() - began)
        if not is_good:
            kept.failures.append(f"{kind} at {began - self.began:.1f} s: {outcome}")

    def _upload(self, http: httpx.Client) -> httpx.Response:
        content = make(random.Random(uuid4().int), Kind.TALK, 4).content
        answer = http.post(
            "/api/v1/meetings?file_name=a.wav", content=content, headers={"Idempotency-Key": str(uuid4())}
        )
        if answer.is_success:
            self.meetings.append(str(answer.json()["id"]))
        self._is_over.wait(0.6)
        return answer

    def _upload_resumable(self, http: httpx.Client) -> httpx.Response:
        content = make(random.Random(uuid4().int), Kind.TALK, 4).content
        answer = http.post("/api/v1/uploads", headers={**TUS, "Upload-Length": str(len(content))})
        sent, half = 0, len(content) // 2
        while answer.is_success and sent < len(content):
            part = content[sent : sent + half]
            headers = {**TUS, "Upload-Offset": str(sent), "Content-Type": "application/offset+octet-stream"}
            answer = http.patch(answer.headers.get("Location", address_of(answer)), content=part, headers=headers)
            sent += len(part)
        if answer.is_success:
            self.meetings.append(answer.headers["Scribe-Meeting"])
        self._is_over.wait(0.6)
        return answer


def address_of(answer: httpx.Response) -> str:
    return str(answer.request.url)


def restart_apis(site: Site, how: signal.Signals = signal.SIGTERM, rest_s: float = SEEN_BY_TRAEFIK_S) -> list[float]:
    """One after the other; the next when the one before is ready and Traefik had time to see it.

    Returns for how many seconds each was away.
    """
    away = []
    for name in site.api_ports:
        process, began = site.keeper.process(name), time.monotonic()
        process.send_signal(how)
        process.wait(30)
        site.wait_for_api(name)
        away.append(round(time.monotonic() - began, 1))
        time.sleep(rest_s)
    return away


def drain_workers(site: Site) -> list[float]:
    """One after the other. Seconds that each took to end."""
    took = []
    for name in site.keeper.names("worker-"):
        process, began = site.keeper.process(name), time.monotonic()
        process.terminate()
        process.wait(30)
        took.append(round(time.monotonic() - began, 2))
    return took


def upgrade(site: Site) -> None:
    """Two new APIs and workers beside the old ones, then only the new ones. No process is replaced in its place."""
    from scribe.adapters.servers.children import free_port

    old_apis, old_workers = list(site.api_ports), site.keeper.names("worker-")
    new_apis = [f"{name}-new" for name in old_apis]
    for name in new_apis:
        site.api_ports[name] = free_port()
        site.keep_api(name)
    for _ in old_workers:
        site.add_worker()
    for name in new_apis:
        site.wait_for_api(name)
    site.route()
    time.sleep(SEEN_BY_TRAEFIK_S)
    site.route(*new_apis)
    time.sleep(SEEN_BY_TRAEFIK_S / 2)
    for name in (*old_apis, *old_workers):
        code = site.keeper.drop(name)
        if code not in {0, -signal.SIGTERM}:
            raise RuntimeError(f"{name} ended with {code}")
        site.api_ports.pop(name, None)


def show(site: Site, findings: Findings) -> None:
    _told(findings, site, "APIs by SIGTERM, one after the other", lambda: restart_apis(site))
    _told(
        findings, site, "APIs by SIGKILL, one after the other", lambda: restart_apis(site, signal.SIGKILL), exact=True
    )
    _told(findings, site, "workers by SIGTERM, one after the other", lambda: drain_workers(site))
    long = Made(8 * 2**20, 24.0, salt=9)
    with Steady(site, with_uploads=False):
        cut: list[str] = []
        sending = threading.Thread(target=lambda: cut.append(_outcome_of_long(site, long)))
        sending.start()
        time.sleep(2)
        restart_apis(site, rest_s=2)
        sending.join()
    findings.note("an upload in one request that lasts longer than an API waits (24 s; 10 s)", cut[0])
    _told(findings, site, "upgrade: two new APIs and workers beside the old, then instead", lambda: upgrade(site))


def _outcome_of_long(site: Site, made: Made) -> str:
    try:
        send_raw(Client(site.url, site.token), made)
    except Exception as error:  # noqa: BLE001 -- the outcome is the figure
        return f"{type(error).__name__}: {error}"[:160]
    return "arrived"


def _told(findings: Findings, site: Site, what: str, action: Callable[[], object], *, exact: bool = False) -> None:
    """``exact``: failures are only counted, as those that a SIGKILL hits cannot all be avoided."""
    busy = upload_some(Client(site.url, site.token), 3, seed=random.getrandbits(20))
    with Steady(site) as steady:
        result = action()
        time.sleep(1)
    findings.note(what, f"{steady.count} requests, {len(steady.failed)} failed{f'; {result} s' if result else ''}")
    for kind, kept in steady.kinds.items():
        findings.note(f"… {kind}", f"{kept.count}, failed {len(kept.failures)}, longest {kept.longest_s:.2f} s")
    for failure in steady.failed[:10]:
        if exact:
            findings.note("… failed", failure)
        else:
            findings.wrong(f"{what}: {failure}")
    wait_for_end(site, [*busy, *steady.meetings], timeout_s=300)
    lost = site.database.value(
        "select count(*) from unnest($1::uuid[]) as t(id) left join meetings m on m.id = t.id"
        " where m.status is distinct from 'COMPLETED'", [*busy, *steady.meetings],
    )  # fmt: skip
    findings.check(not lost, f"{len(busy) + len(steady.meetings)} accepted meanwhile, all completed", lost)
