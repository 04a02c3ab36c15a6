"""What stands in the way of enrolling a voice, and how it is said."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scribe.domain.voice_quality import MIN_SPEECH_S, VoiceQuality, hints, problems

GOOD = VoiceQuality(speech_s=15.0, snr_db=25.0, consistency=0.7, bandwidth_hz=8000.0)


def codes(quality: VoiceQuality) -> list[str]:
    return [problem.code for problem in problems(quality)]


def test_a_good_voice_has_no_problem_and_no_hint() -> None:
    assert (problems(GOOD), hints(GOOD)) == ((), ())


@pytest.mark.parametrize(
    ("quality", "code", "figures"),
    [
        (replace(GOOD, speech_s=0.0), "no-speech", ("0 s", "3 s", "10 s")),
        (replace(GOOD, speech_s=2.4), "too-short", ("2.4 s", "3 s", "10 s")),
        (replace(GOOD, snr_db=4.2), "too-noisy", ("4 dB", "8 dB")),
        (replace(GOOD, overlap_share=0.6), "overlapped", ("60%", "25%")),
        (replace(GOOD, num_voices=2), "several-voices", ("2 voices", "exactly 1")),
        (replace(GOOD, consistency=0.11), "several-voices", ("0.11", "0.40")),
        (replace(GOOD, clipped_share=0.3), "clipped", ("30%", "15%")),
    ],
)
def test_a_refusal_says_what_was_measured_and_what_is_needed(
    quality: VoiceQuality, code: str, figures: tuple[str, ...]
) -> None:
    [problem] = problems(quality)
    assert problem.code == code
    assert [figure for figure in figures if figure not in problem.message] == []


def test_everything_that_is_wrong_is_said_at_once() -> None:
    bad = VoiceQuality(1.0, snr_db=2.0, overlap_share=0.5, consistency=0.0, num_voices=3, clipped_share=0.4)
    assert codes(bad) == ["too-short", "too-noisy", "overlapped", "several-voices", "clipped"]


def test_without_speech_nothing_else_is_said() -> None:
    assert codes(VoiceQuality(0.0, snr_db=-5.0, clipped_share=0.9)) == ["no-speech"]


def test_what_could_not_be_measured_is_no_problem() -> None:
    assert codes(VoiceQuality(speech_s=12.0)) == []


def test_a_telephone_is_no_problem() -> None:
    assert codes(replace(GOOD, bandwidth_hz=3800.0)) == []


def test_little_speech_is_enough_with_a_hint() -> None:
    [hint] = hints(replace(GOOD, speech_s=6.0))
    assert hint.code == "short"
    assert hint.message == "6.0 s of clear speech were found: 10 s or more make the name surer."


def test_the_figure_in_a_refusal_never_contradicts_it() -> None:
    [short] = problems(replace(GOOD, speech_s=2.97))
    assert short.message.startswith("2.9 s"), "rounded up it would read 3.0 s found, 3 s needed"
    [noisy] = problems(replace(GOOD, snr_db=7.9))
    assert "only 7 dB" in noisy.message


@given(
    st.floats(0, 4000),
    st.none() | st.floats(-60, 60),
    st.floats(0, 1),
    st.none() | st.floats(-1, 1),
    st.integers(1, 9),
    st.floats(0, 1),
)
def test_a_voice_is_refused_for_too_little_speech_and_never_hinted_at_as_well(
    speech_s: float, snr_db: float | None, overlap: float, consistency: float | None, num_voices: int, clipped: float
) -> None:
    quality = VoiceQuality(speech_s, snr_db, overlap, consistency, num_voices, clipped)
    found = codes(quality)
    assert len(found) == len(set(found)), "each reason once"
    assert (speech_s < MIN_SPEECH_S) == bool({"no-speech", "too-short"} & set(found))
    assert not (hints(quality) and speech_s < MIN_SPEECH_S)
    assert all(problem.message for problem in problems(quality))
