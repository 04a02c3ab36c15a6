"""What came of a meeting, as its readers want it: documents, exports, the waveform.

Owns what is answered while there is nothing yet, and that names and corrections of today stand in whatever is answered,
whether or not the files have them yet (``domain/naming_overlay.py``). Transcripts by the page are
``services/transcripts.py``'s. Never writes a file.

Usage::

    async with laid_over(units, meeting) as names:
        document = read_named(storage, key, names)
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any

from pydantic_core import from_json

from scribe.adapters.storage import Storage
from scribe.adapters.unit_of_work import UnitOfWork, UnitOfWorkFactory
from scribe.domain import layout
from scribe.domain.edits import Correction
from scribe.domain.errors import ArtefactError, NotFoundError, NotReadyError, StatusConflictError
from scribe.domain.exports import FORMATS, ON_REQUEST, Results
from scribe.domain.meeting import MeetingStatus
from scribe.domain.meetings import Meeting
from scribe.domain.naming_overlay import Laid, lay
from scribe.domain.namings import Naming, SegmentMove, Speaker
from scribe.domain.results import DiarizationDocument, FusionDocument, document_of
from scribe.domain.results.encode import encode_json
from scribe.domain.typography import ReadingLanguage, reading_language
from scribe.domain.waveform import reduced_json

FUSION = "fusion.json"
DIARIZATION = "diarization.json"


def published_folder(meeting: Meeting) -> str:
    """Raises: NotReadyError while it waits or runs for the first time, StatusConflictError when nothing came of it."""
    if meeting.published_at is not None and meeting.results_folder is not None:
        return meeting.results_folder
    raise _nothing_yet(meeting, "results")


def document_key(meeting: Meeting, kind: str) -> str:
    """Raises: NotReadyError, StatusConflictError; NotFoundError for one that this run could not make."""
    folder = published_folder(meeting)
    if not meeting.has_result(f"{kind}.json"):
        raise NotFoundError(
            f"This meeting has no {kind}: the stage failed, its warnings say why. Retry it with `rerun`."
        )
    return f"{folder}/{kind}.json"


def export_key(meeting: Meeting, name: str) -> str | None:
    """Where the format is stored; ``None``: it must be made from the documents. Raises: as :func:`document_key`."""
    folder = published_folder(meeting)
    if name in ON_REQUEST or FORMATS[name].has_title or not meeting.are_names_written:
        return None
    file_name = FORMATS[name].file_name
    return f"{folder}/{file_name}" if meeting.has_result(file_name) else None


async def document(units: UnitOfWorkFactory, storage: Storage, meeting: Meeting, kind: str) -> bytes | None:
    """``fusion`` or ``diarization`` with the names of today; ``None``: the stored one has them.

    Raises: as :func:`document_key`, ArtefactError.
    """
    key = document_key(meeting, kind)
    if meeting.are_names_written or f"{kind}.json" not in {FUSION, DIARIZATION}:
        return None
    async with laid_over(units, meeting) as names:
        return await asyncio.to_thread(lambda: encode_json(read_named(storage, key, names)).encode())


async def render(
    units: UnitOfWorkFactory, storage: Storage, meeting: Meeting, name: str, language: ReadingLanguage | None
) -> bytes:
    """A format, made from the documents. Raises: NotReadyError, StatusConflictError, ArtefactError."""
    published_folder(meeting)
    async with laid_over(units, meeting) as names:
        return await asyncio.to_thread(_render, storage, meeting, name, language, names)


@dataclass(frozen=True, slots=True)
class Names:
    """What is laid over the documents of a meeting."""

    speakers: Sequence[Speaker]
    moves: Sequence[SegmentMove]
    corrections: Sequence[Correction] = ()


async def names_of(unit: UnitOfWork, meeting: Meeting) -> Names:
    """Who is who today, as far as the meeting's owner may know: of a person who is not shared any more, or whom an
    administrator confirmed, only the name is left, as text; what the bank merely thinks of them is not told at all."""
    speakers = []
    for speaker in await unit.speakers.of_meeting(meeting.id):
        person = None if speaker.person_id is None else await unit.people.get(speaker.person_id)
        is_hidden = person is not None and not (person.is_shared or person.owner_id == meeting.owner_id)
        speakers.append(_without_person(speaker) if is_hidden else speaker)
    return Names(speakers, await unit.speakers.moves(meeting.id), await unit.edits.corrections(meeting.id))


@asynccontextmanager
async def laid_over(units: UnitOfWorkFactory, meeting: Meeting) -> AsyncIterator[Names]:
    """For reading ``meeting``'s files in the block: names and files are of the same run.

    Raises: ArtefactError when a run was published meanwhile: what was read may be its voices under the names of others.
    """
    async with units() as unit:
        names = await names_of(unit, meeting)
    yield names
    async with units() as unit:
        if await unit.meetings.published_at(meeting.id) != meeting.published_at:
            raise lost()


def _without_person(speaker: Speaker) -> Speaker:
    name = speaker.shown_name
    if speaker.naming.is_human:
        return replace(speaker, person_id=None, person_name=None, name=name)
    naming = speaker.naming if name is not None else Naming.UNKNOWN
    return replace(
        speaker,
        naming=naming,
        person_id=None,
        person_name=None,
        name=name,
        score=None,
        probability=None,
        reason=None,
        explanation="",
        candidates=(),
    )


async def waveform(storage: Storage, meeting: Meeting, points: int | None) -> bytes:
    """Peaks as JSON, reduced to at most ``points``. Raises: NotReadyError, StatusConflictError, StorageError."""
    content = await asyncio.to_thread(storage.read, layout.peaks_key(meeting.id))
    if content is None:
        raise _nothing_yet(meeting, "waveform")
    return content if points is None else await asyncio.to_thread(reduced_json, content, points)


def _nothing_yet(meeting: Meeting, what: str) -> Exception:
    if not meeting.status.is_terminal:
        return NotReadyError(
            f"The meeting is {meeting.status} ({meeting.percent:.0f} %): there is no {what} yet.",
            str(meeting.status),
            meeting.percent,
        )
    if meeting.status is MeetingStatus.COMPLETED:
        return NotFoundError(f"This meeting has no {what}.")
    return StatusConflictError(f"The meeting is {meeting.status}: there is no {what}. Retry it.")


def _render(storage: Storage, meeting: Meeting, name: str, language: ReadingLanguage | None, names: Names) -> bytes:
    results = read_results(storage, meeting, names)
    titled = replace(results, title=meeting.title)
    return FORMATS[name].write(titled, language or reading_language(results.fusion.language)).encode()


def read_results(storage: Storage, meeting: Meeting, names: Names) -> Results:
    """The documents with names laid over them. Raises: ArtefactError, StorageError."""
    folder = published_folder(meeting)
    fusion = read_named(storage, f"{folder}/{FUSION}", names)
    has_diarization = meeting.has_result(DIARIZATION)
    return results_of(fusion, read_named(storage, f"{folder}/{DIARIZATION}", names) if has_diarization else None)


def results_of(fusion: dict[str, Any] | None, diarization: dict[str, Any] | None) -> Results:
    """From what :func:`read_named` read. Raises: ArtefactError."""
    one, other = (None if value is None else document_of(value) for value in (fusion, diarization))
    if not isinstance(one, FusionDocument) or not isinstance(other, DiarizationDocument | None):
        raise lost()
    return Results(one, other)


def read_named(storage: Storage, key: str, names: Names) -> dict[str, Any]:
    """JSON values of a document with names laid over it. Raises: ArtefactError, StorageError."""
    return lay_names(storage, key, names).document


def lay_names(storage: Storage, key: str, names: Names) -> Laid:
    """The same, with what became of the changes. Raises: ArtefactError, StorageError."""
    content = storage.read(key)
    if content is None:
        raise lost()
    try:
        return lay(from_json(content), names.speakers, names.moves, names.corrections)
    except ValueError as error:
        raise lost() from error


def lost() -> ArtefactError:
    return ArtefactError("The results of this meeting cannot be read: run it again.")
