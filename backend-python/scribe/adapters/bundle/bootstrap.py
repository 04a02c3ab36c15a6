"""Installs Smart Meeting Scribe from an unpacked air-gap pack, without any network.

Owns where an installation lies, and that it is whole or not there. It travels in the pack as ``install.py``, so it
needs Python and nothing else, and imports nothing of the product. Layout::

    PREFIX/versions/<version>-<digest>/{venv,pack,installed.json}    one folder a pack; installed.json is written last
    PREFIX/models/<name>/                                            shared by all versions
    PREFIX/current -> versions/<...>                                 what runs; changed by one rename
    PREFIX/bin/scribe                                                runs what `current` names, with these models

It may be killed at any moment and run again: what is whole is left alone, what is not is made anew, and ``current``
names the former version until the new one is complete.

Usage::

    python3 install.py [--prefix DIR]
    python3 install.py --activate VERSION       # back to one that is still there
"""

from __future__ import annotations

import argparse
import contextlib
import errno
import hashlib
import json
import os
import platform
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

Manifest = dict[str, Any]
Told = Callable[[str], object]

PRODUCT = "smart-meeting-scribe"
FORMAT = 1
"""Of the pack; a newer one is refused."""
SUMS = "SHA256SUMS"
MANIFEST = "manifest.json"
RECORD = "installed.json"
MODEL_RECORD = "scribe-model.json"
HEADROOM_BYTES = 256 << 20
_BLOCK_BYTES = 1 << 20

_WRAPPER = """\
#!/bin/sh
# Written by the installer of Smart Meeting Scribe: runs the current version with the models that all versions share.
[ -n "${{SCRIBE_MODELS_DIR:-}}" ] || SCRIBE_MODELS_DIR={models}
export SCRIBE_MODELS_DIR
exec {scribe} "$@"
"""


class InstallError(Exception):
    """One sentence that the operator can act on."""


def main() -> int:
    options = _options()
    pack = Path(__file__).resolve().parent
    try:
        if options.activate:
            activate(options.prefix, options.activate)
            _say(f"{options.prefix}: {options.activate} is current. Restart the service.")
            return 0
        name = install(pack, options.prefix, python=options.python, is_compiling=options.compile, told=_say)
    except InstallError as error:
        sys.stderr.write(f"install: {error}\n")
        return 1
    except KeyboardInterrupt:
        sys.stderr.write("\ninstall: interrupted. Run it again: it goes on.\n")
        return 130
    _say(what_next(options.prefix, name))
    return 0


def _say(sentence: str) -> None:
    sys.stdout.write(sentence + "\n")
    sys.stdout.flush()


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="install.py", description="Installs Smart Meeting Scribe from this folder.")
    parser.add_argument("--prefix", type=_absolute, default=default_prefix(), help="default: %(default)s")
    parser.add_argument("--python", default=sys.executable, help="the Python to install for; default: this one")
    parser.add_argument("--activate", metavar="VERSION", help="make a version current that is installed already")
    parser.add_argument(
        "--no-compile",
        dest="compile",
        action="store_false",
        help="leave out bytecode: a faster installation and slower first starts",
    )
    return parser.parse_args()


def _absolute(path: str) -> Path:
    return Path(path).expanduser().absolute()


def default_prefix() -> Path:
    """For root /opt/smart-meeting-scribe; for others, a folder of their own."""
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        return Path("/opt") / PRODUCT
    data = os.environ.get("XDG_DATA_HOME") or "~/.local/share"
    return _absolute(data) / PRODUCT


def install(
    pack: Path, prefix: Path, *, python: str = sys.executable, is_compiling: bool = True, told: Told = _say
) -> str:
    """The name of the version that is current now.

    Raises: InstallError, with what was current still current.
    """
    manifest = read_manifest((pack / MANIFEST).read_bytes() if (pack / MANIFEST).is_file() else b"")
    check_machine(manifest, python)
    told(f"Checking {manifest['files']} files of {PRODUCT} {manifest['version']} ...")
    check_files(pack)
    os.umask(0o022)
    name = version_name(pack, manifest)
    with _disk_errors(), locked(prefix):
        _require_room(prefix, name, manifest)
        if is_whole(prefix / "versions" / name):
            told(f"{name} is installed already.")
        else:
            _make_version(pack, prefix, name, manifest, python, is_compiling=is_compiling, told=told)
        for model in manifest["models"]:
            _install_model(pack / "models" / model, prefix / "models", told)
        _write_wrapper(prefix)
        _point(prefix, name)
    return name


