"""The minutes as a document: what stands on its pages and in which order, before it becomes PDF or Word.

Owns the model that both renderers share (``adapters/typesetting``): every text in it is one line, typeset and in the
reader's language, and none of it is mark-up. Never knows a font, a page or a library.

Usage::

    minutes = minutes_of(results.fusion, "fr", MeetingFacts(title="Comité", held_on=date(2026, 11, 21)))
    to_be_sent = minutes.to_values()            # JSON values
"""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import date, datetime
from itertools import groupby
from typing import Any

from scribe.domain.exports.minutes_wording import minutes_wording
from scribe.domain.exports.paragraphs import Inaudible, Paragraph, Speech, passages
from scribe.domain.exports.summary import Participant, Summary, summarise
from scribe.domain.exports.wording import wording
from scribe.domain.results import FusionDocument
from scribe.domain.typography import (
    ReadingLanguage,
    format_clock,
    format_date,
    format_duration,
    format_time_of_day,
    single_line,
    typeset,
)

NUM_COLOURS = 8
"""Of speakers in the web interface; the ninth has the first one's again."""
LANDMARK_EVERY_S = 600.0
"""A long transcript has a bookmark every ten minutes, so that a passage is found from its time."""
WITHOUT_SPACES = frozenset({"zh", "ja", "yue", "th", "lo", "my", "km"})
"""Languages that put no space between sentences."""


@dataclass(frozen=True, slots=True)
class MeetingFacts:
    """What is known of a meeting beside its documents."""

    title: str | None = None
    """``None``: the recording's name."""
    held_on: date | None = None
    num_corrections: int | None = None
    """Made by people in this transcript; ``None``: nobody counted."""


@dataclass(frozen=True, slots=True)
class Fact:
    label: str
    text: str


@dataclass(frozen=True, slots=True)
class Attendee:
    """A row of the participants' table."""

    name: str
    colour: int | None
    talk_time: str
    share: float
    share_text: str
    identity: str
    """Empty: nobody looked."""


@dataclass(frozen=True, slots=True)
class Run:
    """Words of one language."""

    language: str
    """ISO 639-1: decides hyphenation and direction."""
    text: str


@dataclass(frozen=True, slots=True)
class Block:
    """A paragraph of what somebody says."""

    clock: str
    """Empty: its time is not shown again."""
    runs: tuple[Run, ...]


@dataclass(frozen=True, slots=True)
class Entry:
    """What stands at one time: somebody's turn, or a note about what could not be heard."""

    clock: str
    landmark: str
    """The time to put a bookmark at before it; mostly empty."""
    name: str
    """Empty: nobody knows who speaks, for this meeting has no speakers; or it is a note."""
    colour: int | None
    blocks: tuple[Block, ...]
    note: str
    """Instead of ``blocks``."""


@dataclass(frozen=True, slots=True)
class Minutes:
    language: ReadingLanguage
    title: str
    dated: datetime
    """When the transcript was made; the file says so, too, and nothing later."""
    facts: tuple[Fact, ...]
    notices: tuple[str, ...]
    """How far the reader may trust it, the most important first."""
    attendees: tuple[Attendee, ...]
    entries: tuple[Entry, ...]
    colophon: tuple[Fact, ...]
    labels: dict[str, str]
    """Headings and the like."""

    def to_values(self) -> dict[str, Any]:
        """JSON values, for a renderer in another process or language."""
        return asdict(self) | {"dated": self.dated.isoformat()}


def minutes_of(document: FusionDocument, language: ReadingLanguage, facts: MeetingFacts | None = None) -> Minutes:
    known = facts or MeetingFacts()
    summary = summarise(document, language, known.title)
    return Minutes(
        language=language,
        title=typeset(summary.title, language),
        dated=document.created_at,
        facts=tuple(_facts(document, known, summary, language)),
        notices=tuple(_notices(known, summary, language)),
        attendees=tuple(_attendee(participant) for participant in summary.participants),
        entries=tuple(_entries(document, summary, language)),
        colophon=tuple(_colophon(document, summary, language)),
        labels=_labels(language, has_identities=any(one.identity for one in summary.participants)),
    )


