"""Which rule gives the most words to the right speaker: peers' rules, ours, and the best that is possible.

The words are the product's own; the turns are the reference's, the reference's with the errors of a middling diarizer,
and the product's. For each set: cpWER / share of rightly recognised words with the wrong speaker, in per cent. The
floor (ORC-WER of the words as one stream) is what no attribution can take away. Usage::

    python -m bench.attribution ../../shared/audio --model FOLDER [--seeds 10] [--search 300]
"""

import argparse
import tempfile
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path

import numpy as np

from bench.attribution_cases import Case, Studio, perturbed
from bench.words import Errors, cp_word_errors, word_errors
from bench.wrong_speaker import SpokenWord, wrong_speakers
from scribe.domain.attribution import Weights, attribute
from scribe.domain.fusion import fuse
from scribe.domain.speech import Diarization, Turn, Word

Labels = list[str | None]
Rule = Callable[[Case, Diarization], Labels]

TURN_KINDS = ("true", "perturbed", "found")


def overlap_s(word: Word, turn: Turn) -> float:
    return min(word.end_s, turn.end_s) - max(word.start_s, turn.start_s)


def longest_turn_takes_segment(case: Case, diarization: Diarization) -> Labels:
    """A whole segment of the recogniser goes to the one turn that overlaps it longest: the original project's rule."""
    labels: Labels = []
    for segment in case.transcript.segments:
        whole = Word(segment.start_s, segment.end_s, "", 1.0)
        turn = max(diarization.turns, key=lambda turn: overlap_s(whole, turn), default=None)
        speaker = turn.speaker if turn is not None and overlap_s(whole, turn) > 0 else None
        labels += [speaker] * len(segment.words)
    return labels


def segment_majority(case: Case, diarization: Diarization) -> Labels:
    """A whole segment goes to the speaker whose turns overlap it longest in sum."""
    labels: Labels = []
    for segment in case.transcript.segments:
        whole = Word(segment.start_s, segment.end_s, "", 1.0)
        labels += [most_overlapping(whole, diarization.turns)] * len(segment.words)
    return labels


def most_overlapping(word: Word, turns: Sequence[Turn]) -> str | None:
    shares: dict[str, float] = defaultdict(float)
    for turn in turns:
        shares[turn.speaker] += max(overlap_s(word, turn), 0.0)
    best = max(shares, key=lambda speaker: shares[speaker], default=None)
    return best if best is not None and shares[best] > 0 else None


def word_overlap(case: Case, diarization: Diarization) -> Labels:
    """Each word to the speaker with most overlap, or to nobody: whisperX's default."""
    return [most_overlapping(word, diarization.turns) for word in case.transcript.words]


def word_overlap_or_nearest(case: Case, diarization: Diarization) -> Labels:
    return _filled(case, diarization.turns)


def exclusive_overlap_or_nearest(case: Case, diarization: Diarization) -> Labels:
    """The same on exclusive turns: in an overlap the longer turn takes the word."""
    return _filled(case, diarization.exclusive_turns)


def _filled(case: Case, turns: Sequence[Turn]) -> Labels:
    labels: Labels = []
    for word in case.transcript.words:
        label = most_overlapping(word, turns)
        if label is None and turns:
            label = max(turns, key=lambda turn: overlap_s(word, turn)).speaker
        labels.append(label)
    return labels


def ours_from_turns(case: Case, diarization: Diarization, weights: Weights | None = None) -> Labels:
    attribution = attribute(case.transcript.words, diarization, weights=weights)
    return [attribution.speaker(index) for index in range(len(case.transcript.words))]


def oracle(case: Case, _: Diarization) -> Labels:
    """Every word that the reference knows to its true speaker, the others to the speaker of the last known one."""
    labels: Labels = []
    last = case.truth[min(case.truth)]
    for index in range(len(case.transcript.words)):
        last = case.truth.get(index, last)
        labels.append(last)
    return labels


@dataclass
class Tally:
    cpwer: Errors
    wrong: Errors

    def __add__(self, other: "Tally") -> "Tally":
        return Tally(self.cpwer + other.cpwer, self.wrong + other.wrong)

    def __str__(self) -> str:
        return f"{100 * self.cpwer.rate:.1f} / {100 * self.wrong.rate:.1f}"


NOTHING = Tally(Errors(0, 0), Errors(0, 0))


def judge(case: Case, labels: Labels) -> tuple[Tally, set[int]]:
    """Errors of one answer, and which words went to the wrong speaker."""
    heard: dict[str, list[str]] = defaultdict(list)
    for word, label in zip(case.transcript.words, labels, strict=True):
        heard[label or "nobody"].append(word.text)
    said: dict[str, list[str]] = defaultdict(list)
    for utterance in case.said:
        said[utterance.speaker].append(utterance.text)
    reference = {speaker: case.normal(" ".join(texts)) for speaker, texts in said.items()}
    hypothesis = {speaker: case.normal(" ".join(texts)) for speaker, texts in heard.items()}
    spoken = [
        SpokenWord(w.start_s, w.end_s, w.text, label) for w, label in zip(case.transcript.words, labels, strict=True)
    ]
    wrong = wrong_speakers(case.truth, spoken)
    return Tally(cp_word_errors(reference, hypothesis), Errors(len(wrong), len(case.truth))), set(wrong)


def floor(case: Case) -> Errors:
    """Errors of the words as one stream, speakers ignored, utterances in order of their start."""
    said = " ".join(case.normal(utterance.text) for utterance in case.said)
    return word_errors(said, case.normal(" ".join(word.text for word in case.transcript.words)))


