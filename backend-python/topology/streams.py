"""Progress through Traefik while an upload and the processing run: how late it comes, and what a follower misses when
the API that serves it is killed.

Usage::

    times = latencies(site, follower)       # ms from the row to the client
"""

import random
import re
import threading
import time
from uuid import uuid4

from bench.load import Times
from chaos.client import Client
from chaos.follower import Follower
from chaos.recordings import Kind, make
from topology.findings import Findings
from topology.long_uploads import Made, send_raw
from topology.site import Site

NUM_MEETINGS = 6
UPLOAD_S = 12.0
PATIENCE_S = 90.0
LATE_MS = 1000.0
"""A proxy that buffers holds events back for as long as it likes; a busy machine only for moments."""
_STREAMS = re.compile(r"^scribe_event_followers ([0-9.]+)$", re.MULTILINE)


def streams_by_api(site: Site) -> dict[str, int]:
    """Open event streams, by API, asked past Traefik."""
    found = {}
    for name in site.api_ports:
        match = _STREAMS.search(site.ask("/metrics", site.api_url(name)).raise_for_status().text)
        found[name] = round(float(match.group(1))) if match else 0
    return found


def connected(follower: Follower, count: int = 1, timeout_s: float = 20.0) -> float:
    """When its ``count``-th connection began. Raises: TimeoutError."""
    deadline = time.monotonic() + timeout_s
    while len(follower.connected) < count:
        if time.monotonic() > deadline:
            raise TimeoutError(f"only {len(follower.connected)} connections after {timeout_s:.0f} s")
        time.sleep(0.02)
    return follower.connected[count - 1]


def latencies(site: Site, follower: Follower, since: float) -> Times:
    """From the row to the follower, of events later than ``since``."""
    rows = site.database.rows("select id, extract(epoch from created_at)::float8 as at from events order by id")
    late = [
        follower.arrived[row["id"]] - row["at"] for row in rows if row["at"] > since and row["id"] in follower.arrived
    ]
    if not late:
        raise TimeoutError("no event came")
    return Times.of(late)


def upload_some(client: Client, count: int, seed: int) -> list[str]:
    randomly = random.Random(seed)
    recordings = [make(randomly, Kind.TALK, 10) for _ in range(count)]
    return [
        client.upload(one.content, key=str(uuid4()), fields={"file_name": "a.wav"}).meeting_id for one in recordings
    ]


def wait_for_end(site: Site, ids: list[str], timeout_s: float = PATIENCE_S) -> None:
    """Raises: TimeoutError."""
    deadline = time.monotonic() + timeout_s
    left = "select count(*) from meetings where id = any($1::uuid[]) and status in ('PENDING', 'PROCESSING')"
    while site.database.value(left, ids):
        if time.monotonic() > deadline:
            raise TimeoutError(f"not through after {timeout_s:.0f} s")
        time.sleep(0.1)


def missed(site: Site, follower: Follower, timeout_s: float = 15.0) -> str:
    """What a follower from the first event on did not see exactly once and in order; empty: nothing."""
    told = [row["id"] for row in site.database.rows("select id from events order by id")]
    deadline = time.monotonic() + timeout_s
    while follower.seen[-1:] != told[-1:] and time.monotonic() < deadline:
        time.sleep(0.05)
    return "" if list(follower.seen) == told else f"{len(told)} events, {len(follower.seen)} seen"


def kill_server(site: Site, timeout_s: float = 10.0) -> str:
    """The API that serves the only stream there is, by SIGKILL. Its name. Raises: TimeoutError."""
    deadline = time.monotonic() + timeout_s
    while sorted((streams := streams_by_api(site)).values())[-2:] != [0, 1]:  # one that was left says so with a delay
        if time.monotonic() > deadline:
            raise TimeoutError(f"not one stream but {streams}")
        time.sleep(0.05)
    name = max(streams, key=lambda one: streams[one])
    site.keeper.process(name).kill()
    return name


def show(site: Site, findings: Findings) -> None:
    client, beside = Client(site.url, site.token), Client(site.api_url("api-1"), site.token)
    through, direct = Follower(client), Follower(beside)
    direct.start()
    connected(direct)
    through.start()
    since = connected(through)
    upload = Made(16 * 2**20, UPLOAD_S, salt=7)
    sending = threading.Thread(target=send_raw, args=(client, upload))
    sending.start()
    wait_for_end(site, upload_some(client, NUM_MEETINGS, seed=1))
    sending.join()
    findings.check(
        not missed(site, through), "every event came through Traefik, once and in order", missed(site, through)
    )
    times, without = latencies(site, through, since), latencies(site, direct, since)
    findings.note(f"{times.count} events through Traefik, from the row: p50, p95, longest",
                  f"{times.p50}, {times.p95}, {times.longest} ms")  # fmt: skip
    findings.note("the same past Traefik", f"{without.p50}, {without.p95}, {without.longest} ms")
    findings.check(times.p95 < LATE_MS, "they come unbuffered", times.p95)
    direct.stop()
    _killed(site, client, through, findings)
    through.stop()


def _killed(site: Site, client: Client, through: Follower, findings: Findings) -> None:
    num_before = len(through.connected)
    ids = upload_some(client, 2, seed=2)
    name = kill_server(site)
    at = time.time()
    ids += upload_some(client, 2, seed=3)
    again = connected(through, num_before + 1)
    findings.note(f"the API that served the stream killed ({name}): another stream after", f"{again - at:.2f} s")
    wait_for_end(site, ids)
    lost = missed(site, through)
    findings.check(not lost, "with Last-Event-ID nothing was missed and nothing told twice", lost)
    site.wait_for_api(name)
