"""The rule from many channels to one: nobody is lost, nothing pumps, silence stays silence."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scribe.adapters.audio_channels import ChannelStatistics, Floats, Mix, choose_mix, usual_mix

RATE_HZ = 8_000
SURROUND = ("FL", "FR", "FC", "LFE", "BL", "BR")


def voice(seed: int, duration_s: float = 10.0, level: float = 0.2) -> Floats:
    """Noise in bursts of about half a second: the energy pattern of one talking person. (num_samples,) float32."""
    rng = np.random.default_rng(seed)
    bursts = np.repeat(rng.random(int(duration_s * 2)) > 0.4, RATE_HZ // 2)
    return (level / 3 * rng.standard_normal(bursts.size) * bursts).astype(np.float32)


def taking_turns(first: Floats, second: Floats) -> tuple[Floats, Floats]:
    half = first.size // 2
    return np.where(np.arange(first.size) < half, first, 0), np.where(np.arange(first.size) < half, 0, second)


def mix_of(channels: tuple[str, ...], *signals: Floats) -> tuple[Mix, Floats]:
    samples = np.stack(signals).astype(np.float32)
    statistics = ChannelStatistics(channels, RATE_HZ)
    for start in range(0, samples.shape[1], 7_001):
        statistics.add(samples[:, start : start + 7_001])
    statistics.finish()
    mix = choose_mix(statistics)
    return mix, mix.apply(samples)


def level_db(signal: Floats, reference: Floats) -> float:
    """Of what in ``signal`` follows ``reference``."""
    return float(20 * np.log10(max(abs(signal @ reference) / (reference @ reference), 1e-9)))


A, B = voice(1), voice(2)
NOTHING = np.zeros_like(A)


def test_one_channel_is_taken_as_it_is() -> None:
    mix, mono = mix_of(("FC",), A)
    assert mix.rule == "mono"
    assert np.array_equal(mono, A)


@pytest.mark.parametrize(
    ("left", "right", "rule", "heard"),
    [
        (A, A, "average", [A]),
        (A, B, "average", [A, B]),
        (*taking_turns(A, B), "average", list(taking_turns(A, B))),
        (A, A + 0.1 * B, "average", [A]),
        (NOTHING, A, "channel:2", [A]),
        (A, NOTHING, "channel:1", [A]),
        (A, 0.001 * B, "channel:1", [A]),
        (A, -A, "opposite-phase", [A]),
        (A, -0.9 * A, "opposite-phase", [A]),
        (A + B, A - B, "channel:1", [A, B]),
    ],
)
def test_two_channels_become_one_that_keeps_everybody(
    left: Floats, right: Floats, rule: str, heard: list[Floats]
) -> None:
    mix, mono = mix_of(("FL", "FR"), left, right)
    assert mix.rule == rule
    assert all(level_db(mono, person) > -7 for person in heard)


def test_a_faint_person_on_the_other_channel_is_kept() -> None:
    near, far = taking_turns(A, B)
    mix, mono = mix_of(("FL", "FR"), near, 0.03 * far)
    assert mix.rule == "average"
    assert level_db(mono, 0.03 * far) > -7


def test_mid_side_speech_that_an_average_would_erase_is_kept() -> None:
    """Of two voices one is in phase and one is not: average and difference lose one each, a single channel neither."""
    first, second = taking_turns(A, B)
    mix, mono = mix_of(("FL", "FR"), first + second, first - second)
    assert mix.rule.startswith("channel:")
    assert min(level_db(mono, first), level_db(mono, second)) > -1


def test_opposite_phase_is_seen_through_an_offset_and_hiss() -> None:
    rng = np.random.default_rng(0)
    hiss = rng.standard_normal((2, A.size)).astype(np.float32) * 1e-3
    mix, mono = mix_of(("FL", "FR"), A + 0.3 + hiss[0], -A + 0.3 + hiss[1])
    assert mix.rule == "opposite-phase"
    assert level_db(mono, A) > -1


@pytest.mark.parametrize(
    ("signals", "rule", "heard"),
    [
        ((NOTHING, NOTHING, A, NOTHING, NOTHING, NOTHING), "centre", [A]),
        ((0.1 * B, 0.1 * B, A + 0.1 * B, NOTHING, NOTHING, NOTHING), "centre", [A]),
        ((A, A, NOTHING, NOTHING, NOTHING, NOTHING), "downmix", [A]),
        ((*taking_turns(A, B), 0.1 * A, NOTHING, NOTHING, NOTHING), "downmix", list(taking_turns(A, B))),
        ((NOTHING, NOTHING, NOTHING, B, A, NOTHING), "channel:5", [A]),
    ],
)
def test_surround_gives_the_centre_only_where_it_carries_everything(
    signals: tuple[Floats, ...], rule: str, heard: list[Floats]
) -> None:
    mix, mono = mix_of(SURROUND, *signals)
    assert mix.rule == rule
    assert all(level_db(mono, person) > -12 for person in heard)
    assert mix.weights[SURROUND.index("LFE")] == 0


def test_every_microphone_of_a_multitrack_recorder_is_kept() -> None:
    noise = 0.1 * np.random.default_rng(0).standard_normal((8, A.size)).astype(np.float32)
    people = [np.where(np.arange(A.size) * 8 // A.size == index, noise[index], 0) for index in range(8)]
    mix, mono = mix_of(tuple(f"channel {i}" for i in range(8)), *people)
    assert mix.rule == "average"
    assert min(level_db(mono, person) for person in people) > -19


@pytest.mark.parametrize(
    ("signal", "warning", "peak"),
    [
        (A * 1e6, "turned-down", 1.0),
        (A / np.abs(A).max() * 0.002, "turned-up", 0.1),
        (A / np.abs(A).max() * 0.0002, "turned-up", 0.02),
        (A + 0.5, "offset-removed", float(np.abs(A).max())),
    ],
)
def test_the_level_becomes_one_that_16_bits_can_hold(signal: Floats, warning: str, peak: float) -> None:
    mix, mono = mix_of(("FC",), signal)
    assert mix.warnings == (warning,)
    assert np.abs(mono).max() == pytest.approx(peak, rel=0.05)


def test_one_click_does_not_turn_the_speech_down_or_keep_it_from_being_turned_up() -> None:
    loud, quiet = A * 0.9, A * 0.005
    loud[1000], quiet[1000] = 1e5, 0.9
    assert level_db(mix_of(("FC",), loud)[1], A) > -22
    assert mix_of(("FC",), quiet)[0].warnings == ("turned-up",)


def test_five_seconds_of_speech_in_a_silent_hour_are_no_click() -> None:
    signal = 1e-4 * np.random.default_rng(0).standard_normal(RATE_HZ * 900).astype(np.float32)
    signal[: A.size // 2] += A[: A.size // 2]
    mix, _ = mix_of(("FC",), signal)
    assert (mix.gain, mix.warnings) == (1.0, ())


def test_silence_is_reported_and_stays_silence() -> None:
    mix, mono = mix_of(("FL", "FR"), NOTHING, NOTHING)
    assert (mix.rule, mix.warnings, mono.any()) == ("average", ("silent",), False)


def test_a_recording_shorter_than_a_frame_is_decided_too() -> None:
    mix, mono = mix_of(("FL", "FR"), NOTHING[:50], A[:50])
    assert mix.rule == "channel:2"
    assert np.array_equal(mono, A[:50])


@pytest.mark.parametrize("channels", [("FC",), ("FL", "FR")])
def test_plain_files_need_the_usual_mix_and_no_second_pass(channels: tuple[str, ...]) -> None:
    mix, _ = mix_of(channels, *[A + 0.1 * voice(9)] * len(channels))
    usual = usual_mix(channels)
    assert usual is not None
    assert mix.equals(usual)
    assert usual_mix(SURROUND) is None


@settings(deadline=None, max_examples=40)
@given(
    gains=st.lists(st.floats(-1, 1), min_size=2, max_size=6),
    scale=st.sampled_from([1e-5, 1e-2, 1.0, 1e3, 1e8]),
    offset=st.floats(-1, 1),
)
def test_no_arrangement_of_one_voice_makes_it_vanish_or_overflow(
    gains: list[float], scale: float, offset: float
) -> None:
    """Property: whatever the signs and levels of a voice's copies, the mix keeps it, finite and within full scale."""
    if max(abs(gain) for gain in gains) < 0.1:
        gains[0] = 1.0
    _, mono = mix_of(tuple(str(i) for i in range(len(gains))), *[(gain * A + offset) * scale for gain in gains])
    assert np.isfinite(mono).all()
    assert np.abs(mono).max() < 1.06
    shape = np.corrcoef(mono, A)[0, 1]
    assert abs(shape) > 0.9
