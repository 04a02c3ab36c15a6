"""Voiceprints of clips and meetings, made by the engines of the product, for ``bench/identification.py``.

Owns converting, enrolling and who a diarized speaker really is; never decides or counts. Usage::

    measures = Measures(audio, workspace)
    speakers = measures.found_speakers(audio / "en-composed" / "encomp_dev_easy.flac")
"""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from bench.references import read_rttm
from bench.voices import Person, load_people
from scribe.adapters.audio import PyAvConverter
from scribe.domain.audio import Waveform
from scribe.domain.speech import Diarization, Span, SpeakerCount
from scribe.domain.voices import Cohort, VoiceBank, VoiceClip, Voiceprint, VoiceProfile
from scribe.engines.clips import ClipMeter
from scribe.engines.diarization import OnnxDiarizer
from scribe.engines.identification import Enroller
from scribe.engines.onnx import model_sha256, revision_of
from scribe.engines.residency import Residency
from scribe.engines.voice_calibration import load_cohort
from scribe.engines.voiceprint import CampPlusExtractor

WEIGHTS = Path(__file__).parents[1] / "scribe" / "engines" / "weights"
CACHE = Path(__file__).with_name(".cache") / "speakers"


@dataclass(frozen=True, slots=True)
class Speaker:
    """A voice of a meeting, and who it really is."""

    meeting: str
    truth: str
    voiceprint: Voiceprint


class Measures:
    """Voiceprints of clips and meetings, made by the engines of the product."""

    def __init__(self, audio: Path, workspace: Path) -> None:
        residency = Residency("keep")
        cohort = load_cohort("campplus")
        assert cohort is not None
        self.cohort: Cohort = cohort
        self.people = load_people(audio)
        self.extractor = CampPlusExtractor(WEIGHTS / "campplus.onnx", residency)
        self.diarizer = OnnxDiarizer(WEIGHTS / "segmentation-3.0.onnx", WEIGHTS / "campplus.onnx", residency)
        self._enroller = Enroller(ClipMeter(self.diarizer, self.extractor, cohort))
        self._converter = PyAvConverter()
        self._workspace = workspace
        self._prints: dict[str, VoiceProfile] = {}

    def open(self, path: Path) -> Waveform:
        wav = self._workspace / f"{path.parent.name}-{path.stem}.wav"
        if not wav.exists():
            self._converter.convert(path, wav, lambda _: None)
        return self._converter.open(wav)

    def enrolled(self, folders: Sequence[tuple[str, Path]]) -> VoiceBank:
        """The clips as ``--voices`` would enrol them."""
        clips = [VoiceClip(name, path.name, lambda path=path: self.open(path)) for name, path in folders]  # type: ignore[misc]
        return self._enroller.enrol(clips).bank

    def profile(self, person: Person) -> VoiceProfile:
        """A person without enrolment clips is enrolled from the first clip, or from the first half of the only one."""
        if person.name not in self._prints:
            if person.enrol:
                [profile] = self.enrolled([(person.name, path) for path in person.enrol]).profiles
            else:
                waveform = self.open(person.test[0])
                end_s = waveform.duration_s if len(person.test) > 1 else waveform.duration_s / 2
                profile = VoiceProfile(person.name, (self._one(waveform, Span(0.0, end_s)),))
            self._prints[person.name] = profile
        return self._prints[person.name]

    def true_speakers(self, meeting: Path) -> list[Speaker]:
        """Every speaker by the reference: where nobody else speaks."""
        waveform, turns = self.open(meeting), read_rttm(meeting.with_suffix(".rttm"))
        alone: dict[str, list[npt.NDArray[np.int16]]] = defaultdict(list)
        for turn in turns:
            others = [other for other in turns if other.speaker != turn.speaker]
            for start_s, end_s in _without(
                turn.start_s, turn.end_s, [(other.start_s, other.end_s) for other in others]
            ):
                alone[turn.speaker].append(waveform.pcm[round(start_s * 16_000) : round(end_s * 16_000)])
        speakers = []
        for name, pieces in alone.items():
            joined = Waveform(np.concatenate(pieces))
            [print_] = self.extractor.voiceprints(joined, [Span(0.0, joined.duration_s)])
            if print_ is not None:
                speakers.append(Speaker(meeting.stem, name, print_))
        return speakers

    def found_speakers(self, meeting: Path) -> list[Speaker]:
        """Every speaker by the diarizer; who it is, is whom it overlaps most. Kept until diarizer or models change."""
        kept = CACHE / f"{meeting.parent.name}-{meeting.stem}-{_version()}.npz"
        if not kept.exists():
            diarization = self.diarizer.diarize(self.open(meeting), SpeakerCount(), lambda _: None)
            truth = _dominant(diarization, meeting)
            prints = diarization.voiceprints
            kept.parent.mkdir(parents=True, exist_ok=True)
            np.savez(
                kept,
                truth=np.array([truth[label] for label in prints], dtype=np.str_),
                vectors=np.array([print_.vector for print_ in prints.values()]),
                speech_s=np.array([print_.speech_s for print_ in prints.values()]),
            )
        revision = revision_of(model_sha256(WEIGHTS / "campplus.onnx"))
        with np.load(kept) as found:
            return [
                Speaker(meeting.stem, str(truth), Voiceprint(vector, "campplus", float(speech_s), revision))
                for truth, vector, speech_s in zip(found["truth"], found["vectors"], found["speech_s"], strict=True)
            ]

    def _one(self, waveform: Waveform, span: Span) -> Voiceprint:
        [print_] = self.extractor.voiceprints(waveform, [span])
        assert print_ is not None
        return print_


def _version() -> str:
    """Of everything that makes a speaker's print."""
    digest = hashlib.sha256()
    for file in (*sorted((WEIGHTS.parent / "diarization").glob("*.py")), *sorted(WEIGHTS.glob("*.onnx"))):
        digest.update(file.read_bytes())
    return digest.hexdigest()[:8]


def _without(start_s: float, end_s: float, holes: list[tuple[float, float]]) -> Iterator[tuple[float, float]]:
    for hole_start_s, hole_end_s in sorted(holes):
        if hole_start_s > start_s and min(hole_start_s, end_s) - start_s > 0.1:
            yield start_s, min(hole_start_s, end_s)
        start_s = max(start_s, hole_end_s)
    if end_s - start_s > 0.1:
        yield start_s, end_s


def _dominant(diarization: Diarization, meeting: Path) -> dict[str, str]:
    shared: dict[str, Counter[str]] = defaultdict(Counter)
    for turn in diarization.turns:
        for reference in read_rttm(meeting.with_suffix(".rttm")):
            overlap_s = min(turn.end_s, reference.end_s) - max(turn.start_s, reference.start_s)
            shared[turn.speaker][reference.speaker] += max(0.0, overlap_s)  # type: ignore[assignment]
    return {speaker: counts.most_common(1)[0][0] for speaker, counts in shared.items()}
