"""The models on this machine: where they are, whether they are whole, and how a new one is put in place.

Owns the models folder; never downloads (``model_sources.py`` does, and nothing but ``scribe models pull`` calls it).
A missing model is an error that names the command. Layout::

    ROOT/whisper-base/{config.json,model.bin,...,scribe-model.json}     installed: put there by one rename
    ROOT/.partial/whisper-base/...                                      being pulled: never looked at by an engine

The models that ship with the package lie in ``engines/weights`` and are always installed.

Usage::

    store = ModelStore(default_models_dir())
    WhisperModel(str(store.path("whisper-base")))      # ModelMissingError: run `scribe models pull whisper-base`.
"""

import hashlib
import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal, NoReturn
from uuid import uuid4

from scribe.core.disk import disk_errors
from scribe.domain.errors import ModelCorruptError, ModelMissingError, ModelPullError, OptionError
from scribe.engines.catalog import CATALOG
from scribe.engines.model import Catalog, Model

RECORD_NAME = "scribe-model.json"
WEIGHTS_DIR = Path(__file__).parent / "weights"
_BLOCK_BYTES = 1 << 20

Trust = Literal["pinned", "first-use"]


def default_models_dir() -> Path:
    """The user's own data folder; ``SCRIBE_MODELS_DIR`` is read by the settings, not here. Raises: OptionError."""
    import platformdirs

    try:
        return Path(platformdirs.user_data_dir("smart-meeting-scribe", appauthor=False)) / "models"
    except RuntimeError as error:  # a container's user has neither a name nor a home
        raise OptionError("Set SCRIBE_MODELS_DIR: this user has no home folder.") from error


@dataclass(frozen=True, slots=True)
class InstalledFile:
    path: str
    size_bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class InstalledModel:
    """What was installed, written beside it."""

    name: str
    trust: Trust
    """``pinned``: every byte was known beforehand; ``first-use``: this record is what later checks compare with."""
    revision: str | None
    """The hub's commit, where one was asked for."""
    source: str
    files: tuple[InstalledFile, ...]


