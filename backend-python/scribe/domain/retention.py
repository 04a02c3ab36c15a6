"""How long a meeting is kept: its recording, and the whole of it.

Owns what may be chosen and when something is due; never what is removed (``services/retention.py``). Counted from the
end of the last run, whether anything came of it or not; while a meeting waits or runs, nothing of it is due.

Usage::

    planned(Rule(), Rule(RuleKind.FOR_GOOD), installation, finished_at).audio_at
"""

import math
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Self

MAX_DAYS = 36_500
"""A century: what is longer is for good."""


class RuleKind(StrEnum):
    INSTALLATION = "installation"
    """As the installation says, today and whenever that changes."""
    FOR_GOOD = "for_good"
    DAYS = "days"


@dataclass(frozen=True, slots=True)
class Rule:
    """What somebody chose for a meeting."""

    kind: RuleKind = RuleKind.INSTALLATION
    own_days: float | None = None
    """Of ``DAYS``."""

    @classmethod
    def of_column(cls, value: float | None) -> Self:
        """As the database has it: nothing, infinity, or days."""
        if value is None:
            return cls()
        return cls(RuleKind.FOR_GOOD) if math.isinf(value) else cls(RuleKind.DAYS, value)

    @property
    def column(self) -> float | None:
        if self.kind is RuleKind.INSTALLATION:
            return None
        return math.inf if self.kind is RuleKind.FOR_GOOD else self.own_days

    def days(self, installation_days: float | None) -> float | None:
        """How many; ``None``: for good."""
        if self.kind is RuleKind.INSTALLATION:
            return installation_days
        return None if self.kind is RuleKind.FOR_GOOD else self.own_days

    @property
    def label(self) -> str:
        """For the audit log."""
        return f"{self.own_days:g} days" if self.kind is RuleKind.DAYS else str(self.kind)


AS_THE_INSTALLATION = Rule()


@dataclass(frozen=True, slots=True)
class Planned:
    """When something goes; ``None``: never, as things stand, or the meeting is not over."""

    audio_at: datetime | None
    results_at: datetime | None


@dataclass(frozen=True, slots=True)
class InstallationRules:
    audio_days: float | None
    results_days: float | None


def planned(audio: Rule, results: Rule, installation: InstallationRules, finished_at: datetime | None) -> Planned:
    """The recording goes with the meeting at the latest."""
    results_at = due_at(finished_at, results.days(installation.results_days))
    audio_at = due_at(finished_at, audio.days(installation.audio_days))
    both = [when for when in (audio_at, results_at) if when is not None]
    return Planned(min(both, default=None), results_at)


def due_at(finished_at: datetime | None, days: float | None) -> datetime | None:
    if finished_at is None or days is None:
        return None
    try:
        return finished_at + timedelta(days=days)
    except OverflowError:  # after the year 9999
        return None
