"""The versioned JSON documents that a run leaves behind.

Owns their shape (``parts``, ``documents``), how they are filled (``build``) and what a run must tell about itself
(``facts``). Never opens a file: an adapter writes the text.

Usage::

    document = build_fusion(fusion, RunFacts(...), diarization, identifications)
    text = document.to_json()
"""

from scribe.domain.results.build import build_diarization, build_fusion, build_transcription
from scribe.domain.results.documents import (
    DOCUMENTS,
    SCHEMA_VERSION,
    AnyDocument,
    DiarizationDocument,
    FusionDocument,
    TranscriptionDocument,
    document_of,
    json_schema,
    read_document,
)
from scribe.domain.results.facts import ModelFacts, RunFacts

__all__ = [
    "DOCUMENTS",
    "SCHEMA_VERSION",
    "AnyDocument",
    "DiarizationDocument",
    "FusionDocument",
    "ModelFacts",
    "RunFacts",
    "TranscriptionDocument",
    "build_diarization",
    "build_fusion",
    "build_transcription",
    "document_of",
    "json_schema",
    "read_document",
]
