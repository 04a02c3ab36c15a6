"""From domain values to result documents.

Owns rounding, the speakers table and what is counted; never decides anything about speech. Pure.

Times are rounded to milliseconds: rounding never changes the order of two times, so ``start <= end`` and the order
of segments survive it. Scores and shares are rounded to four digits; one that is not finite becomes null.

Usage::

    document = build_fusion(fusion, run_facts, diarization, identifications)
"""

import math
from collections.abc import Mapping, Sequence
from datetime import UTC
from typing import TypedDict
from uuid import UUID

from pydantic import JsonValue

from scribe.domain.coverage import Coverage
from scribe.domain.fusion import Fusion
from scribe.domain.namings import impersonal
from scribe.domain.results.documents import (
    SCHEMA_VERSION,
    DiarizationDocument,
    FusionDocument,
    SchemaVersion,
    TranscriptionDocument,
)
from scribe.domain.results.facts import RunFacts
from scribe.domain.results.parts import (
    AttributedWordPart,
    CoveragePart,
    ModelPart,
    NamingCode,
    ProductPart,
    RecordingPart,
    SecondOpinionPart,
    SegmentPart,
    Settings,
    SpanPart,
    SpeakerPart,
    StagePart,
    Timestamp,
    TranscriptSegmentPart,
    TurnPart,
    WarningPart,
    WordPart,
)
from scribe.domain.speech import AttributedWord, Diarization, Segment, Span, SpeakerLabel, Transcript, Turn, Word
from scribe.domain.voices import Band, Identification

PRODUCT_NAME = "smart-meeting-scribe"

Identifications = Mapping[SpeakerLabel, Identification]


def build_transcription(transcript: Transcript, run: RunFacts) -> TranscriptionDocument:
    segments = [
        TranscriptSegmentPart(
            start=ms(segment.start_s),
            end=ms(segment.end_s),
            text=segment.text,
            language=segment.language,
            confidence=mean_confidence([word.confidence for word in segment.words]),
            avg_logprob=rounded_score(segment.avg_logprob) or 0.0,
            no_speech_prob=rounded_share(segment.no_speech_prob),
            compression_ratio=rounded_score(segment.compression_ratio) or 0.0,
            words=[_word(word) for word in segment.words],
        )
        for segment in sorted(transcript.segments, key=lambda segment: segment.start_s)
    ]
    return TranscriptionDocument(
        kind="transcription",
        language=transcript.language,
        speech=_spans(transcript.speech),
        segments=segments,
        **_head(run),
    )


def build_diarization(
    diarization: Diarization, run: RunFacts, identifications: Identifications | None = None
) -> DiarizationDocument:
    return DiarizationDocument(
        kind="diarization",
        speakers=_speakers(diarization, identifications or {}),
        turns=_turns(diarization.turns),
        exclusive_turns=_turns(diarization.exclusive_turns),
        **_head(run),
    )


def build_fusion(
    fusion: Fusion,
    run: RunFacts,
    diarization: Diarization | None,
    identifications: Identifications | None = None,
) -> FusionDocument:
    """``diarization`` is ``None`` when that stage failed: the words are delivered without speakers."""
    speakers = _speakers(diarization, identifications or {}) if diarization else []
    names = {speaker.label: speaker.name for speaker in speakers}
    return FusionDocument(
        kind="fusion",
        language=_main_language(fusion.segments),
        speakers=speakers,
        segments=[
            SegmentPart(
                start=ms(segment.start_s),
                end=ms(segment.end_s),
                speaker=segment.speaker,
                name=names.get(segment.speaker) if segment.speaker else None,
                language=segment.language,
                confidence=mean_confidence([word.confidence for word in segment.words]),
                text=segment.text,
                words=[_attributed_word(word) for word in segment.words],
            )
            for segment in sorted(fusion.segments, key=lambda segment: segment.start_s)
        ],
        coverage=_coverage(fusion.coverage),
        second_opinion=SecondOpinionPart(words_moved=fusion.words_moved, listened_s=ms(fusion.listened_s)),
        **_head(run),
    )


