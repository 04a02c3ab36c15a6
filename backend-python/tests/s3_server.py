"""SeaweedFS from its wheel: a real S3 server for tests. Slow to start (4 s) and large (600 MB): ask for it sparingly.

Usage::

    with S3Server(folder) as server: ...      # server.environment holds what an S3 client needs
"""

import json
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

import fsspec

from scribe.adapters.servers import children

START_TIMEOUT_S = 60.0
KEY, SECRET, BUCKET = "scribe-tests", "only-for-tests", "scribe"


def program() -> Path | None:
    beside = Path(sys.executable).with_name("weed")
    found = shutil.which("weed")
    return beside if beside.exists() else Path(found) if found else None


class S3Server:
    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._port = children.free_port()
        self._child: subprocess.Popen[bytes] | None = None

    @property
    def environment(self) -> Mapping[str, str]:
        return {
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{self._port}",
            "AWS_ACCESS_KEY_ID": KEY,
            "AWS_SECRET_ACCESS_KEY": SECRET,
            "AWS_DEFAULT_REGION": "us-east-1",
        }

    @property
    def process(self) -> subprocess.Popen[bytes]:
        assert self._child is not None
        return self._child

    def start(self) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        identity = {
            "name": "tests",
            "credentials": [{"accessKey": KEY, "secretKey": SECRET}],
            "actions": ["Admin", "Read", "Write", "List", "Tagging"],
        }
        (self._folder / "s3.json").write_text(json.dumps({"identities": [identity]}))
        ports = {name: children.free_port() for name in ("filer", "master", "volume")}
        command = [
            str(program()), "server", f"-dir={self._folder}", "-ip=127.0.0.1", "-ip.bind=127.0.0.1", "-s3",
            f"-s3.port={self._port}", f"-s3.port.grpc={children.free_port()}", f"-s3.config={self._folder / 's3.json'}",
            *(f"-{name}.port={port}" for name, port in ports.items()),
            *(f"-{name}.port.grpc={children.free_port()}" for name in ports),
            "-master.volumeSizeLimitMB=256", "-volume.max=20", "-master.telemetry=false", "-volume.preStopSeconds=0",
            "-s3.port.iceberg=0", "-s3.port.lance=0",  # fixed ports otherwise: two servers could not run
        ]  # fmt: skip
        self._child = children.start(
            command,
            account=children.Account(),
            log=self._folder / "weed.log",
            death_signal=signal.SIGKILL,
        )
        deadline = time.monotonic() + START_TIMEOUT_S
        while not self._has_bucket():
            if self._child.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"SeaweedFS does not start: {children.tail(self._folder / 'weed.log', 10)}")
            time.sleep(0.1)

    def stop(self) -> None:
        """SIGKILL: asked nicely, it takes 17 seconds."""
        if self._child is not None:
            self._child.kill()
            self._child.wait()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _has_bucket(self) -> bool:
        """The port answers before the server can store: only a write that worked says that it is ready."""
        client = fsspec.filesystem(
            "s3",
            key=KEY,
            secret=SECRET,
            endpoint_url=self.environment["AWS_ENDPOINT_URL"],
            client_kwargs={"region_name": "us-east-1"},
            config_kwargs={"retries": {"total_max_attempts": 1}, "connect_timeout": 2},
            use_listings_cache=False,
        )
        client.retries = 1
        try:
            client.mkdirs(BUCKET, exist_ok=True)
            client.pipe_file(f"{BUCKET}/ready", b"1")
        except Exception:  # noqa: BLE001 -- not yet
            return False
        return True
