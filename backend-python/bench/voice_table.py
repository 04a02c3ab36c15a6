"""How often the voice bank gives the right name, a wrong one or none: open-set trials by the thousand.

Owns banks, outcomes and the tables; the decision is ``scribe.domain.voices.match``. Everybody is judged by a cohort,
directions and calibration that were fitted on other people (five parts). Banks hold real people first, then
pseudo-voices (real ones played slower or faster). Usage::

    lines = list(tables(open_prints(audio)))
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from bench.voice_conditions import CONDITIONS
from bench.voice_fit import cells, fit, halves, profiles_of, scores_of
from bench.voice_trials import DOUBTFUL_PAIR, PSEUDO_FACTORS, TrialPrints
from scribe.domain.voice_evidence import evidence_for
from scribe.domain.voices import Band, Cohort, MatchRule, VoiceBank, Voiceprint, VoiceProfile, calibration_of, match

SIZES = {5: 4, 50: 1, 100: 1, 500: 1}
"""How many people a bank holds, and how many such banks everybody is tried against."""
TELEPHONE = ("8 kHz", "G.711", "AMR 12.2", "AMR 4.75", "Opus 12", "Opus 6")
_VOICES_AT_ONCE = 64
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one voice before one bank."""

    person: str
    condition: str
    duration_s: float
    bank: int
    is_known: bool
    """Whether the person is in the bank."""
    band: Band
    is_right: bool
    """Whether the likeliest candidate is the person."""
    probability: float
    score: float
    candidate: str


@dataclass(frozen=True, slots=True)
class Pairs:
    """Scores of one person's voices, and the evidence in them: (num_pairs,) each."""

    person: str
    condition: str
    duration_s: float
    same: Floats
    different: Floats
    same_evidence: Floats
    different_evidence: Floats
    rivals: tuple[str, ...]
    """Whom ``different`` is about, voice after voice."""


def judge(prints: TrialPrints, rule: MatchRule) -> tuple[list[Outcome], list[Pairs]]:
    """Everybody by what was fitted on others."""
    people = sorted(prints.people)
    outcomes: list[Outcome] = []
    pairs: list[Pairs] = []
    for part in halves(people):
        cohort = fit(prints, [name for name in people if name not in part])
        for name in part:
            outcomes += _named(prints, name, cohort, replace(rule, may_repeat=True, min_speech_s=0.0))
            pairs += pairs_of(prints, name, cohort)
    return outcomes, pairs


def _named(prints: TrialPrints, name: str, cohort: Cohort, rule: MatchRule) -> Iterator[Outcome]:
    tests = [(*cell, test) for cell in cells() for test in prints.tests(name, cell[1], cell[0])]
    own = VoiceProfile(name, prints.enrolled(name))
    chance = np.random.default_rng(len(name) + sum(map(ord, name)))
    for size, times in SIZES.items():
        for _ in range(times):
            others = _others(prints, name, chance)
            for is_known in (True, False):
                bank = VoiceBank((*others[: size - 1], own) if is_known else tuple(others[:size]))
                assert len(bank.profiles) == size
                for first in range(0, len(tests), _VOICES_AT_ONCE):
                    some = tests[first : first + _VOICES_AT_ONCE]
                    verdicts = match({str(at): test for at, (_, _, test) in enumerate(some)}, bank, cohort, rule)
                    for (condition, duration_s, _), verdict in zip(some, verdicts.values(), strict=True):
                        is_right = verdict.candidate == name
                        best = verdict.candidates[0]
                        yield Outcome(
                            name,
                            condition,
                            duration_s,
                            size,
                            is_known,
                            verdict.band,
                            is_right,
                            best.probability,
                            best.score,
                            best.person,
                        )


def _others(prints: TrialPrints, name: str, chance: np.random.Generator) -> list[VoiceProfile]:
    """Everybody else in random order, then what they sound like at other speeds."""
    absent = {name} | (DOUBTFUL_PAIR if name in DOUBTFUL_PAIR else set())
    names = [str(other) for other in chance.permutation(sorted(set(prints.people) - absent))]
    pseudo = [
        VoiceProfile(f"{other} at speed {factor}", (print_,))
        for other in names
        for factor, print_ in zip(PSEUDO_FACTORS, prints.pseudo(other), strict=True)
    ]
    real = [VoiceProfile(other, prints.enrolled(other)) for other in names]
    return [*real, *(pseudo[int(at)] for at in chance.permutation(len(pseudo)))]


