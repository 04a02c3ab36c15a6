"""PDF and Word files as text that a person can read and a test can compare: structure, properties, pages."""

import io
from collections.abc import Iterator
from typing import Any

import docx
import pypdf
from docx.oxml.ns import qn
from docx.table import Table

DECORATION = {"NonStruct", "Document", "Div", "Span"}


def read_pdf(content: bytes) -> pypdf.PdfReader:
    return pypdf.PdfReader(io.BytesIO(content))


def text_of(content: bytes) -> str:
    """All pages; ligatures and line breaks as they are printed."""
    return "\n".join(page.extract_text() for page in read_pdf(content).pages)


def pdf_as_text(content: bytes) -> str:
    """What it says of itself, its bookmarks, its structure, its pages."""
    reader = read_pdf(content)
    root: Any = reader.trailer["/Root"]
    assert reader.metadata is not None
    lines = [
        f"title: {reader.metadata.title}",
        f"language: {root['/Lang']}",
        f"created: {reader.metadata['/CreationDate']}",
        f"pages: {len(reader.pages)}",
        "",
        *(f"bookmark: {'  ' * depth}{title}" for depth, title in bookmarks(reader)),
        "",
        *(f"tags: {' '.join(tags)}" for tags in _by_dozens(structure(reader))),
    ]
    for number, page in enumerate(reader.pages, start=1):
        lines += ["", f"--- page {number} ---", page.extract_text()]
    return "\n".join(lines) + "\n"


def bookmarks(reader: pypdf.PdfReader) -> list[tuple[int, str]]:
    def walk(entries: Any, depth: int) -> Iterator[tuple[int, str]]:
        for entry in entries:
            if isinstance(entry, list):
                yield from walk(entry, depth + 1)
            else:
                yield depth, str(entry.title)

    return list(walk(reader.outline, 0))


def structure(reader: pypdf.PdfReader) -> list[str]:
    """Names of the tags in reading order, those without meaning left out."""

    def walk(element: Any) -> Iterator[str]:
        element = element.get_object() if hasattr(element, "get_object") else element
        if isinstance(element, list):
            for child in element:
                yield from walk(child)
        elif isinstance(element, dict):
            name = str(element.get("/S", "")).removeprefix("/")
            if name and name not in DECORATION:
                yield name
            if "/K" in element:
                yield from walk(element["/K"])

    return list(walk(reader.trailer["/Root"]["/StructTreeRoot"]))  # type: ignore[index]


def docx_as_text(content: bytes) -> str:
    """Properties, then every paragraph with its style and languages, and tables by rows."""
    document = docx.Document(io.BytesIO(content))
    properties = document.core_properties
    lines = [
        f"title: {properties.title}",
        f"language: {properties.language}",
        f"created: {properties.created}",
        f"author: {properties.author}",
        f"header: {document.sections[0].header.paragraphs[0].text}",
        f"footer: {document.sections[0].footer.paragraphs[0].text} {fields(document.sections[0].footer)}",
        "",
    ]
    for part in document.iter_inner_content():
        if isinstance(part, Table):
            header = [bool(row._tr.xpath("./w:trPr/w:tblHeader")) for row in part.rows]
            for is_header, row in zip(header, part.rows, strict=True):
                cells = " | ".join(cell.text for cell in row.cells)
                lines.append(f"{'table head' if is_header else 'table row'} | {cells}")
            continue
        style = part.style.name if part.style is not None else ""
        languages = [str(lang.get(qn("w:val")) or lang.get(qn("w:bidi")) or lang.get(qn("w:eastAsia")))
                     for lang in part._p.xpath(".//w:lang")]  # fmt: skip
        marks = [*dict.fromkeys(languages), *(["right to left"] if part._p.xpath("./w:pPr/w:bidi") else [])]
        told = f" ({', '.join(marks)})" if marks else ""
        lines.append(f"{style}{told} | {part.text}".replace("\t", "  →  "))
    return "\n".join(lines) + "\n"


def fields(footer: Any) -> list[str]:
    return [field.get(qn("w:instr")) for field in footer._element.iter(qn("w:fldSimple"))]


def _by_dozens(names: list[str]) -> Iterator[list[str]]:
    for start in range(0, len(names), 12):
        yield names[start : start + 12]
