"""Minutes as a Word document: real styles, so that who goes on writing in it changes a style and not every line.

Owns styles and structure: Title, headings, "Speaker" and "Speech" paragraphs, a table whose header row is marked, page
numbers as fields, the language of every passage (for spelling and screen readers). The same minutes make the same
bytes. Runs in the child (``child.py``).

Usage::

    content = write_docx(minutes.to_values())
"""

import io
import zipfile
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from docx import Document
from docx.document import Document as WordDocument
from docx.enum.style import WD_STYLE_TYPE
from docx.enum.table import WD_TABLE_ALIGNMENT
from docx.enum.text import WD_ALIGN_PARAGRAPH, WD_TAB_ALIGNMENT
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Length, Mm, Pt, RGBColor
from docx.styles.style import ParagraphStyle
from docx.table import Table, _Cell
from docx.text.paragraph import Paragraph
from docx.text.run import Run

SANS, SERIF = "Calibri", "Cambria"
"""In every Word; LibreOffice has faces of the same widths."""
INK, SOFT, ACCENT, LINE = "211E1A", "6B6459", "0E5F52", "D6D0C3"
INKS = ("235A94", "8F4F0E", "0D6654", "8F3180", "596313", "4C3A8F", "A52D21", "1F6580")
"""Of speakers, as in ``minutes.typ``."""
TEXT_WIDTH = Mm(160)
RIGHT_TO_LEFT = frozenset({"ar", "he", "fa", "ur", "ps", "yi", "ckb", "sd"})
REGIONS = {"fr": "fr-FR", "en": "en-GB", "de": "de-DE", "es": "es-ES", "it": "it-IT", "pt": "pt-PT", "nl": "nl-NL",
           "ar": "ar-SA", "he": "he-IL", "zh": "zh-CN", "ja": "ja-JP", "ko": "ko-KR", "ru": "ru-RU"}  # fmt: skip
"""Word knows regions, not languages; the most common one."""
_ZIP_DATE = (1980, 1, 1, 0, 0, 0)


def write_docx(values: Mapping[str, Any]) -> bytes:
    """``values``: of ``Minutes.to_values``."""
    document = Document()
    labels = values["labels"]
    _describe(document, values)
    _set_styles(document, values["language"])
    _set_pages(document, values)
    _head(document, values)
    if values["attendees"]:
        document.add_heading(_xml(labels["participants"]), 1)
        _attendees(document, values["attendees"], labels)
    document.add_heading(_xml(labels["transcript"]), 1)
    if not values["entries"]:
        document.add_paragraph(_xml(labels["nothing_said"]), "Note")
    _entries(document, values["entries"])
    document.add_heading(_xml(labels["about"]), 1)
    _facts(document, values["colophon"])
    return _packed(document)


def _describe(document: WordDocument, values: Mapping[str, Any]) -> None:
    properties = document.core_properties
    dated = datetime.fromisoformat(values["dated"]).replace(tzinfo=None)
    properties.title = _xml(values["title"])[:255]
    properties.subject = values["labels"]["kicker"]
    properties.language = REGIONS[values["language"]]
    properties.author = properties.last_modified_by = "Smart Meeting Scribe"
    properties.comments = properties.keywords = properties.category = ""
    properties.created = properties.modified = dated


def _set_styles(document: WordDocument, language: str) -> None:
    styles = document.styles
    defaults = styles.element.find(qn("w:docDefaults"))
    assert defaults is not None  # noqa: S101 -- in the template of python-docx
    lang = defaults.find(f".//{qn('w:lang')}")
    if lang is None:
        lang = OxmlElement("w:lang")
        defaults.find(f".//{qn('w:rPr')}").append(lang)
    lang.set(qn("w:val"), REGIONS[language])
    _style(document, "Normal", SANS, 10.5, after=4)
    _style(document, "Title", SERIF, 24, bold=True, after=10, colour=INK)
    title_borders = styles["Title"].element.pPr.find(qn("w:pBdr"))
    if title_borders is not None:
        styles["Title"].element.pPr.remove(title_borders)
    _style(document, "Subtitle", SANS, 9, bold=True, after=4, colour=ACCENT, caps=True)
    _style(document, "Heading 1", SANS, 13, bold=True, before=22, after=8, colour=INK)
    _style(document, "Heading 2", SANS, 9, bold=True, before=14, after=4, colour=ACCENT)
    _style(document, "Header", SANS, 8.5, colour=SOFT)
    _style(document, "Footer", SANS, 8.5, colour=SOFT)
    _style(document, "Fact", SANS, 10, after=2)
    _style(document, "Note", SANS, 9.5, after=6, colour=SOFT)
    speaker = _style(document, "Speaker", SANS, 10.5, bold=True, before=9, after=1)
    speaker.paragraph_format.keep_with_next = True
    speaker.paragraph_format.tab_stops.add_tab_stop(TEXT_WIDTH, WD_TAB_ALIGNMENT.RIGHT)
    speech = _style(document, "Speech", SERIF, 11, after=4)
    speech.paragraph_format.line_spacing = 1.15
    speech.paragraph_format.widow_control = True
    speaker.next_paragraph_style = speech
    fact = styles["Fact"].paragraph_format
    fact.tab_stops.add_tab_stop(Mm(42))
    fact.left_indent, fact.first_line_indent = Mm(42), Mm(-42)
    clock = styles.add_style("Time", WD_STYLE_TYPE.CHARACTER)
    clock.font.name, clock.font.size, clock.font.bold = SANS, Pt(8.5), False
    clock.font.color.rgb = RGBColor.from_string(SOFT)


