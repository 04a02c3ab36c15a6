"""Runs a system's command in a child process on one thread, measures it, and keeps results by what they depend on.

Owns processes and the cache; knows no system. Usage::

    result, cost = cached(cache / "sherpa", key, lambda out: run([python, script, wav, out]), time.time())
"""

import hashlib
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

TIMEOUT_S = 3 * 3600

ONE_THREAD = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "NUMBA_NUM_THREADS": "1",
    "HF_HUB_OFFLINE": "1",
    "PYANNOTE_METRICS_ENABLED": "0",
    "TQDM_DISABLE": "1",
}
"""One thread a system, so that CPU seconds compare; and no network."""


class SystemFailedError(Exception):
    """A system did not get through a recording. The message is the end of what it wrote."""


@dataclass(frozen=True, slots=True)
class Cost:
    cpu_s: float
    """User and system time of the child and everything it started."""
    wall_s: float
    peak_rss_mb: float
    """Of the largest single process."""
    is_cached: bool = False


def run(command: Sequence[str | Path], extra_environment: dict[str, str] | None = None) -> Cost:
    """Raises: SystemFailedError"""
    environment = os.environ | ONE_THREAD | (extra_environment or {})
    with tempfile.TemporaryDirectory() as folder:
        cost_path, log_path = Path(folder) / "cost.json", Path(folder) / "log"
        measured = [sys.executable, "-S", str(Path(__file__).with_name("measured.py")), str(cost_path), str(TIMEOUT_S)]
        with log_path.open("wb") as log:
            subprocess.run(
                [*measured, *map(str, command)],
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                check=True,
            )
        cost = json.loads(cost_path.read_text(encoding="utf-8"))
        if cost["returncode"] != 0:
            last_lines = log_path.read_text(encoding="utf-8", errors="replace").strip().splitlines()[-3:]
            raise SystemFailedError(f"exit {cost['returncode']}: {' / '.join(last_lines)[-400:]}")
    return Cost(cost["cpu_s"], cost["wall_s"], cost["peak_rss_mb"])


def fingerprint(*parts: object) -> str:
    """Of files by their content and of everything else by its text."""
    digest = hashlib.sha256()
    for part in parts:
        digest.update(part.read_bytes() if isinstance(part, Path) and part.is_file() else str(part).encode())
        digest.update(b"\0")
    return digest.hexdigest()[:24]


def cached(folder: Path, key: str, produce: Callable[[Path], Cost], began_at: float) -> tuple[dict[str, Any], Cost]:
    """The JSON that ``produce`` wrote into the path it was given, and what that cost.

    A result from before ``began_at`` (Unix time of this run) is marked: its cost was measured then.
    """
    folder.mkdir(parents=True, exist_ok=True)
    result_path, cost_path = folder / f"{key}.json", folder / f"{key}.cost.json"
    if cost_path.exists():
        past = json.loads(cost_path.read_text(encoding="utf-8"))
        past["is_cached"] = cost_path.stat().st_mtime < began_at
        return json.loads(result_path.read_text(encoding="utf-8")), Cost(**past)
    cost = produce(result_path)
    result: dict[str, Any] = json.loads(result_path.read_text(encoding="utf-8"))
    cost_path.write_text(json.dumps(asdict(cost)), encoding="utf-8")
    return result, cost
