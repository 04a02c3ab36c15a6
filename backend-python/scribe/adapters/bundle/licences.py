"""Whose work is in the pack, and on which terms: names, licences and their texts.

Owns reading them from wheels; npm's are in ``web_packages.py``, the models' come from the catalogue. Nothing is
guessed: where a package says nothing, the list says so.

Usage::

    licence_of(wheel)         # "MIT", or "see METADATA" ...
    texts_of(wheel)           # {"LICENSE": b"..."}
"""

import json
import re
import zipfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from scribe.adapters.bundle.wheels import Wheel

NOT_SAID = "not said"
_PAPER = re.compile(r"(licen[cs]e|copying|copyright|notice|authors|third.?party)", re.IGNORECASE)
_TOO_LONG = 100
"""Characters of a License field: more is the text itself, not a name."""


@dataclass(frozen=True, slots=True)
class Work:
    """Something that other people made and the pack holds."""

    kind: str
    """``python``, ``npm``, ``model`` or ``product``."""
    name: str
    version: str
    licence: str
    texts: Mapping[str, bytes] = field(default_factory=dict)
    """By file name."""

    @property
    def folder(self) -> str:
        return f"licences/{self.kind}/{self.name.replace('/', '__')}-{self.version}"


def work_of(wheel: Wheel) -> Work:
    return Work("python", wheel.name, wheel.version, licence_of(wheel), texts_of(wheel))


def licence_of(wheel: Wheel) -> str:
    said = wheel.metadata
    named = str(said.get("License-Expression") or said.get("License") or "").strip()
    if named and len(named) <= _TOO_LONG and "\n" not in named and named.upper() != "UNKNOWN":
        return named
    classified = [
        str(one).rpartition(" :: ")[2] for one in said.get_all("Classifier", []) if str(one).startswith("License ::")
    ]
    return " AND ".join(sorted(set(classified) - {"OSI Approved"})) or (named.splitlines()[0] if named else NOT_SAID)


def texts_of(wheel: Wheel) -> dict[str, bytes]:
    """By their names inside the wheel's metadata, with those that it packs beside its code."""
    texts: dict[str, bytes] = {}
    with zipfile.ZipFile(wheel.path) as archive:
        for name in sorted(wheel.names):
            folder, _, file = name.rpartition("/")
            is_listed = ".dist-info/licenses/" in name
            is_paper = bool(_PAPER.match(file)) and not file.endswith((".py", ".pyc", ".so", ".pyi"))
            if name.endswith("/") or not (is_listed or is_paper):
                continue
            shown = name.partition(".dist-info/")[2].removeprefix("licenses/") if ".dist-info/" in name else name
            if folder and shown:
                texts[shown] = archive.read(name)
    return texts


def index(works: Iterable[Work]) -> dict[str, bytes]:
    """The list that people read and the one that programs read."""
    ordered = sorted(works, key=lambda one: (one.kind, one.name, one.version))
    rows = [
        {"kind": one.kind, "name": one.name, "version": one.version, "licence": one.licence, "texts": sorted(one.texts)}
        for one in ordered
    ]
    lines = [
        "# Licences / Licences d'utilisation",
        "",
        "| kind | name | version | licence | texts |",
        "|---|---|---|---|---|",
    ]
    for one in ordered:
        place = f"[{len(one.texts)}]({one.folder.removeprefix('licences/')}/)" if one.texts else "none in the package"
        lines.append(f"| {one.kind} | {one.name} | {one.version} | {one.licence.replace('|', '/')} | {place} |")
    return {
        "licences/README.md": ("\n".join(lines) + "\n").encode(),
        "licences/licences.json": (json.dumps(rows, indent=1, ensure_ascii=False) + "\n").encode(),
    }


def files(works: Iterable[Work]) -> dict[str, bytes]:
    return {f"{one.folder}/{name}": text for one in works for name, text in one.texts.items()}
