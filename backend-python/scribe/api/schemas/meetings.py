"""Meetings over HTTP: what is shown of one, how a list is asked for, what can be changed.

What a client wishes for a new meeting or a new run is in ``drafts.py``.
"""

from collections.abc import Callable, Sequence
from datetime import date, datetime
from typing import Annotated, Any, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from scribe.api.schemas.drafts import DraftFields, draft_from
from scribe.api.schemas.instants import Instant
from scribe.api.schemas.retention import RetentionIn, RetentionOut
from scribe.api.schemas.texts import Notes, SearchText, Tag, Title, distinct
from scribe.core.config import RetentionSettings
from scribe.domain.exports import EXPORTS
from scribe.domain.meeting import MeetingStatus, Stage, UserId
from scribe.domain.meetings import (
    MAX_TAGS,
    Cursor,
    Meeting,
    MeetingChanges,
    MeetingQuery,
    MeetingSummary,
    NamedSpeaker,
    Order,
)
from scribe.domain.people import PersonId
from scribe.domain.requests import RunOptions
from scribe.services.estimates import Estimate
from scribe.services.listing import ListedMeeting, ListedMeetings

__all__ = ["DraftFields", "MeetingChangesIn", "MeetingListIn", "MeetingListOut", "MeetingOut", "draft_from"]

PREFIX = "/api/v1/meetings"
RESULT_KINDS = ("transcription", "diarization", "fusion")


class Out(BaseModel):
    model_config = ConfigDict(use_attribute_docstrings=True, from_attributes=True)


class OwnerOut(Out):
    id: UUID
    username: str


class FailureOut(Out):
    code: str
    """Stable; docs/errors.md explains each."""
    message: str
    """One sentence that the user can act on."""
    stage: Stage | None


class WarningOut(Out):
    code: str
    message: str


class StageOut(Out):
    stage: Stage
    seconds: float
    """By the clock on the wall."""
    cpu_seconds: float
    peak_rss_mb: float
    is_reused: bool
    """Done by an earlier attempt or run; the numbers are then that one's."""
    peak_vram_mb: float | None = None
    """Of the graphics card, in 2^20 bytes; null without one."""


class AudioOut(Out):
    duration_s: float
    container: str
    codec: str
    source_sample_rate_hz: int
    source_channels: int
    channel_rule: str
    """How the channels became one."""
    start_offset_s: float
    warnings: list[str]


class OptionsOut(Out):
    language: str | None
    """ISO 639-1; null: found by itself."""
    allowed_languages: list[str]
    speakers: int | None
    min_speakers: int | None
    max_speakers: int | None
    vocabulary: list[str]
    model: str | None
    voices: str | list[str]
    """`all`, `none`, or names."""
    reading_language: str | None

    @classmethod
    def of(cls, options: RunOptions) -> Self:
        return cls.model_validate(options)


class EstimateOut(Out):
    queue_place: int | None
    """0: next. Null: it does not wait."""
    starts_in_s: float | None
    """Null: it does not wait, or no worker is alive."""
    remaining_s: float | None
    """Until its results are there; null: it is over, or no worker is alive."""
    is_rough: bool
    """It rests on a guess: nothing was measured here yet, or the recording's duration is not known."""


class LinksOut(Out):
    """Addresses of everything that belongs to the meeting."""

    self_: str = Field(alias="self")
    events: str
    audio: str
    """As it was uploaded."""
    playback: str
    """For players."""
    waveform: str
    transcript: str
    results: dict[str, str]
    """By kind; empty until there are results."""
    exports: dict[str, str]
    """By format; empty until there are results."""

    @classmethod
    def of(cls, meeting: Meeting) -> Self:
        here = address_of(meeting)
        kinds = [kind for kind in RESULT_KINDS if meeting.has_result(f"{kind}.json")]
        formats = EXPORTS if meeting.published_at else []
        return cls.model_validate(
            {
                "self": here,
                "events": f"{here}/events",
                "audio": f"{here}/audio",
                "playback": f"{here}/playback",
                "waveform": f"{here}/waveform",
                "transcript": f"{here}/transcript",
                "results": {kind: f"{here}/results/{kind}" for kind in kinds},
                "exports": {name: f"{here}/exports/{name}" for name in formats},
            }
        )


class ListedSpeakerOut(Out):
    label: str
    name: str