def _style(
    document: WordDocument,
    name: str,
    font: str,
    size: float,
    *,
    bold: bool = False,
    caps: bool = False,
    before: float = 0,
    after: float = 0,
    colour: str = INK,
) -> ParagraphStyle:
    styles = document.styles
    style = styles[name] if name in styles else styles.add_style(name, WD_STYLE_TYPE.PARAGRAPH)
    assert isinstance(style, ParagraphStyle)  # noqa: S101 -- all named here are
    style.hidden, style.quick_style = False, True
    style.font.name, style.font.size, style.font.bold, style.font.italic = font, Pt(size), bold, False
    style.font.all_caps = caps or None
    style.font.color.rgb = RGBColor.from_string(colour)
    fonts = style.element.get_or_add_rPr().get_or_add_rFonts()
    for theme in ("asciiTheme", "hAnsiTheme", "eastAsiaTheme", "cstheme"):
        fonts.attrib.pop(qn(f"w:{theme}"), None)
    style.paragraph_format.space_before, style.paragraph_format.space_after = Pt(before), Pt(after)
    return style


def _set_pages(document: WordDocument, values: Mapping[str, Any]) -> None:
    section = document.sections[0]
    section.page_width, section.page_height = Mm(210), Mm(297)
    section.left_margin = section.right_margin = section.bottom_margin = Mm(25)
    section.top_margin = Mm(27)
    section.different_first_page_header_footer = True
    section.header.paragraphs[0].text = _xml(values["title"])[:90]
    for footer in (section.footer, section.first_page_footer):
        line = footer.paragraphs[0]
        line.paragraph_format.tab_stops.add_tab_stop(TEXT_WIDTH, WD_TAB_ALIGNMENT.RIGHT)
        line.add_run(f"{_xml(values['labels']['footer'])}\t")
        _field(line, "PAGE")
        line.add_run(" / ")
        _field(line, "NUMPAGES")


def _field(paragraph: Paragraph, instruction: str) -> None:
    """A number that Word counts; "1" until it has."""
    field = OxmlElement("w:fldSimple")
    field.set(qn("w:instr"), instruction)
    run = OxmlElement("w:r")
    text = OxmlElement("w:t")
    text.text = "1"
    run.append(text)
    field.append(run)
    paragraph._p.append(field)  # noqa: SLF001 -- python-docx has no fields


def _head(document: WordDocument, values: Mapping[str, Any]) -> None:
    document.add_paragraph(_xml(values["labels"]["kicker"]), "Subtitle")
    title = document.add_paragraph(_xml(values["title"]), "Title")
    if len(values["title"]) > 80:
        title.runs[0].font.size = Pt(16)
    _facts(document, values["facts"])
    for index, notice in enumerate(values["notices"]):
        paragraph = document.add_paragraph(_xml(notice), "Note")
        if index == 0:
            paragraph.paragraph_format.space_before = Pt(10)


def _facts(document: WordDocument, facts: list[dict[str, str]]) -> None:
    for fact in facts:
        paragraph = document.add_paragraph(style="Fact")
        label = paragraph.add_run(f"{_xml(fact['label'])}\t")
        label.font.color.rgb = RGBColor.from_string(SOFT)
        paragraph.add_run(_xml(fact["text"]))


def _attendees(document: WordDocument, attendees: list[dict[str, Any]], labels: Mapping[str, str]) -> None:
    columns = [("participant", "name"), ("talk_time", "talk_time"), ("share", "share_text")]
    columns += [("identity", "identity")] if labels["identity"] else []
    table = document.add_table(1 + len(attendees), len(columns))
    table.alignment = WD_TABLE_ALIGNMENT.LEFT
    _rule(table)
    widths = (Mm(74), Mm(30), Mm(20), Mm(36))
    cells = list(_rows(table))
    for index, (label, field) in enumerate(columns):
        _fill(
            cells[0][index],
            labels[label],
            widths[index],
            colour=SOFT,
            to_the_right=field in {"talk_time", "share_text"},
        )
        for row, attendee in zip(cells[1:], attendees, strict=True):
            is_name = field == "name"
            colour = INKS[attendee["colour"]] if is_name and attendee["colour"] is not None else INK
            _fill(row[index], attendee[field], widths[index], colour=colour, bold=is_name,
                  to_the_right=field in {"talk_time", "share_text"})  # fmt: skip
    header = table.rows[0]._tr.get_or_add_trPr()  # noqa: SLF001 -- python-docx cannot mark it
    header.append(OxmlElement("w:cantSplit"))
    header.append(OxmlElement("w:tblHeader"))


