"""How often a voice is named rightly, wrongly or not at all: in meetings, and in trials by the thousand.

Owns meetings and counting; the trials are ``bench/voice_table.py``, and nothing here decides
(``scribe.domain.voices`` does). Usage::

    python -m bench.identification ../../shared/audio
"""

import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from bench.voice_measures import Measures, Speaker
from bench.voice_table import tables
from bench.voice_trials import DOUBTFUL_PAIR, PSEUDO_FACTORS, TrialPrints, open_prints
from bench.voices import BANKS, Meeting, compose_meetings
from scribe.domain.voices import (
    Band,
    Cohort,
    Identification,
    MatchRule,
    VoiceBank,
    VoiceProfile,
    match,
    score_matrix,
)

CACHE = Path(__file__).with_name(".cache") / "voices"
SIZES = (100, 500)
PROBABILITIES = (0.5, 0.8, 0.9, 0.95, 0.99)

_BANKS = (
    "Banks of 100 and 500 hold everybody who is not in the meeting, then pseudo-voices (real clips played "
    f"at {', '.join(map(str, PSEUDO_FACTORS))} times the speed)."
)

Scores = npt.NDArray[np.float64]
Decide = Callable[[Scores], list[int | None]]
"""(num_voices, num_profiles) -> per voice the index of the profile it is named after."""


def padded(known: Sequence[VoiceProfile], prints: TrialPrints, absent: set[str], size: int) -> VoiceBank:
    """``known`` and, up to ``size``, real people before pseudo-voices; nobody of ``absent``, nothing made of them."""
    names = [name for name in sorted(prints.people) if name not in {profile.name for profile in known} | absent]
    real = [VoiceProfile(name, prints.enrolled(name)) for name in names]
    pseudo = [
        VoiceProfile(f"{name} at speed {factor}", (prints.pseudo(name)[rank],))
        for rank, factor in enumerate(PSEUDO_FACTORS)
        for name in names
    ]
    return VoiceBank((*known, *[*real, *pseudo][: max(0, size - len(known))]))


def _outcome(verdict: Identification, truth: str, known: set[str]) -> str:
    """What became of one speaker."""
    if verdict.name is not None:
        return "right" if verdict.name == truth else "wrong" if truth in known else "stranger named"
    if verdict.band is Band.SUGGEST:
        return "offered" if verdict.candidate == truth else "offered wrongly"
    return "missed" if truth in known else "stranger left"


def _told(counts: Counter[str]) -> str:
    known = counts["right"] + counts["offered"] + counts["missed"]
    strangers = counts["stranger left"] + counts["stranger named"] + counts["stranger offered"]
    named = f"{counts['right']}/{known} right, {counts['offered']} offered, {counts['wrong']} wrong"
    return f"{named}; strangers: {counts['stranger named']}/{strangers} named, {counts['stranger offered']} offered"


@dataclass(frozen=True, slots=True)
class Scene:
    """The speakers of one meeting and the banks they are compared with."""

    speakers: tuple[Speaker, ...]
    known: tuple[VoiceProfile, ...]
    banks: tuple[VoiceBank, ...]
    """Of those who are there and enrolled, and of :data:`SIZES`."""


def scene(speakers: Sequence[Speaker], known: Sequence[VoiceProfile], prints: TrialPrints) -> Scene:
    absent = {speaker.truth for speaker in speakers}
    absent |= DOUBTFUL_PAIR if absent & DOUBTFUL_PAIR else set()
    banks = (VoiceBank(tuple(known)), *(padded(known, prints, absent, size) for size in SIZES))
    return Scene(tuple(speakers), tuple(known), banks)


def naming_lines(scenes: Sequence[Scene], cohort: Cohort) -> Iterator[str]:
    """Ours at several probabilities, then the usual rules and our former one, over the same speakers and banks."""
    banks = range(1 + len(SIZES))
    for probability in PROBABILITIES:
        rule = MatchRule(auto_probability=probability)
        cells = [_told(_total(meeting_counts(one, one.banks[size], rule, cohort) for one in scenes)) for size in banks]
        shipped = " (shipped)" if probability == MatchRule().auto_probability else ""
        yield f"| ours at {100 * probability:.0f} %{shipped} | {' | '.join(cells)} |"
    former = Cohort(cohort.model_id, cohort.mean)
    for name, its_cohort, threshold, decide in (
        ("plain cosine 0.5, best", None, 0.5, _best),
        ("plain cosine 0.6, Hungarian", None, 0.6, _hungarian),
        ("centred 0.45, best", former, 0.45, _best),
        ("centred, Hungarian, no threshold", former, -1.0, _hungarian),
    ):
        counts = [
            _total(_rival_counts(one, one.banks[size], its_cohort, threshold, decide) for one in scenes)
            for size in banks
        ]
        yield f"| {name} | {' | '.join(_told(count) for count in counts)} |"


