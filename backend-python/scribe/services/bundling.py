"""Making an air-gap pack: everything an installation needs, in one archive.

Owns what goes in and in which order; ``adapters/bundle`` does the gathering, the describing and the writing. Models
come from who calls, because services know no engine.

Usage::

    made = make_pack(target, Order(source=checkout, cache=cache), models=fetch, told=print)
"""

import json
import os
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from scribe.adapters.bundle import archive, bootstrap, licences
from scribe.adapters.bundle.archive import Content, Pack
from scribe.adapters.bundle.lock import GLIBC, Pinned, Target, merged, needed, read_lock
from scribe.adapters.bundle.packed_models import PackedModel
from scribe.adapters.bundle.sbom import Materials, bill_of_materials
from scribe.adapters.bundle.web_packages import read_packages
from scribe.adapters.bundle.wheels import Gatherer, Wheel, build_own_wheel, own_wheel
from scribe.domain.errors import BundleMakingError, ResourceError

PAPERS = Path(archive.__file__).parent / "pack"
GPU_REPLACES = ("onnxruntime",)
"""``onnxruntime-gpu`` takes its place."""
_HEADROOM_BYTES = 64 << 20

Models = Callable[[str], PackedModel]
"""Fetches a model if need be, verifies it, and says what it is."""
Told = Callable[[str], object]


@dataclass(frozen=True, slots=True)
class Order:
    source: Path
    """The checkout: locks, web interface, licences."""
    cache: Path
    """What was fetched stays here for the next run."""
    platform: str = "linux-x86_64"
    pythons: Sequence[str] = ("3.11",)
    models: Sequence[str] = ()
    has_gpu: bool = False
    wheel: Path | None = None
    """The product's, built before; ``None``: it is built."""
    created: datetime | None = None
    """``None``: SOURCE_DATE_EPOCH, or now."""


@dataclass(frozen=True, slots=True)
class _Gathered:
    own: Wheel
    wheels: Sequence[Wheel]
    models: Sequence[PackedModel]
    requirements: str


def make_pack(target: Path, order: Order, models: Models, told: Told = lambda _: None) -> Pack:
    """Raises: BundleMakingError, ModelPullError, ResourceError, OptionError."""
    targets = [Target(order.platform, python) for python in order.pythons]
    gathered = _gather(order, targets, models, told)
    web, web_roots = read_packages(order.source / "frontend-nextjs")
    created = order.created or _now()
    materials = Materials(gathered.own, gathered.wheels, web, web_roots, gathered.models, targets)
    works = [licences.work_of(wheel) for wheel in [gathered.own, *gathered.wheels]]
    works += [package.work for package in web]
    works += [_work_of(model) for model in gathered.models]
    contents: dict[str, Content] = {
        "requirements.txt": gathered.requirements.encode(),
        "install.py": Path(bootstrap.__file__),
        "sbom.cdx.json": bill_of_materials(materials, created),
        **{f"wheels/{wheel.path.name}": wheel.path for wheel in [gathered.own, *gathered.wheels]},
        **licences.index(works),
        **licences.files(works),
    }
    for model in gathered.models:
        if model.folder is not None:
            contents |= {f"models/{model.name}/{path.name}": path for path in _files_of(model.folder)}
    manifest = _manifest(order, gathered, created)
    contents |= _papers(manifest)
    manifest["files"] = len(contents) + 1
    contents[bootstrap.MANIFEST] = (json.dumps(manifest, indent=2) + "\n").encode()
    _require_room(target, contents)
    told("Writing")
    root = f"{bootstrap.PRODUCT}-{manifest['version']}-{order.platform}{'-gpu' if order.has_gpu else ''}"
    return archive.write(target, root, contents, int(created.timestamp()))


def _gather(order: Order, targets: Sequence[Target], models: Models, told: Told) -> _Gathered:
    lock = _lock(order)
    gatherer = Gatherer(order.cache, told)
    wheels: dict[str, Wheel] = {}
    for target in targets:
        told(f"Gathering wheels for {target.platform}, Python {target.python}")
        wheels |= {wheel.path.name: wheel for wheel in gatherer.gather(needed(lock, target), target)}
    told("The product's own wheel")
    own = own_wheel(order.wheel) if order.wheel else build_own_wheel(order.source, order.cache / "own")
    packed = []
    for name in order.models:
        told(f"The model {name}")
        packed.append(models(name))
    lines = [pinned.line() for pinned in lock]
    lines.append(f"{own.name}=={own.version} \\\n    --hash=sha256:{own.sha256}")
    return _Gathered(own, [wheels[name] for name in sorted(wheels)], packed, "\n".join(lines) + "\n")