def _rows(table: Table) -> Iterator[list[_Cell]]:
    """``table.cell`` counts all cells anew each time."""
    width, cells = len(table.columns), table._cells  # noqa: SLF001
    for start in range(0, len(cells), width):
        yield cells[start : start + width]


def _fill(
    cell: _Cell, text: str, width: Length, *, colour: str, bold: bool = False, to_the_right: bool = False
) -> None:
    cell.width = width
    paragraph = cell.paragraphs[0]
    paragraph.paragraph_format.space_before = paragraph.paragraph_format.space_after = Pt(3)
    if to_the_right:
        paragraph.alignment = WD_ALIGN_PARAGRAPH.RIGHT
    run = paragraph.add_run(_xml(text))
    run.bold = bold
    run.font.color.rgb = RGBColor.from_string(colour)


def _rule(table: Table) -> None:
    """Thin lines between the rows and none between the columns."""
    borders = OxmlElement("w:tblBorders")
    for side in ("bottom", "insideH"):
        border = OxmlElement(f"w:{side}")
        for name, value in (("val", "single"), ("sz", "4"), ("space", "0"), ("color", LINE)):
            border.set(qn(f"w:{name}"), value)
        borders.append(border)
    table._tbl.tblPr.find(qn("w:tblLook")).addprevious(borders)  # noqa: SLF001 -- python-docx has no borders


def _entries(document: WordDocument, entries: list[dict[str, Any]]) -> None:
    speaker, speech, note = (document.styles[name].style_id for name in ("Speaker", "Speech", "Note"))
    clock = document.styles["Time"].style_id
    for entry in entries:
        if entry["landmark"]:
            document.add_heading(entry["landmark"], 2)
        if entry["note"]:
            line = _paragraph(document, note)
            line.add_run(f"[{_xml(entry['note'])}]  ")
            _stamp(line, entry["clock"], clock)
            continue
        colour = INKS[entry["colour"]] if entry["colour"] is not None else SOFT
        line = _paragraph(document, speaker)
        line.add_run(_xml(entry["name"])).font.color.rgb = RGBColor.from_string(colour)
        _stamp(line, f"\t{entry['clock']}", clock)
        for block in entry["blocks"]:
            _speech(_paragraph(document, speech), block, clock)


def _paragraph(document: WordDocument, style_id: str) -> Paragraph:
    """At the end. ``document.add_paragraph`` looks for the end from the start: 16 s for ten thousand segments."""
    body = document.element.body
    element = OxmlElement("w:p")
    element.style = style_id
    body[-1].addprevious(element)  # before the properties of the section, which stand last
    return Paragraph(element, document._body)  # noqa: SLF001


def _stamp(paragraph: Paragraph, text: str, style_id: str) -> None:
    """By the style's id: for its name python-docx would read all styles each time."""
    paragraph.add_run(text)._r.style = style_id  # noqa: SLF001


def _speech(paragraph: Paragraph, block: Mapping[str, Any], clock: str) -> None:
    if block["clock"]:
        _stamp(paragraph, f"{block['clock']}  ", clock)
    runs = block["runs"]
    if runs and runs[0]["language"] in RIGHT_TO_LEFT:
        paragraph._p.get_or_add_pPr().append(OxmlElement("w:bidi"))  # noqa: SLF001
    for index, spoken in enumerate(runs):
        run = paragraph.add_run((" " if index else "") + _xml(spoken["text"]))
        _set_language(run, spoken["language"])


def _set_language(run: Run, language: str) -> None:
    properties = run._r.get_or_add_rPr()  # noqa: SLF001 -- python-docx knows no languages
    if language in RIGHT_TO_LEFT:
        properties.append(OxmlElement("w:rtl"))
    lang = OxmlElement("w:lang")
    kind = "bidi" if language in RIGHT_TO_LEFT else "eastAsia" if language in {"zh", "ja", "ko"} else "val"
    lang.set(qn(f"w:{kind}"), REGIONS.get(language, _xml(language)))
    properties.append(lang)


def _xml(text: str) -> str:
    """Without what XML 1.0 cannot hold."""
    return "".join(character for character in text if character >= " " and character not in "\ufffe\uffff")


def _packed(document: WordDocument) -> bytes:
    """With one date in all entries: python-docx writes the moment, and the same document would never be the same."""
    plain, fixed = io.BytesIO(), io.BytesIO()
    document.save(plain)
    with zipfile.ZipFile(plain) as source, zipfile.ZipFile(fixed, "w", zipfile.ZIP_DEFLATED) as target:
        for name in source.namelist():
            target.writestr(zipfile.ZipInfo(name, _ZIP_DATE), source.read(name), zipfile.ZIP_DEFLATED)
    return fixed.getvalue()
