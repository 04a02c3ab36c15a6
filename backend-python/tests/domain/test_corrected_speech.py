"""Corrections on any meeting, in any order, with moves between them, and on another run's transcript."""

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any
from uuid import UUID, uuid4

from hypothesis import given, settings
from hypothesis import strategies as st

from scribe.domain import corrections
from scribe.domain.corrected_speech import Fit
from scribe.domain.edits import Correction, EditId, SeenLine, segment_of
from scribe.domain.meeting import MeetingId
from scribe.domain.naming_overlay import lay, overlay
from scribe.domain.namings import SegmentMove
from scribe.domain.results import DiarizationDocument, FusionDocument, read_document
from scribe.domain.results.encode import encode_json
from scribe.domain.speech import Span, SpeakerLabel, speaker_label
from tests.domain.exports.meeting import french_meeting
from tests.domain.exports.strategies import DURATION_S, meetings

Json = dict[str, Any]
Documents = tuple[FusionDocument, DiarizationDocument]
MEETING = MeetingId(UUID(int=1))
NOW = datetime(2026, 11, 22, tzinfo=UTC)


def seen(segment: Json) -> SeenLine:
    return SeenLine(segment["start"], segment["end"], segment["speaker"], segment["text"])


def correction(position: int, before: Sequence[Json], after: Sequence[Json]) -> Correction:
    """As it comes back from a database, which keeps no order of fields."""
    kept = json.loads(json.dumps([dict(sorted(segment.items())) for segment in after]))
    return Correction(EditId(uuid4()), position, tuple(map(seen, before)), tuple(map(segment_of, kept)))


class Editing:
    """Somebody who corrects a document, one change after another."""

    def __init__(self, document: Json) -> None:
        self.document = document
        self.corrections: list[Correction] = []
        self.moves: list[SegmentMove] = []

    @property
    def segments(self) -> list[Json]:
        found: list[Json] = overlay(self.document, [], self.moves, self.corrections)["segments"]
        return found

    def change(self, draw: st.DataObject) -> bool:
        segments = self.segments
        if not segments:
            return False
        position = len(self.corrections) + len(self.moves) + 1
        index = draw.draw(st.integers(0, len(segments) - 1))
        segment = segments[index]
        kind = draw.draw(st.sampled_from(["text", "remove", "split", "confirm", "join", "move"]))
        before = [segment]
        if kind == "move":
            labels = [part["label"] for part in self.document["speakers"]]
            if not labels:
                return False
            self.move(segment, draw.draw(st.sampled_from(labels)), position)
            return True
        if kind == "text":
            after = corrections.retexted(segment, draw.draw(st.text(min_size=1, max_size=30)).strip() or "oui")
        elif kind == "remove":
            after = []
        elif kind == "confirm":
            after = [corrections.confirmed(segment)]
        elif kind == "split":
            if len(segment["words"]) < 2:
                return False
            after = corrections.split(segment, draw.draw(st.integers(1, len(segment["words"]) - 1)))
        else:
            if index + 1 == len(segments) or not _may_join(segment, segments[index + 1]):
                return False
            before = [segment, segments[index + 1]]
            after = [corrections.joined(*before)]
        self.corrections.append(correction(position, before, after))
        return True

    def move(self, segment: Json, to: str, position: int) -> None:
        edit_id = EditId(uuid4())
        span = Span(segment["start"], segment["end"] + 0.001)
        self.corrections.append(Correction(edit_id, position, (seen(segment),), (), is_move=True))
        self.moves.append(
            SegmentMove(
                uuid4(),
                MEETING,
                span,
                segment["speaker"],
                SpeakerLabel(to),
                None,
                NOW,
                position=position,
                edit_id=edit_id,
            )
        )


def _may_join(one: Json, other: Json) -> bool:
    words = [*one["words"], *other["words"]]
    return all(later["start"] >= earlier["start"] for earlier, later in pairwise(words))


def checked(document: Json) -> FusionDocument:
    """Valid, in order, and what stands in the text is what the words say."""
    read = read_document(encode_json(document))
    assert isinstance(read, FusionDocument)
    return read


