"""The locked requirements, and what of them a given machine needs.

Owns reading ``requirements/*.txt`` as ``make lock`` writes them, and the marks of Pythons and platforms; asks nobody
for anything (``wheels.py`` does). The lock is for all machines at once, and pip weighs its conditions
(``; sys_platform == ...``) for the Python that runs pip: for another one, it must be done here.

Usage::

    lock = read_lock(path)
    needed(lock, Target("linux-x86_64", "3.12"))
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from packaging.markers import Marker
from packaging.requirements import Requirement
from packaging.tags import Tag, compatible_tags, cpython_tags, mac_platforms
from packaging.utils import canonicalize_name

from scribe.domain.errors import BundleMakingError, OptionError

GLIBC = "2.28"
"""Oldest C library that packs for Linux are made for: RHEL 8, Debian 10, Ubuntu 20.04."""
PLATFORMS = ("linux-x86_64", "linux-aarch64", "macos-arm64")
PYTHONS = ("3.11", "3.12", "3.13", "3.14")
_HASH = re.compile(r"--hash=sha256:([0-9a-f]{64})")
_MACOS = (14, 0)
"""Oldest macOS that packs are made for."""


@dataclass(frozen=True, slots=True)
class Pinned:
    """One line of the lock."""

    name: str
    version: str
    marker: Marker | None
    sha256s: frozenset[str]

    @property
    def requirement(self) -> str:
        return f"{self.name}=={self.version}"

    def line(self, *, has_marker: bool = True) -> str:
        condition = f" ; {self.marker}" if self.marker is not None and has_marker else ""
        return self.requirement + condition + "".join(f" \\\n    --hash=sha256:{one}" for one in sorted(self.sha256s))


@dataclass(frozen=True)
class Target:
    """A machine that a pack is for."""

    platform: str
    python: str
    """``3.11``."""

    def __post_init__(self) -> None:
        if self.platform not in PLATFORMS:
            raise OptionError(f"There are no packs for {self.platform}; choose among {', '.join(PLATFORMS)}.")
        if self.python not in PYTHONS:
            raise OptionError(f"There are no packs for Python {self.python}; choose among {', '.join(PYTHONS)}.")

    @property
    def is_linux(self) -> bool:
        return self.platform.startswith("linux-")

    @cached_property
    def platform_tags(self) -> tuple[str, ...]:
        """Best first."""
        machine = self.platform.partition("-")[2]
        if not self.is_linux:
            return tuple(mac_platforms(_MACOS, machine))
        newest = int(GLIBC.partition(".")[2])
        oldest = 5 if machine == "x86_64" else 17
        old_names = {17: "manylinux2014", 12: "manylinux2010", 5: "manylinux1"}
        tags = []
        for minor in range(newest, oldest - 1, -1):
            tags += [
                f"manylinux_2_{minor}_{machine}",
                *([f"{old_names[minor]}_{machine}"] if minor in old_names else []),
            ]
        return (*tags, f"linux_{machine}")

    @cached_property
    def tags(self) -> Mapping[Tag, int]:
        """Every mark of a wheel that runs there, with its rank."""
        version = tuple(int(part) for part in self.python.split("."))
        abis = [f"cp{self.python.replace('.', '')}"]
        known = [
            *cpython_tags(version, abis, self.platform_tags),
            *compatible_tags(version, f"cp{self.python.replace('.', '')}", self.platform_tags),
        ]
        return {tag: rank for rank, tag in reversed(list(enumerate(known)))}

    def environments(self) -> list[dict[str, str]]:
        """For conditions. Two: which patch release is there cannot be known, so what any of them needs is taken."""
        machine = self.platform.partition("-")[2]
        common = {
            "implementation_name": "cpython",
            "os_name": "posix",
            "platform_machine": machine,
            "platform_python_implementation": "CPython",
            "platform_system": "Linux" if self.is_linux else "Darwin",
            "python_version": self.python,
            "sys_platform": "linux" if self.is_linux else "darwin",
            "extra": "",
        }
        fulls = [f"{self.python}.{patch}" for patch in (0, 99)]
        return [common | {"python_full_version": full, "implementation_version": full} for full in fulls]


def read_lock(path: Path) -> tuple[Pinned, ...]:
    """Raises: BundleMakingError when it is not there, or a line has no hash."""
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise BundleMakingError(f"{path} cannot be read: a pack is made in a checkout of the project.") from error
    lines = (line.strip() for line in text.replace("\\\n", " ").splitlines())
    return tuple(_pinned(line, path) for line in lines if line and not line.startswith("#"))


def _pinned(line: str, path: Path) -> Pinned:
    wanted, _, _ = line.partition(" --hash")
    requirement = Requirement(wanted)
    versions = [one.version for one in requirement.specifier if one.operator == "=="]
    sha256s = frozenset(_HASH.findall(line))
    if len(versions) != 1 or not sha256s:
        raise BundleMakingError(f"{path.name} does not pin {requirement.name} by version and hash: run `make lock`.")
    return Pinned(canonicalize_name(requirement.name), versions[0], requirement.marker, sha256s)


def merged(locks: Sequence[tuple[Pinned, ...]], without: Iterable[str] = ()) -> tuple[Pinned, ...]:
    """Several locks as one. Raises: BundleMakingError when they pin one package differently."""
    left_out = set(without)
    found: dict[tuple[str, str], Pinned] = {}
    versions: dict[str, set[str]] = {}
    for number, lock in enumerate(locks):
        for pinned in lock:
            if pinned.name in left_out:
                continue
            if number and versions.get(pinned.name, {pinned.version}) - {pinned.version} and pinned.marker is None:
                raise BundleMakingError(f"The locks pin {pinned.name} to different versions: run `make lock`.")
            found.setdefault((pinned.name, pinned.version), pinned)
        for pinned in lock:
            versions.setdefault(pinned.name, set()).add(pinned.version)
    return tuple(found[key] for key in sorted(found))


def needed(lock: Iterable[Pinned], target: Target) -> tuple[Pinned, ...]:
    environments = target.environments()
    return tuple(
        pinned for pinned in lock if pinned.marker is None or any(pinned.marker.evaluate(one) for one in environments)
    )
