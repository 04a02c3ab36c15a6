"""The pack as one file: a plain tar archive that may come from anywhere.

Owns writing it (sorted, one time for all files, under another name until it is whole and read back) and reading it
without trust: regular files in one folder and nothing else, in POSIX's own format, never compressed,
so that nothing can grow when it is unpacked. Every byte is compared with ``SHA256SUMS``, which comes first. Any ``tar``
can unpack it, and ``sha256sum --check SHA256SUMS`` says whether it is whole.

Usage::

    pack = verify(path)                   # raises BundleError: damaged, cut off, hostile, not ours
    pack.manifest["version"]
    folder = unpack(path, target)
"""

import hashlib
import io
import os
import shutil
import tarfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from scribe.adapters.bundle import bootstrap
from scribe.core.hashing import sha256_of
from scribe.domain.errors import BundleError

BLOCK_BYTES = 512
MAX_FILES = 20_000
MAX_NAME_BYTES = 4096
MAX_LIST_BYTES = 8 << 20
"""Of SHA256SUMS and of the manifest: they are read into memory."""
_CHUNK_BYTES = 1 << 20
_GZIP, _XZ, _BZIP, _ZSTD = b"\x1f\x8b", b"\xfd7zXZ", b"BZh", b"\x28\xb5\x2f\xfd"

Content = Path | bytes
Told = Callable[[int], object]


@dataclass(frozen=True, slots=True)
class Pack:
    """A pack of which every byte was read."""

    root: str
    """The folder that it unpacks to."""
    manifest: Mapping[str, Any]
    sha256: str
    """Of the whole file: compare it with the one you were given another way."""
    size_bytes: int


@dataclass(frozen=True, slots=True)
class _Member:
    name: str
    size_bytes: int


def write(target: Path, root: str, contents: Mapping[str, Content], mtime_s: int, told: Told = lambda _: None) -> Pack:
    """Writes the archive, with sums of everything, and reads it back; ``target`` appears when it is whole.

    Raises: BundleError, OSError.
    """
    sums = {name: _sha256(content) for name, content in contents.items()}
    listing = "".join(f"{sums[name]}  {name}\n" for name in sorted(sums)).encode()
    first = {bootstrap.SUMS: listing, bootstrap.MANIFEST: contents[bootstrap.MANIFEST]}
    rest = {name: contents[name] for name in sorted(contents) if name not in first}
    partial = target.with_name(target.name + ".partial")
    try:
        with partial.open("wb") as file, tarfile.open(fileobj=file, mode="w", format=tarfile.PAX_FORMAT) as tar:
            for name, content in (first | rest).items():
                _add(tar, f"{root}/{name}", content, mtime_s)
                told(len(content) if isinstance(content, bytes) else content.stat().st_size)
        with partial.open("rb") as written:
            os.fsync(written.fileno())
        pack = verify(partial, told=told)
        partial.replace(target)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise
    return pack


def verify(path: Path, told: Told = lambda _: None) -> Pack:
    """Reads every byte. Raises: BundleError that says what is wrong."""
    return _read(path, None, told)


def unpack(path: Path, target: Path, told: Told = lambda _: None) -> Path:
    """The folder in ``target``, which must be new: verified while it is written, and gone again when it is not right.

    Raises: BundleError, OSError.
    """
    target.mkdir(parents=True)
    try:
        return target / _read(path, target, told).root
    except BaseException:
        shutil.rmtree(target, ignore_errors=True)
        raise


def _sha256(content: Content) -> str:
    return hashlib.sha256(content).hexdigest() if isinstance(content, bytes) else sha256_of(content)


def _add(tar: tarfile.TarFile, name: str, content: Content, mtime_s: int) -> None:
    member = tarfile.TarInfo(name)
    member.mtime = mtime_s
    member.mode = 0o755 if name.endswith(("install.sh", "install.py")) else 0o644
    if isinstance(content, bytes):
        member.size = len(content)
        tar.addfile(member, io.BytesIO(content))
        return
    with content.open("rb") as file:
        member.size = os.fstat(file.fileno()).st_size
        tar.addfile(member, file)


