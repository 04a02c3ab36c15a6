"""A meeting as its readers see it, and how a list of meetings is asked for.

Owns what a reader sees of a row, the filters and orders of a list, and the limits of what people may write about a
meeting; never the life cycle (``domain/meeting.py``) and never a query (``adapters/meetings.py``).

Usage::

    page = await meetings.list_page(units, who, MeetingQuery(statuses=(MeetingStatus.FAILED,), order=Order.TITLE))
"""

import base64
import binascii
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Self
from uuid import UUID

from scribe.domain.audio import AudioFacts
from scribe.domain.errors import OptionError
from scribe.domain.folding import fold
from scribe.domain.jobs import Failure
from scribe.domain.meeting import MeetingId, MeetingStatus, RunWarning, Stage, StageMetrics, UserId
from scribe.domain.people import PersonId
from scribe.domain.requests import RunOptions
from scribe.domain.retention import AS_THE_INSTALLATION, Rule

MAX_TITLE_LENGTH = 200
MAX_NOTES_LENGTH = 20_000
MAX_TAGS = 20
MAX_TAG_LENGTH = 50
MAX_FILE_NAME_LENGTH = 255
UNTITLED = "Recording"
"""The title of a meeting that has none and whose file has no name."""

SortValue = str | float | date | datetime


@dataclass(frozen=True, slots=True)
class StoredRecording:
    """A recording that is safe in storage under ``layout.recording_key``."""

    size_bytes: int
    sha256: str
    """64 hexadecimal digits."""


@dataclass(frozen=True, slots=True)
class Meeting:
    """Everything a reader sees."""

    id: MeetingId
    owner_id: UserId
    owner_name: str
    created_at: datetime
    updated_at: datetime
    version: int

    title: str
    held_on: date | None
    notes: str
    tags: tuple[str, ...]

    file_name: str | None
    media_type: str | None
    """As the client said: not to be believed."""
    size_bytes: int
    sha256: str
    duration_s: float | None
    audio: AudioFacts | None

    options: RunOptions
    run: int
    status: MeetingStatus
    queued_at: datetime
    next_attempt_at: datetime
    attempt: int
    max_attempts: int
    started_at: datetime | None
    finished_at: datetime | None
    is_cancel_requested: bool
    stage: Stage | None
    stage_percent: float
    percent: float
    stages: Mapping[Stage, StageMetrics]
    """In order of running; only those that are finished."""
    warnings: tuple[RunWarning, ...]
    failure: Failure | None
    """While PENDING again: of the last attempt."""

    results_folder: str | None
    result_files: tuple[str, ...]
    results_run: int | None
    published_at: datetime | None
    """``None``: there are no results yet. Those of an earlier run stay readable while another one is under way."""
    language: str | None
    num_speakers: int | None
    num_words: int | None
    names_version: int = 0
    """Counts the changes of who is who."""
    names_written: int = 0
    """Which of them the result files hold."""
    keep_audio: Rule = AS_THE_INSTALLATION
    keep_results: Rule = AS_THE_INSTALLATION
    """Of the whole meeting."""
    audio_removed_at: datetime | None = None
    """Since then there is no recording, and nothing that sounds like it."""

    @property
    def are_names_written(self) -> bool:
        """Whether the result files may be sent as they are; else the rows of ``speakers`` are laid over them."""
        return self.names_written == self.names_version

    def has_result(self, file_name: str) -> bool:
        return any(key.rpartition("/")[2] == file_name for key in self.result_files)


@dataclass(frozen=True, slots=True)
class MeetingSummary:
    """What a list shows of a meeting; the fields mean the same as in :class:`Meeting`."""

    id: MeetingId
    owner_id: UserId
    owner_name: str
    created_at: datetime
    updated_at: datetime
    title: str
    held_on: date | None
    tags: tuple[str, ...]
    file_name: str | None
    size_bytes: int
    duration_s: float | None
    run: int
    status: MeetingStatus
    attempt: int
    started_at: datetime | None
    finished_at: datetime | None
    stage: Stage | None
    percent: float
    failure: Failure | None
    published_at: datetime | None
    language: str | None
    num_speakers: int | None
    num_words: int | None
    audio_removed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class NamedSpeaker:
    """A speaker who is called something, as a list shows it."""

    label: str
    name: str


