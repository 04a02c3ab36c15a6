"""Scores one answer against one recording's references.

Owns which measure applies where and how text is made comparable; counting is done by pyannote.metrics (DER), meeteval
(cpWER, ORC-WER), jiwer (WER) and ``wrong_speaker.py``.

Usage::

    scores = score(recording, duration_s, answer.turns, answer.segments)
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from bench.normalise import normaliser
from bench.recordings import Recording
from bench.references import ReferenceTurn, Utterance, read_rttm, read_stm, read_uem
from bench.rules import SpokenSegment
from bench.words import Errors, word_errors
from bench.wrong_speaker import SpokenWord, score_speakers, spread_words

UNKNOWN = "nobody"

MIN_WRITTEN = 0.8
"""Share of the reference's speech that its transcript must cover. The shared sets cover 0.95 and more."""

_EXACT_ORC_CELLS = 5_000_000
"""The exact ORC-WER fills a table of (reference words) × Π(words of each label): above this many cells the greedy
search of meeteval is used, which may be a few tenths of a point too high."""


@dataclass(frozen=True, slots=True)
class Scores:
    """Sums that add up over recordings; ``None``: does not apply here."""

    wer: Errors | None = None
    der: Errors | None = None
    """Collar 0, overlap scored. Seconds."""
    der_collar: Errors | None = None
    """Collar ±0.25 s."""
    cpwer: Errors | None = None
    orcwer: Errors | None = None
    wrong_speaker: Errors | None = None
    speakers_found: int | None = None
    speakers_true: int | None = None
    invented_words: int | None = None


def score(
    recording: Recording, duration_s: float, turns: Sequence[ReferenceTurn], segments: Sequence[SpokenSegment]
) -> Scores:
    clean = normaliser(recording.language)
    heard = sorted(segments, key=lambda segment: segment.start_s)
    if recording.is_non_speech:
        words = sum(len(clean(segment.text).split()) for segment in heard)
        return Scores(invented_words=words, speakers_found=len({turn.speaker for turn in turns}), speakers_true=0)
    wer = cpwer = orcwer = wrong = der = der_collar = None
    found = true = None
    truth = read_rttm(recording.rttm) if recording.rttm else []
    said = read_stm(recording.stm) if recording.stm else []
    if recording.stm and covers(said, truth):
        reference = " ".join(clean(utterance.text) for utterance in said)
        wer = word_errors(reference, " ".join(clean(segment.text) for segment in heard))
        cpwer, orcwer = _meeting_errors(said, heard, recording)
        wrong = wrong_speaker_words(said, heard)
    elif recording.text:
        reference = clean(recording.text.read_text(encoding="utf-8"))
        wer = word_errors(reference, clean(" ".join(segment.text for segment in heard)))
    if recording.rttm:
        span = read_uem(recording.uem) if recording.uem else (0.0, duration_s)
        der, der_collar = (diarization_errors_by_pyannote(truth, turns, span, collar_s) for collar_s in (0.0, 0.25))
        found, true = len({turn.speaker for turn in turns}), len({turn.speaker for turn in truth})
    return Scores(wer, der, der_collar, cpwer, orcwer, wrong, found, true)


def has_words_to_score(recording: Recording) -> bool:
    if recording.stm:
        return covers(read_stm(recording.stm), read_rttm(recording.rttm) if recording.rttm else [])
    return bool(recording.text) or recording.is_non_speech


def covers(said: Sequence[Utterance], truth: Sequence[ReferenceTurn]) -> bool:
    """Whether enough of the speech is written down to score words: composed meetings have voices without a text."""
    speech_s = written_s = 0.0
    for turn in truth:
        speech_s += turn.end_s - turn.start_s
        parts = sorted((max(u.start_s, turn.start_s), min(u.end_s, turn.end_s)) for u in said if u.text)
        reached_s = turn.start_s
        for start_s, end_s in parts:
            written_s += max(0.0, end_s - max(start_s, reached_s))
            reached_s = max(reached_s, end_s)
    return written_s >= MIN_WRITTEN * speech_s


