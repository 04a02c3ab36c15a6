"""Voiceprints of everybody in the shared audio under every condition: what the trials of the voice bank are made of.

Owns who the people are, which stretches are enrolled and which are tested, and a cache of the prints; never decides.
A stretch that is enrolled is never tested. Usage::

    prints = TrialPrints(audio, cache)
    prints.tests("LS1688", 3.0, "G.711")       # tuple of Voiceprint
"""

import hashlib
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from bench.references import read_rttm
from bench.voice_conditions import CONDITIONS, Pcm
from bench.voices import load_genders, load_people, pseudo_voice
from scribe.adapters.audio import PyAvConverter
from scribe.domain.audio import SAMPLE_RATE_HZ, Waveform
from scribe.domain.speech import Span
from scribe.domain.voices import Voiceprint
from scribe.engines.onnx import model_sha256, revision_of
from scribe.engines.residency import Residency
from scribe.engines.voiceprint import CampPlusExtractor

WEIGHTS = Path(__file__).parents[1] / "scribe" / "engines" / "weights" / "campplus.onnx"
CACHE = Path(__file__).with_name(".cache")
SAMPLES = Path(__file__).parents[2] / "samples" / "voices"
PSEUDO_FACTORS = (0.80, 0.84, 0.88, 0.92, 0.96, 1.04, 1.08, 1.12, 1.16, 1.20)
DOUBTFUL_PAIR = frozenset({"FRA", "FRB"})
"""Perhaps one person in two sessions (``fr-fleurs/SOURCES.md``): no trial, neither same nor different."""
MAX_STRETCHES = 12
"""Of one person and duration: whoever talks longest must not be half of all trials."""
_LEAST_SPEECH = 0.75
_LEAST_ALONE_S = 4.0
"""Somebody of AMI who is heard alone for less is left out."""


@dataclass(frozen=True, slots=True)
class Talker:
    """A person, and which of the recordings enrol and which test."""

    name: str
    language: str
    enrol: tuple[Pcm, ...]
    test: tuple[Pcm, ...]
    gender: str = ""
    is_one_session: bool = False
    """Enrolled and tested from the same recording: how like themselves people are is not measured with them."""


def talkers(audio: Path, extra: Path | None = None) -> dict[str, Talker]:
    """Everybody; ``extra``: a folder of one folder per person of further clips (docs/benchmarks.md);
    of somebody who is known already, they are tested."""
    listening = _Listener(audio)
    found = [*_of_banks(audio, listening), *_of_ami(audio, listening), *_of_others(audio, listening)]
    people = {talker.name: talker for talker in found}
    for folder in sorted(extra.iterdir()) if extra is not None else ():
        clips = [listening.pcm(path) for path in sorted(folder.iterdir())]
        known = people.get(folder.name)
        people[folder.name] = (
            _talker(folder.name, "other", clips)
            if known is None
            else replace(known, enrol=(*known.enrol, *known.test), test=tuple(clips), is_one_session=False)
        )
    return {name: replace(person, gender=_said_sex(name) or person.gender) for name, person in people.items()}


def _said_sex(name: str) -> str:
    """As AMI's codes and the packages' folders (``it_IT_f_Menardi``) say it; never inferred from a voice."""
    if name.startswith("AMI-"):
        return name.removeprefix("AMI-")[0]
    women = {"Allison", "Armelle", "June", "Menardi", "Ivrvoice", "Katie", "p225"}
    return "F" if name in women else "M" if name in {"Carlo", "Steve", "p226"} else ""


class _Listener:
    def __init__(self, audio: Path) -> None:
        self._converter = PyAvConverter()
        self._folder = CACHE / "wav-voices"
        self._folder.mkdir(parents=True, exist_ok=True)
        self._audio = audio

    def pcm(self, path: Path) -> Pcm:
        wav = self._folder / f"{hashlib.sha256(str(path).encode()).hexdigest()[:16]}.wav"
        if not wav.exists():
            self._converter.convert(path, wav, lambda _: None)
        return np.array(self._converter.open(wav).pcm[:])


