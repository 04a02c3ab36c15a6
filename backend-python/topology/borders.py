"""What Traefik lets through and what not: metrics, forged addresses, headers, TLS.

Owns the questions a stranger would try; each is asked with an administrator's token where one could help, so that it is
Traefik that refuses.
"""

import re
import shutil
import socket
import ssl
import subprocess
import time
from pathlib import Path

import httpx

from topology.edge import CERTIFICATE, Edge
from topology.findings import Findings
from topology.site import Site, self_signed

CLIENT = "127.0.0.9"
"""Where these requests come from: not where Traefik stands."""
FORGED = "203.0.113.7"
METRICS = re.compile(rb"scribe_|^# HELP ", re.MULTILINE)
WAYS_TO_METRICS = (
    "/metrics", "/metrics/", "//metrics", "/./metrics", "/api/../metrics", "/api/v1/..%2f..%2fmetrics", "/%6detrics",
    "/METRICS", "/metrics?x=1", "/metrics;x", "/metrics%20", "/metrics%2f", "/health/../metrics", "/%2e/metrics",
    "/static/..%2Fmetrics", "http://api/metrics",
)  # fmt: skip
EXPECTED_HEADERS = ("x-content-type-options", "x-frame-options", "referrer-policy")


def raw(port: int, request: bytes, timeout_s: float = 10.0) -> bytes:
    """An answer to bytes that no library would send."""
    with socket.create_connection(("127.0.0.1", port), timeout=timeout_s, source_address=(CLIENT, 0)) as connection:
        connection.sendall(request)
        answer = b""
        try:
            while chunk := connection.recv(65536):
                answer += chunk
        except (TimeoutError, ConnectionResetError):
            pass
        return answer


def status_of(answer: bytes) -> int:
    match = re.match(rb"HTTP/1\.[01] ([0-9]{3})", answer)
    return int(match.group(1)) if match else 0


def ask_for(site: Site, path: str) -> bytes:
    lines = (
        f"GET {path} HTTP/1.1\r\nHost: scribe.test\r\nAuthorization: Bearer {site.token}\r\nConnection: close\r\n\r\n"
    )
    return raw(site.edge.ports["web"], lines.encode())


def open_ways_to_metrics(site: Site) -> list[str]:
    """Paths by which somebody with a token reads the metrics from outside."""
    return [path for path in WAYS_TO_METRICS if METRICS.search(ask_for(site, path))]


def counted_addresses(site: Site) -> set[str]:
    """Addresses whose attempts to sign in are counted."""
    rows = site.database.rows("select key from rates where key like 'login:address:%'")
    return {row["key"].removeprefix("login:address:") for row in rows}


def sign_in_forged(site: Site) -> int:
    """A wrong password under a false address."""
    forged = {
        "X-Forwarded-For": FORGED, "X-Real-Ip": FORGED, "Forwarded": f"for={FORGED}", "X-Forwarded-Proto": "https",
        "X-Forwarded-Host": "evil.test", "X-Client-Ip": FORGED, "True-Client-Ip": FORGED,
    }  # fmt: skip
    with httpx.Client(transport=httpx.HTTPTransport(local_address=CLIENT), base_url=site.url) as http:
        login = {"username": "nobody-of-that-name", "password": "not the one"}
        return http.post("/api/v1/auth/login", json=login, headers=forged).status_code


def show(site: Site, findings: Findings) -> None:
    direct = site.ask("/metrics", site.api_url("api-0"))
    findings.check(direct.is_success and METRICS.search(direct.content), "an API gives its metrics to an administrator")
    ways = open_ways_to_metrics(site)
    findings.check(not ways, f"{len(WAYS_TO_METRICS)} spellings of /metrics lead nowhere through Traefik", ways)
    _addresses(site, findings)
    _headers(site, findings)
    _strange_requests(site, findings)
    _tls(site, findings)


def _addresses(site: Site, findings: Findings) -> None:
    first = sign_in_forged(site)
    counted = counted_addresses(site)
    findings.check(
        CLIENT in counted and FORGED not in counted, "attempts to sign in count for the true address", counted
    )
    answers = [first, *(sign_in_forged(site) for _ in range(14))]
    findings.check(answers[-1] == httpx.codes.TOO_MANY_REQUESTS, "both APIs count together: then 429", answers)


def _headers(site: Site, findings: Findings) -> None:
    for path in ("/api/v1/me", "/"):
        answer = site.ask(path)
        missing = [name for name in EXPECTED_HEADERS if name not in answer.headers]
        told = [name for name in ("server", "x-powered-by") if name in answer.headers]
        findings.check(
            not missing and not told, f"security headers of {path}, none that names programs", missing + told
        )
        doubled = [name for name in answer.headers if "," in answer.headers[name] and name in EXPECTED_HEADERS]
        findings.check(not doubled, f"none of them is there twice ({path})", doubled)