class _Hashed:
    """A file that is read once, from its beginning, and hashed on the way."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._digest = hashlib.sha256()

    def read(self, size_bytes: int) -> bytes:
        block = self._file.read(size_bytes)
        self._digest.update(block)
        return block

    def exactly(self, size_bytes: int) -> bytes:
        block = self.read(size_bytes)
        if len(block) < size_bytes:
            raise BundleError("The pack is cut off: copy it again.")
        return block

    def hexdigest(self) -> str:
        return self._digest.hexdigest()


def _read(path: Path, target: Path | None, told: Told) -> Pack:
    try:
        with path.open("rb") as raw:
            return _read_open(_Hashed(raw), os.fstat(raw.fileno()).st_size, target, told)
    except (FileNotFoundError, IsADirectoryError) as error:
        raise BundleError(f"{path} is no file.") from error
    except bootstrap.InstallError as error:
        raise BundleError(str(error)) from error


def _read_open(file: _Hashed, size_bytes: int, target: Path | None, told: Told) -> Pack:
    sums: dict[str, str] = {}
    kept: dict[str, bytes] = {}
    seen: set[str] = set()
    folders: set[str] = set()
    root = ""
    for member in _members(file, size_bytes):
        root = root or member.name.partition("/")[0]
        name = _checked_name(member.name, root, seen, folders)
        if not seen and name != bootstrap.SUMS:
            raise BundleError(f"This is no pack: it does not begin with {bootstrap.SUMS}.")
        if seen and name not in sums:
            raise BundleError(f"{name} does not belong into the pack: get it again from its source.")
        is_kept = name in {bootstrap.SUMS, bootstrap.MANIFEST}
        if is_kept and member.size_bytes > MAX_LIST_BYTES:
            raise BundleError(f"{name} is too large to be right.")
        sha256, content = _content(file, member, target / member.name if target else None, told, is_kept=is_kept)
        if is_kept:
            kept[name] = content
        if not seen:
            sums = bootstrap.read_sums(content)
        elif sha256 != sums[name]:
            raise BundleError(f"{name} is damaged: copy the pack again.")
        seen.add(name)
    bootstrap.complain(sorted(sums.keys() - seen), "is missing", "are missing")
    manifest = bootstrap.read_manifest(kept.get(bootstrap.MANIFEST, b""))
    return Pack(root, manifest, file.hexdigest(), size_bytes)


def _members(file: _Hashed, size_bytes: int) -> Iterator[_Member]:
    """Their headers, one after the other; whoever iterates reads the content before he goes on."""
    read_bytes, num_files, long_name = 0, 0, None
    while True:
        header = file.exactly(BLOCK_BYTES)
        read_bytes += BLOCK_BYTES
        if not any(header) and long_name is None:
            _require_nothing_more(file)
            return
        if header[156:157] == b"x" and long_name is None:
            long_name, num_bytes = _long_name(file, header)
            read_bytes += num_bytes
            continue
        member = _member(header, is_first=num_files == 0, long_name=long_name)
        num_files, long_name = num_files + 1, None
        if num_files > MAX_FILES:
            raise BundleError(f"The pack claims to hold more than {MAX_FILES:,} files.")
        padded_bytes = -(-member.size_bytes // BLOCK_BYTES) * BLOCK_BYTES
        read_bytes += padded_bytes
        if read_bytes > size_bytes:
            raise BundleError(f"The pack is cut off in {member.name}: copy it again.")
        yield member
        file.exactly(padded_bytes - member.size_bytes)


def _long_name(file: _Hashed, header: bytes) -> tuple[str, int]:
    """Of the next member, where its header has no room for it, and how many bytes that took."""
    size_bytes = _member(header[:156] + b"0" + header[157:], is_first=False, is_extension=True).size_bytes
    if size_bytes > MAX_NAME_BYTES:
        raise BundleError("The pack is damaged: copy it again.")
    padded_bytes = -(-size_bytes // BLOCK_BYTES) * BLOCK_BYTES
    length, _, record = file.exactly(padded_bytes)[:size_bytes].partition(b" ")
    if length != str(size_bytes).encode() or not record.startswith(b"path=") or not record.endswith(b"\n"):
        raise BundleError("The pack says more of its files than their names: do not use it.")
    try:
        return record.removeprefix(b"path=")[:-1].decode(), padded_bytes
    except UnicodeDecodeError as error:
        raise BundleError("The pack is damaged: copy it again.") from error


def _member(header: bytes, *, is_first: bool, long_name: str | None = None, is_extension: bool = False) -> _Member:
    if is_first and header.startswith((_GZIP, _XZ, _BZIP, _ZSTD)):
        raise BundleError("The file is compressed; a pack is not: unpack it first (gunzip, xz -d, zstd -d).")
    counted = sum(header[:148]) + 8 * ord(" ") + sum(header[156:])
    try:
        change = ord("x") - ord("0") if is_extension else 0
        is_whole = header[257:265] == b"ustar\x0000" and int(header[148:156].rstrip(b"\0 "), 8) == counted + change
        size_bytes = int(header[124:136].rstrip(b"\0 "), 8)
        parts = [header[345:500].rstrip(b"\0").decode(), header[:100].rstrip(b"\0").decode()]
    except (ValueError, UnicodeDecodeError):
        is_whole, size_bytes, parts = False, -1, []
    if not is_whole or size_bytes < 0:
        raise BundleError("This is no pack." if is_first else "The pack is damaged: copy it again.")
    name = long_name or "/".join(part for part in parts if part)
    if header[156:157] not in {b"0", b"\0"} or any(header[157:257]):
        raise BundleError(
            f"{_shown(name)} is a link, a device or the like. A pack holds plain files only: do not use it."
        )
    return _Member(name, size_bytes)


def _checked_name(name: str, root: str, seen: set[str], folders: set[str]) -> str:
    """Relative to the pack's folder; the folders above it are added to ``folders``.

    Raises: BundleError where it could lead out of the pack, or hide something.
    """
    parts = name.split("/")
    is_plain = all(part not in {"", ".", ".."} and part.isprintable() and "\\" not in part for part in parts)
    inner = "/".join(parts[1:])
    above = {"/".join(parts[1:end]) for end in range(2, len(parts))}
    is_taken = inner in seen or inner in folders or bool(above & seen)
    if not is_plain or len(parts) < 2 or parts[0] != root or is_taken:
        raise BundleError(f"The pack holds a file called {_shown(name)}, which it must not: do not use it.")
    folders |= above
    return inner


def _shown(name: str) -> str:
    return ascii(name)[:120]


def _require_nothing_more(file: _Hashed) -> None:
    second = file.exactly(BLOCK_BYTES)
    rest = second
    while rest:
        if any(rest):
            raise BundleError("Something follows after the end of the pack: do not use it.")
        rest = file.read(_CHUNK_BYTES)


def _content(file: _Hashed, member: _Member, target: Path | None, told: Told, *, is_kept: bool) -> tuple[str, bytes]:
    """SHA-256, and the bytes where they are to be kept."""
    digest, left_bytes, kept = hashlib.sha256(), member.size_bytes, bytearray()
    if target is not None:
        target.parent.mkdir(parents=True, exist_ok=True)
    with target.open("xb") if target is not None else nullcontext() as output:
        while left_bytes:
            block = file.exactly(min(left_bytes, _CHUNK_BYTES))
            left_bytes -= len(block)
            digest.update(block)
            told(len(block))
            if output is not None:
                output.write(block)
            if is_kept:
                kept += block
    if target is not None and target.name.startswith("install."):
        target.chmod(0o755)
    return digest.hexdigest(), bytes(kept)
