import math
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from scribe.engines.transcription.language import (
    FLOOR,
    RARE_COST,
    SWITCH_COST,
    LanguageVote,
    language_shares,
    smooth_languages,
    weigh,
)

CODES = ("cy", "en", "fr", "nn")


def vote(language: str, probability: float = 0.95, duration_s: float = 5.0) -> LanguageVote:
    rest = (1 - probability) / (len(CODES) - 1)
    return LanguageVote(duration_s, {code: probability if code == language else rest for code in CODES})


def decide(votes: list[LanguageVote]) -> list[str]:
    return smooth_languages(votes, language_shares(votes))


def test_one_language_stays_one_language() -> None:
    assert decide([vote("fr")] * 5) == ["fr"] * 5


def test_a_mumbled_stretch_takes_the_language_of_its_neighbours() -> None:
    votes = [vote("en"), vote("en"), vote("cy", 0.6, 3.0), vote("en"), vote("en")]
    assert decide(votes) == ["en"] * 5


def test_a_clear_switch_is_followed() -> None:
    votes = [vote("en", 0.98)] * 3 + [vote("fr", 0.98)] * 3 + [vote("en", 0.98)] * 3
    assert decide(votes) == ["en"] * 3 + ["fr"] * 3 + ["en"] * 3


def test_a_doubtful_beginning_takes_the_language_of_what_follows() -> None:
    assert decide([vote("nn", 0.5, 2.0), vote("fr"), vote("fr")]) == ["fr"] * 3


def test_a_doubtful_recording_takes_the_language_of_the_survey() -> None:
    unsure = [vote("cy", 0.4, 2.0), vote("en", 0.4, 2.0)]
    assert smooth_languages(unsure, {"fr": 0.9, "en": 0.1}) != ["cy", "cy"]


def test_only_allowed_languages_remain_and_sum_to_one() -> None:
    assert weigh({"en": 0.2, "fr": 0.2, "cy": 0.6}, ("en", "fr")) == {"en": 0.5, "fr": 0.5}


def test_a_hardly_trained_language_needs_more_evidence() -> None:
    even = weigh({"en": 0.48, "cy": 0.49, "nn": 0.03}, ())
    assert max(even, key=lambda code: even[code]) == "en"
    clear = weigh({"en": 0.05, "cy": 0.95}, ())
    assert max(clear, key=lambda code: clear[code]) == "cy"


def test_no_votes_no_languages() -> None:
    assert smooth_languages([], {}) == []
    assert language_shares([]) == {}


votes_strategy = st.lists(
    st.builds(
        lambda duration_s, weights: LanguageVote(
            duration_s, {code: weight / sum(weights) for code, weight in zip(CODES, weights, strict=True)}
        ),
        st.floats(0.5, 30),
        st.lists(st.floats(0.001, 1), min_size=4, max_size=4),
    ),
    min_size=1,
    max_size=12,
)


@given(votes_strategy)
def test_every_vote_gets_one_known_language(votes: list[LanguageVote]) -> None:
    languages = decide(votes)
    assert len(languages) == len(votes)
    assert set(languages) <= set(CODES)


@given(votes_strategy)
def test_the_decision_reads_the_same_backwards_when_no_language_is_favoured(votes: list[LanguageVote]) -> None:
    even = dict.fromkeys(CODES, 0.25)
    forwards, backwards = smooth_languages(votes, even), smooth_languages(votes[::-1], even)[::-1]
    assert _likelihood(votes, forwards) == _likelihood(votes, backwards)


def _likelihood(votes: list[LanguageVote], languages: list[str]) -> float:
    score = sum(
        v.weight * math.log(max(v.probabilities[lang], FLOOR)) for v, lang in zip(votes, languages, strict=True)
    )
    changes = sum(a != b for a, b in pairwise(languages))
    return round(score - changes * (SWITCH_COST - RARE_COST * math.log(0.25)), 6)