class _Head(TypedDict):
    schema_version: SchemaVersion
    created_at: Timestamp
    product: ProductPart
    recording: RecordingPart
    models: dict[str, list[ModelPart]]
    settings: Settings
    stages: list[StagePart]
    warnings: list[WarningPart]


def _head(run: RunFacts) -> _Head:
    if run.created_at.tzinfo is None:
        raise ValueError("RunFacts.created_at must know its time zone")
    return _Head(
        schema_version=SCHEMA_VERSION,
        created_at=run.created_at.astimezone(UTC).replace(microsecond=0),
        product=ProductPart(name=PRODUCT_NAME, version=run.product_version),
        recording=_recording(run),
        models={
            stage: [ModelPart(id=model.id, sha256=model.sha256) for model in models]
            for stage, models in run.models.items()
        },
        settings={
            stage: {key: _json_value(value) for key, value in settings.items()}
            for stage, settings in run.settings.items()
        },
        stages=[
            StagePart(
                stage=stage.stage,
                seconds=ms(stage.seconds),
                cpu_seconds=ms(stage.cpu_seconds),
                peak_rss_mb=round(stage.peak_rss_mb, 1),
                reused=stage.is_reused,
            )
            for stage in run.stages
        ],
        warnings=[WarningPart(code=warning.code, message=warning.message) for warning in run.warnings],
    )


def _recording(run: RunFacts) -> RecordingPart:
    audio = run.audio
    name = run.recording.replace("\\", "/").rsplit("/", 1)[-1]
    return RecordingPart(
        file=_unicode(name),
        duration_s=ms(audio.duration_s),
        container=audio.container,
        codec=audio.codec,
        source_sample_rate_hz=audio.source_sample_rate_hz,
        source_channels=audio.source_channels,
        channel_rule=audio.channel_rule,
        start_offset_s=ms(audio.start_offset_s),
        sha256=audio.sha256,
        size_bytes=audio.size_bytes,
        warnings=list(audio.warnings),
    )


def _speakers(diarization: Diarization, identifications: Identifications) -> list[SpeakerPart]:
    heard = {turn.speaker for turn in (*diarization.turns, *diarization.exclusive_turns)} | set(diarization.voiceprints)
    speech_s = dict.fromkeys(heard, 0.0)
    for turn in diarization.turns:
        speech_s[turn.speaker] += turn.duration_s
    total_s = sum(speech_s.values())
    return [
        SpeakerPart(
            label=label,
            **_verdict(identifications.get(label)),
            speech_s=ms(speech_s[label]),
            share=rounded_share(speech_s[label] / total_s) if total_s > 0 else 0.0,
            has_voiceprint=label in diarization.voiceprints,
        )
        for label in sorted(speech_s)
    ]


class _Verdict(TypedDict):
    name: str | None
    naming: NamingCode
    suggestion: str | None
    person_id: str | None
    probability: float | None
    score: float | None
    runner_up: str | None
    runner_up_score: float | None
    reason: str | None
    explanation: str


def _verdict(verdict: Identification | None) -> _Verdict:
    if verdict is None:
        return _Verdict(
            name=None, naming="unknown", suggestion=None, person_id=None, probability=None, score=None,
            runner_up=None, runner_up_score=None, reason=None, explanation="",
        )  # fmt: skip
    is_offered = verdict.name is None and verdict.band is Band.SUGGEST
    person_id = _id_of(verdict.candidates[0].person) if verdict.candidates else None
    return _Verdict(
        name=verdict.name,
        naming="auto" if verdict.name is not None else "suggested" if is_offered else "unknown",
        suggestion=verdict.candidate if is_offered else None,
        person_id=person_id if verdict.name is not None or is_offered else None,
        probability=None if verdict.probability is None else rounded_share(verdict.probability),
        score=rounded_score(verdict.score),
        runner_up=verdict.runner_up if person_id is None else None,
        runner_up_score=rounded_score(verdict.runner_up_score),
        reason=verdict.reason,
        explanation=verdict.explanation if person_id is None else impersonal(verdict.explanation),
    )