@dataclass(frozen=True, slots=True)
class MeetingChanges:
    """What somebody writes about a meeting; ``None`` in ``title``, ``notes`` and ``tags``: stays as it is."""

    title: str | None = None
    notes: str | None = None
    tags: tuple[str, ...] | None = None
    held_on: date | None = None
    is_held_on_given: bool = False
    """Then ``held_on=None`` takes the date away."""
    keep_audio: Rule | None = None
    keep_results: Rule | None = None


class Order(StrEnum):
    """A minus sign: largest first. Equal ones are ordered by age."""

    OLDEST = "created_at"
    NEWEST = "-created_at"
    TITLE = "title"
    TITLE_DOWN = "-title"
    HELD_ON = "held_on"
    """Where it is not known: the day of the upload (UTC)."""
    HELD_ON_DOWN = "-held_on"
    DURATION = "duration_s"
    """Not known yet: counts as 0."""
    DURATION_DOWN = "-duration_s"

    @property
    def is_descending(self) -> bool:
        return self.startswith("-")

    @property
    def field(self) -> str:
        return self.removeprefix("-")


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where a page ended: the sort value and the id of its last meeting. Rows that come or go move nothing."""

    order: Order
    value: SortValue
    id: UUID

    def encode(self) -> str:
        value = self.value.isoformat() if isinstance(self.value, date) else self.value
        text = json.dumps([str(self.order), value, str(self.id)], separators=(",", ":"), ensure_ascii=False)
        return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")

    @classmethod
    def decode(cls, text: str, order: Order) -> Self:
        """Raises: OptionError when it is none of ours, or one of a list in another order."""
        try:
            padded = text.encode("ascii") + b"=" * (-len(text) % 4)
            order_name, value, meeting_id = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
            return cls(_same(order, order_name), _sort_value(order, value), UUID(meeting_id))
        except (ValueError, TypeError, AttributeError, OverflowError, RecursionError, binascii.Error) as error:
            raise OptionError("This `cursor` is not one that this list gave you: begin without it.") from error


def _same(order: Order, name: object) -> Order:
    if name != order:
        raise ValueError("another order")
    return order


def _sort_value(order: Order, value: object) -> SortValue:
    """Raises: ValueError, TypeError."""
    if order.field == "created_at" and isinstance(value, str):
        when = datetime.fromisoformat(value)
        if when.tzinfo is None:
            raise ValueError("no time zone")
        return when.astimezone(UTC)
    if order.field == "held_on" and isinstance(value, str):
        return date.fromisoformat(value)
    if order.field == "duration_s" and isinstance(value, int | float) and abs(value) <= 1e9:
        return float(value)
    if order.field == "title" and isinstance(value, str) and "\0" not in value:
        value.encode()  # a lone surrogate is a ValueError
        return value
    raise TypeError("not a sort value")


@dataclass(frozen=True, slots=True)
class MeetingQuery:
    """Which meetings, in which order, from where on. Empty filters let everything through."""

    statuses: tuple[MeetingStatus, ...] = ()
    tags: tuple[str, ...] = ()
    """All of them must be there."""
    text: str | None = None
    """In the title or the file's name; case and accents do not matter."""
    people: tuple[PersonId, ...] = ()
    """Any of them is a speaker, by the bank or because somebody said so."""
    speaker_name: str | None = None
    """In the name of a speaker; case and accents do not matter."""
    held_from: date | None = None
    held_to: date | None = None
    """Inclusive, as people say it; meetings without a date are left out."""
    created_from: datetime | None = None
    created_to: datetime | None = None
    """Exclusive."""
    owner_id: UserId | None = None
    order: Order = Order.NEWEST
    after: Cursor | None = None
    limit: int = 50


@dataclass(frozen=True, slots=True)
class MeetingPage:
    meetings: tuple[MeetingSummary, ...]
    next: Cursor | None
    """``None``: this was the last page."""


def folded_name(title: str, file_name: str | None) -> str:
    """Title, line break, file name: sorts by title and holds both for a search. Bounded, because it is indexed."""
    return f"{fold(title)[:MAX_TITLE_LENGTH]}\n{fold(file_name or '')[:MAX_FILE_NAME_LENGTH]}"
