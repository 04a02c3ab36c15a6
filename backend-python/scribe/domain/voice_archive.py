"""People of the bank as they leave one installation and enter another, or are handed to the person they are about.

Owns the JSON of it and that nothing unfit gets out of it: names, ids, times and vectors are checked as if a user had
typed them. Never a file (``adapters/voice_archive.py``) and never a row (``services/voice_transfer.py``). Holds
biometric data: whoever writes it keeps it from other eyes.

Usage::

    text = json.dumps(document_of(records, created_at))
    records = records_of(json.loads(text))          # BackupError: what is wrong with it
"""

import base64
import binascii
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from datetime import date, datetime
from typing import Any, TypeVar
from uuid import UUID

import numpy as np
import numpy.typing as npt

from scribe.domain.errors import BackupError, OptionError
from scribe.domain.meeting import MeetingId, UserId
from scribe.domain.people import (
    Consent,
    ConsentDraft,
    Person,
    PersonDraft,
    PersonId,
    PrintOrigin,
    StoredVoiceprint,
    VoiceprintId,
    clean_consent,
    clean_draft,
)
from scribe.domain.speech import Span, SpeakerLabel
from scribe.domain.voice_quality import VoiceQuality
from scribe.domain.voices import Voiceprint

FORMAT = "smart-meeting-scribe/voices"
VERSION = 1
MAX_DIMENSION = 4096
MAX_TEXT = 1000
MAX_SAMPLE_BYTES = 64 * 2**20
_SHA256_LENGTH = 64
NOBODY = UserId(UUID(int=0))
"""Owner of a person who has come out of an archive: whoever imports it becomes that."""

Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class SampleFile:
    """What a print was made from, as a WAV beside the JSON."""

    size_bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class ArchivedMeeting:
    """A meeting that names the person. What is said in it belongs to others as well: it is not told."""

    id: MeetingId
    created_at: datetime
    held_on: date | None
    labels: tuple[SpeakerLabel, ...]


@dataclass(frozen=True, slots=True)
class PersonRecord:
    """Everything the bank holds of one person."""

    person: Person
    merged_ids: tuple[PersonId, ...]
    consents: tuple[Consent, ...]
    prints: tuple[StoredVoiceprint, ...]
    """``sample_key`` means nothing outside its installation; see :attr:`samples`."""
    samples: Mapping[VoiceprintId, SampleFile]
    meetings: tuple[ArchivedMeeting, ...] = ()


def document_of(records: Iterable[PersonRecord], created_at: datetime) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "version": VERSION,
        "created_at": created_at.isoformat(),
        "people": [record_json(record) for record in records],
    }


def record_json(record: PersonRecord) -> dict[str, Any]:
    person = record.person
    return {
        "id": str(person.id),
        "name": person.name,
        "aliases": list(person.aliases),
        "note": person.note,
        "is_shared": person.is_shared,
        "merged_ids": [str(merged) for merged in record.merged_ids],
        "created_at": person.created_at.isoformat(),
        "consents": [_consent_json(consent) for consent in record.consents],
        "voiceprints": [_print_json(print_, record.samples.get(print_.id)) for print_ in record.prints],
        "meetings": [
            {
                "id": str(meeting.id),
                "created_at": meeting.created_at.isoformat(),
                "held_on": None if meeting.held_on is None else meeting.held_on.isoformat(),
                "labels": list(meeting.labels),
            }
            for meeting in record.meetings
        ],
    }


def records_of(document: Any) -> list[PersonRecord]:
    """Raises: BackupError that says where it is wrong."""
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise BackupError("This is no export of voices: `scribe voices export` makes one.")
    if document.get("version") != VERSION:
        raise BackupError("This export is of a newer version: import it with the program that made it, or a newer one.")
    people = document.get("people")
    if not isinstance(people, list):
        raise BackupError("This export lists no people.")
    records = [_record(told, f"people[{index}]") for index, told in enumerate(people)]
    _refuse_twice([record.person.id for record in records], "person")
    _refuse_twice([print_.id for record in records for print_ in record.prints], "voiceprint")
    _refuse_twice([consent.id for record in records for consent in record.consents], "consent")
    return records


def sample_name(voiceprint_id: VoiceprintId) -> str:
    return f"samples/{voiceprint_id}.wav"


def vector_text(vector: npt.NDArray[np.float32]) -> str:
    """Base64 of float32, little endian: exact."""
    return base64.b64encode(vector.astype("<f4").tobytes()).decode("ascii")


# ----------------------------------------------------------------------------------------------------------------------


def _consent_json(consent: Consent) -> dict[str, Any]:
    return {
        "id": str(consent.id),
        "given_by": consent.given_by,
        "text_version": consent.text_version,
        "given_at": consent.given_at.isoformat(),
        "recorded_at": consent.recorded_at.isoformat(),
        "recorded_by": _text_or_none(consent.recorded_by),
        "withdrawn_at": None if consent.withdrawn_at is None else consent.withdrawn_at.isoformat(),
    }


def _print_json(print_: StoredVoiceprint, sample: SampleFile | None) -> dict[str, Any]:
    return {
        "id": str(print_.id),
        "vector": vector_text(print_.voiceprint.vector),
        "model_id": print_.voiceprint.model_id,
        "model_revision": print_.voiceprint.model_revision,
        "speech_s": print_.voiceprint.speech_s,
        "quality": asdict(print_.quality),
        "origin": str(print_.origin),
        "is_learned": print_.is_learned,
        "is_stale": print_.is_stale,
        "created_at": print_.created_at.isoformat(),
        "meeting_id": _text_or_none(print_.meeting_id),
        "label": print_.label,
        "spans": [[span.start_s, span.end_s] for span in print_.spans],
        "file_name": print_.file_name,
        "channel": print_.channel,
        "confirmed_by": _text_or_none(print_.confirmed_by),
        "confirmed_at": None if print_.confirmed_at is None else print_.confirmed_at.isoformat(),
        "sample": None if sample is None else {"file": sample_name(print_.id), **asdict(sample)},
    }


