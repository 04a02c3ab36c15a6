"""What the pages of the web interface would load from elsewhere: nothing, or the proof fails.

Owns reading the built export. A page may *name* other addresses (namespaces of SVG, the explanations that React and
Next print with an error); it may load nothing from them. Every host in it must be known here with its reason, so that a
new one is looked at by a person; what HTML and CSS load by themselves must have no host at all. At run time the content
security policy says the same to the browser; ``journey.py`` asks for it.

Usage::

    loaded_from_elsewhere(Path("frontend-nextjs/out"))      # []
"""

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

NAMED_ONLY = {
    "www.w3.org": "names of XML namespaces; never fetched",
    "nextjs.org": "in sentences of errors that Next prints to developers",
    "react.dev": "in sentences of errors that React prints to developers",
    "github.com": "in sentences of errors",
    "a": "core code that tries how the browser reads addresses",
    "n": "core code that tries how the browser reads addresses",
    "x": "core code that tries how the browser reads addresses",
}
"""Hosts that may stand in the interface's code, and why nothing is loaded from them."""
POLICY = {
    "default-src": {"'self'"},
    "connect-src": {"'self'"},
    "img-src": {"'self'", "data:", "blob:"},
    "media-src": {"'self'", "blob:"},
    "font-src": {"'self'"},
    "style-src": {"'self'"},
}
"""What the browser is told, at the most."""
_HOST = re.compile(r"(?:https?|wss?):\\?/\\?/([A-Za-z0-9.-]+)")
_CSS = re.compile(r"url\(\s*['\"]?((?:https?:)?//[^'\")]+)|@import\s+(?:url\()?['\"]?((?:https?:)?//[^'\")\s]+)")
_LOADING = {"src", "srcset", "poster", "data", "action", "formaction", "background", "manifest", "ping"}


def loaded_from_elsewhere(folder: Path) -> list[str]:
    """Sentences; empty: the interface keeps to itself. Raises: FileNotFoundError when there is none."""
    if not (folder / "index.html").is_file():
        raise FileNotFoundError(f"{folder} holds no web interface")
    found: list[str] = []
    for path in sorted(folder.rglob("*")):
        if not path.is_file() or path.suffix not in {".html", ".js", ".css", ".svg", ".json", ".txt", ".webmanifest"}:
            continue
        text, name = path.read_text(encoding="utf-8"), path.relative_to(folder).as_posix()
        found += [f"{name} names {host}, which nobody has looked at" for host in sorted(_hosts(text) - set(NAMED_ONLY))]
        if path.suffix in {".html", ".svg"}:
            found += [f"{name} loads {address}" for address in _loaded_by_markup(text)]
        if path.suffix in {".html", ".css", ".svg"}:
            found += [f"{name} loads {one or two}" for one, two in _CSS.findall(text)]
    return found


def too_open(policy: str) -> list[str]:
    """What a Content-Security-Policy allows beyond this machine."""
    said = {words[0]: set(words[1:]) for part in policy.split(";") if (words := part.split())}
    missing = [] if "default-src" in said else ["no default-src"]
    return missing + [
        f"{name} allows {', '.join(sorted(said[name] - allowed))}"
        for name, allowed in POLICY.items()
        if name in said and said[name] - allowed
    ]


def _hosts(text: str) -> set[str]:
    return {host.lower() for host in _HOST.findall(text)}


def _loaded_by_markup(text: str) -> Iterator[str]:
    reader = _Loads()
    reader.feed(text)
    yield from reader.addresses


class _Loads(HTMLParser):
    """Attributes that a browser follows without being asked."""

    def __init__(self) -> None:
        super().__init__()
        self.addresses: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            follows = name in _LOADING or (name in {"href", "xlink:href"} and tag in {"link", "use", "image", "base"})
            if follows and value and re.match(r"\s*(?:[a-z]+:)?//", value, re.IGNORECASE):
                self.addresses.append(value)
