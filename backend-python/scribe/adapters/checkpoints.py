"""Checkpoints in the installation's storage, so that any worker on any machine goes on where another one stopped.

Owns patience: a stage may have taken an hour, so what it made is not thrown away because the storage blinks. Large
working files stay on the local disk. Satisfies ``pipeline.ports.CheckpointStore``.

Usage::

    checkpoints = StorageCheckpoints(storage, layout.checkpoints_folder(meeting_id), scratch)
"""

import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from scribe.adapters.storage import Storage
from scribe.core.logging import get_logger
from scribe.domain.errors import StorageError

T = TypeVar("T")

PATIENCE_S = 90.0
"""How long an unreachable storage is waited for before the attempt is given up."""
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.25, 4.0


class StorageCheckpoints:
    def __init__(self, storage: Storage, folder_key: str, scratch: Path, *, patience_s: float = PATIENCE_S) -> None:
        self._storage = storage
        self._folder_key = folder_key
        self._scratch = scratch
        self._patience_s = patience_s

    def read(self, name: str) -> bytes | None:
        return self._patiently(lambda: self._storage.read(self._key(name)))

    def write(self, name: str, content: bytes) -> None:
        """Readable by the storage's owner only: checkpoints hold voiceprints."""
        self._patiently(lambda: self._storage.write(self._key(name), content, private=True))

    def remove(self, name: str) -> None:
        self._patiently(lambda: self._storage.delete(self._key(name)))

    def scratch(self, name: str) -> Path:
        self._scratch.mkdir(parents=True, exist_ok=True, mode=0o700)
        return self._scratch / f"scratch-{name}"

    def tidy(self) -> None:
        for path in self._scratch.glob("scratch-*"):
            path.unlink(missing_ok=True)

    def _key(self, name: str) -> str:
        return f"{self._folder_key}/{name}"

    def _patiently(self, work: Callable[[], T]) -> T:
        """Raises: StorageError when the storage stays away, ResourceError at once: a full disk does not empty itself
        while we wait, and the attempt that follows goes on from what was kept."""
        deadline_s, pause_s = time.monotonic() + self._patience_s, FIRST_PAUSE_S
        while True:
            try:
                return work()
            except StorageError as error:
                if time.monotonic() + pause_s > deadline_s:
                    raise
                get_logger().warning("checkpoint.waits_for_storage", error=type(error).__name__)
            time.sleep(pause_s)
            pause_s = min(2 * pause_s, LONGEST_PAUSE_S)
