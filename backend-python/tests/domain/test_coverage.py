"""The ledger of seconds."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scribe.domain.coverage import Coverage, cover
from scribe.domain.speech import Span, SpeakerLabel, Turn, Word


def accounts(ledger: Coverage) -> list[float]:
    return [
        round(seconds, 6) for seconds in (ledger.words_s, ledger.overlap_s, ledger.inaudible_s, ledger.non_speech_s)
    ]


def turn(start_s: float, end_s: float, speaker: str = "A") -> Turn:
    return Turn(start_s, end_s, SpeakerLabel(speaker))


def word(start_s: float, end_s: float) -> Word:
    return Word(start_s, end_s, "word", 0.9)


def test_a_recording_without_anything_is_all_non_speech() -> None:
    assert accounts(cover(10.0, [], [], [])) == [0, 0, 0, 10]


def test_an_empty_recording_sums_to_nothing() -> None:
    assert cover(0.0, [], [], []).total_s == 0


def test_speech_without_a_word_is_inaudible_and_listed() -> None:
    ledger = cover(10.0, [word(1, 2)], [turn(1, 2)], [Span(1, 2), Span(5, 8)])
    assert accounts(ledger) == [1, 0, 3, 6]
    assert ledger.inaudible == (Span(5, 8),)


def test_a_turn_without_a_word_is_inaudible_although_the_voice_detector_heard_nothing() -> None:
    assert accounts(cover(10.0, [], [turn(2, 4)], [])) == [0, 0, 2, 8]


def test_two_voices_over_written_words_are_overlap() -> None:
    assert accounts(cover(10.0, [word(0, 4)], [turn(0, 4), turn(3, 4, "B")], [])) == [3, 1, 0, 6]


def test_two_voices_without_a_word_are_inaudible() -> None:
    assert accounts(cover(10.0, [], [turn(0, 4), turn(0, 4, "B")], [])) == [0, 0, 4, 6]


def test_the_breath_between_two_words_belongs_to_the_words() -> None:
    assert accounts(cover(3.0, [word(0, 1), word(1.4, 3)], [turn(0, 3)], [])) == [3, 0, 0, 0]


def test_a_second_between_two_words_is_inaudible_when_somebody_spoke_in_it() -> None:
    ledger = cover(4.0, [word(0, 1), word(2.5, 4)], [turn(0, 4)], [])
    assert accounts(ledger) == [2.5, 0, 1.5, 0]
    assert ledger.inaudible == (Span(1, 2.5),)


def test_the_padding_of_the_voice_detector_is_not_called_inaudible() -> None:
    assert accounts(cover(10.0, [word(2, 4)], [], [Span(1.6, 4.4)])) == [2.8, 0, 0, 7.2]


def test_short_inaudible_stretches_are_counted_but_not_listed() -> None:
    ledger = cover(10.0, [], [turn(2, 2.6)], [])
    assert accounts(ledger) == [0, 0, 0.6, 9.4]
    assert ledger.inaudible == ()


def test_what_reaches_beyond_the_recording_is_cut_off() -> None:
    assert accounts(cover(5.0, [word(4, 9)], [turn(-1, 2), turn(4, 20)], [])) == [1, 0, 2, 2]


seconds = st.floats(-5, 130, allow_nan=False)
spans = st.lists(st.tuples(seconds, seconds).map(sorted), max_size=30)


@settings(deadline=None)
@given(st.floats(0, 120), spans, spans, spans)
def test_every_second_is_in_exactly_one_account(duration_s, words, turns, speech) -> None:
    ledger = cover(
        duration_s,
        [word(start, end) for start, end in sorted(words)],
        [turn(start, end, "ABC"[number % 3]) for number, (start, end) in enumerate(sorted(turns))],
        [Span(start, end) for start, end in sorted(speech)],
    )
    assert ledger.total_s == pytest.approx(duration_s, abs=1e-6)
    assert min(accounts(ledger)) >= 0
    assert sum(span.duration_s for span in ledger.inaudible) <= ledger.inaudible_s + 1e-6
    assert all(span.duration_s >= 1.0 for span in ledger.inaudible)