class MeetingSummaryOut(Out):
    """A meeting in a list."""

    id: UUID
    title: str
    held_on: date | None
    tags: list[str]
    owner: OwnerOut
    created_at: datetime
    updated_at: datetime
    status: MeetingStatus
    stage: Stage | None
    """While it is processed."""
    percent: float
    """Of the run; never falls within one."""
    run: int
    """Counts the upload, each retry and each run with other options."""
    attempt: int
    """Within this run; more than 1: something went wrong and was tried again."""
    started_at: datetime | None
    finished_at: datetime | None
    failure: FailureOut | None
    """Of the run when FAILED; of the last attempt while PENDING again."""
    has_results: bool
    """Those of an earlier run stay readable while another one is under way."""
    published_at: datetime | None
    has_recording: bool
    """False: it had its time, and was removed; the text stays. There is nothing to play or to run again then."""
    file_name: str | None
    size_bytes: int
    duration_s: float | None
    """Known once the recording was looked at."""
    language: str | None
    """That of most of the speech."""
    num_speakers: int | None
    num_words: int | None
    speakers: list[ListedSpeakerOut]
    """Those who have a name, up to 8."""
    queue_place: int | None
    """0: next. Null: it does not wait."""
    remaining_s: float | None
    """Until its results are there; null: it is over, or no worker is alive."""

    @classmethod
    def of_listed(cls, meeting: ListedMeeting) -> "MeetingSummaryOut":
        return MeetingSummaryOut(**_summary(meeting.meeting, meeting.speakers, meeting.estimate))


class MeetingOut(MeetingSummaryOut):
    """Everything about a meeting but what was said."""

    model_config = ConfigDict(
        use_attribute_docstrings=True,
        json_schema_extra={"example": {
            "id": "019ab3c5-7c1e-7f00-8a54-3f5d1f0e9a11", "title": "Comité du 21 novembre", "held_on": "2026-11-21",
            "tags": ["budget"], "owner": {"id": "019ab3c0-11aa-7000-9000-0123456789ab", "username": "claire"},
            "created_at": "2026-11-21T14:03:00Z", "updated_at": "2026-11-21T14:04:10Z", "status": "PROCESSING",
            "stage": "transcribe", "percent": 54.2, "run": 1, "attempt": 1, "started_at": "2026-11-21T14:03:01Z",
            "finished_at": None, "failure": None, "has_results": False, "published_at": None,
            "has_recording": True,
            "file_name": "comite.m4a", "size_bytes": 28311552, "duration_s": 3725.4, "language": None,
            "num_speakers": None, "num_words": None, "speakers": [], "queue_place": None, "remaining_s": 212.0,
            "notes": "", "media_type": "audio/mp4", "sha256": "ab" * 32, "audio": None, "max_attempts": 5,
            "next_attempt_at": None,
            "is_cancel_requested": False, "stage_percent": 34.0, "stages": [], "warnings": [],
            "options": {"language": "fr", "allowed_languages": [], "speakers": 3, "min_speakers": None,
                        "max_speakers": None, "vocabulary": ["Brocksley"], "model": None, "voices": "all",
                        "reading_language": None},
            "estimate": {"queue_place": None, "starts_in_s": None, "remaining_s": 212.0, "is_rough": False},
            "retention": {
                "audio": {"rule": "installation", "days": 90, "removal_at": None},
                "results": {"rule": "for_good", "days": None, "removal_at": None},
                "audio_removed_at": None,
            },
            "links": {
                "self": f"{PREFIX}/019ab3c5-7c1e-7f00-8a54-3f5d1f0e9a11",
                "results": {}, "exports": {}, **{
                    part: f"{PREFIX}/019ab3c5-7c1e-7f00-8a54-3f5d1f0e9a11/{part}"
                    for part in ("events", "audio", "playback", "waveform", "transcript")
                },
            },
        }},
    )  # fmt: skip

    notes: str
    media_type: str | None
    sha256: str
    """Of the recording as it was uploaded."""
    audio: AudioOut | None
    """Known once the recording was looked at."""
    options: OptionsOut
    max_attempts: int
    next_attempt_at: datetime | None
    """Of a meeting that waits for another attempt."""
    is_cancel_requested: bool
    stage_percent: float
    stages: list[StageOut]
    """Those that are finished, in order of running."""
    warnings: list[WarningOut]
    """What went wrong although the run went on, such as speakers that could not be told apart."""
    estimate: EstimateOut
    retention: RetentionOut
    """How long it is kept."""
    links: LinksOut

    @classmethod
    def of(
        cls,
        meeting: Meeting,
        estimate: Estimate,
        speakers: Sequence[NamedSpeaker] = (),
        *,
        retention: RetentionSettings,
    ) -> Self:
        waits_again = meeting.status is MeetingStatus.PENDING and meeting.attempt > 0
        return cls(
            **_summary(meeting, speakers, estimate),
            notes=meeting.notes,
            media_type=meeting.media_type,
            sha256=meeting.sha256,
            audio=None if meeting.audio is None else AudioOut.model_validate(meeting.audio),
            options=OptionsOut.of(meeting.options),
            max_attempts=meeting.max_attempts,
            next_attempt_at=meeting.next_attempt_at if waits_again else None,
            is_cancel_requested=meeting.is_cancel_requested,
            stage_percent=meeting.stage_percent,
            stages=[StageOut.model_validate(metrics) for metrics in meeting.stages.values()],
            warnings=[WarningOut.model_validate(warning) for warning in meeting.warnings],
            estimate=EstimateOut.model_validate(estimate),
            retention=RetentionOut.of(meeting, retention),
            links=LinksOut.of(meeting),
        )


