"""A model as it goes into a pack: whose it is, where it lies, and which bytes it is made of.

Usage::

    PackedModel("whisper-base", "MIT", ...).folder      # None: it is part of the product's wheel
"""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class ModelBytes:
    path: str
    size_bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class PackedModel:
    name: str
    version: str
    """The hub's commit where there is one, otherwise the beginning of a hash over its files."""
    licence: str
    origin: str
    summary: str
    folder: Path | None
    """As it is installed, verified; ``None``: part of the product's wheel."""
    files: tuple[ModelBytes, ...]
