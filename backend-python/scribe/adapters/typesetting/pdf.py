"""Minutes as PDF: typst lays them out, tagged and readable by screen readers (PDF/UA-1).

Owns how the template is fed and which fonts it may use; the template is ``minutes.typ``. What people said goes in as
data and never becomes mark-up. The same minutes make the same pages wherever the same fonts are. Runs in the child
(``child.py``): typst keeps what it has laid out in memory.

Usage::

    content = write_pdf(minutes.to_values())
"""

import json
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).resolve().parent
FONTS = FOLDER / "fonts"
TEMPLATE = FOLDER / "minutes.typ"
_NO_GLYPH = "could not be displayed with"


SYSTEM_FONTS = {
    "Chinese, Japanese and Korean": ("Noto Sans CJK SC", "Noto Sans CJK JP"),
    "emoji": ("Noto Color Emoji",),
    "Hindi, Thai and other alphabets": ("Noto Sans Devanagari", "Noto Sans Thai"),
}
"""What is not shipped: what for, and the families of which one is needed."""


def missing_scripts() -> list[str]:
    """What the minutes cannot draw on this machine."""
    import typst

    known = set(typst.Fonts(include_system_fonts=True, font_paths=[FONTS]).families())
    return [script for script, families in SYSTEM_FONTS.items() if known.isdisjoint(families)]


def write_pdf(values: Mapping[str, Any], *, with_system_fonts: bool = True) -> bytes:
    """``values``: of ``Minutes.to_values``.

    Where a character is in no font, PDF/UA-1 cannot be promised: the pages then say so and show a box in its place.
    """
    import typst

    dated = datetime.fromisoformat(values["dated"])
    moment = [dated.year, dated.month, dated.day, dated.hour, dated.minute, dated.second]
    compiler = typst.Compiler(TEMPLATE, root=FOLDER, font_paths=[FONTS], ignore_system_fonts=not with_system_fonts)
    inputs = {"minutes": json.dumps({**values, "moment": moment}, ensure_ascii=False)}
    try:
        return _compiled(compiler, inputs, dated, ["ua-1"])
    except typst.TypstError as error:
        if _NO_GLYPH not in f"{error.message} {error.diagnostic}":
            raise
    return _compiled(compiler, {**inputs, "lacks-glyphs": "yes"}, dated, [])


def _compiled(compiler: Any, inputs: dict[str, str], dated: datetime, standards: list[str]) -> bytes:
    content = compiler.compile(format="pdf", sys_inputs=inputs, pdf_standards=standards, timestamp=dated)
    assert isinstance(content, bytes)  # noqa: S101 -- one PDF is one file
    return content
