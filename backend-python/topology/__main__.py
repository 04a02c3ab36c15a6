"""``python -m topology``: brings the production topology up without Docker and shows what it stands.

The last line is the verdict, and so is the exit status. Chapters: ``uploads`` (1 GB in more than a minute),
``streams``, ``borders``, ``rolling``, ``storm`` (faults under load, engines that wait), ``speech`` (with real models).
"""

import argparse
import random
import sys
import time
from collections.abc import Callable
from pathlib import Path

from chaos.stack import FAST, Plan
from topology import borders, long_uploads, rolling, storm, streams
from topology.edge import DEPLOYED, REPOSITORY
from topology.findings import Findings
from topology.site import Site, resident_mb

CHAPTERS = ("uploads", "streams", "borders", "rolling", "storm", "speech")
PACE = "0.1"
"""Waiting engines: seconds a stage takes per second of audio."""


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m topology", description=__doc__)
    parser.add_argument("--only", default=",".join(CHAPTERS), help="comma-separated chapters")
    parser.add_argument("--gigabytes", type=float, default=1.0)
    parser.add_argument("--seconds", type=float, default=75.0, help="that the long upload is made to take")
    parser.add_argument("--senders", type=int, default=4)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--storage", choices=("s3", "local"), default="s3")
    parser.add_argument("--routing", type=Path, default=DEPLOYED, help="folder with traefik.yml and dynamic.yml")
    parser.add_argument("--keep", type=Path, default=None, help="leave the site's folder, with its logs, here")
    parser.add_argument("--json", type=Path, default=REPOSITORY / "out" / "bench" / "topology.json", metavar="OUT")
    return parser.parse_args()


def plan(options: argparse.Namespace, engines: str, name: str) -> Plan:
    settings = dict(FAST) | {"SCRIBE_RESIDENCY": "keep"}  # a meeting costs its work, not the start of a child
    settings |= {"SCRIBE_FAKE_PACE": PACE} if engines == "fake" else {"SCRIBE_QUEUE__LEASE_S": "5"}
    keep = options.keep / name if options.keep is not None else None
    return Plan(num_workers=2, engines=engines, storage=options.storage, settings=settings, keep=keep)  # type: ignore[arg-type]


def main() -> None:
    options = arguments()
    wanted = [name for name in CHAPTERS if name in options.only.split(",")]
    findings = Findings()

    def on_one_site(name: str, engines: str, chapters: dict[str, Callable[[Site], None]]) -> None:
        due = {chapter: show for chapter, show in chapters.items() if chapter in wanted}
        if not due:
            return
        with findings.about(f"start ({engines} engines)"):
            began = time.monotonic()
            with Site(plan(options, engines, name), routing=options.routing) as site:
                findings.note("everything is up after", f"{time.monotonic() - began:.1f} s")
                for part in ("traefik", "api-0", "worker-0"):
                    findings.note(f"memory of {part}", f"{resident_mb(site.keeper.process(part)):.0f} MB")
                for chapter, show in due.items():
                    with findings.about(chapter):
                        show(site)

    size_bytes = round(options.gigabytes * 2**30)
    on_one_site("calm", "fake", {
        "uploads": lambda site: long_uploads.show(site, findings, size_bytes, options.seconds),
        "streams": lambda site: streams.show(site, findings),
        "borders": lambda site: borders.show(site, findings),
        "rolling": lambda site: rolling.show(site, findings),
    })  # fmt: skip
    seed, senders = options.seed, options.senders
    on_one_site("storm", "fake", {
        "storm": lambda site: storm.show(site, findings, storm.PLAN, seed, senders, engines="fake"),
    })  # fmt: skip
    on_one_site("speech", "real", {
        "speech": lambda site: storm.show(site, findings, storm.SHORT_PLAN, seed, 1, engines="real"),
    })  # fmt: skip
    findings.write(options.json)
    print(findings.table())
    for fault in findings.faults:
        print(f"fault: {fault}")
    print(findings.verdict())
    sys.exit(1 if findings.faults else 0)


if __name__ == "__main__":
    random.seed(7)
    main()
