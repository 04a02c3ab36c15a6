"""``python -m airgap PACK``: installs a pack and uses the product where there is no network, and watches.

The last line is the verdict, and so is the exit status: 0, nothing tried to leave; 1, something did or did not work; 3,
there can be no network namespace here, so nothing was proved.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from airgap import canary, namespace
from airgap.journey import Journey
from airgap.watch import Watch

NOT_POSSIBLE = 3
HERE = Path(__file__).resolve().parents[1]
SAMPLE = HERE.parent / "samples" / "conference.flac"


def main() -> int:
    options = _options()
    obstacle = namespace.why_not()
    if obstacle is not None:
        print(f"NOT PROVED: {obstacle}")
        return NOT_POSSIBLE
    namespace.enter()
    missed = watched_canary()
    if missed:
        print(f"NOT PROVED: the watch does not see {', '.join(sorted(missed))}")
        return 1
    print("The watch sees who tries to leave: TCP and UDP, IPv4 and IPv6, a question for a name.")
    if options.canary:
        return 0
    folder = Path(tempfile.mkdtemp(prefix="scribe-airgap-", dir=options.dir))
    folder.chmod(0o755)
    journey = Journey(options.pack.absolute(), folder, options.clip.absolute(), is_compiling=options.compile)
    failure = None
    try:
        with Watch() as watch:
            try:
                journey.run()
            except AssertionError as error:
                failure = str(error)
    finally:
        if not options.keep:
            shutil.rmtree(folder, ignore_errors=True)
    attempts = [str(attempt) for attempt in watch.attempts]
    facts = {"failure": failure, "attempts": attempts, "seconds": journey.seconds, "transcript": journey.transcript}
    if options.json:
        options.json.write_text(json.dumps(facts, ensure_ascii=False))
    print("  ".join(f"{step} {seconds} s" for step, seconds in journey.seconds.items()))
    print(f"“{journey.transcript[:160]}…”")
    for attempt in attempts:
        print(f"LEFT: {attempt}")
    if failure:
        print(f"FAILED: {failure}")
    print("Nothing tried to leave this machine." if not attempts and not failure else "NOT AIR-GAPPED")
    return 1 if attempts or failure else 0


def watched_canary(command: list[str] | None = None) -> set[str]:
    """What the watch did not see of what was tried."""
    wanted = {canary.TCP_V4, canary.UDP_V4, canary.MULTICAST, canary.NAME}
    if Path("/proc/net/if_inet6").exists():
        wanted.add(canary.TCP_V6)
    with Watch() as watch:
        subprocess.run(
            command or [sys.executable, "-m", "airgap.canary"], cwd=HERE, check=True, timeout=60, env={**os.environ}
        )
    return wanted - {attempt.address for attempt in watch.attempts} - {attempt.wanted for attempt in watch.attempts}


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m airgap", description=__doc__)
    parser.add_argument("pack", type=Path, nargs="?", help="what `scribe bundle create` made")
    parser.add_argument("--clip", type=Path, default=SAMPLE, help="the recording; default: the sample")
    parser.add_argument("--dir", type=Path, help="where to install; other users must be able to pass through it")
    parser.add_argument("--compile", action="store_true", help="with bytecode, as an operator installs it")
    parser.add_argument("--keep", action="store_true", help="leave the installation behind")
    parser.add_argument("--json", type=Path, help="write the facts here, too")
    parser.add_argument("--canary", action="store_true", help="only whether the watch sees what it must see")
    options = parser.parse_args()
    if options.pack is None and not options.canary:
        parser.error("name a pack, or say --canary")
    return options


if __name__ == "__main__":
    sys.exit(main())