def pairs_of(prints: TrialPrints, name: str, cohort: Cohort, enrol_s: float | None = None) -> Iterator[Pairs]:
    """``enrol_s``: everybody is enrolled from one stretch of so many seconds."""
    enrolled: Mapping[str, Sequence[Voiceprint]] = {
        other: prints.enrolled(other) if enrol_s is None else prints.short(other, enrol_s)[:1]
        for other in sorted(prints.people)
        if other == name or {other, name} != DOUBTFUL_PAIR
    }
    if not enrolled[name]:
        return
    bank = VoiceBank(tuple(VoiceProfile(other, tuple(own)) for other, own in enrolled.items() if own))
    names, compared = [profile.name for profile in bank.profiles], profiles_of(bank, cohort)
    enrolled_s = np.array([profile.speech_s for profile in bank.profiles])
    is_own = np.array([other == name for other in names])
    for condition, duration_s in cells():
        tests = list(prints.tests(name, duration_s, condition))
        if tests:
            scores = scores_of(tests, compared, cohort)
            speech_s = np.array([test.speech_s for test in tests])[:, np.newaxis]
            evidence = calibration_of(cohort).evidence(scores, speech_s, enrolled_s)
            yield Pairs(
                name,
                condition,
                duration_s,
                scores[:, is_own].ravel(),
                scores[:, ~is_own].ravel(),
                evidence[:, is_own].ravel(),
                evidence[:, ~is_own].ravel(),
                tuple(other for other in names if other != name) * len(tests),
            )


def equal_error_rate(same: Floats, different: Floats) -> float:
    """Where as many of the same are under the threshold as different ones are over it."""
    thresholds = np.sort(np.concatenate([same, different]))
    misses = np.searchsorted(np.sort(same), thresholds) / len(same)
    false_alarms = 1 - np.searchsorted(np.sort(different), thresholds) / len(different)
    at = int(np.argmin(np.abs(misses - false_alarms)))
    return float((misses[at] + false_alarms[at]) / 2)


def tables(prints: TrialPrints, rule: MatchRule | None = None) -> Iterator[str]:
    rule = rule or MatchRule()
    outcomes, pairs = judge(prints, rule)
    num_different = sum(len(each.different) for each in pairs)
    yield (
        f"{len(prints.people)} people, {sum(len(each.same) for each in pairs):,} pairs of one person and "
        f"{num_different:,} of two, {len(outcomes):,} verdicts. A name is written from "
        f"{100 * rule.auto_probability:.0f} %, offered from {100 * rule.suggest_probability:.0f} %."
    )
    yield ""
    yield from _by_seconds(outcomes, pairs, rule)
    yield from _by_bank(outcomes)
    yield from _by_condition(outcomes, pairs)
    yield from _by_people(prints, outcomes, pairs, rule)
    yield from _calibration(outcomes, pairs)


def _by_seconds(outcomes: list[Outcome], pairs: list[Pairs], rule: MatchRule) -> Iterator[str]:
    needed = evidence_for(rule.auto_probability, rule.known_prior, 100)
    yield from ("### By seconds of speech, clean", "", "| s | pairs same / different | EER | rejected / accepted |")
    yield "|---|---|---|---|"
    for duration_s in (1.5, 3.0, 6.0, 12.0):
        yield f"| {duration_s:g} | {_pairs(_of(pairs, 'clean', duration_s), needed)} |"
    yield ""
    yield from _open_set_header("s")
    for duration_s in (1.5, 3.0, 6.0, 12.0):
        yield f"| {duration_s:g} | {_open_set(_of(outcomes, 'clean', duration_s), 100)} |"
    yield ""


def _by_bank(outcomes: list[Outcome]) -> Iterator[str]:
    yield from ("### By the size of the bank, 3 s", "")
    yield from _open_set_header("bank")
    for title, conditions in (("clean", ("clean",)), ("every condition", tuple(CONDITIONS))):
        some = [each for each in outcomes if each.condition in conditions and each.duration_s == 3.0]
        for size in SIZES:
            yield f"| {size}, {title} | {_open_set(some, size)} |"
    yield ""


def _by_condition(outcomes: list[Outcome], pairs: list[Pairs]) -> Iterator[str]:
    for duration_s in (3.0, 6.0):
        yield from (f"### By condition, enrolled clean, {duration_s:g} s, bank of 100", "")
        yield from _open_set_header("condition | EER")
        for condition in CONDITIONS:
            found = _of(pairs, condition, duration_s)
            yield f"| {condition} | {_eer(found)} | {_open_set(_of(outcomes, condition, duration_s), 100)} |"
        yield ""


