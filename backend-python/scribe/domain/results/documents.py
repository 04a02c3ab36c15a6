"""The three result documents: what is in ``transcription.json``, ``diarization.json`` and ``fusion.json``.

Owns their shape, how they are written and how they are read back; never fills them (``build.py``) and never
touches a file. One of the two places where pydantic enters the domain: these models *are* the JSON edge.

A change that only adds a field raises the minor number of ``SCHEMA_VERSION``; any other change the major one.
The JSON Schemas in ``docs/schemas`` are written from here by ``scripts/write_schemas.py``.

Usage::

    text = fusion_document.to_json()
    again = read_document(text)             # a FusionDocument, by its `kind`
"""

import json
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, TypeAdapter, ValidationError, model_validator

from scribe.domain.errors import ArtefactError
from scribe.domain.results.encode import encode_json
from scribe.domain.results.parts import (
    CoveragePart,
    ModelPart,
    MovedSegmentsPart,
    MovedTurnsPart,
    Part,
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
)

SchemaVersion = Literal["1.1"]
SCHEMA_VERSION: SchemaVersion = "1.1"
OLDER_VERSIONS = frozenset({"1.0"})
"""Can still be read; what was read is of the current version, and so is what is written from it."""


def _current_version(given: object) -> object:
    return SCHEMA_VERSION if given in OLDER_VERSIONS else given


class ResultDocument(Part):
    """What all three documents say about the run."""

    schema_version: Annotated[SchemaVersion, BeforeValidator(_current_version)]
    """Of this document's shape."""
    created_at: Timestamp
    """When the document was made, UTC."""
    product: ProductPart
    """What made it."""
    recording: RecordingPart
    """What it was made from."""
    models: dict[str, list[ModelPart]]
    """Stage to the models that took part."""
    settings: Settings
    """Stage to what the user chose and what the engine reports of itself."""
    stages: list[StagePart]
    """What each stage cost, in order of running."""
    warnings: list[WarningPart]
    """What a reader must know; empty when all went well."""

    def to_json(self) -> str:
        """The document as UTF-8 text with a final newline. Numbers are always finite."""
        return encode_json(self.model_dump(mode="json"))


class TranscriptionDocument(ResultDocument):
    """`transcription.json`: what was said, without speakers."""

    kind: Literal["transcription"]
    """Which of the three documents this is."""
    language: str | None
    """ISO 639-1 code of most of the speech; null when nothing was said."""
    speech: list[SpanPart]
    """Where speech was heard, whether or not words came of it."""
    segments: list[TranscriptSegmentPart]
    """By start."""

    @model_validator(mode="after")
    def _is_in_order(self) -> Self:
        _require_order(self.speech, "speech")
        _require_order(self.segments, "segments")
        return self


class DiarizationDocument(ResultDocument):
    """`diarization.json`: who spoke when, without words."""

    kind: Literal["diarization"]
    """Which of the three documents this is."""
    speakers: list[SpeakerPart]
    """Every voice, by label."""
    turns: list[TurnPart]
    """By start; turns of different voices may overlap."""
    exclusive_turns: list[TurnPart]
    """By start; at most one voice at any instant."""
    moved: MovedTurnsPart | None = None
    """The machine's turns, where people gave stretches to other voices; null when nothing was moved."""

    @model_validator(mode="after")
    def _is_consistent(self) -> Self:
        _require_order(self.turns, "turns")
        _require_order(self.exclusive_turns, "exclusive_turns")
        _require_known(self.speakers, {turn.speaker for turn in (*self.turns, *self.exclusive_turns)})
        return self


class FusionDocument(ResultDocument):
    """`fusion.json`: who said what, when."""

    kind: Literal["fusion"]
    """Which of the three documents this is."""
    language: str | None
    """ISO 639-1 code of most of the speech; null when nothing was said."""
    speakers: list[SpeakerPart]
    """Every voice, by label; empty when diarization found nobody or failed."""
    segments: list[SegmentPart]
    """The minutes, by start."""
    coverage: CoveragePart
    """What every second of the recording turned out to be."""
    second_opinion: SecondOpinionPart
    """What listening again to doubtful words changed."""
    moved: MovedSegmentsPart | None = None
    """The machine's own segments, where people gave stretches to other voices or corrected the text; null when nothing
    was changed."""

    @model_validator(mode="after")
    def _is_consistent(self) -> Self:
        _require_order(self.segments, "segments")
        _require_order(self.coverage.inaudible, "inaudible stretches")
        used = {segment.speaker for segment in self.segments}
        used |= {word.speaker for segment in self.segments for word in segment.words}
        _require_known(self.speakers, used)
        return self


AnyDocument = TranscriptionDocument | DiarizationDocument | FusionDocument
DOCUMENTS: dict[str, type[AnyDocument]] = {
    "transcription": TranscriptionDocument,
    "diarization": DiarizationDocument,
    "fusion": FusionDocument,
}
"""By `kind`."""


def read_document(text: str | bytes) -> AnyDocument:
    """Reads any of the three. Raises: ArtefactError when the text is no such document."""
    return _checked(lambda adapter: adapter.validate_json(text))


def document_of(value: object) -> AnyDocument:
    """The same from JSON values. Raises: ArtefactError."""
    return _checked(lambda adapter: adapter.validate_python(value))


def _checked(validate: Callable[[TypeAdapter[AnyDocument]], AnyDocument]) -> AnyDocument:
    try:
        return validate(TypeAdapter(Annotated[AnyDocument, Field(discriminator="kind")]))
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(step) for step in first["loc"]) or "the whole text"
        raise ArtefactError(
            f"This is no result document of schema {SCHEMA_VERSION}: {where}: {first['msg']}. Run the recording again."
        ) from error


def json_schema(kind: str) -> str:
    """The published JSON Schema (draft 2020-12) of a kind of document, as text."""
    schema = DOCUMENTS[kind].model_json_schema(mode="serialization")
    head = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:smart-meeting-scribe:{kind}:{SCHEMA_VERSION}",
    }
    return json.dumps(head | _without_field_titles(schema), ensure_ascii=False, indent=2) + "\n"


def _without_field_titles(schema: dict[str, Any]) -> dict[str, Any]:
    """Pydantic titles every field with its own name; the description under it says more."""
    for part in (schema, *schema["$defs"].values()):
        for field in part.get("properties", {}).values():
            field.pop("title", None)
    return schema


def _require_order(spans: Sequence[SpanPart], what: str) -> None:
    if any(later.start < earlier.start for earlier, later in pairwise(spans)):
        raise ValueError(f"{what} are not ordered by start")


def _require_known(speakers: Sequence[SpeakerPart], used: set[str] | set[str | None]) -> None:
    labels = [speaker.label for speaker in speakers]
    if len(set(labels)) != len(labels):
        raise ValueError("a speaker is listed twice")
    unknown = {label for label in used if label is not None} - set(labels)
    if unknown:
        raise ValueError(f"not in the speakers table: {', '.join(sorted(unknown))}")
