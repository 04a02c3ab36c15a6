import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from scribe.domain.audio import SAMPLE_RATE_HZ, Samples, Waveform
from scribe.engines.transcription import blocks
from scribe.engines.transcription.blocks import CUT_ZONE_S, MAX_BLOCK_S, find_cut, iterate_blocks
from scribe.engines.transcription.voice_activity import FRAME_SAMPLES, SampleSpan, VoiceActivity, find_spans


class LoudnessDetector:
    """Speech is whatever is not zero: exact, and as fast as numpy."""

    def listen(self, samples: Samples) -> VoiceActivity:
        frames = -(-samples.shape[0] // FRAME_SAMPLES)
        padded = np.zeros(frames * FRAME_SAMPLES, dtype=np.float32)
        padded[: samples.shape[0]] = samples
        loud = (np.abs(padded.reshape(frames, FRAME_SAMPLES)).max(axis=1) > 0).astype(np.float32)
        return VoiceActivity(samples.shape[0], loud, find_spans(loud, samples.shape[0]))


def recording(duration_s: int, silent: list[tuple[int, int]]) -> Waveform:
    pcm = np.ones(duration_s * SAMPLE_RATE_HZ, dtype=np.int16)
    for start_s, end_s in silent:
        pcm[start_s * SAMPLE_RATE_HZ : end_s * SAMPLE_RATE_HZ] = 0
    return Waveform(pcm)


def cuts(waveform: Waveform, start: int = 0) -> list[int]:
    return [block.stop for block in iterate_blocks(waveform, LoudnessDetector(), start)]


def test_a_short_recording_is_one_block() -> None:
    assert cuts(recording(299, [])) == [299 * SAMPLE_RATE_HZ]


def test_a_block_ends_in_the_middle_of_the_longest_pause_of_its_last_minute() -> None:
    silences = [(100, 150), (250, 252), (260, 266), (290, 293)]
    first = cuts(recording(400, silences))[0]
    assert abs(first / SAMPLE_RATE_HZ - 263) < 0.1


def test_speech_without_a_pause_is_cut_at_the_least_likely_frame() -> None:
    probabilities = np.full(9_375, 0.9, dtype=np.float32)  # 300 s
    probabilities[9_000] = 0.6
    activity = VoiceActivity(300 * SAMPLE_RATE_HZ, probabilities, (SampleSpan(0, 300 * SAMPLE_RATE_HZ),))
    assert find_cut(activity, 240 * SAMPLE_RATE_HZ) == 9_000 * FRAME_SAMPLES


@settings(max_examples=25, deadline=None)
@given(
    st.integers(1, 900),
    st.lists(st.tuples(st.integers(0, 899), st.integers(1, 200)), max_size=6),
    st.integers(0, 3),
)
def test_blocks_cover_the_recording_and_a_resumed_run_cuts_alike(
    duration_s: int, silences: list[tuple[int, int]], index: int
) -> None:
    waveform = recording(duration_s, [(start_s, start_s + length_s) for start_s, length_s in silences])
    stops = cuts(waveform)
    assert stops[-1] == waveform.num_samples
    lengths = np.diff([0, *stops])
    assert (lengths > 0).all()
    assert (lengths <= MAX_BLOCK_S * SAMPLE_RATE_HZ).all()
    assert (lengths[:-1] >= (MAX_BLOCK_S - CUT_ZONE_S) * SAMPLE_RATE_HZ).all()
    if index < len(stops):
        assert cuts(waveform, stops[index]) == stops[index + 1 :]


def test_activity_ends_with_its_block() -> None:
    waveform = recording(400, [(263, 264)])
    for block in iterate_blocks(waveform, LoudnessDetector(), 0):
        assert block.activity.num_samples == block.samples.shape[0]
        assert all(span.stop <= block.samples.shape[0] for span in block.activity.spans)


def test_blocks_are_small_enough_for_a_laptop() -> None:
    assert blocks.MAX_BLOCK_S * SAMPLE_RATE_HZ * 4 < 20e6
