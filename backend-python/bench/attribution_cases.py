"""Recordings made ready for comparing attribution rules: words, reference, and true, perturbed and found turns.

Owns the preparation with the product's own engines; judges nothing. Usage::

    studio = Studio(whisper_folder, workspace)
    for case in studio.cases(Path("shared/audio")): ...
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from bench.normalise import normaliser
from bench.recordings import Recording, find_recordings
from bench.references import Utterance, read_rttm, read_stm
from bench.wrong_speaker import SpokenWord, match_words, normal_form, spread_words
from scribe.adapters.audio import PyAvConverter
from scribe.domain.audio import Waveform
from scribe.domain.speech import Diarization, Span, SpeakerCount, SpeakerLabel, Transcript, TranscriptionOptions, Turn
from scribe.domain.turns import exclusive_turns, merge_turns, overlap_spans
from scribe.domain.voices import Voiceprint
from scribe.engines.diarization import OnnxDiarizer
from scribe.engines.residency import Residency
from scribe.engines.transcription import WhisperTranscriber
from scribe.engines.voiceprint import CampPlusExtractor
from scribe.pipeline.stages import join_blocks

WEIGHTS = Path(__file__).parents[1] / "scribe" / "engines" / "weights"
JITTER_S, DROPPED_BELOW_S, DROPPED_SHARE, CONFUSED_SHARE = 0.25, 0.6, 0.5, 0.05
"""What "perturbed" means: both edges of every turn move by up to ±0.25 s, half of the turns under 0.6 s are missed,
5 % carry another speaker's label."""
PRINT_PIECES, PIECE_S = 6, 3.0
"""A speaker's print: the middles of the longest clean stretches, as a diarizer would take them."""


@dataclass(frozen=True, slots=True)
class Case:
    set_name: str
    name: str
    language: str | None
    waveform: Waveform
    transcript: Transcript
    said: Sequence[Utterance]
    truth: dict[int, str]
    """Of each rightly recognised word, by its index: who said it."""
    true_turns: tuple[Turn, ...]
    found: Diarization

    def normal(self, text: str) -> str:
        return normaliser(self.language)(text)


class Studio:
    """The product's engines around one folder of recordings."""

    def __init__(self, whisper: Path, workspace: Path) -> None:
        residency = Residency("keep")
        self._workspace = workspace
        self._transcriber = WhisperTranscriber(whisper, whisper.name, residency, device="cpu", compute_type="int8")
        self._diarizer = OnnxDiarizer(WEIGHTS / "segmentation-3.0.onnx", WEIGHTS / "campplus.onnx", residency)
        self._extractor = CampPlusExtractor(WEIGHTS / "campplus.onnx", residency)
        self._prints: dict[tuple[str, float, float], Voiceprint | None] = {}
        self.listened_s = 0.0

    def cases(self, audio: Path) -> Iterator[Case]:
        """Every recording with turns, words and at least one word recognised rightly."""
        for recording in find_recordings(audio, self._workspace):
            if recording.rttm and recording.stm and not recording.is_non_speech:
                case = self._case(recording)
                if case.truth:
                    yield case

    def _case(self, recording: Recording) -> Case:
        wav = self._workspace / f"{recording.set_name}-{recording.name}.wav"
        converter = PyAvConverter()
        converter.convert(recording.audio, wav, lambda _: None)
        waveform = converter.open(wav)
        options = TranscriptionOptions(language=recording.language)
        blocks = self._transcriber.transcribe(waveform, options, progress=lambda _: None)
        transcript = join_blocks(blocks, waveform.duration_s)
        assert recording.stm is not None
        said = read_stm(recording.stm)
        heard = [SpokenWord(w.start_s, w.end_s, w.text, None) for w in transcript.words]
        return Case(
            recording.set_name,
            recording.name,
            recording.language,
            waveform,
            transcript,
            said,
            match_words(timed_words(said, recording.audio.with_suffix(".words.ctm")), heard),
            true_turns(recording),
            self._diarizer.diarize(waveform, SpeakerCount(), lambda _: None),
        )

    def listen(self, case: Case, spans: Sequence[Span]) -> list[Voiceprint | None]:
        """As the pipeline would, but nothing twice."""
        spans = [Span(round(span.start_s, 2), round(span.end_s, 2)) for span in spans]
        keys = [(case.name, span.start_s, span.end_s) for span in spans]
        new = [span for key, span in zip(keys, spans, strict=True) if key not in self._prints]
        for span, voiceprint in zip(new, self._extractor.voiceprints(case.waveform, new), strict=True):
            self._prints[case.name, span.start_s, span.end_s] = voiceprint
        return [self._prints[key] for key in keys]

    def diarization(self, case: Case, turns: Sequence[Turn]) -> Diarization:
        """Given turns as a diarizer would deliver them: with a voiceprint of each speaker, from these very turns."""
        turns = merge_turns(turns)
        prints: dict[SpeakerLabel, Voiceprint] = {}
        for speaker, stretches in clean_stretches(turns).items():
            longest = sorted(stretches, key=lambda span: -span.duration_s)[:PRINT_PIECES]
            pieces = [middle(span, PIECE_S) for span in longest if span.duration_s >= 0.5]
            heard = [voiceprint for voiceprint in self.listen(case, pieces) if voiceprint is not None]
            if heard:
                mean = np.sum([voiceprint.vector * voiceprint.speech_s for voiceprint in heard], axis=0)
                vector = (mean / np.linalg.norm(mean)).astype(np.float32)
                prints[speaker] = replace(heard[0], vector=vector, speech_s=sum(v.speech_s for v in heard))
        return Diarization(case.transcript.duration_s, turns, exclusive_turns(turns), prints)


