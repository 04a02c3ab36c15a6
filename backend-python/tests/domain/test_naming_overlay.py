"""The overlay on any meeting, with any speakers and any moves: valid, repeatable, and without a trace when undone."""

import json
import re
from dataclasses import replace
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any, get_args
from uuid import UUID, uuid4

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from scribe.domain.errors import ArtefactError
from scribe.domain.exports import FORMATS, Results
from scribe.domain.meeting import MeetingId
from scribe.domain.naming_overlay import overlaid, overlay
from scribe.domain.namings import Naming, ScoredPerson, SegmentMove, Speaker
from scribe.domain.people import PersonId
from scribe.domain.results import DiarizationDocument, FusionDocument, read_document
from scribe.domain.results.encode import encode_json
from scribe.domain.results.parts import NamingCode, TurnPart
from scribe.domain.speech import Span, SpeakerLabel, speaker_label
from tests.domain.exports.meeting import french_meeting
from tests.domain.exports.strategies import DURATION_S, meetings

MEETING = MeetingId(UUID(int=1))
CLAIRE = PersonId(UUID("00000000-0000-7000-8000-00000000c1a1"))
NOW = datetime(2026, 11, 22, tzinfo=UTC)
Documents = tuple[FusionDocument, DiarizationDocument]

labels = st.sampled_from([speaker_label(0), speaker_label(1), speaker_label(7)])
moments = st.one_of(st.floats(0, DURATION_S), st.integers(0, 60).map(float))


@st.composite
def moves(draw: st.DrawFn) -> SegmentMove:
    start_s, end_s = sorted((draw(moments), draw(moments)))
    assume(start_s < end_s)
    return SegmentMove(
        uuid4(), MEETING, Span(start_s, end_s), draw(st.one_of(st.none(), labels)), draw(labels), None, NOW,
        is_lost=draw(st.integers(0, 9)) == 0,
    )  # fmt: skip


@st.composite
def speakers(draw: st.DrawFn) -> list[Speaker]:
    return [
        replace(
            speaker(number, draw(st.sampled_from(list(Naming)))),
            person_name=draw(st.sampled_from([None, "Claire", "Ève\u202e"])),
            name=draw(st.sampled_from([None, "Bob"])),
            score=draw(st.one_of(st.none(), st.floats())),
            probability=draw(st.one_of(st.none(), st.floats())),
        )
        for number in draw(st.sets(st.integers(0, 3)))
    ]


def speaker(number: int, naming: Naming = Naming.UNKNOWN, **fields: Any) -> Speaker:
    turns = (Span(number * 0.5, number + 1.0), Span(20.0 + number, 25.0))
    return Speaker(MEETING, speaker_label(number), 1, turns, None, None, (), None, naming, CLAIRE, **fields)


def moved(start_s: float, end_s: float, to: int, from_: int | None = None) -> SegmentMove:
    source = None if from_ is None else speaker_label(from_)
    return SegmentMove(uuid4(), MEETING, Span(start_s, end_s), source, speaker_label(to), None, NOW)


@given(meetings(), speakers(), st.lists(moves(), max_size=6))
@settings(max_examples=50)
def test_an_overlaid_document_is_valid_and_can_be_exported(
    documents: Documents, who: list[Speaker], what: list[SegmentMove]
) -> None:
    fusion, diarization = (overlaid(document, who, what) for document in documents)
    assert read_document(fusion.to_json()) == fusion
    assert read_document(diarization.to_json()) == diarization
    assert fusion.speakers == diarization.speakers
    for export in FORMATS.values():
        assert export.write(Results(fusion, diarization), "fr") is not None


@given(meetings(), speakers(), st.lists(moves(), max_size=6))
@settings(max_examples=50)
def test_laid_over_twice_it_is_the_same(documents: Documents, who: list[Speaker], what: list[SegmentMove]) -> None:
    for document in documents:
        once = overlaid(document, who, what)
        assert overlaid(once, who, what) == once
        assert encode_json(overlay(json.loads(once.to_json()), who, what)) == once.to_json()  # to the byte
        assert encode_json(overlay(json.loads(document.to_json()), who, what)) == once.to_json()


@given(meetings(), speakers(), speakers(), st.lists(moves(), max_size=6), st.lists(moves(), max_size=6))
@settings(max_examples=50)
def test_whatever_lay_over_it_before_leaves_no_trace(
    documents: Documents, who: list[Speaker], before: list[Speaker], what: list[SegmentMove], undone: list[SegmentMove]
) -> None:
    before = [one for one in before if one.label in {other.label for other in who}]
    for document in documents:
        assert overlaid(overlaid(document, before, undone), who, what) == overlaid(document, who, what)
        assert overlaid(overlaid(document, who, what), who, []) == overlaid(document, who, [])


