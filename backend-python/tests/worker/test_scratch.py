import signal
import subprocess
import sys
from pathlib import Path

from scribe.worker.scratch import Scratch

HOLDS = """
import sys, pathlib
from scribe.worker.scratch import Scratch
with Scratch(pathlib.Path(sys.argv[1]), "host:1:other") as scratch:
    (pathlib.Path(sys.argv[1]) / "host-1-other" / "audio.wav").write_text("RIFF")
    print("ready", flush=True)
    sys.stdin.read()
"""


def other_worker(root: Path) -> subprocess.Popen[bytes]:
    process = subprocess.Popen([sys.executable, "-c", HOLDS, str(root)], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stdout.readline() == b"ready\n"
    return process


def test_the_files_of_a_living_worker_stay(tmp_path: Path) -> None:
    with other_worker(tmp_path) as other:
        with Scratch(tmp_path, "host:2:me"):
            assert (tmp_path / "host-1-other" / "audio.wav").exists()
        other.communicate()
    assert not (tmp_path / "host-1-other").exists()


def test_the_files_of_a_dead_worker_go(tmp_path: Path) -> None:
    with other_worker(tmp_path) as other:
        other.send_signal(signal.SIGKILL)
        other.communicate()
    assert (tmp_path / "host-1-other" / "audio.wav").exists()
    with Scratch(tmp_path, "host:2:me"):
        assert not (tmp_path / "host-1-other").exists()


def test_a_worker_that_ends_leaves_nothing(tmp_path: Path) -> None:
    with Scratch(tmp_path, "host:2:me"):
        assert (tmp_path / "host-2-me").is_dir()
    assert [path.name for path in tmp_path.iterdir()] == ["lock"]
