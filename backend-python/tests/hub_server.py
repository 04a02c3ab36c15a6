"""A hub on 127.0.0.1: real HTTP, the routes and headers of the Hugging Face hub, and the ways in which it fails.

Usage::

    with serving({("org/model", COMMIT): {"model.bin": b"..."}}) as hub:
        hub.endpoint            # http://127.0.0.1:PORT
        hub.requests            # what was asked: ("GET", "/org/model/resolve/...", "bytes=100-")
"""

import hashlib
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote

COMMIT = "0123456789abcdef0123456789abcdef01234567"
OTHER_COMMIT = "89abcdef0123456789abcdef0123456789abcdef"

Repositories = Mapping[tuple[str, str], Mapping[str, bytes]]


@dataclass
class Hub:
    repositories: Repositories
    endpoint: str = ""
    requests: list[tuple[str, str, str | None]] = field(default_factory=list)
    authorizations: list[str | None] = field(default_factory=list)
    """Of every request to the hub itself, then (after a redirect) to the store of large files."""
    cut_after: list[int] = field(default_factory=list)
    """Each answer to GET takes one number and breaks off after so many bytes."""
    knows_ranges: bool = True
    redirects_content: bool = True
    """Large files are served by another host, as the hub does (here: the same server by another name)."""
    token: str | None = None
    refuses_with: list[int] = field(default_factory=list)
    """Each GET of a large file takes one status and gets no content."""
    moved: dict[str, str] = field(default_factory=dict)
    """Old repository name to new."""
    refs: dict[str, str] = field(default_factory=dict)
    """Branch to commit."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    hub: Hub

    def log_message(self, *_: object) -> None:
        return

    def do_HEAD(self) -> None:
        self._answer(with_body=False)

    def do_GET(self) -> None:
        self._answer(with_body=True)

    def _answer(self, *, with_body: bool) -> None:
        hub, path = self.hub, unquote(self.path)
        hub.requests.append((self.command, path, self.headers.get("Range")))
        hub.authorizations.append(self.headers.get("Authorization"))
        if path.startswith("/store/"):
            return self._send_content(path.removeprefix("/store/"), with_body=with_body)
        repo, _, rest = path.removeprefix("/").partition("/resolve/")
        if repo in hub.moved:
            return self._redirect(path.replace(repo, hub.moved[repo]))
        revision, _, file = rest.partition("/")
        commit = hub.refs.get(revision, revision)
        if hub.token is not None and self.headers.get("Authorization") != f"Bearer {hub.token}":
            return self._refuse(401, "GatedRepo")
        if not any(name == repo for name, _ in hub.repositories):
            return self._refuse(404, "RepoNotFound")
        if (repo, commit) not in hub.repositories:
            return self._refuse(404, "RevisionNotFound")
        if file not in hub.repositories[repo, commit]:
            return self._refuse(404, "EntryNotFound")
        where = f"{repo}/resolve/{commit}/{file}"
        if not hub.redirects_content:
            return self._send_content(where, with_body=with_body)
        host, _, port = hub.endpoint.removeprefix("http://").partition(":")
        assert host == "127.0.0.1"
        return self._redirect(f"http://localhost:{port}/store/{where}", self._facts(where))

    def _facts(self, where: str) -> dict[str, str]:
        repo, _, rest = where.partition("/resolve/")
        commit, _, file = rest.partition("/")
        content = self.hub.repositories[repo, commit][file]
        digest = hashlib.sha256(content).hexdigest()
        return {"X-Repo-Commit": commit, "X-Linked-Size": str(len(content)), "X-Linked-ETag": f'"{digest}"'}

    def _send_content(self, where: str, *, with_body: bool) -> None:
        if with_body and self.hub.refuses_with:
            self._refuse(self.hub.refuses_with.pop(0), "")
            return
        repo, _, rest = where.partition("/resolve/")
        commit, _, file = rest.partition("/")
        content, status = self.hub.repositories[repo, commit][file], 200
        wanted = self.headers.get("Range")
        if wanted is not None and self.hub.knows_ranges:
            start = int(wanted.removeprefix("bytes=").rstrip("-"))
            if start >= len(content):
                self._refuse(416, "")
                return
            content, status = content[start:], 206
        self.send_response(status)
        for name, value in self._facts(where).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if with_body and self.hub.cut_after:
            self.wfile.write(content[: self.hub.cut_after.pop(0)])
            self.close_connection = True
        elif with_body:
            self.wfile.write(content)

    def _redirect(self, location: str, headers: Mapping[str, str] | None = None) -> None:
        self.send_response(302)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Location", location)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _refuse(self, status: int, code: str) -> None:
        self.send_response(status)
        self.send_header("X-Error-Code", code)
        self.send_header("Content-Length", "0")
        self.end_headers()


@contextmanager
def serving(repositories: Repositories) -> Iterator[Hub]:
    hub = Hub(repositories)
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"hub": hub}))
    hub.endpoint = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield hub
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
