"""Plain text: the minutes for a mail, a terminal or any editor.

One paragraph a line, so that the reader's window decides where lines break.
"""

from collections.abc import Iterator

from scribe.domain.exports.layout import width
from scribe.domain.exports.paragraphs import Inaudible, Paragraph, Speech, passages
from scribe.domain.exports.summary import Participant, Summary, summarise
from scribe.domain.exports.wording import wording
from scribe.domain.results import FusionDocument
from scribe.domain.typography import ReadingLanguage, format_clock, format_duration, typeset

RULE = "-" * 72


def write_text(document: FusionDocument, language: ReadingLanguage, title: str | None = None) -> str:
    summary = summarise(document, language, title)
    words = wording(language)
    head = [summary.title, "=" * min(max(width(summary.title), 3), 72), *summary.facts]
    if summary.participants:
        head += ["", words.participants, *_participant_rows(summary.participants)]
    if summary.remarks:
        head += ["", words.remarks + words.colon, *(f"- {remark}" for remark in summary.remarks)]
    body = [line for passage in passages(document) for line in _passage(passage, summary, language)]
    if not body:
        body = ["", words.nothing_said]
    foot = ["", RULE, summary.coverage, words.automatic, summary.made_by, *([summary.models] if summary.models else [])]
    return "\n".join([*head, "", RULE, *body, *foot]) + "\n"


def _participant_rows(participants: tuple[Participant, ...]) -> Iterator[str]:
    name_width = max(width(participant.name) for participant in participants)
    time_width = max(len(participant.talk_time) for participant in participants)
    share_width = max(len(participant.share_text) for participant in participants)
    for participant in participants:
        name = participant.name + " " * (name_width - width(participant.name))
        talk = participant.talk_time.rjust(time_width)
        question = f"  {participant.question}" if participant.question else ""
        yield f"  {name}  {talk}  {participant.share_text.rjust(share_width)}  {participant.label}{question}"


def _passage(passage: Speech | Inaudible, summary: Summary, language: ReadingLanguage) -> Iterator[str]:
    words = wording(language)
    yield ""
    if isinstance(passage, Inaudible):
        duration = format_duration(passage.duration_s, language)
        yield f"[{format_clock(passage.start_s)}] ({words.inaudible.format(duration=duration)})"
        return
    speaker = ""
    if summary.names:
        speaker = " " + (summary.names[passage.speaker] if passage.speaker else words.unknown_speaker)
    yield f"[{format_clock(passage.start_s)}]{speaker}"
    for index, paragraph in enumerate(passage.paragraphs):
        if index:
            yield ""
        stamp = f"[{format_clock(paragraph.start_s)}] " if paragraph.is_stamped else ""
        yield f"{stamp}{_prose(paragraph)}"


def _prose(paragraph: Paragraph) -> str:
    return " ".join(typeset(segment.text, segment.language) for segment in paragraph.segments)
