"""bench/words.py against cases worked out by hand."""

import pytest

from bench.words import Errors, cp_word_errors, word_errors


def test_one_missing_word_of_three_is_one_error_of_three() -> None:
    assert word_errors("a b c", "a c") == Errors(1, 3)


def test_substitution_insertion_and_deletion_count_one_each() -> None:
    assert word_errors("one two three four", "one TWO three five four") == Errors(2, 4)


def test_words_over_an_empty_reference_are_insertions_out_of_none() -> None:
    errors = word_errors("", "thank you")
    assert (errors.count, errors.total) == (2, 0)
    assert errors.rate == float("inf")


def test_nothing_said_and_nothing_heard_is_right() -> None:
    assert word_errors("", "").rate == 0.0


def test_pooled_errors_weigh_by_reference_length() -> None:
    assert (Errors(1, 10) + Errors(9, 90)).rate == pytest.approx(0.1)


def test_swapped_labels_cost_nothing() -> None:
    assert cp_word_errors({"A": "hello there", "B": "yes"}, {"x": "yes", "y": "hello there"}) == Errors(0, 3)


def test_a_word_at_the_wrong_speaker_costs_two() -> None:
    """It is missing where it was said and too much where it was heard."""
    assert cp_word_errors({"A": "hello there", "B": "oh yes"}, {"x": "hello there oh", "y": "yes"}) == Errors(2, 4)


def test_everybody_under_one_label_costs_the_smaller_speaker_twice() -> None:
    assert cp_word_errors({"A": "a b c d", "B": "e f"}, {"x": "a b e f c d"}) == Errors(4, 6)


def test_a_label_too_many_costs_its_words() -> None:
    assert cp_word_errors({"A": "a b c"}, {"x": "a b", "y": "c"}) == Errors(2, 3)


def test_nobody_heard_is_every_word_missed() -> None:
    assert cp_word_errors({"A": "a b", "B": "c"}, {}) == Errors(3, 3)


def test_cp_word_errors_agree_with_meeteval() -> None:
    meeteval = pytest.importorskip("meeteval")
    reference = {"A": "the quick brown fox", "B": "jumps over", "C": "the lazy dog today"}
    hypothesis = {"x": "jumps over the", "y": "the quick fox", "z": "lazy dog", "w": "today"}
    lines = [
        meeteval.io.SegLST([{"session_id": "s", "speaker": who, "words": text} for who, text in side.items()])
        for side in (reference, hypothesis)
    ]
    theirs = meeteval.wer.cpwer(*lines)["s"]
    ours = cp_word_errors(reference, hypothesis)
    assert (ours.count, ours.total) == (theirs.errors, theirs.length)
