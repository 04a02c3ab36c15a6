"""The cleanest stretches of a voice: what is played to ask who it is, and what a print is made from.

Owns the choice of stretches, the measures of every speaker of a meeting, and the sample as a WAV; never diarizes, never
names anybody and never stores a file. Audio is read stretch by stretch: memory stays flat however long a meeting is.

Usage::

    for heard in hear_speakers(diarization, waveform, extractor, cohort):
        storage.write(heard.label, heard.sample)
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from scribe.domain.audio import SAMPLE_RATE_HZ, Waveform
from scribe.domain.enrolments import sample_wav
from scribe.domain.speech import Diarization, Span, SpeakerLabel
from scribe.domain.turns import merge_turns, spans_alone
from scribe.domain.voice_quality import VoiceQuality
from scribe.domain.voices import Cohort, Voiceprint
from scribe.engines.clarity import clarity_of
from scribe.engines.likeness import Extractor, consistencies

Pcm = npt.NDArray[np.int16]
"""(num_samples,) int16, 16 kHz mono."""

MAX_SAMPLE_S = 20.0
"""Prints of 20 s of speech are as good as those of a minute (errors were flat from 10 s on)."""
_LONGEST_S = 8.0
"""Of one stretch: what somebody says on one occasion is enough to be known by."""
_SHORTEST_S = 2.0
"""Of one stretch, unless there is no longer one: a print of less is poor, and an ear needs a few words."""
_ENOUGH_S = 3 * _SHORTEST_S
"""Once a sample is this long it is not filled up with shorter stretches."""
_SCRAP_S = 0.6
"""Shorter stretches are no sample of a voice at all."""
_CANDIDATES = 16
"""How many stretches of one speaker are listened to, spread over the meeting: the cost per speaker is bounded."""
_PAUSES = 64
"""How many pauses of the meeting stand for its noise."""
_LONGEST_PAUSE_S = 2.0
_BEST_SNR_DB = 40.0
"""Cleaner than this sounds no cleaner."""
_LENGTH_DB = 5.0
"""What twice the length of a stretch is worth."""
_NEARNESS_DB, _NEARNESS_S = 6.0, 60.0
"""What it costs to come right beside a stretch that was chosen, and how far that reaches: a sample is to hold more than
one moment."""
_GAP_S = 0.3
"""Of silence between two stretches of a sample, so that an ear and a diarizer hear where one ends."""
_FADE_SAMPLES = 160
"""10 ms: no click where a stretch is cut."""
_COMPARED_S = 24.0
"""Of what each speaker says, to tell whether it is one person: eight pieces, 0.4 s of computing."""


@dataclass(frozen=True, slots=True, eq=False)
class HeardVoice:
    """One speaker of a meeting, as far as the audio tells."""

    label: SpeakerLabel
    turns: tuple[Span, ...]
    """Everything this speaker said, by start."""
    voiceprint: Voiceprint | None
    """``None``: never spoke alone for long enough."""
    quality: VoiceQuality
    spans: tuple[Span, ...]
    """The cleanest stretches, by start."""
    sample: bytes | None
    """These stretches as a WAV; ``None``: there is none."""


def hear_speakers(
    diarization: Diarization,
    waveform: Waveform,
    extractor: Extractor | None = None,
    cohort: Cohort | None = None,
    *,
    max_s: float = MAX_SAMPLE_S,
) -> list[HeardVoice]:
    """Every speaker of a meeting with the quality of the voice and a sample of it, by label.

    ``extractor`` and ``cohort``: to tell whether all that a speaker said sounds like one person; without them
    ``quality.consistency`` stays open. Costs 0.1 s per speaker and half a second more with them, whatever the length.

    Raises: ModelMissingError, ModelCorruptError, EngineError.
    """
    alone = spans_alone(diarization.turns)
    pauses = pauses_of(diarization)
    labels = sorted(alone)
    offered = {label: _candidates(alone[label]) for label in labels}
    likeness: dict[SpeakerLabel, float | None] = {}
    if extractor is not None and cohort is not None:
        likeness = consistencies(alone, waveform, extractor, cohort, most_s=_COMPARED_S)
    heard = []
    for label in labels:
        turns = tuple(Span(turn.start_s, turn.end_s) for turn in diarization.turns if turn.speaker == label)
        voiceprint = diarization.voiceprints.get(label)
        clarity = clarity_of(waveform, offered[label] or alone[label], pauses)
        spoken_s, alone_s = _total_s(turns), _total_s(alone[label])
        quality = VoiceQuality(
            speech_s=alone_s if voiceprint is None else voiceprint.speech_s,
            snr_db=clarity.snr_db,
            overlap_share=max(0.0, 1 - alone_s / spoken_s) if spoken_s > 0 else 0.0,
            consistency=likeness.get(label),
            clipped_share=clarity.clipped_share,
            bandwidth_hz=clarity.bandwidth_hz,
        )
        spans = _chosen(offered[label], waveform, max_s)
        sample = sample_wav(joined(waveform, spans)) if spans else None
        heard.append(HeardVoice(label, turns, voiceprint, quality, spans, sample))
    return heard


def best_spans(
    diarization: Diarization, waveform: Waveform, label: SpeakerLabel, max_s: float = MAX_SAMPLE_S
) -> tuple[Span, ...]:
    """The cleanest stretches in which ``label`` speaks alone: of 2 to 8 s each, from different places, by start.

    Shorter ones only where there is nothing better; none for somebody who never speaks alone.
    """
    return _chosen(_candidates(spans_alone(diarization.turns).get(label, ())), waveform, max_s)


def joined(waveform: Waveform, spans: Sequence[Span]) -> Pcm:
    """The stretches one after the other, with a breath of silence in between and no clicks. (num_samples,) int16."""
    silence = np.zeros(round(_GAP_S * SAMPLE_RATE_HZ), np.int16)
    parts: list[Pcm] = []
    for span in spans:
        pcm = waveform.pcm[round(span.start_s * SAMPLE_RATE_HZ) : round(span.end_s * SAMPLE_RATE_HZ)]
        parts += [_faded(pcm), silence]
    return np.concatenate(parts[:-1]) if parts else np.zeros(0, np.int16)


def pauses_of(diarization: Diarization) -> tuple[Span, ...]:
    """Where nobody speaks: a spread of the meeting's pauses, of 2 s at most each, for the level of its noise."""
    floor = merge_turns(replace(turn, speaker=SpeakerLabel("")) for turn in diarization.turns)
    edges = [0.0, *(at_s for turn in floor for at_s in (turn.start_s, turn.end_s)), diarization.duration_s]
    pauses = [Span(start_s, end_s) for start_s, end_s in zip(edges[::2], edges[1::2], strict=True) if end_s > start_s]
    return tuple(
        Span(pause.start_s, min(pause.end_s, pause.start_s + _LONGEST_PAUSE_S)) for pause in _spread(pauses, _PAUSES)
    )


