"""bench/children.py with real child processes."""

import json
import sys
import time
from pathlib import Path

import pytest

from bench.children import Cost, SystemFailedError, cached, fingerprint, run

BURN = "import time; end = time.process_time() + 0.3\nwhile time.process_time() < end: pass"


def test_cpu_time_of_the_child_is_counted() -> None:
    cost = run([sys.executable, "-S", "-c", BURN])
    assert 0.3 <= cost.cpu_s < 3.0


def test_peak_memory_is_the_childs_own() -> None:
    """Not this process's, although it was started from here: 200 MB taken, ours held beside it."""
    ours = bytearray(b"x" * 150_000_000)
    small = run([sys.executable, "-S", "-c", "pass"])
    large = run([sys.executable, "-S", "-c", "x = bytearray(200_000_000); x[::4096] = bytes(len(x[::4096]))"])
    assert len(ours) == 150_000_000
    assert small.peak_rss_mb < 100
    assert 200 <= large.peak_rss_mb < 250


def test_a_failing_system_says_what_it_wrote_last() -> None:
    with pytest.raises(SystemFailedError, match=r"exit 3.*no model here"):
        run([sys.executable, "-S", "-c", "print('no model here'); raise SystemExit(3)"])


def test_every_system_gets_one_thread() -> None:
    run([sys.executable, "-S", "-c", "import os; assert os.environ['OMP_NUM_THREADS'] == '1'"])


def test_a_result_is_produced_once_and_marked_as_cached_in_a_later_run(tmp_path: Path) -> None:
    calls = []

    def produce(out: Path) -> Cost:
        calls.append(out)
        out.write_text(json.dumps({"turns": []}))
        return Cost(1.0, 2.0, 3.0)

    began_at = time.time() - 60
    first = cached(tmp_path, "key", produce, began_at)
    again = cached(tmp_path, "key", produce, began_at)
    later = cached(tmp_path, "key", produce, time.time() + 60)
    assert len(calls) == 1
    assert first == ({"turns": []}, Cost(1.0, 2.0, 3.0))
    assert again == first
    assert later == ({"turns": []}, Cost(1.0, 2.0, 3.0, is_cached=True))


def test_a_fingerprint_follows_the_content_of_files(tmp_path: Path) -> None:
    file = tmp_path / "a"
    file.write_text("one")
    before = fingerprint(file, "en")
    file.write_text("two")
    assert fingerprint(file, "en") != before
    assert fingerprint(file, "fr") != fingerprint(file, "en")