def activate(prefix: Path, name: str) -> None:
    """Makes an installed version current: the way back. Raises: InstallError when it is not there whole."""
    if name not in versions(prefix):
        known = ", ".join(versions(prefix)) or "none"
        raise InstallError(f"{name} is not installed in {prefix}; there is: {known}.")
    with _disk_errors(), locked(prefix):
        _point(prefix, name)


def versions(prefix: Path) -> list[str]:
    """Names of what is installed whole, oldest first."""
    folder = prefix / "versions"
    if not folder.is_dir():
        return []
    whole = [entry for entry in folder.iterdir() if is_whole(entry)]
    return [entry.name for entry in sorted(whole, key=lambda entry: (entry / RECORD).stat().st_mtime_ns)]


def current(prefix: Path) -> str | None:
    """The name of the version that runs."""
    try:
        return (prefix / "current").readlink().name
    except OSError:
        return None


def is_whole(folder: Path) -> bool:
    return (folder / RECORD).is_file()


def version_name(pack: Path, manifest: Manifest) -> str:
    """Two packs of one version with other contents lie side by side, too."""
    return f"{manifest['version']}-{_sha256_of(pack / SUMS)[:8]}"


def what_next(prefix: Path, name: str) -> str:
    scribe = shlex.quote(str(prefix / "bin" / "scribe"))
    if os.environ.get("LC_ALL", os.environ.get("LC_MESSAGES", os.environ.get("LANG", ""))).startswith("fr"):
        return (
            f"\n{name} est installé dans {prefix}.\n"
            f"  démarrer      {scribe} up\n  vérifier      {scribe} doctor ; {scribe} models verify\n"
            f"  revenir       {scribe} bundle versions, puis {scribe} bundle activate VERSION\n"
            "La suite (service systemd, sauvegardes, mises à jour) : LISEZMOI.md de ce paquet."
        )
    return (
        f"\n{name} is installed in {prefix}.\n"
        f"  start         {scribe} up\n  check         {scribe} doctor; {scribe} models verify\n"
        f"  go back       {scribe} bundle versions, then {scribe} bundle activate VERSION\n"
        "What comes then (systemd service, backups, upgrades): README.md of this pack."
    )


def read_manifest(content: bytes) -> Manifest:
    """Raises: InstallError unless it is one of ours, in a format that is known here."""
    wanted = {"format": int, "product": str, "version": str, "platform": str, "glibc": str, "python": list}
    wanted |= {"models": list, "files": int, "installed_bytes": int}
    try:
        manifest: Manifest = json.loads(content)
        is_ours = manifest["product"] == PRODUCT and isinstance(manifest["format"], int)
    except (ValueError, KeyError, TypeError):
        is_ours = False
    if not is_ours:
        raise InstallError(f"This is no pack of {PRODUCT}: {MANIFEST} is missing or not readable.")
    if manifest["format"] > FORMAT:
        raise InstallError("This pack was made by a newer version: use the install.py that lies in it.")
    wrong = [name for name, kind in wanted.items() if not isinstance(manifest.get(name), kind)]
    names = [str(one) for one in (manifest["version"], *(manifest.get("models") or ()))]
    if wrong or any(not name or name.startswith(".") or "/" in name or "\\" in name for name in names):
        raise InstallError(f"{MANIFEST} of this pack is damaged ({', '.join(wrong) or 'names'}): get the pack again.")
    return manifest


def this_platform() -> str:
    system = {"Darwin": "macos"}.get(platform.system(), platform.system().lower())
    return f"{system}-{platform.machine()}"


