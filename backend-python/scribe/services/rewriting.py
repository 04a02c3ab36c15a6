"""Result files follow the names: documents and exports are written again where somebody was named or forgotten.

Owns the order, which a crash may cut anywhere: (1) everything is made and staged without a lock, seconds of work on a
long meeting; (2) under the meeting's row lock it is checked that nothing has changed meanwhile, and the staged files of
dead writers go, so that one that was frozen has nothing left to move when it wakes; (3) the moves, ``fusion.json``
last; (4) the commit says which version of the names the files hold. Until then the next round does it all again: an
overlay may be laid over files that have another one, or half of them (``domain/naming_overlay.py``). Whoever publishes
a run holds the same lock, and removes what is staged here. Never decides who somebody is.

Usage::

    written = await rewrite_pending(units, storage, limit=5)
"""

import asyncio
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from threading import Event
from uuid import uuid4

from scribe.adapters.storage import Storage
from scribe.adapters.unit_of_work import UnitOfWorkFactory
from scribe.core.logging import get_logger
from scribe.domain import layout
from scribe.domain.errors import ArtefactError, ScribeError, StorageError
from scribe.domain.exports import FORMATS
from scribe.domain.meeting import MeetingId
from scribe.domain.meetings import Meeting
from scribe.domain.results.encode import encode_json
from scribe.domain.typography import ReadingLanguage, reading_language
from scribe.services.publishing import MAX_MOVING_S
from scribe.services.results import DIARIZATION, FUSION, Names, names_of, published_folder, read_named, results_of
from scribe.services.threads import in_stoppable_thread

MAX_TRIES = 200
"""Meetings that are looked at in one round: some may fail, and must not keep the others waiting."""
LEFTOVER_AGE = timedelta(hours=1)


async def rewrite_pending(
    units: UnitOfWorkFactory, storage: Storage, limit: int, language: ReadingLanguage | None = None
) -> int:
    """Writes up to ``limit`` meetings again; how many. One that cannot be read is left for later and logged.

    ``language``: of headings and notes, where the meeting did not choose one. Raises: UnavailableError.
    """
    async with units() as unit:
        waiting = await unit.meetings.with_unwritten_names(MAX_TRIES)
    written = 0
    for meeting_id in waiting:
        if written == limit:
            break
        try:
            written += await rewrite(units, storage, meeting_id, language)
        except (ArtefactError, StorageError, OSError) as error:
            get_logger().warning("names.not_written", meeting_id=str(meeting_id), error=type(error).__name__)
    return written


async def rewrite(
    units: UnitOfWorkFactory, storage: Storage, meeting_id: MeetingId, language: ReadingLanguage | None = None
) -> bool:
    """``False``: there was nothing to do, or something changed meanwhile and the next round does it.

    Raises: ArtefactError, StorageError, ResourceError, UnavailableError.
    """
    async with units() as unit:
        meeting = await unit.meetings.get(meeting_id)
        if meeting is None or meeting.published_at is None or meeting.are_names_written:
            return False
        names = await names_of(unit, meeting)
    folder = published_folder(meeting)
    staging = f"{_staging(folder)}/{uuid4()}"
    try:
        files = await asyncio.to_thread(_stage, storage, staging, meeting, names, language)
        async with units() as unit:
            await unit.jobs.lock_results(meeting_id)
            now = await unit.meetings.get(meeting_id)
            if now is None or now.are_names_written or _state(now) != _state(meeting):
                return False
            await _bring_in(storage, folder, staging, files)
            await unit.speakers.names_are_written(meeting_id)
    finally:
        await asyncio.to_thread(_forget, storage, staging)
    get_logger().info("names.written", meeting_id=str(meeting_id), names_version=meeting.names_version)
    return True


def remove_leftovers(storage: Storage, older_than: timedelta = LEFTOVER_AGE) -> int:
    """What writers that were killed had staged, with names that may have been forgotten since. Raises: StorageError."""
    oldest = datetime.now(UTC) - older_than
    mark = f"/{_staging('')}/".replace("//", "/")
    left = [file.key for file in storage.files("results") if mark in file.key and file.modified_at < oldest]
    for key in left:
        storage.delete(key)
    return len(left)


def _state(meeting: Meeting) -> tuple[object, ...]:
    return meeting.published_at, meeting.names_version, meeting.results_folder, meeting.result_files


def _staging(folder: str) -> str:
    """Begins like the folders that publishing clears away."""
    return f"{folder}/{layout.STAGING_PREFIX}names"


def _stage(
    storage: Storage, staging: str, meeting: Meeting, names: Names, language: ReadingLanguage | None
) -> list[str]:
    """Writes everything that holds a name or says who spoke; names of the files, ``fusion.json`` last."""
    folder = published_folder(meeting)
    kinds = [kind for kind in (DIARIZATION, FUSION) if meeting.has_result(kind)]
    documents = {kind: read_named(storage, f"{folder}/{kind}", names) for kind in kinds}
    results = results_of(documents.get(FUSION), documents.get(DIARIZATION))
    wanted = meeting.options.reading_language or language or reading_language(results.fusion.language)
    texts = {DIARIZATION: encode_json(documents[DIARIZATION])} if DIARIZATION in documents else {}
    for export in FORMATS.values():
        if meeting.has_result(export.file_name):
            texts[export.file_name] = export.write(results, wanted)
    texts[FUSION] = encode_json(documents[FUSION])
    for name, text in texts.items():
        storage.write(f"{staging}/{name}", text.encode())
    return list(texts)


async def _bring_in(storage: Storage, folder: str, staging: str, files: Sequence[str]) -> None:
    """Returns or raises only when nothing moves any more, also when cancelled. Raises: StorageError, ResourceError."""
    await in_stoppable_thread(lambda is_over: _move(storage, folder, staging, files, is_over))


def _move(storage: Storage, folder: str, staging: str, files: Sequence[str], is_over: Event) -> None:
    until = time.monotonic() + MAX_MOVING_S
    for dead in {key.removeprefix(f"{_staging(folder)}/").split("/")[0] for key in storage.keys(_staging(folder))}:
        if f"{_staging(folder)}/{dead}" != staging:
            storage.delete_folder(f"{_staging(folder)}/{dead}")
    for name in files:
        if is_over.is_set() or time.monotonic() > until:
            raise StorageError("The storage was too slow to write the names in one go.")
        if storage.size(f"{staging}/{name}") is None:  # a move of nothing would pass for one that was done before
            raise StorageError(f"Somebody cleared away {name} before it was written.")
        storage.move(f"{staging}/{name}", f"{folder}/{name}")


def _forget(storage: Storage, staging: str) -> None:
    try:
        storage.delete_folder(staging)
    except (ScribeError, OSError) as error:
        get_logger().warning("names.left_over", folder=staging, error=type(error).__name__)
