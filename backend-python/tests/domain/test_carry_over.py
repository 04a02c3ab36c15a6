from hypothesis import given
from hypothesis import strategies as st

from scribe.domain.carry_over import HandMove, HandMoves, successors, turns_of
from scribe.domain.speech import Diarization, Span, SpeakerLabel, Turn, speaker_label

A, B, C = map(speaker_label, range(3))
Cast = dict[SpeakerLabel, list[Span]]


def spans(*edges: tuple[float, float]) -> list[Span]:
    return [Span(start_s, end_s) for start_s, end_s in edges]


def test_a_speaker_is_followed_whatever_the_new_run_calls_them() -> None:
    before: Cast = {A: spans((0, 10), (20, 30)), B: spans((10, 20))}
    after: Cast = {A: spans((10, 19.5)), B: spans((0.5, 10), (19.5, 30))}
    assert successors(before, after) == {A: B, B: A}


def test_a_speaker_who_was_split_goes_with_the_larger_half() -> None:
    before: Cast = {A: spans((0, 60))}
    assert successors(before, {A: spans((0, 40)), B: spans((40, 60))}) == {A: A}


def test_two_who_became_one_are_followed_by_nobody_unless_one_of_them_is_most_of_it() -> None:
    assert successors({A: spans((0, 30)), B: spans((30, 60))}, {A: spans((0, 61))}) == {}
    assert successors({A: spans((0, 50)), B: spans((50, 60))}, {A: spans((0, 60))}) == {A: A}


def test_less_than_half_in_common_is_somebody_else() -> None:
    assert successors({A: spans((0, 10))}, {A: spans((5.1, 15.1))}) == {}
    assert successors({A: spans((0, 10))}, {A: spans((5.0, 15.0))}) == {A: A}


def test_overlapping_turns_of_one_speaker_count_once() -> None:
    assert successors({A: spans((0, 10), (0, 10), (2, 8))}, {B: spans((0, 10))}) == {A: B}


def test_nobody_follows_nobody() -> None:
    assert successors({}, {A: spans((0, 1))}) == successors({A: spans((0, 1))}, {}) == {}
    assert successors({A: spans((3, 3))}, {A: spans((3, 3))}) == {}


edges = st.tuples(st.integers(0, 300), st.integers(0, 40)).map(lambda at: Span(at[0] / 2, (at[0] + at[1]) / 2))
casts = st.dictionaries(st.integers(0, 6).map(speaker_label), st.lists(edges, max_size=12), max_size=6)


@given(casts, casts)
def test_it_is_one_to_one_and_the_same_both_ways(before: Cast, after: Cast) -> None:
    found = successors(before, after)
    assert len(set(found.values())) == len(found)
    assert successors(after, before) == {new: old for old, new in found.items()}


@given(casts)
def test_the_same_run_again_changes_nobody(cast: Cast) -> None:
    """But where two people say everything at the same time: they are told apart by nothing."""
    found = successors(cast, cast)
    for label, own in cast.items():
        spoken = {other for other in cast if _instants(cast[other]) >= _instants(own)}
        if _instants(own) and spoken == {label}:
            assert found[label] == label


@given(casts, casts, st.permutations([speaker_label(number) for number in range(7)]))
def test_labels_mean_nothing(before: Cast, after: Cast, shuffled: list[SpeakerLabel]) -> None:
    """What is shared decides; labels only break ties, so cases with ties are left out."""
    rename = {speaker_label(number): label for number, label in enumerate(shuffled)}
    shared = [len(_instants(mine) & _instants(theirs)) for mine in before.values() for theirs in after.values()]
    if len(set(shared)) == len(shared):
        found = successors({rename[label]: own for label, own in before.items()}, after)
        assert found == {rename[old]: new for old, new in successors(before, after).items()}


@given(casts, casts)
def test_whoever_is_followed_shares_half_of_what_both_say(before: Cast, after: Cast) -> None:
    for old, new in successors(before, after).items():
        mine, theirs = _instants(before[old]), _instants(after[new])
        assert 2 * len(mine & theirs) >= max(len(mine), len(theirs)) > 0


def _instants(of_one: list[Span]) -> set[int]:
    """All edges are multiples of half a second."""
    return {at for span in of_one for at in range(round(2 * span.start_s), round(2 * span.end_s))}


def test_moves_are_brought_to_the_labels_of_the_new_run() -> None:
    turns = (Turn(0, 9, B), Turn(9, 20, A), Turn(20, 25, C))
    diarization = Diarization(30.0, turns, turns)
    moves = HandMoves(
        (HandMove(Span(3, 4), B), HandMove(Span(12, 13), A), HandMove(Span(21, 22), C)),
        {A: (Span(0, 10),), B: (Span(10, 20),), C: (Span(25, 30),)},
    )
    assert moves.onto(diarization) == (HandMove(Span(3, 4), A), HandMove(Span(12, 13), B))
    assert HandMoves().onto(diarization) == ()


def test_turns_are_gathered_by_speaker() -> None:
    turns = (Turn(0, 1, A), Turn(0.5, 2, B), Turn(3, 4, A))
    assert turns_of(Diarization(4.0, turns, ())) == {A: (Span(0, 1), Span(3, 4)), B: (Span(0.5, 2),)}