def _strange_requests(site: Site, findings: Findings) -> None:
    port = site.edge.ports["web"]
    lines = f"POST /api/v1/uploads HTTP/1.1\r\nHost: evil.test\r\nAuthorization: Bearer {site.token}\r\n"
    lines += "Tus-Resumable: 1.0.0\r\nUpload-Length: 10\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
    answer = raw(port, lines.encode())
    findings.check(b"evil.test" not in answer, "a false Host header comes back in no address", status_of(answer))
    large = "GET /api/v1/me HTTP/1.1\r\nHost: x\r\nX-Large: {}\r\nConnection: close\r\n\r\n"
    found = {size: status_of(raw(port, large.format("a" * size).encode())) for size in (8_000, 60_000, 2_000_000)}
    findings.check(all(400 <= status < 500 for status in found.values()), "large headers: refused as 4xx", found)
    findings.note("… by size in bytes", found)
    hidden = f"GET /metrics HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {site.token}\r\nConnection: close\r\n\r\n"
    both = "POST /api/v1/me HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
    smuggled = both + hidden
    findings.check(not METRICS.search(raw(port, smuggled.encode())), "no request is smuggled behind another's body")
    began = time.monotonic()
    with socket.create_connection(("127.0.0.1", port), timeout=5) as idle:
        idle.sendall(b"GET / HTTP/1.1\r\nHost: x\r\nX-Slow: ")
        findings.check(site.ask("/api/v1/me").is_success, "a client that never ends its headers keeps nobody else out")
    findings.note("… asked beside it", f"{time.monotonic() - began:.2f} s")


def _tls(site: Site, findings: Findings) -> None:
    certificates = site.folder / "certs"
    if not self_signed(certificates):
        findings.note("TLS", "not shown: no openssl here to make a certificate with")
        return
    edge = Edge(site.folder / "traefik-tls", site.routing, certificates=certificates)
    edge.write(list(site.api_ports.values()))
    site.keep_edge("traefik-tls", edge)
    try:
        site.wait_for_edge(edge)
        _over_tls(site, edge, certificates / CERTIFICATE, findings)
    finally:
        site.keeper.drop("traefik-tls", patience_s=30)


def _over_tls(site: Site, edge: Edge, certificate: Path, findings: Findings) -> None:
    trusted = ssl.create_default_context(cafile=str(certificate))
    trusted.set_alpn_protocols(["h2", "http/1.1"])
    with (
        socket.create_connection(("127.0.0.1", edge.ports["websecure"]), timeout=10) as connection,
        trusted.wrap_socket(connection, server_hostname="scribe.test") as secured,
    ):
        findings.note("TLS, own certificate", f"{secured.version()}, {secured.selected_alpn_protocol()}")
        findings.check(secured.selected_alpn_protocol() == "h2", "HTTP/2 is offered", secured.selected_alpn_protocol())
    token = {"Authorization": f"Bearer {site.token}"}
    verified = ssl.create_default_context(cafile=str(certificate))
    with httpx.Client(base_url=edge.secure_url, verify=verified, trust_env=False) as http:
        answer = http.get("/api/v1/me", headers=token)
        metrics = http.get("/metrics", headers=token)
    findings.check(answer.is_success, "the API answers over TLS", answer.status_code)
    findings.check(not METRICS.search(metrics.content), "/metrics leads nowhere over TLS", metrics.status_code)
    findings.check("strict-transport-security" in answer.headers, "HSTS over TLS", dict(answer.headers))
    plain = httpx.get(f"{edge.url}/api/v1/me?a=b", trust_env=False)
    where = f"{plain.status_code} {plain.headers.get('location')}"
    findings.check(plain.is_redirect and "location" in plain.headers, "plain HTTP leads to HTTPS", where)
    findings.check("strict-transport-security" not in site.ask("/api/v1/me").headers, "no HSTS without TLS")
    old = ssl.create_default_context(cafile=str(certificate))
    old.minimum_version, old.maximum_version = ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1
    old.set_ciphers("ALL:@SECLEVEL=0")
    findings.check(_is_refused(edge.ports["websecure"], old), "TLS 1.1 is refused")
    if (curl := shutil.which("curl")) is not None:
        command = [
            curl, "--silent", "--http2", "--cacert", str(certificate), "--output", "/dev/null",
            "--write-out", "%{http_version} %{http_code}", f"{edge.secure_url}/health/live",
        ]  # fmt: skip
        said = subprocess.run(command, capture_output=True, text=True, check=False, timeout=20).stdout
        findings.check(said == "2 200", "a request over HTTP/2", said)


def _is_refused(port: int, context: ssl.SSLContext) -> bool:
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        try:
            with context.wrap_socket(connection, server_hostname="scribe.test"):
                return False
        except (ssl.SSLError, ConnectionResetError):
            return True