@dataclass
class Listening:
    """What the second opinion did, summed up over many files."""

    repaired: int = 0
    broken: int = 0
    moved: int = 0
    listened_s: float = 0.0
    audio_s: float = 0.0


def compare(studio: Studio, cases: Sequence[Case], seeds: int) -> None:
    rules: dict[str, Rule] = {
        "segment, longest turn": longest_turn_takes_segment,
        "segment, summed overlap": segment_majority,
        "word overlap": word_overlap,
        "word overlap, nearest": word_overlap_or_nearest,
        "exclusive, nearest": exclusive_overlap_or_nearest,
        "ours, turns only": ours_from_turns,
        "oracle": oracle,
    }
    sets = list(dict.fromkeys(case.set_name for case in cases))
    floors = {name: sum((floor(c) for c in cases if c.set_name == name), Errors(0, 0)) for name in sets}
    for kind in TURN_KINDS:
        tallies: dict[tuple[str, str], Tally] = defaultdict(lambda: NOTHING)
        listening = Listening()
        for case, diarization in turns_of(studio, cases, kind, seeds):
            for name, rule in rules.items():
                tallies[name, case.set_name] += judge(case, rule(case, diarization))[0]
            tallies["ours", case.set_name] += with_voices(studio, case, diarization, listening)
        print(f"\n{kind} turns: cpWER / wrong-speaker words, %")
        print_row("", sets)
        print_row("floor (ORC-WER)", [f"{100 * floors[name].rate:.1f}" for name in sets])
        for name in (*list(rules)[:-1], "ours", "oracle"):
            print_row(name, [str(tallies[name, set_name]) for set_name in sets])
        print(
            f"second opinion: {listening.repaired} repaired, {listening.broken} broken, {listening.moved} moved; "
            f"listened to {listening.listened_s:.0f} s of {listening.audio_s:.0f} s"
        )


def turns_of(studio: Studio, cases: Sequence[Case], kind: str, seeds: int) -> list[tuple[Case, Diarization]]:
    if kind == "found":
        return [(case, case.found) for case in cases]
    if kind == "true":
        return [(case, studio.diarization(case, case.true_turns)) for case in cases]
    return [
        (case, studio.diarization(case, perturbed(case.true_turns, seed, case.transcript.duration_s)))
        for case in cases
        for seed in range(seeds)
    ]


def with_voices(studio: Studio, case: Case, diarization: Diarization, listening: Listening) -> Tally:
    fusion = fuse(case.transcript, diarization, lambda spans: studio.listen(case, spans))
    labels: Labels = [word.speaker for segment in fusion.segments for word in segment.words]
    tally, wrong = judge(case, labels)
    _, wrong_before = judge(case, ours_from_turns(case, diarization))
    listening.repaired += len(wrong_before - wrong)
    listening.broken += len(wrong - wrong_before)
    listening.moved += fusion.words_moved
    listening.listened_s += fusion.listened_s
    listening.audio_s += case.transcript.duration_s
    return tally


def print_row(name: str, cells: Sequence[str]) -> None:
    print(f"{name:26s}" + "".join(f"{cell[:17]:>19s}" for cell in cells))


RANGES = {
    "covered": (0.0, 1.0),
    "overlapped": (0.0, 1.0),
    "nearby": (0.0, 0.5),
    "floor": (0.005, 0.3),
    "change": (2.0, 9.0),
    "change_after_sentence": (0.0, 0.6),
    "change_after_comma": (0.4, 1.0),
    "pause_bonus": (0.0, 4.0),
    "turn_start_bonus": (0.0, 3.5),
    "turn_end_bonus": (0.0, 3.0),
}


def search(studio: Studio, cases: Sequence[Case], trials: int) -> None:
    """Random settings, judged on every other recording and checked on the rest; the present one is printed first."""
    random = np.random.default_rng(1)
    names = [field.name for field in fields(Weights)]
    assert set(RANGES) <= set(names)
    scenes = [scene for kind in TURN_KINDS for scene in turns_of(studio, cases, kind, seeds=2)]
    halves = {case.name: index % 2 for index, case in enumerate(cases)}
    results = []
    for trial in range(trials):
        drawn = {name: float(random.uniform(low, high)) for name, (low, high) in RANGES.items()}
        weights = Weights() if trial == 0 else replace(Weights(), **drawn)
        wrong = [Errors(0, 0), Errors(0, 0)]
        for case, diarization in scenes:
            labels = ours_from_turns(case, diarization, weights)
            heard = [SpokenWord(0.0, 0.0, "", label) for label in labels]
            wrong[halves[case.name]] += Errors(len(wrong_speakers(case.truth, heard)), len(case.truth))
        results.append((wrong[0].rate, wrong[1].rate, weights))
    print("\nwrong-speaker words in one half / in the other, %: the present weights, then the best twelve of the first")
    for first, second, weights in [results[0], *sorted(results, key=lambda result: result[0])[:12]]:
        shown = " ".join(f"{name} {getattr(weights, name):.2f}" for name in RANGES)
        print(f"{100 * first:.2f} / {100 * second:.2f}  {shown}")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.attribution", description=__doc__)
    parser.add_argument("audio", type=Path)
    parser.add_argument("--model", type=Path, required=True, help="folder of the Whisper model (scribe models path)")
    parser.add_argument("--seeds", type=int, default=10, help="perturbations of each recording's turns")
    parser.add_argument("--search", type=int, default=0, metavar="TRIALS", help="also draw random weights")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as workspace:
        studio = Studio(options.model, Path(workspace))
        cases = list(studio.cases(options.audio))
        compare(studio, cases, options.seeds)
        if options.search:
            search(studio, cases, options.search)


if __name__ == "__main__":
    main()
