"""How often a voice is named rightly, wrongly or not at all: in clips of 1.5 to 12 s, and in meetings.

Owns trials, banks and counting; never decides (``scribe.domain.voices`` does). Two banks: of the five people who are
there, and of 100, padded with everybody else and then with pseudo-voices (clips played slower or faster). Usage::

    python -m bench.identification ../../shared/audio
"""

import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from bench.voice_measures import PSEUDO_FACTORS, Measures, Speaker
from bench.voices import BANKS, Meeting, Person, compose_meetings
from scribe.domain.voices import (
    Cohort,
    MatchRule,
    VoiceBank,
    Voiceprint,
    VoiceProfile,
    match,
    score_matrix,
)

CACHE = Path(__file__).with_name(".cache") / "voices"
DURATIONS_S = (1.5, 3.0, 6.0, 12.0)
LARGE_BANK = 100
DOUBTFUL_PAIR = frozenset({"FRA", "FRB"})
"""Perhaps one person in two sessions (``fr-fleurs/SOURCES.md``): no trial, neither same nor different."""
THRESHOLDS = (0.30, 0.35, 0.40, 0.43, 0.45, 0.47, 0.50, 0.55, 0.60)

_BANK_OF_100 = (
    "the bank of 100 holds everybody who is not in the meeting, then pseudo-voices (their clips played at "
    f"{', '.join(map(str, PSEUDO_FACTORS))} times the speed)."
)
_CLIP_HEADER = (
    "| s | pairs same / different | EER | same | different | rejected / accepted at the threshold "
    "| bank of 5 | bank of 100 |"
)

Scores = npt.NDArray[np.float64]
Decide = Callable[[Scores], list[int | None]]
"""(num_voices, num_profiles) -> per voice the index of the profile it is named after."""


def equal_error_rate(same: Scores, different: Scores) -> float:
    """Where as many of the same are under the threshold as different ones are over it."""
    thresholds = np.sort(np.concatenate([same, different]))
    misses = np.searchsorted(np.sort(same), thresholds) / len(same)
    false_alarms = 1 - np.searchsorted(np.sort(different), thresholds) / len(different)
    at = int(np.argmin(np.abs(misses - false_alarms)))
    return float((misses[at] + false_alarms[at]) / 2)


def clip_lines(measures: Measures, bank: VoiceBank, padding: dict[str, list[VoiceProfile]]) -> Iterator[str]:
    """One line per duration: pairs of clip and person, then open-set naming with banks of five and of 100."""
    people = list(measures.people.values())
    names = [profile.name for profile in bank.profiles]
    five = [profile for profile in bank.profiles if profile.name in _five(people)]
    yield from ("### Clips: pairs, and five people to be named among strangers", "", _CLIP_HEADER)
    yield "|---|---|---|---|---|---|---|---|"
    for duration_s in DURATIONS_S:
        tests = [(person.name, print_) for person in people for print_ in measures.tests(person, duration_s)]
        scores = score_matrix([print_ for _, print_ in tests], bank, measures.cohort)
        is_same = np.array([[name == owner for name in names] for owner, _ in tests])
        is_doubtful = np.array(
            [[name != owner and {name, owner} == DOUBTFUL_PAIR for name in names] for owner, _ in tests]
        )
        same, different = scores[is_same], scores[~is_same & ~is_doubtful]
        threshold = MatchRule().threshold_for(measures.cohort)
        named = [_open_set(tests, five, others, measures.cohort) for others in ({}, padding)]
        yield (
            f"| {duration_s:.1f} | {len(same)} / {len(different)} | {100 * equal_error_rate(same, different):.2f} % "
            f"| {same.mean():.2f} ± {same.std():.2f}, min {same.min():.2f} "
            f"| {different.mean():.2f} ± {different.std():.2f}, max {different.max():.2f} "
            f"| {100 * (same < threshold).mean():.1f} % / {100 * (different >= threshold).mean():.3f} % "
            f"| {named[0]} | {named[1]} |"
        )
    yield ""


