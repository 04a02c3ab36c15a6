"""Makes ``scribe/engines/weights/cohort.npz``: what the voices of many people have in common under CAM++.

Owns the choice of people and the averaging. Only corpora under CC BY 4.0 are used (LibriSpeech, VCTK, FLEURS), one
print per person, and only the mean over all of them is written: no single voice can be read out of it. Usage::

    python -m bench.cohort ../../shared/audio scribe/engines/weights/cohort.npz
"""

import csv
import sys
import tempfile
from collections import defaultdict
from pathlib import Path

import numpy as np
import numpy.typing as npt

from scribe.adapters.audio import PyAvConverter
from scribe.domain.speech import Span
from scribe.engines.residency import Residency
from scribe.engines.voiceprint import CampPlusExtractor

MODEL_ID = "campplus"
WEIGHTS = Path(__file__).parents[1] / "scribe" / "engines" / "weights" / "campplus.onnx"


def people_of(audio: Path) -> dict[str, list[Path]]:
    """Everybody with recordings under CC BY 4.0, and the recordings."""
    people: dict[str, list[Path]] = defaultdict(list)
    for bank in ("en-voicebank-libri", "en-voicebank-more"):
        for row in _rows(audio / bank / "clips.csv"):
            if not row["speaker"].startswith("eagle"):  # not CC BY: the audio samples of a repository under Apache-2.0
                people[f"{bank}/{row['speaker']}"].append(audio / bank / row["file"])
    for row in _rows(audio / "fr-fleurs" / "speakers.csv"):
        people[f"fr-fleurs/{row['speaker']}"].append(audio / "fr-fleurs" / row["file"])
    for name, numbers in {
        "A": ("002", "003", "004"),
        "B": ("000",),
        "C": ("006",),
    }.items():  # en-composed/manifest.json
        people[f"guest/{name}"] = [audio / "en-composed" / "guests" / f"fleurs-en-{number}.ogg" for number in numbers]
    return dict(people)


def prints_of(people: dict[str, list[Path]], extractor: CampPlusExtractor) -> dict[str, npt.NDArray[np.float32]]:
    """One unit print per person, every clip weighing as long as it speaks."""
    converter, prints = PyAvConverter(), {}
    with tempfile.TemporaryDirectory() as workspace:
        wav = Path(workspace) / "clip.wav"
        for name, clips in people.items():
            total = np.zeros(0, np.float32)
            for clip in clips:
                converter.convert(clip, wav, lambda _: None)
                waveform = converter.open(wav)
                [print_] = extractor.voiceprints(waveform, [Span(0.0, waveform.duration_s)])
                assert print_ is not None, clip
                weighted = print_.vector * np.float32(print_.speech_s)
                total = weighted if not len(total) else total + weighted
            prints[name] = total / np.linalg.norm(total)
    return prints


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def main() -> None:
    audio, target = (Path(argument) for argument in sys.argv[1:])
    prints = prints_of(people_of(audio), CampPlusExtractor(WEIGHTS, Residency()))
    mean = np.mean(list(prints.values()), axis=0).astype(np.float32)
    np.savez(target, **{MODEL_ID: mean})
    print(f"{target}: mean of {len(prints)} people, length {np.linalg.norm(mean):.3f}")


if __name__ == "__main__":
    main()
