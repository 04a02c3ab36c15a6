"""The index of what was said follows the transcripts, corrections included.

Owns which meetings are indexed when, and that a crash or a change meanwhile leaves an index that is whole, if old: what
is to be found is made without a lock; under the meeting's row lock it is checked that nothing has changed; rows and the
note of what they hold are one transaction. Of a transcript that changed in one place, only what changed is written.
Meetings from before there was an index are no exception: theirs holds nothing yet. Never answers a search.

Usage::

    indexer = Indexer(units, storage)       # one per worker
    done = await indexer.index_pending(5)
"""

import asyncio
import time
from collections.abc import Sequence
from typing import Any

from scribe.adapters.storage import Storage
from scribe.adapters.unit_of_work import UnitOfWorkFactory
from scribe.core.logging import get_logger
from scribe.domain.errors import ArtefactError, StorageError
from scribe.domain.meeting import MeetingId
from scribe.domain.meetings import Meeting
from scribe.domain.search import Passage
from scribe.domain.search_terms import Word, indexed, stems_of, to_be_stemmed, words_of
from scribe.domain.speech import SpeakerLabel
from scribe.services.results import FUSION, laid_over, published_folder, read_named

MAX_TRIES = 200
"""Meetings that are looked at in one round: some cannot be read, and must not keep the others waiting."""
AGAIN_AFTER_S = 600.0
"""A transcript that could not be read is looked at again."""
WORDS_AT_ONCE = 5000

State = tuple[object, ...]


class Indexer:
    def __init__(self, units: UnitOfWorkFactory, storage: Storage, again_after_s: float = AGAIN_AFTER_S) -> None:
        self._units = units
        self._storage = storage
        self._again_after_s = again_after_s
        self._unreadable: dict[MeetingId, tuple[State, float]] = {}

    async def index_pending(self, limit: int) -> int:
        """Up to ``limit`` meetings; how many. Raises: UnavailableError."""
        async with self._units() as unit:
            waiting = await unit.passages.unindexed(MAX_TRIES)
        done = 0
        for meeting_id in waiting:
            if done == limit:
                break
            done += await self.index(meeting_id)
        return done

    async def index(self, meeting_id: MeetingId) -> bool:
        """``False``: there was nothing to do, it cannot be read just now, or something changed meanwhile and the next
        round does it. Raises: UnavailableError."""
        async with self._units() as unit:
            meeting = await unit.meetings.get(meeting_id)
        if meeting is None or meeting.published_at is None or self._is_known_to_fail(meeting):
            return False
        try:
            passages = await self._read(meeting)
        except (ArtefactError, StorageError, OSError) as error:
            self._unreadable[meeting_id] = (_state(meeting), time.monotonic() + self._again_after_s)
            get_logger().warning("passages.not_indexed", meeting_id=str(meeting_id), error=type(error).__name__)
            return False
        self._unreadable.pop(meeting_id, None)
        return await self._written(meeting, passages)

    async def _read(self, meeting: Meeting) -> list[Passage]:
        """Raises: ArtefactError, StorageError."""
        key = f"{published_folder(meeting)}/{FUSION}"
        async with laid_over(self._units, meeting) as names:
            return await asyncio.to_thread(lambda: _passages(read_named(self._storage, key, names)))

    async def _written(self, meeting: Meeting, passages: Sequence[Passage]) -> bool:
        begun_s = time.monotonic()
        async with self._units() as unit:
            before = await unit.passages.of_meeting(meeting.id)
        now = {passage.place: passage for passage in passages}
        gone = [place for place, passage in before.items() if now.get(place) != passage]
        new = [passage for passage in passages if before.get(passage.place) != passage]
        vectors = await self._vectors(new)
        async with self._units() as unit:
            await unit.jobs.lock_results(meeting.id)
            current = await unit.meetings.get(meeting.id)
            if current is None or _state(current) != _state(meeting):
                return False
            if await unit.passages.of_meeting(meeting.id) != before:
                return False  # another worker was here
            await unit.passages.replace(meeting.id, gone, new, vectors)
            await unit.passages.is_indexed(meeting.id, meeting.results_run, meeting.names_version)
        get_logger().info(
            "passages.indexed",
            meeting_id=str(meeting.id),
            num_passages=len(passages),
            num_new=len(new),
            seconds=round(time.monotonic() - begun_s, 3),
        )
        return True

    async def _vectors(self, passages: Sequence[Passage]) -> dict[int, str]:
        """By place."""
        words = await asyncio.to_thread(lambda: {passage.place: words_of(passage.text) for passage in passages})
        forms = to_be_stemmed([word for some in words.values() for word in some])
        stem: dict[str, tuple[str, str]] = {}
        for first in range(0, len(forms), WORDS_AT_ONCE):
            async with self._units() as unit:
                stem |= await unit.passages.stem(forms[first : first + WORDS_AT_ONCE])
        return await asyncio.to_thread(lambda: {place: _vector(some, stem) for place, some in words.items()})

    def _is_known_to_fail(self, meeting: Meeting) -> bool:
        state, until_s = self._unreadable.get(meeting.id, ((), 0.0))
        return state == _state(meeting) and time.monotonic() < until_s


def _vector(words: Sequence[Word], stem: dict[str, tuple[str, str]]) -> str:
    return indexed(words, stems_of(words, stem))


def _state(meeting: Meeting) -> State:
    return meeting.published_at, meeting.results_run, meeting.names_version


def _passages(document: dict[str, Any]) -> list[Passage]:
    """Raises: ArtefactError when it is no transcript."""
    try:
        return [
            Passage(
                place,
                float(segment["start"]),
                float(segment["end"]),
                None if segment["speaker"] is None else SpeakerLabel(segment["speaker"]),
                segment.get("language"),
                str(segment["text"]).replace("\0", ""),
            )
            for place, segment in enumerate(document["segments"])
        ]
    except (KeyError, TypeError, ValueError) as error:
        raise ArtefactError("The transcript of this meeting cannot be read: run it again.") from error
