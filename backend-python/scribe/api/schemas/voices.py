"""Voiceprints, and clips on their way to become one, over HTTP.

Owns what is shown of them: where a print comes from, how good it is, whether it is used. Never a vector, never a place
in storage.
"""

from datetime import datetime
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import Field

from scribe.api.schemas.accounts import In
from scribe.api.schemas.meetings import Instant, Out
from scribe.api.schemas.texts import FileName, Label
from scribe.domain.people import PrintOrigin, StoredVoiceprint
from scribe.domain.speech import Span
from scribe.domain.voice_quality import Problem, VoiceQuality

PREFIX = "/api/v1/voices"
MAX_WAIT_S = 30.0


class QualityOut(Out):
    """What was measured of the speech."""

    speech_s: float
    """Clean speech of one person, in seconds."""
    snr_db: float | None
    """Speech level over that of the pauses; null: there was no pause to measure."""
    overlap_share: float
    """Of the person's speech, how much somebody else talks into, 0 to 1."""
    consistency: float | None
    """Lowest likeness between a piece and the whole, to 1: low when voices are mixed."""
    num_voices: int
    clipped_share: float
    """Of the samples, how many stand at full scale, 0 to 1."""
    bandwidth_hz: float | None
    """Up to where there is sound: 4000 is a telephone."""

    @classmethod
    def of(cls, quality: VoiceQuality) -> Self:
        return cls.model_validate(quality)


class SpanOut(Out):
    start_s: float
    end_s: float

    @classmethod
    def listed(cls, spans: tuple[Span, ...]) -> list[Self]:
        return [cls(start_s=span.start_s, end_s=span.end_s) for span in spans]


class ClipProblemOut(Out):
    code: str = Field(examples=["too-short"])
    """Stable: `no-speech`, `too-short`, `too-noisy`, `overlapped`, `several-voices`, `clipped`."""
    message: str
    """One sentence with the measured and the needed figure."""

    @classmethod
    def listed(cls, problems: tuple[Problem, ...]) -> list[Self]:
        return [cls.model_validate(problem) for problem in problems]


class VoiceOut(Out):
    """One voiceprint of a person, with its story. The print itself never leaves the server."""

    id: UUID
    person_id: UUID
    origin: PrintOrigin
    is_learned: bool
    """It came with a confirmed name and goes with it; else it was enrolled on purpose."""
    is_stale: bool
    """Of a model that is not in use any more: compared with nothing until it is made again."""
    model_id: str
    model_revision: str
    speech_s: float
    """Clean speech it was made from."""
    quality: QualityOut
    meeting_id: UUID | None
    """Where it was heard; null: not in a meeting. The meeting may be gone by now, or not be yours to see."""
    label: str | None
    """Which speaker of that meeting."""
    spans: list[SpanOut]
    """Which stretches of the meeting, or of the clip, it was made from."""
    file_name: str | None
    channel: str | None
    """What is known of how it was recorded."""
    has_sample: bool
    """Whether it can be heard: `GET /api/v1/voices/{voice_id}/sample`."""
    confirmed_by: UUID | None
    confirmed_at: datetime | None
    created_at: datetime

    @classmethod
    def of(cls, voice: StoredVoiceprint) -> Self:
        same = {name: getattr(voice, name) for name in _SAME_NAMES}
        return cls(
            **same,
            model_id=voice.voiceprint.model_id,
            model_revision=voice.voiceprint.model_revision,
            speech_s=voice.voiceprint.speech_s,
            quality=QualityOut.of(voice.quality),
            spans=SpanOut.listed(voice.spans),
            has_sample=voice.sample_key is not None,
        )


_SAME_NAMES = tuple(
    name
    for name in VoiceOut.model_fields
    if name not in {"model_id", "model_revision", "speech_s", "quality", "spans", "has_sample"}
)


class VoicesOut(Out):
    items: list[VoiceOut]
    """Newest first."""


class ClipQuery(In):
    """What is said about a clip."""

    file_name: FileName | None = Field(default=None, examples=["claire.m4a"])
    """As the user's computer calls it."""
    wait: Annotated[float, Field(ge=0, le=MAX_WAIT_S)] = 0.0
    """Seconds to wait for the outcome before answering."""


class EnrolQuery(ClipQuery):
    origin: Literal["clip", "microphone"] = "clip"
    sha256: str | None = Field(default=None, max_length=64)
    """Of the file, in hexadecimal, when it is known: what arrives is checked. `Content-Digest` and `Repr-Digest`
    (RFC 9530) do the same."""


class FromSpeakerIn(In):
    """A speaker of a finished meeting."""

    meeting_id: UUID
    label: Label = Field(examples=["SPEAKER_00"])


class RecogniseIn(In):
    """Which past meetings are to be compared with the bank again; empty: all of yours."""

    since: Instant | None = None
    """Only meetings that were uploaded at this time or later."""
    person_id: UUID | None = None
    """Only for the sake of this person: in meetings of the person's owner, or in all of yours when shared."""


class RecogniseOut(Out):
    meetings: int
    """So many of your meetings will be looked through, within moments. What somebody confirmed or rejected stays."""


class ConsentTextOut(Out):
    """What somebody agrees to. To be shown or printed; your organisation may have its own."""

    language: Literal["fr", "en"]
    version: str
    """For `text_version` when the consent is recorded."""
    text: str
