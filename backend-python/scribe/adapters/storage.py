"""Files by key, wherever they are: a local folder today, S3 tomorrow, by changing one URL.

Owns the one interface to both and the checkpoint store; never builds a key from anything a user typed (callers use
the pure functions of ``domain/layout.py``). Synchronous: from a coroutine, call it with ``asyncio.to_thread``.

Usage::

    storage = Storage("out")                       # or "s3://bucket/prefix"
    storage.write("20261122/019a/fusion.json", content)
    with storage.open_write(key) as sink:          # appears when the block ends well, else nothing is left
        sink.write(chunk)
"""

import secrets
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from scribe.adapters.storage_local import (
    LocalFiles,
    Room,
    Sink,
    StoredFile,
    no_room_is_a_resource_error,
    write_atomically,
)
from scribe.adapters.storage_object import ObjectFiles
from scribe.domain.errors import StorageError

__all__ = [
    "FolderCheckpoints",
    "Room",
    "Sink",
    "Storage",
    "StoredFile",
    "no_room_is_a_resource_error",
    "only_one",
    "write_atomically",
]


class Storage:
    """A root under which keys such as ``20261122/019a/fusion.json`` are written whole or not at all.

    Every method raises StorageError when the storage does not answer, and what writes raises ResourceError when there
    is no room.
    """

    def __init__(self, url: str) -> None:
        """A folder, ``file://``, or ``s3://bucket/prefix``. Raises: OptionError when the URL is not understood."""
        self._url = url
        local = url.removeprefix("file://")
        self._local = LocalFiles(Path(local).expanduser().absolute()) if "://" not in local else None
        self._objects = ObjectFiles(url) if self._local is None else None

    @property
    def is_local(self) -> bool:
        return self._local is not None

    @property
    def _files(self) -> LocalFiles | ObjectFiles:
        files = self._local or self._objects
        assert files is not None  # noqa: S101 -- one of them is built
        return files

    def read(self, key: str) -> bytes | None:
        """All of it; ``None`` when there is none."""
        return self._files.read(_checked(key))

    def write(self, key: str, content: bytes, *, private: bool = False) -> None:
        """All or nothing, and on disk when it returns. ``private``: for our own account only, where files tell."""
        if self._local:
            self._local.write(_checked(key), content, private=private)
        elif self._objects:
            self._objects.write(_checked(key), content)

    def open_write(self, key: str, *, private: bool = False) -> AbstractContextManager[Sink]:
        """Appears under its key, on disk, when the block ends well; after an exception nothing is left."""
        if self._local:
            return self._local.open_write(_checked(key), private=private)
        assert self._objects is not None  # noqa: S101 -- one of them is built
        return self._objects.open_write(_checked(key))

    def open_read(self, key: str) -> BinaryIO:
        """Seekable; to be closed. Raises: NotFoundError."""
        return self._files.open_read(_checked(key))

    def size(self, key: str) -> int | None:
        """In bytes; ``None`` when there is none."""
        return self._files.size(_checked(key))

    def files(self, folder: str) -> list[StoredFile]:
        """Everything below ``folder``, by key; what is being written is not there yet."""
        return self._files.files(_checked(folder))

    def keys(self, folder: str) -> list[str]:
        return [file.key for file in self.files(folder)]

    def move(self, source: str, target: str) -> None:
        """Atomic per file in a folder, copy and delete in an object store; what is moved already is fine.

        Raises: NotFoundError when there is neither.
        """
        self._files.move(_checked(source), _checked(target))

    def delete(self, key: str) -> None:
        """What is not there is deleted."""
        self._files.delete(_checked(key))

    def delete_folder(self, folder: str) -> None:
        """With everything below it; what is not there is deleted."""
        self._files.delete_folder(_checked(folder))

    def download(self, key: str, path: Path) -> None:
        """To a local file, which is complete only when this returns. Raises: NotFoundError, ResourceError."""
        self._files.download(_checked(key), path)

    def local_path(self, key: str) -> Path | None:
        """Where a local storage has it, whether it is there or not; ``None``: it is not on this machine."""
        return self._local.path(_checked(key)) if self._local else None

    def room(self) -> Room | None:
        """On the disk; ``None`` where nobody knows."""
        return self._local.room() if self._local else None

    def remove_leftovers(self, older_than_s: float) -> int:
        """What processes that died had half written; returns how many."""
        return self._files.remove_leftovers(older_than_s)

    def probe(self) -> None:
        """Writes, reads and deletes a few bytes. Raises: StorageError, ResourceError."""
        key, content = f"probe/{secrets.token_hex(8)}", secrets.token_bytes(16)
        self.write(key, content)
        try:
            if self.read(key) != content:
                raise StorageError(f"The storage {self._url} does not give back what was written.")
        finally:
            self.delete(key)


def _checked(key: str) -> str:
    """Keys are made by code; one that leaves the root is a bug and must not become a file."""
    parts = PurePosixPath(key).parts
    if not parts or key.startswith("/") or ".." in parts or "\0" in key:
        raise ValueError(f"{key!r} is no key of the storage")
    return key


class FolderCheckpoints:
    """Checkpoints in one local folder, readable by its owner only: they hold voiceprints.

    Satisfies ``pipeline.ports.CheckpointStore``.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def read(self, name: str) -> bytes | None:
        try:
            return (self._folder / name).read_bytes()
        except FileNotFoundError:
            return None

    def write(self, name: str, content: bytes) -> None:
        self._make_folder()
        write_atomically(self._folder / name, content, mode=0o600)

    def remove(self, name: str) -> None:
        (self._folder / name).unlink(missing_ok=True)

    def scratch(self, name: str) -> Path:
        self._make_folder()
        return self._folder / f"scratch-{name}"

    def tidy(self) -> None:
        for path in self._folder.glob("scratch-*"):
            path.unlink(missing_ok=True)

    def _make_folder(self) -> None:
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)


@contextmanager
def only_one(folder: Path) -> Iterator[bool]:
    """Holds a lock on ``folder`` for the block; yields ``False`` when another process has it.

    The kernel drops the lock when its holder dies, however it dies.
    """
    import fcntl

    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    with (folder / "lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
            return
        yield True
