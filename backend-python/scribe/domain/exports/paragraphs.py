"""The minutes as people read them: who speaks from when, in paragraphs, with what could not be heard in between.

Owns the grouping of segments; never the wording or the mark-up.

Usage::

    for passage in passages(document):      # Speech or Inaudible, in time order
"""

from collections.abc import Iterator
from dataclasses import dataclass

from scribe.domain.results import FusionDocument
from scribe.domain.results.parts import SegmentPart

PARAGRAPH_GAP_S = 3.0
"""A pause after which the same speaker starts a new paragraph: people take it for a new thought."""
PARAGRAPH_CHARACTERS = 600
"""About a hundred words, six to eight lines on a page: beyond it a paragraph is hard to keep one's place in."""

STAMP_EVERY_S = 60.0
"""A long speech shows the time again at the next paragraph, so that no passage is far from a time to listen at."""


@dataclass(frozen=True, slots=True)
class Paragraph:
    start_s: float
    segments: tuple[SegmentPart, ...]
    is_stamped: bool
    """Whether to show the time again."""


@dataclass(frozen=True, slots=True)
class Speech:
    """What one speaker says until another does."""

    start_s: float
    speaker: str | None
    paragraphs: tuple[Paragraph, ...]


@dataclass(frozen=True, slots=True)
class Inaudible:
    """Speech that no word came of, between two passages that could be read."""

    start_s: float
    duration_s: float


def passages(document: FusionDocument) -> Iterator[Speech | Inaudible]:
    gaps = document.coverage.inaudible
    running: list[SegmentPart] = []
    for segment in (segment for segment in document.segments if segment.text.strip()):
        before = [gap for gap in gaps if gap.start < segment.start]
        gaps = gaps[len(before) :]
        if running and (before or running[-1].speaker != segment.speaker):
            yield _speech(running)
            running = []
        if before:
            yield Inaudible(before[0].start, sum(gap.end - gap.start for gap in before))
        running.append(segment)
    if running:
        yield _speech(running)
    if gaps:
        yield Inaudible(gaps[0].start, sum(gap.end - gap.start for gap in gaps))


def _speech(segments: list[SegmentPart]) -> Speech:
    paragraphs: list[list[SegmentPart]] = []
    for segment in segments:
        last = paragraphs[-1] if paragraphs else None
        if last is None or _starts_a_paragraph(last, segment):
            paragraphs.append([segment])
        else:
            last.append(segment)
    stamped_s = segments[0].start
    finished = []
    for paragraph in paragraphs:
        start_s = paragraph[0].start
        is_stamped = start_s - stamped_s >= STAMP_EVERY_S
        stamped_s = start_s if is_stamped else stamped_s
        finished.append(Paragraph(start_s, tuple(paragraph), is_stamped))
    return Speech(segments[0].start, segments[0].speaker, tuple(finished))


def _starts_a_paragraph(paragraph: list[SegmentPart], segment: SegmentPart) -> bool:
    length = sum(len(part.text) + 1 for part in paragraph)
    return segment.start - paragraph[-1].end >= PARAGRAPH_GAP_S or length + len(segment.text) > PARAGRAPH_CHARACTERS
