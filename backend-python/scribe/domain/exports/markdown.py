"""Markdown: minutes to read, to share and to keep.

Whatever was said or named by people is escaped: no word and no name can become a heading, a link, a table cell, HTML
or a formula (CommonMark 0.31, section 2.4: any ASCII punctuation may be escaped; GitHub adds tables, bare links and
``$``). Words that the engine doubts are in italics.

Usage::

    page = write_markdown(document, "fr")
"""

import re
from collections.abc import Iterator, Sequence
from itertools import groupby

from scribe.domain.exports.paragraphs import Inaudible, Paragraph, Speech, passages
from scribe.domain.exports.summary import Participant, Summary, summarise
from scribe.domain.exports.tokens import Token, tokens
from scribe.domain.exports.wording import wording
from scribe.domain.results import FusionDocument
from scribe.domain.typography import ReadingLanguage, format_clock, format_duration

DOUBTFUL_BELOW = 0.4
"""Whisper base (int8) on dev speech, 2 394 words of 14 recordings, French and English, aligned with their references:
below 0.4 stand 10 % of the words, 64 % of them wrong, and they are 30 % of all wrong words. The share of wrong ones
lies between 62 and 67 % for any bound from 0.3 to 0.5; a higher bound only fills the page with italics."""
BAR_STEPS = 10


def write_markdown(document: FusionDocument, language: ReadingLanguage, title: str | None = None) -> str:
    summary = summarise(document, language, title)
    words = wording(language)
    blocks = [f"# {escape_inline(summary.title)}", " · ".join(escape(fact) for fact in summary.facts)]
    if summary.remarks:
        remarks = "\n".join(f"> - {escape(remark)}" for remark in summary.remarks)
        blocks.append(f"> **{words.remarks}**\n>\n{remarks}")
    if summary.participants:
        blocks += [f"## {words.participants}", _participants(summary.participants, language)]
    blocks.append(f"## {words.transcript}")
    body = [block for passage in passages(document) for block in _passage(passage, summary, language)]
    blocks += body or [words.nothing_said]
    blocks += ["---", *_foot(document, summary, language)]
    return "\n\n".join(blocks) + "\n"


def escape(text: str) -> str:
    """One line of text that Markdown shows exactly as it is where a block starts."""
    text = escape_inline(text)
    # Quotations, lists, underlines of headings, definitions; numbered lists.
    text = re.sub(r"^(?=[-+=>:])", r"\\", text)
    return re.sub(r"^(\d{1,9})(?=[.)](?:\s|$))", r"\1\\", text)


def escape_inline(text: str) -> str:
    """The same within a line. Escapes no more than it must, for minutes are read and edited as plain text too."""
    text = re.sub(r"([\\`*\[\]<|~${}])", r"\\\1", text)
    text = re.sub(r"(?<![^\W_])_|_(?![^\W_])", r"\\_", text)  # inside a word an underscore is only that
    text = re.sub(r"&(?=#?\w+;)", r"\\&", text)  # entities
    text = re.sub(r"(?<=[A-Za-z]):(?=//)|(?<=\w)@(?=\w)", lambda sign: f"\\{sign[0]}", text)  # bare links (GitHub)
    text = re.sub(r"(?<![A-Za-z])(www)\.", r"\1\\.", text, flags=re.IGNORECASE)
    return re.sub(r"(?:^|(?<=\s))#+", lambda signs: signs[0].replace("#", "\\#"), text)  # also closes a heading


def _participants(participants: Sequence[Participant], language: ReadingLanguage) -> str:
    words = wording(language)
    has_identities = any(participant.identity is not None for participant in participants)
    identity_head = [words.identity] if has_identities else []
    rows = [
        [words.participant, words.talk_time, words.share, *identity_head, words.label],
        [":--", "--:", ":--", *([":--"] if has_identities else []), ":--"],
    ]
    for participant in participants:
        bar = round(participant.share * BAR_STEPS)
        rows.append(
            [
                f"**{escape_inline(participant.name)}**",
                participant.talk_time,
                f"{'█' * bar}{'░' * (BAR_STEPS - bar)} {escape(participant.share_text)}",
                *([escape(participant.identity or "")] if has_identities else []),
                f"`{participant.label}`",
            ]
        )
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def _passage(passage: Speech | Inaudible, summary: Summary, language: ReadingLanguage) -> Iterator[str]:
    words = wording(language)
    if isinstance(passage, Inaudible):
        duration = format_duration(passage.duration_s, language)
        yield f"> `{format_clock(passage.start_s)}` {words.inaudible.format(duration=duration)}"
        return
    stamp = f"`{format_clock(passage.start_s)}`"
    if summary.names:
        name = summary.names[passage.speaker] if passage.speaker else words.unknown_speaker
        yield f"**{escape_inline(name)}** {stamp}"
    else:
        yield stamp
    for paragraph in passage.paragraphs:
        stamp = f"`{format_clock(paragraph.start_s)}` " if paragraph.is_stamped else ""
        yield f"{stamp}{_prose(paragraph)}"


def _prose(paragraph: Paragraph) -> str:
    found = [token for segment in paragraph.segments for token in tokens(segment)]
    runs: list[str] = []
    for is_doubtful, run in groupby(found, key=_is_doubtful):
        text = " ".join(token.text for token in run)
        if is_doubtful:
            runs.append(f"*{escape_inline(text)}*")
        else:
            runs.append(escape_inline(text) if runs else escape(text))
    return " ".join(runs)


def _is_doubtful(token: Token) -> bool:
    return token.confidence is not None and token.confidence < DOUBTFUL_BELOW


def _foot(document: FusionDocument, summary: Summary, language: ReadingLanguage) -> Iterator[str]:
    words = wording(language)
    has_doubts = any(_is_doubtful(token) for segment in document.segments for token in tokens(segment))
    yield words.automatic + (f" {words.legend_doubtful}" if has_doubts else "")
    yield summary.coverage
    yield escape(summary.made_by) + (f" {escape(summary.models)}" if summary.models else "")
