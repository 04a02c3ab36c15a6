"""The share of rightly recognised words that went to the wrong speaker.

Owns the matching of recognised words to reference words by text and time and the best renaming of speakers; never
counts recognition errors (WER and cpWER do).

Usage::

    result = score_speakers(reference, hypothesis)      # result.wrong / result.matched
"""

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from scipy.optimize import linear_sum_assignment

SLACK_S = 2.0
"""A word is looked for this far outside the reference utterance: word times and hand-set borders are that loose."""


@dataclass(frozen=True, slots=True)
class SpokenWord:
    """A word of either side with its speaker; a reference without word times spreads them over the utterance."""

    start_s: float
    end_s: float
    text: str
    speaker: str | None

    @property
    def middle_s(self) -> float:
        return (self.start_s + self.end_s) / 2


@dataclass(frozen=True, slots=True)
class SpeakerScore:
    matched: int
    wrong: int
    truth: dict[int, str] = field(default_factory=dict)
    """Of each matched recognised word, by its index: the reference speaker."""
    wrong_words: tuple[int, ...] = ()


def normal_form(text: str) -> str:
    return re.sub(r"[^\w]+", "", text.lower().replace("’", "'"))


def spread_words(start_s: float, end_s: float, text: str, speaker: str) -> list[SpokenWord]:
    """The words of an utterance without word times, spread over it by their length in characters."""
    words = text.split()
    edges = np.cumsum([0, *(len(word) + 1 for word in words)])
    times = start_s + (end_s - start_s) * edges / max(edges[-1], 1)
    return [SpokenWord(times[i], times[i + 1], word, speaker) for i, word in enumerate(words)]


def score_speakers(reference: Sequence[Sequence[SpokenWord]], hypothesis: Sequence[SpokenWord]) -> SpeakerScore:
    """``reference``: utterances of one speaker each; ``hypothesis``: all recognised words in order."""
    truth = match_words(reference, hypothesis)
    wrong = wrong_speakers(truth, hypothesis)
    return SpeakerScore(len(truth), len(wrong), truth, wrong)


def wrong_speakers(truth: Mapping[int, str], hypothesis: Sequence[SpokenWord]) -> tuple[int, ...]:
    """Which matched words carry another speaker than the true one, under the best one-to-one renaming."""
    pairs: dict[tuple[str, str], int] = defaultdict(int)
    for index, speaker in truth.items():
        label = hypothesis[index].speaker
        if label is not None:
            pairs[speaker, label] += 1
    renamed = _best_renaming(pairs)
    return tuple(i for i, speaker in sorted(truth.items()) if renamed.get(hypothesis[i].speaker or "") != speaker)


def match_words(reference: Sequence[Sequence[SpokenWord]], hypothesis: Sequence[SpokenWord]) -> dict[int, str]:
    """Reference speaker of each recognised word that the reference contains near that time.

    Each utterance is aligned with the words around it (longest common subsequence, ties to the nearest in time); a word
    claimed by two utterances goes to the one that matches more of its neighbours, then to the nearer in time.
    """
    claims: dict[int, list[tuple[float, int, int]]] = defaultdict(list)
    forms = [normal_form(word.text) for word in hypothesis]
    for number, utterance in enumerate(reference):
        if not utterance:
            continue
        first, last = utterance[0].start_s - SLACK_S, utterance[-1].end_s + SLACK_S
        nearby = [i for i, word in enumerate(hypothesis) if first <= word.middle_s <= last and forms[i]]
        alignment = _align(utterance, nearby, hypothesis, forms)
        for at, (place, index) in enumerate(alignment):
            run = sum(
                1
                for step in (-3, -2, -1, 1, 2, 3)
                if 0 <= at + step < len(alignment) and alignment[at + step] == (place + step, index + step)
            )
            gap_s = abs(utterance[place].middle_s - hypothesis[index].middle_s)
            claims[index].append((run - gap_s, number, place))
    taken: set[tuple[int, int]] = set()
    truth: dict[int, str] = {}
    for index, offers in claims.items():
        for _, number, place in sorted(offers, reverse=True):
            if (number, place) not in taken:
                taken.add((number, place))
                truth[index] = reference[number][place].speaker or ""
                break
    return truth


def _align(
    utterance: Sequence[SpokenWord], nearby: Sequence[int], hypothesis: Sequence[SpokenWord], forms: Sequence[str]
) -> list[tuple[int, int]]:
    """Pairs (place in the utterance, index in the hypothesis) of a best common subsequence."""
    rows, columns = len(utterance), len(nearby)
    best = np.zeros((rows + 1, columns + 1))
    gain = np.zeros((rows + 1, columns + 1))
    texts = [normal_form(word.text) for word in utterance]
    for i in range(rows):
        for j, index in enumerate(nearby):
            gap_s = abs(utterance[i].middle_s - hypothesis[index].middle_s)
            if texts[i] == forms[index] and gap_s <= 4 * SLACK_S:
                gain[i + 1, j + 1] = 1.0 - 0.1 * min(gap_s, 4.0)
            together = best[i, j] + gain[i + 1, j + 1] if gain[i + 1, j + 1] > 0 else -np.inf
            best[i + 1, j + 1] = max(best[i, j + 1], best[i + 1, j], together)
    pairs: list[tuple[int, int]] = []
    i, j = rows, columns
    while i and j:
        if best[i, j] == best[i - 1, j]:
            i -= 1
        elif best[i, j] == best[i, j - 1]:
            j -= 1
        else:
            i, j = i - 1, j - 1
            pairs.append((i, nearby[j]))
    return pairs[::-1]


def _best_renaming(pairs: dict[tuple[str, str], int]) -> dict[str, str]:
    """Hypothesis label to reference speaker, one to one, matching the most words."""
    speakers = sorted({speaker for speaker, _ in pairs})
    labels = sorted({label for _, label in pairs})
    if not pairs:
        return {}
    counts = np.array([[pairs.get((speaker, label), 0) for label in labels] for speaker in speakers])
    rows, columns = linear_sum_assignment(-counts)
    return {labels[column]: speakers[row] for row, column in zip(rows, columns, strict=True)}
