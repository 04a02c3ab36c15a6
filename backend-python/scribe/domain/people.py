"""People, their consents and the voiceprints by which they are recognised, as the bank keeps them.

Owns these values, who may read and who may change a person, and what a name may look like; never a row, and never the
decision whose voice it is (``domain/voices.py``).

Usage::

    if not may_read_person(principal, person): ...       # then the person does not exist for them
"""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import NewType
from uuid import UUID

from scribe.domain.accounts import Principal
from scribe.domain.errors import OptionError
from scribe.domain.meeting import MeetingId, UserId
from scribe.domain.speech import Span, SpeakerLabel
from scribe.domain.voice_quality import VoiceQuality
from scribe.domain.voices import Voiceprint

PersonId = NewType("PersonId", UUID)
VoiceprintId = NewType("VoiceprintId", UUID)

MAX_NAME_LENGTH = 100
MAX_ALIASES = 20
MAX_NOTE_LENGTH = 2000


class NamePolicy(StrEnum):
    """What becomes of a forgotten person's name in old transcripts."""

    KEEP = "keep"
    """Minutes are records: the name stays as text, tied to nobody any more."""
    PSEUDONYMISE = "pseudonymise"
    """It is replaced by a made-up one, the same in all meetings, that leads back to nobody."""


class PrintOrigin(StrEnum):
    CLIP = "clip"
    MICROPHONE = "microphone"
    MEETING = "meeting"
    IMPORT = "import"


@dataclass(frozen=True, slots=True)
class Consent:
    """Somebody agreed to be recognised by voice (GDPR art. 9 (2) a)."""

    id: UUID
    person_id: PersonId
    given_by: str
    """Who agreed, and how, in words: ``Claire Martin, signed form of 3 March``."""
    text_version: str
    """Which text was agreed to: of docs/privacy.md, or the organisation's own."""
    given_at: datetime
    recorded_at: datetime
    recorded_by: UserId | None
    withdrawn_at: datetime | None = None

    @property
    def is_active(self) -> bool:
        return self.withdrawn_at is None


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who may be recognised."""

    id: PersonId
    owner_id: UserId
    name: str
    aliases: tuple[str, ...]
    note: str
    is_shared: bool
    """Whether everybody in the installation may read the person, and is helped by the voice."""
    version: int
    created_at: datetime
    updated_at: datetime
    num_voiceprints: int = 0
    speech_s: float = 0.0
    """Of all prints together."""
    has_consent: bool = False


@dataclass(frozen=True, slots=True)
class StoredVoiceprint:
    """A print of the bank with its story. Biometric data: never log it, never send the vector."""

    id: VoiceprintId
    person_id: PersonId
    voiceprint: Voiceprint
    quality: VoiceQuality
    origin: PrintOrigin
    is_learned: bool
    """It came with a confirmed name and goes with it; else it was enrolled on purpose."""
    created_at: datetime
    meeting_id: MeetingId | None = None
    """Where it was heard; the meeting may be gone by now."""
    label: SpeakerLabel | None = None
    spans: tuple[Span, ...] = ()
    """Which stretches of the meeting or of the clip it was made from."""
    file_name: str | None = None
    """Of the clip, as the user's computer called it."""
    channel: str | None = None
    """What is known of how it was recorded: ``8000 Hz`` source, codec."""
    sample_key: str | None = None
    """Where the kept sample is stored: the print is made again from it when the model changes."""
    confirmed_by: UserId | None = None
    confirmed_at: datetime | None = None
    is_stale: bool = False
    """Of another model than the one in use, and not made again yet: compared with nothing."""


@dataclass(frozen=True, slots=True)
class PersonQuery:
    """One page of a list of people, by name."""

    text: str = ""
    """Found in name, aliases or note; case and accents do not count."""
    after: str | None = None
    """Cursor: what the page before said."""
    limit: int = 50


@dataclass(frozen=True, slots=True)
class PersonPage:
    people: Sequence[Person]
    next: str | None
    """``None``: that was the last page."""


@dataclass(frozen=True, slots=True)
class PersonDraft:
    """What a user says about a new person."""

    name: str
    aliases: tuple[str, ...] = ()
    note: str = ""
    is_shared: bool = False


@dataclass(frozen=True, slots=True)
class PersonChanges:
    """``None``: stays as it is."""

    name: str | None = None
    aliases: tuple[str, ...] | None = None
    note: str | None = None
    is_shared: bool | None = None


@dataclass(frozen=True, slots=True)
class ConsentDraft:
    given_by: str
    text_version: str
    given_at: datetime | None = None
    """``None``: now."""


@dataclass(frozen=True, slots=True)
class Forgotten:
    """What went with a person."""

    person_id: PersonId
    voiceprints: int = 0
    samples: int = 0
    meetings: tuple[MeetingId, ...] = field(default=())
    """Where the person was named or considered: their result files are written again."""
    pseudonym: str | None = None


def may_read_person(principal: Principal, owner_id: UserId, *, is_shared: bool) -> bool:
    """The one rule; queries say the same in SQL (``adapters/people.py``) and a test holds the two together."""
    return is_shared or principal.user_id == owner_id or principal.is_admin


def may_change_person(principal: Principal, owner_id: UserId) -> bool:
    """Change, enrol, teach, merge, forget."""
    return principal.user_id == owner_id or principal.is_admin


def clean_name(given: str) -> str:
    """Unicode NFC, single spaces. Raises: OptionError when it cannot stand in minutes."""
    name = " ".join(unicodedata.normalize("NFC", given).split())
    if not name or len(name) > MAX_NAME_LENGTH or any(_is_unfit(character) for character in name):
        raise OptionError(f"A name has 1 to {MAX_NAME_LENGTH} characters on one line.")
    if _GENERATED_LABEL.fullmatch(name):
        raise OptionError(f"{name} is what an unknown speaker is called: give the person's name.")
    return name


_GENERATED_LABEL = re.compile(r"speaker[ _]\d+", re.IGNORECASE)
_BIDI_CONTROLS = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""They turn the text around them: a name could make a line of the minutes read backwards."""


def _is_unfit(character: str) -> bool:
    """Control characters, line separators, lone surrogates, what is no character at all."""
    return unicodedata.category(character) in {"Cc", "Cs", "Co", "Cn", "Zl", "Zp"} or character in _BIDI_CONTROLS
