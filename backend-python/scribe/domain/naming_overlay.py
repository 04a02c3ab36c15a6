"""What people and the bank know about a meeting, laid over the documents that its run left behind.

Owns the overlay: names and verdicts of the rows of ``speakers``, stretches that people moved to another speaker, and
what they corrected. Pure, and a function of the machine's document alone: laid over a document that was overlaid
before, it first puts the machine's own back, so that any overlay may follow any other and taking a change back leaves
no trace. What is needed for that stands in the document itself (``moved``): the few segments that were replaced, as the
machine had them. A copy beside it would be a second file to keep in step through every crash; a speaker of the
machine's per word would not know where segments had been cut.

Works on JSON values, because ten megabytes of transcript are shown without being validated first; :func:`overlaid` is
the same for documents.

Usage::

    document = overlaid(read_document(text), speakers, moves, corrections)
    raw = overlay(from_json(content), speakers, moves, corrections)
    laid = lay(from_json(content), speakers, moves, corrections)       # and which change found its place
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar, cast
from uuid import UUID

from scribe.domain.corrected_speech import Fit, Lines, steps
from scribe.domain.edits import Correction
from scribe.domain.errors import ArtefactError
from scribe.domain.moved_speech import Moves, moved_turns, seconds_moved
from scribe.domain.namings import Naming, SegmentMove, Speaker, impersonal
from scribe.domain.results import DOCUMENTS, SCHEMA_VERSION, DiarizationDocument, FusionDocument
from scribe.domain.results.build import ms, rounded_score, rounded_share

Document = TypeVar("Document", FusionDocument, DiarizationDocument)
Json = dict[str, Any]
"""A document or a part of one, as JSON has it."""


@dataclass(frozen=True, slots=True)
class Laid:
    """A document with everything laid over it."""

    document: Json
    marks: Mapping[int, UUID] = field(default_factory=dict)
    """By the index of a segment, the latest change of it that somebody made."""
    fits: Mapping[UUID, Fit] = field(default_factory=dict)
    """By correction, how it found its lines."""
    places: Sequence[int] = ()
    """By segment, the first of the machine's segments that it came from; empty: each is its own."""


def overlaid(
    document: Document,
    speakers: Sequence[Speaker],
    moves: Sequence[SegmentMove],
    corrections: Sequence[Correction] = (),
) -> Document:
    """A valid document of the same kind. Speakers and moves that the document has no label for change nothing."""
    raw = overlay(document.model_dump(mode="json"), speakers, moves, corrections)
    return cast("Document", DOCUMENTS[document.kind].model_validate(raw))


def overlay(
    document: Json, speakers: Sequence[Speaker], moves: Sequence[SegmentMove], corrections: Sequence[Correction] = ()
) -> Json:
    """The same for JSON values of ``fusion.json`` or ``diarization.json``, of this schema or an older one. What is not
    changed is shared with ``document``, which stays as it is.

    Raises: ArtefactError when it is no such document.
    """
    return lay(document, speakers, moves, corrections).document


def lay(
    document: Json, speakers: Sequence[Speaker], moves: Sequence[SegmentMove], corrections: Sequence[Correction] = ()
) -> Laid:
    """The same, with what became of the changes. Raises: ArtefactError."""
    try:
        return _overlay(document, {speaker.label: speaker for speaker in speakers}, moves, corrections)
    except (KeyError, TypeError, AttributeError, IndexError) as error:
        raise ArtefactError("This is no result document: run the recording again.") from error


def _overlay(
    document: Json, rows: Mapping[str, Speaker], moves: Sequence[SegmentMove], corrections: Sequence[Correction]
) -> Laid:
    machine = _as_the_machine_had_it(document)
    labels = {part["label"] for part in machine["speakers"]}
    standing = [move for move in moves if not move.is_lost and move.to_label in labels]
    lines: Lines | None = None
    moved = machine
    if machine["kind"] == "diarization" and standing:
        moved = _moved_turns(machine, Moves(standing), rows)
    elif machine["kind"] == "fusion" and (standing or corrections):
        lines = Lines(machine["segments"], labels)
        for step in steps(standing, corrections):
            lines.apply(step)
        moved = _changed(machine, lines, Moves(standing), rows)
    table = [_named(part, rows.get(part["label"])) for part in moved["speakers"]]
    done = {**moved, "schema_version": SCHEMA_VERSION, "speakers": table}
    if document["kind"] == "fusion":
        names = {part["label"]: part["name"] for part in table}
        done["segments"] = [
            segment if segment["name"] == (name := names.get(segment["speaker"])) else {**segment, "name": name}
            for segment in moved["segments"]
        ]
    return Laid(done) if lines is None else Laid(done, lines.marks(), lines.fits, lines.places)


# --- attribution ------------------------------------------------------------------------------------------------------