def _summary(meeting: Meeting | MeetingSummary, speakers: Sequence[NamedSpeaker], estimate: Estimate) -> dict[str, Any]:
    return {
        **{name: getattr(meeting, name) for name in _SAME_NAMES},
        "tags": list(meeting.tags),
        "owner": OwnerOut(id=meeting.owner_id, username=meeting.owner_name),
        "failure": None if meeting.failure is None else FailureOut.model_validate(meeting.failure),
        "has_results": meeting.published_at is not None,
        "has_recording": meeting.audio_removed_at is None,
        "speakers": [ListedSpeakerOut.model_validate(speaker) for speaker in speakers],
        "queue_place": estimate.queue_place,
        "remaining_s": estimate.remaining_s,
    }


_MADE = {"tags", "owner", "failure", "has_results", "has_recording", "speakers", "queue_place", "remaining_s"}
_SAME_NAMES = tuple(name for name in MeetingSummaryOut.model_fields if name not in _MADE)


class MeetingListOut(Out):
    items: list[MeetingSummaryOut]
    next: str | None
    """To be sent as `cursor` for what comes after; null: this is the last page. `Link` has it as an address."""

    @classmethod
    def of(cls, page: ListedMeetings) -> Self:
        return cls(
            items=[MeetingSummaryOut.of_listed(meeting) for meeting in page.meetings],
            next=page.next.encode() if page.next else None,
        )


class MeetingListIn(BaseModel):
    """Filters, order and place of a list."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)

    status: Annotated[list[MeetingStatus], Field(max_length=20)] = []
    """Any of these; may be repeated."""
    tag: Annotated[list[Tag], Field(max_length=MAX_TAGS)] = []
    """All of these; may be repeated."""
    q: SearchText | None = Field(default=None, examples=["comite"])
    """In the title or the file's name; case and accents do not matter."""
    person: Annotated[list[UUID], Field(max_length=20)] = []
    """Any of these people is one of the speakers, by the bank or because somebody said so; may be repeated."""
    speaker: SearchText | None = Field(default=None, examples=["perrin"])
    """In the name of one of the speakers; case and accents do not matter."""
    held_from: date | None = None
    held_to: date | None = None
    """Inclusive. Where the day of a meeting is not known, that of the upload (UTC) counts."""
    created_from: Instant | None = Field(default=None, examples=["2026-11-01T00:00:00Z"])
    created_to: Instant | None = None
    """Exclusive."""
    owner: UUID | None = None
    """Only this user's; for administrators, who see everybody's."""
    sort: Order = Order.NEWEST
    """A minus sign: largest first."""
    cursor: Annotated[str, Field(max_length=4000)] | None = None
    """`next` of the page before."""
    limit: int = Field(default=50, ge=1, le=1000)
    """Entries of a page; an installation may allow fewer (`SCRIBE_API__MAX_PAGE`)."""

    def query(self) -> MeetingQuery:
        """Raises: OptionError for a cursor that is none, or is one of another order."""
        after = None if self.cursor is None else Cursor.decode(self.cursor, self.sort)
        return MeetingQuery(
            statuses=tuple(dict.fromkeys(self.status)),
            tags=tuple(self.tag),
            text=self.q,
            people=tuple(PersonId(person) for person in dict.fromkeys(self.person)),
            speaker_name=self.speaker or None,
            held_from=self.held_from,
            held_to=self.held_to,
            created_from=self.created_from,
            created_to=self.created_to,
            owner_id=None if self.owner is None else UserId(self.owner),
            order=self.sort,
            after=after,
            limit=self.limit,
        )


def without_defaults(example: dict[str, Any]) -> Callable[[dict[str, Any]], None]:
    """A field that is left out has no default here: it changes nothing."""

    def describe(schema: dict[str, Any]) -> None:
        schema["example"] = example
        for field in schema["properties"].values():
            field.pop("default", None)

    return describe


class MeetingChangesIn(BaseModel):
    """What is left out stays as it is."""

    model_config = ConfigDict(
        extra="forbid",
        use_attribute_docstrings=True,
        json_schema_extra=without_defaults({"title": "Comité de rentrée", "held_on": "2026-09-02", "tags": ["budget"]}),
    )

    title: Title = ""
    held_on: date | None = None
    """Null takes it away."""
    notes: Notes = ""
    tags: Annotated[list[Tag], Field(max_length=MAX_TAGS)] = []
    retention: RetentionIn = RetentionIn()
    """How long it is kept: the recording (`audio`), the whole meeting (`results`)."""

    def changes(self) -> MeetingChanges:
        sent = self.model_fields_set
        return MeetingChanges(
            title=self.title if "title" in sent else None,
            notes=self.notes if "notes" in sent else None,
            tags=tuple(distinct(self.tags)) if "tags" in sent else None,
            held_on=self.held_on,
            is_held_on_given="held_on" in sent,
            keep_audio=None if self.retention.audio is None else self.retention.audio.chosen(),
            keep_results=None if self.retention.results is None else self.retention.results.chosen(),
        )


def address_of(meeting: Meeting) -> str:
    return f"{PREFIX}/{meeting.id}"
