from itertools import pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from scribe.domain.audio import SAMPLE_RATE_HZ
from scribe.engines.transcription.blocks import Block
from scribe.engines.transcription.segments import LONGEST_LETTER_S, LONGEST_WORD_S, Line, build_segments, place_line
from scribe.engines.transcription.skipped import find_thin_pieces, is_better_reading, letters_in
from scribe.engines.transcription.voice_activity import FRAME_SAMPLES, SampleSpan, VoiceActivity
from scribe.engines.transcription.whisper import Decoded
from scribe.engines.transcription.windows import Window
from scribe.engines.transcription.words import TimedToken

DECODED = Decoded((), "", -0.2, 0.01)
SECOND = SAMPLE_RATE_HZ


def activity(duration_s: int, speech: list[tuple[float, float]]) -> VoiceActivity:
    num_samples = duration_s * SECOND
    probabilities = np.zeros(-(-num_samples // FRAME_SAMPLES), dtype=np.float32)
    for start_s, end_s in speech:
        probabilities[round(start_s * SECOND / FRAME_SAMPLES) : round(end_s * SECOND / FRAME_SAMPLES)] = 0.9
    spans = tuple(SampleSpan(round(a * SECOND), round(b * SECOND)) for a, b in speech)
    return VoiceActivity(num_samples, probabilities, spans)


def line_of(tokens: list[TimedToken], window: Window, heard: VoiceActivity) -> Line:
    return place_line(window, tokens, DECODED, "en", heard)


TWO_PIECES = Window((SampleSpan(10 * SECOND, 12 * SECOND), SampleSpan(20 * SECOND, 22 * SECOND)))


def test_words_find_their_place_in_the_recording() -> None:
    tokens = [TimedToken(" one", 0.5, 1.0, 0.9), TimedToken(" two", 2.5, 3.0, 0.9)]
    heard = activity(30, [(10, 12), (20, 22)])
    line = line_of(tokens, TWO_PIECES, heard)
    block = Block(100 * SECOND, np.zeros(30 * SECOND, np.float32), heard)
    first, second = build_segments(line, block)
    assert (first.start_s, first.end_s, first.text) == (110.5, 111.0, "one")
    assert (second.start_s, second.end_s, second.text) == (120.5, 121.0, "two")


def test_a_word_over_a_cut_stays_in_one_piece() -> None:
    [word] = line_of([TimedToken(" one", 1.2, 2.4, 0.9)], TWO_PIECES, activity(30, [(10, 12), (20, 22)])).words
    assert (word.start_s, word.end_s) == (11.2, 12.0)


def test_a_stretched_word_is_trimmed_to_where_there_is_speech() -> None:
    window = Window((SampleSpan(0, 10 * SECOND),))
    [word] = line_of([TimedToken(" yes", 0.0, 9.0, 0.9)], window, activity(10, [(7.936, 8.448)])).words
    assert (word.start_s, word.end_s) == (7.936, 8.448)


times = st.floats(0, 4, allow_nan=False)
tokens_strategy = st.lists(
    st.builds(
        lambda text, a, b: TimedToken(text, min(a, b), max(a, b), 0.5),
        st.sampled_from([" one", " two", "'s", ".", " ?", " three"]),
        times,
        times,
    ),
    max_size=8,
)


@given(tokens_strategy)
def test_any_times_become_monotone_and_stay_inside(tokens: list[TimedToken]) -> None:
    heard = activity(30, [(10, 12), (20, 22)])
    words = line_of(tokens, TWO_PIECES, heard).words
    for word in words:
        assert 10 <= word.start_s <= word.end_s <= 22
        assert word.end_s - word.start_s <= LONGEST_WORD_S + LONGEST_LETTER_S * len(word.text) + 1e-6
    assert all(left.end_s <= right.start_s for left, right in pairwise(words))


@given(tokens_strategy)
def test_a_segments_text_is_its_words(tokens: list[TimedToken]) -> None:
    heard = activity(30, [(10, 12), (20, 22)])
    block = Block(0, np.zeros(30 * SECOND, np.float32), heard)
    line = line_of(tokens, TWO_PIECES, heard)
    segments = build_segments(line, block)
    assert [word.text for segment in segments for word in segment.words] == [word.text for word in line.words]
    for segment in segments:
        assert segment.text == " ".join(word.text for word in segment.words)
        assert (segment.start_s, segment.end_s) == (segment.words[0].start_s, segment.words[-1].end_s)


def test_a_piece_with_hardly_a_word_is_thin() -> None:
    words = [TimedToken("twentyletterslongword", 10.5, 11.5, 0.9), TimedToken("a", 20.5, 21, 0.9)]
    assert find_thin_pieces(TWO_PIECES, words, usual_letters_per_second=10) == [TWO_PIECES.pieces[1]]


def test_a_second_reading_must_say_more_and_be_believed() -> None:
    assert is_better_reading(30, -0.3, 10)
    assert not is_better_reading(11, -0.3, 10)
    assert not is_better_reading(30, -0.9, 10)
    assert not is_better_reading(0, -0.1, 0)


def test_words_of_a_window_are_taken_out_by_their_middle() -> None:
    line = Line((TimedToken("one", 10.5, 11, 0.9), TimedToken("two", 15, 16, 0.9)), DECODED, "en")
    assert [word.text for word in line.without(TWO_PIECES).words] == ["two"]
    assert letters_in(TWO_PIECES, line.words) == 3
