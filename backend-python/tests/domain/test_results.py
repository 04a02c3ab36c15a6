"""Result documents: what is written can be read, is what the schema says, and never holds what JSON has no word for."""

import json
import math
from datetime import datetime, timedelta, timezone
from enum import StrEnum
from functools import cache
from typing import Any

import jsonschema
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scribe.domain.coverage import Coverage
from scribe.domain.errors import ArtefactError
from scribe.domain.fusion import Fusion
from scribe.domain.results import (
    DOCUMENTS,
    RunFacts,
    build_diarization,
    build_fusion,
    build_transcription,
    json_schema,
    read_document,
)
from scribe.domain.results.encode import LINE_LENGTH, encode_json
from scribe.domain.speech import Diarization, Span, Transcript, TranscriptSegment, Turn, Word, speaker_label
from scripts.write_schemas import schema_files
from tests.conftest import REPOSITORY
from tests.domain.exports.meeting import french_meeting, fusion_document, hostile_meeting, line, run_facts
from tests.domain.exports.strategies import meetings

RUN = run_facts("réunion.m4a", 60.0)
seconds = st.floats(0, 60, allow_nan=False)
spans = st.tuples(seconds, seconds).map(lambda times: (min(times), max(times)))


@st.composite
def transcripts(draw: st.DrawFn) -> Transcript:
    segments = []
    for start_s, end_s in draw(st.lists(spans, max_size=6)):
        words = draw(st.lists(st.tuples(spans, st.text(max_size=8), st.floats(allow_nan=True)), max_size=5))
        made = tuple(Word(start, end, text, confidence) for (start, end), text, confidence in words)
        logprob, ratio = draw(st.floats()), draw(st.floats(0, 50))
        segments.append(TranscriptSegment(start_s, end_s, draw(st.text(max_size=20)), made, "fr", logprob, 0.2, ratio))
    return Transcript(60.0, "fr", tuple(segments), tuple(Span(*span) for span in draw(st.lists(spans, max_size=5))))


@st.composite
def diarizations(draw: st.DrawFn) -> Diarization:
    drawn = draw(st.lists(st.tuples(spans, st.integers(0, 12)), max_size=10))
    turns = tuple(Turn(start_s, end_s, speaker_label(number)) for (start_s, end_s), number in drawn)
    return Diarization(60.0, turns, turns[:3])


@cache
def validator(kind: str) -> jsonschema.Draft202012Validator:
    return jsonschema.Draft202012Validator(json.loads(json_schema(kind)))


def validate(text: str) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(text, parse_constant=lambda constant: pytest.fail(f"{constant} is not JSON"))
    validator(document["kind"]).validate(document)
    return document


@given(transcripts())
@settings(deadline=None, max_examples=30)
def test_a_transcription_survives_writing_and_reading(transcript: Transcript) -> None:
    document = build_transcription(transcript, RUN)
    text = document.to_json()
    assert read_document(text) == document
    assert len(validate(text)["segments"]) == len(transcript.segments)


@given(diarizations())
@settings(deadline=None, max_examples=30)
def test_a_diarization_survives_writing_and_reading(diarization: Diarization) -> None:
    document = build_diarization(diarization, RUN)
    text = document.to_json()
    assert read_document(text) == document
    written = validate(text)
    shares = [speaker["share"] for speaker in written["speakers"]]
    assert not any(shares) or sum(shares) == pytest.approx(1, abs=0.001)
    assert [speaker["label"] for speaker in written["speakers"]] == sorted(diarization.speakers)


@given(meetings())
@settings(deadline=None, max_examples=30)
def test_a_fusion_survives_writing_and_reading(meeting: Any) -> None:
    document, _ = meeting
    text = document.to_json()
    assert read_document(text) == document
    validate(text)


@given(seconds, seconds)
def test_rounding_keeps_the_order_of_times(one_s: float, other_s: float) -> None:
    start_s, end_s = sorted((one_s, other_s))
    document = build_diarization(Diarization(60.0, (Turn(start_s, end_s, speaker_label(0)),), ()), RUN)
    assert document.turns[0].start <= document.turns[0].end
    assert document.turns[0].start == pytest.approx(start_s, abs=0.0005001)


