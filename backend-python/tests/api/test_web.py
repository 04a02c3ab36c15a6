"""The web interface's files as a hostile user asks for them: nothing from outside, nothing stale, no strange script.

The folder is a tiny export with everything that is special about Next's; the last tests look at the real one, where it
is built (``make web``).
"""

import asyncio
import base64
import gzip
import hashlib
import os
import re
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

from scribe.api.errors import install_error_handlers
from scribe.api.headers import install_security_headers
from scribe.api.web import FOREVER, install_web, policy_of

SCRIPT = 'document.documentElement.dataset.theme="dark"'
PAGE = f"<!DOCTYPE html><html><head><script>{SCRIPT}</script><script src='/_next/static/a.js'></script></head>%s</html>"
REAL = Path(__file__).resolve().parents[3] / "frontend-nextjs" / "out"
built = pytest.mark.skipif(not (REAL / "index.html").is_file(), reason="the web interface is not built: make web")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An export, with a secret beside it."""
    (tmp_path / "secret.txt").write_text("secret")
    (tmp_path / "secret.html").write_text("secret")
    out = tmp_path / "out"
    files = {
        "index.html": PAGE % "list", "404.html": PAGE % "nowhere", "meetings/_.html": PAGE % "meeting",
        "meetings/_.txt": "flight", "meetings/_/__next._tree.txt": "tree", "voices.html": PAGE % "voices",
        "voices/_.html": PAGE % "voice", "index.txt": "flight", "_next/static/a-1b2c.js": "let a = 1;" * 50,
        "icon.svg": "<svg/>", ".built": "stamp", "empty.html": "",
    }  # fmt: skip
    for name, text in files.items():
        file = out / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        file.with_name(f"{file.name}.gz").write_bytes(gzip.compress(text.encode(), mtime=0))
    (out / "photo.webp").write_bytes(b"RIFF")
    return out


def serving(folder: Path | None) -> FastAPI:
    app = FastAPI()
    install_error_handlers(app)
    install_security_headers(app)

    @app.get("/api/v1/known")
    async def known() -> dict[str, str]:
        return {}

    install_web(app, folder)
    return app


def client_of(app: FastAPI) -> httpx.AsyncClient:
    return httpx.AsyncClient(
        transport=httpx.ASGITransport(app, raise_app_exceptions=False), base_url="http://scribe.test",
        headers={"Accept-Encoding": "identity"},
    )  # fmt: skip


@pytest.fixture
async def web(folder: Path) -> AsyncIterator[httpx.AsyncClient]:
    async with client_of(serving(folder)) as client:
        yield client


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("/", "list"), ("/index.html", "list"), ("/meetings/0190aa", "meeting"), ("/meetings/0190aa/", "meeting"),
        ("/meetings/0190aa?t=12#x", "meeting"), ("/meetings/0190aa.txt", "flight"), ("/voices", "voices"),
        ("/meetings/0190aa/__next._tree.txt", "tree"), ("/voices/0190aa", "voice"), ("/voices/", "voices"),
    ],
)  # fmt: skip
async def test_an_address_has_its_file(web: httpx.AsyncClient, path: str, text: str) -> None:
    answer = await web.get(path)
    assert (answer.status_code, text in answer.text) == (200, True)


@pytest.mark.parametrize(
    "path",
    [
        "/../secret.txt", "/..%2fsecret.txt", "/%2e%2e/secret.txt", "/%2e%2e%2fsecret", "/..%5csecret.txt",
        "/./secret.txt",
        "/meetings/../../secret.txt", "/meetings/..%2f..%2fsecret", "/meetings/%2e%2e/%2e%2e/secret",
        "/%00", "/index.html%00", "/meetings/%00", "/meetings/a%00.html", "/.built", "/_next/../.built", "/%2ebuilt",
        "/meetings/_/../../../secret", "/%c0%ae%c0%ae/secret.txt", "/..%c0%afsecret.txt", "/%252e%252e/secret.txt",
        "/" + "a" * 300, "/meetings/" + "a" * 300, "/" + "a/" * 3000, "/meetings/a b", "/meetings/é", "/%ff%fe",
        "/~root",
        "/index.html.gz", "/meetings/_.html.gz", "/meetings/x.html.gz", "/index.html/",
        "/C:/secret.txt",
        "/meetings", "/meetings/a/b", "/_next", "/_next/static", "/_next/static/nothing.js", "/photo", "/\\secret.txt",
    ],
)  # fmt: skip
async def test_nothing_else_is_told_and_the_page_says_so(web: httpx.AsyncClient, path: str) -> None:
    answer = await web.get(path)
    if path == "/index.html/":  # the same file under another address: no harm
        assert "list" in answer.text
        return
    assert answer.status_code == 404, answer.text
    assert "nowhere" in answer.text
    assert "secret" not in answer.text
    assert answer.headers["content-type"].startswith("text/html")
    assert "content-security-policy" in answer.headers


async def test_a_raw_path_is_not_cleaned_up_by_the_client(folder: Path) -> None:
    """Httpx takes dots out of addresses before it sends them; others do not."""
    app = serving(folder)
    for path in ("/../secret.txt", "/meetings/../../secret.txt", "/..", "/a/../../secret.html", "//../secret.txt"):
        sent: list[dict[str, object]] = []

        async def receive() -> dict[str, object]:
            await asyncio.Event().wait()  # nothing follows, and nobody goes away
            return {}

        async def send(message: dict[str, object]) -> None:
            sent.append(message)  # noqa: B023 -- used up within the round

        scope = {
            "type": "http", "method": "GET", "path": path, "raw_path": path.encode(), "query_string": b"",
            "headers": [], "http_version": "1.1", "scheme": "http", "server": ("x", 80), "client": ("y", 1),
        }  # fmt: skip
        await app(scope, receive, send)  # type: ignore[arg-type]
        assert sent[0]["status"] == 404, path
        assert b"secret" not in b"".join(bytes(message.get("body", b"")) for message in sent)  # type: ignore[call-overload]


@pytest.mark.parametrize("path", ["/api/v1/nothing", "/api/", "/api/v1/%2e%2e/index.html", "/health/x", "/docs/x"])
async def test_what_is_the_services_own_stays_a_problem(web: httpx.AsyncClient, path: str) -> None:
    answer = await web.get(path)
    assert (answer.status_code, answer.headers["content-type"]) == (404, "application/problem+json")
    assert answer.json()["code"] == "request.not_found"


async def test_known_addresses_of_the_api_are_not_taken(web: httpx.AsyncClient) -> None:
    assert (await web.get("/api/v1/known")).json() == {}
    assert (await web.post("/")).status_code == 404


@pytest.mark.parametrize("path", ["/", "/meetings/0190aa", "/_next/static/a-1b2c.js", "/nowhere"])
async def test_head_says_what_get_would_and_sends_nothing(web: httpx.AsyncClient, path: str) -> None:
    head, get = await web.head(path), await web.get(path)
    assert head.status_code == get.status_code
    assert head.content == b""
    assert head.headers["content-length"] == str(len(get.content))
    assert dict(head.headers) == dict(get.headers)


@pytest.mark.parametrize(
    ("wish", "is_packed"),
    [("gzip", True), ("br, gzip;q=0.8", True), ("GZIP", True), ("gzip;q=0", False), ("gzip; q=0.0", False),
     ("br", False), ("identity", False), ("", False), ("gzipped", False), ("*", False)],
)  # fmt: skip
async def test_packed_files_go_to_those_who_take_them(web: httpx.AsyncClient, wish: str, is_packed: bool) -> None:
    answer = await web.get("/_next/static/a-1b2c.js", headers={"Accept-Encoding": wish})
    assert answer.text == "let a = 1;" * 50
    assert (answer.headers.get("content-encoding") == "gzip") is is_packed
    assert answer.headers["vary"] == "Accept-Encoding"
    assert answer.headers["content-type"].startswith("text/javascript")


async def test_what_has_not_changed_is_not_sent_again(web: httpx.AsyncClient, folder: Path) -> None:
    """FileResponse sends an ETag and does not look at it."""
    first = await web.get("/meetings/0190aa")
    known = {"If-None-Match": first.headers["etag"]}
    again = await web.get("/meetings/another", headers=known)
    assert (again.status_code, again.content) == (304, b"")
    for name in ("etag", "cache-control", "vary", "content-security-policy"):
        assert again.headers[name] == first.headers[name]
    packed = await web.get("/meetings/0190aa", headers={"Accept-Encoding": "gzip"})
    assert packed.headers["etag"] != first.headers["etag"]  # other bytes
    assert (
        await web.head("/meetings/0190aa", headers={"If-None-Match": f'"x", W/{first.headers["etag"]}'})
    ).status_code == 304
    file = folder / "meetings" / "_.html"
    file.write_text(PAGE % "built again")
    os.utime(file, ns=(1, 1))
    assert (await web.get("/meetings/0190aa", headers=known)).status_code == 200


async def test_nowhere_is_never_not_modified(web: httpx.AsyncClient) -> None:
    missing = await web.get("/nothing")
    assert (await web.get("/nothing", headers={"If-None-Match": missing.headers["etag"]})).status_code == 404


async def test_only_files_named_by_their_content_are_kept_for_ever(web: httpx.AsyncClient) -> None:
    assert (await web.get("/_next/static/a-1b2c.js")).headers["cache-control"] == FOREVER
    for path in ("/", "/meetings/x", "/icon.svg", "/index.txt", "/nothing"):
        assert (await web.get(path)).headers["cache-control"] == "no-cache"
    # One that is not there (yet): a proxy would keep "not found" for a year.
    assert (await web.get("/_next/static/not-yet.js")).headers["cache-control"] == "no-cache"


async def test_files_that_links_need_have_the_kind_that_next_gives_them(web: httpx.AsyncClient) -> None:
    assert (await web.get("/index.txt")).headers["content-type"].startswith("text/x-component")
    assert (await web.get("/icon.svg")).headers["content-type"] == "image/svg+xml"


async def test_scripts_in_a_page_run_by_their_hash_only(web: httpx.AsyncClient) -> None:
    policy = (await web.get("/")).headers["content-security-policy"]
    wanted = base64.b64encode(hashlib.sha256(SCRIPT.encode()).digest()).decode()
    assert f"script-src 'self' 'sha256-{wanted}';" in policy
    assert "unsafe" not in policy
    for rule in ("default-src 'self'", "object-src 'none'", "base-uri 'none'", "frame-ancestors 'none'"):
        assert rule in policy
    assert "content-security-policy" in (await web.get("/empty")).headers


async def test_a_page_that_was_built_again_has_other_hashes(web: httpx.AsyncClient, folder: Path) -> None:
    before = (await web.get("/voices")).headers["content-security-policy"]
    (folder / "voices.html").write_text("<script>other()</script>")
    os.utime(folder / "voices.html", ns=(5, 5))
    after = (await web.get("/voices")).headers["content-security-policy"]
    assert before != after


async def test_while_it_is_not_built_that_is_said_and_the_api_works() -> None:
    async with client_of(serving(None)) as client:
        page = await client.get("/meetings/x")
        assert "make web" in page.text
        assert page.headers["content-security-policy"] == "default-src 'none'"
        assert (await client.get("/api/v1/known")).status_code == 200
        assert (await client.get("/api/v1/nothing")).headers["content-type"] == "application/problem+json"


async def test_half_an_export_is_a_problem_not_a_crash(tmp_path: Path) -> None:
    (tmp_path / "index.html").write_text("list")
    async with client_of(serving(tmp_path)) as client:
        answer = await client.get("/nothing")
        assert (answer.status_code, answer.json()["code"]) == (404, "request.not_found")


@built
async def test_every_built_page_is_served_with_the_hashes_of_its_scripts(subtests: pytest.Subtests) -> None:
    inline = re.compile(r"<script(?P<attributes>[^>]*)>(?P<text>.*?)</script>", re.DOTALL)
    async with client_of(serving(REAL)) as client:
        for page in sorted(REAL.rglob("*.html")):
            address = "/" + str(page.relative_to(REAL)).removesuffix(".html").removesuffix("index")
            with subtests.test(page=address):
                answer = await client.get(address)
                assert answer.status_code == 200, address
                policy = answer.headers["content-security-policy"]
                found = list(inline.finditer(answer.text))
                for script in found:
                    if "src=" not in script["attributes"]:
                        digest = base64.b64encode(hashlib.sha256(script["text"].encode()).digest()).decode()
                        assert f"'sha256-{digest}'" in policy
                assert found
                assert not re.search(r"<[^>]+\son[a-z]+=", answer.text)  # the policy forbids handlers in attributes
                assert "<style" not in answer.text  # as it does these


@built
async def test_every_file_of_the_build_comes_packed_and_whole(subtests: pytest.Subtests) -> None:
    async with client_of(serving(REAL)) as client:
        for file in sorted(REAL.rglob("*")):
            if not file.is_file() or file.suffix in {".gz", ".html"} or file.name.startswith("."):
                continue
            address = "/" + str(file.relative_to(REAL))
            with subtests.test(file=address):
                answer = await client.get(address, headers={"Accept-Encoding": "gzip"})
                assert (answer.status_code, answer.content) == (200, file.read_bytes())


def test_policies_are_remembered_by_page_and_build(folder: Path) -> None:
    assert policy_of(folder / "index.html", 1) == policy_of(folder / "index.html", 1)
