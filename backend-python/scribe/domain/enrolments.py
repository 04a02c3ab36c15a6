"""A short piece of work on a voice: enrol a clip, tell whose voice it is, make a stale print again.

Owns the values of a task and of what comes of it, how they are kept as JSON, and the limits of clips; never a row, a
file or a model. What is kept of a task holds ids, figures and sentences: never a vector, never a name.

Usage::

    enrolment = await enrolment.submit(desk, who, enrolment_id, person_id, kind=EnrolmentKind.ENROL, ...)
    if enrolment.status is EnrolmentStatus.QUESTIONED: ...       # a human decides: confirm or discard
"""

import io
import wave
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, NewType, Protocol, Self
from uuid import UUID

import numpy as np
import numpy.typing as npt

from scribe.domain.audio import SAMPLE_RATE_HZ
from scribe.domain.meeting import MeetingId, UserId
from scribe.domain.namings import ScoredPerson
from scribe.domain.people import PersonId, PrintOrigin, VoiceprintId
from scribe.domain.speech import Span, SpeakerLabel
from scribe.domain.voice_quality import Problem, VoiceQuality
from scribe.domain.voices import Band, Voiceprint

EnrolmentId = NewType("EnrolmentId", UUID)

MAX_ATTEMPTS = 5
MAX_CLIP_S = 900.0
"""A quarter of an hour of somebody talking is more than a voiceprint gains from; longer clips are refused."""
QUESTIONED_FOR = timedelta(days=7)
"""A clip nobody decides about is not kept longer: it is a recording of somebody's voice."""
TEST_KEPT_FOR = timedelta(hours=1)
"""The verdict of a test is for whoever waits for it."""
OVER_KEPT_FOR = timedelta(days=7)
"""How long one can read how a task ended."""


class EnrolmentKind(StrEnum):
    ENROL = "enrol"
    TEST = "test"
    """Whose voice is it? Nothing is kept."""
    REMAKE = "remake"
    """The model changed: a print is made again from its kept sample."""


class EnrolmentStatus(StrEnum):
    PENDING = "PENDING"
    PROCESSING = "PROCESSING"
    DONE = "DONE"
    QUESTIONED = "QUESTIONED"
    """It may be the wrong voice: a human confirms or discards. The clip waits."""
    REFUSED = "REFUSED"
    """The voice cannot be used as it is; the problems say what is missing."""
    FAILED = "FAILED"
    """Not the clip's fault; it was tried several times."""

    @property
    def is_open(self) -> bool:
        """A worker has it, or will."""
        return self in {EnrolmentStatus.PENDING, EnrolmentStatus.PROCESSING}

    @property
    def is_over(self) -> bool:
        """Nothing happens any more."""
        return self in {EnrolmentStatus.DONE, EnrolmentStatus.REFUSED, EnrolmentStatus.FAILED}


class QuestionKind(StrEnum):
    SOUNDS_LIKE = "sounds-like"
    """... somebody else whom the bank knows."""
    UNLIKE_PERSON = "unlike-person"
    """It does not sound like what the bank has of this person."""


@dataclass(frozen=True, slots=True)
class Question:
    """Why a human is asked before the voice is enrolled."""

    kind: QuestionKind
    person_id: PersonId | None
    """Whom it sounds like; ``None``: nobody in particular, or somebody the reader may not read any more."""
    score: float | None
    probability: float | None


@dataclass(frozen=True, slots=True)
class TestVerdict:
    """Whose voice a tested clip is."""

    __test__ = False  # pytest: no test case

    band: Band
    reason: str
    """Code of ``domain.voices.Identification.reason``."""
    explanation: str
    candidates: tuple[ScoredPerson, ...]
    """Best first, three at most; people the asker may read."""


@dataclass(frozen=True, slots=True)
class EnrolmentResult:
    """What came of it."""

    problems: tuple[Problem, ...] = ()
    questions: tuple[Question, ...] = ()
    quality: VoiceQuality | None = None
    verdict: TestVerdict | None = None
    failure_code: str | None = None
    failure_message: str | None = None

    def to_json(self) -> dict[str, Any]:
        told: dict[str, Any] = {}
        if self.problems:
            told["problems"] = [asdict(problem) for problem in self.problems]
        if self.questions:
            told["questions"] = [_person_as_text(asdict(question)) for question in self.questions]
        if self.quality is not None:
            told["quality"] = asdict(self.quality)
        if self.verdict is not None:
            told["verdict"] = {
                **asdict(self.verdict),
                "candidates": [_person_as_text(asdict(candidate)) for candidate in self.verdict.candidates],
            }
        if self.failure_code is not None:
            told["failure"] = {"code": self.failure_code, "message": self.failure_message}
        return told

    @classmethod
    def from_json(cls, told: Mapping[str, Any]) -> Self:
        failure = told.get("failure") or {}
        return cls(
            tuple(Problem(**problem) for problem in told.get("problems", ())),
            tuple(
                Question(QuestionKind(asked["kind"]), _person(asked), asked["score"], asked["probability"])
                for asked in told.get("questions", ())
            ),
            None if told.get("quality") is None else quality_from_json(told["quality"]),
            _verdict(told.get("verdict")),
            failure.get("code"),
            failure.get("message"),
        )


