"""The wheels of a pack: fetched by pip, by the hashes of the lock, for this machine or another one.

Owns the folder in which they gather, so that a cut run goes on where it was, the words for what pip says, and the build
of the product's own wheel. Whatever index, mirror, proxy and certificates pip is set up with are used; no host is named
here. Only wheels are taken: nothing is built and nothing of them is run.

Usage::

    wheels = Gatherer(cache).gather(needed(lock, target), target)
"""

import os
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from email.message import Message
from email.parser import HeaderParser
from functools import cached_property
from pathlib import Path

from packaging.utils import InvalidWheelFilename, canonicalize_name, parse_wheel_filename

from scribe.adapters.bundle.lock import Pinned, Target
from scribe.core.hashing import sha256_of
from scribe.domain.errors import BundleMakingError, ResourceError

WEB_INDEX = "scribe/web/index.html"
NUM_AT_ONCE = 4
"""Runs of pip side by side: it spends its time waiting for the index."""
_NO_NETWORK = ("NewConnectionError", "Failed to establish", "name resolution", "ProxyError", "Max retries", "timed out")


@dataclass(frozen=True)
class Wheel:
    """A wheel on this disk, with a hash that is known to be right."""

    path: Path
    sha256: str

    @cached_property
    def name(self) -> str:
        return canonicalize_name(str(self.metadata["Name"]))

    @property
    def version(self) -> str:
        return str(self.metadata["Version"])

    @cached_property
    def metadata(self) -> Message:
        with zipfile.ZipFile(self.path) as archive:
            return HeaderParser().parsestr(archive.read(self._inner("METADATA")).decode())

    @cached_property
    def names(self) -> list[str]:
        with zipfile.ZipFile(self.path) as archive:
            return archive.namelist()

    @cached_property
    def installed_bytes(self) -> int:
        with zipfile.ZipFile(self.path) as archive:
            return sum(member.file_size for member in archive.infolist())

    def _inner(self, file: str) -> str:
        found = [name for name in self.names if name.endswith(f".dist-info/{file}") and name.count("/") == 1]
        if not found:
            raise BundleMakingError(f"{self.path.name} is no wheel: remove it and run the same command again.")
        return found[0]


class Gatherer:
    """Keeps wheels in a folder of its own from run to run."""

    def __init__(self, cache: Path, told: Callable[[str], object] = lambda _: None) -> None:
        self._folder = cache / "wheels"
        self._told = told
        self._known: dict[Path, str] = {}

    def gather(self, wanted: Sequence[Pinned], target: Target) -> list[Wheel]:
        """One for each. Raises: BundleMakingError that names what is missing, ResourceError when the disk is full."""
        self._folder.mkdir(parents=True, exist_ok=True)
        missing = [pinned for pinned in wanted if self._find(pinned, target) is None]
        if missing:
            self._told(f"{len(missing)} wheels for {target.platform}, Python {target.python}")
            shares = [missing[start::NUM_AT_ONCE] for start in range(min(NUM_AT_ONCE, len(missing)))]
            with ThreadPoolExecutor(NUM_AT_ONCE) as pool:
                for fetched in [pool.submit(self._fetch, share, target) for share in shares]:
                    fetched.result()
        return [self._require(pinned, target) for pinned in wanted]

    def _require(self, pinned: Pinned, target: Target) -> Wheel:
        wheel = self._find(pinned, target)
        if wheel is None:
            raise BundleMakingError(f"pip brought no wheel of {pinned.requirement} that runs on {target.platform}.")
        return wheel

    def _find(self, pinned: Pinned, target: Target) -> Wheel | None:
        """The best of those that are here; one with another hash than the lock's is as good as none."""
        found: list[tuple[int, Path]] = []
        for path in self._folder.glob(f"{pinned.name.replace('-', '[-_.]')}-*.whl"):
            ranks = _ranks(path, pinned, target)
            if ranks and self._sha256(path) in pinned.sha256s:
                found.append((min(ranks), path))
        if not found:
            return None
        path = min(found)[1]
        return Wheel(path, self._sha256(path))

    def _sha256(self, path: Path) -> str:
        if path not in self._known:
            self._known[path] = sha256_of(path)
        return self._known[path]

    def _fetch(self, wanted: Iterable[Pinned], target: Target) -> None:
        lines = [pinned.line(has_marker=False) for pinned in wanted]
        command = [sys.executable, "-m", "pip", "download", "--no-deps", "--require-hashes", "--only-binary=:all:"]
        command += ["--no-input", "--disable-pip-version-check", "--progress-bar=off"]
        command += ["--requirement", "/dev/stdin", "--dest", str(self._folder)]
        abi = f"cp{target.python.replace('.', '')}"
        command += ["--python-version", target.python, "--implementation", "cp"]
        command += [part for one in (abi, "abi3", "none") for part in ("--abi", one)]
        command += [part for one in target.platform_tags for part in ("--platform", one)]
        done = subprocess.run(
            command,
            input="\n".join(lines) + "\n",
            capture_output=True,
            text=True,
            check=False,
            env=os.environ | {"TMPDIR": str(self._folder)},  # not a small /tmp
        )
        if done.returncode:
            _complain(done.stdout + done.stderr, target)  # that nobody answers is not an error to pip, but a remark


