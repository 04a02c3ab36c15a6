"""What an operator and a user do with a pack: install it, start the service, have a meeting written, read it, stop.

Owns the steps and how long each took; knows nothing of networks. Everything that runs here was installed from the pack.

Usage::

    Journey(pack, folder, clip).run()       # raises AssertionError with what did not go as it should
"""

import json
import os
import re
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import urljoin
from urllib.request import Request, urlopen

from airgap.pages import too_open

START_TIMEOUT_S, WORK_TIMEOUT_S, STOP_TIMEOUT_S = 180.0, 600.0, 60.0
EXPORTS = {"srt": b"-->", "docx": b"PK", "pdf": b"%PDF"}


class Journey:
    def __init__(self, pack: Path, folder: Path, clip: Path, *, is_compiling: bool = False) -> None:
        """``folder``: an empty one that other users may pass through, because PostgreSQL never runs as root."""
        self._pack, self._folder, self._clip = pack, folder, clip
        self._is_compiling = is_compiling
        self.prefix = folder / "installed"
        self.seconds: dict[str, float] = {}
        self.transcript = ""
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self._url = f"http://127.0.0.1:{probe.getsockname()[1]}"
        self._token = ""

    def run(self) -> None:
        with self._timed("unpack"):
            unpacked = self._unpack()
        with self._timed("install"):
            options = [] if self._is_compiling else ["--no-compile"]
            self._command("sh", unpacked / "install.sh", "--prefix", self.prefix, *options)
        service = self._launched()
        try:
            with self._timed("start"):
                self._wait_until_ready(service)
            with self._timed("web interface"):
                self._look_at_the_pages()
            with self._timed("meeting"):
                self._hold_a_meeting()
            with self._timed("stop"):
                service.send_signal(signal.SIGTERM)
                assert service.wait(STOP_TIMEOUT_S) == 0, self._said()
        finally:
            if service.poll() is None:
                os.killpg(service.pid, signal.SIGKILL)
                service.wait()

    @property
    def environment(self) -> dict[str, str]:
        """Of a machine on which nothing of the product was ever set."""
        kept = {name: os.environ[name] for name in ("PATH", "LANG", "LC_ALL", "OMP_NUM_THREADS") if name in os.environ}
        home = self._folder / "home"
        home.mkdir(exist_ok=True)
        return kept | {
            "HOME": str(home),
            "SCRIBE_DATA_DIR": str(self._folder / "data"),
            "SCRIBE_API__PORT": self._url.rpartition(":")[2],
            "SCRIBE_LOG_LEVEL": "info",
        }

    def _unpack(self) -> Path:
        """As anybody would, with the machine's own tools."""
        target = self._folder / "unpacked"
        target.mkdir()
        self._command("tar", "-xf", self._pack, "-C", target)
        (unpacked,) = target.iterdir()
        return unpacked

    def _command(self, *command: str | Path) -> str:
        done = subprocess.run(
            [str(part) for part in command],
            env=self.environment,
            cwd=self._folder,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"{command[0]}: {done.stdout[-2000:]}{done.stderr[-2000:]}"
        return done.stdout

    def _launched(self) -> subprocess.Popen[bytes]:
        with (self._folder / "up.log").open("wb") as log:
            return subprocess.Popen(
                [str(self.prefix / "bin" / "scribe"), "up"],
                env=self.environment,
                cwd=self._folder,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def _wait_until_ready(self, service: subprocess.Popen[bytes]) -> None:
        deadline = time.monotonic() + START_TIMEOUT_S
        while True:
            assert service.poll() is None, self._said()
            assert time.monotonic() < deadline, self._said()
            with suppress(URLError, OSError):
                if json.loads(self._get("/health/ready")[1])["status"] == "ready":
                    break
            time.sleep(0.2)
        self._token = self._command(self.prefix / "bin" / "scribe", "token", "create").strip()

    def _said(self) -> str:
        logs = [self._folder / "up.log", *sorted((self._folder / "data" / "logs").glob("*.log"))]
        tails = [f"{log.name}: {log.read_text(errors='replace')[-1500:]}" for log in logs if log.is_file()]
        return "\n".join(tails)

    def _get(self, path: str) -> tuple[Any, bytes]:
        return self._ask(Request(urljoin(self._url, path)))

    def _ask(self, request: Request) -> tuple[Any, bytes]:
        if self._token:
            request.add_header("Authorization", f"Bearer {self._token}")
        try:
            with urlopen(request, timeout=60) as answer:
                return answer.headers, answer.read()
        except HTTPError as error:
            with error:
                if error.code == 503 and "/health/" in request.full_url:
                    return error.headers, error.read()
                raise AssertionError(
                    f"{request.full_url}: {error.code} {error.read()[:500]!r}\n{self._said()}"
                ) from error

    def _look_at_the_pages(self) -> None:
        """The first page and everything it loads come from here, and the browser is told to ask nobody else."""
        headers, page = self._get("/")
        assert b"<html" in page, page[:200]
        assert too_open(headers["Content-Security-Policy"] or "") == [], headers["Content-Security-Policy"]
        parts = re.findall(rb'(?:src|href)="(/_next/static/[^"]+)"', page)
        assert parts, "the page loads no script: was the web interface built into the wheel?"
        for part in parts:
            assert self._get(part.decode())[1], part

    def _hold_a_meeting(self) -> None:
        request = Request(
            f"{self._url}/api/v1/meetings?title=Proof&file_name={self._clip.name}",
            data=self._clip.read_bytes(),
            headers={"Content-Type": "application/octet-stream"},
            method="POST",
        )
        meeting = json.loads(self._ask(request)[1])
        address = f"/api/v1/meetings/{meeting['id']}"
        deadline = time.monotonic() + WORK_TIMEOUT_S
        while meeting["status"] != "COMPLETED":
            assert meeting["status"] not in {"FAILED", "CANCELLED"}, f"{meeting}\n{self._said()}"
            assert time.monotonic() < deadline, f"{meeting}\n{self._said()}"
            time.sleep(0.2)
            meeting = json.loads(self._get(address)[1])
        segments = json.loads(self._get(f"{address}/transcript")[1])["segments"]
        self.transcript = " ".join(segment["text"].strip() for segment in segments)
        for kind, beginning in EXPORTS.items():
            content = self._get(f"{address}/exports/{kind}")[1]
            assert beginning in content[:200], (kind, content[:200])

    @contextmanager
    def _timed(self, step: str) -> Iterator[None]:
        began_s = time.monotonic()
        yield
        self.seconds[step] = round(time.monotonic() - began_s, 1)
