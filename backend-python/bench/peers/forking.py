"""Loads a peer once and then gives every recording a forked child of its own.

For peers that need many CPU seconds to import: each recording still gets a fresh process whose time and memory are
counted by the system, and the time to load is reported apart. Standard library only; not for libraries that start
threads while loading (CTranslate2 does).
"""

import json
import os
import resource
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path


def cpu_s() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def each_in_a_child(
    arguments: Sequence[str], about: dict[str, object], turns_of: Callable[[Path], list[tuple[float, float, str]]]
) -> None:
    """``arguments``: WAV OUT WAV OUT …; every OUT becomes JSON with ``turns`` or ``error``, and the cost."""
    load_cpu_s = cpu_s()
    for wav, out in zip(arguments[::2], arguments[1::2], strict=True):
        partial = Path(f"{out}.partial")
        child = os.fork()
        if child == 0:
            try:
                result: dict[str, object] = {"turns": turns_of(Path(wav))}
            except BaseException:  # noqa: BLE001  # whatever a peer raises is its result for this recording
                result = {"error": traceback.format_exc(limit=-2)[-400:]}
            partial.write_text(json.dumps(result), encoding="utf-8")
            os._exit(0)
        _, status, usage = os.wait4(child, 0)
        result = json.loads(partial.read_text(encoding="utf-8")) if partial.exists() else {}
        if "turns" not in result:
            result.setdefault("error", f"its process ended with status {status}")
        result |= about | {
            "load_cpu_s": load_cpu_s,
            "run_cpu_s": usage.ru_utime + usage.ru_stime,
            "peak_rss_mb": usage.ru_maxrss * 1024 / 1e6,
        }
        partial.write_text(json.dumps(result), encoding="utf-8")
        partial.replace(out)
