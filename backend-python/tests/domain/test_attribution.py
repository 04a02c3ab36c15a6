"""Words to speakers, told as short scenes."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scribe.domain import attribution as attribution_module
from scribe.domain.attribution import attribute, ends_sentence
from scribe.domain.speech import Diarization, SpeakerLabel, Turn, Word
from scribe.domain.turns import exclusive_turns, merge_turns


def say(text: str, start_s: float, word_s: float = 0.3) -> list[Word]:
    """The words of a phrase, one after the other, ``word_s`` each."""
    return [Word(start_s + i * word_s, start_s + (i + 1) * word_s, word, 0.9) for i, word in enumerate(text.split())]


def heard(*turns: tuple[float, float, str], duration_s: float = 60.0) -> Diarization:
    merged = merge_turns(Turn(start, end, SpeakerLabel(speaker)) for start, end, speaker in turns)
    return Diarization(duration_s, merged, exclusive_turns(merged))


def who(words: list[Word], diarization: Diarization) -> str:
    attribution = attribute(words, diarization)
    return "".join(attribution.speaker(i) or "-" for i in range(len(words)))


def test_each_keeps_the_words_of_his_own_turn() -> None:
    words = say("Good morning Steve.", 0.0) + say("Good morning Katie.", 1.5)
    assert who(words, heard((0, 1, "A"), (1.4, 2.5, "B"))) == "AAABBB"


def test_a_sentence_that_straddles_a_change_is_divided_at_the_change() -> None:
    words = say("so that is the plan and I disagree", 0.0, 0.5)
    assert who(words, heard((0, 2.5, "A"), (2.5, 4, "B"))) == "AAAAABBB"


def test_a_yes_that_stands_alone_in_anothers_turn_is_given_to_the_one_who_said_it() -> None:
    words = say("We should start on Monday.", 0.0) + say("Yes.", 1.9) + say("And finish in March.", 2.8)
    assert who(words, heard((0, 4, "A"), (1.85, 2.25, "B"))) == "AAAAABAAAA"


def test_a_cough_of_anothers_turn_inside_a_phrase_does_not_take_the_phrase_apart() -> None:
    words = say("We should start on Monday and finish in March.", 0.0)
    assert who(words, heard((0, 2.7, "A"), (1.3, 1.5, "B"))) == "A" * 9


def test_at_the_end_of_an_overlapped_sentence_the_next_speaker_begins_although_the_first_turn_is_longer() -> None:
    words = say("has everybody read the minutes of last week?", 0.0) + say("Yes, I read them this morning.", 2.5)
    turns = heard((0, 3.6, "A"), (2.45, 4.4, "B"))
    assert turns.exclusive_turns[0].end_s == 3.6
    assert who(words, turns) == "AAAAAAAABBBBBB"


def test_a_word_outside_every_turn_goes_to_the_nearest_turn_by_its_edge() -> None:
    # by turn middles the second speaker would be nearer: 10.2 s from the first, 1.3 s from the second
    words = say("right", 20.2)
    assert who(words, heard((0, 20, "A"), (21, 22, "B"))) == "A"


def test_words_after_the_last_turn_stay_with_the_last_speaker() -> None:
    words = say("thank you all", 3.0) + say("bye", 30.0)
    assert who(words, heard((0, 2, "A"), (2.5, 4, "B"))) == "BBBB"


def test_without_turns_nobody_is_named() -> None:
    attribution = attribute(say("is anybody there", 0.0), heard())
    assert [attribution.speaker(i) for i in range(3)] == [None] * 3
    assert attribution.margins.shape == (3,)


def test_without_words_there_is_nothing_to_give() -> None:
    assert attribute([], heard((0, 1, "A"))).states.shape == (0,)


def test_a_single_speaker_is_never_in_doubt() -> None:
    attribution = attribute(say("all mine", 5.0), heard((0, 1, "A")))
    assert np.isinf(attribution.margins).all()


def test_a_word_between_two_turns_is_more_doubtful_than_one_inside_a_turn() -> None:
    words = say("one two three four five six", 0.0, 0.5)
    margins = attribute(words, heard((0, 1.5, "A"), (1.5, 3, "B"))).margins
    assert margins[2] < margins[0]
    assert margins[3] < margins[5]


def test_a_voice_can_overrule_the_turns() -> None:
    words = say("mine mine", 0.0)
    diarization = heard((0, 1, "A"), (5, 6, "B"))
    voices = np.zeros((2, 2))
    voices[:, 1] = 20.0
    attribution = attribute(words, diarization, voices=voices)
    assert [attribution.speaker(i) for i in range(2)] == ["B", "B"]


def test_whose_a_word_is_for_certain_no_turn_can_overrule() -> None:
    words = say("yes of course we do", 0.0)
    attribution = attribute(words, heard((0, 5, "A"), (10, 12, "B")), certain={1: SpeakerLabel("B")})
    assert [attribution.speaker(index) for index in range(5)] == ["A", "B", "A", "A", "A"]
    assert attribution.margins[1] == np.inf


def test_the_other_words_are_given_as_if_the_certain_ones_were_not_there() -> None:
    words = say("yes of course we do", 0.0) + say("and then he came", 4.0)
    diarization = heard((0, 5, "A"), (4.2, 12, "B"))
    certain = {1: SpeakerLabel("B"), 2: SpeakerLabel("B")}
    attribution = attribute(words, diarization, certain=certain)
    rest = [word for index, word in enumerate(words) if index not in certain]
    alone = attribute(rest, diarization)
    assert [attribution.speaker(index) for index in range(len(words)) if index not in certain] == [
        alone.speaker(index) for index in range(len(rest))
    ]


def test_words_may_all_be_certain() -> None:
    words = say("yes of course", 0.0)
    attribution = attribute(
        words, heard((0, 5, "A"), (10, 12, "B")), certain=dict.fromkeys(range(3), SpeakerLabel("B"))
    )
    assert {attribution.speaker(index) for index in range(3)} == {"B"}


def test_somebody_without_a_turn_gets_no_word() -> None:
    words, diarization = say("yes of course", 0.0), heard((0, 5, "A"), (10, 12, "B"))
    given = attribute(words, diarization, certain={0: SpeakerLabel("Z")})
    assert given.states.tolist() == attribute(words, diarization).states.tolist()


@pytest.mark.parametrize("text", ["fin.", "fin ?", "fin\u202f!", "fin. »", 'end."', "fin…", "終わり。", "I."])
def test_a_sentence_ends_whatever_closes_after_the_stop(text: str) -> None:
    assert ends_sentence(text)


@pytest.mark.parametrize("text", ["fin", "fin,", "3.5", "...and", "»", "", "M.", "(Dr.", "Mme.", "J."])
def test_other_words_do_not_end_a_sentence(text: str) -> None:
    assert not ends_sentence(text)


scenes = st.tuples(
    st.lists(st.tuples(st.integers(0, 10), st.integers(0, 6), st.sampled_from(["a", "b.", "c,", "d?"])), max_size=30),
    st.lists(st.tuples(st.integers(0, 100), st.integers(1, 40), st.sampled_from("ABC")), max_size=12),
)


def stage(scene: tuple[list[tuple[int, int, str]], list[tuple[int, int, str]]]) -> tuple[list[Word], Diarization]:
    words, at = [], 0
    for pause, length, text in scene[0]:
        at += pause
        words.append(Word(at / 10, (at + length) / 10, text, 0.5))
        at += length
    return words, heard(*((start / 7, (start + length) / 7, speaker) for start, length, speaker in scene[1]))


@settings(deadline=None)
@given(scenes)
def test_the_best_sequence_beats_every_single_change_of_one_word_by_its_margin(scene) -> None:
    words, diarization = stage(scene)
    attribution = attribute(words, diarization)
    if len(attribution.speakers) < 2 or not words:
        return
    scores = attribution.evidence
    leave, enter = attribution_module.boundary_costs(
        words, diarization, attribution.speakers, attribution_module.Weights()
    )

    def total(states) -> float:
        sum_ = scores[np.arange(len(words)), states].sum()
        for at in range(1, len(words)):
            boundary = leave[at - 1, states[at - 1]] + enter[at - 1, states[at]]
            sum_ -= boundary if states[at] != states[at - 1] else min(0.0, boundary)
        return float(sum_)

    best = total(attribution.states)
    for word in range(len(words)):
        for other in range(len(attribution.speakers)):
            if other != attribution.states[word]:
                changed = attribution.states.copy()
                changed[word] = other
                assert total(changed) <= best - attribution.margins[word] + 1e-6


@settings(deadline=None)
@given(scenes)
def test_renaming_the_speakers_renames_the_words_and_nothing_else(scene) -> None:
    words, diarization = stage(scene)
    new_names = {"A": "Z", "B": "A", "C": "M"}
    renamed = heard(*((t.start_s, t.end_s, new_names[t.speaker]) for t in diarization.turns))
    assert who(words, renamed) == who(words, diarization).translate(str.maketrans(new_names))


class CountedArray(np.ndarray):
    """Counts the numbers that the search looks at."""

    touched = 0

    def __array_ufunc__(self, ufunc, method, *inputs, **kwargs):  # type: ignore[no-untyped-def]
        plain = [x.view(np.ndarray) if isinstance(x, CountedArray) else x for x in inputs]
        CountedArray.touched += max((np.size(x) for x in plain), default=0)
        kwargs.pop("out", None)
        result = getattr(ufunc, method)(*plain, **kwargs)
        return result.view(CountedArray) if isinstance(result, np.ndarray) else result


def numbers_touched(num_words: int, num_speakers: int) -> int:
    random = np.random.default_rng(7)
    scores, leave, enter = (
        random.normal(size=(rows, num_speakers)).view(CountedArray)
        for rows in (num_words, num_words - 1, num_words - 1)
    )
    CountedArray.touched = 0
    attribution_module.best_sequence(scores, leave, enter)
    return CountedArray.touched


def test_the_search_is_linear_in_words_and_in_speakers() -> None:
    one = numbers_touched(200, 10)
    assert numbers_touched(2000, 10) < 11 * one
    assert numbers_touched(200, 30) < 3.5 * one


def test_every_one_of_thirty_speakers_keeps_his_words_in_ten_thousand() -> None:
    words = say("word " * 10_000, 0.0)
    diarization = heard(*((i * 2.0, i * 2.0 + 2.0, f"S{i % 30:02d}") for i in range(1500)), duration_s=3000.0)
    attribution = attribute(words, diarization)
    assert attribution.states.shape == (10_000,)
    assert len(set(attribution.states.tolist())) == 30
