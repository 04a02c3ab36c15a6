"""The list of formats, whisperX JSON, CSV and plain text."""

import csv
import io
import json

from hypothesis import given, settings

from scribe.domain.exports import FORMATS, Results
from scribe.domain.exports.plain_text import write_text
from scribe.domain.exports.table import write_csv
from scribe.domain.exports.tokens import tokens
from scribe.domain.exports.whisperx import write_whisperx
from scribe.domain.results import DiarizationDocument, FusionDocument
from scribe.domain.typography import typeset
from tests.domain.exports.meeting import french_meeting, hostile_meeting
from tests.domain.exports.strategies import meetings

Meeting = tuple[FusionDocument, DiarizationDocument]


def test_every_format_has_its_own_file() -> None:
    assert len({export.file_name for export in FORMATS.values()}) == len(FORMATS)
    assert all(name == export.name and export.description for name, export in FORMATS.items())


def test_scoring_files_are_where_others_look_for_them() -> None:
    assert FORMATS["rttm"].file_name == "diarization.rttm"
    assert FORMATS["stm"].file_name == "fusion.stm"


def test_without_a_diarization_every_format_can_be_written() -> None:
    document, _ = french_meeting()
    written = {name: export.write(Results(document), "fr") for name, export in FORMATS.items()}
    assert written.pop("rttm") == ""
    assert all(written.values())


def test_whisperx_has_exactly_the_keys_of_that_dialect() -> None:
    document, _ = french_meeting()
    page = json.loads(write_whisperx(document))
    assert set(page) == {"segments", "word_segments", "language"}
    named, nobody = page["segments"][0], page["segments"][-1]
    assert list(named) == ["start", "end", "text", "speaker", "words"]
    assert list(nobody) == ["start", "end", "text", "words"]
    assert list(named["words"][0]) == ["word", "start", "end", "score", "speaker"]
    assert page["word_segments"] == [word for segment in page["segments"] for word in segment["words"]]
    assert {segment.get("speaker") for segment in page["segments"]} == {
        "Claire Fontaine", "José-María O'Connor", "SPEAKER_01", None,
    }  # fmt: skip


def test_csv_reads_back_and_runs_no_formula() -> None:
    document, _ = hostile_meeting()
    rows = list(csv.reader(io.StringIO(write_csv(document).removeprefix("\ufeff"))))
    assert len(rows) == len(document.segments) + 1
    assert all(len(row) == 7 for row in rows)
    assert not any(cell.startswith(("=", "+", "-", "@")) for row in rows for cell in row)


@given(meetings())
@settings(deadline=None, max_examples=40)
def test_tokens_keep_every_visible_character_and_stay_in_the_segment(meeting: Meeting) -> None:
    document, _ = meeting
    for segment in document.segments:
        found = tokens(segment)
        typed = typeset(segment.text, segment.language)
        assert "".join("".join(token.text for token in found).split()) == "".join(typed.split())
        assert all(token.start_ms <= token.end_ms for token in found)
        assert all(segment.start * 1000 - 1 <= token.start_ms for token in found)
        assert all(token.end_ms <= segment.end * 1000 + 1 for token in found)


def test_a_token_has_the_time_of_the_words_it_was_made_of() -> None:
    document, _ = french_meeting()
    question = document.segments[2]
    last = tokens(question)[-1]
    assert last.text == "rendu\u202f?"
    assert last.start_ms == round(question.words[-2].start * 1000)
    assert last.end_ms == round(question.words[-1].end * 1000)


@given(meetings())
@settings(deadline=None, max_examples=40)
def test_plain_text_holds_every_segment_and_no_control_character(meeting: Meeting) -> None:
    document, _ = meeting
    page = write_text(document, "en")
    assert not any(ord(character) < 32 and character != "\n" for character in page)
    squeezed = "".join(page.split())
    for segment in document.segments:
        assert "".join(typeset(segment.text, segment.language).split()) in squeezed
