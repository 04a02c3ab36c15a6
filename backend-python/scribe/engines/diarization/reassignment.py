"""Whose voice each window is, once the speakers are known.

Owns the second look: every window is compared with every speaker, and speakers are learnt again from their windows;
never changes how many speakers there are. A Viterbi walk over the windows in order of time (as in the resegmentation
of Diez et al., "Bayesian HMM based x-vector clustering", 2019, with cosine for the likelihood) keeps one
uninterrupted stretch with one speaker unless the voice says otherwise. Usage::

    labels = reassign(voices, windows.seconds, windows.continues, centroids, switch_cost=0.1, rounds=2)
"""

import numpy as np
import numpy.typing as npt

from scribe.engines.diarization.clustering import centroids_of
from scribe.engines.onnx import FloatArray

Ints = npt.NDArray[np.int64]


def reassign(
    voices: FloatArray,
    seconds: FloatArray,
    continues: npt.NDArray[np.bool_],
    centroids: FloatArray,
    *,
    switch_cost: float,
    rounds: int,
) -> Ints:
    """Labels every window with a speaker.

    Args:
        voices: (num_windows, 192) unit length, in order of time.
        seconds: (num_windows,) speech behind each.
        continues: (num_windows,) whether each goes on with the stretch of the one before.
        centroids: (num_speakers, 192) unit length.
        switch_cost: cosine that a change of speaker within one stretch must earn.
        rounds: how often speakers are learnt again from the windows they were given.

    Returns:
        (num_windows,) speaker of each window.
    """
    labels = walk(voices @ centroids.T, continues, switch_cost)
    for _ in range(rounds):
        learnt = centroids_of(voices, seconds, labels)
        is_heard = learnt.any(axis=1)
        centroids = centroids.copy()
        centroids[: len(learnt)][is_heard] = learnt[is_heard]
        labels = walk(voices @ centroids.T, continues, switch_cost)
    return labels


def walk(scores: FloatArray, continues: npt.NDArray[np.bool_], switch_cost: float) -> Ints:
    """The best path of speakers: (num, num_speakers) scores -> (num,). Changes cost only where a stretch goes on."""
    num, num_speakers = scores.shape
    came_from = np.zeros((num, num_speakers), np.int64)
    stay = np.arange(num_speakers)
    best = np.zeros(num_speakers, np.float64)
    for i in range(num):
        top = int(best.argmax()) if i else 0
        price = switch_cost if continues[i] else 0.0
        switches = best[top] - price > best
        came_from[i] = np.where(switches, top, stay)
        best = np.where(switches, best[top] - price, best) + scores[i]
    path = np.zeros(num, np.int64)
    if num:
        path[-1] = int(best.argmax())
    for i in range(num - 1, 0, -1):
        path[i - 1] = came_from[i, path[i]]
    return path