@given(meetings(), st.lists(moves(), max_size=6))
@settings(max_examples=50)
def test_moves_lose_no_word_and_keep_their_order(documents: Documents, what: list[SegmentMove]) -> None:
    fusion, _ = documents
    after = overlaid(fusion, [], what)
    assert words_of(after, with_speaker=False) == words_of(fusion, with_speaker=False)
    shares = [part.share for part in after.speakers]
    assert not any(shares) or sum(shares) == pytest.approx(1, abs=0.001)


def words_of(document: FusionDocument, *, with_speaker: bool = True) -> list[tuple[Any, ...]]:
    words = (word for segment in document.segments for word in segment.words)
    return sorted(
        (word.start, word.end, word.word, word.confidence, (word.speaker or "") if with_speaker else "")
        for word in words
    )


@given(meetings(), st.lists(moves(), max_size=6))
@settings(max_examples=50)
def test_a_word_is_whose_the_last_fitting_move_says_and_lines_have_one_speaker(
    documents: Documents, what: list[SegmentMove]
) -> None:
    fusion, _ = documents
    known = {part.label for part in fusion.speakers}
    expected = []
    for start_s, end_s, text, confidence, speaker_ in words_of(fusion):
        now = speaker_ or None
        for move in what:
            is_inside = round(move.span.start_s, 3) <= (start_s + end_s) / 2 < round(move.span.end_s, 3)
            if is_inside and move.from_label in {None, now} and move.to_label in known and not move.is_lost:
                now = move.to_label
        expected.append((start_s, end_s, text, confidence, now or ""))
    after = overlaid(fusion, [], what)
    assert words_of(after) == sorted(expected)
    assert all(word.speaker == segment.speaker for segment in after.segments for word in segment.words)


@given(st.lists(st.tuples(moments, labels), min_size=2, max_size=12), st.lists(moves(), max_size=6))
@settings(max_examples=50)
def test_exclusive_turns_stay_exclusive_and_nobody_speaks_twice_at_once(
    edges: list[tuple[float, SpeakerLabel]], what: list[SegmentMove]
) -> None:
    edges.sort()
    turns = [
        TurnPart(start=round(start_s, 3), end=round(end_s, 3), speaker=label)
        for (start_s, label), (end_s, _) in pairwise(edges)
    ]
    _, diarization = french_meeting()
    table = [diarization.speakers[0].model_copy(update={"label": speaker_label(n)}) for n in (0, 1, 7)]
    document = diarization.model_copy(update={"speakers": table, "turns": turns, "exclusive_turns": turns})
    after = overlaid(document, [], what)
    assert all(one.end <= other.start for one, other in pairwise(after.exclusive_turns))
    for label in (0, 1, 7):
        own = [turn for turn in after.turns if turn.speaker == speaker_label(label)]
        assert all(one.end <= other.start for one, other in pairwise(own))
    assert sum(t.end - t.start for t in after.turns) == pytest.approx(sum(t.end - t.start for t in turns), abs=0.01)


def test_a_confirmed_name_stands_in_the_table_and_on_every_line() -> None:
    fusion, _ = french_meeting()
    after = overlaid(fusion, [replace(speaker(1, Naming.CONFIRMED), person_name="Anne Roy", score=0.31)], [])
    part = after.speakers[1]
    assert (part.name, part.naming, part.person_id, part.score) == ("Anne Roy", "confirmed", str(CLAIRE), 0.31)
    assert part.runner_up is None
    assert {line.name for line in after.segments if line.speaker == "SPEAKER_01"} == {"Anne Roy"}
    assert {line.name for line in after.segments if line.speaker == "SPEAKER_00"} == {"Claire Fontaine"}


def test_a_suggestion_is_a_question_and_never_a_name() -> None:
    fusion, diarization = french_meeting()
    who = [replace(speaker(1, Naming.SUGGESTED), person_name="Anne Roy", probability=0.71)]
    after = overlaid(fusion, who, [])
    part = after.speakers[1]
    assert (part.name, part.suggestion, part.naming, part.probability) == (None, "Anne Roy", "suggested", 0.71)
    assert all(line.name is None for line in after.segments if line.speaker == "SPEAKER_01")
    for name, export in FORMATS.items():
        told = export.write(Results(after, overlaid(diarization, who, [])), "fr")
        assert told.count("Anne Roy") == (name in {"md", "txt"}), name
    assert "Anne Roy\u202f?" in FORMATS["md"].write(Results(after), "fr")
    assert "Anne Roy?" in FORMATS["txt"].write(Results(after), "en")


def test_a_rejected_or_forgotten_speaker_has_no_name_left_anywhere() -> None:
    fusion, diarization = french_meeting()
    nobody = [
        Speaker(MEETING, speaker_label(number), 1, (), None, None, (), None, Naming.REJECTED) for number in range(3)
    ]
    texts = [overlaid(document, nobody, []).to_json() for document in (fusion, diarization)]
    for name in ("Claire Fontaine", "Marc Petit", "José-María"):
        assert not any(name in text for text in texts)


