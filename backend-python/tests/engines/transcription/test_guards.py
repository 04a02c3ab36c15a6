import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scribe.engines.transcription.guards import Verdict, find_loop, is_echo, judge, normal_words
from scribe.engines.transcription.whisper import Decoded

PLAIN = "We should look at the budget first and then decide about the new rooms."


def decoded(text: str, avg_logprob: float = -0.3, no_speech_prob: float = 0.02) -> Decoded:
    return Decoded((), text, avg_logprob, no_speech_prob)


def test_plain_speech_is_kept() -> None:
    assert judge(decoded(PLAIN), speech_s=5) is Verdict.KEEP


def test_doubtful_speech_is_kept() -> None:
    assert judge(decoded(PLAIN, avg_logprob=-1.1), speech_s=5) is Verdict.KEEP


def test_silence_by_both_of_whispers_measures_is_dropped() -> None:
    assert judge(decoded("Thank you.", -1.1, 0.7), speech_s=2) is Verdict.DROP


def test_text_that_the_model_hardly_believes_is_dropped() -> None:
    assert judge(decoded(PLAIN, avg_logprob=-1.6), speech_s=5) is Verdict.DROP


def test_marks_alone_are_dropped() -> None:
    assert judge(decoded("... - ..."), speech_s=5) is Verdict.DROP


@pytest.mark.parametrize("text", ["so it is " * 5, "I'm sorry. " * 4, "no " * 12, "That was the plan of the day. " * 4])
def test_a_loop_is_decoded_again(text: str) -> None:
    assert judge(decoded(text), speech_s=20) is Verdict.RETRY


@pytest.mark.parametrize("text", ["No, no, no, no!", "Yeah, yeah. Yeah.", "I think, I think, I think so."])
def test_people_repeat_themselves(text: str) -> None:
    assert judge(decoded(text), speech_s=5) is Verdict.KEEP


def test_more_words_than_anybody_can_say_are_decoded_again() -> None:
    words = " ".join(f"word{index}" for index in range(30))
    assert judge(decoded(words), speech_s=2) is Verdict.RETRY


def test_text_that_compresses_too_well_is_decoded_again() -> None:
    text = " ".join(f"that was the {kind} of it and" for kind in ("end", "start", "sum", "lot", "rest", "most")) * 2
    assert len(text) / len(zlib.compress(text.encode())) > 2.4
    assert judge(decoded(text), speech_s=40) is Verdict.RETRY


def test_the_vocabulary_read_back_is_dropped() -> None:
    names = ("Adam Duguid", "Ebenezer")
    assert judge(decoded("Adam Duguid, Ebenezer."), speech_s=5, vocabulary=names) is Verdict.DROP
    assert judge(decoded("Thank you, Adam Duguid, and Ebenezer."), speech_s=5, vocabulary=names) is Verdict.KEEP


def test_one_name_alone_is_an_answer_and_not_an_echo() -> None:
    assert not is_echo(["ebenezer"], ("Adam Duguid", "Ebenezer"))


@given(st.lists(st.sampled_from("abcd"), max_size=30))
def test_a_found_loop_is_a_run_of_equal_phrases(words: list[str]) -> None:
    loop = find_loop(words)
    if loop is not None:
        second, stop = loop
        assert 0 < second < stop <= len(words)


@given(st.lists(st.text(alphabet="abcdefgh", min_size=2, max_size=5), max_size=30, unique=True))
def test_different_words_are_never_a_loop(words: list[str]) -> None:
    assert find_loop(words) is None


def test_words_are_compared_without_case_and_marks() -> None:
    assert normal_words("No, NO... no!") == ["no", "no", "no"]
