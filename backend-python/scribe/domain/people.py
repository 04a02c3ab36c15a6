"""People, their consents and the voiceprints by which they are recognised, as the bank keeps them.

Owns these values, who may read and who may change a person, and what a name may look like; never a row, and never the
decision whose voice it is (``domain/voices.py``).

Usage::

    if not may_read_person(principal, person): ...       # then the person does not exist for them
"""

import base64
import binascii
import json
import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import NewType, Self
from uuid import UUID

from scribe.domain.accounts import Principal
from scribe.domain.errors import OptionError
from scribe.domain.folding import fold
from scribe.domain.meeting import MeetingId, UserId
from scribe.domain.speech import Span, SpeakerLabel
from scribe.domain.voice_quality import VoiceQuality
from scribe.domain.voices import Voiceprint

PersonId = NewType("PersonId", UUID)
VoiceprintId = NewType("VoiceprintId", UUID)

MAX_NAME_LENGTH = 100
MAX_ALIASES = 20
MAX_NOTE_LENGTH = 2000
MAX_GIVEN_BY_LENGTH = 300
MAX_TEXT_VERSION_LENGTH = 100


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
    """:class:`PersonCursor`, encoded: what the page before said."""
    limit: int = 50


@dataclass(frozen=True, slots=True)
class PersonCursor:
    """Where a page ended. People who come or go move nothing."""

    sort_name: str
    id: UUID

    def encode(self) -> str:
        text = json.dumps([self.sort_name, str(self.id)], separators=(",", ":"), ensure_ascii=False)
        return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")

    @classmethod
    def decode(cls, text: str) -> Self:
        """Raises: OptionError when it is none of ours."""
        try:
            padded = text.encode("ascii") + b"=" * (-len(text) % 4)
            name, person_id = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
            return cls(_storable(name), UUID(person_id))
        except (ValueError, TypeError, AttributeError, RecursionError, binascii.Error) as error:
            raise OptionError("This `cursor` is not one that this list gave you: begin without it.") from error


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


def is_storable(text: str) -> bool:
    """Whether a database can be asked for it: no zero byte, no lone surrogate."""
    return "\0" not in text and not any(unicodedata.category(character) == "Cs" for character in text)


def _storable(text: object) -> str:
    """Raises: TypeError."""
    if not isinstance(text, str) or not is_storable(text):
        raise TypeError("not a name")
    return text


def sort_name(name: str) -> str:
    """What lists of people sort by. Bounded, because it is indexed."""
    return fold(name)[:MAX_NAME_LENGTH]


def search_text(name: str, aliases: Iterable[str], note: str) -> str:
    """What a search among people looks through."""
    return "\n".join(map(fold, (name, *aliases, note)))


def is_called(called: str, name: str, aliases: Iterable[str]) -> bool:
    """Whether somebody goes by what somebody else typed: name or alias, without case and accents."""
    wanted = fold(" ".join(called.split()))
    return any(fold(own) == wanted for own in (name, *aliases))


def clean_draft(draft: PersonDraft) -> PersonDraft:
    """Raises: OptionError."""
    name = clean_name(draft.name)
    return PersonDraft(name, clean_aliases(draft.aliases, name), clean_note(draft.note), draft.is_shared)


def clean_changes(changes: PersonChanges, person: Person) -> PersonChanges:
    """Raises: OptionError."""
    name = None if changes.name is None else clean_name(changes.name)
    aliases = None if changes.aliases is None else clean_aliases(changes.aliases, name or person.name)
    note = None if changes.note is None else clean_note(changes.note)
    return PersonChanges(name, aliases, note, changes.is_shared)


def clean_aliases(given: Iterable[str], name: str) -> tuple[str, ...]:
    """Each once, and none that is the name itself. Raises: OptionError."""
    kept: dict[str, str] = {}
    for alias in map(clean_name, given):
        if not is_called(alias, name, ()):
            kept.setdefault(fold(alias), alias)
    if len(kept) > MAX_ALIASES:
        raise OptionError(f"A person has at most {MAX_ALIASES} aliases.")
    return tuple(kept.values())


def clean_note(given: str) -> str:
    """Several lines are welcome. Raises: OptionError."""
    note = unicodedata.normalize("NFC", given.replace("\r\n", "\n").replace("\r", "\n")).strip()
    if len(note) > MAX_NOTE_LENGTH or any(_is_unfit(character) for character in note if character not in "\n\t"):
        raise OptionError(f"A note has at most {MAX_NOTE_LENGTH} characters, without control characters.")
    return note


def clean_consent(draft: ConsentDraft) -> ConsentDraft:
    """``given_at`` is filled in. Raises: OptionError."""
    given_by, version = (" ".join(text.split()) for text in (draft.given_by, draft.text_version))
    if not 1 <= len(given_by) <= MAX_GIVEN_BY_LENGTH or any(map(_is_unfit, given_by)):
        raise OptionError(f"Say in 1 to {MAX_GIVEN_BY_LENGTH} characters on one line who agreed, and how.")
    if not 1 <= len(version) <= MAX_TEXT_VERSION_LENGTH or any(map(_is_unfit, version)):
        raise OptionError(f"Say in 1 to {MAX_TEXT_VERSION_LENGTH} characters on one line which text was agreed to.")
    now = datetime.now(UTC)
    given_at = now if draft.given_at is None else draft.given_at
    if given_at.tzinfo is None or given_at > now + timedelta(minutes=5):
        raise OptionError("A consent was given at a moment of the past, with its time zone.")
    return ConsentDraft(given_by, version, given_at)


_GENERATED_LABEL = re.compile(r"speaker[ _]\d+", re.IGNORECASE)
_BIDI_CONTROLS = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""They turn the text around them: a name could make a line of the minutes read backwards."""


def _is_unfit(character: str) -> bool:
    """Control characters, line separators, lone surrogates, what is no character at all."""
    return unicodedata.category(character) in {"Cc", "Cs", "Co", "Cn", "Zl", "Zp"} or character in _BIDI_CONTROLS