def wrong_speaker_words(said: Sequence[Utterance], heard: Sequence[SpokenSegment]) -> Errors:
    """Words recognised rightly but given to the wrong speaker, out of those recognised rightly."""
    reference = [spread_words(u.start_s, u.end_s, u.text, u.speaker) for u in said]
    words: list[SpokenWord] = []
    for segment in heard:
        if segment.words:
            words += [SpokenWord(w.start_s, w.end_s, w.text.strip(), segment.speaker) for w in segment.words]
        else:
            words += spread_words(segment.start_s, segment.end_s, segment.text, segment.speaker or UNKNOWN)
    result = score_speakers(reference, sorted(words, key=lambda word: word.start_s))
    return Errors(result.wrong, result.matched)


def _meeting_errors(
    said: Sequence[Utterance], heard: Sequence[SpokenSegment], recording: Recording
) -> tuple[Errors | None, Errors | None]:
    """Both by meeteval: cpWER and ORC-WER; nothing where meeteval is not installed."""
    try:
        import meeteval
    except ImportError:
        return None, None
    clean = normaliser(recording.language)
    reference = meeteval.io.SegLST(
        [
            {
                "session_id": "a",
                "speaker": u.speaker,
                "words": clean(u.text),
                "start_time": u.start_s,
                "end_time": u.end_s,
            }
            for u in said
            if clean(u.text)
        ]
    )
    hypothesis = meeteval.io.SegLST(
        [
            {
                "session_id": "a",
                "speaker": segment.speaker or UNKNOWN,
                "words": clean(segment.text),
                "start_time": segment.start_s,
                "end_time": segment.end_s,
            }
            for segment in heard
            if clean(segment.text)
        ]
    )
    total = sum(len(clean(u.text).split()) for u in said)
    if not len(hypothesis) or not len(reference):
        errors = Errors(total or sum(len(clean(segment.text).split()) for segment in heard), total)
        return errors, errors
    streams: dict[str, int] = {}
    for segment in hypothesis:
        streams[segment["speaker"]] = streams.get(segment["speaker"], 0) + len(segment["words"].split())
    cells = total * math.prod(count + 1 for count in streams.values())
    orcwer = meeteval.wer.orcwer if cells <= _EXACT_ORC_CELLS else meeteval.wer.greedy_orcwer
    return (_unless_refused(meeteval.wer.cpwer, reference, hypothesis), _unless_refused(orcwer, reference, hypothesis))


def _unless_refused(measure: Callable[..., Any], reference: object, hypothesis: object) -> Errors | None:
    """Nothing where meeteval refuses to score: above 15 (ORC-WER) or 20 labels of both sides together."""
    try:
        found = measure(reference, hypothesis)["a"]
    except RuntimeError as error:
        if "speakers in the input" not in str(error):
            raise
        return None
    return Errors(found.errors, found.length)


def diarization_errors_by_pyannote(
    truth: Sequence[ReferenceTurn], turns: Sequence[ReferenceTurn], span: tuple[float, float], collar_s: float
) -> Errors:
    """By pyannote.metrics, whose ``collar`` is the whole width: ±0.25 s is 0.5."""
    from pyannote.core import Annotation, Segment, Timeline
    from pyannote.metrics.diarization import DiarizationErrorRate

    def annotation(side: Sequence[ReferenceTurn]) -> Annotation:
        marked = Annotation()
        for track, turn in enumerate(side):
            marked[Segment(turn.start_s, turn.end_s), track] = turn.speaker
        return marked

    metric = DiarizationErrorRate(collar=2 * collar_s, skip_overlap=False)
    parts = metric(annotation(truth), annotation(turns), uem=Timeline([Segment(*span)]), detailed=True)
    wrong = parts["missed detection"] + parts["false alarm"] + parts["confusion"]
    return Errors(float(wrong), float(parts["total"]))
