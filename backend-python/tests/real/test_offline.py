"""Nothing is downloaded and nothing is sent while a recording is processed: the real engines, the real command."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import REPOSITORY

pytestmark = pytest.mark.real

SAMPLE = REPOSITORY / "samples" / "conference.flac"

NO_NETWORK = """
import sys
def refuse(event, arguments):
    if event in {"socket.connect", "socket.getaddrinfo", "socket.sendto", "socket.bind"}:
        raise RuntimeError(f"network: {event} {arguments[1:]}")
sys.addaudithook(refuse)
from scribe.cli import main
main()
"""


def test_no_connection_is_tried(tmp_path: Path) -> None:
    """In Python by an audit hook; in native code and children by a namespace without a route, where there is one."""
    command = [sys.executable, "-c", NO_NETWORK, "transcribe", str(SAMPLE), "-o", str(tmp_path), "--quiet"]
    if _can_unshare():
        command = ["unshare", "--map-root-user", "--net", *command]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("HF_")}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment, timeout=300)
    assert done.returncode == 0, done.stderr
    assert json.loads((tmp_path / "conference" / "fusion.json").read_text())["segments"]


def test_the_hook_would_notice(tmp_path: Path) -> None:
    code = NO_NETWORK.split("from scribe")[0] + "import socket; socket.create_connection(('127.0.0.1', 9))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, cwd=tmp_path)
    assert done.returncode == 1
    assert "network: socket." in done.stderr


def _can_unshare() -> bool:
    if shutil.which("unshare") is None:
        return False
    return (
        subprocess.run(["unshare", "--map-root-user", "--net", "true"], check=False, capture_output=True).returncode
        == 0
    )
