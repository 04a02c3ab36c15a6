"""Every format, whole, compared with a file that a person has read.

After a wanted change: ``REWRITE_GOLDEN=1 pytest tests/domain/exports/test_golden.py``, then read the difference.
"""

import os
from pathlib import Path

import pytest

from scribe.domain.exports import FORMATS, Results
from scribe.domain.results import read_document
from scribe.domain.typography import ReadingLanguage
from tests.domain.exports.meeting import french_meeting, hostile_meeting

GOLDEN = Path(__file__).with_name("golden")
SPEAKS_A_LANGUAGE = {"md", "txt"}
MEETINGS = {"french": french_meeting, "hostile": hostile_meeting}


def cases() -> list[tuple[str, str, ReadingLanguage]]:
    languages: tuple[ReadingLanguage, ...] = ("fr", "en")
    return [
        (meeting, name, language)
        for meeting in MEETINGS
        for name in FORMATS
        for language in (languages if name in SPEAKS_A_LANGUAGE else languages[:1])
    ]


def check(path: Path, text: str) -> None:
    if os.environ.get("REWRITE_GOLDEN"):
        path.write_bytes(text.encode())
    assert text == path.read_bytes().decode()


@pytest.mark.parametrize(("meeting", "name", "language"), cases())
def test_the_format_is_what_it_was(meeting: str, name: str, language: ReadingLanguage) -> None:
    language_part = f".{language}" if name in SPEAKS_A_LANGUAGE else ""
    file_name = FORMATS[name].file_name
    text = FORMATS[name].write(Results(*MEETINGS[meeting]()), language)
    check(GOLDEN / f"{meeting}{language_part}.{file_name}", text)


@pytest.mark.parametrize("meeting", MEETINGS)
def test_the_documents_are_what_they_were(meeting: str) -> None:
    fusion, diarization = MEETINGS[meeting]()
    check(GOLDEN / f"{meeting}.fusion.json", fusion.to_json())
    check(GOLDEN / f"{meeting}.diarization.json", diarization.to_json())


@pytest.mark.parametrize("kind", ["fusion", "diarization"])
def test_a_document_of_schema_1_0_is_read_as_one_of_today(kind: str) -> None:
    older = (GOLDEN / f"french-1.0.{kind}.json").read_text(encoding="utf-8")
    assert '"schema_version": "1.0"' in older
    assert read_document(older) == dict(zip(("fusion", "diarization"), french_meeting(), strict=True))[kind]