def _ranks(path: Path, pinned: Pinned, target: Target) -> list[int]:
    """How well it fits; empty: it does not."""
    try:
        name, version, _, tags = parse_wheel_filename(path.name)
    except InvalidWheelFilename:
        return []
    if name != pinned.name or str(version) != pinned.version:
        return []
    return [target.tags[tag] for tag in tags if tag in target.tags]


def _complain(said: str, target: Target) -> None:
    """Raises: BundleMakingError, ResourceError."""
    reason = next((line for line in reversed(said.splitlines()) if line.startswith("ERROR")), said.strip()[-500:])
    reason = reason.removeprefix("ERROR: ").strip()
    if "No space left on device" in said:
        raise ResourceError("The disk is full: free some space, then run the same command again.")
    if any(sign in said for sign in _NO_NETWORK):
        raise BundleMakingError(
            "The package index cannot be reached: a pack is made on a machine with a network. What was fetched is kept."
        )
    if "DO NOT MATCH THE HASHES" in said:
        raise BundleMakingError("The package index offers other files than the lock names: nothing of them was taken.")
    if "No matching distribution" in said:
        what = reason.rpartition(" ")[2]
        raise BundleMakingError(
            f"There is no wheel of {what} for {target.platform} and Python {target.python} in the package index."
        )
    raise BundleMakingError(f"pip could not fetch the wheels: {reason}")


def build_own_wheel(source: Path, folder: Path) -> Wheel:
    """The product's wheel, from the checkout, with the web interface inside.

    Raises: BundleMakingError when it cannot be built, or the web interface was not.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("*.whl"):
        old.unlink()
    built = subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(folder)],
        cwd=source / "backend-python",
        capture_output=True,
        text=True,
        check=False,
    )
    wheel = next(iter(folder.glob("smart_meeting_scribe-*.whl")), None)
    if built.returncode or wheel is None:
        lines = (built.stderr or built.stdout).strip().splitlines() or ["no word"]
        raise BundleMakingError(f"The product's own wheel could not be built: {lines[-1]}")
    return own_wheel(wheel)


def own_wheel(path: Path) -> Wheel:
    """Raises: BundleMakingError when it is not the product's, or lacks the web interface."""
    try:
        wheel = Wheel(path, sha256_of(path))
        name, names = wheel.name, wheel.names
    except (OSError, zipfile.BadZipFile) as error:
        raise BundleMakingError(f"{path} is no wheel.") from error
    if name != "smart-meeting-scribe":
        raise BundleMakingError(f"{path.name} is not the product's wheel.")
    if WEB_INDEX not in names:
        raise BundleMakingError(f"{path.name} has no web interface: run `make web`, then make the pack again.")
    return wheel