class ModelStore:
    """The models folder of one machine."""

    def __init__(self, root: Path, catalog: Catalog = CATALOG) -> None:
        self.root = root
        self.catalog = catalog

    def path(self, name: str) -> Path:
        """The file or folder that an engine opens, after a check of names and sizes only.

        Raises: ModelUnknownError, ModelMissingError, ModelCorruptError.
        """
        model = self.catalog.find(name)
        folder, record = self._require(model)
        for file in record.files:
            self._check_size(model, folder, file)
        return folder / model.entry if model.entry else folder

    def is_installed(self, name: str) -> bool:
        """Whether :meth:`path` would succeed. Raises: ModelUnknownError."""
        try:
            self.path(name)
        except (ModelMissingError, ModelCorruptError):
            return False
        return True

    def record(self, name: str) -> InstalledModel | None:
        """What is installed under this name; ``None``: nothing. Raises: ModelUnknownError, ModelCorruptError."""
        model = self.catalog.find(name)
        folder = self.folder(model)
        written = folder / RECORD_NAME
        if model.is_shipped or (folder.is_dir() and not written.is_file()):
            return self._record_of_catalog(model)
        return read_record(model, written) if written.is_file() else None

    def digest(self, name: str) -> str:
        """Changes when a byte of the model does: for the fingerprint of results made with it. Cheap: reads no weights.

        Raises: ModelUnknownError, ModelMissingError, ModelCorruptError.
        """
        _, record = self._require(self.catalog.find(name))
        listing = "\n".join(f"{file.sha256}  {file.path}" for file in sorted(record.files, key=lambda f: f.path))
        return hashlib.sha256(listing.encode()).hexdigest()

    def verify(self, name: str, progress: Callable[[int], None] = lambda _: None) -> None:
        """Reads every byte and compares hashes; ``progress`` is told how many bytes were read since it was last told.

        Raises: ModelUnknownError, ModelMissingError, ModelCorruptError.
        """
        model = self.catalog.find(name)
        folder, record = self._require(model)
        pinned = {file.path: file.sha256 for file in model.files} if record.trust == "pinned" else {}
        for file in record.files:
            self._check_size(model, folder, file)
            if sha256_of(folder / file.path, progress) != (pinned.get(file.path) or file.sha256):
                _raise_corrupt(model, f"{file.path} has changed")

    def folder(self, model: Model) -> Path:
        return WEIGHTS_DIR if model.is_shipped else self.root / model.name

    @contextmanager
    def staging(self, model: Model, variant: str = "") -> Iterator[Path]:
        """A folder to bring the model's files into, kept after a failure so that the next pull can go on.

        Raises: ModelPullError when another process is pulling the same model, ResourceError when the disk is full.
        """
        partial = self.root / ".partial"
        with disk_errors():
            partial.mkdir(parents=True, exist_ok=True)
        with _only_one(partial / f"{model.name}.lock", model), disk_errors():
            staged = partial / (model.name + variant)
            staged.mkdir(exist_ok=True)
            for forgotten in partial.glob(f"{model.name}.old-*"):
                shutil.rmtree(forgotten, ignore_errors=True)
            yield staged

    def install(self, staged: Path, record: InstalledModel) -> None:
        """Puts a complete, checked folder in place by one rename; what was there before is removed."""
        target = self.root / record.name
        (staged / RECORD_NAME).write_text(json.dumps(asdict(record), indent=2) + "\n", encoding="utf-8")
        old = self.root / ".partial" / f"{record.name}.old-{uuid4().hex}"
        if target.exists():
            target.rename(old)
        staged.rename(target)
        shutil.rmtree(old, ignore_errors=True)

    def _require(self, model: Model) -> tuple[Path, InstalledModel]:
        record = self.record(model.name)
        if record is None:
            raise ModelMissingError(
                f"The model {model.name} is not installed: run `scribe models pull {model.name}` "
                f"(or add `--from FOLDER` where there is no internet)."
            )
        return self.folder(model), record

    def _record_of_catalog(self, model: Model) -> InstalledModel | None:
        """For what ships with the package, and for a folder that somebody copied by hand: only pinned files count."""
        files = []
        for file in model.files:
            copied = self.folder(model) / file.path
            if file.sha256 is None or not copied.is_file():
                return None
            size_bytes = copied.stat().st_size if file.size_bytes is None else file.size_bytes
            files.append(InstalledFile(file.path, size_bytes, file.sha256))
        return InstalledModel(model.name, "pinned", None, "package" if model.is_shipped else "copied", tuple(files))

    def _check_size(self, model: Model, folder: Path, file: InstalledFile) -> None:
        try:
            size_bytes = (folder / file.path).stat().st_size
        except FileNotFoundError:
            _raise_corrupt(model, f"{file.path} is missing")
        if size_bytes != file.size_bytes:
            _raise_corrupt(model, f"{file.path} has {size_bytes:,} bytes instead of {file.size_bytes:,}")


def sha256_of(path: Path, progress: Callable[[int], None] = lambda _: None) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(_BLOCK_BYTES):
            digest.update(block)
            progress(len(block))
    return digest.hexdigest()


@contextmanager
def _only_one(lock: Path, model: Model) -> Iterator[None]:
    import fcntl

    with lock.open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise ModelPullError(f"{model.name} is being pulled by another process: wait for it to end.") from error
        yield


def read_record(model: Model, path: Path) -> InstalledModel:
    """What was written when the model was installed. Raises: ModelCorruptError."""
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
        files = tuple(InstalledFile(f["path"], int(f["size_bytes"]), f["sha256"]) for f in raw["files"])
        return InstalledModel(raw["name"], raw["trust"], raw["revision"], raw["source"], files)
    except (ValueError, KeyError, TypeError) as error:
        raise ModelCorruptError(
            f"The record of {model.name} cannot be read: run `scribe models pull {model.name}`."
        ) from error


def _raise_corrupt(model: Model, what: str) -> NoReturn:
    cure = "reinstall the package" if model.is_shipped else f"run `scribe models pull {model.name}`"
    raise ModelCorruptError(f"The model {model.name} is damaged ({what}): {cure}.")
