"""Files by key, wherever they are: a local folder today, S3 tomorrow, by changing one URL (fsspec).

Owns atomic writes and the checkpoint store; never builds a key from anything a user typed (callers use pure functions).

Usage::

    storage = Storage("out")                       # or "s3://bucket/prefix"
    storage.write("20261122/019a/fusion.json", content)
"""

import errno
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from scribe.domain.errors import ResourceError

if TYPE_CHECKING:
    from fsspec import AbstractFileSystem


class Storage:
    """A root under which keys such as ``20261122/019a/fusion.json`` are written whole or not at all."""

    def __init__(self, url: str) -> None:
        import fsspec

        self._filesystem: AbstractFileSystem
        self._filesystem, self._root = fsspec.core.url_to_fs(url)

    @property
    def is_local(self) -> bool:
        return "file" in self._protocols()

    def read(self, key: str) -> bytes | None:
        try:
            return bytes(self._filesystem.cat_file(self._full(key)))
        except (FileNotFoundError, NotADirectoryError):
            return None

    def write(self, key: str, content: bytes) -> None:
        """All or nothing, and on disk when it returns. Raises: ResourceError when there is no room."""
        if self.is_local:
            write_atomically(Path(self._full(key)), content)
        else:
            self._filesystem.pipe_file(self._full(key), content)  # an object store's PUT is atomic by nature

    def _protocols(self) -> tuple[str, ...]:
        protocol = self._filesystem.protocol
        return (protocol,) if isinstance(protocol, str) else tuple(protocol)

    def _full(self, key: str) -> str:
        return f"{self._root}/{key}"


def write_atomically(path: Path, content: bytes, mode: int = 0o644) -> None:
    """A temporary name, fsync, rename: a reader sees the old file or the new one, a crash leaves no half.

    Raises: ResourceError when the disk is full.
    """
    with no_room_is_a_resource_error(path.parent):
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=".writing-")
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
        if error.errno in {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}:
            raise ResourceError(f"The disk that holds {folder} is full: make room and run again.") from error
        raise


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
