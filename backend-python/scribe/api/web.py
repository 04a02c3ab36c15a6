"""The web interface: a static export of Next.js, served at the same address as the API. No Node at run time.

Owns which file answers which address, what browsers may keep of it, and the content security policy: scripts from here
only, and of inline scripts just those that the page was built with, by their hashes. Never builds anything (``make
web`` does) and never answers below ``/api``.

Two things a static host must know about Next's exports (tried in a browser): ``/meetings/<id>`` is one file for all
ids, and so are the ``__next.*.txt`` beside it, without which links become full page loads; and its links send HEAD.

Usage::

    install_web(app, find_web_dir(settings))
"""

import base64
import hashlib
import mimetypes
import re
from contextlib import suppress
from functools import lru_cache
from http import HTTPStatus
from pathlib import Path, PurePosixPath

from fastapi import FastAPI, Request, Response
from fastapi.responses import FileResponse, HTMLResponse
from starlette.types import Receive, Scope, Send

from scribe.api.compression import accepts_gzip
from scribe.api.conditions import etag_of, is_known
from scribe.core.config import Settings
from scribe.domain.errors import NotFoundError

PAGES_WITH_ID = ("meetings", "voices")
"""First parts of addresses whose second part is an id; the export calls it ``_``."""
ASSETS = "_next/static/"
FOREVER = "public, max-age=31536000, immutable"
"""For files whose names are hashes of what they hold."""
PACKED = {".html", ".js", ".css", ".txt", ".svg", ".json"}
"""Kinds that ``scripts/pack.mjs`` compresses beside the originals."""
SERVICE_PATHS = ("api/", "health/", "docs/", "metrics", "openapi.json")

_INLINE_SCRIPT = re.compile(r"<script(?![^>]*\ssrc=)[^>]*>(.*?)</script>", re.DOTALL)
_ID = re.compile(r"[0-9A-Za-z-]{1,64}")

_NOT_BUILT = """\
<!DOCTYPE html>
<html lang="en"><meta charset="utf-8"><title>Smart Meeting Scribe</title>
<h1>The service runs; its web interface is not built.</h1>
<p>Build it with <code>make web</code> and start the service again.
The API is described at <a href="/docs">/docs</a>.</p>
</html>
"""


def find_web_dir(settings: Settings) -> Path | None:
    """The setting, what is packed into the wheel, or what ``make web`` built in this checkout."""
    if settings.api.web_dir is not None:
        return settings.api.web_dir.expanduser().absolute()
    package = Path(__file__).resolve().parents[1]
    for folder in (package / "web", package.parents[1] / "frontend-nextjs" / "out"):
        if (folder / "index.html").is_file():
            return folder
    return None


def install_web(app: FastAPI, folder: Path | None) -> None:
    """What is asked for under no route. Not a route itself: one that takes every address would answer for routes that
    know the address under another method or without its last slash."""
    nothing_there = app.router.default

    async def page(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] not in {"GET", "HEAD"}:
            await nothing_there(scope, receive, send)
            return
        request = Request(scope, receive)
        path = str(scope["path"]).removeprefix(scope.get("root_path", "")).removeprefix("/")
        if path.startswith(SERVICE_PATHS):
            raise NotFoundError("There is no such address; the API is described at /docs.")
        if folder is None:
            answer: Response = HTMLResponse(_NOT_BUILT, headers={"Content-Security-Policy": "default-src 'none'"})
        else:
            answer = _answer(folder, request, path)
        await answer(scope, receive, send)

    app.router.default = page


def _answer(folder: Path, request: Request, path: str) -> Response:
    file = _file_of(folder, path)
    status = 200
    if file is None:
        file, status = folder / "404.html", 404
        if not file.is_file():
            raise NotFoundError("There is no such page, and the web interface is not whole: build it with `make web`.")
    is_forever = status == HTTPStatus.OK and path.startswith(ASSETS)  # what is missing now may come with the next build
    headers = {"Cache-Control": FOREVER if is_forever else "no-cache"}
    if file.suffix == ".html":
        headers["Content-Security-Policy"] = policy_of(file, file.stat().st_mtime_ns)
    media_type = mimetypes.guess_type(file.name)[0] or "application/octet-stream"
    if file.suffix == ".txt":
        media_type = "text/x-component"  # as Next's own server says it
    packed = file.with_name(f"{file.name}.gz")
    if file.suffix in PACKED:
        headers["Vary"] = "Accept-Encoding"
        if accepts_gzip(request.headers.get("accept-encoding")) and packed.is_file():
            file, headers["Content-Encoding"] = packed, "gzip"
    facts = file.stat()
    headers["ETag"] = etag_of(facts.st_mtime_ns, facts.st_size, file.name)
    if status == HTTPStatus.OK and is_known(headers["ETag"], request.headers.get("if-none-match")):
        kept = {"Cache-Control", "Content-Security-Policy", "ETag", "Vary"}
        return Response(status_code=304, headers={name: headers[name] for name in kept & headers.keys()})
    return FileResponse(file, status, headers, media_type, stat_result=facts)


def _file_of(folder: Path, path: str) -> Path | None:
    """Only ever a file below ``folder``: parts of the address that could lead out of it name nothing."""
    parts = PurePosixPath(path.strip("/")).parts
    if any(part.startswith(".") or "\0" in part or "\\" in part for part in parts):
        return None
    for candidate in _candidates(parts):
        file = folder.joinpath(*candidate)
        with suppress(OSError, ValueError):  # names that no file system takes
            if file.is_file() and file.suffix != ".gz":
                return file
    return None


def _candidates(parts: tuple[str, ...]) -> list[tuple[str, ...]]:
    if not parts:
        return [("index.html",)]
    *before, last = parts
    found = [parts, (*before, f"{last}.html")]
    if len(parts) >= 2 and parts[0] in PAGES_WITH_ID and parts[1] != "_":
        name, dot, rest = parts[1].partition(".")
        if _ID.fullmatch(name):
            found += _candidates((parts[0], f"_{dot}{rest}", *parts[2:]))
    return found


@lru_cache(maxsize=64)
def policy_of(page: Path, mtime_ns: int) -> str:  # noqa: ARG001 -- a page that was built again has other scripts
    """The content security policy of one page."""
    scripts = {match.group(1) for match in _INLINE_SCRIPT.finditer(page.read_text(encoding="utf-8"))}
    hashes = sorted(
        f"'sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}'" for script in scripts
    )
    return "; ".join(
        [
            "default-src 'self'",
            f"script-src 'self' {' '.join(hashes)}".strip(),
            "style-src 'self'",
            "img-src 'self' data: blob:",
            "media-src 'self' blob:",
            "font-src 'self'",
            "connect-src 'self'",
            "worker-src 'self' blob:",
            "object-src 'none'",
            "base-uri 'none'",
            "form-action 'self'",
            "frame-ancestors 'none'",
        ]
    )
