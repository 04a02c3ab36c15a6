"""What is left of somebody who was forgotten or withdrew consent: that it happened, so that a restored backup does not
bring the voice back.

Owns the tombstone and how it stands in storage; never a name, never a vector.

Usage::

    storage.write(layout.erasure_key(stone.person_id), stone.to_json(), private=True)
"""

import json
import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Self
from uuid import UUID

from scribe.domain.errors import ArtefactError
from scribe.domain.people import NamePolicy, PersonId, VoiceprintId

VOICE_ERASED = "voice-erased"
"""Reason of a speaker whose voiceprint was removed because its person was forgotten or withdrew consent: nothing is
measured or compared again for this speaker, also after another run."""


_ONLY_THE_VOICE = "voice"


@dataclass(frozen=True, slots=True)
class Tombstone:
    """Somebody was forgotten, or their voice was."""

    person_id: PersonId
    erased_at: datetime
    policy: NamePolicy | None
    """``None``: the person stays, only the voice was erased (consent withdrawn)."""
    pseudonym: str | None = None
    """Under ``pseudonymise``: what old transcripts say instead of the name."""
    voiceprint_ids: tuple[VoiceprintId, ...] = ()
    """What was erased: in an older backup it may belong to the person this one was split from."""

    @property
    def kind(self) -> str:
        """As it is stored."""
        return str(self.policy or _ONLY_THE_VOICE)

    def to_json(self) -> bytes:
        kept = {
            "version": 1,
            "person_id": str(self.person_id),
            "erased_at": self.erased_at.isoformat(),
            "policy": self.kind,
            "pseudonym": self.pseudonym,
            "voiceprint_ids": [str(id_) for id_ in self.voiceprint_ids],
        }
        return (json.dumps(kept, indent=1) + "\n").encode()

    @classmethod
    def from_json(cls, content: bytes) -> Self:
        """Raises: ArtefactError."""
        try:
            kept = json.loads(content)
            return cls(
                PersonId(UUID(kept["person_id"])),
                datetime.fromisoformat(kept["erased_at"]),
                policy_of(kept["policy"]),
                kept["pseudonym"],
                tuple(VoiceprintId(UUID(id_)) for id_ in kept["voiceprint_ids"]),
            )
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise ArtefactError("A note about somebody who was forgotten cannot be read.") from error


def policy_of(kind: str) -> NamePolicy | None:
    """The inverse of :attr:`Tombstone.kind`."""
    return None if kind == _ONLY_THE_VOICE else NamePolicy(kind)


def new_pseudonym() -> str:
    """Random, so that it leads back to nobody; the same in every language."""
    return f"P-{secrets.token_hex(3).upper()}"
