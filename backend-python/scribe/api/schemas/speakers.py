"""Who the speakers of a meeting are, over HTTP.

Owns what is shown and what may be decided. People whom the reader may not see are never among what is shown
(``services/naming.py`` leaves them out).
"""

from datetime import datetime
from typing import Annotated, Self
from uuid import UUID

from pydantic import ConfigDict, Field, model_validator

from scribe.api.schemas.accounts import In
from scribe.api.schemas.meetings import Out
from scribe.api.schemas.texts import Label, PersonName
from scribe.api.schemas.voices import CandidateOut, KnownPersonOut, QualityOut, SpanOut
from scribe.domain.namings import Naming, SegmentMove
from scribe.domain.people import PersonId
from scribe.services.naming import Automatic, Decision, FreeName, NotKnown, SpeakerView, ToPerson

MAX_AUDIO_S = 200_000.0
"""No recording is longer than 37 hours."""
Seconds = Annotated[float, Field(ge=0, le=MAX_AUDIO_S, allow_inf_nan=False)]


class ReasonOut(Out):
    code: str
    """Stable: `not-asked`, `not-yours`, `no-consent`, `no-voiceprint`, and those of a clip that is refused."""
    message: str


class SpeakerOut(Out):
    """One voice of a meeting, and who it is."""

    label: str = Field(examples=["SPEAKER_00"])
    """What result files call the voice."""
    naming: Naming
    """`auto`: the bank is sure. `suggested`: it may be `suggestion`; confirm or refuse. `confirmed`, `rejected`:
    somebody said so, and no machine changes it. `unknown`: nobody the bank knows, and `reason` says why."""
    name: str | None
    """What minutes call the speaker; null: the label."""
    person: KnownPersonOut | None
    """Who it is, in the bank; null: nobody, or nobody whom you may see."""
    suggestion: KnownPersonOut | None
    """Who it may be."""
    score: float | None
    """The bank's, of the best candidate: 1 is identical, around 0 is a stranger."""
    probability: float | None
    """The bank's: that it is the best candidate."""
    reason: str | None = Field(examples=["below-threshold"])
    """The bank's verdict: `matched`, `below-threshold`, `too-close-to-call`, `too-little-speech`,
    `taken-by-better-match`, `no-voiceprint`, `empty-bank`, `refused` (somebody said that it is not this person),
    `stale-print` (measured by a model that is not in use any more), `voice-erased`; null: it was not asked."""
    explanation: str = Field(examples=["0.41 < 0.55"])
    """The verdict in numbers."""
    candidates: list[CandidateOut]
    """Best first, three at most; only people whom you may see."""
    speech_s: float
    """Everything this speaker says; in the list, after what was moved by hand (0: merged into another one)."""
    spans: list[SpanOut]
    """The cleanest stretches: what to listen to."""
    has_sample: bool
    """Whether `GET .../speakers/{label}/sample` plays them."""
    has_print: bool
    """Whether the voice was measured and can be compared or learned."""
    quality: QualityOut | None
    learned: bool
    """Whether the bank keeps this voice for the confirmed person."""
    not_learned: ReasonOut | None
    """In the answer to a confirmation: why it taught the bank nothing."""
    decided_by: UUID | None
    decided_at: datetime | None
    edit_id: UUID | None = None
    """In the answer to a decision: the change in the meeting's history, to be undone; null: nothing changed."""

    @classmethod
    def of(cls, view: SpeakerView) -> Self:
        same = {name: getattr(view, name) for name in _SAME_NAMES}
        return cls(
            **same,
            person=None if view.person is None else KnownPersonOut.model_validate(view.person),
            suggestion=None if view.suggestion is None else KnownPersonOut.model_validate(view.suggestion),
            candidates=[CandidateOut.model_validate(candidate) for candidate in view.candidates],
            spans=SpanOut.listed(view.spans),
            quality=None if view.quality is None else QualityOut.of(view.quality),
            learned=view.is_learned,
            not_learned=None if view.not_learned is None else ReasonOut.model_validate(view.not_learned),
        )


_SAME_NAMES = (
    "label", "naming", "name", "score", "probability", "reason", "explanation", "speech_s", "has_sample", "has_print",
    "decided_by", "decided_at", "edit_id",
)  # fmt: skip


class SpeakersOut(Out):
    speakers: list[SpeakerOut]
    """By label; empty when nobody was heard, or the speakers could not be told apart."""


class DecisionIn(In):
    """Exactly one of `person_id`, `name`, `unknown` and `automatic`."""

    model_config = ConfigDict(
        extra="forbid",
        use_attribute_docstrings=True,
        json_schema_extra={"example": {"person_id": "019ab3c0-11aa-7000-9000-0123456789ab", "remember": True}},
    )

    person_id: UUID | None = None
    """It is this person of the bank."""
    name: PersonName | None = Field(default=None, examples=["Madame Perrin"])
    """It is somebody who is not in the bank and is not to be: only the minutes have the name."""
    unknown: bool = False
    """It is nobody whom the bank knows: whoever was named or offered is not offered again."""
    automatic: bool = False
    """Takes back what was decided: the bank decides again, within moments."""
    remember: bool | None = None
    """With `person_id`: whether the voice is learned, so that later meetings know it better. Left out: if it may be,
    and `not_learned` says why not. True: refused when it must not be. False: what this confirmation taught before is
    taken back."""

    @model_validator(mode="after")
    def _is_one_decision(self) -> Self:
        if [self.person_id is not None, self.name is not None, self.unknown, self.automatic].count(True) != 1:
            raise ValueError("send exactly one of `person_id`, `name`, `unknown: true` and `automatic: true`")
        return self

    def decision(self) -> Decision:
        if self.person_id is not None:
            return ToPerson(PersonId(self.person_id))
        if self.name is not None:
            return FreeName(self.name)
        return NotKnown() if self.unknown else Automatic()


class MoveIn(In):
    """A stretch of the transcript that is somebody else's."""

    model_config = ConfigDict(
        extra="forbid",
        use_attribute_docstrings=True,
        json_schema_extra={"example": {"start_s": 12.4, "end_s": 15.0, "to_label": "SPEAKER_01"}},
    )

    start_s: Seconds
    end_s: Seconds
    to_label: Label
    """The speaker of this meeting who said it."""
    from_label: Label | None = None
    """Only what this speaker says there, where people talk at once. Left out: that of the only one who speaks there;
    of several, everything."""

    @model_validator(mode="after")
    def _has_a_length(self) -> Self:
        if self.end_s <= self.start_s:
            raise ValueError("end_s is not after start_s")
        return self


class MoveOut(Out):
    id: UUID
    start_s: float
    end_s: float
    from_label: str | None
    """Whose it was; null: whoever spoke there."""
    to_label: str
    moved_by: UUID | None
    created_at: datetime
    is_lost: bool
    """After another run no speaker fits any more: kept, but not applied."""

    @classmethod
    def of(cls, move: SegmentMove) -> Self:
        same = {name: getattr(move, name) for name in cls.model_fields if name not in {"start_s", "end_s"}}
        return cls(**same, start_s=move.span.start_s, end_s=move.span.end_s)


class MovesOut(Out):
    items: list[MoveOut]
    """In the order in which they are applied."""


class RecogniseMeetingOut(Out):
    is_asked: bool
    """Whether its speakers will be compared with the bank again; false: it has no voices that are kept."""