def test_no_name_of_a_candidate_and_no_explanation_with_names_is_written() -> None:
    fusion, _ = french_meeting()
    row = replace(
        speaker(1, Naming.SUGGESTED),
        person_name="Anne",
        explanation="Anne and Marie: Claire too close: 0.61 and 0.58",
        candidates=(ScoredPerson(CLAIRE, 0.61, 0.5), ScoredPerson(PersonId(uuid4()), 0.58, 0.4)),
    )
    part = overlaid(fusion, [row], []).speakers[1]
    assert (part.explanation, part.runner_up, part.runner_up_score) == ("0.61 and 0.58", None, 0.58)


def test_a_segment_that_straddles_a_move_is_split_at_a_word_and_mended_when_it_is_taken_back() -> None:
    fusion, _ = french_meeting()
    first = fusion.segments[0]
    edge_s = first.words[8].start
    after = overlaid(fusion, [], [moved(edge_s, first.end, to=2)])
    one, other = after.segments[:2]
    assert (one.speaker, other.speaker) == ("SPEAKER_00", "SPEAKER_02")
    assert (one.start, other.end) == (first.start, first.end)
    assert f"{one.text} {other.text}" == first.text
    assert one.end == first.words[7].end
    assert other.start == edge_s
    assert other.name == fusion.speakers[2].name
    assert overlaid(after, [], []) == fusion


def test_only_the_one_who_is_meant_gives_away_what_is_said_at_the_same_time() -> None:
    """“Oui !” (SPEAKER_02) is said into a sentence of SPEAKER_01."""
    fusion, _ = french_meeting()
    interjection = fusion.segments[3]
    after = overlaid(fusion, [], [moved(interjection.start, interjection.end, to=0, from_=2)])
    assert [line.speaker for line in after.segments] == [
        "SPEAKER_00" if line is interjection else line.speaker for line in fusion.segments
    ]


def test_what_was_moved_there_and_back_is_as_it_was() -> None:
    fusion, diarization = french_meeting()
    there_and_back = [moved(0.0, 13.0, to=2, from_=0), moved(0.0, 13.0, to=0, from_=2)]
    assert overlaid(fusion, [], there_and_back) == fusion
    assert overlaid(diarization, [], [moved(5.0, 6.0, to=9)]) == diarization  # nobody is called SPEAKER_09


def test_seconds_and_shares_follow_a_move_in_both_documents() -> None:
    documents = french_meeting()
    rows = [
        Speaker(
            MEETING, part.label, 1, tuple(Span(t.start, t.end) for t in documents[1].turns if t.speaker == part.label),
            None, None, (), None,
        )
        for part in documents[1].speakers
    ]  # fmt: skip
    for document in documents:
        after = overlaid(document, rows, [moved(0.9, 5.6, to=1, from_=0)])
        spoken = [part.speech_s for part in after.speakers]
        assert spoken == pytest.approx([document.speakers[0].speech_s - 4.7, document.speakers[1].speech_s + 4.7,
                                        document.speakers[2].speech_s])  # fmt: skip
        assert sum(part.share for part in after.speakers) == pytest.approx(1, abs=0.001)
        assert [part.speech_s for part in overlaid(after, rows, []).speakers] == [
            part.speech_s for part in document.speakers
        ]
    assert overlaid(documents[0], rows, []).speakers == overlaid(documents[1], rows, []).speakers


def test_a_document_of_schema_1_0_is_read_and_laid_over() -> None:
    fusion, _ = french_meeting()
    older = json.loads(fusion.to_json())
    older["schema_version"] = "1.0"
    del older["moved"]
    for part in older["speakers"]:
        for field in ("naming", "suggestion", "person_id", "probability", "explanation"):
            del part[field]
    assert read_document(json.dumps(older)) == fusion
    assert encode_json(overlay(older, [], [])) == fusion.to_json()
    named = overlay(older, [replace(speaker(0, Naming.CONFIRMED), person_name="Anne")], [])
    assert named["speakers"][0]["name"] == "Anne"
    assert older["speakers"][0]["name"] == "Claire Fontaine"  # what was given stays as it is


@pytest.mark.parametrize("raw", [{}, {"kind": "transcription", "speakers": []}, {"kind": "fusion", "speakers": 3}, []])
def test_what_is_no_such_document_is_refused(raw: Any) -> None:
    with pytest.raises(ArtefactError):
        overlay(raw, [], [])


def test_the_codes_of_the_documents_are_those_of_the_rows() -> None:
    assert set(get_args(NamingCode)) == {str(naming) for naming in Naming}


def test_no_word_of_a_machine_readable_format_is_a_suggestion() -> None:
    fusion, _ = french_meeting()
    after = overlaid(fusion, [replace(speaker(1, Naming.SUGGESTED), person_name="Anne Roy")], [])
    minutes = FORMATS["md"].write(Results(after), "en")
    _, transcript = re.split(r"## Transcript", minutes)
    assert "Anne" not in transcript