def _id_of(person: str) -> str | None:
    """A person of the service's bank has an id; one of a folder of voices is known by name."""
    try:
        return str(UUID(person))
    except ValueError:
        return None


def _coverage(ledger: Coverage) -> CoveragePart:
    parts_s = [ledger.words_s, ledger.overlap_s, ledger.inaudible_s, ledger.non_speech_s]
    duration_ms = round(ledger.duration_s * 1000)
    parts_ms = [max(round(part_s * 1000), 0) for part_s in parts_s]
    # Rounding four numbers may lose or gain a millisecond or two: the largest part carries the difference.
    difference_ms = duration_ms - sum(parts_ms)
    if abs(difference_ms) <= len(parts_ms):
        parts_ms[parts_ms.index(max(parts_ms))] += difference_ms
    words_s, overlap_s, inaudible_s, non_speech_s = (part_ms / 1000 for part_ms in parts_ms)
    return CoveragePart(
        duration_s=duration_ms / 1000,
        words_s=words_s,
        overlap_s=overlap_s,
        inaudible_s=inaudible_s,
        non_speech_s=non_speech_s,
        inaudible=_spans(ledger.inaudible),
    )


def _spans(spans: Sequence[Span]) -> list[SpanPart]:
    return [SpanPart(start=ms(span.start_s), end=ms(span.end_s)) for span in sorted(spans)]


def _turns(turns: Sequence[Turn]) -> list[TurnPart]:
    return [TurnPart(start=ms(turn.start_s), end=ms(turn.end_s), speaker=turn.speaker) for turn in sorted(turns)]


def _word(word: Word) -> WordPart:
    return WordPart(
        start=ms(word.start_s), end=ms(word.end_s), word=word.text, confidence=rounded_share(word.confidence)
    )


def _attributed_word(word: AttributedWord) -> AttributedWordPart:
    return AttributedWordPart(
        start=ms(word.start_s),
        end=ms(word.end_s),
        word=word.text,
        confidence=rounded_share(word.confidence),
        speaker=word.speaker,
    )


def mean_confidence(confidences: Sequence[float]) -> float | None:
    return rounded_share(sum(map(rounded_share, confidences)) / len(confidences)) if confidences else None


def _main_language(segments: Sequence[Segment]) -> str | None:
    """The language of most of the speech, by time; of two equals, the one heard first."""
    seconds: dict[str, float] = {}
    for segment in segments:
        seconds[segment.language] = seconds.get(segment.language, 0.0) + segment.end_s - segment.start_s
    return max(seconds, key=lambda language: seconds[language]) if seconds else None


def ms(seconds: float) -> float:
    """Rounded to milliseconds; adding zero turns a negative zero into a plain one."""
    return round(seconds, 3) + 0.0


def rounded_score(score: float | None) -> float | None:
    return round(score, 4) + 0.0 if score is not None and math.isfinite(score) else None


def rounded_share(share: float) -> float:
    """Rounded and held in [0, 1]; a number that is not finite speaks for nothing and counts as 0."""
    return round(min(max(share, 0.0), 1.0), 4) + 0.0 if math.isfinite(share) else 0.0


def _unicode(text: str) -> str:
    """A file system may hold names that are not Unicode; Python reads their bytes as lone surrogates, JSON cannot."""
    return text.encode("utf-8", "replace").decode("utf-8")


def _json_value(value: object) -> JsonValue:
    """Settings come from engines as tuples, enums or numpy scalars; what JSON has no word for becomes its text."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return _unicode(str(value))
    if isinstance(value, Mapping):
        return {_unicode(str(key)): _json_value(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_json_value(item) for item in value]
    if isinstance(value, int):
        return int(value)
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else None
    item = getattr(value, "item", None)  # numpy scalars are no Python numbers
    return _json_value(item()) if callable(item) else str(value)
