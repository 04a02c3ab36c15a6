"""The minutes as PDF: what stands on the pages, that screen readers find their way, that nothing said is mark-up."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scribe.adapters.typesetting.pdf import write_pdf
from scribe.domain.coverage import Coverage
from scribe.domain.exports.minutes import MeetingFacts, minutes_of
from scribe.domain.results import FusionDocument
from scribe.domain.typography import ReadingLanguage
from scribe.domain.voices import Identification
from tests.adapters.typesetting.reading import bookmarks, pdf_as_text, read_pdf, structure, text_of
from tests.domain.exports.meeting import french_meeting, fusion_document, hostile_meeting, line, run_facts
from tests.domain.exports.test_golden import GOLDEN, check

FACTS = MeetingFacts(title="Comité du 21 novembre", held_on=date(2026, 11, 20), num_corrections=3)


def pages(document: FusionDocument, language: ReadingLanguage = "fr", facts: MeetingFacts = FACTS) -> bytes:
    """With the fonts of the package only: the same on every machine."""
    return write_pdf(minutes_of(document, language, facts).to_values(), with_system_fonts=False)


def spoken(*texts: tuple[str, str], name: str = "Claire Fontaine", duration_s: float = 600.0) -> FusionDocument:
    """Each text, in its language, said by one person."""
    segments = [line(i * 2.0, i * 2.0 + 1.5, 0, text, language) for i, (text, language) in enumerate(texts)]
    named = {0: Identification(name, 0.8, None, None, "matched")}
    coverage = Coverage(duration_s, 1.5 * len(texts), 0.0, 0.0, duration_s - 1.5 * len(texts), ())
    return fusion_document(segments, coverage, named, run_facts("réunion.m4a", duration_s))[0]


@pytest.mark.parametrize("language", ["fr", "en"])
@pytest.mark.parametrize("meeting", ["french", "hostile"])
def test_the_pages_are_what_they_were(meeting: str, language: ReadingLanguage) -> None:
    document, facts = (french_meeting()[0], FACTS) if meeting == "french" else (hostile_meeting()[0], MeetingFacts())
    check(GOLDEN / f"{meeting}.{language}.pdf.txt", pdf_as_text(pages(document, language, facts)))


def test_the_same_minutes_make_the_same_bytes() -> None:
    assert pages(french_meeting()[0]) == pages(french_meeting()[0])


@pytest.mark.parametrize("language", ["fr", "en"])
def test_screen_readers_are_told_what_they_need(language: ReadingLanguage) -> None:
    """Of PDF/UA-1 (ISO 14289-1, section 7) what can be looked up; typst refuses to write what breaks the rest."""
    reader = read_pdf(pages(french_meeting()[0], language))
    root: Any = reader.trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"]
    assert root["/Lang"] == language
    assert root["/ViewerPreferences"]["/DisplayDocTitle"]
    xmp = root["/Metadata"].get_data().decode()
    assert "<pdfuaid:part>1</pdfuaid:part>" in xmp
    assert "Comité du 21 novembre" in xmp
    tags = structure(reader)
    assert tags[0] == "H1"
    assert tags.count("H1") == 1
    assert tags.count("Table") == tags.count("THead") == 1
    assert all(page["/Tabs"] == "/S" for page in reader.pages)
    fonts = [font.get_object() for page in reader.pages for font in page["/Resources"]["/Font"].values()]  # type: ignore[index]
    assert all("/ToUnicode" in font for font in fonts)


def test_a_long_meeting_has_bookmarks_every_ten_minutes_and_a_header_on_its_later_pages() -> None:
    segments = [
        line(i * 20.0, i * 20.0 + 18, i % 3, "Je propose de reprendre point par point. " * 4) for i in range(120)
    ]
    names = {i: Identification(f"Personne {i}", 0.8, None, None, "matched") for i in range(3)}
    coverage = Coverage(2400.0, 2160.0, 0.0, 0.0, 240.0, ())
    document, _ = fusion_document(segments, coverage, names, run_facts("longue.m4a", 2400.0))
    reader = read_pdf(pages(document))
    assert [title for depth, title in bookmarks(reader) if depth == 2] == ["00:10:00", "00:20:00", "00:30:00"]
    texts = [page.extract_text() for page in reader.pages]
    assert len(texts) > 5
    assert all(FACTS.title in text for text in texts[1:])
    assert all(f"{number} / {len(texts)}" in text for number, text in enumerate(texts, start=1))


@pytest.mark.parametrize(
    "text",
    [
        "#set page(fill: red)", '#panic("x")', "$ sum_(i=1) $", "@missing <label>", "*bold* _it_ `raw`", "// comment",
        "/* x */ = Heading", "- list + enum / term: x", "\\u{41} \\", "#import \"/etc/passwd\"",
        "#read(\"minutes.typ\")", "[content] {code} ~ -- ---", "sys.inputs", "https://example.org/a?b=c#d",
    ],
)  # fmt: skip
def test_what_people_say_is_never_mark_up(text: str) -> None:
    page = text_of(pages(spoken((text, "en"), name=text), "en", MeetingFacts(title=text)))
    assert page.count(text) == 4  # title, participant, speaker, speech


@settings(deadline=None, max_examples=25)
@given(
    st.text(min_size=1, max_size=60), st.text(max_size=60), st.text(max_size=20),
    st.sampled_from(["fr", "en", "ar", "zh", "tlh", "e\x00", "français"]),
)  # fmt: skip
def test_any_text_can_be_laid_out(text: str, name: str, title: str, code: str) -> None:
    document = spoken((text, code), name=name)
    assert pages(document, "fr", MeetingFacts(title=title)).startswith(b"%PDF")


def test_a_character_that_no_font_has_is_told_on_the_first_page() -> None:
    lacking = pages(spoken(("大家好，我们开始开会吧。", "zh")))
    first = read_pdf(lacking).pages[0].extract_text()
    assert "scribe doctor" in first
    assert "scribe doctor" not in text_of(pages(spoken(("Bonjour à tous.", "fr"))))


@pytest.mark.parametrize(
    ("text", "code"),
    [("مرحبا بالجميع، لنبدأ الاجتماع الآن.", "ar"), ("שלום לכולם, נתחיל.", "he"), ("Доброе утро, коллеги.", "ru"),
     ("Καλημέρα σε όλους.", "el"), ("Xin chào mọi người, chúng ta bắt đầu.", "vi"), ("Zażółć gęślą jaźń.", "pl")],
)  # fmt: skip
def test_these_alphabets_need_no_font_of_the_system(text: str, code: str) -> None:
    assert "scribe doctor" not in text_of(pages(spoken((text, code))))


def test_french_has_its_narrow_spaces_and_is_hyphenated_in_french() -> None:
    long = "L’intergouvernementalisation constitutionnelle recommande anticonstitutionnellement : vraiment ? " * 6
    page = text_of(pages(spoken((long, "fr"))))
    assert "vraiment\u202f?" in page.replace("\n", " ")
    assert any(row.endswith("\xad") for row in page.splitlines())  # a soft hyphen: whoever copies gets the word


def test_words_without_a_blank_stay_on_the_page() -> None:
    """They ran off the right margin."""
    reader = read_pdf(pages(spoken(("a" * 300, "fr"), name="N" * 200), facts=replace(FACTS, title="T" * 300)))
    rows = [row for page in reader.pages for row in page.extract_text().splitlines()]
    assert max(len(row) for row in rows) < 120


def test_nobody_and_nothing_can_be_laid_out() -> None:
    nobody = [line(i * 3.0, i * 3 + 2, None, "Bonjour à tous.") for i in range(3)]
    coverage = Coverage(40.0, 6.0, 0.0, 0.0, 34.0, ())
    bare, _ = fusion_document(nobody, coverage, {}, run_facts("x.wav", 40.0))
    page = text_of(pages(bare))
    assert "Participants" not in page
    assert "Bonjour à tous." in page
    empty, _ = fusion_document([], Coverage(40.0, 0.0, 0.0, 0.0, 40.0, ()), {}, run_facts("x.wav", 40.0))
    assert "Aucune parole n’a été entendue" in text_of(pages(empty))