def _talker(name: str, language: str, clips: Sequence[Pcm], gender: str = "") -> Talker:
    """Of several clips the first enrol, up to half of the speech; of one clip the first half."""
    if len(clips) == 1:
        half = len(clips[0]) // 2
        return Talker(name, language, (clips[0][:half],), (clips[0][half:],), gender, is_one_session=True)
    num_enrol = 1
    while num_enrol < len(clips) - 1 and sum(map(len, clips[:num_enrol])) < min(
        20 * SAMPLE_RATE_HZ, sum(map(len, clips)) // 2
    ):
        num_enrol += 1
    return Talker(name, language, tuple(clips[:num_enrol]), tuple(clips[num_enrol:]), gender)


def _of_banks(audio: Path, listening: _Listener) -> Iterator[Talker]:
    genders = load_genders(audio)
    for name, person in load_people(audio).items():
        language = "fr" if name.startswith("FR") or name in ("June", "Armelle") else "en"
        test = [listening.pcm(path) for path in person.test]
        if person.enrol:
            enrol = tuple(listening.pcm(path) for path in person.enrol)
            yield Talker(name, language, enrol, tuple(test), genders.get(name, ""))
        else:
            yield _talker(name, language, test, genders.get(name, ""))


def _of_ami(audio: Path, listening: _Listener) -> Iterator[Talker]:
    """The people of AMI where they speak alone by the reference; one clip per meeting."""
    alone: dict[str, list[Pcm]] = {}
    for rttm in sorted((audio / "en-ami").glob("*_000-030.rttm")):
        turns, pcm = read_rttm(rttm), listening.pcm(rttm.with_suffix(".flac"))
        taken = np.zeros(len(pcm), np.int64)
        for turn in turns:
            taken[round(turn.start_s * SAMPLE_RATE_HZ) : round(turn.end_s * SAMPLE_RATE_HZ)] += 1
        for name in sorted({str(turn.speaker) for turn in turns}):
            own = np.zeros(len(pcm), np.bool_)
            for turn in turns:
                if turn.speaker == name:
                    own[round(turn.start_s * SAMPLE_RATE_HZ) : round(turn.end_s * SAMPLE_RATE_HZ)] = True
            heard = pcm[own & (taken == 1)]
            if len(heard) >= _LEAST_ALONE_S * SAMPLE_RATE_HZ:
                alone.setdefault(name, []).append(heard)
    yield from (_talker(f"AMI-{name}", "en", clips) for name, clips in alone.items())


def _of_others(audio: Path, listening: _Listener) -> Iterator[Talker]:
    for name in ("katie", "steve"):
        yield _talker(name.title(), "en", [listening.pcm(audio / "en-katiesteve" / "enrol" / f"{name}.flac")])
    for path in sorted((audio / "fr-short").glob("fr_*.*")):
        if path.suffix != ".txt" and path.stem != "fr_dictee":  # 2.5 s: too short to enrol and test
            yield _talker(path.stem, "fr", [listening.pcm(path)])
    yield _talker("Allison", "en", [listening.pcm(SAMPLES / "Allison.flac")])


def open_prints(audio: Path) -> "TrialPrints":
    """With the caches of the benchmark, and the further clips if somebody has put some there."""
    extra = CACHE / "voices-extra"
    return TrialPrints(audio, CACHE / f"voice-prints-{model_sha256(WEIGHTS)[:8]}", extra if extra.is_dir() else None)


