"""How many voices there are, and what each sounds like.

Owns agglomerative clustering of voiceprints under constraints; never hears audio. Average linkage on cosine distance
(the UPGMA of Sokal and Michener, 1958), with two additions: voices that the segmentation heard side by side in one
chunk are kept apart (cannot-link), and the cost is bounded however long the recording is. Usage::

    centroids = cluster(vectors, seconds, chunks, SpeakerCount(), limits)     # (num_speakers, 192)
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.cluster.hierarchy import fcluster, linkage

from scribe.domain.speech import SpeakerCount
from scribe.engines.onnx import FloatArray
from scribe.engines.voiceprint import unit

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class ClusterLimits:
    """What decides how many speakers come out."""

    distance: float = 0.40
    """Cosine distance at which average linkage stops joining."""
    cannot_link_distance: float = 1.0
    """Distance put between two voices of one chunk; 1.0 is that of two unrelated directions."""
    min_cluster_s: float = 4.0
    """A cluster with less speech is no speaker of its own ..."""
    min_cluster_share: float = 0.03
    """... unless the whole recording has little speech: then this share of it is enough."""
    max_vectors: int = 4000
    """Above this an even subsample is clustered: 4,000 take about 1.5 s and 200 MB, 18,000 took 45 s and 2.6 GB."""


def cluster(
    vectors: FloatArray, seconds: FloatArray, chunks: Ints, count: SpeakerCount, limits: ClusterLimits
) -> FloatArray:
    """Finds the speakers' voices.

    Args:
        vectors: (num, 192) unit length, one per voice and chunk.
        seconds: (num,) speech behind each vector.
        chunks: (num,) number of the chunk each was heard in.
        count: how many speakers to find.
        limits: when two voices are one person, and what is too little to be a person.

    Returns:
        (num_speakers, 192) unit-length centroids; no speaker for no vector.
    """
    if len(vectors) == 0:
        return vectors
    if len(vectors) > limits.max_vectors:
        kept = np.linspace(0, len(vectors) - 1, limits.max_vectors).astype(np.int64)
        vectors, seconds, chunks = vectors[kept], seconds[kept], chunks[kept]
    if len(vectors) == 1:
        return unit(vectors)
    merges = linkage(_condensed_distances(vectors, chunks, limits.cannot_link_distance), method="average")
    enough_s = min(limits.min_cluster_s, limits.min_cluster_share * float(seconds.sum()))
    labels = _cut(merges, seconds, enough_s, count, limits.distance)
    return centroids_of(vectors, seconds, labels)


def centroids_of(vectors: FloatArray, seconds: FloatArray, labels: Ints) -> FloatArray:
    """Mean voice of each label 0, 1, ..., weighted by speech; vectors labelled -1 are left out."""
    sums = np.zeros((int(labels.max()) + 1, vectors.shape[1]), np.float32)
    used = labels >= 0
    np.add.at(sums, labels[used], vectors[used] * seconds[used, np.newaxis])
    return unit(sums)


def _condensed_distances(vectors: FloatArray, chunks: Ints, cannot_link: float) -> npt.NDArray[np.float32]:
    """Upper triangle of the cosine distances, row by row, as scipy wants it."""
    num = len(vectors)
    condensed = np.empty(num * (num - 1) // 2, np.float32)
    position = 0
    for i in range(num - 1):
        row = 1 - vectors[i + 1 :] @ vectors[i]
        same_chunk = chunks[i + 1 :] == chunks[i]
        row[same_chunk] = np.maximum(row[same_chunk], cannot_link)
        condensed[position : position + len(row)] = np.maximum(row, 0)
        position += len(row)
    return condensed


def _cut(
    merges: npt.NDArray[np.float64], seconds: FloatArray, enough_s: float, count: SpeakerCount, distance: float
) -> Ints:
    """Labels of the clusters that are speakers, -1 for the rest; the cut is moved until the count is respected."""
    heights = merges[:, 2]
    labels = _speakers_at(merges, distance, seconds, enough_s)
    found = int(labels.max()) + 1
    lowest = count.exact or count.minimum or 1
    highest = count.exact or count.maximum or len(seconds)
    if lowest <= found <= highest:
        return labels
    wanted = lowest if found < lowest else highest
    best, best_gap = labels, abs(found - wanted)
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
