"""bench/rules.py: the peers' rules on a scene small enough to work out by hand."""

from bench.references import ReferenceTurn as Turn
from bench.rules import (
    HeardSegment,
    HeardWord,
    longest_turn_takes_segment,
    word_by_overlap,
    word_by_true_turn,
)

WORDS = (HeardWord(0.0, 0.4, " Hello"), HeardWord(0.5, 0.9, " there."), HeardWord(1.1, 1.5, " Yes."))
SEGMENT = HeardSegment(0.0, 1.5, "Hello there. Yes.", WORDS)
TURNS = [Turn(0.0, 1.0, "A"), Turn(1.0, 1.5, "B")]


def said(segments: list) -> list[tuple[str | None, str]]:  # type: ignore[type-arg]
    return [(segment.speaker, segment.text) for segment in segments]


def test_the_longest_turn_takes_the_whole_segment() -> None:
    assert said(longest_turn_takes_segment([SEGMENT], TURNS)) == [("A", "Hello there. Yes.")]


def test_words_go_where_they_overlap_most() -> None:
    assert said(word_by_overlap([SEGMENT], TURNS)) == [("A", "Hello there."), ("B", "Yes.")]


def test_a_word_outside_every_turn_stays_without_speaker() -> None:
    assert said(word_by_overlap([SEGMENT], [Turn(0.0, 1.0, "A")])) == [("A", "Hello there."), (None, "Yes.")]


def test_the_oracle_gives_such_a_word_to_the_nearest_turn() -> None:
    assert said(word_by_true_turn([SEGMENT], [Turn(0.0, 0.6, "A"), Turn(1.6, 3.0, "B")])) == [
        ("A", "Hello there."),
        ("B", "Yes."),
    ]


def test_overlap_with_several_turns_of_one_speaker_adds_up() -> None:
    long_word = HeardSegment(0.0, 1.0, "Well", (HeardWord(0.0, 1.0, " Well"),))
    turns = [Turn(0.0, 0.3, "A"), Turn(0.3, 0.7, "B"), Turn(0.7, 1.0, "A")]
    assert said(word_by_overlap([long_word], turns)) == [("A", "Well")]


def test_without_turns_nobody_speaks() -> None:
    assert said(longest_turn_takes_segment([SEGMENT], [])) == [(None, "Hello there. Yes.")]