def _facts(
    document: FusionDocument, known: MeetingFacts, summary: Summary, language: ReadingLanguage
) -> Iterator[Fact]:
    words = minutes_wording(language)
    made_at = document.created_at
    if known.held_on is not None:
        held_on = datetime(known.held_on.year, known.held_on.month, known.held_on.day, tzinfo=made_at.tzinfo)
        yield Fact(words.held_on, format_date(held_on, language))
    yield Fact(words.duration, format_duration(document.recording.duration_s, language))
    if summary.participants:
        yield Fact(words.speakers, str(len(summary.participants)))
    if summary.languages:
        label = words.language if len(summary.languages) == 1 else words.languages
        yield Fact(label, ", ".join(summary.languages))
    yield Fact(words.recording, single_line(document.recording.file) or words.untitled_recording)
    at = words.at.format(date=format_date(made_at, language), time=format_time_of_day(made_at, language))
    yield Fact(words.transcribed_on, at)


def _notices(known: MeetingFacts, summary: Summary, language: ReadingLanguage) -> Iterator[str]:
    words = minutes_wording(language)
    number = known.num_corrections
    if number is None:
        yield words.automatic
    else:
        corrected = {0: words.not_corrected, 1: words.corrected_once}.get(number, words.corrected)
        yield f"{words.automatic} {corrected.format(number=number)}"
    yield from (typeset(remark, language) for remark in summary.remarks)


def _attendee(participant: Participant) -> Attendee:
    return Attendee(
        name=participant.name,
        colour=colour_of(participant.label),
        talk_time=participant.talk_time,
        share=participant.share,
        share_text=participant.share_text,
        identity=participant.identity or "",
    )


def colour_of(label: str | None) -> int | None:
    """The same as in the web interface (``lib/speakers.ts``)."""
    return None if label is None else int(label.rpartition("_")[2]) % NUM_COLOURS


def _entries(document: FusionDocument, summary: Summary, language: ReadingLanguage) -> Iterator[Entry]:
    has_landmarks = document.recording.duration_s > 2 * LANDMARK_EVERY_S
    stretch = 0
    for passage in passages(document):
        reached = int(passage.start_s // LANDMARK_EVERY_S)
        landmark = format_clock(reached * LANDMARK_EVERY_S) if has_landmarks and reached > stretch else ""
        stretch = max(stretch, reached)
        yield _entry(passage, landmark, summary, language)


def _entry(passage: Speech | Inaudible, landmark: str, summary: Summary, language: ReadingLanguage) -> Entry:
    words = wording(language)
    clock = format_clock(passage.start_s)
    if isinstance(passage, Inaudible):
        note = words.inaudible.format(duration=format_duration(passage.duration_s, language))
        return Entry(clock, landmark, "", None, (), note)
    name = ""
    if summary.names:
        name = summary.names[passage.speaker] if passage.speaker else words.unknown_speaker
    blocks = tuple(_block(paragraph) for paragraph in passage.paragraphs)
    return Entry(clock, landmark, name, colour_of(passage.speaker), blocks, "")


def _block(paragraph: Paragraph) -> Block:
    runs = []
    for language, segments in groupby(paragraph.segments, key=lambda segment: segment.language):
        between = "" if language in WITHOUT_SPACES else " "
        text = between.join(typeset(segment.text, segment.language) for segment in segments)
        runs.append(Run(single_line(language), text))
    return Block(format_clock(paragraph.start_s) if paragraph.is_stamped else "", tuple(runs))


def _colophon(document: FusionDocument, summary: Summary, language: ReadingLanguage) -> Iterator[Fact]:
    words = minutes_wording(language)
    yield Fact(words.coverage, summary.coverage)
    yield Fact(words.made_by, words.made.format(version=single_line(document.product.version)))
    if summary.model_names:
        yield Fact(words.models, ", ".join(summary.model_names))
    yield Fact(words.fingerprint, document.recording.sha256)


def _labels(language: ReadingLanguage, *, has_identities: bool) -> dict[str, str]:
    shared, own = wording(language), minutes_wording(language)
    return {
        "kicker": own.kicker,
        "participants": shared.participants,
        "participant": shared.participant,
        "talk_time": shared.talk_time,
        "share": shared.share,
        "identity": shared.identity if has_identities else "",
        "transcript": shared.transcript,
        "nothing_said": shared.nothing_said,
        "remarks": shared.remarks,
        "about": own.about,
        "footer": own.footer,
        "page": own.page,
        "missing_glyphs": own.missing_glyphs,
    }
