"""The audit log: who did what to which meeting, person or account, and when, in a chain that cannot be mended unseen.

Owns what an entry says, its canonical bytes, its hash and how a chain is proved; never where entries are kept
(``adapters/audit.py``) and never when one is written (``services/audit.py``). An entry holds ids and short labels:
no name, no title, no text, no address.

Each entry's hash is SHA-256 over the hash of the entry before and the entry itself: whoever changes, removes or moves
one must compute every later hash anew, and then the head is another one than the head that was written down elsewhere
(docs/audit.md).

Usage::

    entry = chained(last_sequence, last_hash, new_entry)
    proof = Proof()
    for entry in entries:
        proof.add(entry)            # raises ChainBroken at the first that is not as it was written
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from enum import StrEnum
from uuid import UUID

Detail = Mapping[str, "str | int | bool | Sequence[str] | None"]
"""Labels and numbers; whole ones only, which every JSON writes alike."""

GENESIS = bytes(32)
"""What the first entry of all follows."""
_FORM = b"scribe audit 1\n"
"""Which form the canonical bytes have."""


class Action(StrEnum):
    """What was done. Stable: auditors count by it."""

    MEETING_CREATED = "meeting.created"
    MEETING_CHANGED = "meeting.changed"
    MEETING_KEEPING_CHANGED = "meeting.keeping_changed"
    MEETING_DELETED = "meeting.deleted"
    MEETING_CANCELLED = "meeting.cancelled"
    MEETING_RETRIED = "meeting.retried"
    MEETING_RERUN = "meeting.rerun"
    MEETING_REQUEUED = "meeting.requeued"
    TRANSCRIPT_READ = "transcript.read"
    TRANSCRIPT_SEARCHED = "transcript.searched"
    TRANSCRIPT_EXPORTED = "transcript.exported"
    TRANSCRIPT_EDITED = "transcript.edited"
    TRANSCRIPT_EDIT_UNDONE = "transcript.edit_undone"
    TRANSCRIPT_EDIT_REDONE = "transcript.edit_redone"
    SPEAKER_NAMED = "speaker.named"
    SPEAKERS_RECOGNISED = "speakers.recognised"
    RECORDING_PLAYED = "recording.played"
    RECORDING_DOWNLOADED = "recording.downloaded"
    SAMPLE_PLAYED = "sample.played"
    PERSON_CREATED = "person.created"
    PERSON_CHANGED = "person.changed"
    PERSON_EXPORTED = "person.exported"
    PERSON_IMPORTED = "person.imported"
    PERSON_MERGED = "person.merged"
    PERSON_SPLIT = "person.split"
    PERSON_FORGOTTEN = "person.forgotten"
    CONSENT_GIVEN = "consent.given"
    CONSENT_WITHDRAWN = "consent.withdrawn"
    VOICE_OFFERED = "voice.offered"
    """A clip, or a speaker of a meeting, to be enrolled from; ``voice.enrolled`` says that it was."""
    VOICE_CONFIRMED = "voice.confirmed"
    """Although it sounds like somebody else."""
    VOICE_ENROLLED = "voice.enrolled"
    VOICE_REMOVED = "voice.removed"
    VOICE_TESTED = "voice.tested"
    SIGNED_IN = "account.signed_in"
    SIGN_IN_REFUSED = "account.sign_in_refused"
    SIGNED_OUT = "account.signed_out"
    SESSION_ENDED = "account.session_ended"
    PASSWORD_CHANGED = "account.password_changed"  # noqa: S105 -- no password
    TOKEN_CREATED = "token.created"  # noqa: S105 -- no token
    TOKEN_REVOKED = "token.revoked"  # noqa: S105 -- no token
    USER_CREATED = "user.created"
    USER_CHANGED = "user.changed"
    USER_PASSWORD_RESET = "user.password_reset"  # noqa: S105 -- no password
    USER_DELETED = "user.deleted"
    RETENTION_AUDIO_REMOVED = "retention.audio_removed"
    RETENTION_MEETING_REMOVED = "retention.meeting_removed"
    BACKUP_MADE = "backup.made"
    BACKUP_RESTORED = "backup.restored"
    AUDIT_READ = "audit.read"
    AUDIT_EXPORTED = "audit.exported"
    AUDIT_PRUNED = "audit.pruned"
    """``last_sequence`` and ``last_hash`` of what was removed: what is left begins after it."""
    AUDIT_LOST = "audit.lost"
    """So many reads could not be written down: the database was away, or there were too many at once."""


class ActorKind(StrEnum):
    SESSION = "session"
    """Somebody in a browser."""
    TOKEN = "token"  # noqa: S105 -- no token
    """A program with somebody's API token."""
    COMMAND = "command"
    """The ``scribe`` command, on the machine: whoever may run it may do everything."""
    PROGRAM = "program"
    """The service itself."""