def _by_people(prints: TrialPrints, outcomes: list[Outcome], pairs: list[Pairs], rule: MatchRule) -> Iterator[str]:
    needed = evidence_for(rule.auto_probability, rule.known_prior, 100)
    yield from (
        "### By language and sex, clean, 3 s",
        "",
        "| who | pairs same / different | EER | rejected / accepted |",
    )
    yield "|---|---|---|---|"
    clean = _of(pairs, "clean", 3.0)
    for language in ("en", "fr", "other"):
        some = [each for each in clean if prints.people[each.person].language == language]
        yield f"| {language}: {len(some)} people | {_pairs(some, needed)} |"
    for sex in ("F", "M"):
        some = [_of_one_sex(prints, each) for each in clean if prints.people[each.person].gender == sex]
        yield f"| {sex} against {sex}: {len(some)} people | {_pairs(some, needed)} |"
    several = [each for each in clean if not prints.people[each.person].is_one_session]
    yield f"| enrolled and tested from several recordings: {len(several)} people | {_pairs(several, needed)} |"
    yield ""
    yield from _open_set_header("language, 3 s clean")
    for language in ("en", "fr", "other"):
        some = [each for each in _of(outcomes, "clean", 3.0) if prints.people[each.person].language == language]
        yield f"| {language} | {_open_set(some, 100)} |"
    yield ""


def _of_one_sex(prints: TrialPrints, pair: Pairs) -> Pairs:
    kept = np.array([prints.people[rival].gender == prints.people[pair.person].gender for rival in pair.rivals])
    return replace(pair, different=pair.different[kept], different_evidence=pair.different_evidence[kept])


def _calibration(outcomes: list[Outcome], pairs: list[Pairs]) -> Iterator[str]:
    """Whether the evidence is what it says: a wrong person's likelihood ratio is 1 or less on average."""
    ratios = np.exp(np.concatenate([each.different_evidence for each in pairs]))
    same = np.concatenate([each.same_evidence for each in pairs])
    cost = (np.log2(1 + np.exp(-same)).mean() + np.log2(1 + ratios).mean()) / 2
    yield from ("### Calibration", "")
    yield f"Mean likelihood ratio of two people {ratios.mean():.2f} (1 or less is safe); Cllr {cost:.3f} bit."
    yield ""
    named = [each for each in outcomes if each.band is Band.AUTO]
    right = 100 * np.mean([each.is_known and each.is_right for each in named])
    yield f"Of {len(named):,} names written, {right:.2f} % are right; half of the voices are strangers'."
    yield ""


def _of(found: Iterable, condition: str, duration_s: float) -> list:  # type: ignore[type-arg]
    return [each for each in found if each.condition == condition and each.duration_s == duration_s]


def _eer(pairs: list[Pairs]) -> str:
    same, different = (np.concatenate([getattr(each, side) for each in pairs]) for side in ("same", "different"))
    return f"{100 * equal_error_rate(same, different):.2f} %"


def _pairs(pairs: list[Pairs], needed: float) -> str:
    same = np.concatenate([each.same_evidence for each in pairs])
    different = np.concatenate([each.different_evidence for each in pairs])
    rejected, accepted = 100 * (same < needed).mean(), 100 * (different >= needed).mean()
    return f"{len(same):,} / {len(different):,} | {_eer(pairs)} | {rejected:.1f} % / {accepted:.4f} %"


def _open_set_header(what: str) -> Iterator[str]:
    yield f"| {what} | known: named | offered | unknown | wrong name | strangers: named | offered |"
    yield "|" + "---|" * (7 + what.count("|"))


def _open_set(outcomes: list[Outcome], bank: int) -> str:
    known: Counter[str] = Counter()
    strangers: Counter[str] = Counter()
    for each in outcomes:
        if each.bank == bank:
            wrong = "wrong" if each.band is Band.AUTO and not each.is_right else each.band.value
            (known if each.is_known else strangers)[wrong if each.is_known else each.band.value] += 1
    all_known, all_strangers = sum(known.values()), sum(strangers.values())
    share = [f"{100 * known[key] / all_known:.1f} %" for key in ("auto", "suggest", "unknown")]
    return " | ".join(
        [
            f"{share[0]} of {all_known:,}",
            share[1],
            share[2],
            f"{100 * known['wrong'] / all_known:.2f} %",
            f"{100 * strangers['auto'] / all_strangers:.2f} %",
            f"{100 * strangers['suggest'] / all_strangers:.1f} %",
        ]
    )
