"""Who the speakers of one meeting are, as the database keeps it: verdicts of the bank, decisions of people.

Owns these values; ``domain/naming_overlay.py`` writes them over result documents, ``services/naming.py`` changes them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from scribe.domain.meeting import MeetingId, RunWarning, UserId
from scribe.domain.people import PersonId, VoiceprintId
from scribe.domain.speech import Span, SpeakerLabel
from scribe.domain.voice_quality import VoiceQuality
from scribe.domain.voices import Identification, Voiceprint


class Naming(StrEnum):
    """How a speaker came to be called what it is called."""

    UNKNOWN = "unknown"
    SUGGESTED = "suggested"
    """The bank thinks it knows who it is; a person decides. Not written as a name."""
    AUTO = "auto"
    """The bank is sure."""
    CONFIRMED = "confirmed"
    """A human said so: never overwritten by a machine."""
    REJECTED = "rejected"
    """A human said that it is nobody the bank knows: never overwritten by a machine."""

    @property
    def is_human(self) -> bool:
        return self in {Naming.CONFIRMED, Naming.REJECTED}


NAMED = (Naming.AUTO, Naming.CONFIRMED)
"""A suggestion is no name yet."""


@dataclass(frozen=True, slots=True)
class ScoredPerson:
    """Somebody of the bank who was considered. The name is looked up when it is shown, for those who may read it."""

    person_id: PersonId
    score: float
    probability: float


@dataclass(frozen=True, slots=True)
class HeardSpeaker:
    """What a finished run knows of one speaker; the child reports it."""

    label: SpeakerLabel
    turns: tuple[Span, ...]
    """Everything this speaker said."""
    voiceprint: Voiceprint | None
    """``None``: never spoke alone for long enough."""
    quality: VoiceQuality | None
    spans: tuple[Span, ...]
    """The cleanest stretches: what is played to ask who it is, and what a print is enrolled from."""
    sample_key: str | None
    """Where these stretches are stored as WAV; ``None``: there is none."""
    identification: Identification | None
    """``None``: nobody was looked for."""


@dataclass(frozen=True, slots=True)
class Speaker:
    """One voice of one meeting: a row of ``speakers``."""

    meeting_id: MeetingId
    label: SpeakerLabel
    run: int
    turns: tuple[Span, ...]
    voiceprint: Voiceprint | None
    """``None``: never measured, or removed because its person was forgotten or its time was over."""
    quality: VoiceQuality | None
    spans: tuple[Span, ...]
    sample_key: str | None
    naming: Naming = Naming.UNKNOWN
    person_id: PersonId | None = None
    """Who it is (auto, confirmed) or may be (suggested)."""
    name: str | None = None
    """What is shown when no person stands behind it: a free name, or that of a forgotten person."""
    person_name: str | None = None
    """Of ``person_id``, as it is today."""
    score: float | None = None
    probability: float | None = None
    reason: str | None = None
    """That of the verdict (domain/voices.py): stays as evidence under a human decision."""
    explanation: str = ""
    candidates: tuple[ScoredPerson, ...] = ()
    """Best first, three at most; the second is the runner-up."""
    refused: frozenset[PersonId] = frozenset()
    """Whom a human said it is not: never suggested again."""
    learned_print_id: VoiceprintId | None = None
    """The print that this confirmation added to the bank."""
    decided_by: UserId | None = None
    decided_at: datetime | None = None

    @property
    def shown_name(self) -> str | None:
        """What minutes call the speaker; ``None``: the label."""
        if self.naming not in {Naming.AUTO, Naming.CONFIRMED}:
            return None
        return self.person_name or self.name


@dataclass(frozen=True, slots=True)
class SegmentMove:
    """A human gave a stretch of the transcript to another speaker. A hard example for attribution, never for the
    bank."""

    id: UUID
    meeting_id: MeetingId
    span: Span
    from_label: SpeakerLabel | None
    to_label: SpeakerLabel
    moved_by: UserId | None
    created_at: datetime
    is_lost: bool = False
    """After another run nobody fits ``to_label`` any more: shown, not applied, never dropped silently."""
    is_merge: bool = False
    """All that ``from_label`` says is ``to_label``'s. Without ``from_label`` it is lost, and never everybody's."""
    position: int = 0
    """That of its edit (domain/edits.py); 0: it has none."""
    edit_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Recognised:
    """What the bank says about the speakers of one meeting, all together."""

    verdicts: Mapping[SpeakerLabel, Identification]
    warnings: tuple[RunWarning, ...] = ()
    """Such as: nobody of a name that was asked for is known."""


def impersonal(explanation: str) -> str:
    """The figures of a verdict's explanation without whom they are about: ``Claire and Anne too close: 0.61 and 0.58``
    becomes ``0.61 and 0.58``. People are looked up by id, when they are shown, for those who may see them."""
    return explanation.rpartition(": ")[2]


NamesOf = Mapping[SpeakerLabel, Speaker]
