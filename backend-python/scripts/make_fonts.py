"""Makes the fonts of the PDF export, ``scribe/adapters/typesetting/fonts``, from the web interface's font packages.

The minutes are set in the faces of the web interface. A browser reads them as variable WOFF2 files, one an alphabet;
typst reads TrueType files of one weight. So each weight is cut out of the variable fonts, the alphabets are put
together again, and the narrow spaces of French typography, which the packages leave out, are drawn (they are blank).
The fonts bear names of their own: the Open Font License wants that of changed fonts, and no other version that happens
to be installed on a machine can take their place.

Usage, once, with ``fonttools`` and ``brotli`` in any virtual environment::

    python scripts/make_fonts.py ../frontend-nextjs/node_modules/@fontsource-variable
"""

import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from fontTools.merge import Merger
from fontTools.ttLib import TTFont
from fontTools.varLib.instancer import instantiateVariableFont

TARGET = Path(__file__).resolve().parents[1] / "scribe" / "adapters" / "typesetting" / "fonts"
FACES = (
    # package, family, style, weight, optical size in points
    ("inter", "Scribe Sans", "Regular", 400, 14.0),
    ("inter", "Scribe Sans", "SemiBold", 600, 14.0),
    ("source-serif-4", "Scribe Serif", "Regular", 400, 11.0),
    ("source-serif-4", "Scribe Serif", "SemiBold", 600, 11.0),
    ("source-serif-4", "Scribe Serif Display", "SemiBold", 600, 28.0),
)
ALPHABETS = ("latin", "latin-ext", "vietnamese", "greek", "cyrillic", "cyrillic-ext")
DISPLAY_ALPHABETS = ("latin", "latin-ext")
SPACES = {0x2007: "zero", 0x2009: 0.2, 0x200A: 0.1, 0x202F: 0.18}
"""Character to its width: in ems, or that of a glyph."""
SAME_AS = {0x2010: 0x2D, 0x2011: 0x2D}
"""Hyphen and no-break hyphen look like the hyphen-minus."""
COPYRIGHT = {
    "inter": "Copyright 2016 The Inter Project Authors (https://github.com/rsms/inter)",
    "source-serif-4": "Copyright 2014-2023 Adobe (http://www.adobe.com/)",
}
ORIGIN = {"inter": "Inter", "source-serif-4": "a serif family by Adobe"}
EPOCH = 3_800_000_000
"""A fixed `head.modified` (seconds since 1904), so that the same packages make the same files."""


def main() -> int:
    packages = Path(sys.argv[1])
    TARGET.mkdir(parents=True, exist_ok=True)
    for package, family, style, weight, size in FACES:
        alphabets = DISPLAY_ALPHABETS if family.endswith("Display") else ALPHABETS
        with TemporaryDirectory() as folder:
            parts = [_part(packages / package / "files", package, alphabet, weight, size, Path(folder))
                     for alphabet in alphabets]  # fmt: skip
            font = Merger().merge([str(part) for part in parts])
        _add_spaces(font)
        _rename(font, package, family, style, weight)
        font["head"].created = font["head"].modified = EPOCH
        font.recalcTimestamp = False
        file = TARGET / f"{family.replace(' ', '')}-{style}.ttf"
        font.save(file)
        print(f"{file.name}: {len(font.getBestCmap())} characters, {file.stat().st_size // 1024} kB")
    return 0


def _part(files: Path, package: str, alphabet: str, weight: int, size: float, folder: Path) -> Path:
    font = TTFont(files / f"{package}-{alphabet}-opsz-normal.woff2")
    font = instantiateVariableFont(font, {"wght": weight, "opsz": size}, inplace=True)
    font.flavor = None
    for table in ("STAT", "DSIG", "gasp", "prep", "fpgm", "cvt ", "meta"):
        if table in font:
            del font[table]
    path = folder / f"{alphabet}.ttf"
    font.save(path)
    return path


def _add_spaces(font: TTFont) -> None:
    em = font["head"].unitsPerEm
    known = font.getBestCmap()
    tables = [table for table in font["cmap"].tables if table.isUnicode()]
    order = font.getGlyphOrder()
    blank = font["glyf"][known[0x20]]
    for character, width in SPACES.items():
        if character in known:
            continue
        name = f"uni{character:04X}"
        advance = font["hmtx"][known[ord("0")]][0] if isinstance(width, str) else round(em * width)
        font["glyf"][name] = blank
        font["hmtx"][name] = (advance, 0)
        if name not in order:
            order.append(name)
        for table in tables:
            table.cmap[character] = name
    for character, model in SAME_AS.items():
        for table in tables:
            table.cmap.setdefault(character, known[model])
    font.setGlyphOrder(order)
    font["maxp"].numGlyphs = len(order)


def _rename(font: TTFont, package: str, family: str, style: str, weight: int) -> None:
    names = font["name"]
    names.names = []
    postscript = f"{family.replace(' ', '')}-{style}"
    basic_family, basic_style = (family, "Regular") if style == "Regular" else (f"{family} {style}", "Regular")
    texts = {
        0: COPYRIGHT[package],
        1: basic_family,
        2: basic_style,
        3: postscript,
        4: f"{family} {style}",
        5: "Version 1.0",
        6: postscript,
        10: f"Made from {ORIGIN[package]}: one weight, with narrow spaces added.",
        13: "This Font Software is licensed under the SIL Open Font License, Version 1.1.",
        14: "https://openfontlicense.org",
        16: family,
        17: style,
    }
    for number, text in texts.items():
        names.setName(text, number, 3, 1, 0x409)
    font["OS/2"].usWeightClass = weight
    font["OS/2"].fsSelection = 0x40 | (font["OS/2"].fsSelection & 0x80)
    font["head"].macStyle = 0


if __name__ == "__main__":
    sys.exit(main())
