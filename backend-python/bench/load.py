"""``python -m bench.load``: many small uploads at once while workers drain, and reading among 10 000 meetings.

Owns the figures of ``docs/benchmarks.md`` about the service under load; the stack is that of ``chaos/``. Engines are
the fake ones: what is measured is the service, not the models.
"""

import argparse
import json
import random
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from uuid import uuid4

import httpx
import psutil

from chaos.client import Client, RefusedError
from chaos.recordings import Kind, make
from chaos.stack import Plan, Stack
from scribe.core.ids import uuid7

REPOSITORY = Path(__file__).resolve().parents[2]
MB = 1e6
GIGABYTE = 2**30
DRAIN_TIMEOUT_S = 3600.0


@dataclass(frozen=True, slots=True)
class Times:
    """Of one kind of request, in ms."""

    count: int
    p50: float
    p95: float
    p99: float
    longest: float

    @classmethod
    def of(cls, seconds: Sequence[float]) -> "Times":
        ordered = sorted(seconds)

        def at(share: float) -> float:
            return round(1000 * ordered[min(len(ordered) - 1, int(share * len(ordered)))], 1)

        return cls(len(ordered), at(0.5), at(0.95), at(0.99), round(1000 * ordered[-1], 1))


@dataclass(frozen=True, slots=True)
class Load:
    uploads: int
    clients: int
    workers: int
    upload_s: float
    uploads_per_s: float
    upload: Times
    drained_s: float
    """From the first upload to the last COMPLETED."""
    meetings_per_hour: float
    not_completed: int
    repeated: int
    """Requests that had to be sent more than once."""
    api_mb: tuple[float, float, float]
    """Resident memory of the API: before, highest, after."""
    reading_while_busy: dict[str, Times]
    rows: int
    reading_at_rest: dict[str, Times]
    gigabyte_s: float | None = None
    gigabyte_api_mb: tuple[float, float] | None = None
    """Before, and highest, during one raw upload of 1 GB."""


class Memory:
    """Samples one process."""

    def __init__(self, process: psutil.Process) -> None:
        self._process = process
        self._is_over = threading.Event()
        self.first_mb = self.highest_mb = self.now_mb()
        self._thread = threading.Thread(target=self._sample, daemon=True)
        self._thread.start()

    def now_mb(self) -> float:
        return float(round(self._process.memory_info().rss / MB, 1))

    def stop(self) -> float:
        self._is_over.set()
        self._thread.join()
        return self.now_mb()

    def _sample(self) -> None:
        while not self._is_over.wait(0.1):
            self.highest_mb = max(self.highest_mb, self.now_mb())


def upload_many(client: Client, num_uploads: int, num_clients: int) -> tuple[list[float], int]:
    """Seconds of each, and how many had to be repeated."""
    randomly = random.Random(1)
    seeds = [randomly.getrandbits(32) for _ in range(num_uploads)]

    def one(seed: int) -> tuple[float, int]:
        recording = make(random.Random(seed), Kind.TALK, 3)
        began = time.monotonic()
        accepted = client.upload(recording.content, key=str(uuid4()), fields={"file_name": f"{seed}.wav"})
        return time.monotonic() - began, accepted.num_tries

    with ThreadPoolExecutor(num_clients) as pool:
        done = list(pool.map(one, seeds))
    return [seconds for seconds, _ in done], sum(tries > 1 for _, tries in done)


def read(http: httpx.Client, ids: Sequence[str], count: int) -> dict[str, Times]:
    """Lists and details, one after the other."""
    randomly = random.Random(2)
    requests: dict[str, Callable[[], str]] = {
        "list": lambda: "/api/v1/meetings?limit=50",
        "list, filtered": lambda: "/api/v1/meetings?limit=50&status=COMPLETED&q=reunion",
        "detail": lambda: f"/api/v1/meetings/{randomly.choice(ids)}",
    }
    times = {}
    for name, path in requests.items():
        seconds = []
        for _ in range(count):
            address, began = path(), time.perf_counter()
            answer = http.get(address)
            seconds.append(time.perf_counter() - began)
            if not answer.is_success:
                raise RefusedError(answer)
        times[name] = Times.of(seconds)
    return times


ROW = """
    insert into meetings (id, owner_id, created_at, title, file_name, size_bytes, sha256, options, status,
                          max_attempts, duration_s, percent, finished_at, published_at, num_speakers, num_words)
    select $1, id, now() - make_interval(mins => $2), $3, 'reunion.wav', 1000, $4, '{}', 'COMPLETED', 5, 3600, 100,
           now(), now(), 4, 9000 from users limit 1
"""


def fill_up(stack: Stack, num_rows: int) -> None:
    """Straight into the table, up to ``num_rows``."""
    missing = num_rows - int(stack.database.value("select count(*) from meetings"))
    rows = [(uuid7(), number, f"Réunion de chantier {number}", f"{number:064x}") for number in range(missing)]
    stack.database.many(ROW, rows)
    stack.database.rows("analyze meetings")