class TrialPrints:
    """Prints of everybody, made once and kept in the folder ``cache``."""

    def __init__(self, audio: Path, cache: Path, extra: Path | None = None) -> None:
        cache.mkdir(parents=True, exist_ok=True)
        self._cache = cache
        self._revision = revision_of(model_sha256(WEIGHTS))
        self._loaded: dict[str, tuple[Voiceprint, ...]] = {}
        self._extractor = CampPlusExtractor(WEIGHTS, Residency("keep"))
        self.people = talkers(audio, extra)
        voices = list(self.people.values())
        chance = np.random.default_rng(1)
        self._babble = {voice.name: _babble([v for v in voices if v.name != voice.name], chance) for voice in voices}

    def enrolled(self, name: str, condition: str = "clean") -> tuple[Voiceprint, ...]:
        """One print per clip."""
        return self._kept(f"{name} enrol {condition}", lambda: self._whole(self.people[name].enrol, name, condition))

    def short(self, name: str, duration_s: float, condition: str = "clean") -> tuple[Voiceprint, ...]:
        """Stretches of the recordings that enrol: what little speech is worth on that side."""
        person = self.people[name]
        key = f"{name} short {duration_s} {condition}"
        return self._kept(key, lambda: self._stretches(person.enrol, name, duration_s, condition))

    def tests(self, name: str, duration_s: float, condition: str = "clean") -> tuple[Voiceprint, ...]:
        person = self.people[name]
        key = f"{name} test {duration_s} {condition}"
        return self._kept(key, lambda: self._stretches(person.test, name, duration_s, condition))

    def pseudo(self, name: str) -> tuple[Voiceprint, ...]:
        """Of the first clip that enrols, played slower and faster: one print per factor."""
        clip = self.people[name].enrol[0]
        return self._kept(
            f"{name} pseudo", lambda: self._prints([pseudo_voice(clip, factor) for factor in PSEUDO_FACTORS])
        )

    def _whole(self, clips: Sequence[Pcm], name: str, condition: str) -> list[Voiceprint]:
        return self._prints([self._degraded(clip, name, condition) for clip in clips])

    def _stretches(self, clips: Sequence[Pcm], name: str, duration_s: float, condition: str) -> list[Voiceprint]:
        size = round(duration_s * SAMPLE_RATE_HZ)
        pieces = [clip[at : at + size] for clip in clips for at in range(0, len(clip) - size + 1, size)]
        if len(pieces) > MAX_STRETCHES:
            pieces = [pieces[round(at)] for at in np.linspace(0, len(pieces) - 1, MAX_STRETCHES)]
        prints = self._prints([self._degraded(piece, name, condition) for piece in pieces])
        return [print_ for print_ in prints if print_.speech_s >= _LEAST_SPEECH * duration_s]

    def _degraded(self, pcm: Pcm, name: str, condition: str) -> Pcm:
        chance = np.random.default_rng(zlib.crc32(pcm.tobytes()))
        return CONDITIONS[condition](pcm, chance, self._babble[name])

    def _prints(self, clips: Sequence[Pcm]) -> list[Voiceprint]:
        found = [self._extractor.voiceprints(Waveform(pcm), [Span(0.0, len(pcm) / SAMPLE_RATE_HZ)])[0] for pcm in clips]
        return [print_ for print_ in found if print_ is not None]

    def _kept(self, key: str, make: Callable[[], list[Voiceprint]]) -> tuple[Voiceprint, ...]:
        if key not in self._loaded:
            file = self._cache / f"{hashlib.sha256(key.encode()).hexdigest()[:24]}.npz"
            if not file.exists():
                prints = make()
                vectors = np.stack([print_.vector for print_ in prints]) if prints else np.zeros((0, 192), np.float32)
                np.savez(file, vectors=vectors, speech_s=np.array([print_.speech_s for print_ in prints]))
            with np.load(file) as kept:
                self._loaded[key] = tuple(
                    Voiceprint(vector, "campplus", float(speech_s), self._revision)
                    for vector, speech_s in zip(kept["vectors"], kept["speech_s"], strict=True)
                )
        return self._loaded[key]


def _babble(voices: Sequence[Talker], chance: np.random.Generator) -> npt.NDArray[np.float64]:
    """Six others at once, 20 s: (num_samples,) float64."""
    chosen = [voices[int(at)] for at in chance.choice(len(voices), 6, replace=False)]
    length = 20 * SAMPLE_RATE_HZ
    return np.asarray(
        sum(
            np.resize(wave, length) / max(float(np.sqrt(np.mean(wave**2))), 1e-9)
            for voice in chosen
            for wave in [np.concatenate(voice.test).astype(np.float64)]
        )
    )