def _record(told: Any, where: str) -> PersonRecord:
    """Raises: BackupError."""
    try:
        person_id = PersonId(UUID(told["id"]))
        draft = clean_draft(PersonDraft(_text(told["name"]), tuple(map(_text, told["aliases"])), _text(told["note"])))
        created_at = _time(told["created_at"])
        person = Person(
            person_id,
            NOBODY,
            draft.name,
            draft.aliases,
            draft.note,
            _flag(told["is_shared"]),
            1,
            created_at,
            created_at,
        )
        prints = [(_print(one, person_id), _sample(one)) for one in told["voiceprints"]]
        return PersonRecord(
            person=replace(person, num_voiceprints=len(prints)),
            merged_ids=tuple(PersonId(UUID(merged)) for merged in told["merged_ids"]),
            consents=tuple(_consent(one, person_id) for one in told["consents"]),
            prints=tuple(print_ for print_, _ in prints),
            samples={print_.id: sample for print_, sample in prints if sample is not None},
        )
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError, binascii.Error, OptionError) as error:
        reason = f"{error} is missing" if isinstance(error, KeyError) else str(error)
        raise BackupError(f"This export is damaged in {where}: {reason}") from error


def _consent(told: Any, person_id: PersonId) -> Consent:
    agreed = clean_consent(ConsentDraft(_text(told["given_by"]), _text(told["text_version"]), _time(told["given_at"])))
    return Consent(
        UUID(told["id"]),
        person_id,
        agreed.given_by,
        agreed.text_version,
        _time(told["given_at"]),
        _time(told["recorded_at"]),
        _or_none(lambda text: UserId(UUID(text)), told["recorded_by"]),
        _or_none(_time, told["withdrawn_at"]),
    )


def _print(told: Any, person_id: PersonId) -> StoredVoiceprint:
    content = base64.b64decode(told["vector"], validate=True)
    if not 0 < len(content) <= 4 * MAX_DIMENSION or len(content) % 4:
        raise ValueError("a vector is a row of float32")
    vector = np.frombuffer(content, "<f4").astype(np.float32)
    measured = Voiceprint(vector, _text(told["model_id"]), float(told["speech_s"]), _text(told["model_revision"]))
    return StoredVoiceprint(
        id=VoiceprintId(UUID(told["id"])),
        person_id=person_id,
        voiceprint=measured,
        quality=_quality(told["quality"]),
        origin=PrintOrigin(told["origin"]),
        is_learned=_flag(told["is_learned"]),
        created_at=_time(told["created_at"]),
        meeting_id=_or_none(lambda text: MeetingId(UUID(text)), told["meeting_id"]),
        label=_or_none(lambda text: SpeakerLabel(_text(text)), told["label"]),
        spans=tuple(_span(*pair) for pair in told["spans"]),
        file_name=_or_none(_text, told["file_name"]),
        channel=_or_none(_text, told["channel"]),
        confirmed_by=_or_none(lambda text: UserId(UUID(text)), told["confirmed_by"]),
        confirmed_at=_or_none(_time, told["confirmed_at"]),
        is_stale=_flag(told["is_stale"]),
    )


def _sample(told: Any) -> SampleFile | None:
    if told["sample"] is None:
        return None
    size_bytes, sha256 = told["sample"]["size_bytes"], told["sample"]["sha256"]
    if told["sample"]["file"] != sample_name(VoiceprintId(UUID(told["id"]))):
        raise ValueError("a sample is called after its voiceprint")
    if type(size_bytes) is not int or not 0 < size_bytes <= MAX_SAMPLE_BYTES:
        raise ValueError("a sample has a size that cannot be")
    if not isinstance(sha256, str) or len(sha256) != _SHA256_LENGTH:
        raise ValueError("a sample has a checksum")
    return SampleFile(size_bytes, sha256)


def _quality(told: Mapping[str, Any]) -> VoiceQuality:
    known = {field.name for field in fields(VoiceQuality)}
    measured = {name: value for name, value in told.items() if name in known}
    for name, value in measured.items():
        if value is not None and not (type(value) in {int, float} and math.isfinite(value)):
            raise ValueError(f"{name} is a number")
    return VoiceQuality(**measured)


def _span(start_s: float, end_s: float) -> Span:
    if not (math.isfinite(start_s) and math.isfinite(end_s) and 0 <= start_s <= end_s):
        raise ValueError("a stretch begins before it ends")
    return Span(float(start_s), float(end_s))


def _text(told: Any) -> str:
    if not isinstance(told, str) or len(told) > MAX_TEXT * 10 or "\0" in told:
        raise TypeError("a text is one, without NUL")
    told.encode()  # a lone surrogate is a ValueError
    return told


def _flag(told: Any) -> bool:
    if not isinstance(told, bool):
        raise TypeError("true or false")
    return told


def _time(told: Any) -> datetime:
    when = datetime.fromisoformat(told)
    if when.tzinfo is None:
        raise ValueError("a time has its zone")
    return when


def _or_none(make: Callable[[Any], Value], told: Any) -> Value | None:
    return None if told is None else make(told)


def _text_or_none(id_: UUID | None) -> str | None:
    return None if id_ is None else str(id_)


def _refuse_twice(ids: Sequence[UUID], what: str) -> None:
    if len(set(ids)) != len(ids):
        raise BackupError(f"This export is damaged: a {what} is in it twice.")
