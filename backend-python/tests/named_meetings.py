"""Meetings that are done, with voices, for tests of who is who: rows and real result files, without a worker."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import func, insert

from scribe.adapters.storage import Storage
from scribe.adapters.unit_of_work import UnitOfWorkFactory
from scribe.core.models_db import MeetingRow
from scribe.domain import layout
from scribe.domain.exports import FORMATS, Results
from scribe.domain.meeting import MeetingId, UserId
from scribe.domain.meetings import Meeting
from scribe.domain.namings import Speaker
from scribe.domain.requests import RunOptions
from scribe.domain.results import DiarizationDocument, FusionDocument
from scribe.domain.speech import Span, SpeakerLabel
from scribe.domain.voice_quality import VoiceQuality
from scribe.domain.voices import Voiceprint
from tests.domain.exports.meeting import french_meeting
from tests.pending_meetings import add_meeting

GOOD = VoiceQuality(20.0, snr_db=30.0, overlap_share=0.0, consistency=0.9, bandwidth_hz=8000.0)


def label(number: int) -> SpeakerLabel:
    return SpeakerLabel(f"SPEAKER_{number:02d}")


def heard(
    meeting_id: MeetingId,
    number: int,
    voiceprint: Voiceprint | None = None,
    turns: Sequence[Span] = (),
    quality: VoiceQuality | None = GOOD,
    **fields: Any,
) -> Speaker:
    told = {"spans": (Span(0.0, 1.0),), "sample_key": layout.speaker_sample_key(meeting_id, 1, label(number)), **fields}
    return Speaker(meeting_id, label(number), 1, tuple(turns), voiceprint, quality, **told)


async def completed(
    units: UnitOfWorkFactory,
    storage: Storage,
    owner: UserId,
    voices: Mapping[int, Voiceprint | None] | None = None,
    documents: tuple[FusionDocument, DiarizationDocument] | None = None,
    **options: Any,
) -> Meeting:
    """A COMPLETED meeting with its files and one row for each speaker of its documents, nobody named by the rows."""
    fusion, diarization = documents or french_meeting()
    meeting_id = await add_meeting(units, owner, options=RunOptions(**options).to_json())
    async with units() as unit:
        draft = await unit.meetings.get(meeting_id)
    assert draft is not None
    folder = layout.results_folder(draft.created_at, meeting_id)
    texts = {"diarization.json": diarization.to_json()}
    texts |= {one.file_name: one.write(Results(fusion, diarization), "fr") for one in FORMATS.values()}
    texts["fusion.json"] = fusion.to_json()
    for name, text in texts.items():
        storage.write(f"{folder}/{name}", text.encode())
    rows = []
    for number, part in enumerate(fusion.speakers):
        turns = [Span(turn.start, turn.end) for turn in diarization.turns if turn.speaker == part.label]
        rows.append(heard(meeting_id, number, (voices or {}).get(number), turns))
        storage.write(layout.speaker_sample_key(meeting_id, 1, part.label), f"{meeting_id} {number}".encode())
    async with units() as unit:
        await unit.session.execute(
            MeetingRow.__table__.update()
            .where(MeetingRow.id == meeting_id)
            .values(
                status="COMPLETED",
                results_folder=folder,
                result_files=[f"{folder}/{name}" for name in texts],
                results_run=1,
                published_at=func.now(),
            )
        )
        await unit.speakers.replace(meeting_id, 1, rows)
    return await now(units, meeting_id)


async def now(units: UnitOfWorkFactory, meeting_id: MeetingId) -> Meeting:
    async with units() as unit:
        meeting = await unit.meetings.get(meeting_id)
    assert meeting is not None
    return meeting


async def copy_of(units: UnitOfWorkFactory, meeting: Meeting) -> None:
    """The bare row of the same meeting in another database."""
    async with units() as unit:
        await unit.session.execute(
            insert(MeetingRow).values(
                id=meeting.id,
                owner_id=meeting.owner_id,
                title=meeting.title,
                size_bytes=1,
                sha256="0" * 64,
                options=meeting.options.to_json(),
                status="COMPLETED",
                max_attempts=5,
                results_folder=meeting.results_folder,
                result_files=list(meeting.result_files),
                published_at=func.now(),
            )
        )