@given(st.lists(st.floats(0, 3600), min_size=4, max_size=4))
def test_the_rounded_coverage_sums_to_the_duration_to_the_millisecond(parts_s: list[float]) -> None:
    coverage = Coverage(math.fsum(parts_s), *parts_s, ())
    ledger = build_fusion(Fusion((), coverage, 0, 0.0), RUN, None).coverage
    rounded = [ledger.words_s, ledger.overlap_s, ledger.inaudible_s, ledger.non_speech_s]
    assert sum(round(part_s * 1000) for part_s in rounded) == round(ledger.duration_s * 1000)
    for part_s, original_s in zip(rounded, parts_s, strict=True):
        assert part_s == pytest.approx(original_s, abs=0.003)


def test_a_ledger_that_lost_a_second_is_refused() -> None:
    with pytest.raises(ValueError, match=r"the parts sum to 9\.000 s"):
        build_fusion(Fusion((), Coverage(10.0, 5.0, 0.0, 0.0, 4.0, ()), 0, 0.0), RUN, None)


def test_the_published_schemas_are_current() -> None:
    for path, text in schema_files().items():
        assert path.read_text(encoding="utf-8") == text, "run `python scripts/write_schemas.py`"


def test_the_published_schemas_are_schemas() -> None:
    for kind in DOCUMENTS:
        jsonschema.Draft202012Validator.check_schema(json.loads(json_schema(kind)))


@pytest.mark.parametrize("kind", DOCUMENTS)
def test_every_field_is_documented(kind: str) -> None:
    schema = json.loads(json_schema(kind))
    described = (REPOSITORY / "docs" / "results.md").read_text(encoding="utf-8")
    for part in (schema, *schema["$defs"].values()):
        for name, field in part.get("properties", {}).items():
            assert f"| `{name}` |" in described, name
            assert field.get("description") or "const" in field, f"{part['title']}.{name}"


def test_segments_have_what_others_rely_on() -> None:
    document = json.loads(french_meeting()[0].to_json())
    segment = document["segments"][0]
    assert {"start", "end", "speaker", "text", "words"} <= set(segment)
    assert segment["speaker"] == "SPEAKER_00"
    assert segment["name"] == "Claire Fontaine"
    assert list(segment["words"][0]) == ["start", "end", "word", "confidence", "speaker"]


def test_the_speakers_table_says_who_and_why_but_holds_no_voiceprint() -> None:
    _, diarization = french_meeting()
    claire, unknown, jose = diarization.speakers
    assert (claire.name, claire.score, claire.reason, claire.has_voiceprint) == (
        "Claire Fontaine",
        0.8249,
        "matched",
        True,
    )
    assert (unknown.name, unknown.reason, unknown.runner_up) == (None, "below-threshold", "Marc Petit")
    assert jose.has_voiceprint is False
    assert "vector" not in diarization.to_json()


def test_without_a_diarization_the_words_are_delivered_without_speakers() -> None:
    segments = (line(0.0, 1.0, None, "Bonjour."),)
    document = build_fusion(Fusion(segments, Coverage(60.0, 1.0, 0.0, 0.0, 59.0, ()), 0, 0.0), RUN, None)
    assert document.speakers == []
    assert document.segments[0].speaker is None


def test_the_main_language_is_that_of_most_of_the_speech() -> None:
    assert french_meeting()[0].language == "fr"
    assert build_fusion(Fusion((), Coverage(1.0, 0.0, 0.0, 0.0, 1.0, ()), 0, 0.0), RUN, None).language is None


def test_no_folder_of_the_recording_is_told() -> None:
    facts = {"audio": RUN.audio, "created_at": RUN.created_at, "product_version": "1"}
    for path in ("/home/claire/secret/a.wav", "C:\\Users\\claire\\a.wav", "a.wav"):
        document = build_diarization(Diarization(1.0, (), ()), RunFacts(recording=path, **facts))
        assert document.recording.file == "a.wav"


def test_a_file_name_that_is_no_unicode_can_be_written() -> None:
    facts = RunFacts("caf\udce9.wav", RUN.audio, RUN.created_at, "1")
    assert "caf?.wav" in build_diarization(Diarization(1.0, (), ()), facts).to_json()


def test_times_are_told_in_utc() -> None:
    paris = datetime(2026, 7, 1, 1, 30, tzinfo=timezone(timedelta(hours=2)))
    facts = RunFacts("a.wav", RUN.audio, paris, "1")
    assert '"created_at": "2026-06-30T23:30:00Z"' in build_diarization(Diarization(1.0, (), ()), facts).to_json()
    with pytest.raises(ValueError, match="time zone"):
        build_diarization(Diarization(1.0, (), ()), RunFacts("a.wav", RUN.audio, datetime(2026, 7, 1), "1"))  # noqa: DTZ001


