"""What people and the bank know about a meeting's speakers, laid over the documents that its run left behind.

Owns the overlay: names and verdicts of the rows of ``speakers``, and stretches that people moved to another speaker.
Pure, and a function of the machine's document alone: laid over a document that was overlaid before, it first puts the
machine's attribution back, so that any overlay may follow any other and taking a move back leaves no trace. What is
needed for that stands in the document itself (``moved``): the few segments that were replaced, as the machine had them.
A copy beside it would be a second file to keep in step through every crash; a speaker of the machine's per word would
not know where segments had been cut.

Works on JSON values, because ten megabytes of transcript are shown without being validated first; :func:`overlaid` is
the same for documents.

Usage::

    document = overlaid(read_document(text), speakers, moves)
    raw = overlay(from_json(content), speakers, moves)
"""

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar, cast

from scribe.domain.errors import ArtefactError
from scribe.domain.moved_speech import Moves, moved_segments, moved_turns, seconds_moved
from scribe.domain.namings import Naming, SegmentMove, Speaker, impersonal
from scribe.domain.results import DOCUMENTS, SCHEMA_VERSION, DiarizationDocument, FusionDocument
from scribe.domain.results.build import ms, rounded_score, rounded_share

Document = TypeVar("Document", FusionDocument, DiarizationDocument)
Json = dict[str, Any]
"""A document or a part of one, as JSON has it."""


def overlaid(document: Document, speakers: Sequence[Speaker], moves: Sequence[SegmentMove]) -> Document:
    """A valid document of the same kind. Speakers and moves that the document has no label for change nothing."""
    raw = overlay(document.model_dump(mode="json"), speakers, moves)
    return cast("Document", DOCUMENTS[document.kind].model_validate(raw))


def overlay(document: Json, speakers: Sequence[Speaker], moves: Sequence[SegmentMove]) -> Json:
    """The same for JSON values of ``fusion.json`` or ``diarization.json``, of this schema or an older one. What is not
    changed is shared with ``document``, which stays as it is.

    Raises: ArtefactError when it is no such document.
    """
    try:
        return _overlay(document, {speaker.label: speaker for speaker in speakers}, moves)
    except (KeyError, TypeError, AttributeError, IndexError) as error:
        raise ArtefactError("This is no result document: run the recording again.") from error


def _overlay(document: Json, rows: Mapping[str, Speaker], moves: Sequence[SegmentMove]) -> Json:
    machine = _as_the_machine_had_it(document)
    labels = {part["label"] for part in machine["speakers"]}
    standing = Moves([move for move in moves if not move.is_lost and move.to_label in labels])
    moved = _moved(machine, standing, rows) if standing else machine
    table = [_named(part, rows.get(part["label"])) for part in moved["speakers"]]
    done = {**moved, "schema_version": SCHEMA_VERSION, "speakers": table}
    if document["kind"] == "fusion":
        names = {part["label"]: part["name"] for part in table}
        done["segments"] = [
            segment if segment["name"] == (name := names.get(segment["speaker"])) else {**segment, "name": name}
            for segment in moved["segments"]
        ]
    return done


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


def _moved(machine: Json, moves: Moves, rows: Mapping[str, Speaker]) -> Json:
    """With what was needed to take it back; ``machine`` itself when nothing is where the moves are."""
    speech = [{key: part[key] for key in ("label", "speech_s", "share")} for part in machine["speakers"]]
    done = {**machine, "speakers": _shares(machine["speakers"], seconds_moved(moves, rows))}
    if machine["kind"] == "diarization":
        turns, exclusive = machine["turns"], machine["exclusive_turns"]
        after, exclusive_after = moved_turns(turns, moves), moved_turns(exclusive, moves, may_overlap=False)
        if (after, exclusive_after) == (turns, exclusive) and done["speakers"] == machine["speakers"]:
            return machine
        kept = {"turns": turns, "exclusive_turns": exclusive, "speech": speech}
        return {**done, "turns": after, "exclusive_turns": exclusive_after, "moved": kept}
    segments, replaced = moved_segments(machine["segments"], moves)
    if not replaced and done["speakers"] == machine["speakers"]:
        return machine
    return {**done, "segments": segments, "moved": {"segments": replaced, "speech": speech}}


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
