"""Log files of children: kept small, and read for what somebody at the screen should know.

Owns rotation (the end of the file before as ``.1``) and following; never the format of servers that are not ours. A log
is never a reason to stop: where it cannot be read, moved or kept, it is done without.
"""

import json
import os
import shutil
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

MAX_BYTES = 20 * 2**20
TROUBLE = frozenset({"error", "critical"})
"""Warnings stay in the log: a part that is started again makes the others warn."""
QUIET_S = 60.0
"""The same event is shown at most so often."""
AGAIN_S = 60.0
"""A log that could not be cut is left alone for so long."""


class LogFile:
    """One child's log, which the child opened for appending."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._shown_at_s: dict[str, float] = {}
        self._cut_again_s = 0.0
        self.keep_small()
        self._offset = self._size()

    def keep_small(self) -> None:
        """Copies and cuts, because the child keeps the file open; what it writes meanwhile may be lost. The copy holds
        the last MAX_BYTES, however much came at once; a full disk gets its room back instead of a copy."""
        if self._size() <= MAX_BYTES or time.monotonic() < self._cut_again_s:
            return
        older = self.path.with_name(f"{self.path.name}.1")
        try:
            older.unlink(missing_ok=True)
            _copy_end(self.path, older)
        except OSError:
            with suppress(OSError):
                older.unlink(missing_ok=True)
        try:
            os.truncate(self.path, 0)
        except OSError:
            self._cut_again_s = time.monotonic() + AGAIN_S
        else:
            self._offset = 0

    def new_trouble(self) -> list[dict[str, Any]]:
        """Errors since the last call, the same one not twice a minute."""
        size = self._size()
        if size <= self._offset:
            self._offset = size
            return []
        try:
            with self.path.open("rb") as file:
                file.seek(self._offset)
                block = file.read(2**20)
        except OSError:  # somebody has moved it away just now
            return []
        complete = block[: block.rfind(b"\n") + 1] or (block if len(block) == 2**20 else b"")
        self._offset += len(complete)
        return [event for line in complete.splitlines() if (event := _trouble(line)) and self._is_news(event)]

    def _is_news(self, event: dict[str, Any]) -> bool:
        now_s, key = time.monotonic(), str(event.get("event"))
        if now_s - self._shown_at_s.get(key, -QUIET_S) < QUIET_S:
            return False
        self._shown_at_s[key] = now_s
        return True

    def _size(self) -> int:
        try:
            return self.path.stat().st_size
        except OSError:
            return 0


def _copy_end(source: Path, target: Path) -> None:
    with source.open("rb") as read, target.open("xb") as written:
        read.seek(max(0, os.fstat(read.fileno()).st_size - MAX_BYTES))
        shutil.copyfileobj(read, written)
        written.flush()
        os.fchmod(written.fileno(), 0o600)


def _trouble(line: bytes) -> dict[str, Any] | None:
    try:
        event = json.loads(line)
    except ValueError:
        return None
    return event if isinstance(event, dict) and event.get("level") in TROUBLE else None
