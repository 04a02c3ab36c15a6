"""From local voices and the names of windows to turns on the recording's clock.

Owns the joining of overlapping chunks into one activity per speaker, and the cutting of activity into turns; never
looks at a voiceprint. Usage::

    presence = join_chunks(activity, windows, labels, num_speakers)      # (num_frames, num_speakers)
    turns, order = turns_of(speaking(presence, speech, evidence, rule), rule, duration_s)
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.optimize import linear_sum_assignment

from scribe.domain.speech import Span, Turn, speaker_label
from scribe.engines.diarization.segmentation import CHUNK_FRAMES, LocalActivity, frame_times_s
from scribe.engines.diarization.windows import Windows
from scribe.engines.onnx import FloatArray

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class TurnRule:
    """How activity becomes turns."""

    speech: float = 0.5
    """Probability above which somebody speaks: then at least the likeliest speaker does. 0.4 and 0.45 move misses to
    false alarms, no set by more than 0.7 points."""
    second_voice: float = 0.5
    """Probability above which a speaker is heard beside another: 0.45 and 0.55 are each 0.3 to 0.8 points worse on
    composed meetings."""
    joined_pause_s: float = 0.3
    """Pauses of one speaker up to this long are part of the turn. 0.4 s suits read meetings (easy 9.6 % DER instead
    of 10.8) and harms a real telephone call (5.8 instead of 5.2)."""
    shortest_s: float = 0.1
    """Turns under this are dropped: no word is shorter."""


def join_chunks(activity: LocalActivity, windows: Windows, labels: Ints, num_speakers: int) -> FloatArray:
    """How likely each speaker is heard in each frame, averaged over the chunks that cover it.

    ``labels``: (num_windows,) speaker of each window. Returns (num_frames, num_speakers) float32 in [0, 1].
    """
    named = np.full(activity.num_frames, -1, np.int64)
    for start, stop, label in zip(windows.starts, windows.stops, labels, strict=True):
        named[start:stop] = label
    named[~windows.clean] = -1
    speakers = name_columns(activity, named, num_speakers)
    presence = np.zeros((activity.num_frames, num_speakers), np.float32)
    covering = np.zeros(activity.num_frames, np.float32)
    for chunk, first in enumerate(activity.first_frames):
        last = min(int(first) + CHUNK_FRAMES, activity.num_frames)
        covering[first:last] += 1
        for column, speaker in enumerate(speakers[chunk]):
            if speaker >= 0:
                presence[first:last, speaker] += activity.probabilities[chunk, : last - first, column]
    presence /= np.maximum(covering, 1)[:, np.newaxis]
    _follow_windows(presence, windows, labels)
    return presence


def name_columns(activity: LocalActivity, named: Ints, num_speakers: int) -> Ints:
    """Which speaker each chunk's columns are: (num_chunks, 3), -1 for a column that is nobody.

    Within a chunk two columns are never the same speaker (Kuhn's assignment). A column that is never heard alone is
    named by what the neighbouring chunks, which hear the same moments, say of it.
    """
    names = np.full(activity.probabilities.shape[::2], -1, np.int64)
    presence = np.zeros((activity.num_frames, num_speakers), np.float32)
    speakers = np.arange(num_speakers)
    for chunk, first in enumerate(activity.first_frames):
        here = named[first : first + CHUNK_FRAMES]
        heard = activity.probabilities[chunk, : len(here)].astype(np.float32)
        votes = heard.T @ (here[:, np.newaxis] == speakers).astype(np.float32)
        for column, speaker in zip(*linear_sum_assignment(votes, maximize=True), strict=True):
            if votes[column, speaker] > 1.0:
                names[chunk, column] = speaker
                presence[first : first + len(here), speaker] += heard[:, column]
    for chunk, first in enumerate(activity.first_frames):
        open_columns = np.flatnonzero(names[chunk] < 0)
        free = np.setdiff1d(speakers, names[chunk])
        if len(open_columns) == 0 or len(free) == 0:
            continue
        around = presence[first : first + CHUNK_FRAMES, free]
        heard = activity.probabilities[chunk, : len(around)][:, open_columns].astype(np.float32)
        votes = heard.T @ around
        for column, speaker in zip(*linear_sum_assignment(votes, maximize=True), strict=True):
            if votes[column, speaker] > 1.0:
                names[chunk, open_columns[column]] = free[speaker]
    return names


def _follow_windows(presence: FloatArray, windows: Windows, labels: Ints) -> None:
    """Where a window's voice disagrees with its chunk's column, the voice wins: activities are swapped, in place."""
    for start, stop, label in zip(windows.starts.tolist(), windows.stops.tolist(), labels.tolist(), strict=True):
        clean = windows.clean[start:stop]
        heard = presence[start:stop][clean].sum(axis=0)
        loudest = int(heard.argmax())
        if loudest != label:
            frames = start + np.flatnonzero(clean)
            presence[np.ix_(frames, [loudest, label])] = presence[np.ix_(frames, [label, loudest])]


def speaking(presence: FloatArray, speech: FloatArray, evidence: FloatArray, rule: TurnRule) -> npt.NDArray[np.bool_]:
    """Who is heard in each frame.

    Chunks that disagree on the speaker share the probability out, so that nobody may reach one half of it: when
    somebody surely speaks, the likeliest speaker is heard however uncertain that choice is.

    Args:
        presence: (num_frames, num_speakers) from :func:`join_chunks`.
        speech: (num_frames,) probability that anybody speaks.
        evidence: (num_frames,) what the level adds to the log-odds of speech.
        rule: the thresholds.

    Returns:
        (num_frames, num_speakers) bool.
    """
    is_speech = _log_odds(speech) + evidence > _log_odds(np.float32(rule.speech))
    against = np.minimum(evidence, 0)
    heard = np.empty(presence.shape, bool)
    for speaker in range(presence.shape[1]):
        odds = _log_odds(presence[:, speaker]) + against
        heard[:, speaker] = is_speech & (odds > _log_odds(np.float32(rule.second_voice)))
    frames = np.flatnonzero(is_speech)
    heard[frames, presence[frames].argmax(axis=1)] = True
    return heard


def _log_odds(probability: "FloatArray | np.float32") -> FloatArray:
    """Kept finite, so that no single witness is beyond contradiction: at most 4.6 in favour or against."""
    odds: FloatArray = np.log((probability + np.float32(0.01)) / (np.float32(1.01) - probability))
    return odds


def turns_of(heard: npt.NDArray[np.bool_], rule: TurnRule, duration_s: float) -> tuple[tuple[Turn, ...], list[int]]:
    """Turns by start, labelled by first appearance, and which column of ``heard`` each label is."""
    spans = [_spans(heard[:, speaker], rule, duration_s) for speaker in range(heard.shape[1])]
    order = sorted((column for column, own in enumerate(spans) if own), key=lambda column: spans[column][0])
    turns = [
        Turn(span.start_s, span.end_s, speaker_label(index))
        for index, column in enumerate(order)
        for span in spans[column]
    ]
    return tuple(sorted(turns)), order


def _spans(heard: npt.NDArray[np.bool_], rule: TurnRule, duration_s: float) -> list[Span]:
    """Where one speaker is heard, short pauses included. ``heard``: (num_frames,)."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], heard, [False]]).astype(np.int8)))
    starts_s = frame_times_s(edges[::2])
    stops_s = np.minimum(frame_times_s(edges[1::2]), duration_s)
    joined: list[list[float]] = []
    for start_s, stop_s in zip(starts_s.tolist(), stops_s.tolist(), strict=True):
        if joined and start_s - joined[-1][1] <= rule.joined_pause_s:
            joined[-1][1] = stop_s
        elif start_s < stop_s:
            joined.append([start_s, stop_s])
    return [Span(start_s, stop_s) for start_s, stop_s in joined if stop_s - start_s >= rule.shortest_s]
