"""Runs one command and writes what it cost: ``measured.py COST.json TIMEOUT_S COMMAND…``.

A program of its own and kept tiny: a child's peak memory counts from the process that started it, so the benchmark,
with its scoring libraries in memory, must not be that process. Standard library only.
"""

import json
import os
import resource
import signal
import subprocess
import sys
import time


def main() -> None:
    cost_path, timeout_s, *command = sys.argv[1:]
    began_s = time.monotonic()
    child = subprocess.Popen(command, start_new_session=True)
    signal.signal(signal.SIGALRM, lambda *_: os.killpg(child.pid, signal.SIGKILL))
    signal.signal(signal.SIGTERM, lambda *_: os.killpg(child.pid, signal.SIGKILL))
    signal.alarm(int(float(timeout_s)))
    returncode = child.wait()
    signal.alarm(0)
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    cost = {
        "returncode": returncode,
        "wall_s": time.monotonic() - began_s,
        "cpu_s": usage.ru_utime + usage.ru_stime,
        "peak_rss_mb": usage.ru_maxrss * 1024 / 1e6,
    }
    with open(cost_path, "w", encoding="utf-8") as file:  # noqa: PTH123  # pathlib costs memory here
        json.dump(cost, file)


if __name__ == "__main__":
    main()