def meeting_counts(one: Scene, bank: VoiceBank, rule: MatchRule, cohort: Cohort) -> Counter[str]:
    verdicts = match({str(index): each.voiceprint for index, each in enumerate(one.speakers)}, bank, cohort, rule)
    return _count(one.speakers, one.known, [verdicts[str(index)] for index in range(len(one.speakers))])


def _rival_counts(one: Scene, bank: VoiceBank, cohort: Cohort | None, threshold: float, decide: Decide) -> Counter[str]:
    scores = score_matrix([speaker.voiceprint for speaker in one.speakers], bank, cohort)
    chosen = decide(np.where(scores >= threshold, scores, -10.0))
    names = [None if at is None else bank.profiles[at].name for at in chosen]
    return _count(one.speakers, one.known, [Identification(name, None, None, None, "") for name in names])


def _best(scores: Scores) -> list[int | None]:
    return [int(row.argmax()) if row.max() > -10 else None for row in scores]


def _hungarian(scores: Scores) -> list[int | None]:
    from scipy.optimize import linear_sum_assignment

    chosen: list[int | None] = [None] * len(scores)
    for row, column in zip(*linear_sum_assignment(scores, maximize=True), strict=True):
        if scores[row, column] > -10:
            chosen[row] = int(column)
    return chosen


def _count(
    speakers: Sequence[Speaker], known: Sequence[VoiceProfile], verdicts: Sequence[Identification]
) -> Counter[str]:
    """A person whom the diarizer split in two is right when one of the two has the name; one it lost is missed."""
    enrolled = {profile.name for profile in known}
    found = [
        (one.truth, _outcome(verdict, one.truth, enrolled)) for one, verdict in zip(speakers, verdicts, strict=True)
    ]
    right = {truth for truth, outcome in found if outcome == "right"}
    offered = {truth for truth, outcome in found if outcome == "offered"} - right
    strangers = [(truth, outcome) for truth, outcome in found if truth not in enrolled]
    return Counter(
        {
            "right": len(right),
            "offered": len(offered),
            "missed": len(enrolled - right - offered),
            "wrong": sum(outcome == "wrong" for _, outcome in found),
            "stranger named": sum(outcome == "stranger named" for _, outcome in strangers),
            "stranger offered": sum(outcome == "offered wrongly" for _, outcome in strangers),
            "stranger left": sum(outcome == "stranger left" for _, outcome in strangers),
        }
    )


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
    prints = open_prints(audio)
    yield from ("## Identification", "", _BANKS, "")
    with tempfile.TemporaryDirectory() as workspace:
        measures = Measures(audio, Path(workspace))
        yield from verdict_lines(measures, audio)
        yield from meeting_lines(measures, prints, audio)
    yield from tables(prints)


def meeting_lines(measures: Measures, prints: TrialPrints, audio: Path) -> Iterator[str]:
    meetings = list(named_meetings(audio))
    for title, speakers_of in (("our diarizer", measures.found_speakers), ("true turns", measures.true_speakers)):
        scenes = []
        rows = []
        for meeting in meetings:
            known = [measures.profile(measures.people[name]) for name in meeting.known]
            one = scene(speakers_of(meeting.audio), known, prints)
            scenes.append(one)
            rows += _scores_of(one, measures.cohort)
        yield from (f"### {len(meetings)} composed meetings, {title}", "")
        yield f"| rule | bank of 5 | {' | '.join(f'of {size}' for size in SIZES)} |"
        yield "|---" * (2 + len(SIZES)) + "|"
        yield from naming_lines(scenes, measures.cohort)
        yield ""
        yield from _spread(rows)
        yield ""


def verdict_lines(measures: Measures, audio: Path) -> Iterator[str]:
    """The recordings that come with enrolment clips of their own."""
    yield from (
        "### With their own enrolment clips, our diarizer",
        "",
        "| recording | speaker | verdict | score | probability | runner-up |",
    )
    yield "|---|---|---|---|---|---|"
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
            f"| {verdict.name or verdict.reason} ({verdict.band.value}) | {verdict.explanation} {verdict.candidate} "
            f"| {100 * (verdict.probability or 0):.1f} % "
            f"| {verdict.runner_up_score:.2f} {verdict.runner_up} |"
        )


if __name__ == "__main__":
    for line in report_lines(Path(sys.argv[1])):
        print(line, flush=True)