class Device(StrEnum):
    CPU = "cpu"


def test_settings_may_hold_what_engines_hold() -> None:
    settings = {"a": (1, np.float32(0.5)), "b": np.int64(3), "c": Device.CPU, "d": math.inf, "e": {"f": {2}}, "g": True}
    facts = RunFacts("a.wav", RUN.audio, RUN.created_at, "1", settings={"diarize": settings})
    written = json.loads(build_diarization(Diarization(1.0, (), ()), facts).to_json())["settings"]["diarize"]
    assert written == {"a": [1, 0.5], "b": 3, "c": "cpu", "d": None, "e": {"f": [2]}, "g": True}


def test_a_number_that_is_none_never_reaches_a_document() -> None:
    words = (Word(0.0, 1.0, "oui", math.nan), Word(1.0, 2.0, "non", 1.2))
    segment = TranscriptSegment(0.0, 2.0, "oui non", words, "fr", math.nan, math.inf, 1.0)
    document = build_transcription(Transcript(2.0, "fr", (segment,), ()), RUN)
    assert [word.confidence for word in document.segments[0].words] == [0.0, 1.0]
    assert document.segments[0].confidence == 0.5
    with pytest.raises(ValueError, match="finite"):
        build_transcription(Transcript(2.0, "fr", (), (Span(0.0, math.inf),)), RUN)


@pytest.mark.parametrize(
    "text", ["", "{}", "[]", '{"kind": "novel"}', '{"kind": "fusion"}', "\ud800".encode("utf-8", "surrogatepass")]
)
def test_what_is_no_document_is_refused_with_a_sentence(text: str | bytes) -> None:
    with pytest.raises(ArtefactError, match=r"no result document of schema 1\.1"):
        read_document(text)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("schema_version",), "2.0"),
        (("surprise",), 1),
        (("segments", 0, "end"), 0.1),
        (("segments", 0, "speaker"), "SPEAKER_09"),
        (("segments", 0, "speaker"), "Claire"),
        (("segments", 0, "start"), 40.0),
        (("coverage", "words_s"), 0.0),
        (("created_at",), "2026-11-21T14:03:00"),
        (("speakers", 1, "label"), "SPEAKER_00"),
    ],
)
def test_a_document_that_was_tampered_with_is_refused(path: tuple[str | int, ...], value: object) -> None:
    document = json.loads(french_meeting()[0].to_json())
    part = document
    for step in path[:-1]:
        part = part[step]
    part[path[-1]] = value
    with pytest.raises(ArtefactError):
        read_document(json.dumps(document))


@pytest.mark.parametrize("order", [("segments",), ("coverage", "inaudible")])
def test_what_is_not_in_time_order_is_refused(order: tuple[str, ...]) -> None:
    document = json.loads(french_meeting()[0].to_json())
    part = document
    for step in order:
        part = part[step]
    part.reverse()
    with pytest.raises(ArtefactError, match="not ordered by start"):
        read_document(json.dumps(document))


def test_a_word_is_one_line_of_the_file() -> None:
    text = hostile_meeting()[0].to_json()
    assert '{"start": 18.0, "end": 18.667, "word": "The", "confidence": 0.93, "speaker": "SPEAKER_01"}' in text


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=30),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=20,
)


@given(json_values)
def test_our_layout_is_json(value: Any) -> None:
    text = encode_json(value)
    assert json.loads(text) == value
    assert text.endswith("\n")


def test_a_short_list_stands_on_one_line_and_a_long_one_does_not() -> None:
    assert encode_json({"a": [1, 2], "b": {}}) == '{\n  "a": [1, 2],\n  "b": {}\n}\n'
    assert all(len(written) <= LINE_LENGTH for written in encode_json(["x" * 50] * 3).splitlines())


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf])
def test_infinity_is_not_json(number: float) -> None:
    with pytest.raises(ValueError, match="JSON"):
        encode_json({"a": number})


def test_segments_are_by_start_whatever_order_they_came_in() -> None:
    late, early = line(5.0, 6.0, 0, "Deux."), line(1.0, 2.0, 0, "Un.")
    document, _ = fusion_document([late, early], Coverage(60.0, 2.0, 0.0, 0.0, 58.0, ()), {}, RUN)
    assert [segment.text for segment in document.segments] == ["Un.", "Deux."]