def check_machine(manifest: Manifest, python: str = sys.executable) -> None:
    """Raises: InstallError when this pack is for another machine or another Python."""
    if manifest["platform"] != this_platform():
        raise InstallError(f"This pack is for {manifest['platform']}, and this machine is {this_platform()}.")
    library, version = platform.libc_ver()
    if manifest["glibc"] and (library != "glibc" or _numbers(version) < _numbers(manifest["glibc"])):
        found = f"{library} {version}".strip() or "another C library"
        raise InstallError(f"This pack needs glibc {manifest['glibc']} or newer, and this machine has {found}.")
    try:
        asked = "import sys; print('%d.%d' % sys.version_info[:2])"
        found = subprocess.run([python, "-c", asked], capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError) as error:
        raise InstallError(f"{python} cannot be run: {error}.") from error
    if found not in manifest["python"]:
        able = " or ".join(manifest["python"])
        raise InstallError(f"This pack is for Python {able}, and {python} is {found}: name another one with --python.")


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split(".") if part.isdigit())


def read_sums(content: bytes) -> dict[str, str]:
    """SHA-256 by name, of a list as ``sha256sum`` writes it. Raises: InstallError."""
    sums: dict[str, str] = {}
    try:
        for line in content.decode().splitlines():
            sha256, gap, name = line[:64], line[64:66], line[66:]
            if gap != "  " or not name or name in sums or set(sha256) - set("0123456789abcdef"):
                raise InstallError(f"{SUMS} is damaged: get the pack again.")
            sums[name] = sha256
    except UnicodeDecodeError as error:
        raise InstallError(f"{SUMS} is damaged: get the pack again.") from error
    return sums


def check_files(pack: Path) -> None:
    """Everything that was packed is here as it was, and nothing else. Raises: InstallError."""
    if not (pack / SUMS).is_file():
        raise InstallError(f"{SUMS} is missing in {pack}: get the pack again.")
    sums = read_sums((pack / SUMS).read_bytes())
    found = {path.relative_to(pack).as_posix() for path in pack.rglob("*") if path.is_symlink() or not path.is_dir()}
    complain(sorted(sums.keys() - found), "is missing", "are missing")
    complain(sorted(found - sums.keys() - {SUMS}), "does not belong there", "do not belong there")
    links = [name for name in sums if (pack / name).is_symlink() or not (pack / name).is_file()]
    complain(links, "is no plain file", "are no plain files")
    complain([name for name, sha256 in sums.items() if _sha256_of(pack / name) != sha256], "is damaged", "are damaged")


def complain(names: list[str], one: str, several: str) -> None:
    """Raises: InstallError when there are names."""
    if names:
        more = f" and {len(names) - 3} more" if len(names) > 3 else ""
        verb = one if len(names) == 1 else several
        raise InstallError(f"{', '.join(names[:3])}{more} {verb}: get the pack again.")


def _make_version(
    pack: Path, prefix: Path, name: str, manifest: Manifest, python: str, *, is_compiling: bool, told: Told
) -> None:
    """In its final place, because a virtual environment cannot be moved; the record is what makes it count."""
    folder = prefix / "versions" / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    told(f"Installing {manifest['wheels']} packages into {folder} ...")
    venv = folder / "venv"
    _run([python, "-m", "venv", "--without-pip", venv], "The virtual environment could not be made")
    own_python = venv / "bin" / "python"
    pip = next((pack / "wheels").glob("pip-*.whl"), None)
    if pip is None:
        raise InstallError("The wheel of pip is missing: get the pack again.")
    options = ["--no-index", "--find-links", pack / "wheels", "--no-deps", "--require-hashes", "--no-compile"]
    options += ["--no-cache-dir", "--disable-pip-version-check", "--no-input", "--quiet"]
    command = [own_python, pip / "pip", "--isolated", "install", *options, "-r", pack / "requirements.txt"]
    _run(command, "The packages could not be installed")
    if is_compiling:
        told("Compiling ...")
        subprocess.run(
            [own_python, "-m", "compileall", "-q", "-j", "0", venv / "lib"], capture_output=True, check=False
        )
    shown = _run([venv / "bin" / "scribe", "--version"], "What was installed does not start")
    if manifest["version"] not in shown.split():
        raise InstallError(f"What was installed calls itself {shown.strip()!r} instead of {manifest['version']}.")
    _keep_papers(pack, folder / "pack")
    os.sync()
    draft = folder / (RECORD + ".new")
    draft.write_text(json.dumps({"name": name, "version": manifest["version"], "python": python}, indent=2) + "\n")
    draft.replace(folder / RECORD)


