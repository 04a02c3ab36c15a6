"""Meetings for tests to read: made, claimed, published and failed through the same doors as real ones."""

import hashlib
from typing import Any

from scribe.adapters.storage import Storage
from scribe.adapters.unit_of_work import UnitOfWorkFactory
from scribe.core.config import QueueSettings
from scribe.core.ids import uuid7
from scribe.domain import layout
from scribe.domain.accounts import Principal
from scribe.domain.exports import FORMATS, Results
from scribe.domain.jobs import ClaimedJob, Published
from scribe.domain.meeting import MeetingId
from scribe.domain.meetings import Meeting, StoredRecording
from scribe.domain.requests import MeetingDraft
from scribe.domain.results import DiarizationDocument, FusionDocument
from scribe.services import meetings
from scribe.services.queue import Queue
from tests.domain.exports.meeting import french_meeting

RECORDING = bytes(range(256)) * 8


async def plant(
    units: UnitOfWorkFactory,
    owner: Principal,
    storage: Storage | None = None,
    *,
    content: bytes | None = None,
    max_attempts: int = 5,
    **draft: Any,
) -> Meeting:
    """PENDING. With a ``storage``, its recording is in it."""
    meeting_id = MeetingId(uuid7())
    body = content if content is not None else RECORDING + meeting_id.bytes
    if storage is not None:
        storage.write(layout.recording_key(meeting_id), body)
    recording = StoredRecording(len(body), hashlib.sha256(body).hexdigest())
    async with units() as unit:
        return await meetings.create(unit, owner.user_id, meeting_id, MeetingDraft(**draft), recording, max_attempts)


async def claim(units: UnitOfWorkFactory) -> tuple[Queue, ClaimedJob]:
    """The only meeting that waits is PROCESSING now."""
    queue = Queue(units, QueueSettings())
    job = await queue.claim("test:1:x")
    assert job is not None
    return queue, job


async def complete(
    units: UnitOfWorkFactory,
    storage: Storage,
    *,
    with_diarization: bool = True,
    documents: tuple[FusionDocument, DiarizationDocument] | None = None,
    formats: tuple[str, ...] = tuple(FORMATS),
) -> ClaimedJob:
    """The only meeting that waits is COMPLETED now, with real result files."""
    queue, job = await claim(units)
    fusion, diarization = documents or french_meeting()
    staging = layout.staging_folder(layout.results_folder(job.created_at, job.meeting_id), job.token)
    results = Results(fusion, diarization if with_diarization else None)
    texts = {"transcription.json": "{}\n"}
    if with_diarization:
        texts["diarization.json"] = diarization.to_json()
    texts |= {FORMATS[name].file_name: FORMATS[name].write(results, "fr") for name in formats}
    texts["fusion.json"] = fusion.to_json()
    for name, text in texts.items():
        storage.write(f"{staging}/{name}", text.encode())
    await queue.publish(job, storage, Published(tuple(texts), "fr", 3, 120, 3725.4))
    return job


async def fail(units: UnitOfWorkFactory) -> ClaimedJob:
    """The only meeting that waits is FAILED now."""
    queue, job = await claim(units)
    await queue.failed(job, "audio.no_track", "The file has no sound.", None, is_retryable=False)
    return job


def edited(document: FusionDocument, text: str) -> FusionDocument:
    """The same meeting with another first line."""
    first = document.segments[0].model_copy(update={"text": text})
    return document.model_copy(update={"segments": [first, *document.segments[1:]]})