def split_lines(measures: Measures) -> Iterator[str]:
    """Cohort and threshold from one half of the people, judged on the other half, at 3 s and longer."""
    people = sorted(measures.people.values(), key=lambda person: person.name)
    yield from ("### Cohort and threshold from one half of the people, judged on the other half (3 s)", "")
    yield "| split | threshold | EER | same rejected | different accepted |"
    yield "|---|---|---|---|---|"
    for tuned, judged in ((people[::2], people[1::2]), (people[1::2], people[::2])):
        mean = np.mean([measures.profile(person).voiceprints[0].vector for person in tuned], axis=0)
        cohort = Cohort("campplus", mean.astype(np.float32))
        same, different = _pairs(measures, tuned, cohort)
        threshold = float(same.min() + different.max()) / 2
        same, different = _pairs(measures, judged, cohort)
        yield (
            f"| {len(tuned)} → {len(judged)} people | {threshold:.2f} "
            f"| {100 * equal_error_rate(same, different):.2f} % "
            f"| {100 * (same < threshold).mean():.1f} % of {len(same)} | "
            f"{100 * (different >= threshold).mean():.3f} % of {len(different)} |"
        )


def _pairs(measures: Measures, people: Sequence[Person], cohort: Cohort) -> tuple[Scores, Scores]:
    bank = VoiceBank(tuple(measures.profile(person) for person in people))
    tests = [(person.name, print_) for person in people for print_ in measures.tests(person, 3.0)]
    scores = score_matrix([print_ for _, print_ in tests], bank, cohort)
    is_same = np.array([[profile.name == owner for profile in bank.profiles] for owner, _ in tests])
    return scores[is_same], scores[~is_same]


def _five(people: Sequence[Person]) -> set[str]:
    return {person.name for person in people if person.enrol and "en-voicebank-libri" in person.enrol[0].parts}


def _padding(bank: VoiceBank, pseudo: dict[str, list[VoiceProfile]]) -> dict[str, list[VoiceProfile]]:
    """By person, the profiles made of that person's recordings: left out when the person is a stranger."""
    return {profile.name: [profile, *pseudo[profile.name]] for profile in bank.profiles}


def padded(
    known: Sequence[VoiceProfile], padding: dict[str, list[VoiceProfile]], absent: set[str], size: int = LARGE_BANK
) -> VoiceBank:
    """``known`` and, up to ``size``, real people before pseudo-voices; nobody of ``absent``, nothing made of them."""
    names = {profile.name for profile in known} | absent
    usable = [profiles for name, profiles in padding.items() if name not in names]
    ranked = [
        profile
        for rank in range(1 + len(PSEUDO_FACTORS))
        for profiles in usable
        for profile in profiles[rank : rank + 1]
    ]
    return VoiceBank((*known, *ranked[: max(0, size - len(known))]))


def _open_set(
    tests: list[tuple[str, Voiceprint]],
    five: list[VoiceProfile],
    padding: dict[str, list[VoiceProfile]],
    cohort: Cohort,
) -> str:
    """Each stretch alone against the bank. The least speech is waived: the columns show what it is for."""
    rule = replace(MatchRule(), min_speech_s=0.0)
    known = {profile.name for profile in five}
    counts: Counter[str] = Counter()
    for owner in dict.fromkeys(owner for owner, _ in tests):
        bank = padded(five, padding, {owner} | (DOUBTFUL_PAIR if owner in DOUBTFUL_PAIR else set()))
        for _, print_ in [test for test in tests if test[0] == owner]:
            counts[_outcome(match({"voice": print_}, bank, cohort, rule)["voice"].name, owner, known)] += 1
    return _told(counts)


def _outcome(name: str | None, truth: str, known: set[str]) -> str:
    if truth in known:
        return "right" if name == truth else "missed" if name is None else "wrong"
    return "stranger left" if name is None else "stranger named"


def _told(counts: Counter[str]) -> str:
    known = counts["right"] + counts["missed"] + counts["wrong"]
    strangers = counts["stranger left"] + counts["stranger named"]
    named = f"{counts['right']}/{known} right, {counts['wrong']} wrong"
    return f"{named}; {counts['stranger named']}/{strangers} strangers named"


@dataclass(frozen=True, slots=True)
class Scene:
    """The speakers of one meeting and the two banks they are compared with."""

    speakers: tuple[Speaker, ...]
    known: tuple[VoiceProfile, ...]
    banks: tuple[VoiceBank, VoiceBank]
    """Of those who are there and enrolled, and of 100."""


def scene(speakers: Sequence[Speaker], known: Sequence[VoiceProfile], padding: dict[str, list[VoiceProfile]]) -> Scene:
    absent = {speaker.truth for speaker in speakers}
    absent |= DOUBTFUL_PAIR if absent & DOUBTFUL_PAIR else set()
    return Scene(tuple(speakers), tuple(known), (VoiceBank(tuple(known)), padded(known, padding, absent)))


