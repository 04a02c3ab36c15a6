"""Makes ``scribe/engines/weights/cohort.npz``: what voices, and what channels, have in common under CAM++.

Owns the choice of people, the averaging and the directions. Only corpora under CC BY 4.0 are used (LibriSpeech, VCTK,
FLEURS). Two things are written: the mean over all people, one print each, and the few directions in which telephones,
noises and rooms move everybody's print most. No single voice can be read out of either. Usage::

    python -m bench.cohort ../../shared/audio scribe/engines/weights/cohort.npz
"""

import csv
import sys
import tempfile
from collections import defaultdict
from pathlib import Path

import numpy as np
import numpy.typing as npt

from bench.voice_conditions import CONDITIONS, Pcm
from scribe.adapters.audio import PyAvConverter
from scribe.domain.audio import SAMPLE_RATE_HZ, Waveform
from scribe.domain.speech import Span
from scribe.domain.voices import Voiceprint
from scribe.engines.residency import Residency
from scribe.engines.voiceprint import CampPlusExtractor

MODEL_ID = "campplus"
NUM_DIRECTIONS = 2
"""The first does nearly all of it; with five, clean voices begin to suffer (docs/benchmarks.md)."""
_EXCERPT_S = 9.0
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
    prints = {}
    for name, clips in people.items():
        total = np.zeros(0, np.float32)
        for clip in clips:
            print_ = _print(_heard(clip), extractor)
            weighted = print_.vector * np.float32(print_.speech_s)
            total = weighted if not len(total) else total + weighted
        prints[name] = total / np.linalg.norm(total)
    return prints


def nuisance_of(
    people: dict[str, list[Path]], mean: npt.NDArray[np.float32], extractor: CampPlusExtractor
) -> npt.NDArray[np.float32]:
    """The directions in which a channel moves a print: (NUM_DIRECTIONS, dimension) float32, orthonormal.

    Of everybody the start of one clip, as it is and under every condition; the largest singular vectors of the
    differences.
    """
    chance = np.random.default_rng(0)
    heard = {name: _heard(clips[0])[: round(_EXCERPT_S * SAMPLE_RATE_HZ)] for name, clips in people.items()}
    babble = np.asarray(sum(np.resize(pcm, 20 * SAMPLE_RATE_HZ).astype(np.float64) for pcm in heard.values()))
    moved = []
    for pcm in heard.values():
        clean = _centred(_print(pcm, extractor).vector, mean)
        for name, condition in CONDITIONS.items():
            if name != "clean":
                degraded = _print(condition(pcm, chance, babble), extractor)
                moved.append(_centred(degraded.vector, mean) - clean)
    _, _, directions = np.linalg.svd(np.stack(moved), full_matrices=False)
    return np.asarray(directions[:NUM_DIRECTIONS], np.float32)


def _centred(vector: npt.NDArray[np.float32], mean: npt.NDArray[np.float32]) -> npt.NDArray[np.float64]:
    own = vector.astype(np.float64) - mean
    return np.asarray(own / np.linalg.norm(own))


def _heard(clip: Path) -> Pcm:
    with tempfile.TemporaryDirectory() as workspace:
        wav = Path(workspace) / "clip.wav"
        converter = PyAvConverter()
        converter.convert(clip, wav, lambda _: None)
        return np.array(converter.open(wav).pcm[:])


def _print(pcm: Pcm, extractor: CampPlusExtractor) -> Voiceprint:
    [print_] = extractor.voiceprints(Waveform(pcm), [Span(0.0, len(pcm) / SAMPLE_RATE_HZ)])
    assert print_ is not None
    return print_


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def main() -> None:
    audio, target = (Path(argument) for argument in sys.argv[1:])
    people, extractor = people_of(audio), CampPlusExtractor(WEIGHTS, Residency("keep"))
    prints = prints_of(people, extractor)
    mean = np.mean(list(prints.values()), axis=0).astype(np.float32)
    np.savez(target, **{MODEL_ID: mean, f"{MODEL_ID}.nuisance": nuisance_of(people, mean, extractor)})
    print(f"{target}: mean of {len(prints)} people, length {np.linalg.norm(mean):.3f}")


if __name__ == "__main__":
    main()