@given(meetings(), st.data())
@settings(max_examples=60)
def test_a_corrected_document_is_valid_repeatable_and_undone_to_the_byte(
    documents: Documents, data: st.DataObject
) -> None:
    machine = documents[0].model_dump(mode="json")
    editing = Editing(machine)
    for _ in range(data.draw(st.integers(1, 6))):
        editing.change(data)
    laid = overlay(machine, [], editing.moves, editing.corrections)
    document = checked(laid)
    assert document.model_dump(mode="json") == laid
    again = json.loads(encode_json(laid))
    assert encode_json(overlay(again, [], editing.moves, editing.corrections)) == encode_json(laid)
    assert encode_json(overlay(again, [], [], [])) == encode_json(overlay(machine, [], [], []))
    some = data.draw(st.integers(0, len(editing.corrections)))
    fewer = editing.corrections[:some]
    kept = [move for move in editing.moves if move.edit_id in {one.edit_id for one in fewer}]
    assert encode_json(overlay(again, [], kept, fewer)) == encode_json(overlay(machine, [], kept, fewer))


@given(meetings(), st.data())
@settings(max_examples=60)
def test_every_change_stands_exactly_as_it_was_made_and_undoing_the_last_gives_what_was(
    documents: Documents, data: st.DataObject
) -> None:
    editing = Editing(documents[0].model_dump(mode="json"))
    for _ in range(data.draw(st.integers(1, 6))):
        before = editing.segments
        if not editing.change(data):
            continue
        last = editing.corrections[-1]
        laid = lay(editing.document, [], editing.moves, editing.corrections)
        assert set(laid.fits.values()) <= {Fit.EXACTLY}
        if not last.is_move:
            said = [(one["start"], one["end"], one["speaker"], one["text"]) for one in laid.document["segments"]]
            for line in last.after:
                assert (line["start"], line["end"], line["speaker"], line["text"]) in said
        without = overlay(
            editing.document,
            [],
            [move for move in editing.moves if move.edit_id != last.edit_id],
            editing.corrections[:-1],
        )
        assert without["segments"] == before


@given(meetings(), st.data())
@settings(max_examples=60)
def test_no_word_is_lost_that_no_correction_took(documents: Documents, data: st.DataObject) -> None:
    """Splitting, joining, confirming and moving lose nothing; in another run only words of the lines' time go."""
    machine = documents[0].model_dump(mode="json")
    editing = Editing(machine)
    for _ in range(4):
        editing.change(data)
    taken = [line for one in editing.corrections if not one.is_move for line in one.before]
    shift_s = data.draw(st.floats(-0.3, 0.3))
    other = shifted(machine, shift_s)
    laid = lay(other, [], editing.moves, editing.corrections)
    checked(laid.document)
    said = {(word["start"], word["end"], word["word"]) for one in laid.document["segments"] for word in one["words"]}
    for segment in other["segments"]:
        for word in segment["words"]:
            is_near = any(line.start_s - 0.7 <= (word["start"] + word["end"]) / 2 <= line.end_s + 0.7 for line in taken)
            assert is_near or (word["start"], word["end"], word["word"]) in said
    assert encode_json(overlay(laid.document, [], [], [])) == encode_json(overlay(other, [], [], []))


