"""The minutes as a Word document: styles, languages, marked table head, fields; nothing said breaks the file."""

import io
import zipfile
from datetime import date

import docx
import pytest
from docx.document import Document as WordDocument
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from scribe.adapters.typesetting.word import write_docx
from scribe.domain.exports.minutes import MeetingFacts, minutes_of
from scribe.domain.results import FusionDocument
from scribe.domain.typography import ReadingLanguage
from tests.adapters.typesetting.reading import docx_as_text, fields
from tests.adapters.typesetting.test_pages import FACTS, spoken
from tests.domain.exports.meeting import french_meeting, hostile_meeting
from tests.domain.exports.test_golden import GOLDEN, check


def written(document: FusionDocument, language: ReadingLanguage = "fr", facts: MeetingFacts = FACTS) -> bytes:
    return write_docx(minutes_of(document, language, facts).to_values())


def opened(content: bytes) -> WordDocument:
    return docx.Document(io.BytesIO(content))


@pytest.mark.parametrize("language", ["fr", "en"])
@pytest.mark.parametrize("meeting", ["french", "hostile"])
def test_the_document_is_what_it_was(meeting: str, language: ReadingLanguage) -> None:
    document, facts = (french_meeting()[0], FACTS) if meeting == "french" else (hostile_meeting()[0], MeetingFacts())
    check(GOLDEN / f"{meeting}.{language}.docx.txt", docx_as_text(written(document, language, facts)))


def test_the_same_minutes_make_the_same_bytes() -> None:
    assert written(french_meeting()[0]) == written(french_meeting()[0])


def test_structure_is_styles_not_looks() -> None:
    document = opened(written(french_meeting()[0]))
    used = {paragraph.style.name for paragraph in document.paragraphs if paragraph.style is not None}
    assert {"Title", "Subtitle", "Heading 1", "Speaker", "Speech", "Fact", "Note"} == used
    assert [row._tr.xpath("./w:trPr/w:tblHeader") != [] for row in document.tables[0].rows] == [True] + [False] * 3
    section = document.sections[0]
    assert fields(section.footer) == fields(section.first_page_footer) == ["PAGE", "NUMPAGES"]
    assert section.header.paragraphs[0].text == FACTS.title
    assert section.first_page_header.paragraphs[0].text == ""


def test_every_part_is_xml_that_word_may_read() -> None:
    """Word is stricter than LibreOffice: the order of properties is fixed (ECMA-376, CT_PPr, CT_RPr, CT_TblPr)."""
    content = written(hostile_meeting()[0])
    orders = {
        "pPr": ["pStyle", "keepNext", "pBdr", "tabs", "bidi", "spacing", "ind", "jc", "rPr"],
        "rPr": ["rStyle", "rFonts", "b", "i", "caps", "color", "sz", "szCs", "rtl", "lang"],
        "tblPr": ["tblStyle", "tblW", "jc", "tblBorders", "tblLayout", "tblLook"],
        "trPr": ["cantSplit", "tblHeader"],
    }
    with zipfile.ZipFile(io.BytesIO(content)) as parts:
        assert parts.testzip() is None
        tree = etree.fromstring(parts.read("word/document.xml"))
    for element in tree.iter():
        wanted = orders.get(etree.QName(element).localname)
        if wanted is not None:
            names = [etree.QName(child).localname for child in element]
            assert set(names) <= set(wanted), names
            assert names == sorted(names, key=wanted.index), names


@settings(deadline=None, max_examples=25)
@given(
    st.text(min_size=1, max_size=60), st.text(max_size=60), st.text(max_size=20), st.sampled_from(["fr", "ar", "e\x00"])
)
def test_any_text_can_be_written(text: str, name: str, title: str, code: str) -> None:
    document = opened(
        written(spoken((text, code), name=name), "fr", MeetingFacts(title=title, held_on=date(2026, 1, 1)))
    )
    assert document.paragraphs[0].text == "Transcription de réunion"
