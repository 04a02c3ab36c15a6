from itertools import pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from scribe.domain.audio import SAMPLE_RATE_HZ
from scribe.engines.transcription.block_transcriber import MIN_SLICE_S, halves, slice_pieces
from scribe.engines.transcription.voice_activity import FRAME_SAMPLES, VoiceActivity, find_spans
from scribe.engines.transcription.windows import MAX_WINDOW_S, PADDING_S, cut_windows, pad_spans


def activity_of(runs: list[tuple[bool, int]]) -> VoiceActivity:
    """Speech and silence in turn, in frames."""
    probabilities = np.array([0.9 if speaks else 0.1 for speaks, frames in runs for _ in range(frames)], np.float32)
    num_samples = probabilities.shape[0] * FRAME_SAMPLES
    return VoiceActivity(num_samples, probabilities, find_spans(probabilities, num_samples))


activities = st.lists(st.tuples(st.booleans(), st.integers(1, 1_200)), min_size=1, max_size=12).map(activity_of)


@given(activities)
def test_windows_hold_all_speech_once_and_in_order(activity: VoiceActivity) -> None:
    pieces = [piece for window in cut_windows(activity) for piece in window.pieces]
    assert all(left.stop <= right.start for left, right in pairwise(pieces))
    covered = np.zeros(activity.num_samples, dtype=bool)
    for piece in pieces:
        covered[piece.start : piece.stop] = True
    assert all(covered[span.start : span.stop].all() for span in activity.spans)


@given(activities)
def test_no_window_is_longer_than_allowed(activity: VoiceActivity) -> None:
    assert all(0 < window.duration_s <= MAX_WINDOW_S for window in cut_windows(activity))


@given(activities)
def test_padding_never_leaves_the_block_nor_overlaps(activity: VoiceActivity) -> None:
    padded = pad_spans(activity)
    for span, wide in zip(activity.spans, padded, strict=True):
        assert 0 <= wide.start <= span.start
        assert span.stop <= wide.stop <= activity.num_samples
        assert wide.num_samples - span.num_samples <= 2 * PADDING_S * SAMPLE_RATE_HZ


@given(activities)
def test_a_time_of_the_window_leads_back_to_its_piece(activity: VoiceActivity) -> None:
    for window in cut_windows(activity):
        offset = 0
        for piece in window.pieces:
            found, begins = window.piece_at((offset + piece.num_samples / 2) / SAMPLE_RATE_HZ)
            assert (found, begins) == (piece, offset)
            offset += piece.num_samples
        assert window.audio(np.zeros(activity.num_samples, np.float32)).shape == (window.num_samples,)


@given(activities)
def test_language_slices_and_halves_keep_every_piece(activity: VoiceActivity) -> None:
    for window in cut_windows(activity):
        slices = slice_pieces(window)
        assert [index for first, last in slices for index in range(first, last)] == list(range(len(window.pieces)))
        if len(slices) > 1:
            lengths = [sum(piece.duration_s for piece in window.pieces[first:last]) for first, last in slices]
            assert min(lengths) >= MIN_SLICE_S
        assert tuple(piece for half in halves(window) for piece in half.pieces) == window.pieces
