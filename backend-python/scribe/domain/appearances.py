"""Meetings in which a person of the voice bank is named.

Owns these values; ``adapters/appearances.py`` finds them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from scribe.domain.meeting import MeetingId
from scribe.domain.meetings import Cursor
from scribe.domain.namings import Naming
from scribe.domain.speech import SpeakerLabel


@dataclass(frozen=True, slots=True)
class NamedSpeaker:
    """One voice of a meeting that is the person."""

    label: SpeakerLabel
    naming: Naming
    probability: float | None


@dataclass(frozen=True, slots=True)
class Appearance:
    """A meeting in which the person is named."""

    meeting_id: MeetingId
    title: str
    held_on: date | None
    created_at: datetime
    speakers: tuple[NamedSpeaker, ...]
    """By label; more than one when somebody said that two voices are the same person."""


@dataclass(frozen=True, slots=True)
class AppearancePage:
    appearances: Sequence[Appearance]
    next: Cursor | None
    """``None``: this was the last page."""


@dataclass(frozen=True, slots=True)
class PersonCounts:
    """What is counted for one reader."""

    num_meetings: int
    """Those that the reader may see, in which the person is named."""
    num_stale: int
    """Voiceprints of a model that is not in use any more."""
