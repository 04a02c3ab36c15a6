"""Where files lie under the storage's root. Pure functions of ids and dates; nothing a user typed is in a key.

::

    uploads/<meeting_id>/recording            the file as it came
    uploads/parts/<upload_id>/<offset>-*      pieces of a resumable upload that is under way
    checkpoints/<meeting_id>/*.json           what finished stages made; holds voiceprints
    results/YYYYMMDD/<meeting_id>/*           the published results
    results/YYYYMMDD/<meeting_id>/.run-<token>/*   results of one attempt, before they are published
    derived/<meeting_id>/peaks.json           the waveform's outline
    derived/<meeting_id>/playback.m4a         the recording as every browser plays it, where it needed to be made
    derived/<meeting_id>/voices/<run>/<label>.wav   the cleanest stretches of one speaker
    voices/people/<person_id>/<print_id>.wav  the kept sample of a voiceprint
    voices/clips/<enrolment_id>/clip          a clip that waits to be enrolled
    erasures/<person_id>.json                 somebody was forgotten, at a time: outlives a restored database
"""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

STAGING_PREFIX = ".run-"


def recording_key(meeting_id: UUID) -> str:
    return f"uploads/{meeting_id}/recording"


def recording_folder(meeting_id: UUID) -> str:
    return f"uploads/{meeting_id}"


def parts_folder(upload_id: UUID) -> str:
    return f"uploads/parts/{upload_id}"


def part_key(upload_id: UUID, name: str) -> str:
    """``name`` is of ``domain.uploads.new_piece_name``: it begins with the offset."""
    return f"{parts_folder(upload_id)}/{name}"


def checkpoints_folder(meeting_id: UUID) -> str:
    return f"checkpoints/{meeting_id}"


def results_folder(created_at: datetime, meeting_id: UUID) -> str:
    """By the UTC day of the upload."""
    return f"results/{created_at:%Y%m%d}/{meeting_id}"


def staging_folder(results: str, token: UUID) -> str:
    """Under the results' folder, so that publishing is a rename within one folder."""
    return f"{results}/{STAGING_PREFIX}{token}"


def derived_folder(meeting_id: UUID) -> str:
    return f"derived/{meeting_id}"


def peaks_key(meeting_id: UUID) -> str:
    return f"{derived_folder(meeting_id)}/peaks.json"


def playback_key(meeting_id: UUID) -> str:
    return f"{derived_folder(meeting_id)}/playback.m4a"


def meeting_folders(created_at: datetime, meeting_id: UUID) -> tuple[str, ...]:
    """Every folder that holds something of the meeting: what deleting it must empty."""
    return (
        recording_folder(meeting_id),
        checkpoints_folder(meeting_id),
        derived_folder(meeting_id),
        results_folder(created_at, meeting_id),
    )


def sounds_of(meeting_id: UUID) -> tuple[str, ...]:
    """Folders and files that sound like the recording, or are of no use without it. Speakers' samples lie in
    ``derived/<meeting_id>/voices``, whatever run they are of."""
    return (
        recording_folder(meeting_id),
        playback_key(meeting_id),
        f"{derived_folder(meeting_id)}/voices",
        checkpoints_folder(meeting_id),
    )


def speaker_samples_folder(meeting_id: UUID, run: int) -> str:
    """Of one run: the next one may call its speakers by the same labels, and may fail before it publishes."""
    return f"{derived_folder(meeting_id)}/voices/{run}"


def speaker_sample_key(meeting_id: UUID, run: int, label: str) -> str:
    return f"{speaker_samples_folder(meeting_id, run)}/{label}.wav"


def person_folder(person_id: UUID) -> str:
    """Samples of one person: gone when the person is forgotten."""
    return f"voices/people/{person_id}"


def print_sample_key(person_id: UUID, voiceprint_id: UUID) -> str:
    return f"{person_folder(person_id)}/{voiceprint_id}.wav"


def clip_folder(enrolment_id: UUID) -> str:
    return f"voices/clips/{enrolment_id}"


def clip_key(enrolment_id: UUID) -> str:
    return f"{clip_folder(enrolment_id)}/clip"


ERASURES = "erasures"


def erasure_key(person_id: UUID) -> str:
    return f"{ERASURES}/{person_id}.json"


class Kind(StrEnum):
    """What a file is for, when room is counted."""

    RECORDING = "recording"
    RESULT = "result"
    VOICE = "voice"
    UPLOAD = "upload"
    OTHER = "other"


ROOTS = ("uploads", "checkpoints", "results", "derived", "voices", ERASURES)
"""Every folder under the storage's root."""


def kind_of(key: str) -> Kind:
    if key.startswith("uploads/parts/"):
        return Kind.UPLOAD
    if key.startswith("uploads/") or key.endswith("/playback.m4a"):
        return Kind.RECORDING
    if key.startswith("voices/") or (key.startswith("derived/") and "/voices/" in key):
        return Kind.VOICE
    return Kind.RESULT if key.startswith("results/") else Kind.OTHER