@dataclass(frozen=True, slots=True)
class Actor:
    kind: ActorKind
    user_id: UUID | None = None
    token_id: UUID | None = None


THE_PROGRAM = Actor(ActorKind.PROGRAM)
THE_COMMAND = Actor(ActorKind.COMMAND)


@dataclass(frozen=True, slots=True)
class NewEntry:
    action: Action
    actor: Actor
    at: datetime
    """When it happened, UTC."""
    meeting_id: UUID | None = None
    person_id: UUID | None = None
    subject_id: UUID | None = None
    """What else it is about: another user, a token, a voiceprint, an edit."""
    detail: Detail = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Entry:
    """As it is kept. Kinds are plain text: an entry of a later version can be proved by an earlier one."""

    sequence: int
    at: datetime
    action: str
    actor_kind: str
    actor_id: UUID | None
    token_id: UUID | None
    meeting_id: UUID | None
    person_id: UUID | None
    subject_id: UUID | None
    detail: Mapping[str, object]
    previous: bytes
    hash: bytes


@dataclass(frozen=True, slots=True)
class Head:
    """The end of the chain; what it says is what all before it says."""

    sequence: int
    """0: nothing was ever written."""
    hash: bytes


NO_HEAD = Head(0, GENESIS)


class ChainBroken(Exception):  # noqa: N818 -- what was found, not what went wrong
    """The entry is not as it was written, or one before it is missing."""

    def __init__(self, sequence: int, reason: str) -> None:
        super().__init__(f"entry {sequence}: {reason}")
        self.sequence = sequence
        self.reason = reason


def chained(last: Head, new: NewEntry) -> Entry:
    """``new`` as the entry after ``last``."""
    unhashed = Entry(
        last.sequence + 1,
        new.at.astimezone(UTC),
        str(new.action),
        str(new.actor.kind),
        new.actor.user_id,
        new.actor.token_id,
        new.meeting_id,
        new.person_id,
        new.subject_id,
        dict(new.detail),
        last.hash,
        GENESIS,
    )
    return replace(unhashed, hash=hash_of(unhashed))


def content_of(entry: Entry) -> dict[str, object]:
    """What the hash is over, as JSON values, but for the hash before."""
    ids = {name: getattr(entry, name) for name in _IDS}
    return {
        "sequence": entry.sequence,
        "at": entry.at.astimezone(UTC).isoformat(timespec="microseconds"),
        "action": entry.action,
        "actor_kind": entry.actor_kind,
        **{name: None if id_ is None else str(id_) for name, id_ in ids.items()},
        "detail": dict(entry.detail),
    }


def canonical(entry: Entry) -> bytes:
    """Keys in order, nothing between them, ASCII only: one entry, one row of bytes."""
    return json.dumps(content_of(entry), sort_keys=True, separators=(",", ":"), ensure_ascii=True).encode()


def hash_of(entry: Entry) -> bytes:
    return hashlib.sha256(_FORM + entry.previous + canonical(entry)).digest()


@dataclass(slots=True)
class Proof:
    """A chain that is proved entry by entry, oldest first."""

    first: int | None = None
    head: Head = NO_HEAD
    count: int = 0
    _begins_after: Head | None = None
    """What an entry of this chain says about where it begins."""

    def add(self, entry: Entry) -> None:
        """Raises: ChainBroken."""
        if self.first is None:
            self.first = entry.sequence
            self._begins_with(entry)
        elif entry.sequence != self.head.sequence + 1:
            raise ChainBroken(self.head.sequence + 1, f"missing: entry {entry.sequence} follows {self.head.sequence}")
        elif entry.previous != self.head.hash:
            raise ChainBroken(entry.sequence, "does not follow the entry before it")
        if hash_of(entry) != entry.hash:
            raise ChainBroken(entry.sequence, "is not what was written")
        if entry.action == Action.AUDIT_PRUNED:
            self._heed(entry)
        self.head = Head(entry.sequence, entry.hash)
        self.count += 1

    def end(self) -> None:
        """Raises: ChainBroken when the beginning is missing and no entry says that it was removed on purpose."""
        if self._begins_after is not None:
            raise ChainBroken(self._begins_after.sequence, "missing, and no entry says that it was removed for its age")

    def _begins_with(self, entry: Entry) -> None:
        if entry.sequence != 1:
            self._begins_after = Head(entry.sequence - 1, entry.previous)
        elif entry.previous != GENESIS:
            raise ChainBroken(1, "is not the beginning of a chain")

    def _heed(self, entry: Entry) -> None:
        said = (entry.detail.get("last_sequence"), entry.detail.get("last_hash"))
        wanted = self._begins_after
        if wanted is not None and said == (wanted.sequence, wanted.hash.hex()):
            self._begins_after = None


_IDS = ("actor_id", "token_id", "meeting_id", "person_id", "subject_id")
