"""Exports that are made when somebody asks for them: PDF, Word, and JSON with everything that is known.

Owns that they show the title, the names and the corrections of this moment, and that only few are laid out at a time:
each takes a core and up to half a gigabyte, in a process of its own. Never stores what it made.

Usage::

    content = await desk.make(units, storage, meeting, "pdf", None)
"""

import asyncio
from dataclasses import dataclass
from typing import Literal, cast

from scribe.adapters.storage import Storage
from scribe.adapters.typesetting import typeset_minutes
from scribe.adapters.unit_of_work import UnitOfWorkFactory
from scribe.domain.edits import EditKind
from scribe.domain.exports.meeting_json import write_meeting
from scribe.domain.exports.minutes import MeetingFacts, Minutes, minutes_of
from scribe.domain.meetings import Meeting
from scribe.domain.typography import ReadingLanguage, reading_language
from scribe.services.results import FUSION, Names, laid_over, published_folder, read_named, read_results

MAX_CHILDREN = 2
OnRequest = Literal["pdf", "docx", "json"]


@dataclass(frozen=True, slots=True)
class Wish:
    meeting: Meeting
    name: OnRequest
    language: ReadingLanguage | None
    """``None``: that of the meeting."""


class ExportDesk:
    """One a process."""

    def __init__(self, max_children: int = MAX_CHILDREN) -> None:
        self._places = asyncio.Semaphore(max_children)

    async def make(
        self,
        units: UnitOfWorkFactory,
        storage: Storage,
        meeting: Meeting,
        name: str,
        language: ReadingLanguage | None,
    ) -> bytes:
        """``name``: one of ``domain.exports.ON_REQUEST``.

        Raises: NotReadyError, StatusConflictError, ArtefactError, ResourceError, InternalError.
        """
        published_folder(meeting)
        wish = Wish(meeting, cast("OnRequest", name), language)
        async with self._places:
            async with laid_over(units, meeting) as names:
                if wish.name == "json":
                    return await asyncio.to_thread(_json, storage, meeting, names)
                facts = MeetingFacts(meeting.title, meeting.held_on, await _num_corrections(units, meeting))
                minutes = await asyncio.to_thread(_minutes, storage, wish, facts, names)
            return await asyncio.to_thread(typeset_minutes, wish.name, minutes)


async def _num_corrections(units: UnitOfWorkFactory, meeting: Meeting) -> int:
    """Of words and speakers; names are told in the table, and a confirmed line is as it was."""
    async with units() as unit:
        edits = await unit.edits.all(meeting.id)
    return sum(edit.is_standing and edit.kind not in {EditKind.NAME, EditKind.CONFIRM} for edit in edits)


def _json(storage: Storage, meeting: Meeting, names: Names) -> bytes:
    return write_meeting(meeting, read_named(storage, f"{published_folder(meeting)}/{FUSION}", names)).encode()


def _minutes(storage: Storage, wish: Wish, facts: MeetingFacts, names: Names) -> Minutes:
    meeting = wish.meeting
    results = read_results(storage, meeting, names)
    language = wish.language or meeting.options.reading_language or reading_language(results.fusion.language)
    return minutes_of(results.fusion, language, facts)
