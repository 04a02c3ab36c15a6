"""bench/turns.py against cases worked out by hand, and against pyannote.metrics."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.references import ReferenceTurn as Turn
from bench.turns import diarization_errors

SPAN = (0.0, 20.0)


def rate(reference: list[Turn], hypothesis: list[Turn], collar_s: float = 0.0) -> float:
    return diarization_errors(reference, hypothesis, SPAN, collar_s).rate


def test_renamed_labels_are_right() -> None:
    assert rate([Turn(0, 4, "A"), Turn(4, 9, "B")], [Turn(0, 4, "x"), Turn(4, 9, "y")]) == 0.0


def test_a_shift_of_one_second_in_ten_is_twenty_per_cent() -> None:
    """One second missed at the start, one of false alarm at the end."""
    assert rate([Turn(2, 12, "A")], [Turn(3, 13, "x")]) == pytest.approx(0.2)


def test_a_collar_forgives_a_shift_within_it() -> None:
    reference, hypothesis = [Turn(2, 12, "A")], [Turn(2.2, 12.2, "x")]
    assert rate(reference, hypothesis) == pytest.approx(0.04)
    assert rate(reference, hypothesis, collar_s=0.25) == 0.0


def test_a_collar_shortens_what_is_scored() -> None:
    errors = diarization_errors([Turn(2, 12, "A")], [], SPAN, collar_s=0.25)
    assert errors.total == pytest.approx(9.5)


def test_two_people_under_one_label_are_confusion() -> None:
    assert rate([Turn(0, 6, "A"), Turn(6, 10, "B")], [Turn(0, 10, "x")]) == pytest.approx(0.4)


def test_overlap_counts_for_each_speaker() -> None:
    errors = diarization_errors([Turn(0, 10, "A"), Turn(8, 10, "B")], [Turn(0, 10, "x")], SPAN)
    assert (errors.count, errors.total) == (pytest.approx(2), pytest.approx(12))


def test_what_lies_outside_the_span_is_not_scored() -> None:
    assert diarization_errors([Turn(0, 10, "A")], [Turn(0, 10, "x"), Turn(25, 30, "x")], SPAN).rate == 0.0


def test_no_turns_at_all_are_all_missed() -> None:
    assert rate([Turn(1, 2, "A")], []) == 1.0


def turns(names: str) -> st.SearchStrategy[list[Turn]]:
    grid = st.integers(0, 190)
    one = st.tuples(grid, st.integers(1, 60), st.sampled_from(names))
    return st.lists(one, max_size=6).map(
        lambda found: [Turn(start / 10, min(20.0, (start + length) / 10), who) for start, length, who in found]
    )


@settings(max_examples=40, deadline=None)
@given(turns("AB"), turns("xyz"), st.sampled_from([0.0, 0.25]))
def test_it_agrees_with_pyannote_metrics(reference: list[Turn], hypothesis: list[Turn], collar_s: float) -> None:
    pytest.importorskip("pyannote.metrics")
    from bench.scoring import diarization_errors_by_pyannote

    reference, hypothesis = merged(reference), merged(hypothesis)
    theirs = diarization_errors_by_pyannote(reference, hypothesis, SPAN, collar_s)
    ours = diarization_errors(reference, hypothesis, SPAN, collar_s)
    assert (ours.count, ours.total) == (pytest.approx(theirs.count, abs=1e-6), pytest.approx(theirs.total, abs=1e-6))


def merged(turns: list[Turn]) -> list[Turn]:
    """Without overlap of a speaker with himself, which the two count differently and no RTTM should hold."""
    kept: list[Turn] = []
    for turn in sorted(turns):
        if all(turn.speaker != other.speaker or turn.start_s > other.end_s for other in kept):
            kept.append(turn)
    return kept
