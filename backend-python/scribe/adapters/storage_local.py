"""Files in a local folder: whole or not at all, and on the disk when a call returns.

Owns temporary names, fsync and rename; keys are those of ``storage.py``, which is what callers use.
"""

import errno
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO, Protocol

from scribe.domain.errors import NotFoundError, ResourceError, StorageError

TEMPORARY = ".writing-"
"""How the name of a file begins while it is being written."""
_NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
_ATTEMPTS = 5
"""Another process may remove an empty folder between making it and using it."""


@dataclass(frozen=True, slots=True)
class StoredFile:
    key: str
    size_bytes: int
    modified_at: datetime


@dataclass(frozen=True, slots=True)
class Room:
    free_bytes: int
    total_bytes: int


class Sink(Protocol):
    """Where the bytes of a file go while it is being written."""

    def write(self, content: bytes | bytearray | memoryview, /) -> int: ...


class LocalFiles:
    def __init__(self, root: Path) -> None:
        self._root = root
        self._was_there = root.is_dir()

    def path(self, key: str) -> Path:
        return self._root / key

    def read(self, key: str) -> bytes | None:
        with self._errors():
            try:
                return self.path(key).read_bytes()
            except (FileNotFoundError, NotADirectoryError):
                self._root_is_there()
                return None

    def write(self, key: str, content: bytes, *, private: bool) -> None:
        with self.open_write(key, private=private) as sink:
            sink.write(content)

    @contextmanager
    def open_write(self, key: str, *, private: bool) -> Iterator[Sink]:
        target = self.path(key)
        with self._errors():
            descriptor, temporary = self._temporary(target.parent, private=private)
        file = os.fdopen(descriptor, "wb")
        try:
            yield _LocalSink(file, self)
            with self._errors():
                file.flush()
                os.fsync(file.fileno())
                file.close()
                temporary.chmod(0o600 if private else 0o644)
                temporary.replace(target)
                _sync_folder(target.parent)
        except BaseException:
            with suppress(OSError):  # on a full disk, closing fails for the bytes that are still in memory
                file.close()
            with suppress(OSError):
                temporary.unlink(missing_ok=True)
            raise

    def open_read(self, key: str) -> BinaryIO:
        with self._errors():
            try:
                return self.path(key).open("rb")
            except (FileNotFoundError, NotADirectoryError, IsADirectoryError) as error:
                self._root_is_there()
                raise NotFoundError(f"There is no file {key}.") from error

    def size(self, key: str) -> int | None:
        with self._errors():
            path = self.path(key)
            with suppress(FileNotFoundError, NotADirectoryError):
                if path.is_file():
                    return path.stat().st_size
            self._root_is_there()
            return None

    def files(self, folder: str) -> list[StoredFile]:
        with self._errors():
            self._root_is_there()
            found = []
            for path in self._walk(self.path(folder)):
                if path.name.startswith(TEMPORARY):
                    continue
                with suppress(FileNotFoundError):  # removed meanwhile
                    status = path.stat()
                    modified_at = datetime.fromtimestamp(status.st_mtime, UTC)
                    found.append(StoredFile(path.relative_to(self._root).as_posix(), status.st_size, modified_at))
            return sorted(found, key=lambda file: file.key)

    def move(self, source: str, target: str) -> None:
        with self._errors():
            old, new = self.path(source), self.path(target)
            for attempt in range(_ATTEMPTS):
                self._make_folder(new.parent)
                try:
                    old.replace(new)
                except FileNotFoundError:
                    if old.exists() and attempt + 1 < _ATTEMPTS:
                        continue
                    if not new.exists():
                        self._root_is_there()
                        raise NotFoundError(f"There is no file {source}.") from None
                break
            _sync_folder(new.parent)

    def delete(self, key: str) -> None:
        with self._errors():
            try:
                self.path(key).unlink()
            except (FileNotFoundError, NotADirectoryError):
                self._root_is_there()

    def delete_folder(self, folder: str) -> None:
        with self._errors():
            for attempt in range(_ATTEMPTS):
                try:
                    shutil.rmtree(self.path(folder))
                except FileNotFoundError:
                    if not self.path(folder).exists():
                        self._root_is_there()
                        return
                except OSError as error:
                    if error.errno != errno.ENOTEMPTY or attempt + 1 == _ATTEMPTS:
                        raise
                else:
                    return

    def download(self, key: str, path: Path) -> None:
        with self.open_read(key) as file, no_room_is_a_resource_error(path.parent), path.open("wb") as copy:
            shutil.copyfileobj(file, copy, 1 << 20)

    def remove_leftovers(self, older_than_s: float) -> int:
        oldest = time.time() - older_than_s
        removed = 0
        with self._errors():
            for path in self._walk(self._root):
                with suppress(FileNotFoundError):
                    if path.name.startswith(TEMPORARY) and path.stat().st_mtime < oldest:
                        path.unlink()
                        removed += 1
                        with suppress(OSError):  # something else is in it
                            path.parent.rmdir()
        return removed

    def room(self) -> Room:
        with self._errors():
            existing = next(folder for folder in (self._root, *self._root.parents) if folder.is_dir())
            usage = shutil.disk_usage(existing)
            return Room(usage.free, usage.total)

    def _temporary(self, folder: Path, *, private: bool) -> tuple[int, Path]:
        for attempt in range(_ATTEMPTS):
            self._make_folder(folder, mode=0o700 if private else 0o755)
            try:
                descriptor, name = tempfile.mkstemp(dir=folder, prefix=TEMPORARY)
            except FileNotFoundError:
                if attempt + 1 == _ATTEMPTS:
                    raise
            else:
                return descriptor, Path(name)
        raise AssertionError("not reached")

    def _make_folder(self, folder: Path, mode: int = 0o755) -> None:
        """Makes what is missing below the root, so that it survives a power cut. The root itself is made once: when it
        has gone away since (a mount, a disk), writing beneath it would hide files from whoever mounts it again."""
        self._root_is_there(make=not self._was_there)
        missing = []
        while not folder.is_dir():
            missing.append(folder)
            folder = folder.parent
        for path in reversed(missing):
            path.mkdir(exist_ok=True, mode=mode)
            _sync_folder(path.parent)

    def _root_is_there(self, *, make: bool = False) -> None:
        if make:
            self._root.mkdir(parents=True, exist_ok=True)
        if self._root.is_dir():
            self._was_there = True
        elif self._was_there:
            raise StorageError(f"The storage folder {self._root} is gone: mount it again.")

    def _walk(self, folder: Path) -> Iterator[Path]:
        for parent, _, names in os.walk(folder):
            yield from (Path(parent) / name for name in names)

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            with no_room_is_a_resource_error(self._root):
                yield
        except OSError as error:
            raise StorageError(f"The storage folder {self._root} cannot be used: {error.strerror or error}.") from error


class _LocalSink:
    def __init__(self, file: BinaryIO, files: LocalFiles) -> None:
        self._file = file
        self._files = files

    def write(self, content: bytes | bytearray | memoryview, /) -> int:
        with self._files._errors():  # noqa: SLF001 -- the same file
            return self._file.write(content)


def write_atomically(path: Path, content: bytes, mode: int = 0o644) -> None:
    """A temporary name, fsync, rename: a reader sees the old file or the new one, a crash leaves no half.

    Raises: ResourceError when the disk is full.
    """
    with no_room_is_a_resource_error(path.parent):
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=TEMPORARY)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            Path(temporary).chmod(mode)
            Path(temporary).replace(path)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise


@contextmanager
def no_room_is_a_resource_error(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno in _NO_ROOM:
            raise ResourceError(f"The disk that holds {folder} is full: make room and run again.") from error
        raise


def _sync_folder(folder: Path) -> None:
    """A rename is only on the disk when its folder is."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
