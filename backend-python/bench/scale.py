"""``python -m bench.scale``: meetings an hour with 1, 2 and 3 workers on one database, one Valkey and one S3 server.

Two questions, two runs. Does the queue scale? Engines that wait instead of computing (``SCRIBE_FAKE_PACE``) need no
cores, so three workers must do nearly three times the work. What does this machine do? Real models compute, and
workers beyond its cores can only take turns.
"""

import argparse
import json
import os
import random
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from uuid import uuid4

from bench.load import REPOSITORY, drained
from chaos.client import Client
from chaos.recordings import Kind, make
from chaos.stack import Plan, Stack

SAMPLE = REPOSITORY / "samples" / "conference.flac"
FAKE_LENGTH_S, FAKE_PACE = 20.0, 0.4
"""Two paced stages of 20 s of audio: 16 s of waiting a meeting."""


@dataclass(frozen=True, slots=True)
class Point:
    engines: str
    workers: int
    meetings: int
    seconds: float
    """From the first claim to the last result."""
    per_hour: float
    ratio: float
    """To one worker."""
    by_worker: list[int]
    """Meetings that each one published, as far as its process still runs."""


def measure(engines: str, num_workers: int, num_meetings: int, storage: str, one: float | None) -> Point:
    settings = {"SCRIBE_FAKE_PACE": str(FAKE_PACE), "SCRIBE_RESIDENCY": "keep"} if engines == "fake" else {}
    plan = Plan(num_workers=num_workers, engines=engines, storage=storage, settings=settings)  # type: ignore[arg-type]
    with Stack(plan) as stack:
        client = Client(stack.url, stack.token)
        for number in range(num_meetings):
            content = SAMPLE.read_bytes()
            if engines == "fake":
                content = make(random.Random(number), Kind.TALK, FAKE_LENGTH_S).content
            client.upload(content, key=str(uuid4()), fields={"file_name": "a.wav", "duplicate": "process"})
        drained(stack)
        span = "select extract(epoch from max(finished_at) - min(started_at))::float8 from meetings"
        seconds = float(stack.database.value(span))
        wrong = stack.database.value("select count(*) from meetings where status <> 'COMPLETED'")
        assert not wrong, f"{wrong} meetings were not completed"
        logs = [(stack.logs / f"worker-{number}.log").read_text() for number in range(num_workers)]
    per_hour = 3600 * num_meetings / seconds
    shares = [log.count('"status": "COMPLETED"') for log in logs]
    return Point(
        engines, num_workers, num_meetings, round(seconds, 1), round(per_hour, 1),
        round(per_hour / (one or per_hour), 2), shares,
    )  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.scale", description=__doc__)
    parser.add_argument("--workers", default="1,2,3")
    parser.add_argument("--fake", type=int, default=12, help="meetings with engines that wait (0: leave out)")
    parser.add_argument("--real", type=int, default=4, help="meetings with real models (0: leave out)")
    parser.add_argument("--storage", choices=("s3", "local"), default="s3")
    parser.add_argument("--json", type=Path, default=REPOSITORY / "out" / "bench" / "scale.json", metavar="OUT")
    options = parser.parse_args()
    points: list[Point] = []
    print(f"{os.cpu_count()} cores, storage {options.storage}")
    print(f"{'engines':<9}{'workers':>8}{'meetings':>10}{'seconds':>9}{'an hour':>9}{'ratio':>7}   each", flush=True)
    for engines, num_meetings in (("fake", options.fake), ("real", options.real)):
        one = None
        for num_workers in map(int, options.workers.split(",") if num_meetings else ()):
            point = measure(engines, num_workers, num_meetings, options.storage, one)
            one = one or point.per_hour
            points.append(point)
            print(f"{point.engines:<9}{point.workers:>8}{point.meetings:>10}{point.seconds:>9}{point.per_hour:>9}"
                  f"{point.ratio:>7}   {point.by_worker}", flush=True)  # fmt: skip
            time.sleep(1)
    options.json.parent.mkdir(parents=True, exist_ok=True)
    options.json.write_text(json.dumps([asdict(point) for point in points], indent=2))
    fake = [point.ratio / point.workers for point in points if point.engines == "fake" and point.workers > 1]
    is_good = all(share >= 0.8 for share in fake)
    print(f"scale: the queue gives {min(fake, default=1):.0%} of the ideal at worst: {'PASS' if is_good else 'FAIL'}")
    sys.exit(0 if is_good else 1)


if __name__ == "__main__":
    main()
