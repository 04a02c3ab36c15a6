"""``python -m bench.confined``: does the product live in a container's confinement, without a container?

Owns the proof that ``docker-compose.yml`` and the Helm chart rely on: API and worker run as another user without a
name, a home or a capability, on a file system of which nothing may be written but ``/tmp`` and the scratch folder (both
not executable), with their files in S3. A recording is processed and read in every form. Needs root and Linux
(``unshare``, ``mount``, ``setpriv``); leaves nothing behind.
"""

import argparse
import asyncio
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from pathlib import Path
from tempfile import mkdtemp

import httpx

from chaos.accounts import make_user
from chaos.client import Client
from scribe.adapters.servers.children import free_port
from scribe.adapters.servers.postgres import PostgresServer
from scribe.adapters.servers.valkey import ValkeyServer
from scribe.cli.prepare import prepare
from tests.s3_server import BUCKET, S3Server

REPOSITORY = Path(__file__).resolve().parents[2]
RECORDING = REPOSITORY / "samples" / "conference.flac"
TIMEOUT_S = 180.0
FORMS = ("pdf", "docx", "srt", "md", "csv", "json")
CONFINE = """
set -e
mount --make-rprivate /
mkdir -p "$SPACE/python" "$SPACE/scratch"
mount --bind "$PYTHON_HOME" "$SPACE/python"
if [ "${PYTHON_HOME#/root/}" != "$PYTHON_HOME" ]; then   # a Python in a closed home, as on machines of developers
  mount -t tmpfs -o mode=755 tmpfs /root
  mkdir -p "$PYTHON_HOME"
  mount --bind "$SPACE/python" "$PYTHON_HOME"
  mount -o remount,ro,bind "$PYTHON_HOME"
  mount -o remount,ro /root
fi
mount -t tmpfs -o mode=1777,noexec,nosuid,nodev,size=512m tmpfs "$SPACE/scratch"
mount -o remount,ro,bind /
mount -t tmpfs -o mode=1777,noexec,nosuid,nodev tmpfs /var/tmp
mount -t tmpfs -o mode=1777,noexec,nosuid,nodev,size=512m tmpfs /tmp
for place in / /usr /var /root /home; do
  if touch "$place/probe" 2>/dev/null; then echo "$place can be written: this proves nothing" >&2; exit 9; fi
done
cd /
exec env -u HOME setpriv --reuid "$AS_USER" --regid "$AS_GROUP" --clear-groups --no-new-privs --bounding-set=-all \
  --inh-caps=-all "$@"
"""
BAD = ("Read-only file system", "Permission denied", "Traceback", '"level": "error"', "proves nothing")


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--user", type=int, default=10001, help="another one: as OpenShift chooses it, of group 0")
    chosen = parser.parse_args(arguments)
    if os.geteuid() != 0:
        print("This needs root: mounts, and another user.", file=sys.stderr)
        return 2
    space = Path("/var/lib") / f"scribe-confined-{os.getpid()}"  # not below /tmp, which is another one inside
    servers = Path(mkdtemp(prefix="scribe-confined-"))
    for folder in (space, servers):
        folder.mkdir(exist_ok=True)
        folder.chmod(0o755)
    try:
        return run(chosen.user, space, servers)
    finally:
        shutil.rmtree(space, ignore_errors=True)
        shutil.rmtree(servers, ignore_errors=True)


def run(user: int, space: Path, servers: Path) -> int:
    with (
        PostgresServer(servers / "postgres", free_port(), is_durable=False) as postgres,
        ValkeyServer(servers / "valkey", free_port()) as valkey,
        S3Server(servers / "s3") as s3,
        ExitStack() as processes,
    ):
        asyncio.run(prepare(postgres.url))
        token, port = make_user(postgres.url, "confined"), free_port()
        environment = {
            "PATH": os.environ["PATH"], "DATABASE_URL": postgres.url, "REDIS_URL": valkey.url, **s3.environment,
            "SCRIBE_STORAGE_URL": f"s3://{BUCKET}/confined", "SCRIBE_DATA_DIR": "/tmp/scribe",  # noqa: S108
            "SCRIBE_SCRATCH_DIR": str(space / "scratch"), "SCRIBE_API__PORT": str(port), "SCRIBE_LOG_LEVEL": "info",
            "SCRIBE_MODELS_DIR": "/models",
            "SCRIBE_TRANSCRIPTION__ENGINE": "fake", "SCRIBE_DIARIZATION__ENGINE": "fake",
            "SPACE": str(space), "PYTHON_HOME": sys.base_prefix, "PYTHONPATH": str(REPOSITORY / "backend-python"),
            "AS_USER": str(user), "AS_GROUP": str(user if user == 10001 else 0),
        }  # fmt: skip
        logs = [servers / f"{name}.log" for name in ("main", "worker")]
        for log in logs:
            processes.callback(end, start(f"scribe.{log.stem}", environment, log))
        verdict = used(Client(f"http://127.0.0.1:{port}", token))
        processes.close()
        found = [line for log in logs for line in log.read_text().splitlines() if any(word in line for word in BAD)]
        print(*(line[:400] for line in found), sep="\n", end="\n" if found else "")
        has_passed = verdict == "all of it" and not found
        print(f"user {user}: {verdict}, {len(found)} complaints: {'PASS' if has_passed else 'FAIL'}")
        return 0 if has_passed else 1


def start(module: str, environment: dict[str, str], log: Path) -> subprocess.Popen[bytes]:
    with log.open("wb") as out:
        command = ["unshare", "--mount", "bash", "-c", CONFINE, "confine", sys.executable, "-P", "-m", module]
        return subprocess.Popen(command, env=environment, stdout=out, stderr=subprocess.STDOUT)


def end(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(30)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def used(client: Client) -> str:
    """What a user does: one recording, and all that comes of it."""
    with client.http(timeout_s=60) as http:
        deadline = time.monotonic() + TIMEOUT_S
        while not is_ready(http):
            if time.monotonic() > deadline:
                return "never ready"
            time.sleep(0.2)
        meeting = client.upload(RECORDING.read_bytes(), key="confined").meeting_id
        while (status := http.get(f"/api/v1/meetings/{meeting}").json()["status"]) not in {"COMPLETED", "FAILED"}:
            if time.monotonic() > deadline:
                return f"still {status}"
            time.sleep(0.2)
        places = [*(f"exports/{form}" for form in FORMS), "audio", "playback", "waveform", "transcript"]
        missing = [place for place in places if not http.get(f"/api/v1/meetings/{meeting}/{place}").is_success]
        return status if status == "FAILED" else f"without {missing}" if missing else "all of it"


def is_ready(http: httpx.Client) -> bool:
    with suppress(httpx.HTTPError):
        return bool(http.get("/health/ready").json()["checks"]["workers"]["state"] == "ok")
    return False


if __name__ == "__main__":
    sys.exit(main())
