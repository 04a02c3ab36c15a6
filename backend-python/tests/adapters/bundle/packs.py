"""Packs small enough to be made in a test: pip, a product that says its version, a model."""

import base64
import ensurepip
import hashlib
import json
import platform
import zipfile
from pathlib import Path

from scribe.adapters.bundle import archive, bootstrap

CODE = "import sys\ndef main():\n    print('scribe {version}')\n"


def wheel(folder: Path, version: str) -> Path:
    """A product whose only command prints its version."""
    name, info = "smart_meeting_scribe", f"smart_meeting_scribe-{version}.dist-info"
    files = {
        "scribe_stub.py": CODE.format(version=version),
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: smart-meeting-scribe\nVersion: {version}\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        f"{info}/entry_points.txt": "[console_scripts]\nscribe = scribe_stub:main\n",
    }
    record = [
        f"{path},sha256={base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b'=').decode()},"
        for path, text in files.items()
    ]
    path = folder / f"{name}-{version}-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as file:
        for inner, text in files.items():
            file.writestr(inner, text)
        file.writestr(f"{info}/RECORD", "\n".join([*record, f"{info}/RECORD,,", ""]))
    return path


def pack(folder: Path, version: str, *, model: bytes = b"weights", **manifest: object) -> Path:
    """A pack of that version, for this machine."""
    own = wheel(folder, version)
    (pip,) = (Path(ensurepip.__file__).parent / "_bundled").glob("pip-*.whl")
    facts = {
        "format": 1,
        "product": bootstrap.PRODUCT,
        "version": version,
        "platform": bootstrap.this_platform(),
        "glibc": "",
        "python": [".".join(platform.python_version_tuple()[:2])],
        "models": ["tiny"],
        "wheels": 1,
        "files": 6,
        "installed_bytes": 1_000_000,
    }
    sha256 = hashlib.sha256(own.read_bytes()).hexdigest()
    contents: dict[str, Path | bytes] = {
        "manifest.json": json.dumps(facts | manifest).encode(),
        "install.py": Path(bootstrap.__file__),
        "requirements.txt": f"smart-meeting-scribe=={version} --hash=sha256:{sha256}\n".encode(),
        f"wheels/{own.name}": own,
        f"wheels/{pip.name}": pip,
        "models/tiny/model.bin": model,
        "models/tiny/scribe-model.json": b"{}",
    }
    target = folder / f"pack-{version}.tar"
    archive.write(target, f"scribe-{version}", contents, 1)
    return target
