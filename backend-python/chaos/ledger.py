"""What was promised to users, and what they asked for afterwards: the books that the invariants are checked against."""

import threading
from collections import Counter
from dataclasses import dataclass, field
from enum import StrEnum

from chaos.recordings import Kind


class Wish(StrEnum):
    KEEP = "keep"
    CANCEL = "cancel"
    DELETE = "delete"


@dataclass
class Promise:
    meeting_id: str
    kind: Kind
    way: str
    """``raw`` or ``tus``."""
    size_bytes: int
    wish: Wish = Wish.KEEP
    num_reruns: int = 0


@dataclass
class Ledger:
    promises: dict[str, Promise] = field(default_factory=dict)
    refused: Counter[str] = field(default_factory=Counter)
    """Uploads that got a 4xx for good, by code."""
    violations: list[str] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, promise: Promise) -> None:
        with self._lock:
            if promise.meeting_id in self.promises:
                self.violations.append(f"two uploads were given the same meeting {promise.meeting_id}")
            self.promises[promise.meeting_id] = promise

    def refuse(self, kind: Kind, code: str) -> None:
        with self._lock:
            self.refused[f"{kind}: {code}"] += 1

    def violate(self, what: str) -> None:
        with self._lock:
            if what not in self.violations:
                self.violations.append(what)
                print(f"  VIOLATION: {what}", flush=True)

    def all(self) -> list[Promise]:
        with self._lock:
            return list(self.promises.values())
