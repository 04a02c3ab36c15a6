"""How many voices there are, and what each sounds like.

Owns agglomerative clustering of window voiceprints; never hears audio. Average linkage on cosine (the UPGMA of Sokal
and Michener, 1958) with three additions: the common part of all voices is removed first, the threshold follows how much
one voice varies in this very recording, and the cost is bounded however long the recording is. Usage::

    voices = centre(vectors)                                                    # once
    centroids = cluster(voices, windows.seconds, windows.continues, SpeakerCount(), ClusterLimits())
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.spatial.distance import pdist

from scribe.domain.speech import SpeakerCount
from scribe.engines.onnx import FloatArray
from scribe.engines.voiceprint import unit

Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

_MEAN_VOICE = Path(__file__).with_name("campplus_mean_voice.npy")
"""(192,): mean CAM++ print of 2 s windows of 19 people, English and French, read and prompted (the tuning half of the
benchmark's voices; no held-out voice is in it). It has length 0.60: CAM++ prints share that much, which is why a
raw cosine of two strangers is 0.35 to 0.50. Removed, strangers score 0.0 to 0.25 and one voice 0.35 to 0.6."""


@dataclass(frozen=True, slots=True)
class ClusterLimits:
    """What decides how many speakers come out. Similarities are centred cosines of windows of up to 2 s."""

    joined_share: float = 0.59
    """Clusters join while their mean similarity is above this share of one voice's similarity with itself. Measured:
    two people reach at most 0.51 (0.17 to 0.42 mostly), one voice at least 0.62. All counts and
    errors are the same from 0.57 to 0.60; at 0.54 the two most alike voices (p226, LS2609) become one, at 0.61 one
    person of a six-speaker meeting becomes two."""
    usual_self_similarity: float = 0.52
    """What that is in most rooms: 0.50 to 0.66; 0.35 in kitchen noise at 12 dB."""
    usual_weight: float = 5.0
    """Pairs of windows that the usual value counts for beside those measured in the recording."""
    shortest_window_s: float = 0.8
    """Shorter windows are too noisy to found a cluster; they are assigned later. Flat from 0.8 to 1.0; at 0.5 and at
    1.2 s the count is wrong in one or two meetings more."""
    min_cluster_s: float = 2.0
    """A cluster with less speech is nobody: at 4 s a guest with 3 s in five minutes is lost ..."""
    min_cluster_share: float = 0.03
    """... unless the whole recording has little speech: then this share of it is enough; and ..."""
    min_cluster_long_share: float = 0.002
    """... in hours of speech it must be at least this share: odd stretches add up with length. Measured on windows of
    composed meetings, people found of people there: 35 of 35 in 47 minutes of speech and 36 of 36 in an hour, as
    without it; the same 47 minutes four times over 36 instead of 47 (35 are there). At 0.003 a little better there,
    but a witness with 25 s in three hours would be nobody."""
    small_s: float = 10.0
    """A cluster with less speech (12 s gave the same, at 14 s a guest is lost), and ..."""
    small_share: float = 0.08
    """... less than this share of all, is doubtful: it must differ more from the others. At 0.10 a person with 8 s
    in two minutes is lost."""
    small_joined_share: float = 0.67
    """A doubtful cluster is part of another when their centroids are more alike than this share of one voice's
    similarity with itself. Flat from 0.65 to 0.70: below, noise makes a ninth speaker of eight; above, a guest with
    4 s is lost."""
    same_similarity: float = 0.62
    """Any two clusters whose centroids are nearer than this are one person. Different people reach 0.50; flat from
    0.58 to 0.66; at 0.52 the two voices of a telephone call are joined, at 0.70 a person is found twice."""
    max_vectors: int = 4000
    """Above this an even subsample is clustered: 4,000 of the 11,000 windows of six hours took 1.0 s; all of 18,000
    took 45 s and 2.6 GB."""


def centre(vectors: FloatArray) -> FloatArray:
    """Removes what all voices have in common. (num, 192) -> (num, 192) unit length; a zero vector stays zero."""
    centred = unit(vectors - np.load(_MEAN_VOICE).astype(np.float32))
    centred[~vectors.any(axis=1)] = 0
    return centred


def cluster(
    voices: FloatArray, seconds: FloatArray, continues: Bools, count: SpeakerCount, limits: ClusterLimits
) -> FloatArray:
    """Finds the speakers' voices.

    Args:
        voices: (num, 192) centred, unit length, in order of time.
        seconds: (num,) speech behind each.
        continues: (num,) whether each goes on with the stretch of the one before: surely the same person.
        count: how many speakers to find.
        limits: when two voices are one person, and what is too little to be a person.

    Returns:
        (num_speakers, 192) unit-length centroids; no speaker for no voice.
    """
    usable = voices.any(axis=1)
    if not usable.any():
        return voices[:0]
    if (usable & (seconds >= limits.shortest_window_s)).any():
        usable &= seconds >= limits.shortest_window_s
    similarity = _self_similarity(voices, continues & usable & np.roll(usable, 1), limits)
    kept = np.flatnonzero(usable)
    total_s = float(seconds[usable].sum())
    if len(kept) > limits.max_vectors:
        kept = kept[np.linspace(0, len(kept) - 1, limits.max_vectors).astype(np.int64)]
    voices, seconds = voices[kept], seconds[kept]
    seconds = (seconds * (total_s / seconds.sum())).astype(np.float32)
    if len(voices) == 1:
        return voices
    merges = linkage(np.maximum(pdist(voices, "cosine"), 0), method="average")
    enough_s = min(limits.min_cluster_s, limits.min_cluster_share * total_s)
    enough_s = max(enough_s, limits.min_cluster_long_share * total_s)
    labels = _cut(merges, seconds, enough_s, count, 1 - limits.joined_share * similarity)
    doubtful = limits.small_joined_share * similarity
    return _fold(voices, seconds, centroids_of(voices, seconds, labels), count, limits, doubtful)


def centroids_of(voices: FloatArray, seconds: FloatArray, labels: Ints) -> FloatArray:
    """Mean voice of each label 0, 1, ..., weighted by speech; voices labelled -1 are left out."""
    sums = np.zeros((int(labels.max(initial=-1)) + 1, voices.shape[1]), np.float32)
    used = labels >= 0
    np.add.at(sums, labels[used], voices[used] * seconds[used, np.newaxis])
    return unit(sums)


def _self_similarity(voices: FloatArray, pairs: Bools, limits: ClusterLimits) -> float:
    """How alike two windows of one person are in this recording, from windows that follow each other in one breath.

    Noise and reverberation shrink all similarities: a fixed threshold split the speakers of a noisy meeting and
    joined those of a telephone call.
    """
    second = np.flatnonzero(pairs[1:]) + 1
    similarities = np.einsum("nd,nd->n", voices[second], voices[second - 1])
    measured = float(np.median(similarities)) * len(second) if len(second) else 0.0
    usual = limits.usual_self_similarity * limits.usual_weight
    return (measured + usual) / (len(second) + limits.usual_weight)


def _bounds(count: SpeakerCount, num: int) -> tuple[int, int]:
    return count.exact or count.minimum or 1, count.exact or count.maximum or num


def _cut(
    merges: npt.NDArray[np.float64], seconds: FloatArray, enough_s: float, count: SpeakerCount, distance: float
) -> Ints:
    """Labels of the clusters that are speakers, -1 for the rest; the cut is moved until the count is respected."""
    labels = _speakers_at(merges, distance, seconds, enough_s)
    found = int(labels.max()) + 1
    lowest, highest = _bounds(count, len(seconds))
    if lowest <= found <= highest:
        return labels
    wanted = lowest if found < lowest else highest
    best, best_gap = labels, abs(found - wanted)
    heights = merges[:, 2]
    for enough in (enough_s, 0.0):
        for height in heights[np.argsort(np.abs(heights - distance), kind="stable")]:
            candidate = _speakers_at(merges, float(height), seconds, enough)
            gap = abs(int(candidate.max()) + 1 - wanted)
            if gap < best_gap:
                best, best_gap = candidate, gap
            if best_gap == 0:
                return best
    return best


def _speakers_at(merges: npt.NDArray[np.float64], height: float, seconds: FloatArray, enough_s: float) -> Ints:
    clusters = fcluster(merges, height, criterion="distance").astype(np.int64) - 1
    speech_s = np.bincount(clusters, weights=seconds)
    is_speaker = speech_s >= enough_s
    if not is_speaker.any():
        is_speaker[speech_s.argmax()] = True
    names = np.where(is_speaker, np.cumsum(is_speaker) - 1, -1)
    labels: Ints = names[clusters].astype(np.int64)
    return labels


def _fold(
    voices: FloatArray,
    seconds: FloatArray,
    centroids: FloatArray,
    count: SpeakerCount,
    limits: ClusterLimits,
    doubtful_similarity: float,
) -> FloatArray:
    """Joins clusters that are one person after all, the smallest first."""
    lowest, highest = _bounds(count, len(voices))
    small_s = min(limits.small_s, limits.small_share * float(seconds.sum()))
    while len(centroids) > lowest:
        labels = (voices @ centroids.T).argmax(axis=1)
        speech_s = np.bincount(labels, weights=seconds, minlength=len(centroids))
        likeness = centroids @ centroids.T
        np.fill_diagonal(likeness, -1)
        nearest = likeness.max(axis=1)
        is_double = (nearest > limits.same_similarity) | ((speech_s < small_s) & (nearest > doubtful_similarity))
        if not is_double.any():
            if len(centroids) <= highest:
                break
            is_double[likeness.max(axis=1).argmax()] = True
        folded = int(np.where(is_double, speech_s, np.inf).argmin())
        labels[labels == folded] = int(likeness[folded].argmax())
        remaining = np.flatnonzero(np.bincount(labels, minlength=len(centroids)))
        centroids = centroids_of(voices, seconds, np.searchsorted(remaining, labels).astype(np.int64))
    return centroids
