"""What a run tells about itself: the circumstances that every result document records beside the speech.

Owns plain values, filled by whoever ran the pipeline; never reads a clock, a file or a version itself.

Usage::

    facts = RunFacts(recording="standup.m4a", audio=audio_facts, created_at=now, product_version="0.1.0")
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from scribe.domain.audio import AudioFacts
from scribe.domain.meeting import RunWarning, StageMetrics


@dataclass(frozen=True, slots=True)
class ModelFacts:
    """A model that took part."""

    id: str
    """Its catalogue name, such as ``whisper-base``."""
    sha256: str | None = None
    """Of its weights, in hexadecimal; ``None`` where the catalogue knows none."""


@dataclass(frozen=True, slots=True)
class RunFacts:
    """Everything that the documents record about a run besides what was said and by whom."""

    recording: str
    """The source's file name; folders before it are dropped, for a path is nobody's business."""
    audio: AudioFacts
    created_at: datetime
    """Aware; written as UTC."""
    product_version: str
    models: Mapping[str, Sequence[ModelFacts]] = field(default_factory=dict)
    """By stage, in order of use."""
    settings: Mapping[str, Mapping[str, object]] = field(default_factory=dict)
    """By stage: what the user chose and what the engine reports of itself. JSON values."""
    stages: Sequence[StageMetrics] = ()
    """In order of running."""
    warnings: Sequence[RunWarning] = ()
