"""What the child that decodes cannot do any more, tried from inside."""

import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

import scribe

PACKAGE_ROOT = Path(scribe.__file__).parents[1]
CONFINED = """
import os, signal, socket, sys
from scribe.adapters.audio_confinement import Limits, confine
output = open(sys.argv[1], "wb", 0) if sys.argv[1:] else None
confine(Limits(memory_bytes=64 << 20, cpu_s=1, file_bytes=1000), os.getppid())
"""


def confined(code: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", CONFINED + code, *arguments],
        cwd=PACKAGE_ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize(
    "code",
    [
        "open('/etc/hostname')",
        "open('/dev/shm/x', 'w')",
        "socket.socket()",
        "socket.create_connection(('127.0.0.1', 9))",
        "os.pipe()",
    ],
)
def test_no_file_and_no_socket_can_be_opened(code: str) -> None:
    assert "Too many open files" in confined(code).stderr


def test_descriptors_that_are_open_already_still_work() -> None:
    assert confined("sys.stdout.write('heard')").stdout == "heard"


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux enforces it")
def test_memory_is_bounded() -> None:
    assert confined("bytearray(32 << 20); print('fits')").stdout == "fits\n"
    assert "MemoryError" in confined("bytearray(256 << 20)").stderr


def test_computing_time_is_bounded() -> None:
    assert confined("while True: pass").returncode == -signal.SIGXCPU


def test_the_output_is_bounded(tmp_path: Path) -> None:
    result = confined("output.write(bytes(1000)); output.write(b'x')", str(tmp_path / "out"))
    assert "File too large" in result.stderr
    assert (tmp_path / "out").stat().st_size == 1000


@pytest.mark.skipif(sys.platform != "linux", reason="PR_SET_PDEATHSIG is of Linux")
def test_the_child_does_not_outlive_its_parent() -> None:
    code = CONFINED + "os.write(1, f'{os.getpid()}\\n'.encode()); signal.pause()"
    parent = f"import os, subprocess, sys; subprocess.Popen([sys.executable, '-c', {code!r}]); sys.stdin.read()"
    with subprocess.Popen(
        [sys.executable, "-c", parent], cwd=PACKAGE_ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        child = psutil.Process(int(process.stdout.readline()))
        process.kill()
        child.wait(timeout=10)
    assert not child.is_running()
