"""The reading and exchange formats: one a file, each a pure function from a result document to text.

Owns the list of formats and their file names; never writes a file. Everything here can be made again from the JSON
documents alone, at any time and in either language.

Usage::

    export = FORMATS["md"]
    text = export.write(Results(fusion, diarization), "fr")       # to be saved as export.file_name
"""

from collections.abc import Callable
from dataclasses import dataclass

from scribe.domain.exports.ctm import write_ctm
from scribe.domain.exports.markdown import write_markdown
from scribe.domain.exports.plain_text import write_text
from scribe.domain.exports.rttm import write_rttm
from scribe.domain.exports.srt import write_srt
from scribe.domain.exports.stm import write_stm
from scribe.domain.exports.table import write_csv
from scribe.domain.exports.vtt import write_vtt
from scribe.domain.exports.whisperx import write_whisperx
from scribe.domain.results import DiarizationDocument, FusionDocument
from scribe.domain.typography import ReadingLanguage


@dataclass(frozen=True, slots=True)
class Results:
    """What the exports are made from."""

    fusion: FusionDocument
    diarization: DiarizationDocument | None = None
    """``None`` when that stage failed: RTTM is then empty."""
    title: str | None = None
    """What people call the meeting; ``None``: the recording's name."""


@dataclass(frozen=True, slots=True)
class Format:
    """One way to write the results down."""

    name: str
    """What the user asks for, as in ``--format srt``."""
    file_name: str
    description: str
    """A few words for a help text."""
    write: Callable[[Results, ReadingLanguage], str]
    """The text, to be stored as UTF-8; the language is that of headings and notes, where there are any."""
    has_title: bool = False
    """It bears the meeting's title, which people may change after it was made."""


def _rttm(results: Results, _language: ReadingLanguage) -> str:
    return write_rttm(results.diarization) if results.diarization else ""


def _formats() -> dict[str, Format]:
    formats = (
        Format("md", "minutes.md", "Markdown minutes: participants, talk time, transcript",
               lambda results, language: write_markdown(results.fusion, language, results.title),
               has_title=True),
        Format("txt", "minutes.txt", "plain text, one paragraph a line",
               lambda results, language: write_text(results.fusion, language, results.title),
               has_title=True),
        Format("srt", "subtitles.srt", "SubRip subtitles, “Name: text”",
               lambda results, _language: write_srt(results.fusion)),
        Format("vtt", "subtitles.vtt", "WebVTT subtitles with voice tags",
               lambda results, _language: write_vtt(results.fusion)),
        Format("rttm", "diarization.rttm", "speaker turns, for scoring tools", _rttm),
        Format("stm", "fusion.stm", "words by speaker, for scoring tools",
               lambda results, _language: write_stm(results.fusion)),
        Format("ctm", "fusion.ctm", "words with times and confidence, for scoring tools",
               lambda results, _language: write_ctm(results.fusion)),
        Format("whisperx", "whisperx.json", "JSON as whisperX writes it",
               lambda results, _language: write_whisperx(results.fusion)),
        Format("csv", "segments.csv", "one segment a row, for spreadsheets",
               lambda results, _language: write_csv(results.fusion)),
    )  # fmt: skip
    return {export.name: export for export in formats}


FORMATS: dict[str, Format] = _formats()
"""By name, those that people ask for most first."""

ON_REQUEST = ("pdf", "docx", "json")
"""Made when somebody asks for them and never stored with a run: bytes for people and programs of today, with the title
and the names that the meeting has at that moment. ``minutes.py`` is what the first two are made from."""
EXPORTS = ("pdf", "docx", "md", "txt", "srt", "vtt", "json", "whisperx", "rttm", "stm", "ctm", "csv")
"""Every format that can be asked for, those that people ask for most first."""
