"""Voiceprints, and clips on their way to become one, over HTTP.

Owns what is shown of them: where a print comes from, how good it is, whether it is used. Never a vector, never a place
in storage.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import Field

from scribe.api.schemas.accounts import In
from scribe.api.schemas.instants import Instant
from scribe.api.schemas.meetings import Out
from scribe.api.schemas.texts import FileName, Label
from scribe.domain.enrolments import Enrolment, EnrolmentKind, EnrolmentStatus, Question, QuestionKind, TestVerdict
from scribe.domain.namings import ScoredPerson
from scribe.domain.people import PersonId, PrintOrigin, StoredVoiceprint
from scribe.domain.speech import Span
from scribe.domain.voice_quality import Problem, VoiceQuality
from scribe.domain.voices import Band

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


Names = Mapping[PersonId, str]
"""Of people whom the reader may read; nobody else is shown."""


class CandidateOut(Out):
    """Somebody of the bank whose voice is like this one."""

    person_id: UUID
    name: str = Field(examples=["Claire Martin"])
    score: float
    """Likeness: 1 is identical, around 0 is a stranger."""
    probability: float
    """That it is this person."""

    @classmethod
    def listed(cls, candidates: Sequence[ScoredPerson], names: Names) -> list[Self]:
        return [
            cls(person_id=one.person_id, name=names[one.person_id], score=one.score, probability=one.probability)
            for one in candidates
            if one.person_id in names
        ]


class KnownPersonOut(Out):
    id: UUID
    name: str


class QuestionOut(Out):
    """Why a human is asked before the voice is enrolled."""

    kind: QuestionKind
    person: KnownPersonOut | None
    """Whom it sounds like; null: nobody in particular."""
    score: float | None
    probability: float | None

    @classmethod
    def of(cls, question: Question, names: Names) -> Self:
        name = None if question.person_id is None else names.get(question.person_id)
        if question.person_id is None or name is None:
            is_secret = question.person_id is not None
            score, probability = (None, None) if is_secret else (question.score, question.probability)
            return cls(kind=question.kind, person=None, score=score, probability=probability)
        person = KnownPersonOut(id=question.person_id, name=name)
        return cls(kind=question.kind, person=person, score=question.score, probability=question.probability)


class TestVerdictOut(Out):
    """Whose voice a tested clip is. The clip is not kept."""

    band: Band
    """`auto`: sure enough that a meeting would be given the name; `suggest`: the name would be offered."""
    reason: str = Field(examples=["matched"])
    """Stable: `matched`, `below-threshold`, `too-close-to-call`, `too-little-speech`, `no-voiceprint`,
    `empty-bank`."""
    explanation: str = Field(examples=["0.41 < 0.55"])
    candidates: list[CandidateOut]
    """Best first, three at most; only people whom you may read were asked about."""

    @classmethod
    def of(cls, verdict: TestVerdict, names: Names) -> Self:
        candidates = CandidateOut.listed(verdict.candidates, names)
        if verdict.candidates and verdict.candidates[0].person_id not in names:
            # Whom it is about may not be read any more: the rest is answered as if that one had never been there.
            reason = "below-threshold" if candidates else "empty-bank"
            return cls(band=Band.UNKNOWN, reason=reason, explanation="", candidates=candidates)
        return cls(band=verdict.band, reason=verdict.reason, explanation=verdict.explanation, candidates=candidates)


class EnrolmentFailureOut(Out):
    code: str
    """Stable; docs/errors.md explains each."""
    message: str


class EnrolmentOut(Out):
    """A clip on its way into the bank (`enrol`), or one whose voice is asked for (`test`)."""

    id: UUID
    kind: EnrolmentKind
    status: EnrolmentStatus
    """`PENDING` and `PROCESSING`: ask again, or with `wait`. `DONE`. `REFUSED`: `problems` say what is missing.
    `QUESTIONED`: it may be the wrong voice; confirm or discard it. `FAILED`: not the clip's fault."""
    detail: str
    """One sentence: where it stands, and what can be done."""
    person_id: UUID | None
    """Null for a test."""
    origin: PrintOrigin | None
    file_name: str | None
    is_confirmed: bool
    """Somebody was asked whether this is the right voice, and said yes."""
    meeting_id: UUID | None
    """Of a speaker of a meeting."""
    label: str | None
    voice_id: UUID | None
    """The voiceprint that came of it."""
    problems: list[ClipProblemOut]
    questions: list[QuestionOut]
    quality: QualityOut | None
    """What was measured; null: not yet."""
    verdict: TestVerdictOut | None
    """Of a test."""
    failure: EnrolmentFailureOut | None
    created_at: datetime
    finished_at: datetime | None

    @classmethod
    def of(cls, enrolment: Enrolment, names: Names) -> Self:
        result = enrolment.result
        code, message = result.failure_code, result.failure_message
        return cls(
            **{name: getattr(enrolment, name) for name in _SAME_IN_ENROLMENTS},
            detail=_sentence(enrolment, names),
            is_confirmed=enrolment.is_forced,
            voice_id=enrolment.voiceprint_id,
            problems=ClipProblemOut.listed(result.problems),
            questions=[QuestionOut.of(question, names) for question in result.questions],
            quality=None if result.quality is None else QualityOut.of(result.quality),
            verdict=None if result.verdict is None else TestVerdictOut.of(result.verdict, names),
            failure=None if code is None else EnrolmentFailureOut(code=code, message=message or ""),
        )