def _candidates(alone: Sequence[Span]) -> list[Span]:
    """Stretches worth listening to, by start; of a talkative person some from all over the meeting."""
    parts = [part for span in alone for part in _parts(span)]
    for shortest_s in (2 * _SHORTEST_S, _SHORTEST_S):
        long = [part for part in parts if part.duration_s >= shortest_s]
        if _total_s(long) >= 2 * MAX_SAMPLE_S:
            return _spread(long, _CANDIDATES)
    usable = [part for part in parts if part.duration_s >= _SCRAP_S]
    return sorted(sorted(usable, key=lambda part: (-part.duration_s, part.start_s))[:_CANDIDATES])


def _parts(span: Span) -> list[Span]:
    """A long stretch in equal parts of 8 s at most."""
    count = max(1, int(np.ceil(span.duration_s / _LONGEST_S - 1e-9)))
    edges = np.linspace(span.start_s, span.end_s, count + 1).tolist()
    return [Span(start_s, end_s) for start_s, end_s in pairwise(edges)]


def _spread(spans: Sequence[Span], count: int) -> list[Span]:
    """At most ``count`` of them, evenly over their order."""
    if len(spans) <= count:
        return list(spans)
    return [spans[at] for at in np.linspace(0, len(spans) - 1, count).round().astype(int)]


def _chosen(candidates: Sequence[Span], waveform: Waveform, max_s: float) -> tuple[Span, ...]:
    """The best first, then the best that are not beside those, until ``max_s`` is full. By start."""
    worth = np.array([_worth_db(span, waveform) for span in candidates])
    chosen: list[Span] = []
    room_s = max_s
    while len(worth) and np.isfinite(worth).any() and (room_s >= _SHORTEST_S or not chosen):
        best = int(worth.argmax())
        span = candidates[best]
        if span.duration_s < _SHORTEST_S and max_s - room_s >= _ENOUGH_S:
            worth[best] = -np.inf
            continue
        span = Span(span.start_s, min(span.end_s, span.start_s + room_s))
        chosen.append(span)
        room_s -= span.duration_s
        worth[best] = -np.inf
        for at, other in enumerate(candidates):
            distance_s = max(other.start_s - span.end_s, span.start_s - other.end_s, 0.0)
            worth[at] -= _NEARNESS_DB * float(np.exp(-distance_s / _NEARNESS_S))
    return tuple(sorted(chosen))


def _worth_db(span: Span, waveform: Waveform) -> float:
    """How good a stretch is to know somebody by; silence is worth nothing."""
    clarity = clarity_of(waveform, [span])
    if clarity.bandwidth_hz is None:
        return -np.inf
    clean_db = min(clarity.snr_db or 0.0, _BEST_SNR_DB) - 100 * clarity.clipped_share
    return clean_db + _LENGTH_DB * float(np.log2(span.duration_s / _SHORTEST_S))


def _faded(pcm: Pcm) -> Pcm:
    length = min(_FADE_SAMPLES, len(pcm) // 2)
    ramp = np.linspace(0, 1, length, endpoint=False)
    faded = pcm.astype(np.float64)
    faded[:length] *= ramp
    faded[len(faded) - length :] *= ramp[::-1]
    return np.rint(faded).astype(np.int16)


def _total_s(spans: Sequence[Span]) -> float:
    return sum(span.duration_s for span in spans)
