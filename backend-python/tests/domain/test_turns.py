"""Turns as sets of time."""

import heapq

from hypothesis import given, settings
from hypothesis import strategies as st

from scribe.domain import turns as turns_module
from scribe.domain.speech import SpeakerLabel, Turn
from scribe.domain.turns import exclusive_turns, merge_turns, overlap_spans, spans_alone, speakers_by_appearance


def turn(start_s: float, end_s: float, speaker: str) -> Turn:
    return Turn(start_s, end_s, SpeakerLabel(speaker))


def as_tuples(turns: tuple[Turn, ...]) -> list[tuple[float, float, str]]:
    return [(t.start_s, t.end_s, t.speaker) for t in turns]


any_turns = st.lists(
    st.builds(
        lambda start, length, speaker: turn(start / 4, (start + length) / 4, speaker),
        st.integers(0, 60),
        st.integers(1, 30),
        st.sampled_from("ABCD"),
    ),
    max_size=25,
)


def who_speaks(turns: list[Turn] | tuple[Turn, ...], at_s: float) -> set[str]:
    return {t.speaker for t in turns if t.start_s <= at_s < t.end_s}


def test_the_longer_turn_holds_the_floor_in_an_overlap() -> None:
    assert as_tuples(exclusive_turns([turn(0, 10, "A"), turn(9, 12, "B")])) == [(0, 10, "A"), (10, 12, "B")]


def test_a_short_answer_inside_a_long_turn_leaves_the_floor_where_it_is() -> None:
    assert as_tuples(exclusive_turns([turn(0, 10, "A"), turn(4, 5, "B")])) == [(0, 10, "A")]


def test_of_equally_long_turns_the_earlier_wins() -> None:
    assert as_tuples(exclusive_turns([turn(1, 3, "A"), turn(0, 2, "B")])) == [(0, 2, "B"), (2, 3, "A")]


def test_turns_of_one_speaker_become_one_across_a_short_gap_only() -> None:
    merged = merge_turns([turn(0, 1, "A"), turn(1.2, 2, "A"), turn(1.1, 1.4, "B"), turn(3, 4, "A")], gap_s=0.25)
    assert as_tuples(merged) == [(0, 2, "A"), (1.1, 1.4, "B"), (3, 4, "A")]


def test_one_speakers_own_overlapping_turns_are_no_overlap() -> None:
    assert overlap_spans([turn(0, 2, "A"), turn(1, 3, "A")]) == ()


def test_touching_turns_do_not_overlap() -> None:
    assert overlap_spans([turn(0, 2, "A"), turn(2, 3, "B")]) == ()


def test_three_voices_at_once_are_one_overlap() -> None:
    spans = overlap_spans([turn(0, 5, "A"), turn(1, 4, "B"), turn(2, 3, "C")])
    assert [(span.start_s, span.end_s) for span in spans] == [(1, 4)]


def test_speakers_are_ordered_by_appearance_and_not_by_name() -> None:
    assert speakers_by_appearance([turn(2, 3, "A"), turn(0, 1, "Z")]) == ("Z", "A")


@settings(deadline=None)
@given(any_turns)
def test_exclusive_turns_cover_exactly_what_the_turns_cover_with_one_speaker_at_a_time(turns: list[Turn]) -> None:
    exclusive = exclusive_turns(turns)
    for eighth in range(1, 8 * 24, 2):  # midpoints between the quarter-second edges
        at_s = eighth / 8
        everybody, holder = who_speaks(turns, at_s), who_speaks(exclusive, at_s)
        assert len(holder) == min(1, len(everybody))
        assert holder <= everybody


@settings(deadline=None)
@given(any_turns)
def test_overlap_is_where_two_speakers_are(turns: list[Turn]) -> None:
    spans = overlap_spans(turns)
    for eighth in range(1, 8 * 24, 2):
        at_s = eighth / 8
        assert any(span.start_s <= at_s < span.end_s for span in spans) == (len(who_speaks(turns, at_s)) >= 2)


@settings(deadline=None)
@given(any_turns)
def test_renaming_the_speakers_renames_the_exclusive_turns_and_nothing_else(turns: list[Turn]) -> None:
    new_names = {"A": "Q", "B": "C", "C": "A", "D": "B"}
    renamed = [turn(t.start_s, t.end_s, new_names[t.speaker]) for t in turns]
    expected = [(start, end, new_names[speaker]) for start, end, speaker in as_tuples(exclusive_turns(turns))]
    assert as_tuples(exclusive_turns(renamed)) == expected


def test_a_crowd_of_nested_turns_costs_one_push_and_one_pop_each(monkeypatch) -> None:
    calls = {"push": 0, "pop": 0}

    def counted(name: str, function):  # type: ignore[no-untyped-def]
        def call(*arguments):  # type: ignore[no-untyped-def]
            calls[name] += 1
            return function(*arguments)

        return call

    monkeypatch.setattr(turns_module, "heappush", counted("push", heapq.heappush))
    monkeypatch.setattr(turns_module, "heappop", counted("pop", heapq.heappop))
    number = 2000
    exclusive_turns([turn(i, 2 * number - i, f"S{i}") for i in range(number)])
    assert calls["push"] == number
    assert calls["pop"] <= number


def test_only_the_time_without_others_is_spoken_alone() -> None:
    alone = spans_alone([turn(0, 10, "A"), turn(4, 6, "B"), turn(12, 13, "B")])
    assert {who: [(span.start_s, span.end_s) for span in spans] for who, spans in alone.items()} == {
        "A": [(0, 4), (6, 10)],
        "B": [(12, 13)],
    }


def test_a_speaker_who_never_spoke_alone_has_no_time_alone() -> None:
    assert spans_alone([turn(0, 10, "A"), turn(4, 6, "B")])[SpeakerLabel("B")] == ()


@given(any_turns)
def test_alone_means_that_nobody_else_speaks(turns: list[Turn]) -> None:
    merged = merge_turns(turns)
    for who, spans in spans_alone(merged).items():
        for span in spans:
            assert who_speaks(merged, (span.start_s + span.end_s) / 2) == {who}
    for at_s in (step / 8 for step in range(1, 180, 2)):
        alone = {who for who, spans in spans_alone(merged).items() for s in spans if s.start_s <= at_s < s.end_s}
        assert alone == (who_speaks(merged, at_s) if len(who_speaks(merged, at_s)) == 1 else set())