def _lock(order: Order) -> tuple[Pinned, ...]:
    folder = order.source / "backend-python" / "requirements"
    if not order.has_gpu:
        return read_lock(folder / "runtime.txt")
    if not order.platform.startswith("linux-"):
        raise BundleMakingError(f"There is no CUDA for {order.platform}: leave out --gpu.")
    return merged([read_lock(folder / "worker-gpu.txt"), read_lock(folder / "runtime.txt")], without=GPU_REPLACES)


def _manifest(order: Order, gathered: _Gathered, created: datetime) -> dict[str, object]:
    own = gathered.own
    everything = [own, *gathered.wheels]
    installed = [model for model in gathered.models if model.folder is not None]
    models_bytes = sum(file.size_bytes for model in installed for file in model.files)
    unpacked_bytes = sum(wheel.installed_bytes for wheel in everything) // len(order.pythons)
    return {
        "format": bootstrap.FORMAT,
        "product": bootstrap.PRODUCT,
        "version": own.version,
        "created": created.isoformat(timespec="seconds"),
        "platform": order.platform,
        "glibc": GLIBC if order.platform.startswith("linux-") else "",
        "python": list(order.pythons),
        "gpu": order.has_gpu,
        "wheels": len(everything),
        "models": sorted(model.name for model in installed),
        "wheels_bytes": sum(wheel.path.stat().st_size for wheel in everything),
        "models_bytes": models_bytes,
        "installed_bytes": round(unpacked_bytes * 1.2) + models_bytes,
        "own_sha256": own.sha256,
    }


def _papers(manifest: Mapping[str, object]) -> dict[str, Content]:
    """What people read and run first, with the facts of this pack filled in."""
    pythons = [str(one) for one in manifest["python"]]  # type: ignore[attr-defined]
    facts = {
        "@VERSION@": str(manifest["version"]),
        "@PLATFORM@": str(manifest["platform"]),
        "@GLIBC@": f" (glibc {manifest['glibc']}+)" if manifest["glibc"] else "",
        "@PYTHON@": " / ".join(pythons),
        "@PYTHONS@": " ".join(f"python{one}" for one in pythons),
        "@GPU@": ", CUDA 12" if manifest["gpu"] else "",
        "@INSTALLED_MB@": f"{int(str(manifest['installed_bytes'])) / 1e6:.0f}",
        "@WHEELS@": str(manifest["wheels"]),
        "@MODELS@": ", ".join(manifest["models"]) or "–",  # type: ignore[arg-type]
    }
    places = {"smart-meeting-scribe.service": "systemd/smart-meeting-scribe.service"}
    papers: dict[str, Content] = {}
    for path in sorted(PAPERS.iterdir()):
        text = path.read_text(encoding="utf-8")
        for name, value in facts.items():
            text = text.replace(name, value)
        papers[places.get(path.name, path.name)] = text.encode()
    return papers


def _work_of(model: PackedModel) -> licences.Work:
    where = "" if model.folder is not None else " It is part of the product's wheel, with its model card."
    text = f"{model.name} {model.version}\n\n{model.summary}\n{model.origin}\nLicence: {model.licence}.{where}\n"
    return licences.Work("model", model.name, model.version, model.licence, {"ORIGIN.txt": text.encode()})


def _files_of(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.is_file())


def _require_room(target: Path, contents: Mapping[str, Content]) -> None:
    sizes = (len(content) if isinstance(content, bytes) else content.stat().st_size for content in contents.values())
    wanted = sum(-(-size // archive.BLOCK_BYTES) * archive.BLOCK_BYTES + archive.BLOCK_BYTES for size in sizes)
    free = shutil.disk_usage(target.parent).free
    if free < wanted + _HEADROOM_BYTES:
        raise ResourceError(
            f"The pack needs {wanted / 1e6:,.0f} MB and {free / 1e6:,.0f} MB are free in {target.parent}."
        )


def _now() -> datetime:
    epoch = os.environ.get("SOURCE_DATE_EPOCH", "")
    return datetime.fromtimestamp(int(epoch), UTC) if epoch.isdigit() else datetime.now(UTC).replace(microsecond=0)
