"""The npm packages from which the web interface was compiled.

Owns reading ``package-lock.json`` and ``node_modules``: what is needed at run time, without what only tests and tools
use and without programs for other machines, which the export cannot hold. The list is rather too long than too
short: what the compiler left out of the pages cannot be seen from here.

Usage::

    packages = read_packages(frontend)
"""

import base64
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scribe.adapters.bundle.licences import NOT_SAID, Work
from scribe.domain.errors import BundleMakingError

_PAPER = re.compile(r"(licen[cs]e|copying|notice)", re.IGNORECASE)
_PREFIX = "node_modules/"


@dataclass(frozen=True, slots=True)
class WebPackage:
    work: Work
    sha512: str | None
    """Of what npm fetched, as its lock has it."""
    place: str
    """In ``node_modules``; two versions of a package lie in two places."""
    needs: tuple[str, ...]
    """Places of what it depends on."""


def read_packages(frontend: Path) -> tuple[list[WebPackage], tuple[str, ...]]:
    """All of them, and the places of those that the interface itself names. Raises: BundleMakingError."""
    try:
        locked: dict[str, dict[str, Any]] = json.loads((frontend / "package-lock.json").read_text())["packages"]
    except (OSError, ValueError, KeyError) as error:
        raise BundleMakingError(f"{frontend}/package-lock.json cannot be read.") from error
    if not (frontend / "node_modules").is_dir():
        raise BundleMakingError("The web interface's packages are not here, and their licences with them: `make web`.")
    places = {place for place, facts in locked.items() if place and _is_compiled_in(facts)}
    packages = [_package(frontend, place, locked, places) for place in sorted(places)]
    return packages, _needs("", locked[""], places)


def _is_compiled_in(facts: Mapping[str, Any]) -> bool:
    return not any(facts.get(mark) for mark in ("dev", "devOptional", "optional", "os", "cpu", "link"))


def _package(frontend: Path, place: str, locked: Mapping[str, dict[str, Any]], places: set[str]) -> WebPackage:
    facts = locked[place]
    name = place.rpartition(_PREFIX)[2]
    integrity = str(facts.get("integrity", ""))
    sha512 = base64.b64decode(integrity.removeprefix("sha512-")).hex() if integrity.startswith("sha512-") else None
    folder = frontend / place
    licence = facts.get("license") or _own_word(folder) or NOT_SAID
    texts = {path.name: path.read_bytes() for path in sorted(folder.glob("*")) if path.is_file() and _is_paper(path)}
    work = Work("npm", name, str(facts["version"]), str(licence), texts)
    return WebPackage(work, sha512, place, _needs(place, facts, places))


def _is_paper(path: Path) -> bool:
    return bool(_PAPER.match(path.name)) and path.suffix not in {".js", ".ts", ".json"}


def _own_word(folder: Path) -> str | None:
    """Old packages say it otherwise."""
    try:
        said = json.loads((folder / "package.json").read_text())
    except (OSError, ValueError):
        return None
    licence = said.get("license") or next(iter(said.get("licenses", [])), None)
    return licence.get("type") if isinstance(licence, dict) else licence


def _needs(place: str, facts: Mapping[str, Any], places: set[str]) -> tuple[str, ...]:
    """As Node looks for them: beside, then above."""
    found = []
    for name in sorted({**facts.get("dependencies", {}), **facts.get("peerDependencies", {})}):
        above = place
        while True:
            candidate = f"{above}/{_PREFIX}{name}" if above else _PREFIX + name
            if candidate in places:
                found.append(candidate)
                break
            if not above:
                break
            above = above.rpartition("/" + _PREFIX)[0]
    return tuple(found)
