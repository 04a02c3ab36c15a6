"""How long a meeting is kept, over HTTP."""

from datetime import datetime
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from scribe.core.config import RetentionSettings
from scribe.domain.meetings import Meeting
from scribe.domain.retention import MAX_DAYS, InstallationRules, Rule, RuleKind, planned


class KeptOut(BaseModel):
    model_config = ConfigDict(use_attribute_docstrings=True)

    rule: RuleKind
    """What was chosen for this meeting: `installation` (as the installation says), `for_good`, or `days`."""
    days: float | None
    """How many from the end of its last run, by this rule; null: for good."""
    removal_at: datetime | None
    """When it goes; within the next `SCRIBE_RETENTION__SWEEP_EVERY_S` after that it is gone. Null: never, as things
    stand, or the meeting is not over yet, or it is gone already."""


class RetentionOut(BaseModel):
    model_config = ConfigDict(use_attribute_docstrings=True)

    audio: KeptOut
    """The recording, and everything that sounds like it. It goes with the meeting at the latest."""
    results: KeptOut
    """The whole meeting."""
    audio_removed_at: datetime | None
    """Null: the recording is there."""

    @classmethod
    def of(cls, meeting: Meeting, settings: RetentionSettings) -> Self:
        installation = InstallationRules(settings.audio_days, settings.results_days)
        when = planned(meeting.keep_audio, meeting.keep_results, installation, meeting.finished_at)
        is_gone = meeting.audio_removed_at is not None
        audio_at = None if is_gone else when.audio_at
        return cls(
            audio=_kept(meeting.keep_audio, settings.audio_days, audio_at),
            results=_kept(meeting.keep_results, settings.results_days, when.results_at),
            audio_removed_at=meeting.audio_removed_at,
        )


class KeepIn(BaseModel):
    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)

    rule: RuleKind
    days: Annotated[int, Field(ge=1, le=MAX_DAYS)] | None = None
    """With the rule `days`, and with no other."""

    @model_validator(mode="after")
    def _days_with_days(self) -> Self:
        if (self.days is not None) != (self.rule is RuleKind.DAYS):
            raise ValueError("`days` goes with the rule `days`, and with no other")
        return self

    def chosen(self) -> Rule:
        return Rule(self.rule, self.days)


class RetentionIn(BaseModel):
    """What is left out, or null, stays as it is."""

    model_config = ConfigDict(
        extra="forbid",
        use_attribute_docstrings=True,
        json_schema_extra={"example": {"audio": {"rule": "days", "days": 30}, "results": {"rule": "for_good"}}},
    )

    audio: KeepIn | None = None
    results: KeepIn | None = None


def _kept(rule: Rule, installation_days: float | None, removal_at: datetime | None) -> KeptOut:
    return KeptOut(rule=rule.kind, days=rule.days(installation_days), removal_at=removal_at)
