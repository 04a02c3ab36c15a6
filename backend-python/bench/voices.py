"""The people of a folder laid out like the shared audio, and meetings in which some of them are enrolled.

Owns who is who, which clips enrol and which test, and the recipe of the meetings; never measures a voice. Enrolment
clips are never heard in a meeting. Usage::

    people = load_people(audio)
    meetings = compose_meetings(audio, cache)
"""

import csv
import json
import subprocess
import sys
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np
import numpy.typing as npt

from bench.references import read_rttm

BANKS = ("en-voicebank-libri", "en-voicebank-more", "fr-voicebank")

KNOWN_PER_MEETING, STRANGERS_PER_MEETING, MEETINGS = 5, 3, 8
_SEED = 2026
_OVERLAPS, _NOISES = (0.05, 0.10, 0.18), ("room", "pink", "babble")
_SNRS_DB, _RT60S_S = (25, 18, 12), (0.2, 0.35, 0.55)


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody with recordings."""

    name: str
    enrol: tuple[Path, ...]
    """Empty for strangers."""
    test: tuple[Path, ...]


@dataclass(frozen=True, slots=True)
class Meeting:
    """A recording with its reference turns."""

    audio: Path
    known: tuple[str, ...]
    """Who speaks and is enrolled; four minutes may end before somebody's only clip."""

    @property
    def rttm(self) -> Path:
        return self.audio.with_suffix(".rttm")


def load_people(audio: Path) -> dict[str, Person]:
    """Everybody in the voice banks, the French clips and the guests of ``en-composed``."""
    enrol: dict[str, list[Path]] = {}
    test: dict[str, list[Path]] = {}
    for bank in BANKS:
        for row in _rows(audio / bank / "clips.csv"):
            clips = enrol if row["role"] == "enrol" else test
            clips.setdefault(row["speaker"], []).append(audio / bank / row["file"])
    for row in _rows(audio / "fr-fleurs" / "speakers.csv"):
        test.setdefault(row["speaker"], []).append(audio / "fr-fleurs" / row["file"])
    composed = audio / "en-composed"
    for clip in json.loads((composed / "manifest.json").read_text(encoding="utf-8")):
        if clip["speaker"].startswith("GUEST"):
            test.setdefault(clip["speaker"], []).append(composed / clip["path"])
    return {name: Person(name, tuple(enrol.get(name, ())), tuple(test[name])) for name in sorted(test)}


def load_genders(audio: Path) -> dict[str, str]:
    """``M`` or ``F`` as the corpora say it, of those for whom they do: for counting confusions, never inferred."""
    rows = (row for bank in BANKS for row in _rows(audio / bank / "clips.csv"))
    return {row["speaker"]: row["gender"] for row in rows if row.get("gender")}


def compose_meetings(audio: Path, cache: Path) -> list[Meeting]:
    """Eight meetings of four minutes, five enrolled people and three strangers each; made once, kept in ``cache``."""
    cache.mkdir(parents=True, exist_ok=True)
    people = load_people(audio)
    manifest = cache / "manifest.json"
    clips = [{"path": str(path.resolve()), "speaker": name} for name in people for path in people[name].test]
    manifest.write_text(json.dumps(clips), encoding="utf-8")
    known = sorted(name for name, person in people.items() if person.enrol)
    rng = np.random.default_rng(_SEED)
    strangers = list(rng.permutation(sorted(set(people) - set(known))))
    meetings = []
    for index in range(MEETINGS):
        present = sorted(str(name) for name in rng.choice(known, KNOWN_PER_MEETING, replace=False))
        first = STRANGERS_PER_MEETING * index
        guests = [str(strangers[(first + turn) % len(strangers)]) for turn in range(STRANGERS_PER_MEETING)]
        recording = cache / f"named-{index + 1:02d}.flac"
        if not recording.exists():
            _compose(audio, manifest, recording, index, [*present, *guests])
        heard = {turn.speaker for turn in read_rttm(recording.with_suffix(".rttm"))}
        meetings.append(Meeting(recording, tuple(name for name in present if name in heard)))
    return meetings


def _compose(audio: Path, manifest: Path, recording: Path, index: int, speakers: list[str]) -> None:
    options = {
        "minutes": 4,
        "seed": 100 + index,
        "overlap": _OVERLAPS[index % 3],
        "noise": _NOISES[index % 3],
        "snr": _SNRS_DB[index // 3 % 3],
        "rt60": _RT60S_S[(index + index // 3) % 3],
        "gain": 5,
        "same-speaker": 0.1,
        "speakers": ",".join(speakers),
    }
    command = [
        sys.executable,
        str(audio / "compose_meeting.py"),
        str(manifest),
        str(recording.with_suffix("")),
        "--flac",
    ]
    arguments = [f"--{name}={value}" for name, value in options.items()]
    subprocess.run([*command, *arguments], check=True, stdout=subprocess.DEVNULL)


def pseudo_voice(pcm: npt.NDArray[np.int16], factor: float) -> npt.NDArray[np.int16]:
    """The clip played ``factor`` times as fast: pitch and formants move with it, and somebody else seems to speak.

    Speed perturbation makes new speakers for training (Yamamoto et al., "Speaker augmentation and bandwidth extension
    for deep speaker embedding", Interspeech 2019); here it only fills a bank. (num_samples,) int16 in and out.
    """
    from scipy.signal import resample_poly

    ratio = Fraction(factor).limit_denominator(50)
    played = resample_poly(pcm.astype(np.float32), ratio.denominator, ratio.numerator)
    faster: npt.NDArray[np.int16] = np.clip(np.rint(played), -32768, 32767).astype(np.int16)
    return faster


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))