def naming_lines(scenes: Sequence[Scene], cohort: Cohort) -> Iterator[str]:
    """Ours at several thresholds, then the usual rules, over the same speakers and banks."""
    shipped = MatchRule().threshold_for(cohort)
    for threshold in THRESHOLDS:
        rule = MatchRule(threshold=threshold)
        cells = [
            _told(_total(meeting_counts(one.speakers, one.known, one.banks[size], rule, cohort) for one in scenes))
            for size in (0, 1)
        ]
        yield f"| ours at {threshold:.2f}{' (shipped)' if threshold == shipped else ''} | {cells[0]} | {cells[1]} |"
    for name, centred, threshold, decide in (
        ("plain cosine 0.5, best", False, 0.5, _best),
        ("plain cosine 0.6, Hungarian", False, 0.6, _hungarian),
        (f"centred {shipped}, best", True, shipped, _best),
        (f"centred {shipped}, Hungarian", True, shipped, _hungarian),
        ("centred, Hungarian, no threshold", True, -1.0, _hungarian),
    ):
        cells = [
            _told(
                _total(
                    _rival_counts(one, one.banks[size], cohort if centred else None, threshold, decide)
                    for one in scenes
                )
            )
            for size in (0, 1)
        ]
        yield f"| {name} | {cells[0]} | {cells[1]} |"


def meeting_counts(
    speakers: Sequence[Speaker], known: Sequence[VoiceProfile], bank: VoiceBank, rule: MatchRule, cohort: Cohort
) -> Counter[str]:
    verdicts = match({str(index): speaker.voiceprint for index, speaker in enumerate(speakers)}, bank, cohort, rule)
    return _count(speakers, known, [verdicts[str(index)].name for index in range(len(speakers))])


def _rival_counts(one: Scene, bank: VoiceBank, cohort: Cohort | None, threshold: float, decide: Decide) -> Counter[str]:
    scores = score_matrix([speaker.voiceprint for speaker in one.speakers], bank, cohort)
    chosen = decide(np.where(scores >= threshold, scores, -10.0))
    return _count(one.speakers, one.known, [None if at is None else bank.profiles[at].name for at in chosen])


def _best(scores: Scores) -> list[int | None]:
    return [int(row.argmax()) if row.max() > -10 else None for row in scores]


def _hungarian(scores: Scores) -> list[int | None]:
    from scipy.optimize import linear_sum_assignment

    chosen: list[int | None] = [None] * len(scores)
    for row, column in zip(*linear_sum_assignment(scores, maximize=True), strict=True):
        if scores[row, column] > -10:
            chosen[row] = int(column)
    return chosen


def _count(speakers: Sequence[Speaker], known: Sequence[VoiceProfile], names: Sequence[str | None]) -> Counter[str]:
    """A person whom the diarizer split in two is right when one of the two has the name; one it lost is missed."""
    enrolled = {profile.name for profile in known}
    outcomes = [(one.truth, _outcome(name, one.truth, enrolled)) for one, name in zip(speakers, names, strict=True)]
    right = {truth for truth, outcome in outcomes if outcome == "right"}
    counts = Counter(outcome for truth, outcome in outcomes if outcome != "missed")
    counts["right"] = len(right)
    counts["missed"] = len(enrolled - right)
    return counts


def _total(counts: Iterable[Counter[str]]) -> Counter[str]:
    total: Counter[str] = Counter()
    for one in counts:
        total.update(one)
    return total


def report(audio: Path) -> str:
    """Everything as Markdown; empty where the voice banks are not."""
    return "\n".join(report_lines(audio))


def report_lines(audio: Path) -> Iterator[str]:
    """The report as it is measured, line by line: some minutes of work."""
    if not all((audio / bank / "clips.csv").is_file() for bank in BANKS):
        return
    with tempfile.TemporaryDirectory() as workspace:
        measures = Measures(audio, Path(workspace))
        people = VoiceBank(tuple(measures.profile(person) for person in measures.people.values()))
        padding = _padding(people, measures.pseudo_profiles())
        yield from ("## Identification", "", f"{len(people.profiles)} people; {_BANK_OF_100}", "")
        yield from verdict_lines(measures, audio)
        yield from meeting_lines(measures, padding, audio)
        yield from clip_lines(measures, people, padding)
        yield from split_lines(measures)


