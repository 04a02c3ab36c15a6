"""The whole site: Traefik, several APIs, several workers, PostgreSQL 18, Valkey, SeaweedFS; each its own process.

Owns which processes there are and under which names: ``traefik``, ``api-0`` ..., ``worker-0`` ...; all of them are
started again when they die, as ``restart: unless-stopped`` does.

Usage::

    with Site(Plan(storage="s3")) as site:
        Client(site.url, site.token)        # through Traefik
        site.keeper.process("api-0").kill()
"""

import shutil
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import httpx
import psutil

from chaos.stack import START_TIMEOUT_S, Plan, Stack
from scribe.adapters.servers.children import free_port
from topology.edge import CERTIFICATE, DEPLOYED, KEY, Edge

NUM_APIS = 2


class Site(Stack):
    def __init__(self, plan: Plan, *, routing: Path = DEPLOYED, num_apis: int = NUM_APIS) -> None:
        super().__init__(plan)
        self.routing = routing
        self.api_ports = {f"api-{number}": free_port() for number in range(num_apis)}
        self.edge = Edge(self.folder / "traefik", routing)
        self.url = self.edge.url

    def keep_apis(self) -> None:
        for name in self.api_ports:
            self.keep_api(name)
        self.route()
        self.keep_edge("traefik", self.edge)

    def keep_api(self, name: str) -> None:
        environment = self.environment | {"SCRIBE_API__PORT": str(self.api_ports[name])}
        self.keeper.keep(name, [sys.executable, "-m", "scribe.main"], environment, self.logs / f"{name}.log")

    def keep_edge(self, name: str, edge: Edge) -> None:
        self.keeper.keep(name, edge.command, self.environment, self.logs / f"{name}.log")

    def route(self, *names: str) -> None:
        """Traefik sends requests to these APIs from now on; none named: to all."""
        self.edge.write([self.api_ports[name] for name in names or self.api_ports])

    def api_url(self, name: str) -> str:
        """Past Traefik."""
        return f"http://127.0.0.1:{self.api_ports[name]}"

    def wait_until_ready(self, timeout_s: float = START_TIMEOUT_S) -> None:
        """Every API, and an answer through Traefik; a worker has given a sign. Raises: TimeoutError."""
        deadline = time.monotonic() + timeout_s
        for name in self.api_ports:
            self.wait_for_api(name, deadline - time.monotonic())
        while time.monotonic() < deadline:
            with suppress(httpx.HTTPError):
                if self.ask("/api/v1/me").status_code == httpx.codes.OK and self._has_workers():
                    return
            time.sleep(0.05)
        raise TimeoutError(f"Traefik does not answer at {self.url}: {(self.logs / 'traefik.log').read_text()[-500:]}")

    def ask(self, path: str, url: str | None = None) -> httpx.Response:
        headers = {"Authorization": f"Bearer {self.token}"}
        return httpx.get(f"{url or self.url}{path}", headers=headers, timeout=5, trust_env=False)

    def wait_for_api(self, name: str, timeout_s: float = START_TIMEOUT_S) -> None:
        """Past Traefik. Raises: TimeoutError."""
        deadline, seen = time.monotonic() + timeout_s, "nothing answers"
        while time.monotonic() < deadline:
            with suppress(httpx.HTTPError):
                answer = httpx.get(f"{self.api_url(name)}/health/ready", timeout=5, trust_env=False)
                if answer.is_success:
                    return
                seen = answer.text
            time.sleep(0.05)
        raise TimeoutError(f"{name} is not ready after {timeout_s:.0f} s: {seen}")

    def wait_for_edge(self, edge: Edge, timeout_s: float = 20.0) -> None:
        """It has read its routes and found an API. Raises: TimeoutError."""
        deadline = time.monotonic() + timeout_s
        while time.monotonic() < deadline:
            with suppress(httpx.HTTPError):
                if httpx.get(f"{edge.url}/health/live", timeout=5, trust_env=False).status_code in {200, 301, 308}:
                    return
            time.sleep(0.05)
        raise TimeoutError(f"no answer at {edge.url}")

    def _has_workers(self) -> bool:
        alive = "select count(*) from workers where heartbeat_at > now() - interval '30 seconds'"
        return int(self.database.value(alive)) >= self.plan.num_workers


def resident_mb(process: psutil.Process) -> float:
    return float(round(process.memory_info().rss / 1e6, 1))


def self_signed(folder: Path) -> bool:
    """Certificate and key for ``scribe.test``; ``False`` where there is no openssl."""
    program = shutil.which("openssl")
    if program is None:
        return False
    folder.mkdir(parents=True, exist_ok=True)
    command = [
        program, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
        "-subj", "/CN=scribe.test", "-addext", "subjectAltName=DNS:scribe.test,IP:127.0.0.1",
        "-keyout", str(folder / KEY), "-out", str(folder / CERTIFICATE),
    ]  # fmt: skip
    subprocess.run(command, check=True, capture_output=True)
    return True