def _as_the_machine_had_it(document: Json) -> Json:
    """Without what any overlay did to who said what."""
    if document["kind"] not in {"fusion", "diarization"}:
        raise KeyError("kind")
    moved = document.get("moved")
    if moved is None:
        return {**document, "moved": None}
    speech = {part["label"]: part for part in moved["speech"]}
    speakers = [{**part, **speech[part["label"]]} for part in document["speakers"]]
    restored: Json = {**document, "moved": None, "speakers": speakers}
    if document["kind"] == "diarization":
        return {**restored, "turns": moved["turns"], "exclusive_turns": moved["exclusive_turns"]}
    pieces = {piece for replaced in moved["segments"] for piece in replaced["pieces"]}
    segments = [segment for place, segment in enumerate(document["segments"]) if place not in pieces]
    for replaced in moved["segments"]:  # by place: each insertion makes the next one's place right
        segments.insert(replaced["place"], replaced["segment"])
    return {**restored, "segments": segments}


def _moved_turns(machine: Json, moves: Moves, rows: Mapping[str, Speaker]) -> Json:
    """With what is needed to take it back; ``machine`` itself when nothing is where the moves are."""
    shares = _shares(machine["speakers"], seconds_moved(moves, rows))
    turns, exclusive = machine["turns"], machine["exclusive_turns"]
    after, exclusive_after = moved_turns(turns, moves), moved_turns(exclusive, moves, may_overlap=False)
    if (after, exclusive_after) == (turns, exclusive) and shares == machine["speakers"]:
        return machine
    kept = {"turns": turns, "exclusive_turns": exclusive, "speech": _speech(machine)}
    return {**machine, "speakers": shares, "turns": after, "exclusive_turns": exclusive_after, "moved": kept}


def _changed(machine: Json, lines: Lines, moves: Moves, rows: Mapping[str, Speaker]) -> Json:
    """The same of ``fusion.json``, for everything that people changed in it."""
    shares = _shares(machine["speakers"], seconds_moved(moves, rows)) if moves else machine["speakers"]
    replaced = lines.replaced()
    if not replaced and shares == machine["speakers"]:
        return machine
    kept = {"segments": replaced, "speech": _speech(machine)}
    return {**machine, "speakers": shares, "segments": lines.segments, "moved": kept}


def _speech(machine: Json) -> list[Json]:
    return [{key: part[key] for key in ("label", "speech_s", "share")} for part in machine["speakers"]]


def _shares(parts: Sequence[Json], seconds: Mapping[str, float]) -> list[Json]:
    """``seconds``: by label, what each has won or lost."""
    spoken = {part["label"]: max(ms(part["speech_s"] + seconds.get(part["label"], 0.0)), 0.0) for part in parts}
    if all(spoken[part["label"]] == part["speech_s"] for part in parts):
        return list(parts)
    total_s = sum(spoken.values())
    return [
        {
            **part,
            "speech_s": spoken[part["label"]],
            "share": rounded_share(spoken[part["label"]] / total_s) if total_s > 0 else 0.0,
        }
        for part in parts
    ]


# --- names ------------------------------------------------------------------------------------------------------------


def _named(part: Json, row: Speaker | None) -> Json:
    """A row of the table of speakers. Without a row nobody knows better than the document."""
    if row is None:
        return part if "naming" in part else _of_schema_1_0(part)
    is_suggested = row.naming is Naming.SUGGESTED and row.person_name is not None
    runner_up = row.candidates[1] if len(row.candidates) > 1 else None
    is_about_somebody = row.person_id is not None and (is_suggested or row.shown_name is not None)
    return {
        "label": part["label"],
        "name": row.shown_name,
        "naming": str(Naming.UNKNOWN if row.naming is Naming.SUGGESTED and not is_suggested else row.naming),
        "suggestion": row.person_name if is_suggested else None,
        "person_id": str(row.person_id) if is_about_somebody else None,
        "probability": None if row.probability is None else rounded_share(row.probability),
        "score": rounded_score(row.score),
        "runner_up": None,
        "runner_up_score": None if runner_up is None else rounded_score(runner_up.score),
        "reason": row.reason,
        "explanation": impersonal(row.explanation),
        "speech_s": part["speech_s"],
        "share": part["share"],
        "has_voiceprint": part["has_voiceprint"],
    }


def _of_schema_1_0(part: Json) -> Json:
    """In the order of today's, so that it is written as today's."""
    return {
        "label": part["label"],
        "name": part["name"],
        "naming": str(Naming.AUTO if part["name"] is not None else Naming.UNKNOWN),
        "suggestion": None,
        "person_id": None,
        "probability": None,
        "score": part["score"],
        "runner_up": part["runner_up"],
        "runner_up_score": part["runner_up_score"],
        "reason": part["reason"],
        "explanation": "",
        "speech_s": part["speech_s"],
        "share": part["share"],
        "has_voiceprint": part["has_voiceprint"],
    }