def meeting_lines(measures: Measures, padding: dict[str, list[VoiceProfile]], audio: Path) -> Iterator[str]:
    meetings = list(named_meetings(audio))
    for title, speakers_of in (("our diarizer", measures.found_speakers), ("true turns", measures.true_speakers)):
        scenes = []
        rows = []
        for meeting in meetings:
            known = [measures.profile(measures.people[name]) for name in meeting.known]
            one = scene(speakers_of(meeting.audio), known, padding)
            scenes.append(one)
            rows += _scores_of(one, measures.cohort)
        yield from (f"### {len(meetings)} composed meetings, {title}", "", "| rule | bank of 5 | bank of 100 |")
        yield "|---|---|---|"
        yield from naming_lines(scenes, measures.cohort)
        yield ""
        yield from _spread(rows)
        yield ""


def verdict_lines(measures: Measures, audio: Path) -> Iterator[str]:
    """The recordings that come with enrolment clips of their own."""
    yield from (
        "### With their own enrolment clips, our diarizer",
        "",
        "| recording | speaker | verdict | score | runner-up |",
    )
    yield "|---|---|---|---|---|"
    for folder, stem in (
        ("en-katiesteve", "katiesteve_2019"),
        ("en-katiesteve", "katiesteve_2023"),
        ("fr-synth-meeting", "frsynth_dev"),
    ):
        if (audio / folder).is_dir():
            yield from _verdicts(measures, audio / folder / "enrol", audio / folder / f"{stem}.flac")
    yield ""


def named_meetings(audio: Path) -> Iterator[Meeting]:
    five = ("LS1688", "LS1998", "LS2414", "LS2609", "LS3080")
    for name in ("encomp_dev_easy", "encomp_dev_hard"):
        yield Meeting(audio / "en-composed" / f"{name}.flac", five)
    yield from compose_meetings(audio, CACHE)


def _scores_of(one: Scene, cohort: Cohort) -> list[tuple[bool, float, float, float]]:
    """Per speaker: enrolled?, seconds of speech, score of the right person (or nothing), best wrong score in 100."""
    bank = one.banks[1]
    names = [profile.name for profile in bank.profiles]
    known = {profile.name for profile in one.known}
    rows = []
    for speaker, scores in zip(
        one.speakers, score_matrix([each.voiceprint for each in one.speakers], bank, cohort), strict=True
    ):
        own = names.index(speaker.truth) if speaker.truth in known else None
        wrong = np.delete(scores, own) if own is not None else scores
        rows.append((own is not None, speaker.voiceprint.speech_s, float(scores[own or 0]), float(wrong.max())))
    return rows


def _spread(rows: list[tuple[bool, float, float, float]]) -> Iterator[str]:
    enough = [row for row in rows if row[1] >= MatchRule().min_speech_s]
    own = np.array([score for is_known, _, score, _ in enough if is_known])
    lead = np.array([score - wrong for is_known, _, score, wrong in enough if is_known])
    strangers = np.array([wrong for is_known, _, _, wrong in enough if not is_known])
    yield (
        f"With 3 s of speech or more, bank of 100: the right person scores {own.mean():.2f} ± {own.std():.2f}, "
        f"min {own.min():.2f}, and leads by {lead.min():.2f} or more; a stranger's best is {strangers.mean():.2f} "
        f"± {strangers.std():.2f}, max {strangers.max():.2f}."
    )


def _verdicts(measures: Measures, enrol: Path, recording: Path) -> Iterator[str]:
    bank = measures.enrolled([(clip.stem, clip) for clip in sorted(enrol.glob("*.flac"))])
    speakers = measures.found_speakers(recording)
    verdicts = match(
        {f"{index}": speaker.voiceprint for index, speaker in enumerate(speakers)}, bank, measures.cohort, MatchRule()
    )
    for speaker, verdict in zip(speakers, verdicts.values(), strict=True):
        yield (
            f"| {recording.stem} | {speaker.truth}, {speaker.voiceprint.speech_s:.1f} s "
            f"| {verdict.name or verdict.reason} | {verdict.score:.2f} {verdict.candidate} "
            f"| {verdict.runner_up_score:.2f} {verdict.runner_up} |"
        )


if __name__ == "__main__":
    for line in report_lines(Path(sys.argv[1])):
        print(line, flush=True)
