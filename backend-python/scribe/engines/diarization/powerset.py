"""From the segmentation network's powerset classes to one probability per local speaker.

Owns the decoding; never runs a network. The classes are the sets of at most two out of three local speakers:
nobody, 1, 2, 3, 1+2, 1+3, 2+3 (Plaquet and Bredin, "Powerset multi-class cross entropy loss for neural speaker
diarization", Interspeech 2023).
"""

import numpy as np

from scribe.engines.onnx import FloatArray

LOCAL_SPEAKERS = 3

MEMBERSHIP: FloatArray = np.array(
    [[0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1], [1, 1, 0], [1, 0, 1], [0, 1, 1]], dtype=np.float32
)
"""(7, 3): which local speakers are in each class."""


def speaker_probabilities(log_probabilities: FloatArray) -> FloatArray:
    """How likely each local speaker is heard: (..., 7) log-probabilities of classes -> (..., 3) in [0, 1].

    The marginal of the powerset, not its most likely class: averaged over chunks, it keeps the second voice of an
    overlap that no single chunk is sure of.
    """
    probabilities: FloatArray = _likelihoods(log_probabilities) @ MEMBERSHIP
    return probabilities


def speech_probabilities(log_probabilities: FloatArray) -> FloatArray:
    """How likely anybody at all is heard: (..., 7) log-probabilities of classes -> (...) in [0, 1]."""
    probabilities: FloatArray = 1 - _likelihoods(log_probabilities)[..., 0]
    return probabilities


def _likelihoods(log_probabilities: FloatArray) -> FloatArray:
    likelihoods: FloatArray = np.exp(log_probabilities - log_probabilities.max(axis=-1, keepdims=True))
    likelihoods /= likelihoods.sum(axis=-1, keepdims=True)
    return likelihoods
