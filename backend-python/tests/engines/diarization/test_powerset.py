"""Decoding of the powerset classes."""

import numpy as np
import pytest

from scribe.engines.diarization.powerset import MEMBERSHIP, speaker_probabilities, speech_probabilities


def sure_of(class_index: int) -> np.ndarray:
    log_probabilities = np.full((1, 7), -30.0, np.float32)
    log_probabilities[0, class_index] = 0.0
    return log_probabilities


@pytest.mark.parametrize("class_index", range(7))
def test_a_sure_class_is_its_set_of_speakers(class_index: int) -> None:
    np.testing.assert_allclose(speaker_probabilities(sure_of(class_index))[0], MEMBERSHIP[class_index], atol=1e-5)
    assert speech_probabilities(sure_of(class_index))[0] == pytest.approx(float(class_index > 0), abs=1e-5)


def test_doubt_between_one_voice_and_two_is_half_a_second_voice() -> None:
    log_probabilities = np.full((1, 7), -30.0, np.float32)
    log_probabilities[0, [1, 4]] = np.log(0.5)
    np.testing.assert_allclose(speaker_probabilities(log_probabilities)[0], [1.0, 0.5, 0.0], atol=1e-5)


def test_doubt_who_it_is_leaves_no_doubt_that_it_is_somebody() -> None:
    log_probabilities = np.full((1, 7), -30.0, np.float32)
    log_probabilities[0, [1, 2, 3]] = np.log(1 / 3)
    assert speaker_probabilities(log_probabilities)[0].max() < 0.4
    assert speech_probabilities(log_probabilities)[0] == pytest.approx(1.0, abs=1e-5)


def test_scores_that_are_no_log_probabilities_still_give_probabilities() -> None:
    probabilities = speaker_probabilities(np.full((2, 7), 50.0, np.float32))
    assert np.isfinite(probabilities).all()
    assert (probabilities <= 1).all()
