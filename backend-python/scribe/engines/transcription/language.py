"""Which language is spoken where.

Owns the decision over stretches of speech, smoothed in time; never runs the model. Votes are the model's language
probabilities for stretches of a few seconds; a Viterbi path over them keeps each language of a mixed meeting and does
not let one mumbled stretch become Welsh.

Usage::

    languages = smooth_languages(votes, shares=language_shares(votes))
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

FULL_WEIGHT_S = 5.0
"""A vote counts fully from this length on, and in proportion below."""
MAX_WEIGHT = 2.0
FLOOR = 0.01
"""No single vote is trusted beyond 99 to 1."""
SWITCH_COST = 2.5
"""Nats: about one clear vote of 5 s must be gained on either side of a change."""
RARE_COST = 0.5
"""How much a language's small share of the whole recording adds to the cost of switching to it."""
MIN_PROBABILITY = 0.2
"""A language that no vote gives this much is no candidate."""
_HUNDRED_HOURS = "ar ca cs da de el en es fi fr he hi hu id it ja ko ms nl no pl pt ro ru sv ta th tr uk ur vi zh"
WELL_TRAINED = frozenset(_HUNDRED_HOURS.split())
"""Languages of which Whisper heard about a hundred hours or more (Radford et al. 2022, appendix E)."""
HARDLY_TRAINED_PRIOR = 0.1
"""The others need ten times the evidence: accented English of the AMI meetings is heard as Welsh at 0.49 to 0.48."""


@dataclass(frozen=True, slots=True)
class LanguageVote:
    """What the model hears in one stretch of speech."""

    duration_s: float
    probabilities: Mapping[str, float]

    @property
    def weight(self) -> float:
        return min(self.duration_s / FULL_WEIGHT_S, MAX_WEIGHT)


def weigh(probabilities: Mapping[str, float], allowed: Sequence[str]) -> dict[str, float]:
    """Only the allowed languages, or all with a prior on the hardly trained ones; sums to one."""
    if allowed:
        kept = {language: p for language, p in probabilities.items() if language in allowed}
    else:
        kept = {lang: p * (1 if lang in WELL_TRAINED else HARDLY_TRAINED_PRIOR) for lang, p in probabilities.items()}
    total = sum(kept.values())
    if total <= 0:
        return {language: 1 / len(kept) for language in kept}
    return {language: p / total for language, p in kept.items()}


def language_shares(votes: Iterable[LanguageVote]) -> dict[str, float]:
    """How much of the speech each language holds, by weighted mean of the votes; empty without votes."""
    sums: dict[str, float] = {}
    for vote in votes:
        for language, probability in vote.probabilities.items():
            sums[language] = sums.get(language, 0.0) + vote.weight * probability
    total = sum(sums.values())
    return {language: value / total for language, value in sums.items()} if total > 0 else {}


def smooth_languages(votes: Sequence[LanguageVote], shares: Mapping[str, float]) -> list[str]:
    """The most likely language of every vote, given that a language seldom changes. Same order as ``votes``."""
    if not votes:
        return []
    candidates = _candidates(votes, shares)
    entry_cost = {language: -RARE_COST * math.log(max(shares.get(language, 0.0), FLOOR)) for language in candidates}
    best = {language: -entry_cost[language] for language in candidates}
    came_from: list[dict[str, str]] = []
    for index, vote in enumerate(votes):
        scores: dict[str, float] = {}
        origins: dict[str, str] = {}
        for language in candidates:
            origin, score = language, best[language]
            if index > 0:
                for other in candidates:
                    switched = best[other] - SWITCH_COST - entry_cost[language]
                    if other != language and switched > score:
                        origin, score = other, switched
            scores[language] = score + vote.weight * math.log(max(vote.probabilities.get(language, 0.0), FLOOR))
            origins[language] = origin
        best = scores
        came_from.append(origins)
    path = [max(candidates, key=lambda language: best[language])]
    for origins in reversed(came_from[1:]):
        path.append(origins[path[-1]])
    return path[::-1]


def _candidates(votes: Sequence[LanguageVote], shares: Mapping[str, float]) -> list[str]:
    """Sorted, so that ties do not depend on the order of a mapping."""
    heard = {lang for vote in votes for lang, p in vote.probabilities.items() if p >= MIN_PROBABILITY}
    heard |= {max(vote.probabilities, key=lambda lang: vote.probabilities[lang]) for vote in votes[:1]}
    if shares:
        heard.add(max(shares, key=lambda lang: shares[lang]))
    return sorted(heard)
