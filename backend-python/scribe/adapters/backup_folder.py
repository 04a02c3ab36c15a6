"""A backup as a folder::

    manifest.json     what is in it, with the SHA-256 of every file
    database.dump     PostgreSQL's archive format
    files/<key>       recordings, results, checkpoints, waveforms, samples of voices, by their storage keys

Owns its shape, its modes (for its owner only: it holds recordings, voiceprints and password hashes) and that it appears
whole or not at all; never what belongs into it (``services/backup.py``).
"""

import fcntl
import hashlib
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO, Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from scribe.adapters.storage import Sink, Storage, no_room_is_a_resource_error
from scribe.domain.errors import BackupError, ConflictError, NotFoundError

MANIFEST = "manifest.json"
DUMP = "database.dump"
FILES = "files"
CHUNK_BYTES = 2**20
Told = Callable[[int], None]
"""Hears how many bytes were read just now."""


class Entry(BaseModel):
    """One file."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    key: str
    """In the storage; of the dump, its name."""
    size_bytes: int
    sha256: str


class Manifest(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    version: Literal[1] = 1
    created_at: datetime
    scribe: str
    """Version of the program that made it."""
    revision: str
    """Of the tables."""
    postgres: str
    num_meetings: int
    database: Entry
    files: tuple[Entry, ...]
    deleted_meanwhile: tuple[str, ...] = ()
    """Meetings in the dump that were deleted before their files were copied."""
    published_meanwhile: tuple[dict[str, Any], ...] = ()
    """Rows as they were when the files were copied, where results were published or speakers named after the dump was
    taken."""
    names_meanwhile: dict[str, dict[str, list[dict[str, Any]]]] = {}
    """By meeting: who is who there, rows of ``speakers`` and ``segment_moves``; of the same meetings."""
    people: tuple[str, ...] = ()
    """Ids of everybody in the bank of the dump: who looks for the backups that still hold somebody looks here."""


class BackupFolder:
    def __init__(self, path: Path) -> None:
        self.path = path
        self.dump = path / DUMP

    def add(self, storage: Storage, key: str, told: Told) -> Entry | None:
        """Copies one file; ``None`` when it is not there (any more)."""
        target = self._file(key)
        try:
            source = storage.open_read(key)
        except NotFoundError:
            return None
        with source, no_room_is_a_resource_error(self.path):
            target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            with target.open("wb") as file:
                entry = _copied(key, source, file, told)
                file.flush()
                os.fsync(file.fileno())
        return entry

    def remove(self, entry: Entry) -> None:
        self._file(entry.key).unlink(missing_ok=True)

    def describe_dump(self) -> Entry:
        with self.dump.open("rb+") as file:
            os.fsync(file.fileno())
            return _copied(DUMP, file, None, _nobody)

    def write_manifest(self, manifest: Manifest) -> None:
        with (self.path / MANIFEST).open("w", encoding="utf-8") as file:
            file.write(manifest.model_dump_json(indent=1))
            file.flush()
            os.fsync(file.fileno())

    def read_manifest(self) -> Manifest:
        """Raises: BackupError."""
        try:
            return Manifest.model_validate_json((self.path / MANIFEST).read_bytes())
        except (FileNotFoundError, NotADirectoryError) as error:
            raise BackupError(f"{self.path} is no backup: there is no {MANIFEST} in it.") from error
        except ValidationError as error:
            raise BackupError(f"The {MANIFEST} of {self.path} is damaged or of a newer version.") from error

    def verify(self, manifest: Manifest, told: Told) -> None:
        """Raises: BackupError that names the first file that is not what was saved."""
        for entry, path in [
            (manifest.database, self.dump),
            *((entry, self._file(entry.key)) for entry in manifest.files),
        ]:
            try:
                with path.open("rb") as file:
                    found = _copied(entry.key, file, None, told)
            except OSError as error:
                raise BackupError(f"The backup is incomplete: {entry.key} cannot be read.") from error
            if found != entry:
                raise BackupError(f"The backup is damaged: {entry.key} is not what was saved.")

    def read(self, entry: Entry) -> bytes:
        """A small file, as :meth:`verify` found it."""
        return self._file(entry.key).read_bytes()

    def put(self, storage: Storage, entry: Entry, told: Told, *, private: bool) -> None:
        """Copies one file back; it appears in the storage when it is whole."""
        with self._file(entry.key).open("rb") as source, storage.open_write(entry.key, private=private) as sink:
            if _copied(entry.key, source, sink, told) != entry:
                raise BackupError(f"The backup changed while it was read: {entry.key}.")

    def _file(self, key: str) -> Path:
        path = self.path / FILES / key
        if ".." in Path(key).parts or Path(key).is_absolute():
            raise BackupError(f"{key!r} is no name of a file of ours.")
        return path


@contextmanager
def new_backup(target: Path) -> Iterator[BackupFolder]:
    """Filled as ``target.partial``, called ``target`` when the block ends well, removed when it does not.

    Raises: ConflictError when something is there already or another backup to the same place runs.
    """
    target = target.expanduser().absolute()
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise ConflictError(f"{target} is there already: a backup needs a folder of its own.")
    partial = target.with_name(f"{target.name}.partial")
    partial.mkdir(parents=True, exist_ok=True, mode=0o700)
    held = os.open(partial, os.O_RDONLY)
    try:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise ConflictError(f"Another backup to {target} is under way.") from None
        _emptied(partial)  # left by one that was killed
        partial.chmod(0o700)
        mask = os.umask(0o077)
        try:
            yield BackupFolder(partial)
            partial.rename(target)
        except BaseException:
            shutil.rmtree(partial, ignore_errors=True)
            raise
        finally:
            os.umask(mask)
    finally:
        os.close(held)


def _emptied(folder: Path) -> None:
    for path in folder.iterdir():
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()


def _copied(key: str, source: BinaryIO, sink: Sink | None, told: Told) -> Entry:
    digest, size = hashlib.sha256(), 0
    while chunk := source.read(CHUNK_BYTES):
        digest.update(chunk)
        size += len(chunk)
        if sink is not None:
            sink.write(chunk)
        told(len(chunk))
    return Entry(key=key, size_bytes=size, sha256=digest.hexdigest())


def _nobody(_: int) -> None:
    return