def true_turns(recording: Recording) -> tuple[Turn, ...]:
    """The reference; of AMI's two the transcribers' own segments, which the figures of the peers were measured with."""
    assert recording.rttm is not None
    segments = recording.audio.with_suffix(".segments.rttm")
    turns = read_rttm(segments if segments.exists() else recording.rttm)
    return merge_turns(Turn(t.start_s, t.end_s, SpeakerLabel(t.speaker)) for t in turns if t.end_s > t.start_s)


def perturbed(turns: Sequence[Turn], seed: int, duration_s: float) -> tuple[Turn, ...]:
    """Turns with the errors of a middling diarizer."""
    random = np.random.default_rng(seed)
    speakers = sorted({turn.speaker for turn in turns})
    kept = []
    for turn in turns:
        if turn.duration_s < DROPPED_BELOW_S and random.random() < DROPPED_SHARE:
            continue
        start_s = max(turn.start_s + random.uniform(-JITTER_S, JITTER_S), 0.0)
        end_s = min(turn.end_s + random.uniform(-JITTER_S, JITTER_S), duration_s)
        speaker = turn.speaker
        if len(speakers) > 1 and random.random() < CONFUSED_SHARE:
            speaker = SpeakerLabel(str(random.choice([other for other in speakers if other != speaker])))
        if end_s - start_s > 0.05:
            kept.append(Turn(start_s, end_s, speaker))
    return merge_turns(kept)


def clean_stretches(turns: Sequence[Turn]) -> dict[SpeakerLabel, list[Span]]:
    """Where each speaker speaks alone."""
    overlaps = overlap_spans(turns)
    clean: dict[SpeakerLabel, list[Span]] = defaultdict(list)
    for turn in turns:
        from_s = turn.start_s
        for overlap in overlaps:
            if overlap.end_s > from_s and overlap.start_s < turn.end_s:
                clean[turn.speaker].append(Span(from_s, max(from_s, overlap.start_s)))
                from_s = overlap.end_s
        if from_s < turn.end_s:
            clean[turn.speaker].append(Span(from_s, turn.end_s))
    return clean


def middle(span: Span, longest_s: float) -> Span:
    surplus_s = max(span.duration_s - longest_s, 0.0) / 2
    return Span(span.start_s + surplus_s, span.end_s - surplus_s)


def timed_words(said: Sequence[Utterance], ctm: Path) -> list[list[SpokenWord]]:
    """The words of each utterance, with the times of a ``recording speaker start length word`` file where it fits."""
    exact: dict[str, list[SpokenWord]] = defaultdict(list)
    for line in ctm.read_text(encoding="utf-8").splitlines() if ctm.exists() else ():
        _, speaker, start, length, text = line.split(maxsplit=4)
        exact[speaker].append(SpokenWord(float(start), float(start) + float(length), text, speaker))
    words = []
    for utterance in said:
        spread = spread_words(utterance.start_s, utterance.end_s, utterance.text, utterance.speaker)
        inside = [w for w in exact[utterance.speaker] if utterance.start_s - 0.1 <= w.middle_s <= utterance.end_s + 0.1]
        same = [normal_form(w.text) for w in inside] == [normal_form(w.text) for w in spread]
        words.append(inside if same else spread)
    return words