_SAME_IN_ENROLMENTS = (
    "id", "kind", "status", "person_id", "origin", "file_name", "meeting_id", "label", "created_at", "finished_at",
)  # fmt: skip


def people_in(enrolment: Enrolment) -> set[PersonId]:
    """Everybody whose name may have to be shown with it."""
    asked = {question.person_id for question in enrolment.result.questions if question.person_id is not None}
    verdict = enrolment.result.verdict
    return asked if verdict is None else asked | {one.person_id for one in verdict.candidates}


def address_of(enrolment: Enrolment) -> str:
    return f"{PREFIX}/enrolments/{enrolment.id}"


def _sentence(enrolment: Enrolment, names: Names) -> str:
    result = enrolment.result
    match enrolment.status:
        case EnrolmentStatus.PENDING:
            return "It waits for a worker."
        case EnrolmentStatus.PROCESSING:
            return "A worker listens to it."
        case EnrolmentStatus.REFUSED:
            return " ".join(problem.message for problem in result.problems) or "This voice cannot be used."
        case EnrolmentStatus.FAILED:
            return result.failure_message or "It failed: send the clip again."
        case EnrolmentStatus.QUESTIONED:
            here = address_of(enrolment)
            asked = " ".join(_asked(question, names) for question in result.questions)
            return f"{asked} If it is right all the same, POST {here}/confirm; if not, DELETE {here}.".strip()
    if result.verdict is None:
        return "The voice is enrolled."
    shown = TestVerdictOut.of(result.verdict, names)
    if shown.band is Band.UNKNOWN or not shown.candidates:
        return "It is nobody whose voice is known."
    return f"It {'is' if shown.band is Band.AUTO else 'may be'} {shown.candidates[0].name}."


def _asked(question: Question, names: Names) -> str:
    name = None if question.person_id is None else names.get(question.person_id)
    if question.kind is QuestionKind.UNLIKE_PERSON:
        return "This voice is not like what is known of the person."
    return "It is not certain whose voice this is." if name is None else f"This voice sounds like {name}."


Wait = Annotated[float, Field(ge=0, le=MAX_WAIT_S, description="Seconds to wait for the outcome before answering.")]


class ClipQuery(In):
    """What is said about a clip."""

    file_name: FileName | None = Field(default=None, examples=["claire.m4a"])
    """As the user's computer calls it."""
    wait: Wait = 0.0
    sha256: str | None = Field(default=None, max_length=64)
    """Of the file, in hexadecimal, when it is known: what arrives is checked. `Content-Digest` and `Repr-Digest`
    (RFC 9530) do the same."""


class EnrolQuery(ClipQuery):
    origin: Literal["clip", "microphone"] = "clip"


class FromSpeakerIn(In):
    """A speaker of a finished meeting."""

    meeting_id: UUID
    label: Label = Field(examples=["SPEAKER_00"])


class RecogniseIn(In):
    """Which past meetings are to be compared with the bank again; empty: all of yours."""

    since: Instant | None = None
    """Only meetings that were uploaded at this time or later."""
    person_id: UUID | None = None
    """Only meetings with a voice that is at all like this person's."""


class RecogniseOut(Out):
    meetings: int
    """So many of your meetings will be looked through, within moments. What somebody confirmed or rejected stays."""


class ConsentTextOut(Out):
    """What somebody agrees to. To be shown or printed; your organisation may have its own."""

    language: Literal["fr", "en"]
    version: str
    """For `text_version` when the consent is recorded."""
    text: str
