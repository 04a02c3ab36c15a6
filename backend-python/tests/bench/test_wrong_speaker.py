"""The measure of words given to the wrong speaker."""

from bench.wrong_speaker import SpokenWord, match_words, score_speakers, spread_words


def heard(text: str, start_s: float, speaker: str | None, word_s: float = 0.3) -> list[SpokenWord]:
    starts = [start_s + i * word_s for i in range(len(text.split()))]
    return [SpokenWord(at, at + word_s, word, speaker) for at, word in zip(starts, text.split(), strict=True)]


REFERENCE = [
    spread_words(0.0, 1.5, "Shall we start on Monday?", "Ann"),
    spread_words(1.5, 2.1, "Yes of course", "Bob"),
    spread_words(2.1, 3.0, "Very well then.", "Ann"),
]


def test_the_names_of_the_speakers_do_not_matter() -> None:
    answer = heard("shall we start on monday", 0, "1") + heard("yes of course", 1.5, "0") + heard("very well", 2.1, "1")
    result = score_speakers(REFERENCE, answer)
    assert (result.matched, result.wrong) == (10, 0)


def test_a_word_with_the_wrong_speaker_counts_once() -> None:
    answer = heard("shall we start on monday", 0, "1") + heard("yes", 1.5, "1") + heard("of course", 1.8, "0")
    result = score_speakers(REFERENCE, answer)
    assert (result.matched, result.wrong) == (8, 1)
    assert answer[result.wrong_words[0]].text == "yes"


def test_a_word_without_a_speaker_is_wrong() -> None:
    assert score_speakers(REFERENCE, heard("yes of course", 1.5, None)).wrong == 3


def test_two_speakers_may_not_share_one_label() -> None:
    answer = heard("shall we start on monday", 0, "0") + heard("yes of course", 1.5, "0") + heard("very well", 2.1, "0")
    assert score_speakers(REFERENCE, answer).wrong == 3


def test_words_that_were_not_said_or_said_much_later_do_not_count() -> None:
    assert match_words(REFERENCE, heard("bananas", 0.0, "0") + heard("monday", 60.0, "0")) == {}


def test_a_word_that_both_said_goes_to_the_one_who_said_its_neighbours() -> None:
    reference = [
        spread_words(0.0, 3.0, "I think we can start now", "Ann"),
        spread_words(1.4, 1.8, "start", "Bob"),
    ]
    answer = heard("i think we can start now", 0.0, "0", 0.5)
    assert set(match_words(reference, answer).values()) == {"Ann"}


def test_each_spoken_word_is_matched_once() -> None:
    assert len(match_words([spread_words(0.0, 0.4, "yes", "Ann")], heard("yes yes yes", 0.0, "0"))) == 1


def test_words_are_spread_over_an_utterance_by_their_length() -> None:
    words = spread_words(0.0, 10.0, "a abcdefg", "Ann")
    assert [(w.start_s, w.end_s) for w in words] == [(0.0, 2.0), (2.0, 10.0)]
