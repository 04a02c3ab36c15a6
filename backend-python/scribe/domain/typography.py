"""How text, dates, durations and numbers look in what people read, in French and in English.

Owns the typographic rules and nothing else; the JSON documents keep every word as the engine wrote it, only reading
formats pass through here. Every function is pure and changes nothing the second time.

French (Imprimerie nationale, and the project's conventions): a narrow no-break space, U+202F, before ``; : ! ?`` and
inside « », paired straight quotes become « », numbers take a comma. English: no space before ``; : ! ?``. Both: a
typographic apostrophe. Other languages are left as they are. No rule adds or removes a visible character, so the
n-th visible character of a text stays the n-th: the subtitles find a word's time by it.

Usage::

    typeset("Qu'en dis-tu ?", "fr")             # "Qu’en dis-tu\u202f?"
    format_duration(3725, "fr")                 # "1 h 02 min", held together by no-break spaces
"""

import re
import unicodedata
from datetime import datetime
from typing import Literal

ReadingLanguage = Literal["fr", "en"]
"""The languages in which headings, dates and notes can be written."""

NO_BREAK_SPACE = "\u00a0"
NARROW_NO_BREAK_SPACE = "\u202f"
APOSTROPHE = "\u2019"

_GLUE = f"[ {NO_BREAK_SPACE}{NARROW_NO_BREAK_SPACE}]"
_BIDI_OVERRIDES = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""Unpaired, they reorder everything after them on the page ("Trojan Source", CVE-2021-42574). Right-to-left letters
carry their own direction and need none of them."""
_BLANK_CATEGORIES = frozenset({"Cc", "Cs", "Zl", "Zp"})
"""Controls, lone surrogates, line and paragraph separators: blank on a page, dangerous in a line-based format."""

_MONTHS: dict[ReadingLanguage, tuple[str, ...]] = {
    "fr": (
        "janvier", "février", "mars", "avril", "mai", "juin",
        "juillet", "août", "septembre", "octobre", "novembre", "décembre",
    ),
    "en": (
        "January", "February", "March", "April", "May", "June",
        "July", "August", "September", "October", "November", "December",
    ),
}  # fmt: skip


def reading_language(code: str | None) -> ReadingLanguage:
    """In which of our languages to write for people who speak ``code`` (ISO 639-1)."""
    return "fr" if code is not None and code.lower().split("-")[0] == "fr" else "en"


def single_line(text: str) -> str:
    """Text that cannot leave its line: blanks collapsed, controls and direction overrides gone."""
    kept = (
        " " if unicodedata.category(character) in _BLANK_CATEGORIES else character
        for character in text
        if character not in _BIDI_OVERRIDES
    )
    return re.sub(r"[ \t]+", " ", "".join(kept)).strip(" ")


def typeset(text: str, language: str) -> str:
    """One line of text with the punctuation of its language (ISO 639-1)."""
    line = single_line(text)
    code = language.lower().split("-")[0]
    if code == "fr":
        return _typeset_french(line)
    return _typeset_english(line) if code == "en" else line


def _typeset_french(line: str) -> str:
    line = _curl_apostrophes(line)
    # A pair of straight quotes around words; 5" (inches) and a lone quote stay.
    line = re.sub(r'(?<!\w)"(?![\s"])([^"«»]*[^\s"«»])"(?!\w)', r"«\1»", line)
    line = re.sub(rf"«{_GLUE}*(?=\S)", f"«{NARROW_NO_BREAK_SPACE}", line)
    line = re.sub(rf"(?<=\S){_GLUE}*»", f"{NARROW_NO_BREAK_SPACE}»", line)
    # ; ! ? close a word or follow it after a blank; inside a word (an address, a formula) they are none of ours.
    line = re.sub(rf"(?<=[\w)\]»”’…%€$.]){_GLUE}*([;!?]+)(?![\w/=&])", rf"{NARROW_NO_BREAK_SPACE}\1", line)
    # A colon only before a blank or the end: 10:30 and https:// keep theirs.
    return re.sub(rf"(?<=[\w)\]»”’…%€$.]){_GLUE}*:(?=\s|$)", f"{NARROW_NO_BREAK_SPACE}:", line)


def _typeset_english(line: str) -> str:
    line = _curl_apostrophes(line)
    return re.sub(rf"(?<=[\w)\]”’…%]){_GLUE}+([;:!?]+)(?=\s|$)", r"\1", line)


def _curl_apostrophes(line: str) -> str:
    """Between letters, or at a word's end after one (``the students' room``): 6' and 'quoted' stay."""
    line = re.sub(r"(?<=[^\W\d_])'(?=[^\W_])", APOSTROPHE, line)
    return line if re.search(r"(?<!\w)'", line) else re.sub(r"(?<=[^\W\d_])'(?=\s|$)", APOSTROPHE, line)


def format_date(when: datetime, language: ReadingLanguage) -> str:
    """``21 novembre 2026``, ``21 November 2026``; the first of a French month is ``1er``."""
    day = "1er" if language == "fr" and when.day == 1 else str(when.day)
    return f"{day}{NO_BREAK_SPACE}{_MONTHS[language][when.month - 1]} {when.year}"


def format_time_of_day(when: datetime, language: ReadingLanguage) -> str:
    """``14 h 03``, ``14:03``."""
    glue = NO_BREAK_SPACE
    return f"{when.hour}{glue}h{glue}{when.minute:02d}" if language == "fr" else f"{when.hour:02d}:{when.minute:02d}"


def format_duration(seconds: float, language: ReadingLanguage) -> str:
    """``1 h 02 min``, ``12 min 04 s``, ``8 s``, ``0,4 s``: two units at most, held together by no-break spaces."""
    glue = NO_BREAK_SPACE
    if 0 < seconds < 1:
        tenths = max(round(seconds * 10), 1)
        return f"{format_decimal(tenths / 10, 1, language)}{glue}s" if tenths < 10 else f"1{glue}s"
    total_s = round(seconds)
    if total_s < 60:
        return f"{total_s}{glue}s"
    if total_s < 3600:
        minutes, rest_s = divmod(total_s, 60)
        return f"{minutes}{glue}min" + (f"{glue}{rest_s:02d}{glue}s" if rest_s else "")
    hours, minutes = divmod(round(seconds / 60), 60)
    return f"{hours}{glue}h" + (f"{glue}{minutes:02d}{glue}min" if minutes else "")


def format_clock(seconds: float) -> str:
    """``HH:MM:SS``, rounded down: a time to seek to must not lie after what is sought."""
    whole_s = int(seconds)
    return f"{whole_s // 3600:02d}:{whole_s // 60 % 60:02d}:{whole_s % 60:02d}"


def format_percent(share: float, language: ReadingLanguage) -> str:
    """``42 %`` in French, ``42%`` in English; something is never shown as nothing."""
    number = "<1" if 0 < share < 0.005 else str(round(share * 100))
    if language == "fr":
        return number.replace("<", f"<{NO_BREAK_SPACE}") + f"{NARROW_NO_BREAK_SPACE}%"
    return f"{number}%"


def format_decimal(number: float, digits: int, language: ReadingLanguage) -> str:
    """``0,82`` in French, ``0.82`` in English."""
    text = f"{number:.{digits}f}"
    return text.replace(".", ",") if language == "fr" else text
