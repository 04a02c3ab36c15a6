"""Clustering on made-up voices: how many, under which orders, at what cost."""

import time

import numpy as np
import pytest
from numpy.typing import NDArray

from scribe.domain.speech import SpeakerCount
from scribe.engines.diarization.clustering import ClusterLimits, centre, cluster
from scribe.engines.diarization.reassignment import reassign, walk
from scribe.engines.voiceprint import unit

Floats = NDArray[np.float32]

LIMITS = ClusterLimits()


def voices_of(
    num_speakers: int, windows_each: int, noise: float = 0.9, seed: int = 0
) -> tuple[Floats, NDArray[np.int64]]:
    """Windows of people in turn; noise 0.9 gives the self-similarity 0.55 of real windows, strangers score about 0."""
    rng = np.random.default_rng(seed)
    people = unit(rng.normal(size=(num_speakers, 192)).astype(np.float32))
    who = np.tile(np.arange(num_speakers), windows_each)
    spread = rng.normal(scale=noise / np.sqrt(192), size=(len(who), 192))
    return unit((people[who] + spread).astype(np.float32)), who


def found(voices: Floats, count: SpeakerCount = SpeakerCount()) -> Floats:  # noqa: B008 -- a frozen value
    seconds = np.full(len(voices), 1.8, np.float32)
    return cluster(voices, seconds, np.zeros(len(voices), bool), count, LIMITS)


@pytest.mark.parametrize("num_speakers", [1, 2, 5, 10])
def test_as_many_speakers_are_found_as_there_are(num_speakers: int) -> None:
    voices, who = voices_of(num_speakers, 12)
    centroids = found(voices)
    assert len(centroids) == num_speakers
    labels = (voices @ centroids.T).argmax(axis=1)
    assert len(set(zip(who.tolist(), labels.tolist(), strict=True))) == num_speakers


@pytest.mark.parametrize("wanted", [1, 2, 3, 6])
def test_an_exact_number_of_speakers_is_obeyed(wanted: int) -> None:
    voices, _ = voices_of(4, 10)
    assert len(found(voices, SpeakerCount(exact=wanted))) == wanted


def test_a_range_of_speakers_is_obeyed() -> None:
    voices, _ = voices_of(4, 10)
    assert len(found(voices, SpeakerCount(maximum=3))) == 3
    assert len(found(voices, SpeakerCount(minimum=5))) == 5
    assert len(found(voices, SpeakerCount(minimum=2, maximum=8))) == 4


def test_one_odd_window_is_not_a_speaker() -> None:
    voices, _ = voices_of(2, 20)
    odd, _ = voices_of(1, 1, seed=99)
    assert len(found(np.concatenate([voices, odd]))) == 2


def test_no_voice_gives_no_speaker_and_one_voice_gives_one() -> None:
    assert len(found(np.zeros((0, 192), np.float32))) == 0
    assert len(found(np.zeros((3, 192), np.float32))) == 0
    assert len(found(voices_of(1, 1)[0])) == 1


def test_noise_that_shrinks_every_similarity_does_not_split_speakers() -> None:
    """In kitchen noise one voice scored 0.35 with itself: a fixed threshold found 10 speakers for 8."""
    people, who = voices_of(4, 1)[0], np.repeat(np.tile(np.arange(4), 10), 2)
    rng = np.random.default_rng(3)
    noisy = unit(people[who] + rng.normal(scale=1.35 / np.sqrt(192), size=(len(who), 192)).astype(np.float32))
    continues = np.tile([False, True], 40)
    seconds = np.full(len(noisy), 1.8, np.float32)
    assert len(cluster(noisy, seconds, continues, SpeakerCount(), LIMITS)) == 4


def test_ten_thousand_windows_cluster_in_bounded_time() -> None:
    voices, _ = voices_of(12, 900)
    started = time.process_time()
    assert len(found(voices)) == 12
    assert time.process_time() - started < 20


def test_what_all_voices_share_is_removed_and_nothing_stays_nothing() -> None:
    rng = np.random.default_rng(0)
    vectors = unit(rng.normal(size=(3, 192)).astype(np.float32))
    vectors[1] = 0
    centred = centre(vectors)
    assert not centred[1].any()
    np.testing.assert_allclose(np.linalg.norm(centred[[0, 2]], axis=1), 1, atol=1e-5)


def test_a_change_inside_a_stretch_must_be_earned() -> None:
    scores = np.array([[1.0, 0.0], [0.4, 0.5], [1.0, 0.0]], np.float32)
    in_one_breath, apart = np.array([False, True, True]), np.zeros(3, bool)
    assert walk(scores, in_one_breath, 0.2).tolist() == [0, 0, 0]
    assert walk(scores, apart, 0.2).tolist() == [0, 1, 0]


def test_speakers_learnt_again_keep_their_place_when_one_loses_every_window() -> None:
    voices, who = voices_of(2, 6)
    centroids = np.stack([voices[who == 0].mean(axis=0), voices[who == 1].mean(axis=0), -voices.mean(axis=0)])
    seconds = np.ones(len(voices), np.float32)
    labels = reassign(voices, seconds, np.zeros(len(voices), bool), unit(centroids), switch_cost=0.1, rounds=3)
    assert labels.tolist() == who.tolist()