def shifted(document: Json, by_s: float) -> Json:
    """Another run that heard everything a little earlier or later, and cut it in two where it could."""

    def at(value: float) -> float:
        return round(min(max(value + by_s, 0.0), DURATION_S), 3)

    segments: list[Json] = []
    for segment in document["segments"]:
        words = [{**word, "start": at(word["start"]), "end": at(word["end"])} for word in segment["words"]]
        moved = {**segment, "start": at(segment["start"]), "end": at(segment["end"]), "words": words}
        segments += corrections.split(moved, len(words) // 2) if len(words) > 1 else [moved]
    segments.sort(key=lambda segment: segment["start"])
    return {**document, "segments": segments}


def words(text: str, start_s: float, speaker: str, *, confidence: float = 0.3) -> Json:
    said = [
        {
            "start": round(start_s + 0.5 * place, 3),
            "end": round(start_s + 0.5 * place + 0.4, 3),
            "word": word,
            "confidence": confidence,
            "speaker": speaker,
        }
        for place, word in enumerate(text.split(" "))
    ]
    return {
        "start": start_s,
        "end": said[-1]["end"],
        "speaker": speaker,
        "name": None,
        "language": "fr",
        "confidence": confidence,
        "text": text,
        "words": said,
    }


def run_of(*segments: Json) -> Json:
    document = _template()
    labels = sorted({segment["speaker"] for segment in segments})
    parts = [{**document["speakers"][0], "label": label, "name": None, "naming": "unknown"} for label in labels]
    return {**document, "speakers": parts, "segments": list(segments)}


def _template() -> Json:
    document: Json = french_meeting()[0].model_dump(mode="json")
    return document


A, B = speaker_label(0), speaker_label(1)


def texts(document: Json, *corrected: Correction) -> list[str]:
    return [segment["text"] for segment in overlay(document, [], [], corrected)["segments"]]


def test_in_another_run_the_human_s_words_take_the_place_of_those_said_then() -> None:
    first = words("le bue jet est voté", 10.0, A)
    fixed = correction(1, [first], corrections.retexted(first, "le budget est voté"))
    other = run_of(
        words("alors le", 9.5, A),
        words("bus jeté voté enfin", 11.0, A),
        words("oui", 10.6, B),
    )
    assert texts(other, fixed) == ["alors", "le budget est voté", "oui", "enfin"]


def test_a_word_that_slipped_over_the_border_is_not_said_twice() -> None:
    first = words("c'est fini", 10.0, A)
    fixed = correction(1, [first], corrections.retexted(first, "ce n'est pas fini"))
    late = words("c'est fini bien sûr", 10.3, A)
    assert texts(run_of(late), fixed) == ["ce n'est pas fini", "bien sûr"]


def test_where_nobody_speaks_any_more_nothing_is_put() -> None:
    first = words("merci beaucoup", 10.0, A)
    fixed = correction(1, [first], corrections.retexted(first, "merci à tous"))
    for other in (run_of(words("au revoir", 30.0, A)), run_of(words("merci beaucoup", 10.0, B))):
        laid = lay(other, [], [], [fixed])
        assert laid.fits == {fixed.edit_id: Fit.NOT_AT_ALL}
        assert laid.document["segments"] == other["segments"]


def test_a_removed_line_stays_removed_and_what_nobody_knows_the_speaker_of_is_found() -> None:
    first = words("sous-titres par la communauté", 10.0, A)
    removed = correction(1, [first], [])
    other = words("sous titres par communauté", 10.1, A)
    assert texts(run_of(other), removed) == []
    nobody = {**other, "speaker": None, "words": [{**word, "speaker": None} for word in other["words"]]}
    document = {**run_of(other), "speakers": [], "segments": [nobody]}
    kept = correction(1, [first], corrections.retexted(first, "à bientôt"))
    laid = overlay(document, [], [], [kept])
    assert [(one["text"], one["speaker"]) for one in laid["segments"]] == [("à bientôt", None)]
    checked(laid)


def test_a_merge_after_a_correction_takes_it_along() -> None:
    first = words("le bue jet", 10.0, A)
    document = run_of(first, words("oui", 20.0, B))
    fixed = correction(1, [first], corrections.retexted(first, "le budget"))
    merge = SegmentMove(uuid4(), MEETING, Span(0, 100), A, B, None, NOW, is_merge=True, position=2, edit_id=uuid4())
    laid = lay(document, [], [merge], [fixed])
    assert [(one["speaker"], one["text"]) for one in laid.document["segments"]] == [(B, "le budget"), (B, "oui")]
    assert laid.marks == {0: merge.edit_id}
    before = lay(document, [], [replace(merge, position=0)], [fixed])
    assert before.fits == {fixed.edit_id: Fit.NOT_AT_ALL}, "made before, it takes the line away"
