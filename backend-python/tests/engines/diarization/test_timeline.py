"""From chunks to turns: aggregation, overlap, and what must hold of any turns."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from scribe.domain.speech import SpeakerLabel
from scribe.engines.diarization.segmentation import CHUNK_FRAMES, LocalActivity, align_columns, frame_times_s
from scribe.engines.diarization.timeline import TurnRule, join_chunks, speaking, turns_of
from scribe.engines.diarization.windows import Windows, cut_windows

A, B = SpeakerLabel("SPEAKER_00"), SpeakerLabel("SPEAKER_01")


def two_chunks(first: np.ndarray, second: np.ndarray) -> LocalActivity:
    """Two chunks that begin 100 frames apart, each (589, 3)."""
    probabilities = np.stack([first, second]).astype(np.float16)
    first_frames = np.array([0, 100])
    speech = np.ones(CHUNK_FRAMES + 100, np.float32)
    return LocalActivity(align_columns(probabilities, first_frames), speech, first_frames)


def spoken(column: int, start: int, stop: int) -> np.ndarray:
    chunk = np.zeros((CHUNK_FRAMES, 3))
    chunk[start:stop, column] = 1
    return chunk


def test_a_voice_keeps_its_column_when_the_next_chunk_numbers_it_otherwise() -> None:
    activity = two_chunks(spoken(0, 200, 400), spoken(2, 100, 300))
    assert activity.probabilities[1, 100:300, 0].all()
    assert not activity.probabilities[1, :, 1:].any()


def test_windows_hold_one_voice_alone_and_none_holds_an_overlap() -> None:
    chunk = spoken(0, 50, 300) + spoken(1, 250, 500)
    activity = LocalActivity(chunk[np.newaxis].astype(np.float16), np.ones(CHUNK_FRAMES, np.float32), np.array([0]))
    windows = cut_windows(activity, longest_s=2.0)
    assert set(windows.columns.tolist()) == {0, 1}
    for start, stop, column in zip(windows.starts, windows.stops, windows.columns, strict=True):
        assert (start >= 50 and stop <= 250) if column == 0 else (start >= 300 and stop <= 500)
    assert windows.seconds.sum() == pytest.approx(400 * 270 / 16000, abs=0.05)


def test_every_clean_frame_lies_in_exactly_one_window() -> None:
    activity = two_chunks(spoken(0, 30, 560), spoken(0, 0, 460))
    windows = cut_windows(activity, longest_s=1.5)
    covered = np.zeros(activity.num_frames, int)
    for start, stop in zip(windows.starts, windows.stops, strict=True):
        covered[start:stop] += 1
    assert covered.max() == 1
    assert covered[windows.clean].all()


def test_the_second_voice_of_an_overlap_survives() -> None:
    chunk = spoken(0, 50, 300) + spoken(1, 250, 500)
    activity = LocalActivity(chunk[np.newaxis].astype(np.float16), np.ones(CHUNK_FRAMES, np.float32), np.array([0]))
    windows = cut_windows(activity, longest_s=2.0)
    presence = join_chunks(activity, windows, windows.columns, 2)
    assert presence[270].tolist() == [1.0, 1.0]
    assert presence[100].tolist() == [1.0, 0.0]


def test_a_window_that_sounds_like_somebody_else_overrules_its_column() -> None:
    activity = LocalActivity(
        spoken(0, 50, 500)[np.newaxis].astype(np.float16), np.ones(CHUNK_FRAMES, np.float32), np.array([0])
    )
    windows = cut_windows(activity, longest_s=2.0)
    labels = np.zeros(len(windows), np.int64)
    labels[-1] = 1
    presence = join_chunks(activity, windows, labels, 2)
    assert presence[windows.stops[-1] - 1].tolist() == [0.0, 1.0]
    assert presence[60].tolist() == [1.0, 0.0]


def test_when_somebody_speaks_somebody_is_named_however_split_the_vote() -> None:
    presence = np.array([[0.3, 0.35, 0.3]], np.float32)
    heard = speaking(presence, np.array([0.9], np.float32), np.zeros(1, np.float32), TurnRule())
    assert heard.tolist() == [[False, True, False]]


def test_the_level_may_end_a_turn_but_not_make_one_of_silence() -> None:
    presence, evidence = np.array([[0.8], [0.0]], np.float32), np.array([-3.0, 2.0], np.float32)
    assert speaking(presence, np.array([0.8, 0.0], np.float32), evidence, TurnRule()).tolist() == [[False], [False]]


heard_arrays = arrays(bool, st.tuples(st.integers(1, 400), st.integers(1, 4)))


@given(heard_arrays, st.floats(0.0, 1.0), st.floats(0.0, 0.5))
def test_turns_are_sorted_disjoint_per_speaker_and_within_the_recording(
    heard: np.ndarray, joined_pause_s: float, shortest_s: float
) -> None:
    duration_s = float(frame_times_s(np.array([len(heard)]))[0]) - 0.01
    rule = TurnRule(joined_pause_s=joined_pause_s, shortest_s=shortest_s)
    turns, order = turns_of(heard, rule, duration_s)
    assert list(turns) == sorted(turns)
    assert len(order) == len({turn.speaker for turn in turns})
    firsts = [next(turn.start_s for turn in turns if turn.speaker == f"SPEAKER_{i:02d}") for i in range(len(order))]
    assert firsts == sorted(firsts)
    for turn in turns:
        assert 0 <= turn.start_s < turn.end_s <= duration_s
        assert turn.duration_s >= shortest_s
    for speaker in {turn.speaker for turn in turns}:
        own = [turn for turn in turns if turn.speaker == speaker]
        assert all(b.start_s - a.end_s > joined_pause_s for a, b in itertools.pairwise(own))


def test_nothing_heard_is_nothing_said() -> None:
    assert turns_of(np.zeros((100, 2), bool), TurnRule(), 2.0) == ((), [])
    empty = Windows(*(np.zeros(0, np.int64) for _ in range(4)), np.zeros(10, bool))
    assert len(empty) == 0
    assert empty.seconds.shape == (0,)