@dataclass(frozen=True, slots=True)
class NewEnrolment:
    """What a row is made of."""

    id: EnrolmentId
    kind: EnrolmentKind
    source_key: str
    """Where the clip waits, or a kept sample."""
    owner_id: UserId | None
    person_id: PersonId | None = None
    origin: PrintOrigin | None = None
    file_name: str | None = None
    is_forced: bool = False
    meeting_id: MeetingId | None = None
    label: SpeakerLabel | None = None
    remade_print_id: VoiceprintId | None = None


@dataclass(frozen=True, slots=True)
class Enrolment:
    """A task, as it stands."""

    id: EnrolmentId
    owner_id: UserId | None
    """Who asked; ``None``: the product itself."""
    person_id: PersonId | None
    """``None`` for a test."""
    kind: EnrolmentKind
    status: EnrolmentStatus
    origin: PrintOrigin | None
    source_key: str
    file_name: str | None
    is_forced: bool
    """A human was asked whether this is the right voice, and said yes."""
    meeting_id: MeetingId | None
    label: SpeakerLabel | None
    """With ``meeting_id``: the speaker whose voice it is."""
    remade_print_id: VoiceprintId | None
    voiceprint_id: VoiceprintId | None
    """What came of it."""
    result: EnrolmentResult
    attempt: int
    created_at: datetime
    finished_at: datetime | None


@dataclass(frozen=True, slots=True)
class ClaimedEnrolment:
    """One attempt at a task, and the right to write about it."""

    enrolment: Enrolment
    token: UUID
    """Fencing, as that of ``domain.jobs.ClaimedJob``."""

    @property
    def id(self) -> EnrolmentId:
        return self.enrolment.id

    @property
    def attempt(self) -> int:
        """1 for the first."""
        return self.enrolment.attempt


class MeasuredVoice(Protocol):
    """What was found in a clip; ``engines.identification.ClipReport`` and :class:`ClipReport` are such."""

    @property
    def voiceprint(self) -> Voiceprint | None: ...

    @property
    def quality(self) -> VoiceQuality: ...

    @property
    def spans(self) -> tuple[Span, ...]: ...

    @property
    def problems(self) -> tuple[Problem, ...]: ...

    @property
    def sample(self) -> npt.NDArray[np.int16]:
        """(num_samples,) int16, 16 kHz mono: the cleanest stretches, 20 s at most; empty when there are none."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class MeasuredClip:
    """Satisfies :class:`MeasuredVoice`; what the worker hears from the child that listened to a clip."""

    voiceprint: Voiceprint | None
    quality: VoiceQuality
    spans: tuple[Span, ...] = ()
    problems: tuple[Problem, ...] = ()
    sample: npt.NDArray[np.int16] = field(default_factory=lambda: np.zeros(0, np.int16))
    channel: str | None = None
    """How it was recorded: ``48000 Hz, opus``."""


def sample_wav(pcm: npt.NDArray[np.int16]) -> bytes:
    """A kept sample as a file. ``pcm``: (num_samples,) int16, 16 kHz mono."""
    stream = io.BytesIO()
    with wave.open(stream, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(SAMPLE_RATE_HZ)
        file.writeframes(pcm.astype("<i2").tobytes())
    return stream.getvalue()


def quality_from_json(told: Mapping[str, Any]) -> VoiceQuality:
    """Rows outlive versions: what this one does not know is left out."""
    known = {field.name for field in fields(VoiceQuality)}
    return VoiceQuality(**{name: value for name, value in told.items() if name in known})


def _person_as_text(told: dict[str, Any]) -> dict[str, Any]:
    return {**told, "person_id": None if told["person_id"] is None else str(told["person_id"])}


def _person(told: Mapping[str, Any]) -> PersonId | None:
    return None if told["person_id"] is None else PersonId(UUID(told["person_id"]))


def _verdict(told: Mapping[str, Any] | None) -> TestVerdict | None:
    if told is None:
        return None
    candidates = tuple(
        ScoredPerson(PersonId(UUID(one["person_id"])), one["score"], one["probability"]) for one in told["candidates"]
    )
    return TestVerdict(Band(told["band"]), told["reason"], told["explanation"], candidates)