def _keep_papers(pack: Path, folder: Path) -> None:
    """Licences, bill of materials and manuals stay with what they speak of; wheels and models do not."""
    skip = {"wheels", "models"}
    shutil.copytree(pack, folder, ignore=lambda where, names: skip & set(names) if Path(where) == pack else set())


def _install_model(source: Path, models: Path, told: Told) -> None:
    target, partial = models / source.name, models / ".partial" / f"{source.name}.bundle"
    if _same_files(source, target):
        return
    told(f"Installing the model {source.name} ...")
    shutil.rmtree(partial, ignore_errors=True)
    partial.parent.mkdir(parents=True, exist_ok=True)
    shutil.copytree(source, partial)
    os.sync()
    old = models / ".partial" / f"{source.name}.old-bundle"
    shutil.rmtree(old, ignore_errors=True)
    if target.exists():
        target.rename(old)
    partial.rename(target)
    shutil.rmtree(old, ignore_errors=True)


def _same_files(source: Path, target: Path) -> bool:
    """Byte by byte: a damaged model is replaced. Its record says where it came from, and may differ."""
    names = [path.relative_to(source) for path in source.rglob("*") if path.is_file() and path.name != MODEL_RECORD]
    if not (target / MODEL_RECORD).is_file() or any(not (target / name).is_file() for name in names):
        return False
    return all(_sha256_of(source / name) == _sha256_of(target / name) for name in names)


def _write_wrapper(prefix: Path) -> None:
    wrapper = prefix / "bin" / "scribe"
    wrapper.parent.mkdir(exist_ok=True)
    scribe = prefix / "current" / "venv" / "bin" / "scribe"
    draft = wrapper.with_name(".scribe.new")
    draft.write_text(_WRAPPER.format(models=shlex.quote(str(prefix / "models")), scribe=shlex.quote(str(scribe))))
    draft.chmod(0o755)
    draft.replace(wrapper)


def _point(prefix: Path, name: str) -> None:
    draft = prefix / ".current.new"
    draft.unlink(missing_ok=True)
    draft.symlink_to(Path("versions") / name)
    draft.replace(prefix / "current")


def _require_room(prefix: Path, name: str, manifest: Manifest) -> None:
    wanted = (0 if is_whole(prefix / "versions" / name) else manifest["installed_bytes"]) + HEADROOM_BYTES
    free = shutil.disk_usage(prefix).free
    if free < wanted:
        raise InstallError(
            f"{wanted / 1e6:,.0f} MB are needed and {free / 1e6:,.0f} MB are free in {prefix}: make room, or choose "
            "another folder with --prefix."
        )


@contextlib.contextmanager
def locked(prefix: Path, name: str = ".lock") -> Iterator[None]:
    """One installation at a time; the kernel drops the lock when its holder dies."""
    import fcntl

    prefix.mkdir(parents=True, exist_ok=True)
    with (prefix / name).open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise InstallError(f"Another installation into {prefix} is under way: wait for it to end.") from error
        yield


@contextlib.contextmanager
def _disk_errors() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise InstallError("The disk is full: make room, then run it again.") from error
        if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
            raise InstallError(f"{error.filename} may not be written: choose another folder with --prefix.") from error
        raise


def _run(command: list[Any], fault: str) -> str:
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("PIP_", "PYTHON", "SCRIBE_"))}
    try:
        done = subprocess.run([str(part) for part in command], capture_output=True, text=True, check=False, env=clean)
    except OSError as error:
        raise InstallError(f"{fault}: {error}.") from error
    if done.returncode:
        if "No space left on device" in done.stderr:
            raise InstallError("The disk is full: make room, then run it again.")
        lines = [line for line in (done.stderr or done.stdout).strip().splitlines() if line.strip()]
        reason = next((line for line in reversed(lines) if line.startswith("ERROR")), lines[-1] if lines else "no word")
        raise InstallError(f"{fault}: {reason}")
    return done.stdout


def _sha256_of(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(_BLOCK_BYTES):
            digest.update(block)
    return digest.hexdigest()


if __name__ == "__main__":
    sys.exit(main())
