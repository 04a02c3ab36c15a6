"""The deployed topology in processes: Traefik with the deployed routing, two APIs, two workers, S3. The short form of
``make topology``, which docs/benchmarks.md has the figures of."""

import random
import signal
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from uuid import uuid4

import httpx
import psutil
import pytest

from chaos.client import Accepted, Client
from chaos.follower import Follower
from chaos.invariants import Invariants
from chaos.ledger import Ledger, Promise
from chaos.recordings import Kind, make
from chaos.stack import FAST, Plan
from chaos.world import World
from topology.borders import CLIENT, FORGED, METRICS, counted_addresses, open_ways_to_metrics, sign_in_forged
from topology.edge import Edge
from topology.long_uploads import Made, is_cut, send_raw, send_resumable, sha256_of, short_read_timeout
from topology.site import Site
from topology.streams import connected, kill_server

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

MB = 2**20
NUM_MEETINGS = 5
UPLOAD_S = 2.0
"""Longer than the second that ``short_read_timeout`` leaves."""


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    settings = dict(FAST) | {"SCRIBE_FAKE_PACE": "0.05", "SCRIBE_RESIDENCY": "keep"}
    with Site(Plan(num_workers=2, storage="s3", is_durable=False, settings=settings)) as running:
        yield running


@pytest.fixture(scope="module")
def client(site: Site) -> Client:
    return Client(site.url, site.token)


def slow_upload(client: Client, content: bytes) -> Accepted:
    """Under way while the API is killed."""
    return client.upload_resumable(content, part_bytes=8192, on_part=lambda _: time.sleep(0.2))


def test_an_api_and_a_worker_are_killed_under_load_and_nothing_is_lost(site: Site, client: Client) -> None:
    """The API is the one that tells a follower what happens; he misses nothing either."""
    randomly = random.Random(7)  # noqa: S311 -- a seed, no secret
    recordings = [make(randomly, Kind.TALK, 6).content for _ in range(NUM_MEETINGS)]
    ledger, follower = Ledger(), Follower(client)
    invariants, world = Invariants(site, client, ledger), World(site, client, ledger, randomly)
    follower.start()
    connected(follower)
    with ThreadPoolExecutor() as pool:
        raw = [pool.submit(client.upload, one, key=str(uuid4())) for one in recordings[:3]]
        wait(raw)
        resumable = [pool.submit(slow_upload, client, one) for one in recordings[3:]]
        world.processing(patience_s=60)
        api = kill_server(site)
        world.kill(psutil.Process(world.victim(timeout_s=60)["pid"]), "the worker")
    for way, sent in (("raw", raw), ("tus", resumable)):
        for one in sent:
            ledger.add(Promise(one.result().meeting_id, Kind.TALK, way, len(recordings[0])))
    invariants.drain()
    site.wait_for_api(api)
    invariants.full(follower)
    follower.stop()
    assert ledger.violations == []
    assert len(ledger.all()) == NUM_MEETINGS
    assert len(follower.connected) >= 2
    killed = [name for name, codes in site.keeper.exits().items() if -signal.SIGKILL in codes]
    assert [name.split("-")[0] for name in sorted(killed)] == ["api", "worker"]


def test_an_upload_may_take_longer_than_a_proxy_waits_by_itself(site: Site, client: Client) -> None:
    shortened = Edge(site.folder / "traefik-short", site.routing, change_static=short_read_timeout)
    shortened.write(list(site.api_ports.values()))
    site.keep_edge("traefik-short", shortened)
    raw, resumable = Made(4 * MB, UPLOAD_S, salt=1), Made(4 * MB, UPLOAD_S, salt=2)
    site.wait_for_edge(shortened)
    with ThreadPoolExecutor() as pool:  # they wait more than they work
        cut = pool.submit(is_cut, Client(shortened.url, site.token), Made(MB, UPLOAD_S, salt=3))
        whole = pool.submit(send_raw, client, raw)
        parts = pool.submit(send_resumable, client, resumable, MB)
    assert cut.result(), "with a time limit it must break off, or this proves nothing"
    site.keeper.drop("traefik-short")
    assert whole.result().seconds >= UPLOAD_S
    assert sha256_of(client, whole.result().meeting_id) == raw.sha256()
    assert sha256_of(client, parts.result().meeting_id) == resumable.sha256()


def test_metrics_are_not_for_the_outside(site: Site) -> None:
    assert METRICS.search(site.ask("/metrics", site.api_url("api-1")).content)
    assert open_ways_to_metrics(site) == []


def test_a_client_cannot_choose_its_address(site: Site) -> None:
    assert sign_in_forged(site) == httpx.codes.UNAUTHORIZED
    counted = counted_addresses(site)
    assert CLIENT in counted
    assert FORGED not in counted
