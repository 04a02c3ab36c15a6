"""Whether pieces of speech sound like one person, on voices that are made up."""

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scribe.domain.audio import SAMPLE_RATE_HZ, Waveform
from scribe.domain.speech import Span, speaker_label
from scribe.domain.voices import Cohort, Voiceprint
from scribe.engines.likeness import consistencies, consistency

DIMENSION = 32
COHORT = Cohort("model", np.full(DIMENSION, 0.1, np.float32))


def pieces_of(seed: int, count: int, spread: float = 0.3) -> list[Voiceprint]:
    """Of one made-up person: a direction and chance around it, and what all voices share."""
    person = np.random.default_rng(seed).standard_normal(DIMENSION)
    person /= np.linalg.norm(person)
    chance = np.random.default_rng(1000 + seed)
    prints = []
    for _ in range(count):
        noise = chance.standard_normal(DIMENSION)
        vector = person + spread * noise / np.linalg.norm(noise) + COHORT.mean
        prints.append(Voiceprint((vector / np.linalg.norm(vector)).astype(np.float32), "model", 3.0))
    return prints


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize(("ones", "others"), [(4, 4), (6, 2), (7, 1)])
def test_two_people_are_far_apart_and_one_is_not(seed: int, ones: int, others: int) -> None:
    mixed = consistency([*pieces_of(seed, ones), *pieces_of(seed + 100, others)], COHORT)
    alone = consistency(pieces_of(seed, ones + others), COHORT)
    assert mixed is not None
    assert alone is not None
    assert mixed < 0.5 < alone


def test_one_piece_cannot_be_compared() -> None:
    assert consistency(pieces_of(1, 1), COHORT) is None
    assert consistency([], COHORT) is None


def test_pieces_that_are_all_the_same_are_alike() -> None:
    assert consistency(pieces_of(1, 1) * 4, COHORT) == pytest.approx(1.0)


@given(st.lists(st.integers(0, 5), min_size=2, max_size=12), st.randoms())
@settings(deadline=None)
def test_it_is_a_cosine_and_the_order_of_the_pieces_has_next_to_no_influence(people: list[int], chance) -> None:  # type: ignore[no-untyped-def]
    pieces = [pieces_of(person, index + 1)[-1] for index, person in enumerate(people)]
    told = consistency(pieces, COHORT)
    assert told is not None
    assert -1 <= told <= 1
    chance.shuffle(pieces)
    again = consistency(pieces, COHORT)
    assert again == pytest.approx(told, abs=1e-9)


class _Remembers:
    def __init__(self) -> None:
        self.asked: list[list[float]] = []

    def voiceprints(self, waveform: Waveform, spans: Sequence[Span]) -> list[Voiceprint | None]:
        self.asked.append([span.duration_s for span in spans])
        return [None if span.duration_s < 0.4 else pieces_of(1, 1)[0] for span in spans]


def test_only_a_spread_of_a_long_talk_is_measured() -> None:
    silence = Waveform(np.zeros(200 * SAMPLE_RATE_HZ, np.int16))
    extractor = _Remembers()
    alone = {
        speaker_label(0): [Span(0.0, 150.0)],
        speaker_label(1): [Span(160.0, 160.5)],
        speaker_label(2): [],
        speaker_label(3): [Span(170.0 + k, 170.5 + k) for k in range(12)],
    }
    told = consistencies(alone, silence, extractor, COHORT, most_s=24.0)
    [asked] = extractor.asked
    assert [length for length in asked if length > 0] == pytest.approx([3.0] * 8 + [0.5] + [3.0] * 2)
    assert told[speaker_label(0)] == pytest.approx(1.0)
    assert told[speaker_label(1)] is None
    assert told[speaker_label(2)] is None
    assert told[speaker_label(3)] == pytest.approx(1.0)
