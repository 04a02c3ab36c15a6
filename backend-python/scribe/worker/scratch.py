"""The local disk of a worker: one folder per worker, one per attempt inside, nothing left behind.

Owns the folder's lock: the kernel drops it when the worker dies, however it dies, so that the next worker of this
machine can tell the rubbish of the dead from the work of the living.

Usage::

    with Scratch(root, worker_id) as scratch:
        folder = scratch.folder(job)
"""

import fcntl
import os
import shutil
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from scribe.core.logging import get_logger
from scribe.domain.enrolments import ClaimedEnrolment
from scribe.domain.jobs import ClaimedJob

_LOCK = "lock"
_ALIVE = "alive"


class Scratch:
    def __init__(self, root: Path, worker_id: str) -> None:
        self._root = root
        self._own = root / worker_id.replace(":", "-").replace("/", "-")
        self._lock_fd: int | None = None

    def __enter__(self) -> Self:
        self._settle()
        return self

    def _settle(self) -> None:
        self._root.mkdir(parents=True, exist_ok=True, mode=0o700)
        door = os.open(self._root / _LOCK, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(door, fcntl.LOCK_EX)  # a folder that was made but not yet locked must not look abandoned
            self._own.mkdir(mode=0o700)
            self._let_go()
            self._lock_fd = _locked(self._own)
            self._remove_abandoned()
        finally:
            os.close(door)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        shutil.rmtree(self._own, ignore_errors=True)
        self._let_go()

    def sign(self) -> None:
        """This worker's event loop turns: whoever looks after the process (a container's health check) finds the time
        of the last sign in ``<scratch>/*/alive``. A disk that does not take it says nothing about the loop."""
        with suppress(OSError):
            (self._own / _ALIVE).touch()

    def folder(self, job: ClaimedJob) -> Path:
        """By the attempt's token: a worker that woke from a long sleep must not tidy up after its successor.

        Raises: OSError when the disk does not take it.
        """
        return self._made(self._path(job))

    def remove(self, job: ClaimedJob) -> None:
        shutil.rmtree(self._path(job), ignore_errors=True)

    def voice_folder(self, task: ClaimedEnrolment) -> Path:
        """For one attempt at a task of the voice lane. Raises: OSError."""
        return self._made(self._voice_path(task))

    def remove_voice(self, task: ClaimedEnrolment) -> None:
        shutil.rmtree(self._voice_path(task), ignore_errors=True)

    def _made(self, folder: Path) -> Path:
        if not self._own.is_dir():  # somebody tidied up too well
            self._settle()
        folder.mkdir(mode=0o700)
        return folder

    def _let_go(self) -> None:
        if self._lock_fd is not None:
            os.close(self._lock_fd)
            self._lock_fd = None

    def _path(self, job: ClaimedJob) -> Path:
        return self._own / f"{job.meeting_id}-{job.token}"

    def _voice_path(self, task: ClaimedEnrolment) -> Path:
        return self._own / f"voice-{task.id}-{task.token}"

    def _remove_abandoned(self) -> None:
        for folder in self._root.iterdir():
            if folder == self._own or not folder.is_dir():
                continue
            lock_fd = _locked(folder)
            if lock_fd is None:
                continue  # its worker lives
            shutil.rmtree(folder, ignore_errors=True)
            os.close(lock_fd)
            get_logger().info("scratch.removed", folder=folder.name)


def _locked(folder: Path) -> int | None:
    """An open lock on the folder; ``None`` when another process holds it."""
    descriptor = os.open(folder / _LOCK, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
    with suppress(BlockingIOError):
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return descriptor
    os.close(descriptor)
    return None