def drained(stack: Stack) -> None:
    deadline = time.monotonic() + DRAIN_TIMEOUT_S
    while stack.database.value("select count(*) from meetings where status in ('PENDING', 'PROCESSING')"):
        if time.monotonic() > deadline:
            raise TimeoutError("the queue does not drain")
        time.sleep(0.5)


def upload_a_gigabyte(stack: Stack, client: Client) -> tuple[float, tuple[float, float]]:
    block = bytes(2**20)

    def body() -> Iterator[bytes]:
        for number in range(GIGABYTE // len(block)):
            yield number.to_bytes(8, "big") + block[8:]

    memory = Memory(stack.keeper.process("api"))
    began = time.monotonic()
    with client.http(timeout_s=600) as http:
        answer = http.post("/api/v1/meetings", content=body(), headers={"Content-Length": str(GIGABYTE)})
    seconds = time.monotonic() - began
    memory.stop()
    if not answer.is_success:
        raise RefusedError(answer)
    http_delete = client.ask("DELETE", f"/api/v1/meetings/{answer.json()['id']}")
    assert http_delete.is_success, http_delete.text
    return round(seconds, 1), (memory.first_mb, memory.highest_mb)


def measure(options: argparse.Namespace) -> Load:
    with Stack(Plan(num_workers=options.workers, settings={"SCRIBE_RESIDENCY": "keep"})) as stack:
        client = Client(stack.url, stack.token, patience_s=600)
        api = Memory(stack.keeper.process("api"))
        began, busy = time.monotonic(), {}
        with client.http(timeout_s=60) as http:
            uploading = ThreadPoolExecutor(1).submit(upload_many, client, options.uploads, options.clients)
            time.sleep(2)
            ids = [str(row["id"]) for row in stack.database.rows("select id from meetings limit 100")]
            busy = read(http, ids, 30)
            seconds, repeated = uploading.result()
            upload_s = time.monotonic() - began
            drained(stack)
            drained_s = time.monotonic() - began
            after_mb = api.stop()
            wrong = stack.database.value("select count(*) from meetings where status <> 'COMPLETED'")
            fill_up(stack, options.rows)
            ids = [str(row["id"]) for row in stack.database.rows("select id from meetings order by random() limit 500")]
            at_rest = read(http, ids, 200)
        gigabyte = upload_a_gigabyte(stack, client) if options.gigabyte else (None, None)
        return Load(
            options.uploads, options.clients, options.workers, round(upload_s, 1),
            round(options.uploads / upload_s, 1), Times.of(seconds), round(drained_s, 1),
            round(3600 * options.uploads / drained_s), wrong, repeated, (api.first_mb, api.highest_mb, after_mb),
            busy, options.rows, at_rest, *gigabyte,
        )  # fmt: skip


def table(found: Load) -> str:
    lines = [
        f"{found.uploads} uploads by {found.clients} clients in {found.upload_s} s ({found.uploads_per_s} a second)",
        f"{found.workers} workers were through after {found.drained_s} s ({found.meetings_per_hour:.0f} an hour)",
        f"not completed: {found.not_completed}; requests repeated: {found.repeated}",
        "API memory: {} MB before, {} MB at most, {} MB after".format(*found.api_mb),
        "",
        f"{'request':<36}{'count':>7}{'p50':>9}{'p95':>9}{'p99':>9}{'max':>9}   ms",
    ]
    rows = {"upload": found.upload}
    rows |= {f"{name}, during the uploads": times for name, times in found.reading_while_busy.items()}
    rows |= {f"{name}, {found.rows} meetings": times for name, times in found.reading_at_rest.items()}
    for name, times in rows.items():
        lines.append(f"{name:<36}{times.count:>7}{times.p50:>9}{times.p95:>9}{times.p99:>9}{times.longest:>9}")
    if found.gigabyte_api_mb is not None:
        before, highest = found.gigabyte_api_mb
        lines.append(f"1 GB in one request: {found.gigabyte_s} s; API memory {before} MB before, {highest} MB at most")
    return "\n".join(lines)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.load", description=__doc__)
    parser.add_argument("--uploads", type=int, default=1000)
    parser.add_argument("--clients", type=int, default=50)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--rows", type=int, default=10_000)
    parser.add_argument("--no-gigabyte", dest="gigabyte", action="store_false", help="leave out the upload of 1 GB")
    parser.add_argument("--json", type=Path, default=REPOSITORY / "out" / "bench" / "load.json", metavar="OUT")
    return parser.parse_args()


def main() -> None:
    options = arguments()
    found = measure(options)
    options.json.parent.mkdir(parents=True, exist_ok=True)
    options.json.write_text(json.dumps(asdict(found), indent=2))
    print(table(found))
    slow = [name for name, times in found.reading_at_rest.items() if times.p95 > 50]
    is_good = not found.not_completed and not slow
    print(f"load: p95 at {found.rows} meetings {'under' if not slow else 'over'} 50 ms, "
          f"{found.not_completed} of {found.uploads} not completed: {'PASS' if is_good else 'FAIL'}")  # fmt: skip
    sys.exit(0 if is_good else 1)


if __name__ == "__main__":
    main()
