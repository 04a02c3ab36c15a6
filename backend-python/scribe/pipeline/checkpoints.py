"""What finished stages made, kept with the fingerprint of everything it depends on.

Owns the rule when a checkpoint may be used again: its fingerprint must be the same, and a fingerprint covers the
recording's bytes, the settings of the stage and the fingerprints of the stages it builds on. So a changed setting
redoes only what depends on it, and a damaged checkpoint counts as none.

Usage::

    saved = checkpoints.load(Diarization, "diarize", fingerprint)
"""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

from scribe.domain.errors import ArtefactError
from scribe.domain.meeting import Stage, StageMetrics
from scribe.domain.speech import TranscribedBlock
from scribe.pipeline import codec
from scribe.pipeline.ports import CheckpointStore

T = TypeVar("T")

Fingerprint = str


@dataclass(frozen=True, slots=True)
class Saved(Generic[T]):
    value: T
    metrics: StageMetrics


class Checkpoints:
    def __init__(self, store: CheckpointStore) -> None:
        self._store = store

    def load(self, kind: type[T], name: str, fingerprint: Fingerprint) -> Saved[T] | None:
        content = self._store.read(f"{name}.json")
        if content is None:
            return None
        return opened(kind, content) if fingerprint_of(content) == fingerprint else None

    def load_block(self, number: int, fingerprint_by: Callable[[str], Fingerprint]) -> TranscribedBlock | None:
        """A block of the transcript. ``fingerprint_by``: which one a block has that was made so (``made_by``)."""
        content = self._store.read(f"{block_name(number)}.json")
        saved = None if content is None else opened(TranscribedBlock, content)
        if content is None or saved is None or fingerprint_of(content) != fingerprint_by(saved.value.made_by):
            return None
        return saved.value

    def save(self, name: str, fingerprint: Fingerprint, value: object, metrics: StageMetrics) -> None:
        self._store.write(
            f"{name}.json", b"\n".join([fingerprint.encode(), codec.encode(metrics), codec.encode(value)])
        )

    def remove(self, name: str) -> None:
        self._store.remove(f"{name}.json")

    def scratch(self, name: str) -> Path:
        return self._store.scratch(name)

    def tidy(self) -> None:
        self._store.tidy()


def block_name(number: int) -> str:
    """Of a block of the transcript, from 0."""
    return f"{Stage.TRANSCRIBE}-{number:04d}"


def fingerprint_of(content: bytes) -> Fingerprint:
    """Of a checkpoint as it is stored, or of its beginning; of a damaged one, one that no checkpoint has."""
    return content.partition(b"\n")[0].decode("ascii", "replace")


def opened(kind: type[T], content: bytes) -> Saved[T] | None:
    """A checkpoint as it is stored, whatever its fingerprint; ``None``: half a file or an older layout."""
    _, _, rest = content.partition(b"\n")
    metrics, _, value = rest.partition(b"\n")
    try:
        return Saved(codec.decode(kind, value), codec.decode(StageMetrics, metrics))
    except ArtefactError:
        return None


def fingerprint(*parts: object) -> Fingerprint:
    """SHA-256 over the canonical JSON of its parts; dataclasses and mappings are welcome."""
    canonical = json.dumps([_plain(part) for part in parts], sort_keys=True, allow_nan=False)
    return hashlib.sha256(canonical.encode()).hexdigest()


def _plain(part: object) -> object:
    if isinstance(part, Mapping):
        return dict(part)
    return json.loads(codec.encode(part))
